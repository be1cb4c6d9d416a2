"""What a hit shows of its chunk, packed as one JSON array a chunk."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterable
from typing import NamedTuple

from hunch.text.chunk import KINDS, Chunk
from hunch.text.outline import Member


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
    member_names: str = ""
    """The names of its members with a space between them, each behind the letter of its kind."""
    member_places: tuple[int | list[int | str], ...] = ()
    """Of each member 4 x rows below the first one + lines; with the qualifier where it is not the chunk's own name."""


DOCUMENTATION_CHARACTERS = 300
_decode = json.JSONDecoder().decode
_LETTERS = string.ascii_letters[: len(KINDS)]
_LETTER_OF = dict(zip(KINDS, _LETTERS, strict=True))
_KIND_OF = dict(zip(_LETTERS, KINDS, strict=True))
_UNUSABLE = re.compile(r"[\s\"\\]")


def pack_record(chunk: Chunk) -> bytes:
    """Return the record of a chunk as one line of JSON."""
    members = [one for one in chunk.members if one.name and not _UNUSABLE.search(one.name)]
    record = ChunkRecord(
        kind=chunk.kind,
        name=chunk.name,
        qualified_name=chunk.qualified_name,
        signature=chunk.signature,
        documentation=chunk.documentation[:DOCUMENTATION_CHARACTERS],
        start_line=chunk.start_line,
        end_line=chunk.end_line,
        piece=chunk.piece,
        member_names=" ".join([_LETTER_OF[one.kind] + one.name for one in members]),
        member_places=tuple([_place_of(one, chunk) for one in members]),
    )
    return pack(record)


def _place_of(member: Member, chunk: Chunk) -> int | list[int | str]:
    place = 4 * (member.row + 1 - chunk.start_line) + min(member.lines, 3)
    qualifier = member.qualified_name[: -len(member.name) - 1]
    return place if qualifier == chunk.qualified_name else [place, qualifier]


def pack(record: ChunkRecord) -> bytes:
    """Return a record as one line of JSON: what is read without parsing the rest stands at its ends."""
    kind, name, qualified_name, signature, documentation, start_line, end_line, piece, members, places = record
    values = [kind, name, members, qualified_name, signature, documentation, places, start_line, end_line, piece]
    return json.dumps(values, separators=(",", ":")).encode("ascii")


def unpack_record(packed: bytes) -> ChunkRecord:
    """Return what pack_record packed."""
    kind, name, members, qualified_name, signature, documentation, places, start, end, piece = _decode(
        packed.decode("ascii")
    )
    return ChunkRecord(kind, name, qualified_name, signature, documentation, start, end, piece, members, tuple(places))


def members_of(record: ChunkRecord) -> list[ChunkRecord]:
    """Return each member of a chunk as a record of its own."""
    return [
        _member(record, name, place)
        for name, place in zip(record.member_names.split(), record.member_places, strict=False)
    ]


def _member(record: ChunkRecord, lettered: str, place: int | list[int | str]) -> ChunkRecord:
    qualifier, name = record.qualified_name, lettered[1:]
    if isinstance(place, list):
        code, qualifier = int(place[0]), str(place[1])
    else:
        code = place
    first = record.start_line + code // 4
    qualified = f"{qualifier}.{name}" if qualifier else name
    return ChunkRecord(_KIND_OF[lettered[0]], name, qualified, "", "", first, first + code % 4 - 1, 0)


def member_letters(kinds: Iterable[str]) -> bytes:
    """Return the letters that stand in front of the names of members of some kinds."""
    return "".join(_LETTER_OF[kind] for kind in kinds).encode("ascii")


def kind_of(packed: bytes) -> str:
    """Return the kind alone, without parsing the rest."""
    return packed[2 : packed.index(b'"', 2)].decode("ascii")


def line_count_of(packed: bytes) -> int:
    """Return how many lines the chunk has, without parsing the rest."""
    _, start, end, _ = packed.rsplit(b",", 3)
    return int(end) - int(start) + 1
