"""The beginning of a session: folders, settings and watchers, once the client is initialized."""

from __future__ import annotations

import logging
from collections.abc import Awaitable

from hunch.lsp import watching
from hunch.lsp.client import ClientError
from hunch.lsp.folders import Folder
from hunch.lsp.handlers import documents
from hunch.lsp.handlers.workspace import pull_settings
from hunch.lsp.session import Session
from hunch.lsp.settings import SECTION
from hunch.lsp.standard import InitializeParams

logger = logging.getLogger(__name__)


def initialized(session: Session, opened: InitializeParams, _: None) -> Awaitable[None]:
    """Open the folders of ``initialize``, and follow the client's settings."""
    from hunch.lsp.progress import Progress

    session.progress = Progress(session.client)
    session.on_opened = lambda folder: _folder_opened(session, folder)
    session.on_closed = lambda folder: watching.unwatch(session, folder)
    session.add_folders(opened.folders)
    return _follow_settings(session)


async def _follow_settings(session: Session) -> None:
    """Have the client tell when settings change, and ask for those that it has now."""
    if session.capabilities.registers_configuration:
        method = "workspace/didChangeConfiguration"
        registration = {"id": "hunch-settings", "method": method, "registerOptions": {"section": SECTION}}
        asked = session.client.ask("client/registerCapability", {"registrations": [registration]})
        session.client.run(_quietly(asked), "registering for settings")
    await pull_settings(session)


async def _folder_opened(session: Session, folder: Folder) -> None:
    from hunch.lsp.hints import Hints

    session.hints = session.hints or Hints(session, session.client)
    await documents.put_open_documents(session, folder)
    session.client.run(watching.watch(session, folder), "watching a folder")


async def _quietly(asked: Awaitable[object]) -> None:
    try:
        await asked
    except ClientError:
        logger.info("the client refused a registration")
