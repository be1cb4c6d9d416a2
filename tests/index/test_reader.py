"""The reader's snapshots hold what the store holds, answer like a fresh index, and never change."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hunch.index.compaction import files_to_build, is_due
from hunch.index.policy import ReaderPolicy
from hunch.index.reader import IndexReader
from hunch.index.records import ChunkRecord, pack_record
from hunch.index.segment import Segment
from hunch.index.segment_files import check_segments
from hunch.index.sidecar import SUFFIX
from hunch.index.snapshot import EMPTY, Snapshot
from hunch.index.store import FileContent, FileRecord, Store, open_for_reading, open_in_memory, open_store
from hunch.index.stored_arrays import DamagedFileError
from hunch.model.bundle import load_bundle
from hunch.model.contextual import rounded
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


SMALL = ReaderPolicy(builds_apart=False, least_outside=4, outside_share=20, largest_segment=12)
"""Several segments on disk of some files each."""
IN_MEMORY = replace(SMALL, least_outside=1_000_000)


def snapshot_of(store: Store, policy: ReaderPolicy = IN_MEMORY) -> Snapshot:
    """What a reader shows that has nothing but the store."""
    reader = IndexReader(store, Path("nowhere") / "index.db", policy, writes=False)
    reader.replay()
    return reader.snapshot(1)


def embed(store: Store, path: str) -> None:
    """Keep contextual embeddings for the chunks of a file that its text decides."""
    number = store.id_of(path)
    assert number is not None
    (content,) = [content for _, content in store.contents([number])]
    seeds = [int.from_bytes(hashlib.sha256(record).digest()[:4], "big") for record in content.records]
    rows = [np.random.default_rng(seed).normal(size=(1, 384)) for seed in seeds]
    assert store.put_contextual(number, rounded(np.concatenate(rows).astype(np.float32)))


def contextual(snapshot: Snapshot) -> dict[tuple[str, ChunkRecord], bytes]:
    """The contextual embeddings of live chunks, by path and line."""
    places, rows = snapshot.contextual_of(np.arange(len(snapshot), dtype=np.int64))
    found = {}
    for number, row in zip(places.tolist(), rows, strict=True):
        view, local = snapshot.view_of(number)
        if view.live_docs is None or view.live_docs[local]:
            found[snapshot.path(number), snapshot.record(number)] = row.tobytes()
    assert len(found) == snapshot.contextual_count
    return found


def nearest(snapshot: Snapshot, seed: int, k: int) -> list[tuple[str, ChunkRecord]]:
    """Path and line of the nearest by contextual embedding."""
    query = np.random.default_rng(seed).normal(size=384).astype(np.float32)
    masks = [view.live_docs for view in snapshot.views]
    found = snapshot.nearest_contextual(query / np.linalg.norm(query), k, masks)
    return [(snapshot.path(number), snapshot.record(number)) for number in found.tolist()]


def live(snapshot: Snapshot) -> list[tuple[str, ChunkRecord]]:
    found = []
    for view in snapshot.views:
        for chunk in range(len(view.segment)):
            if view.live_docs is None or view.live_docs[chunk]:
                number = view.start + chunk
                assert snapshot.language(number) == "python"
                found.append((snapshot.path(number), snapshot.record(number)))
    return sorted(found)


def in_store(files: Mapping[str, int]) -> list[tuple[str, ChunkRecord]]:
    fresh = open_in_memory("x")
    for path, seed in files.items():
        put(fresh, path, seed)
    return live(snapshot_of(fresh))


def answers(root: Path, snapshot: Snapshot) -> list[object]:
    found: list[object] = []
    for query in QUERIES:
        answer = search(root, snapshot, ENCODER, query, limit=1_000)
        hits = [(round(hit.score, 3), hit.path, hit.record) for hit in answer.hits]
        found.append((answer.answerability, sorted(hits, key=lambda hit: (-hit[0], hit[1], hit[2]))))
    return found


def digest(segment: Segment, live_docs: object) -> str:
    hashed = hashlib.sha256()
    inverted = segment.inverted
    dense = [] if segment.dense is None else [segment.dense.originals]
    for array in (
        segment.file_ids, segment.path_classes, segment.first_chunks, segment.chunk_files, segment.kinds,
        segment.records, segment.record_starts, inverted.terms, inverted.starts, inverted.docs, inverted.impacts,
        inverted.fields,
        *dense,
    ):  # fmt: skip
        hashed.update(np.ascontiguousarray(array).tobytes())
    hashed.update(repr((segment.paths, segment.languages)).encode())
    hashed.update(b"" if live_docs is None else np.asarray(live_docs).tobytes())
    return hashed.hexdigest()


def digests(snapshot: Snapshot) -> list[str]:
    return [digest(view.segment, view.live_docs) for view in snapshot.views]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened, _ = open_store(tmp_path / "index.db", "x")
    with closing(opened):
        yield opened


def reader_of(store: Store, tmp_path: Path, policy: ReaderPolicy = SMALL, *, writes: bool = True) -> IndexReader:
    return IndexReader(store, tmp_path / "index.db", policy, writes=writes)


def check_same(root: Path, snapshot: Snapshot, expected: Snapshot) -> None:
    assert live(snapshot) == live(expected)
    assert snapshot.chunk_count == expected.chunk_count and snapshot.file_count == expected.file_count
    assert contextual(snapshot) == contextual(expected)
    for seed in range(3):
        for k in (1, 5, 1_000):
            assert nearest(snapshot, seed, k) == nearest(expected, seed, k)


STEP = st.tuples(
    st.sampled_from(["put", "put", "put", "remove", "embed", "embed", "replay", "reopen", "follow", "kill"]),
    st.sampled_from(PATHS),
    st.integers(0, 30),
)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=25))
def test_segments_tombstones_and_columns_are_a_fresh_index(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, int]]
) -> None:
    place = tmp_path_factory.mktemp("index")
    store, _ = open_store(place / "index.db", "x")
    reader = reader_of(store, place)
    follower = reader_of(open_for_reading(place / "index.db"), place, writes=False)
    for what, path, seed in steps:
        if what == "put":
            put(store, path, seed)
        elif what == "remove":
            store.remove_files([path])
        elif what == "embed" and store.id_of(path) is not None:
            embed(store, path)
        elif what == "replay":
            reader.replay()
        elif what == "reopen":
            reader = reader_of(store, place)
        elif what == "follow":
            follower.replay()
        elif what == "kill":  # between the commit of a row and its write beside the segment
            for sidecar in place.glob(f"*{SUFFIX}"):
                content = bytearray(sidecar.read_bytes())
                content[-388:] = bytes(388)
                sidecar.write_bytes(content)
            reader = reader_of(store, place)
    for one in (reader, follower):
        one.replay()
        check_same(place, one.snapshot(1), snapshot_of(store))
    assert answers(place, reader.snapshot(1)) == answers(place, follower.snapshot(1))
    assert not [file for file in check_segments(place) if file is not None]
    assert sum(len(segment) for segment in reader.base_segments) >= sum(store.chunk_counts().values()) - 4


def test_an_edited_index_answers_like_a_fresh_one(tmp_path: Path, store: Store) -> None:
    # Words that only replaced files held must not count in how rare a word is.
    policy = replace(SMALL, largest_segment=1_000, outside_share=1)
    for i, path in enumerate(PATHS):
        put(store, path, i)
    reader = reader_of(store, tmp_path, policy)
    reader.replay()
    fresh = open_in_memory("x")
    for i, path in enumerate(PATHS):
        if i % 2:
            put(store, path, i + 100)
        put(fresh, path, i + 100 if i % 2 else i)
    reader.replay()
    assert live(reader.snapshot(1)) == live(snapshot_of(fresh))
    assert answers(tmp_path, reader.snapshot(1)) == answers(tmp_path, snapshot_of(fresh))


def test_a_published_snapshot_never_changes(tmp_path: Path, store: Store) -> None:
    for i, path in enumerate(PATHS[:6]):
        put(store, path, i)
        embed(store, path)
    reader = reader_of(store, tmp_path, replace(SMALL, largest_segment=5))
    reader.replay()
    put(store, PATHS[6], 6)
    store.remove_files([PATHS[0]])
    reader.replay()
    published = reader.snapshot(1)
    assert len(published.views) >= 2
    before = (digests(published), live(published), answers(tmp_path, published), contextual(published))
    for i, path in enumerate(PATHS):
        put(store, path, i + 40)
        embed(store, path)
        reader.replay()
        assert reader.snapshot(2 + i) is not published
    store.remove_files(PATHS[:5])
    reader.replay()
    assert (digests(published), live(published), answers(tmp_path, published), contextual(published)) == before


def test_several_segments_on_disk_are_bounded_and_not_written_again_for_little(tmp_path: Path, store: Store) -> None:
    for i in range(40):
        put(store, f"m{i:02}.py", i)
    reader = reader_of(store, tmp_path)
    reader.replay()
    total = sum(store.chunk_counts().values())
    assert all(len(segment) <= 12 for segment in reader.base_segments)
    assert len(reader.base_segments) <= 2 * total / 12 and sum(map(len, reader.base_segments)) == total
    files = {one.stored.file: one.stored.stamp for one in reader.segments if one.stored}
    for i in range(3):
        put(store, f"late{i}.py", i)
    put(store, "late3.py", 3)
    reader.replay()
    again = {one.stored.file: one.stored.stamp for one in reader.segments if one.stored}
    assert len(again.items() & files.items()) >= len(files) - 2, "those that are full stay as they are"
    # A segment of which much is gone is written again, with what is left; one without a file goes.
    store.remove_files(f"m{i:02}.py" for i in range(30))
    reader.replay()
    assert live(reader.snapshot(1)) == live(snapshot_of(store))
    assert sum(map(len, reader.base_segments)) <= sum(store.chunk_counts().values()) + 4
    assert len(list(tmp_path.glob("segment-*.hunch"))) == len(reader.base_segments)


def test_rows_are_read_from_the_store_once(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def noted(self: Store, ids: list[int] | None = None) -> object:
        read.extend(ids or [])
        return really(self, ids)

    really = Store.contextual
    for i, path in enumerate(PATHS):
        put(store, path, i)
        embed(store, path)
    reader = reader_of(store, tmp_path)
    reader.replay()
    expected = contextual(reader.snapshot(1))
    monkeypatch.setattr(Store, "contextual", noted)
    for one in (reader, reader_of(store, tmp_path), reader_of(store, tmp_path, writes=False)):
        one.replay()
        one.replay()
        assert contextual(one.snapshot(1)) == expected and not read
    (sidecar, *_) = sorted(tmp_path.glob(f"*{SUFFIX}"))
    before = sidecar.read_bytes()
    content = bytearray(before)
    content[-388:] = bytes(388)
    sidecar.write_bytes(content)
    again = reader_of(store, tmp_path)
    again.replay()
    assert contextual(again.snapshot(1)) == expected and len(read) == 1
    assert sidecar.read_bytes() == before, "written again"


def test_a_row_that_was_just_made_is_shown_and_written(tmp_path: Path, store: Store) -> None:
    for i, path in enumerate(PATHS):
        put(store, path, i)
    reader = reader_of(store, tmp_path)
    reader.replay()
    put(store, "late.py", 5)
    reader.replay()
    shown = reader.snapshot(1)
    assert not shown.contextual and list(tmp_path.glob(f"*{SUFFIX}")) == []
    for path in (*PATHS, "late.py"):
        embed(store, path)
        number = store.id_of(path)
        assert number is not None
        ((_, rows),) = store.contextual([number])
        reader.add_contextual(number, rows)
    check_same(tmp_path, reader.snapshot(2), snapshot_of(store))
    assert not shown.contextual and contextual(shown) == {}
    again = reader_of(store, tmp_path)
    again.open()
    assert contextual(again.snapshot(1)).items() <= contextual(reader.snapshot(1)).items()


@pytest.mark.parametrize("how", ["garbage", "deleted", "empty", "bit"])
@pytest.mark.parametrize("writes", [True, False])
def test_a_damaged_sidecar_costs_nothing(tmp_path: Path, store: Store, how: str, writes: bool) -> None:
    for i, path in enumerate(PATHS):
        put(store, path, i)
        embed(store, path)
    reader = reader_of(store, tmp_path)
    reader.replay()
    expected = contextual(reader.snapshot(1))
    seen = reader if writes else reader_of(store, tmp_path, writes=False)
    seen.replay()
    for sidecar in tmp_path.glob(f"*{SUFFIX}"):
        content = sidecar.read_bytes()
        if how == "deleted":
            sidecar.unlink()
        elif how == "bit":
            sidecar.write_bytes(content[:-100] + bytes([content[-100] ^ 1]) + content[-99:])
        else:
            sidecar.write_bytes(b"" if how == "empty" else os.urandom(len(content)))
    told: list[int] = []
    seen.on_damage = lambda: told.append(1)
    for _ in range(20):
        try:
            assert contextual(seen.snapshot(1)) == expected
            break
        except DamagedFileError as error:
            seen.drop(error.path)
            seen.replay()
    assert contextual(seen.snapshot(1)) == expected and bool(told) == (how != "deleted")
    fresh = reader_of(store, tmp_path, writes=writes)
    fresh.on_damage = lambda: told.append(2)
    fresh.replay()
    assert contextual(fresh.snapshot(1)) == expected
    if writes:
        assert 2 not in told and not [file for file in check_segments(tmp_path) if file is not None]


def test_a_damaged_segment_is_made_again_and_the_others_are_not(tmp_path: Path, store: Store) -> None:
    for i in range(40):
        put(store, f"m{i:02}.py", i)
    reader = reader_of(store, tmp_path)
    reader.replay()
    expected = live(reader.snapshot(1))
    files = [one.stored.file for one in reader.segments if one.stored]
    stamps = {file: file.stat().st_ino for file in files}
    files[1].write_bytes(files[1].read_bytes()[:-1])
    again = reader_of(store, tmp_path)
    again.replay()
    assert live(again.snapshot(1)) == expected
    assert sum(file.exists() and file.stat().st_ino == stamps[file] for file in files) >= len(files) - 2


def test_what_a_killed_build_left_is_sorted_out(tmp_path: Path, store: Store) -> None:
    for i, path in enumerate(PATHS):
        put(store, path, i)
        embed(store, path)
    reader = reader_of(store, tmp_path)
    reader.replay()
    kept = {file.name: file.read_bytes() for file in tmp_path.glob("segment-*")}
    large = reader_of(store, tmp_path, replace(SMALL, largest_segment=1_000))
    put(store, "late.py", 1)
    for path in PATHS[:5]:
        put(store, path, 50)
    large.replay()
    expected = live(large.snapshot(1))
    for name, content in kept.items():  # killed after the new segment stood and before the old ones were removed
        (tmp_path / name).write_bytes(content)
    reopened = reader_of(store, tmp_path, large.policy)
    reopened.replay()
    assert live(reopened.snapshot(1)) == expected
    assert len(list(tmp_path.glob("segment-*.hunch"))) == len(reopened.base_segments)


def test_the_empty_snapshot_can_be_searched(tmp_path: Path) -> None:
    for snapshot in (EMPTY, snapshot_of(open_in_memory("x"))):
        assert len(snapshot) == snapshot.chunk_count == snapshot.file_count == 0
        assert search(tmp_path, snapshot, ENCODER, QUERIES[0]).hits == []


def test_chunks_are_numbered_through_all_views(tmp_path: Path, store: Store) -> None:
    for i, path in enumerate(PATHS):
        put(store, path, i)
    reader = reader_of(store, tmp_path)
    reader.replay()
    put(store, "late.py", 1)
    reader.replay()
    snapshot = reader.snapshot(7)
    assert snapshot.generation == 7 and len(snapshot.views) > 2
    assert [view.start for view in snapshot.views] == np.cumsum(
        [0, *map(len, (view.segment for view in snapshot.views))]
    )[:-1].tolist()
    for view in snapshot.views:
        for chunk in range(len(view.segment)):
            assert snapshot.view_of(view.start + chunk) == (view, chunk)


def test_what_stands_in_memory_is_bounded_however_much_is_on_disk(tmp_path: Path, store: Store) -> None:
    for i in range(40):
        put(store, f"m{i:02}.py", i)
    policy = replace(SMALL, least_outside=1, outside_share=1)
    reader = reader_of(store, tmp_path, policy)
    reader.replay()
    stored = sum(map(len, reader.base_segments))
    assert stored > 4 * policy.largest_segment
    assert not is_due(reader.segments, policy.largest_segment // 2, policy)
    assert is_due(reader.segments, policy.largest_segment // 2 + 1, policy)


def test_a_reader_lags_from_the_moment_it_drops_a_segment(tmp_path: Path, store: Store) -> None:
    for i in range(40):
        put(store, f"m{i:02}.py", i)
    reader = reader_of(store, tmp_path)
    reader.replay()
    expected = live(reader.snapshot(1))
    (first, *_) = [one for one in reader.segments if one.stored]
    assert first.stored is not None and not reader.lag
    reader.drop(first.stored.file)
    assert reader.lag == len(first.live_files()) and live(reader.snapshot(2)) != expected
    reader.replay()
    assert not reader.lag and live(reader.snapshot(3)) == expected


def test_a_follower_takes_up_a_sidecar_that_came_later(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i, path in enumerate(PATHS):
        put(store, path, i)
    reader, follower = reader_of(store, tmp_path), reader_of(store, tmp_path, writes=False)
    reader.replay()
    follower.replay()
    for path in PATHS:
        embed(store, path)
    reader.replay()
    monkeypatch.setattr(Store, "contextual", lambda self, ids: pytest.fail("read from the store") if ids else iter(()))
    follower.replay()
    assert contextual(follower.snapshot(1)) == contextual(reader.snapshot(1)) != {}


def test_building_pays_when_much_has_changed(tmp_path: Path, store: Store) -> None:
    policy = replace(SMALL, least_outside=5, largest_segment=1_000)
    reader = reader_of(store, tmp_path, policy)
    assert not is_due(reader.segments, 0, policy)
    put(store, "a.py", 1)
    reader.replay()
    assert not reader.base_segments
    for i in range(9):
        put(store, f"b{i}.py", i)
    reader.replay()
    (base,) = reader.base_segments
    assert len(base) == sum(store.chunk_counts().values())
    store.remove_files(["a.py"])
    reader.replay()
    assert reader.base_segments[0] is base
    store.remove_files(f"b{i}.py" for i in range(6))
    reader.replay()
    assert reader.base_segments[0] is not base
    assert files_to_build(reader.segments, [], store.chunk_counts(), policy) == [sorted(store.chunk_counts())]
