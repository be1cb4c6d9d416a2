r"""How a language without a grammar says which lines begin a definition, and where one ends.

A pattern is tried at each line, behind its indentation, where the line is neither in a comment nor in a string. It has
a group `name` (but for queries), and may have a group `scope` that qualifies the name. `\h` is a blank or a tab. A
repeated group must have an upper bound (`{0,6}`), so that a pattern takes time proportional to the line.

Patterns are kept as text: they are compiled when a file of the language is first read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:  # what only looks at file names starts sooner without them
    from hunch.text.outline import Outline
    from hunch.text.source_text import SourceText

__all__ = ["APOSTROPHES", "QUOTES", "End", "LineRules", "Rule", "outlined_by"]

End = Literal["braces", "parens", "indent", "next", "rest", "until", "line", "routine"]
"""Where a definition ends: at the bracket that closes its first brace, or the parenthesis before its first word; before
the next line that is indented as little; before the next definition that is indented as little; before the next one by
the same rule; at the line that its pattern `until` finds; with its header; as routines of SQL do."""

QUOTES: Final = r'"(?:[^"\\\n]|\\.)*"?'
APOSTROPHES: Final = r"'(?:[^'\\\n]|\\.)*'?"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """Lines that begin a definition."""

    kind: str
    """One of hunch.text.chunk.KINDS, `scope` for what only qualifies names, or empty for what hides what is in it."""
    pattern: str
    end: End | None = None
    """Where it is not that of the language."""
    until: str = ""
    """The pattern of the last line; `{indent}` and `{name}` in it are those of the definition."""
    declared: Literal["keep", "documented", "inside", "drop"] = "keep"
    """Whether one without a body counts: always, when it is documented, in a class or its like, never."""
    semicolon_declares: bool = False
    """It has no body where a semicolon comes before what separates its signature from one."""
    is_bare: bool = False
    """The signature is what the pattern matches."""
    inside: bool = False
    """Only in a class or its like, where calls and declarations cannot be mistaken for each other."""
    is_member: bool = False
    """It is a name inside the chunk around it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LineRules:
    """How definitions are found in the lines of one language."""

    rules: tuple[Rule, ...]
    """The first that matches a line counts."""
    end: End
    until: str = ""
    one_line: str = ""
    """What the rest of a header's line looks like when the definition ends there, for the end `until`."""
    strings: str = rf"{QUOTES}|{APOSTROPHES}"
    """String and character literals, ended or not; they hide brackets, marks of comments and definitions."""
    comments: str = ""
    """The pattern of comments, where it is not what the markers of the language say."""
    keywords: str = ""
    """Words that are no names, and begin no definition."""
    header_end: str = ""
    """What separates the signature from the body, outside brackets, for ends other than `braces`."""
    short_body: str = ""
    """What a body begins with, from its separator on, that ends at the next semicolon."""
    newline_ends: bool = False
    """A header without a brace ends with its line, for the end `braces`."""
    ignores_case: bool = False
    merges: bool = False
    """Neighbours with the same name are one definition: a type and its equations."""
    imports: str = ""
    """Lines that import."""
    decorators: str = ""
    """Lines right above a definition that belong to it."""
    quoted_above: str = ""
    """What begins and ends a string above a definition that documents it."""
    documented_below: str = ""
    """Documentation at the beginning of a body; a group in it is a string's text, without one it is a comment."""
    separators: tuple[str, ...] = ("::", ".")
    """What stands between the parts of a written name."""


def outlined_by(rules: LineRules) -> Callable[[SourceText], Outline]:
    """Return what finds the definitions of a file by rules."""

    def outline(file: SourceText) -> Outline:
        from hunch.text.line_outline import outline_by_rules  # nor does looking at names need the parser's modules

        return outline_by_rules(file, rules)

    return outline
