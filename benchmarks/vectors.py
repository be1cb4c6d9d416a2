"""How many of the nearest embeddings each kind of FAISS index finds, and how fast.

    python -m benchmarks.vectors WORKSPACE DATA

The embeddings are those of a real workspace, the questions documentation of functions elsewhere (the valid part of
packages_pairs). Every kind fetches some candidates, which are rescored with the float16 originals.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import save_result
from hunch.engine import open_engine, update
from hunch.index.vectors import Part, build_dense, nearest

LANGUAGES = ("python", "go", "java", "javascript")
QUESTIONS_PER_LANGUAGE = 150
WANTED = 100
PROBED_SHARES = (0.05, 0.1, 0.2)

Find = Callable[[NDArray[np.float32]], NDArray[np.int64]]


def questions(data: Path) -> list[str]:
    """Return documentation sentences of functions that are in no workspace here."""
    found: list[str] = []
    for language in LANGUAGES:
        with gzip.open(data / "packages_pairs" / f"{language}.valid.jsonl.gz", "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for _, line in zip(range(QUESTIONS_PER_LANGUAGE), lines, strict=False)]
        found += [row["docstring"] for row in rows]
    return found


def kinds(originals: NDArray[np.float16]) -> dict[str, Find]:
    """Return a search for the nearest WANTED by each kind of index."""
    embeddings = originals.astype(np.float32)
    count, dim = embeddings.shape

    def rescored(index: Any, fetched: int, **parameters: Any) -> Find:
        def find(query: NDArray[np.float32]) -> NDArray[np.int64]:
            numbers = index.search(query[None], fetched, **parameters)[1][0]
            numbers = numbers[numbers >= 0]
            order = np.argsort(-(originals[numbers].astype(np.float32) @ query))
            return np.asarray(numbers[order][:WANTED], np.int64)

        return find

    flat = faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    flat.train(embeddings)
    flat.add(embeddings)
    lists = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dim),
        dim,
        int(2 * np.sqrt(count)),
        faiss.ScalarQuantizer.QT_8bit,
        faiss.METRIC_INNER_PRODUCT,
    )
    lists.train(embeddings)
    lists.add(embeddings)
    product = [Part(build_dense(originals), 0)]
    found: dict[str, Find] = {"flat int8": rescored(flat, WANTED + WANTED // 2)}
    for share in PROBED_SHARES:
        probes = faiss.SearchParametersIVF(nprobe=max(1, round(lists.nlist * share)))
        found[f"inverted lists, {share:.0%} probed"] = rescored(lists, WANTED + WANTED // 2, params=probes)
    found["hunch.index.vectors"] = lambda query: nearest(product, query, WANTED)[0]
    return found


def main() -> None:
    """Measure every kind on one workspace."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("data", type=Path)
    options = parser.parse_args()
    with open_engine(options.workspace) as engine:
        update(engine)
        segment = engine.snapshot.views[0].segment
        if engine.encoder is None or segment.dense is None:
            raise SystemExit("there is no model to measure with")
        originals = np.array(segment.dense.originals)
        queries = engine.encoder.encode_queries(questions(options.data))
    exact = np.argsort(-(queries @ originals.astype(np.float32).T), axis=1)
    rows: dict[str, dict[str, float]] = {}
    for name, find in kinds(originals).items():
        began = time.thread_time()
        found = [set(find(query).tolist()) for query in queries]
        milliseconds = (time.thread_time() - began) / len(queries) * 1000
        recall = {
            f"recall@{k}": float(
                np.mean([len(set(row[:k].tolist()) & got) / k for row, got in zip(exact, found, strict=True)])
            )
            for k in (10, 100)
        }
        rows[name] = {**recall, "cpu_ms": milliseconds}
        print(f"{name:<28}{recall['recall@10']:>8.4f}{recall['recall@100']:>8.4f}{milliseconds:>8.2f} ms")
    save_result("vectors", {"chunks": len(originals), "questions": len(queries), "rows": rows})


if __name__ == "__main__":
    main()
