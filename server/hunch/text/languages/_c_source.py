"""C, C++ and Objective-C as their grammars can read them: conditional compilation resolved, macros blanked.

A grammar sees source that no preprocessor has been through. What it reads here has the same length and the same lines,
so that every place in it is a place in the file; names and texts are cut from the file itself.
"""

from __future__ import annotations

import re
from typing import Final

from hunch.text.languages._c_conditionals import resolve_conditionals
from hunch.text.languages._c_macros import blank_macros

__all__ = ["outside_text", "prepare_c", "prepare_cpp", "prepare_objective_c"]


def prepare_c(source: bytes) -> bytes:
    """Return what the grammar of C reads in place of a source."""
    return _prepare(source, "c")


def prepare_cpp(source: bytes) -> bytes:
    """Return what the grammar of C++ reads in place of a source."""
    return _prepare(source, "cpp")


def prepare_objective_c(source: bytes) -> bytes:
    """Return what the grammar of Objective-C reads in place of a source."""
    return _prepare(source, "objective-c")


def _prepare(source: bytes, language: str) -> bytes:
    code = bytearray(outside_text(source))
    prepared = bytearray(source)
    resolve_conditionals(code, prepared, is_cpp=language == "cpp")
    blank_macros(bytes(code), prepared, language)
    return bytes(prepared)


_TEXT: Final = re.compile(
    rb"""//(?:[^\\\n]|\\.)*
    | /\*.*?(?:\*/|\Z)
    | R"(?P<fence>[^()\\\s"]{0,16})\(.*?(?:\)(?P=fence)"|\Z)
    | "(?:[^"\\\n]|\\.)*"?
    | '(?<![0-9A-Fa-f]')(?:[^'\\\n]|\\.)*'?
    | \#[ \t]*(?:define|include|import|pragma|error|warning|undef|line|region|endregion)\b
        (?:[^\\\n/]|\\.|/(?!\*)|/\*.*?(?:\*/|\Z))*""",
    re.DOTALL | re.VERBOSE,
)
_KEPT: Final = b"\n"
_TO_BLANK: Final = bytes(byte if byte in _KEPT else 0x20 for byte in range(256))
_TO_QUOTES: Final = bytes(byte if byte in _KEPT else 0x22 for byte in range(256))


def outside_text(source: bytes) -> bytes:
    """Return the source with its comments and directives blank, but for those of conditions, and strings as quotes."""
    return _TEXT.sub(_mask, source)


def _mask(found: re.Match[bytes]) -> bytes:
    text = found[0]
    return text.translate(_TO_QUOTES if text[0] in b"R\"'" else _TO_BLANK)
