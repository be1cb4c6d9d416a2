"""Batches of contrastive training: one language each, neighbours together, tokens and fields thinned out. Pure.

A batch is still bags or sequences of token ids here; the stage makes tensors of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch.text.bag import Bags
from hunch.text.render import FIELD_NAMES
from hunch_training.contrastive.negatives import NOTHING
from hunch_training.contrastive.settings import BatchSettings
from hunch_training.networks.static_encoder import DOCUMENTATION
from hunch_training.tokens.corpus import Corpus, keep, merge_rows, row_of_entry, take
from hunch_training.tokens.sequences import in_field_order

NAME, PATH, SIGNATURE, BODY = (FIELD_NAMES.index(field) for field in ("name", "path", "signature", "body"))
THIN = 10_000
_SMALLEST_BATCH = 16


class Pairs(NamedTuple):
    """A batch before it becomes tensors: queries, and code with the negatives behind."""

    queries: Bags
    code: Bags
    query_ids: NDArray[np.int64]


def repeats_of(corpus: Corpus, settings: BatchSettings) -> int:
    """Return how often an epoch sees a corpus."""
    if corpus.language.startswith("question"):
        return settings.questions
    return settings.thin if len(corpus) < THIN else 1


def plan_epoch(
    sizes: Sequence[int], settings: BatchSettings, repeats: Sequence[int], epoch: int, together: int = 1
) -> list[tuple[int, NDArray[np.int64]]]:
    """Return the batches of an epoch as (corpus number, rows), shuffled; each of one language.

    Args:
        sizes: of the corpora.
        settings: of the run.
        repeats: how often each corpus is seen.
        epoch: its number, from 0.
        together: batches that several processes take at once: they are of one language as far as there are enough.
    """
    generator = np.random.default_rng((settings.seed, epoch))
    units: list[list[tuple[int, NDArray[np.int64]]]] = []
    for number, (size, times) in enumerate(zip(sizes, repeats, strict=True)):
        for _ in range(times):
            rows = _shuffle_blocks(size, settings.neighbours, generator)
            pieces = max(1, round(size / settings.batch))
            batches = [(number, piece) for piece in np.array_split(rows, pieces) if len(piece) >= _SMALLEST_BATCH]
            units += [batches[start : start + together] for start in range(0, len(batches), together)]
    shuffled = [units[i] for i in generator.permutation(len(units))]
    # Whole units first, so that the first process always takes the first batch of one.
    shuffled.sort(key=lambda unit: len(unit) < together)
    batches = [batch for unit in shuffled for batch in unit]
    return batches[: max(1, round(settings.share * len(batches)))]


def draw_pairs(
    corpus: Corpus, rows: NDArray[np.int64], settings: BatchSettings, generator: np.random.Generator,
    mined: NDArray[np.int32] | None = None, *, ordered: bool = False,
) -> Pairs:  # fmt: skip
    """Return a batch with its dropout applied.

    Tokens fall out one by one, fields as a whole, so that nothing can be leaned on. Some rows see half of their
    query's tokens as documentation and are asked for with another half: the pairs have no documentation of their own,
    the functions of a workspace have. Mined negatives are thinned out in the same way. ``ordered`` is for code that
    is read as sequences.
    """
    queries, code = _thin_out(corpus, rows, settings, generator)
    query_ids = corpus.query_ids[rows]
    if mined is not None and settings.negatives:
        chosen = generator.permuted(mined[rows], axis=1)[:, : settings.negatives].ravel()
        wrong = np.unique(chosen[chosen != NOTHING]).astype(np.int64)
        wrong = wrong[~np.isin(wrong, rows)]
        if len(wrong):
            code = _append(code, _thin_out(corpus, wrong, settings, generator)[1])
            query_ids = np.concatenate([query_ids, corpus.query_ids[wrong]])
    return Pairs(queries, in_field_order(code) if ordered else code, query_ids)


def _thin_out(
    corpus: Corpus, rows: NDArray[np.int64], settings: BatchSettings, generator: np.random.Generator
) -> tuple[Bags, Bags]:
    queries, code = take(corpus.queries, rows), take(corpus.code, rows)
    if settings.name_queries:
        queries, code = _ask_with_names(queries, code, generator.random(len(rows)) < settings.name_queries)
    documented = generator.random(len(rows)) < settings.documentation_share
    documented_entry = documented[row_of_entry(queries)]
    documentation = keep(queries, documented_entry & (generator.random(len(queries.ids)) < 0.5))
    documentation.fields[:] = DOCUMENTATION
    query_dropout = np.where(documented_entry, 0.5, settings.query_token_dropout)
    queries = keep(queries, generator.random(len(queries.ids)) >= query_dropout)
    kept = generator.random(len(code.ids)) >= settings.code_token_dropout
    row = row_of_entry(code)
    for field, share in ((NAME, settings.name_dropout), (PATH, settings.path_dropout)):
        kept &= ~((code.fields == field) & (generator.random(len(rows)) < share)[row])
    if settings.name_masking:
        kept &= ~(_stands_in_name(code) & (generator.random(len(rows)) < settings.name_masking)[row])
    if settings.signature_dropout or settings.body_dropout:
        without = generator.random(len(rows)) < settings.signature_dropout
        signed = np.bincount(row, code.fields == SIGNATURE, minlength=len(rows)) > 0
        bodiless = (generator.random(len(rows)) < settings.body_dropout) & signed & ~without
        kept &= ~(((code.fields == SIGNATURE) & without[row]) | ((code.fields == BODY) & bodiless[row]))
    return queries, merge_rows(keep(code, kept), documentation)


def _ask_with_names(queries: Bags, code: Bags, chosen: NDArray[np.bool_]) -> tuple[Bags, Bags]:
    """Turn the names of the chosen rows into their queries; the code loses its name and its signature, which has it."""
    in_name, in_signature = code.fields == NAME, code.fields == SIGNATURE
    named = chosen & (np.bincount(row_of_entry(code), in_name, minlength=len(code)) >= 2)
    chosen_entry = named[row_of_entry(code)]
    names = keep(code, in_name & chosen_entry)
    names.fields[:] = 0
    asked = merge_rows(keep(queries, ~named[row_of_entry(queries)]), names)
    return asked, keep(code, ~((in_name | in_signature) & chosen_entry))


def _stands_in_name(code: Bags) -> NDArray[np.bool_]:
    """Return which entries are words of the name of their row, bool [total]; paths and documentation are left alone."""
    key = (row_of_entry(code) << 32) | code.ids
    in_name = np.isin(key, key[code.fields == NAME])
    masked: NDArray[np.bool_] = in_name & np.isin(code.fields, [NAME, SIGNATURE, BODY])
    return masked


def _append(first: Bags, second: Bags) -> Bags:
    return Bags(
        offsets=np.concatenate([first.offsets, second.offsets[1:] + first.offsets[-1]]),
        ids=np.concatenate([first.ids, second.ids]),
        fields=np.concatenate([first.fields, second.fields]),
        counts=np.concatenate([first.counts, second.counts]),
    )


def _shuffle_blocks(size: int, block: int, generator: np.random.Generator) -> NDArray[np.int64]:
    starts = np.arange(0, size, block)
    order = generator.permutation(len(starts))
    return np.concatenate([np.arange(start, min(start + block, size)) for start in starts[order]]).astype(np.int64)
