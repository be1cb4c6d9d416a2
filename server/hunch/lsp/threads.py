"""Threads for what may wait for the disk: those that are stuck, on a network drive that is gone say, are replaced."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_STUCK_SECONDS = 0.25
"""When nothing ends for so long though something waits, there are twice as many threads."""

_MOST = 256
"""Threads; stuck ones take no processor time, and some 20 kB each."""

_IDLE_SECONDS = 10.0


class Threads(Executor):
    """A few threads that work in the order of asking, more of them only while none gets on. They end with the process.

    Unlike those of a ThreadPoolExecutor, of which as many stuck ones as there are threads stop everything for ever.
    """

    def __init__(self, usual: int, name: str) -> None:
        """Begin without threads.

        Args:
            usual: how many work at once where nothing is stuck.
            name: of each thread.
        """
        self._usual = usual
        self._name = name
        self._waiting: deque[tuple[Future[Any], Callable[[], None]]] = deque()
        self._count = self._idle = self._ended = 0
        self._is_looking = self._is_over = False
        self._condition = threading.Condition()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have something done; OSError is its failure where 256 others are stuck.

        Raises:
            RuntimeError: after the end.
        """
        future: Future[T] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # whatever it is belongs to who waits for the result
                future.set_exception(error)

        with self._condition:
            if self._is_over:
                raise RuntimeError("the threads have ended")
            self._waiting.append((future, work))
            self._condition.notify()
            if len(self._waiting) > self._idle and self._count < self._usual:
                self._start()
            self._look_later()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take nothing more; what has begun goes on, and is not waited for, since it may be stuck."""
        with self._condition:
            self._is_over = True
            if cancel_futures:
                for future, _ in self._waiting:
                    future.cancel()
                self._waiting.clear()
            self._condition.notify_all()

    def _start(self) -> None:
        self._count += 1
        threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._condition:
                self._idle += 1
                self._condition.wait_for(lambda: self._waiting or self._is_over, _IDLE_SECONDS)
                self._idle -= 1
                if not self._waiting:
                    self._count -= 1
                    return
                _, work = self._waiting.popleft()
            work()
            del work  # with what it holds, while this thread waits
            with self._condition:
                self._ended += 1

    # ---- what is stuck ----

    def _look_later(self) -> None:
        if self._waiting and not self._is_looking:
            self._is_looking = True
            timer = threading.Timer(_STUCK_SECONDS, self._look, [self._ended])
            timer.daemon = True
            timer.start()

    def _look(self, ended_before: int) -> None:
        with self._condition:
            self._is_looking = False
            if self._ended == ended_before and not self._idle:
                more = min(len(self._waiting), max(1, self._count), _MOST - self._count)
                for _ in range(more):
                    self._start()
                if not more:
                    self._refuse()
            self._look_later()

    def _refuse(self) -> None:
        """Let what waits fail: every thread there may be is stuck."""
        for future, _ in self._waiting:
            if future.set_running_or_notify_cancel():
                future.set_exception(OSError("the disk does not answer"))
        self._waiting.clear()
