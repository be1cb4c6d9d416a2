"""C++."""

from __future__ import annotations

from hunch.text.comment_styles import block
from hunch.text.language import C_BLOCK, DocComment, Grammar, Language
from hunch.text.languages import c
from hunch.text.languages._c_source import prepare_cpp

LANGUAGE = Language(
    name="cpp",
    extensions=(
        "cc",
        "cpp",
        "cxx",
        "c++",
        "hh",
        "hpp",
        "hxx",
        "h++",
        "ipp",
        "inl",
        "tpp",
        "tcc",
        "txx",
        "ixx",
        "cppm",
        "mpp",
        "ino",
        "cu",
        "cuh",
    ),
    aliases=("c++", "cxx", "cc", "cuda", "arduino"),
    line_comments=("//",),
    block_comments=C_BLOCK,
    grammar=Grammar(
        module="tree_sitter_cpp",
        query=c.QUERY
        + """
(using_declaration) @import
(template_declaration parameters: (template_parameter_list) @decorator)
(class_specifier name: (_) body: (_)) @class
(namespace_definition) @namespace
(concept_definition) @type
(alias_declaration) @type
(field_declaration declarator: (function_declarator)) @method.documented
(declaration_list (declaration declarator: [(init_declarator) (identifier) (array_declarator)]) @constant)
""",
        depth=9,
        prepare=prepare_cpp,
        names=c.NAMES,
        has_sentences=True,
        has_type_arguments=True,
        has_operators=True,
        qualified_is_method=True,
        decorator_word="template ",
    ),
    doc_comment=DocComment(style=block),
)
