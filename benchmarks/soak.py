"""Ten minutes of everything at once on a real repository; then the index must be what a fresh one is.

    python -m benchmarks.soak [--minutes 10] [--seed N] REPOSITORY

REPOSITORY is a folder of real code, or the CACHE of the other benchmarks, of which Django is taken. A copy of it is
edited, saved, checked out, renamed and searched without a pause. Every violation is a line, and makes the status 1.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import psutil

from benchmarks.corpora import corpus
from benchmarks.lsp import is_ready, settle, wait_until
from benchmarks.lsp_client import CANCELLED, INVALID, SUPERSEDED, Answer, EndedError, LspClient
from benchmarks.lsp_measures import times_of
from benchmarks.lsp_workspace import open_index, questions
from benchmarks.machine import save_result
from benchmarks.process_tree import usage_of
from benchmarks.soak_compare import Chunks, compare_caches, snapshot_chunks
from benchmarks.soak_edits import Workplace
from benchmarks.soak_repository import make_repository
from hunch.index.records import members_of
from hunch.model.bundle import load_bundle
from hunch.settings import CACHE_VARIABLE, model_folder

MOST_GROWTH = 1.10
"""Memory at the end over memory after the warm-up."""

_WARM_UP_SECONDS = 60.0
_SAMPLE_SECONDS = 2.0
_CHECKED_QUESTIONS, _CHECKED_NAMES = 100, 300
_DEFINITIONS = ("function", "method", "class")
_SCAN_SECONDS = 86_400
"""Between scans of the whole folder, which would hide what the events miss."""

_LONG = ("violations", "memory_over_time", "log")

_MAY_FAIL = ("no code at", "not inside an open workspace folder")
"""What hunch/similar may answer about a place that changed meanwhile."""


@dataclass(slots=True)
class Searcher:
    """Searches in a thread of its own, in all ways, until it is told to stop."""

    client: LspClient
    texts: Sequence[str]
    choice: random.Random
    seconds: list[float] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    """Errors that are as they should be, and how often."""
    violations: Counter[str] = field(default_factory=Counter)
    hits: list[dict[str, Any]] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Search; see the class."""
        try:
            for text in cycle(self.texts):
                if self.stopping.wait(self.choice.uniform(0.0, 0.1)):
                    return
                self._ask(text)
        except (EndedError, TimeoutError) as error:
            self.violations[f"searching ended: {error}"] += 1

    def _ask(self, text: str) -> None:
        kind = self.choice.random()
        if kind < 0.75:
            answer = self.client.request("hunch/search", {"query": text, "limit": self.choice.choice([5, 20, 100])})
            self._judge("hunch/search", answer, SUPERSEDED)
            if answer.error is None:
                self.seconds.append(answer.seconds)
                self.hits = answer.result["hits"] or self.hits
        elif kind < 0.8:
            self._judge(
                "a search taken back", self.client.send("hunch/search", {"query": text}, cancel=True), CANCELLED
            )
        elif kind < 0.85:
            asked = [self.client.send("hunch/search", {"query": f"{text} {number}"}) for number in range(4)]
            for one in asked:
                self._judge("one of four searches", one, SUPERSEDED)
        elif kind < 0.9:
            self._judge("workspace/symbol", self.client.request("workspace/symbol", {"query": text.split()[0]}))
        elif kind < 0.93:
            self._judge("hunch/status", self.client.request("hunch/status", {}))
        elif self.hits:
            hit = self.choice.choice(self.hits)
            place = {"textDocument": {"uri": hit["uri"]}, "position": hit["range"]["start"]}
            method = self.choice.choice(["hunch/similar", "textDocument/hover"])
            self._judge(method, self.client.request(method, place))

    def _judge(self, what: str, asked: Any, *expected: int) -> None:
        answer: Answer = asked if isinstance(asked, Answer) else asked.answer.result(60)
        if answer.error is None:
            return
        message = str(answer.error["message"])
        gone = answer.code == INVALID and what == "hunch/similar" and any(part in message for part in _MAY_FAIL)
        if gone or answer.code in expected:
            self.codes[str(answer.code)] += 1
        else:
            self.violations[f"{what} was answered with {answer.error}"] += 1


@dataclass(slots=True)
class Memory:
    """Resident memory of the server over time."""

    pid: int
    began: float = field(default_factory=perf_counter)
    samples: list[tuple[float, float, float, float]] = field(default_factory=list)
    """Seconds, MB resident, MB of it not in mapped files, MB of the children."""
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Sample; see the class."""
        try:
            while not self.stopping.wait(_SAMPLE_SECONDS):
                self.take()
        except psutil.Error:
            return

    def take(self) -> None:
        """Take one sample."""
        one = usage_of(self.pid, unique=True)
        self.samples.append((perf_counter() - self.began, one.rss_mb, one.unique_mb, one.children_mb))

    def around(self, seconds: float) -> tuple[float, float]:
        """Return the median of resident and unique memory in the ten seconds before some time."""
        near = [one for one in self.samples if seconds - 10 <= one[0] <= seconds] or self.samples[-1:]
        return median(one[1] for one in near), median(one[2] for one in near)


def soak(source: Path, place: Path, *, seconds: float, seed: int, journal: Path | None = None) -> dict[str, Any]:
    """Soak a server in a copy of some code; return what was seen, with all violations.

    Args:
        source: the code.
        place: a folder for everything.
        seconds: how long to go on.
        seed: of everything random.
        journal: a file that gets a line for each thing that was done to the files.
    """
    root, log = place / "workspace", place / "stderr.log"
    (place / "outside").mkdir()
    states = make_repository(source, root, seed=seed)
    client = LspClient(root, place / "cache", settings={"scanInterval": _SCAN_SECONDS}, stderr=log)
    fresh = place / "fresh"
    violations: list[str] = []
    ended = 0.0
    try:
        client.greet()
        wait_until(lambda: is_ready(client))
        settle(client)  # else the contextual encoder is loaded some time later, and taken for growth
        began = perf_counter()
        workplace = Workplace(client, states, random.Random(seed), place / "outside")
        searcher = Searcher(client, questions(place / "cache", 500, seed=seed), random.Random(seed + 1))
        memory = Memory(client.process.pid)
        threads = [threading.Thread(target=one.run, daemon=True) for one in (searcher, memory)]
        for thread in threads:
            thread.start()
        try:
            _work(workplace, began + seconds, random.Random(seed + 2))
            searcher.stopping.set()
            threads[0].join(60)
            settle(client)
            _wait_until_idle(client)
            memory.take()
            chunks = fresh_chunks(root, fresh)
            violations += check_answers(client, chunks, searcher.texts[:_CHECKED_QUESTIONS], seed)
            ended = client.shut_down()
            violations += compare_caches(place / "cache", fresh)
        except (EndedError, TimeoutError, psutil.Error) as error:
            violations.append(f"the server failed: {error}; its exit status: {client.process.poll()}")
        searcher.stopping.set()
        memory.stopping.set()
    finally:
        client.process.kill()
    if journal is not None:
        journal.write_text("\n".join([*workplace.journal, ""]), encoding="utf-8")
    violations += workplace.violations
    violations += [f"{line} ({times} times)" for line, times in searcher.violations.items()]
    warm = memory.around(min(_WARM_UP_SECONDS, seconds / 2))
    last = memory.samples[-1]
    if last[1] > warm[0] * MOST_GROWTH:
        violations.append(f"memory grew from {warm[0]:.0f} to {last[1]:.0f} MB")
    if ended > 2:
        violations.append(f"the server took {ended:.1f} s to end")
    if client.phases["problem"]:
        violations.append(f"a problem was told {client.phases['problem']} times")
    step = max(1, len(memory.samples) // 60)
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    violations += [f"logged: {line}" for line in lines if not line.startswith((" ", "Traceback"))]
    violations += [f"told: {one['message']}" for one in client.notices if one["type"] == 1]
    return {
        "seed": seed,
        "seconds": seconds,
        "done": dict(workplace.done),
        "found_after": {kind: times_of(found) for kind, found in workplace.found_after.items()},
        "search": times_of(searcher.seconds),
        "refused": dict(searcher.codes),
        "memory": {"warm_mb": warm[0], "end_mb": last[1], "warm_unique_mb": warm[1], "end_unique_mb": last[2]},
        "memory_over_time": [[round(value, 1) for value in one] for one in memory.samples[::step]],
        "told": dict(client.told),
        "phases": dict(client.phases),
        "notices": [one["message"] for one in client.notices][:20],
        "end_seconds": ended,
        "chunks": client.folder.get("chunks", 0),
        "files": client.folder.get("files", 0),
        "log": lines[:200],
        "violations": violations,
    }


def _work(workplace: Workplace, until: float, choice: random.Random) -> None:
    """Do one thing after the other, in bursts and with pauses."""
    while perf_counter() < until:
        workplace.step()
        if choice.random() > 0.2:
            time.sleep(choice.uniform(0.0, 0.12))
    workplace.finish()


def _wait_until_idle(client: LspClient) -> None:
    """Wait until the server has had nothing to do for two seconds."""
    since = perf_counter()
    while perf_counter() - since < 2:
        time.sleep(0.05)
        if not is_ready(client):
            wait_until(lambda: is_ready(client))
            since = perf_counter()


def fresh_chunks(root: Path, fresh: Path) -> Chunks:
    """Index a folder into another cache; return what searches see of that."""
    command = [sys.executable, "-m", "hunch.cli", "index", str(root)]
    environment = {**os.environ, CACHE_VARIABLE: str(fresh)}
    subprocess.run(command, env=environment, capture_output=True, check=True)
    store = open_index(fresh)
    chunks = snapshot_chunks(fresh, store)
    store.close()
    return chunks


def check_answers(client: LspClient, chunks: Chunks, texts: Sequence[str], seed: int) -> list[str]:
    """Whether the server, which still has what it gathered in memory, finds what there is and nothing else."""
    lines = []
    places = {
        (path, one.start_line, one.name)
        for (path, _), (record, _) in chunks.items()
        for one in (record, *members_of(record))
    }
    names = {record.name for record, _ in chunks.values() if record.kind in _DEFINITIONS and len(record.name) > 4}
    chosen = random.Random(seed).sample(sorted(names), min(_CHECKED_NAMES, len(names)))
    for text in [*texts, *chosen]:
        hits = client.ask("hunch/search", {"query": text, "limit": 50})["hits"]
        found = {(hit["path"], hit["range"]["start"]["line"] + 1, hit["name"] or "") for hit in hits}
        lines += [f"{text!r} is answered with {place}, which is gone" for place in sorted(found - places)[:3]]
        if text in chosen and all(name != text for _, _, name in found):
            lines.append(f"{text} is not found by its name")
    return lines


def _source(given: Path) -> Path:
    """Return the code to copy: the folder given, or Django in a cache of the benchmarks."""
    return next(corpus("100k", given).glob("django-*")) if (given / "corpora").is_dir() else given


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak from the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.soak", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("repository", type=Path, help="a folder of code, or the cache of the other benchmarks")
    parser.add_argument("--minutes", type=float, default=10.0, help="(%(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000), help="of everything random")
    parser.add_argument("--name", default="soak", help="of the result file (%(default)s)")
    parser.add_argument("--journal", type=Path, metavar="FILE", help="write down what was done to the files")
    options = parser.parse_args(arguments)
    source = _source(options.repository.resolve())
    with TemporaryDirectory(prefix="hunch-soak-") as place:
        result = soak(source, Path(place), seconds=options.minutes * 60, seed=options.seed, journal=options.journal)
    model = load_bundle(model_folder()).manifest.identity
    save_result(options.name, {"model": model, "repository": source.name, **result})
    print(json.dumps({name: value for name, value in result.items() if name not in _LONG}))
    for line in result["violations"]:
        print(line)
    return 1 if result["violations"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
