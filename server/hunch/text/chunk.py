"""Source text -> chunks: definitions, the code between them, and one card per file."""

from __future__ import annotations

import heapq
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from tree_sitter import Node, QueryCursor

from hunch.text.documentation import (
    clean_comment,
    clean_string,
    comment_above,
    header_comment,
    is_licence,
)
from hunch.text.grammars import LoadedGrammar, kind_of, load_grammar, name_of
from hunch.text.languages import LANGUAGES

__all__ = ["KINDS", "MAX_CHARS", "MAX_LINES", "Chunk", "chunk_source"]

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
)

MAX_LINES: Final = 150
MAX_CHARS: Final = 6_000
"""A definition longer than either is opened up when it holds other definitions, and cut into pieces otherwise."""

_PIECE_LINES: Final = 100
_PIECE_OVERLAP: Final = 10
_BLOCK_LINES: Final = (5, 60)
_CLOSURE_LINES: Final = 40
_MEMBER_LINES: Final = 3
_MAX_SIGNATURE: Final = 300
_MAX_CARD: Final = 3_000
_MAX_PARSED_BYTES: Final = 4_000_000
_LONG_LINE: Final = 5_000
_MIN_BLOCK_CHARS: Final = 16


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


def chunk_source(path: str, language: str, source: bytes) -> list[Chunk]:
    """The chunks of one file, ordered by their first line, the file's card first. Never raises."""
    source = _normalise(source)
    if not source.strip():
        return []
    file = _File(path, language, source)
    grammar = load_grammar(language) if _is_worth_parsing(source) else None
    outline = _outline(file, grammar) if grammar is not None else _Outline()
    chunks = [*_definition_chunks(file, outline), *_block_chunks(file, outline)]
    chunks.sort(key=lambda chunk: (chunk.start_line, -chunk.end_line, chunk.piece))
    return [_card(file, outline), *chunks]


def _normalise(source: bytes) -> bytes:
    """UTF-8 without BOM, with one kind of line break, so that rows are the lines of an editor."""
    if source.startswith((b"\xff\xfe", b"\xfe\xff")):
        source = source.decode("utf-16", "replace").encode("utf-8", "replace")
    source = source.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in source:
        source = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not source.endswith(b"\n"):
        source += b"\n"
    # Scanners of several grammars take NUL for the end of the file.
    return source.replace(b"\0", b" ") if b"\0" in source else source


def _is_worth_parsing(source: bytes) -> bool:
    """Whether people wrote these lines: grammars are slow on data and on minified code, and find nothing useful."""
    if len(source) > _MAX_PARSED_BYTES:
        return False
    lengths = list(map(len, source.split(b"\n"))) if len(source) > _LONG_LINE else [0]
    if max(lengths) <= _LONG_LINE:
        return True
    return sum(length for length in lengths if length > _LONG_LINE) * 2 <= len(source)


class _File:
    """One normalised file: its bytes for the parser, its decoded lines for the chunks."""

    __slots__ = ("language", "line_starts", "lines", "path", "source")

    def __init__(self, path: str, language: str, source: bytes) -> None:
        self.path = path
        self.language = language
        self.source = source
        self.lines = source.decode("utf-8", "replace").split("\n")
        self.lines.pop()  # what is behind the last line break
        self.line_starts = [0, *accumulate(map(len, source.splitlines(keepends=True)))]

    def row(self, offset: int) -> int:
        return min(bisect_right(self.line_starts, offset), len(self.lines)) - 1

    def text(self, start: int, end: int) -> str:
        return self.source[start:end].decode("utf-8", "replace")

    def end_of_row(self, row: int) -> int:
        return self.line_starts[row + 1] - 1

    def rest_of_row(self, offset: int) -> str:
        return self.text(offset, max(offset, self.end_of_row(self.row(offset))))


# The outline: which nodes define things, and what holds what.


@dataclass(slots=True, eq=False)
class _Definition:
    kind: str
    name: str
    scope: tuple[str, ...]
    """Names from the outermost qualifier down to, and including, this definition's own."""
    start_row: int
    """With the documentation and the attributes above it."""
    header_row: int
    """Where the signature ends."""
    end_row: int
    end: int
    signature: str
    documentation: str
    lead: str
    """Attributes above the signature, as written."""
    body_start: int
    parent: _Definition | None
    is_open: bool
    """Whether definitions inside it are chunks of their own."""
    children: list[_Definition] = field(default_factory=list)

    @property
    def is_transparent(self) -> bool:
        return self.kind in _TRANSPARENT


@dataclass(slots=True)
class _Outline:
    definitions: list[_Definition] = field(default_factory=list)
    """In the order of the source; transparent ones too."""
    import_rows: list[tuple[int, int]] = field(default_factory=list)
    silent: set[int] = field(default_factory=set)
    """Rows that no block is made of: imports, module documentation, headers of namespaces."""
    documentation: str = ""
    """What the file says about itself in a docstring."""


_TRANSPARENT: Final = frozenset({"scope", "namespace", "object", "closure"})
_OPEN: Final = frozenset({"class", "interface", "struct", "enum", "trait", "module", "scope", "namespace", "object"})
_DOTTED_METHODS: Final = frozenset({"go", "cpp", "javascript", "typescript", "tsx"})
_METHOD_OWNERS: Final = frozenset({"class", "interface", "struct", "enum", "trait", "scope", "object"})
_Event = tuple[int, int, str, int, Node]


def _outline(file: _File, grammar: LoadedGrammar) -> _Outline:
    """One sweep over the captured nodes in source order, with the definitions that are still open on a stack."""
    outline = _Outline()
    try:
        root = grammar.parser.parse(file.source).root_node
    except (ValueError, RuntimeError):
        return outline
    events: list[_Event] = []
    _push_captures(events, grammar, root)
    stack: list[_Definition] = []
    leads: list[Node] = []
    occupied = -1
    previous: _Event | None = None
    hidden_until = 0
    while events:
        event = heapq.heappop(events)
        if previous is not None and event[:3] == previous[:3]:
            continue
        previous = event
        start, negative_end, capture, _, node = event
        while stack and stack[-1].end <= start:
            occupied = max(occupied, stack.pop().end_row)
        if start < hidden_until:
            continue
        if capture == "import":
            rows = node.start_point[0], _end_row(file, node)
            outline.import_rows.append(rows)
            outline.silent.update(range(rows[0], rows[1] + 1))
            continue
        if capture == "lead":
            leads.append(node)
            continue
        if capture == "docstring":
            outline.silent.update(range(node.start_point[0], _end_row(file, node) + 1))
            text = _docstring_text(file, node)
            if stack:
                stack[-1].documentation = text
            else:
                outline.documentation = outline.documentation or text
            continue
        kind, _, condition = capture.partition(".")
        parent = stack[-1] if stack else None
        start_row, end_row = node.start_point[0], _end_row(file, node)
        lines = end_row - start_row + 1
        if _stays_inside(parent, kind, condition, start_row, end_row, lines, occupied):
            if kind == "closure" or (parent is not None and start_row > parent.header_row and kind not in _OPEN):
                hidden_until = max(hidden_until, -negative_end)
            continue
        is_long = lines > MAX_LINES or -negative_end - start > MAX_CHARS
        definition = _define(file, node, kind, leads, parent, occupied, end_row)
        leads = []
        is_long = is_long or len(definition.lead) > MAX_CHARS // 2
        definition.is_open = (kind in _OPEN and lines > 1) or is_long or kind == "closure"
        if condition == "documented" and not definition.documentation:
            hidden_until = max(hidden_until, -negative_end)
            continue
        siblings = parent.children if parent is not None else outline.definitions
        if grammar.merges_clauses and siblings and _is_next_clause(file, siblings[-1], definition):
            siblings[-1].end_row, siblings[-1].end = definition.end_row, definition.end
            occupied = definition.end_row
            hidden_until = -negative_end
            continue
        if kind in {"scope", "namespace"}:
            outline.silent.update(range(definition.start_row, definition.header_row + 1))
        outline.definitions.append(definition)
        if parent is not None:
            parent.children.append(definition)
        if not definition.is_open:
            occupied = max(occupied, end_row)
            hidden_until = -negative_end
            continue
        occupied = max(occupied, definition.header_row)
        if len(stack) > 1 or kind == "closure" or (is_long and kind not in _OPEN):
            _push_captures(events, grammar, node)
        stack.append(definition)
    return outline


def _push_captures(events: list[_Event], grammar: LoadedGrammar, node: Node) -> None:
    """Queue what the query captures in the upper levels under a node; the levels below rarely define anything."""
    cursor = QueryCursor(grammar.query)
    cursor.set_max_start_depth(grammar.depth)
    count = len(events)
    for capture, nodes in cursor.captures(node).items():
        if capture[0] == "_":
            continue
        for found in nodes:
            if found.id != node.id:
                count += 1
                heapq.heappush(events, (found.start_byte, -found.end_byte, capture, count, found))


def _end_row(file: _File, node: Node) -> int:
    """The last row with text of the node: some grammars let nodes run on over the line break."""
    row, column = node.end_point
    if column and file.source[node.end_byte - 1] not in b" \t\n":
        return row
    end = len(file.source[node.start_byte : node.end_byte].rstrip()) + node.start_byte
    return file.row(max(end - 1, node.start_byte))


def _stays_inside(
    parent: _Definition | None, kind: str, condition: str, start_row: int, end_row: int, lines: int, occupied: int
) -> bool:
    """Whether a captured node is left as a part of what surrounds it."""
    if end_row <= occupied:
        return True
    if kind == "closure":
        return lines < _CLOSURE_LINES
    if condition == "long" and lines < _MEMBER_LINES:
        return True
    if parent is None or parent.is_transparent:
        return False
    if start_row <= parent.header_row and (lines == 1 or kind == parent.kind):
        return True
    # Inside a function that was opened because it is long, one-line lambdas are not worth a chunk.
    return parent.kind in {"function", "method"} and lines <= _MEMBER_LINES


def _is_next_clause(file: _File, last: _Definition, following: _Definition) -> bool:
    """Whether a definition goes on with the one before it: a further equation, overload or pattern."""
    if last.name != following.name or following.kind not in {last.kind, "function"} or following.documentation:
        return False
    return not any(file.lines[row].strip() for row in range(last.end_row + 1, following.start_row))


def _define(
    file: _File,
    node: Node,
    capture: str,
    leads: list[Node],
    parent: _Definition | None,
    occupied: int,
    end_row: int,
) -> _Definition:
    start_row = node.start_point[0]
    declared, name = ("", "") if capture == "closure" else name_of(file.language, node)
    kind = kind_of(file.language, node, capture)
    owner = parent
    while owner is not None and owner.kind == "closure":
        owner = owner.parent
    if kind in {"function", "method"}:
        in_class = owner is not None and (
            (owner.kind in _METHOD_OWNERS and file.language != "elixir") or (owner.kind == "module" and file.language == "ruby")
        )
        kind = "method" if in_class or (declared and file.language in _DOTTED_METHODS) else "function"
    scope = owner.scope if owner is not None else ()
    if declared:
        scope = (*scope, declared)
    if name:
        scope = (*scope, name)

    start = node.start_byte
    lead_row, lead_start, documentation = _attach_leads(file, leads, start_row, start, occupied)
    line_start = file.line_starts[start_row]
    previous_end = leads[-1].end_byte if leads and leads[-1].end_byte > line_start else line_start
    prefix = file.source[previous_end:start].strip()
    if prefix and _WORDS.fullmatch(prefix):
        start = file.source.index(prefix, previous_end)
    signature_start = _after_own_leads(file, node, start) if file.language in _ATTRIBUTES_INSIDE else start
    signature_end = _signature_end(file, node, signature_start)
    body_start = signature_end
    lead = file.text(lead_start, signature_start) if lead_start < signature_start else ""
    comment_row = comment_above(file.lines, lead_row, occupied + 1, file.language)
    if comment_row < lead_row:
        comment = "\n".join(file.lines[comment_row:lead_row])
        if comment_row == 0 and is_licence(comment):
            comment_row = lead_row
        elif not documentation:
            documentation = clean_comment(comment)
    if file.language == "python":
        docstring = _docstring(node)
        if docstring is not None:
            documentation = clean_string(file.text(docstring.start_byte, docstring.end_byte))
            lead += file.text(signature_end, docstring.start_byte).strip()
            body_start = docstring.end_byte
    return _Definition(
        kind=kind,
        name=name,
        scope=scope,
        start_row=comment_row,
        header_row=file.row(max(signature_end - 1, start)),
        end_row=end_row,
        end=node.end_byte,
        signature=_one_line(file.text(signature_start, signature_end)),
        documentation=documentation,
        lead=lead.strip(),
        body_start=body_start,
        parent=parent,
        is_open=False,
    )


def _attach_leads(
    file: _File, leads: list[Node], row: int, start: int, occupied: int
) -> tuple[int, int, str]:
    """Take the attributes that stand right above: the first row, the first byte, and documentation among them."""
    documentation = ""
    for lead in reversed(leads):
        lead_row, lead_end = lead.start_point[0], _end_row(file, lead)
        if lead_row <= occupied or lead.start_byte > start:
            break
        if lead_end < row - 1:
            above = comment_above(file.lines, row, lead_end + 1, file.language)
            if any(file.lines[between].strip() for between in range(lead_end + 1, above)):
                break
        row, start = min(row, lead_row), min(start, lead.start_byte)
        if file.language == "elixir":
            documentation = _docstring_text(file, lead) or documentation
    return row, start, documentation


_ELIXIR_DOC: Final = re.compile(r"@(?:module|type)?doc\s+(?:~[sS])?(\"\"\".*|\".*)", re.DOTALL)


def _docstring_text(file: _File, node: Node) -> str:
    text = file.text(node.start_byte, node.end_byte)
    if file.language != "elixir":
        return clean_string(text)
    match = _ELIXIR_DOC.match(text)
    return clean_string(match.group(1)) if match else ""


_WORDS: Final = re.compile(rb"[\w\s]+")
_ATTRIBUTES_INSIDE: Final = frozenset({"java", "csharp", "php", "kotlin", "swift", "scala"})
_OWN_LEADS: Final = frozenset({"annotation", "marker_annotation", "attribute_list", "attribute", "decorator"})


def _after_own_leads(file: _File, node: Node, start: int) -> int:
    """The byte where the signature begins, behind the attributes that the grammar puts inside the declaration."""
    current = start
    for child in node.children[:4]:
        holder = child.children if child.type == "modifiers" else [child]
        for part in holder:
            if part.type not in _OWN_LEADS:
                return current
            rest = file.source[part.end_byte : node.end_byte]
            current = part.end_byte + len(rest) - len(rest.lstrip())
        if child.type == "modifiers":
            return current
    return current


_COMMENTS: Final = frozenset({"comment", "line_comment", "block_comment", "multiline_comment", "haddock"})
_BODY_TYPES: Final = frozenset(
    {"class_body", "function_body", "enum_class_body", "do_block", "match", "accessor_list", "column_definitions"}
)


def _signature_end(file: _File, node: Node, start: int) -> int:
    body = _body(node)
    if body is not None and body.start_byte > start:
        if file.language == "python":
            return _python_header_end(file, node, body)
        end = body.start_byte
        for child in node.children:
            if start < child.start_byte < end and child.type in _COMMENTS:
                end = child.start_byte
        return start + len(file.source[start:end].rstrip())
    text = file.source[start : node.end_byte]
    brace = text.find(b"{")
    if brace > 0:
        return start + brace
    if len(text) <= 200 and text.count(b"\n") <= 2:
        return start + len(text.rstrip())
    newline = text.find(b"\n")
    return start + (newline if newline > 0 else min(len(text), _MAX_SIGNATURE))


def _body(node: Node) -> Node | None:
    current: Node | None = node
    for _ in range(3):
        if current is None:
            return None
        body = current.child_by_field_name("body") or current.child_by_field_name("declarations")
        if body is not None:
            return body
        for child in current.children:
            if child.type in _BODY_TYPES:
                return child
        held: Node | None = None
        for name in ("value", "right", "declaration"):
            held = current.child_by_field_name(name)
            if held is not None:
                break
        if held is None and current.type == "assignment_statement":
            held = current.named_children[-1].named_children[0] if current.named_children[-1].named_children else None
        current = held
    return None


def _python_header_end(file: _File, node: Node, body: Node) -> int:
    """Behind the colon: comments under it belong to the body."""
    last = 0
    for name in ("name", "type_parameters", "parameters", "superclasses", "return_type"):
        child = node.child_by_field_name(name)
        if child is not None:
            last = child.end_byte
    colon = file.source.find(b":", last, body.start_byte)
    return colon + 1 if colon >= 0 else body.start_byte


def _docstring(node: Node) -> Node | None:
    body = node.child_by_field_name("body")
    return _first_string(body) if body is not None else None


def _first_string(block: Node) -> Node | None:
    for child in block.children[:10]:
        if child.type == "comment":
            continue
        if child.type == "expression_statement":
            child = child.children[0] if child.children else child
        return child if child.type in {"string", "concatenated_string"} else None
    return None


_SIGNATURE_ENDS: Final = ("{", "=>", ":=", "=", ":", ";", "->", " do", " where")


def _one_line(text: str) -> str:
    line = " ".join(text[: _MAX_SIGNATURE * 4].split())
    for end in _SIGNATURE_ENDS:
        if line.endswith(end):
            line = line[: -len(end)]
            break
    return line[:_MAX_SIGNATURE].rstrip()


# From the outline to chunks.


def _definition_chunks(file: _File, outline: _Outline) -> Iterator[Chunk]:
    for definition in outline.definitions:
        if not definition.is_transparent:
            yield from _chunks_of(file, definition, outline.silent)


def _chunks_of(file: _File, definition: _Definition, silent: set[int]) -> Iterator[Chunk]:
    lead = f"{definition.lead}\n" if definition.lead else ""
    if not definition.is_open:
        # The common case: all that follows the signature, in one cut.
        body = lead + file.text(definition.body_start, file.end_of_row(definition.end_row)).strip("\n")
        yield _chunk(file, definition, body.rstrip(), definition.start_row, definition.end_row, 0)
        return
    rows = list(_own_rows(file, definition))
    # The closing line says nothing by itself; a head that ends where the first method begins should not reach it.
    if definition.children:
        while rows and (_is_trivial(rows[-1][1]) or rows[-1][0] in silent):
            rows.pop()
    if definition.kind == "module" and not definition.documentation:
        if all(_is_trivial(text) or row in silent for row, text in rows):
            return
    size = sum(len(text) + 1 for _, text in rows) + len(lead)
    end_row = max(rows[-1][0] if rows else definition.header_row, definition.header_row)
    if len(rows) <= MAX_LINES and size <= MAX_CHARS:
        body = lead + "\n".join(text for _, text in rows).strip("\n")
        yield _chunk(file, definition, body.rstrip(), definition.start_row, end_row, 0)
        return
    first_row = definition.header_row - definition.lead.count("\n") - 1
    attributes = [(max(first_row + i, definition.start_row), text) for i, text in enumerate(definition.lead.split("\n"))]
    pieces = list(_pieces([*attributes, *rows] if definition.lead else rows))
    for number, (first, last, text) in enumerate(pieces, 1):
        start = definition.start_row if number == 1 else first
        yield _chunk(file, definition, text, start, last, number)


def _chunk(file: _File, definition: _Definition, body: str, start_row: int, end_row: int, piece: int) -> Chunk:
    return Chunk(
        path=file.path,
        language=file.language,
        kind=definition.kind,
        name=definition.name,
        qualified_name=".".join(definition.scope) if definition.name else "",
        signature=definition.signature,
        documentation=definition.documentation,
        body=body,
        start_line=start_row + 1,
        end_line=max(end_row, start_row) + 1,
        piece=piece,
    )


def _own_rows(file: _File, definition: _Definition) -> Iterator[tuple[int, str]]:
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


def _taken_rows(definition: _Definition) -> list[tuple[int, int]]:
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


def _block_chunks(file: _File, outline: _Outline) -> Iterator[Chunk]:
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


def _is_outermost(definition: _Definition) -> bool:
    parent = definition.parent
    while parent is not None:
        if not parent.is_transparent:
            return False
        parent = parent.parent
    return True


_TRIVIAL: Final = re.compile(
    r"[\s)\]};,]+(?://|#|--).*"
    r"|[\W_]*(?:end|fi|done|esac|else|begin|pass|return|break)?[\W_]*"
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

    __slots__ = ("comment_markers", "file", "silent")

    def __init__(self, file: _File, outline: _Outline) -> None:
        self.file = file
        self.silent = outline.silent
        self.comment_markers = LANGUAGES.get(file.language)

    def between(self, start: int, stop: int) -> list[int]:
        lines = self.comment_markers.line_comments if self.comment_markers else ("#", "//")
        blocks = self.comment_markers.block_comments if self.comment_markers else ()
        closing = ""
        rows = []
        for row in range(start, stop):
            text = self.file.lines[row].strip()
            if closing:
                if closing in text:
                    closing = ""
                continue
            if not text or row in self.silent or (lines and text.startswith(lines)):
                continue
            opened = next((pair for pair in blocks if text.startswith(pair[0])), None)
            if opened is not None:
                if opened[1] not in text[len(opened[0]) :]:
                    closing = opened[1]
                continue
            if not _is_trivial(text):
                rows.append(row)
        return rows


def _blocks(file: _File, code: _CodeRows, start: int, stop: int) -> Iterator[Chunk]:
    rows = code.between(start, stop)
    if not rows:
        return
    start, stop_all = comment_above(file.lines, rows[0], start, file.language), stop
    for first, last in _cut_at_blank_lines(file, start, rows[-1] + 1):
        while last < stop_all and file.lines[last].strip() and _CLOSING.fullmatch(file.lines[last]):
            last += 1
        said = [row for row in rows[bisect_right(rows, first - 1) :] if row < last]
        if sum(len(file.lines[row].strip()) for row in said) < _MIN_BLOCK_CHARS:
            continue
        numbered = [(row, file.lines[row]) for row in range(first, last)]
        pieces = list(_pieces(numbered)) if sum(len(text) + 1 for _, text in numbered) > MAX_CHARS else []
        if not pieces:
            pieces = [(first, last - 1, "\n".join(text for _, text in numbered).strip("\n"))]
        for number, (first_row, last_row, text) in enumerate(pieces):
            yield Chunk(
                path=file.path,
                language=file.language,
                kind="block",
                name="",
                qualified_name="",
                signature="",
                documentation="",
                body=text.rstrip(),
                start_line=first_row + 1,
                end_line=last_row + 1,
                piece=number + 1 if len(pieces) > 1 else 0,
            )


def _cut_at_blank_lines(file: _File, start: int, stop: int) -> Iterator[tuple[int, int]]:
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


def _card(file: _File, outline: _Outline) -> Chunk:
    """The file as a whole: what it says about itself, what it imports and what it defines."""
    documentation, _ = header_comment(file.lines, file.language)
    tops = [definition for definition in outline.definitions if not definition.is_transparent]
    if tops and tops[0].documentation and documentation.startswith(tops[0].documentation[:200]):
        documentation = ""
    documentation = outline.documentation or documentation
    lines = [file.lines[row].strip() for first, last in outline.import_rows for row in range(first, last + 1)]
    names = dict.fromkeys(".".join(definition.scope) for definition in tops if definition.name)
    body = ""
    for line in [*(line for line in lines if line), *names]:
        if len(body) + len(line) + 1 > _MAX_CARD:
            break
        body += line + "\n"
    stem = file.path.rsplit("/", 1)[-1]
    stem = stem[: stem.index(".", 1)] if "." in stem[1:] else stem
    return Chunk(
        path=file.path,
        language=file.language,
        kind="file",
        name=stem,
        qualified_name=stem,
        signature=file.path[:_MAX_SIGNATURE],
        documentation=documentation,
        body=body.rstrip(),
        start_line=1,
        end_line=len(file.lines),
    )
