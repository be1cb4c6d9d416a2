"""What a language declares: how its files are recognised, what its grammar calls a definition, how it is documented.

The capture names of a query are the vocabulary of the chunker:

- a kind (`@function`, `@method`, `@class`, ...): this node is a definition of that kind;
- a kind with a condition: `@method.long` counts only when it spans several lines (one-line members stay with what is
  around them), `@method.documented` only when a comment above it says what it is for (signatures without a body);
- `@constant`, `@field`, `@type.member`, ...: a name that is found at its own line; what takes three lines and more is a
  definition, but for fields and what stands in a class; `kind_of` may give another kind, or none at all;
- `@scope`, `@namespace`, `@object`: no definition themselves, but their name qualifies the definitions inside (`impl`
  blocks, namespaces, object literals);
- `@closure`: an anonymous function handed to a call; kept in one piece unless it is long;
- `@docstring`: says what the file or the definition around it is for;
- `@import`: dropped from blocks, listed on the file-level chunk;
- `@decorator`: decorators, attributes and annotations, which belong to the definition that follows or holds them.

Nothing here loads a grammar: file names are looked up where no parser is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from re import Pattern
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:  # what only looks at file names starts sooner without them
    from tree_sitter import Node

    from hunch.text.outline import Outline
    from hunch.text.source_text import SourceText

__all__ = ["C_BLOCK", "METHOD_OWNERS", "Cell", "CommentStyle", "Content", "DocComment", "Grammar", "Language", "Namer"]

Content = Literal["code", "docs", "config"]
"""Source code; what people read about it; what programs read, such as settings and manifests"""

CommentStyle = Callable[[str, int], list[str]]
"""Of a sentence and the columns that a line has -> the lines of a comment, not indented"""

Namer = Callable[["Node"], str]
"""Of a node that defines something -> its name as written, with what qualifies it"""

METHOD_OWNERS: Final = frozenset({"class", "interface", "struct", "enum", "trait", "scope", "object", "constant"})
"""Kinds whose functions are methods, in most languages."""

C_BLOCK: Final = (("/*", "*/"),)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grammar:
    """Where a tree-sitter grammar comes from, which of its nodes define things, and how they are read."""

    module: str
    """Of the wheel"""
    function: str = "language"
    """Of the module, that gives the parser"""
    query: str
    depth: int = 6
    """How deep under the root, or under a long container, definitions are looked for in one go."""
    merges_clauses: bool = False
    """Neighbours with the same name are one definition (equations, overloads)."""

    prepare: Callable[[bytes], bytes] | None = None
    """What the parser reads in place of the source: bytes of the same length, with the same line breaks. It blanks
    what the grammar cannot read, such as macros; names and texts are still cut from the source."""

    reopens_classes: bool = False
    """A class is often opened again in another file, so that one of nothing but methods is no definition to rank."""

    repair: Callable[[bytes], bytes] | None = None
    """What the parser reads, in place of what prepare gives, where the tree has errors; as prepare otherwise."""

    begins: Pattern[bytes] | None = None
    """What a line begins with that begins a definition, from its first sign on; the group `holds` matches where others
    are looked for in it. Where a tree has errors, hunch.text.recovery holds it against the definitions of the tree."""
    ends: bytes = b"}"
    """How a line begins that ends a definition; empty where indentation does."""

    names: Mapping[str, Namer] = field(default_factory=dict)
    """By type of node, where the name is not the field `name`."""
    spaced_names: frozenset[str] = frozenset()
    """Types of nodes whose names are kept as written: sentences, operators."""
    has_sentences: bool = False
    """A name in quotes is a sentence, kept as written: the title of a test."""
    has_type_arguments: bool = False
    """`<...>` in a name is no part of it."""
    has_operators: bool = False
    """`operator` in a name begins the name of an operator."""

    kind_of: Callable[[Node, str], str] | None = None
    """The kind of a node that its type alone does not tell, from the kind that was captured."""
    method_owners: frozenset[str] = METHOD_OWNERS
    """Kinds whose functions are methods."""
    qualified_is_method: bool = False
    """A function whose own name is written with a qualifier is a method."""

    body_types: frozenset[str] = frozenset()
    """Types of nodes that are a body without being in a field `body`."""
    wrapped_function: Callable[[Node], Node | None] | None = None
    """Of a node whose value is made by a call: the function that the call takes; its body is the definition's."""
    comment_types: frozenset[str] = frozenset({"comment"})
    header_end: Callable[[bytes, Node, Node], int] | None = None
    """Of the source, a definition and its body -> the byte where the signature ends, where comments belong to the body.

    By default it ends in front of the body and of comments before it.
    """

    docstring_of: Callable[[Node], Node | None] | None = None
    """The string in a definition's body that documents it."""
    docstring_literal: Callable[[str], str] | None = None
    """The string literal in the text of a `@docstring`, empty when there is none; by default all of it."""
    decorators_document: bool = False
    """Documentation stands among decorators, in what docstring_literal finds."""
    own_decorators: frozenset[str] = frozenset()
    """Types of decorators that the grammar puts inside the declaration."""
    decorator_word: str = ""
    """What is written in front of decorators and is no part of them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DocComment:
    """The style and the place of documentation that is inserted."""

    style: CommentStyle
    exception: tuple[tuple[str, ...], CommentStyle] | None = None
    """How code begins that takes another style, and that style."""
    is_below_header: bool = False
    """It is the first line of the body."""
    is_refused: Callable[[str, str], bool] | None = None
    """Whether a function with this signature and these decorators must not have any."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of a file that is read by itself."""

    languages: tuple[str, ...]
    """What its language may be called, as people do; the first that is known counts"""
    text: str
    rows: tuple[int, ...]
    """Of each of its lines: where it stands in the file, 0-based, never falling"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Language:
    """One language."""

    name: str
    extensions: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    """What else people call it."""
    file_names: tuple[str, ...] = ()
    interpreters: tuple[str, ...] = ()
    """Of shebang lines, without versions."""
    line_comments: tuple[str, ...]
    block_comments: tuple[tuple[str, str], ...]
    test_files: tuple[str, ...] = ()
    """Names of test files, or `*` and their ends, beyond those that hunch.text.path_class knows in any language."""
    grammar: Grammar | None = None
    """A tree-sitter grammar; without one, and without an outline, its files are cut at blank lines."""
    outline: Callable[[SourceText], Outline] | None = None
    """What finds the definitions (sections, entries) of a file where no grammar does: by rules for lines, or in the
    parts of a file that are in other languages. It takes time proportional to the file, whatever the file holds."""
    cells: Callable[[SourceText], list[Cell]] | None = None
    """What takes the parts of a file that are read by themselves, such as the cells of a notebook."""
    content: Content = "code"
    doc_comment: DocComment | None = None
    """Declared by whatever has a grammar."""
