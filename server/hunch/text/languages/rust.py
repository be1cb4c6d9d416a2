"""Rust."""

from __future__ import annotations

import re
from typing import Final

from hunch.text.blanking import MOST_INDENTED, ClosingLines, blank
from hunch.text.comment_styles import marked
from hunch.text.language import C_BLOCK, DocComment, Grammar, Language
from hunch.text.syntax import begins, field

_OPENING: Final = b"! {\n"
_INVOCATION: Final = re.compile(rb"([ \t]{0,%d})(?:::)?((?:\w+::)*\w+)! \{\n" % MOST_INDENTED)
_MAKES_CODE: Final = re.compile(rb"(?:.*::)?(?:quote|quote_spanned|parse_quote|parse_quote_spanned|macro_rules)")
"""Macros whose items are a template for code elsewhere."""
_ITEM: Final = re.compile(
    rb"\s*(?:(?://[^\n]*\n|#!?\[(?:[^\[\]]|\[[^\[\]]{0,500}\]){0,500}\])\s*)*"
    rb"(?:(?:pub(?:\([^()\n]*\))?|unsafe|async|const|default|extern(?: \"[^\"\n]*\")?)\s+){0,5}"
    rb"(?:(?:fn|struct|enum|union|trait|mod|impl|use|type|static|const)\b(?!!)|macro_rules!|if[ \t]+#\[|\w+:[ \t]*\{\n)"
)
_CONDITION: Final = re.compile(rb"#!\[(?:[^\[\]]|\[[^\[\]]{0,500}\]){0,500}\]")
"""Of a whole macro: `feature! { #![...] ... }`."""
_BRANCHES: Final = re.compile(rb"if[ \t]+#\[|\w+:[ \t]*\{")
_BRANCH: Final = re.compile(
    rb"(?m)^([ \t]{0,%d})((?:\}[ \t]*else[ \t]*)?(?:if[ \t]+#\[[^{}]{0,500})?\{|\w+:[ \t]*\{|\},?)[ \t]*$"
    % MOST_INDENTED
)
_ENDS_WITHOUT_SEMICOLON: Final = frozenset({b"thread_local", b"lazy_static"})
_IN_MACRO: Final = {
    b"bitflags": (
        (re.compile(rb"\bstruct[ \t]+\w+[ \t]*(:[ \t]*\w+[ \t]*)\{\n"), b""),
        (re.compile(rb"\b(struct)[ \t]+\w+[ \t]*\{\n"), b"enum"),
        (re.compile(rb"(?m)^[ \t]*const[ \t]+\w+[ \t]*=[^;{}\n]*(;)"), b","),
        (re.compile(rb"(?m)^[ \t]*(const)[ \t]+\w+[ \t]*=[^;{}\n]*,"), b""),
    ),
    b"lazy_static": ((re.compile(rb"\bstatic[ \t]+(ref)[ \t]"), b""),),
    b"proptest": ((re.compile(rb"\bfn[ \t]+\w+[ \t]*\(([^{}]{0,200})\)[ \t]*(?:->[^{}\n]{0,200})?\{"), b""),),
}
"""By macro, what is no Rust in it, and what is read there instead."""


def _with_items_of_macros(source: bytes) -> bytes:
    """Blank what is around items in a macro (`cfg_if! { ... }`): the grammar takes them for mere tokens otherwise."""
    at = source.find(_OPENING)
    if at < 0:
        return source
    closing, ends = ClosingLines(source), set[int]()
    changed = bytearray(source)
    while at >= 0:
        line = source.rfind(b"\n", 0, at) + 1
        body = at + len(_OPENING)
        found = _INVOCATION.match(source, line) if at - line < 200 else None
        if found is not None and not _MAKES_CODE.fullmatch(found[2]) and _ITEM.match(source, body):
            end = closing.after(body, found[1])
            if end > 0 and end not in ends:
                ends.add(end)
                blank(changed, line, body)
                macro = found[2].rpartition(b"::")[2]
                # The last item of some macros may lack its semicolon.
                changed[end : end + 1] = b";" if macro in _ENDS_WITHOUT_SEMICOLON else b" "
                _rewrite(changed, source, body, end, macro)
        at = source.find(_OPENING, body)
    return bytes(changed)


def _rewrite(changed: bytearray, source: bytes, body: int, end: int, macro: bytes) -> None:
    """Make Rust of what is between the braces of a macro: without the conditions of `cfg_if!`, for one."""
    first = body + len(source[body:end]) - len(source[body:end].lstrip())
    condition = _CONDITION.match(source, first)
    if condition is not None:
        blank(changed, first, condition.end())
    if _BRANCHES.match(source, first):
        indentation = source[source.rfind(b"\n", 0, first) + 1 : first]
        for branch in _BRANCH.finditer(source, body, end):
            if branch[1] == indentation:
                blank(changed, branch.start(2), branch.end(2))
    for pattern, instead in _IN_MACRO.get(macro, ()):
        for found in pattern.finditer(bytes(changed), body, end):
            start, stop = found.span(1)
            blank(changed, start, stop)
            changed[start : start + len(instead)] = instead


LANGUAGE = Language(
    name="rust",
    extensions=("rs",),
    aliases=("rs",),
    interpreters=("rust-script",),
    line_comments=("//",),
    block_comments=C_BLOCK,
    grammar=Grammar(
        module="tree_sitter_rust",
        prepare=_with_items_of_macros,
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
        begins=begins(
            r'pub|pub\([^()\n]*\)|default|async|const|unsafe|gen|extern|extern "[^"\n]*"|#\[[^\]\n]*\]|auto',
            holds=r"(?:struct|enum|union|trait|mod)[ \t]+\w|impl\b",
            others=r"fn[ \t]+\w|macro_rules![ \t]*\w",
        ),
        names={"impl_item": field("type")},
        has_type_arguments=True,
        comment_types=frozenset({"line_comment", "block_comment"}),
    ),
    doc_comment=DocComment(style=marked("///")),
)
