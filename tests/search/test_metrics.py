"""Retrieval metrics, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hunch.search.metrics import bootstrap, ndcg_at, recall_at, reciprocal_rank

L3 = 1 / math.log2(3)
L4 = 1 / math.log2(4)


@pytest.mark.parametrize(
    ("ranked", "relevant", "expected"),
    [
        ("abc", "a", 1.0),
        ("abc", "b", 0.5),
        ("abc", "c", 1 / 3),
        ("abc", "x", 0.0),
        ("abc", "cb", 0.5),
        ("", "a", 0.0),
        ("abc", "", 0.0),
        ("aab", "b", 1 / 3),
    ],
)
def test_reciprocal_rank(ranked: str, relevant: str, expected: float) -> None:
    assert reciprocal_rank(list(ranked), set(relevant)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("k", "ranked", "relevant", "expected"),
    [
        (1, "abc", "a", 1.0),
        (1, "abc", "b", 0.0),
        (2, "abc", "b", 1.0),
        (2, "abc", "ac", 0.5),
        (3, "abc", "ac", 1.0),
        (3, "abc", "axyz", 0.25),
        (10, "abc", "abc", 1.0),
        (0, "abc", "a", 0.0),
        (5, "abc", "", 0.0),
        (5, "", "a", 0.0),
        (2, "aab", "ab", 0.5),
    ],
)
def test_recall(k: int, ranked: str, relevant: str, expected: float) -> None:
    assert recall_at(k, list(ranked), set(relevant)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("k", "ranked", "gains", "expected"),
    [
        (10, "abc", {"a": 1}, 1.0),
        (10, "abc", {"b": 1}, L3),
        (10, "abc", {"c": 1}, L4),
        (2, "abc", {"c": 1}, 0.0),
        (10, "abc", {"a": 1, "b": 1}, 1.0),
        (10, "acb", {"a": 1, "b": 1}, (1 + L4) / (1 + L3)),
        (10, "abc", {"a": 1, "b": 3}, (1 + 3 * L3) / (3 + L3)),
        (1, "abc", {"a": 1, "b": 3}, 1 / 3),
        (None, "xxxxxxxxxxxa", {"a": 2}, 1 / math.log2(13)),
        (10, "abc", {}, 0.0),
        (10, "abc", {"a": 0}, 0.0),
        (10, "", {"a": 1}, 0.0),
        (1, "a", {"a": 1, "b": 1}, 1.0),  # the ideal is cut at k, too
    ],
)
def test_ndcg(k: int | None, ranked: str, gains: dict[object, float], expected: float) -> None:
    assert ndcg_at(k, list(ranked), gains) == pytest.approx(expected)


def test_the_bootstrap_of_one_value_is_that_value() -> None:
    assert bootstrap([0.25] * 9) == (0.25, 0.25, 0.25)
    assert bootstrap([]) == (0.0, 0.0, 0.0)


def test_the_bootstrap_encloses_the_mean_and_narrows() -> None:
    values = [0.0, 1.0] * 20
    few, many = bootstrap(values), bootstrap(values * 25)
    assert few.mean == many.mean == 0.5
    # The standard error of 40 fair coins is 0.079, of 1,000 it is 0.016.
    assert few.low == pytest.approx(0.5 - 1.96 * 0.079, abs=0.03)
    assert few.high == pytest.approx(0.5 + 1.96 * 0.079, abs=0.03)
    assert many.high - many.low < (few.high - few.low) / 3


def test_the_bootstrap_repeats_itself() -> None:
    values = np.random.default_rng(0).random(50)
    assert bootstrap(values, seed=3) == bootstrap(values, seed=3)
    assert bootstrap(values, seed=3) != bootstrap(values, seed=4)
    wide, narrow = bootstrap(values, level=0.99), bootstrap(values, level=0.5)
    assert wide.low < narrow.low < narrow.mean < narrow.high < wide.high
