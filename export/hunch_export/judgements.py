"""What people think of texts that a bundle wrote, as JSON lines.

A verdict is useful (says what the function does), harmless (true, but says little: its name in other words, say) or
wrong (says something that is not so, or nothing that can be understood).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

from hunch.model.bundle import MODEL_CARD, Manifest
from hunch_training.errors import TrainingError

VERDICTS = ("useful", "harmless", "wrong")


class Judgement(NamedTuple):
    """A text and what somebody thinks of it."""

    function: str
    """package, path and name"""
    documentation: str
    text: str
    verdict: str
    weights: str
    """of the bundle that wrote it, see ``weights_of``"""


def read_judgements(file: Path) -> list[Judgement]:
    """Read a file of judged texts.

    Raises:
        TrainingError: a line is none, or has no verdict yet.
    """
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            one = Judgement(row["function"], row["documentation"], row["text"], row["verdict"], row["weights"])
        except (ValueError, KeyError, TypeError) as error:
            raise TrainingError(f"{file}:{number}: not a judged text: {error}") from error
        if one.verdict not in VERDICTS:
            raise TrainingError(f"{file}:{number}: the verdict is {one.verdict!r}: give {', '.join(VERDICTS)}")
        found.append(one)
    return found


def weights_of(manifest: Manifest) -> str:
    """Return a short text that differs whenever the texts of two bundles can differ."""
    files = {name: checksum for name, checksum in manifest.sha256.items() if name != MODEL_CARD}
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:12]
