"""Source is parsed in a process that may die of it: in the server, for saved and unsaved text, and on the command line.

Grammars are C code that hostile source can lead to take gigabytes, minutes, or the process. So they run apart, one file
at a time, under the limits of hunch.index.limits. A file that goes beyond them is remembered by its content, cut at
blank lines instead, and said to be so. The process starts with the first file (70 ms), and serves all threads.
"""

from __future__ import annotations

import atexit
import hashlib
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, NamedTuple, ParamSpec, TypeVar, cast

import psutil

from hunch.index.child import ENDED, RETIRED, Child, start_child
from hunch.index.limits import BYTES, limited
from hunch.text.chunk import Chunk, chunk_by_grammar, chunk_lines
from hunch.text.function import Function, function_at
from hunch.text.languages import language_of
from hunch.text.source_pieces import source_pieces

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

TOO_COSTLY: Final = "cut at blank lines: parsing it takes too much time or memory"
UNREADABLE: Final = "takes too much time or memory to read"

_MOST_NAMED: Final = 5
_MOST_REMEMBERED: Final = 10_000
_IDLE_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.05
_LONGEST_SECONDS: Final = 10.0
"""Of waiting for one file; where the system has no timer of processor time that ends a process, this is the limit."""
_MOST_TRIES: Final = 3
_NO_FAULT_OF_THE_SOURCE: Final = (RETIRED, -9)
"""How it may end and be replaced: it has grown, or somebody else killed it, such as a system without memory."""
_IS_WATCHED: Final = not sys.platform.startswith("linux")


class LimitError(Exception):
    """What was asked for went beyond the limits, and the process that did it has ended."""


class Reading(NamedTuple):
    """The chunks of one file, and what kept them from being what its grammar would say."""

    chunks: list[Chunk]
    problem: str | None = None
    """TOO_COSTLY, UNREADABLE or None"""


def read_apart(path: str, language: str, source: bytes, known: str | None = None) -> Reading:
    """Chunk a source in a process of its own, a large one piece by piece; it never raises for what a source holds.

    Args:
        path: posix, relative to the root.
        language: as hunch.text.languages names it.
        source: as it is on the disk.
        known: the problem that it had when it was read before, TOO_COSTLY or UNREADABLE.

    Raises:
        OSError: no process can be started.
    """
    return _by_pieces(source, known, lambda piece, problem: _read_piece(path, language, piece, problem))


def _by_pieces(source: bytes, known: str | None, read: Callable[[bytes, str | None], Reading]) -> Reading:
    """Read the pieces of a source, with lines counted from its top; after one that takes too much, no grammar is tried.

    The file-level chunk is that of the first piece.
    """
    found: list[Chunk] = []
    for row, piece in source_pieces(source):
        if known == UNREADABLE:
            break
        chunks, problem = read(piece, known)
        known = problem or known
        if not row:
            found += chunks
        else:
            found += [_moved(chunk, row) for chunk in chunks if chunk.kind != "file"]
    return Reading([] if known == UNREADABLE else found, known)


def _moved(chunk: Chunk, rows: int) -> Chunk:
    members = tuple([replace(member, row=member.row + rows) for member in chunk.members])
    return replace(chunk, start_line=chunk.start_line + rows, end_line=chunk.end_line + rows, members=members)


def _read_piece(path: str, language: str, source: bytes, known: str | None) -> Reading:
    digest = hashlib.blake2b(source, digest_size=16, person=language.encode()[:16]).digest()
    known = known or _remembered.get(digest)
    if known is None:
        with suppress(LimitError):
            chunks = call_apart(chunk_by_grammar, path, language, source)
            if chunks is not None:
                return Reading(chunks)
        known = TOO_COSTLY
    reading = Reading([], UNREADABLE)
    if known != UNREADABLE:
        with suppress(LimitError):
            reading = Reading(call_apart(chunk_lines, path, language, source), TOO_COSTLY)
    _remember(digest, reading.problem or TOO_COSTLY)
    return reading


def read_here(path: str, language: str, source: bytes) -> Reading:
    """Chunk a source in this process, which ends when that goes beyond the limits."""

    def read(piece: bytes, known: str | None) -> Reading:
        if known is None:
            with limited():
                chunks = chunk_by_grammar(path, language, piece)
            if chunks is not None:
                return Reading(chunks)
        with limited():
            return Reading(chunk_lines(path, language, piece), TOO_COSTLY)

    return _by_pieces(source, None, read)


def function_apart(path: str, source: bytes, line: int) -> Function | None:
    """Return the innermost function at a 1-based line, None when there is none, or when finding it takes too much.

    Raises:
        OSError: no process can be started.
    """
    try:
        return call_apart(function_at, path, source, line, language_of(path, source))
    except LimitError:
        return None


def notice_of(problems: Mapping[str, str]) -> str:
    """Return what a person should know of the files that were not read by their grammar, by path; empty without any."""
    if not problems:
        return ""
    by_lines = [path for path, problem in problems.items() if problem != UNREADABLE]
    left_out = [path for path, problem in problems.items() if problem == UNREADABLE]
    parts = []
    if by_lines:
        what = "1 file that takes" if len(by_lines) == 1 else f"{len(by_lines):,} files that take"
        parts.append(
            f"{what} too much time or memory to parse can only be found by blocks of lines: {_named(by_lines)}"
        )
    if left_out:
        what = "1 file that takes" if len(left_out) == 1 else f"{len(left_out):,} files that take"
        parts.append(f"{what} too much time or memory to read cannot be found: {_named(left_out)}")
    return "; ".join(parts)


def _named(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _MOST_NAMED:,} more" if len(paths) > _MOST_NAMED else ""
    return ", ".join(paths[:_MOST_NAMED]) + more


def call_apart(function: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
    """Call a function in the process apart, under the limits. One call at a time; others wait their turn.

    Raises:
        LimitError: it went beyond the limits, or its process died otherwise.
        OSError: no process can be started.
    """
    with _turn:
        try:
            result = _call((function, arguments, named))
        except BaseException:  # Ctrl-C, say: what comes of this call must not be taken for an answer to the next
            _end_child(at_once=True)
            raise
    if result is ENDED:
        raise LimitError(function.__name__)
    if isinstance(result, _Raised):
        raise result.error
    return cast(Result, result)


def end_when_idle() -> None:
    """Let go of the process and its memory when nobody has needed it for a minute."""
    if _state.child is not None and time.monotonic() - _state.used_at > _IDLE_SECONDS and _turn.acquire(blocking=False):
        try:
            _end_child(at_once=False)
        finally:
            _turn.release()


def child_id() -> int | None:
    """Return the id of the process apart, None when there is none now."""
    child = _state.child
    return child.process.pid if child is not None else None


class _Raised(NamedTuple):
    error: Exception


class _State:
    """The process apart, shared by all threads of this one."""

    def __init__(self) -> None:
        self.child: Child | None = None
        self.results: queue.SimpleQueue[tuple[Child, object]] = queue.SimpleQueue()
        self.used_at = 0.0


_turn = threading.Lock()
_state = _State()
_remembered: dict[bytes, str] = {}
"""From the content of files that went beyond the limits to how they are read instead."""


def _call(call: object) -> object:
    """Return what the process apart answers, ENDED when it ended of it."""
    for _ in range(_MOST_TRIES):
        child = _running_child()
        child.send(call)
        result = _await_result(child)
        _state.used_at = time.monotonic()
        if result is not ENDED or child.process.returncode not in _NO_FAULT_OF_THE_SOURCE:
            break
    if result is ENDED and not child.is_ready:
        raise OSError("the process that parses source cannot be started")
    return result


def _remember(digest: bytes, problem: str) -> None:
    if len(_remembered) >= _MOST_REMEMBERED:
        with suppress(StopIteration, KeyError, RuntimeError):
            del _remembered[next(iter(_remembered))]
    _remembered[digest] = problem


def _running_child() -> Child:
    if _state.child is None:
        _state.results = queue.SimpleQueue()
        _state.child = start_child(_call_limited, _nothing, _state.results)
    return _state.child


def _await_result(child: Child) -> object:
    """Return what the child says, ENDED when it ended.

    Raises:
        LimitError: it had to be ended.
    """
    began = time.monotonic()
    most = _most_resident(child)
    while True:
        try:
            _, result = _state.results.get(timeout=_LOOK_SECONDS)
            break
        except queue.Empty:
            most = most or _most_resident(child)
            is_too_large = most is not None and _resident_bytes(child) > most
            if is_too_large or time.monotonic() - began > _LONGEST_SECONDS:
                _end_child(at_once=True)
                raise LimitError("it did not answer") from None
    if result is ENDED:
        _end_child(at_once=True)
    return result


def _most_resident(child: Child) -> int | None:
    """Return how many bytes a watched child may have in memory; None before it is ready: it grows while it imports."""
    return _resident_bytes(child) + BYTES if _IS_WATCHED and child.is_ready else None


def _resident_bytes(child: Child) -> int:
    with suppress(psutil.Error):
        return int(psutil.Process(child.process.pid).memory_info().rss)
    return 0


def _end_child(*, at_once: bool) -> None:
    child, _state.child = _state.child, None
    if child is not None:
        child.end(at_once=at_once)


@atexit.register
def _end_at_exit() -> None:
    _end_child(at_once=True)


# ---- in the process apart ----


def _nothing() -> None:
    pass


def _call_limited(call: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]) -> object:
    function, arguments, named = call
    with limited():
        try:
            return function(*arguments, **named)
        except MemoryError:
            raise
        except Exception as error:
            return _Raised(error)
