"""The parameters of our own requests: JSON -> frozen dataclasses. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from hunch.lsp.fields import Fields, ParamsError
from hunch.lsp.positions import Position
from hunch.lsp.standard import read_position, read_span

MOST_HITS = 100
DEFAULT_HITS = 20
MOST_SNIPPET_LINES, DEFAULT_SNIPPET_LINES = 2_000, 12
"""As in hunch.search.snippet, which brings more with it than can be loaded before a client is greeted."""


@dataclass(frozen=True, slots=True)
class SearchParams:
    """Of ``hunch/search``."""

    query: str
    limit: int = DEFAULT_HITS
    languages: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    folder: str | None = None
    within: str | None = None
    snippet_lines: int = DEFAULT_SNIPPET_LINES
    contents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SimilarParams:
    """Of ``hunch/similar``: a place or a selection in a document."""

    uri: str
    start: Position
    end: Position
    limit: int = DEFAULT_HITS
    show: bool = False
    """Whether the client wants to be asked which hit to open."""
    snippet_lines: int = DEFAULT_SNIPPET_LINES


@dataclass(frozen=True, slots=True)
class FolderParams:
    """Of the requests that are for one workspace folder, or for all of them."""

    folder: str | None = None


def read_search(raw: object) -> SearchParams:
    """Read the parameters of ``hunch/search``.

    Raises:
        ParamsError: naming the field.
    """
    fields = Fields(raw)
    return SearchParams(
        query=fields.text("query"),
        limit=fields.whole("limit", DEFAULT_HITS, least=1, most=MOST_HITS),
        languages=fields.texts("languages"),
        paths=fields.texts("paths"),
        kinds=fields.texts("kinds"),
        contents=fields.texts("contents"),
        folder=fields.optional("folder"),
        within=fields.optional("within"),
        snippet_lines=_snippet_lines(fields),
    )


def read_similar(raw: object) -> SimilarParams:
    """Read the parameters of ``hunch/similar``.

    Raises:
        ParamsError: naming the field.
    """
    fields = Fields(raw)
    if fields.has("range"):
        start, end = read_span(fields.inner("range"))
    elif fields.has("position"):
        start = end = read_position(fields.inner("position"))
    else:
        raise ParamsError("position: missing (or a range)")
    return SimilarParams(
        uri=fields.inner("textDocument").text("uri"),
        start=start,
        end=end,
        limit=fields.whole("limit", DEFAULT_HITS, least=1, most=MOST_HITS),
        show=fields.flag("show", False),
        snippet_lines=_snippet_lines(fields),
    )


def read_folder(raw: object) -> FolderParams:
    """Read the parameters of the requests that are for one folder or all; they may be missing altogether.

    Raises:
        ParamsError: naming the field.
    """
    return FolderParams() if raw is None else FolderParams(Fields(raw).optional("folder"))


def read_nothing(raw: object) -> None:
    """Read the parameters of a request that has none.

    Raises:
        ParamsError: they are neither missing nor an object nor a list.
    """
    if raw is not None and not isinstance(raw, list):
        Fields(raw)


def _snippet_lines(fields: Fields) -> int:
    return fields.whole("snippetLines", DEFAULT_SNIPPET_LINES, least=1, most=MOST_SNIPPET_LINES)
