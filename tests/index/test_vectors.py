"""Nearest embeddings against reading all of them."""

from __future__ import annotations

from itertools import pairwise

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from hunch.index import vectors as vectors_module
from hunch.index.vectors import DenseIndex, Part, build_dense, cosines, load_dense, widened
from hunch.index.vectors import nearest as nearest_of_parts

DIM = 256


def units(rows: NDArray[np.float64]) -> NDArray[np.float16]:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float16)


def random_units(count: int, dim: int = DIM, seed: int = 0) -> NDArray[np.float16]:
    return units(np.random.default_rng(seed).normal(size=(count, dim)))


def clustered_units(count: int, dim: int = DIM, seed: int = 0) -> NDArray[np.float16]:
    """Embeddings that lie in groups, as those of code do."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(40, dim))
    return units(centres[generator.integers(40, size=count)] + 0.5 * generator.normal(size=(count, dim)))


def brute_force(
    originals: NDArray[np.float16], query: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None
) -> set[int]:
    cosines = originals.astype(np.float32) @ query
    if allowed is not None:
        cosines[~allowed] = -np.inf
    best = np.argsort(-cosines)[:k]
    return set(best[np.isfinite(cosines[best])].tolist())


def nearest(
    index: DenseIndex, query: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    return nearest_of_parts([Part(index, 0, allowed, is_filtered=allowed is not None)], query, k)


def recall(
    index: DenseIndex, queries: NDArray[np.float32], k: int = 10, allowed: NDArray[np.bool_] | None = None
) -> float:
    shares = []
    for query in queries:
        expected = brute_force(index.originals[:], query, k, allowed)
        found, _ = nearest(index, query, k, allowed)
        shares.append(len(expected & set(found.tolist())) / len(expected))
    return float(np.mean(shares))


def has_4bit_codes(index: DenseIndex) -> bool:
    return isinstance(index._codes, faiss.IndexPQFastScan)


def queries_near(originals: NDArray[np.float16], count: int, noise: float = 0.02) -> NDArray[np.float32]:
    generator = np.random.default_rng(9)
    picked = originals[generator.choice(len(originals), count)].astype(np.float64)
    return units(picked + noise * generator.normal(size=picked.shape)).astype(np.float32)


def test_flat_search_finds_what_reading_everything_finds() -> None:
    originals = random_units(2_000)
    index = build_dense(originals)
    assert len(index) == 2_000 and not has_4bit_codes(index)
    assert recall(index, random_units(60, seed=1).astype(np.float32)) >= 0.99
    assert recall(index, queries_near(originals, 60)) >= 0.99


def test_numbers_come_with_their_cosines_best_first() -> None:
    originals = random_units(500)
    query = random_units(1, seed=1)[0].astype(np.float32)
    numbers, cosines = nearest(build_dense(originals), query, 20)
    assert numbers.dtype == np.int64 and cosines.dtype == np.float32
    assert len(set(numbers.tolist())) == len(numbers) == 20
    assert (np.diff(cosines) <= 0).all()
    np.testing.assert_allclose(cosines, originals[numbers].astype(np.float32) @ query, atol=1e-6)


def test_every_embedding_is_its_own_nearest() -> None:
    originals = random_units(300)
    index = build_dense(originals)
    for i in range(0, 300, 17):
        numbers, cosines = nearest(index, originals[i].astype(np.float32), 1)
        assert numbers.tolist() == [i] and cosines[0] == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("share", [0.5, 0.05, 0.005])
def test_the_mask_is_obeyed(share: float) -> None:
    originals = random_units(2_000)
    index = build_dense(originals)
    allowed = np.random.default_rng(3).random(2_000) < share
    queries = random_units(20, seed=1).astype(np.float32)
    for query in queries:
        numbers, _ = nearest(index, query, 10, allowed)
        assert allowed[numbers].all() and len(numbers) == min(10, int(allowed.sum()))
    assert recall(index, queries, allowed=allowed) >= 0.99


@pytest.mark.parametrize("count", [1, 7, 8, 9, 13])
def test_masks_of_any_length(count: int) -> None:
    index = build_dense(random_units(count))
    query = random_units(1, seed=1)[0].astype(np.float32)
    for last in range(count):
        allowed = np.zeros(count, np.bool_)
        allowed[last] = True
        assert nearest(index, query, 5, allowed)[0].tolist() == [last]
    assert len(nearest(index, query, 5, np.zeros(count, np.bool_))[0]) == 0
    assert len(nearest(index, query, 50, np.ones(count, np.bool_))[0]) == count


@pytest.mark.parametrize(("count", "k", "found"), [(0, 10, 0), (3, 10, 3), (3, 3, 3), (3, 1, 1), (10, 7, 7)])
def test_there_are_never_more_than_there_are(count: int, k: int, found: int) -> None:
    index = build_dense(random_units(count) if count else np.zeros((0, DIM), np.float16))
    numbers, cosines = nearest(index, random_units(1, seed=1)[0].astype(np.float32), k)
    assert len(numbers) == len(cosines) == found


def test_cosines_of_chosen_embeddings() -> None:
    originals = random_units(50)
    query = random_units(1, seed=1)[0].astype(np.float32)
    chosen = np.array([4, 0, 49, 4])
    parts = [Part(build_dense(originals[:20]), 0), Part(build_dense(originals[20:]), 20)]
    for some in (parts, [Part(build_dense(originals), 0)]):
        found = cosines(some, query, chosen)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, originals[chosen].astype(np.float32) @ query, atol=1e-6)
        assert len(cosines(some, query, np.zeros(0, np.int64))) == 0


def test_zero_vectors_are_no_harm() -> None:
    originals = random_units(20)
    originals[5] = 0
    numbers, cosines = nearest(build_dense(originals), random_units(1, seed=1)[0].astype(np.float32), 20)
    assert np.isfinite(cosines).all() and sorted(numbers.tolist()) == list(range(20))


# ---- several indexes ----


@pytest.mark.parametrize("cuts", [[700], [10, 20, 900, 1_400], [1_999]])
@pytest.mark.parametrize("share", [1, 0.3, 0.01])
def test_several_indexes_answer_as_one(cuts: list[int], share: float) -> None:
    # Half of them stand twice, and many lie on the same int8 code: every cut goes through equals.
    half = clustered_units(1_000)
    originals = np.concatenate([half, half])
    generator = np.random.default_rng(5)
    allowed = None if share == 1 else generator.random(2_000) < share
    bounds = [0, *cuts, 2_000]
    parts = [
        Part(build_dense(originals[start:end]), start, None if allowed is None else allowed[start:end])
        for start, end in pairwise(bounds)
    ]
    whole = [Part(build_dense(originals), 0, allowed)]
    for query in queries_near(originals, 20, noise=0.1):
        one, other = (nearest_of_parts(some, query, 60) for some in (whole, parts))
        assert set(one[0].tolist()) == set(other[0].tolist())
        np.testing.assert_array_equal(one[1], other[1])
        assert len(one[0]) == min(60, 2_000 if allowed is None else int(allowed.sum()))


def test_of_a_thousand_equals_those_are_taken_that_come_first() -> None:
    originals = np.repeat(random_units(3), [1, 1_000, 1], axis=0)
    query = originals[5].astype(np.float32)
    parts = [Part(build_dense(originals[:600]), 0), Part(build_dense(originals[600:]), 600)]
    for some in (parts, [Part(build_dense(originals), 0)]):
        assert sorted(nearest_of_parts(some, query, 100)[0].tolist()) == list(range(1, 101))
        # The search by codes knows nothing of this order, and has to hand over all equals.
        found, _ = nearest_of_parts(some, query, 100, lambda numbers, count: -np.sort(-numbers)[:count])
        assert sorted(found.tolist()) == list(range(901, 1_001))


# ---- 4-bit codes ----


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors_module, "CODES_8BIT_LIMIT", 1_000)


@pytest.mark.usefixtures("few_are_many")
def test_4bit_codes_begin_beyond_the_limit() -> None:
    assert not has_4bit_codes(build_dense(clustered_units(1_000, 16)))
    assert has_4bit_codes(build_dense(clustered_units(1_001, 16)))


@pytest.fixture(scope="module")
def lists() -> DenseIndex:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors_module, "CODES_8BIT_LIMIT", 1_000)
        return build_dense(clustered_units(4_000))


def test_4bit_codes_find_nearly_all(lists: DenseIndex) -> None:
    assert has_4bit_codes(lists)
    assert recall(lists, queries_near(lists.originals[:], 80)) >= 0.9


def test_4bit_codes_obey_the_mask(lists: DenseIndex) -> None:
    allowed = np.random.default_rng(3).random(len(lists)) < 0.5
    queries = queries_near(lists.originals[:], 40)
    for query in queries:
        numbers, _ = nearest(lists, query, 10, allowed)
        assert allowed[numbers].all() and len(set(numbers.tolist())) == len(numbers)
    assert recall(lists, queries, allowed=allowed) >= 0.85


def test_a_narrow_mask_still_finds_what_it_allows(lists: DenseIndex) -> None:
    # path: and lang: filters leave a small part.
    allowed = np.zeros(len(lists), np.bool_)
    allowed[np.random.default_rng(4).choice(len(lists), 30, replace=False)] = True
    for query in queries_near(lists.originals[:], 10):
        numbers, _ = nearest(lists, query, 10, allowed)
        assert set(numbers.tolist()) == brute_force(lists.originals[:], query, 10, allowed)


def test_4bit_codes_do_not_depend_on_chance() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors_module, "CODES_8BIT_LIMIT", 500)
        one, other = (build_dense(clustered_units(1_200, 16)) for _ in range(2))
    for query in queries_near(one.originals[:], 10):
        assert nearest(one, query, 10)[0].tolist() == nearest(other, query, 10)[0].tolist()


# ---- how many are rescored ----
# The shares stand below what the constants of hunch.index.vectors give here, and above what fewer would.


@pytest.fixture(scope="module")
def many() -> DenseIndex:
    return build_dense(clustered_units(6_000))


@pytest.mark.parametrize(("k", "share"), [(10, 0.98), (100, 0.93)])
def test_more_than_k_are_rescored_with_4bit_codes(many: DenseIndex, k: int, share: float) -> None:
    assert has_4bit_codes(many)
    assert recall(many, queries_near(many.originals[:], 40, noise=0.3), k) >= share


def test_more_than_k_are_rescored_with_int8_codes() -> None:
    assert recall(build_dense(random_units(4_000)), random_units(40, seed=1).astype(np.float32), 300) >= 0.995


def test_a_filter_that_takes_the_nearest_away_leaves_enough(many: DenseIndex) -> None:
    originals = many.originals[:]
    shares = []
    for query in queries_near(originals, 40, noise=0.3):
        order = np.argsort(-(originals.astype(np.float32) @ query))
        allowed = np.zeros(len(many), np.bool_)
        allowed[order[600:3_000]] = True
        allowed[order[:600:6]] = True
        found, _ = nearest(many, query, 100, allowed)
        assert len(found) == 100
        shares.append(len(set(found.tolist()) & brute_force(originals, query, 100, allowed)) / 100)
    assert np.mean(shares) >= 0.9


# ---- on disk ----


@pytest.mark.parametrize("limit", [10_000, 500])
def test_what_is_packed_is_loaded(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(vectors_module, "CODES_8BIT_LIMIT", limit)
    index = build_dense(clustered_units(1_200, 16))
    again = load_dense(index.packed_codes(), index.originals)
    assert has_4bit_codes(again) == (limit == 500)
    allowed = np.arange(1_200) % 3 > 0
    for query in queries_near(index.originals[:], 10):
        for mask in (None, allowed):
            one, other = nearest(index, query, 10, mask), nearest(again, query, 10, mask)
            np.testing.assert_array_equal(one[0], other[0])
            np.testing.assert_array_equal(one[1], other[1])


@pytest.mark.parametrize("shape", [(99, 16), (101, 16), (100, 15), (100, 32), (0, 16)])
def test_the_codes_of_other_embeddings_are_refused(shape: tuple[int, int]) -> None:
    packed = build_dense(random_units(100, 16)).packed_codes()
    with pytest.raises(ValueError, match="do not belong"):
        load_dense(packed, np.zeros(shape, np.float16))


@pytest.mark.parametrize("keep", [0, 3, 40, 500, -1])
def test_torn_codes_are_refused(keep: int) -> None:
    originals = random_units(100, 16)
    packed = build_dense(originals).packed_codes()
    with pytest.raises(ValueError, match="read"):
        load_dense(packed[:keep], originals)


@pytest.mark.parametrize("content", [b"nonsense" * 100, bytes(4000), b"IxSQ" + b"\xff" * 400])
def test_other_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"recognized|read|size|failed"):
        load_dense(np.frombuffer(content, np.uint8), random_units(100, 16))


def test_every_finite_half_is_widened_exactly() -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)]
    np.testing.assert_array_equal(widened(halves).view(np.uint32), halves.astype(np.float32).view(np.uint32))
