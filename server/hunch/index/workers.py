"""Worker processes: results in order, and the death of one costs no more than the item that it was at.

``concurrent.futures`` shares one pipe among all its processes, and waits for ever when one of them is killed while it
writes there. Here each worker has pipes of its own.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from hunch.index.child import ENDED, RETIRED, Child, start_child

Item = TypeVar("Item")
Result = TypeVar("Result")

_WAIT_SECONDS = 0.02
_AHEAD = 2
"""Items a worker is given at a time: while the result of one is fetched, it has the next."""
_MOST_FAILURES = 3
"""Deaths of workers in a row, without a result between them, after which no more are started."""


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
