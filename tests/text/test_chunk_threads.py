"""Chunking from several threads at once gives what one thread gives."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
from concurrent.futures import ThreadPoolExecutor
from hunch.text.chunk import chunk_source

source = "\\n\\n".join(f"class C{i}:\\n    def method_{i}(self, x):\\n        return x + {i}\\n" for i in range(2000)).encode()
expected = chunk_source("a.py", "python", source)
with ThreadPoolExecutor(2) as threads:
    assert all(found == expected for found in threads.map(lambda _: chunk_source("a.py", "python", source), range(16)))
"""


def test_threads_share_no_parser() -> None:
    # In a process of its own: a parser that two threads share ends it with a segmentation fault.
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
