"""What each grammar calls a definition: one tree-sitter query per language.

The capture names of a query are the vocabulary of the chunker:

- a kind (`@function`, `@method`, `@class`, ...): this node is a definition of that kind;
- a kind with a condition: `@method.long` counts only when it spans several lines (one-line members stay with what is
  around them), `@method.documented` only when a comment above it says what it is for (signatures without a body);
- `@scope`, `@namespace`, `@object`: no definition themselves, but their name qualifies the definitions inside (`impl`
  blocks, namespaces, object literals);
- `@closure`: an anonymous function handed to a call; kept in one piece unless it is long;
- `@docstring`: says what the file or the definition around it is for;
- `@import`: dropped from blocks, listed on the file card;
- `@lead`: decorators, attributes and annotations, which belong to the definition that follows or holds them.
"""

from __future__ import annotations

import importlib
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Final

from tree_sitter import Language, Query

__all__ = ["GRAMMARS", "Grammar", "LoadedGrammar", "load_grammar"]


@dataclass(frozen=True, slots=True)
class Grammar:
    """Where a grammar comes from, and which of its nodes define things."""

    module: str
    query: str
    function: str = "language"
    merges_clauses: bool = False
    """Neighbours with the same name are one definition (equations, overloads)."""
    depth: int = 6
    """How deep under the root, or under a long container, definitions are looked for in one go."""


@dataclass(frozen=True, slots=True)
class LoadedGrammar:
    """A grammar that is ready to parse."""

    language: Language
    query: Query
    merges_clauses: bool
    depth: int


@cache
def load_grammar(language: str) -> LoadedGrammar | None:
    """The parser and query of a language, or None when there is none or its wheel does not load."""
    grammar = GRAMMARS.get(language)
    if grammar is None:
        return None
    try:
        with warnings.catch_warnings():
            # Older wheels hand over a plain integer, which newer bindings accept with a warning.
            warnings.simplefilter("ignore", DeprecationWarning)
            loaded = Language(getattr(importlib.import_module(grammar.module), grammar.function)())
        return LoadedGrammar(loaded, Query(loaded, grammar.query), grammar.merges_clauses, grammar.depth)
    except (ImportError, AttributeError, ValueError, TypeError):
        # A wheel that is missing or too new for its query costs precision in one language, not the file.
        return None


_JAVASCRIPT: Final = """
(import_statement) @import
(lexical_declaration (variable_declarator
  value: (call_expression function: (identifier) @_f (#eq? @_f "require")))) @import
(lexical_declaration (variable_declarator value: (member_expression
  object: (call_expression function: (identifier) @_f (#eq? @_f "require"))))) @import
(variable_declaration (variable_declarator
  value: (call_expression function: (identifier) @_f (#eq? @_f "require")))) @import
(export_statement !declaration source: (_)) @import
(decorator) @lead
(function_declaration) @function
(generator_function_declaration) @function
(class_declaration) @class
(variable_declarator value: [(arrow_function) (function_expression) (generator_function)]) @function
(variable_declarator value: (class)) @class
(variable_declarator value: (object)) @object
(assignment_expression right: [(arrow_function) (function_expression) (generator_function)]) @function
(assignment_expression right: (class)) @class
(assignment_expression right: (object)) @object
(export_statement value: [(arrow_function) (function_expression) (class)]) @function
(class_body (method_definition) @method)
(object (method_definition) @method.long)
(pair value: (object)) @object
(pair value: [(arrow_function) (function_expression) (generator_function)]) @method.long
(arguments [(arrow_function) (function_expression)] @closure)
(parenthesized_expression [(arrow_function) (function_expression)] @closure)
(call_expression function: (function_expression) @closure)
"""

_TYPESCRIPT: Final = (
    _JAVASCRIPT
    + """
(public_field_definition value: [(arrow_function) (function_expression)]) @method
(abstract_class_declaration) @class
(interface_declaration) @interface
(type_alias_declaration) @type
(enum_declaration) @enum
(internal_module) @module
(module) @module
(function_signature) @function
(method_signature) @method.documented
(abstract_method_signature) @method.documented
"""
)

_C: Final = """
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
"""

_CPP: Final = (
    _C
    + """
(using_declaration) @import
(template_declaration parameters: (template_parameter_list) @lead)
(class_specifier name: (_) body: (_)) @class
(namespace_definition) @namespace
(concept_definition) @type
(alias_declaration) @type
(field_declaration declarator: (function_declarator)) @method.documented
"""
)

GRAMMARS: Final[dict[str, Grammar]] = {
    "python": Grammar(
        "tree_sitter_python",
        """
        (import_statement) @import
        (import_from_statement) @import
        (future_import_statement) @import
        (module . (comment)* . (expression_statement . (string)) @docstring)
        (decorator) @lead
        (function_definition) @function
        (class_definition) @class
        """,
        depth=5,
    ),
    "javascript": Grammar(
        "tree_sitter_javascript",
        _JAVASCRIPT + "(field_definition value: [(arrow_function) (function_expression)]) @method",
    ),
    "typescript": Grammar("tree_sitter_typescript", _TYPESCRIPT, "language_typescript", merges_clauses=True),
    "tsx": Grammar("tree_sitter_typescript", _TYPESCRIPT, "language_tsx", merges_clauses=True),
    "java": Grammar(
        "tree_sitter_java",
        """
        (package_declaration) @import
        (import_declaration) @import
        (modifiers [(annotation) (marker_annotation)] @lead)
        (class_declaration) @class
        (interface_declaration) @interface
        (enum_declaration) @enum
        (record_declaration) @class
        (annotation_type_declaration) @interface
        (method_declaration body: (_)) @method
        (method_declaration !body) @method.documented
        (constructor_declaration) @method
        (compact_constructor_declaration) @method
        """,
        depth=5,
    ),
    "go": Grammar(
        "tree_sitter_go",
        """
        (package_clause) @import
        (import_declaration) @import
        (function_declaration) @function
        (method_declaration) @method
        (type_declaration (type_spec) @type)
        (type_declaration (type_alias) @type)
        (method_elem) @method.documented
        """,
        depth=4,
    ),
    "php": Grammar(
        "tree_sitter_php",
        """
        (php_tag) @import
        (namespace_definition !body) @import
        (namespace_use_declaration) @import
        (attribute_list) @lead
        (namespace_definition body: (_)) @namespace
        (class_declaration) @class
        (interface_declaration) @interface
        (trait_declaration) @trait
        (enum_declaration) @enum
        (function_definition) @function
        (method_declaration body: (_)) @method
        (method_declaration !body) @method.documented
        (assignment_expression right: [(anonymous_function) (arrow_function)]) @function.long
        (argument [(anonymous_function) (arrow_function)] @closure)
        """,
        "language_php",
        depth=5,
    ),
    "ruby": Grammar(
        "tree_sitter_ruby",
        """
        (program (call method: (identifier) @_m (#any-of? @_m "require" "require_relative" "load" "autoload")) @import)
        (module) @module
        (class) @class
        (singleton_class) @scope
        (method) @method
        (singleton_method) @method
        (call method: (identifier) @_d arguments: (argument_list . (simple_symbol)) block: (_)
          (#any-of? @_d "define_method" "define_singleton_method")) @method.long
        """,
    ),
    "rust": Grammar(
        "tree_sitter_rust",
        """
        (use_declaration) @import
        (extern_crate_declaration) @import
        (attribute_item) @lead
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
        """,
    ),
    "c": Grammar("tree_sitter_c", _C),
    "cpp": Grammar("tree_sitter_cpp", _CPP),
    "csharp": Grammar(
        "tree_sitter_c_sharp",
        """
        (using_directive) @import
        (attribute_list) @lead
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
        """,
    ),
    "kotlin": Grammar(
        "tree_sitter_kotlin",
        """
        (package_header) @import
        (import) @import
        (modifiers (annotation) @lead)
        (class_declaration) @class
        (object_declaration) @class
        (companion_object) @scope
        (function_declaration (function_body)) @function
        (function_declaration) @function.documented
        (secondary_constructor) @method
        (property_declaration [(getter) (setter)]) @method.long
        (type_alias) @type
        """,
    ),
    "swift": Grammar(
        "tree_sitter_swift",
        """
        (import_declaration) @import
        (attribute) @lead
        (class_declaration) @class
        (protocol_declaration) @interface
        (function_declaration) @function
        (protocol_function_declaration) @function.documented
        (init_declaration) @method
        (deinit_declaration) @method
        (subscript_declaration) @method
        (property_declaration computed_value: (_)) @method.long
        (typealias_declaration) @type
        """,
    ),
    "scala": Grammar(
        "tree_sitter_scala",
        """
        (package_clause !body) @import
        (import_declaration) @import
        (annotation) @lead
        (package_clause body: (_)) @namespace
        (class_definition) @class
        (object_definition) @class
        (package_object) @module
        (trait_definition) @trait
        (enum_definition) @enum
        (given_definition) @class
        (extension_definition) @scope
        (function_definition) @function
        (function_declaration) @function.documented
        (type_definition) @type
        """,
    ),
    "elixir": Grammar(
        "tree_sitter_elixir",
        """
        (call target: (identifier) @_i (#any-of? @_i "use" "import" "alias" "require")) @import
        (unary_operator operator: "@" operand: (call target: (identifier) @_a
          (#any-of? @_a "doc" "spec" "impl" "typedoc" "deprecated"))) @lead
        (unary_operator operator: "@" operand: (call target: (identifier) @_o (#eq? @_o "moduledoc"))) @docstring
        (call target: (identifier) @_m (#any-of? @_m "defmodule" "defprotocol" "defimpl") (do_block)) @module
        (call target: (identifier) @_d (#any-of? @_d "def" "defp" "defdelegate" "defguard" "defguardp" "defn")
          (arguments)) @function
        (call target: (identifier) @_x (#any-of? @_x "defmacro" "defmacrop") (arguments)) @macro
        """,
        merges_clauses=True,
    ),
    "haskell": Grammar(
        "tree_sitter_haskell",
        """
        (pragma) @import
        (header) @import
        (import) @import
        (declarations [(signature) (function) (bind)] @function)
        (declarations [(data_type) (newtype) (type_synonym) (type_family) (data_family)] @type)
        (declarations (class) @class)
        (declarations (instance) @class)
        """,
        merges_clauses=True,
    ),
    "lua": Grammar(
        "tree_sitter_lua",
        """
        (variable_declaration (assignment_statement (expression_list
          value: (function_call name: (identifier) @_r (#eq? @_r "require"))))) @import
        (function_declaration) @function
        (assignment_statement (expression_list . value: (function_definition) .)) @function
        (field name: (_) value: (function_definition)) @method.long
        (arguments (function_definition) @closure)
        """,
    ),
    "zig": Grammar(
        "tree_sitter_zig",
        """
        (variable_declaration (builtin_function (builtin_identifier) @_b (#eq? @_b "@import"))) @import
        (function_declaration) @function
        (test_declaration) @function
        (variable_declaration [(struct_declaration) (union_declaration) (opaque_declaration)]) @struct
        (variable_declaration [(enum_declaration) (error_set_declaration)]) @enum
        """,
    ),
    "bash": Grammar(
        "tree_sitter_bash",
        """
        (program (command name: (command_name) @_c (#any-of? @_c "source" "." "set")) @import)
        (function_definition) @function
        """,
    ),
    "sql": Grammar(
        "tree_sitter_sql",
        """
        (create_table) @type
        (create_type) @type
        (create_view) @query
        (create_materialized_view) @query
        (create_function) @function
        (create_trigger) @function
        (program (statement [(select) (insert) (update) (delete)]) @query.long)
        """,
    ),
}
