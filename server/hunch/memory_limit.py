"""What a limited address space (``ulimit -v``) is enough for, asked before anything large is loaded.

The libraries for vectors and models start a thread a core while they are loaded, each with a stack and buffers of its
own, and end the process with a signal where one cannot be had. So a limited process gets one thread of each, and one
whose limit is below what Hunch takes then is told so.
"""

from __future__ import annotations

import os

COMMAND_BYTES = 550 * 1024**2
SERVER_BYTES = 750 * 1024**2
"""Address space for a small workspace, models included; see tests/test_memory_limit.py."""

_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_NO_MEMORY = ("bad_alloc", "bad allocation", "Failed to allocate memory", "Unable to allocate")
_ARENAS = -8
"""glibc's M_ARENA_MAX, see mallopt(3): each of its arenas, one a thread, takes 64 MB of address space."""


def memory_problem(needed: int) -> str | None:
    """Return in one line why there are fewer bytes of address space than needed; None, at once, if there are not."""
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return None
    if limit < needed:
        return (
            f"the address space of this process is limited to {limit // 1024**2:,} MB, Hunch needs "
            f"{needed // 1024**2:,} MB: raise the limit, with ulimit -v unlimited say"
        )
    for name in _THREADS:
        os.environ.setdefault(name, "1")
    _share_arenas()
    return None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory could not be had; libraries have words of their own for it."""
    return isinstance(error, MemoryError) or any(words in str(error) for words in _NO_MEMORY)


def _share_arenas() -> None:
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # other C libraries have none
        mallopt(_ARENAS, 1)
