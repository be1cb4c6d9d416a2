"""What a person chose about which files count, and how large one may be at all."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

MAX_FILE_BYTES = 10_000_000
"""Unless somebody sets another limit."""
MOST_FILE_BYTES = 100_000_000
"""No setting and no ignore file lets a larger one count."""
SIZE_VARIABLE = "HUNCH_MAX_FILE_SIZE"


def size_limit(megabytes: object) -> int | None:
    """Return a limit in bytes, from a number of megabytes as people set it; None where it is none."""
    try:
        number = float(str(megabytes))
    except ValueError:
        return None
    if isinstance(megabytes, bool) or not math.isfinite(number) or not 0 < number * 1e6 <= MOST_FILE_BYTES:
        return None
    return max(1, int(number * 1e6))


def max_file_bytes() -> int:
    """Return how large a file may be: as the environment says, in megabytes, else the usual limit."""
    return size_limit(os.environ.get(SIZE_VARIABLE, "")) or MAX_FILE_BYTES


@dataclass(frozen=True, slots=True)
class FileRules:
    """What holds besides the ignore files."""

    max_file_bytes: int = MAX_FILE_BYTES
    excluded: tuple[str, ...] = ()
    """Paths that the editor is set to exclude, as in a .gitignore in the root."""
