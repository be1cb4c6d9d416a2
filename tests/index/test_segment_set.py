"""Segments hold what was put into them, whatever is merged or replaced."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hunch.index.overlay import chunk_unsaved
from hunch.index.segment import build_segment, merge_segments
from hunch.index.segment_set import Added, Segments, compose, with_changes
from hunch.index.snapshot import Snapshot
from hunch.index.store import FileContent, FileRecord, Store, open_in_memory
from hunch.model.bundle import load_bundle
from hunch.model.contextual import rounded
from hunch.model.encoder import Encoder
from hunch.search.query import parse_query
from hunch.search.search import search
from hunch.text.terms import join_postings

ENCODER = Encoder(load_bundle(verify=False))
PATHS = [f"{folder}{name}.py" for folder in ("", "lib/") for name in "abcd"]
QUERIES = [parse_query(text) for text in ("open the request", "close_file", "lib items")]


def source(seed: int) -> str:
    return "\n\n".join(
        f"def {('open', 'close', 'sort')[(seed + i) % 3]}_{('file', 'items', 'request')[seed % 3]}{i}(x):\n"
        f"    '''Version {seed}.'''\n    return x{seed}\n"
        for i in range(1 + seed % 4)
    )


def prepared(path: str, seed: int) -> tuple[FileRecord, FileContent]:
    made = chunk_unsaved(path, "python", source(seed), ENCODER, None)
    segment, encoded = made.segment, list(made.encoded.values())
    bounds = zip(segment.record_starts[:-1], segment.record_starts[1:], strict=True)
    records = [segment.records[start:end].tobytes() for start, end in bounds]
    assert segment.dense is not None and len(encoded) == len(records)
    content = FileContent(records, segment.dense.originals[:], join_postings([one.postings for one in encoded]))
    return FileRecord(path, "python", 1, 1, b"x", None, len(records)), content


def write(store: Store, path: str, seed: int) -> tuple[int | None, Added]:
    record, content = prepared(path, seed)
    before, number = store.replace_file(record, content)
    return before, (number, record, content)


def seen(snapshot: Snapshot) -> list[tuple[str, str, int]]:
    numbers = [
        view.start + i
        for view in snapshot.views
        for i in range(len(view.segment))
        if view.live_docs is None or view.live_docs[i]
    ]
    assert snapshot.chunk_count == len(numbers)
    records = [(snapshot.path(number), snapshot.record(number)) for number in numbers]
    return sorted((path, record.qualified_name, record.start_line) for path, record in records)


def changed(segments: Segments, removed: list[int], added: list[Added], largest_merged: int = 3_000) -> Segments:
    return with_changes(segments, removed, added, largest_merged=largest_merged)


def answers(snapshot: Snapshot) -> list[object]:
    found = [search(Path(), snapshot, ENCODER, query, limit=100) for query in QUERIES]
    return [
        sorted((round(hit.score, 3), hit.path, hit.record.start_line, hit.record.kind) for hit in answer.hits)
        for answer in found
    ]


STEP = st.tuples(st.sampled_from(["put", "put", "put", "remove", "late"]), st.sampled_from(PATHS), st.integers(0, 11))


@settings(deadline=None, max_examples=25)
@given(st.lists(STEP, max_size=16))
def test_segments_hold_what_the_store_holds(steps: list[tuple[str, str, int]]) -> None:
    store = open_in_memory("x")
    segments: Segments = ()
    files: dict[str, int] = {}
    for action, path, seed in steps:
        published = compose(segments, 1)
        before = seen(published)
        if action in ("put", "late"):
            old, added = write(store, path, seed)
            removed = [] if old is None else [old]
            segments = changed(segments, removed, [added], 3_000 if action == "put" else 0)
            files[path] = seed
        elif path in files:
            known = store.known_files()[path][0]
            store.remove_files([path])
            segments = changed(segments, [known], [])
            del files[path]
        assert seen(published) == before, "a published snapshot changed"
    fresh = open_in_memory("x")
    expected = compose(changed((), [], [write(fresh, path, seed)[1] for path, seed in files.items()]), 1)
    assert seen(compose(segments, 1)) == seen(expected)
    assert answers(compose(segments, 1)) == answers(expected)
    assert sorted(int(number) for one in segments for number in one.live_files()) == sorted(store.chunk_counts())


def test_small_segments_are_merged_and_their_number_grows_like_a_logarithm() -> None:
    store = open_in_memory("x")
    segments: Segments = ()
    for i in range(64):
        segments = changed(segments, [], [write(store, f"f{i}.py", 3)[1]])
    assert len(segments) <= 7
    assert len(compose(segments, 1)) == compose(segments, 1).chunk_count


def test_no_merge_takes_longer_than_a_person_waits() -> None:
    store = open_in_memory("x")
    segments: Segments = ()
    for i in range(12):
        segments = changed(segments, [], [write(store, f"f{i}.py", 3)[1]], 8)
    assert max(len(one.segment) for one in segments) <= 8


def test_a_merge_takes_contextual_embeddings_along() -> None:
    store = open_in_memory("x")
    rows = rounded(np.random.default_rng(0).normal(size=(1_000, 384)).astype(np.float32))
    segments: Segments = ()
    given: dict[tuple[str, int], bytes] = {}
    for i in range(12):
        old, added = write(store, f"f{i % 8}.py", i)
        segments = changed(segments, [] if old is None else [old], [added])
        given = {key: row for key, row in given.items() if key[0] != f"f{i % 8}.py"}
        if i % 3 == 0:
            continue
        for at, one in enumerate(segments):
            chunks = one.chunks_of(added[0])
            if len(chunks):
                one.column.put(chunks, rows[i * 10 : i * 10 + len(chunks)])
                present = np.zeros(len(one.segment), np.bool_) if one.present is None else one.present.copy()
                present[chunks] = True
                segments = (*segments[:at], replace(one, present=present), *segments[at + 1 :])
                given |= {(f"f{i % 8}.py", place): rows[i * 10 + place].tobytes() for place in range(len(chunks))}
    snapshot = compose(segments, 1)
    assert len(segments) < 8 and snapshot.contextual_count == len(given)
    everything = np.arange(len(snapshot), dtype=np.int64)
    places, found = snapshot.contextual_of(everything)
    held = {}
    for number, row in zip(places.tolist(), found, strict=True):
        view, local = snapshot.view_of(number)
        if view.live_docs is None or view.live_docs[local]:
            first = view.segment.first_chunks[view.segment.chunk_files[local]]
            held[snapshot.path(number), int(local - first)] = row.tobytes()
    assert held == given


def test_unsaved_text_shadows_the_stored_file() -> None:
    store = open_in_memory("x")
    segments = changed((), [], [write(store, "a.py", 1)[1], write(store, "b.py", 2)[1]])
    unsaved = chunk_unsaved("a.py", "python", "def brand_new(x):\n    return x\n", ENCODER, None)
    snapshot = compose(segments, 2, ["a.py"], [unsaved.segment])
    assert {name for path, name, _ in seen(snapshot) if path == "a.py" and name} >= {"brand_new"}
    others = [chunk for chunk in seen(snapshot) if chunk[0] != "a.py"]
    assert others == [chunk for chunk in seen(compose(segments, 3)) if chunk[0] != "a.py"]
    assert not {name for path, name, _ in seen(compose(segments, 3)) if path == "a.py"} & {"brand_new"}
    assert snapshot.file_count == 2


def test_merged_segments_are_what_is_built_at_once() -> None:
    store = open_in_memory("x")
    parts = [write(store, path, seed)[1] for seed, path in enumerate(PATHS)]
    merged = merge_segments([(build_segment([part]), None) for part in parts])
    whole = build_segment(parts)
    for name in ("file_ids", "path_classes", "first_chunks", "chunk_files", "kinds", "record_starts", "records"):
        np.testing.assert_array_equal(getattr(merged, name), getattr(whole, name))
    for name in ("terms", "starts", "docs", "impacts", "fields"):
        np.testing.assert_array_equal(getattr(merged.inverted, name), getattr(whole.inverted, name))
    assert merged.paths == whole.paths and merged.dense is not None and whole.dense is not None
    np.testing.assert_array_equal(merged.dense.originals, whole.dense.originals)


def test_only_changed_chunks_of_a_buffer_are_encoded_again() -> None:
    text = source(3)
    first = chunk_unsaved("a.py", "python", text, ENCODER, None)
    assert first.newly_encoded == len(first.segment)
    moved = chunk_unsaved("a.py", "python", "# a line more\n\n" + text, ENCODER, first)
    assert moved.newly_encoded < first.newly_encoded
    changed = chunk_unsaved("a.py", "python", text.replace("return x3", "return other", 1), ENCODER, first)
    assert 0 < changed.newly_encoded < first.newly_encoded
    fresh = chunk_unsaved("a.py", "python", text.replace("return x3", "return other", 1), ENCODER, None)
    assert changed.segment.dense is not None and fresh.segment.dense is not None
    np.testing.assert_array_equal(changed.segment.dense.originals, fresh.segment.dense.originals)
    np.testing.assert_array_equal(changed.segment.inverted.docs, fresh.segment.inverted.docs)


def test_an_empty_buffer_has_no_chunks() -> None:
    assert len(chunk_unsaved("a.py", "python", "", ENCODER, None).segment) == 0
