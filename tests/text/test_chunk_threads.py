"""Chunking from several threads at once gives what one thread gives."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
from concurrent.futures import ThreadPoolExecutor
from hunch.text.chunk import chunk_source

body = "".join(f"    x = x + {i}  # {'and so on ' * 8}\\n" for i in range(20))
source = "".join(f"def function_{i}(x):\\n{body}\\n" for i in range(60)).encode()
assert len(source) > 100_000
expected = chunk_source("a.py", "python", source)
with ThreadPoolExecutor(2) as threads:
    assert all(found == expected for found in threads.map(lambda _: chunk_source("a.py", "python", source), range(16)))
"""


def test_threads_share_no_parser() -> None:
    # In a process of its own: a parser that two threads share ends it with a segmentation fault.
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
