"""Questions to answers as JSON: search, similar code, symbols. Runs in the threads of searches, on what they are given.

This module brings the search engine with it; nothing imports it before the client was greeted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from lsprotocol import types

from hunch.lsp import uris
from hunch.lsp.fields import ParamsError
from hunch.lsp.folders import Folder, Location
from hunch.lsp.params import SearchParams
from hunch.lsp.positions import Encoding, units
from hunch.model.bundle import BundleError
from hunch.search.merge import merge_answers
from hunch.search.present import FinishedAnswer, FinishedHit, name_row, present, snippet_lines, why_of
from hunch.search.query import Query, QueryError, parse_query
from hunch.search.search import Answer, Answerability, Hit
from hunch.search.snippet import SNIPPET_LINES

MOST_SYMBOLS = 50

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
    "constant": types.SymbolKind.Constant,
    "field": types.SymbolKind.Field,
    "section": types.SymbolKind.String,
    "entry": types.SymbolKind.Key,
}


@dataclass(frozen=True, slots=True)
class Found:
    """An answer with finished hits, and the folder of each."""

    answer: FinishedAnswer
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
    query = parse(params.query, params.languages, params.paths, params.kinds, params.contents, within)
    return _finished(*ask(folders, query, params.limit), params.snippet_lines)


def parse(
    text: str, languages: Sequence[str] = (), paths: Sequence[str] = (), kinds: Sequence[str] = (),
    contents: Sequence[str] = (), within: str = "",
) -> Query:  # fmt: skip
    """Read a query.

    Raises:
        ParamsError: it cannot be answered; the message is for the person who typed it.
    """
    try:
        return parse_query(text, languages=languages, paths=paths, kinds=kinds, contents=contents, within=within)
    except QueryError as error:
        raise ParamsError(str(error)) from None


def ask(folders: Sequence[Folder], query: Query, limit: int) -> tuple[Answer, list[Folder]]:
    """Return the answer of the folders together, and the folder of each hit.

    A file in two folders, one inside the other, is answered once.
    """
    began = perf_counter()
    is_nested = any(uris.relative(inner.real, outer.real) for inner in folders for outer in folders)
    asked = [(folder, folder.live) for folder in folders if folder.live is not None]
    # A folder inside another one takes hits from it, which are asked for in addition.
    try:
        answers = [live.ask(query, limit=2 * limit if is_nested else limit) for _, live in asked]
    except BundleError as error:
        raise ParamsError(str(error)) from None
    if not answers:
        return Answer(query.text, [], Answerability.NONE, 0.0, True, [*query.notices, _NO_FOLDER]), []
    merged = merge_answers(answers, limit) if len(answers) > 1 else answers[0]
    folder_of = {live.root: folder for folder, live in asked}
    merged = replace(merged, elapsed_ms=(perf_counter() - began) * 1000)
    return merged, [folder_of[hit.root] for hit in merged.hits]


def similar(place: Location, lines: range, limit: int, snippet_lines: int = SNIPPET_LINES) -> Found:
    """Find code like the definition at the first of some lines, counted from 1, that has one.

    Raises:
        ParamsError: there is no code at any of them.
    """
    try:
        answer = place.live.similar(place.path, lines[0], lines[-1], limit=limit)
    except QueryError as error:
        raise ParamsError(f"position: {error}") from None
    except BundleError as error:
        raise ParamsError(str(error)) from None
    return _finished(answer, [place.folder] * len(answer.hits), snippet_lines)


def to_json(found: Found, encoding: Encoding) -> dict[str, Any]:
    """Return an answer as the client reads it."""
    answer = found.answer
    return {
        "query": answer.query,
        "elapsedMs": round(answer.elapsed_ms, 3),
        "answerability": answer.answerability.value,
        "verdict": answer.answerability.value,  # the name of answerability before 0.2
        "label": answer.label,
        "complete": answer.complete,
        "notices": list(answer.notices),
        "hits": [_hit_to_json(*pair, encoding) for pair in zip(answer.hits, found.folders, strict=True)],
    }


def symbols(folders: Sequence[Folder], text: str) -> list[types.WorkspaceSymbol]:
    """Answer an editor's symbol search: exact names first, then what the words mean; no guesses."""
    try:
        query = parse(text)
    except ParamsError:
        return []  # half-typed filters and single signs are what a symbol search sees all the time
    answer, its_folders = ask(folders, query, MOST_SYMBOLS)
    pairs = [(place, folder) for hit, folder in zip(answer.hits, its_folders, strict=True)
             for place in _each_place(hit) if hit.record.kind != "block"]  # fmt: skip
    wanted = _plain(query.text)
    exact = [pair for pair in pairs if wanted in (_plain(pair[0].record.name), _plain(pair[0].record.qualified_name))]
    rest = [] if answer.answerability is Answerability.NONE else [pair for pair in pairs if pair not in exact]
    return [_symbol(hit, folder) for hit, folder in [*exact, *rest]]


def span_of(hit: FinishedHit) -> dict[str, Any]:
    """Return the range of a hit: whole lines, up to the start of the line behind it."""
    return _span(hit.start_line - 1, 0, hit.end_line, 0)


def _finished(answer: Answer, folders: list[Folder], most_lines: int) -> Found:
    """Return an answer with finished hits; each takes its lines from the editor if that has them unsaved."""
    live_of = {folder.live.root: folder.live for folder in folders if folder.live is not None}
    encoder = next((live.encoder for live in live_of.values()), None)
    return Found(
        present(answer, encoder, lambda hit: live_of[hit.root].unsaved(hit.path), most_lines=most_lines), folders
    )


def _hit_to_json(hit: FinishedHit, folder: Folder, encoding: Encoding) -> dict[str, Any]:
    row = hit.name_line - 1
    name_line = hit.lines[hit.name_line - hit.start_line] if hit.lines else ""
    indent = len(name_line) - len(name_line.lstrip())
    duplicates = [
        {
            "uri": uris.join(folder.uri, place.path),
            "path": place.path,
            "range": _span(place.start_line - 1, 0, place.end_line, 0),
        }
        for place in hit.near_duplicates
    ]
    return {
        "uri": uris.join(folder.uri, hit.path),
        "folder": folder.uri,
        "path": hit.path,
        "range": span_of(hit),
        "selectionRange": _span(row, units(name_line[:indent], encoding), row, units(name_line, encoding)),
        "name": hit.name or None,
        "qualifiedName": hit.qualified_name,
        "kind": hit.kind,
        "language": hit.language,
        "score": hit.score,
        "reasons": [{"key": one.key, "terms": list(one.terms), "text": one.text} for one in hit.reasons],
        "why": why_of(hit),
        "highlights": [
            {
                "range": _span(
                    hit.start_line - 1 + one.line,
                    units(hit.lines[one.line][: one.start], encoding),
                    hit.start_line - 1 + one.line,
                    units(hit.lines[one.line][: one.end], encoding),
                ),
                "term": one.asked,
                "exact": one.is_exact,
            }
            for one in hit.highlights
        ],
        "nearDuplicates": duplicates,
        "copies": duplicates,  # the name of nearDuplicates before 0.2
        "signature": hit.signature,
        "documentation": hit.documentation,
        "snippet": hit.snippet,
    }


def _each_place(hit: Hit) -> list[Hit]:
    """Return a hit and its near-duplicates as hits of their own: in a list of names each place counts."""
    others = [
        replace(hit, path=other.path, record=hit.record._replace(start_line=other.start_line, end_line=other.end_line))
        for other in hit.near_duplicates
    ]
    return [hit, *others]


def _symbol(hit: Hit, folder: Folder) -> types.WorkspaceSymbol:
    record = hit.record
    scope = record.qualified_name.rpartition(".")[0]
    live = folder.live
    lines = snippet_lines(hit, lambda one: live.unsaved(one.path) if live is not None else None)
    position = types.Position(record.start_line - 1 + name_row(lines, record), 0)
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
