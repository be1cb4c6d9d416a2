"""CMake."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="cmake",
    extensions=("cmake",),
    file_names=("CMakeLists.txt",),
    line_comments=("#",),
    block_comments=(("#[[", "]]"),),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="function", pattern=r"function\h*\(\h*(?P<name>[^\s()]+)", until=r"^\h*endfunction\b"),
                Rule(kind="macro", pattern=r"macro\h*\(\h*(?P<name>[^\s()]+)", until=r"^\h*endmacro\b"),
                Rule(
                    kind="module",
                    pattern=r"(?:add_(?:library|executable|custom_target|subdirectory)|project|\w+_add_(?:library|executable))"
                    r"\h*\(\s*(?P<name>[^\s()]+)",
                    end="parens",
                ),
                Rule(
                    kind="constant",
                    pattern=r"(?:option|cmake_dependent_option|set)\h*\(\h*(?P<name>[\w.-]+)",
                    is_member=True,
                ),
            ),
            end="until",
            strings=r'"(?:[^"\\]|\\(?s:.))*"?|\[(?P<level>=*)\[(?s:.*?)(?:\](?P=level)\]|\Z)',
            comments=r"#\[\[(?s:.*?)(?:\]\]|\Z)|#[^\n]*",
            ignores_case=True,
            imports=r"(?:include|find_package)\h*\(",
            separators=(),
        )
    ),
)
