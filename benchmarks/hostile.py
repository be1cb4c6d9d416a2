"""What source that nobody would write costs: every shape in every language, and a server that has to read the worst.

    python -m benchmarks.hostile [--size 60000 1000000] [--every N] [--server]

For each input: processor time and memory of the process that parses it, and the time of what follows (terms, tokens,
the static embedding). With ``--server``, the language server indexes and is typed the worst of them, beside ordinary
code, while questions come.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import resource
import shutil
import sysconfig
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from benchmarks.hostile_inputs import LANGUAGES, SHAPES, hostile_source
from benchmarks.lsp import is_ready, wait_until
from benchmarks.lsp_client import LspClient
from benchmarks.machine import save_result
from benchmarks.process_tree import usage_of
from benchmarks.table import table_of
from hunch.index import isolation
from hunch.index.isolation import Reading, read_apart
from hunch.model.bundle import load_bundle
from hunch.model.encoder import Encoder
from hunch.text.languages import LANGUAGES as KNOWN_LANGUAGES
from hunch.text.render import render_chunk, symbols_of
from hunch.text.terms import postings_of
from hunch.workspace.scan import Skip, source_of

MOST_SECONDS, MOST_BYTES = 1.0, 150_000_000
"""What one file of up to a megabyte may take."""

_ORDINARY = ("json", "email", "http", "asyncio", "logging", "unittest", "importlib", "concurrent", "xml", "urllib")
_QUESTIONS = ("parse a date", "send a request", "read a file line by line", "format a log record", "close a socket")
_QUESTION_SECONDS = 0.05
_FEWEST_QUESTIONS = 300
"""So that the 99th percentile is not the first question alone, which waits until the index is open."""
_WORST_IN_SERVER = 40


@dataclass(frozen=True, slots=True)
class Cost:
    """What one input took."""

    language: str
    shape: str
    bytes: int
    outcome: str
    """grammar, lines, unreadable, or why the file does not count"""
    ended: bool
    """Whether the process that parsed it was ended."""
    parsing_seconds: float
    """Processor time, of the process that parsed it."""
    following_seconds: float
    memory: int
    """Bytes, at most, above what the process has when it waits; of those that it survived."""


def measure(inputs: Iterable[tuple[str, str, bytes]], encoder: Encoder) -> list[Cost]:
    """Read every input (language, shape, source) as the product does."""
    return [_measure_one(*one, encoder) for one in inputs]


def _measure_one(language: str, shape: str, source: bytes, encoder: Encoder) -> Cost:
    path = f"a.{KNOWN_LANGUAGES[language].extensions[0]}"
    counted = source_of(source, path)
    if isinstance(counted, Skip):
        return Cost(language, shape, len(source), counted.reason, False, 0.0, 0.0, 0)
    read_apart("a.py", "python", b"a = 1\n")  # there is a process, and it has nothing to do
    child = psutil.Process(_child_id())
    resident = _resident(child.pid)
    _forget_peak(child.pid)
    before = _seconds_of(child) + _seconds_of_ended()
    reading = read_apart(path, language, source)
    ended = not child.is_running()
    parsing = (0.0 if ended else _seconds_of(child)) + _seconds_of_ended()
    if _child_id() not in (0, child.pid):
        parsing += _seconds_of(psutil.Process(_child_id()))
    memory = 0 if ended else _peak(child.pid) - resident
    return Cost(
        language, shape, len(source), _outcome(reading), ended, parsing - before, _follow(reading, encoder), memory
    )


def _outcome(reading: Reading) -> str:
    return {None: "grammar", isolation.TOO_COSTLY: "lines", isolation.UNREADABLE: "unreadable"}[reading.problem]


def _follow(reading: Reading, encoder: Encoder) -> float:
    gc.collect()
    began = time.thread_time()
    texts = [render_chunk(chunk) for chunk in reading.chunks]
    postings_of(texts, [symbols_of(chunk) for chunk in reading.chunks])
    encoder.encode_chunks(encoder.bag_chunks(texts))
    return time.thread_time() - began


def _child_id() -> int:
    return isolation.child_id() or 0


def _seconds_of(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _seconds_of_ended() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _status(pid: int, field: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    return 0


def _resident(pid: int) -> int:
    return _status(pid, "VmRSS")


def _peak(pid: int) -> int:
    return _status(pid, "VmHWM")


def _forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def summary_of(costs: Sequence[Cost]) -> dict[str, Any]:
    """Return what a row of the table says of inputs of one size."""
    read = [cost for cost in costs if cost.outcome in ("grammar", "lines", "unreadable")]
    parsing = sorted(cost.parsing_seconds for cost in read)
    following = sorted(cost.following_seconds for cost in read)
    return {
        "tried": len(costs),
        "left out by content": len(costs) - len(read),
        "by grammar": sum(cost.outcome == "grammar" for cost in read),
        "by lines": sum(cost.outcome == "lines" for cost in read),
        "unreadable": sum(cost.outcome == "unreadable" for cost in read),
        "processes ended": sum(cost.ended for cost in read),
        "parsing, p99 s": quantiles(parsing, n=100)[98] if len(parsing) > 1 else parsing[0],
        "parsing, most s": parsing[-1],
        "over 1 s": sum(cost.parsing_seconds > MOST_SECONDS for cost in read),
        "what follows, most s": following[-1],
        "memory, most MB": max(cost.memory for cost in read) / 1e6,
        "over 150 MB": sum(cost.memory > MOST_BYTES for cost in read),
    }


# ---- a server that reads the worst ----


def measure_server(worst: Sequence[Cost], place: Path, *, is_control: bool = False) -> dict[str, Any]:
    """Ask a server questions while it indexes the worst inputs beside ordinary code, and while they are typed.

    Args:
        worst: what it has to read.
        place: an empty folder.
        is_control: one line of code stands in the place of each input, so that what remains is the machine's own.
    """
    root = place / "workspace"
    library = Path(sysconfig.get_paths()["stdlib"])
    for folder in _ORDINARY:
        shutil.copytree(library / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    texts = {}
    for number, cost in enumerate(worst):
        path = f"worst/w{number}.{KNOWN_LANGUAGES[cost.language].extensions[0]}"
        texts[path] = b"a = 1\n" if is_control else hostile_source(cost.language, cost.shape, cost.bytes)
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_bytes(texts[path])
    client = LspClient(root, place / "cache", settings={"cpuShare": 1.0}, stderr=place / "log")
    try:
        client.greet()
        indexing = _ask_until(client, lambda: is_ready(client))
        wait_until(lambda: is_ready(client))
        files = client.status()["files"]
        for path, text in texts.items():
            client.open(path, text.decode())
        versions = dict.fromkeys(texts, 1)
        typed_until = time.monotonic() + 20
        turn = iter(random.Random(0).choices(sorted(texts), k=1_000_000))

        def type_on() -> bool:
            path = next(turn)
            versions[path] += 1
            client.change(path, versions[path], "", 0, 0, f"a{versions[path]} ")
            return time.monotonic() > typed_until

        typing = _ask_until(client, type_on)
        memory = usage_of(client.process.pid)
        seconds = client.shut_down()
    finally:
        client.kill()
    return {
        "files": files,
        "hostile files": len(texts),
        "while it indexes": indexing,
        "while they are typed": typing,
        "memory at the end, MB": round(memory.rss_mb, 1),
        "memory of its processes, MB": round(memory.children_mb, 1),
        "seconds to end": round(seconds, 2),
    }


def _ask_until(client: LspClient, is_over: Any) -> dict[str, float]:
    times: list[float] = []
    ask = iter(random.Random(1).choices(_QUESTIONS, k=1_000_000))
    while True:
        began = time.monotonic()
        times.append(client.request("hunch/search", {"query": f"{next(ask)} {len(times)}"}).seconds)
        if len(times) >= _FEWEST_QUESTIONS and is_over():
            break
        time.sleep(max(0.0, _QUESTION_SECONDS - (time.monotonic() - began)))
    times.sort()
    return {
        "questions": len(times),
        "p50 ms": round(times[len(times) // 2] * 1000, 1),
        "p99 ms": round(times[int(len(times) * 0.99)] * 1000, 1),
        "most ms": round(times[-1] * 1000, 1),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure from the command line; the status is 1 when an input went beyond its limits."""
    parser = argparse.ArgumentParser(prog="benchmarks.hostile", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--size", type=int, nargs="+", default=[60_000, 1_000_000], help="bytes (%(default)s)")
    parser.add_argument("--every", type=int, default=1, help="only every so many-th input")
    parser.add_argument("--server", action="store_true", help="measure the language server as well")
    parser.add_argument("--name", default="hostile", help="of the result file (%(default)s)")
    options = parser.parse_args(arguments)
    os.environ.setdefault("PYTHONHASHSEED", "0")
    encoder = Encoder(load_bundle())
    result: dict[str, Any] = {"sizes": {}}
    worst: list[Cost] = []
    for size in options.size:
        pairs = [(language, shape) for language in LANGUAGES for shape in SHAPES][:: options.every]
        costs = measure(
            ((language, shape, hostile_source(language, shape, size)) for language, shape in pairs), encoder
        )
        costs.sort(key=lambda cost: (-cost.ended, -cost.parsing_seconds))
        result["sizes"][str(size)] = {
            "summary": summary_of(costs),
            "worst": [asdict(cost) for cost in costs[:30]],
            "largest": asdict(max(costs, key=lambda cost: cost.memory)),
        }
        worst += costs[:_WORST_IN_SERVER]
        for cost in costs[:10]:
            print(cost)
        print(table_of(("bytes", str(size)), [(name, _told(value)) for name, value in summary_of(costs).items()]))
    if options.server:
        for name, is_control in (("server, control", True), ("server", False)):
            with TemporaryDirectory(prefix="hunch-hostile-") as place:
                result[name] = measure_server(worst[-_WORST_IN_SERVER:], Path(place), is_control=is_control)
            print(table_of((name, ""), [(part, str(value)) for part, value in result[name].items()]))
    save_result(options.name, result)
    return int(any(one["summary"]["over 1 s"] or one["summary"]["over 150 MB"] for one in result["sizes"].values()))


def _told(value: float) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"


if __name__ == "__main__":
    raise SystemExit(main())
