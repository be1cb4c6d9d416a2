"""Indexing as the editor shows it: ``$/progress`` with files counted, and a way to stop it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from hunch.lsp.client import Client, ClientError
from hunch.lsp.folders import Folder

if TYPE_CHECKING:
    from hunch.live import Status

PATIENCE_SECONDS = 0.5
"""Work that is over sooner is not shown."""

_ANSWER_SECONDS = 10.0


@dataclass(eq=False, slots=True)
class _Shown:
    """The progress of one folder, from when it is worth showing until it ends."""

    token: str
    newest: Status
    begun: bool = False
    """The client has agreed, and knows the title."""
    ended: bool = False
    creating: asyncio.Task[None] | None = None


class Progress:
    """One progress a folder, while it is indexed. For the loop's thread only."""

    def __init__(self, client: Client) -> None:
        """Show nothing yet."""
        self._client = client
        self._shown: dict[Folder, _Shown] = {}
        self._count = 0

    def show(self, folder: Folder, status: Status) -> None:
        """Take the newest status of a folder."""
        if not self._client.capabilities.progress:
            return
        if status.phase.value != "indexing":
            self.end(folder, status.message)
            return
        shown = self._shown.get(folder)
        if shown is None:
            self._count += 1
            shown = self._shown[folder] = _Shown(f"hunch-indexing-{self._count}", status)
            shown.creating = asyncio.ensure_future(self._create(folder, shown))
        shown.newest = status
        if shown.begun:
            self._tell(shown.token, report_of(status), replaces=shown.token)

    def end(self, folder: Folder, message: str = "") -> None:
        """Take the progress of a folder away."""
        shown = self._shown.pop(folder, None)
        if shown is None:
            return
        shown.ended = True
        if shown.begun:
            self._tell(shown.token, types.WorkDoneProgressEnd(message=message or None))
        elif shown.creating is not None:
            shown.creating.cancel()

    def folder_of(self, token: str | int) -> Folder | None:
        """Return the folder that a token was made for."""
        return next((folder for folder, shown in self._shown.items() if shown.token == token), None)

    async def _create(self, folder: Folder, shown: _Shown) -> None:
        await asyncio.sleep(PATIENCE_SECONDS)
        try:
            asked = self._client.ask("window/workDoneProgress/create", {"token": shown.token})
            await asyncio.wait_for(asked, _ANSWER_SECONDS)
        except (ClientError, asyncio.TimeoutError):
            return
        if shown.ended:
            return
        shown.begun = True
        report = report_of(shown.newest)
        begin = types.WorkDoneProgressBegin(
            title=f"Indexing {folder.name}", cancellable=True, message=report.message, percentage=report.percentage or 0
        )
        self._tell(shown.token, begin)

    def _tell(self, token: str, value: Any, *, replaces: str | None = None) -> None:
        self._client.tell("$/progress", types.ProgressParams(token=token, value=value), replaces=replaces)


def report_of(status: Status) -> types.WorkDoneProgressReport:
    """Return what to say about a status: files counted where there is something to count, else its sentence."""
    if not status.total:
        return types.WorkDoneProgressReport(message=status.message, cancellable=True)
    return types.WorkDoneProgressReport(
        message=f"{status.done:,} of {status.total:,} files",
        percentage=min(100, 100 * status.done // status.total),
        cancellable=True,
    )
