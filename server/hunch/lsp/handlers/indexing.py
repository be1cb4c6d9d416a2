"""What indexing does, and the requests that steer it: pause, resume, rebuild, cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hunch.lsp.params import FolderParams
from hunch.lsp.protocol import ServerStatus
from hunch.lsp.session import Session
from hunch.lsp.view import SessionView

if TYPE_CHECKING:
    from hunch.live import LiveWorkspace


def status(view: SessionView, _: None) -> ServerStatus:
    """Return where all folders stand."""
    return view.status()


async def pause(session: Session, asked: FolderParams) -> None:
    """Stop indexing until it is resumed; searches go on."""
    await _for_folders(session, asked, lambda live: live.pause())


async def resume(session: Session, asked: FolderParams) -> None:
    """Go on indexing."""
    await _for_folders(session, asked, lambda live: live.resume())


async def rebuild(session: Session, asked: FolderParams) -> None:
    """Throw the index away and make it again."""
    await _for_folders(session, asked, lambda live: live.rebuild())


async def cancel(session: Session, asked: FolderParams) -> None:
    """Stop the update under way, as ``pause`` does; it goes on after ``resume``."""
    await _for_folders(session, asked, lambda live: live.cancel())


def cancel_progress(session: Session, token: str | int) -> None:
    """Stop the update whose progress the client shows, as ``cancel`` does."""
    folder = session.progress.folder_of(token) if session.progress is not None else None
    if folder is not None and folder.live is not None:
        folder.live.cancel()


async def _for_folders(session: Session, asked: FolderParams, act: Callable[[LiveWorkspace], None]) -> None:
    chosen = session.chosen(asked.folder)
    await session.opened()
    for folder in chosen:
        if folder.live is not None:
            act(folder.live)
