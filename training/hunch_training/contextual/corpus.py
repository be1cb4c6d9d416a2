"""Pairs as the contextual encoder reads them, and what a step makes of some of them. Pure but for a cache on disk.

Sequences are kept as ``Bags`` whose entries stand in the order of the text with a count of 1 each; the parts of a
sequence stand in the fields of the same name, the place in that of the path, and the words of the name besides in the
field of the name, so that they can be masked.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hunch.text.bag import Bags
from hunch.text.render import FIELD_NAMES
from hunch.text.sequence import BEGIN_ID, END_ID, LONGEST_CODE, LONGEST_PARTS, LONGEST_QUERY, code_parts, text_tokens
from hunch.text.tokenizer import Tokenizer, dump_tokenizer
from hunch_training.data.jsonl import files_of
from hunch_training.data.pairs import Pair, read_training_pairs, source_of_pair
from hunch_training.tokens.corpus import Corpus, concatenate, keep, query_id, row_of_entry

NAME, PATH, SIGNATURE, DOCUMENTATION, BODY = range(len(FIELD_NAMES))
_PLACE_OF_FIELD = np.array([-1, 3, 0, 1, 2])
"""Where the part of each field stands in a sequence; the name's own field is none of its parts."""
_ROWS_AT_ONCE = 4096
_CACHE_FORMAT = 1


def load_contextual_corpora(
    paths: Sequence[Path], tokenizer: Tokenizer, cache: Path, limit: int | None = None
) -> list[Corpus]:
    """Return the pairs of training files, one corpus a language; tokenised once, then read from ``cache``.

    Raises:
        TrainingError: a file is not for training, or a row of it is no pair.
    """
    cache.mkdir(parents=True, exist_ok=True)
    by_language: dict[str, list[Corpus]] = {}
    for path in paths:
        for corpus in _cached(path, tokenizer, cache, limit):
            by_language.setdefault(corpus.language, []).append(corpus)
    return [_join(parts) for parts in by_language.values()]


def contextual_corpora(pairs: Iterator[Pair], tokenizer: Tokenizer) -> list[Corpus]:
    """Tokenise pairs; one corpus a language, rows in the order of the pairs."""
    parts: dict[str, list[Corpus]] = {}
    while batch := list(islice(pairs, _ROWS_AT_ONCE)):
        for language in dict.fromkeys(pair.language for pair in batch):
            rows = [pair for pair in batch if pair.language == language]
            parts.setdefault(language, []).append(_tokenise(language, rows, tokenizer))
    return [_join(part) for part in parts.values()]


def code_rows(code: Bags) -> Bags:
    """Return code as serving reads it, see ``hunch.text.sequence.joined``: the body gives way, the place comes last."""
    row, part = row_of_entry(code), _PLACE_OF_FIELD[code.fields]
    order = np.lexsort((part, row))
    row, part, ids = row[order], part[order], code.ids[order]
    group = row * 4 + part
    within = np.arange(len(ids)) - np.searchsorted(group, group)
    limits = np.array([LONGEST_PARTS[name] for name in ("signature", "documentation", "body", "place")])
    kept = (part >= 0) & (within < limits[part])
    others = np.bincount(row[kept & (part != 2)], minlength=len(code))
    room = np.maximum(LONGEST_CODE - 2 - others, 0)
    kept &= (part != 2) | (within < room[row])
    return _enclosed(row[kept], ids[kept], len(code), LONGEST_CODE)


def query_rows(queries: Bags) -> Bags:
    """Return queries as serving reads them."""
    return _enclosed(row_of_entry(queries), queries.ids, len(queries), LONGEST_QUERY)


def as_questions(
    queries: Bags, chosen: NDArray[np.bool_], language: Sequence[int], stop_words: NDArray[np.int32],
    generator: np.random.Generator,
) -> Bags:  # fmt: skip
    """Turn the chosen documentation into what people type: no stop words, the first words alone, the language named.

    Args:
        queries: the tokens of documentation.
        chosen: bool [n], which rows.
        language: the tokens that name the language; half of the chosen rows begin with them.
        stop_words: token ids that fall out.
        generator: for the draws.
    """
    row = row_of_entry(queries)
    kept = ~(chosen[row] & np.isin(queries.ids, stop_words))
    left = np.bincount(row[kept], minlength=len(queries))
    kept |= (left < 2)[row]
    short = keep(queries, kept)
    row = row_of_entry(short)
    within = np.arange(len(short.ids)) - short.offsets[row]
    longest = np.where(chosen, generator.integers(4, 12, len(queries)), LONGEST_QUERY)
    short = keep(short, within < longest[row])
    named = np.flatnonzero(chosen & (generator.random(len(queries)) < 0.5)) if len(language) else np.zeros(0, np.int64)
    places = np.repeat(short.offsets[named], len(language))
    ids = np.insert(short.ids, places, np.tile(np.asarray(language, np.int32), len(named)))
    added = np.zeros(len(queries), np.int64)
    added[named] = len(language)
    offsets = short.offsets + np.concatenate([[0], np.cumsum(added)])
    return Bags(offsets, ids.astype(np.int32), np.zeros(len(ids), np.uint8), np.ones(len(ids), np.uint8))


def _enclosed(row: NDArray[np.int64], ids: NDArray[np.int32], rows: int, longest: int) -> Bags:
    lengths = np.bincount(row, minlength=rows)
    within = np.arange(len(ids)) - (np.cumsum(lengths) - lengths)[row]
    kept = within < longest - 2
    row, ids, within = row[kept], ids[kept], within[kept]
    lengths = np.minimum(lengths, longest - 2)
    full = np.where(lengths > 0, lengths + 2, 0)
    offsets = np.concatenate([[0], np.cumsum(full)]).astype(np.int64)
    flat = np.empty(offsets[-1], np.int32)
    flat[offsets[row] + 1 + within] = ids
    some = full > 0
    flat[offsets[:-1][some]] = BEGIN_ID
    flat[offsets[1:][some] - 1] = END_ID
    return Bags(offsets, flat, np.zeros(len(flat), np.uint8), np.ones(len(flat), np.uint8))


def _tokenise(language: str, pairs: Sequence[Pair], tokenizer: Tokenizer) -> Corpus:
    queries = [[text_tokens(pair.query, tokenizer, 2 * LONGEST_QUERY)] for pair in pairs]
    code = []
    for pair in pairs:
        parts = code_parts(source_of_pair(pair), tokenizer)
        name = text_tokens(pair.name, tokenizer, 12)
        code.append([name, parts.place, parts.signature, parts.documentation, parts.body])
    ids = np.array([query_id(pair.query) for pair in pairs], np.int64)
    return Corpus(language, _rows(queries), _rows(code), ids)


def _rows(rows: Sequence[Sequence[Sequence[int]]]) -> Bags:
    """Return rows of fields of tokens as one; the place of a field in its row is its number."""
    lengths = np.array([[len(field) for field in row] for row in rows], np.int64).reshape(len(rows), -1)
    offsets = np.concatenate([[0], np.cumsum(lengths.sum(axis=1))]).astype(np.int64)
    ids = np.fromiter((token for row in rows for field in row for token in field), np.int32, int(offsets[-1]))
    fields = np.repeat(np.tile(np.arange(lengths.shape[1], dtype=np.uint8), len(rows)), lengths.ravel())
    return Bags(offsets, ids, fields, np.ones(len(ids), np.uint8))


def _join(parts: Sequence[Corpus]) -> Corpus:
    return Corpus(
        language=parts[0].language,
        queries=concatenate([part.queries for part in parts]),
        code=concatenate([part.code for part in parts]),
        query_ids=np.concatenate([part.query_ids for part in parts]),
    )


def _cached(path: Path, tokenizer: Tokenizer, cache: Path, limit: int | None) -> list[Corpus]:
    sizes = [[file.name, file.stat().st_size] for file in files_of(path)]
    named = [_CACHE_FORMAT, path.parent.name, path.name, sizes, limit, LONGEST_PARTS, LONGEST_QUERY]
    key = hashlib.sha256((json.dumps(named) + dump_tokenizer(tokenizer)).encode()).hexdigest()[:16]
    place = cache / f"{path.parent.name}-{path.name}-contextual-{key}.npz"
    if not place.is_file():
        arrays: dict[str, NDArray[np.int64]] = {}
        for corpus in contextual_corpora(read_training_pairs(path, limit), tokenizer):
            arrays[f"{corpus.language}/query_ids"] = corpus.query_ids
            for side, rows in (("queries", corpus.queries), ("code", corpus.code)):
                for name in ("offsets", "ids", "fields"):
                    arrays[f"{corpus.language}/{side}/{name}"] = getattr(rows, name)
        temporary = place.with_suffix(f".{os.getpid()}.tmp.npz")
        with temporary.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        temporary.replace(place)
    with np.load(place) as loaded:
        languages = dict.fromkeys(name.split("/")[0] for name in loaded.files)
        found = []
        for language in languages:
            sides = []
            for side in ("queries", "code"):
                offsets, ids, fields = (loaded[f"{language}/{side}/{name}"] for name in ("offsets", "ids", "fields"))
                sides.append(Bags(offsets, ids, fields, np.ones(len(ids), np.uint8)))
            found.append(Corpus(language, sides[0], sides[1], loaded[f"{language}/query_ids"]))
        return found
