"""ONNX Runtime: texts to contextual embeddings, which see what stands beside what; some 7 ms of a core for a chunk.

They are computed after the static embeddings, which take 100 times less.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hunch.model.bundle import CONTEXTUAL_GRAPH, CONTEXTUAL_TOKENIZER, Bundle, BundleError, read_vocabulary
from hunch.model.session import load_graph
from hunch.text.render import Source
from hunch.text.sequence import code_sequence, is_sequence_vocabulary, query_sequence
from hunch.text.tokenizer import load_tokenizer

_ROWS_PER_BATCH = 8
_LEVELS = 127


class ContextualEncoder:
    """The contextual part of a bundle. Encoding is safe from several threads."""

    def __init__(self, bundle: Bundle, *, threads: int = 1) -> None:
        """Load tokeniser and graph of a verified bundle, in some 100 ms.

        Raises:
            BundleError: a file of the bundle cannot be used.
        """
        self.tokenizer = read_vocabulary(bundle, CONTEXTUAL_TOKENIZER, load_tokenizer)
        if not is_sequence_vocabulary(self.tokenizer.pieces):
            raise BundleError(
                f"{bundle.path(CONTEXTUAL_TOKENIZER)}: not a vocabulary for sequences: install Hunch again"
            )
        self._graph = load_graph(bundle.path(CONTEXTUAL_GRAPH), threads)
        self.dim = int(self._graph.get_outputs()[0].shape[-1])

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return the embedding of a query, float32 [dim], L2-normalised; zeros when it has no known word."""
        (vector,) = self._encode([query_sequence(text, self.tokenizer)])
        return np.asarray(vector, np.float32)

    def encode_chunks(self, texts: Sequence[Source], between: Callable[[], bool] = lambda: False) -> NDArray[np.int8]:
        """Return the embeddings of pieces of code, int8 [n, dim]; each row is scaled to its own largest number.

        Args:
            texts: the pieces of code.
            between: called after each batch, some 50 ms of work; true ends the work.

        Raises:
            InterruptedError: ``between`` ended it.
        """
        return rounded(self._encode([code_sequence(text, self.tokenizer) for text in texts], between))

    def _encode(self, rows: Sequence[list[int]], between: Callable[[], bool] = lambda: False) -> NDArray[np.float32]:
        vectors = np.zeros((len(rows), self.dim), np.float32)
        order = sorted((place for place, row in enumerate(rows) if row), key=lambda place: len(rows[place]))
        for start in range(0, len(order), _ROWS_PER_BATCH):
            if start and between():
                raise InterruptedError("the contextual pass was ended")
            batch = order[start : start + _ROWS_PER_BATCH]
            ids = np.zeros((len(batch), len(rows[batch[-1]])), np.int32)
            for line, place in enumerate(batch):
                ids[line, : len(rows[place])] = rows[place]
            (vectors[batch],) = self._graph.run(None, {"ids": ids})
        return vectors


def rounded(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """Return rows of numbers in 255 levels each, int8 [n, dim]; their lengths are lost, their directions stay."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    return np.rint(vectors / np.where(largest > 0, largest, 1) * _LEVELS).astype(np.int8)


def cosines(rows: NDArray[np.int8], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cosines of rounded rows, int8 [n, dim], with a unit vector, float32 [n]; 0 for a row of zeros."""
    wide = rows.astype(np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", wide, wide))
    # Each row is summed up by itself: the last bits of a product of matrices depend on how many rows there are.
    return np.asarray(np.einsum("ij,j->i", wide, vector) / np.maximum(lengths, 1e-12), np.float32)
