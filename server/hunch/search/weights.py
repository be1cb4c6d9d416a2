"""Every number that ranking uses, in one place; `benchmarks/tune_ranking.py` chose them on valid workspaces."""

from __future__ import annotations

from hunch.text.roles import Role

SIGNAL_WEIGHTS = {
    "meaning": 5.0,
    "words": 4.0,
    "name": 1.0,
    "signature": 0.3,
    "path": 1.0,
    "documentation": 0.5,
    "symbol": 2.0,
    "file card": -0.5,
    "block": -0.4,
}
"""What one unit of each signal adds to the score before the logistic function."""

ROLE_WEIGHTS = {
    Role.TEST: -1.0,
    Role.EXAMPLE: -0.6,
    Role.BENCHMARK: -0.6,
    Role.DOCUMENTATION: -0.4,
    Role.VENDORED: -0.4,
    Role.BUILT: -0.3,
}
"""Added for a file of that role unless the query asks for it."""

BIAS = -4.0
WORDS_ONLY_BIAS = 2.0
"""Added when there is no embedding of the query, in the place of what "meaning" adds to a right hit on average."""

SAME_FILE_DECAY = 0.8
"""Each further hit in a file counts this much of the one before."""
HITS_PER_FILE = 3

RELEVANT_SCORE = 0.5
"""A best hit at or above it makes the answer relevant."""
WEAK_SCORE = 0.3
"""A best hit below it means that nothing here seems to do that."""
