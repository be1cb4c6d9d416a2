"""Source text -> chunks: definitions, the code between them, and one for each file as a whole."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from hunch.text.cells import chunks_of_cells
from hunch.text.documentation import comment_above, header_comment
from hunch.text.file_name import called
from hunch.text.languages import LANGUAGES
from hunch.text.outline import MAX_CHARS, MAX_LINES, MAX_SIGNATURE, Definition, Member, Outline, outline_of
from hunch.text.source_text import SourceText

__all__ = ["KINDS", "MAX_CHARS", "MAX_LINES", "Chunk", "chunk_by_grammar", "chunk_lines", "chunk_source"]

KINDS: Final = (
    "function",
    "method",
    "class",
    "interface",
    "struct",
    "enum",
    "trait",
    "module",
    "type",
    "macro",
    "query",
    "block",
    "file",
    "constant",
    "field",
    "section",
    "entry",
)
_PIECE_LINES: Final = 100
_PIECE_OVERLAP: Final = 10
_BLOCK_LINES: Final = (5, 60)
_MOST_LINES_READ: Final = 100_000
"""Of a file that no grammar reads; a line takes a microsecond or two."""
_MAX_FILE_CHUNK: Final = 3_000
_MIN_BLOCK_CHARS: Final = 16
_MOST_MEMBERS: Final = 200
"""Of one chunk; a longer list is a table."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a file that can be found: what it is called, what is said about it, and its text."""

    path: str
    language: str
    kind: str
    name: str
    qualified_name: str
    signature: str
    documentation: str
    body: str
    start_line: int
    end_line: int
    piece: int = 0
    members: tuple[Member, ...] = ()
    """Names inside it that are found at their own lines."""


def chunk_source(path: str, language: str, source: bytes) -> list[Chunk]:
    """The chunks of one file, ordered by their first line, the file-level chunk first. Never raises."""
    chunks = chunk_by_grammar(path, language, source)
    return chunk_lines(path, language, source) if chunks is None else chunks


def chunk_by_grammar(path: str, language: str, source: bytes) -> list[Chunk] | None:
    """The chunks of one file, None when its grammar takes more than it is worth; see outline_of for the limits."""
    file = SourceText(path, language, source)
    if not file.source.strip():
        return []
    if (cells := _cell_chunks(file, chunk_by_grammar)) is not None:
        return cells
    outline = outline_of(file)
    return None if outline.gave_up else _chunks(file, outline)


def chunk_lines(path: str, language: str, source: bytes) -> list[Chunk]:
    """The chunks of a file that no grammar reads, cut at blank lines, in time proportional to its size."""
    file = SourceText(path, language, source)
    if not file.source.strip():
        return []
    if (cells := _cell_chunks(file, chunk_lines)) is not None:
        return cells
    if len(file.lines) > _MOST_LINES_READ:
        return [_file_chunk(file, Outline()), *_windows(file)]
    return _chunks(file, Outline())


def _chunks(file: SourceText, outline: Outline) -> list[Chunk]:
    chunks = [*_definition_chunks(file, outline), *_block_chunks(file, outline)]
    chunks.sort(key=lambda chunk: (chunk.start_line, -chunk.end_line, chunk.piece))
    chunks.insert(0, _file_chunk(file, outline))
    return _with_members(chunks, outline.members) if outline.members else chunks


def _with_members(chunks: list[Chunk], members: Sequence[Member]) -> list[Chunk]:
    """Give each chunk the members at whose lines it is the innermost one, each name once; the file has the rest."""
    held: dict[int, dict[tuple[str, str], Member]] = {}
    around, following = [0], 1
    for member in members:
        line = member.row + 1
        while following < len(chunks) and chunks[following].start_line <= line:
            around.append(following)
            following += 1
        while len(around) > 1 and chunks[around[-1]].end_line < line:
            around.pop()
        of_chunk = held.setdefault(around[-1], {})
        if len(of_chunk) < _MOST_MEMBERS:
            of_chunk.setdefault((member.name, member.qualified_name), member)
    for number, of_chunk in held.items():
        chunks[number] = replace(chunks[number], members=tuple(of_chunk.values()))
    return chunks


def _cell_chunks(file: SourceText, read: Callable[[str, str, bytes], list[Chunk] | None]) -> list[Chunk] | None:
    """The chunks of a file that is made of cells; None for every other one."""
    language = LANGUAGES.get(file.language)
    if language is None or language.cells is None:
        return None
    found, introduction, body = chunks_of_cells(file.path, language.cells(file), read, chunk_lines)
    return [replace(_file_chunk(file, Outline()), documentation=introduction, body=body), *found]


def _windows(file: SourceText) -> Iterator[Chunk]:
    """A file of very many, very short lines, which nobody reads line by line, in pieces of one size."""
    row = 0
    while row < len(file.lines):
        end = max(row + 1, bisect_right(file.line_starts, file.line_starts[row] + MAX_CHARS) - 1)
        text = file.text(file.line_starts[row], file.end_of_row(end - 1)).strip("\n")
        if text.strip():
            yield _block(file, text.rstrip()[:MAX_CHARS], row, end - 1, 0)
        row = end


def _definition_chunks(file: SourceText, outline: Outline) -> Iterator[Chunk]:
    bare: list[Definition] = []
    for definition in outline.definitions:
        if not definition.is_transparent:
            yield from _chunks_of(file, definition, outline.silent, bare)
    if bare:
        names = [Member(one.kind, one.name, ".".join(one.scope), one.header_row) for one in bare if one.name]
        outline.members = sorted([*outline.members, *names], key=lambda member: member.row)


def _may_be_bare(file: SourceText, definition: Definition) -> bool:
    """Whether a definition of no lines of its own is a name alone: a module, or a class that is opened again."""
    if definition.documentation:
        return False
    if definition.kind != "class" or definition.decorators or not definition.children or "<" in definition.signature:
        return definition.kind == "module"
    language = LANGUAGES.get(file.language)
    return language is not None and language.grammar is not None and language.grammar.reopens_classes


def _chunks_of(file: SourceText, definition: Definition, silent: set[int], bare: list[Definition]) -> Iterator[Chunk]:
    """The chunks of one definition; one that is no more than a name is added to ``bare`` instead."""
    head = f"{definition.decorators}\n" if definition.decorators else ""
    if not definition.is_open:
        # The common case: all that follows the signature, in one cut.
        body = head + file.text(definition.body_start, file.end_of_row(definition.end_row)).strip("\n")
        yield _chunk(file, definition, body.rstrip(), definition.start_row, definition.end_row, 0)
        return
    rows = list(_own_rows(file, definition))
    # The closing line says nothing by itself; a head that ends where the first method begins should not reach it.
    if definition.children:
        while rows and (not rows[-1][1].strip() or _CLOSING.fullmatch(rows[-1][1]) or rows[-1][0] in silent):
            rows.pop()
    if _may_be_bare(file, definition) and all(_is_trivial(text) or row in silent for row, text in rows):
        bare.append(definition)
        return
    size = sum(len(text) + 1 for _, text in rows) + len(head)
    end_row = max(rows[-1][0] if rows else 0, definition.header_row, file.row(definition.body_start - 1))
    if len(rows) <= MAX_LINES and size <= MAX_CHARS:
        body = head + "\n".join(text for _, text in rows).strip("\n")
        yield _chunk(file, definition, body.rstrip(), definition.start_row, end_row, 0)
        return
    first_row = definition.header_row - definition.decorators.count("\n") - 1
    decorators = [
        (max(first_row + i, definition.start_row), text) for i, text in enumerate(definition.decorators.split("\n"))
    ]
    pieces = list(_pieces([*decorators, *rows] if definition.decorators else rows))
    for number, (first, last, text) in enumerate(pieces, 1):
        start = definition.start_row if number == 1 else first
        yield _chunk(file, definition, text, start, last, number)


def _chunk(file: SourceText, definition: Definition, body: str, start_row: int, end_row: int, piece: int) -> Chunk:
    return Chunk(
        path=file.path,
        language=file.language,
        kind=definition.kind,
        name=definition.name,
        qualified_name=_qualified(definition) if definition.name else "",
        signature=definition.signature,
        documentation=definition.documentation,
        body=body,
        start_line=start_row + 1,
        end_line=max(end_row, start_row) + 1,
        piece=piece,
    )


def _qualified(definition: Definition) -> str:
    return (" > " if definition.kind == "section" else ".").join(definition.scope)


def _own_rows(file: SourceText, definition: Definition) -> Iterator[tuple[int, str]]:
    """The rows of a definition behind its signature, without those of the definitions in it."""
    row = file.row(min(definition.body_start, len(file.source) - 1))
    first = file.rest_of_row(definition.body_start)
    taken = _taken_rows(definition)
    if definition.body_start <= definition.end and not any(start <= row <= end for start, end in taken[:1]):
        yield row, first
    row += 1
    for start, end in [*taken, (definition.end_row + 1, definition.end_row + 1)]:
        for own in range(row, min(start, len(file.lines))):
            yield own, file.lines[own]
        row = max(row, end + 1)


def _taken_rows(definition: Definition) -> list[tuple[int, int]]:
    """The rows that the definitions inside have for themselves, looking through transparent ones."""
    taken: list[tuple[int, int]] = []
    queue = list(reversed(definition.children))
    while queue:
        child = queue.pop()
        if child.is_transparent:
            queue.extend(reversed(child.children))
        else:
            taken.append((child.start_row, child.end_row))
    return taken


def _pieces(rows: Sequence[tuple[int, str]]) -> Iterator[tuple[int, int, str]]:
    """Overlapping windows over rows: first row, last row, text. Cut at a blank line where one is near."""
    start = 0
    while start < len(rows):
        row, text = rows[start]
        if len(text) > MAX_CHARS:
            for offset in range(0, len(text), MAX_CHARS):
                yield row, row, text[offset : offset + MAX_CHARS]
            start += 1
            continue
        stop, size = start, 0
        while stop < len(rows) and stop - start < _PIECE_LINES and size + len(rows[stop][1]) < MAX_CHARS:
            size += len(rows[stop][1]) + 1
            stop += 1
        stop = max(stop, start + 1)
        if stop < len(rows):
            for candidate in range(stop - 1, max(start + (stop - start) * 3 // 4, start), -1):
                if not rows[candidate][1].strip():
                    stop = candidate + 1
                    break
        yield row, rows[stop - 1][0], "\n".join(text for _, text in rows[start:stop]).strip("\n")
        if stop == len(rows):
            return
        overlap = min(_PIECE_OVERLAP, (stop - start) // 4)
        start = stop - overlap if len(rows[stop][1]) <= MAX_CHARS else stop


def _block_chunks(file: SourceText, outline: Outline) -> Iterator[Chunk]:
    """The code between the outermost definitions."""
    code = _CodeRows(file, outline)
    row = 0
    tops = [
        (definition.start_row, definition.end_row)
        for definition in outline.definitions
        if not definition.is_transparent and _is_outermost(definition)
    ]
    for start, end in [*tops, (len(file.lines), len(file.lines))]:
        if start > row:
            yield from _blocks(file, code, row, start)
        row = max(row, end + 1)


def _is_outermost(definition: Definition) -> bool:
    parent = definition.parent
    while parent is not None:
        if not parent.is_transparent:
            return False
        parent = parent.parent
    return True


_TRIVIAL: Final = re.compile(
    r"\s*[)\]};,][\s)\]};,]*(?://|#|--).*"
    r"|[\W_]*(?:do|end|fi|done|esac|else|begin|then|pass|return|break)?[\W_]*"
    r"|\s*#\s*(?:endif|else|if|ifdef|ifndef|elif|undef|pragma|define\s+\w+$|include)\b.*"
    r"|\s*(?:private|public|protected|internal|signals|(?:public|private)\s+slots)\s*:?\s*"
    r"|\s*['\"]use (?:strict|client|server)['\"];?\s*"
    r"|\s*(?:type|var|const|import)\s*\(\s*"
    r"|\s*(?:package|library|namespace|use strict|use warnings)\b[\w\s.:\\]*;?\s*"
    r"|\s*\(?'?use [\w:]+;?\s*"
    r"|\s*extern\s+\"C\"\s*\{?\s*"
    r"|\s*module\.exports\s*=\s*[\w.]+;?\s*"
    r"|\s*export\s*(?:default\s+\w+|\{[^}]*\});?\s*"
    r"|\s*return\s+[A-Z]?\w*;?\s*"
)


_CLOSING: Final = re.compile(r"[\s)\]};,]+|\s*end\b[\W_]*")


def _is_trivial(text: str) -> bool:
    return len(text) < 200 and _TRIVIAL.fullmatch(text) is not None


class _CodeRows:
    """Which rows outside definitions say something: no imports, comments, closing brackets or headers of scopes."""

    __slots__ = ("block_comments", "block_openers", "file", "known", "line_comments", "silent")

    def __init__(self, file: SourceText, outline: Outline) -> None:
        self.file = file
        self.silent = outline.silent
        markers = LANGUAGES.get(file.language)
        self.line_comments = markers.line_comments if markers else ("#", "//")
        self.block_comments = markers.block_comments if markers else ()
        self.block_openers = tuple(opening for opening, _ in self.block_comments)
        self.known: dict[str, bool] = {}

    def between(self, start: int, stop: int) -> list[int]:
        closing = ""
        rows = []
        for row in range(start, stop):
            text = self.file.lines[row].strip()
            if closing:
                if closing in text:
                    closing = ""
                continue
            if not text or row in self.silent or (self.line_comments and text.startswith(self.line_comments)):
                continue
            if text.startswith(self.block_openers):
                opened = next(pair for pair in self.block_comments if text.startswith(pair[0]))
                if opened[1] not in text[len(opened[0]) :]:
                    closing = opened[1]
                continue
            if not self._says_nothing(text):
                rows.append(row)
        return rows

    def _says_nothing(self, text: str) -> bool:
        known = self.known.get(text)
        if known is None:
            known = self.known[text] = _is_trivial(text)
        return known


def _blocks(file: SourceText, code: _CodeRows, start: int, stop: int) -> Iterator[Chunk]:
    rows = code.between(start, stop)
    if not rows:
        return
    start, stop_all = comment_above(file.lines, rows[0], start, file.language), stop
    for first, last in _cut_at_blank_lines(file, start, rows[-1] + 1):
        while last < stop_all and file.lines[last].strip() and _CLOSING.fullmatch(file.lines[last]):
            last += 1
        said = rows[bisect_left(rows, first) : bisect_left(rows, last)]
        if sum(len(file.lines[row].strip()) for row in said) < _MIN_BLOCK_CHARS:
            continue
        numbered = [(row, file.lines[row]) for row in range(first, last)]
        pieces = list(_pieces(numbered)) if sum(len(text) + 1 for _, text in numbered) > MAX_CHARS else []
        if not pieces:
            pieces = [(first, last - 1, "\n".join(text for _, text in numbered).strip("\n"))]
        for number, (first_row, last_row, text) in enumerate(pieces):
            yield _block(file, text.rstrip(), first_row, last_row, number + 1 if len(pieces) > 1 else 0)


def _block(file: SourceText, body: str, first_row: int, last_row: int, piece: int) -> Chunk:
    return Chunk(
        path=file.path,
        language=file.language,
        kind="block",
        name="",
        qualified_name="",
        signature="",
        documentation="",
        body=body,
        start_line=first_row + 1,
        end_line=last_row + 1,
        piece=piece,
    )


def _cut_at_blank_lines(file: SourceText, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Runs of rows of a readable size that begin, where possible, with an unindented line after a blank one."""
    least, most = _BLOCK_LINES
    first = start
    cut = start
    row = start
    while row < stop:
        line = file.lines[row]
        after_blank = row > first and not file.lines[row - 1].strip()
        if line.strip() and after_blank:
            if row - first >= least and not line[0].isspace():
                yield first, row
                first = cut = row
            else:
                cut = row
        if row - first >= most:
            end = cut if cut - first >= least else row
            yield first, end
            first = cut = end
        row += 1
    if first < stop:
        yield first, stop


def _file_chunk(file: SourceText, outline: Outline) -> Chunk:
    """The file as a whole: what it says about itself, what it imports and what it defines."""
    documentation, _ = header_comment(file.lines, file.language)
    tops = [definition for definition in outline.definitions if not definition.is_transparent]
    if tops and tops[0].documentation and documentation.startswith(tops[0].documentation[:200]):
        documentation = ""
    documentation = outline.documentation or documentation
    lines = [file.lines[row].strip() for first, last in outline.import_rows for row in range(first, last + 1)]
    names = dict.fromkeys(_qualified(definition) for definition in tops if definition.name)
    body = ""
    for line in [*(line for line in lines if line), *names]:
        if len(body) + len(line) + 1 > _MAX_FILE_CHUNK:
            break
        body += line + "\n"
    name = called(file.path)
    return Chunk(
        path=file.path,
        language=file.language,
        kind="file",
        name=name,
        qualified_name=name,
        signature=file.path[:MAX_SIGNATURE],
        documentation=documentation,
        body=body.rstrip(),
        start_line=1,
        end_line=len(file.lines),
    )
