"""Whether two indexes of one folder hold the same, down to vectors and postings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.lsp_workspace import index_folder, open_index
from hunch.engine import DATABASE
from hunch.index.policy import COMMAND_POLICY
from hunch.index.reader import IndexReader
from hunch.index.records import ChunkRecord
from hunch.index.store import FileContent, FileRecord, Store, damage_of

MOST_APART = 0.0005
"""Of components of two vectors of the same text: sums of a batch are rounded as its other texts have it."""

Chunks = dict[tuple[str, int], tuple[ChunkRecord, NDArray[np.float16]]]
"""By path and number in the file: the record and the vector."""


def compare_caches(ours: Path, fresh: Path) -> list[str]:
    """Return a line for everything in which the index of one cache folder differs from that of another."""
    one, other = open_index(ours), open_index(fresh)
    if damage := damage_of(one):
        return [f"the database is damaged: {damage}"]
    lines = [*compare_files(one, other)]
    known = {line.partition(": ")[0] for line in lines}
    seen = compare_chunks(snapshot_chunks(ours, one), snapshot_chunks(fresh, other))
    lines += [line for line in seen if line.partition(": ")[0] not in known]
    for store in (one, other):
        store.close()
    return lines


def compare_files(ours: Store, fresh: Store) -> Iterator[str]:
    """Compare what two databases say of each file, and what was made of its content."""
    here, there = ours.known_files(), fresh.known_files()
    for path in sorted(here.keys() | there.keys()):
        if path not in here or path not in there:
            where, (_, record) = ("not in the index", there[path]) if path in there else ("left over", here[path])
            if record.chunks or path not in there:
                yield f"{path}: {where} ({record.chunks} chunks{f', {record.skipped}' if record.skipped else ''})"
            continue
        (our_id, our_record), (fresh_id, fresh_record) = here[path], there[path]
        if differs := _compare_records(our_record, fresh_record):
            yield f"{path}: {differs}"
        elif our_record.chunks:
            our_content = dict(ours.contents([our_id])).get(our_id)
            fresh_content = dict(fresh.contents([fresh_id])).get(fresh_id)
            if our_content is None or fresh_content is None:
                yield f"{path}: its chunks are lost"
            elif differs := _compare_contents(our_content, fresh_content):
                yield f"{path}: {differs}"


def _compare_records(ours: FileRecord, fresh: FileRecord) -> str:
    for name in ("language", "skipped", "size", "digest", "chunks"):
        one, other = getattr(ours, name), getattr(fresh, name)
        if one != other:
            return f"{name} is {one!r} and not {other!r}"
    return ""


def _compare_contents(ours: FileContent, fresh: FileContent) -> str:
    for number, (one, other) in enumerate(zip(ours.records, fresh.records, strict=True)):
        if one != other:
            return f"chunk {number} is {one[:100]!r} and not {other[:100]!r}"
    if ours.vectors.shape != fresh.vectors.shape:
        return f"its vectors are {ours.vectors.shape} and not {fresh.vectors.shape}"
    if (apart := _apart(ours.vectors, fresh.vectors)) > MOST_APART:
        return f"its vectors differ by up to {apart}"
    for name in ("offsets", "terms", "impacts", "fields"):
        if not np.array_equal(getattr(ours.postings, name), getattr(fresh.postings, name)):
            return f"its postings differ in {name}"
    return ""


def snapshot_chunks(cache: Path, store: Store) -> Chunks:
    """Return the chunks that a search in the index of a cache folder would see."""
    reader = IndexReader(store, index_folder(cache) / DATABASE, COMMAND_POLICY, writes=False)
    reader.replay()
    snapshot = reader.snapshot(1)
    found: Chunks = {}
    for view in snapshot.views:
        segment = view.segment
        for chunk in range(len(segment)):
            if view.live_docs is None or view.live_docs[chunk]:
                file = int(segment.chunk_files[chunk])
                key = (segment.paths[file], chunk - int(segment.first_chunks[file]))
                vector = np.zeros(0, np.float16) if segment.dense is None else segment.dense.originals[chunk]
                found[key] = (segment.record(chunk), vector)
    return found


def compare_chunks(ours: Chunks, fresh: Chunks) -> list[str]:
    """Compare what searches see of two indexes."""
    lines = []
    for key in sorted(ours.keys() | fresh.keys()):
        path, number = key
        what = f"{path}: what searches see of chunk {number}"
        if key not in ours or key not in fresh:
            lines.append(f"{what} is {'missing' if key in fresh else 'left over'}")
        elif ours[key][0] != fresh[key][0]:
            lines.append(f"{what} is {ours[key][0]} and not {fresh[key][0]}")
        elif _apart(ours[key][1], fresh[key][1]) > MOST_APART:
            lines.append(f"{what} has another vector")
    return lines


def _apart(one: NDArray[np.float16], other: NDArray[np.float16]) -> float:
    if one.shape != other.shape:
        return float("inf")
    return float(np.abs(one.astype(np.float32) - other.astype(np.float32)).max(initial=0.0))
