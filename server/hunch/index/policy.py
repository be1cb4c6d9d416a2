"""When segments are merged, and when and where segments are built on disk."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReaderPolicy:
    """Numbers of chunks. What is outside is what stands in memory or in no segment, and tombstones on disk."""

    builds_apart: bool
    """Build in a child process, while the reader goes on; otherwise in this one, before it goes on."""
    least_outside: int
    """Nothing is built for fewer chunks outside."""
    outside_share: int
    """Nor for less than one in so many of those on disk, or half of the largest segment: the rest stays in memory."""
    least_outside_busy: int = 4_000
    """As least_outside, while indexing goes on."""
    outside_share_busy: int = 2
    most_replayed: int = 16_000
    """With a child, more that is in no segment waits to be built on disk before it is seen."""
    largest_segment: int = 200_000
    """Chunks of a segment that is built at once: the memory of building is 2,800 bytes for each."""
    largest_merged: int = 3_000
    """Chunks of a segment that is merged in memory at once: some 50 ms, during which a save has to wait."""


COMMAND_POLICY = ReaderPolicy(builds_apart=False, least_outside=1_000, outside_share=20)
"""A segment on disk saves nothing that a person would notice below 1,000 chunks."""
SERVER_POLICY = ReaderPolicy(builds_apart=True, least_outside=1_000, outside_share=20)
