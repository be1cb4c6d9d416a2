"""How well search works on a user's own code: documented functions, their documentation removed, as queries."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hunch.index.isolation import read_apart
from hunch.index.records import pack_record
from hunch.index.segment import build_segment
from hunch.index.snapshot import Snapshot, View
from hunch.index.store import FileContent, FileRecord
from hunch.index.writer import Progress
from hunch.model.encoder import Encoder
from hunch.search.candidates import find_candidates
from hunch.search.features import OF_KINDS, POSITIVE, features_of
from hunch.search.metrics import Interval, bootstrap
from hunch.search.query import Query, QueryError, parse_query
from hunch.search.rank import learned, ranker_for
from hunch.text.chunk import Chunk
from hunch.text.languages import language_of
from hunch.text.render import render_chunk, symbols_of
from hunch.text.terms import postings_of
from hunch.workspace.scan import Skip, read_source, scan

MIN_WORDS, MAX_WORDS = 4, 40
"""Shorter sentences say too little, longer ones are not what people type."""

RANKINGS: dict[str, Collection[str]] = {
    "all signals": (*POSITIVE, *OF_KINDS),
    "embeddings alone": ("meaning",),
    "lexical search alone": ("words",),
}

_SENTENCE = re.compile(r"(.+?)(?:[.!?:](?:\s|$)|\n\s*\n|$)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Row:
    """How one ranking did."""

    mrr: Interval
    recall: Interval
    """Recall@10: each query has one right answer."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured."""

    queries: int
    chunks: int
    rows: dict[str, Row]


def evaluate_workspace(
    root: Path,
    encoder: Encoder,
    *,
    queries: int = 500,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> Evaluation:
    """Ask for documented functions by the first sentence of their documentation, which the index does not hold.

    Raises:
        RootError: the root is no folder.
        QueryError: it holds no documented function.
        BundleError: the ranker cannot be used, or was trained with another model.
    """
    parts: list[tuple[int, FileRecord, FileContent]] = []
    asked: list[tuple[int, str]] = []
    count = 0
    for number, (path, language, chunks) in enumerate(_chunked_files(root, on_progress), 1):
        asked += [(count + i, sentence) for i, chunk in enumerate(chunks) if (sentence := _sentence_of(chunk))]
        record = FileRecord(path, language, 0, 0, b"", None, len(chunks))
        parts.append((number, record, _content([replace(chunk, documentation="") for chunk in chunks], encoder)))
        count += len(chunks)
    segment = build_segment(parts)
    snapshot = Snapshot(1, (View(segment, None, 0),) if count else (), count, len(parts))
    chosen = _choose(asked, queries)
    if not chosen:
        raise QueryError(f"{root}: no documented functions to ask for")
    ranks: dict[str, list[float]] = {name: [] for name in RANKINGS}
    for done, (chunk, query) in enumerate(chosen):
        on_progress(Progress(done, len(chosen), query.text))
        for name, rank in _ranks(snapshot, encoder, query, chunk):
            ranks[name].append(rank)
    rows = {name: _row(found) for name, found in ranks.items()}
    return Evaluation(queries=len(chosen), chunks=count, rows=rows)


def _chunked_files(root: Path, on_progress: Callable[[Progress], None]) -> Iterator[tuple[str, str, list[Chunk]]]:
    files = scan(root).files
    for done, file in enumerate(files):
        on_progress(Progress(done, len(files), file.path))
        source = read_source(root, file.path)
        language = (
            None if isinstance(source, Skip) else language_of(file.path, source) if file.may_be else file.language
        )
        if language is not None and not isinstance(source, Skip):
            chunks = read_apart(file.path, language, source).chunks
            if chunks:
                yield file.path, language, chunks


def _sentence_of(chunk: Chunk) -> str:
    """Return the first sentence of a function's documentation; empty when it will not do as a query."""
    match = _SENTENCE.match(chunk.documentation.strip()) if chunk.kind in ("function", "method") else None
    words = match.group(1).split() if match and chunk.piece in (0, 1) else []
    return " ".join(words) if MIN_WORDS <= len(words) <= MAX_WORDS else ""


def _content(chunks: Sequence[Chunk], encoder: Encoder) -> FileContent:
    texts = [render_chunk(chunk) for chunk in chunks]
    return FileContent(
        records=[pack_record(chunk) for chunk in chunks],
        vectors=encoder.encode_chunks(encoder.bag_chunks(texts)).astype(np.float16),
        postings=postings_of(texts, [symbols_of(chunk) for chunk in chunks]),
    )


def _choose(asked: Sequence[tuple[int, str]], most: int) -> list[tuple[int, Query]]:
    """Parse the sentences that stand for one function only, and draw at most so many of them."""
    times: dict[str, int] = {}
    for _, sentence in asked:
        times[sentence] = times.get(sentence, 0) + 1
    chosen: list[tuple[int, Query]] = []
    for chunk, sentence in random.Random(0).sample(list(asked), len(asked)):
        if times[sentence] > 1 or len(chosen) == most:
            continue
        try:
            chosen.append((chunk, parse_query(sentence)))
        except QueryError:
            continue
    return chosen


def _ranks(snapshot: Snapshot, encoder: Encoder, query: Query, chunk: int) -> Iterator[tuple[str, float]]:
    """Yield the rank of the right chunk in each ranking; infinite where it is no candidate."""
    vector = encoder.encode_queries([query.text])[0]
    ranker = ranker_for(encoder)
    candidates = find_candidates(snapshot, query, vector)
    own = np.flatnonzero(candidates.chunks == chunk)
    values = features_of(candidates, ranker.context)
    for name, features in RANKINGS.items():
        if not len(own):
            yield name, float("inf")
            continue
        scores = learned(ranker, query, candidates, {feature: values[feature] for feature in features}).scores
        yield name, float((scores >= scores[own[0]]).sum())


def _row(ranks: Sequence[float]) -> Row:
    found = np.array(ranks)
    return Row(mrr=bootstrap(1 / found), recall=bootstrap(found <= 10))
