"""From a query to an answer: candidates, scores, one best place each, and how sure the answer is of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from time import perf_counter

from hunch.index.records import ChunkRecord
from hunch.index.snapshot import Snapshot
from hunch.model.encoder import Encoder
from hunch.model.ranker import AnswerabilityThresholds, ContextLine, Ranked
from hunch.search.candidates import Candidates, count_allowed, find_candidates
from hunch.search.deduplicate import NearDuplicate, deduplicate
from hunch.search.features import Features, features_of
from hunch.search.query import Query
from hunch.search.rank import Reason, code_first, learned, ranker_for, reasons
from hunch.text.chunk import Chunk

Ranking = Callable[[Query, Candidates, Features], Ranked]
"""Scores of candidates from their features, see hunch.search.rank"""


class Answerability(Enum):
    """How sure the answer is of itself."""

    RELEVANT = "relevant"
    WEAK = "weak"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Hit:
    """One place in the workspace; ``hunch.search.present`` finishes it for people."""

    root: Path
    path: str
    language: str
    record: ChunkRecord
    score: float
    why: list[Reason]
    near_duplicates: tuple[NearDuplicate, ...] = ()
    """Near-duplicates: the same definition in other files"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search found. The nearest hits are there also when the verdict is NONE."""

    query: str
    hits: list[Hit]
    answerability: Answerability
    elapsed_ms: float
    complete: bool
    """False while parts of the workspace are not indexed yet."""
    notices: list[str]


def search(
    root: Path, snapshot: Snapshot, encoder: Encoder | None, query: Query, *, limit: int = 10, complete: bool = True,
    ranking: Ranking | None = None,
) -> Answer:  # fmt: skip
    """Answer a query from a snapshot.

    Args:
        root: the workspace.
        snapshot: what to search.
        encoder: None searches by words only.
        query: what to search for.
        limit: how many hits at most.
        complete: whether the snapshot holds the whole workspace.
        ranking: in the place of the learned one, to compare with.

    Raises:
        BundleError: the ranker cannot be used, or was trained with another model.
    """
    began = perf_counter()
    vector = context = None
    if encoder is not None:
        vector = encoder.encode_queries([query.text])[0]
        vector = vector if vector.any() else None  # not one known word
        if vector is not None and snapshot.contextual:
            context = encoder.contextual().encode_query(query.text)
            context = context if context.any() else None
    ranker = ranker_for(encoder)
    candidates = find_candidates(snapshot, query, vector, context)
    return answer_of(
        root, snapshot, query, candidates, ranking or partial(learned, ranker), ranker.answerability, ranker.context,
        began=began, limit=limit, complete=complete,
    )  # fmt: skip


def answer_of(
    root: Path, snapshot: Snapshot, query: Query, candidates: Candidates, ranking: Ranking,
    thresholds: AnswerabilityThresholds, line: ContextLine, *, began: float, limit: int, complete: bool,
    leave_out: Chunk | None = None,
) -> Answer:  # fmt: skip
    """Rank candidates and answer with the best places.

    Args:
        root, snapshot, query, limit, complete: as in search.
        candidates: what was found.
        ranking: scores them.
        thresholds: of the verdict.
        line: guesses contextual cosines that are not known yet.
        began: when the search did, by perf_counter.
        leave_out: code that must not be found; copies are shown one by one then.
    """
    features = features_of(candidates, line)
    ranked = ranking(query, candidates, features)
    scores = code_first(ranked.scores, candidates, query)
    places = deduplicate(snapshot, candidates, scores, limit, leave_out=leave_out, fold=leave_out is None)
    why = reasons(query, candidates, features, ranked.weights, [place.row for place in places])
    hits = [
        Hit(root, place.path, place.language, place.record, round(place.score, 4), reason, place.near_duplicates)
        for place, reason in zip(places, why, strict=True)
    ]
    best = max((round(place.probability, 4) for place in places), default=0.0)
    verdict = (
        Answerability.RELEVANT
        if best >= thresholds.relevant
        else Answerability.WEAK
        if best >= thresholds.weak
        else Answerability.NONE
    )
    notices = list(query.notices)
    if not hits and query.filtered and not count_allowed(snapshot, query):
        names = "lang:, path:, kind: or content:" if query.contents else "lang:, path: or kind:"
        notices.append(f"the filters leave no indexed code to search: loosen {names}")
    return Answer(
        query=query.text,
        hits=hits,
        answerability=verdict,
        elapsed_ms=(perf_counter() - began) * 1000,
        complete=complete,
        notices=notices,
    )
