"""The nearest chunks in context: tiers give what comparing with every embedding gives, whatever came and went."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hunch.index.contextual import DIMS, NOTHING_IN_CONTEXT, ContextualIndex, index_contextual
from hunch.model.contextual import rounded

DIM = 384


def embeddings(count: int, seed: int, *, dim: int = DIM) -> NDArray[np.int8]:
    return rounded(np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32))


def asked(seed: int, *, dim: int = DIM) -> NDArray[np.float32]:
    vector = np.random.default_rng(seed).normal(size=dim).astype(np.float32)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def best(vectors: dict[int, NDArray[np.int8]], query: NDArray[np.float32], k: int) -> list[float]:
    """The cosines of the k nearest, by their leading numbers."""
    found = [cosine(row, query) for rows in vectors.values() for row in rows]
    return sorted(found, reverse=True)[:k]


def pairs(index: ContextualIndex, query: NDArray[np.float32], k: int) -> list[tuple[int, int]]:
    files, rows = index.nearest(query, k)
    return list(zip(files.tolist(), rows.tolist(), strict=True))


def cosine(row: NDArray[np.int8], query: NDArray[np.float32]) -> float:
    first, second = row[:DIMS].astype(np.float64), query[:DIMS].astype(np.float64)
    return float(first @ second / max(1e-12, np.linalg.norm(first) * np.linalg.norm(second)))


STEP = st.tuples(st.booleans(), st.integers(0, 40), st.integers(0, 12))


@settings(deadline=None, max_examples=60)
@given(st.lists(STEP, max_size=40), st.integers(0, 1000))
def test_tiers_give_what_comparing_with_all_gives(steps: list[tuple[bool, int, int]], seed: int) -> None:
    vectors: dict[int, NDArray[np.int8]] = {}
    index, number = NOTHING_IN_CONTEXT, 0
    for is_new, victim, count in steps:
        if is_new or not vectors:
            number += 1  # ids are never used twice
            vectors[number] = embeddings(count, number)
        else:
            del vectors[sorted(vectors)[victim % len(vectors)]]
        index = index_contextual(dict(vectors), index)
    query = asked(seed)
    found = pairs(index, query, 1_000)
    assert len(found) == len(set(found)) == index.rows
    found = [(file, row) for file, row in found if file in vectors]  # rows of files that are gone may stay
    assert {file for file, _ in found} == {file for file, rows in vectors.items() if len(rows)}
    assert len(found) == sum(map(len, vectors.values()))
    cosines = [cosine(vectors[file][row], query) for file, row in found]
    assert cosines == pytest.approx(best(vectors, query, len(found)), abs=0.02)


def test_few_tiers_and_few_dead() -> None:
    vectors: dict[int, NDArray[np.int8]] = {}
    index = NOTHING_IN_CONTEXT
    for number in range(400):
        vectors[number] = embeddings(10, number)
        vectors.pop(number - 200, None)
        index = index_contextual(dict(vectors), index)
    assert len(index.tiers) <= 12
    assert index.rows <= 2_000 + 1_000


def test_what_was_published_stays_as_it_was() -> None:
    vectors = {number: embeddings(5, number) for number in range(50)}
    published = index_contextual(dict(vectors))
    before = pairs(published, asked(1), 20)
    later = index_contextual({**{n: vectors[n] for n in range(25)}, 60: embeddings(500, 60)}, published)
    assert pairs(published, asked(1), 20) == before
    assert {file for file, _ in pairs(later, asked(1), 1_000)} == {*range(25), 60}  # it was merged


@pytest.mark.parametrize("dim", [64, DIMS, DIM])
def test_the_nearest_of_many_are_found(dim: int) -> None:
    vectors = {0: embeddings(3_000, 0, dim=dim)}
    query = asked(1, dim=dim)
    expected = best(vectors, query, 50)
    found = [cosine(vectors[file][row], query) for file, row in pairs(index_contextual(vectors), query, 50)]
    assert found == pytest.approx(expected, abs=0.01)


def test_nothing_and_rows_of_zeros() -> None:
    assert pairs(NOTHING_IN_CONTEXT, asked(0), 5) == []
    assert not NOTHING_IN_CONTEXT
    assert pairs(index_contextual({1: np.zeros((0, DIM), np.int8)}), asked(0), 5) == []
    found = pairs(index_contextual({1: np.zeros((1, DIM), np.int8), 2: embeddings(1, 2)}), asked(0), 5)
    assert sorted(found) == [(1, 0), (2, 0)]
