"""From scored candidates to places: one hit a place, a few of a file while others fill the list, copies folded."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch.index.records import ChunkRecord
from hunch.index.snapshot import Snapshot
from hunch.search.candidates import Candidates
from hunch.search.member_match import member_of
from hunch.text.chunk import Chunk

_CONTAINERS = frozenset({"class", "interface", "struct", "enum", "trait", "module"})


HITS_PER_FILE = 3
"""More of one file would hide the others. The rest fills places that are left; exact names are not held back."""
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
    alike: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    copies: dict[int, list[tuple[float, NearDuplicate]]] = {}
    held_back: list[int] = []
    is_exact = candidates.symbols == 1

    def take(row: int, most_of_file: int) -> bool:
        """Add a candidate to what is found; false when its file has enough already."""
        score = float(scores[row])
        chunk = int(candidates.chunks[row])
        view, local = snapshot.view_of(chunk)
        file = view.segment.chunk_files[local]
        path = view.segment.paths[file]
        earlier = of_file.setdefault(path, [])
        if len(earlier) >= most_of_file and not is_exact[row]:
            return False
        record = view.segment.record(local)
        if candidates.members is not None:
            record = member_of(record, int(candidates.members[row]))
        if any(_same_place(record, other) for other in earlier):
            return True
        if leave_out and path == leave_out.path and _is_of(record, leave_out):
            return True
        if fold and record.name and record.kind != "file" and view.segment.dense is not None:
            others = alike.setdefault((record.kind, record.name, record.signature), [])
            first = next((number for number, other in others if _cosine(snapshot, chunk, other) >= COPY_COSINE), None)
            if first is not None and found[first].path != path:
                copies.setdefault(first, []).append((score, NearDuplicate(path, record.start_line, record.end_line)))
                return True
            others.append((len(found), chunk))
        found.append(Place(row, score, path, view.segment.languages[file], record))
        earlier.append(record)
        return True

    worst = 0.0
    order = np.argsort(-scores, kind="stable").tolist()  # equals stay in the order of the candidates, by path
    for row in order:
        if len(found) >= limit and scores[row] <= worst:
            break  # what follows could only sink below those
        if not take(row, HITS_PER_FILE):
            held_back.append(row)
        elif len(found) >= limit:
            worst = sorted((place.score for place in found), reverse=True)[limit - 1]
    for row in held_back:
        if len(found) >= limit:
            break
        take(row, limit)
    folded = [_with_near_duplicates(place, copies.get(number, [])) for number, place in enumerate(found)]
    return sorted(folded, key=lambda place: -place.score)[:limit]


def _cosine(snapshot: Snapshot, one: int, other: int) -> float:
    return float(_embedding(snapshot, one) @ _embedding(snapshot, other))


def _embedding(snapshot: Snapshot, chunk: int) -> NDArray[np.float32]:
    """Return the static embedding of a chunk, float32 [d]; only of chunks that have one."""
    view, local = snapshot.view_of(chunk)
    assert view.segment.dense is not None
    return np.asarray(view.segment.dense.originals[local], np.float32)


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
