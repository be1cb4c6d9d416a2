"""The features of candidates: what ranking reads of each, by name, and as the columns of the ranker."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hunch.model.ranker import ContextLine, FeatureNames
from hunch.search.candidates import Candidates
from hunch.search.query import Query
from hunch.search.query_features import QUERY_FEATURES
from hunch.text.chunk import KINDS
from hunch.text.path_class import PathClass

POSITIVE = ("meaning", "context", "words", "name", "signature", "path", "symbol", "exact case", "prefix", "neighbour",
            "file words", "language", "kind", "length")  # fmt: skip
"""Features of which more never lowers a score."""
PATH_CLASSES = (
    PathClass.TEST,
    PathClass.EXAMPLE,
    PathClass.BENCHMARK,
    PathClass.DOCUMENTATION,
    PathClass.VENDORED,
    PathClass.BUILT,
)
"""What a file can be by its path that counts against it unless the query asks for it."""
OF_KINDS = ("file-level chunk", "block")
NEGATIVE = (*OF_KINDS, *(f"in {str(one.name).lower()} code" for one in PATH_CLASSES))
"""Features that count against a candidate. How much each does is learned: it stands in the ranker's graph, and for
similar code in its manifest, and nowhere else."""
NAMES = (*POSITIVE, *NEGATIVE)
"""Of all features of a candidate, in the order of its columns."""
COLUMNS = FeatureNames(POSITIVE, NEGATIVE, QUERY_FEATURES)
"""What a ranker has to fit."""

Features = Mapping[str, NDArray[np.float32]]
"""Features of n candidates by name, float32 [n] each: all but the path classes, which depend on the query."""

_FILE = KINDS.index("file")
_BLOCK = KINDS.index("block")
_FIELDS = ("name", "signature", "path")
_LONG = 6
"""Lines of long code, their logarithm to base 2"""


def features_of(candidates: Candidates, line: ContextLine) -> Features:
    """Return the features of all candidates by name, float32 [n] each.

    Args:
        candidates: n candidates.
        line: guesses the contextual cosine of chunks that have no contextual embedding yet.
    """
    meaning = np.maximum(candidates.dense, 0)
    context = _context(candidates, meaning, line)
    return {
        "meaning": meaning,
        "context": context,
        "words": candidates.lexical,
        **dict(zip(_FIELDS, candidates.shares_in(_FIELDS), strict=True)),
        "symbol": candidates.symbols,
        "exact case": candidates.exact_case,
        "prefix": candidates.prefix,
        "neighbour": best_of_others(context, candidates.files),
        "file words": candidates.shares_in_files(),
        "language": candidates.in_language,
        "kind": candidates.of_kind,
        "length": _length(candidates),
        "file-level chunk": (candidates.kinds == _FILE).astype(np.float32),
        "block": (candidates.kinds == _BLOCK).astype(np.float32),
    }


def matrices(
    query: Query, candidates: Candidates, features: Features
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the positive features of n candidates, float32 [n, POSITIVE], and the negative, float32 [n, NEGATIVE].

    Features that are not given are zero, so that some of them alone show what the others are worth.
    """
    count = len(candidates.chunks)
    positive, negative = np.zeros((count, len(POSITIVE)), np.float32), np.zeros((count, len(NEGATIVE)), np.float32)
    for columns, names in ((positive, POSITIVE), (negative, OF_KINDS)):
        for column, name in enumerate(names):
            if name in features:
                columns[:, column] = features[name]
    wanted = int(query.wanted_path_classes)
    for column, path_class in enumerate(PATH_CLASSES, len(OF_KINDS)):
        if not wanted & path_class:
            negative[:, column] = (candidates.path_classes & path_class) > 0
    return positive, negative


def guess_context(meaning: NDArray[np.float32], line: ContextLine) -> NDArray[np.float32]:
    """Return what the static cosines of chunks suggest for their contextual ones, float32 as given."""
    return np.asarray(np.where(meaning > 0, line.at_zero + line.rise * meaning, 0), np.float32)


def best_of_others(values: NDArray[np.float32], groups: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the greatest of the other values of each one's group, float32 [n]; 0 where there are none.

    Args:
        values: float32 [n], not negative.
        groups: int64 [n].
    """
    if not len(values):
        return values
    order = np.lexsort((-values, groups))
    first = np.flatnonzero(np.diff(groups[order], prepend=groups[order[0]] - 1))
    sizes = np.diff(first, append=len(order))
    found = np.repeat(values[order[first]], sizes)
    second = values[order[np.minimum(first + 1, len(order) - 1)]]
    found[first] = np.where(sizes > 1, second, 0)
    result = np.empty_like(values)
    result[order] = found
    return result


def _length(candidates: Candidates) -> NDArray[np.float32]:
    """Return how long chunks are, 1 for 64 lines and more; a file-level chunk has no length of its own."""
    length = np.minimum(np.log2(np.maximum(candidates.lines, 1)) / _LONG, 1)
    return np.where(candidates.kinds == _FILE, 0, length).astype(np.float32)


def _context(candidates: Candidates, meaning: NDArray[np.float32], line: ContextLine) -> NDArray[np.float32]:
    if not candidates.embedded:
        return np.zeros_like(meaning)
    guessed = guess_context(meaning, line)
    known = (
        guessed if candidates.context is None else np.where(np.isnan(candidates.context), guessed, candidates.context)
    )
    return np.maximum(known, 0).astype(np.float32)
