"""A chunk or a query as the fields that the encoders and the lexical index see."""

from __future__ import annotations

from typing import NamedTuple

from hunch.text.chunk import Chunk
from hunch.text.tokenizer import identifiers


class Fields(NamedTuple):
    """The identifiers of a chunk, by where they stand; the order is the order of the field ids."""

    name: list[str]
    path: list[str]
    signature: list[str]
    documentation: list[str]
    body: list[str]


FIELD_NAMES: tuple[str, ...] = Fields._fields
_LOOKED_UP_QUALIFIERS = 4


class Source(NamedTuple):
    """The text of each field as it stands in the file; signature and body together are the code."""

    name: str
    path: str
    signature: str
    documentation: str
    body: str


def source_of(chunk: Chunk) -> Source:
    """Return the text of each field of a chunk."""
    return Source(chunk.qualified_name or chunk.name, chunk.path, chunk.signature, chunk.documentation, chunk.body)


def render_chunk(chunk: Chunk) -> Fields:
    """Return the identifiers of each field of a chunk."""
    return render_source(source_of(chunk))


def render_source(source: Source) -> Fields:
    """Return the identifiers of each field."""
    return render_parts(**source._asdict())


def render_parts(*, name: str = "", path: str = "", signature: str = "", documentation: str = "", body: str) -> Fields:
    """Return the identifiers of each field, for code that is at hand as text instead of as a chunk."""
    stem, _, _ = path.rpartition(".")
    return Fields(
        name=identifiers(name),
        path=identifiers(stem or path),
        signature=identifiers(signature),
        documentation=identifiers(documentation),
        body=identifiers(body),
    )


def symbols_of(chunk: Chunk) -> tuple[str, ...]:
    """Return the names under which a chunk is looked up: its own, alone and with what it is in, A.B.c and B.c.

    Those of its members are among them, as member_symbol has them.
    """
    qualified, name = chunk.qualified_name, chunk.name
    found = {name, qualified}
    if chunk.kind != "file" and name and qualified.endswith(f".{name}"):
        qualifiers = qualified[: -len(name) - 1].split(".")[-_LOOKED_UP_QUALIFIERS:]
        found |= {".".join((*qualifiers[place:], name)) for place in range(len(qualifiers))}
    members = {name for member in chunk.members for name in (member.name, member.qualified_name)}
    return tuple(sorted({*found, *map(member_symbol, members)} - {""}))


def member_symbol(name: str) -> str:
    """Return the name under which a chunk is looked up that holds a member of this name: no definition is called so."""
    return f".{name}"


def render_query(text: str) -> list[str]:
    """Return the identifiers of a query."""
    return identifiers(text)
