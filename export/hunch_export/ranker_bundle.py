"""Write the bundle of a ranker: its graph, the names of its columns, thresholds, weights of similar code, and its card.

    hunch-export ranker --run runs/ranker/run --similar similar.json --out server/hunch/model/bundles/ranker-en

All numbers come from the run and from what `hunch-train similar-weights` wrote; none is typed in.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hunch.model.bundle import MANIFEST, MODEL_CARD
from hunch.model.ranker import DEFAULT_RANKER, RANKER_FORMAT, RANKER_GRAPH, load_ranker
from hunch.search.features import COLUMNS
from hunch_export.bundle_folder import checksums_of, replaced_folder
from hunch_export.ranker_card import ranker_card
from hunch_export.ranker_graph import check_ranker, load_model, write_graph
from hunch_training.errors import TrainingError
from hunch_training.ranking.calibrate import CALIBRATED
from hunch_training.ranking.facts import RANKING, read_facts


def write_ranker_bundle(
    graph: bytes, facts: Mapping[str, Any], similar: Mapping[str, Any], out: Path, *, name: str, version: str
) -> dict[str, Any]:
    """Write a bundle, load it as the product does, and put it in place; return its manifest.

    Args:
        graph: the ONNX graph.
        facts: what the run says of itself, see hunch_training.ranking.facts.
        similar: the weights of similar code and their thresholds.
        out: the bundle's folder.
        name: of the bundle.
        version: of the bundle.

    Raises:
        BundleError: the product refuses the bundle.
        TrainingError: the weights of similar code were fitted with another model.
    """
    if similar["model"] != facts["model"]:
        raise TrainingError(f"similar code was weighed with {similar['model']['name']}, the ranker was trained with "
                            f"{facts['model']['name']}: gather both with one model")  # fmt: skip
    manifest: dict[str, Any] = {
        "format": RANKER_FORMAT, "name": name, "version": version, "license": "MIT", "derived_from": [],
        **facts, "similar": {key: value for key, value in similar.items() if key != "model"},
    }  # fmt: skip
    with replaced_folder(out) as folder:
        (folder / RANKER_GRAPH).write_bytes(graph)
        (folder / MODEL_CARD).write_text(ranker_card(manifest), encoding="utf-8")
        manifest["sha256"] = checksums_of(folder)
        text = json.dumps(manifest, indent=2, ensure_ascii=False)
        (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
        load_ranker(folder, COLUMNS)
    return manifest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command is given."""
    parser.add_argument("--run", type=Path, required=True, help="the run of hunch-train ranker and calibrate-ranker")
    parser.add_argument("--similar", type=Path, required=True, help="what hunch-train similar-weights wrote")
    parser.add_argument("--out", type=Path, required=True, help="the bundle's folder; replaced when all checks pass")
    parser.add_argument("--name", default=DEFAULT_RANKER, help="(%(default)s)")
    parser.add_argument("--version", default="1", help="(%(default)s)")


def run_command(options: argparse.Namespace) -> None:
    """Write a bundle from the command line."""
    model = load_model(options.run / CALIBRATED)
    graph = write_graph(model)
    difference = check_ranker(model, graph)
    facts, similar = read_facts(options.run / RANKING), read_facts(options.similar)
    manifest = write_ranker_bundle(graph, facts, similar, options.out, name=options.name, version=options.version)
    print(f"{manifest['name']} {manifest['version']}: {len(graph):,} bytes in {options.out}, "
          f"largest difference {difference:.1e}", flush=True)  # fmt: skip
