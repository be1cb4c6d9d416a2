"""C#."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hunch.text.blanking import MOST_INDENTED, ClosingLines, blank, blank_matches
from hunch.text.comment_styles import wrapped
from hunch.text.language import C_BLOCK, DocComment, Grammar, Language
from hunch.text.syntax import begins, by_name, constant, text_of

if TYPE_CHECKING:
    from tree_sitter import Node


def _operator(node: Node) -> str:
    return "operator" + text_of(node.child_by_field_name("operator"))


def _conversion(node: Node) -> str:
    return "operator " + text_of(node.child_by_field_name("type"))


def _destructor(node: Node) -> str:
    return "~" + by_name(node)


def _declared(node: Node) -> str:
    declaration = next((child for child in node.named_children if child.type == "variable_declaration"), None)
    named = declaration.named_children if declaration is not None else []
    return next((by_name(child) for child in named if child.type == "variable_declarator"), "")


def _kind(node: Node, kind: str) -> str:
    """Properties of several lines are what another capture says; constants say that they are."""
    if kind != "field":
        return kind
    if node.type == "property_declaration":
        return "" if node.end_point[0] - node.start_point[0] > 1 else kind
    modifiers = {text_of(child) for child in node.children if child.type == "modifier"}
    return "constant" if "const" in modifiers or {"static", "readonly"} <= modifiers else kind


def _summary_tag(sentence: str, width: int) -> list[str]:
    safe = sentence.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return [f"/// {line}" for line in ("<summary>", *wrapped(safe, width - 4), "</summary>")]


_EXTENSION: Final = re.compile(
    rb"(?m)^([ \t]{0,%d})extension[ \t]*(?:<[^(){}\n]{0,200}>)?[ \t]*\([^{};]{0,300}\{" % MOST_INDENTED
)
_REF_STRUCT: Final = re.compile(
    rb"\bwhere[ \t]+\w+[ \t]*:[ \t]*allows ref struct(?![ \t]*,)"
    rb"|,[ \t]*allows ref struct\b|\ballows ref struct[ \t]*,"
)


def _repair(source: bytes) -> bytes:
    """Without what is around the members of an `extension` block, and without `allows ref struct`."""
    closing, ends = ClosingLines(source), set[int]()
    changed = bytearray(source)
    for found in _EXTENSION.finditer(source):
        end = closing.after(found.end(), found[1])
        if end > 0 and end not in ends:
            ends.add(end)
            blank(changed, found.start(), found.end())
            blank(changed, end, end + 1)
    return blank_matches(_REF_STRUCT, bytes(changed))


LANGUAGE = Language(
    name="csharp",
    extensions=("cs", "csx"),
    aliases=("c#", "cs", "dotnet"),
    line_comments=("//",),
    block_comments=C_BLOCK,
    test_files=("*Test.cs", "*Tests.cs", "*Spec.cs", "*TestCase.cs", "*IT.cs"),
    grammar=Grammar(
        module="tree_sitter_c_sharp",
        query="""
        (using_directive) @import
        (attribute_list) @decorator
        (namespace_declaration) @namespace
        (file_scoped_namespace_declaration) @import
        (class_declaration) @class
        (interface_declaration) @interface
        (struct_declaration) @struct
        (enum_declaration) @enum
        (record_declaration) @class
        (delegate_declaration) @type
        (method_declaration body: (_)) @method
        (method_declaration !body) @method.documented
        (constructor_declaration) @method
        (destructor_declaration) @method
        (operator_declaration) @method
        (conversion_operator_declaration) @method
        (indexer_declaration) @method.long
        (property_declaration) @method.long
        (declaration_list [(field_declaration) (property_declaration)] @field)
        (enum_member_declaration) @constant
        """,
        depth=7,
        repair=_repair,
        begins=begins(
            r"\[[^\]\n]*\]|public|private|protected|internal|static|sealed|abstract|partial|readonly|ref"
            r"|unsafe|virtual|override|async|extern|new|file|required",
            holds=r"(?:class|struct|interface|enum|record|namespace)[ \t]+\w|extension[ \t]*[(<]",
            others=r"(?!(?:return|new|throw|else|await|using|var|yield|case|in|is|or|and|when)\b)"
            r"(?:\([^()\n]{0,200}\)\??[ \t]+|[A-Za-z_][\w.:]*(?:<[^(){};=\n]{0,200}>)?(?:\[[, ]*\])*\??[ \t]+)"
            r"[A-Za-z_][\w.]*(?:<[\w, \t]{0,200}>)?[ \t]*\([^;{}=]*(?:\)|,|\(|\w)$",
        ),
        names={
            "operator_declaration": _operator,
            "conversion_operator_declaration": _conversion,
            "indexer_declaration": constant("this"),
            "destructor_declaration": _destructor,
            "field_declaration": _declared,
        },
        kind_of=_kind,
        has_type_arguments=True,
        has_operators=True,
        body_types=frozenset({"accessor_list"}),
        own_decorators=frozenset({"attribute_list"}),
    ),
    doc_comment=DocComment(style=_summary_tag),
)
