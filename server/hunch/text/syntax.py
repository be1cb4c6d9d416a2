"""Ways to read a name off a syntax node, for the language files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hunch.text.language import Namer

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["begins", "by_name", "constant", "field", "first_child", "text_of"]


def text_of(node: Node | None) -> str:
    """Return the source of a node; empty for None."""
    text = node.text if node is not None else None  # each look copies it out of the source
    return text.decode("utf-8", "replace") if text else ""


def by_name(node: Node) -> str:
    """Return the text of the field `name`, the rule for nearly every node."""
    return text_of(node.child_by_field_name("name"))


def field(*names: str) -> Namer:
    """Return what reads the first of these fields that says something."""

    def read(node: Node) -> str:
        for name in names:
            text = text_of(node.child_by_field_name(name))
            if text:
                return text
        return ""

    return read


def first_child(*types: str) -> Namer:
    """Return what reads the first child of one of these types."""

    def read(node: Node) -> str:
        for child in node.children:
            if child.type in types:
                return text_of(child)
        return ""

    return read


def constant(name: str) -> Namer:
    """Return what gives the same name to every node."""

    def read(node: Node) -> str:
        return name

    return read


def begins(modifiers: str, *, holds: str, others: str) -> re.Pattern[bytes]:
    """Return what matches the beginning of a definition: words in front, then what may hold others, or what does not.

    All three are patterns without groups that capture.
    """
    front = f"(?:(?:{modifiers})[ \\t]+)*" if modifiers else ""
    return re.compile(f"{front}(?:(?P<holds>{holds})|(?P<others>{others}))".encode())
