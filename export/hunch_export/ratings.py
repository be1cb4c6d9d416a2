"""Ratings of texts that a bundle wrote, by people, as JSON lines.

A rating is useful (says what the function does), harmless (true, but says little: its name in other words, say) or
wrong (says something that is not so, or nothing that can be understood).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

from hunch.model.bundle import MODEL_CARD, Manifest
from hunch_training.errors import TrainingError

RATINGS = ("useful", "harmless", "wrong")


class Rating(NamedTuple):
    """A text and its rating."""

    function: str
    """package, path and name"""
    documentation: str
    text: str
    rating: str
    weights: str
    """of the bundle that wrote it, see ``weights_of``"""


def read_ratings(file: Path) -> list[Rating]:
    """Read a file of rated texts.

    Raises:
        TrainingError: a line is none, or has no rating yet.
    """
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            one = Rating(row["function"], row["documentation"], row["text"], row["rating"], row["weights"])
        except (ValueError, KeyError, TypeError) as error:
            raise TrainingError(f"{file}:{number}: not a rated text: {error}") from error
        if one.rating not in RATINGS:
            raise TrainingError(f"{file}:{number}: the rating is {one.rating!r}: give {', '.join(RATINGS)}")
        found.append(one)
    return found


def weights_of(manifest: Manifest) -> str:
    """Return a short text that differs whenever the texts of two bundles can differ."""
    files = {name: checksum for name, checksum in manifest.sha256.items() if name != MODEL_CARD}
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:12]
