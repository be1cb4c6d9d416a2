"""What is known of a live workspace at one moment, and what a user can choose about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from hunch.index.snapshot import EMPTY, Snapshot
from hunch.model.encoder import Encoder


class Phase(Enum):
    """What the background thread is doing."""

    STARTING = "starting"
    INDEXING = "indexing"
    READY = "ready"
    PAUSED = "paused"
    FOLLOWING = "following"
    PROBLEM = "problem"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Status:
    """Where a workspace folder stands."""

    root: Path
    phase: Phase
    message: str
    """One sentence for a person."""
    done: int = 0
    """Files of the update under way that are done; files found so far while total is 0."""
    total: int = 0
    files: int = 0
    chunks: int = 0
    complete: bool = False
    """False while the snapshot is known not to hold the whole workspace."""
    writer: bool = False
    """False while another process writes the index and this one follows."""
    contextual_count: int = 0
    """Chunks with a contextual embedding."""
    paused_by: str = ""
    """"user", "battery", or empty."""
    notices: tuple[str, ...] = ()
    generation: int = 0


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """What a user can choose."""

    cpu_share: float = 0.5
    """Of all cores, for indexing: 0.05..1."""
    pause_on_battery: bool = False
    contextual_embeddings: bool = True
    """Whether contextual embeddings are computed while nothing else is to be done; never on a battery."""
    scan_seconds: float = 300.0
    """Seconds between scans of the whole folder, the net under lost events."""


@dataclass(frozen=True, slots=True)
class Published:
    """What searches see; never changed, only replaced."""

    snapshot: Snapshot = EMPTY
    encoder: Encoder | None = None
    complete: bool = False
