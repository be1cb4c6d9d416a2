"""What each encoder costs, side by side on one core: pieces of code a second, a question, and bytes.

    python -m benchmarks.encoders DATA [--public MODEL_FOLDER] [--picture FILE.png]

The code is 2,000 functions of the valid pairs, fewer for the slow encoders; the questions are of CoSQA's dev part.
Tokenising is counted. Rounds alternate, so that the ratios hold on a busy machine; times are of the processor.
With ``--picture`` the quality that ``benchmarks.quality`` has measured is drawn against these costs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine import load_result, save_result
from hunch.index.lexical import invert
from hunch.model.bundle import CONTEXTUAL_GRAPH, CONTEXTUAL_TOKENIZER, MODEL_CARD, load_bundle
from hunch.model.encoder import Encoder
from hunch.settings import model_folder
from hunch.text.render import Source, render_source
from hunch.text.terms import postings_of
from hunch_training.evaluation.plots import draw_scatter
from hunch_training.evaluation.public_encoder import SentenceEncoder
from hunch_training.evaluation.retrieval_sets import load_cosqa, load_pair_sets

_PIECES, _PIECES_IN_CONTEXT, _QUESTIONS, _ROUNDS = 2000, 200, 200, 5
_LANGUAGES = ("python", "java", "go", "javascript")


@dataclass(frozen=True, slots=True)
class Costed:
    """One encoder and what it is given."""

    pieces: int
    encode_code: Callable[[Sequence[Source]], object]
    encode_question: Callable[[str], object]
    bytes: int


def encoders(public: Path | None) -> dict[str, Costed]:
    """Return the encoders that are compared, each on one thread."""
    bundle = load_bundle(model_folder())
    encoder = Encoder(bundle)
    sizes = {file.name: file.stat().st_size for file in bundle.folder.iterdir()}
    second = sizes.get(CONTEXTUAL_GRAPH, 0) + sizes.get(CONTEXTUAL_TOKENIZER, 0)
    first = sum(sizes.values()) - second - sizes[MODEL_CARD]
    found = {
        "words": Costed(
            _PIECES,
            lambda code: invert([postings_of(list(map(render_source, code)), [() for _ in code])]),
            lambda text: None,
            0,
        ),
        "static embedding": Costed(
            _PIECES,
            lambda code: encoder.encode_chunks(encoder.bag_chunks(list(map(render_source, code)))),
            lambda text: encoder.encode_queries([text]),
            first,
        ),
    }
    if encoder.has_contextual:
        found["second pass"] = Costed(
            _PIECES_IN_CONTEXT, encoder.contextual().encode_chunks, encoder.contextual().encode_query, second
        )
    if public is not None:
        other = SentenceEncoder(public)
        found[other.name] = Costed(
            _PIECES_IN_CONTEXT // 4,
            lambda code: other.encode([source.signature + source.body for source in code]),
            lambda text: other.encode([text]),
            (public / "model.safetensors").stat().st_size,
        )
    return found


def measure(costed: Mapping[str, Costed], code: Sequence[Source], questions: Sequence[str]) -> dict[str, Any]:
    """Return pieces a second, microseconds a piece and milliseconds a question of each, medians of the rounds."""
    seconds: dict[str, list[float]] = {name: [] for name in costed}
    of_question: dict[str, list[float]] = {name: [] for name in costed}
    for _ in range(_ROUNDS):
        for name, one in costed.items():
            began = time.process_time()
            one.encode_code(code[: one.pieces])
            seconds[name].append((time.process_time() - began) / one.pieces)
            for question in questions[: _QUESTIONS // _ROUNDS]:
                began = time.process_time()
                one.encode_question(question)
                of_question[name].append(time.process_time() - began)
    return {
        name: {
            "pieces_per_second": round(1 / median(seconds[name]), 1),
            "microseconds_a_piece": round(median(seconds[name]) * 1e6, 1),
            "question_ms": round(median(of_question[name]) * 1e3, 3),
            "bytes": one.bytes,
        }
        for name, one in costed.items()
    }


def quality_of(result: Mapping[str, Any]) -> dict[str, float]:
    """Return the mean over the test sets by row: of pairs, CodeSearchNet and questions, each counting as much."""
    sets = result["splits"]["test"]["sets"]
    kinds = [
        [one for one in sets if one["set"].startswith("pairs/")],
        [one for one in sets if one["set"].startswith("csn/")],
        [one for one in sets if "/" not in one["set"] or one["set"].startswith("so_codenn")],
    ]
    rows = [name for name in ("static", "dense", "lexical", "hybrid", "public") if name in sets[0]]
    return {row: sum(sum(one[row]["mean"] for one in kind) / len(kind) for kind in kinds) / len(kinds) for row in rows}


def draw(costs: Mapping[str, Mapping[str, float]], quality: Mapping[str, Any], file: Path) -> None:
    """Draw quality against the cost of a piece, and against size, beside each other."""
    found = quality_of(quality)
    first, words = costs["static embedding"], costs["words"]
    points = {
        "BM25": (found["lexical"], words["microseconds_a_piece"], 0.0),
        "static embedding": (found["static"], first["microseconds_a_piece"], first["bytes"]),
    }
    total, size = words["microseconds_a_piece"] + first["microseconds_a_piece"], first["bytes"]
    if second := costs.get("second pass"):
        both = first["microseconds_a_piece"] + second["microseconds_a_piece"]
        points["both embeddings"] = (found["dense"], both, first["bytes"] + second["bytes"])
        total, size = total + second["microseconds_a_piece"], size + second["bytes"]
    points["Hunch"] = (found["hybrid"], total, size)
    if "public" in found:
        name = str(quality["public"])
        points[name] = (found["public"], costs[name]["microseconds_a_piece"], costs[name]["bytes"])
    draw_scatter(
        {name: (cost, value) for name, (value, cost, _) in points.items()}, file,
        x="processor time for a piece of code, microseconds", y="quality (mean of MRR and NDCG)",
    )  # fmt: skip
    draw_scatter(
        {name: (size / 1e6, value) for name, (value, _, size) in points.items()},
        file.with_stem(f"{file.stem}-size"), x="model, MB", y="quality (mean of MRR and NDCG)", logarithmic=False,
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure from the command line."""
    import torch

    parser = argparse.ArgumentParser(prog="benchmarks.encoders", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path, help="the data folder, with SOURCES.md in it")
    parser.add_argument("--public", type=Path, help="a folder saved by transformers, measured beside")
    parser.add_argument("--picture", type=Path, help="draw quality against cost there, and against size beside it")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    code = [
        source
        for texts in load_pair_sets(options.data, "valid", _LANGUAGES)
        for source in texts.sources[: _PIECES // len(_LANGUAGES)]
    ]
    # Each language alike at the front too, where the slow encoders begin.
    quarter = len(code) // len(_LANGUAGES)
    code = [code[place + number * quarter] for place in range(quarter) for number in range(len(_LANGUAGES))]
    costs = measure(encoders(options.public), code, load_cosqa(options.data, "dev").queries)
    for name, one in costs.items():
        print(name, one, flush=True)
    save_result("encoders", {"encoders": costs})
    if options.picture and (quality := load_result("quality")):
        draw(costs, quality, options.picture)


if __name__ == "__main__":
    main()
