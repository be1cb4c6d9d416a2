"""Comments and docstrings: finding the ones that describe a definition, and taking their markers off."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from hunch.text.languages import LANGUAGES

__all__ = ["MAX_DOCUMENTATION", "clean_comment", "clean_string", "comment_above", "header_comment", "is_licence"]

MAX_DOCUMENTATION: Final = 2_000
_MAX_COMMENT_LINES: Final = 200

_LICENCE: Final = re.compile(
    r"copyright|\(c\)\s|licen[sc]ed?\b|SPDX-|all rights reserved|apache software foundation|permission is hereby",
    re.IGNORECASE,
)
_DIRECTIVE: Final = re.compile(
    r"^[ \t]*(?:#!|#[ \t]*-\*-|#.*coding[:=]|#[ \t]*frozen_string_literal|//go:|//[ \t]*\+build|//[ \t]*@ts-"
    r"|/[/*][ \t]*(?:eslint|jshint|jslint|global|@flow)\b|#[ \t]*(?:type:|noqa|pylint:|fmt:|rubocop:|typed:|vim?:)).*$",
    re.MULTILINE,
)
_CLOSING: Final = re.compile(r"(?:\*+/|-\}|\]=*\]|-->|\*\)|#>|-/)[ \t]*$", re.MULTILINE)
_MARKER: Final = re.compile(
    r"^[ \t]*(?:///?!?|//!|/\*+!?<?|#+'?|--\[=*\[|--+[ \t]?[|^]?|\*+|;+|%+|\"(?!\")|\{-[ \t]?\|?"
    r"|=begin|=end|<!--|\(\*+|<#|!+[<>]?(?=\s)|/-[-!]?)?[ \t]*",
    re.MULTILINE,
)
_RULE: Final = re.compile(r"^[^\w\n]+$|^\$\w+.*\$$|[ \t]+$", re.MULTILINE)
_MARKUP: Final = re.compile(r"</?(?:summary|remarks|para|p|returns|br)\s*/?>")
_BLANK_LINES: Final = re.compile(r"\n{3,}")
_STRING: Final = re.compile(r"^[a-zA-Z]{0,2}(\"\"\"|'''|\"|')(.*?)(?:\1)?\s*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CommentMarkers:
    """How the comments of one language begin and end."""

    line: tuple[str, ...]
    block: tuple[tuple[str, str], ...]


@cache
def _markers(language: str) -> CommentMarkers:
    known = LANGUAGES.get(language)
    return CommentMarkers(known.line_comments, known.block_comments) if known else CommentMarkers(("#", "//"), ())


def is_licence(text: str) -> bool:
    """Whether a comment speaks about rights rather than about code."""
    return _LICENCE.search(text) is not None


def comment_above(lines: Sequence[str], row: int, floor: int, language: str) -> int:
    """The row where the comment that ends right above `row` begins; `row` itself when there is none.

    Rows under `floor` belong to something else and are never taken.
    """
    markers = _markers(language)
    floor = max(floor, row - _MAX_COMMENT_LINES)
    start = row
    while start > floor:
        line = lines[start - 1].strip()
        if not line:
            break
        if markers.line and line.startswith(markers.line):
            start -= 1
            continue
        opening = _block_opening(lines, start - 1, floor, line, markers)
        if opening is None:
            break
        start = opening
    return start


def _block_opening(lines: Sequence[str], row: int, floor: int, line: str, markers: CommentMarkers) -> int | None:
    """The row that opens the block comment which closes at the end of `row`, when it is alone on its lines."""
    for opening, closing in markers.block:
        if not line.endswith(closing):
            continue
        for candidate in range(row, floor - 1, -1):
            text = lines[candidate].strip()
            if text.startswith(opening):
                return candidate
            if opening in text or (candidate != row and closing in text):
                break
    return None


def header_comment(lines: Sequence[str], language: str) -> tuple[str, int]:
    """What the comments at the top of a file say about it, licences left out, and the row where they end."""
    markers = _markers(language)
    row, found, end = 0, "", 0
    limit = min(len(lines), _MAX_COMMENT_LINES)
    while row < limit:
        line = lines[row].strip()
        if not line or _is_preamble(line):
            row += 1
            continue
        stop = _comment_end(lines, row, limit, line, markers)
        if stop == row:
            break
        text = "\n".join(lines[row:stop])
        if not found and not is_licence(text):
            found, end = clean_comment(text), stop
        row = stop
    return found, end


def _is_preamble(line: str) -> bool:
    return line.startswith(("<?php", "#!", "package ", "'use strict'", '"use strict"', "{-#")) or bool(
        _DIRECTIVE.match(line)
    )


def _comment_end(lines: Sequence[str], row: int, limit: int, line: str, markers: CommentMarkers) -> int:
    for opening, closing in markers.block:
        if line.startswith(opening):
            for candidate in range(row, limit):
                text = lines[candidate]
                if closing in (text[text.find(opening) + len(opening) :] if candidate == row else text):
                    return candidate + 1
            return row
    stop = row
    while stop < limit and markers.line and lines[stop].strip().startswith(markers.line):
        stop += 1
    return stop


def clean_comment(text: str) -> str:
    """A comment without its markers, rulers and tool directives, at most MAX_DOCUMENTATION characters."""
    text = text[: MAX_DOCUMENTATION * 3]
    text = _MARKER.sub("", _CLOSING.sub("", _DIRECTIVE.sub("", text)))
    if "<" in text:
        text = _MARKUP.sub("", text)
    return _tidy(_RULE.sub("", text))


def clean_string(text: str) -> str:
    """The text of a docstring literal, dedented."""
    match = _STRING.match(text.strip())
    content = match.group(2) if match else text
    return _tidy("\n".join(line.strip() for line in content[: MAX_DOCUMENTATION * 3].split("\n")))


def _tidy(text: str) -> str:
    return _BLANK_LINES.sub("\n\n", text).strip()[:MAX_DOCUMENTATION].rstrip()
