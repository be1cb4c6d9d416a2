"""Haskell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hunch.text.comment_styles import marked
from hunch.text.language import DocComment, Grammar, Language
from hunch.text.syntax import by_name, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_DEFINITIONS: Final = (
    "signature", "function", "bind", "data_type", "newtype", "type_synonym", "type_family", "data_family", "class",
    "instance",
)  # fmt: skip


def _instance(node: Node) -> str:
    return f"{by_name(node)} {text_of(node.child_by_field_name('patterns'))}".strip()


LANGUAGE = Language(
    name="haskell",
    extensions=("hs",),
    aliases=("hs",),
    interpreters=("runhaskell", "runghc", "stack"),
    line_comments=("--",),
    block_comments=(("{-", "-}"),),
    grammar=Grammar(
        module="tree_sitter_haskell",
        query="""
        (pragma) @import
        (header) @import
        (import) @import
        (declarations [(signature) (function) (bind)] @function)
        (declarations [(data_type) (newtype) (type_synonym) (type_family) (data_family)] @type)
        (declarations (class) @class)
        (class_declarations (signature) @method.member)
        (data_constructors (data_constructor [(record) (prefix)] @constant))
        (data_constructors (data_constructor (record (fields (field (field_name) @field)))))
        (newtype_constructor (record (field (field_name) @field)))
        (gadt_constructors (gadt_constructor) @constant)
        (declarations (instance) @class)
        """,
        merges_clauses=True,
        names={"instance": _instance, "field_name": text_of},
        spaced_names=frozenset(_DEFINITIONS),
        body_types=frozenset({"match"}),
        comment_types=frozenset({"comment", "haddock"}),
    ),
    doc_comment=DocComment(style=marked("-- |", "--")),
)
