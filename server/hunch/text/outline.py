"""Which nodes of a file define things, and what holds what: source -> an outline of definitions."""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tree_sitter import Node, QueryCursor

from hunch.text.documentation import clean_comment, clean_string, comment_above, is_licence
from hunch.text.grammars import LoadedGrammar, load_grammar
from hunch.text.language import Grammar
from hunch.text.languages import LANGUAGES
from hunch.text.naming import kind_of, name_of
from hunch.text.parse import PARSING_SECONDS, is_worth_parsing, late_after
from hunch.text.recovery import parse_with_recovery
from hunch.text.source_text import SourceText

__all__ = ["MAX_CHARS", "MAX_LINES", "MAX_SIGNATURE", "Definition", "Member", "Outline", "outline_of"]

MAX_LINES: Final = 150
MAX_CHARS: Final = 6_000
"""A definition longer than either is opened up when it holds other definitions, and cut into pieces otherwise."""
MAX_SIGNATURE: Final = 300
_CLOSURE_LINES: Final = 40
_MEMBER_LINES: Final = 3
_MEMBER_NAME: Final = re.compile(r"[@$#]?[^\W\d][\w$]*(?:-\w+)*[?!]?")
_MOST_MEMBERS: Final = 5_000
"""Of one file; a longer list is data"""
_MOST_QUALIFIERS: Final = 20
"""Names of the innermost definitions around one that are part of its own."""


@dataclass(slots=True, eq=False)
class Definition:
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
    decorators: str
    """Decorators, attributes and annotations above the signature, as written."""
    body_start: int
    parent: Definition | None
    is_open: bool
    """Whether definitions inside it are chunks of their own."""
    children: list[Definition] = field(default_factory=list)

    @property
    def is_transparent(self) -> bool:
        return self.kind in TRANSPARENT


@dataclass(frozen=True, slots=True)
class Member:
    """A name that is found at its own line inside the chunk around it: a constant, a field, a short type alias."""

    kind: str
    """One of hunch.text.chunk.KINDS: constant, field, type, macro, and what a call makes in a line or two"""
    name: str
    qualified_name: str
    row: int
    """0-based"""
    lines: int = 1


@dataclass(slots=True)
class Outline:
    definitions: list[Definition] = field(default_factory=list)
    """In the order of the source; transparent ones too."""
    members: list[Member] = field(default_factory=list)
    """In the order of the source; a definition with a chunk of its own is none."""
    import_rows: list[tuple[int, int]] = field(default_factory=list)
    silent: set[int] = field(default_factory=set)
    """Rows that no block is made of: imports, module documentation, headers of namespaces."""
    documentation: str = ""
    """What the file says about itself in a docstring."""
    gave_up: bool = False
    """A limit was reached, so that nothing is known of the file's definitions."""


TRANSPARENT: Final = frozenset({"scope", "namespace", "object", "closure"})
_OPEN: Final = frozenset(
    {"class", "interface", "struct", "enum", "trait", "module", "scope", "namespace", "object", "constant"}
)
_MEMBER_KINDS: Final = frozenset({"constant", "field"})
_AROUND_CONSTANTS: Final = TRANSPARENT - {"closure"} | {"module"}
"""Kinds around a constant of several lines that leave it a chunk of its own."""
_Event = tuple[int, int, str, int, Node]


def outline_of(file: SourceText) -> Outline:
    """Find the definitions of a file; none, and ``gave_up``, when that takes more time than it is worth.

    What holds for time does not hold for memory, nor for a query, which cannot be interrupted: hostile source can make
    a grammar take gigabytes. hunch.index.isolation runs this where that does no harm.
    """
    language = LANGUAGES.get(file.language)
    if language is not None and language.outline is not None:
        return language.outline(file)
    grammar = load_grammar(file.language) if is_worth_parsing(file.source) else None
    if grammar is None:
        return Outline()
    is_late = late_after(PARSING_SECONDS)
    root = parse_with_recovery(grammar, file.source, is_late)
    if root is None:
        return Outline(gave_up=True)
    return _sweep(file, grammar, root, is_late) or Outline(gave_up=True)


def _sweep(file: SourceText, grammar: LoadedGrammar, root: Node, is_late: Callable[[], bool]) -> Outline | None:
    """Go once through the captured nodes in source order, with the definitions that are still open on a stack."""
    outline = Outline()
    events: list[_Event] = []
    _push_captures(events, grammar, root)
    stack: list[Definition] = []
    decorators: list[Node] = []
    occupied = -1
    previous: _Event | None = None
    claimed = (-1, -1)
    hidden_until = 0
    while events:
        event = heapq.heappop(events)
        if is_late():
            return None
        if (previous is not None and event[:3] == previous[:3]) or event[:2] == claimed:
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
        if capture == "decorator":
            decorators.append(node)
            continue
        if capture == "docstring":
            outline.silent.update(range(node.start_point[0], _end_row(file, node) + 1))
            text = _docstring_text(file, grammar.grammar, node)
            if stack:
                stack[-1].documentation = text
            else:
                outline.documentation = outline.documentation or text
            continue
        kind, _, condition = capture.partition(".")
        parent = stack[-1] if stack else None
        start_row, end_row = node.start_point[0], _end_row(file, node)
        lines = end_row - start_row + 1
        if kind in _MEMBER_KINDS or condition == "member":
            if not _holds_members(parent) or start_row in outline.silent:
                continue
            kind = kind_of(grammar.grammar, node, kind)
            declared, name = name_of(grammar.grammar, node) if kind else ("", "")
            if len(name) < 2 or not _MEMBER_NAME.fullmatch(name):
                continue
            if lines < _MEMBER_LINES or not _has_own_chunk(kind, parent):
                claimed = event[:2]
                if len(outline.members) < _MOST_MEMBERS:
                    outline.members.append(_member(kind, declared, name, parent, start_row, lines))
                continue
        if _stays_inside(parent, kind, condition, start_row, end_row, lines, occupied):
            if condition == "documented" and _holds_members(parent):
                declared, name = name_of(grammar.grammar, node)
                if _MEMBER_NAME.fullmatch(name):
                    kind = "method" if parent is not None and parent.kind in grammar.grammar.method_owners else kind
                    outline.members.append(_member(kind, declared, name, parent, start_row, lines))
            if kind == "closure" or (parent is not None and start_row > parent.header_row and kind not in _OPEN):
                hidden_until = max(hidden_until, -negative_end)
            continue
        is_long = lines > MAX_LINES or -negative_end - start > MAX_CHARS
        definition = _define(file, grammar.grammar, node, kind, decorators, parent, occupied, end_row)
        decorators = []
        is_long = is_long or len(definition.decorators) > MAX_CHARS // 2
        definition.is_open = (kind in _OPEN and lines > 1) or is_long or kind == "closure"
        if condition == "documented" and not definition.documentation:
            if _holds_members(parent) and _MEMBER_NAME.fullmatch(definition.name):
                # A signature of a line or two, which is found at its own line in what holds it.
                outline.members.append(_member(definition.kind, "", definition.name, parent, start_row, lines))
            hidden_until = max(hidden_until, -negative_end)
            continue
        siblings = parent.children if parent is not None else outline.definitions
        if grammar.grammar.merges_clauses and siblings and _is_next_clause(file, siblings[-1], definition, is_long):
            siblings[-1].end_row, siblings[-1].end = definition.end_row, definition.end
            occupied = definition.end_row
            hidden_until = -negative_end
            continue
        if kind in {"scope", "namespace"}:
            outline.silent.update(range(definition.start_row, definition.header_row + 1))
        outline.definitions.append(definition)
        claimed = event[:2]
        if parent is not None:
            parent.children.append(definition)
        if not definition.is_open:
            occupied = max(occupied, end_row)
            if kind in _OPEN or definition.kind in _OPEN or kind == "type":
                # Its members are found; what else is in it has no place of its own.
                stack.append(definition)
            else:
                hidden_until = -negative_end
            continue
        occupied = max(occupied, definition.header_row)
        if len(stack) > 1 or kind in {"closure", "constant"} or (is_long and kind not in _OPEN):
            _push_captures(events, grammar, node)
        stack.append(definition)
    return outline


def _push_captures(events: list[_Event], grammar: LoadedGrammar, node: Node) -> None:
    """Queue what the query captures in the upper levels under a node; the levels below rarely define anything."""
    cursor = QueryCursor(grammar.query)
    cursor.set_max_start_depth(grammar.grammar.depth)
    count = len(events)
    for capture, nodes in cursor.captures(node).items():
        if capture[0] == "_":
            continue
        for found in nodes:
            if found.id != node.id:
                count += 1
                heapq.heappush(events, (found.start_byte, -found.end_byte, capture, count, found))


def _end_row(file: SourceText, node: Node) -> int:
    """The last row with text of the node: some grammars let nodes run on over the line break."""
    row, column = node.end_point
    if column and file.source[node.end_byte - 1] not in b" \t\n":
        return row
    end = len(file.source[node.start_byte : node.end_byte].rstrip()) + node.start_byte
    return file.row(max(end - 1, node.start_byte))


def _stays_inside(
    parent: Definition | None, kind: str, condition: str, start_row: int, end_row: int, lines: int, occupied: int
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


def _holds_members(parent: Definition | None) -> bool:
    """Whether names inside a definition are found at their own lines; those of local variables are not."""
    return parent is None or parent.kind not in {"function", "method", "closure", "macro"}


def _has_own_chunk(kind: str, parent: Definition | None) -> bool:
    """Whether what is declared in several lines is a definition; fields, and constants of a class, stay in its head."""
    if kind not in _MEMBER_KINDS:
        return True
    return kind == "constant" and (parent is None or parent.kind in _AROUND_CONSTANTS)


def _member(kind: str, declared: str, name: str, parent: Definition | None, row: int, lines: int) -> Member:
    scope = parent.scope[-_MOST_QUALIFIERS:] if parent is not None else ()
    qualified = ".".join([*scope, *([declared] if declared else []), name])
    return Member(kind, name, qualified, row, min(lines, _MEMBER_LINES))


def _is_next_clause(file: SourceText, last: Definition, following: Definition, is_long: bool) -> bool:
    """Whether a definition goes on with the one before it: a further equation, overload or pattern.

    What would be too long for one chunk stays apart.
    """
    if is_long or last.is_open or not last.name or following.end_row - last.start_row >= MAX_LINES:
        return False
    if following.end - file.line_starts[last.start_row] > MAX_CHARS:
        return False
    if last.name != following.name or following.kind not in {last.kind, "function"} or following.documentation:
        return False
    return not any(file.lines[row].strip() for row in range(last.end_row + 1, following.start_row))


def _define(
    file: SourceText,
    grammar: Grammar,
    node: Node,
    capture: str,
    decorators: list[Node],
    parent: Definition | None,
    occupied: int,
    end_row: int,
) -> Definition:
    start_row = node.start_point[0]
    declared, name = ("", "") if capture == "closure" else name_of(grammar, node)
    kind = kind_of(grammar, node, capture)
    owner = parent
    while owner is not None and owner.kind == "closure":
        owner = owner.parent
    if kind in {"function", "method"}:
        is_owned = owner is not None and owner.kind in grammar.method_owners
        kind = "method" if is_owned or (declared and grammar.qualified_is_method) else "function"
    scope = owner.scope[-_MOST_QUALIFIERS:] if owner is not None else ()
    if declared:
        scope = (*scope, declared)
    if name:
        scope = (*scope, name)

    start = node.start_byte
    first_row, first_byte, documentation = _attach_decorators(file, grammar, decorators, start_row, start, occupied)
    line_start = file.line_starts[start_row]
    previous_end = decorators[-1].end_byte if decorators and decorators[-1].end_byte > line_start else line_start
    prefix = file.source[previous_end:start].strip()
    if prefix and _WORDS.fullmatch(prefix):
        start = file.source.index(prefix, previous_end)
    signature_start = _after_own_decorators(file, grammar, node, start)
    signature_end = _signature_end(file, grammar, node, signature_start, kind)
    body_start = signature_end
    written = file.text(first_byte, signature_start) if first_byte < signature_start else ""
    comment_row = comment_above(file.lines, first_row, occupied + 1, file.language)
    if comment_row < first_row:
        comment = "\n".join(file.lines[comment_row:first_row])
        if comment_row == 0 and is_licence(comment):
            comment_row = first_row
        elif not documentation:
            documentation = clean_comment(comment)
    docstring = grammar.docstring_of(node) if grammar.docstring_of is not None else None
    if docstring is not None:
        documentation = clean_string(file.text(docstring.start_byte, docstring.end_byte))
        written += file.text(signature_end, docstring.start_byte).strip()
        body_start = docstring.end_byte
    return Definition(
        kind=kind,
        name=name,
        scope=scope,
        start_row=comment_row,
        header_row=file.row(max(signature_end - 1, start)),
        end_row=end_row,
        end=node.end_byte,
        signature=_one_line(file.text(signature_start, signature_end)),
        documentation=documentation,
        decorators=written.strip(),
        body_start=body_start,
        parent=parent,
        is_open=False,
    )


def _attach_decorators(
    file: SourceText, grammar: Grammar, decorators: list[Node], row: int, start: int, occupied: int
) -> tuple[int, int, str]:
    """Take the decorators that stand right above: the first row, the first byte, and documentation among them."""
    documentation = ""
    for decorator in reversed(decorators):
        first_row, last_row = decorator.start_point[0], _end_row(file, decorator)
        if first_row <= occupied or decorator.start_byte > start:
            break
        if last_row < row - 1:
            above = comment_above(file.lines, row, last_row + 1, file.language)
            if any(file.lines[between].strip() for between in range(last_row + 1, above)):
                break
        row, start = min(row, first_row), min(start, decorator.start_byte)
        if grammar.decorators_document:
            documentation = _docstring_text(file, grammar, decorator) or documentation
    return row, start, documentation


def _docstring_text(file: SourceText, grammar: Grammar, node: Node) -> str:
    text = file.text(node.start_byte, node.end_byte)
    return clean_string(grammar.docstring_literal(text) if grammar.docstring_literal is not None else text)


_WORDS: Final = re.compile(rb"[\w\s]+")


def _after_own_decorators(file: SourceText, grammar: Grammar, node: Node, start: int) -> int:
    """The byte where the signature begins, behind the decorators that the grammar puts inside the declaration."""
    current = start
    for child in node.children[:4] if grammar.own_decorators else []:
        holder = child.children if child.type == "modifiers" else [child]
        for part in holder:
            if part.type not in grammar.own_decorators:
                return current
            rest = file.source[part.end_byte : node.end_byte]
            current = part.end_byte + len(rest) - len(rest.lstrip())
        if child.type == "modifiers":
            return current
    return current


def _signature_end(file: SourceText, grammar: Grammar, node: Node, start: int, kind: str) -> int:
    body = _body(grammar, node)
    if body is not None and body.start_byte > start:
        if grammar.header_end is not None:
            return grammar.header_end(file.source, node, body)
        end = body.start_byte
        for child in node.children:
            if start < child.start_byte < end and child.type in grammar.comment_types:
                end = child.start_byte
        return start + len(file.source[start:end].rstrip())
    text = file.source[start : node.end_byte]
    # What follows the first line of a constant is its value.
    brace = text.find(b"{", 0, max(text.find(b"\n"), 0) or len(text)) if kind == "constant" else text.find(b"{")
    if brace > 0:
        return start + brace
    if len(text) <= 200 and text.count(b"\n") <= 2:
        return start + len(text.rstrip())
    newline = text.find(b"\n")
    return start + (newline if newline > 0 else min(len(text), MAX_SIGNATURE))


def _body(grammar: Grammar, node: Node) -> Node | None:
    current: Node | None = node
    if grammar.wrapped_function is not None:
        current = grammar.wrapped_function(node) or node
    for _ in range(3):
        if current is None:
            return None
        body = current.child_by_field_name("body") or current.child_by_field_name("declarations")
        if body is not None:
            return body
        for child in current.children:
            if child.type in grammar.body_types:
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


_SIGNATURE_ENDS: Final = ("{", "=>", ":=", "=", ":", ";", "->", " do", " where")


def _one_line(text: str) -> str:
    line = " ".join(text[: MAX_SIGNATURE * 4].split())
    for end in _SIGNATURE_ENDS:
        if line.endswith(end):
            line = line[: -len(end)]
            break
    return line[:MAX_SIGNATURE].rstrip()
