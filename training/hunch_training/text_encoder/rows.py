"""Texts and pairs of texts as token ids, and batches of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch.text.tokenizer import Tokenizer
from hunch_training.text_encoder.settings import Settings
from hunch_training.text_encoder.teacher_embeddings import TeacherEmbeddings
from hunch_training.text_encoder.text_pairs import KINDS, read_text_pairs, sentences_of
from hunch_training.tokens.token_rows import TokenRows, load_rows, rows_written, token_rows, write_rows


class Rows(NamedTuple):
    """What is learnt from: texts or, with ``kinds``, pairs; a pair's texts are rows 2i and 2i + 1."""

    texts: TokenRows
    kinds: NDArray[np.int8] | None = None
    """int8 [n / 2], positions in KINDS; a batch has pairs of one kind"""
    numbers: NDArray[np.int64] | None = None
    """int64 [n], the same for the same text"""
    vectors: NDArray[np.float16] | None = None
    """float16 [n, dim of the teacher]"""


def plan_epoch(rows: Rows, settings: Settings, epoch: int) -> list[NDArray[np.int64]]:
    """Return the batches of an epoch as numbers of texts or pairs, in random order.

    A batch has texts of like lengths and pairs of one kind. All batches are equally large, so that several processes
    can put theirs together: where a kind has no multiple of that, some of its rows come twice.
    """
    generator = np.random.default_rng((settings.seed, epoch))
    lengths = rows.texts.lengths
    first, second = (lengths, lengths) if rows.kinds is None else (lengths[::2], lengths[1::2])
    kinds = np.zeros(len(first), np.int8) if rows.kinds is None else rows.kinds
    batches: list[NDArray[np.int64]] = []
    for kind in np.unique(kinds):
        chosen = np.flatnonzero(kinds == kind)
        chosen = np.concatenate([chosen, generator.choice(chosen, -len(chosen) % settings.batch)])
        noise = generator.integers(0, 4, len(chosen))  # so that texts of one length do not always meet
        order = np.lexsort((generator.random(len(chosen)), second[chosen], (first[chosen] + noise) // 4))
        batches += np.split(chosen[order], len(chosen) // settings.batch)
    return [batches[number] for number in generator.permutation(len(batches))]


def read_texts(data: Path, tokenizer: Tokenizer, settings: Settings, cache: Path) -> Rows:
    """Read the texts for masked language modelling, once, into a cache."""
    place = cache / "texts"
    if not rows_written(place):
        cache.mkdir(parents=True, exist_ok=True)
        pairs = read_text_pairs(data, settings.kinds.split(","), every=settings.every, limit=settings.limit)
        ids = (tokenizer.encode_text(text)[: settings.longest] for text in sentences_of(pairs))
        return Rows(write_rows((row for row in ids if len(row) > 1), place))
    return Rows(load_rows(place))


def read_pairs_of_texts(data: Path, tokenizer: Tokenizer, settings: Settings, cache: Path) -> Rows:
    """Read pairs, once, into a cache; those without a word on a side, or with the same words, are left out."""
    place, kinds_file = cache / "pairs", cache / "kinds.npy"
    if not (rows_written(place) and kinds_file.is_file()):
        cache.mkdir(parents=True, exist_ok=True)
        kinds: list[int] = []

        def sides() -> Iterator[list[int]]:
            for pair in read_text_pairs(data, settings.kinds.split(","), every=settings.every, limit=settings.limit):
                left, right = (tokenizer.encode_text(text)[: settings.longest] for text in (pair.left, pair.right))
                if left and right and left != right:
                    kinds.append(KINDS.index(pair.kind))
                    yield from (left, right)

        write_rows(sides(), place)
        np.save(kinds_file, np.array(kinds, np.int8))
    rows = load_rows(place)
    return Rows(rows, np.load(kinds_file), numbers_of(rows))


def distillation_rows(teacher: TeacherEmbeddings, tokenizer: Tokenizer, settings: Settings) -> Rows:
    """Return a teacher's texts and vectors."""
    ids = [tokenizer.encode_text(text)[: settings.longest] for text in teacher.texts[: settings.limit]]
    known = np.flatnonzero([bool(row) for row in ids])
    return Rows(token_rows([ids[row] for row in known]), vectors=teacher.vectors[known])


def numbers_of(rows: TokenRows) -> NDArray[np.int64]:
    """Return a number for each text, int64 [n], the same for the same tokens (and for two of 10^9 others by chance)."""
    digests = b"".join(
        hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in map(rows.row, range(len(rows)))
    )
    return np.frombuffer(digests, np.int64)
