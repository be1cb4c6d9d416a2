"""Rendered code that is at hand as text, searched by the product's own index and ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from hunch.index.contextual_column import ContextualColumn
from hunch.index.lexical import add_scores, invert
from hunch.index.records import ChunkRecord, pack
from hunch.index.segment import Segment
from hunch.index.snapshot import Snapshot, View, compose_views
from hunch.index.vectors import build_dense
from hunch.model.contextual import cosines
from hunch.model.encoder import Encoder
from hunch.search.candidates import find_candidates
from hunch.search.features import NAMES, features_of
from hunch.search.query import Query, QueryError, parse_query
from hunch.search.rank import learned, linear, ranker_for
from hunch.text.chunk import KINDS
from hunch.text.render import Fields, Source
from hunch.text.terms import postings_of
from hunch_training.ranking.context_cache import use_context_cache
from hunch_training.ranking.linear import load_linear

ROWS = ("static", "dense", "lexical", "linear", "hybrid")
Scores = NDArray[np.float32]

_BATCH = 2000


def build_snapshot(
    code: Sequence[Fields], encoder: Encoder, sources: Sequence[Source] = (), languages: Sequence[str] = ()
) -> Snapshot:
    """Return pieces of rendered code as a snapshot of one file each; with contextual embeddings of their sources."""
    count = len(code)
    batches = [code[start : start + _BATCH] for start in range(0, count, _BATCH)]
    vectors = [encoder.encode_chunks(encoder.bag_chunks(batch)).astype(np.float16) for batch in batches]
    postings = [postings_of(batch, [sorted(_symbols(fields)) for fields in batch]) for batch in batches]
    records = [pack(_record_of(fields)) for fields in code]
    segment = Segment(
        file_ids=np.arange(count, dtype=np.int64),
        paths=[f"{number}" for number in range(count)],
        languages=list(languages) or ["text"] * count,
        path_classes=np.zeros(count, np.uint8),
        first_chunks=np.arange(count + 1, dtype=np.int64),
        chunk_files=np.arange(count, dtype=np.int32),
        kinds=np.full(count, KINDS.index("function"), np.uint8),
        lines=np.array([source.body.count("\n") + 2 for source in sources] or [1] * count, np.uint16),
        record_starts=np.array([0, *accumulate(map(len, records))], np.int64),
        records=np.frombuffer(b"".join(records), np.uint8),
        dense=build_dense(np.concatenate(vectors)),
        inverted=invert(postings),
    )
    column, present = ContextualColumn(count), None
    if sources and (reader := use_context_cache(encoder)) is not None:
        rows = reader.encode_chunks(sources)
        reader.keep()
        column.put(np.arange(count), rows)
        present = np.ones(count, np.bool_)
    return compose_views(1, [View(segment, None, 0, column, present)])


def score_all(snapshot: Snapshot, encoder: Encoder, queries: Sequence[str]) -> Mapping[str, Scores]:
    """Return the scores of all code for all queries, float32 [queries, code], by each row's search.

    ``static`` is the static cosine, ``dense`` that and the contextual one, weighed as the linear
    ranking weighs them; without contextual embeddings they are the same. Linear is the
    baseline that the learned ranking has to beat, hybrid what the product does. What it does not take for a
    candidate comes after the candidates, by what dense says.
    """
    (view,) = snapshot.views
    segment = view.segment
    assert segment.dense is not None
    ranker, baseline = ranker_for(encoder), load_linear()
    embeddings = encoder.encode_queries(queries)
    static = embeddings @ segment.dense.originals[:].astype(np.float32).T
    dense, asked = static, np.zeros((len(queries), 0), np.float32)
    if snapshot.contextual:
        asked = np.stack([encoder.contextual().encode_query(text) for text in queries])
        _, rows = snapshot.contextual_of(np.arange(len(segment), dtype=np.int64))
        in_context = np.stack([cosines(rows, vector) for vector in asked])
        weights = baseline.weights[[NAMES.index("meaning"), NAMES.index("context")]]
        dense = (static * weights[0] + in_context * weights[1]) / weights.sum()
    lexical = np.zeros_like(dense)
    by_baseline, hybrid = dense - 2, dense - 2  # below every score, which is above 0
    for row, text in enumerate(queries):
        try:
            query = parse_query(_without_filters(text))
        except QueryError:
            continue
        vector = embeddings[row] if embeddings[row].any() else None
        context = asked[row] if snapshot.contextual and asked[row].any() else None
        candidates = find_candidates(snapshot, query, vector, context)
        features = features_of(candidates, ranker.context)
        by_baseline[row, candidates.chunks] = linear(baseline, query, candidates, features).scores
        hybrid[row, candidates.chunks] = learned(ranker, query, candidates, features).scores
        _add_words(segment, query, candidates.idf, lexical[row])
    return {"static": static, "dense": dense, "lexical": lexical, "linear": by_baseline, "hybrid": hybrid}


def reciprocal_ranks(scores: Scores, gains: Sequence[Mapping[int, float]]) -> list[float]:
    """Return 1 / rank of the best placed relevant piece of each query; ties count against it."""
    values = []
    for row, gain in zip(scores, gains, strict=True):
        best = max(float(row[place]) for place in gain)
        values.append(1.0 / max(1, int((row >= best).sum())))
    return values


def _add_words(segment: Segment, query: Query, idf: NDArray[np.float32], scores: Scores) -> None:
    postings = segment.inverted.postings([term for term, _ in query.terms])
    for where, weight in zip(postings, idf.tolist(), strict=True):
        add_scores(segment.inverted, where, weight, scores)


def _record_of(fields: Fields) -> ChunkRecord:
    name, qualified = (fields.name[-1], ".".join(fields.name)) if fields.name else ("", "")
    return ChunkRecord("function", name, qualified, "", "", 1, 1, 0)


def _symbols(fields: Fields) -> set[str]:
    """The simple and the qualified name, as the product looks chunks up."""
    return {fields.name[-1], ".".join(fields.name)} if fields.name else set()


def _without_filters(text: str) -> str:
    """A docstring that says ``path: ...`` asks for no filter."""
    return text.replace(":", " ")
