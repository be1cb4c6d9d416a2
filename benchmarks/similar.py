"""How well code that is like other code is found, as the product answers.

    python -m benchmarks.similar DATA WORKSPACES --split test

What implements the same for different classes or in different files has the same name, as a rule. One of such functions
asks for the others, with its name taken out wherever it stands. Some functions of one name do different things and some
of other names do the same, so the figures are lower bounds. `hunch-train similar-weights` fits the weights.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.machine import save_result
from hunch.engine import Engine
from hunch.search.candidates import find_candidates
from hunch.search.metrics import bootstrap
from hunch.search.rank import linear, ranker_for
from hunch.search.search import Answer, answer_of
from hunch.search.similar import likeness_of, similar_to
from hunch.text.chunk import Chunk
from hunch_training.ranking.linear import load_linear
from hunch_training.ranking.similar import pieces_of
from hunch_training.ranking.workspaces import fetch, indexed, read_workspaces

ROWS = ("words", "static embedding, linear", "static embedding", "both embeddings, linear", "both embeddings")
FIGURES = ("recall@1", "recall@10", "MRR")


def measure(data: Path, folder: Path, split: str) -> dict[str, Any]:
    """Return the figures of all rows over the workspaces of a split, as the product answers."""
    used = [workspace for workspace in read_workspaces(data) if workspace.split == split]
    fetch(data, folder, used)
    values: dict[tuple[str, str], list[float]] = {}
    for workspace in used:
        with indexed(data, folder, workspace, "commit") as engine:
            for piece in pieces_of(engine):
                for row, ask in _asked_of(engine).items():
                    ranks = [rank for rank, hit in enumerate(ask(piece.chunk).hits, 1)
                             if hit.record.name == piece.name and hit.path != piece.chunk.path]  # fmt: skip
                    first = min(ranks, default=0)
                    for figure, value in zip(FIGURES, (first == 1, first > 0, 1 / first if first else 0), strict=True):
                        values.setdefault((row, figure), []).append(float(value))
        print(f"measured: {workspace.id}, {len(values[ROWS[0], 'MRR'])} pieces so far", flush=True)
    rows = {row: {figure: bootstrap(values[row, figure])._asdict() for figure in FIGURES} for row in ROWS}
    return {"split": split, "pieces": len(values[ROWS[0], "MRR"]), "rows": rows}


def _asked_of(engine: Engine) -> dict[str, Callable[[Chunk], Answer]]:
    """Return who answers for each row."""
    snapshot, encoder = engine.snapshot, engine.encoder
    ranker = ranker_for(encoder)
    unread = snapshot.without_contextual()

    def by_linear(chunk: Chunk, *, in_context: bool) -> Answer:
        likeness = likeness_of(chunk, snapshot if in_context else unread, encoder)
        candidates = find_candidates(snapshot if in_context else unread, *likeness)
        return answer_of(
            engine.root, snapshot, likeness.query, candidates, partial(linear, load_linear()), ranker.answerability,
            ranker.context, began=0, limit=10, complete=True, leave_out=chunk,
        )  # fmt: skip

    answers: Sequence[Callable[[Chunk], Answer]] = (
        lambda chunk: similar_to(engine.root, snapshot, None, chunk),
        lambda chunk: by_linear(chunk, in_context=False),
        lambda chunk: similar_to(engine.root, unread, encoder, chunk),
        lambda chunk: by_linear(chunk, in_context=True),
        lambda chunk: similar_to(engine.root, snapshot, encoder, chunk),
    )
    return dict(zip(ROWS, answers, strict=True))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.similar", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path, help="the folder with SOURCES.md")
    parser.add_argument("workspaces", type=Path, help="a folder for the workspaces")
    parser.add_argument("--split", default="valid", help="what is measured (%(default)s)")
    parser.add_argument("--name", default="similar", help="of the result file (%(default)s)")
    options = parser.parse_args(arguments)
    save_result(options.name, measure(options.data, options.workspaces, options.split))


if __name__ == "__main__":
    main()
