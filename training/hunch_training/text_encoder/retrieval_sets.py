"""Held-out texts to measure text encoders on, and their metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch.search.metrics import Interval, bootstrap
from hunch.text.bag import Bags
from hunch.text.terms import query_terms
from hunch_training.data.pairs import LANGUAGES, Pair, read_pairs
from hunch_training.errors import TrainingError
from hunch_training.evaluation.bm25 import bm25_scores
from hunch_training.evaluation.retrieval_metrics import reciprocal_ranks
from hunch_training.text_encoder.text_pairs import clip, halves, is_set_aside, name_words, without_name

Scorer = Callable[[Sequence[str], Sequence[str]], NDArray[np.float32]]
"""Queries and texts to scores, float32 [queries, texts]."""


MOST_ROWS = 1000


class TextRetrieval(NamedTuple):
    """Queries, texts that are all ranked for each, and which texts are right."""

    name: str
    queries: list[str]
    texts: list[str]
    right: list[list[int]]
    """of each query, row numbers of texts"""


def load_text_sets(data: Path, split: Literal["valid", "test"], *, most_rows: int = MOST_ROWS) -> list[TextRetrieval]:
    """Return the sets that a data folder has, in the order of the module's text.

    Raises:
        TrainingError: it has none.
    """
    conala = data / f"conala/{'train' if split == 'valid' else 'test'}.jsonl.gz"
    asked = list(read_pairs(conala)) if conala.is_file() else []
    questions = [(pair.title, pair.query) for pair in asked if pair.title and (split == "test" or is_set_aside(pair))]
    files = [data / f"packages_pairs/{language}.{split}.jsonl.gz" for language in LANGUAGES]
    functions = [pair for file in files if file.is_file() for pair in read_pairs(file)]
    sets = [
        retrieval_of("conala", questions),
        retrieval_of("halves", _spread(_halves_of(functions), most_rows)),
        retrieval_of("names", _spread(_names_of(functions), most_rows)),
    ]
    found = [texts for texts in sets if texts.queries]
    if not found:
        raise TrainingError(f"{data}: no {split} rows of conala or packages_pairs there to measure with")
    return found


def retrieval_of(name: str, pairs: Iterable[tuple[str, str]]) -> TextRetrieval:
    """Return a set of pairs of a query and a right text; equal queries are one, and so are equal texts."""
    queries: dict[str, dict[int, None]] = {}
    texts: dict[str, int] = {}
    for query, text in pairs:
        queries.setdefault(clip(query), {})[texts.setdefault(clip(text), len(texts))] = None
    return TextRetrieval(name, list(queries), list(texts), [list(right) for right in queries.values()])


def text_reciprocal_ranks(retrieval: TextRetrieval, scorer: Scorer) -> list[float]:
    """Return 1 / rank of the best right text of each query; ties count against the scorer."""
    return reciprocal_ranks(scorer(retrieval.queries, retrieval.texts), retrieval.right)


def bm25(queries: Sequence[str], texts: Sequence[str]) -> NDArray[np.float32]:
    """Score by BM25 over the terms of the product's lexical search."""
    numbers: dict[int, int] = {}
    return bm25_scores(*(_bags_of_terms(part, numbers) for part in (queries, texts)))


def scorer_of(encode: Callable[[Sequence[str]], NDArray[np.float32]]) -> Scorer:
    """Return a scorer by the inner products of embeddings, float32 [n, dim]."""
    return lambda queries, texts: encode(queries) @ encode(texts).T


def table(sets: Sequence[TextRetrieval], scorers: Mapping[str, Scorer]) -> dict[str, dict[str, Interval]]:
    """Measure every scorer on every set; print a row as it is done."""
    rows: dict[str, dict[str, Interval]] = {}
    for name, scorer in scorers.items():
        rows[name] = {part.name: bootstrap(text_reciprocal_ranks(part, scorer)) for part in sets}
        cells = "  ".join(f"{key} {v.mean:.3f} [{v.low:.3f}, {v.high:.3f}]" for key, v in rows[name].items())
        print(f"{name:20}  {cells}", flush=True)
    return rows


def _halves_of(functions: Iterable[Pair]) -> list[tuple[str, str]]:
    return [parts for pair in functions if (parts := halves(without_name(pair.query, pair.name)))]


def _names_of(functions: Iterable[Pair]) -> list[tuple[str, str]]:
    named = ((without_name(pair.query, pair.name), name_words(pair.name)) for pair in functions)
    return [(documentation, name) for documentation, name in named if name]


def _spread(rows: list[tuple[str, str]], most: int) -> list[tuple[str, str]]:
    chosen = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(np.int64))
    return [rows[row] for row in chosen]


def _bags_of_terms(texts: Sequence[str], numbers: dict[int, int]) -> Bags:
    rows = [sorted(numbers.setdefault(term.term, len(numbers)) for term in query_terms(text)) for text in texts]
    ids = [number for row in rows for number in row]
    return Bags(
        offsets=np.cumsum([0, *map(len, rows)]).astype(np.int64),
        ids=np.array(ids, np.int32),
        fields=np.zeros(len(ids), np.uint8),
        counts=np.ones(len(ids), np.uint8),
    )
