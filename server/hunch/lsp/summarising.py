"""Generated sentences: about the function at a place, and as a documentation comment to insert."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from hunch.index.isolation import function_apart
from hunch.lsp.folders import Location
from hunch.model.summariser import Summary
from hunch.text.doc_comment import documentation_lines
from hunch.text.function import Function
from hunch.workspace.scan import Skip, read_source

GENERATED = "Generated, may be wrong:"


def read_function(place: Location, text: str | None, line: int) -> Function | None:
    """Return the function at a line, counted from 0, of a text, or of the file on the disk without one."""
    source = read_source(place.live.root, place.path) if text is None else text.encode("utf-8", "replace")
    return None if isinstance(source, Skip) else function_apart(place.path, source, line + 1)


def to_json(function: Function, summary: Summary) -> dict[str, Any]:
    """Return the answer to ``hunch/summarize``."""
    start, end = types.Position(function.start_line - 1, 0), types.Position(function.end_line, 0)
    return {
        "summary": summary.text,
        "confidence": round(summary.confidence, 3),
        "name": function.name,
        "qualifiedName": function.qualified_name,
        "kind": function.kind,
        "documented": bool(function.documentation),
        "range": types.Range(start, end),
    }


def edit_of(function: Function, sentence: str) -> types.TextEdit | None:
    """Return the edit that documents a function; None where there is no room for it."""
    text = documentation_lines(function, sentence)
    if not text or function.room is None:
        return None
    start = types.Position(function.room.row, 0)
    return types.TextEdit(types.Range(start, start), text)
