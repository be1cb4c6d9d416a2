"""Files that embed scripts (Vue, Svelte, Astro, HTML): what the scripts define, by the grammar of their own language.

Everything outside the scripts is blanked, byte for byte, so that every line and offset stays that of the outer file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from hunch.text.outline import Outline, outline_of
from hunch.text.source_text import SourceText

__all__ = ["Script", "outline_scripts", "scripts_of"]

_BLANKS: Final = bytes(byte if byte == 0x0A else 0x20 for byte in range(256))
_TAG: Final = re.compile(rb"<!--|<script(?=[\s>/])")
_ATTRIBUTE: Final = re.compile(rb"\b(lang|type)\s*=\s*[\"']?([\w./+-]+)")
_LONGEST_TAG: Final = 2_000
_FENCE: Final = re.compile(rb"\s*---[ \t]*\n")


class Script(NamedTuple):
    """A part of a file in another language, in bytes of its source."""

    language: str
    start: int
    end: int


def outline_scripts(file: SourceText, languages: Mapping[str, str], usual: str, *, is_fenced: bool) -> Outline:
    """Find the definitions of all scripts of a file; `gave_up` when one takes more time than it is worth.

    Args:
        file: the outer file.
        languages: of scripts, by what their `lang` or `type` says; any other holds data or a template.
        usual: the language of a script that says nothing.
        is_fenced: a file begins with a script between two lines of `---`.
    """
    scripts = scripts_of(file.source, languages, usual, is_fenced=is_fenced)
    whole = Outline()
    for language in dict.fromkeys(script.language for script in scripts):
        source = bytearray(file.source.translate(_BLANKS))
        for script in scripts:
            if script.language == language:
                source[script.start : script.end] = file.source[script.start : script.end]
        found = outline_of(SourceText(file.path, language, bytes(source)))
        if found.gave_up:
            return found
        whole.definitions += found.definitions
        whole.members += found.members
        whole.import_rows += found.import_rows
        whole.silent |= found.silent
        whole.documentation = whole.documentation or found.documentation
    whole.definitions.sort(key=lambda definition: (definition.start_row, -definition.end))
    whole.members.sort(key=lambda member: member.row)
    whole.import_rows.sort()
    for script in scripts:
        # The tags say nothing by themselves.
        whole.silent |= {file.row(max(script.start - 1, 0)), file.row(script.end)}
    return whole


def scripts_of(source: bytes, languages: Mapping[str, str], usual: str, *, is_fenced: bool) -> list[Script]:
    """Return the scripts of a file in order, in time proportional to its length; the arguments as for the outline."""
    lowered = source.lower()
    found: list[Script] = []
    at = 0
    if is_fenced and (fence := _FENCE.match(source)):
        end = source.find(b"\n---", fence.end() - 1)
        if end >= 0:
            found.append(Script(usual, fence.end(), max(end + 1, fence.end())))
            at = end + 4
    while (tag := _TAG.search(lowered, at)) is not None:
        if tag.group() == b"<!--":
            end = lowered.find(b"-->", tag.end())
            if end < 0:
                break
            at = end + 3
            continue
        start = _end_of_tag(lowered, tag.end())
        if start < 0:
            at = tag.end() + _LONGEST_TAG
            continue
        if lowered[start - 2 : start] == b"/>":
            at = start
            continue
        end = lowered.find(b"</script", start)
        end = len(source) if end < 0 else end
        declared = {name: value.decode("ascii", "replace") for name, value in
                    _ATTRIBUTE.findall(lowered, tag.end(), start)}  # fmt: skip
        spoken = declared.get(b"lang") or declared.get(b"type")
        name = languages.get(spoken) if spoken else usual
        if name is not None and source[start:end].strip():
            found.append(Script(name, start, end))
        at = end + 1
    return found


def _end_of_tag(source: bytes, start: int) -> int:
    """Return where the text behind a tag begins: a `>` within quotes does not end it; -1 when nothing does soon."""
    at, most = start, min(len(source), start + _LONGEST_TAG)
    while at < most:
        sign = source[at : at + 1]
        if sign == b">":
            return at + 1
        if sign in (b'"', b"'"):
            at = source.find(sign, at + 1, most)
            if at < 0:
                return -1
        at += 1
    return -1
