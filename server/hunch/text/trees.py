"""Configuration in the form of a tree -> its keys down to the third level: YAML, JSON with comments, XML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from hunch.text.entries import Node, outline_of_tree
from hunch.text.outline import Outline
from hunch.text.source_text import SourceText

__all__ = ["json_entries", "xml_entries", "yaml_entries"]

_LEVELS: Final = 3
_MAX_LINE: Final = 500
_NAME_KEYS: Final = ("name", "id", "title", "alias", "key", "hosts", "repo")


def yaml_entries(file: SourceText) -> Outline:
    """The keys of YAML documents; an object of Kubernetes is one entry, and so is a named item of a list."""
    top: list[Node] = []
    start = 0
    for row in [row for row, line in enumerate(file.lines) if line.startswith("---")] + [len(file.lines)]:
        if row > start:
            top += _document(file.lines, start, row)
        start = row + 1
    return outline_of_tree(file, top)


def json_entries(file: SourceText) -> Outline:
    """The keys of JSON, with or without comments, trailing commas and quotes around keys."""
    return outline_of_tree(file, _json_nodes("\n".join(file.lines)))


def xml_entries(file: SourceText) -> Outline:
    """The elements under the root of an XML file, called by their `name`, `id` and the like where they have one."""
    return outline_of_tree(file, _xml_nodes("\n".join(file.lines)), _XML_HELD)


# ---- YAML ----

_YAML_KEY: Final = re.compile(
    r"""("[^"]*"|'[^']*'|[^\s#"'?\[\]{}&*!|>%@`,-][^\n]*?|-[^\s"'\n][^\n]*?)[ \t]*:(?:\s|$)"""
)
_NO_VALUE: Final = re.compile(r"\s*(?:[&!]\S*\s*)*(?:#.*)?$")
_BLOCK_SCALAR: Final = re.compile(r"\s*(?:[&!]\S*\s+)*[|>][-+\d]*\s*(?:#.*)?$")


def _document(lines: Sequence[str], start: int, stop: int) -> list[Node]:
    top, items = _yaml_nodes(lines, start, stop)
    if not top:
        return [item for item in items if item.key and item.last_row > item.row]
    of = {node.key: node for node in top}
    if "apiVersion" in of and "kind" in of and of["kind"].value:
        metadata = of["metadata"].children if "metadata" in of else []
        name = next((child.value for child in metadata if child.key == "name" and child.value), "")
        whole = Node(of["kind"].value, min(node.row for node in top), stop - 1)
        if name:
            whole.key = f"{whole.key}.{name}"
        return [whole]
    return top


def _yaml_nodes(lines: Sequence[str], start: int, stop: int) -> tuple[list[Node], list[Node]]:
    """The keys of a document, and the items of one that is a list."""
    top: list[Node] = []
    items: list[Node] = []
    open_nodes: list[tuple[int, Node]] = []
    skipped = stop
    """Lines that are indented further than this belong to a list or to a text"""
    last = start
    for row in range(start, stop):
        line = lines[row][:_MAX_LINE]
        text = line.lstrip(" ")
        if not text or text[0] in "#{":  # a template's own line says nothing of what is around it
            continue
        indent = len(line) - len(text)
        if indent > skipped:
            last = row
            if not top and items and skipped == 0:
                _name_item(items[-1], text)
            continue
        while (
            open_nodes and open_nodes[-1][0] >= indent and not (text.startswith("- ") and open_nodes[-1][0] == indent)
        ):
            open_nodes.pop()[1].last_row = last
        last = row
        if text.startswith("- ") or text == "-":
            skipped = indent
            if indent == 0 and not top:
                if items:
                    items[-1].last_row = row - 1
                items.append(Node("", row, row))
                _name_item(items[-1], text[1:].lstrip())
            continue
        skipped = stop
        key = _YAML_KEY.match(text)
        if key is None or len(open_nodes) >= _LEVELS or (indent and not open_nodes):
            continue
        value = text[key.end() :]
        node = Node(key[1].strip("\"'"), row, row)
        if _BLOCK_SCALAR.match(value):
            skipped = indent
        elif not _NO_VALUE.match(value):
            node.value = value.partition(" #")[0].strip().strip("\"'")
            skipped = indent
        siblings = open_nodes[-1][1].children if open_nodes else top
        if not siblings or not open_nodes or _column(lines[siblings[0].row]) == indent:
            siblings.append(node)
            open_nodes.append((indent, node))
    for _, node in open_nodes:
        node.last_row = max(node.last_row, last)
    if items:
        items[-1].last_row = last
    return top, items


def _column(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _name_item(item: Node, text: str) -> None:
    key = _YAML_KEY.match(text) if not item.key else None
    if key is not None and key[1].strip("\"'") in _NAME_KEYS:
        item.key = text[key.end() :].partition(" #")[0].strip().strip("\"'")


# ---- JSON ----

_JSON_TOKEN: Final = re.compile(
    r"""("[^"\\\n]*(?:\\.[^"\\\n]*)*"?|'[^'\\\n]*(?:\\.[^'\\\n]*)*'?)|([{}\[\],:\n])|//[^\n]*"""
    r"""|/\*[\s\S]*?(?:\*/|\Z)|([A-Za-z_$][\w$-]*)"""
)


def _json_nodes(text: str) -> list[Node]:
    top: list[Node] = []
    open_nodes: list[Node | None] = []
    """Of each bracket that is open: the key it is the value of, where that is known"""
    row = 0
    word, key = "", ""
    for token in _JSON_TOKEN.finditer(text):
        sign = token[2]
        if sign is None:
            if token[1] is None and token[3] is None:
                row += token[0].count("\n")  # of a comment
                continue
            word, key = (token[1][1:-1] if token[1] is not None else token[3]), ""
        elif sign == "\n":
            row += 1
        elif sign == ":":
            key = word
            depth = len(open_nodes)
            if 0 < depth <= _LEVELS and (depth == 1 or open_nodes[-1] is not None):
                parent = open_nodes[-1]
                (parent.children if parent is not None else top).append(Node(key, row, row))
        elif sign in "{[":
            held: Node | None = None
            parent = open_nodes[-1] if open_nodes else None
            siblings = parent.children if parent is not None else top if len(open_nodes) == 1 else []
            if key and siblings and sign == "{" and len(open_nodes) <= _LEVELS:
                held = siblings[-1]
            open_nodes.append(held)
            key = ""
        elif sign in "}]":
            if open_nodes:
                open_nodes.pop()
            parent = open_nodes[-1] if open_nodes else None
            siblings = parent.children if parent is not None else top if len(open_nodes) == 1 else []
            if siblings:
                siblings[-1].last_row = row
            key = ""
        else:
            key = ""
    return top


# ---- XML ----

_XML_TOKEN: Final = re.compile(
    r"<!--[\s\S]*?(?:-->|\Z)|<!\[CDATA\[[\s\S]*?(?:\]\]>|\Z)|<[?!][^<>]*>?|<(/?)([A-Za-z_][\w:.-]*)([^<>]*)>|\n"
)
_XML_NAME: Final = re.compile(
    r"""\s(?:[\w]+:)?(?:name|Name|id|Id|ID|Include|Update|key)\s*=\s*["']([^"'<>]{1,120})["']"""
)
_XML_HELD: Final = frozenset("dependencies dependencyManagement plugins build profiles ItemGroup repositories".split())
"""Elements under the root that merely hold entries"""
_XML_NAMING_CHILDREN: Final = frozenset("artifactId name id".split())


def _xml_nodes(text: str) -> list[Node]:
    top: list[Node] = []
    stack: list[Node | None] = []
    tags: list[str] = []
    row = 0
    for token in _XML_TOKEN.finditer(text):
        if token[2] is None:
            row += token[0].count("\n")
            continue
        first = row
        row += token[0].count("\n")
        if token[1]:
            if token[2] in tags[-_LEVELS - 2 :] or (tags and token[2] == tags[-1]):
                while tags:
                    node, tag = stack.pop(), tags.pop()
                    if node is not None:
                        node.last_row = row
                    if tag == token[2]:
                        break
            continue
        depth = len(tags)
        node = None
        if 0 < depth <= _LEVELS:
            parent = stack[-1]
            if depth == 1 or parent is not None:
                named = _XML_NAME.search(token[3][:_MAX_LINE])
                node = Node(named[1] if named else token[2], first, row)
                (parent.children if parent is not None else top).append(node)
        if token[2] in _XML_NAMING_CHILDREN and stack and stack[-1] is not None and stack[-1].key == tags[-1]:
            value = text[token.end() : token.end() + 120].partition("<")[0].strip()
            stack[-1].key = value.splitlines()[0] if value else stack[-1].key
        if not token[3].endswith("/"):
            stack.append(node)
            tags.append(token[2])
    return top
