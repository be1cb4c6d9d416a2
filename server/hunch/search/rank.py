"""Features to one score, the calibrated probability that a hit is right, and the reasons for it.

A small network gives the weights of the features for each question, see hunch.model.ranker; where code stands for the
question they are the same for all. Among the candidates of a query more of a positive feature never lowers a score.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch.model.encoder import Encoder
from hunch.model.ranker import LinearRanking, Ranked, Ranker, rank, ranker_of
from hunch.search.candidates import Candidates
from hunch.search.features import COLUMNS, NAMES, Features, matrices
from hunch.search.name_match import FUZZY, HELD, HELD_BESIDE_SLIP
from hunch.search.query import Query
from hunch.search.query_features import query_features_of
from hunch.text.languages import CONTENTS
from hunch.text.render import FIELD_NAMES

FUZZY_NAME = "symbol, nearly"
"""What the feature of a symbol is called that the query spells with a slip"""
HELD_NAME = "symbol, used"
"""What it is called where the code holds the name that was typed and is not called so"""

_FIELD_BITS = {"words": 0xFF} | {name: 1 << i for i, name in enumerate(FIELD_NAMES)}
_WORTH_NAMING = 0.005
_FUZZY = float(np.float32(FUZZY))
_HELD = tuple(float(np.float32(value)) for value in (HELD, HELD_BESIDE_SLIP))


BEHIND_CODE = 1.5
"""How much less likely what is no code is taken to be right, as a difference of logits.

Measured with `python -m benchmarks.content` on werkzeug, pytest and undici (valid): of 707 commit queries the recall@10
of code stays (.882 without documents, .886 with), NDCG@10 too (.751, .749), and 1.7% have a document first; 404
headings find their section's file with a recall@10 of .945. With 1, code loses .009 of NDCG; with 2, headings .064.
"""


class Reason(NamedTuple):
    """One feature of a hit: what it added to the score before the logistic function, and the words it rests on."""

    feature: str
    weight: float
    terms: tuple[str, ...] = ()


def ranker_for(encoder: Encoder | None) -> Ranker:
    """Return the ranker that was trained with a model; without one, that which ships.

    Raises:
        BundleError: it is damaged, does not fit the features of this Hunch, or was trained with another model.
    """
    return ranker_of(encoder.bundle if encoder is not None else None, COLUMNS)


def learned(
    ranker: Ranker, query: Query, candidates: Candidates, features: Features,
    *, query_features: NDArray[np.float32] | None = None,
) -> Ranked:  # fmt: skip
    """Return the score of every candidate, the probability that it is what was asked for, and the weights behind it.

    Args:
        ranker: gives the weights.
        query: what was asked.
        candidates: n candidates.
        features: theirs, as features_of gives them; some of them alone show what the others are worth.
        query_features: of another query, where this one is a part of it.
    """
    positive, negative = matrices(query, candidates, features)
    if not len(positive):
        return Ranked(np.zeros(0, np.float32), np.zeros(len(NAMES), np.float32))
    asked = query_features_of(query) if query_features is None else query_features
    ranked = rank(ranker, positive, negative, asked)
    contents = candidates.contents
    is_code = np.ones(len(positive), np.bool_) if contents is None or query.contents else contents == 0
    if is_code.all() or not is_code.any():
        return ranked
    # The ranker compares candidates with each other: code is ranked as if there were nothing else.
    of_code = rank(ranker, positive[is_code], negative[is_code], asked)
    scores = ranked.scores.copy()
    scores[is_code] = of_code.scores
    return Ranked(scores, of_code.weights)


def code_first(scores: NDArray[np.float32], candidates: Candidates, query: Query) -> NDArray[np.float32]:
    """Return scores where documentation and configuration come behind code that is about as good.

    Nothing changes where the query says what content it is after, by a filter or by its words.

    Args:
        scores: float32 [n], probabilities.
        candidates: n candidates.
        query: what was asked.
    """
    if candidates.contents is None or query.contents or not candidates.contents.any():
        return scores
    wanted = [CONTENTS.index(content) for content in query.wanted_contents]
    behind = (candidates.contents > 0) & ~np.isin(candidates.contents, wanted)
    odds = scores / np.maximum(1 - scores, 1e-6) * np.float32(np.exp(-BEHIND_CODE))
    return np.where(behind, odds / (1 + odds), scores).astype(np.float32)


def linear(ranking: LinearRanking, query: Query, candidates: Candidates, features: Features) -> Ranked:
    """Return the score of every candidate by weights that are the same for all queries, and these.

    Args:
        ranking: the weights.
        query, candidates, features: as ``learned`` takes them.
    """
    bias = ranking.bias if candidates.embedded else ranking.bias + ranking.words_only_bias
    total = np.hstack(matrices(query, candidates, features)) @ ranking.weights + np.float32(bias)
    return Ranked(np.asarray(1 / (1 + np.exp(-total)), np.float32), ranking.weights)


def reasons(
    query: Query, candidates: Candidates, features: Features, weights: NDArray[np.float32], rows: Sequence[int]
) -> list[list[Reason]]:
    """Return what made the scores of some candidates, for each the greatest effect first.

    Args:
        query, candidates, features: as a ranking takes them.
        weights: as it gives them, float32 [NAMES].
        rows: which candidates.
    """
    if not rows:
        return []
    chosen = np.array(rows, np.int64)
    effects = np.hstack(matrices(query, candidates, features))[chosen] * weights
    texts = [term.text for term in query.terms]
    result: list[list[Reason]] = []
    of_hits = zip(effects.tolist(), candidates.term_fields[:, chosen].T.tolist(),
                  candidates.symbols[chosen].tolist(), strict=True)  # fmt: skip
    for values, fields, symbol in of_hits:
        weight_of: dict[str, float] = {}
        terms_of: dict[str, tuple[str, ...]] = {}
        for value, name in zip(values, NAMES, strict=True):
            if abs(value) >= _WORTH_NAMING:
                told_as = _told_as(name, symbol)
                weight_of[told_as] = weight_of.get(told_as, 0.0) + value
                if bits := _FIELD_BITS.get(name, 0):
                    terms_of[name] = tuple([text for text, there in zip(texts, fields, strict=True) if there & bits])
        found = [Reason(name, round(weight, 3), terms_of.get(name, ())) for name, weight in weight_of.items()]
        found.sort(key=lambda reason: -abs(reason.weight))
        result.append(found)
    return result


def _told_as(name: str, symbol: float) -> str:
    """Return what a feature is called as a reason; what says the same of a name is one reason."""
    if name in ("symbol", "exact case") and symbol == _FUZZY:
        return FUZZY_NAME
    if name in ("symbol", "exact case") and symbol in _HELD:
        return HELD_NAME
    return "symbol" if name == "prefix" and symbol == 1 else name
