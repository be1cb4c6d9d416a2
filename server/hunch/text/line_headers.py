"""The lines of a file that its language's rules take for the beginning of a definition, and what hides them.

Comments and strings are blanked first, at the same offsets, so that the rules see neither.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Final

from hunch.text.language import Language
from hunch.text.languages import LANGUAGES
from hunch.text.line_rules import LineRules, Rule
from hunch.text.outline import MAX_SIGNATURE
from hunch.text.source_text import SourceText

__all__ = [
    "CONTAINERS",
    "DEEPEST",
    "IN_STRING",
    "Compiled",
    "Header",
    "MaskedText",
    "compiled_rules",
    "find_headers",
    "limit_headers",
    "masked",
    "with_blanks",
]

CONTAINERS: Final = frozenset({"class", "interface", "struct", "enum", "trait", "module", "scope"})
DEEPEST: Final = 20
"""Names around one that are part of its own"""
IN_STRING: Final = "\x01"
"""What stands for a character in a string"""
_LONG_LINE: Final = re.compile(r"[^\n]{1000,}")
"""No definition is looked for in it."""
_CHARACTER: Final = re.compile(r"[^\n]")
_TAB: Final = 4
_SETS: Final = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]|\\.")
"""Sets of characters in a pattern, and what is escaped"""


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
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
class MaskedText:
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
class Header:
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


@cache
def compiled_rules(language: str, rules: LineRules) -> Compiled:
    flags = re.MULTILINE | (re.IGNORECASE if rules.ignores_case else 0)
    alternatives = [
        f"(?P<rule{i}>{rule.pattern.replace('(?P<name>', f'(?P<name{i}>').replace('(?P<scope>', f'(?P<scope{i}>')})"
        for i, rule in enumerate(rules.rules)
    ]

    def pattern(text: str) -> re.Pattern[str] | None:
        return re.compile(with_blanks(text), flags) if text else None

    comments = rules.comments or _comments_of(LANGUAGES[language])
    hidden = [f"(?P<{name}>{text})" for name, text in (("comment", comments), ("string", rules.strings)) if text]
    headers = pattern(rf"^\h*(?=[^\s)\]}},;])(?:{'|'.join(alternatives)})")
    assert headers is not None
    return Compiled(
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


def with_blanks(pattern: str) -> str:
    r"""Write `\h`, which Python does not know, as a set of characters, or as a part of the set that it stands in."""
    return _SETS.sub(
        lambda found: r"[ \t]" if found.group() == r"\h" else found.group().replace(r"\h", r" \t"), pattern
    )


def _comments_of(language: Language) -> str:
    blocks = [rf"{re.escape(start)}(?s:.*?)(?:{re.escape(end)}|\Z)" for start, end in language.block_comments]
    lines = [re.escape(marker) + (r"\b" if marker[-1].isalpha() else "") for marker in language.line_comments]
    return "|".join([*blocks, *(rf"{marker}[^\n]*" for marker in lines)])


def masked(file: SourceText, compiled: Compiled) -> MaskedText:
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
            code.append(first + line_break + _CHARACTER.sub(IN_STRING, rest) if line_break else token)
            bare.append(_CHARACTER.sub(IN_STRING, token) if line_break else IN_STRING * len(token))
    code.append(raw[last:])
    bare.append(raw[last:])
    readable = _LONG_LINE.sub(lambda match: " " * len(match.group()), "".join(code))
    return MaskedText(file, raw, readable, "".join(bare), [0, *accumulate(len(line) + 1 for line in file.lines)])


def find_headers(text: MaskedText, compiled: Compiled) -> list[Header]:
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
        found.append(Header(rule, name, scope, start, stop, row, indent, len(indent.expandtabs(_TAB))))
    return found


def _parts(rules: LineRules, scope: str, name: str) -> tuple[tuple[str, ...], str]:
    """The qualifiers and the simple name in what is written, without quotes."""
    name = name.strip(" \t\"'`[]")
    for separator in rules.separators:
        name = name.replace(separator, "\0")
        scope = scope.replace(separator, "\0")
    parts = [part.strip(" \t\"'`[]") for part in f"{scope}\0{name}".split("\0")]
    parts = [part for part in parts if part] or [name.replace("\0", "")]
    return tuple(parts[:-1][-DEEPEST:]), parts[-1][:MAX_SIGNATURE]


def limit_headers(headers: Sequence[Header], length: int, rows: int) -> None:
    """Tell each header where the next one is, and the next that is indented as little."""
    open_headers: list[Header] = []
    for number, header in enumerate(headers):
        header.limit = headers[number + 1].start if number + 1 < len(headers) else length
        header.sibling = rows
        if header.rule.is_member or not header.name:
            continue
        while open_headers and open_headers[-1].column >= header.column:
            open_headers.pop().sibling = header.row
        open_headers.append(header)
    routines: list[Header] = []
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
