"""How much processor time and memory the reading of one file may take; the system ends a process that takes more.

It ends wherever it is: in a grammar's C code no Python runs that could look at a clock. POSIX systems have a timer of
processor time for that (setitimer(2), ITIMER_PROF); Linux bounds the address space (setrlimit(2), RLIMIT_AS), Windows
the committed memory, by a job object. Where a system has less, the parent looks from outside: see
hunch.index.isolation.
"""

from __future__ import annotations

import mmap
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from hunch.index.memory import give_back_memory

SECONDS: Final = 0.65
"""Of processor time"""
BYTES: Final = 115_000_000
"""On top of what the process has when it begins. 150 MB are promised: the bound of the address space does not see the
pages that are mapped already and touched only now, up to 30 MB (a grammar's tables, memory that was freed before)."""

_KEPT_BYTES: Final = 16_000_000
_STATM: Final = Path("/proc/self/statm")
_PAGE: Final = mmap.PAGESIZE


@contextmanager
def limited(seconds: float = SECONDS, size: int = BYTES) -> Iterator[None]:
    """End this process when what is done inside takes more; at most one thread may be inside.

    What was freed inside goes back to the system, so that a process that has read many files is no larger for it.
    """
    before = resident_bytes()
    _limit_memory(size)
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_PROF, 0)
        _limit_memory(None)
        if resident_bytes() - before > _KEPT_BYTES:
            give_back_memory()


def resident_bytes() -> int:
    """Return how much of this process is in memory."""
    with suppress(OSError, ValueError):
        return int(_STATM.read_bytes().split()[1]) * _PAGE
    import psutil

    return int(psutil.Process().memory_info().rss)


if sys.platform == "win32":

    def _limit_memory(size: int | None) -> None:
        with suppress(OSError, AttributeError):
            _limit_by_job(size)

    def _limit_by_job(size: int | None) -> None:
        """See JOBOBJECT_EXTENDED_LIMIT_INFORMATION in the Windows API."""
        import ctypes
        from ctypes import wintypes

        import psutil

        class Basic(ctypes.Structure):
            _fields_ = (
                ("PerProcessUserTimeLimit", wintypes.LARGE_INTEGER),
                ("PerJobUserTimeLimit", wintypes.LARGE_INTEGER),
                ("LimitFlags", wintypes.DWORD),
                ("MinimumWorkingSetSize", ctypes.c_size_t),
                ("MaximumWorkingSetSize", ctypes.c_size_t),
                ("ActiveProcessLimit", wintypes.DWORD),
                ("Affinity", ctypes.c_size_t),
                ("PriorityClass", wintypes.DWORD),
                ("SchedulingClass", wintypes.DWORD),
            )

        class Extended(ctypes.Structure):
            _fields_ = (
                ("BasicLimitInformation", Basic),
                ("IoInfo", ctypes.c_ulonglong * 6),
                ("ProcessMemoryLimit", ctypes.c_size_t),
                ("JobMemoryLimit", ctypes.c_size_t),
                ("PeakProcessMemoryUsed", ctypes.c_size_t),
                ("PeakJobMemoryUsed", ctypes.c_size_t),
            )

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateJobObjectW.restype = kernel.GetCurrentProcess.restype = wintypes.HANDLE
        kernel.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
        kernel.SetInformationJobObject.argtypes = (wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD)
        if not _job:
            _job.append(kernel.CreateJobObjectW(None, None))
            kernel.AssignProcessToJobObject(_job[0], kernel.GetCurrentProcess())
        limit = Extended()
        if size is not None:
            limit.BasicLimitInformation.LimitFlags = 0x100  # JOB_OBJECT_LIMIT_PROCESS_MEMORY
            limit.ProcessMemoryLimit = psutil.Process().memory_info().vms + size
        kernel.SetInformationJobObject(_job[0], 9, ctypes.byref(limit), ctypes.sizeof(limit))

    _job: list[Any] = []

else:
    import resource

    def _limit_memory(size: int | None) -> None:
        with suppress(OSError, ValueError):
            soft, hard = resource.getrlimit(resource.RLIMIT_AS)
            if size is None:
                wanted = hard
            else:
                used = int(_STATM.read_bytes().split()[0]) * _PAGE
                wanted = used + size if hard == resource.RLIM_INFINITY else min(hard, used + size)
            if wanted != soft:
                resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
