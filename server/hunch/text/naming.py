"""What a definition is called: names and kinds, read off the syntax nodes as its language declares."""

from __future__ import annotations

import re
from typing import Final

from tree_sitter import Node

from hunch.text.language import Grammar
from hunch.text.syntax import by_name

__all__ = ["kind_of", "name_of"]

_LONGEST_WRITTEN: Final = 5_000
"""Characters, with type arguments and parameters; what is longer is a parser's mistake."""
_LONGEST_SPACED: Final = 200
_LONGEST_NAME: Final = 300


def name_of(grammar: Grammar, node: Node) -> tuple[str, str]:
    """The qualifier that is written in the declaration itself, and the simple name: ("Queue", "drain")."""
    raw = grammar.names.get(node.type, by_name)(node)
    if len(raw) > _LONGEST_WRITTEN:
        return "", ""
    if raw.isidentifier():
        return "", raw
    if grammar.has_sentences and raw.startswith('"'):
        raw = raw.strip('"')
        return "", " ".join(raw.split())[:_LONGEST_SPACED]
    if node.type in grammar.spaced_names:
        return "", " ".join(raw.split())[:_LONGEST_SPACED]
    if grammar.has_operators and "operator" in raw:
        before, _, symbol = raw.rpartition("operator")
        qualifier = _without_type_arguments(before).strip(": .")
        return qualifier.replace("::", "."), "operator" + " ".join(symbol.split())
    if grammar.has_type_arguments:
        raw = _without_type_arguments(raw)
    raw = raw.strip().strip("\"'`")
    parts = [part for part in re.split(r"::|[.:\\]", "".join(raw.split())) if part]
    if not parts or len(raw) > _LONGEST_NAME:
        return "", ""
    return ".".join(parts[:-1]), parts[-1]


def kind_of(grammar: Grammar, node: Node, kind: str) -> str:
    """The kind of a captured definition, looking one level into nodes that stand for several kinds."""
    return grammar.kind_of(node, kind) if grammar.kind_of is not None else kind


def _without_type_arguments(name: str) -> str:
    while True:
        shorter = re.sub(r"<[^<>]*>", "", name)
        if shorter == name:
            return name
        name = shorter
