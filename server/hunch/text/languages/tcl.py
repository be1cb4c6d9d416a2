"""Tcl."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="tcl",
    extensions=("tcl", "tk", "tm", "itcl"),
    interpreters=("tclsh", "wish", "expect"),
    line_comments=("#",),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="scope", pattern=r"namespace\h+eval\h+(?P<name>[\w:.-]+)"),
                Rule(
                    kind="class",
                    pattern=r"(?:(?:::)?oo::class\h+create|(?:::)?(?:itcl|snit)::(?:class|type|widget\w*)|(?:snit::)?type|class)\h+(?P<name>[\w:]+)\h*\{",
                ),
                Rule(
                    kind="function",
                    pattern=r"(?:proc|method|typemethod|(?:::)?(?:snit|oo)::\w+)\h+(?P<name>[^\s{}\"]+)",
                ),
                Rule(kind="method", pattern=r"(?P<name>constructor|destructor)\h+\{", inside=True),
            ),
            end="until",
            until=r"^{indent}\}",
            one_line=r"\}\h*;?\h*$",
            strings=r'(?<=[\s\[])"(?:[^"\\\n]|\\.)*"?',
            comments=r"(?:^|;)\h*#[^\n]*",
            imports=r"package\h+require\h|source\h",
            separators=("::",),
        )
    ),
)
