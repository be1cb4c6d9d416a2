"""Generated sentences: about the function at a place, on hover, and as a documentation comment to insert."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from hunch.lsp.documents import text_on_disk
from hunch.lsp.session import Place
from hunch.model.summariser import Summariser, Summary
from hunch.text.chunk import FUNCTIONS, Chunk
from hunch.text.doc_comment import insertion_of
from hunch.text.render import render_function

GENERATED = "Generated, may be wrong:"


@dataclass(frozen=True, slots=True)
class Summarised:
    """A function and what it seems to do."""

    chunk: Chunk
    summary: Summary


def summarise(summariser: Summariser, place: Place, line: int) -> Summarised | None:
    """Return a sentence about the innermost function at a line, counted from 0; None when there is none."""
    chunk = place.live.chunk_at(place.path, line + 1)
    if chunk is None or chunk.kind not in FUNCTIONS:
        return None
    summary = summariser.summarise(render_function(chunk))
    return Summarised(chunk, summary) if summary else None


def to_json(found: Summarised) -> dict[str, Any]:
    """Return the answer to ``hunch/summarize``."""
    chunk, summary = found.chunk, found.summary
    return {
        "summary": summary.text,
        "confidence": round(summary.confidence, 3),
        "name": chunk.name,
        "qualifiedName": chunk.qualified_name,
        "kind": chunk.kind,
        "documented": bool(chunk.documentation),
        "range": _lines(chunk.start_line - 1, chunk.end_line),
    }


def edit_of(summariser: Summariser, place: Place, line: int) -> types.TextEdit | None:
    """Return the edit that documents the function at a line; None where there is none, or it is documented."""
    found = summarise(summariser, place, line)
    text = place.live.buffer(place.path)
    text = text_on_disk(place) if text is None else text
    if found is None or found.chunk.documentation or text is None:
        return None
    source = text.encode("utf-8", "replace")
    insertion = insertion_of(place.path, found.chunk.language, source, line + 1, found.summary.text)
    if insertion is None:
        return None
    start = types.Position(insertion.row, 0)
    return types.TextEdit(types.Range(start, start), insertion.text)


def can_be_documented(place: Place, line: int) -> bool:
    """Whether there is a function without documentation at a line, counted from 0."""
    chunk = place.live.chunk_at(place.path, line + 1)
    return chunk is not None and chunk.kind in FUNCTIONS and not chunk.documentation


def _lines(first: int, last: int) -> types.Range:
    return types.Range(types.Position(first, 0), types.Position(last, 0))
