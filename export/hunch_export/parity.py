"""Does a bundle do what its model does: the largest difference of their vectors, and whether their rankings agree."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

from hunch.model.bundle import CODE_GRAPH, QUERY_GRAPH
from hunch.text.bag import Bags, pad
from hunch_training.evaluation.retrieval_metrics import Scorer
from hunch_training.evaluation.retrieval_sets import RetrievalSet
from hunch_training.networks.static_encoder import StaticEncoder, encode_code, encode_queries
from hunch_training.tokens.corpus import take

Vectors = NDArray[np.float32]

LARGEST_DIFFERENCE = 0.01
"""Between components of unit vectors; the int8 table costs about 0.002."""
LEAST_AGREEMENT = 0.97
"""Share of the ten nearest that both rankings name."""
ROWS = 500
_NEAREST = 10
_ROWS_AT_ONCE = 64


class ParityError(Exception):
    """The graphs differ from the model by more than the tolerance."""


class Parity(NamedTuple):
    """How far a bundle's graphs are from the model that they were made of."""

    largest_difference: float
    agreement: float
    """Mean share of a query's nearest code that both name"""


def check_parity(model: StaticEncoder, folder: Path, retrieval: RetrievalSet) -> Parity:
    """Compare the graphs in a folder with the model, on the first rows of a set.

    Raises:
        ParityError: they differ by more than the tolerance.
    """
    queries = take(retrieval.queries, np.arange(min(ROWS, len(retrieval.queries))))
    code = take(retrieval.code, np.arange(min(ROWS, len(retrieval.code))))
    with torch.no_grad():
        expected = encode_queries(model, queries).numpy(), encode_code(model, code).numpy()
    actual = run_graph(open_graph(folder / QUERY_GRAPH), queries), run_graph(open_graph(folder / CODE_GRAPH), code)
    parity = compare(expected, actual)
    if parity.largest_difference > LARGEST_DIFFERENCE or parity.agreement < LEAST_AGREEMENT:
        raise ParityError(f"largest difference {parity.largest_difference:.4f}, agreement {parity.agreement:.3f}")
    return parity


def compare(expected: tuple[Vectors, Vectors], actual: tuple[Vectors, Vectors]) -> Parity:
    """Compare the (queries, code) vectors of a model with those of its graphs."""
    difference = max(float(np.abs(a - b).max(initial=0)) for a, b in zip(expected, actual, strict=True))
    shared = []
    for row_a, row_b in zip(expected[0] @ expected[1].T, actual[0] @ actual[1].T, strict=True):
        nearest_a, nearest_b = np.argsort(-row_a)[:_NEAREST], np.argsort(-row_b)[:_NEAREST]
        shared.append(len(np.intersect1d(nearest_a, nearest_b)) / len(nearest_a))
    return Parity(round(difference, 6), round(float(np.mean(shared)), 4))


def graph_scorer(folder: Path) -> Scorer:
    """Return the scores that a bundle's graphs give: what ships is what is measured."""
    query_graph, code_graph = open_graph(folder / QUERY_GRAPH), open_graph(folder / CODE_GRAPH)

    def scores(queries: Bags, code: Bags) -> Vectors:
        result: Vectors = run_graph(query_graph, queries) @ run_graph(code_graph, code).T
        return result

    return scores


def open_graph(path: Path) -> onnxruntime.InferenceSession:
    """Load a graph for the CPU."""
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def run_graph(graph: onnxruntime.InferenceSession, bags: Bags) -> Vectors:
    """Return the vectors of all bags, float32 [n, dim], empty ones included."""
    names = [node.name for node in graph.get_inputs()]
    parts = []
    for start in range(0, len(bags), _ROWS_AT_ONCE):
        ids, fields, counts = pad(bags, np.arange(start, min(start + _ROWS_AT_ONCE, len(bags))))
        inputs = {"ids": ids, "fields": fields, "counts": counts}
        parts.append(graph.run(None, {name: inputs[name] for name in names})[0])
    return np.concatenate(parts)
