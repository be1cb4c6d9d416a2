"""The recurrent model that writes documentation into a bundle: graphs, vocabulary, figures, model card, manifest.

    hunch-export summariser DATA --run runs/seq2seq/rnn --out server/hunch/model/bundles/summary-en

DATA is a folder with packages_pairs in it. What is measured is what ships: the written texts come from the product's
own loader and beam search. Afterwards people rate some of them, see human_evaluation.py.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch

from hunch.model.bundle import BUNDLE_FORMAT, MODEL_CARD, TOKENIZER, Manifest, write_manifest
from hunch.model.bundle import load_bundle as load
from hunch.model.summariser import BEAMS, LENGTH_PENALTY, LONGEST, NEEDS, Summariser
from hunch.text.function import function_at
from hunch.text.subwords import BEGIN, END, dump_subwords
from hunch_export.bundle_folder import checksums_of, described, replaced_folder
from hunch_export.licences import licensed
from hunch_export.parity import ParityError
from hunch_export.rnn_graph import write_rnn_graphs
from hunch_export.summary_card import summary_card
from hunch_training.data.pairs import Pair, read_pairs
from hunch_training.errors import TrainingError
from hunch_training.loop.run_folder import BEST, SETTINGS, load_checkpoint
from hunch_training.seq2seq.decoding import beam_search
from hunch_training.seq2seq.generation_metrics import measure_texts
from hunch_training.seq2seq.models import SUBWORDS, load_model
from hunch_training.seq2seq.rnn_seq2seq import RnnSeq2Seq
from hunch_training.seq2seq.rows import spread
from hunch_training.tokenizer.subwords import load_subwords, shipped_subwords

LARGEST_DIFFERENCE = 0.05
"""Between the mean log-probabilities of a token, of the same texts; the int8 table costs about a hundredth."""
LEAST_AGREEMENT = 0.8
"""Share of the functions about which both write the same, word for word; a near tie may end otherwise."""
PARITY_ROWS = 100
_OTHER_ROWS = 400


class WritingParity(NamedTuple):
    """How far a bundle is from the model that it was made of."""

    largest_difference: float
    """Of the mean log-probability of a token, where both write the same"""
    agreement: float
    """Share of the functions about which both write the same"""


def write_summary_bundle(
    run: Path, data: Path, out: Path, *, name: str, version: str, recipe: str, with_test: bool,
    limit: int | None = None,
) -> Manifest:  # fmt: skip
    """Write the bundle of a run to ``out``, replacing what is there only when all checks have passed.

    Args:
        run: the folder of a run of ``hunch-train seq2seq --model rnn``.
        data: the data folder, for the parity check and the figures.
        out: the bundle's folder.
        name: of the bundle.
        version: of the bundle.
        recipe: what builds it again.
        with_test: measure the test set as well; for a bundle that is being cut.
        limit: measure so many rows of a file.

    Raises:
        ParityError: the graphs do not write what the model writes.
        TrainingError: the run is of another model, or there is no valid file.
        ValueError: the run's vocabulary cannot ship.
    """
    model, settings = load_model(run)
    if not isinstance(model, RnnSeq2Seq):
        raise TrainingError(f"{run}: a {settings.model}: only the recurrent model can be exported")
    subwords = shipped_subwords(load_subwords(run / SUBWORDS))
    described = json.loads((run / SETTINGS).read_text(encoding="utf-8"))
    language = next(iter(languages_of(described["data_sha256"])), "python")
    with replaced_folder(out) as folder:
        write_rnn_graphs(model, folder)
        (folder / TOKENIZER).write_text(dump_subwords(subwords), encoding="utf-8")
        manifest = Manifest(
            format=BUNDLE_FORMAT, name=name, version=version, dim=settings.dim, max_tokens=settings.longest_source,
            languages=languages_of(described["data_sha256"]), training_data=["packages_pairs"],
            sha256=checksums_of(folder),
        )  # fmt: skip
        manifest = licensed(manifest)
        write_manifest(folder, manifest)
        summariser = Summariser(load(folder, needs=NEEDS))
        valid = _some(pairs_of(data, language, "valid"), limit)
        parity = check_parity(model, summariser, valid)
        metrics = figures_of(summariser, f"valid/{language}", valid)
        for file in sorted((data / "packages_pairs").glob("*.valid.jsonl.gz")):
            other = file.name.split(".")[0]
            if other != language:
                rows = _some(list(read_pairs(file)), min(limit or _OTHER_ROWS, _OTHER_ROWS))
                metrics |= figures_of(summariser, f"valid/{other}", rows)
        if with_test:
            metrics |= figures_of(summariser, f"test/{language}", _some(pairs_of(data, language, "test"), limit))
        training = {"recipe": recipe, "step": load_checkpoint(run / BEST)["step"], **described,
                    "parity": parity._asdict()}  # fmt: skip
        manifest = replace(manifest, metrics=metrics, training=training)
        (folder / MODEL_CARD).write_text(summary_card(manifest), encoding="utf-8")
        manifest = replace(manifest, sha256=checksums_of(folder))
        write_manifest(folder, manifest)
        load(folder, needs=NEEDS)
    return manifest


def pairs_of(data: Path, language: str, split: str) -> list[Pair]:
    """Return the pairs of a language and a split."""
    return list(read_pairs(data / f"packages_pairs/{language}.{split}.jsonl.gz"))


def check_parity(model: RnnSeq2Seq, summariser: Summariser, pairs: Sequence[Pair]) -> WritingParity:
    """Compare what the bundle writes with what the model writes.

    Raises:
        ParityError: they differ by more than the tolerance.
    """
    difference, same, count = 0.0, 0, 0
    for pair in _some(pairs, PARITY_ROWS):
        ids = summariser.subwords.encode_code(code_of(pair), summariser.bundle.manifest.max_tokens)
        if not ids:
            continue
        ours = summariser.write(ids)
        (theirs,) = beam_search(
            model, torch.tensor([ids]), begin=BEGIN, end=END, beams=BEAMS, longest=LONGEST, penalty=LENGTH_PENALTY
        )
        count += 1
        if list(ours.tokens) == theirs.tokens:
            same += 1
            tokens = len(ours.tokens) + 1
            theirs_total = theirs.score * ((5 + tokens) / 6) ** LENGTH_PENALTY
            difference = max(difference, abs(ours.total - theirs_total) / tokens if ours.ended else 0.0)
    parity = WritingParity(round(difference, 4), round(same / max(1, count), 4))
    if parity.largest_difference > LARGEST_DIFFERENCE or parity.agreement < LEAST_AGREEMENT:
        raise ParityError(f"largest difference {parity.largest_difference:.4f}, agreement {parity.agreement:.3f}")
    return parity


def code_of(pair: Pair) -> str:
    """Return the code of a pair as the product hands it to the summariser; as it stands where no function is seen."""
    function = function_at(pair.path, pair.code.encode("utf-8", "replace"), 1)
    return function.code if function is not None and function.name == pair.name else pair.code


def texts_of(summariser: Summariser, pairs: Sequence[Pair]) -> list[str]:
    """Return what a bundle writes about some functions; nothing where there is no word in the code."""
    found = (summariser.summarise(code_of(pair)) for pair in pairs)
    return [summary.text if summary else "" for summary in found]


def figures_of(summariser: Summariser, name: str, pairs: Sequence[Pair]) -> dict[str, float]:
    """Return BLEU-4, ROUGE-L and chrF of what a bundle writes, in percent."""
    found = measure_texts(texts_of(summariser, pairs), [pair.query for pair in pairs])
    return {f"{name}/{metric}": round(interval.mean, 2) for metric, interval in found._asdict().items()}


def languages_of(data_files: Sequence[str]) -> list[str]:
    """Return the languages of the training files."""
    return sorted({Path(file).name.split(".")[0] for file in data_files if ".train." in Path(file).name})


def _some(pairs: Sequence[Pair], limit: int | None) -> list[Pair]:
    return [pairs[int(row)] for row in spread(len(pairs), limit or len(pairs))]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command is given."""
    parser.add_argument("data", type=Path, help="the data folder, for the parity check and the figures")
    parser.add_argument("--run", type=Path, required=True, help="the folder of a run of hunch-train seq2seq")
    parser.add_argument("--out", type=Path, required=True, help="the bundle's folder; replaced when all checks pass")
    parser.add_argument("--name", default="summary-en", help="(%(default)s)")
    parser.add_argument("--version", default="1", help="(%(default)s)")
    parser.add_argument("--recipe", default="training/runs/seq2seq.sh", help="what builds it again (%(default)s)")
    parser.add_argument("--limit", type=int, help="measure so many rows of a file (all; other languages 400)")
    parser.add_argument("--test", action="store_true", help="measure the test set too: when a bundle is cut")


def run_command(options: argparse.Namespace) -> None:
    """Write a bundle from the command line."""
    torch.set_num_threads(1)
    manifest = write_summary_bundle(
        options.run, options.data, options.out, name=options.name, version=options.version, recipe=options.recipe,
        with_test=options.test, limit=options.limit,
    )  # fmt: skip
    print(described(manifest, options.out), flush=True)
