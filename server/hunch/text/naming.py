"""What a definition is called: names and kinds, read off the syntax nodes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from tree_sitter import Node

__all__ = ["kind_of", "name_of"]

# Names. The rule for nearly every node: its `name` field. The rest say here where theirs is.

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


def _text(node: Node | None) -> str:
    text = node.text if node is not None else None  # each look copies it out of the source
    return text.decode("utf-8", "replace") if text else ""


def _field(*names: str) -> Callable[[Node], str]:
    """The text of the first of these fields that is there."""

    def read(node: Node) -> str:
        for name in names:
            child = node.child_by_field_name(name)
            if child is not None:
                return _text(child)
        return ""

    return read


def _first_child(*types: str) -> Callable[[Node], str]:
    def read(node: Node) -> str:
        for child in node.children:
            if child.type in types:
                return _text(child)
        return ""

    return read


def _constant(name: str) -> Callable[[Node], str]:
    return lambda node: name


def _declarator(node: Node) -> str:
    """C hides the name under pointers, arrays, parentheses and parameter lists."""
    current: Node | None = node.child_by_field_name("declarator")
    if current is None:
        return ""
    while current is not None and current.type not in _IDENTIFIERS:
        inner = current.child_by_field_name("declarator")
        if inner is None:
            inner = current.named_children[-1] if current.named_children else None
        current = inner
    if current is not None and current.type == "operator_cast":
        return _text(current).split("(")[0]
    return _text(current)


def _specifier(node: Node) -> str:
    name = _text(node.child_by_field_name("name"))
    return name or _declarator(node)


_ASSIGNED_NOISE: Final = re.compile(
    r"^(module\.)?exports\.(?=.)|(?<=\.)prototype\.|^(this|self|window|globalThis)\.|^\$"
)


def _assigned(node: Node) -> str:
    name = _text(node.child_by_field_name("left"))
    if name in {"module.exports", "exports"}:
        held = node.child_by_field_name("right")
        return _text(held.child_by_field_name("name") if held is not None else None) or "exports"
    return _ASSIGNED_NOISE.sub("", name)


def _receiver(node: Node) -> str:
    """Go: `func (c *Cache[T]) Get(...)` is Cache.Get."""
    name = _text(node.child_by_field_name("name"))
    receiver = _text(node.child_by_field_name("receiver"))
    match = re.search(r"([A-Za-z_]\w*)\s*(\[[^\]]*\])?\s*\)$", receiver)
    return f"{match.group(1)}.{name}" if match else name


def _elixir_call(node: Node) -> str:
    """`def add(a, b) when ...` is add; `defmodule Shop.Basket` is Shop.Basket."""
    arguments = next((child for child in node.children if child.type == "arguments"), None)
    match = re.match(r"[(\s]*([\w.?!@]+)", _text(arguments))
    return match.group(1) if match else ""


def _impl_type(node: Node) -> str:
    return _text(node.child_by_field_name("type"))


def _object_reference(node: Node) -> str:
    return next((_text(child) for child in node.children if child.type == "object_reference"), "")


def _haskell_instance(node: Node) -> str:
    return f"{_text(node.child_by_field_name('name'))} {_text(node.child_by_field_name('patterns'))}".strip()


_Namer = Callable[[Node], str]
_BY_NAME: Final = _field("name")

_NAMERS: Final[dict[str, dict[str, _Namer]]] = {
    "javascript": {
        "assignment_expression": _assigned,
        "pair": _field("key"),
        "field_definition": _field("property"),
        "export_statement": _constant("default"),
    },
    "go": {"method_declaration": _receiver},
    "ruby": {
        "singleton_class": _constant(""),
        "call": lambda node: _text(node.child_by_field_name("arguments")).strip("(: )").split(",")[0],
    },
    "rust": {"impl_item": _impl_type},
    "php": {"assignment_expression": _assigned},
    "c": {
        "function_definition": _declarator,
        "declaration": _declarator,
        "field_declaration": _declarator,
        "type_definition": _declarator,
    },
    "csharp": {
        "operator_declaration": lambda node: "operator" + _text(node.child_by_field_name("operator")),
        "conversion_operator_declaration": lambda node: "operator " + _text(node.child_by_field_name("type")),
        "indexer_declaration": _constant("this"),
        "destructor_declaration": lambda node: "~" + _BY_NAME(node),
    },
    "kotlin": {
        "type_alias": _field("type"),
        "companion_object": _constant(""),
        "secondary_constructor": _constant("constructor"),
        "property_declaration": lambda node: _first_child("variable_declaration")(node).split(":")[0].strip(),
    },
    "swift": {
        "init_declaration": _constant("init"),
        "deinit_declaration": _constant("deinit"),
        "subscript_declaration": _constant("subscript"),
    },
    "scala": {
        "extension_definition": _constant(""),
        "given_definition": lambda node: _BY_NAME(node) or _field("return_type")(node),
    },
    "elixir": {"call": _elixir_call},
    "haskell": {"instance": _haskell_instance},
    "lua": {"assignment_statement": _first_child("variable_list")},
    "zig": {
        "variable_declaration": _first_child("identifier"),
        "test_declaration": lambda node: _first_child("string", "identifier")(node).strip('"'),
    },
    "sql": {
        "create_table": _object_reference,
        "create_type": _object_reference,
        "create_view": _object_reference,
        "create_materialized_view": _object_reference,
        "create_function": _object_reference,
        "create_trigger": _object_reference,
        "statement": _constant(""),
    },
}
_NO_NAMERS: Final[dict[str, _Namer]] = {}
_NAMERS["typescript"] = _NAMERS["tsx"] = {**_NAMERS["javascript"], "public_field_definition": _BY_NAME}
_NAMERS["cpp"] = _NAMERS["c"]


def name_of(language: str, node: Node) -> tuple[str, str]:
    """The qualifier that is written in the declaration itself, and the simple name: ("Queue", "drain")."""
    raw = _NAMERS.get(language, _NO_NAMERS).get(node.type, _BY_NAME)(node)
    if len(raw) > _LONGEST_WRITTEN:
        return "", ""
    if raw.isidentifier():
        return "", raw
    if language == "haskell" or node.type == "test_declaration":
        return "", " ".join(raw.split())[:200]
    if "operator" in raw and language in {"cpp", "csharp", "c"}:
        before, _, symbol = raw.rpartition("operator")
        qualifier = _without_generics(before).strip(": .")
        return qualifier.replace("::", "."), "operator" + " ".join(symbol.split())
    if language in _GENERIC_NAMES:
        raw = _without_generics(raw)
    raw = raw.strip().strip("\"'`")
    parts = [part for part in re.split(r"::|[.:\\]", "".join(raw.split())) if part]
    if not parts or len(raw) > 300:
        return "", ""
    return ".".join(parts[:-1]), parts[-1]


_LONGEST_WRITTEN: Final = 5_000
"""Characters, with type arguments and parameters; what is longer is a parser's mistake."""
_GENERIC_NAMES: Final = frozenset({"cpp", "rust", "csharp", "java", "kotlin", "swift"})


def _without_generics(name: str) -> str:
    while True:
        shorter = re.sub(r"<[^<>]*>", "", name)
        if shorter == name:
            return name
        name = shorter


# Kinds that the node type alone does not tell.


def kind_of(language: str, node: Node, kind: str) -> str:
    """The kind of a captured definition, looking one level into nodes that stand for several kinds."""
    if language == "kotlin" and node.type == "class_declaration":
        head = " ".join(_text(child) for child in node.children[:6] if not child.type.endswith("class_body"))[:400]
        if re.search(r"\binterface\b", head):
            return "interface"
        return "enum" if re.search(r"\benum\s+class\b", head) else kind
    if language == "swift" and node.type == "class_declaration":
        keyword = _text(node.child_by_field_name("declaration_kind"))
        return keyword if keyword in {"struct", "enum"} else kind
    if language == "go" and kind == "type":
        declared = node.child_by_field_name("type")
        types = {"struct_type": "struct", "interface_type": "interface"}
        return types.get(declared.type, kind) if declared is not None else kind
    if language == "elixir" and kind == "module":
        return "interface" if _text(node.child_by_field_name("target")) == "defprotocol" else kind
    return kind
