r"""The lines of one ignore file as rules, read exactly as git reads them.

Git compares bytes, so patterns and paths are compared here as bytes too, each byte held in one character of a
``str`` (latin-1): ``?`` is one byte, and a UTF-8 letter in a bracket is several.

The matcher is git's ``wildmatch`` written as regular expressions. It is not ``pathspec``, which reads
``[[:alpha:]]``, ``[\]]``, ``d**/a`` and multi-byte letters otherwise than git does, and fails on ``[b-a]``.
"""

from __future__ import annotations

import os
import re
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

Matcher = Callable[[str, str, int], "bool | None"]
"""What one ignore file says of an entry: True: ignored. False: a ``!`` line wants it. None: nothing.

Its arguments are the entry's name, its path, and how many characters of the path lead to the ignore file's folder.
"""


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """The rules of one ignore file. None where it has no line that can speak of such an entry."""

    of_files: Matcher | None
    of_folders: Matcher | None


NO_RULES = IgnoreFile(None, None)


@dataclass(frozen=True, slots=True)
class _Rule:
    ignores: bool
    only_folders: bool
    in_any_folder: bool
    pattern: str


class _NotAPatternError(ValueError):
    """The line can never match anything."""


@lru_cache(maxsize=256)  # generated trees repeat the same small file in every folder
def parse_rules(data: bytes) -> tuple[IgnoreFile, tuple[tuple[int, str], ...]]:
    """The rules, and (line number, problem) for each line skipped."""
    rules: list[_Rule] = []
    problems: list[tuple[int, str]] = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line or line.startswith(b"#"):
            continue
        text = _without_trailing_spaces(line.removesuffix(b"\r").split(b"\0", 1)[0].decode("latin-1"))
        if not text:
            continue
        try:
            rules.append(_rule(text))
        except _NotAPatternError:
            problems.append((number, f"not a valid pattern, skipped: {_shown(text)}"))
    return IgnoreFile(_matcher(r for r in rules if not r.only_folders), _matcher(rules)), tuple(problems)


def as_bytes(path: str) -> str:
    """One character for each byte of the path: the form that rules compare."""
    return path if path.isascii() else os.fsencode(path).decode("latin-1")


def _without_trailing_spaces(line: str) -> str:
    """Spaces at the end go, unless a backslash holds the first of them. Tabs stay, as in git."""
    end = len(line.rstrip(" "))
    if end == len(line):
        return line
    slashes = end - len(line[:end].rstrip("\\"))
    return line[: end + slashes % 2]


def _rule(line: str) -> _Rule:
    ignores = not line.startswith("!")
    pattern = line if ignores else line[1:]
    only_folders = pattern.endswith("/")
    if only_folders:
        pattern = pattern[:-1]
    in_any_folder = "/" not in pattern
    if not in_any_folder:
        pattern = pattern.removeprefix("/")
        if pattern.startswith("**/") and "/" not in pattern[3:]:
            pattern, in_any_folder = pattern[3:], True
    if not pattern:
        raise _NotAPatternError
    _pieces(pattern)
    try:
        line.encode("latin-1").decode()
    except UnicodeDecodeError:
        raise _NotAPatternError from None  # a name that is not UTF-8 is never indexed, so nothing is lost
    return _Rule(ignores, only_folders, in_any_folder, pattern)


def _matcher(rules: Iterable[_Rule]) -> Matcher | None:
    """What these lines say of an entry, or None if there are no lines.

    Most entries match nothing, and a few look-ups in C say so. Where several lines match, the last one (the highest
    number) wins. A closure and not a class: every entry of a workspace goes through here, some of them several times.
    """
    ignores: list[bool] = []
    names: dict[str, int] = {}  # `build`: a whole name in any folder
    suffix_lines: dict[str, int] = {}  # `*.o`: the end of a name in any folder
    name_globs: list[tuple[int, str]] = []  # `*.py[co]`
    paths: dict[str, int] = {}  # `/docs/build`: a whole path
    path_globs: list[tuple[int, str]] = []  # `docs/*/build`
    for number, rule in enumerate(rules):
        ignores.append(rule.ignores)
        pattern = rule.pattern
        if not _is_glob(pattern):
            (names if rule.in_any_folder else paths)[pattern] = number
        elif rule.in_any_folder and pattern[0] == "*" and not _is_glob(pattern[1:]):
            suffix_lines[pattern[1:]] = number
        else:
            (name_globs if rule.in_any_folder else path_globs).append((number, pattern))
    if not ignores:
        return None

    suffixes = tuple(suffix_lines)
    match_name = _any_of(name_globs)
    match_path = _any_of(path_globs)
    by_path = bool(paths or path_globs)

    def verdict(name: str, path: str, cut: int) -> bool | None:
        number = names.get(name, -1)
        if name.endswith(suffixes):
            number = max(number, max(at for end, at in suffix_lines.items() if name.endswith(end)))
        if match_name is not None and (match := match_name(name)):
            number = max(number, _number(match))
        if by_path:
            path = path[cut:]
            number = max(number, paths.get(path, -1))
            if match_path is not None and (match := match_path(path)):
                number = max(number, _number(match))
        return None if number < 0 else ignores[number]

    return verdict


def _any_of(globs: list[tuple[int, str]]) -> Callable[[str], re.Match[str] | None] | None:
    """Matches what any of them matches; the last line is tried first. `_number` tells which one it was."""
    if not globs:
        return None
    alternatives = [f"(?P<L{number}>{_expression(pattern, f'L{number}')})" for number, pattern in reversed(globs)]
    return re.compile("|".join(alternatives), re.DOTALL).fullmatch


def _number(match: re.Match[str]) -> int:
    return int((match.lastgroup or "L0")[1:])


def _shown(line: str) -> str:
    """The line for a message: short, and nothing in it that moves a cursor."""
    text = line.encode("latin-1").decode(errors="replace")
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= 60 else text[:59] + "…"


# ---- one pattern: git's wildmatch as an expression ----

_STAR, _DEEP_SLASH, _DEEP = "*", "**/", "**"  # other pieces match one character, and none is written like these
_ANY_DEPTH = {_DEEP_SLASH: "(?:.*?/)??", _DEEP: ".*?"}


def _is_glob(pattern: str) -> bool:
    return any(sign in pattern for sign in "*?[\\")


def _expression(pattern: str, prefix: str) -> str:
    """The expression of a pattern. Its groups' names start with ``prefix``.

    Each star but the last takes the shortest text that works and never gives it back: a later star can take whatever
    it left, so nothing is lost, and a hostile `*a*a*a*a*b` costs little. (These are atomic groups, written as
    look-ahead and back-reference because Python 3.10 has no others.)
    """
    numbers = count()

    def atomic(text: str) -> str:
        group = f"{prefix}_{next(numbers)}"
        return f"(?=(?P<{group}>{text}))(?P={group})"

    def stars(pieces: list[str]) -> str:
        first, *rest = _split(pieces, (_STAR,))
        found = [f"[^/]*?{''.join(part)}" for _, part in rest]
        return "".join(first[1]) + "".join(map(atomic, found[:-1])) + "".join(found[-1:])

    first, *rest = _split(_pieces(pattern), (_DEEP_SLASH, _DEEP))
    found = [_ANY_DEPTH[deep] + stars(part) for deep, part in rest]
    return stars(first[1]) + "".join(map(atomic, found[:-1])) + "".join(found[-1:])


def _split(pieces: list[str], marks: tuple[str, ...]) -> list[tuple[str, list[str]]]:
    """The runs of pieces between marks, each with the mark that stands before it."""
    runs: list[tuple[str, list[str]]] = [("", [])]
    for piece in pieces:
        if piece in marks:
            runs.append((piece, []))
        else:
            runs[-1][1].append(piece)
    return runs


def _pieces(pattern: str) -> list[str]:
    """The pattern as marks (stars) and expressions of one character each. Raises `_NotAPatternError`."""
    pieces: list[str] = []
    at, end = 0, len(pattern)
    while at < end and pattern[at] not in "*?[\\":
        pieces.append(re.escape(pattern[at]))
        at += 1
    # Git compares the plain beginning apart and matches the rest as if it stood alone, so `d**/a` finds `d/e/a`.
    start = at
    while at < end:
        sign = pattern[at]
        at += 1
        if sign == "*":
            after = at
            while after < end and pattern[after] == "*":
                after += 1
            whole = at - 1 == start or pattern[at - 2] == "/"
            if after == at or not whole:
                pieces.append(_STAR)
            elif pattern.startswith("/", after):
                pieces.append(_DEEP_SLASH)
                after += 1
            elif after == end or pattern.startswith("\\/", after):
                pieces.append(_DEEP)
            else:
                pieces.append(_STAR)
            at = after
        elif sign == "?":
            pieces.append("[^/]")
        elif sign == "[":
            piece, at = _bracket(pattern, at)
            pieces.append(piece)
        else:
            if sign == "\\":
                if at == end:
                    raise _NotAPatternError
                sign = pattern[at]
                at += 1
            pieces.append(re.escape(sign))
    return pieces


_ASCII = [chr(c) for c in range(128)]
_CLASSES = {
    "alnum": {c for c in _ASCII if c.isalnum()},
    "alpha": {c for c in _ASCII if c.isalpha()},
    "blank": set(" \t"),
    "cntrl": {c for c in _ASCII if c < " " or c == "\x7f"},
    "digit": set(string.digits),
    "graph": {c for c in _ASCII if "!" <= c <= "~"},
    "lower": set(string.ascii_lowercase),
    "print": {c for c in _ASCII if " " <= c <= "~"},
    "punct": set(string.punctuation),
    "space": set(" \t\n\r\f\v"),
    "upper": set(string.ascii_uppercase),
    "xdigit": set(string.hexdigits),
}


def _bracket(pattern: str, at: int) -> tuple[str, int]:
    """The characters of the bracket that opened before ``at`` as an expression, and where it ends.

    The order of the tests is that of git's ``wildmatch.c``, where a `]` that comes first, or the ends of a range in the
    wrong order, do what they do here. Raises `_NotAPatternError` if the bracket never ends or names an unknown class.
    """
    chars: set[str] = set()
    try:
        negated = pattern[at] in "!^"
        at += negated
        before = ""  # what a `-` would start from
        while True:
            sign = pattern[at]
            if sign == "\\":
                at += 1
                sign = pattern[at]
                chars.add(sign)
            elif sign == "-" and before and pattern[at + 1] != "]":
                at += 1
                if pattern[at] == "\\":
                    at += 1
                chars.update(map(chr, range(ord(before), ord(pattern[at]) + 1)))
                sign = ""
            elif sign == "[" and pattern[at + 1] == ":":
                close = pattern.index("]", at + 2)
                if close > at + 2 and pattern[close - 1] == ":":
                    chars |= _CLASSES[pattern[at + 2 : close - 1]]
                    at, sign = close, ""
                else:
                    chars.add(sign)
            else:
                chars.add(sign)
            before = sign
            at += 1
            if pattern[at] == "]":
                break
    except (IndexError, KeyError, ValueError):
        raise _NotAPatternError from None
    kept = [c for c in map(chr, range(1, 256)) if (c in chars) != negated and c != "/"]
    return ("[" + "".join(f"\\x{ord(c):02x}" for c in kept) + "]" if kept else "(?!)"), at + 1
