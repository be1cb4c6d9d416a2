"""Questions to answers as JSON: search, similar code, symbols. Runs in the threads of searches, on what they are given.

This module brings the search engine with it; nothing imports it before the client was greeted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from time import perf_counter
from typing import Any

from lsprotocol import types

from hunch.index.records import ChunkRecord
from hunch.lsp import uris
from hunch.lsp.fields import ParamsError
from hunch.lsp.folders import Folder, Location
from hunch.lsp.params import SearchParams
from hunch.lsp.positions import Encoding, split_lines, units
from hunch.search.marks import Mark, mark_words, with_near_words
from hunch.search.merge import merge_answers
from hunch.search.query import Query, QueryError, parse_query
from hunch.search.search import Answer, Hit, Verdict
from hunch.search.snippet import SNIPPET_LINES

MOST_SYMBOLS = 50

_COMMENTS = ("#", "//", "/*", "*", "--", ";", '"')
_NO_FOLDER = "no folder is open: open a folder to search in it"
_SYMBOL_KINDS = {
    "function": types.SymbolKind.Function,
    "method": types.SymbolKind.Method,
    "class": types.SymbolKind.Class,
    "interface": types.SymbolKind.Interface,
    "struct": types.SymbolKind.Struct,
    "enum": types.SymbolKind.Enum,
    "trait": types.SymbolKind.Interface,
    "module": types.SymbolKind.Module,
    "type": types.SymbolKind.Class,
    "macro": types.SymbolKind.Function,
    "query": types.SymbolKind.Object,
    "block": types.SymbolKind.Namespace,
    "file": types.SymbolKind.File,
}


@dataclass(frozen=True, slots=True)
class Found:
    """An answer, with the folder of each hit."""

    answer: Answer
    folders: list[Folder]


def search(folders: Sequence[Folder], params: SearchParams, within: str = "") -> Found:
    """Answer a query from the folders together.

    Args:
        folders: those to search, all open.
        params: what the client asked.
        within: the sub-folder to search, posix, relative to the one folder.

    Raises:
        ParamsError: the query cannot be answered.
    """
    query = parse(params.query, params.languages, params.paths, params.kinds, within)
    return ask(folders, query, params.limit)


def parse(
    text: str, languages: Sequence[str] = (), paths: Sequence[str] = (), kinds: Sequence[str] = (), within: str = ""
) -> Query:
    """Read a query.

    Raises:
        ParamsError: it cannot be answered; the message is for the person who typed it.
    """
    try:
        return parse_query(text, languages=languages, paths=paths, kinds=kinds, within=within)
    except QueryError as error:
        raise ParamsError(str(error)) from None


def ask(folders: Sequence[Folder], query: Query, limit: int) -> Found:
    """Answer a query from the folders together; a file in two folders, one inside the other, is answered once."""
    began = perf_counter()
    is_nested = any(uris.relative(inner.real, outer.real) for inner in folders for outer in folders)
    asked = [(folder, folder.live) for folder in folders if folder.live is not None]
    # A folder inside another one takes hits from it, which are asked for in addition.
    answers = [live.ask(query, limit=2 * limit if is_nested else limit) for _, live in asked]
    if not answers:
        nothing = Answer(query.text, [], Verdict.NONE, 0.0, True, [*query.notices, _NO_FOLDER])
        return Found(nothing, [])
    merged = merge_answers(answers, limit) if len(answers) > 1 else answers[0]
    folder_of = {live.root: folder for folder, live in asked}
    merged = replace(merged, elapsed_ms=(perf_counter() - began) * 1000)
    return Found(merged, [folder_of[hit.root] for hit in merged.hits])


def similar(place: Location, lines: Iterable[int], limit: int) -> Found:
    """Find code like the definition at the first of some lines, counted from 1, that has one.

    Raises:
        ParamsError: there is no code at any of them.
    """
    reason: QueryError | None = None
    for line in lines:
        try:
            answer = place.live.similar(place.path, line, limit=limit)
        except QueryError as error:
            reason = reason or error
        else:
            return Found(answer, [place.folder] * len(answer.hits))
    raise ParamsError(f"position: {reason}" if reason else "range: empty")


def to_json(found: Found, encoding: Encoding) -> dict[str, Any]:
    """Return an answer as the client reads it."""
    answer = found.answer
    snippets = [snippet_of(hit, folder) for hit, folder in zip(answer.hits, found.folders, strict=True)]
    encoder = next((folder.live.encoder for folder in found.folders if folder.live is not None), None)
    parts = zip(answer.hits, found.folders, snippets, mark_words(snippets, answer.query, encoder), strict=True)
    return {
        "query": answer.query,
        "elapsedMs": round(answer.elapsed_ms, 3),
        "verdict": answer.verdict.value,
        "complete": answer.complete,
        "notices": list(answer.notices),
        "hits": [_hit_to_json(*part, encoding) for part in parts],
    }


def symbols(folders: Sequence[Folder], text: str) -> list[types.WorkspaceSymbol]:
    """Answer an editor's symbol search: exact names first, then what the words mean; no guesses."""
    try:
        query = parse(text)
    except ParamsError:
        return []  # half-typed filters and single signs are what a symbol search sees all the time
    found = ask(folders, query, MOST_SYMBOLS)
    pairs = [(place, folder) for hit, folder in zip(found.answer.hits, found.folders, strict=True)
             for place in _each_place(hit) if hit.record.kind != "block"]  # fmt: skip
    wanted = _plain(query.text)
    exact = [pair for pair in pairs if wanted in (_plain(pair[0].record.name), _plain(pair[0].record.qualified_name))]
    rest = [] if found.answer.verdict is Verdict.NONE else [pair for pair in pairs if pair not in exact]
    return [_symbol(hit, folder) for hit, folder in [*exact, *rest]]


def title_of(hit: Hit) -> str:
    """Return one line that names a hit to a person."""
    name = hit.record.qualified_name or hit.record.name
    return f"{name} - {hit.path}:{hit.record.start_line}" if name else f"{hit.path}:{hit.record.start_line}"


def span_of(hit: Hit) -> dict[str, Any]:
    """Return the range of a hit: whole lines, up to the start of the line behind it."""
    return _span(hit.record.start_line - 1, 0, hit.record.end_line, 0)


def snippet_of(hit: Hit, folder: Folder) -> str:
    """Return the first lines of a hit as the editor has them, else as the disk has them."""
    buffer = folder.live.buffer(hit.path) if folder.live is not None else None
    if buffer is None:
        return hit.snippet
    first = hit.record.start_line - 1
    return "\n".join(_lines(buffer)[first : min(hit.record.end_line, first + SNIPPET_LINES)])


def name_row(lines: Sequence[str], record: ChunkRecord) -> int:
    """Return which line of a chunk, counted from its first, has its name: nobody wants to land on the comment above."""
    head = record.signature.split("\n")[0].partition("(")[0].strip()
    for wanted in (head, record.name):
        for row, line in enumerate(lines):
            if wanted and wanted in line and (wanted is head or not line.lstrip().startswith(_COMMENTS)):
                return row
    return 0


@lru_cache(maxsize=4)
def _lines(text: str) -> list[str]:
    return split_lines(text)


def _hit_to_json(hit: Hit, folder: Folder, snippet: str, marks: Sequence[Mark], encoding: Encoding) -> dict[str, Any]:
    record = hit.record
    lines = snippet.split("\n")
    below = name_row(lines, record)
    first_line = lines[below].rstrip("\r")
    indent = len(first_line) - len(first_line.lstrip())
    row = record.start_line - 1 + below
    return {
        "uri": uris.join(folder.uri, hit.path),
        "folder": folder.uri,
        "path": hit.path,
        "range": span_of(hit),
        "selectionRange": _span(row, units(first_line[:indent], encoding), row, units(first_line, encoding)),
        "name": record.name or None,
        "qualifiedName": record.qualified_name,
        "kind": record.kind,
        "language": hit.language,
        "score": hit.score,
        "why": [
            {"signal": one.signal, "weight": one.weight, "terms": list(one.terms)}
            for one in with_near_words(hit.why, marks)
        ],
        "highlights": [
            {
                "range": _span(
                    record.start_line - 1 + mark.line,
                    units(lines[mark.line][: mark.start], encoding),
                    record.start_line - 1 + mark.line,
                    units(lines[mark.line][: mark.end], encoding),
                ),
                "term": mark.asked,
                "exact": mark.cosine == 1,
            }
            for mark in marks
        ],
        "copies": [
            {
                "uri": uris.join(folder.uri, copy.path),
                "path": copy.path,
                "range": _span(copy.start_line - 1, 0, copy.end_line, 0),
            }
            for copy in hit.copies
        ],
        "signature": record.signature,
        "documentation": record.documentation,
        "snippet": snippet,
    }


def _each_place(hit: Hit) -> list[Hit]:
    """Return a hit and its copies as hits of their own: in a list of names each place counts."""
    copies = [
        replace(hit, path=copy.path, record=hit.record._replace(start_line=copy.start_line, end_line=copy.end_line))
        for copy in hit.copies
    ]
    return [hit, *copies]


def _symbol(hit: Hit, folder: Folder) -> types.WorkspaceSymbol:
    record = hit.record
    scope = record.qualified_name.rpartition(".")[0]
    below = name_row(snippet_of(hit, folder).split("\n"), record)
    position = types.Position(record.start_line - 1 + below, 0)
    return types.WorkspaceSymbol(
        name=record.name or hit.path.rpartition("/")[2],
        kind=_SYMBOL_KINDS.get(record.kind, types.SymbolKind.Object),
        container_name=f"{scope} - {hit.path}" if scope else hit.path,
        location=types.Location(
            uris.join(folder.uri, hit.path), types.Range(position, types.Position(record.end_line, 0))
        ),
    )


def _plain(name: str) -> str:
    return name.replace("_", "").replace(" ", "").lower()


def _span(first: int, first_character: int, last: int, last_character: int) -> dict[str, Any]:
    return {
        "start": {"line": first, "character": first_character},
        "end": {"line": last, "character": last_character},
    }
