"""The soak test in small, and that its comparison of two indexes sees every difference."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from benchmarks.lsp_workspace import git, index_folder
from benchmarks.soak import soak
from benchmarks.soak_compare import compare_caches, compare_chunks, snapshot_chunks
from benchmarks.soak_repository import code_files, make_repository, new_function

from hunch.engine import DATABASE, open_engine, update
from hunch.index.integrity import file_seal, seal_of
from hunch.index.store import open_store
from hunch.settings import CACHE_VARIABLE


@pytest.fixture
def source(tmp_path: Path) -> Path:
    choice = random.Random(0)
    root = tmp_path / "source"
    for number in range(60):
        file = root / f"part_{number % 5}/inner_{number % 3}/module_{number}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        functions = (new_function(f"measure_{number}_{one}", choice) for one in range(3))
        file.write_text("".join(functions), encoding="utf-8")
    return root


def index(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(cache))
    with open_engine(root) as engine:
        update(engine, workers=1)
    return cache


def test_a_repository_has_states_that_differ(source: Path, tmp_path: Path) -> None:
    states = make_repository(source, tmp_path / "copy", seed=1)
    assert code_files(tmp_path / "copy") == code_files(source)
    trees = {git(tmp_path / "copy", "rev-parse", f"{state}^{{tree}}") for state in states}
    assert len(trees) == len(states)


def test_two_indexes_of_the_same_are_the_same(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    caches = [index(source, tmp_path / name, monkeypatch) for name in ("one", "other")]
    assert compare_caches(*caches) == []


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        ("DELETE FROM files WHERE path = 'part_0/inner_0/module_0.py'", "not in the index"),
        ("UPDATE files SET path = 'gone.py' WHERE path = 'part_0/inner_0/module_0.py'", "gone.py: left over"),
        ("UPDATE files SET language = 'ruby' WHERE path = 'part_0/inner_0/module_0.py'", "language is 'ruby'"),
        ("UPDATE contents SET records = CAST(replace(records, 'width', 'depth') AS BLOB) WHERE file_id = 1",
         "chunk 1 is"),
        ("DELETE FROM contents WHERE file_id = 1", "the database is damaged"),
        ("UPDATE contents SET vectors = zeroblob(length(vectors)) WHERE file_id = 1", "its vectors differ"),
        ("UPDATE contents SET postings = (SELECT postings FROM contents WHERE file_id = 2) WHERE file_id = 1",
         "its postings differ"),
    ],
)  # fmt: skip
def test_differences_are_seen(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str, line: str
) -> None:
    ours, fresh = (index(source, tmp_path / name, monkeypatch) for name in ("one", "other"))
    with open_engine(source, write=False) as engine:
        store, _ = open_store(index_folder(ours) / DATABASE, engine.store.get_meta("content") or "")
    with store._connection:
        store._connection.execute(statement)
        # As if it had been written so: what was damaged since has another seal.
        for row in store._connection.execute("SELECT records, vectors, postings FROM contents WHERE file_id = 1"):
            store._connection.execute("UPDATE contents SET seal = ? WHERE file_id = 1", (seal_of(1, *row),))
        known = store._connection.execute(
            "SELECT id, path, language, digest, skipped, chunks, problem FROM files WHERE id = 1"
        ).fetchone()
        if known is not None:
            store._connection.execute("UPDATE files SET seal = ? WHERE id = 1", (file_seal(*known),))
    store.close()
    assert any(line in difference for difference in compare_caches(ours, fresh))


def test_what_searches_see_is_compared_chunk_for_chunk(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = index(source, tmp_path / "one", monkeypatch)
    with open_engine(source, write=False) as engine:
        chunks = snapshot_chunks(cache, engine.store)
    (first, (record, vector)), *_ = chunks.items()
    others = {
        "is missing": {key: chunk for key, chunk in chunks.items() if key != first},
        "is left over": chunks | {("gone.py", 0): chunks[first]},
        "and not": chunks | {first: (record._replace(name="other"), vector)},
        "another vector": chunks | {first: (record, vector + np.float16(0.01))},
    }
    assert compare_chunks(chunks, chunks) == []
    for words, other in others.items():
        (line,) = compare_chunks(other, chunks)
        assert words in line


def test_a_short_soak_leaves_the_index_as_a_fresh_one(source: Path, tmp_path: Path) -> None:
    place = tmp_path / "soak"
    place.mkdir()
    result = soak(source, place, seconds=4, seed=5)
    # The memory of the first seconds says nothing.
    assert [line for line in result["violations"] if not line.startswith("memory")] == []
    assert result["done"] and result["search"]["n"]
