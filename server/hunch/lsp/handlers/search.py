"""Questions about the workspace: search, similar code, the editor's symbol search."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, cast

from hunch.lsp.client import Client, ClientError
from hunch.lsp.dispatch import RequestError
from hunch.lsp.fields import ParamsError
from hunch.lsp.folders import Folder
from hunch.lsp.latest import SupersededError
from hunch.lsp.messages import SERVER_CANCELLED
from hunch.lsp.params import SearchParams, SimilarParams
from hunch.lsp.protocol import Answer
from hunch.lsp.recent import RecentHits
from hunch.lsp.view import SessionView

if TYPE_CHECKING:
    from hunch.lsp.searching import Found

logger = logging.getLogger(__name__)

_LINES_TRIED = 50
"""Of a selection, to find the first that has code."""


async def search(view: SessionView, recent: RecentHits, asked: SearchParams) -> Answer:
    """Answer a query; an older search that still runs is given up."""
    await view.ready()
    from hunch.lsp import reading, searching

    folders, within = _searched(view, asked)
    encoding = view.capabilities.encoding

    def work() -> tuple[searching.Found, Any]:
        found = searching.search(folders, asked, within)
        return found, searching.to_json(found, encoding)

    try:
        found, answer = await view.in_newest_search(work)
    except SupersededError:
        raise RequestError(SERVER_CANCELLED, "a newer search has come") from None
    reading.remember(recent, found)
    return cast(Answer, answer)


def _searched(view: SessionView, asked: SearchParams) -> tuple[list[Folder], str]:
    """Return the folders to search, and the sub-folder of the one."""
    chosen = view.chosen(asked.folder)
    if asked.within is None:
        return chosen, ""
    found = [location for location in view.locations(asked.within) if location.folder in chosen]
    if not found:
        raise ParamsError(f"within: {asked.within[:200]} is not inside an open workspace folder")
    return [found[0].folder], found[0].path


async def similar(view: SessionView, recent: RecentHits, client: Client, asked: SimilarParams) -> Answer:
    """Find code like that at a place; where that is wanted, the person is asked which hit to open."""
    await view.ready()
    from hunch.lsp import reading, searching

    location = view.location(asked.uri, "textDocument.uri")
    encoding = view.capabilities.encoding
    # A selection that ends where a line begins holds nothing of that line.
    last = asked.end.line if asked.end.character or asked.end.line == asked.start.line else asked.end.line - 1
    lines = range(asked.start.line + 1, max(asked.start.line, min(last, asked.start.line + _LINES_TRIED)) + 2)

    def work() -> tuple[searching.Found, Any]:
        found = searching.similar(location, lines, asked.limit, asked.snippet_lines)
        return found, searching.to_json(found, encoding)

    found, answer = await view.in_search(work)
    reading.remember(recent, found)
    if asked.show:
        client.run(_offer(client, found), "offering hits")
    return cast(Answer, answer)


async def _offer(client: Client, found: Found) -> None:
    from hunch.lsp import reading

    await asyncio.sleep(0)  # the answer to the request goes first
    try:
        await reading.offer_hits(client, found)
    except ClientError:
        logger.info("the client shows no choices")


async def symbols(view: SessionView, query: str) -> Any:
    """Answer the editor's symbol search."""
    if not query.strip() or not view.settings.workspace_symbols:
        return []
    await view.ready()
    from hunch.lsp import searching

    return await view.in_search(searching.symbols, list(view.folders), query)


def resolve_symbol(_: SessionView, symbol: dict[str, Any]) -> dict[str, Any]:
    """Return a symbol as it is: the answer to the symbol search was whole."""
    return symbol
