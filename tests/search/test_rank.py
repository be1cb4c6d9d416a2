"""Scores and their reasons, and how well the ranking does on a small fixed workspace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunch.model.ranker import rank
from hunch.search.candidates import Candidates
from hunch.search.features import (
    NAMES,
    NEGATIVE,
    OF_KINDS,
    PATH_CLASSES,
    POSITIVE,
    Features,
    features_of,
)
from hunch.search.name_match import FUZZY
from hunch.search.query import Query, parse_query
from hunch.search.query_features import QUERY_FEATURES
from hunch.search.rank import Reason, learned, ranker_for, reasons
from hunch.text.chunk import KINDS
from hunch.text.path_class import PathClass
from hunch.text.render import FIELD_NAMES

GOLDENS = Path(__file__).parent.parent / "goldens"
WORKSPACE = GOLDENS / "workspace"
GOLDEN = GOLDENS / "ranking.json"

# ---- scores ----

NAME = 1 << FIELD_NAMES.index("name")
BODY = 1 << FIELD_NAMES.index("body")
QUERY = parse_query("sort items")
RANKER = ranker_for(None)


def candidates(**changes: Any) -> Candidates:
    """One candidate that nothing speaks for, changed."""
    plain: dict[str, Any] = {
        "chunks": np.array([3]),
        "dense": np.zeros(1, np.float32),
        "lexical": np.zeros(1, np.float32),
        "term_fields": np.zeros((2, 1), np.uint8),
        "idf": np.array([1, 2], np.float32),
        "symbols": np.zeros(1, np.float32),
        "exact_case": np.zeros(1, np.float32),
        "prefix": np.zeros(1, np.float32),
        "in_language": np.zeros(1, np.float32),
        "of_kind": np.zeros(1, np.float32),
        "files": np.array([1]),
        "kinds": np.array([KINDS.index("function")], np.uint8),
        "lines": np.ones(1, np.uint16),
        "path_classes": np.zeros(1, np.uint8),
    }
    return Candidates(**plain | changes)


def signals(found: Candidates) -> Features:
    return features_of(found, RANKER.context)


def scored(query: Query = QUERY, **changes: Any) -> float:
    one = candidates(**changes)
    return float(learned(RANKER, query, one, signals(one)).scores[0])


@pytest.mark.parametrize(
    ("lines", "kind", "length"),
    [
        (1, "function", 0),
        (8, "function", 0.5),
        (64, "class", 1),
        (5_000, "method", 1),
        (64, "file", 0),
        (0, "block", 0),
    ],
)
def test_how_long_code_is(lines: int, kind: str, length: float) -> None:
    one = candidates(lines=np.array([lines], np.uint16), kinds=np.array([KINDS.index(kind)], np.uint8))
    assert signals(one)["length"].tolist() == pytest.approx([length])


def explained(query: Query = QUERY, **changes: Any) -> list[Reason]:
    one = candidates(**changes)
    found = signals(one)
    return reasons(query, one, found, learned(RANKER, query, one, found).weights, [0])[0]


def fields(*bits: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.array(bits, np.uint8)[:, None]


def some(value: float) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.array([value], np.float32)


def both(more: dict[str, Any], less: dict[str, Any], query: Query = QUERY) -> tuple[float, float]:
    """Return the scores of two candidates of one query."""
    one = joined([more, less])
    found = learned(RANKER, query, one, signals(one)).scores
    return float(found[0]), float(found[1])


def joined(changes: list[dict[str, Any]]) -> Candidates:
    """Return several candidates of one query."""
    parts = [candidates(**one) for one in changes]
    together: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts], axis=-1)
        for name in (
            "chunks",
            "dense",
            "lexical",
            "term_fields",
            "symbols",
            "exact_case",
            "prefix",
            "kinds",
            "path_classes",
        )
    }
    together["files"] = (
        np.arange(len(parts))
        if all("files" not in one for one in changes)
        else np.concatenate([part.files for part in parts])
    )
    context = [np.full(1, np.nan, np.float32) if part.context is None else part.context for part in parts]
    return candidates(**together, context=np.concatenate(context))


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ({"dense": some(0.9)}, {"dense": some(0.5)}),
        ({"dense": some(0)}, {"dense": some(-0.5)}),  # being far away is no worse than being unknown
        ({"lexical": some(0.8)}, {"lexical": some(0.3)}),
        ({"symbols": some(1)}, {"symbols": some(0.5)}),
        ({"symbols": some(0.5)}, {}),
        ({"symbols": some(1), "exact_case": some(1)}, {"symbols": some(1)}),
        ({"prefix": some(0.5)}, {}),
        ({"prefix": some(0.9)}, {"prefix": some(0.5)}),
        ({"symbols": some(1), "prefix": some(1)}, {"prefix": some(0.9)}),
        ({"term_fields": fields(NAME, 0)}, {}),
        ({"term_fields": fields(NAME, NAME)}, {"term_fields": fields(NAME, 0)}),
        ({"term_fields": fields(0, NAME)}, {"term_fields": fields(NAME, 0)}),  # the rarer word counts more
        ({"term_fields": fields(NAME | BODY, 0)}, {"term_fields": fields(BODY, 0)}),
        ({}, {"kinds": np.array([KINDS.index("file")], np.uint8)}),
        ({}, {"kinds": np.array([KINDS.index("block")], np.uint8)}),
        *(({}, {"path_classes": np.array([int(path_class)], np.uint8)}) for path_class in PATH_CLASSES),
    ],
)
def test_one_signal_moves_the_score(more: dict[str, Any], less: dict[str, Any]) -> None:
    above, below = both(more, less)
    tie = "dense" in less and float(less["dense"][0]) < 0
    assert above == below if tie else above > below


OF_QUERIES = st.lists(st.floats(0, 1, width=32), min_size=len(QUERY_FEATURES), max_size=len(QUERY_FEATURES))


@given(
    st.lists(st.floats(0, 1, width=32), min_size=2 * len(POSITIVE), max_size=2 * len(POSITIVE)),
    st.integers(0, len(POSITIVE) - 1),
    OF_QUERIES,
)
def test_more_evidence_never_lowers_a_score(values: list[float], signal: int, shape: list[float]) -> None:
    evidence = np.array(values, np.float32).reshape(2, -1)
    more = evidence[:1].copy()
    more[0, signal] = max(float(evidence[0, signal]), float(evidence[1, signal]))
    scores = rank(
        RANKER, np.concatenate([evidence, more]), np.zeros((3, len(NEGATIVE)), np.float32), np.array(shape, np.float32)
    ).scores
    assert scores[2] >= scores[0] - 1e-6
    assert ((scores >= 0) & (scores <= 1)).all()


@given(st.lists(st.floats(0, 1, width=32), min_size=len(POSITIVE), max_size=len(POSITIVE)), OF_QUERIES)
def test_evidence_speaks_for_and_marks_against(values: list[float], shape: list[float]) -> None:
    one = np.array([values], np.float32)
    weights = rank(RANKER, one, np.zeros((1, len(NEGATIVE)), np.float32), np.array(shape, np.float32)).weights
    # However the candidates look, nothing is ignored.
    assert (weights[: len(POSITIVE)] > 0).all() and (weights[len(POSITIVE) :] < 0).all()


@pytest.mark.parametrize("path_class", list(PATH_CLASSES))
def test_a_path_class_counts_unless_it_is_asked_for(path_class: PathClass) -> None:
    asked = replace(QUERY, wanted_path_classes=path_class)
    here = np.array([int(path_class)], np.uint8)
    assert scored(QUERY, path_classes=here) < scored(QUERY)
    assert scored(asked, path_classes=here) == scored(asked)
    assert [reason.feature for reason in explained(QUERY, path_classes=here)] == [
        f"in {str(path_class.name).lower()} code"
    ]
    assert explained(asked, path_classes=here) == []


def test_several_roles_add_up() -> None:
    both = np.array([int(PathClass.TEST | PathClass.VENDORED)], np.uint8)
    asked = replace(QUERY, wanted_path_classes=PathClass.TEST)
    assert scored(QUERY, path_classes=both) < scored(asked, path_classes=both) < scored(asked)


def test_some_signals_alone_score_without_the_others() -> None:
    one = candidates(dense=some(0.5), lexical=some(0.7))
    found = signals(one)
    assert {*POSITIVE, *OF_KINDS} == set(found)
    alone = float(learned(RANKER, QUERY, one, {name: found[name] for name in ("meaning", "context")}).scores[0])
    assert alone == pytest.approx(scored(dense=some(0.5)))


def test_no_candidates_have_no_scores() -> None:
    empty = candidates(
        chunks=np.zeros(0, np.int64), dense=np.zeros(0, np.float32), lexical=np.zeros(0, np.float32),
        term_fields=np.zeros((2, 0), np.uint8), symbols=np.zeros(0, np.float32), exact_case=np.zeros(0, np.float32),
        prefix=np.zeros(0, np.float32),
        files=np.zeros(0, np.int64), kinds=np.zeros(0, np.uint8),
        path_classes=np.zeros(0, np.uint8),
    )  # fmt: skip
    assert learned(RANKER, QUERY, empty, signals(empty)).scores.shape == (0,)


SHARE = st.floats(0, 1, width=32)


SIDE = st.tuples(st.floats(-1, 1, width=32), SHARE, SHARE, st.integers(0, 31), st.integers(0, 31),
                 st.sampled_from(range(len(KINDS))), st.integers(0, 63))  # fmt: skip


@given(SIDE, SIDE, st.sampled_from([PathClass.PRODUCT, *PathClass]))
def test_the_order_is_that_of_the_reasons(one: tuple[Any, ...], other: tuple[Any, ...], wanted: PathClass) -> None:
    query = replace(QUERY, wanted_path_classes=wanted)
    found = joined([
        {"dense": some(dense), "lexical": some(lexical), "symbols": some(symbol), "term_fields": fields(first, second),
         "kinds": np.array([kind], np.uint8), "path_classes": np.array([path_classes], np.uint8)}
        for dense, lexical, symbol, first, second, kind, path_classes in (one, other)
    ])  # fmt: skip
    scores, weights = learned(RANKER, query, found, signals(found))
    why = reasons(query, found, signals(found), weights, [0, 1])
    sums = [sum(reason.weight for reason in of_one) for of_one in why]
    # Reasons are rounded to a thousandth, those below a two-hundredth are left out.
    if abs(sums[0] - sums[1]) > 0.005 * len(NAMES):
        assert (sums[0] > sums[1]) == (scores[0] > scores[1])
    for of_one in why:
        effects = [abs(reason.weight) for reason in of_one]
        assert effects == sorted(effects, reverse=True)
        assert len({reason.feature for reason in of_one}) == len(of_one)


def test_reasons_name_the_words_they_rest_on() -> None:
    found = explained(term_fields=fields(NAME, BODY), lexical=some(0.5), dense=some(0.5))
    words = {reason.feature: reason.terms for reason in found}
    assert words.pop("file words", ()) == ()
    assert words == {"words": ("sort", "items"), "name": ("sort",), "meaning": (), "context": ()}


def test_what_was_not_read_in_context_gets_what_its_meaning_suggests() -> None:
    at_zero, rise = RANKER.context
    guessed = scored(dense=some(0.5))
    assert guessed == pytest.approx(scored(dense=some(0.5), context=some(at_zero + rise * 0.5)))
    assert guessed == scored(dense=some(0.5), context=some(np.nan))
    near, unread = both({"dense": some(0.5), "context": some(0.9)}, {"dense": some(0.5)})
    read, far = both({"dense": some(0.5)}, {"dense": some(0.5), "context": some(0.1)})
    assert near > unread and read > far
    assert scored(context=some(np.nan)) == scored()  # nothing speaks for it


def test_a_name_with_a_slip_is_said_to_be_one() -> None:
    slip = some(FUZZY)
    found = explained(parse_query("lock"), term_fields=fields(0, 0), symbols=slip, exact_case=some(1))
    assert [reason.feature for reason in found] == ["symbol, nearly"]
    rightly = explained(parse_query("lock"), term_fields=fields(0, 0), symbols=some(1), exact_case=some(1))
    assert {reason.feature for reason in rightly} == {"symbol", "exact case"}


def test_what_is_typed_in_part_is_said_to_be_and_a_whole_name_is_not() -> None:
    begun = explained(parse_query("lock"), term_fields=fields(0, 0), prefix=some(0.8))
    assert [reason.feature for reason in begun] == ["prefix"]
    one = candidates(term_fields=fields(0, 0), symbols=some(1), prefix=some(1))
    weights = learned(RANKER, parse_query("lock"), one, signals(one)).weights
    (whole,) = reasons(parse_query("lock"), one, signals(one), weights, [0])[0]
    assert whole.feature == "symbol"
    assert whole.weight == pytest.approx(weights[[POSITIVE.index("symbol"), POSITIVE.index("prefix")]].sum(), abs=0.002)
