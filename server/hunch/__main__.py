"""``python -m hunch``: the command ``hunch`` of a chosen interpreter."""

import sys

from hunch.cli import main

if __name__ == "__main__":
    sys.exit(main())
