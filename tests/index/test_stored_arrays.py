"""What is read out of a file is what was written, whichever rows are asked for, or an error."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hunch.index import stored_arrays
from hunch.index.stored_arrays import (
    BLOCK_BYTES,
    DamagedFileError,
    StoredArray,
    check_arrays,
    read_arrays,
    write_arrays,
)

ROWS = 3_000
GIVEN: dict[str, Any] = {
    "plain": np.arange(ROWS, dtype=np.uint8),
    "numbers": np.random.default_rng(0).integers(0, 1 << 30, 50_000).astype(np.uint32),
    "odd rows": np.random.default_rng(1).normal(size=(ROWS, 37)).astype(np.float16),
    "long rows": np.random.default_rng(2).normal(size=(40, 3_001)).astype(np.float32),
    "empty": np.zeros(0, np.int64),
    "no columns": np.zeros((5, 0), np.float16),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_arrays(tmp_path / "arrays", {"about": "é"}, GIVEN, frozenset(GIVEN))
    return tmp_path / "arrays"


def test_everything_comes_back(file: Path) -> None:
    about, arrays = read_arrays(file)
    assert about == {"about": "é"} and list(arrays) == list(GIVEN)
    assert {name for name, array in arrays.items() if isinstance(array, StoredArray)} == {
        "numbers", "odd rows", "long rows"
    }  # fmt: skip
    for name, array in arrays.items():
        assert (array.shape, array.dtype) == (GIVEN[name].shape, GIVEN[name].dtype)
        np.testing.assert_array_equal(np.asarray(array), GIVEN[name])
    assert sum(1 for _ in check_arrays(file)) > len(GIVEN)
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["numbers", "odd rows", "long rows"])
@pytest.mark.parametrize(
    "key",
    [
        0, 7, -1, slice(0, 0), slice(3, 9), slice(5, None), slice(-4, None), slice(2, 30, 7), slice(30, 2, -3),
        np.array([5, 5, 1, 38]), np.array([-1, 0]), np.zeros(0, np.int64),
    ],
)  # fmt: skip
def test_some_rows_are_those_of_the_array(file: Path, name: str, key: Any) -> None:
    stored = read_arrays(file)[1][name]
    np.testing.assert_array_equal(stored[key], GIVEN[name][key])
    truths = np.zeros(len(stored), np.bool_)
    truths[key] = True
    np.testing.assert_array_equal(read_arrays(file)[1][name][truths], GIVEN[name][truths])


def test_only_the_blocks_asked_for_are_read(file: Path) -> None:
    stored = read_arrays(file)[1]["numbers"]
    torn = bytearray(file.read_bytes())
    torn[torn.index(GIVEN["numbers"].tobytes()) + 10 * BLOCK_BYTES + 7] ^= 1
    file.write_bytes(torn)
    rows = BLOCK_BYTES // 4
    np.testing.assert_array_equal(stored[: 10 * rows], GIVEN["numbers"][: 10 * rows])
    np.testing.assert_array_equal(stored[11 * rows :], GIVEN["numbers"][11 * rows :])
    for _ in range(2):
        with pytest.raises(Exception, match="damaged"):
            stored[10 * rows]


def test_many_threads_read_the_same(file: Path) -> None:
    stored = read_arrays(file)[1]["odd rows"]
    wrong: list[object] = []

    def read(seed: int) -> None:
        choice = np.random.default_rng(seed)
        for _ in range(200):
            rows = choice.integers(0, ROWS, 5)
            if not np.array_equal(stored[rows], GIVEN["odd rows"][rows]):
                wrong.append(rows)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_what_is_there_is_overwritten_and_what_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "arrays").write_bytes(b"x" * 1_000_000)
    write_arrays(tmp_path / "arrays", {}, {"plain": GIVEN["plain"]}, frozenset())
    np.testing.assert_array_equal(read_arrays(tmp_path / "arrays")[1]["plain"], GIVEN["plain"])
    with pytest.raises(OSError, match="nowhere"):
        write_arrays(tmp_path / "nowhere/arrays", {}, GIVEN, frozenset())


def test_a_long_slice_is_compared_and_not_kept(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_arrays, "_KEPT_BYTES", 3 * BLOCK_BYTES)
    stored, given = read_arrays(file)[1]["odd rows"], GIVEN["odd rows"]
    for start, stop in ((0, len(given)), (7, len(given) - 3), (0, len(given) // 2), (5, len(given))):
        found = stored[start:stop]
        np.testing.assert_array_equal(found, given[start:stop])
        assert found.dtype == given.dtype and not np.shares_memory(found, stored._kept.array)
    assert stored._kept.missing.all(), "nothing of it takes memory"
    np.testing.assert_array_equal(np.asarray(stored), given)
    torn = bytearray(file.read_bytes())
    torn[torn.index(given.tobytes()) + given.nbytes - 5] ^= 1
    file.write_bytes(torn)
    with pytest.raises(DamagedFileError):
        read_arrays(file)[1]["odd rows"][:]


def test_what_is_kept_of_an_array_is_bounded(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_arrays, "_MOST_KEPT_BYTES", 4 * BLOCK_BYTES)
    stored, given = read_arrays(file)[1]["odd rows"], GIVEN["odd rows"]
    shown = stored[100:110]
    most = 0
    for row in np.random.default_rng(0).permutation(len(given)):
        np.testing.assert_array_equal(stored[row : row + 2], given[row : row + 2])
        most = max(most, int((~stored._kept.missing).sum()))
    assert 4 < most <= 6 < len(stored._kept.missing)
    np.testing.assert_array_equal(shown, given[100:110])
    assert not stored._kept.is_whole


def test_many_threads_read_the_same_while_memory_is_let_go(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_arrays, "_MOST_KEPT_BYTES", 4 * BLOCK_BYTES)
    test_many_threads_read_the_same(file)
