"""What a person who trains is told: one line, what happened, to which file, what to do."""

from __future__ import annotations


class TrainingError(ValueError):
    """Training cannot go on, and the message says what to do."""
