"""Lean."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import QUOTES, LineRules, Rule, outlined_by

_MODIFIERS = (
    r"(?:@\[[^\]\n]*\]\h*)?"
    r"(?:(?:private|protected|public|noncomputable|partial|unsafe|scoped|local|nonrec|meta)\h+){0,4}"
)
_NAME = r"(?P<name>[^\s:({\[]+)"

LANGUAGE = Language(
    name="lean",
    extensions=("lean",),
    line_comments=("--",),
    block_comments=(("/-", "-/"),),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="scope", pattern=r"namespace\h+(?P<name>[\w.«»']+)", end="until", until=r"^end\h+{name}\h*$"),
                Rule(kind="struct", pattern=_MODIFIERS + r"structure\h+" + _NAME),
                Rule(kind="class", pattern=_MODIFIERS + r"class\h+(?:inductive\h+|abbrev\h+)?" + _NAME),
                Rule(kind="enum", pattern=_MODIFIERS + r"(?:inductive|coinductive)\h+" + _NAME),
                Rule(kind="function", pattern=_MODIFIERS + r"(?:def|theorem|lemma|abbrev|opaque|axiom)\h+" + _NAME),
                Rule(
                    kind="function",
                    pattern=_MODIFIERS + r"instance\h+(?:\(priority[^)\n]*\)\h+)?(?P<name>[\w.«»']+)\h*[:({\[]",
                ),
                Rule(kind="", pattern=_MODIFIERS + r"(?P<name>instance|example)\b"),
                Rule(
                    kind="macro",
                    pattern=_MODIFIERS
                    + r"(?:macro|syntax|elab|macro_rules|elab_rules)\h+(?:\([^)\n]*\)\h*)?\"(?P<name>[^\"\n]+)\"",
                ),
            ),
            end="indent",
            header_end=r":=|\bwhere\b",
            strings=QUOTES,
            imports=r"(?:public\h+)?(?:import|open)\h",
            decorators=r"@\[[^\]\n]*\]\h*$",
            separators=(".",),
        )
    ),
)
