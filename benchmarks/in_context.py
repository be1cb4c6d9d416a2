"""What it gains to look for candidates in context, and what it costs.

    python -m benchmarks.in_context DATA [--sets cosqa,pairs/python]

Gain: the valid sets, each asked with the nearest in context among the candidates and without them, all else the same;
differences are paired by query, with 95% bootstrap intervals (Efron, 1979). Cost: the index of random embeddings.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import save_result
from hunch.index.contextual_column import ContextualColumn
from hunch.index.sidecar import SidecarPlace
from hunch.index.snapshot import Snapshot
from hunch.model.bundle import load_bundle
from hunch.model.contextual import rounded
from hunch.model.encoder import Encoder
from hunch.search import candidates
from hunch.search.candidates import find_candidates
from hunch.search.features import features_of
from hunch.search.metrics import bootstrap
from hunch.search.query import Query, QueryError, parse_query
from hunch.search.rank import learned, ranker_for
from hunch.settings import model_folder
from hunch_training.evaluation.retrieval_sets import TextSet
from hunch_training.ranking.rendered import build_snapshot
from hunch_training.ranking.retrieval_sets import language_of_set, load_sets, pools_of

SIZES = (10_000, 100_000)
HITS = 10

_QUERIES = 500
_CHUNKS_PER_FILE = 10
_DIM = 384
_TIMES = 50


def gain(texts: TextSet, encoder: Encoder) -> dict[str, Any]:
    """Return by how much candidates in context raise MRR, recall@10, and the share of answers among the candidates."""
    pool = next(pools_of(texts))
    snapshot = build_snapshot(pool.code, encoder, pool.sources, [language_of_set(texts)] * len(pool.code))
    found: dict[int, list[tuple[float, bool, bool]]] = {0: [], candidates.CONTEXT_CANDIDATES: []}
    for text, gains in list(zip(pool.queries, pool.gains, strict=True))[:_QUERIES]:
        try:
            query = parse_query(text.replace(":", " "))
        except QueryError:
            continue
        for count, values in found.items():
            with patch.object(candidates, "CONTEXT_CANDIDATES", count):
                values.append(_judged(snapshot, encoder, query, list(gains)))
    without, with_them = (np.array(values, np.float64) for values in found.values())
    figures = ("mrr", f"recall@{HITS}", "candidates")
    return {"set": texts.name, "queries": len(without)} | {
        name: {
            "without": float(without[:, column].mean()),
            "with": float(with_them[:, column].mean()),
            **bootstrap(with_them[:, column] - without[:, column])._asdict(),
        }
        for column, name in enumerate(figures)
    }


def cost(chunks: int) -> dict[str, float]:
    """Return what a column of so many chunks costs: to open, to take in one file, to search."""
    generator = np.random.default_rng(0)
    rows = np.concatenate([_embeddings(generator) for _ in range(chunks // _CHUNKS_PER_FILE)])
    allowed = np.ones(len(rows), np.bool_)
    with TemporaryDirectory() as folder:
        place = SidecarPlace(Path(folder) / "column", 1, writes=True)
        column = ContextualColumn(len(rows), place)
        every, some = np.arange(len(rows)), np.arange(_CHUNKS_PER_FILE)
        column.put(every[_CHUNKS_PER_FILE:], rows[_CHUNKS_PER_FILE:])
        file = _timed(lambda: column.put(some, rows[some]))[0]
        build = min(_timed(lambda: ContextualColumn(len(rows), place).restore(every))[0] for _ in range(3))
    asked = generator.normal(size=_DIM).astype(np.float32)
    asked /= np.linalg.norm(asked)
    search, _ = _timed(lambda: [column.nearest(asked, candidates.CONTEXT_CANDIDATES, allowed) for _ in range(_TIMES)])
    return {"chunks": chunks, "open_ms": build * 1e3, "file_ms": file * 1e3, "search_ms": search / _TIMES * 1e3}


def _judged(snapshot: Snapshot, encoder: Encoder, query: Query, right: list[int]) -> tuple[float, bool, bool]:
    vector = encoder.encode_queries([query.text])[0]
    found = find_candidates(
        snapshot, query, vector if vector.any() else None, encoder.contextual().encode_query(query.text)
    )
    places = np.flatnonzero(np.isin(found.chunks, right))
    if not len(places):
        return 0.0, False, False
    ranker = ranker_for(encoder)
    scores = learned(ranker, query, found, features_of(found, ranker.context)).scores
    rank = int((scores >= scores[places].max()).sum())
    return 1 / rank, rank <= HITS, True


def _embeddings(generator: np.random.Generator) -> NDArray[np.int8]:
    return rounded(generator.normal(size=(_CHUNKS_PER_FILE, _DIM)).astype(np.float32))


def _timed(work: Any) -> tuple[float, Any]:
    began = time.thread_time()
    result = work()
    return time.thread_time() - began, result


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.in_context", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path, help="the data folder, with SOURCES.md in it")
    parser.add_argument("--sets", default="cosqa,pairs/", help="comma-separated beginnings of set names (%(default)s)")
    options = parser.parse_args(arguments)
    costs = [cost(chunks) for chunks in SIZES]
    for row in costs:
        print("  ".join(f"{name} {value:,.2f}" for name, value in row.items()), flush=True)
    encoder = Encoder(load_bundle(model_folder()))
    gains = []
    for texts in load_sets(options.data, "valid"):
        if texts.name.startswith(tuple(options.sets.split(","))):
            gains.append(gain(texts, encoder))
            told = {
                name: f"{one['without']:.4f} -> {one['with']:.4f}"
                for name, one in gains[-1].items()
                if isinstance(one, dict)
            }
            print(texts.name, told, flush=True)
    save_result("in_context", {"cost": costs, "gain": gains})


if __name__ == "__main__":
    main()
