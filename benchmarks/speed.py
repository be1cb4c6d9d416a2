"""How fast Hunch is and what it costs, beside semble doing the same work with a model of the same shape.

    python -m benchmarks.speed CACHE [--sizes 1k,10k,100k] [--repeat 3] [--without-semble] [--random-context] [--large]

CACHE is a folder to keep the packages in; what is missing is fetched. Every figure is the median of several fresh
processes, Hunch and semble taking turns; everything is read in context once, and asked for by as many processes then.
With --random-context random rows stand for most contextual embeddings: memory does not tell them from real ones.
--large measures the source of Linux 6.1 as well, once, which takes half an hour. Both tools use as many cores as they
choose. Cold is open + index, without the interpreter's start; start is imports + opening the index + the first answer;
a command is the whole `hunch search`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from benchmarks.corpora import CORPORA, corpus, linux_source
from benchmarks.machine import save_result
from benchmarks.report import speed_tables
from benchmarks.speed_tasks import MODEL
from benchmarks.static_model import write_static_model
from hunch.engine import open_engine
from hunch.model.bundle import load_bundle
from hunch.settings import CACHE_VARIABLE, model_folder

QUERIES = 200
LINUX_QUERIES = (
    "send a packet to the device", "allocate memory pages", "parse a device tree node", "schedule the next task",
    "read an inode from disk", "register an interrupt handler", "map a physical address", "encrypt a block",
    "handle a page fault", "copy data to user space",
)  # fmt: skip
PROJECT = Path(__file__).resolve().parent.parent

_WORDS = re.compile(r"[A-Za-z][A-Za-z'-]*")


def measure_large(cache: Path) -> dict[str, Any]:
    """Measure one first index of the source of Linux, and a start with ten queries."""
    root = linux_source(cache)
    found: dict[str, list[dict[str, Any]]] = {}
    with TemporaryDirectory(prefix="hunch-bench-", dir=cache) as temporary:
        queries = Path(temporary) / "queries.json"
        queries.write_text(json.dumps(LINUX_QUERIES), encoding="utf-8")
        _keep(found, "hunch_cold", root, Path(temporary))
        _keep(found, "hunch_unchanged", root, Path(temporary))
        _keep(found, "hunch_query", root, Path(temporary), queries)
        _keep(found, "hunch_ten", root, Path(temporary), queries)
    return {"size": "large", **{name: _medians(runs) for name, runs in found.items()}}


def measure_size(
    size: str, cache: Path, repeat: int, *, with_semble: bool, random_context: bool = False
) -> dict[str, Any]:
    """Measure everything at one size."""
    root = corpus(size, cache)
    found: dict[str, list[dict[str, Any]]] = {}
    with TemporaryDirectory(prefix="hunch-bench-", dir=cache) as temporary:
        place = Path(temporary)
        queries = place / "queries.json"
        if with_semble:
            write_static_model(load_bundle(model_folder()), place / MODEL)
        for number in range(repeat):
            ours, theirs = place / f"hunch-{number}", place / f"semble-{number}"
            ours.mkdir()
            theirs.mkdir()
            _keep(found, "hunch_cold", root, ours)
            if with_semble:
                (theirs / MODEL).symlink_to(place / MODEL)
                _keep(found, "semble_cold", root, theirs)
            if not number:
                queries.write_text(json.dumps(_sentences(root, ours)), encoding="utf-8")
            _keep(found, "hunch_unchanged", root, ours)
            _keep(found, "hunch_query", root, ours, queries)
            if with_semble:
                _keep(found, "semble_query", root, theirs, queries)
            if number == repeat - 1:
                _keep(found, "hunch_server", root, ours, queries)
                _keep(found, "hunch_fill" if random_context else "hunch_read", root, ours)
                for _ in range(repeat):
                    _keep(found, "hunch_query", root, ours, queries, name="hunch_query_in_context")
            _keep(found, "hunch_one_file", root, ours)
            texts = json.loads(queries.read_text(encoding="utf-8"))
            for name, extra in (("hunch_command", ["--no-update"]), ("hunch_command_updating", [])):
                found.setdefault(name, []).append(_command(root, ours, texts[number], extra))
    return {"size": size, **{name: _medians(runs) for name, runs in found.items()}}


def _keep(
    found: dict[str, list[dict[str, Any]]], task: str, root: Path, folder: Path, *more: Path, name: str = ""
) -> None:
    command = [sys.executable, "-m", "benchmarks.speed_tasks", task, *map(str, (root, folder, *more))]
    began = perf_counter()
    done = subprocess.run(command, cwd=PROJECT, env=_environment(folder), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{task} failed:\n{done.stderr}")
    result = json.loads(done.stdout.splitlines()[-1]) | {"wall": perf_counter() - began}
    found.setdefault(name or task, []).append(result)
    print(name or task, {figure: round(value, 3) for figure, value in result.items()}, flush=True)


def _command(root: Path, folder: Path, text: str, extra: Sequence[str]) -> dict[str, Any]:
    command = [str(Path(sys.executable).with_name("hunch")), "search", text, "--root", str(root), "--json", *extra]
    began = perf_counter()
    done = subprocess.run(command, cwd=PROJECT, env=_environment(folder), capture_output=True, text=True, check=False)
    seconds = perf_counter() - began
    if done.returncode > 1:
        raise RuntimeError(f"hunch search failed:\n{done.stderr}")
    return {"seconds": seconds}


def _environment(folder: Path) -> dict[str, str]:
    """Both tools keep their caches in the folder of this run, so nothing is left from an earlier one."""
    return {**os.environ, CACHE_VARIABLE: str(folder), "XDG_CACHE_HOME": str(folder / "xdg"), "HF_HUB_OFFLINE": "1"}


def _sentences(root: Path, folder: Path) -> list[str]:
    """Return the first sentences of documentation in the workspace, 3 to 14 words long."""
    before = os.environ.get(CACHE_VARIABLE)
    os.environ[CACHE_VARIABLE] = str(folder)
    with open_engine(root, write=False) as engine:
        snapshot = engine.snapshot
        texts = {snapshot.record(chunk).documentation for chunk in range(len(snapshot))}
    if before is None:
        del os.environ[CACHE_VARIABLE]
    else:
        os.environ[CACHE_VARIABLE] = before
    sentences = sorted({" ".join(_WORDS.findall(re.split(r"[.\n]", text.strip(), maxsplit=1)[0])) for text in texts})
    usable = [sentence for sentence in sentences if 3 <= len(sentence.split()) <= 14]
    return random.Random(0).sample(usable, min(QUERIES, len(usable)))


def _medians(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: median(run[name] for run in runs) for name in runs[0]} | {"runs": len(runs)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.speed", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("cache", type=Path, help="a folder to keep packages and trees in")
    parser.add_argument("--sizes", default=",".join(CORPORA), help="(%(default)s)")
    parser.add_argument("--repeat", type=int, default=3, help="processes a figure (%(default)s)")
    parser.add_argument("--without-semble", action="store_true", help="measure Hunch alone")
    parser.add_argument("--random-context", action="store_true", help="do not wait for contextual embeddings")
    parser.add_argument("--large", action="store_true", help="measure the source of Linux too")
    parser.add_argument("--name", default="speed", help="of the result file (%(default)s)")
    options = parser.parse_args(arguments)
    cache = options.cache.resolve()
    sizes = [
        measure_size(
            size, cache, options.repeat, with_semble=not options.without_semble, random_context=options.random_context
        )
        for size in filter(None, options.sizes.split(","))
    ]
    if options.large:
        sizes.append(measure_large(cache))
    result = {"model": load_bundle(model_folder()).manifest.identity, "sizes": sizes}
    save_result(options.name, result)
    print(speed_tables(result))


if __name__ == "__main__":
    main()
