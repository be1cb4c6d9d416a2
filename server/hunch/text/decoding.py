"""Bytes of a file in whatever encoding -> UTF-8: by byte order mark, as UTF-8, as it declares itself, or by a guess."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import Final

__all__ = ["as_utf8", "is_marked"]

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_DECLARED_WITHIN: Final = 1_024
_CODING: Final = re.compile(rb"coding[ \t]*[:=][ \t]*[\"']?([A-Za-z][\w.-]{1,39})", re.ASCII)
"""Of Python, Ruby, Emacs and Vim in one of the first two lines, and ``encoding="..."`` of an XML declaration."""
_CHARSET: Final = re.compile(
    rb"(?:<meta\b[^>]{0,300}?charset[ \t]*=[ \t]*[\"']?|^@charset \")([A-Za-z][\w-]{1,39})", re.IGNORECASE
)
_LINE_ENDS: Final = re.compile(r"-(?:unix|dos|mac)$", re.IGNORECASE)
_NO_CHARACTER_SETS: Final = frozenset(
    {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7", "mbcs", "oem"}
)
"""Codecs of Python that no file is written in; some take the square of its length."""

_WIDER: Final = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "shift_jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "iso2022_jp": "iso2022_jp_ext",
}
"""What is written where the other one is declared, as in browsers."""

_GUESSED: Final = (
    "cp932", "euc_jis_2004", "gb18030", "big5hkscs", "cp949", "cp1251", "koi8-r", "cp866", "cp1252", "cp1250",
    "iso8859-2", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257",
)  # fmt: skip
"""Among all that there are, guesses about a few words are worse."""
_USUAL: Final = ("cp1252", "cp932")
_AS_GOOD: Final = 0.8
"""Share of the best confidence at which a usual encoding is taken instead of the best."""
_SAMPLE: Final = 4_096
_LONG: Final = 500
_LEAST_OF_DENSE: Final = 0.06
_HIGH: Final = bytes(range(128, 256))
_MOST_WRONG: Final = 0.05
"""Share of the characters beyond ASCII that may be none in an encoding that is right otherwise."""


def as_utf8(data: bytes) -> bytes | None:
    """Return a file's text as UTF-8, valid but for a few bytes; None when no encoding makes sense of it.

    What is UTF-8 already comes back as it is, with its mark, if any. Takes time proportional to the length.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decoded(data, encoding)
    if data.isascii():
        is_shifted = b"\x1b$" in data or b"\x1b(" in data  # ISO 2022, as old mail and news
        return (_declared(data) if is_shifted else None) or data
    text = data.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    right = len(text) - wrong - len(data.translate(None, _HIGH))
    # A few bytes of another encoding in a file of UTF-8 make no other file of it.
    if not wrong or right > wrong:
        return data
    return _declared(data) or _guessed(data)


def is_marked(data: bytes) -> bool:
    """Whether a byte order mark says that this is UTF-16 or UTF-32."""
    return data.startswith(tuple(mark for mark, _ in _MARKS))


def _declared(data: bytes) -> bytes | None:
    head = data[:_DECLARED_WITHIN]
    found = _CODING.search(b"\n".join(head.splitlines()[:2])) or _CHARSET.search(head)
    if found is None:
        return None
    try:
        name = codecs.lookup(_LINE_ENDS.sub("", found[1].decode("ascii"))).name
    except (LookupError, ValueError):
        return None
    if name in _NO_CHARACTER_SETS or name.startswith(("utf-8", "utf-16", "utf-32")):
        return None
    wider = _WIDER.get(name)
    return (_decoded(data, wider) if wider else None) or _decoded(data, name)


def _guessed(data: bytes) -> bytes | None:
    lines = b"\n".join([line for line in data.splitlines() if not line.isascii()])
    sample = lines[:_SAMPLE]
    encoding = _guess(sample if len(lines) == len(sample) else sample.rpartition(b"\n")[0] or sample)
    if encoding is None:
        return None
    whole = _decoded(data, encoding)
    if whole is not None:
        return whole
    text = data.decode(encoding, "replace")
    beyond = len(text) - sum(map(str.isascii, text))
    return text.encode() if text.count("\ufffd") <= beyond * _MOST_WRONG else None


@lru_cache(maxsize=256)
def _guess(sample: bytes) -> str | None:
    import chardet  # a tenth of a second and its models, which few workspaces need

    found = chardet.detect_all(sample, include_encodings=_GUESSED, prefer_superset=True, compat_names=False)
    is_dense = len(sample) > _LONG and len(sample.translate(None, _HIGH)) * 2 < len(sample)
    if is_dense and found[0]["confidence"] < _LEAST_OF_DENSE:
        return None  # noise: a text of so many letters beyond ASCII looks much more like its language
    near = [one["encoding"] for one in found if one["confidence"] >= found[0]["confidence"] * _AS_GOOD]
    return next((name for name in _USUAL if name in near), near[0])


def _decoded(data: bytes, encoding: str) -> bytes | None:
    try:
        return data.decode(encoding).encode()
    except (UnicodeError, LookupError, ValueError):  # LookupError: a codec that does not make text
        return None
