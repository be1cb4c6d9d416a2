"""`#if` and its alternatives -> source that one parser can read in one go.

The lines of the directives are blanked, and what stands in the branches stays, all of it: most branches are whole
declarations or statements. Where the branches of a group are no whole pieces (they open a brace that is closed behind
`#endif`, or are two heads of one function), one branch stays. The first one wins, and later groups with the same
condition agree with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

__all__ = ["resolve_conditionals"]

_DIRECTIVE: Final = re.compile(
    rb"#[ \t]*(if|ifdef|ifndef|elif|elifdef|elifndef|else|endif)\b((?:[^\\\n]|\\.)*)", re.DOTALL
)
_DEFINED: Final = re.compile(rb"(!?)\s*defined\s*\(?\s*(\w+)\s*\)?")
_LINKAGE: Final = re.compile(rb"extern\s*\"+\s*\{|\}")
_LONGEST_LINKAGE: Final = 300
"""Bytes, with comments."""
_WHOLE_ENDS: Final = b";{},:&|"
_BLANK: Final = bytes(byte if byte == 0x0A else 0x20 for byte in range(256))
_DEEPEST: Final = 200
"""Groups inside groups; what is nested deeper is read as if it had no conditions."""


@dataclass(slots=True)
class _Branch:
    """What stands between two directives of one group."""

    key: bytes
    """The name or the expression of its condition; empty for `#else`."""
    is_wanted: bool
    """Whether it stays when the key holds."""
    start: int
    end: int = 0
    braces: int = 0
    parentheses: int = 0
    last: int = 0
    """The last byte that counts; 0 for a blank branch."""


@dataclass(slots=True)
class _Group:
    branches: list[_Branch] = field(default_factory=list)


def resolve_conditionals(code: bytearray, prepared: bytearray, *, is_cpp: bool) -> None:
    """Blank directives, and branches that cannot stay, in both: the code without comments and what is parsed."""
    directives = list(_DIRECTIVE.finditer(code))
    if not directives:
        return
    text = bytes(code)
    blanks: list[tuple[int, int]] = []
    truths: dict[bytes, bool] = {b"0": False, b"1": True}
    if not is_cpp:
        truths[b"__cplusplus"] = False
    stack: list[_Group] = []
    position = 0
    for directive in directives:
        if stack:
            _add(stack[-1].branches[-1], text[position : directive.start()])
        position = directive.end()
        blanks.append(directive.span())
        word = directive[1]
        if word.startswith(b"if"):
            if len(stack) < _DEEPEST:
                key, is_wanted = _condition(word, directive[2])
                stack.append(_Group([_Branch(key, is_wanted, position)]))
            continue
        if not stack:
            continue
        group = stack[-1]
        group.branches[-1].end = directive.start()
        if word != b"endif":
            key, is_wanted = (b"", True) if word == b"else" else _condition(word, directive[2])
            group.branches.append(_Branch(key, is_wanted, position))
            continue
        stack.pop()
        kept = _kept(group, text, truths)
        blanks.extend((branch.start, branch.end) for branch in group.branches if branch not in kept)
        if stack:
            outer = stack[-1].branches[-1]
            for branch in kept:
                outer.braces += branch.braces
                outer.parentheses += branch.parentheses
                outer.last = branch.last or outer.last
    for start, end in _merged(blanks):
        code[start:end] = code[start:end].translate(_BLANK)
        prepared[start:end] = prepared[start:end].translate(_BLANK)


def _condition(word: bytes, written: bytes) -> tuple[bytes, bool]:
    if word.endswith(b"def"):
        return written.strip(), not word.endswith(b"ndef")
    defined = _DEFINED.fullmatch(written.strip())
    if defined is not None:
        return defined[2], not defined[1]
    return b" ".join(written.split()), True


def _add(branch: _Branch, text: bytes) -> None:
    branch.braces += text.count(b"{") - text.count(b"}")
    branch.parentheses += text.count(b"(") - text.count(b")")
    text = text.rstrip()
    if text:
        branch.last = text[-1]


def _kept(group: _Group, text: bytes, truths: dict[bytes, bool]) -> list[_Branch]:
    """The branches that stay: all of them where each is whole, else one or none."""
    branches = group.branches
    first = branches[0]
    if first.key == b"0" or (first.key == b"__cplusplus" and not truths.get(first.key, True)):
        # What only C++ reads is no C, but for the braces around declarations.
        if first.is_wanted and not _is_linkage(text, first):
            branches = branches[1:]
        if not branches:
            return []
        first = branches[0]
    is_whole = all(branch.braces == 0 == branch.parentheses for branch in branches)
    if is_whole and (len(branches) == 1 or all(not branch.last or branch.last in _WHOLE_ENDS for branch in branches)):
        return branches
    if len(branches) == 1 and _is_linkage(text, first):
        return branches
    for branch in branches:
        if not branch.key or truths.setdefault(branch.key, branch.is_wanted) == branch.is_wanted:
            return [branch]
    return []


def _is_linkage(text: bytes, branch: _Branch) -> bool:
    """Whether a branch is one end of `extern "C" { ... }`."""
    short = branch.end - branch.start <= _LONGEST_LINKAGE
    return short and _LINKAGE.fullmatch(text[branch.start : branch.end].strip()) is not None


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that lie in others left out: nothing is blanked twice."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
