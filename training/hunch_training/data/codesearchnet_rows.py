"""Rows of CodeSearchNet, in its original form or in that of the hub, in the form of ``packages_pairs``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hunch_training.data.documented_functions import first_paragraph, without_docstring

_FLAT_NAMES = {
    "code": "func_code_string",
    "docstring": "func_documentation_string",
    "repo": "repository_name",
    "path": "func_path_in_repository",
    "partition": "split_name",
}
"""Fields of the original files, and what later releases call them."""


def is_codesearchnet(row: Mapping[str, Any]) -> bool:
    """Return whether a row is one of CodeSearchNet's, in its original form or in the flattened one of the hub."""
    return any(flat in row for flat in _FLAT_NAMES.values()) or (
        "language" in row and not row.keys() & {"lang", "query"}
    )


def plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row in the form of ``packages_pairs``; a field that is missing or no text stays so.

    ``func_name`` is the last part of the name (``Shelf.sort`` is ``sort``); anonymous functions have an empty one.
    """
    docstring, code = _value(row, "docstring"), _value(row, "code")
    if isinstance(docstring, str):
        docstring = first_paragraph(docstring) or " ".join(docstring.split())
    if isinstance(code, str) and row.get("language") == "python":
        code = without_docstring(code)
    return {
        "lang": row.get("language"),
        "package": _value(row, "repo"),
        "path": _value(row, "path"),
        "func_name": str(row.get("func_name") or "").rsplit(".", 1)[-1],
        "docstring": docstring,
        "code": code,
        "partition": _value(row, "partition"),
    }


def missing_text(row: Mapping[str, Any]) -> str | None:
    """Return the first field that a plain row lacks or that is no text; None if nothing is amiss."""
    for name in ("docstring", "code", "lang", "path", "package"):
        value = row.get(name)
        if not isinstance(value, str) or not value.strip():
            return name
    return None


def _value(row: Mapping[str, Any], name: str) -> Any:
    return row[name] if name in row else row.get(_FLAT_NAMES[name])
