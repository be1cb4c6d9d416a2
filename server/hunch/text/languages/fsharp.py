"""F#."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import QUOTES, LineRules, Rule, outlined_by

_ACCESS = r"(?:(?:private|internal|public|rec)\h+){0,2}"
_TYPE = rf"(?:type|and)\h+(?:\[<[^\]\n]*>\]\h*)?{_ACCESS}(?P<name>[A-Z]\w*)(?:<[^\n=(]{{0,200}}>)?"
_LET = rf"(?:static\h+)?(?:let|and)\h+(?:(?:rec|inline|mutable)\h+){{0,3}}{_ACCESS}"

LANGUAGE = Language(
    name="fsharp",
    extensions=("fs", "fsi", "fsx"),
    aliases=("f#", "fs"),
    line_comments=("//",),
    block_comments=(("(*", "*)"),),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="module", pattern=r"module\h+" + _ACCESS + r"(?P<name>[\w.`]+)\h*$", end="rest"),
                Rule(kind="module", pattern=r"module\h+" + _ACCESS + r"(?P<name>[\w.`]+)\h*="),
                Rule(kind="class", pattern=_TYPE + r"\h*(?:private\h*|internal\h*)?\("),
                Rule(kind="struct", pattern=_TYPE + r"\h*=?\h*$"),
                Rule(kind="type", pattern=_TYPE + r"\h*[=\h]"),
                Rule(kind="function", pattern=_LET + r"\(\|?\h*(?P<name>[^\s()]{1,40})\h*[^()\n]{0,40}\|?\h*\)"),
                Rule(
                    kind="function",
                    pattern=_LET
                    + r"(?P<name>``[^`\n]+``|[\w']+)(?:<[^>\n]*>)?(?:\h+(?=[^=\h:])|\h*\(|\h*=\h*fun\b|\h*$)",
                ),
                Rule(kind="constant", pattern=_LET + r"(?P<name>[\w']+)\h*(?::[^=\n]*)?="),
                Rule(
                    kind="method",
                    pattern=r"(?:static\h+)?(?:member|override|default|abstract)\h+(?:member\h+|val\h+)?"
                    + _ACCESS
                    + r"(?:inline\h+)?(?:[\w_]+\.)?(?P<name>``[^`\n]+``|\w+)",
                ),
                Rule(kind="method", pattern=r"(?P<name>new)\h*\(", inside=True),
            ),
            end="indent",
            header_end=r"=(?![=>])",
            strings=rf'"""(?s:.*?)(?:"""|\Z)|@"(?:[^"]|"")*"?|{QUOTES}' r"|'(?:[^'\\\n]|\\[^'\n]{1,5})'",
            comments=r"\(\*(?!\))(?s:.*?)(?:\*\)|\Z)|//[^\n]*",
            imports=r"open\h",
            decorators=r"\[<",
            separators=(".",),
        )
    ),
)
