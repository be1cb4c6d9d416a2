"""Processes that are killed at any moment: an index run, what it works with, the server; then the next run mends it.

The workspace has enough files for worker processes. After each kill the command runs once more, and its index must be
what a fresh one is, down to vectors and postings.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.fault_error import WrongError
from benchmarks.lsp_client import EndedError, LspClient
from benchmarks.soak_compare import compare_caches
from hunch.settings import CACHE_VARIABLE, WORKERS_VARIABLE

KINDS = ("index run killed", "index run interrupted", "worker killed", "parser killed", "server killed")

_FILES = 420
_LONGEST_RUN = 4.0
_PATIENCE_SECONDS = 120.0
_MODULE = '''"""Stock of warehouse {number}."""


def reserve_item_{number}(stock, amount):
    """Take items out of stock {number} and remember who wanted them."""
    if amount > stock.free:
        raise ValueError("too few left in {number}")
    return stock.take(amount)
'''


@dataclass(frozen=True, slots=True)
class Killing:
    """A workspace, and a fresh index of it."""

    place: Path
    root: Path
    fresh: Path


@contextmanager
def prepared(place: Path) -> Iterator[Killing]:
    """Write the workspace and index it once."""
    killing = Killing(place, place / "workspace", place / "fresh")
    for number in range(_FILES):
        file = killing.root / f"part{number % 20}/module_{number}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_MODULE.format(number=number))
    _finish(_index(killing.root, killing.fresh), "fresh index")
    yield killing


def kill_once(killing: Killing, choice: random.Random) -> str:
    """Kill something, index again, and compare; return the kind of the kill.

    Raises:
        WrongError: the next run failed, said more than it should, or made another index.
    """
    kind = choice.choice(KINDS)
    cache = killing.place / f"cache{choice.randrange(10**9)}"
    if kind == "server killed":
        _kill_server(killing.root, cache, choice)
    else:
        run = _index(killing.root, cache, workers=1 if kind == "parser killed" else 2)
        if kind in ("worker killed", "parser killed"):
            _kill_children(run, choice)
            _finish(run, kind)
        else:
            time.sleep(choice.uniform(0.05, _LONGEST_RUN))
            run.send_signal(signal.SIGKILL if kind == "index run killed" else signal.SIGINT)
            _end(run)
    _finish(_index(killing.root, cache), kind)
    if differs := compare_caches(cache, killing.fresh):
        raise WrongError(f"{len(differs)} differences: {differs[0]}", kind)
    return kind


def _index(root: Path, cache: Path, *, workers: int = 2) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "hunch.cli", "index", str(root)],
        env={**os.environ, CACHE_VARIABLE: str(cache), WORKERS_VARIABLE: str(workers)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _finish(run: subprocess.Popen[str], kind: str) -> None:
    out, err = _end(run)
    if run.returncode or "Traceback" in out + err:
        raise WrongError(f"status {run.returncode}: {err[-500:]}", kind)


def _end(run: subprocess.Popen[str]) -> tuple[str, str]:
    try:
        return run.communicate(timeout=_PATIENCE_SECONDS)
    finally:
        run.kill()
        run.wait()


def _kill_children(run: subprocess.Popen[str], choice: random.Random) -> None:
    """Kill one of the processes that a run has started, now and then, while it goes on."""
    with suppress(psutil.Error):
        process = psutil.Process(run.pid)
        for _ in range(choice.randint(1, 4)):
            deadline = time.monotonic() + choice.uniform(0.1, 1.5)
            children: list[psutil.Process] = []
            while run.poll() is None and (time.monotonic() < deadline or not children):
                children = process.children(recursive=True)
                time.sleep(0.01)
            if children:
                choice.choice(children).kill()


def _kill_server(root: Path, cache: Path, choice: random.Random) -> None:
    cache.mkdir()
    client = LspClient(root, cache, settings={"cpuShare": 1.0}, stderr=cache.with_suffix(".log"))
    with suppress(EndedError):
        client.greet()
        time.sleep(choice.uniform(0.0, _LONGEST_RUN))
    children = []
    with suppress(psutil.Error):
        children = psutil.Process(client.process.pid).children(recursive=True)
    client.kill()
    _, left = psutil.wait_procs(children, timeout=10)
    if left:
        raise WrongError(f"{len(left)} processes stay behind", "server killed")
