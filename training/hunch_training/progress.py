"""Progress of a run: a bar on a terminal, a line now and then in a file."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

_SECONDS_BETWEEN_LINES = 20.0


class Progress:
    """Steps done of all steps."""

    def __init__(self, total: int, done: int = 0, *, shown: bool = True) -> None:
        """Show nothing if not ``shown``."""
        self._total, self._first, self._shown = total, done, shown
        self._started = self._last = time.monotonic()
        self._bar: Bar | None = None
        if shown and sys.stderr.isatty():
            columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
            self._bar = Bar(*columns)
            self._task = self._bar.add_task("", total=total, completed=done)

    def __enter__(self) -> Progress:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def move(self, done: int, what: str = "") -> None:
        """Say how many steps are done."""
        if self._bar:
            self._bar.update(self._task, completed=done, description=what)
            return
        now = time.monotonic()
        if self._shown and now - self._last >= _SECONDS_BETWEEN_LINES:
            self._last = now
            left = (now - self._started) / max(1, done - self._first) * (self._total - done)
            print(f"{done}/{self._total}  {what}  {left / 60:.1f} min left", file=sys.stderr, flush=True)

    def say(self, line: str) -> None:
        """Print a line that stays."""
        if self._shown:
            (self._bar.console.print if self._bar else print)(line)
            sys.stdout.flush()
