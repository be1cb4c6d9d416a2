"""``python -m hunch``: the command ``hunch`` of a chosen interpreter."""

import os
import sys

if __name__ == "__main__":
    # Python looks in the current folder first, which may be a workspace with a queue.py of its own.
    if sys.path and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109  # pathlib would be looked for there
        del sys.path[0]
    from hunch.cli import main

    sys.exit(main())
