"""The definitions of a file by rules for its lines, where no grammar reads it: source -> outline."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from hunch.text.documentation import MAX_DOCUMENTATION, clean_comment, clean_string, comment_above, is_licence
from hunch.text.language import METHOD_OWNERS
from hunch.text.languages import LANGUAGES
from hunch.text.line_ends import find_ends
from hunch.text.line_headers import (
    CONTAINERS,
    DEEPEST,
    Compiled,
    Header,
    MaskedText,
    compiled_rules,
    find_headers,
    limit_headers,
    masked,
)
from hunch.text.line_rules import LineRules
from hunch.text.outline import MAX_CHARS, MAX_LINES, MAX_SIGNATURE, TRANSPARENT, Definition, Member, Outline
from hunch.text.parse import PARSING_SECONDS, is_worth_parsing, late_after
from hunch.text.source_text import SourceText

__all__ = ["outline_by_rules"]

_MOST_LINES: Final = 100_000
_MEMBER_LINES: Final = 3
_MAX_COMMENT_LINES: Final = 200
_MAX_DECORATORS: Final = 30
_APOSTROPHE: Final = re.compile(r"^[ \t]*'+[ \t]?", re.MULTILINE)
_MOST_MEMBERS: Final = 5_000
"""Of one file; a longer list is data"""


def outline_by_rules(file: SourceText, rules: LineRules) -> Outline:
    """Find the definitions of a file; none, and ``gave_up``, when that takes more time than it is worth."""
    if not is_worth_parsing(file.source) or len(file.lines) > _MOST_LINES:
        return Outline()
    is_late = late_after(PARSING_SECONDS)
    compiled = compiled_rules(file.language, rules)
    text = masked(file, compiled)
    outline = Outline()
    headers = find_headers(text, compiled)
    limit_headers(headers, len(text.raw), len(file.lines))
    if is_late() or not find_ends(text, compiled, headers, is_late):
        return Outline(gave_up=True)
    if compiled.imports is not None:
        for match in compiled.imports.finditer(text.code):
            row = text.row(match.end() - len(match.group().lstrip()))
            outline.import_rows.append((row, row))
            outline.silent.add(row)
    return outline if _nest(text, compiled, headers, outline, is_late) else Outline(gave_up=True)


def _nest(
    text: MaskedText, compiled: Compiled, headers: Sequence[Header], outline: Outline, is_late: Callable[[], bool]
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
            _add_member(outline, header, parent, 1)
            continue
        if parent is not None:
            header.end_row = min(header.end_row, parent.end_row)
        if not header.rule.kind:
            hidden_until = header.end_row
            continue
        lines = header.end_row - header.row + 1
        if lines < _MEMBER_LINES and not header.name:
            continue
        if parent is not None and parent.kind not in CONTAINERS and lines <= _MEMBER_LINES:
            continue
        declared = header.rule.declared
        if not header.has_body and (declared == "drop" or (declared == "inside" and not is_inside)):
            continue
        definition = _define(text, compiled, header, parent, occupied)
        if not header.has_body and declared == "documented" and not definition.documentation:
            continue
        if definition.kind == "constant" and lines < _MEMBER_LINES and not definition.documentation:
            _add_member(outline, header, parent, lines)
            continue
        siblings = parent.children if parent is not None else outline.definitions
        if compiled.rules.merges and siblings and _is_next_clause(text, siblings[-1], definition):
            siblings[-1].end_row, siblings[-1].end = definition.end_row, definition.end
            occupied = hidden_until = definition.end_row
            continue
        is_long = lines > MAX_LINES or definition.end - definition.body_start > MAX_CHARS
        definition.is_open = is_long or (header.rule.kind in CONTAINERS and lines > 1)
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


def _add_member(outline: Outline, header: Header, parent: Definition | None, lines: int) -> None:
    if len(outline.members) < _MOST_MEMBERS and len(header.name) > 1:
        scope = parent.scope[-DEEPEST:] if parent is not None else ()
        qualified_name = ".".join((*scope, *header.scope, header.name))
        outline.members.append(Member(header.rule.kind, header.name, qualified_name, header.row, lines))


def _is_next_clause(text: MaskedText, last: Definition, following: Definition) -> bool:
    if last.name != following.name or following.documentation:
        return False
    between = range(last.end_row + 1, following.start_row)
    return not any(text.file.lines[row].strip() for row in between)


def _define(
    text: MaskedText, compiled: Compiled, header: Header, parent: Definition | None, occupied: int
) -> Definition:
    file = text.file
    kind = header.rule.kind
    if kind == "function" and parent is not None and parent.kind in METHOD_OWNERS:
        kind = "method"
    scope = (*(parent.scope if parent is not None else ()), *header.scope)[-DEEPEST:]
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


def _documentation_above(text: MaskedText, compiled: Compiled, row: int, floor: int) -> tuple[int, str]:
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
    return start, clean_comment(_unmarked(comment, text.file.language))


def _unmarked(comment: str, language: str) -> str:
    """A comment without marks that no other language has for comments."""
    comment = comment.strip()
    for opening, closing in LANGUAGES[language].block_comments:
        if comment.startswith(opening):
            return comment.removeprefix(opening).removesuffix(closing)
    return _APOSTROPHE.sub("", comment) if comment.startswith("'") else comment


def _one_line(signature: str) -> str:
    line = " ".join(signature[: MAX_SIGNATURE * 4].split())
    return line.rstrip("{=:; ")[:MAX_SIGNATURE].rstrip() or line[:MAX_SIGNATURE]
