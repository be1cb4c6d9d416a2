"""Functions of one name that ask for each other without it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hunch.engine import chunk_at, open_engine, update
from hunch.search.features import NAMES, POSITIVE
from hunch.settings import CACHE_VARIABLE
from hunch_training.ranking.linear import load_linear
from hunch_training.ranking.similar import Asked, fit, look_up, masked, pieces_of, reciprocal_ranks

WRITER = '''class {name}Writer:
    def write_rows(self, rows):
        """Call write_rows with rows."""
        for row in rows:
            self.{call}(row)
        self.write_rows_again()
        return len(rows)


def only_{name}(first, second):
    total = first + second
    print(total)
    print(second)
    return total
'''


def test_pieces_are_those_whose_name_stands_in_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    root = tmp_path / "project"
    (root / "tests").mkdir(parents=True)
    for name, call in (("csv", "put"), ("json", "dump"), ("tests/test_xml", "add")):
        (root / f"{name}.py").write_text(WRITER.format(name=Path(name).name, call=call))
    with open_engine(root) as engine:
        update(engine)
        (piece,) = pieces_of(engine)
        assert piece.name == "write_rows" and piece.chunk.path in ("csv.py", "json.py")
        asked = look_up(engine, piece)
        names = np.array([asked.right.sum(), len(asked.right)])
        assert names[0] == 2 and names[1] > 2, "in the tests too; itself is no candidate"


def test_a_masked_chunk_does_not_say_its_name() -> None:
    chunk = chunk_at("a.py", WRITER.format(name="csv", call="put").encode(), 2)
    assert chunk is not None
    found = masked(chunk)
    assert (found.name, found.qualified_name) == ("", "")
    assert found.signature == "def it(self, rows)"
    assert found.documentation == "Call it with rows."
    assert "self.it_again()" in found.body, "nor in a longer name"


def test_weights_follow_what_tells_right_candidates() -> None:
    generator = np.random.default_rng(0)
    asked = []
    for _ in range(60):
        features = generator.random((10, len(NAMES)), np.float32)
        features[:, len(POSITIVE) :] = 0
        features[:, POSITIVE.index("symbol") :] = 0
        right = features[:, 0] == features[:, 0].max()
        asked.append(Asked(features, right))
    weights = fit(asked, ("meaning", "context", "words"), load_linear().weights)
    assert weights[0] > 3 * max(weights[1], weights[2])
    assert reciprocal_ranks(asked, weights).mean() > 0.8
