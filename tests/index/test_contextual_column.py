"""The column of contextual embeddings, in memory or in a sidecar: the nearest are found, each row is written once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hunch.index.contextual_column import DIMS, ContextualColumn
from hunch.index.sidecar import SidecarPlace
from hunch.index.stored_arrays import DamagedFileError
from hunch.model.contextual import rounded

DIM = 384
KEY = 0xFEDCBA9876543210


def embeddings(count: int, seed: int, *, dim: int = DIM) -> NDArray[np.int8]:
    return rounded(np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32))


def asked(seed: int, *, dim: int = DIM) -> NDArray[np.float32]:
    vector = np.random.default_rng(seed).normal(size=dim).astype(np.float32)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def cosines(rows: NDArray[np.int8], query: NDArray[np.float32]) -> NDArray[np.float64]:
    """By the leading numbers."""
    first, second = rows[:, :DIMS].astype(np.float64), query[:DIMS].astype(np.float64)
    return np.asarray(first @ second / np.linalg.norm(first, axis=1) / np.linalg.norm(second), np.float64)


def place(tmp_path: Path, *, writes: bool = True) -> SidecarPlace:
    return SidecarPlace(tmp_path / "segment-000001.contextual", KEY, writes)


@pytest.fixture(params=["memory", "sidecar"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> SidecarPlace | None:
    return place(tmp_path) if request.param == "sidecar" else None


@pytest.mark.parametrize("dim", [64, DIMS, DIM])
def test_the_nearest_of_those_allowed_are_found(where: SidecarPlace | None, dim: int) -> None:
    rows, query = embeddings(3_000, 0, dim=dim), asked(1, dim=dim)
    column = ContextualColumn(5_000, where)
    column.put(np.arange(1_000, 4_000), rows)
    expected = cosines(rows, query)
    for share in (1.0, 0.5, 0.01, 0.001):
        allowed = np.zeros(5_000, np.bool_)
        allowed[1_000:4_000] = np.random.default_rng(2).random(3_000) < share
        found = column.nearest(query, 50, allowed)
        assert allowed[found.chunks].all() and len(set(found.chunks.tolist())) == len(found.chunks)
        best = np.sort(expected[allowed[1_000:4_000]])[::-1][:50]
        assert len(found.chunks) >= len(best)
        assert expected[found.chunks[: len(best)] - 1_000] == pytest.approx(best, abs=0.01)
        assert (np.diff(found.scores) <= 0).all()


def test_all_that_are_equal_to_the_last_are_found(where: SidecarPlace | None) -> None:
    rows = np.repeat(embeddings(3, 0), [5, 200, 300], axis=0)
    column = ContextualColumn(len(rows), where)
    column.put(np.arange(len(rows)), rows)
    query = rows[5].astype(np.float32) / np.linalg.norm(rows[5].astype(np.float32))
    everything = np.ones(len(rows), np.bool_)
    for k in (1, 10, 200):
        assert sorted(column.nearest(query, k, everything).chunks.tolist()) == list(range(5, 205))
    assert len(column.nearest(query, 201, everything).chunks) in (205, 500)
    assert len(column.nearest(query, 1_000, everything).chunks) == 505


def test_scores_depend_on_the_row_alone() -> None:
    rows, query = embeddings(200, 0), asked(1)
    together = ContextualColumn(200)
    together.put(np.arange(200), rows)
    expected = together.nearest(query, 200, np.ones(200, np.bool_))
    scores = dict(zip(expected.chunks.tolist(), expected.scores.tolist(), strict=True))
    for row in range(0, 200, 7):
        alone = ContextualColumn(3)
        alone.put(np.array([1]), rows[row : row + 1])
        assert alone.nearest(query, 1, np.array([False, True, False])).scores.tolist() == [scores[row]]


def test_nothing_and_rows_of_zeros(where: SidecarPlace | None) -> None:
    column = ContextualColumn(2, where)
    assert len(column.nearest(asked(0), 5, np.zeros(2, np.bool_)).chunks) == 0
    column.put(np.zeros(0, np.int64), np.zeros((0, DIM), np.int8))
    column.put(np.arange(2), np.concatenate([np.zeros((1, DIM), np.int8), embeddings(1, 2)]))
    assert len(column.nearest(asked(0), 5, np.zeros(2, np.bool_)).chunks) == 0
    assert sorted(column.nearest(asked(0), 5, np.ones(2, np.bool_)).chunks.tolist()) == [0, 1]
    np.testing.assert_array_equal(column.rows(np.array([0])), np.zeros((1, DIM), np.int8))


def test_rows_come_back_in_the_order_asked_for(where: SidecarPlace | None) -> None:
    rows = embeddings(500, 3)
    column = ContextualColumn(500, where)
    column.put(np.arange(0, 500, 2), rows[::2])
    column.put(np.arange(1, 500, 2), rows[1::2])
    chosen = np.random.default_rng(0).permutation(500)[:99]
    np.testing.assert_array_equal(column.rows(chosen), rows[chosen])


def test_a_row_is_written_once(tmp_path: Path) -> None:
    rows = embeddings(10, 0)
    column = ContextualColumn(10, place(tmp_path))
    column.put(np.arange(5), rows[:5])
    file = place(tmp_path).path
    before = file.read_bytes()
    column.put(np.arange(10), rows)
    after = file.read_bytes()
    written = len(before) - 5 * (DIM + 4)
    assert after[:written] == before[:written] and before[written:] == bytes(5 * (DIM + 4)) != after[written:]
    column.put(np.arange(10), embeddings(10, 1))
    assert file.read_bytes() == after
    np.testing.assert_array_equal(column.rows(np.arange(10)), rows)


def test_a_sidecar_is_taken_up_again_as_far_as_it_was_written(tmp_path: Path) -> None:
    rows = embeddings(5_000, 0)
    first = ContextualColumn(5_000, place(tmp_path))
    written = np.flatnonzero(np.random.default_rng(0).random(5_000) < 0.7)
    first.put(written, rows[written])
    for writes in (True, False):
        again = ContextualColumn(5_000, place(tmp_path, writes=writes))
        there, is_damaged = again.restore(np.arange(5_000))
        assert not is_damaged and np.flatnonzero(there).tolist() == written.tolist()
        np.testing.assert_array_equal(again.rows(written), rows[written])
        np.testing.assert_array_equal(
            again.nearest(asked(1), 20, there).chunks, first.nearest(asked(1), 20, there).chunks
        )


def test_who_may_not_write_keeps_what_the_sidecar_lacks_in_memory(tmp_path: Path) -> None:
    rows = embeddings(100, 0)
    ContextualColumn(100, place(tmp_path)).put(np.arange(50), rows[:50])
    before = place(tmp_path).path.read_bytes()
    reader = ContextualColumn(100, place(tmp_path, writes=False))
    there, _ = reader.restore(np.arange(100))
    reader.put(np.arange(50, 100), rows[50:])
    assert np.count_nonzero(there) == 50 and place(tmp_path).path.read_bytes() == before
    np.testing.assert_array_equal(reader.rows(np.arange(100)), rows)
    alone = ContextualColumn(100, place(tmp_path / "nowhere", writes=False))
    alone.put(np.arange(100), rows)
    np.testing.assert_array_equal(alone.rows(np.arange(100)), rows)


def test_without_room_on_disk_rows_stay_in_memory(tmp_path: Path) -> None:
    rows = embeddings(100, 0)
    column = ContextualColumn(100, place(tmp_path / "nowhere"))
    column.put(np.arange(100), rows)
    np.testing.assert_array_equal(column.rows(np.arange(100)), rows)


@pytest.mark.parametrize("how", ["bit", "zeros", "swapped", "cut off"])
def test_a_damaged_row_is_found_when_it_is_read_and_healed_by_writing(tmp_path: Path, how: str) -> None:
    rows = embeddings(100, 0)
    column = ContextualColumn(100, place(tmp_path))
    column.put(np.arange(100), rows)
    file, size = place(tmp_path).path, DIM + 4
    content = bytearray(file.read_bytes())
    at = len(content) - 100 * size + 40 * size
    if how == "bit":
        content[at + 100] ^= 2
    elif how == "zeros":
        content[at : at + size] = bytes(size)
    elif how == "swapped":
        content[at : at + 2 * size] = content[at + size : at + 2 * size] + content[at : at + size]
    else:
        del content[at + 7 :]
    file.write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"segment-000001\.contextual"):
        column.rows(np.arange(30, 60))
    np.testing.assert_array_equal(column.rows(np.arange(40)), rows[:40])
    if how == "cut off":
        with pytest.raises(DamagedFileError):
            ContextualColumn(100, place(tmp_path))
        return
    again = ContextualColumn(100, place(tmp_path))
    there, is_damaged = again.restore(np.arange(100))
    lacking = np.flatnonzero(~there)
    assert lacking.tolist() == ([40, 41] if how == "swapped" else [40])
    assert is_damaged == (how != "zeros")
    again.put(lacking, rows[lacking])
    np.testing.assert_array_equal(column.rows(np.arange(100)), rows)  # the file is one
    assert ContextualColumn(100, place(tmp_path)).restore(np.arange(100))[0].all()


@pytest.mark.parametrize("how", ["another key", "another size", "another format"])
def test_the_sidecar_of_another_segment_is_none_of_ours(tmp_path: Path, how: str) -> None:
    ContextualColumn(100, place(tmp_path)).put(np.arange(100), embeddings(100, 0))
    ours = place(tmp_path)._replace(key=KEY + 1) if how == "another key" else place(tmp_path)
    count = 99 if how == "another size" else 100
    if how == "another format":
        ours.path.write_bytes(b"")
        with pytest.raises(DamagedFileError):
            ContextualColumn(count, ours)
        return
    column = ContextualColumn(count, ours)
    assert not column.restore(np.arange(count))[0].any()
    rows = embeddings(count, 1)
    column.put(np.arange(count), rows)
    np.testing.assert_array_equal(ContextualColumn(count, ours).rows(np.arange(count)), rows)
