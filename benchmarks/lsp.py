"""How the language server feels: searches, saves and unsaved text while it indexes and while it is idle.

    python -m benchmarks.lsp CACHE [--size 100k] [--quick]

CACHE is a folder to keep packages and copies of them in; what is missing is fetched. A copy of the corpus is edited and
checked out; the real server runs on it, one process after another, spoken to over stdio.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import psutil

from benchmarks.corpora import CORPORA, corpus
from benchmarks.lsp_client import LspClient
from benchmarks.lsp_measures import (
    POLL_SECONDS,
    cancellations,
    change,
    close,
    is_found,
    probes,
    save,
    search,
    search_while,
    times_of,
    wait_for,
)
from benchmarks.lsp_report import lsp_tables
from benchmarks.lsp_workspace import AFTER, Copy, copy_corpus, function_in, git, made_up_name, questions
from benchmarks.machine import save_result
from benchmarks.process_tree import usage_of, watched
from hunch.model.bundle import load_bundle
from hunch.settings import model_folder

_PATIENCE_SECONDS = 900.0
_CHECKOUT_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    changed_files: int = 5_000
    """That a checkout changes."""
    queries: int = 500
    probes: int = 40
    """Of each kind, while indexing (as far as it takes long enough) and while idle."""
    cancellations: int = 100
    idle_seconds: float = 30.0
    restarts: int = 3


QUICK = Plan(changed_files=500, queries=60, probes=8, cancellations=20, idle_seconds=3.0, restarts=1)


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measurements share."""

    copy: Copy
    place: Path
    """A folder for caches, and for what the servers log."""
    plan: Plan
    choice: random.Random

    @property
    def log(self) -> Path:
        """What the servers logged."""
        return self.place / "stderr.log"

    def start(self, cache: str) -> tuple[LspClient, float]:
        """Start a server on a cache folder; return it with the seconds until it answered ``initialize``."""
        client = LspClient(self.copy.root, self.place / cache, settings={}, stderr=self.log)
        return client, client.greet()


def measure(source: Path, place: Path, plan: Plan) -> dict[str, Any]:
    """Measure everything on a copy of a tree, in a folder for it."""
    copy = copy_corpus(source, place / "workspace", plan.changed_files)
    bench = Bench(copy, place, plan, random.Random(0))
    quiet = measure_quiet_index(bench)
    texts = questions(place / "quiet", plan.queries)
    busy, client = measure_busy_index(bench, texts, quiet["seconds"])
    try:
        settle(client)
        idle = measure_idle(bench, client, texts)
        checkout = measure_checkout(bench, client, texts)
        settle(client)
        shutdowns = [client.shut_down()]
        starts = [measure_restart(bench, shutdowns) for _ in range(plan.restarts)]
    finally:
        client.process.kill()
    ends = measure_ends(bench)
    lines = bench.log.read_text(encoding="utf-8", errors="replace").splitlines()
    return {
        "files": quiet["files"],
        "chunks": quiet["chunks"],
        "quiet": quiet,
        "indexing": busy,
        "idle": idle,
        "checkout": checkout,
        "restart": {name: median(one[name] for one in starts) for name in starts[0]},
        "ends": {"shutdown": times_of(shutdowns), **ends},
        "log_lines": len(lines),
        "log": lines[:20],
    }


def measure_quiet_index(bench: Bench) -> dict[str, Any]:
    """Index for the first time with nobody asking for anything."""
    client, greeted = bench.start("quiet")
    with watched(client.process.pid) as peaks:
        wait_until(lambda: client.folder.get("total", 0) > 0 or is_ready(client))
        began, used = perf_counter(), usage_of(client.process.pid).cpu_seconds
        wait_until(lambda: is_ready(client))
        seconds, cpu = perf_counter() - began, usage_of(client.process.pid).cpu_seconds - used
    status = client.status()
    found = {
        "initialize": greeted,
        "seconds": perf_counter() - client.spawned,
        "cpu_share": cpu / seconds / (os.cpu_count() or 1),
        "peak_mb": peaks.rss_mb,
        "children_peak_mb": peaks.children_mb,
        "children": peaks.children,
        "files": status["files"],
        "chunks": status["chunks"],
    }
    client.shut_down()
    return _told("first index, quiet", found)


def measure_busy_index(bench: Bench, texts: Sequence[str], quiet: float) -> tuple[dict[str, Any], LspClient]:
    """Index for the first time while somebody searches, saves and types; return the server too."""
    client, greeted = bench.start("busy")
    while not search(client, texts[0])[0]:
        time.sleep(POLL_SECONDS)
    first_hits = perf_counter() - client.spawned
    pid = client.process.pid
    began, used = perf_counter(), usage_of(pid).cpu_seconds
    changes = probes(client, bench.copy, [save, change], bench.choice)
    with watched(pid) as peaks:
        pause = quiet / (3 * bench.plan.probes)
        seen = search_while(client, cycle(texts), lambda: not is_ready(client), changes, pause=pause)
    cpu = usage_of(pid).cpu_seconds - used
    found = {
        "initialize": greeted,
        "first_hits": first_hits,
        "seconds": perf_counter() - client.spawned,
        "cpu_share": cpu / (perf_counter() - began) / (os.cpu_count() or 1),
        "peak_mb": peaks.rss_mb,
        "children_peak_mb": peaks.children_mb,
        "search": times_of(seen.searches),
        **{kind: times_of(seen.changes.get(kind, [])) for kind in ("save", "change")},
    }
    return _told("first index, busy", found), client


def measure_idle(bench: Bench, client: LspClient, texts: Sequence[str]) -> dict[str, Any]:
    """Search, save, type and take back while nothing else goes on; then do nothing at all."""
    for text in texts[:20]:
        search(client, text)
    plan = bench.plan
    searches = [search(client, text)[1] for text in islice(cycle(texts), plan.queries)]
    changes: dict[str, list[float]] = {}
    for kind in (save, change, close):
        for probe in islice(probes(client, bench.copy, [kind], bench.choice), plan.probes):
            changes.setdefault(probe.kind, []).append(wait_for(client, probe))
    taken_back = cancellations(client, cycle(texts), plan.cancellations)
    settle(client)
    pid = client.process.pid
    began, used = perf_counter(), usage_of(pid).cpu_seconds
    time.sleep(plan.idle_seconds)
    usage = usage_of(pid, unique=True)
    found = {
        "search": times_of(searches),
        **{kind: times_of(seconds) for kind, seconds in changes.items()},
        "cancel": taken_back,
        "rss_mb": usage.rss_mb,
        "unique_mb": usage.unique_mb,
        "children_mb": usage.children_mb,
        "children": usage.children,
        "cpu_seconds": usage.cpu_seconds - used,
        "of_seconds": perf_counter() - began,
    }
    return _told("idle", found)


def measure_checkout(bench: Bench, client: LspClient, texts: Sequence[str]) -> dict[str, Any]:
    """Check another state out, and search until all of it is seen."""
    markers = list(bench.copy.markers.items())
    waiting = bench.choice.sample(markers, min(50, len(markers)))
    git_seconds: list[float] = []

    def check_out() -> None:
        began = perf_counter()
        git(bench.copy.root, "checkout", "--quiet", AFTER)
        git_seconds.append(perf_counter() - began)

    def going_on() -> bool:
        if git_seconds and waiting and is_found(client, waiting[-1][1], waiting[-1][0]):
            waiting.pop()
        return bool(waiting) and perf_counter() - began < _CHECKOUT_SECONDS

    thread = threading.Thread(target=check_out)
    began, used = perf_counter(), usage_of(client.process.pid).cpu_seconds
    thread.start()
    with watched(client.process.pid) as peaks:
        seen = search_while(client, cycle(texts), going_on)
        wait_until(lambda: is_ready(client))
    cpu = usage_of(client.process.pid).cpu_seconds - used
    thread.join()
    found = {
        "files": bench.copy.changed,
        "git": git_seconds[0],
        "seconds": seen.seconds,
        "not_seen": len(waiting),
        "cpu_seconds": cpu,
        "peak_mb": peaks.rss_mb,
        "search": times_of(seen.searches),
    }
    return _told("checkout", found)


def measure_restart(bench: Bench, shutdowns: list[float]) -> dict[str, float]:
    """Start a server on an index that is there, with one file changed while none ran; end it again."""
    path, name = bench.choice.choice(list(bench.copy.markers.items()))
    edited, fresh = bench.choice.choice(bench.copy.free), made_up_name(bench.choice)
    with (bench.copy.root / edited).open("a", encoding="utf-8") as file:
        file.write(function_in(edited, fresh))
    client, greeted = bench.start("busy")
    while not is_found(client, name, path):
        time.sleep(POLL_SECONDS)
    correct = perf_counter() - client.spawned
    while not is_found(client, fresh, edited):
        time.sleep(POLL_SECONDS)
    found = {"initialize": greeted, "correct": correct, "caught_up": perf_counter() - client.spawned}
    shutdowns.append(client.shut_down())
    return _told("restart", found)


def measure_ends(bench: Bench) -> dict[str, Any]:
    """End servers in all ways: idle ones, and in the middle of one first index that goes on with the next server."""
    client, _ = bench.start("busy")
    wait_until(lambda: is_ready(client))
    chunks = client.status()["chunks"]
    found: dict[str, Any] = {"hang_up": client.hang_up()}

    def interrupted() -> LspClient:
        client, _ = bench.start("ends")
        files = client.status()["files"]
        wait_until(lambda: client.folder.get("files", 0) > files or is_ready(client))
        return client

    found["shutdown_indexing"] = interrupted().shut_down()
    found["hang_up_indexing"] = interrupted().hang_up()
    client = interrupted()
    children = psutil.Process(client.process.pid).children(recursive=True)
    began = perf_counter()
    client.kill()
    _, alive = psutil.wait_procs(children, timeout=10)
    found |= {"orphans_end": perf_counter() - began, "orphans": len(alive)}
    client, _ = bench.start("ends")
    wait_until(lambda: is_ready(client))
    found |= {"after_kill": perf_counter() - client.spawned, "after_kill_whole": client.status()["chunks"] == chunks}
    # Killed while idle: what was just saved is there when the next one answers.
    path, name = bench.copy.free[0], made_up_name(bench.choice)
    wait_for(client, save(client, bench.copy, path, name))
    client.kill()
    client, _ = bench.start("ends")
    while not is_found(client, name, path):
        time.sleep(POLL_SECONDS)
    found["after_kill_idle"] = perf_counter() - client.spawned
    client.shut_down()
    return _told("ends", found)


def is_ready(client: LspClient) -> bool:
    """Whether the server has said that everything is in the index."""
    folder = client.folder
    return bool(folder.get("phase") == "ready" and folder["complete"] and folder["files"])


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what a server is about to do.

    Raises:
        TimeoutError: it never did.
    """
    deadline = perf_counter() + _PATIENCE_SECONDS
    while not condition():
        if perf_counter() > deadline:
            raise TimeoutError("the server never came to an end of its work")
        time.sleep(0.01)


def settle(client: LspClient) -> None:
    """Wait until the server does next to nothing for two seconds, a minute at most."""
    quiet = 0
    deadline = perf_counter() + 60
    while quiet < 4 and perf_counter() < deadline:
        used = usage_of(client.process.pid).cpu_seconds
        time.sleep(0.5)
        quiet = quiet + 1 if usage_of(client.process.pid).cpu_seconds - used < 0.05 else 0


def _told(name: str, found: dict[str, Any]) -> dict[str, Any]:
    print(name, json.dumps(found, default=str), flush=True)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.lsp", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("cache", type=Path, help="a folder to keep packages and trees in")
    parser.add_argument("--size", choices=list(CORPORA), help="(100k; 1k with --quick)")
    parser.add_argument("--quick", action="store_true", help="few of everything, and a small size unless one is given")
    parser.add_argument("--name", default="lsp", help="of the result file (%(default)s)")
    options = parser.parse_args(arguments)
    cache, size = options.cache.resolve(), options.size or ("1k" if options.quick else "100k")
    with TemporaryDirectory(prefix="hunch-lsp-", dir=cache) as place:
        figures = measure(corpus(size, cache), Path(place), QUICK if options.quick else Plan())
    result = {"model": load_bundle(model_folder()).manifest.identity, "size": size, **figures}
    save_result(options.name, result)
    print(lsp_tables(result))


if __name__ == "__main__":
    main()
