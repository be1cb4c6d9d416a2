"""Rust."""

from __future__ import annotations

from hunch.text.comment_styles import marked
from hunch.text.language import C_BLOCK, DocComment, Grammar, Language
from hunch.text.syntax import field

LANGUAGE = Language(
    name="rust",
    extensions=("rs",),
    aliases=("rs",),
    interpreters=("rust-script",),
    line_comments=("//",),
    block_comments=C_BLOCK,
    grammar=Grammar(
        module="tree_sitter_rust",
        query="""
        (use_declaration) @import
        (extern_crate_declaration) @import
        (attribute_item) @decorator
        (function_item) @function
        (function_signature_item) @function.documented
        (struct_item) @struct
        (union_item) @struct
        (enum_item) @enum
        (trait_item) @trait
        (impl_item) @scope
        (mod_item body: (_)) @module
        (macro_definition) @macro
        (type_item) @type
        (source_file [(const_item) (static_item)] @constant)
        (declaration_list [(const_item) (static_item)] @constant)
        (enum_variant_list (enum_variant) @constant)
        (field_declaration_list (field_declaration) @field)
        """,
        names={"impl_item": field("type")},
        has_type_arguments=True,
        comment_types=frozenset({"line_comment", "block_comment"}),
    ),
    doc_comment=DocComment(style=marked("///")),
)
