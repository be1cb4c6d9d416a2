"""Pairs as the contextual encoder reads them, and what a step makes of some of them. Pure but for a cache on disk.

Sequences are kept as ``Bags`` whose entries stand in the order of the text with a count of 1 each; the parts of a
sequence stand in the fields of the same name, the place in that of the path, and the words of the name besides in the
field of the name, so that they can be masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hunch.text.bag import Bags
from hunch.text.render import FIELD_NAMES
from hunch.text.sequence import BEGIN_ID, END_ID, LONGEST_CODE, LONGEST_PARTS, LONGEST_QUERY, code_parts, text_tokens
from hunch.text.tokenizer import Tokenizer
from hunch_training.data.pairs import Pair, source_of_pair
from hunch_training.tokens.corpus import Corpus, keep, load_corpora, query_id, row_of_entry
from hunch_training.tokens.sequences import rows_of_fields

NAME, PATH, SIGNATURE, DOCUMENTATION, BODY = range(len(FIELD_NAMES))
_PLACE_OF_FIELD = np.array([-1, 3, 0, 1, 2])
"""Where the part of each field stands in a sequence; the name's own field is none of its parts."""
_CACHE_FORMAT = 1


def load_contextual_corpora(
    paths: Sequence[Path], tokenizer: Tokenizer, cache: Path, limit: int | None = None
) -> list[Corpus]:
    """Return the pairs of training files, one corpus a language; tokenised once, then read from ``cache``.

    Raises:
        TrainingError: a file is not for training, or a row of it is no pair.
    """
    kind = ["contextual", _CACHE_FORMAT, LONGEST_PARTS, LONGEST_QUERY]
    return load_corpora(paths, tokenizer, cache, limit, tokenise=as_parts, kind=kind)


def as_parts(language: str, pairs: Sequence[Pair], tokenizer: Tokenizer) -> Corpus:
    """Return pairs of a language as the parts of sequences."""
    queries = [[text_tokens(pair.query, tokenizer, 2 * LONGEST_QUERY)] for pair in pairs]
    code = []
    for pair in pairs:
        parts = code_parts(source_of_pair(pair), tokenizer)
        name = text_tokens(pair.name, tokenizer, 12)
        code.append([name, parts.place, parts.signature, parts.documentation, parts.body])
    ids = np.array([query_id(pair.query) for pair in pairs], np.int64)
    return Corpus(language, rows_of_fields(queries), rows_of_fields(code), ids)


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
