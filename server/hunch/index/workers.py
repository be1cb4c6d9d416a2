"""Worker processes: results in order, and the death of one costs no more than the item that it was at.

``concurrent.futures`` shares one pipe among all its processes, and waits for ever when one of them is killed while it
writes there. Here each worker has pipes of its own.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import queue
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Generic, TypeVar, cast

from hunch.index.child import ENDED, RETIRED, Child, start_child

Item = TypeVar("Item")
Result = TypeVar("Result")

_WAIT_SECONDS = 0.02
_AHEAD = 2
"""Items a worker is given at a time: while the result of one is fetched, it has the next."""
_MOST_FAILURES = 3
"""Deaths of workers in a row, without a result between them, after which no more are started."""
_SAFE_PATH = "PYTHONSAFEPATH"


@dataclass(frozen=True, slots=True)
class Lost(Generic[Item]):
    """An item whose worker ended before its result was there, or that no worker is left for."""

    item: Item


def work_apart(
    task: Callable[[Item], Result], items: Iterable[Item], workers: int, setup: Callable[[], None], in_flight: int
) -> Generator[Result | Lost[Item] | None]:
    """Yield the results of all items, in their order, from worker processes; None every 20 ms that none is there.

    A worker that ended is replaced. Close the generator to end the workers at once.

    Args:
        task: what is done with an item; what it raises ends the worker.
        items: they, the task, the setup and the results are pickled.
        workers: how many processes.
        setup: called once in each worker.
        in_flight: items at most that are given out or whose results wait for an earlier one, which bounds the memory.
    """
    numbered = enumerate(items)
    waiting: dict[int, Item] = {}
    done: dict[int, Result | Lost[Item]] = {}
    returned: deque[int] = deque()
    """Numbers of items that a worker had before it ended, and had not begun."""
    team: dict[Child, deque[int]] = {}
    """Each worker with the numbers of the items it has, in the order in which their results come."""
    results: queue.SimpleQueue[tuple[Child, object]] = queue.SimpleQueue()
    failures = turn = 0
    is_complete = False
    try:
        while True:
            while returned or (not is_complete and len(waiting) < in_flight):
                worker = min(team, key=lambda one: len(team[one]), default=None)
                if (worker is None or team[worker]) and len(team) < workers and failures < _MOST_FAILURES:
                    with suppress(OSError):  # no more processes: those that are there do it
                        worker = start_child(task, setup, results)
                        team[worker] = deque()
                if worker is None or len(team[worker]) == _AHEAD:
                    break
                number = _next_number(returned, numbered, waiting)
                if number is None:
                    is_complete = True
                    break
                team[worker].append(number)
                worker.send(waiting[number])
            if turn in done:
                del waiting[turn]
                yield done.pop(turn)
                turn += 1
            elif not team or (is_complete and turn not in waiting):
                break
            else:
                try:
                    sender, result = results.get(timeout=_WAIT_SECONDS)
                except queue.Empty:
                    yield None
                    continue
                if result is not ENDED:
                    failures = 0
                    done[team[sender].popleft()] = cast(Result, result)
                    continue
                sender.end(at_once=True)
                given = team.pop(sender)
                if sender.process.returncode == RETIRED:
                    returned.extendleft(reversed(given))
                    continue
                failures += 1
                if given:
                    lost = given.popleft()
                    done[lost] = Lost(waiting[lost])
                    returned.extendleft(reversed(given))
    finally:
        for worker in team:
            worker.end(at_once=not is_complete or turn in waiting)
    for number, item in sorted(waiting.items()):
        yield done.get(number, Lost(item))
    for _, item in numbered:
        yield Lost(item)


def _next_number(returned: deque[int], numbered: Iterator[tuple[int, Item]], waiting: dict[int, Item]) -> int | None:
    """Return the number of the next item to give out, which is among the waiting ones then; None when there is none."""
    if returned:
        return returned.popleft()
    following = next(numbered, None)
    if following is None:
        return None
    waiting[following[0]] = following[1]
    return following[0]


def end_with_parent() -> None:
    """Let this worker process end when its parent does, however that ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


@contextmanager
def safe_start() -> Iterator[None]:
    """Start workers so that they run no code of the folder this process is in, and so that Ctrl-C does not reach them.

    A worker begins as ``python -c``, which looks for modules in the current folder first: a workspace with a
    multiprocessing.py of its own would have it run.
    """
    before = os.environ.get(_SAFE_PATH)
    here = Path.cwd() if sys.version_info < (3, 11) else None
    os.environ[_SAFE_PATH] = "1"
    if here is not None:
        os.chdir(Path(__file__).parent)  # that Python does not know the variable
    if os.name == "posix":
        # It is started with the first worker otherwise, and lets the signals through again that are held back here.
        resource_tracker.ensure_running()
    masked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if hasattr(signal, "pthread_sigmask") else None
    try:
        yield
    finally:
        if masked is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, masked)
        if here is not None:
            os.chdir(here)
        if before is None:
            del os.environ[_SAFE_PATH]
        else:
            os.environ[_SAFE_PATH] = before
