"""Which function answers which method. Each takes its parameters, calls one function, and gives back its result."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from hunch.lsp import documents, params, standard, watching
from hunch.lsp.client import ClientError
from hunch.lsp.fields import ParamsError
from hunch.lsp.greeting import COMMANDS
from hunch.lsp.latest import SupersededError
from hunch.lsp.messages import REQUEST_FAILED, SERVER_CANCELLED
from hunch.lsp.params import FolderParams, SearchParams, SimilarParams
from hunch.lsp.protocol import RequestError, Route
from hunch.lsp.session import Folder, Session
from hunch.lsp.settings import SECTION
from hunch.lsp.standard import (
    ActionParams,
    ChangeParams,
    CommandParams,
    FoldersParams,
    InitializeParams,
    OpenParams,
    PlaceParams,
)

if TYPE_CHECKING:
    from hunch.live import LiveWorkspace
    from hunch.lsp.searching import Found
    from hunch.model.summariser import Summary

logger = logging.getLogger(__name__)

_LINES_TRIED = 50
"""Of a selection, to find the first that has code."""


def routes(session: Session, opened: InitializeParams) -> Mapping[str, Route]:
    """Return what happens with each method."""
    own = _own_routes(session)

    def execute(command: CommandParams) -> Any:
        if command.command not in COMMANDS:
            raise ParamsError(f"command: there is no {command.command[:100]!r}")
        route = own[command.command.replace(".", "/", 1)]
        return route.handle(route.read(argument_of(command)))

    return {
        **own,
        "initialized": Route(params.read_nothing, lambda _: _begin(session, opened)),
        "textDocument/didOpen": Route(standard.read_opened, lambda one: _did_open(session, one)),
        "textDocument/didChange": Route(standard.read_changed, lambda one: _did_change(session, one)),
        "textDocument/didSave": Route(standard.read_document, lambda uri: documents.save_document(session, uri)),
        "textDocument/didClose": Route(standard.read_document, lambda uri: _did_close(session, uri)),
        "textDocument/hover": Route(standard.read_place, lambda one: _hover(session, one)),
        "textDocument/codeAction": Route(standard.read_action, lambda one: _code_actions(session, one)),
        "workspace/didChangeWatchedFiles": Route(
            standard.read_watched, lambda uris: watching.take_changed_files(session, uris)
        ),
        "workspace/didChangeWorkspaceFolders": Route(
            standard.read_folders, lambda one: _change_folders(session, one)
        ),
        "workspace/didChangeConfiguration": Route(
            standard.read_configuration, lambda settings: _change_configuration(session, settings)
        ),
        "workspace/symbol": Route(standard.read_symbols, lambda query: _symbols(session, query)),
        "workspaceSymbol/resolve": Route(standard.read_object, lambda symbol: symbol),
        "workspace/executeCommand": Route(standard.read_command, execute),
        "window/workDoneProgress/cancel": Route(standard.read_token, lambda token: _cancel_progress(session, token)),
    }  # fmt: skip


def argument_of(command: CommandParams) -> object:
    """Return the parameters that a command stands for: its one argument; ``hunch.search`` takes plain text too.

    Raises:
        ParamsError: there are more arguments.
    """
    if len(command.arguments) > 1:
        raise ParamsError(f"arguments: {command.command} takes one, got {len(command.arguments)}")
    argument = command.arguments[0] if command.arguments else None
    if command.command == "hunch.search" and isinstance(argument, str):
        return {"query": argument}
    return argument


def _own_routes(session: Session) -> dict[str, Route]:
    def for_folders(act: Callable[[LiveWorkspace], None]) -> Route:
        return Route(params.read_folder, lambda one: _for_folders(session, one, act))

    return {
        "hunch/search": Route(params.read_search, lambda one: _search(session, one)),
        "hunch/similar": Route(params.read_similar, lambda one: _similar(session, one)),
        "hunch/status": Route(params.read_nothing, lambda _: session.status()),
        "hunch/summarize": Route(standard.read_place, lambda one: _summarize(session, one)),
        "hunch/document": Route(standard.read_place, lambda one: _document(session, one)),
        "hunch/pause": for_folders(lambda live: live.pause()),
        "hunch/resume": for_folders(lambda live: live.resume()),
        "hunch/rebuild": for_folders(lambda live: live.rebuild()),
        "hunch/cancel": for_folders(lambda live: live.cancel()),
    }


# ---- lifecycle ----


def _begin(session: Session, opened: InitializeParams) -> Awaitable[None]:
    from hunch.lsp.progress import Progress

    session.progress = Progress(session.client)
    session.on_opened = lambda folder: _folder_opened(session, folder)
    session.on_closed = lambda folder: watching.unwatch(session, folder)
    session.add_folders(opened.folders)
    return _follow_settings(session)


async def _follow_settings(session: Session) -> None:
    """Have the client tell when settings change, and ask for those that it has now."""
    if session.client.abilities.registers_configuration:
        method = "workspace/didChangeConfiguration"
        registration = {"id": "hunch-settings", "method": method, "registerOptions": {"section": SECTION}}
        asked = session.client.ask("client/registerCapability", {"registrations": [registration]})
        session.client.run(_quietly(asked), "registering for settings")
    await _pull_settings(session)


async def _folder_opened(session: Session, folder: Folder) -> None:
    from hunch.lsp.hints import Hints

    session.hints = session.hints or Hints(session)
    await documents.put_open_documents(session, folder)
    session.client.run(watching.watch(session, folder), "watching a folder")


def _change_folders(session: Session, change: FoldersParams) -> None:
    session.remove_folders(change.removed)
    session.add_folders(change.added)


async def _change_configuration(session: Session, settings: object) -> None:
    if session.client.abilities.configuration:
        await _pull_settings(session)
    else:
        session.take_settings(settings)


async def _pull_settings(session: Session) -> None:
    if not session.client.abilities.configuration:
        return
    try:
        answer = await session.client.ask("workspace/configuration", {"items": [{"section": SECTION}]})
    except ClientError:
        return
    if isinstance(answer, list) and answer:
        session.take_settings(answer[0])


async def _quietly(asked: Awaitable[object]) -> None:
    try:
        await asked
    except ClientError:
        logger.info("the client refused a registration")


# ---- documents ----


def _did_open(session: Session, opened: OpenParams) -> None:
    documents.open_document(session, opened)


def _did_change(session: Session, changed: ChangeParams) -> None:
    document = documents.change_document(session, changed)
    if document is not None and session.hints is not None:
        session.hints.touch(document)


def _did_close(session: Session, uri: str) -> None:
    documents.close_document(session, uri)
    if session.hints is not None:
        session.hints.forget(uri)


# ---- questions ----


async def _search(session: Session, asked: SearchParams) -> Any:
    await _folders_ready(session)
    from hunch.lsp import reading, searching

    folders, within = _searched(session, asked)
    encoding = session.client.abilities.encoding

    def work() -> tuple[searching.Found, Any]:
        found = searching.search(folders, asked, within)
        return found, searching.to_json(found, encoding)

    try:
        found, answer = await session.searches.run(work)
    except SupersededError:
        raise RequestError(SERVER_CANCELLED, "a newer search has come") from None
    reading.remember(session, found)
    return answer


def _searched(session: Session, asked: SearchParams) -> tuple[list[Folder], str]:
    """Return the folders to search, and the sub-folder of the one."""
    chosen = session.chosen(asked.folder)
    if asked.within is None:
        return chosen, ""
    places = [place for place in session.places(asked.within) if place.folder in chosen]
    if not places:
        raise ParamsError(f"within: {asked.within[:200]} is not inside an open workspace folder")
    return [places[0].folder], places[0].path


async def _similar(session: Session, asked: SimilarParams) -> Any:
    await _folders_ready(session)
    from hunch.lsp import reading, searching

    place = session.place(asked.uri, "textDocument.uri")
    encoding = session.client.abilities.encoding
    # A selection that ends where a line begins holds nothing of that line.
    last = asked.end.line if asked.end.character or asked.end.line == asked.start.line else asked.end.line - 1
    lines = range(asked.start.line + 1, max(asked.start.line, min(last, asked.start.line + _LINES_TRIED)) + 2)

    def work() -> tuple[searching.Found, Any]:
        found = searching.similar(place, lines, asked.limit)
        return found, searching.to_json(found, encoding)

    found, answer = await session.in_search(work)
    reading.remember(session, found)
    if asked.show:
        session.client.run(_offer(session, found), "offering hits")
    return answer


async def _offer(session: Session, found: Found) -> None:
    from hunch.lsp import reading

    await asyncio.sleep(0)  # the answer to the request goes first
    try:
        await reading.offer_hits(session, found)
    except ClientError:
        logger.info("the client shows no choices")


async def _symbols(session: Session, query: str) -> Any:
    if not query.strip() or not session.settings.workspace_symbols:
        return []
    await _folders_ready(session)
    from hunch.lsp import searching

    return await session.in_search(searching.symbols, list(session.folders), query)


async def _hover(session: Session, at: PlaceParams) -> Any:
    if not session.places(at.uri) or not (session.recent or session.settings.generated_summaries):
        return None
    from hunch.lsp import reading

    return await reading.hover(session, at)


async def _code_actions(session: Session, at: ActionParams) -> Any:
    if not session.places(at.uri):
        return []
    from hunch.lsp import reading

    return await reading.code_actions(session, at)


async def _summarize(session: Session, at: PlaceParams) -> Any:
    await _folders_ready(session)
    from hunch.lsp import summarising

    place = session.place(at.uri, "textDocument.uri")
    text = session.text_of(at.uri)
    function = await session.in_background(summarising.read_function, place, text, at.position.line)
    summary = await _summary_of(session, function.code) if function else None
    return summarising.to_json(function, summary) if function and summary else None


def _document(session: Session, at: PlaceParams) -> Awaitable[bool]:
    """Insert a generated documentation comment; false when there is nothing to document."""
    # The position is one of the text as it is now: a change may be the next message, before anything else runs.
    document = session.documents.get(at.uri)
    return _insert(session, at, session.text_of(at.uri), document.version if document else None)


async def _insert(session: Session, at: PlaceParams, text: str | None, version: int | None) -> bool:
    await _folders_ready(session)
    from hunch.lsp import summarising

    place = session.place(at.uri, "textDocument.uri")
    abilities = session.client.abilities
    if not abilities.applies_edits:
        raise RequestError(REQUEST_FAILED, "this editor makes no edits for a server")
    function = await session.in_background(summarising.read_function, place, text, at.position.line)
    summary = await _summary_of(session, function.code) if function and function.room else None
    edit = summarising.edit_of(function, summary.text) if function and summary else None
    if edit is None:
        return False
    if session.text_of(at.uri) is not text:
        raise RequestError(REQUEST_FAILED, "the text has changed meanwhile: ask again")
    change: dict[str, Any] = {"changes": {at.uri: [edit]}}
    if abilities.versions_edits and version is not None:
        change = {"documentChanges": [{"textDocument": {"uri": at.uri, "version": version}, "edits": [edit]}]}
    try:
        asked = {"label": "Insert generated documentation", "edit": change}
        answer = await session.client.ask("workspace/applyEdit", asked)
    except ClientError as error:
        raise RequestError(REQUEST_FAILED, f"the editor did not make the edit: {error}") from None
    if not isinstance(answer, dict) or answer.get("applied") is not True:
        reason = answer.get("failureReason") if isinstance(answer, dict) else None
        raise RequestError(REQUEST_FAILED, f"the editor did not make the edit: {reason or 'it gave no reason'}")
    return True


async def _summary_of(session: Session, code: str) -> Summary | None:
    from hunch.model.bundle import BundleError

    try:
        summariser = await session.summariser()
    except BundleError as error:
        raise RequestError(REQUEST_FAILED, str(error)) from None
    return await session.in_search(summariser.summarise, code)


async def _folders_ready(session: Session) -> None:
    """Wait for the folders that are being opened, and for the search engine."""
    await session.opened()
    if not session.folders and not session.is_loaded:
        await session.in_background(_load)
        session.is_loaded = True


def _load() -> None:
    from hunch.lsp import reading, searching

    assert reading and searching


# ---- indexing ----


async def _for_folders(session: Session, one: FolderParams, act: Callable[[LiveWorkspace], None]) -> None:
    chosen = session.chosen(one.folder)
    await session.opened()
    for folder in chosen:
        if folder.live is not None:
            act(folder.live)


def _cancel_progress(session: Session, token: str | int) -> None:
    folder = session.progress.folder_of(token) if session.progress is not None else None
    if folder is not None and folder.live is not None:
        folder.live.cancel()
