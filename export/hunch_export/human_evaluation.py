"""Human evaluation of what a bundle writes: draw functions at random, and put the ratings into the model card.

    hunch-export human-evaluation BUNDLE --pairs DATA/packages_pairs/python.test.jsonl.gz > ratings.jsonl
    hunch-export human-evaluation BUNDLE --ratings ratings.jsonl

The first prints one JSON object a line with the function, its own documentation, the text, and an empty rating to be
filled in, see ratings.py.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from hunch.model.bundle import MODEL_CARD, load_bundle, write_manifest
from hunch.model.summariser import NEEDS, load_summariser
from hunch_export.bundle_folder import checksums_of
from hunch_export.ratings import Rating, read_ratings, weights_of
from hunch_export.summary_bundle import code_of
from hunch_export.summary_card import summary_card
from hunch_training.data.pairs import read_pairs
from hunch_training.errors import TrainingError


def draw_texts(folder: Path, pairs_file: Path, count: int, seed: int) -> list[dict[str, object]]:
    """Return what a bundle writes about functions that are drawn at random, in the order of the file."""
    summariser = load_summariser(folder)
    pairs = list(read_pairs(pairs_file))
    chosen = np.random.default_rng(seed).choice(len(pairs), min(count, len(pairs)), replace=False)
    rows: list[dict[str, object]] = []
    for number in sorted(chosen.tolist()):
        pair = pairs[number]
        summary = summariser.summarise(code_of(pair))
        rows.append({
            "function": f"{pair.package} {pair.path} {pair.name}",
            "documentation": pair.query,
            "text": summary.text if summary else "",
            "confidence": round(summary.confidence, 3) if summary else 0.0,
            "weights": weights_of(summariser.bundle.manifest),
            "rating": "",
        })  # fmt: skip
    return rows


def add_ratings(folder: Path, ratings: Sequence[Rating]) -> None:
    """Write the model card of a bundle anew, with the ratings of its texts.

    Raises:
        TrainingError: the texts are those of other weights.
    """
    manifest = load_bundle(folder, needs=NEEDS).manifest
    if any(one.weights != weights_of(manifest) for one in ratings):
        raise TrainingError(f"{folder}: the texts were written by another model: draw them anew")
    (folder / MODEL_CARD).write_text(summary_card(manifest, ratings), encoding="utf-8")
    write_manifest(folder, replace(manifest, sha256=checksums_of(folder)))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command is given."""
    parser.add_argument("bundle", type=Path, help="the folder of a bundle that writes")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--pairs", type=Path, help="draw from these: NAME.test.jsonl.gz, which was not trained on")
    what.add_argument("--ratings", type=Path, help="put these into the model card")
    parser.add_argument("--count", type=int, default=50, help="functions that are drawn (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(%(default)s)")


def run_command(options: argparse.Namespace) -> None:
    """Print texts to be rated, or take those that were."""
    if options.ratings:
        add_ratings(options.bundle, read_ratings(options.ratings))
        return
    for row in draw_texts(options.bundle, options.pairs, options.count, options.seed):
        print(json.dumps(row, ensure_ascii=False))
