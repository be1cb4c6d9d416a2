r"""The lines of one ignore file as rules, read exactly as git reads them.

Git compares bytes, so patterns and paths are compared here as bytes too, each byte held in one character of a
``str`` (latin-1): ``?`` is one byte, and a UTF-8 letter in a bracket is several.

Whole names, paths and endings are looked up; a few other patterns are one expression; of very many the few are tried
that can match at all.
"""

from __future__ import annotations

import os
import re
import string
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import NamedTuple, TypeVar

from hunch.workspace.ignore_index import Find, are_many, index_globs
from hunch.workspace.wildmatch import NotAPatternError, expression, is_glob, pieces

Matcher = Callable[[str, str, int], "bool | None"]
"""What one ignore file says of an entry: True: ignored. False: a ``!`` line wants it. None: nothing.

Its arguments are the entry's name, its path, and how many characters of the path lead to the ignore file's folder.
"""


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """The rules of one ignore file. None where it has no line that can speak of such an entry."""

    of_files: Matcher | None
    of_folders: Matcher | None
    opens: Matcher | None = None
    """Says False of the folders on the way to what a ``!`` line names by its path."""
    wishes: bytes = b""
    """All lines of a file that has ``!`` lines; empty without any."""
    data: bytes = b""


NO_RULES = IgnoreFile(None, None)


_T = TypeVar("_T")


class _Shape(Enum):
    NAME = "build"
    """A whole name in any folder."""
    ENDING = "*.o"
    """The end of a name in any folder."""
    NAME_GLOB = "*.py[co]"
    PATH = "/docs/build"
    """A whole path."""
    PATH_GLOB = "docs/*/build"


class _Rule(NamedTuple):
    ignores: bool
    only_folders: bool
    shape: _Shape
    pattern: str


@lru_cache(maxsize=256)  # generated trees repeat the same small file in every folder
def parse_rules(data: bytes, *, folds: bool = False) -> tuple[IgnoreFile, tuple[tuple[int, str], ...]]:
    """The rules, and (line number, problem) for each line skipped.

    With ``folds`` the letter case of a-z says nothing (`core.ignoreCase`), and names and paths to match are `lowered`.
    """
    rules, lines, problems = _rules_of(data, folds)
    find_name, vague_names = _index(rules, _Shape.NAME_GLOB)
    find_path, vague_paths = _index(rules, _Shape.PATH_GLOB)
    problems += [
        (lines[at], f"one of too many patterns without a fixed part, skipped: {_shown(rules[at].pattern)}")
        for at in (*vague_names, *vague_paths)
    ]
    only_folders = {at for at, rule in enumerate(rules) if rule.only_folders}
    ignores = [rule.ignores for rule in rules]
    of_files = _matcher(rules, ignores, only_folders, find_name, find_path)
    of_folders = _matcher(rules, ignores, (), find_name, find_path) if only_folders else of_files
    has_wishes = not all(ignores)
    found = IgnoreFile(of_files, of_folders, _opens(rules) if has_wishes else None, data if has_wishes else b"", data)
    return found, tuple(sorted(problems))


def line_of(file: IgnoreFile, name: str, path: str, cut: int, is_dir: bool, *, folds: bool) -> tuple[int, str] | None:
    """Return the line that decides of an entry, and its number; None if no line speaks of it."""
    matcher = _line_matchers(file.data, folds)[is_dir]
    number = None if matcher is None else matcher(name, path, cut)
    if number is None:
        return None
    return number, _shown(file.data.split(b"\n")[number - 1].rstrip(b"\r").decode("latin-1"))


@lru_cache(maxsize=256)
def _line_matchers(data: bytes, folds: bool) -> tuple[Callable[[str, str, int], int | None] | None, ...]:
    rules, lines, _ = _rules_of(data, folds)
    (find_name, _), (find_path, _) = _index(rules, _Shape.NAME_GLOB), _index(rules, _Shape.PATH_GLOB)
    only_folders = {at for at, rule in enumerate(rules) if rule.only_folders}
    return tuple(_matcher(rules, lines, without, find_name, find_path) for without in (only_folders, ()))


_MOST_OPENED = 2_000
_DEEPEST_OPENED = 40


def _opens(rules: Sequence[_Rule]) -> Matcher | None:
    """What says False of folders that lie on the way to what a ``!`` line names by its path."""
    found: dict[_Rule, None] = {}
    for rule in rules:
        if rule.ignores or rule.shape not in (_Shape.PATH, _Shape.PATH_GLOB):
            continue
        at = rule.pattern.find("/")
        for _ in range(_DEEPEST_OPENED):
            if at < 0 or len(found) >= _MOST_OPENED:
                break
            if at:
                with suppress(NotAPatternError):
                    found[_rule(f"!/{rule.pattern[:at]}")] = None
            at = rule.pattern.find("/", at + 1)
    opening = list(found)
    (find_name, _), (find_path, _) = _index(opening, _Shape.NAME_GLOB), _index(opening, _Shape.PATH_GLOB)
    return _matcher(opening, [False] * len(opening), (), find_name, find_path)


def _rules_of(data: bytes, folds: bool) -> tuple[list[_Rule], list[int], list[tuple[int, str]]]:
    """Return the rules, the number of the line of each, and (line number, problem) for each line skipped."""
    rules: list[_Rule] = []
    lines: list[int] = []
    problems: list[tuple[int, str]] = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line or line.startswith(b"#"):
            continue
        text = _without_trailing_spaces(line.removesuffix(b"\r").split(b"\0", 1)[0].decode("latin-1"))
        if not text:
            continue
        try:
            rules.append(_rule(lowered(text).replace("[:upper:]", "[:lower:]") if folds else text))
            lines.append(number)
        except NotAPatternError:
            problems.append((number, f"not a valid pattern, skipped: {_shown(text)}"))
    return rules, lines, problems


def as_bytes(path: str) -> str:
    """One character for each byte of the path: the form that rules compare."""
    return path if path.isascii() else os.fsencode(path).decode("latin-1")


def lowered(path: str) -> str:
    """A path, or bytes as characters, with A to Z as small letters, which is all that git folds."""
    return path.lower() if path.isascii() else path.translate(_SMALL)


_SMALL = {ord(letter): letter.lower() for letter in string.ascii_uppercase}


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
        raise NotAPatternError
    if "[" in pattern or "\\" in pattern:
        pieces(pattern)  # raises where it is no pattern
    if not line.isascii():
        try:
            line.encode("latin-1").decode()
        except UnicodeDecodeError:
            raise NotAPatternError from None  # a name that is not UTF-8 is never indexed, so nothing is lost
    if not is_glob(pattern):
        shape = _Shape.NAME if in_any_folder else _Shape.PATH
    elif not in_any_folder:
        shape = _Shape.PATH_GLOB
    else:
        shape = _Shape.ENDING if pattern[0] == "*" and not is_glob(pattern[1:]) else _Shape.NAME_GLOB
    return _Rule(ignores, only_folders, shape, pattern)


def _index(rules: Sequence[_Rule], shape: _Shape) -> tuple[Find | None, list[int]]:
    """What finds a text among globs where they are very many, and the numbers of those it leaves out."""
    globs = [(number, rule.pattern) for number, rule in enumerate(rules) if rule.shape is shape]
    return index_globs(globs) if are_many(globs) else (None, [])


def _matcher(
    rules: Sequence[_Rule],
    verdicts: Sequence[_T],
    without: Collection[int],
    find_name: Find | None,
    find_path: Find | None,
) -> Callable[[str, str, int], _T | None] | None:
    """What these lines, but for those with some numbers, say of an entry; None if there are no lines.

    ``verdicts`` holds what each line says of what it matches.

    Most entries match nothing, and a few look-ups in C say so. Where several lines match, the last one (the highest
    number) wins. A closure and not a class: every entry of a workspace goes through here, some of them several times.
    """
    of_shape: dict[_Shape, dict[str, int]] = {shape: {} for shape in _Shape}
    for number, rule in enumerate(rules):
        if number not in without:
            of_shape[rule.shape][rule.pattern] = number
    if not any(of_shape.values()):
        return None

    names, paths, ends = (
        of_shape[_Shape.NAME],
        of_shape[_Shape.PATH],
        {pattern[1:]: number for pattern, number in of_shape[_Shape.ENDING].items()},
    )
    name_globs, path_globs = of_shape[_Shape.NAME_GLOB], of_shape[_Shape.PATH_GLOB]
    few_ends = tuple(ends) if len(ends) <= _FEW_ENDS else ()
    lengths = () if few_ends else sorted({len(end) for end in ends})
    match_name = _any_of(name_globs) if find_name is None else None
    match_path = _any_of(path_globs) if find_path is None else None
    by_path = bool(paths or path_globs)

    def verdict(name: str, path: str, cut: int) -> _T | None:
        number = names.get(name, -1)
        if lengths:
            tails = (name[len(name) - length :] for length in lengths if length <= len(name))
            number = max(number, max((ends.get(tail, -1) for tail in tails), default=-1))
        elif name.endswith(few_ends):
            number = max(number, max(at for end, at in ends.items() if name.endswith(end)))
        if match_name is not None:
            if match := match_name(name):
                number = max(number, _number(match))
        elif find_name is not None:
            number = find_name(name, number, without)
        if by_path:
            path = path[cut:]
            number = max(number, paths.get(path, -1))
            if match_path is not None:
                if match := match_path(path):
                    number = max(number, _number(match))
            elif find_path is not None:
                number = find_path(path, number, without)
        return None if number < 0 else verdicts[number]

    return verdict


_FEW_ENDS = 64


def _any_of(globs: dict[str, int]) -> Callable[[str], re.Match[str] | None] | None:
    """Matches what any of them matches; the last line is tried first. `_number` tells which one it was."""
    if not globs:
        return None
    last_first = sorted(globs.items(), key=lambda item: -item[1])
    alternatives = [f"(?P<L{number}>{expression(pattern, f'L{number}')})" for pattern, number in last_first]
    return re.compile("|".join(alternatives), re.DOTALL).fullmatch


def _number(match: re.Match[str]) -> int:
    return int((match.lastgroup or "L0")[1:])


def _shown(line: str) -> str:
    """The line for a message: short, and nothing in it that moves a cursor."""
    text = line.encode("latin-1").decode(errors="replace")
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= 60 else text[:59] + "…"
