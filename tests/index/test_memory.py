"""How the C library keeps memory for a process that lives all day."""

from __future__ import annotations

import subprocess
import sys

import pytest

ARENAS_OF_TWENTY_THREADS = """
import ctypes, sys, threading
from hunch.index.memory import use_few_arenas

if sys.argv[1] == "few":
    use_few_arenas()
taken, together = [], threading.Barrier(20)

def take():
    together.wait()
    taken.append([bytearray(5_000) for _ in range(100)])
    together.wait()

threads = [threading.Thread(target=take) for _ in range(20)]
for one in threads:
    one.start()
for one in threads:
    one.join()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
stream = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, stream)
libc.fflush(stream)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc alone has arenas")
def test_many_threads_share_a_few_arenas() -> None:
    few, many = (_arenas(kind) for kind in ("few", "many"))
    assert few <= 3 < many, "one is the heap itself"


def _arenas(kind: str) -> int:
    command = [sys.executable, "-c", ARENAS_OF_TWENTY_THREADS, kind]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "<malloc" not in told:
        pytest.skip("no glibc")
    return told.count("<heap nr=")
