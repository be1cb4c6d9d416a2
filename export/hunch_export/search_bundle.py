"""A trained run into a model bundle: graphs, tokeniser, model card and manifest, checked before they are put in place.

hunch-export search DATA --run runs/static --tokenizer runs/tokenizer.json --out bundles/static-en
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from hunch.model.bundle import BUNDLE_FORMAT, MODEL_CARD, TOKENIZER, Manifest, load_bundle, sha256_of, write_manifest
from hunch.text.bag import MAX_TOKENS
from hunch.text.tokenizer import dump_tokenizer, load_tokenizer
from hunch_export.bundle_folder import checksums_of, described, replaced_folder
from hunch_export.licences import licensed
from hunch_export.model_card import model_card
from hunch_export.parity import check_parity, graph_scorer
from hunch_export.static_graph import write_graphs
from hunch_training.bi_encoder.model import load_static_encoder
from hunch_training.evaluation.retrieval_metrics import table
from hunch_training.evaluation.retrieval_sets import RetrievalSet, load_sets, tokenise
from hunch_training.loop.run_folder import BEST, SETTINGS


def write_bundle(run: Path, tokenizer_file: Path, data: Path, out: Path, *, name: str, version: str, recipe: str,
                 with_test: bool) -> Manifest:  # fmt: skip
    """Write the bundle of a run to ``out``, replacing what is there only when all checks have passed.

    Args:
        run: the folder of a training run.
        tokenizer_file: the tokenizer.json that the run was trained with.
        data: the data folder, for the parity check and the metrics.
        out: the bundle's folder.
        name: of the bundle.
        version: of the bundle.
        recipe: what builds it again.
        with_test: measure the test sets as well; for a bundle that is being cut.

    Raises:
        ParityError: the graphs do not do what the model does.
        ValueError: the tokeniser is not the one of the run.
    """
    model, state = load_static_encoder(run / BEST)
    described = json.loads((run / SETTINGS).read_text(encoding="utf-8"))
    if sha256_of(tokenizer_file) != described["tokenizer_sha256"]:
        raise ValueError(f"{tokenizer_file}: not the tokeniser that {run} was trained with")
    tokenizer = load_tokenizer(tokenizer_file.read_text(encoding="utf-8"))
    with replaced_folder(out) as temporary:
        write_graphs(model, temporary)
        (temporary / TOKENIZER).write_text(dump_tokenizer(tokenizer), encoding="utf-8")
        valid = [tokenise(texts, tokenizer) for texts in load_sets(data, "valid")]
        parity = check_parity(model, temporary, valid[0])
        metrics = _measure("valid", valid, temporary)
        if with_test:
            metrics |= _measure("test", [tokenise(texts, tokenizer) for texts in load_sets(data, "test")], temporary)
        languages = languages_of(described["data_sha256"])
        card = model_card(name, version, languages, metrics, parity, described)
        (temporary / MODEL_CARD).write_text(card, encoding="utf-8")
        manifest = licensed(
            Manifest(
                format=BUNDLE_FORMAT,
                name=name,
                version=version,
                dim=model.dim,
                max_tokens=MAX_TOKENS,
                languages=languages,
                training_data=sorted({Path(file).parts[0] for file in described["data_sha256"]}),
                sha256=checksums_of(temporary),
                metrics=metrics,
                training={"recipe": recipe, "step": state["step"], **described, "parity": parity._asdict()},
            )
        )
        write_manifest(temporary, manifest)
        load_bundle(temporary)
    return manifest


def languages_of(data_files: Sequence[str]) -> list[str]:
    """Return the languages of the functions in some data files, sorted."""
    return sorted({Path(file).name.split(".")[0] for file in data_files if Path(file).parts[0] == "packages_pairs"})


def _measure(split: str, sets: Sequence[RetrievalSet], folder: Path) -> dict[str, float]:
    rows = table(sets, {"dense": graph_scorer(folder)})
    return {f"{split}/{name}": round(row["dense"].mean, 4) for name, row in rows.items()}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command is given."""
    parser.add_argument("data", type=Path, help="the data folder, for the parity check and the metrics")
    parser.add_argument("--run", type=Path, required=True, help="the folder of a training run")
    parser.add_argument("--tokenizer", type=Path, required=True, help="the tokenizer.json of that run")
    parser.add_argument("--out", type=Path, required=True, help="the bundle's folder; replaced when all checks pass")
    parser.add_argument("--name", default="static-en", help="(%(default)s)")
    parser.add_argument("--version", default="1", help="(%(default)s)")
    parser.add_argument("--recipe", default="training/runs/static.sh", help="what builds it again (%(default)s)")
    parser.add_argument("--test", action="store_true", help="measure the test sets too: when a bundle is cut")


def run_command(options: argparse.Namespace) -> None:
    """Write a bundle from the command line."""
    manifest = write_bundle(
        options.run, options.tokenizer, options.data, options.out,
        name=options.name, version=options.version, recipe=options.recipe, with_test=options.test,
    )  # fmt: skip
    print(described(manifest, options.out), flush=True)
