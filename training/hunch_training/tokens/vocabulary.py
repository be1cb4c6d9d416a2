"""The WordPiece vocabulary of the search models, as a file."""

from __future__ import annotations

from pathlib import Path

from hunch.text.tokenizer import Tokenizer, load_tokenizer
from hunch_training.errors import TrainingError

VOCABULARY = "tokenizer.json"
"""Its name in the folder of a run"""


def read_tokenizer(file: Path) -> Tokenizer:
    """Return the vocabulary of a file.

    Raises:
        TrainingError: it cannot be read.
    """
    try:
        return load_tokenizer(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{file}: not a vocabulary ({error}): make one with hunch-train tokenizer") from error
