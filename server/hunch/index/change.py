"""What an update of the store tells those who keep segments of it."""

from __future__ import annotations

from typing import NamedTuple

from hunch.index.store import FileContent, FileRecord


class Change(NamedTuple):
    """One file of the store that is no longer what it was."""

    removed: int | None
    """The id under which it was known."""
    added: int | None
    """The id under which it is known now; None for a file that has gone."""
    record: FileRecord | None
    content: FileContent | None
