"""Unsaved text as a segment: only the chunks that changed since the last look are encoded again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hunch.index.isolation import read_apart
from hunch.index.prepare import digest_of
from hunch.index.records import pack_record
from hunch.index.segment import Segment, build_segment
from hunch.index.store import FileContent, FileRecord
from hunch.model.encoder import Encoder
from hunch.text.render import render_chunk, symbols_of
from hunch.text.terms import Postings, join_postings, postings_of, slice_postings

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Encoded:
    """What is made of one chunk's text, wherever in the file it stands."""

    vector: NDArray[np.float16]
    """float16 [dim]; dim 0 without a model"""
    postings: Postings


@dataclass(frozen=True, slots=True)
class UnsavedChunks:
    """The chunks of one unsaved text."""

    digest: bytes
    segment: Segment
    encoded: Mapping[Key, Encoded]
    """By rendered text, for the next version of the same buffer."""
    newly_encoded: int
    problem: str | None = None
    """As in FileRecord"""


def chunk_unsaved(path: str, language: str, text: str, encoder: Encoder | None, before: UnsavedChunks | None,
                 number: int = -1) -> UnsavedChunks:  # fmt: skip
    """Chunk and encode an unsaved text.

    Args:
        path: posix, relative to the root.
        language: as hunch.text.languages names it.
        text: the whole text as the editor has it.
        encoder: None for search by words only.
        before: the last version, whose unchanged chunks are taken over.
        number: the file's id in the segment, below zero, so that it is never one of the store.
    """
    source = text.encode("utf-8", "surrogatepass")
    # Text that took too much is not parsed anew at every keystroke: saved, or closed and opened, it is.
    chunks, problem = read_apart(path, language, source, known=before.problem if before else None)
    texts = [render_chunk(chunk) for chunk in chunks]
    symbols = [tuple(symbols_of(chunk)) for chunk in chunks]
    keys: list[Key] = [(names, *map(tuple, fields)) for fields, names in zip(texts, symbols, strict=True)]
    known = dict(before.encoded) if before else {}
    new = [place for place, key in enumerate(keys) if key not in known]
    if new:
        vectors = np.zeros((len(new), 0), np.float16)
        if encoder is not None:
            vectors = encoder.encode_chunks(encoder.bag_chunks([texts[i] for i in new])).astype(np.float16)
        postings = postings_of([texts[i] for i in new], [symbols[i] for i in new])
        for row, place in enumerate(new):
            known[keys[place]] = Encoded(vectors[row], slice_postings(postings, row, row + 1))
    encoded = {key: known[key] for key in keys}
    digest = digest_of(source)
    if not chunks:
        return UnsavedChunks(digest, build_segment([]), {}, 0, problem)
    content = FileContent(
        records=[pack_record(chunk) for chunk in chunks],
        vectors=np.stack([encoded[key].vector for key in keys]),
        postings=join_postings([encoded[key].postings for key in keys]),
    )
    record = FileRecord(path, language, len(source), 0, digest, None, len(chunks), problem=problem)
    return UnsavedChunks(digest, build_segment([(number, record, content)]), encoded, len(new), problem)
