"""The linear ranking: one weight a signal for all queries, from which the ranker starts and which it has to beat.

`benchmarks/tune_ranking.py weights` chose the numbers on valid workspaces.
"""

from __future__ import annotations

from hunch.text.roles import Role

SIGNAL_WEIGHTS = {
    "meaning": 0.9,
    "context": 1.93,
    "words": 2.27,
    "name": 0.08,
    "signature": 0.03,
    "path": 0.2,
    "symbol": 0.65,
    "file card": -0.86,
    "block": -0.49,
}
"""What one unit of each signal adds to the score before the logistic function. Names are worth nothing beyond the other
signals on valid workspaces; a little is kept, so that between equals the one with the word in its name comes first."""

ROLE_WEIGHTS = {
    Role.TEST: -1.31,
    Role.EXAMPLE: -0.69,
    Role.BENCHMARK: -0.24,
    Role.DOCUMENTATION: -0.2,
    Role.VENDORED: -0.92,
    Role.BUILT: -1.17,
}
"""Added for a file of that role unless the query asks for it."""

BIAS = -3.27
"""Puts the score of a hit where the share of such hits that are in a right file is."""
WORDS_ONLY_BIAS = 1.66
"""Added when there is no embedding of the query, in the place of what both cosines add to a right hit on average."""
