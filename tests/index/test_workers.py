"""Worker processes: results in order, and what becomes of them when a worker dies, in the middle of a result too."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import psutil
import pytest

from hunch.index.workers import Lost, work_apart

LARGE = 4_000_000  # far more than a pipe takes, so a worker writes until somebody reads


def nothing() -> None:
    pass


def double(number: int) -> int:
    time.sleep(0.01 * (number % 3))
    return 2 * number


def large(number: int) -> bytes:
    return bytes(LARGE)


def fail_at_three(number: int) -> int:
    if number == 3:
        raise ValueError(number)
    return number


def fail() -> None:
    raise OSError("no tokeniser")


OLDER = set[psutil.Process]()


@pytest.fixture(autouse=True)
def note_older_children() -> None:
    OLDER.update(psutil.Process().children())


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if child not in OLDER]


def test_results_come_in_order() -> None:
    assert [one for one in work_apart(double, range(40), 2, nothing, 6) if one is not None] == list(range(0, 80, 2))


def test_no_items_and_no_workers() -> None:
    assert list(work_apart(double, [], 2, nothing, 6)) == []
    assert list(work_apart(double, [1, 2], 0, nothing, 6)) == [Lost(1), Lost(2)]


def test_only_so_many_are_in_flight() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(30):
            taken.append(number)
            yield number

    done = 0
    for one in work_apart(double, items(), 2, nothing, 3):
        if one is not None:
            done += 1
            assert len(taken) <= done + 3


@pytest.mark.parametrize("setup", [nothing, fail])
def test_an_error_ends_one_worker_and_its_items_come_back(setup: Callable[[], None]) -> None:
    found = [one for one in work_apart(fail_at_three, range(12), 2, setup, 6) if one is not None]
    assert [one.item if isinstance(one, Lost) else one for one in found] == list(range(12))
    lost = {one.item for one in found if isinstance(one, Lost)}
    assert 3 in lost
    assert lost == (set(range(12)) if setup is fail else {3})


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_a_worker_that_is_killed_in_the_middle_of_a_result() -> None:
    with closing(work_apart(large, range(10), 2, nothing, 6)) as results:
        first = next(one for one in results if one is not None)
        assert first == bytes(LARGE)
        time.sleep(0.5)  # both stand in the middle of their next result
        os.kill(children()[0].pid, signal.SIGKILL)
        rest = [one for one in results if one is not None]
    assert len(rest) == 9
    assert {one.item for one in rest if isinstance(one, Lost)} < set(range(1, 10))
    assert any(isinstance(one, Lost) for one in rest) and any(isinstance(one, bytes) for one in rest)


def test_closing_in_the_middle_of_a_result() -> None:
    with closing(work_apart(large, range(10), 2, nothing, 6)) as results:
        next(one for one in results if one is not None)
        time.sleep(0.5)
        workers = children()
    assert workers and not any(worker.is_running() for worker in workers)


def test_the_items_behind_the_one_that_ended_a_worker_are_done_by_the_next() -> None:
    found = [one for one in work_apart(fail_at_three, range(12), 1, nothing, 6) if one is not None]
    assert found == [Lost(3) if number == 3 else number for number in range(12)]


LEAKED: list[bytes] = []


def leak(number: int) -> int:
    LEAKED.append(b"x" * 100_000_000)
    return number


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a worker looks at its own memory")
def test_a_worker_that_has_grown_is_replaced_and_nothing_is_lost() -> None:
    assert [one for one in work_apart(leak, range(9), 1, nothing, 6) if one is not None] == list(range(9))
