"""Kotlin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hunch.text.blanking import blank_matches
from hunch.text.comment_styles import block
from hunch.text.language import C_BLOCK, DocComment, Grammar, Language
from hunch.text.syntax import begins, constant, field, first_child, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_variable = first_child("variable_declaration")


def _property(node: Node) -> str:
    return _variable(node).split(":")[0].strip()


def _kind(node: Node, kind: str) -> str:
    """Its grammar has one type of node for classes, interfaces and enums."""
    if node.type == "property_declaration" and kind in {"constant", "field"}:
        is_long = node.end_point[0] - node.start_point[0] > 1
        if is_long and any(child.type in {"getter", "setter"} for child in node.children):
            return ""  # another capture makes a method of it
        return "constant" if _property(node).isupper() else kind
    if node.type != "class_declaration":
        return kind
    head = " ".join(text_of(child) for child in node.children[:6] if not child.type.endswith("class_body"))[:400]
    if re.search(r"\binterface\b", head):
        return "interface"
    return "enum" if re.search(r"\benum\s+class\b", head) else kind


_CONTEXT = re.compile(
    rb"(?m)(?:^|[:=,(>]|\bsuspend)[ \t]*(context\((?:[^()\n]|\([^()\n]*\))*\))(?=[ \t]*(?:\n|//|[\w@(<`]))"
)
_CONSTRUCTOR_ON_ITS_OWN_LINE = re.compile(
    rb"(?m)^[ \t]*((?:@[\w.]+(?:\([^()\n]*\))?[ \t]+){1,5})(?=(?:\w+[ \t]+){0,3}constructor\b)"
)
_GUARD = re.compile(rb"(?m)^[ \t]*(?:!?is|!?in|else|[\w.]+|\"[^\"\n]*\")(?=[ \t,])[^\n{}>=]*")
_BACKING_FIELD = re.compile(rb"(?m)^[ \t]+(field[ \t]*(?::[^\n=]*)?=(?!=)[^\n]*[^\n{(,=.])$")
_LAST_ON_ITS_LINE = re.compile(rb"(?m)[ \t](?=\})")
_MEMBER = re.compile(rb"\b(?:fun|val|var)[ \t]")
_SMALL: tuple[tuple[re.Pattern[bytes], bytes], ...] = (
    # Words that the grammar only knows as keywords.
    (re.compile(rb"\bsuspend(?=[ \t]*(?:=[^=]|[:,)]))"), b"suspen_"),
    (re.compile(rb"\bsuspend(?=[ \t]*\{)"), b"       "),
    (re.compile(rb"@all:"), b"@get:"),
    (re.compile(rb",(?=\s*>)"), b" "),
    (re.compile(rb"\?(?=::)"), b" "),
)
_DOLLARS = re.compile(rb"(?<!\$)\$\$+(?=\")")


def _repair(source: bytes) -> bytes:
    """Without context parameters, guards, explicit backing fields and multi-dollar strings."""
    source = blank_matches(_CONSTRUCTOR_ON_ITS_OWN_LINE, blank_matches(_CONTEXT, source))
    for pattern, instead in _SMALL:
        source = pattern.sub(instead, source)
    source = blank_matches(_DOLLARS, blank_matches(_BACKING_FIELD, source))
    lines = source.split(b"\n")
    for row, line in enumerate(lines):
        guard = line.find(b" if ")
        arrow = line.find(b"->", guard) if guard > 0 else -1
        if arrow > 0:
            condition = _GUARD.match(line)
            if condition is not None and condition.end() >= guard:
                line = line[:guard] + b" " * (arrow - guard) + line[arrow:]
        if line.endswith(b"}") and _MEMBER.search(line):
            # The grammar wants a line break or a semicolon behind a member.
            line = _LAST_ON_ITS_LINE.sub(b";", line)
        lines[row] = line
    return b"\n".join(lines)


LANGUAGE = Language(
    name="kotlin",
    extensions=("kt", "kts"),
    aliases=("kt",),
    interpreters=("kotlin",),
    line_comments=("//",),
    block_comments=C_BLOCK,
    test_files=("*Test.kt", "*Tests.kt", "*Spec.kt", "*TestCase.kt", "*IT.kt"),
    grammar=Grammar(
        module="tree_sitter_kotlin",
        query="""
        (package_header) @import
        (import) @import
        (modifiers (annotation) @decorator)
        (class_declaration) @class
        (object_declaration) @class
        (companion_object) @scope
        (function_declaration (function_body)) @function
        (function_declaration) @function.documented
        (secondary_constructor) @method
        (property_declaration [(getter) (setter)]) @method.long
        (type_alias) @type
        (source_file (property_declaration) @constant)
        (class_body (property_declaration) @field)
        (enum_entry) @constant
        """,
        repair=_repair,
        begins=begins(
            r"@\w[\w.:]*(?:\([^()\n]*\))?|public|private|protected|internal|open|abstract|final|sealed|data"
            r"|enum|annotation|inline|value|inner|override|suspend|operator|infix|tailrec|external|expect"
            r"|actual|fun(?= interface)",
            holds=r"(?:class|interface|object)[ \t]+\w|companion object\b",
            others=r"fun[ \t]+[\w<(`]|fun<|typealias[ \t]+\w",
        ),
        names={
            "type_alias": field("type"),
            "companion_object": constant(""),
            "secondary_constructor": constant("constructor"),
            "property_declaration": _property,
            "enum_entry": first_child("identifier", "simple_identifier"),
        },
        has_type_arguments=True,
        kind_of=_kind,
        body_types=frozenset({"class_body", "enum_class_body", "function_body"}),
        comment_types=frozenset({"line_comment", "block_comment"}),
        own_decorators=frozenset({"annotation"}),
    ),
    doc_comment=DocComment(style=block),
)
