"""What goes into a tower as tensors: bags of tokens, or sequences in rectangles of like lengths."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hunch.text.bag import Bags
from hunch.text.render import FIELD_NAMES

QUERY_FIELD = len(FIELD_NAMES)
"""The field of a query's tokens, where one Transformer reads both sides"""
FIELDS = len(FIELD_NAMES) + 1


class BagInput(NamedTuple):
    """Bags, one after the other."""

    ids: Tensor
    """int64 [total]"""
    fields: Tensor
    """int64 [total]"""
    offsets: Tensor
    """int64 [n], where each bag begins"""
    counts: Tensor
    """float32 [total]"""


class SequenceInput(NamedTuple):
    """Sequences sorted by length and cut into rectangles, so that little is padding."""

    ids: list[Tensor]
    """int64 [rows, longest] each, padded with 0 on the right"""
    fields: list[Tensor]
    """int64 [rows, longest] each"""
    place: Tensor
    """int64 [n], where each row stands in the rectangles, one after the other"""


TowerInput = BagInput | SequenceInput


def bag_input(bags: Bags) -> BagInput:
    """Return bags as tensors."""
    return BagInput(
        torch.from_numpy(bags.ids.astype(np.int64)),
        torch.from_numpy(bags.fields.astype(np.int64)),
        torch.from_numpy(bags.offsets[:-1].astype(np.int64)),
        torch.from_numpy(bags.counts.astype(np.float32)),
    )


def sequence_input(sequences: Bags, tokens: int, *, field: int | None = None) -> SequenceInput:
    """Return sequences as tensors.

    Args:
        sequences: a row without a token becomes padding alone.
        tokens: of a rectangle at most, padding included; a row that is longer has one of its own.
        field: what all tokens stand in; None for the fields that they have.
    """
    lengths = np.diff(sequences.offsets)
    order = np.argsort(lengths, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    ids, fields = [], []
    start = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and (end + 1 - start) * int(lengths[order[end]]) <= tokens:
            end += 1
        chosen = order[start:end]
        ids.append(_rectangle(sequences.ids, sequences.offsets, chosen))
        if field is None:
            fields.append(_rectangle(sequences.fields, sequences.offsets, chosen))
        else:
            fields.append(torch.full_like(ids[-1], field))
        start = end
    return SequenceInput(ids, fields, torch.from_numpy(place))


def _rectangle(
    values: NDArray[np.int32] | NDArray[np.uint8], offsets: NDArray[np.int64], rows: NDArray[np.int64]
) -> Tensor:
    starts = offsets[rows]
    lengths = offsets[rows + 1] - starts
    columns = np.arange(max(1, int(lengths.max())))
    inside = columns < lengths[:, None]
    padded = np.zeros(inside.shape, np.int64)
    padded[inside] = values[(starts[:, None] + columns)[inside]]
    return torch.from_numpy(padded)
