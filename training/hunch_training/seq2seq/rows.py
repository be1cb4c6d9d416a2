"""Code and documentation as token ids, row by row, and batches of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from hunch.text.subwords import BEGIN, END, PAD
from hunch_training.data.pairs import Pair, read_training_pairs
from hunch_training.seq2seq.settings import Settings
from hunch_training.tokenizer.subwords import encode_code, encode_prose
from hunch_training.tokens.token_rows import (
    TokenRows,
    batches_of_like_lengths,
    load_rows,
    pad_rows,
    rows_written,
    write_rows,
)

_ROWS_AT_ONCE = 4096


class Rows(NamedTuple):
    """Code and documentation as ids, row by row."""

    sources: TokenRows
    targets: TokenRows
    """with the tokens that begin and end a text"""


class Batch(NamedTuple):
    """What one step sees, int64, padded on the right."""

    source: Tensor
    target: Tensor


def plan_epoch(rows: Rows, settings: Settings, epoch: int) -> list[NDArray[np.int64]]:
    """Return the batches of an epoch as row numbers."""
    generator = np.random.default_rng((settings.seed, epoch))
    return batches_of_like_lengths([rows.sources.lengths, rows.targets.lengths], settings.batch_tokens, generator)


def batch_of(rows: Rows, chosen: NDArray[np.int64]) -> Batch:
    """Return some rows as a batch."""
    return Batch(pad_rows(rows.sources, chosen, PAD), pad_rows(rows.targets, chosen, PAD))


def spread(rows: int, at_most: int) -> NDArray[np.int64]:
    """Return row numbers from the first to the last row, evenly spread, at most so many."""
    return np.unique(np.linspace(0, rows - 1, min(rows, at_most)).astype(np.int64))


def training_pairs(file: Path, settings: Settings) -> Iterator[Pair]:
    """Read the training pairs that the settings ask for."""
    return islice(read_training_pairs(file, settings.limit), 0, None, settings.every)


def read_rows(file: Path, pairs: Iterator[Pair], subwords: Tokenizer, settings: Settings, cache: Path) -> Rows:
    """Read pairs as ids, once, into a cache; those without a word on either side are left out."""
    places = [cache / f"{file.name.split('.jsonl')[0]}.{side}" for side in ("code", "documentation")]
    if all(rows_written(place) for place in places):
        return Rows(*(load_rows(place) for place in places))
    cache.mkdir(parents=True, exist_ok=True)
    kept: list[list[int]] = []

    def sources() -> Iterator[list[int]]:
        part: list[Pair] = []
        for number, pair in enumerate(pairs, 1):
            part.append(pair)
            if number % _ROWS_AT_ONCE == 0:
                yield from ids_of(part)
                part = []
        yield from ids_of(part)

    def ids_of(part: Sequence[Pair]) -> Iterator[list[int]]:
        code = encode_code(subwords, (pair.code for pair in part), settings.longest_source)
        prose = encode_prose(subwords, (pair.query for pair in part), settings.longest_target)
        for source, target in zip(code, prose, strict=True):
            if source and target:
                kept.append([BEGIN, *target, END])
                yield source

    written = write_rows(sources(), places[0])
    return Rows(written, write_rows(kept, places[1]))
