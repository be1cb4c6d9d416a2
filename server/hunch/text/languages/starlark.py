"""Starlark, and the targets of Bazel and Buck."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import APOSTROPHES, QUOTES, LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="starlark",
    extensions=("bzl", "star", "bazel", "sky"),
    aliases=("bazel",),
    file_names=("BUILD", "WORKSPACE", "MODULE.bazel", "BUCK", "Tiltfile"),
    line_comments=("#",),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="function", pattern=r"def\h+(?P<name>\w+)\h*\("),
                Rule(
                    kind="type",
                    pattern=r"(?P<name>\w+)\h*=\h*(?:repository_rule|rule|provider|aspect|macro|module_extension|transition|struct)\h*\(",
                    end="parens",
                ),
                Rule(
                    kind="module", pattern=r"(?<!\h)[\w.]+\h*\(\s{0,40}name\h*=\h*\"(?P<name>[^\"\n]+)\"", end="parens"
                ),
                Rule(kind="constant", pattern=r"(?<!\h)(?P<name>_?[A-Z][A-Z0-9_]+)\h*=", is_member=True),
            ),
            end="indent",
            strings=rf"\"{{3}}(?s:.*?)(?:\"{{3}}|\Z)|'{{3}}(?s:.*?)(?:'{{3}}|\Z)|{QUOTES}|{APOSTROPHES}",
            imports=r"(?:load|bazel_dep)\h*\(",
            documented_below=r'\s*"{3}((?:[^"\\]|"(?!"")|\\(?s:.))*)"{3}',
            separators=(),
        )
    ),
)
