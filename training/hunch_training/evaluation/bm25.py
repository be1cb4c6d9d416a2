"""BM25 over token bags: the baseline that stands beside every dense figure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hunch.text.bag import Bags
from hunch_training.tokens.corpus import row_of_entry

K1, B = 1.2, 0.75


def bm25_scores(queries: Bags, code: Bags) -> NDArray[np.float32]:
    """Return the scores of all code for all queries, float32 [queries, code].

    Okapi BM25 with the idf of Lucene (Robertson and Zaragoza, 2009), fields added up, statistics from ``code``.
    """
    terms = np.unique(queries.ids)
    weights = _term_matrix(code, terms)
    found = (weights > 0).sum(axis=0)
    idf = np.log1p((len(code) - found + 0.5) / (found + 0.5))
    lengths = np.bincount(row_of_entry(code), code.counts, minlength=len(code))
    norm = K1 * (1 - B + B * lengths / max(lengths.mean(), 1.0))
    weights = weights * (K1 + 1) / (weights + norm[:, None]) * idf
    scores: NDArray[np.float32] = (_term_matrix(queries, terms) @ weights.T.astype(np.float32)).astype(np.float32)
    return scores


def _term_matrix(bags: Bags, terms: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return how often each term stands in each text, float32 [n, terms]."""
    matrix = np.zeros((len(bags), len(terms)), np.float32)
    column = np.searchsorted(terms, bags.ids)
    column[column == len(terms)] = 0
    known = terms[column] == bags.ids if len(terms) else np.zeros(len(bags.ids), bool)
    np.add.at(matrix, (row_of_entry(bags)[known], column[known]), bags.counts[known].astype(np.float32))
    return matrix
