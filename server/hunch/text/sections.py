"""Documents -> an outline of sections: the headings of Markdown, reStructuredText, AsciiDoc, Org and plain text.

Each format is read by rules for lines, one pass over a file. A heading in a code block, a comment or a table is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hunch.text.outline import Definition, Outline
from hunch.text.source_text import SourceText

__all__ = [
    "Heading",
    "asciidoc_sections",
    "markdown_sections",
    "org_sections",
    "plain_text_sections",
    "restructured_text_sections",
    "sections",
]

_MAX_TITLE: Final = 200
_MAX_LEVELS: Final = 10
_MAX_LINE: Final = 500
"""Characters of a line that are looked at: no heading is longer."""
_MAX_INTRODUCTION: Final = 600
_MAX_FRONT_MATTER: Final = 200


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading where it stands."""

    level: int
    """1 is the outermost"""
    title: str
    row: int
    """0-based, of its first line"""
    last_row: int
    """Of the line under it, if there is one"""


def markdown_sections(file: SourceText) -> Outline:
    """The sections of Markdown and what is made of it (MDX, R Markdown, Quarto)."""
    front = _front_matter(file.lines)
    return sections(file, _markdown_headings(file.lines, front.rows), front)


def restructured_text_sections(file: SourceText) -> Outline:
    """The sections of reStructuredText; levels are in the order in which their underlines first occur."""
    return sections(file, _underlined(file.lines))


def plain_text_sections(file: SourceText) -> Outline:
    """The sections of text without markup: underlined lines, lines in capitals and numbered lines that stand alone."""
    found = list(_underlined(file.lines))
    return sections(file, found or _standing_alone(file.lines))


def asciidoc_sections(file: SourceText) -> Outline:
    """The sections of AsciiDoc."""
    return sections(file, _asciidoc_headings(file.lines))


def org_sections(file: SourceText) -> Outline:
    """The sections of an Org file."""
    return sections(file, _org_headings(file.lines))


# ---- an outline of headings ----


@dataclass(frozen=True, slots=True)
class _FrontMatter:
    rows: int = 0
    title: str = ""
    description: str = ""


def sections(file: SourceText, headings: Iterable[Heading], front: _FrontMatter | None = None) -> Outline:
    """The outline of a document with these headings, in the order of the text."""
    front = front or _FrontMatter()
    outline = Outline(silent=set(range(front.rows)))
    root = (front.title,) if front.title else ()
    stack: list[tuple[int, Definition]] = []
    for heading in headings:
        level = min(heading.level, _MAX_LEVELS)
        while stack and stack[-1][0] >= level:
            _close(file, stack.pop()[1], heading.row - 1)
        parent = stack[-1][1] if stack else None
        # A page whose own title stands in the front matter and again as its first heading is named once.
        scope = parent.scope if parent is not None else () if root == (heading.title,) else root
        section = Definition(
            kind="section",
            name=heading.title,
            scope=(*scope, heading.title),
            start_row=heading.row,
            header_row=heading.last_row,
            end_row=heading.last_row,
            end=file.end_of_row(heading.last_row),
            signature=heading.title,
            documentation="",
            decorators="",
            body_start=file.end_of_row(heading.last_row),
            parent=parent,
            is_open=True,
        )
        outline.definitions.append(section)
        if parent is not None:
            parent.children.append(section)
        stack.append((level, section))
    while stack:
        _close(file, stack.pop()[1], len(file.lines) - 1)
    outline.documentation = front.description or _introduction(file.lines, front.rows, outline.definitions)
    return outline


def _close(file: SourceText, section: Definition, last_row: int) -> None:
    while last_row > section.header_row and not file.lines[last_row].strip():
        last_row -= 1
    section.end_row = max(last_row, section.header_row)
    section.end = file.end_of_row(section.end_row)


def _introduction(lines: Sequence[str], start: int, found: Sequence[Definition]) -> str:
    """The first paragraph of a document that says something: behind its title, or where it begins."""
    row = start
    if found and not any(line.strip() for line in lines[start : found[0].start_row]):
        row = found[0].header_row + 1
    said: list[str] = []
    for line in lines[row : row + 60]:
        text = line.strip()[:_MAX_INTRODUCTION]
        if said and not text:
            break
        # Badges, directives, comments and rulers introduce nothing.
        if text and (said or (text[0].isalnum() or text[0] in "*_`\"'([")) and not text.startswith(("[![", "[!")):
            said.append(text)
    return " ".join(said)[:_MAX_INTRODUCTION]


_LINK: Final = re.compile(r"!?\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])")
_ROLE: Final = re.compile(r":[\w:.+-]+:`([^`<]*)[^`]*`")
_ATTRIBUTES: Final = re.compile(r"\s*\{[#.:%][^{}]*\}\s*$")
_TAG: Final = re.compile(r"<[^<>]*>")
_EMPHASIS: Final = re.compile(r"`+|\*\*+|(?<!\w)[*_]+(?=\w)|(?<=\w)[*_]+(?!\w)|\\(?=[\W_])")


def _plain(title: str) -> str:
    """A heading without its markup, on one line."""
    title = title[:_MAX_LINE]
    title = _ROLE.sub(r"\1", _ATTRIBUTES.sub("", title)) if ":" in title or "{" in title else title
    title = _LINK.sub(r"\1", title) if "[" in title else title
    title = _TAG.sub("", title) if "<" in title else title
    return " ".join(_EMPHASIS.sub("", title).split())[:_MAX_TITLE].strip()


# ---- Markdown ----

_FRONT_TITLE: Final = re.compile(r"(title|description|summary)\s*[:=]\s*(.*)")


def _front_matter(lines: Sequence[str]) -> _FrontMatter:
    mark = lines[0].rstrip() if lines else ""
    if mark not in ("---", "+++"):
        return _FrontMatter()
    said = {"title": "", "description": "", "summary": ""}
    for row, line in enumerate(lines[1:_MAX_FRONT_MATTER], 1):
        if line.rstrip() == mark or (mark == "---" and line.rstrip() == "..."):
            return _FrontMatter(row + 1, said["title"], said["description"] or said["summary"])
        if match := _FRONT_TITLE.match(line[:_MAX_LINE]):
            said[match[1]] = match[2].strip().strip("\"'")[:_MAX_TITLE]
    return _FrontMatter()


_FENCE: Final = re.compile(r"( *)(?:[-*+] +|\d{1,9}[.)] +)?(`{3,}|~{3,})([^\n]*)")
_ATX: Final = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?$")
_CLOSING_HASHES: Final = re.compile(r"(?:^|[ \t])#+[ \t]*$")
_SETEXT: Final = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_HTML_HEADING: Final = re.compile(r" {0,3}<h([1-6])\b[^<>]*>(.*)</h\1>", re.IGNORECASE)
_LIST_ITEM: Final = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|$)")
_NO_PARAGRAPH: Final = re.compile(r" {0,3}(?:>|\||#{1,6}(?:\s|$)|(?:[*_-][ \t]*){3,}$|<[a-zA-Z/!?])")
_RAW_HTML: Final = re.compile(r" {0,3}<(pre|script|style|textarea)\b", re.IGNORECASE)


def _markdown_headings(lines: Sequence[str], start: int) -> Iterator[Heading]:
    closing = ""
    """What ends a fence, a comment or raw HTML that is open"""
    paragraph = -1
    """The first row of the paragraph that goes on, or -1"""
    is_list = False
    for row in range(start, len(lines)):
        line = lines[row]
        if closing:
            text = line.strip()
            if closing[0] not in "`~":
                closing = "" if closing in line.lower() else closing
            elif text.startswith(closing) and not text.strip(closing[0]):
                closing = ""
            continue
        if not line.strip():
            paragraph = -1
            continue
        line = line[:_MAX_LINE].expandtabs(4)
        indent = len(line) - len(line.lstrip())
        fence = _FENCE.match(line)
        if fence and (indent < 4 or is_list) and not (fence[2][0] == "`" and "`" in fence[3]):
            closing, paragraph = fence[2], -1
            continue
        if indent >= 4:
            continue  # indented code, or what belongs to a list item or a paragraph
        if _LIST_ITEM.match(line):
            is_list, paragraph = True, -1
            underline = _SETEXT.match(line)
            if not underline:
                continue
        if line.lstrip().startswith("<!--"):
            closing, paragraph = "" if "-->" in lines[row] else "-->", -1
            continue
        if raw := _RAW_HTML.match(line):
            end = f"</{raw[1].lower()}>"
            closing, paragraph = "" if end in lines[row].lower() else end, -1
            continue
        if atx := _ATX.match(line):
            paragraph, is_list = -1, False
            title = _plain(_CLOSING_HASHES.sub("", atx[2] or ""))
            if title:
                yield Heading(len(atx[1]), title, row, row)
            continue
        if html := _HTML_HEADING.match(line):
            paragraph = -1
            title = _plain(html[2])
            if title:
                yield Heading(int(html[1]), title, row, row)
            continue
        underline = _SETEXT.match(line)
        if underline and paragraph >= 0:
            title = _plain(" ".join(text.strip()[:_MAX_LINE] for text in lines[paragraph : min(row, paragraph + 5)]))
            if title:
                yield Heading(1 if underline[1][0] == "=" else 2, title, paragraph, row)
            paragraph, is_list = -1, False
            continue
        if _NO_PARAGRAPH.match(line):
            paragraph = -1
        elif paragraph < 0 and not (indent and is_list):
            paragraph = row
        if not indent:
            is_list = is_list and paragraph != row


# ---- reStructuredText and plain text ----

_RULER: Final = re.compile(r"([!-/:-@\[-`{-~])\1{2,}\s*$")
_MIN_UNDERLINE: Final = 4


def _underlined(lines: Sequence[str]) -> Iterator[Heading]:
    """Headings by the signs under them, or over and under them."""
    levels: dict[tuple[str, bool], int] = {}
    row = 1
    while row < len(lines):
        under = _RULER.match(lines[row][: _MAX_LINE + 1])
        title = lines[row - 1]
        if under is None or not title.strip() or _RULER.match(title[: _MAX_LINE + 1]):
            row += 1
            continue
        length = len(lines[row].rstrip())
        above = lines[row - 2] if row >= 2 else ""
        over = _RULER.match(above[: _MAX_LINE + 1])
        is_over = over is not None and over[1] == under[1] and len(above.rstrip()) == length
        width = _width(title.strip())
        is_long_enough = length >= min(width, _MIN_UNDERLINE) and length >= width * 2 // 3
        if not is_long_enough or not (is_over or (not above.strip() and not title[0].isspace())):
            row += 1
            continue
        name = _plain(title.strip())
        if not any(map(str.isalnum, name)):
            row += 1
            continue
        level = levels.setdefault((under[1], is_over), len(levels) + 1)
        yield Heading(level, name, row - 2 if is_over else row - 1, row)
        row += 2


def _width(title: str) -> int:
    """Columns of a title; those of East Asian scripts take two."""
    return sum(2 if "\u1100" <= sign <= "\uffdc" else 1 for sign in title[:_MAX_LINE])


_NUMBERED: Final = re.compile(r"(\d{1,3}(?:\.\d{1,3}){0,5})[.)]?\s+[^\W\d]")


def _standing_alone(lines: Sequence[str]) -> Iterator[Heading]:
    """Lines between blank ones that are in capitals, or numbered and short."""
    for row, line in enumerate(lines):
        text = line.rstrip()
        if not 3 <= len(text) <= 80 or text[0].isspace() or (row and lines[row - 1].strip()):
            continue
        if row + 1 < len(lines) and lines[row + 1].strip() and not lines[row + 1][0].isspace():
            continue
        numbered = _NUMBERED.match(text)
        if numbered and text[-1] not in ".,;":
            yield Heading(numbered[1].count(".") + 1, text, row, row)
        elif text.isupper() and sum(map(str.isalpha, text)) >= 3:
            yield Heading(1, text.rstrip(":"), row, row)


# ---- AsciiDoc ----

_ASCIIDOC: Final = re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*)$")
_DELIMITER: Final = re.compile(
    r"(-{4,}|\.{4,}|={4,}|\*{4,}|\+{4,}|_{4,}|~{4,}|\^{4,}|/{4,}|--|`{3,}|[|,:!]={3,})\s*$|(`{3,})\w"
)
_VERBATIM: Final = ("-", ".", "+", "/", "`", "|", ",", ":", "!")
_TWO_LINES: Final = {"=": 1, "-": 2, "~": 3, "^": 4, "+": 5}


def _asciidoc_headings(lines: Sequence[str]) -> Iterator[Heading]:
    closing = ""
    for row, line in enumerate(lines):
        text = line[:_MAX_LINE].rstrip()
        if closing:
            closing = "" if text == closing else closing
            continue
        delimiter = _DELIMITER.match(text)
        if delimiter:
            if _is_underline(lines, row):
                yield Heading(_TWO_LINES[text[0]], _plain(lines[row - 1].strip()), row - 1, row)
            elif text.startswith(_VERBATIM) and text != "--":
                closing = delimiter[1] or delimiter[2]
            continue
        heading = _ASCIIDOC.match(text)
        if heading and (title := _plain(heading[2].rstrip("=# "))):
            yield Heading(len(heading[1]), title, row, row)


def _is_underline(lines: Sequence[str], row: int) -> bool:
    """Whether the line over a ruler is a title of its length, standing alone."""
    ruler = lines[row].rstrip()
    if not row or ruler[0] not in _TWO_LINES or len(ruler) > _MAX_LINE:
        return False
    title = lines[row - 1].rstrip()
    is_alone = row < 2 or not lines[row - 2].strip() or lines[row - 2].startswith(("[", "//"))
    return is_alone and title[:1].isalnum() and abs(len(title) - len(ruler)) <= 1


# ---- Org ----

_STARS: Final = re.compile(r"(\*+)[ \t]+(\S.*)$")
_ORG_WORDS: Final = re.compile(r"(?:(?:TODO|DONE|NEXT|WAITING|CANCELLED)\s+)?(?:\[#[A-Z]\]\s+)?")
_ORG_TAGS: Final = re.compile(r"\s+:[\w@#%:]+:$")
_ORG_LINK: Final = re.compile(r"\[\[[^\[\]]*\](?:\[([^\[\]]*)\])?\]")


def _org_headings(lines: Sequence[str]) -> Iterator[Heading]:
    closing = ""
    for row, line in enumerate(lines):
        text = line[:_MAX_LINE].rstrip()
        lowered = text.strip().lower()
        if closing:
            closing = "" if lowered == closing else closing
            continue
        if lowered.startswith("#+begin_"):
            closing = "#+end_" + lowered.removeprefix("#+begin_").partition(" ")[0]
            continue
        if stars := _STARS.match(text):
            title = _ORG_LINK.sub(r"\1", _ORG_TAGS.sub("", stars[2]))
            if title := _plain(_ORG_WORDS.sub("", title, count=1)):
                yield Heading(len(stars[1]), title, row, row)
