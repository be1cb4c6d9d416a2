"""A syntax tree in which definitions that a broken or unknown construct swallowed are found again.

One construct that a grammar does not know, or one brace that is not typed yet, can turn the rest of a file into a
single ERROR node. The lines still show where definitions begin, and indentation shows how far each one reaches. Where
the tree lacks a definition that a line begins, bodies, then the lines between definitions, then what cannot be read at
all are blanked, and the rest is parsed again. Offsets and line breaks stay, so that texts are cut from the source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from tree_sitter import Node, QueryCursor

from hunch.text.grammars import LoadedGrammar
from hunch.text.parse import RECOVERY_SECONDS, late_after, parse

__all__ = ["parse_with_recovery"]

_MOST_HEADER_LINES: Final = 15
_MOST_LINE_READ: Final = 400
_MOST_NESTED: Final = 3
"""Containers around a definition that is looked for."""
_EXTRA_DEPTH: Final = 6
_NO_DEFINITIONS: Final = frozenset({"import", "decorator", "docstring", "closure"})
_FUNCTIONS: Final = frozenset({"function", "method"})


@dataclass(slots=True, eq=False)
class _Extent:
    """The lines of a definition, as its first line and the indentation of what follows show them."""

    row: int
    indent: int
    holds: bool
    """Whether other definitions are looked for in it."""
    parent: _Extent | None
    end: int = 0
    """The last row."""
    is_closed: bool = False
    """Whether the last row is a closing bracket or word at its own indentation."""

    @property
    def top(self) -> _Extent:
        top = self
        while top.parent is not None:
            top = top.parent
        return top


def parse_with_recovery(grammar: LoadedGrammar, source: bytes, is_late: Callable[[], bool]) -> Node | None:
    """The root of the syntax tree, as hunch.text.parse.parse gives it, with lost definitions found again.

    A file without errors is parsed once. The best of at most six trees is returned; further ones are tried only while
    less than RECOVERY_SECONDS have passed.
    """
    is_late_for_more = late_after(RECOVERY_SECONDS)
    prepare = grammar.grammar.prepare
    text = source if prepare is None else prepare(source)
    root = parse(grammar.language, source, is_late, text)
    begins, repair = grammar.grammar.begins, grammar.grammar.repair
    if root is None or not root.has_error or begins is None or is_late_for_more():
        return root
    extents = _extents(grammar, text.split(b"\n"))
    lost = _lost(grammar, root, extents)
    repaired = text if repair is None else repair(text)
    if repaired != text:
        again = parse(grammar.language, source, is_late_for_more, repaired)
        still_lost = _lost(grammar, again, extents) if again is not None else lost
        if again is not None and len(still_lost) <= len(lost):
            root, lost, text = again, still_lost, repaired
    lines = text.split(b"\n")
    for attempt in (_without_lost_bodies, _without_bodies, _without_lines_between, _without_lost):
        if not lost:
            break
        changed = attempt(grammar, lines, extents, lost)
        if changed == lines:
            continue
        again = parse(grammar.language, source, is_late_for_more, b"\n".join(changed))
        if again is None:
            break
        still_lost = _lost(grammar, again, extents)
        if len(still_lost) < len(lost):
            root, lost, lines = again, still_lost, changed
    return root


def _extents(grammar: LoadedGrammar, lines: list[bytes]) -> list[_Extent]:
    """The definitions that lines begin, in the order of the source."""
    begins, ends = grammar.grammar.begins, grammar.grammar.ends
    assert begins is not None
    extents: list[_Extent] = []
    stack: list[_Extent] = []
    in_comment = False
    for row, line in enumerate(lines):
        text = line[:_MOST_LINE_READ].strip()
        if in_comment or text.startswith(b"/*"):
            in_comment = b"*/" not in line
            continue
        if not text:
            continue
        indent = len(line) - len(line.lstrip())
        found = begins.match(text)
        if found is not None:
            while stack and stack[-1].indent >= indent:
                _close(stack.pop(), lines, row - 1)
            if len(stack) <= _MOST_NESTED and (not stack or stack[-1].holds):
                parent = stack[-1] if stack else None
                stack.append(_Extent(row, indent, found.lastgroup == "holds", parent))
                extents.append(stack[-1])
        elif ends and text.startswith(ends) and not (text[:4].isalnum() and text != ends):
            while stack and stack[-1].indent > indent:
                _close(stack.pop(), lines, row - 1)
            if stack and stack[-1].indent == indent:
                stack[-1].end, stack[-1].is_closed = row, True
                stack.pop()
        elif not ends and not text.startswith((b")", b"]", b"}", b"#", b'"', b"'")):
            while stack and stack[-1].indent >= indent:
                _close(stack.pop(), lines, row - 1)
    while stack:
        _close(stack.pop(), lines, len(lines) - 1)
    return extents


def _close(extent: _Extent, lines: list[bytes], row: int) -> None:
    """End an extent at a row, without the attributes and comments there that belong to what follows."""
    while row > extent.row:
        line = lines[row]
        text = line.lstrip()
        if text and len(line) - len(text) > extent.indent and not text.startswith((b"*", b"//")):
            break
        row -= 1
    extent.end = row


def _lost(grammar: LoadedGrammar, root: Node, extents: Iterable[_Extent]) -> list[_Extent]:
    """The extents that no definition of the tree stands for: none begins there, or it runs over its end."""
    cursor = QueryCursor(grammar.query)
    cursor.set_max_start_depth(grammar.grammar.depth + _EXTRA_DEPTH)
    end_rows: dict[int, int] = {}
    for capture, nodes in cursor.captures(root).items():
        kind = capture.partition(".")[0]
        if kind in _NO_DEFINITIONS or kind.startswith("_"):
            continue
        for node in nodes:
            end = node.end_point[0] if kind in _FUNCTIONS else 0
            for row in {node.start_point[0], *(child.start_point[0] for child in node.children[:8])}:
                end_rows[row] = min(end, end_rows.get(row, end))
    lost = []
    swallowed_to = -1
    for extent in extents:
        end = end_rows.get(extent.row, -1)
        overruns = not extent.holds and end > extent.end + 1
        if end < 0 or overruns or extent.row <= swallowed_to:
            lost.append(extent)
        if overruns:
            swallowed_to = max(swallowed_to, end)
    return lost


def _without_lost_bodies(
    grammar: LoadedGrammar, lines: list[bytes], extents: list[_Extent], lost: list[_Extent]
) -> list[bytes]:
    changed = list(lines)
    for extent in lost:
        if not extent.holds:
            _hollow(grammar, changed, extent)
    return changed


def _without_bodies(
    grammar: LoadedGrammar, lines: list[bytes], extents: list[_Extent], lost: list[_Extent]
) -> list[bytes]:
    changed = list(lines)
    damaged = {id(extent.top) for extent in lost}
    for extent in extents:
        if not extent.holds and id(extent.top) in damaged:
            _hollow(grammar, changed, extent)
    return changed


def _without_lines_between(
    grammar: LoadedGrammar, lines: list[bytes], extents: list[_Extent], lost: list[_Extent]
) -> list[bytes]:
    """Blank what stands between the definitions of damaged ones, and above them."""
    changed = list(lines)
    damaged = {id(extent.top) for extent in lost}
    kept: set[int] = set()
    for extent in extents:
        last = extent.end
        if extent.holds:
            last = _header_end(grammar, lines, extent)
            kept.add(extent.end if extent.is_closed else last)
        kept.update(range(extent.row, last + 1))
    after = 0
    for extent in extents:
        if extent.parent is None:
            if id(extent) in damaged:
                for row in range(after, extent.end + 1):
                    if row not in kept:
                        changed[row] = b" " * len(lines[row])
            after = extent.end + 1
    return changed


def _without_lost(
    grammar: LoadedGrammar, lines: list[bytes], extents: list[_Extent], lost: list[_Extent]
) -> list[bytes]:
    """Blank the functions that are still not read, and the outer lines of what should hold others."""
    changed = list(lines)
    for extent in lost:
        rows: Iterable[int] = range(extent.row, extent.end + 1)
        if extent.holds:
            header = range(extent.row, _header_end(grammar, lines, extent) + 1)
            rows = [*header, extent.end] if extent.is_closed else header
        for row in rows:
            changed[row] = b" " * len(lines[row])
    return changed


def _header_end(grammar: LoadedGrammar, lines: list[bytes], extent: _Extent) -> int:
    """The row on which the body of an extent is opened; its first row where none is."""
    by_line = grammar.grammar.ends == b"end"
    depth = 0
    for row in range(extent.row, min(extent.end, extent.row + _MOST_HEADER_LINES) + 1):
        text = lines[row].partition(b" //")[0].rstrip()
        if by_line:
            depth += text.count(b"(") - text.count(b")")
            if depth <= 0:
                return row
        elif text.endswith((b"{", b"=", b"=>", b"->")) or (not grammar.grammar.ends and text.endswith(b":")):
            return row
        elif not text or text.endswith((b";", b"}")):
            break
    return extent.row


def _hollow(grammar: LoadedGrammar, lines: list[bytes], extent: _Extent) -> None:
    """Blank the body of a function, in place; what follows its header is closed where it is not."""
    ends = grammar.grammar.ends
    header = _header_end(grammar, lines, extent)
    rows = [row for row in range(header + 1, extent.end + 1 - extent.is_closed) if lines[row].strip()]
    first_indent = len(lines[rows[0]]) - len(lines[rows[0]].lstrip()) if rows else 0
    if first_indent <= extent.indent:
        return
    widths = [len(lines[row].rstrip()) for row in rows]
    for row in rows:
        lines[row] = b" " * len(lines[row])
    is_braced = lines[header].partition(b" //")[0].rstrip().endswith(b"{")
    closing = b"" if extent.is_closed or (ends == b"}" and not is_braced) else ends
    if is_braced and ends == b"}":
        if closing and widths[-1] > extent.indent:
            lines[rows[-1]] = closing.rjust(widths[-1])
        return
    # Such a body must not be empty. What is written begins and ends where the lines did, for the extent to stay.
    if len(rows) > 1:
        lines[rows[0]] = _spread(b"f(", b")", first_indent, widths[0])
    begin, end = (b"f() " if len(rows) == 1 else b"", closing) if closing else (b"f(", b")")
    lines[rows[-1]] = _spread(begin, end, first_indent, widths[-1])


def _spread(begin: bytes, end: bytes, start: int, stop: int) -> bytes:
    """A line that begins and ends with these, from one column to another; nothing where they do not fit."""
    if start + len(begin) + len(end) > stop:
        return b" " * stop
    return b" " * start + begin + end.rjust(stop - start - len(begin))
