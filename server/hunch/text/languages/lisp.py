"""Common Lisp and Emacs Lisp."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

_NAME = r"\(?(?:setf\h+)?[':#]{0,2}(?P<name>[^\s()\"',]+)"

LANGUAGE = Language(
    name="lisp",
    extensions=("lisp", "lsp", "el", "cl-lisp", "asd"),
    aliases=("commonlisp", "elisp", "emacs-lisp"),
    file_names=(".emacs",),
    interpreters=("sbcl",),
    line_comments=(";",),
    block_comments=(("#|", "|#"),),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(
                    kind="macro",
                    pattern=r"\((?:cl-)?(?:defmacro\*?|define-(?:compiler-)?macro|defsetf|define-setf-expander)\h+"
                    + _NAME,
                ),
                Rule(kind="class", pattern=r"\((?:cl-)?(?:defclass|defstruct|define-condition|deftype)\h+" + _NAME),
                Rule(
                    kind="constant",
                    pattern=r"\((?:defvar(?:-local|-keymap)?\*?|defconst|defconstant|defcustom|defparameter|defgroup|defface)\h+"
                    + _NAME,
                ),
                Rule(kind="module", pattern=r"\((?:[\w-]+:)?(?:defpackage|define-package|defsystem)\h+" + _NAME),
                Rule(
                    kind="function",
                    pattern=r"\((?:[\w-]+:)?(?:[a-z]+-)?(?:def(?!ault|er)[\w*-]+|define(?:-[\w*-]+)?)\h+" + _NAME,
                ),
            ),
            end="parens",
            strings=r'"(?:[^"\\]|\\(?s:.))*"?' r"|#\\\S[\w-]*|(?<=[\s(])\?\\?\S",
            documented_below=r'\s*(?:\([^()"]*\)|nil)?\s*"((?:[^"\\]|\\(?s:.))*)"',
            ignores_case=True,
            separators=(),
        )
    ),
)
