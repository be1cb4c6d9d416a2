"""Clojure."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

_NAME = r"(?:\^(?:\{[^}\n]*\}|\S+)\h+){0,3}(?P<name>[^\s()\[\]{}\"]+)"

LANGUAGE = Language(
    name="clojure",
    extensions=("clj", "cljs", "cljc", "bb"),
    aliases=("clj",),
    interpreters=("clojure", "bb"),
    line_comments=(";",),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="module", pattern=r"\(ns\h+" + _NAME),
                Rule(kind="macro", pattern=r"\((?:[\w.-]+/)?defmacro\h+" + _NAME),
                Rule(kind="interface", pattern=r"\((?:[\w.-]+/)?(?:defprotocol|definterface)\h+" + _NAME),
                Rule(kind="class", pattern=r"\((?:[\w.-]+/)?(?:defrecord|deftype)\h+" + _NAME),
                Rule(kind="constant", pattern=r"\((?:[\w.-]+/)?(?:def|defonce)\h+" + _NAME),
                Rule(kind="function", pattern=r"\((?:[\w.-]+/)?def[\w*!-]+\h+" + _NAME),
            ),
            end="parens",
            strings=r'"(?:[^"\\]|\\(?s:.))*"?' r"|\\(?:[a-z]+|\S)",
            documented_below=r'\s*(?:\^\{[^{}"]*\}\s*)?"((?:[^"\\]|\\(?s:.))*)"',
            separators=(),
        )
    ),
)
