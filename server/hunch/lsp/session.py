"""One client's state: its folders, settings, documents and latest search. Everything here is for the loop's thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

from hunch import __version__
from hunch.lsp import uris
from hunch.lsp.capabilities import ClientCapabilities
from hunch.lsp.client import INFO, WARNING, Client
from hunch.lsp.fields import ParamsError
from hunch.lsp.folders import Document, Folder, Location, find_locations
from hunch.lsp.latest import Latest
from hunch.lsp.protocol import ServerStatus
from hunch.lsp.recent import RecentHits
from hunch.lsp.settings import Settings, read_settings
from hunch.lsp.standard import WorkspaceFolder
from hunch.lsp.status import status_of
from hunch.lsp.threads import Threads
from hunch.model.bundle import BundleError
from hunch.text.languages import associate, associations, resolve_language

if TYPE_CHECKING:
    from hunch.live import LiveOptions, Status
    from hunch.lsp.hints import Hints
    from hunch.lsp.progress import Progress
    from hunch.model.summariser import Summariser

logger = logging.getLogger(__name__)

T = TypeVar("T")

_STATUS_SECONDS = 0.25


class Session:
    """The state; what happens to it is in the handlers. Those that only read get it as a ``SessionView``."""

    def __init__(self, client: Client, options: object) -> None:
        """Begin without folders; options are the client's initializationOptions."""
        self.client = client
        self.settings, problems = read_settings(options)
        self._first_settings = self.settings
        self._environment_associations = associations()
        self._associate()
        self.documents: dict[str, Document] = {}
        self.folders: list[Folder] = []
        self.reading = Threads(2, "hunch reading")
        self.search_threads = Threads(2, "hunch search")
        self.searches = Latest(self.search_threads)
        self.recent = RecentHits()
        self.on_opened: Callable[[Folder], Awaitable[None]] | None = None
        self.on_closed: Callable[[Folder], None] | None = None
        self.hints: Hints | None = None
        self.progress: Progress | None = None
        self.is_closing = False
        self._is_loaded = False
        """Whether the search engine was imported though there is no folder."""
        self._resolving = asyncio.Lock()
        self._loading_summariser = asyncio.Lock()
        self._summariser: Summariser | BundleError | None = None
        self._announced: asyncio.TimerHandle | None = None
        self._log(problems)

    @property
    def capabilities(self) -> ClientCapabilities:
        """What the client can do."""
        return self.client.capabilities

    # ---- folders ----

    def add_folders(self, added: Sequence[WorkspaceFolder]) -> None:
        """Open folders in the background; one that is open already, or is no file, is passed over."""
        for one in added:
            path = uris.path_of(one.uri)
            if path is None:
                self.client.tell(
                    "window/logMessage", _message(WARNING, f"{one.uri[:200]} is no folder on this machine")
                )
            elif all(folder.path != path for folder in self.folders):
                name = one.name or PurePosixPath(path).name or path
                folder = Folder(one.uri, path, name)
                self.folders.append(folder)
                folder.opening = asyncio.ensure_future(self._open(folder))
        self._announce()

    def remove_folders(self, removed: Sequence[WorkspaceFolder]) -> None:
        """Close folders in the background."""
        paths = {uris.path_of(one.uri) for one in removed}
        for folder in [folder for folder in self.folders if folder.path in paths]:
            self.folders.remove(folder)
            self.client.run(self.in_background(_close, folder), "closing a folder")
            if self.on_closed is not None:
                self.on_closed(folder)
            if self.progress is not None:
                self.progress.end(folder)
        self._announce()

    async def _open(self, folder: Folder) -> None:
        loop = asyncio.get_running_loop()

        def report(status: Status) -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._take_status, folder, status)

        async with self._resolving:  # one after the other: of two names for a folder the first one counts
            folder.real = await self.in_background(uris.resolved, folder.path)
        if any(other.real == folder.real for other in self.folders if other is not folder):
            self.folders.remove(folder)
        if folder not in self.folders:
            return
        try:
            await self.in_background(self._start, folder, report)
        except Exception as error:
            if self.is_closing:
                return
            logger.error("a folder cannot be opened: %s", type(error).__name__)
            logger.debug("a folder cannot be opened", exc_info=error)
            reason = f"{folder.name} cannot be opened: {error}"
            self.client.tell("window/showMessage", _message(WARNING, reason))
            return
        if folder not in self.folders or self.is_closing:
            await self.in_background(_close, folder)
        elif self.on_opened is not None:
            await self.on_opened(folder)

    def _start(self, folder: Folder, report: Callable[[Status], None]) -> None:
        from hunch.live import LiveWorkspace  # with numpy, FAISS and ONNX Runtime: a second that nobody waits for

        if not self.is_closing:
            live = LiveWorkspace(Path(folder.real), _live_options(self.settings), on_status=report)
            live.start()
            folder.live = live

    async def opened(self) -> list[Folder]:
        """Return the folders that can be searched, once those that are being opened are."""
        while tasks := [folder.opening for folder in self.folders if folder.opening and not folder.opening.done()]:
            await asyncio.wait(tasks)
        return [folder for folder in self.folders if folder.live is not None]

    async def ready(self) -> None:
        """Wait for the folders that are being opened, and for the search engine."""
        await self.opened()
        if not self.folders and not self._is_loaded:
            await self.in_background(_load_engine)
            self._is_loaded = True

    def locations(self, uri: str) -> list[Location]:
        """Return where a file is in the folders that are open, innermost folder first."""
        return find_locations(self.folders, uri)

    def location(self, uri: str, name: str) -> Location:
        """Return where a file is in its innermost folder.

        Raises:
            ParamsError: in none; the message begins with the name of the field.
        """
        found = self.locations(uri)
        if not found:
            raise ParamsError(f"{name}: {uri[:200]} is not inside an open workspace folder")
        return found[0]

    def chosen(self, uri: str | None) -> list[Folder]:
        """Return the folder with a URI, or all of them without one.

        Raises:
            ParamsError: there is no such folder.
        """
        if uri is None:
            return list(self.folders)
        path = uris.path_of(uri)
        found = [folder for folder in self.folders if path is not None and path in (folder.path, folder.real)]
        if not found:
            raise ParamsError(f"folder: {uri[:200]} is not an open workspace folder")
        return found

    # ---- status ----

    def status(self) -> ServerStatus:
        """Return the body of ``hunch/status``."""
        encoder = next((folder.live.encoder for folder in self.folders if folder.live and folder.live.encoder), None)
        return {
            "version": __version__,
            "model": encoder.bundle.manifest.identity if encoder is not None else None,
            "folders": [status_of(folder.uri, folder.status) for folder in self.folders],
        }

    def _take_status(self, folder: Folder, status: Status) -> None:
        if folder not in self.folders or self.is_closing:
            return
        before, folder.status = folder.status, status
        if self.progress is not None:
            self.progress.show(folder, status)
        for notice in status.notices:
            self.say(folder, "window/logMessage", INFO, notice)
        if status.phase.value == "problem":
            self.say(folder, "window/showMessage", WARNING, status.message)
        self._announce(at_once=before is None or before.phase is not status.phase)

    def say(self, folder: Folder, method: str, kind: int, text: str) -> None:
        """Tell the person something about a folder, once."""
        if text not in folder.told:
            folder.told.add(text)
            self.client.tell(method, _message(kind, f"{folder.name}: {text}"))

    def _announce(self, *, at_once: bool = True) -> None:
        """Send ``hunch/statusChanged``, a few times a second at most unless something else is going on now."""
        if at_once:
            self._send_status()
        elif self._announced is None:
            self._announced = asyncio.get_running_loop().call_later(_STATUS_SECONDS, self._send_status)

    def _send_status(self) -> None:
        if self._announced is not None:
            self._announced.cancel()
            self._announced = None
        self.client.tell("hunch/statusChanged", self.status(), replaces="status")

    # ---- settings ----

    def take_settings(self, raw: object) -> None:
        """Use what the client has set."""
        before = self.settings
        self.settings, problems = read_settings(raw, base=self._first_settings)
        self._log(problems)
        if self.settings == before:
            return
        self._associate()
        for folder in self.folders:
            if folder.live is not None:
                folder.live.set_options(_live_options(self.settings))
                if self.settings.associations != before.associations:
                    folder.live.mark([""])
        if self.hints is not None:
            self.hints.settings_changed()

    def _associate(self) -> None:
        """Take which files are of which language; the environment of the server says what the user does not."""
        chosen = {pattern: resolve_language(name) for pattern, name in self.settings.associations.items()}
        associate(self._environment_associations | {pattern: name for pattern, name in chosen.items() if name})

    def _log(self, problems: Sequence[str]) -> None:
        for problem in problems:
            self.client.tell("window/logMessage", _message(WARNING, problem))

    # ---- the rest ----

    async def in_background(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run what may wait for the disk in a thread, apart from searches."""
        return await asyncio.get_running_loop().run_in_executor(self.reading, work, *arguments)

    async def in_search(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run a question that newer ones do not supersede."""
        return await asyncio.get_running_loop().run_in_executor(self.search_threads, work, *arguments)

    async def in_newest_search(self, work: Callable[[], T]) -> T:
        """Run a search.

        Raises:
            SupersededError: a newer one came meanwhile.
        """
        return await self.searches.run(work)

    def text_of(self, uri: str) -> str | None:
        """Return the text of a document that the client has open, None of any other."""
        document = self.documents.get(uri)
        return document.text if document else None

    async def summariser(self) -> Summariser:
        """Return the model that writes, which is loaded when it is first asked for.

        Raises:
            BundleError: it cannot be used, which the person is told once.
        """
        async with self._loading_summariser:
            if self._summariser is None:
                self._summariser = await self.in_background(_load_summariser)
                if isinstance(self._summariser, BundleError):
                    self.client.tell("window/showMessage", _message(WARNING, str(self._summariser)))
        if isinstance(self._summariser, BundleError):
            raise self._summariser
        return self._summariser

    def close(self) -> None:
        """End all folders' threads; from any thread, takes 1.2 seconds at most."""
        self.is_closing = True
        folders = [folder for folder in self.folders if folder.live is not None]
        if folders:
            with ThreadPoolExecutor(len(folders)) as pool:
                list(pool.map(_close, folders))
        for threads in (self.reading, self.search_threads):
            threads.shutdown(wait=False, cancel_futures=True)


def _close(folder: Folder) -> None:
    if folder.live is not None:
        folder.live.close(timeout=1.2)
    if folder.watching is not None:
        folder.watching.stop()


def _load_engine() -> None:
    from hunch.lsp import reading, searching

    assert reading and searching


def _load_summariser() -> Summariser | BundleError:
    from hunch.model.summariser import load_summariser

    try:
        return load_summariser()
    except BundleError as error:
        return error


def _live_options(settings: Settings) -> LiveOptions:
    from hunch.live import LiveOptions

    return LiveOptions(
        cpu_share=settings.cpu_share,
        pause_on_battery=settings.pause_on_battery,
        contextual_embeddings=settings.contextual_embeddings,
        scan_seconds=settings.scan_interval,
    )


def _message(kind: int, text: str) -> dict[str, Any]:
    return {"type": kind, "message": text}
