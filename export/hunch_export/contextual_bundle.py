"""A trained contextual encoder into a search bundle: graph, vocabulary, card and manifest, checked beforehand.

hunch-export contextual DATA --run runs/contextual --bundle bundles/static-en --out bundles/search-en
"""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hunch.model.bundle import (
    CONTEXTUAL_GRAPH,
    CONTEXTUAL_TOKENIZER,
    MANIFEST,
    MODEL_CARD,
    Bundle,
    Manifest,
    load_bundle,
    write_manifest,
)
from hunch.model.contextual import ContextualEncoder, cosines
from hunch.text.tokenizer import dump_tokenizer
from hunch_export.bundle_folder import checksums_of, described, replaced_folder
from hunch_export.contextual_card import contextual_card
from hunch_export.contextual_graph import write_contextual_graph
from hunch_export.licences import licensed, origin_of
from hunch_export.parity import Parity, ParityError, compare
from hunch_training.contextual.model import Loaded, encode_texts, load_contextual
from hunch_training.errors import TrainingError
from hunch_training.evaluation.retrieval_metrics import reciprocal_ranks
from hunch_training.evaluation.retrieval_sets import TextSet, first_pool, load_sets
from hunch_training.loop.run_folder import BEST, SETTINGS

LARGEST_DIFFERENCE = 0.15
"""Between components of unit vectors of 192 numbers: int8 products, and the rounding of what is kept of chunks."""
LEAST_AGREEMENT = 0.85
"""Share of the ten nearest that both rankings name."""
_ROWS = 300


def add_contextual(run: Path, data: Path, bundle: Path, out: Path, *, name: str, version: str, recipe: str,
                   size: int | None = None) -> Manifest:  # fmt: skip
    """Write a bundle that has a contextual encoder besides, replacing ``out`` only when all checks have passed.

    Args:
        run: the folder of a run of ``hunch-train contextual``.
        data: the data folder, for the parity check and the metrics.
        bundle: the search bundle that it is added to.
        out: the new bundle's folder.
        name: of the new bundle.
        version: of the new bundle.
        recipe: what builds it again.
        size: of the vectors, one that the run was trained to do with; None for all numbers that the encoder gives.

    Raises:
        ParityError: the graph does not do what the model does.
        TrainingError: the run was not trained for vectors of that size.
    """
    loaded = load_contextual(run / BEST)
    about = json.loads((run / SETTINGS).read_text(encoding="utf-8"))
    full = loaded.model.encoder.shape.dim
    size = size or full
    if size != full and str(size) not in about["settings"]["matryoshka"].split(","):
        raise TrainingError(f"{run}: not trained for vectors of {size} numbers: see its --matryoshka")
    base = load_bundle(bundle)
    with replaced_folder(out) as temporary:
        for file in base.manifest.sha256:
            shutil.copy2(base.path(file), temporary / file)
        write_contextual_graph(loaded.model.encoder, temporary / CONTEXTUAL_GRAPH, size)
        (temporary / CONTEXTUAL_TOKENIZER).write_text(dump_tokenizer(loaded.tokenizer), encoding="utf-8")
        encoder = ContextualEncoder(Bundle(temporary, base.manifest), threads=2)
        valid = load_sets(data, "valid")
        parity = check_parity(loaded, encoder, valid[0], size)
        metrics = {f"valid-contextual/{one.name}": _mrr(encoder, first_pool(one)) for one in valid}
        origin = origin_of(about["public_sha256"])
        card = (temporary / MODEL_CARD).read_text(encoding="utf-8")
        card = contextual_card(card, name, version, loaded, size, metrics, parity, about, origin)
        (temporary / MODEL_CARD).write_text(card, encoding="utf-8")
        manifest = replace(
            base.manifest,
            name=name,
            version=version,
            sha256=checksums_of(temporary),
            metrics={**base.manifest.metrics, **metrics},
            training={
                **base.manifest.training,
                "recipe": recipe,
                "contextual": {"step": loaded.state["step"], **about, "parity": parity._asdict()},
            },
        )
        (temporary / MANIFEST).unlink(missing_ok=True)
        write_manifest(temporary, licensed(manifest, [origin]))
        return load_bundle(temporary).manifest


def check_parity(loaded: Loaded, encoder: ContextualEncoder, texts: TextSet, size: int) -> Parity:
    """Compare the graph with the model, on the first rows of a set.

    Raises:
        ParityError: they differ by more than the tolerance.
    """
    queries, code = texts.queries[:_ROWS], texts.sources[:_ROWS]
    expected = [encode_texts(loaded.model, loaded.tokenizer, part)[:, :size] for part in (queries, code)]
    expected = [part / np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-12) for part in expected]
    rounded = encoder.encode_chunks(code).astype(np.float32)
    actual = (
        np.stack([encoder.encode_query(query) for query in queries]),
        rounded / np.maximum(np.linalg.norm(rounded, axis=1, keepdims=True), 1e-12),
    )
    parity = compare((expected[0], expected[1]), actual)
    if parity.largest_difference > LARGEST_DIFFERENCE or parity.agreement < LEAST_AGREEMENT:
        raise ParityError(f"largest difference {parity.largest_difference:.4f}, agreement {parity.agreement:.3f}")
    return parity


def _mrr(encoder: ContextualEncoder, texts: TextSet) -> float:
    code = encoder.encode_chunks(texts.sources)
    scores: NDArray[np.float32] = np.stack([cosines(code, encoder.encode_query(query)) for query in texts.queries])
    figure = round(float(np.mean(reciprocal_ranks(scores, texts.gains))), 4)
    print(f"{texts.name:20} {len(texts.queries):6}  {figure:.3f}", flush=True)
    return figure


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command is given."""
    parser.add_argument("data", type=Path, help="the data folder, for the parity check and the metrics")
    parser.add_argument("--run", type=Path, required=True, help="the folder of a run of hunch-train contextual")
    parser.add_argument("--bundle", type=Path, required=True, help="the search bundle that it is added to")
    parser.add_argument(
        "--out", type=Path, required=True, help="the new bundle's folder; replaced when all checks pass"
    )
    parser.add_argument("--size", type=int, help="of the vectors, one that the run was trained for (all numbers)")
    parser.add_argument("--name", default="search-en", help="(%(default)s)")
    parser.add_argument("--version", default="1", help="(%(default)s)")
    parser.add_argument("--recipe", default="training/runs/search.sh", help="what builds it again (%(default)s)")


def run_command(options: argparse.Namespace) -> None:
    """Write a bundle from the command line."""
    manifest = add_contextual(
        options.run, options.data, options.bundle, options.out,
        name=options.name, version=options.version, recipe=options.recipe, size=options.size,
    )  # fmt: skip
    print(described(manifest, options.out), flush=True)
