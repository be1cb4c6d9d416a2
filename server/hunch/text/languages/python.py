"""Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hunch.text.comment_styles import wrapped
from hunch.text.language import DocComment, Grammar, Language
from hunch.text.syntax import begins, field, text_of

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


_MADE_BY: Final = {
    **dict.fromkeys(("namedtuple", "NamedTuple", "TypedDict", "Enum", "IntEnum", "StrEnum", "Flag", "type"), "class"),
    **dict.fromkeys(("make_dataclass", "create_model", "new_class"), "class"),
    **dict.fromkeys(("NewType", "TypeVar", "ParamSpec", "TypeVarTuple", "TypeAliasType"), "type"),
    **dict.fromkeys(("partial", "partialmethod", "lru_cache", "cache", "wraps", "singledispatch"), "function"),
}
"""What some calls give, by the last name of what is called."""
_WITHOUT_VALUE: Final = frozenset({"__all__", "__slots__", "__test__"})


def _assigned(node: Node) -> str:
    name = text_of(node.child_by_field_name("left"))
    return "" if name in _WITHOUT_VALUE else name


def _kind(node: Node, kind: str) -> str:
    """What is made by a call, or written as a lambda, is what that gives."""
    value = node.child_by_field_name("right") if node.type == "assignment" else None
    if value is None:
        return kind
    if value.type == "lambda":
        return "function"
    if value.type != "call":
        annotation = text_of(node.child_by_field_name("type"))
        return "type" if annotation.endswith("TypeAlias") else kind
    called = value.child_by_field_name("function")
    made = _MADE_BY.get(text_of(called).rpartition(".")[2], "") if called is not None else ""
    if not made and kind == "constant" and called is not None:
        arguments = value.child_by_field_name("arguments")
        held = arguments.named_children[:4] if arguments is not None else []
        made = "function" if called.type != "call" and any(one.type == "lambda" for one in held) else ""
    return made or kind


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
        (module [
          (expression_statement (assignment left: (identifier)) @constant)
          (type_alias_statement) @type.member
          (if_statement (block (expression_statement (assignment left: (identifier)) @constant)))
          (try_statement (block (expression_statement (assignment left: (identifier)) @constant)))])
        (class_definition body: (block (expression_statement (assignment left: (identifier)) @field)))
        (class_definition superclasses: (argument_list) @_enum
          body: (block (expression_statement (assignment left: (identifier)) @constant)) (#match? @_enum "Enum|Flag"))
        """,
        begins=begins(
            r"async",
            holds=r"class[ \t]+\w",
            others=r"def[ \t]+\w",
        ),
        ends=b"",
        depth=5,
        names={"assignment": _assigned, "type_alias_statement": field("left")},
        kind_of=_kind,
        header_end=_header_end,
        docstring_of=_docstring,
    ),
    doc_comment=DocComment(style=_as_docstring, is_below_header=True),
)
