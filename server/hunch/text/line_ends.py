"""Where the definitions that begin at known lines end: by brackets, by indentation, by a line that closes them.

Where something is looked for ahead of a definition, the search ends at the next one, or what it found is kept for the
definitions up to there, so that all take time proportional to the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from hunch.text.line_headers import IN_STRING, Compiled, Header, MaskedText, with_blanks
from hunch.text.line_rules import Rule
from hunch.text.routine_end import routine_end

__all__ = ["find_ends"]

_HEADER_LINES: Final = 60
_HEADER_CHARS: Final = 6_000
_TAB: Final = 4
_IN_HEADER: Final = re.compile(r"=>|[()\[\]{};=\n]")
_BRACKETS: Final = re.compile(r"[()\[\]]")
_BRACE_AHEAD: Final = re.compile(r"\s*\{")
_BATCH: Final = r"^\h*go\h*;?\h*$"
"""What ends a batch of T-SQL"""
_CLOSERS: Final = (")", "]", "}", IN_STRING)


def find_ends(text: MaskedText, compiled: Compiled, headers: Sequence[Header], is_late: Callable[[], bool]) -> bool:
    """Find where each signature and each definition ends; False when it takes too long."""
    ends = {header.rule.end or compiled.rules.end for header in headers}
    pairs = {kind: _pairs(text.bare, kind) for kind in ("{}", "()") if ("braces" if kind == "{}" else "parens") in ends}
    searches: dict[str, _Search] = {}
    of_rule: dict[tuple[Rule, int], Header] = {}
    for header in headers:
        if is_late():
            return False
        end = header.rule.end or compiled.rules.end
        if end == "braces":
            _end_by_braces(text, compiled, header, pairs["{}"], searches)
            continue
        if header.rule.semicolon_declares and _is_short(text, compiled, header, searches):
            continue
        if header.rule.is_bare:
            header.signature_end = header.stop
        header.signature_end = header.signature_end or _signature_end(text, compiled, header)
        last = text.row(max(header.signature_end - 1, header.start))
        header.end_row = last
        if end == "parens":
            close = pairs["()"].get(text.bare.find("(", header.start, header.stop + 1))
            before = header.sibling - 1
            header.end_row = min(text.row(close), before) if close is not None else before
        elif end == "routine":
            batch = _search(text, searches, _BATCH, header.stop)
            limit = text.starts[min(header.sibling, len(text.starts) - 1)]
            offset, header.has_body = routine_end(
                text.bare, header.stop, limit, batch is not None and batch < header.sibling
            )
            header.end_row = text.row(offset)
        elif end == "line":
            header.end_row = max(last, text.row(header.stop - 1))
        elif end == "next":
            header.end_row = header.sibling - 1
        elif end == "until":
            _end_by_search(text, compiled, header, searches)
        elif end == "rest":
            header.end_row = len(text.file.lines) - 1
            before_it = of_rule.get((header.rule, header.column))
            if before_it is not None:
                before_it.end_row = header.row - 1
            of_rule[header.rule, header.column] = header
            found = _search(text, searches, header.rule.until, header.stop) if header.rule.until else None
            header.end_row = header.end_row if found is None else found
    if "indent" in ends:
        _end_by_indentation(text, [h for h in headers if (h.rule.end or compiled.rules.end) == "indent"])
    for header in headers:
        while header.end_row > header.row and not _line(text, header.end_row).strip():
            header.end_row -= 1
        header.end_row = max(header.end_row, text.row(max(header.signature_end - 1, header.start)), header.row)
    return True


def _line(text: MaskedText, row: int) -> str:
    return text.bare[text.starts[row] : text.starts[row + 1] - 1]


def _pairs(bare: str, kind: str) -> dict[int, int]:
    """The offset of the closing bracket of each opening one."""
    pairs: dict[int, int] = {}
    open_brackets: list[int] = []
    for match in re.finditer(rf"[{re.escape(kind)}]", bare):
        if match.group() == kind[0]:
            open_brackets.append(match.start())
        elif open_brackets:
            pairs[open_brackets.pop()] = match.start()
    return pairs


def _end_by_braces(
    text: MaskedText, compiled: Compiled, header: Header, pairs: dict[int, int], searches: dict[str, _Search]
) -> None:
    """End it at the brace that closes the first one, or at the semicolon or the line break before any."""
    depth = 0
    value_at = -1
    header.has_body = False
    limit = min(header.limit, header.start + _HEADER_CHARS)
    header.signature_end = min(text.starts[header.row + 1] - 1, limit)
    for match in _IN_HEADER.finditer(text.bare, header.start, limit):
        sign, offset = match.group(), match.start()
        if sign in "([":
            depth += 1
        elif sign in ")]":
            depth = max(depth - 1, 0)
        if depth:
            continue
        if sign == "{":
            header.signature_end = value_at if value_at >= 0 else offset
            close = pairs.get(offset)
            header.has_body = True
            if close is not None:
                header.end_row = text.row(close)
                return
            header.end_row = text.row(offset)
            found = _search(text, searches, rf"^{re.escape(header.indent)}\}}", match.end())
            header.end_row = found if found is not None else header.end_row
            return
        if sign in {"=", "=>"} and value_at < 0 and offset >= header.stop - 1:
            value_at = offset
        if sign == ";" or (
            sign == "\n"
            and compiled.rules.newline_ends
            and not _BRACE_AHEAD.match(text.bare, offset)
            and (value_at < 0 or text.bare[value_at + 1 : offset].strip())
        ):
            header.has_body = value_at >= 0
            header.signature_end = value_at if value_at >= 0 else offset
            header.end_row = text.row(offset)
            return
    header.end_row = header.row


def _is_short(text: MaskedText, compiled: Compiled, header: Header, searches: dict[str, _Search]) -> bool:
    """Find where the signature ends, and whether all of it ends at a semicolon."""
    depth = 0
    assert compiled.declaration is not None
    for match in compiled.declaration.finditer(text.bare, header.stop, min(header.limit, header.start + _HEADER_CHARS)):
        sign = match.group()
        if sign in "([":
            depth += 1
        elif sign in ")]":
            depth = max(depth - 1, 0)
        elif depth == 0:
            header.signature_end = match.start()
            if sign == ";":
                header.has_body = False
                header.end_row = text.row(match.start())
                return True
            if compiled.short_body is not None and compiled.short_body.match(text.bare, match.start()):
                found = _search(text, searches, ";", match.start())
                header.end_row = text.row(match.start()) if found is None else min(found, header.sibling - 1)
                return True
            return False
    return False


def _signature_end(text: MaskedText, compiled: Compiled, header: Header) -> int:
    """The end of the first line behind which no bracket is open, or what separates the body before that."""
    if (header.rule.end or compiled.rules.end) == "parens":
        return text.starts[header.row + 1] - 1
    depth = 0
    row = header.row
    last = min(text.row(max(header.limit - 1, header.start)), row + _HEADER_LINES)
    position = header.start
    while True:
        stop = text.starts[row + 1] - 1
        for match in _BRACKETS.finditer(text.bare, position, stop):
            depth += 1 if match.group() in "([" else -1
        if depth <= 0 or row >= last:
            break
        row += 1
        position = text.starts[row]
    if depth > 0:
        return text.starts[header.row + 1] - 1
    if compiled.header_end is not None:
        depth, before = 0, header.stop
        found = compiled.header_end.search(text.bare, header.stop, stop)
        while found is not None:
            for match in _BRACKETS.finditer(text.bare, before, found.start()):
                depth += 1 if match.group() in "([" else -1
            if depth <= 0:
                return found.start()
            before = found.start()
            found = compiled.header_end.search(text.bare, found.end() or before + 1, stop)
    return stop


@dataclass(slots=True)
class _Search:
    pattern: re.Pattern[str]
    asked: int = -1
    start: int = -1
    """Of what was found from there on, -1 for nothing"""


def _search(text: MaskedText, searches: dict[str, _Search], pattern: str, offset: int) -> int | None:
    """The row of the next match; one search serves all offsets up to what it found."""
    search = searches.get(pattern)
    if search is None:
        search = searches[pattern] = _Search(re.compile(with_blanks(pattern), re.MULTILINE | re.IGNORECASE))
    if search.asked < 0 or (search.start >= 0 and (offset > search.start or offset < search.asked)):
        match = search.pattern.search(text.bare, offset)
        search.asked, search.start = offset, match.start() if match is not None else -1
    if search.start < 0:
        return None
    return text.row(search.start)


def _scope(header: Header) -> tuple[str, ...]:
    return (*header.scope, header.name)


def _end_by_search(text: MaskedText, compiled: Compiled, header: Header, searches: dict[str, _Search]) -> None:
    until = header.rule.until or compiled.rules.until
    until = until.replace("{indent}", re.escape(header.indent)).replace("{name}", re.escape(".".join(_scope(header))))
    line_end = text.starts[text.row(max(header.signature_end - 1, header.start)) + 1] - 1
    if compiled.one_line is not None and compiled.one_line.search(text.bare, header.stop, line_end):
        return
    found = _search(text, searches, until, min(line_end + 1, len(text.bare)))
    if found is not None and found < header.sibling:
        header.end_row = found
    elif header.rule.declared == "keep":
        header.end_row = header.sibling - 1
    else:
        header.has_body = False


def _end_by_indentation(text: MaskedText, headers: Sequence[Header]) -> None:
    """Go once through the rows, with the definitions that are still open on a stack."""
    starting = {header.row: header for header in headers}
    open_headers: list[tuple[Header, int]] = []
    for row in range(len(text.file.lines)):
        line = _line(text, row)
        stripped = line.strip()
        if not stripped:
            continue
        column = len(line[: len(line) - len(line.lstrip())].expandtabs(_TAB))
        if not stripped.startswith(IN_STRING):
            while open_headers:
                header, header_row = open_headers[-1]
                if row <= header_row or column > header.column:
                    break
                if column == header.column and stripped.startswith(_CLOSERS):
                    break
                open_headers.pop()
        for header, _ in open_headers[-1:]:
            header.end_row = row
        begun = starting.get(row)
        if begun is not None:
            open_headers.append((begun, text.row(max(begun.signature_end - 1, begun.start))))
    # What is inside ends no later than what is around it; the outer one ends at least where the inner one does.
    outer: list[Header] = []
    for header in headers:
        while outer and outer[-1].column >= header.column:
            _widen(outer)
        outer.append(header)
    while outer:
        _widen(outer)


def _widen(outer: list[Header]) -> None:
    inner = outer.pop()
    if outer and inner.row <= outer[-1].end_row + 1:
        outer[-1].end_row = max(outer[-1].end_row, inner.end_row)
