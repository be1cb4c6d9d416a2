"""Functions of a source file with what is said about them: the documentation apart, the code without it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent
from typing import NamedTuple

from hunch.text.documentation import clean_comment, comment_above
from hunch.text.outline import Definition, outline_of
from hunch.text.source_text import SourceText

_PYTHON_STUB = re.compile(r"(?:pass|\.\.\.)?\s*")
_ELIXIR_DOCUMENTATION = re.compile(r'^[ \t]*@(?:doc|spec)\b[ \t]*(?:~[sS])?(?:"""[\s\S]*?"""|.*)\n', re.MULTILINE)
_EXPRESSION_BODIES = frozenset({"kotlin", "scala", "haskell", "elixir", "ruby", "lua", "bash", "sql", "python"})
"""Languages in which a body needs no brace."""

_SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.DOTALL)
_BRIEF = re.compile(r"^(?:[@\\](?:brief|short|desc(?:ription)?|summary)\b|(?:Public|Private|Internal):)[ \t]*")
_SECTION = re.compile(
    r"[@\\]\w|:\w[^:]*:(?:\s|$)|</?(?:param|returns|exception|remarks|typeparam|example)\b|>>> |```|[-=~#*]{3,}\s*$"
    r"|(?:#+ *)?(?:args|arguments|param(?:eter)?s?|returns?|raises|yields|examples?|usage|notes?|see also|throws|todo)"
    r" *:?\s*$",
    re.IGNORECASE,
)
_INLINE_TAG = re.compile(r"\{@\w+\s+([^{}]*)\}")
_REFERENCE = re.compile(r"<(?:see|seealso|paramref|typeparamref)\s+\w+=\"(?:\w:)?([^\"]*)\"\s*/>")
_ROLE = re.compile(r":(?:[a-z]+:)?[a-z]+:`([^`]*)`")
_ELEMENT = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*(?:\s+[\w-]+=\"[^\"]*\")*\s*/?>")


class DocumentedFunction(NamedTuple):
    """A function or method."""

    name: str
    documentation: str
    """As written, without the markers of comments; empty if nothing is said"""
    code: str
    """From its first attribute to its end, without documentation, not indented"""
    has_body: bool


def documented_functions(path: str, language: str, source: bytes) -> Iterator[DocumentedFunction]:
    """Give the functions and methods of a file in its order, documented or not; none in a language without grammar."""
    file = SourceText(path, language, source)
    for definition in outline_of(file).definitions:
        if definition.kind in {"function", "method"} and definition.name:
            yield _function_of(file, definition)


def without_docstring(code: str) -> str:
    """Return Python code of one function without its docstring; as it is if it has none, or none can be told."""
    file = SourceText("function.py", "python", code.encode("utf-8", "replace"))
    first = next((d for d in outline_of(file).definitions if d.kind in {"function", "method"}), None)
    if first is None or file.row(first.body_start - 1) == first.header_row:
        return code
    return _python_code(file, first, 0).rstrip()


def first_paragraph(documentation: str) -> str:
    """Return the first paragraph on one line, without tags and markup; it ends where parameters are listed.

    >>> first_paragraph("Parse a {@code Header}.")
    'Parse a Header.'
    """
    lines: list[str] = []
    for line in documentation.strip().splitlines():
        line = _BRIEF.sub("", line.strip())
        if not line or _SECTION.match(line):
            break
        lines.append(line)
    text = _ROLE.sub(r"\1", _REFERENCE.sub(r"\1", _INLINE_TAG.sub(r"\1", " ".join(lines))))
    return " ".join(_ELEMENT.sub(" ", text).split())


def _function_of(file: SourceText, definition: Definition) -> DocumentedFunction:
    row = _first_row(file, definition)
    documentation = definition.documentation
    if file.language == "csharp" and (found := _SUMMARY.search("\n".join(file.lines[definition.start_row : row]))):
        documentation = clean_comment(found[1])
    if file.language == "python":
        code = _python_code(file, definition, row)
        rest = file.text(definition.body_start, definition.end)
        return DocumentedFunction(definition.name, documentation, code, _PYTHON_STUB.fullmatch(rest.strip()) is None)
    code = dedent("\n".join(file.lines[row : definition.end_row + 1])).rstrip()
    if file.language == "elixir":
        code = _ELIXIR_DOCUMENTATION.sub("", code)
    has_body = file.language in _EXPRESSION_BODIES or "{" in code or "=>" in code
    return DocumentedFunction(definition.name, documentation, code, has_body)


def _first_row(file: SourceText, definition: Definition) -> int:
    """The row behind the comment that describes a definition."""
    first = definition.start_row
    rows = range(definition.header_row, first, -1)
    return next((row for row in rows if comment_above(file.lines, row, first, file.language) == first), first)


def _python_code(file: SourceText, definition: Definition, row: int) -> str:
    header = file.lines[row : definition.header_row + 1]
    behind = max(definition.header_row + 1, file.row(max(definition.body_start - 1, 0)) + 1)
    if behind > definition.header_row + 1:
        rest = file.rest_of_row(definition.body_start).strip().removeprefix(";").strip()
        if rest and not rest.startswith("#"):
            # A statement behind the docstring's closing quotes.
            header.append(" " * _indentation(file.lines[behind - 1]) + rest)
    body = file.lines[behind : definition.end_row + 1]
    while body and not body[0].strip():
        del body[0]
    return dedent("\n".join([*header, *body])).rstrip()


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())
