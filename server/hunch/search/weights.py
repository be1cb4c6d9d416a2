"""The numbers of ranking that are no signal's weight; `benchmarks/tune_ranking.py` chose them."""

from __future__ import annotations

CONTEXT_OF_MEANING = (0.136, 0.472)
"""Where the cosine in context of a chunk that was not read in context yet is looked for: at zero, and its rise."""

SAME_FILE_DECAY = 1.0
"""Each further hit in a file counts this much of the one before."""
HITS_PER_FILE = 3

RELEVANT_SCORE = 0.41
"""A best hit at or above it makes the answer relevant."""
WEAK_SCORE = 0.249
"""A best hit below it means that nothing here seems to do that; 3% of the queries with an answer fall below it."""
