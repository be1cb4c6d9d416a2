"""Rows of token ids in flat arrays on disk, so that a corpus may be larger than memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class TokenRows(NamedTuple):
    """Row i is ids[offsets[i]:offsets[i + 1]]."""

    ids: NDArray[np.int32]
    """int32 [total], of a file that is mapped and not read"""
    offsets: NDArray[np.int64]
    """int64 [n + 1]"""

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each row, int64 [n]."""
        return np.diff(self.offsets)

    def row(self, number: int) -> NDArray[np.int32]:
        """Return one row, int32 [length]."""
        return self.ids[self.offsets[number] : self.offsets[number + 1]]

    def __len__(self) -> int:
        return len(self.offsets) - 1


def token_rows(rows: Iterable[Sequence[int]]) -> TokenRows:
    """Return rows that fit into memory."""
    listed = [np.asarray(row, np.int32) for row in rows]
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in listed])]).astype(np.int64)
    return TokenRows(np.concatenate([np.empty(0, np.int32), *listed]), offsets)


def write_rows(rows: Iterable[Sequence[int]], place: Path) -> TokenRows:
    """Write rows one by one below a name (``place``.ids.npy, ``place``.offsets.npy) and return them mapped."""
    ids, offsets = _files(place)
    raw = ids.with_suffix(".raw")
    ends = [0]
    with raw.open("wb") as file:
        for row in rows:
            file.write(np.asarray(row, np.int32).tobytes())
            ends.append(ends[-1] + len(row))
    mapped = np.lib.format.open_memmap(ids, mode="w+", dtype=np.int32, shape=(ends[-1],))
    if ends[-1]:
        read = np.memmap(raw, np.int32, mode="r")
        for start in range(0, ends[-1], 1 << 24):
            mapped[start : start + (1 << 24)] = read[start : start + (1 << 24)]
    mapped.flush()
    raw.unlink()
    np.save(offsets, np.array(ends, np.int64))
    return load_rows(place)


def load_rows(place: Path) -> TokenRows:
    """Return rows that were written before."""
    ids, offsets = _files(place)
    return TokenRows(np.load(ids, mmap_mode="r") if ids.stat().st_size > 128 else np.load(ids), np.load(offsets))


def rows_written(place: Path) -> bool:
    """Return whether all rows below that name were written; the offsets come last."""
    return _files(place)[1].is_file()


def pad_rows(rows: TokenRows, chosen: NDArray[np.int64], pad: int = 0) -> Tensor:
    """Return some rows as a rectangle, int64 [len(chosen), longest], padded on the right."""
    lengths = rows.lengths[chosen]
    padded = torch.full((len(chosen), int(lengths.max(initial=1))), pad)
    for place, number in enumerate(chosen):
        padded[place, : lengths[place]] = torch.from_numpy(rows.row(int(number)).astype(np.int64))
    return padded


def batches_of_like_lengths(
    lengths: Sequence[NDArray[np.int64]], tokens: int, generator: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Return row numbers in batches of rows of like lengths, so that little is padding, in random order.

    Args:
        lengths: of the parts of a row (source, target), int64 [n] each.
        tokens: of a batch, padding included.
        generator: decides the order.
    """
    first = lengths[0] + generator.integers(0, 8, len(lengths[0]))  # so that rows of one length do not always meet
    order = np.lexsort((*reversed(lengths[1:]), first))
    widths = np.stack([part[order] for part in lengths], axis=1)
    batches, start, widest = [], 0, np.zeros(len(lengths), np.int64)
    for end in range(len(order)):
        wider = np.maximum(widest, widths[end])
        if end > start and (end + 1 - start) * int(wider.sum()) > tokens:
            batches.append(order[start:end])
            start, wider = end, widths[end]
        widest = wider
    if len(order):
        batches.append(order[start:])
    return [batches[number] for number in generator.permutation(len(batches))]


def _files(place: Path) -> tuple[Path, Path]:
    return place.with_name(place.name + ".ids.npy"), place.with_name(place.name + ".offsets.npy")
