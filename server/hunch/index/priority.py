"""Indexing gives way to what the person is doing: the lowest priority that still makes progress."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

import psutil

NICENESS = 10


def yield_to_others(*, thread_only: bool = False) -> None:
    """Lower the priority of this process, or of this thread alone where the system knows priorities of threads.

    Where it does not, a call for a thread does nothing: the rest of the process answers people and must not be slow.
    """
    with suppress(OSError, psutil.Error):
        if thread_only:
            if sys.platform == "linux":  # a "process" of this call is a thread on Linux
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        elif sys.platform == "win32":
            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            os.setpriority(os.PRIO_PROCESS, 0, NICENESS)


def on_battery() -> bool:
    """Say whether the machine runs on its battery; False where there is none or nobody knows."""
    with suppress(OSError, AttributeError, RuntimeError):
        battery = psutil.sensors_battery()
        return battery is not None and battery.power_plugged is False
    return False
