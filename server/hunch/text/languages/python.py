"""Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hunch.text.comment_styles import wrapped
from hunch.text.language import DocComment, Grammar, Language
from hunch.text.syntax import begins

if TYPE_CHECKING:
    from tree_sitter import Node


def _header_end(source: bytes, node: Node, body: Node) -> int:
    """Behind the colon: comments under it belong to the body."""
    last = 0
    for name in ("name", "type_parameters", "parameters", "superclasses", "return_type"):
        child = node.child_by_field_name(name)
        if child is not None:
            last = child.end_byte
    colon = source.find(b":", last, body.start_byte)
    return colon + 1 if colon >= 0 else body.start_byte


def _docstring(node: Node) -> Node | None:
    body = node.child_by_field_name("body")
    for child in body.children[:10] if body is not None else []:
        if child.type == "comment":
            continue
        if child.type == "expression_statement":
            child = child.children[0] if child.children else child
        return child if child.type in {"string", "concatenated_string"} else None
    return None


def _as_docstring(sentence: str, width: int) -> list[str]:
    safe = sentence.replace("\\", "\\\\").replace('"""', "'''")
    safe = safe[:-1] + "'" if safe.endswith('"') else safe
    lines = wrapped(safe, width - 6)
    lines[0] = f'"""{lines[0]}'
    return [f'{lines[0]}"""'] if len(lines) == 1 else [*lines, '"""']


LANGUAGE = Language(
    name="python",
    extensions=("py", "pyi", "pyw"),
    aliases=("py", "python3"),
    file_names=("SConstruct", "SConscript", "wscript"),
    interpreters=("python", "pypy"),
    line_comments=("#",),
    block_comments=(),
    test_files=("conftest.py",),
    grammar=Grammar(
        module="tree_sitter_python",
        query="""
        (import_statement) @import
        (import_from_statement) @import
        (future_import_statement) @import
        (module . (comment)* . (expression_statement . (string)) @docstring)
        (decorator) @decorator
        (function_definition) @function
        (class_definition) @class
        """,
        begins=begins(
            r"async",
            holds=r"class[ \t]+\w",
            others=r"def[ \t]+\w",
        ),
        ends=b"",
        depth=5,
        header_end=_header_end,
        docstring_of=_docstring,
    ),
    doc_comment=DocComment(style=_as_docstring, is_below_header=True),
)
