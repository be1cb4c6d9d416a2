"""Workspace folders, open documents, and where in a folder a file is. Knows nothing of the session that holds them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from hunch.lsp import uris
from hunch.text.decoding import as_utf8
from hunch.workspace.ignore import read_regular

if TYPE_CHECKING:
    from hunch.live import LiveWorkspace, Status

LARGEST_TEXT = 1_000_000
"""Characters of an open document; a longer file would not be indexed either."""


class Watching(Protocol):
    """What reports the changed files of one folder."""

    def stop(self) -> None:
        """Report nothing more; may take a moment."""


@dataclass(eq=False, slots=True)
class Folder:
    """A workspace folder of the client."""

    uri: str
    """As the client wrote it, so that it recognises the locations in it."""
    path: str
    name: str
    real: str = ""
    """With symbolic links followed; empty before it is opened."""
    live: LiveWorkspace | None = None
    status: Status | None = None
    watching: Watching | None = None
    opening: asyncio.Task[None] | None = None
    told: set[str] = field(default_factory=set)
    """What the person was told about it."""


@dataclass(eq=False, slots=True)
class Document:
    """A file that the client has open, with the client's text."""

    uri: str
    text: str
    opened_text: str
    """What the client opened it with."""
    version: int | None = None
    """Of the text, as the client counts."""


class Location(NamedTuple):
    """A file in a folder that is open."""

    folder: Folder
    live: LiveWorkspace
    path: str
    """Posix, relative to the folder; empty for the folder itself."""


def find_locations(folders: Sequence[Folder], uri: str) -> list[Location]:
    """Return where a file is in folders, innermost folder first; nowhere what is no file, or a link that leads out."""
    path = uris.path_of(uri)
    if path is None:
        return []
    real = uris.resolved(path)
    found = [
        Location(folder, folder.live, inner)
        for folder in folders
        if folder.live is not None and (inner := uris.relative(real, folder.real)) is not None
    ]
    return sorted(found, key=lambda location: -len(location.folder.real))


def text_on_disk(location: Location) -> str | None:
    """Return a file's text, read as for the index; None when it cannot be read, is no file, or is too long."""
    source = _source_on_disk(location)
    return None if source is None else (as_utf8(source) or source).decode("utf-8-sig", "replace")


def is_on_disk(location: Location, text: str) -> bool:
    """Whether an editor would show this text for the file on the disk, in its own encoding or as UTF-8."""
    source = _source_on_disk(location)
    return source is not None and any(
        read is not None and read.decode("utf-8-sig", "replace") == text for read in (source, as_utf8(source))
    )


def _source_on_disk(location: Location) -> bytes | None:
    try:
        source = read_regular(f"{location.folder.real}/{location.path}", LARGEST_TEXT * 4 + 1, follow_link=False)
    except OSError:
        return None
    return source if len(source) <= LARGEST_TEXT * 4 else None
