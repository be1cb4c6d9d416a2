"""The numbers of ranking that are not in the ranker; `benchmarks/tune_ranking.py` chose them.

The linear ranking has one weight a signal for all queries: it ranks code that is like other code, the ranker chooses
between multiples of its weights, and it is what the ranker has to beat.
"""

from __future__ import annotations

from hunch.text.path_class import PathClass

SIGNAL_WEIGHTS = {
    "meaning": 0.9,
    "context": 1.93,
    "words": 2.27,
    "name": 0.08,
    "signature": 0.03,
    "path": 0.2,
    "symbol": 0.65,
    "typed": 0.0,
    "prefix": 0.0,
    "neighbour": 0.0,
    "file words": 0.0,
    "language": 0.0,
    "kind": 0.0,
    "length": 0.0,
    "file card": -0.86,
    "block": -0.49,
}
"""What one unit of each signal adds to the score before the logistic function. Names are worth nothing beyond the other
signals on valid workspaces; a little is kept, so that between equals the one with the word in its name comes first.
"typed", "prefix", "neighbour", "file words", "language", "kind" and "length" are the ranker's alone."""

ROLE_WEIGHTS = {
    PathClass.TEST: -1.31,
    PathClass.EXAMPLE: -0.69,
    PathClass.BENCHMARK: -0.24,
    PathClass.DOCUMENTATION: -0.2,
    PathClass.VENDORED: -0.92,
    PathClass.BUILT: -1.17,
}
"""Added for a file of that role unless the query asks for it."""

BIAS = -3.27
"""Puts the score of a hit where the share of such hits that are in a right file is."""
WORDS_ONLY_BIAS = 1.66
"""Added when there is no embedding of the query, in the place of what both cosines add to a right hit on average."""
SIMILAR_WEIGHTS = SIGNAL_WEIGHTS | {"meaning": 5.35, "context": 7.91, "words": 5.12}
"""What the signals are worth where code stands for the question; `benchmarks/similar.py` chose them."""
SIMILAR_SCALE = 0.38
"""By which all of it, the roles too, is multiplied before the bias is added, so that scores are chances."""
SIMILAR_BIAS = -4.75
SIMILAR_WORDS_ONLY_BIAS = 3.37
"""As the biases above."""
SIMILAR_RELEVANT_SCORE = 0.14
SIMILAR_WEAK_SCORE = 0.124
"""As the scores below."""

CONTEXT_OF_MEANING = (0.136, 0.472)
"""Where the cosine in context of a chunk that was not read in context yet is looked for: at zero, and its rise."""

SAME_FILE_DECAY = 1.0
"""Each further hit in a file counts this much of the one before."""
HITS_PER_FILE = 3

RELEVANT_SCORE = 0.41
"""A best hit at or above it makes the answer relevant."""
WEAK_SCORE = 0.256
"""A best hit below it means that nothing here seems to do that; 3% of the queries with an answer fall below it."""
