"""ONNX Runtime: texts to embeddings, float32 [n, dim], L2-normalised."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hunch.model.bundle import (
    CODE_GRAPH,
    CONTEXTUAL_GRAPH,
    CONTEXTUAL_TOKENIZER,
    MANIFEST,
    QUERY_GRAPH,
    TOKENIZER,
    Bundle,
    BundleError,
    read_vocabulary,
)
from hunch.model.contextual import ContextualEncoder
from hunch.model.session import Graph, load_graph
from hunch.text.bag import Bags, bag_fields, bag_queries, pad
from hunch.text.render import Fields, render_query
from hunch.text.tokenizer import load_tokenizer

Vectors = NDArray[np.float32]

_INPUTS = ("ids", "fields", "counts")
_REMEMBERED_WORDS = 4096
_TOKENS_PER_BATCH = 1 << 12
"""Padded tokens that one run of the graph sees: 4 MB at dim 256, which stays in the processor's cache."""
_WIDTH_STEP = 8
"""Rows are as wide as the next multiple of this."""


class Encoder:
    """The two towers of a bundle. Encoding is safe from several threads."""

    def __init__(self, bundle: Bundle, *, threads: int = 1) -> None:
        """Load the tokeniser and both graphs of a verified bundle, in some 20 ms.

        Raises:
            BundleError: a file of the bundle cannot be used.
        """
        self.bundle = bundle
        self.dim = bundle.manifest.dim
        self.tokenizer = read_vocabulary(bundle, TOKENIZER, load_tokenizer)
        self._query_graph = _load_tower(bundle, QUERY_GRAPH, threads)
        self._code_graph = _load_tower(bundle, CODE_GRAPH, threads)
        self._contextual: ContextualEncoder | None = None
        self._loading = threading.Lock()
        self._words: dict[str, Vectors] = {}

    @property
    def has_contextual(self) -> bool:
        """Whether the bundle has a contextual encoder."""
        return {CONTEXTUAL_GRAPH, CONTEXTUAL_TOKENIZER} <= self.bundle.manifest.sha256.keys()

    def use_contextual(self, contextual: ContextualEncoder) -> None:
        """Take a contextual encoder that is loaded already."""
        self._contextual = contextual

    def contextual(self) -> ContextualEncoder:
        """Return the contextual encoder of a bundle that has one, loaded when it is first wanted.

        Raises:
            BundleError: a file of the bundle cannot be used.
        """
        with self._loading:
            if self._contextual is None:
                self._contextual = ContextualEncoder(self.bundle)
            return self._contextual

    def encode_queries(self, queries: Sequence[str]) -> Vectors:
        """Return the embeddings of queries, float32 [n, dim]; a query without a known word is a row of zeros."""
        return self._run(self._query_graph, self.bag_queries(queries))

    def encode_words(self, words: Sequence[str]) -> Vectors:
        """Return the embeddings of single words as queries, float32 [n, dim]; those of late are remembered."""
        known = self._words
        found = {word: known[word] for word in words if word in known}
        new = list({word: None for word in words if word not in found})
        found.update(zip(new, self.encode_queries(new), strict=True))
        # A new dictionary, since another thread may be reading the one before.
        self._words = {**known, **found} if len(known) + len(new) <= _REMEMBERED_WORDS else dict(found)
        return np.array([found[word] for word in words], np.float32).reshape(len(words), self.dim)

    def encode_chunks(self, bags: Bags, between: Callable[[], object] = lambda: None) -> Vectors:
        """Return the embeddings of chunks, float32 [n, dim]; a chunk without a known word is a row of zeros.

        Args:
            bags: the chunks.
            between: called after each batch, some 5 ms of work.
        """
        return self._run(self._code_graph, bags, between)

    def bag_queries(self, queries: Sequence[str]) -> Bags:
        """Return what the query tower reads of some queries."""
        return bag_queries([render_query(query) for query in queries], self.tokenizer, self.bundle.manifest.max_tokens)

    def bag_chunks(self, texts: Sequence[Fields]) -> Bags:
        """Return what the code tower reads of some rendered chunks."""
        return bag_fields(texts, self.tokenizer, self.bundle.manifest.max_tokens)

    def _run(self, graph: Graph, bags: Bags, between: Callable[[], object] = lambda: None) -> Vectors:
        vectors = np.zeros((len(bags), self.dim), np.float32)
        names = [node.name for node in graph.get_inputs()]
        lengths = np.diff(bags.offsets)
        # The last bits of a sum depend on its width, so each row has a width of its own and shares a batch with those
        # of the same: an embedding is the same whatever else is encoded with it.
        widths = -(-lengths // _WIDTH_STEP) * _WIDTH_STEP
        order = np.argsort(widths, kind="stable") if len(bags) > 1 else np.zeros(len(bags), np.int64)
        order = order[lengths[order] > 0]
        of_rows = widths[order]
        start = 0
        while start < len(order):
            width = int(of_rows[start])
            end = min(int(np.searchsorted(of_rows, width, "right")), start + max(1, _TOKENS_PER_BATCH // width))
            rows = order[start:end]
            inputs = dict(zip(_INPUTS, pad(bags, rows, width), strict=True))
            (vectors[rows],) = graph.run(None, {name: inputs[name] for name in names})
            start = end
            between()
        return vectors


def _load_tower(bundle: Bundle, name: str, threads: int) -> Graph:
    graph = load_graph(bundle.path(name), threads)
    dim = graph.get_outputs()[0].shape[-1]
    if isinstance(dim, int) and dim != bundle.manifest.dim:
        raise BundleError(
            f"{bundle.path(MANIFEST)}: says dim {bundle.manifest.dim}, {name} has {dim}: install Hunch again"
        )
    return graph
