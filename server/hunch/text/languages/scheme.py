"""Scheme and Racket."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

_NAME = r"(?P<name>[^\s()\[\]\"]+)"

LANGUAGE = Language(
    name="scheme",
    extensions=("scm", "ss", "rkt", "sld", "sls"),
    aliases=("racket",),
    interpreters=("racket", "guile"),
    line_comments=(";",),
    block_comments=(("#|", "|#"),),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(
                    kind="macro",
                    pattern=r"\((?:define-syntax[\w-]*|define-simple-macro|define-macro|defmacro)\h+\(?" + _NAME,
                ),
                Rule(
                    kind="struct",
                    pattern=r"\((?:struct|define-struct(?:/\w+)?|define-record-type|define-values)\h+\(?" + _NAME,
                ),
                Rule(kind="class", pattern=r"\(define\h+" + _NAME + r"\s+\(class\*?\b"),
                Rule(
                    kind="module",
                    pattern=r"\((?:module[*+]?|define-library|library|define-module|define-signature|define-unit)\h+\(*"
                    + _NAME,
                ),
                Rule(kind="function", pattern=r"\(define[\w*/:-]*\h+\(+" + _NAME),
                Rule(kind="function", pattern=r"\(define[\w*/:-]*\h+" + _NAME + r"\s+\((?:case-)?lambda\b"),
                Rule(kind="constant", pattern=r"\((?:define|define/contract|define-[\w-]+)\h+" + _NAME),
            ),
            end="parens",
            strings=r'"(?:[^"\\]|\\(?s:.))*"?' r"|#\\\S[\w-]*|#[pr]x\"(?:[^\"\\]|\\(?s:.))*\"?",
            imports=r"\((?:require|import|use-modules)\h",
            separators=(),
        )
    ),
)
