"""One process of our own that does one task again and again, and whose death costs no more than what it was doing.

It begins with an isolated interpreter (no current folder, no environment, no site), so it runs no code of the
workspace, and starts in half of the time that ``multiprocessing`` takes, without a process beside it. It belongs to a
session of its own, so that Ctrl-C does not reach it, and ends when its parent does, however that ended.
"""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from hunch.index.limits import resident_bytes

ENDED: Final = object()
"""What comes after the last result of a child."""
RETIRED: Final = 75
"""The exit status of a child that has grown too large to go on; what it was sent and has not answered was not begun."""

_SECONDS_TO_END: Final = 5.0
_MOST_RESIDENT: Final = 250_000_000
"""Bytes. Some grammars never free what they took for source that they do not understand."""
_BOOTSTRAP: Final = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); from hunch.index.child import run; run()"
)


@dataclass(eq=False, slots=True)
class Child:
    """A process and where its results go."""

    process: subprocess.Popen[bytes]
    is_ready: bool = False
    """Whether it has begun: one that ends before cannot run at all."""

    def send(self, item: object) -> None:
        """Hand over an item; that the child has ended shows in its results."""
        with suppress(OSError):
            _write(_pipe(self.process.stdin), item)

    def end(self, *, at_once: bool) -> None:
        """End the process: when it has done what it has, or in the middle of it."""
        with suppress(OSError):
            _pipe(self.process.stdin).close()
        if at_once:
            self.process.kill()
        try:
            self.process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_child(
    task: Callable[[Any], object],
    setup: Callable[[], None],
    results: queue.SimpleQueue[tuple[Child, object]],
) -> Child:
    """Start a process that does a task with every item it is sent.

    Args:
        task: what is done with an item; what it raises ends the process.
        setup: called once in the process. Task, setup, items and results are pickled.
        results: gets (child, result) for each item, in the order in which they were sent, then (child, ENDED).

    Raises:
        OSError: no process can be started.
    """
    process = subprocess.Popen(
        [_interpreter(), "-I", "-S", "-c", _BOOTSTRAP],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # an allocation that fails in a grammar is told there
        start_new_session=os.name == "posix",
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
    child = Child(process)
    child.send(_trusted_path())
    child.send((task, setup))
    threading.Thread(target=_receive_results, args=(child, results), name="hunch child", daemon=True).start()
    return child


def run() -> None:
    """Be the child: the first object on stdin says what to do."""
    received: queue.SimpleQueue[Any] = queue.SimpleQueue()
    try:
        results = os.fdopen(os.dup(1), "wb")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no result
        task, setup = pickle.load(sys.stdin.buffer)
        threading.Thread(target=_receive_items, args=(sys.stdin.buffer, received), daemon=True).start()
        setup()
        _write(results, None)
        while True:
            _write(results, task(received.get()))
            if resident_bytes() > _MOST_RESIDENT:
                os._exit(RETIRED)
    except BaseException:  # the parent does without, and meets the same error where it can be told
        os._exit(1)


def _receive_items(stream: IO[bytes], received: queue.SimpleQueue[Any]) -> None:
    # Always at hand, so that the parent never waits to hand out an item; and a parent that is gone cannot be missed.
    try:
        while True:
            received.put(pickle.load(stream))
    except BaseException:
        os._exit(0)


def _receive_results(child: Child, results: queue.SimpleQueue[tuple[Child, object]]) -> None:
    with suppress(Exception):  # the end of the stream, in the middle of a result perhaps
        pickle.load(_pipe(child.process.stdout))
        child.is_ready = True
        while True:
            results.put((child, pickle.load(_pipe(child.process.stdout))))
    results.put((child, ENDED))


def _write(stream: IO[bytes], item: object) -> None:
    pickle.dump(item, stream, pickle.HIGHEST_PROTOCOL)
    stream.flush()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _interpreter() -> str:
    # In a virtual environment of Windows sys.executable is a launcher, and what is measured and ended would be that.
    base = getattr(sys, "_base_executable", "") if sys.platform == "win32" else ""
    return str(base or sys.executable)


def _trusted_path() -> list[str]:
    """Where modules are looked for, but for the current folder, where ``python -m`` looks first: the workspace perhaps.

    What this process has loaded hunch from is trusted, wherever it is.
    """
    first, *rest = sys.path or [""]
    if first and Path(first).is_absolute() and Path(first) != Path.cwd():
        rest = [first, *rest]
    own = str(Path(__file__).parents[2])
    return [entry for entry in dict.fromkeys((*rest, own)) if entry]
