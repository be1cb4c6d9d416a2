"""Source -> a syntax tree, as far as that is worth its time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from tree_sitter import Language, Node, Parser

from hunch.text.long_line import code_in

__all__ = ["PARSING_SECONDS", "RECOVERY_SECONDS", "is_worth_parsing", "late_after", "parse"]

PARSING_SECONDS: Final = 0.5
"""Of processor time, for parsing and for the outline; ordinary code of a megabyte takes half of it."""
RECOVERY_SECONDS: Final = 0.25
"""Of processor time, from the beginning: no second tree is begun after it, so that the outline still has time."""

_MAX_PARSED_BYTES: Final = 4_000_000
_LONG_LINE: Final = 5_000
_LEAST_DATA: Final = 20
"""Characters of data to one of code, in a line that holds next to nothing but data"""
_READ_BYTES: Final = 1 << 10
_WINDOW_BYTES: Final = 1 << 16
_TOP_NODES_LOOKED_AT: Final = 50
_MOST_SIGNS_IN_ERROR, _FEW_NAMED = 10_000, 0.02
"""Children of one ERROR node, and the share of them that a grammar has a name for: a query compares each child with
those that follow, up to the first with a name."""


def is_worth_parsing(source: bytes) -> bool:
    """Whether people wrote these lines: grammars are slow on data and on minified code, and find nothing useful."""
    if len(source) > _MAX_PARSED_BYTES or source.startswith(b"<?xml"):
        return False
    lengths = list(map(len, source.split(b"\n"))) if len(source) > _LONG_LINE else [0]
    if max(lengths) <= _LONG_LINE:
        return True
    if sum(length for length in lengths if length > _LONG_LINE) * 2 <= len(source):
        return True
    # One long string is one token, and the functions around it are worth their names.
    long = [line for line in source.split(b"\n") if len(line) > _LONG_LINE]
    return sum(len(line) for line in long if code_in(line) * _LEAST_DATA > len(line)) * 2 <= len(source)


def late_after(seconds: float) -> Callable[[], bool]:
    """Return what says whether this thread has worked for so many seconds since; cheap enough to ask often."""
    clock, worked = time.perf_counter() + seconds, time.thread_time() + seconds
    return lambda: time.perf_counter() > clock and time.thread_time() > worked


def parse(language: Language, source: bytes, is_late: Callable[[], bool], prepared: bytes | None = None) -> Node | None:
    """The root of the syntax tree, None where the parser gives up, finds next to nothing, or is late.

    With ``prepared``, of the same length, that is what the parser reads; the texts of the nodes are the source's.

    Large tables of data and deep nesting in a grammar that does not expect it can take a minute. A parser belongs to
    one thread at a time, and a new one costs a microsecond.
    """
    parser = Parser(language)
    reading = _Reading(source, prepared)
    try:
        root = parser.parse(reading.read, progress_callback=lambda offset, has_error: is_late()).root_node
    except (ValueError, RuntimeError):
        return None
    finally:
        reading.end()
    return None if _is_mostly_signs(root) else root


class _Reading:
    """What a parser reads, and then its nodes, whose texts are read when somebody wants them.

    tree-sitter 0.26.1 never lets go of what its parser has read: about the size of every file. So the parser reads
    views of one window that is used again.
    """

    __slots__ = ("_source", "_text", "_window")

    def __init__(self, source: bytes, prepared: bytes | None) -> None:
        self._source = source
        self._text = source if prepared is None else prepared
        self._window: bytearray | None = _windows.pop() if _windows else bytearray(_WINDOW_BYTES)

    def read(self, offset: int, _: object) -> bytes | memoryview:
        if self._window is None:
            return self._source[offset : offset + _READ_BYTES]
        piece = self._text[offset : offset + _WINDOW_BYTES]
        self._window[: len(piece)] = piece
        return memoryview(self._window)[: len(piece)]

    def end(self) -> None:
        """From now on nodes read, and the window is another parser's."""
        if self._window is not None:
            _windows.append(self._window)
        self._window, self._text = None, b""


_windows: list[bytearray] = []
"""Not in use; as many as there were parsers at once."""


def _is_mostly_signs(root: Node) -> bool:
    """Whether the parser found next to nothing but brackets and signs in a large part of the file."""
    return any(
        node.is_error
        and node.child_count > _MOST_SIGNS_IN_ERROR
        and node.named_child_count < _FEW_NAMED * node.child_count
        for node in (root, *root.children[:_TOP_NODES_LOOKED_AT])
    )
