"""The language of a source whose ending belongs to several: told by what it holds."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

__all__ = ["OPEN_ENDINGS", "OpenEnding"]

_MOST_BYTES: Final = 1 << 17
"""That are looked at."""


class OpenEnding(NamedTuple):
    """An ending that several languages use."""

    usual: str
    """The language of a file whose content is not known."""
    others: frozenset[str]
    decide: Callable[[bytes], str | None]
    """Of a source -> its language; None for one that is no code."""


_COMMENT: Final = re.compile(rb"/(?:/[^\n]*|\*.*?(?:\*/|\Z))", re.DOTALL)
_CONDITION: Final = re.compile(rb"^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else|endif)\b([^\n]*)", re.MULTILINE)
_OBJECTIVE_C: Final = re.compile(
    rb"""^[ \t]*(?: @(?:interface|protocol|implementation|class|property|import|end)\b | \#[ \t]*import\b
        | NS_ASSUME_NONNULL_BEGIN\b | (?:typedef[ \t]+)?NS_(?:CLOSED_)?(?:ENUM|OPTIONS|ERROR_ENUM)\b
        | (?:FOUNDATION|UIKIT|APPKIT)_EXTERN\b | FOUNDATION_EXPORT\b
        | \#[ \t]*include[ \t]*<(?:Foundation|UIKit|AppKit)/ )""",
    re.MULTILINE | re.VERBOSE,
)
_CPP_WORDS: Final = (
    b"::", b"class", b"template", b"namespace", b"constexpr", b"nullptr", b"operator", b"virtual", b"explicit",
    b"noexcept", b"override", b"static_cast", b"typename", b"friend", b"using", b"public", b"private", b"protected",
    b"default;", b"delete;", b"Q_OBJECT", b"concept",
)  # fmt: skip
"""Without any of them there is nothing that _CPP finds; most headers of C have none."""
_CPP: Final = re.compile(
    rb"""^[ \t]*(?=[a-zQ])(?: (?:inline[ \t]+)?namespace\b[ \t\w:]*(?:\{|$|=) | template[ \t]*(?:<|$)
        | class[ \t]+(?:\w+[ \t]+|\[\[[^\]\n]*\]\][ \t]*)*\w+[ \t]*(?:final[ \t]*)?(?::[ \t]*(?![ \t:\d])|<|[;{]|$)
        | friend[ \t] | virtual[ \t] | explicit[ \t] | concept[ \t] | enum[ \t]+(?:class|struct)\b | Q_OBJECT\b
        | (?:public|private|protected|signals)[ \t]*(?:slots|Q_SLOTS)?[ \t]*:(?!:)
        | using[ \t]+(?:namespace[ \t]|[\w:]+[ \t]*[=;]) )
    | (?:std|absl|boost|internal|detail)::\w | static_cast[ \t]*< | nullptr | constexpr | typename[ \t] | noexcept
    | operator[ \t]*(?:[=<>!+*/|^~\[-]|\([ \t]*\)) | \)[ \t]*(?:const[ \t]*)?(?:override|final)\b
    | \)[^;{}\n]*=[ \t]*(?:default|delete)[ \t]*; | template[ \t]*<[^<>;\n]*> | \w::\w+[ \t]*[({;=]""",
    re.MULTILINE | re.VERBOSE,
)
_CPP_INCLUDE: Final = re.compile(
    rb"#[ \t]*include[ \t]*(?:<[a-z_]+>|<[\w/]+/[A-Z]\w+>|[\"<][^\">\n]*\.(?:hpp|hh|hxx)[\">])"
)
_REFERENCE: Final = re.compile(rb"const[ \t]+[\w:]+(?:<[^<>\n]*>)?[ \t]*&[ \t]*\w")
_BASE: Final = re.compile(rb"struct[ \t]+(?:\w+[ \t]+)*\w+[ \t]*(?:final[ \t]*)?:[ \t]*[A-Za-z_]")


def _c_family(source: bytes) -> str:
    """C, C++ or Objective-C. What is C++ only behind `#ifdef __cplusplus` is a courtesy of C to C++."""
    code = _COMMENT.sub(b" ", source[:_MOST_BYTES])
    if (b"@" in code or b"NS_" in code or b"import" in code or b"_EXTERN" in code) and _OBJECTIVE_C.search(code):
        return "objective-c"
    if b"__cplusplus" in code:
        code = _without_courtesies(code)
    looks = any(word in code for word in _CPP_WORDS) and _CPP.search(code) is not None
    return "cpp" if looks or any(sign.search(code) is not None for sign in (_CPP_INCLUDE, _REFERENCE, _BASE)) else "c"


def _without_courtesies(code: bytes) -> bytes:
    """Return the code without what only a compiler of C++ reads."""
    kept: list[bytes] = []
    position, depth, hidden = 0, 0, 0
    for found in _CONDITION.finditer(code):
        word = found[1]
        if word.startswith(b"if"):
            depth += 1
            if not hidden and b"__cplusplus" in found[2] and word != b"ifndef" and b"!" not in found[2]:
                kept.append(code[position : found.start()])
                hidden = depth
            continue
        if hidden == depth and hidden:
            hidden, position = 0, found.end()
        if word == b"endif":
            depth = max(0, depth - 1)
    if not hidden:
        kept.append(code[position:])
    return b"".join(kept)


_PHP: Final = re.compile(rb"\A\s*(?:#![^\n]*\n\s*)?<\?(?:php\b|=|\s)", re.IGNORECASE)
_LOOKS_LIKE_C: Final = re.compile(
    rb"^[ \t]*(?:#[ \t]*(?:include|define|if|ifdef|ifndef|pragma)\b|\{|\}[ \t]*;?[ \t]*$|[A-Z_][A-Z0-9_]*\()"
    rb"|[;{][ \t]*$",
    re.MULTILINE,
)
_PASCAL: Final = re.compile(
    rb"^[ \t]*(?:\{\$|procedure\b|unit\b|begin\b[ \t]*$|function\b[^;\n]*:[ \t]*\w+;)", re.MULTILINE | re.IGNORECASE
)
_ASSEMBLY: Final = re.compile(
    rb"^[ \t]*(?:%(?:macro|define|include|if)|\.(?:macro|section|globl)|section[ \t]|;)", re.MULTILINE
)
_MATLAB: Final = re.compile(
    rb"\A(?:\s*%[^\n]*\n|\s*\n)*\s*(?:function\b|classdef\b|%|[\w.]+\s*=[^=][^\n]*(?:;|\.\.\.)?\s*\n)"
)


def _php_only(source: bytes) -> str | None:
    return "php" if _PHP.match(source[:_MOST_BYTES]) is not None else None


def _include(source: bytes) -> str | None:
    """The language of a piece that others include: PHP, the C family, Pascal, assembly."""
    head = source[:_MOST_BYTES]
    if _PHP.match(head) is not None:
        return "php"
    if _PASCAL.search(head) is not None:
        return "pascal"
    if _ASSEMBLY.search(head) is not None and b"#include" not in head:
        return "assembly"
    return _c_family(source) if _LOOKS_LIKE_C.search(head) is not None else None


def _m(source: bytes) -> str:
    head = source[:_MOST_BYTES]
    is_c = _OBJECTIVE_C.search(head) is not None or re.search(rb"^#|/\*|//", head, re.MULTILINE) is not None
    return "matlab" if not is_c and _MATLAB.match(head) is not None else "objective-c"


_C_FAMILY: Final = frozenset({"c", "cpp", "objective-c"})
_DRUPAL: Final = OpenEnding("php", frozenset({"php"}), _php_only)

OPEN_ENDINGS: Final[dict[str, OpenEnding]] = {
    "h": OpenEnding("c", _C_FAMILY, _c_family),
    "inc": OpenEnding("cpp", _C_FAMILY | {"php", "pascal", "assembly"}, _include),
    "m": OpenEnding("objective-c", frozenset({"objective-c", "matlab"}), _m),
    **dict.fromkeys(("module", "install", "theme", "profile"), _DRUPAL),
}
"""By ending, lower case."""
