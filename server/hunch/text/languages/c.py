"""C, and what C++ shares with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hunch.text.comment_styles import block
from hunch.text.language import C_BLOCK, DocComment, Grammar, Language
from hunch.text.languages._c_macros import macro_function_name
from hunch.text.languages._c_source import prepare_c
from hunch.text.syntax import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

QUERY: Final = """
(preproc_include) @import
(function_definition) @function
(declaration declarator: (function_declarator)) @function.documented
(declaration declarator: (pointer_declarator declarator: (function_declarator))) @function.documented
(struct_specifier name: (_) body: (_)) @struct
(union_specifier name: (_) body: (_)) @struct
(enum_specifier name: (_) body: (_)) @enum
(type_definition type: (struct_specifier body: (_))) @struct
(type_definition type: (union_specifier body: (_))) @struct
(type_definition type: (enum_specifier body: (_))) @enum
(type_definition declarator: (function_declarator)) @type
(preproc_function_def) @macro
(preproc_def value: (_)) @macro.member
(translation_unit (declaration declarator: [
  (init_declarator) (identifier) (pointer_declarator declarator: (identifier)) (array_declarator)]) @constant)
(preproc_ifdef (declaration declarator: [
  (init_declarator) (identifier) (pointer_declarator declarator: (identifier)) (array_declarator)]) @constant)
(preproc_if (declaration declarator: [
  (init_declarator) (identifier) (pointer_declarator declarator: (identifier)) (array_declarator)]) @constant)
(preproc_else (declaration declarator: [
  (init_declarator) (identifier) (pointer_declarator declarator: (identifier)) (array_declarator)]) @constant)
(enumerator_list (enumerator) @constant)
(field_declaration_list (field_declaration
  declarator: [(field_identifier) (pointer_declarator declarator: (_)) (array_declarator)]) @field)
"""

_IDENTIFIERS: Final = frozenset(
    {
        "identifier",
        "field_identifier",
        "type_identifier",
        "qualified_identifier",
        "destructor_name",
        "operator_name",
        "operator_cast",
        "template_function",
        "primitive_type",
    }
)


def _declarator(node: Node) -> str:
    """The name under pointers, arrays, parentheses and parameter lists, or in the arguments of a macro."""
    if node.type == "function_definition":
        name = macro_function_name(node)
        if name is not None:
            return name
    current: Node | None = node.child_by_field_name("declarator")
    if current is None:
        return ""
    while current is not None and current.type not in _IDENTIFIERS:
        inner = current.child_by_field_name("declarator")
        if inner is None:
            inner = current.named_children[-1] if current.named_children else None
        current = inner
    if current is not None and current.type == "operator_cast":
        return text_of(current).split("(")[0]
    return text_of(current)


NAMES: Final = dict.fromkeys(
    ("function_definition", "declaration", "field_declaration", "type_definition"), _declarator
)

LANGUAGE = Language(
    name="c",
    extensions=("c", "h"),
    line_comments=("//",),
    block_comments=C_BLOCK,
    grammar=Grammar(
        module="tree_sitter_c",
        query=QUERY,
        prepare=prepare_c,
        names=NAMES,
        has_operators=True,
        has_sentences=True,
        qualified_is_method=True,
    ),
    doc_comment=DocComment(style=block),
)
