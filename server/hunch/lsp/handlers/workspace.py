"""What changes around the documents: workspace folders, files on the disk, settings."""

from __future__ import annotations

from hunch.lsp.client import ClientError
from hunch.lsp.session import Session
from hunch.lsp.settings import SECTION
from hunch.lsp.standard import FoldersParams
from hunch.lsp.watching import take_changed_files


def did_change_workspace_folders(session: Session, change: FoldersParams) -> None:
    """Close and open folders."""
    session.remove_folders(change.removed)
    session.add_folders(change.added)


async def did_change_watched_files(session: Session, uris: tuple[str, ...]) -> None:
    """Have files read that the client saw change."""
    await take_changed_files(session, uris)


async def did_change_configuration(session: Session, settings: object) -> None:
    """Use the client's settings: asked for where it can be asked, else those that it sent."""
    if session.capabilities.configuration:
        await pull_settings(session)
    else:
        session.take_settings(settings)


async def pull_settings(session: Session) -> None:
    """Ask the client for its settings, if it can be asked."""
    if not session.capabilities.configuration:
        return
    try:
        answer = await session.client.ask("workspace/configuration", {"items": [{"section": SECTION}]})
    except ClientError:
        return
    if isinstance(answer, list) and answer:
        session.take_settings(answer[0])
