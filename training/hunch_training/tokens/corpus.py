"""Training pairs as token bags in flat arrays, grouped by language, with the rows that share a query marked."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hunch.text.bag import Bags, bag_fields, bag_queries
from hunch.text.render import render_query
from hunch.text.tokenizer import Tokenizer, dump_tokenizer
from hunch_training.data.jsonl import files_of
from hunch_training.data.pairs import Pair, fields_of, read_training_pairs

_ROWS_AT_ONCE = 4096
_CACHE_FORMAT = 2
_BAG_ARRAYS = ("offsets", "ids", "fields", "counts")


@dataclass(frozen=True, slots=True)
class Corpus:
    """The pairs of one language: row i of ``queries`` describes row i of ``code``."""

    language: str
    queries: Bags
    code: Bags
    query_ids: NDArray[np.int64]
    """int64 [n], equal for rows that have the same query: they are no negatives of each other"""

    def __len__(self) -> int:
        return len(self.queries)


Tokenise = Callable[[str, Sequence[Pair], Tokenizer], Corpus]
"""A language and some of its pairs to a corpus."""


def load_corpora(
    paths: Sequence[Path], tokenizer: Tokenizer, cache: Path, limit: int | None = None, *,
    tokenise: Tokenise | None = None, kind: Sequence[Any] = (),
) -> list[Corpus]:  # fmt: skip
    """Return the pairs of training files, one corpus a language; tokenised once, then read from ``cache``.

    Args:
        paths: files, or folders of files.
        tokenizer: the vocabulary.
        cache: the folder of what was read before.
        limit: rows read of each file.
        tokenise: None for bags.
        kind: what else decides what ``tokenise`` gives, as JSON; empty for bags.

    Raises:
        TrainingError: a file is not for training, or a row of it is no pair.
    """
    cache.mkdir(parents=True, exist_ok=True)
    by_language: dict[str, list[Corpus]] = {}
    for path in paths:
        for corpus in _cached(path, tokenizer, cache, limit, tokenise, kind):
            by_language.setdefault(corpus.language, []).append(corpus)
    return [_join(parts) for parts in by_language.values()]


def corpora_of(pairs: Iterator[Pair], tokenizer: Tokenizer, tokenise: Tokenise | None = None) -> list[Corpus]:
    """Tokenise pairs; one corpus a language, rows in the order of the pairs."""
    parts: dict[str, list[Corpus]] = {}
    while batch := list(islice(pairs, _ROWS_AT_ONCE)):
        for language in dict.fromkeys(pair.language for pair in batch):
            rows = [pair for pair in batch if pair.language == language]
            parts.setdefault(language, []).append((tokenise or _as_bags)(language, rows, tokenizer))
    return [_join(part) for part in parts.values()]


def concatenate(parts: Sequence[Bags]) -> Bags:
    """Return the bags of all parts, one after the other."""
    shifts = np.cumsum([0] + [len(part.ids) for part in parts])
    offsets = [part.offsets[:-1] + shift for part, shift in zip(parts, shifts, strict=False)]
    return Bags(
        offsets=np.concatenate([*offsets, shifts[-1:]]).astype(np.int64),
        ids=np.concatenate([part.ids for part in parts]),
        fields=np.concatenate([part.fields for part in parts]),
        counts=np.concatenate([part.counts for part in parts]),
    )


def take(bags: Bags, rows: NDArray[np.int64]) -> Bags:
    """Return some rows of the bags, in the given order."""
    lengths = bags.offsets[rows + 1] - bags.offsets[rows]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    where = np.arange(offsets[-1]) + np.repeat(bags.offsets[rows] - offsets[:-1], lengths)
    return Bags(offsets, bags.ids[where], bags.fields[where], bags.counts[where])


def keep(bags: Bags, kept: NDArray[np.bool_]) -> Bags:
    """Return the bags without the entries whose flag in ``kept`` (bool [total]) is false."""
    before = np.concatenate([[0], np.cumsum(kept)])
    return Bags(
        offsets=before[bags.offsets].astype(np.int64),
        ids=bags.ids[kept],
        fields=bags.fields[kept],
        counts=bags.counts[kept],
    )


def merge_rows(first: Bags, second: Bags) -> Bags:
    """Return bags whose row i holds the entries of row i of both."""
    lengths_first, lengths_second = np.diff(first.offsets), np.diff(second.offsets)
    rows = np.concatenate([np.repeat(np.arange(len(first)), lengths_first),
                           np.repeat(np.arange(len(second)), lengths_second)])  # fmt: skip
    order = np.argsort(rows, kind="stable")
    return Bags(
        offsets=(first.offsets + second.offsets).astype(np.int64),
        ids=np.concatenate([first.ids, second.ids])[order],
        fields=np.concatenate([first.fields, second.fields])[order],
        counts=np.concatenate([first.counts, second.counts])[order],
    )


def row_of_entry(bags: Bags) -> NDArray[np.int64]:
    """Return the row that each entry belongs to, int64 [total]."""
    return np.repeat(np.arange(len(bags), dtype=np.int64), np.diff(bags.offsets))


def _as_bags(language: str, pairs: Sequence[Pair], tokenizer: Tokenizer) -> Corpus:
    return Corpus(
        language=language,
        queries=bag_queries([render_query(pair.query) for pair in pairs], tokenizer),
        code=bag_fields([fields_of(pair) for pair in pairs], tokenizer),
        query_ids=np.array([query_id(pair.query) for pair in pairs], np.int64),
    )


def query_id(query: str) -> int:
    """Return a number that is equal for equal queries, whatever their case."""
    return int.from_bytes(hashlib.blake2b(query.lower().encode(), digest_size=8).digest(), "little", signed=True)


def _join(parts: Sequence[Corpus]) -> Corpus:
    if len(parts) == 1:
        return parts[0]
    return Corpus(
        language=parts[0].language,
        queries=concatenate([part.queries for part in parts]),
        code=concatenate([part.code for part in parts]),
        query_ids=np.concatenate([part.query_ids for part in parts]),
    )


def _cached(
    path: Path, tokenizer: Tokenizer, cache: Path, limit: int | None, tokenise: Tokenise | None, kind: Sequence[Any]
) -> list[Corpus]:
    sizes = [[file.name, file.stat().st_size] for file in files_of(path)]
    key = json.dumps([_CACHE_FORMAT, path.parent.name, path.name, sizes, limit, *kind]) + dump_tokenizer(tokenizer)
    place = cache / f"{path.parent.name}-{path.name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"
    if place.is_file():
        return _read(place)
    corpora = corpora_of(read_training_pairs(path, limit), tokenizer, tokenise)
    temporary = place.with_suffix(f".{os.getpid()}.tmp.npz")
    arrays: dict[str, NDArray[np.int64]] = {}
    for corpus in corpora:
        arrays[f"{corpus.language}/query_ids"] = corpus.query_ids
        for side, bags in (("queries", corpus.queries), ("code", corpus.code)):
            for name in _BAG_ARRAYS:
                arrays[f"{corpus.language}/{side}/{name}"] = getattr(bags, name)
    with temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    temporary.replace(place)
    return corpora


def _read(place: Path) -> list[Corpus]:
    with np.load(place) as arrays:
        languages = dict.fromkeys(name.split("/")[0] for name in arrays.files)
        return [
            Corpus(
                language=language,
                queries=Bags(**{name: arrays[f"{language}/queries/{name}"] for name in _BAG_ARRAYS}),
                code=Bags(**{name: arrays[f"{language}/code/{name}"] for name in _BAG_ARRAYS}),
                query_ids=arrays[f"{language}/query_ids"],
            )
            for language in languages
        ]
