"""Near-duplicates: the same that comparing each row with each finds, but for what the bands miss by chance."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from hunch_training.data import near_duplicates
from hunch_training.data.near_duplicates import (
    BANDS,
    SHINGLE,
    drop_near_duplicates,
    jaccard,
    shingle_bands,
    shingles_of,
    skeleton_of,
    word_bands,
    words_of,
)


def test_similarity_is_what_sets_have_in_common() -> None:
    assert jaccard({1, 2, 3}, {2, 3, 4}) == pytest.approx(2 / 4)
    assert jaccard(set(), set()) == 1
    assert words_of("a.b(a, C_d)") == {"a", "b", "C_d"}
    tokens = ["f", "(", "a", ",", "b", ")"]
    assert shingles_of("f(a, b)") == {tuple(tokens[i : i + SHINGLE]) for i in range(2)}
    assert shingles_of("f(a") == {("f", "(", "a")}


def test_a_skeleton_is_letters_alone() -> None:
    assert skeleton_of("a1 = Bc(2)") == skeleton_of("A = b_c(3);")
    assert skeleton_of("a = b") != skeleton_of("a = c")


def test_keys_are_the_same_in_every_process() -> None:
    assert word_bands({"one", "two"}, "salt")[0] == word_bands({"two", "one"}, "salt")[0]
    assert not (word_bands({"one", "two"}, "salt") == word_bands({"one", "two"}, "other")).any()
    program = (
        "from hunch_training.data.near_duplicates import *; "
        "print(*word_bands(words_of('a b'), 'c'), *shingle_bands('d'))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)}
    there = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    here = [*word_bands(words_of("a b"), "c"), *shingle_bands("d")]
    assert list(map(int, there.stdout.split())) == list(map(int, here))
    assert len(here) == 2 * BANDS


def test_long_code_is_hashed_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    code = " ".join(f"word{number}" for number in range(1_000))
    whole = shingle_bands(code)
    monkeypatch.setattr(near_duplicates, "_HASHES_AT_ONCE", 7)
    assert (shingle_bands(code) == whole).all()


@pytest.mark.parametrize(("similarity", "least", "most"), [(0.3, 0.03, 0.25), (0.7, 0.95, 1.0), (0.9, 1.0, 1.0)])
def test_similar_sets_meet_in_a_band(similarity: float, least: float, most: float) -> None:
    """The curve of banding, 1 - (1 - s^rows)^bands: 0.12 at 0.3, 0.988 at 0.7."""
    generator = np.random.default_rng(1)
    size = 60
    common = round(2 * size * similarity / (1 + similarity))
    met = 0
    for _ in range(200):
        words = [f"w{number}" for number in generator.choice(10**9, 2 * size - common, replace=False)]
        one, other = words[:size], words[size - common :]
        assert jaccard(one, other) == pytest.approx(similarity, abs=0.02)
        met += bool((word_bands(one, "") == word_bands(other, "")).any())
    assert least <= met / 200 <= most


def test_the_first_of_similar_rows_stays() -> None:
    generator = np.random.default_rng(0)
    rows: list[list[str]] = []
    for number in range(300):
        if number % 3 and rows:
            changed = list(rows[int(generator.integers(len(rows)))])
            for place in generator.choice(len(changed), int(generator.integers(1, 20)), replace=False):
                changed[place] = f"x{generator.integers(10**6)}"
            rows.append(changed)
        else:
            rows.append([f"w{number}" for number in generator.choice(10**6, 40, replace=False)])
    kept = np.ones(len(rows), bool)
    keys = np.stack([word_bands(row, "") for row in rows])
    dropped = drop_near_duplicates(keys, kept, lambda one, other: jaccard(set(rows[one]), set(rows[other])) >= 0.7)

    near = {(i, j) for j in range(len(rows)) for i in range(j) if jaccard(set(rows[i]), set(rows[j])) >= 0.7}
    assert dropped == int((~kept).sum()) > 20
    assert all(any((i, j) in near for i in range(j)) for j in np.flatnonzero(~kept).tolist())
    left = [(i, j) for i, j in near if kept[i] and kept[j]]
    assert len(left) <= 0.02 * len(near)
