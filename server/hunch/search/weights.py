"""Every number that ranking uses, in one place; `benchmarks/tune_ranking.py` chose them on valid workspaces."""

from __future__ import annotations

from hunch.text.roles import Role

SIGNAL_WEIGHTS = {
    "meaning": 0.97,
    "words": 2.7,
    "name": 0.07,
    "signature": 0.11,
    "path": 0.26,
    "documentation": 0.0,
    "symbol": 0.68,
    "file card": -0.88,
    "block": -0.33,
}
"""What one unit of each signal adds to the score before the logistic function."""

ROLE_WEIGHTS = {
    Role.TEST: -1.58,
    Role.EXAMPLE: -0.87,
    Role.BENCHMARK: -0.33,
    Role.DOCUMENTATION: -0.52,
    Role.VENDORED: -1.03,
    Role.BUILT: -1.62,
}
"""Added for a file of that role unless the query asks for it."""

BIAS = -2.53
"""Puts the score of a hit where the share of such hits that are in a right file is."""
WORDS_ONLY_BIAS = 0.4
"""Added when there is no embedding of the query, in the place of what "meaning" adds to a right hit on average."""

SAME_FILE_DECAY = 0.9
"""Each further hit in a file counts this much of the one before."""
HITS_PER_FILE = 3

RELEVANT_SCORE = 0.2
"""A best hit at or above it makes the answer relevant."""
WEAK_SCORE = 0.15
"""A best hit below it means that nothing here seems to do that; 3% of the queries with an answer fall below it."""
