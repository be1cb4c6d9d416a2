"""Objective-C, and what it shares with C; C++ in it is read as far as its grammar goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hunch.text.comment_styles import block
from hunch.text.language import C_BLOCK, DocComment, Grammar, Language
from hunch.text.languages import c
from hunch.text.languages._c_source import prepare_objective_c
from hunch.text.syntax import first_child, text_of

if TYPE_CHECKING:
    from tree_sitter import Node


def _selector(node: Node) -> str:
    """`- (void)moveTo:(id)place by:(int)steps` is `moveTo:by:`."""
    parts: list[str] = []
    for child in node.children:
        if child.type == "identifier":
            parts.append(text_of(child))
        elif child.type == "method_parameter":
            # The word of a further parameter may be missing.
            parts.append(":")
        elif child.type in {"compound_statement", ";"}:
            break
    return "".join(parts)


_CONTAINERS: Final = ("class_interface", "class_implementation", "protocol_declaration")
_METHODS: Final = ("method_definition", "method_declaration")

LANGUAGE = Language(
    name="objective-c",
    extensions=("m", "mm"),
    aliases=("objc", "objectivec", "objective-c++", "objcpp", "objective-cpp"),
    line_comments=("//",),
    block_comments=C_BLOCK,
    grammar=Grammar(
        module="tree_sitter_objc",
        query=c.QUERY
        + """
(module_import) @import
(class_interface) @class
(class_implementation) @class
(protocol_declaration) @interface
(method_definition) @method
(method_declaration) @method.documented
""",
        prepare=prepare_objective_c,
        names=c.NAMES | dict.fromkeys(_CONTAINERS, first_child("identifier")) | dict.fromkeys(_METHODS, _selector),
        spaced_names=frozenset(_METHODS),
        has_sentences=True,
        qualified_is_method=True,
    ),
    doc_comment=DocComment(style=block),
)
