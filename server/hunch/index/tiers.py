"""Tiers: what was just written stands in small segments beside the large base, so that publishing a save costs little.

As in a log-structured merge tree (O'Neil et al., 1996), a small segment is merged with its neighbour once it is half as
large. Nothing here changes in place: every function returns new tiers, and what was published stays as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from hunch.index.segment import Segment, build_segment, merge_segments
from hunch.index.snapshot import Snapshot, View
from hunch.index.store import FileContent, FileRecord

LARGEST_MERGED = 3_000
"""Chunks of the largest tier that is merged at once: some 50 ms, during which a save has to wait."""

Added = tuple[int, FileRecord, FileContent]
"""Id, record and content of a file that was written."""


@dataclass(frozen=True, slots=True)
class Tier:
    """A segment and which of its chunks live, bool [chunks]; None for all."""

    segment: Segment
    alive: NDArray[np.bool_] | None = None
    on_disk: bool = False

    @property
    def living(self) -> int:
        """How many chunks live."""
        return len(self.segment) if self.alive is None else int(np.count_nonzero(self.alive))


Tiers = tuple[Tier, ...]
"""Oldest first; the base, when there is one, is the first and on disk."""


def with_changes(tiers: Tiers, removed: Collection[int], added: Sequence[Added], *, merge: bool = True) -> Tiers:
    """Return the tiers after files were removed (by id) and others added, ids ascending.

    About 20 microseconds an added chunk, the merges 10 more each time a chunk takes part, log2 times. Without merging
    the change is seen soonest, and the next call that merges makes up for it.
    """
    changed = [without(tier, removed) for tier in tiers] if removed else list(tiers)
    segment = build_segment(part for part in added if part[2].records)
    if len(segment):
        changed.append(Tier(segment))
    kept = [tier for tier in changed if tier.on_disk or tier.living]
    return _merged(kept) if merge else tuple(kept)


def with_base(tiers: Tiers, base: Segment, stored: NDArray[np.int64]) -> tuple[Tiers, list[int]]:
    """Put a new base in the place of the old one and of the tiers that it holds.

    Args:
        tiers: what was published last.
        base: a segment read from disk, built from the store a while ago.
        stored: int64 [files], the ids that the store holds now, ascending.

    Returns:
        The new tiers, and the ids that are in none of them and have still to be added.
    """
    alive = np.isin(base.file_ids, stored)
    first = Tier(base, None if alive.all() else alive[base.chunk_files], on_disk=True)
    later = [without(tier, base.file_ids.tolist()) for tier in tiers if not tier.on_disk]
    later = [tier for tier in later if tier.living]
    held = np.concatenate([base.file_ids, *(living_files(tier) for tier in later)])
    return (first, *later), [int(number) for number in stored[~np.isin(stored, held)]]


def compose(tiers: Tiers, generation: int, hidden: Collection[str] = (), above: Sequence[Segment] = ()) -> Snapshot:
    """Return the snapshot of some tiers.

    Args:
        tiers: what the store holds.
        generation: the snapshot's number.
        hidden: paths whose stored chunks are not to be seen, since unsaved text stands for them.
        above: segments of unsaved text.
    """
    parts = [(tier.segment, _hidden(tier, hidden)) for tier in tiers] + [(segment, None) for segment in above]
    parts = [(segment, alive) for segment, alive in parts if len(segment)]
    starts = accumulate((len(segment) for segment, _ in parts), initial=0)
    return Snapshot(
        generation=generation,
        views=tuple(View(segment, alive, start) for (segment, alive), start in zip(parts, starts, strict=False)),
        chunk_count=sum(len(segment) if alive is None else int(np.count_nonzero(alive)) for segment, alive in parts),
        file_count=sum(_count_files(segment, alive) for segment, alive in parts),
    )


def in_memory(tiers: Tiers) -> int:
    """Return how many chunks the tiers keep in memory, dead ones included."""
    return sum(len(tier.segment) for tier in tiers if not tier.on_disk)


def living_files(tier: Tier) -> NDArray[np.int64]:
    """Return the ids of the files that live, int64, ascending."""
    if tier.alive is None:
        return tier.segment.file_ids
    return tier.segment.file_ids[tier.alive[tier.segment.first_chunks[:-1]]]


def without(tier: Tier, ids: Iterable[int]) -> Tier:
    """Return a tier in which some files are dead."""
    segment = tier.segment
    wanted = np.fromiter(ids, np.int64)
    if not len(wanted) or not len(segment.file_ids):
        return tier
    where = np.minimum(np.searchsorted(segment.file_ids, wanted), len(segment.file_ids) - 1)
    files = where[segment.file_ids[where] == wanted]
    if not len(files):
        return tier
    alive = np.ones(len(segment), np.bool_) if tier.alive is None else tier.alive.copy()
    for file in files.tolist():
        alive[segment.first_chunks[file] : segment.first_chunks[file + 1]] = False
    return Tier(segment, alive, tier.on_disk)


def _merged(tiers: list[Tier]) -> Tiers:
    """Join neighbours until each tier is more than twice as large as the next, or too large to be joined at once."""
    groups: list[list[Tier]] = []
    sizes: list[int] = []
    for tier in tiers:
        groups.append([tier])
        sizes.append(tier.living)
        while len(groups) > 1 and not groups[-2][0].on_disk:
            if sizes[-2] > 2 * sizes[-1] or sizes[-2] + sizes[-1] > LARGEST_MERGED:
                break
            groups[-2:] = [groups[-2] + groups[-1]]
            sizes[-2:] = [sizes[-2] + sizes[-1]]
    return tuple(
        group[0] if len(group) == 1 else Tier(merge_segments([(tier.segment, tier.alive) for tier in group]))
        for group in groups
    )


def _hidden(tier: Tier, paths: Collection[str]) -> NDArray[np.bool_] | None:
    ids = []
    for path in paths:
        try:
            ids.append(int(tier.segment.file_ids[tier.segment.paths.index(path)]))
        except ValueError:
            continue
    return without(tier, ids).alive


def _count_files(segment: Segment, alive: NDArray[np.bool_] | None) -> int:
    return len(segment.file_ids) if alive is None else int(np.count_nonzero(alive[segment.first_chunks[:-1]]))
