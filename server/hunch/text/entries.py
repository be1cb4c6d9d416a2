"""Configuration -> an outline of entries: the keys of YAML and JSON, the tables of TOML and INI, the elements of XML.

An entry is a top-level key with all that is under it, or a key of the second or third level where what is above merely
holds entries, such as the jobs of a workflow. A single line without a comment stays in the code around it, as a member.
Each format is read by rules in one pass; what breaks its rules is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from hunch.text.documentation import clean_comment, comment_above
from hunch.text.outline import MAX_LINES, MAX_SIGNATURE, Definition, Member, Outline
from hunch.text.source_text import SourceText

__all__ = ["HELD", "MOST_ENTRIES", "Node", "entries", "ini_entries", "outline_of_tree", "toml_entries"]

MOST_ENTRIES: Final = 300
"""A file with more is data, of which only a summary is kept."""

_MAX_LINE: Final = 500
_MAX_NAME: Final = 120
_MOST_NAMED: Final = 40
HELD: Final = frozenset(
    "jobs services paths scripts tool targets tasks definitions $defs components webhooks networks volumes "
    "configurations".split()
)
"""Keys of the first level that merely hold entries."""
_BELOW: Final = frozenset("components build dependencyManagement profiles".split())
"""Those whose keys hold entries again."""
_HELD_LINES: Final = frozenset("dependencies modules properties PropertyGroup appSettings configSections".split())
"""Keys of the first level that hold entries too, kept one by one only where they take several lines."""
_METHODS: Final = frozenset("get put post delete options head patch trace".split())


@dataclass(slots=True, eq=False)
class Node:
    """A key with what is under it, down to the third level."""

    key: str
    row: int
    """0-based"""
    last_row: int
    value: str = ""
    """Its scalar, as far as it stands on its line"""
    children: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entry:
    """What becomes an entry where it stands."""

    path: tuple[str, ...]
    row: int
    """0-based"""
    last_row: int
    name: str = ""
    """By default the last part of the path"""
    is_chunk: bool = True
    """False where a single line stays in the code around it, unless a comment says what it is for"""
    members: tuple[tuple[str, int], ...] = ()
    """Names and rows of keys in it"""


def entries(file: SourceText, found: Sequence[Entry]) -> Outline:
    """The outline of a file with these entries, in the order of the text."""
    outline = Outline()
    if len(found) > MOST_ENTRIES:
        names = ", ".join(".".join(entry.path)[:_MAX_NAME] for entry in found[:_MOST_NAMED])
        outline.documentation = f"data: {len(found):,} entries, the first are {names}"
        outline.silent = set(range(len(file.lines)))
        return outline
    floor = 0
    for entry in found:
        if entry.row < floor:
            continue
        start = comment_above(file.lines, entry.row, floor, file.language)
        name = (entry.name or entry.path[-1])[:_MAX_NAME]
        qualified = ".".join(entry.path)[: 2 * _MAX_NAME]
        if not entry.is_chunk and start == entry.row:
            outline.members.append(Member("entry", name, qualified, entry.row))
            continue
        if outline.definitions:
            _end_before(file, outline.definitions[-1], start)
        last_row = max(entry.row, min(entry.last_row, len(file.lines) - 1))
        outline.definitions.append(
            Definition(
                kind="entry",
                name=name,
                scope=tuple(part[:_MAX_NAME] for part in entry.path),
                start_row=start,
                header_row=entry.row,
                end_row=last_row,
                end=file.end_of_row(last_row),
                signature=" ".join(file.lines[entry.row][:_MAX_LINE].split())[:MAX_SIGNATURE],
                documentation=clean_comment("\n".join(file.lines[start : entry.row])),
                decorators="",
                body_start=file.end_of_row(entry.row),
                parent=None,
                is_open=True,
            )
        )
        outline.members += [Member("entry", key[:_MAX_NAME], f"{qualified}.{key[:_MAX_NAME]}", row)
                            for key, row in entry.members]  # fmt: skip
        floor = entry.row + 1
    if outline.definitions:
        _end_before(file, outline.definitions[-1], len(file.lines))
    return outline


def _end_before(file: SourceText, definition: Definition, row: int) -> None:
    """An entry ends in front of the comments of the next one, and of blank lines."""
    last = min(definition.end_row, row - 1)
    while last > definition.header_row and not file.lines[last].strip():
        last -= 1
    definition.end_row, definition.end = last, file.end_of_row(last)


def outline_of_tree(file: SourceText, top: Sequence[Node], held: frozenset[str] = HELD) -> Outline:
    """The outline of a file that is a tree of keys.

    Args:
        file: where the tree stands.
        top: its first level.
        held: keys of this level that merely hold entries.
    """
    found: list[Entry] = []
    for node in top:
        if node.children and (node.key in held or (node.key in _HELD_LINES and _has_long(node)) or _is_long(node)):
            for child in node.children:
                found += _entries_of(child, node, is_held=node.key in held)
        else:
            found.append(_entry((node.key,), node, is_chunk=node.last_row > node.row))
    return entries(file, found)


def _entries_of(node: Node, parent: Node, *, is_held: bool) -> Iterator[Entry]:
    """What a key of the second level becomes; at most three levels are known."""
    path = (parent.key, node.key)
    methods = [child for child in node.children if child.key in _METHODS]
    if methods and parent.key in ("paths", "webhooks"):
        for child in methods:
            yield Entry((*path, child.key), child.row, child.last_row, f"{child.key.upper()} {node.key}")
    elif node.children and (parent.key in _BELOW or _is_long(node)):
        for child in node.children:
            yield _entry((*path, child.key), child, is_chunk=is_held or child.last_row > child.row)
    else:
        yield _entry(path, node, is_chunk=is_held or node.last_row > node.row)


def _entry(path: tuple[str, ...], node: Node, *, is_chunk: bool) -> Entry:
    members = tuple((child.key, child.row) for child in node.children)
    return Entry(path, node.row, node.last_row, is_chunk=is_chunk, members=members)


def _has_long(node: Node) -> bool:
    return any(child.last_row > child.row for child in node.children)


def _is_long(node: Node) -> bool:
    return node.last_row - node.row >= MAX_LINES and _has_long(node)


# ---- tables and sections ----

_TABLE: Final = re.compile(r"\s*\[{1,2}\s*([^\[\]\n]+?)\s*\]{1,2}\s*(?:[#;].*)?$")
_KEY: Final = re.compile(r"""("[^"]*"|'[^']*'|[^\s=:#;\[{"'][^=:#\n]*?)\s*[=:]""")
_PART: Final = re.compile(r'"([^"]*)"|\'([^\']*)\'|([^."\']+)')
_NAMES_A_TABLE: Final = re.compile(r"""\s*(?:name|id|key|title)\s*=\s*["']([^"'\n]{1,120})["']""")


def toml_entries(file: SourceText) -> Outline:
    """The tables of TOML, and the keys in front of the first one."""
    return entries(file, list(_tables(file.lines, is_toml=True)))


def ini_entries(file: SourceText) -> Outline:
    """The sections of INI files, and the keys of files without sections (properties)."""
    return entries(file, list(_tables(file.lines, is_toml=False)))


def _tables(lines: Sequence[str], *, is_toml: bool) -> Iterator[Entry]:
    path: tuple[str, ...] = ()
    start, name = 0, ""
    keys: list[tuple[str, int]] = []
    closing = ""
    for row, whole in enumerate(lines):
        line = whole[:_MAX_LINE]
        if closing:
            # A string of several lines, or an array whose lines look like tables.
            closing = "" if closing in whole else closing
            continue
        table = _TABLE.match(line)
        if table is not None:
            if path:
                yield Entry((*path, name) if name else path, start, row - 1, members=tuple(keys))
            path = _parts(table[1]) if is_toml else (table[1].strip(),)
            start, name, keys = row, "", []
            continue
        if path and line.startswith("[") and not is_toml:
            continue
        key = _KEY.match(line)
        if key is None:
            continue
        if is_toml:
            closing = _left_open(line[key.end() :].strip())
            if path and not name and (named := _NAMES_A_TABLE.match(line)) and lines[start].lstrip().startswith("[["):
                name = named[1]
        if path:
            keys.append((key[1].strip("\"'"), row))
        else:
            name = key[1].strip("\"'").removeprefix("export ")
            yield Entry(_parts(key[1]) if is_toml else (name,), row, row, is_chunk=False)
    if path:
        yield Entry((*path, name) if name else path, start, len(lines) - 1, members=tuple(keys))


def _parts(dotted: str) -> tuple[str, ...]:
    found = [(match[1] or match[2] or match[3] or "").strip() for match in _PART.finditer(dotted)]
    return tuple(part for part in found if part) or (dotted,)


def _left_open(value: str) -> str:
    """What will close a string or an array that goes on behind its line; empty when it does not."""
    for quotes in ('"""', "'''"):
        if value.startswith(quotes):
            return "" if quotes in value[3:] else quotes
    return "]" if value.startswith("[") and value.count("[") > value.count("]") else ""
