"""Who tells which files change: the client where it offers to, else our own watcher of the disk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from hunch.lsp.client import WARNING, Client, ClientError
from hunch.lsp.folders import Folder, Location, Watching, find_locations
from hunch.lsp.session import Session

if TYPE_CHECKING:
    from hunch.live import LiveWorkspace

logger = logging.getLogger(__name__)

_METHOD = "workspace/didChangeWatchedFiles"
_EVERY_FILE = "**/*"
_ANSWER_SECONDS = 10.0


async def watch(session: Session, folder: Folder) -> None:
    """Have the changes of a folder reported, and then look once for those that nobody saw."""
    if not session.client.capabilities.watches_files or not await _register(session.client, folder):
        folder.watching = await session.in_background(_watch_disk, session, asyncio.get_running_loop(), folder)
    if folder.live is not None and not session.is_closing:
        folder.live.mark([""])


def unwatch(session: Session, folder: Folder) -> None:
    """Have a folder that was closed reported no more."""
    if isinstance(folder.watching, ClientWatching):
        registration = types.Unregistration(id=folder.watching.registration, method=_METHOD)
        asked = session.client.ask("client/unregisterCapability", types.UnregistrationParams([registration]))
        session.client.run(_ignoring_refusal(asked), "unregistering")


async def take_changed_files(session: Session, changed: tuple[str, ...]) -> None:
    """Mark the files that the client saw change."""
    marked: dict[Folder, set[str]] = {}
    for location in await session.in_background(_locations, tuple(session.folders), changed):
        marked.setdefault(location.folder, set()).add(location.path)
    for folder, paths in marked.items():
        if folder.live is not None:
            mark(folder.live, paths)


def mark(live: LiveWorkspace, paths: Collection[str], *, urgent: bool = False) -> None:
    """Mark paths that changed, and the folders for which files among them rule what counts."""
    from hunch.workspace.ignore import needs_folder_scan

    live.mark(paths, urgent=urgent)
    ruled = {folder for path in paths if (folder := needs_folder_scan(path)) is not None}
    if ruled:
        live.mark(ruled)


def _locations(folders: tuple[Folder, ...], changed: tuple[str, ...]) -> list[Location]:
    return [location for uri in changed for location in find_locations(folders, uri)]


@dataclass(frozen=True, slots=True)
class ClientWatching:
    """The client reports; there is nothing to stop here."""

    registration: str

    def stop(self) -> None:
        """Do nothing: see unwatch."""


async def _register(client: Client, folder: Folder) -> bool:
    """Ask the client to report changes; False when it will not."""
    pattern: str | types.RelativePattern = _EVERY_FILE
    if client.capabilities.watches_folders:
        pattern = types.RelativePattern(base_uri=folder.uri, pattern=_EVERY_FILE)
    registration = f"hunch-files-{folder.path}"
    options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(glob_pattern=pattern)])
    request = types.RegistrationParams([types.Registration(id=registration, method=_METHOD, register_options=options)])
    try:
        await asyncio.wait_for(client.ask("client/registerCapability", request), _ANSWER_SECONDS)
    except (ClientError, asyncio.TimeoutError):
        logger.info("the client registers no watcher: the disk is watched instead")
        return False
    folder.watching = ClientWatching(registration)
    return True


def _watch_disk(session: Session, loop: asyncio.AbstractEventLoop, folder: Folder) -> Watching | None:
    from hunch.workspace.watch import Watcher

    live = folder.live
    if live is None:
        return None

    def tell(problem: str) -> None:
        live.note_unwatched(problem)
        if problem and not session.is_closing:
            loop.call_soon_threadsafe(session.say, folder, "window/showMessage", WARNING, problem)

    watcher = Watcher(Path(folder.real), partial(mark, live), tell)
    watcher.start()
    return watcher


async def _ignoring_refusal(asked: Awaitable[object]) -> None:
    try:
        await asyncio.wait_for(asked, _ANSWER_SECONDS)
    except (ClientError, asyncio.TimeoutError):
        logger.info("the client keeps watching")
