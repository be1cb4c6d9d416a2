"""Some of every fault: no wrong answer, no traceback, and all of an index is whole again afterwards."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.faults import ROWS, Row, strike_often
from numpy.typing import NDArray

from benchmarks import faults_of_index
from hunch.index.stored_arrays import StoredArray

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files that are in use cannot be struck there")

COUNTS = {
    "index, command in process": 21,
    "index, real command": 2,
    "index, running server": 5,
    "processes killed": 3,
    "hostile source": 10,
    "messages": 10,
}


def test_every_row_is_tried_here_but_the_soak_which_has_tests_of_its_own() -> None:
    assert {row.name for row in ROWS} == {*COUNTS, "soak"}


@pytest.mark.parametrize("row", [row for row in ROWS if row.name in COUNTS], ids=lambda row: row.name)
def test_it_comes_through_faults(row: Row[object], tmp_path: Path) -> None:
    tally = strike_often(row, tmp_path, seed=7, numbers=range(COUNTS[row.name]))
    assert tally.lines == []
    assert sum(tally.tried.values()) == COUNTS[row.name]
    if row.prepare is faults_of_index.prepared:
        assert tally.tried.keys() <= set(faults_of_index.KINDS)


def test_a_checksum_that_is_not_compared_would_be_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Else the faults would prove nothing.
    def read_unchecked(self: StoredArray[np.generic], kept: Any, blocks: NDArray[np.int64]) -> None:
        self._file.fill(self._offset, kept.memory)
        kept.is_whole = True

    with faults_of_index.prepared(tmp_path) as index:
        index.lay_out("clean")
        (file,) = index.cache.glob("segment-*.hunch")
        content = bytearray(file.read_bytes())
        _, known = index.files["index/segment.py"]
        content[content.index(known.vectors.tobytes()) + 1] ^= 4
        file.write_bytes(content)
        monkeypatch.setattr(StoredArray, "_read", read_unchecked)
        assert index.wrong_rows() == "index/segment.py: other embeddings in the base"
