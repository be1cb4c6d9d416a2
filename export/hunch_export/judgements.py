"""What a person thinks of texts that a bundle wrote: drawn by chance, read beside the code, judged, kept.

    hunch-export judge server/hunch/model/bundles/summary-en DATA/packages_pairs/python.test.jsonl.gz > judged.jsonl

prints one JSON object a line with the function, its own documentation, the text, and an empty verdict to be filled in:
useful (says what the function does), harmless (true, but says little), wrong (says something that is not so).
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hunch.model.bundle import MODEL_CARD, Manifest
from hunch.model.summariser import load_summariser
from hunch_training.data import read_pairs
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command is given."""
    parser.add_argument("bundle", type=Path, help="the folder of a bundle that writes")
    parser.add_argument("pairs", type=Path, help="pairs that were not trained on, NAME.test.jsonl.gz")
    parser.add_argument("--count", type=int, default=50, help="(%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(%(default)s)")


def run_command(options: argparse.Namespace) -> None:
    """Print texts to be judged."""
    from hunch_export.summary_bundle import code_of

    summariser = load_summariser(options.bundle)
    pairs = list(read_pairs(options.pairs))
    chosen = np.random.default_rng(options.seed).choice(len(pairs), min(options.count, len(pairs)), replace=False)
    for number in sorted(chosen.tolist()):
        pair = pairs[number]
        summary = summariser.summarise(code_of(pair))
        row = {
            "function": f"{pair.package} {pair.path} {pair.name}",
            "documentation": pair.query,
            "text": summary.text if summary else "",
            "confidence": round(summary.confidence, 3) if summary else 0.0,
            "weights": weights_of(summariser.bundle.manifest),
            "verdict": "",
        }
        print(json.dumps(row, ensure_ascii=False))
