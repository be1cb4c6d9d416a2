"""How the learning rate goes over a run."""

from __future__ import annotations

import math

SCHEDULES = ("cosine", "linear", "constant")
_LAST = 0.05


def rate_at(step: int, steps: int, *, warmup: int, schedule: str = "cosine") -> float:
    """Return the share of the highest rate at a step: a linear warm-up, then constant, or down to one twentieth.

    The warm-up takes a tenth of all steps at most. Cosine: Loshchilov and Hutter, 2017, arXiv:1608.03983.

    Raises:
        ValueError: there is no such schedule.
    """
    if schedule not in SCHEDULES:
        raise ValueError(f"there is no schedule {schedule!r}: known are {', '.join(SCHEDULES)}")
    warmup = min(warmup, max(1, steps // 10))
    if step < warmup:
        return (step + 1) / warmup
    if schedule == "constant":
        return 1.0
    progress = (step - warmup) / max(1, steps - warmup)
    left = 1 - progress if schedule == "linear" else 0.5 * (1 + math.cos(math.pi * progress))
    return _LAST + (1 - _LAST) * left
