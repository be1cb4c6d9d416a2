"""Names as people type them: made from the definitions that are there, and judged by name."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from hunch.engine import open_engine, update
from hunch.index.names import is_one_slip
from hunch.index.records import ChunkRecord
from hunch.index.snapshot import Snapshot
from hunch.search.search import Hit
from hunch.settings import CACHE_VARIABLE
from hunch_training.ranking.symbol_queries import FORMS, SymbolQuery, judge_symbol, symbol_queries

SOURCE = """
class LineReader:
    def read_all_lines(self):
        return list(self)

    def get(self):
        return 1


def parse_short_date(text):
    return text
"""


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    root = tmp_path / "project"
    (root / "tests").mkdir(parents=True)
    (root / "reader.py").write_text(SOURCE)
    (root / "tests/test_reader.py").write_text("def test_that_it_reads():\n    assert LineReader()\n")
    with open_engine(root) as engine:
        update(engine)
        return engine.snapshot


def test_forms_of_the_names_that_the_product_defines(snapshot: Snapshot) -> None:
    found = symbol_queries(snapshot)
    assert {query.form for query in found} == set(FORMS)
    of_form = {form: {query.text for query in found if query.form == form} for form in FORMS}
    assert of_form["exact"] == {"LineReader", "read_all_lines", "parse_short_date"}
    assert of_form["qualified"] == {"LineReader.read_all_lines"}
    assert of_form["split"] == {"line reader", "read all lines", "parse short date"}
    for query in found:
        if query.form == "misspelt":
            assert is_one_slip(query.text, query.name) and query.text[0] == query.name[0]
        if query.form == "prefix":
            assert query.name.startswith(query.text) and len(query.name) / 2 <= len(query.text) + 1 <= len(query.name)
        if query.form == "half-remembered":
            assert len(query.text.split()) == 2
    assert (
        of_form["guessed"]
        <= {f"{a}_{b}" for a, b in combinations(("read", "all", "lines"), 2)}
        | {f"{a}_{b}" for a, b in combinations(("parse", "short", "date"), 2)}
        and len(of_form["guessed"]) == 2
    )
    assert found == symbol_queries(snapshot), "the same each time"
    assert len({query.name for query in symbol_queries(snapshot, count=1) if query.form == "exact"}) == 1


def test_any_definition_of_the_name_is_right() -> None:
    hits = [_hit("other", "A.other"), _hit("other", "B.other"), _hit("close", "A.close"), _hit("close", "B.close")]
    assert judge_symbol(hits, SymbolQuery("close", "exact", "close")) == (0.0, 0.5)
    assert judge_symbol(hits[2:], SymbolQuery("close", "exact", "close")) == (1.0, 1.0)
    assert judge_symbol(hits, SymbolQuery("B.close", "qualified", "B.close")) == (0.0, 0.25)
    assert judge_symbol([], SymbolQuery("close", "exact", "close")) == (0.0, 0.0)


def _hit(name: str, qualified: str) -> Hit:
    record = ChunkRecord("function", name, qualified, "", "", 1, 2, 0)
    return Hit(Path(), "a.py", "python", record, float(np.float32(0.5)), [])
