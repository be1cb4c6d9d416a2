"""Worker processes: started safely, ended with their parent, and the death of one costs no more than its own work.

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
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_WAIT_SECONDS = 0.02
_SECONDS_TO_END = 5.0
_AHEAD = 2
"""Items a worker is given at a time: while the result of one is fetched, it has the next."""
_SAFE_PATH = "PYTHONSAFEPATH"


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    items: Connection
    results: Connection
    given: deque[int] = field(default_factory=deque)
    """Numbers of the items it has, in the order in which their results come."""


@dataclass(frozen=True, slots=True)
class Lost(Generic[Item]):
    """An item whose worker ended before its result was there, or that no worker is left for."""

    item: Item


def work_apart(
    task: Callable[[Item], Result], items: Iterable[Item], workers: int, setup: Callable[[], None], in_flight: int
) -> Generator[Result | Lost[Item] | None]:
    """Yield the results of all items, in their order, from worker processes; None every 20 ms that none is there.

    Close the generator to end the workers at once.

    Args:
        task: what is done with an item; what it raises ends the worker.
        items: they, the task, the setup and the results are pickled.
        workers: how many processes.
        setup: called once in each worker.
        in_flight: items at most that are given out or whose results wait for an earlier one, which bounds the memory.
    """
    numbered = enumerate(items)
    waiting: dict[int, Item] = {}
    results: dict[int, Result] = {}
    lost: set[int] = set()
    team: list[_Worker] = []
    turn = 0
    done_with_all = False
    try:
        with suppress(OSError):  # no more processes: those that are there do it
            team.extend(_start(task, setup) for _ in range(workers))
        while True:
            for worker in sorted(team, key=lambda worker: len(worker.given)):
                while len(worker.given) < _AHEAD and len(waiting) < in_flight:
                    following = next(numbered, None)
                    if following is None:
                        break
                    waiting[following[0]] = following[1]
                    worker.given.append(following[0])
                    with suppress(OSError):  # it has ended, as is noticed below
                        worker.items.send(following[1])
            if turn in results:
                del waiting[turn]
                yield results.pop(turn)
                turn += 1
            elif turn in lost:
                lost.remove(turn)
                yield Lost(waiting.pop(turn))
                turn += 1
            elif turn in waiting:
                if not _fetch(team, results, lost):
                    yield None
            else:  # all is done, or no worker is left
                break
        done_with_all = True
    finally:
        _end(team, at_once=not done_with_all)
    for _, item in numbered:
        yield Lost(item)


def _fetch(team: list[_Worker], results: dict[int, Result], lost: set[int]) -> bool:
    """Take over the results that are there within 20 ms; whose worker has ended are lost. False when there was none."""
    ready = multiprocessing.connection.wait([worker.results for worker in team], _WAIT_SECONDS)
    for worker in [worker for worker in team if worker.results in ready]:
        try:
            results[worker.given[0]] = worker.results.recv()
            worker.given.popleft()
        except (EOFError, OSError):
            lost.update(worker.given)
            team.remove(worker)
            _end([worker], at_once=True)
    return bool(ready)


def _start(task: Callable[[Item], Result], setup: Callable[[], None]) -> _Worker:
    context = multiprocessing.get_context("spawn")
    item_reader, item_writer = context.Pipe(duplex=False)
    result_reader, result_writer = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(task, setup, item_reader, result_writer), daemon=True)
    try:
        with safe_start():
            process.start()
    finally:
        # A pipe ends for its reader when the last writer has gone: none of the worker's ends may stay open here.
        item_reader.close()
        result_writer.close()
    return _Worker(process, item_writer, result_reader)


def _end(team: Iterable[_Worker], *, at_once: bool) -> None:
    for worker in team:
        worker.items.close()  # which ends a worker that has nothing left to do
        worker.results.close()
        if at_once:
            worker.process.terminate()
    for worker in team:
        worker.process.join(_SECONDS_TO_END)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()


def _run(task: Callable[[Item], Result], setup: Callable[[], None], items: Connection, results: Connection) -> None:
    """Be a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C ends
    received: queue.SimpleQueue[Item] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(items, received), daemon=True).start()
    try:
        setup()
        while True:
            results.send(task(received.get()))
    except Exception:  # the parent does without, and meets the same error where it can be told
        os._exit(1)


def _receive(items: Connection, received: queue.SimpleQueue[Item]) -> None:
    # Always at hand, so that the parent never waits to hand out an item; and a parent that is gone, however it ended,
    # cannot be missed.
    try:
        while True:
            received.put(items.recv())
    except (EOFError, OSError):
        os._exit(0)


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
