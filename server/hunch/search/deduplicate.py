"""From scored candidates to places: one hit for each place, several in a file only where they differ, copies folded."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch.index.records import ChunkRecord
from hunch.index.snapshot import Snapshot
from hunch.search.candidates import Candidates
from hunch.text.chunk import Chunk

_CONTAINERS = frozenset({"class", "interface", "struct", "enum", "trait", "module"})


HITS_PER_FILE = 3
"""More of one file would hide the others; all of them stay in the file that is shown."""
COPY_COSINE = 0.95
"""Definitions with one name and one signature whose embeddings are at least this near are copies of each other."""


class NearDuplicate(NamedTuple):
    """A place that says nothing new: the same definition elsewhere."""

    path: str
    start_line: int
    end_line: int


class Place(NamedTuple):
    """A candidate that is shown."""

    row: int
    """Its position among the candidates."""
    score: float
    path: str
    language: str
    record: ChunkRecord
    near_duplicates: tuple[NearDuplicate, ...] = ()
    """Near-identical definitions in other files, those first that rank highest"""
    probability: float = 0.0
    """That it or one of its copies is right"""


def deduplicate(
    snapshot: Snapshot,
    candidates: Candidates,
    scores: NDArray[np.float32],
    limit: int,
    *,
    leave_out: Chunk | None = None,
    fold: bool = True,
) -> list[Place]:
    """Return the best places, best first; of equals, and of copies, the first by path.

    Args:
        snapshot: what was searched.
        candidates: n candidates, by path.
        scores: float32 [n].
        limit: how many places at most.
        leave_out: what must not be among them, with what it is in and what is in it.
        fold: show a definition once that is nearly the same in several files.
    """
    found: list[Place] = []
    of_file: dict[str, list[ChunkRecord]] = {}
    alike: dict[tuple[str, str, str], list[tuple[int, NDArray[np.float32]]]] = {}
    copies: dict[int, list[tuple[float, NearDuplicate]]] = {}
    worst = 0.0
    order = np.argsort(-scores, kind="stable")  # equals stay in the order of the candidates, by path
    for row, chunk, score in zip(
        order.tolist(), candidates.chunks[order].tolist(), scores[order].tolist(), strict=True
    ):
        if len(found) >= limit and score <= worst:
            break  # what follows could only sink below those
        view, local = snapshot.view_of(chunk)
        file = view.segment.chunk_files[local]
        path = view.segment.paths[file]
        earlier = of_file.setdefault(path, [])
        if len(earlier) >= HITS_PER_FILE:
            continue
        record = view.segment.record(local)
        if any(_same_place(record, other) for other in earlier):
            continue
        if leave_out and path == leave_out.path and _is_of(record, leave_out):
            continue
        if fold and record.name and record.kind != "file" and view.segment.dense is not None:
            vector = view.segment.dense.originals[local].astype(np.float32)
            others = alike.setdefault((record.kind, record.name, record.signature), [])
            first = next((number for number, other in others if float(vector @ other) >= COPY_COSINE), None)
            if first is not None and found[first].path != path:
                copies.setdefault(first, []).append((score, NearDuplicate(path, record.start_line, record.end_line)))
                continue
            others.append((len(found), vector))
        found.append(Place(row, score, path, view.segment.languages[file], record))
        earlier.append(record)
        if len(found) >= limit:
            worst = sorted((place.score for place in found), reverse=True)[limit - 1]
    folded = [_with_near_duplicates(place, copies.get(number, [])) for number, place in enumerate(found)]
    return sorted(folded, key=lambda place: -place.score)[:limit]


def _is_of(record: ChunkRecord, chunk: Chunk) -> bool:
    """Say whether a record is of a chunk of the same file, of what that is in, or of what is in that."""
    if record.start_line <= chunk.end_line and record.end_line >= chunk.start_line:
        return True
    outer, inner = sorted((record.qualified_name, chunk.qualified_name), key=len)
    return bool(outer) and inner.startswith((f"{outer}.", f"{outer} > "))


def _with_near_duplicates(place: Place, copies: list[tuple[float, NearDuplicate]]) -> Place:
    """Return a place that stands for its copies too, which were its rivals.

    Its score stays its own: the order would get worse by .01 NDCG@10 if many copies made a hit come earlier.
    """
    wrong = 1 - place.score
    for score, _ in copies:
        wrong *= 1 - score
    copies.sort(key=lambda pair: (-pair[0], pair[1]))
    return place._replace(probability=1 - wrong, near_duplicates=tuple(copy for _, copy in copies))


def _same_place(later: ChunkRecord, earlier: ChunkRecord) -> bool:
    """Say whether a hit adds nothing to a better one of the same file.

    A function inside a class or a file is a place of its own; the file as a whole says nothing more than its parts.
    """
    if later.kind == "file":
        return True
    if earlier.kind == "file" or (earlier.kind in _CONTAINERS) != (later.kind in _CONTAINERS):
        return False
    return later.start_line <= earlier.end_line and earlier.start_line <= later.end_line
