"""Elixir."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hunch.text.comment_styles import marked
from hunch.text.language import DocComment, Grammar, Language
from hunch.text.syntax import begins, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_DOC: Final = r"(?s)@(?:module|type)?doc\s+(?:~[sS])?(\"\"\".*|\".*)"


def _defined(node: Node) -> str:
    """`def add(a, b) when ...` is add; `defmodule Shop.Basket` is Shop.Basket."""
    arguments = next((child for child in node.children if child.type == "arguments"), None)
    match = re.match(r"[(\s]*([\w.?!@]+)", text_of(arguments))
    return match.group(1) if match else ""


def _kind(node: Node, kind: str) -> str:
    if kind == "module" and text_of(node.child_by_field_name("target")) == "defprotocol":
        return "interface"
    if node.type == "unary_operator" and kind == "constant":
        said = text_of(node.child_by_field_name("operand"))
        called = said.partition(" ")[0]
        return kind if called not in _TYPES else "function" if "callback" in called else "type"
    return kind


_OF_THE_COMPILER: Final = frozenset(
    """
    moduledoc doc typedoc spec impl type typep opaque callback macrocallback optional_callbacks behaviour deprecated
    since derive compile dialyzer external_resource on_load enforce_keys tag moduletag describetag before_compile
    after_compile on_definition
    """.split()
)


_TYPES: Final = frozenset({"type", "typep", "opaque", "callback", "macrocallback"})


def _attribute_name(node: Node) -> str:
    """`@timeout 5_000` is timeout, `@type price :: integer` is price; what tells the compiler something is none."""
    called = node.child_by_field_name("operand")
    name = text_of(called.child_by_field_name("target")) if called is not None else ""
    if name in _TYPES:
        return _defined(called) if called is not None else ""
    return "" if name in _OF_THE_COMPILER else name


def _literal(text: str) -> str:
    match = re.match(_DOC, text)
    return match.group(1) if match else ""


def _attribute(sentence: str, width: int) -> list[str]:
    safe = sentence.replace("\\", "\\\\").replace('"', "'").replace("#{", "# {")
    return [f'@doc "{" ".join(safe.split())}"']


def _is_refused(signature: str, decorators: str) -> bool:
    return "@doc" in decorators  # `@doc false`: somebody wants none


LANGUAGE = Language(
    name="elixir",
    extensions=("ex", "exs"),
    aliases=("ex", "exs"),
    interpreters=("elixir",),
    line_comments=("#",),
    block_comments=(),
    grammar=Grammar(
        module="tree_sitter_elixir",
        query="""
        (call target: (identifier) @_i (#any-of? @_i "use" "import" "alias" "require")) @import
        (unary_operator operator: "@" operand: (call target: (identifier) @_a
          (#any-of? @_a "doc" "spec" "impl" "typedoc" "deprecated"))) @decorator
        (unary_operator operator: "@" operand: (call target: (identifier) @_o (#eq? @_o "moduledoc"))) @docstring
        (call target: (identifier) @_m (#any-of? @_m "defmodule" "defprotocol" "defimpl") (do_block)) @module
        (call target: (identifier) @_d (#any-of? @_d "def" "defp" "defdelegate" "defguard" "defguardp" "defn")
          (arguments)) @function
        (do_block (unary_operator operator: "@" operand: (call target: (identifier) (arguments))) @constant)
        (call target: (identifier) @_x (#any-of? @_x "defmacro" "defmacrop") (arguments)) @macro
        """,
        begins=begins(
            "",
            holds=r"(?:defmodule|defimpl|defprotocol)[ \t]+\w",
            others=r"(?:def|defp|defmacro|defmacrop|defguard|defdelegate)[ \t]+\w",
        ),
        ends=b"end",
        merges_clauses=True,
        names={"call": _defined, "unary_operator": _attribute_name},
        kind_of=_kind,
        method_owners=frozenset(),
        body_types=frozenset({"do_block"}),
        docstring_literal=_literal,
        decorators_document=True,
    ),
    doc_comment=DocComment(
        style=_attribute,
        exception=(("defp ", "defguardp ", "defmacrop "), marked("#")),  # the compiler drops what @doc says of them
        is_refused=_is_refused,
    ),
)
