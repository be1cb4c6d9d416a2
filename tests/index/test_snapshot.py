"""A snapshot holds what the store holds, answers like an index built from scratch, and never changes."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hunch.index import snapshot as snapshot_module
from hunch.index.records import ChunkRecord, pack_record
from hunch.index.segment import Segment, build_segment
from hunch.index.snapshot import EMPTY, Snapshot, build_base, make_snapshot, needs_new_base
from hunch.index.store import FileContent, FileRecord, Store, open_in_memory
from hunch.model.bundle import load_bundle
from hunch.model.encoder import Encoder
from hunch.search.query import parse_query
from hunch.search.search import search
from hunch.text.chunk import chunk_source
from hunch.text.render import render_chunk
from hunch.text.terms import postings_of

ENCODER = Encoder(load_bundle(verify=False))
QUERIES = [parse_query(text) for text in ("sort the items", "open a file", "retry request", "path:a.py sort", "cache")]
VERBS = "sort open retry cache parse".split()
NOUNS = "items file request date tree".split()
PATHS = [f"{folder}{name}.py" for folder in ("", "lib/", "tests/") for name in "abc"]


def source(seed: int) -> str:
    """A small module, another one for each seed."""
    draw = random.Random(seed)
    parts = []
    for i in range(draw.randint(1, 3)):
        verb, noun = draw.choice(VERBS), draw.choice(NOUNS)
        parts.append(
            f"def {verb}_{noun}_{i}({noun}):\n    '''{verb.title()} the {noun}.'''\n    return {noun}_{seed}\n"
        )
    return "\n\n".join(parts)


def put(store: Store, path: str, seed: int) -> int:
    chunks = chunk_source(path, "python", source(seed).encode())
    texts = [render_chunk(chunk) for chunk in chunks]
    content = FileContent(
        [pack_record(chunk) for chunk in chunks],
        ENCODER.encode_chunks(ENCODER.bag_chunks(texts)).astype(np.float16),
        postings_of(texts, [(chunk.name,) for chunk in chunks]),
    )
    return store.replace_file(FileRecord(path, "python", 1, 1, b"x", None, len(chunks)), content)[1]


def live(snapshot: Snapshot) -> list[tuple[str, ChunkRecord]]:
    found = []
    for view in snapshot.views:
        for chunk in range(len(view.segment)):
            if view.alive is None or view.alive[chunk]:
                number = view.start + chunk
                assert snapshot.language(number) == "python"
                found.append((snapshot.path(number), snapshot.record(number)))
    return sorted(found)


def in_store(files: Mapping[str, int]) -> list[tuple[str, ChunkRecord]]:
    fresh = open_in_memory("x")
    for path, seed in files.items():
        put(fresh, path, seed)
    return live(make_snapshot(1, None, fresh))


def answers(root: Path, snapshot: Snapshot) -> list[object]:
    found: list[object] = []
    for query in QUERIES:
        answer = search(root, snapshot, ENCODER, query, limit=1_000)
        hits = [(round(hit.score, 3), hit.path, hit.record) for hit in answer.hits]
        found.append((answer.verdict, sorted(hits, key=lambda hit: (-hit[0], hit[1], hit[2]))))
    return found


def digest(segment: Segment, alive: object) -> str:
    hashed = hashlib.sha256()
    inverted = segment.inverted
    dense = [] if segment.dense is None else [segment.dense.originals]
    for array in (
        segment.file_ids, segment.roles, segment.first_chunks, segment.chunk_files, segment.kinds, segment.records,
        segment.record_starts, inverted.terms, inverted.starts, inverted.docs, inverted.impacts, inverted.fields,
        *dense,
    ):  # fmt: skip
        hashed.update(np.ascontiguousarray(array).tobytes())
    hashed.update(repr((segment.paths, segment.languages)).encode())
    hashed.update(b"" if alive is None else np.asarray(alive).tobytes())
    return hashed.hexdigest()


def digests(snapshot: Snapshot) -> list[str]:
    return [digest(view.segment, view.alive) for view in snapshot.views]


STEP = st.tuples(st.sampled_from(["put", "put", "remove", "base"]), st.sampled_from(PATHS), st.integers(0, 30))


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=12))
def test_base_delta_and_dead_are_a_fresh_index(tmp_path: Path, steps: list[tuple[str, str, int]]) -> None:
    store = open_in_memory("x")
    base: Segment | None = None
    files: dict[str, int] = {}
    for step, (what, path, seed) in enumerate(steps):
        if what == "put":
            put(store, path, seed)
            files[path] = seed
        elif what == "remove":
            store.remove_files([path])
            files.pop(path, None)
        else:
            base = build_base(store)
        snapshot = make_snapshot(step, base, store)
        expected = in_store(files)
        assert live(snapshot) == expected
        assert snapshot.chunk_count == len(expected) and snapshot.file_count == len(files)
        assert len(snapshot) >= snapshot.chunk_count
    fresh = open_in_memory("x")
    for path, seed in files.items():
        put(fresh, path, seed)
    snapshot = make_snapshot(1, base, store)
    assert answers(tmp_path, snapshot) == answers(tmp_path, make_snapshot(1, None, fresh))


def test_an_edited_base_answers_like_a_fresh_index(tmp_path: Path) -> None:
    # Words that only replaced files held must not count in how rare a word is.
    store = open_in_memory("x")
    for i, path in enumerate(PATHS):
        put(store, path, i)
    base = build_base(store)
    fresh = open_in_memory("x")
    for i, path in enumerate(PATHS):
        if i % 2:
            put(store, path, i + 100)
        put(fresh, path, i + 100 if i % 2 else i)
    assert live(make_snapshot(1, base, store)) == live(make_snapshot(1, None, fresh))
    assert answers(tmp_path, make_snapshot(1, base, store)) == answers(tmp_path, make_snapshot(1, None, fresh))


def test_a_published_snapshot_never_changes(tmp_path: Path) -> None:
    store = open_in_memory("x")
    for i, path in enumerate(PATHS[:6]):
        put(store, path, i)
    base = build_base(store)
    put(store, PATHS[6], 6)
    store.remove_files([PATHS[0]])
    published = make_snapshot(1, base, store)
    assert [view.alive is None for view in published.views] == [False, True]
    before = (digests(published), live(published), answers(tmp_path, published))
    for i, path in enumerate(PATHS):
        put(store, path, i + 40)
        later = make_snapshot(2 + i, base, store)
        assert later is not published
    store.remove_files(PATHS[:5])
    make_snapshot(20, build_base(store), store)
    assert (digests(published), live(published), answers(tmp_path, published)) == before


@pytest.mark.parametrize(
    ("base_files", "kept", "added", "alive"),
    [
        (3, 3, 0, [None]),
        (3, 2, 0, [False]),
        (3, 3, 1, [None, None]),
        (3, 1, 2, [False, None]),
        (0, 0, 2, [None]),
        (0, 0, 0, []),
        (2, 0, 0, [False]),
    ],
)
def test_the_views_of_a_snapshot(base_files: int, kept: int, added: int, alive: list[bool | None]) -> None:
    store = open_in_memory("x")
    for i in range(base_files):
        put(store, f"base{i}.py", i)
    base = build_base(store)
    store.remove_files(f"base{i}.py" for i in range(kept, base_files))
    for i in range(added):
        put(store, f"new{i}.py", i)
    snapshot = make_snapshot(7, base, store)
    assert snapshot.generation == 7 and snapshot.file_count == kept + added
    assert [None if view.alive is None else False for view in snapshot.views] == alive
    assert [view.start for view in snapshot.views] == [0, len(base)][: len(alive)]
    assert len(live(snapshot)) == snapshot.chunk_count
    for view in snapshot.views:
        for chunk in range(len(view.segment)):
            assert snapshot.view_of(view.start + chunk) == (view, chunk)


def test_the_empty_snapshot_can_be_searched(tmp_path: Path) -> None:
    for snapshot in (EMPTY, make_snapshot(1, None, open_in_memory("x"))):
        assert len(snapshot) == snapshot.chunk_count == snapshot.file_count == 0
        assert search(tmp_path, snapshot, ENCODER, QUERIES[0]).hits == []


def test_a_new_base_pays_when_much_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_module, "SMALLEST_BASE", 5)
    store = open_in_memory("x")
    assert not needs_new_base(None, store)
    put(store, "a.py", 1)
    assert not needs_new_base(None, store)
    for i in range(9):
        put(store, f"b{i}.py", i)
    assert needs_new_base(None, store)
    base = build_base(store)
    assert not needs_new_base(base, store)
    store.remove_files(["a.py"])
    assert not needs_new_base(base, store)
    store.remove_files(f"b{i}.py" for i in range(6))
    assert needs_new_base(base, store)
    assert needs_new_base(build_segment([]), store)
