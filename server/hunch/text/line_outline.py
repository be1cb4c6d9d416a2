"""The definitions of a file by rules for its lines, where no grammar reads it: source -> outline.

Each step goes over the text once. Where something is looked for ahead of a definition, the search ends at the next one,
or what it found is kept for the definitions up to there.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Final

from hunch.text.documentation import MAX_DOCUMENTATION, clean_comment, clean_string, comment_above, is_licence
from hunch.text.language import METHOD_OWNERS, Language
from hunch.text.languages import LANGUAGES
from hunch.text.line_rules import LineRules, Rule
from hunch.text.outline import MAX_CHARS, MAX_LINES, MAX_SIGNATURE, TRANSPARENT, Definition, Member, Outline
from hunch.text.parse import PARSING_SECONDS, is_worth_parsing, late_after
from hunch.text.routine_end import routine_end
from hunch.text.source_text import SourceText

__all__ = ["outline_by_rules"]

_MOST_LINES: Final = 100_000
_LONG_LINE: Final = re.compile(r"[^\n]{1000,}")
"""No definition is looked for in it."""
_IN_STRING: Final = "\x01"
_CHARACTER: Final = re.compile(r"[^\n]")
_HEADER_LINES: Final = 60
_HEADER_CHARS: Final = 6_000
_DEEPEST: Final = 20
_MEMBER_LINES: Final = 3
_MAX_COMMENT_LINES: Final = 200
_MAX_DECORATORS: Final = 30
_TAB: Final = 4
_CONTAINERS: Final = frozenset({"class", "interface", "struct", "enum", "trait", "module", "scope"})
_IN_HEADER: Final = re.compile(r"=>|[()\[\]{};=\n]")
_BRACKETS: Final = re.compile(r"[()\[\]]")
_BRACE_AHEAD: Final = re.compile(r"\s*\{")
_SETS: Final = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]|\\.")
"""Sets of characters in a pattern, and what is escaped"""
_BATCH: Final = r"^\h*go\h*;?\h*$"
"""What ends a batch of T-SQL"""
_CLOSERS: Final = (")", "]", "}", _IN_STRING)


@dataclass(frozen=True, slots=True, eq=False)
class _Compiled:
    rules: LineRules
    headers: re.Pattern[str]
    hidden: re.Pattern[str] | None
    """Comments and strings"""
    header_end: re.Pattern[str] | None
    declaration: re.Pattern[str] | None
    """What may end a signature, and brackets"""
    short_body: re.Pattern[str] | None
    imports: re.Pattern[str] | None
    decorators: re.Pattern[str] | None
    below: re.Pattern[str] | None
    one_line: re.Pattern[str] | None
    keywords: frozenset[str]


@dataclass(slots=True, eq=False)
class _Text:
    """A file in characters, and what is left of it without comments and strings, at the same offsets."""

    file: SourceText
    raw: str
    code: str
    """Without comments, and without the further lines of strings"""
    bare: str
    """Without the insides of strings too"""
    starts: list[int]
    """Offset of each row, and one behind the last"""

    def row(self, offset: int) -> int:
        return min(bisect_right(self.starts, offset), len(self.starts) - 1) - 1

    def byte(self, offset: int) -> int:
        row = self.row(offset)
        before = self.raw[self.starts[row] : offset].encode("utf-8", "replace")
        return min(self.file.line_starts[row] + len(before), self.file.end_of_row(row))


@dataclass(slots=True, eq=False)
class _Header:
    """A line that a rule takes for the beginning of a definition."""

    rule: Rule
    name: str
    scope: tuple[str, ...]
    start: int
    stop: int
    """Behind what the rule matched"""
    row: int
    indent: str
    column: int
    limit: int = 0
    """Where the next header begins"""
    sibling: int = 0
    """The row of the next header that is indented as little"""
    signature_end: int = 0
    end_row: int = 0
    has_body: bool = True


def outline_by_rules(file: SourceText, rules: LineRules) -> Outline:
    """Find the definitions of a file; none, and ``gave_up``, when that takes more time than it is worth."""
    if not is_worth_parsing(file.source) or len(file.lines) > _MOST_LINES:
        return Outline()
    is_late = late_after(PARSING_SECONDS)
    compiled = _compiled(file.language, rules)
    text = _text_of(file, compiled)
    outline = Outline()
    headers = _headers(text, compiled)
    _limit(headers, len(text.raw), len(file.lines))
    if is_late() or not _find_ends(text, compiled, headers, is_late):
        return Outline(gave_up=True)
    if compiled.imports is not None:
        for match in compiled.imports.finditer(text.code):
            row = text.row(match.end() - len(match.group().lstrip()))
            outline.import_rows.append((row, row))
            outline.silent.add(row)
    return outline if _nest(text, compiled, headers, outline, is_late) else Outline(gave_up=True)


@cache
def _compiled(language: str, rules: LineRules) -> _Compiled:
    flags = re.MULTILINE | (re.IGNORECASE if rules.ignores_case else 0)
    alternatives = [
        f"(?P<rule{i}>{rule.pattern.replace('(?P<name>', f'(?P<name{i}>').replace('(?P<scope>', f'(?P<scope{i}>')})"
        for i, rule in enumerate(rules.rules)
    ]

    def pattern(text: str) -> re.Pattern[str] | None:
        return re.compile(_blanks(text), flags) if text else None

    comments = rules.comments or _comments_of(LANGUAGES[language])
    hidden = [f"(?P<{name}>{text})" for name, text in (("comment", comments), ("string", rules.strings)) if text]
    headers = pattern(rf"^\h*(?=[^\s)\]}},;])(?:{'|'.join(alternatives)})")
    assert headers is not None
    return _Compiled(
        rules=rules,
        headers=headers,
        hidden=pattern("|".join(hidden)),
        header_end=pattern(rules.header_end),
        declaration=pattern(rf"[()\[\];]|{rules.header_end or ';'}"),
        short_body=pattern(rules.short_body),
        imports=pattern(rf"^\h*(?:{rules.imports})" if rules.imports else ""),
        decorators=pattern(rf"\h*(?:{rules.decorators})" if rules.decorators else ""),
        below=pattern(rules.documented_below),
        one_line=pattern(rules.one_line),
        keywords=frozenset(rules.keywords.split()),
    )


def _blanks(pattern: str) -> str:
    r"""Write `\h`, which Python does not know, as a set of characters, or as a part of the set that it stands in."""
    return _SETS.sub(
        lambda found: r"[ \t]" if found.group() == r"\h" else found.group().replace(r"\h", r" \t"), pattern
    )


def _comments_of(language: Language) -> str:
    blocks = [rf"{re.escape(start)}(?s:.*?)(?:{re.escape(end)}|\Z)" for start, end in language.block_comments]
    lines = [re.escape(marker) + (r"\b" if marker[-1].isalpha() else "") for marker in language.line_comments]
    return "|".join([*blocks, *(rf"{marker}[^\n]*" for marker in lines)])


def _text_of(file: SourceText, compiled: _Compiled) -> _Text:
    raw = "\n".join(file.lines) + "\n"
    code: list[str] = []
    bare: list[str] = []
    last = 0
    for match in compiled.hidden.finditer(raw) if compiled.hidden is not None else ():
        start, end = match.span()
        token = match.group()
        code.append(raw[last:start])
        bare.append(raw[last:start])
        last = end
        first, line_break, rest = token.partition("\n")
        if match.lastgroup == "comment":
            blank = " " * len(token) if not line_break else _CHARACTER.sub(" ", token)
            code.append(blank)
            bare.append(blank)
        else:
            code.append(first + line_break + _CHARACTER.sub(_IN_STRING, rest) if line_break else token)
            bare.append(_CHARACTER.sub(_IN_STRING, token) if line_break else _IN_STRING * len(token))
    code.append(raw[last:])
    bare.append(raw[last:])
    readable = _LONG_LINE.sub(lambda match: " " * len(match.group()), "".join(code))
    return _Text(file, raw, readable, "".join(bare), [0, *accumulate(len(line) + 1 for line in file.lines)])


def _headers(text: _Text, compiled: _Compiled) -> list[_Header]:
    found = []
    for match in compiled.headers.finditer(text.code):
        number = int((match.lastgroup or "rule0")[4:])
        rule = compiled.rules.rules[number]
        start, stop = match.span(f"rule{number}")
        groups = match.groupdict()
        name = groups.get(f"name{number}") or ""
        first = re.match(r"[\w-]*", match.group().lstrip())
        if compiled.keywords and (name in compiled.keywords or (first and first.group() in compiled.keywords)):
            continue
        scope, name = _parts(compiled.rules, groups.get(f"scope{number}") or "", name)
        if not name and f"name{number}" in groups:
            continue
        row = text.row(start)
        indent = text.code[text.starts[row] : start]
        found.append(_Header(rule, name, scope, start, stop, row, indent, len(indent.expandtabs(_TAB))))
    return found


def _parts(rules: LineRules, scope: str, name: str) -> tuple[tuple[str, ...], str]:
    """The qualifiers and the simple name in what is written, without quotes."""
    name = name.strip(" \t\"'`[]")
    for separator in rules.separators:
        name = name.replace(separator, "\0")
        scope = scope.replace(separator, "\0")
    parts = [part.strip(" \t\"'`[]") for part in f"{scope}\0{name}".split("\0")]
    parts = [part for part in parts if part] or [name.replace("\0", "")]
    return tuple(parts[:-1][-_DEEPEST:]), parts[-1][:MAX_SIGNATURE]


def _limit(headers: Sequence[_Header], length: int, rows: int) -> None:
    """Tell each header where the next one is, and the next that is indented as little."""
    open_headers: list[_Header] = []
    for number, header in enumerate(headers):
        header.limit = headers[number + 1].start if number + 1 < len(headers) else length
        header.sibling = rows
        if header.rule.is_member or not header.name:
            continue
        while open_headers and open_headers[-1].column >= header.column:
            open_headers.pop().sibling = header.row
        open_headers.append(header)
    routines: list[_Header] = []
    for header in headers:  # a routine ends at none but the next one
        if header.rule.end in {"routine", "rest"}:
            while routines and routines[-1].column >= header.column:
                routines.pop().sibling = header.row
            header.sibling = rows
            routines.append(header)
    following = rows
    for header in reversed(headers):
        if not header.name:
            header.sibling = following
        elif not header.rule.is_member:
            following = header.row


def _find_ends(text: _Text, compiled: _Compiled, headers: Sequence[_Header], is_late: Callable[[], bool]) -> bool:
    """Find where each signature and each definition ends; False when it takes too long."""
    ends = {header.rule.end or compiled.rules.end for header in headers}
    pairs = {kind: _pairs(text.bare, kind) for kind in ("{}", "()") if ("braces" if kind == "{}" else "parens") in ends}
    searches: dict[str, _Search] = {}
    of_rule: dict[tuple[Rule, int], _Header] = {}
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
    if "indent" in ends:
        _end_by_indentation(text, [h for h in headers if (h.rule.end or compiled.rules.end) == "indent"])
    for header in headers:
        while header.end_row > header.row and not _line(text, header.end_row).strip():
            header.end_row -= 1
        header.end_row = max(header.end_row, text.row(max(header.signature_end - 1, header.start)), header.row)
    return True


def _line(text: _Text, row: int) -> str:
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
    text: _Text, compiled: _Compiled, header: _Header, pairs: dict[int, int], searches: dict[str, _Search]
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


def _is_short(text: _Text, compiled: _Compiled, header: _Header, searches: dict[str, _Search]) -> bool:
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


def _signature_end(text: _Text, compiled: _Compiled, header: _Header) -> int:
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


def _search(text: _Text, searches: dict[str, _Search], pattern: str, offset: int) -> int | None:
    """The row of the next match; one search serves all offsets up to what it found."""
    search = searches.get(pattern)
    if search is None:
        search = searches[pattern] = _Search(re.compile(_blanks(pattern), re.MULTILINE | re.IGNORECASE))
    if search.asked < 0 or (search.start >= 0 and (offset > search.start or offset < search.asked)):
        match = search.pattern.search(text.bare, offset)
        search.asked, search.start = offset, match.start() if match is not None else -1
    if search.start < 0:
        return None
    return text.row(search.start + len(text.bare[search.start : search.start + 1].strip(" \t\x01")) - 1)


def _scope(header: _Header) -> tuple[str, ...]:
    return (*header.scope, header.name)


def _end_by_search(text: _Text, compiled: _Compiled, header: _Header, searches: dict[str, _Search]) -> None:
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


def _end_by_indentation(text: _Text, headers: Sequence[_Header]) -> None:
    """Go once through the rows, with the definitions that are still open on a stack."""
    starting = {header.row: header for header in headers}
    open_headers: list[tuple[_Header, int]] = []
    for row in range(len(text.file.lines)):
        line = _line(text, row)
        stripped = line.strip()
        if not stripped:
            continue
        column = len(line[: len(line) - len(line.lstrip())].expandtabs(_TAB))
        if not stripped.startswith(_IN_STRING):
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
    outer: list[_Header] = []
    for header in headers:
        while outer and outer[-1].column >= header.column:
            _widen(outer)
        outer.append(header)
    while outer:
        _widen(outer)


def _widen(outer: list[_Header]) -> None:
    inner = outer.pop()
    if outer and inner.row <= outer[-1].end_row + 1:
        outer[-1].end_row = max(outer[-1].end_row, inner.end_row)


def _nest(
    text: _Text, compiled: _Compiled, headers: Sequence[_Header], outline: Outline, is_late: Callable[[], bool]
) -> bool:
    """Make definitions of the headers, each inside the one that holds it; False when it takes too long."""
    stack: list[Definition] = []
    occupied = -1
    hidden_until = -1
    for header in headers:
        if is_late():
            return False
        while stack and stack[-1].end_row < header.row:
            occupied = max(occupied, stack.pop().end_row)
        if header.row <= hidden_until:
            continue
        parent = stack[-1] if stack else None
        is_inside = parent is not None and parent.kind in METHOD_OWNERS
        if (parent is not None and header.row <= parent.header_row) or (header.rule.inside and not is_inside):
            continue
        if header.rule.is_member:
            qualified = ".".join((*(parent.scope if parent is not None else ()), *header.scope, header.name))
            outline.members.append(Member(header.rule.kind, header.name, qualified, header.row))
            continue
        if parent is not None:
            header.end_row = min(header.end_row, parent.end_row)
        if not header.rule.kind:
            hidden_until = header.end_row
            continue
        lines = header.end_row - header.row + 1
        if lines < _MEMBER_LINES and not header.name:
            continue
        if parent is not None and parent.kind not in _CONTAINERS and lines <= _MEMBER_LINES:
            continue
        declared = header.rule.declared
        if not header.has_body and (declared == "drop" or (declared == "inside" and not is_inside)):
            continue
        definition = _define(text, compiled, header, parent, occupied)
        if not header.has_body and declared == "documented" and not definition.documentation:
            continue
        siblings = parent.children if parent is not None else outline.definitions
        if compiled.rules.merges and siblings and _is_next_clause(text, siblings[-1], definition):
            siblings[-1].end_row, siblings[-1].end = definition.end_row, definition.end
            occupied = hidden_until = definition.end_row
            continue
        is_long = lines > MAX_LINES or definition.end - definition.body_start > MAX_CHARS
        definition.is_open = is_long or (header.rule.kind in _CONTAINERS and lines > 1)
        if definition.kind in TRANSPARENT:
            outline.silent.update(range(definition.start_row, definition.header_row + 1))
        outline.definitions.append(definition)
        if parent is not None:
            parent.children.append(definition)
        if definition.is_open:
            occupied = max(occupied, definition.header_row)
            stack.append(definition)
        else:
            occupied = hidden_until = definition.end_row
    return True


def _is_next_clause(text: _Text, last: Definition, following: Definition) -> bool:
    if last.name != following.name or following.documentation:
        return False
    between = range(last.end_row + 1, following.start_row)
    return not any(text.file.lines[row].strip() for row in between)


def _define(text: _Text, compiled: _Compiled, header: _Header, parent: Definition | None, occupied: int) -> Definition:
    file = text.file
    kind = header.rule.kind
    if kind == "function" and parent is not None and parent.kind in METHOD_OWNERS:
        kind = "method"
    scope = (*(parent.scope if parent is not None else ()), *header.scope)[-_DEEPEST:]
    floor = occupied + 1
    row = first_row = header.row
    while compiled.decorators is not None and first_row > floor and row - first_row < _MAX_DECORATORS:
        if not compiled.decorators.match(text.code, text.starts[first_row - 1], text.starts[first_row] - 1):
            break
        first_row -= 1
    decorators = "\n".join(line.strip() for line in file.lines[first_row:row])
    start_row, documentation = _documentation_above(text, compiled, first_row, floor)
    body_start = header.signature_end
    if compiled.below is not None:
        from_there = header.stop if (header.rule.end or compiled.rules.end) == "parens" else header.signature_end
        below = compiled.below.match(text.raw, from_there, min(from_there + 3 * MAX_DOCUMENTATION, len(text.raw)))
        if below is not None and below.group().strip() and text.row(below.end() - 1) <= header.end_row:
            said = clean_string(f'"{below.group(1)}"') if below.re.groups else clean_comment(below.group())
            documentation = said or documentation
            if below.end() > body_start:
                body_start = below.end()
    return Definition(
        kind=kind,
        name=header.name,
        scope=(*scope, header.name) if header.name else scope,
        start_row=start_row,
        header_row=text.row(max(header.signature_end - 1, header.start)),
        end_row=header.end_row,
        end=file.end_of_row(header.end_row),
        signature=_one_line(text.raw[header.start : header.signature_end]) or header.name,
        documentation=documentation,
        decorators=decorators,
        body_start=text.byte(body_start),
        parent=parent,
        is_open=False,
    )


def _documentation_above(text: _Text, compiled: _Compiled, row: int, floor: int) -> tuple[int, str]:
    lines = text.file.lines
    mark = compiled.rules.quoted_above
    if mark and row > floor and lines[row - 1].rstrip().endswith(mark):
        line = lines[row - 1].strip()
        if line.startswith(mark) and len(line) >= 2 * len(mark):
            return row - 1, clean_string(line)
        for start in range(row - 2, max(floor, row - _MAX_COMMENT_LINES) - 1, -1):
            if lines[start].strip().startswith(mark):
                return start, clean_string("\n".join(lines[start:row]))
        return row, ""
    start = comment_above(lines, row, floor, text.file.language)
    comment = "\n".join(lines[start:row])
    if start == row or (start == 0 and is_licence(comment)):
        return row, ""
    return start, clean_comment(comment)


def _one_line(signature: str) -> str:
    line = " ".join(signature[: MAX_SIGNATURE * 4].split())
    return line.rstrip("{=:; ")[:MAX_SIGNATURE].rstrip() or line[:MAX_SIGNATURE]
