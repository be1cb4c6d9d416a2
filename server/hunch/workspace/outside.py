"""What rules a workspace from outside its tree, looked at now and then: git's configuration and index, user's files."""

from __future__ import annotations

import os
import time
from pathlib import Path

from hunch.workspace.git_config import git_settings
from hunch.workspace.git_index import tracked_by
from hunch.workspace.ignore import IGNORE_NAMES, users_hunchignore
from hunch.workspace.repository import repository_above

_SECONDS = 2.0


class Outside:
    """Says when something outside may have changed what counts in a workspace. Use it from one thread."""

    def __init__(self, root: Path) -> None:
        """Look at nothing yet."""
        self._root = root
        self._at = 0.0
        self._seen: object = None

    def has_changed(self) -> bool:
        """Return whether something has, looked at every two seconds at most; the first look only remembers."""
        now = time.monotonic()
        if now - self._at < _SECONDS:
            return False
        self._at = now
        before, self._seen = self._seen, _state(self._root)
        return before is not None and before != self._seen


def _state(root: Path) -> object:
    found = repository_above(root)
    settings = git_settings(found[1] if found is not None else None)
    files = [*settings.files, settings.excludes_file, users_hunchignore()]
    if found is not None:
        above = [folder for folder in root.parents if folder.is_relative_to(found[0])]
        files += [folder / name for folder in above for name in IGNORE_NAMES]
    stamps = [_stamp(file) for file in files if file is not None]
    return stamps, tracked_by(found[1]).digest if found is not None else 0


def _stamp(file: str | Path) -> tuple[str, int, int]:
    try:
        about = os.stat(file)  # noqa: PTH116  # of a str or a Path
    except (OSError, ValueError):
        return str(file), 0, -1
    return str(file), about.st_mtime_ns, about.st_size
