"""Tiers hold what the store holds, whatever is merged, killed or taken over by a new base."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hunch.index import tiers as tiers_module
from hunch.index.buffer import chunk_buffer
from hunch.index.segment import build_segment, load_segment, merge_segments, save_segment
from hunch.index.snapshot import Snapshot, build_base
from hunch.index.store import FileContent, FileRecord, Store, open_in_memory
from hunch.index.tiers import Added, Tiers, compose, in_memory, living_files, with_base, with_changes
from hunch.model.bundle import load_bundle
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
    made = chunk_buffer(path, "python", source(seed), ENCODER, None)
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
        if view.alive is None or view.alive[i]
    ]
    assert snapshot.chunk_count == len(numbers)
    records = [(snapshot.path(number), snapshot.record(number)) for number in numbers]
    return sorted((path, record.qualified_name, record.start_line) for path, record in records)


def answers(snapshot: Snapshot) -> list[object]:
    found = [search(Path(), snapshot, ENCODER, query, limit=100) for query in QUERIES]
    return [
        sorted((round(hit.score, 3), hit.path, hit.record.start_line, hit.record.kind) for hit in answer.hits)
        for answer in found
    ]


STEP = st.tuples(st.sampled_from(["put", "put", "put", "remove", "base"]), st.sampled_from(PATHS), st.integers(0, 11))


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=16))
def test_tiers_hold_what_the_store_holds(tmp_path: Path, steps: list[tuple[str, str, int]]) -> None:
    store = open_in_memory("x")
    tiers: Tiers = ()
    files: dict[str, int] = {}
    for action, path, seed in steps:
        published = compose(tiers, 1)
        before = seen(published)
        if action == "put":
            old, added = write(store, path, seed)
            tiers = with_changes(tiers, () if old is None else [old], [added])
            files[path] = seed
        elif action == "remove" and path in files:
            known = store.known_files()[path][0]
            store.remove_files([path])
            tiers = with_changes(tiers, [known], [])
            del files[path]
        elif action == "base":
            save_segment(build_base(store), tmp_path, store.identity)
            base = load_segment(tmp_path, store.identity)
            assert base is not None
            stored = np.fromiter(store.chunk_counts(), np.int64)
            tiers, missing = with_base(tiers, base, stored)
            assert not missing and in_memory(tiers) == 0
        assert seen(published) == before, "a published snapshot changed"
    fresh = open_in_memory("x")
    added_fresh = [write(fresh, path, seed)[1] for path, seed in files.items()]
    expected = compose(with_changes((), (), added_fresh), 1)
    assert seen(compose(tiers, 1)) == seen(expected)
    assert answers(compose(tiers, 1)) == answers(expected)
    living = sorted(int(number) for tier in tiers for number in living_files(tier))
    assert living == sorted(store.chunk_counts())


def test_what_the_base_lacks_is_named(tmp_path: Path) -> None:
    store = open_in_memory("x")
    write(store, "a.py", 1)
    save_segment(build_base(store), tmp_path, store.identity)
    _, (number, _, _) = write(store, "b.py", 2)
    base = load_segment(tmp_path, store.identity)
    assert base is not None
    tiers, missing = with_base((), base, np.fromiter(store.chunk_counts(), np.int64))
    assert missing == [number] and len(tiers) == 1


def test_small_tiers_are_merged_and_their_number_grows_like_a_logarithm() -> None:
    store = open_in_memory("x")
    tiers: Tiers = ()
    for i in range(64):
        _, added = write(store, f"f{i}.py", 3)
        tiers = with_changes(tiers, (), [added])
    assert len(tiers) <= 7
    assert len(compose(tiers, 1)) == compose(tiers, 1).chunk_count


def test_no_merge_takes_longer_than_a_person_waits() -> None:
    store = open_in_memory("x")
    limit = tiers_module.LARGEST_MERGED
    try:
        tiers_module.LARGEST_MERGED = 8
        tiers: Tiers = ()
        for i in range(12):
            tiers = with_changes(tiers, (), [write(store, f"f{i}.py", 3)[1]])
        assert max(len(tier.segment) for tier in tiers) <= 8
    finally:
        tiers_module.LARGEST_MERGED = limit


def test_unsaved_text_hides_the_stored_file_and_comes_above_it() -> None:
    store = open_in_memory("x")
    tiers = with_changes((), (), [write(store, "a.py", 1)[1], write(store, "b.py", 2)[1]])
    buffer = chunk_buffer("a.py", "python", "def brand_new(x):\n    return x\n", ENCODER, None)
    snapshot = compose(tiers, 2, ["a.py"], [buffer.segment])
    assert {name for path, name, _ in seen(snapshot) if path == "a.py" and name} >= {"brand_new"}
    others = [chunk for chunk in seen(snapshot) if chunk[0] != "a.py"]
    assert others == [chunk for chunk in seen(compose(tiers, 3)) if chunk[0] != "a.py"]
    assert not {name for path, name, _ in seen(compose(tiers, 3)) if path == "a.py"} & {"brand_new"}
    assert snapshot.file_count == 2


def test_merged_segments_are_what_is_built_at_once() -> None:
    store = open_in_memory("x")
    parts = [write(store, path, seed)[1] for seed, path in enumerate(PATHS)]
    merged = merge_segments([(build_segment([part]), None) for part in parts])
    whole = build_segment(parts)
    for name in ("file_ids", "roles", "first_chunks", "chunk_files", "kinds", "record_starts", "records"):
        np.testing.assert_array_equal(getattr(merged, name), getattr(whole, name))
    for name in ("terms", "starts", "docs", "impacts", "fields"):
        np.testing.assert_array_equal(getattr(merged.inverted, name), getattr(whole.inverted, name))
    assert merged.paths == whole.paths and merged.dense is not None and whole.dense is not None
    np.testing.assert_array_equal(merged.dense.originals, whole.dense.originals)


def test_only_changed_chunks_of_a_buffer_are_encoded_again() -> None:
    text = source(3)
    first = chunk_buffer("a.py", "python", text, ENCODER, None)
    assert first.newly_encoded == len(first.segment)
    moved = chunk_buffer("a.py", "python", "# a line more\n\n" + text, ENCODER, first)
    assert moved.newly_encoded < first.newly_encoded
    changed = chunk_buffer("a.py", "python", text.replace("return x3", "return other", 1), ENCODER, first)
    assert 0 < changed.newly_encoded < first.newly_encoded
    fresh = chunk_buffer("a.py", "python", text.replace("return x3", "return other", 1), ENCODER, None)
    assert changed.segment.dense is not None and fresh.segment.dense is not None
    np.testing.assert_array_equal(changed.segment.dense.originals, fresh.segment.dense.originals)
    np.testing.assert_array_equal(changed.segment.inverted.docs, fresh.segment.inverted.docs)


def test_an_empty_buffer_has_no_chunks() -> None:
    assert len(chunk_buffer("a.py", "python", "", ENCODER, None).segment) == 0
