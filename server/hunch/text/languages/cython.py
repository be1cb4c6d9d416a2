"""Cython."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import APOSTROPHES, QUOTES, LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="cython",
    extensions=("pyx", "pxd", "pxi"),
    aliases=("pyx",),
    line_comments=("#",),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="class", pattern=r"(?:cdef\h+(?:public\h+|api\h+)?)?class\h+(?P<name>\w+)"),
                Rule(
                    kind="struct",
                    pattern=r"(?:cdef|ctypedef)\h+(?:public\h+|packed\h+)?(?:struct|union|cppclass)\h+(?P<name>\w+)",
                ),
                Rule(kind="enum", pattern=r"(?:cdef|cpdef|ctypedef)\h+(?:public\h+)?enum\h+(?:class\h+)?(?P<name>\w+)"),
                Rule(kind="function", pattern=r"(?:async\h+)?def\h+(?P<name>\w+)"),
                Rule(
                    kind="function", pattern=r"(?:cdef|cpdef)\h+(?:[\w.*&\[\],:<>\h]{1,200}?[\h*&])?(?P<name>\w+)\h*\("
                ),
                Rule(kind="type", pattern=r"ctypedef\h+[\w.*\h]{1,200}[\h*](?P<name>\w+)\h*$", end="line"),
            ),
            end="indent",
            strings=rf"\"{{3}}(?s:.*?)(?:\"{{3}}|\Z)|'{{3}}(?s:.*?)(?:'{{3}}|\Z)|{QUOTES}|{APOSTROPHES}",
            imports=r"(?:c?import|from)\h",
            decorators=r"@\w",
            documented_below=r'[^\n]{0,80}\s*r?"{3}((?:[^"\\]|"(?!"")|\\(?s:.))*)"{3}',
            separators=(),
        )
    ),
)
