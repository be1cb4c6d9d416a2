"""What a hit shows of its chunk, packed as one JSON array a chunk."""

from __future__ import annotations

import json
from typing import NamedTuple

from hunch.text.chunk import Chunk


class ChunkRecord(NamedTuple):
    """A chunk without its source text, which stays in the workspace."""

    kind: str
    name: str
    qualified_name: str
    signature: str
    documentation: str
    """At most DOCUMENTATION_CHARACTERS of it."""
    start_line: int
    """1-based"""
    end_line: int
    """Inclusive"""
    piece: int


DOCUMENTATION_CHARACTERS = 300
_decode = json.JSONDecoder().decode


def pack_record(chunk: Chunk) -> bytes:
    """Return the record of a chunk as one line of JSON."""
    record = ChunkRecord(
        kind=chunk.kind,
        name=chunk.name,
        qualified_name=chunk.qualified_name,
        signature=chunk.signature,
        documentation=chunk.documentation[:DOCUMENTATION_CHARACTERS],
        start_line=chunk.start_line,
        end_line=chunk.end_line,
        piece=chunk.piece,
    )
    return pack(record)


def pack(record: ChunkRecord) -> bytes:
    """Return a record as one line of JSON."""
    return json.dumps(record, separators=(",", ":")).encode("ascii")


def unpack_record(packed: bytes) -> ChunkRecord:
    """Return what pack_record packed."""
    return ChunkRecord._make(_decode(packed.decode("ascii")))


def kind_of(packed: bytes) -> str:
    """Return the kind alone, without parsing the rest."""
    return packed[2 : packed.index(b'"', 2)].decode("ascii")


def line_count_of(packed: bytes) -> int:
    """Return how many lines the chunk has, without parsing the rest."""
    _, start, end, _ = packed.rsplit(b",", 3)
    return int(end) - int(start) + 1
