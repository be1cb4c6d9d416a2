"""Indexing gives way to what the person is doing: the lowest priority that still makes progress."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import psutil

NICENESS = 10


def yield_to_others() -> None:
    """Lower the priority of this process: for those that read, chunk and compact.

    The thread that writes keeps its own. A save waits for it, Linux lets nobody raise a priority again, and a slow
    thread that holds the interpreter's lock would hold up searches; how fast it may go is for the pace to say.
    """
    with suppress(OSError, psutil.Error):
        if sys.platform == "win32":
            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
            return
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
        # Linux shares processor time between sessions first, and niceness counts only inside of each (sched(7)).
        if sys.platform.startswith("linux") and os.getsid(0) == os.getpid():
            Path("/proc/self/autogroup").write_text(str(NICENESS))


def on_battery() -> bool:
    """Say whether the machine runs on its battery; False where there is none or nobody knows."""
    with suppress(OSError, AttributeError, RuntimeError):
        battery = psutil.sensors_battery()
        return battery is not None and battery.power_plugged is False
    return False
