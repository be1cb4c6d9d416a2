"""What benchmarks.speed measures, each in a process of its own: prints one JSON object and ends.

    python -m benchmarks.speed_tasks TASK ROOT FOLDER [QUERIES]

ROOT is the workspace, FOLDER keeps the index of Hunch (its cache folder) or of semble, QUERIES is a JSON list.
"""

from time import perf_counter

BEGAN = perf_counter()  # before anything is imported

import gc
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_CHUNKS_OF_SERVER = 500
"""After so many contextual embeddings memory grows no more."""
_FILES_LEFT = 300
"""That hunch_fill leaves to be read in context"""
MODEL = "static-model"
"""The folder, beside semble's index, of the static model that semble is handed."""


def hunch_cold(root: Path, folder: Path, _: list[str]) -> dict[str, Any]:
    """Index a workspace for the first time: scan, chunk, encode, write and publish."""
    from hunch.engine import open_engine, update

    began = perf_counter()
    with open_engine(root) as engine:
        report = update(engine)
        seconds = perf_counter() - began
        assert report is not None
        return {"seconds": seconds, "files": report.files, "chunks": report.chunks, "bytes": _size(folder)}


def hunch_unchanged(root: Path, _folder: Path, _: list[str]) -> dict[str, Any]:
    """Index it again with nothing changed."""
    from hunch.engine import open_engine, update

    began = perf_counter()
    with open_engine(root) as engine:
        opened = perf_counter()
        report = update(engine)
        assert report is not None and report.read == 0
        return {"seconds": perf_counter() - began, "update": perf_counter() - opened, "files": report.files}


def hunch_one_file(root: Path, _folder: Path, _: list[str]) -> dict[str, Any]:
    """Change one file of a middling size, several times, and bring an open index up to date each time."""
    from hunch.engine import open_engine, update, update_paths

    with open_engine(root) as engine:
        update(engine)
        sizes = sorted((file.stat().st_size, file) for file in root.rglob("*.py"))
        file = sizes[len(sizes) // 2][1]
        original = file.read_bytes()
        times = []
        try:
            for number in range(6):
                file.write_bytes(original + b"\n\ndef added_%d():\n    return %d\n" % (number, number))
                began = perf_counter()
                done = update_paths(engine, [file.relative_to(root).as_posix()])
                times.append(perf_counter() - began)
                assert done
        finally:
            file.write_bytes(original)
            update(engine)
    return {"seconds": sorted(times)[len(times) // 2], "file_bytes": len(original)}


def hunch_query(root: Path, _folder: Path, queries: list[str]) -> dict[str, Any]:
    """Open an index, answer once, then answer all queries."""
    from hunch.engine import ask, open_engine

    with open_engine(root, write=False) as engine:
        ask(engine, queries[0])
        started = perf_counter() - BEGAN
        first_peak = _peak_mb()
        return {
            "start": started,
            "peak_after_first_mb": first_peak,
            "chunks": engine.snapshot.chunk_count,
            **_times(queries, lambda text: ask(engine, text)),
        }


def hunch_ten(root: Path, _folder: Path, queries: list[str]) -> dict[str, Any]:
    """Open an index and answer the queries once: imports and all."""
    from hunch.engine import ask, open_engine

    with open_engine(root, write=False) as engine:
        for text in queries:
            ask(engine, text)
    return {"seconds": perf_counter() - BEGAN}


def hunch_read(root: Path, folder: Path, _: list[str]) -> dict[str, Any]:
    """Read everything in context, as an editor has it done in the background, on as many cores as there are."""
    from hunch.engine import compute_contextual, open_engine

    with open_engine(root) as engine:
        began = perf_counter()
        assert compute_contextual(engine)
        return {"seconds": perf_counter() - began, "chunks": engine.snapshot.chunk_count, "bytes": _size(folder)}


def hunch_server(root: Path, _folder: Path, queries: list[str]) -> dict[str, Any]:
    """Answer all queries as an editor's server does, and go on with contextual embeddings; its memory then."""
    from hunch.live import LiveOptions, LiveWorkspace, Phase
    from hunch.search.query import parse_query

    workspace = LiveWorkspace(root, LiveOptions(cpu_share=1.0))
    workspace.start()
    try:
        while not (workspace.status.phase is Phase.READY and workspace.status.complete):
            time.sleep(0.1)
        for text in queries:
            workspace.ask(parse_query(text))
        first, resident = workspace.status.contextual_count, 0.0
        while (
            done := workspace.status.contextual_count
        ) - first < _CHUNKS_OF_SERVER and done < workspace.status.chunks:
            resident = max(resident, _resident_mb()) if done > first else 0.0
            time.sleep(0.05)
        return {"chunks": workspace.status.chunks, "contextual": done, "resident_mb": resident}
    finally:
        workspace.close(10)


def hunch_fill(root: Path, _folder: Path, _: list[str]) -> dict[str, Any]:
    """Put random contextual embeddings in the place of those that take minutes, to measure memory."""
    import numpy as np

    from hunch.engine import open_engine
    from hunch.model.contextual import rounded

    with open_engine(root) as engine:
        generator = np.random.default_rng(0)
        assert engine.encoder is not None
        dim = engine.encoder.contextual().dim
        counts = engine.store.chunk_counts()
        for number in engine.store.without_contextual(sys.maxsize)[_FILES_LEFT:]:
            rows = generator.normal(size=(counts[number], dim)).astype(np.float32)
            engine.store.put_contextual(number, rounded(rows))
    with open_engine(root) as engine:  # writes the sidecars
        return {"chunks": engine.snapshot.chunk_count, "contextual": engine.snapshot.contextual_count}


def semble_cold(root: Path, folder: Path, _: list[str]) -> dict[str, Any]:
    """Index a workspace with semble, in memory; then save it, timed apart."""
    from semble import SembleIndex

    began = perf_counter()
    index = SembleIndex.from_path(root, model_path=str(folder / MODEL))
    seconds = perf_counter() - began
    index.save(folder / "index")
    saved = perf_counter() - began
    stats = index.stats
    size = _size(folder / "index")
    return {
        "seconds": seconds,
        "with_save": saved,
        "files": stats.indexed_files,
        "chunks": stats.total_chunks,
        "bytes": size,
    }


def semble_query(_root: Path, folder: Path, queries: list[str]) -> dict[str, Any]:
    """Load a saved index of semble, answer once, then answer all queries."""
    from semble import SembleIndex

    index = SembleIndex.load_from_disk(folder / "index")
    index.search(queries[0], top_k=10)
    started = perf_counter() - BEGAN
    first_peak = _peak_mb()
    return {
        "start": started,
        "peak_after_first_mb": first_peak,
        "chunks": index.stats.total_chunks,
        **_times(queries, lambda text: index.search(text, top_k=10)),
    }


TASKS: dict[str, Callable[[Path, Path, list[str]], dict[str, Any]]] = {
    task.__name__: task
    for task in (
        hunch_cold,
        hunch_unchanged,
        hunch_one_file,
        hunch_query,
        hunch_ten,
        hunch_read,
        hunch_server,
        hunch_fill,
        semble_cold,
        semble_query,
    )
}


def _times(queries: list[str], answer: Callable[[str], object]) -> dict[str, float]:
    for text in queries[:5]:
        answer(text)
    gc.collect()
    times = []
    for text in queries:
        began = perf_counter()
        answer(text)
        times.append((perf_counter() - began) * 1000)
    times.sort()
    return {name: times[min(len(times) - 1, int(share * len(times)))]
            for name, share in (("p50_ms", 0.5), ("p95_ms", 0.95), ("p99_ms", 0.99))}  # fmt: skip


def _peak_mb() -> float:
    """Return the most memory this process has had resident, in MB of 2^20 bytes."""
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return _maxrss_mb(resource.RUSAGE_SELF)


def _resident_mb() -> float:
    """Return the memory that this process has resident now, in MB of 2^20 bytes."""
    import psutil

    return float(psutil.Process().memory_info().rss) / 2**20


def _maxrss_mb(who: int) -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(who).ru_maxrss * unit / 2**20


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def main() -> None:
    """Do one task."""
    task, root, folder, *rest = sys.argv[1:]
    queries: list[str] = json.loads(Path(rest[0]).read_text(encoding="utf-8")) if rest else []
    result = TASKS[task](Path(root), Path(folder), queries)
    usage = os.times()
    result |= {
        "process": perf_counter() - BEGAN,
        "cpu": usage.user + usage.system + usage.children_user + usage.children_system,
        "peak_mb": _peak_mb(),
        "largest_child_mb": _maxrss_mb(resource.RUSAGE_CHILDREN),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
