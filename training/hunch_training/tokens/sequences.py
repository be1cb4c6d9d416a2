"""What a Transformer tower reads: the tokens of a text in their order, each with the field that it stands in.

A sequence is kept as ``Bags`` whose entries stand in the order of the text with a count of 1 each, so rows are taken,
thinned out and merged by the same functions as bags. Code is name, path, signature, documentation and body, each cut
off, the body last.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hunch.text.bag import Bags, bag_fields, bag_queries
from hunch.text.render import FIELD_NAMES, Fields, render_query
from hunch.text.tokenizer import UNKNOWN_ID, Tokenizer, dump_tokenizer
from hunch_training.data.jsonl import files_of
from hunch_training.data.pairs import Pair, fields_of, read_training_pairs
from hunch_training.tokens.corpus import Corpus, concatenate, load_corpora, row_of_entry

LONGEST_FIELDS = {"name": 12, "path": 12, "signature": 24, "documentation": 48}
"""Tokens that are kept of the fields before the body: the first ones, of a path the last."""

_ROWS_AT_ONCE = 4096
_CACHE_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Reading:
    """What each tower is given: bags, or sequences."""

    query_tokens: int | None = None
    """Tokens that are kept of a query's sequence; None for a bag"""
    body_tokens: int | None = None
    """Tokens that are kept of the body in a code's sequence; None for a bag"""

    def read_queries(self, queries: Sequence[str], tokenizer: Tokenizer) -> Bags:
        """Return what the query tower reads."""
        rendered = [render_query(query) for query in queries]
        if self.query_tokens is None:
            return bag_queries(rendered, tokenizer)
        return query_sequences(rendered, tokenizer, self.query_tokens)

    def read_code(self, code: Sequence[Fields], tokenizer: Tokenizer) -> Bags:
        """Return what the code tower reads."""
        if self.body_tokens is None:
            return bag_fields(code, tokenizer)
        return code_sequences(code, tokenizer, self.body_tokens)


BAGS = Reading()


def longest_code(body_tokens: int) -> int:
    """Return how many tokens a sequence of code has at most."""
    return sum(LONGEST_FIELDS.values()) + body_tokens


def query_sequences(queries: Sequence[Sequence[str]], tokenizer: Tokenizer, longest: int) -> Bags:
    """Return rendered queries as sequences of at most ``longest`` tokens; unknown words are left out."""
    return rows_of_fields([[_known(tokenizer, query)[:longest]] for query in queries])


def code_sequences(code: Sequence[Fields], tokenizer: Tokenizer, body_tokens: int) -> Bags:
    """Return rendered code as sequences; unknown words are left out."""
    longest = {**LONGEST_FIELDS, "body": body_tokens}
    rows = []
    for text in code:
        parts = []
        for name, field in zip(FIELD_NAMES, text, strict=True):
            # An identifier may have no word, but seldom: twice as many identifiers are enough for so many tokens.
            near = field[-2 * longest[name] :] if name == "path" else field[: 2 * longest[name]]
            known = _known(tokenizer, near)
            parts.append(known[-longest[name] :] if name == "path" else known[: longest[name]])
        rows.append(parts)
    return rows_of_fields(rows)


def in_field_order(sequences: Bags) -> Bags:
    """Return sequences whose fields stand in the order of FIELD_NAMES again, each in its own order."""
    order = np.lexsort((sequences.fields, row_of_entry(sequences)))
    return Bags(sequences.offsets, sequences.ids[order], sequences.fields[order], sequences.counts[order])


def load_corpora_as(
    paths: Sequence[Path], tokenizer: Tokenizer, cache: Path, reading: Reading, limit: int | None = None
) -> list[Corpus]:
    """Return the pairs of training files as each tower reads them, one corpus a language.

    Bags are read in any case, for they mark the rows that share a query; sequences lie in files that are mapped, so a
    corpus of sequences may be larger than memory.

    Raises:
        ValueError: a file is not for training.
    """
    corpora = load_corpora(paths, tokenizer, cache, limit)
    if reading.query_tokens is not None:
        queries = _load_side("queries", paths, tokenizer, cache, reading, limit)
        corpora = [replace(corpus, queries=queries[corpus.language]) for corpus in corpora]
    if reading.body_tokens is not None:
        code = _load_side("code", paths, tokenizer, cache, reading, limit)
        corpora = [replace(corpus, code=code[corpus.language]) for corpus in corpora]
    return corpora


def _known(tokenizer: Tokenizer, identifiers: Sequence[str]) -> list[int]:
    return [token for token in tokenizer.encode(identifiers) if token != UNKNOWN_ID]


def rows_of_fields(rows: Sequence[Sequence[Sequence[int]]]) -> Bags:
    """Return rows of fields of tokens as one; the place of a field in its row is its number."""
    lengths = np.array([[len(field) for field in row] for row in rows], np.int64).reshape(len(rows), -1)
    offsets = np.concatenate([[0], np.cumsum(lengths.sum(axis=1))]).astype(np.int64)
    ids = np.fromiter(chain.from_iterable(chain.from_iterable(rows)), np.int32, int(offsets[-1]))
    fields = np.repeat(np.tile(np.arange(lengths.shape[1], dtype=np.uint8), len(rows)), lengths.ravel())
    return Bags(offsets, ids, fields, np.ones(len(ids), np.uint8))


def _load_side(
    side: str, paths: Sequence[Path], tokenizer: Tokenizer, cache: Path, reading: Reading, limit: int | None
) -> dict[str, Bags]:
    by_language: dict[str, list[Bags]] = {}
    for path in paths:
        for language, sequences in _cached(side, path, tokenizer, cache, reading, limit).items():
            by_language.setdefault(language, []).append(sequences)
    return {name: parts[0] if len(parts) == 1 else concatenate(parts) for name, parts in by_language.items()}


def _cached(
    side: str, path: Path, tokenizer: Tokenizer, cache: Path, reading: Reading, limit: int | None
) -> dict[str, Bags]:
    sizes = [[file.name, file.stat().st_size] for file in files_of(path)]
    longest = reading.query_tokens if side == "queries" else [reading.body_tokens, LONGEST_FIELDS]
    named = [_CACHE_FORMAT, path.parent.name, path.name, sizes, limit, side, longest]
    key = hashlib.sha256((json.dumps(named) + dump_tokenizer(tokenizer)).encode()).hexdigest()[:16]
    place = cache / f"{path.parent.name}-{path.name}-{side}-{key}"
    if not place.is_dir():
        temporary = Path(tempfile.mkdtemp(prefix=f".{side}-", dir=cache))  # several processes may read at once
        for language, sequences in _read_side(side, read_training_pairs(path, limit), tokenizer, reading).items():
            for name in ("offsets", "ids", "fields"):
                np.save(temporary / f"{language}.{name}.npy", getattr(sequences, name))
        try:
            temporary.replace(place)
        except OSError:
            if not place.is_dir():
                raise
            shutil.rmtree(temporary)
    languages = sorted(file.name.removesuffix(".ids.npy") for file in place.glob("*.ids.npy"))
    return {language: _mapped(place, language) for language in languages}


def _read_side(side: str, pairs: Iterator[Pair], tokenizer: Tokenizer, reading: Reading) -> dict[str, Bags]:
    parts: dict[str, list[Bags]] = {}
    while batch := list(islice(pairs, _ROWS_AT_ONCE)):
        for language in dict.fromkeys(pair.language for pair in batch):
            rows = [pair for pair in batch if pair.language == language]
            if side == "queries":
                read = reading.read_queries([pair.query for pair in rows], tokenizer)
            else:
                read = reading.read_code([fields_of(pair) for pair in rows], tokenizer)
            parts.setdefault(language, []).append(read)
    return {language: concatenate(part) for language, part in parts.items()}


def _mapped(place: Path, language: str) -> Bags:
    offsets, ids, fields = (
        np.load(place / f"{language}.{name}.npy", mmap_mode="r") for name in ("offsets", "ids", "fields")
    )
    ones: NDArray[np.uint8] = np.broadcast_to(np.uint8(1), ids.shape)
    return Bags(offsets, ids, fields, ones)
