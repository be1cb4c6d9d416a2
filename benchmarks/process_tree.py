"""What a process and its children use: memory and processor time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Usage:
    """At one moment; MB are of 2^20 bytes."""

    rss_mb: float
    """Resident memory of the process, mapped files included."""
    unique_mb: float
    """Memory that would be free if it ended: without mapped files and shared libraries. 0 where unknown."""
    children_mb: float
    """Resident memory of all its children together."""
    children: int
    cpu_seconds: float
    """Processor time of the process and of all children that it ever had."""


def usage_of(pid: int, *, unique: bool = False) -> Usage:
    """Measure a process; ``unique`` costs tens of milliseconds."""
    process = psutil.Process(pid)
    times = process.cpu_times()
    cpu = times.user + times.system + times.children_user + times.children_system
    rss, count = 0.0, 0
    for child in process.children(recursive=True):
        with suppress(psutil.Error):
            one = child.cpu_times()
            cpu += one.user + one.system + one.children_user + one.children_system
            rss += child.memory_info().rss / 2**20
            count += 1
    own = process.memory_full_info().uss / 2**20 if unique else 0.0
    return Usage(process.memory_info().rss / 2**20, own, rss, count, cpu)


@dataclass(slots=True)
class Peaks:
    """The most that was seen."""

    rss_mb: float = 0.0
    children_mb: float = 0.0
    children: int = 0

    def take(self, usage: Usage) -> None:
        """Take one measurement."""
        self.rss_mb = max(self.rss_mb, usage.rss_mb)
        self.children_mb = max(self.children_mb, usage.children_mb)
        self.children = max(self.children, usage.children)


@contextmanager
def watched(pid: int, every: float = 0.25) -> Iterator[Peaks]:
    """Measure a process again and again while the block runs."""
    peaks = Peaks()
    stop = threading.Event()

    def watch() -> None:
        with suppress(psutil.Error):
            while not stop.wait(every):
                peaks.take(usage_of(pid))

    thread = threading.Thread(target=watch, name="watching", daemon=True)
    thread.start()
    try:
        yield peaks
    finally:
        stop.set()
        thread.join()
