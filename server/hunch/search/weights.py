"""Every number that ranking uses, in one place; `benchmarks/tune_ranking.py` chose them on valid workspaces."""

from __future__ import annotations

from hunch.text.roles import Role

SIGNAL_WEIGHTS = {
    "meaning": 1.76,
    "context": 1.76,
    "words": 2.49,
    "name": 0.08,
    "signature": 0.03,
    "path": 0.25,
    "documentation": 0.0,
    "symbol": 0.7,
    "file card": -0.64,
    "block": -0.45,
}
"""What one unit of each signal adds to the score before the logistic function."""

ROLE_WEIGHTS = {
    Role.TEST: -1.82,
    Role.EXAMPLE: -0.99,
    Role.BENCHMARK: -0.38,
    Role.DOCUMENTATION: -0.82,
    Role.VENDORED: -0.52,
    Role.BUILT: -2.17,
}
"""Added for a file of that role unless the query asks for it."""

BIAS = -2.81
"""Puts the score of a hit where the share of such hits that are in a right file is."""
WORDS_ONLY_BIAS = 1.01
"""Added when there is no embedding of the query, in the place of what "meaning" adds to a right hit on average."""

CONTEXT_OF_MEANING = (0.1, 0.8)
"""Where the cosine in context of a chunk that was not read in context yet is looked for: at zero, and its rise."""

SAME_FILE_DECAY = 0.9
"""Each further hit in a file counts this much of the one before."""
HITS_PER_FILE = 3

RELEVANT_SCORE = 0.2
"""A best hit at or above it makes the answer relevant."""
WEAK_SCORE = 0.141
"""A best hit below it means that nothing here seems to do that; 3% of the queries with an answer fall below it."""
