"""Of the searches of one client only the newest matters: an older one that still runs is given up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

T = TypeVar("T")


class SupersededError(Exception):
    """A newer search has come."""


class Latest:
    """Runs functions in an executor, of which the newest alone is waited for. For the loop's thread only."""

    def __init__(self, executor: Executor) -> None:
        """Take where to run."""
        self._executor = executor
        self._superseded: asyncio.Future[None] | None = None

    async def run(self, work: Callable[[], T]) -> T:
        """Run a function and return its result; one that has not begun when nobody waits any more never begins.

        Raises:
            SupersededError: another one came meanwhile.
        """
        loop = asyncio.get_running_loop()
        if self._superseded is not None and not self._superseded.done():
            self._superseded.set_result(None)
        superseded = self._superseded = loop.create_future()
        running = loop.run_in_executor(self._executor, work)
        try:
            await asyncio.wait({running, superseded}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                raise SupersededError
            return running.result()
        finally:
            running.cancel()
            superseded.cancel()
            if self._superseded is superseded:
                self._superseded = None
