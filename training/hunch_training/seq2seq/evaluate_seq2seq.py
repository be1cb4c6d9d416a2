r"""Measure what models write about unseen functions, beside the text of the most similar known function.

    hunch-train evaluate-seq2seq ../shared/data/packages_pairs/python.test.jsonl.gz runs/rnn runs/transformer \
        --nearest ../shared/data/packages_pairs/python.train.jsonl.gz --out runs/report

Writes figures.json, figures.md, samples.html, curves.png, and a picture of where each model looked. References are
the documentation as it stands; capitals do not count.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from hunch.model.bundle import load_bundle
from hunch.model.encoder import Encoder
from hunch.text.subwords import BEGIN, END, PAD, words_of
from hunch_training.data.pairs import Pair, fields_of, read_pairs
from hunch_training.errors import TrainingError
from hunch_training.evaluation.plots import draw_attention, draw_curves, write_samples
from hunch_training.seq2seq.decoding import StepModel, Written, beam_search, greedy
from hunch_training.seq2seq.ensemble import Ensemble
from hunch_training.seq2seq.generation_metrics import Distribution, GenerationFigures, distribution_of, measure_texts
from hunch_training.seq2seq.models import SUBWORDS, load_model
from hunch_training.seq2seq.rows import spread
from hunch_training.tokenizer.subwords import decode, encode_code, load_subwords
from hunch_training.tokens.token_rows import pad_rows, token_rows

_ROWS_AT_ONCE = 64
_SAMPLES = 10
_WORDS_LOOKED_AT = 20


def nearest_documentation(pairs: Sequence[Pair], known: Sequence[Pair]) -> list[str]:
    """Return for each function the documentation of the most similar known function.

    Similar is what the search model that ships finds near, documentation left out on both sides.
    """
    encoder = Encoder(load_bundle())

    def vectors(some: Sequence[Pair]) -> NDArray[np.float32]:
        parts = [
            encoder.encode_chunks(encoder.bag_chunks([fields_of(pair) for pair in some[start : start + 4096]]))
            for start in range(0, len(some), 4096)
        ]
        return np.concatenate(parts)

    of_known, of_pairs = vectors(known), vectors(pairs)
    nearest = [int(best) for start in range(0, len(pairs), 256)
               for best in (of_pairs[start : start + 256] @ of_known.T).argmax(axis=1)]  # fmt: skip
    return [known[place].query for place in nearest]


def documentation_of(
    runs: Sequence[Path], pairs: Sequence[Pair], *, beams: int = 1, penalty: float = 0.6, longest: int = 40
) -> list[str]:
    """Return what the best model of a run, or those of several runs together, write about each function.

    Raises:
        TrainingError: the runs have different vocabularies.
    """
    loaded = [load_model(run) for run in runs]
    vocabularies = {(run / SUBWORDS).read_bytes() for run in runs}
    if len(vocabularies) > 1:
        raise TrainingError(f"{runs[-1]}: another vocabulary than {runs[0]}: give --subwords when it is trained")
    model: StepModel = loaded[0][0] if len(loaded) == 1 else Ensemble([model for model, _ in loaded])
    subwords = load_subwords(runs[0] / SUBWORDS)
    read = min(settings.longest_source for _, settings in loaded)
    sources = token_rows(encode_code(subwords, [pair.code for pair in pairs], read))
    texts = [""] * len(pairs)
    order = np.argsort(sources.lengths, kind="stable")
    order = order[sources.lengths[order] > 0]
    for start in range(0, len(order), _ROWS_AT_ONCE):
        places = order[start : start + _ROWS_AT_ONCE]
        source = pad_rows(sources, places, PAD)
        found: list[Written]
        if beams > 1:
            found = beam_search(model, source, begin=BEGIN, end=END, beams=beams, longest=longest, penalty=penalty)
        else:
            found = greedy(model, source, begin=BEGIN, end=END, longest=longest)
        for place, written in zip(places, found, strict=True):
            texts[place] = decode(subwords, written.tokens)
    return texts


def draw_looks(run: Path, pair: Pair, file: Path) -> None:
    """Draw where the best model of a run looked while it wrote about a function."""
    model, settings = load_model(run)
    subwords = load_subwords(run / SUBWORDS)
    (ids,) = encode_code(subwords, [pair.code], min(48, settings.longest_source))
    (written,) = greedy(model, torch.tensor([ids]), begin=BEGIN, end=END, longest=24, attends=True)
    names, tokens = ([str(subwords.id_to_token(token)) for token in row] for row in (ids, written.tokens))
    draw_attention(written.attention.numpy(), names, tokens, file, " ".join([run.name, pair.name]))


def table_of(figures: dict[str, tuple[GenerationFigures, Distribution]]) -> str:
    """Return figures as a Markdown table."""
    lines = [
        "| texts | BLEU-4 | ROUGE-L | chrF | words | distinct | ten most frequent | divergence |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, (found, spread_of) in figures.items():
        cells = [f"{part.mean:.2f} [{part.low:.2f}, {part.high:.2f}]" for part in found]
        cells += [f"{spread_of.words:.1f}", f"{spread_of.distinct:.2f}", f"{spread_of.ten_most:.1%}",
                  f"{spread_of.divergence:.3f}"]  # fmt: skip
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("pairs", type=Path, help="pairs of any split; test pairs are for reporting alone")
    parser.add_argument("runs", type=Path, nargs="*", help="folders of runs")
    parser.add_argument(
        "--nearest", type=Path, help="training pairs of which the most similar one's text is the baseline"
    )
    parser.add_argument("--limit", type=int, help="measure so many pairs, evenly spread (all)")
    parser.add_argument("--beams", type=int, default=1, help="beginnings that are kept; 1 is greedy (%(default)s)")
    parser.add_argument("--penalty", type=float, default=0.6, help="length penalty of beam search (%(default)s)")
    parser.add_argument("--together", action="store_true", help="measure the runs as an ensemble as well")
    parser.add_argument("--out", type=Path, required=True, help="a folder for figures, samples and pictures")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch (%(default)s)")


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    torch.set_num_threads(options.threads)
    pairs = list(read_pairs(options.pairs))
    if not pairs:
        raise TrainingError(f"{options.pairs}: no pairs in it")
    pairs = [pairs[number] for number in spread(len(pairs), options.limit or len(pairs))]
    wanted = [pair.query for pair in pairs]
    writers: dict[str, Callable[[], list[str]]] = {}
    if options.nearest:
        writers["most similar function"] = lambda: nearest_documentation(pairs, list(read_pairs(options.nearest)))
    for run in options.runs:
        writers[run.name] = partial(documentation_of, [run], pairs, beams=options.beams, penalty=options.penalty)
    if options.together:
        writers["together"] = partial(
            documentation_of, options.runs, pairs, beams=options.beams, penalty=options.penalty
        )
    options.out.mkdir(parents=True, exist_ok=True)
    texts = {"documentation": wanted}
    figures: dict[str, tuple[GenerationFigures, Distribution]] = {}
    for name, writer in writers.items():
        texts[name] = writer()
        figures[name] = measure_texts(texts[name], wanted), distribution_of(texts[name], wanted)
        print(table_of({name: figures[name]}).splitlines()[-1], flush=True)
    (options.out / "figures.md").write_text(table_of(figures), encoding="utf-8")
    (options.out / "figures.json").write_text(
        json.dumps({"pairs": str(options.pairs.name), "rows": len(pairs), "beams": options.beams,
                    "penalty": options.penalty,
                    "figures": {name: {**found._asdict(), **how._asdict()} for name, (found, how) in figures.items()}},
                   indent=2) + "\n", encoding="utf-8",
    )  # fmt: skip
    (options.out / "texts.jsonl").write_text(
        "".join(json.dumps({"function": pair.name, **{name: rows[number] for name, rows in texts.items()}}) + "\n"
                for number, pair in enumerate(pairs)), encoding="utf-8",
    )  # fmt: skip
    shown = spread(len(pairs), _SAMPLES)
    samples = [{"code": pairs[n].code, **{name: rows[n] for name, rows in texts.items()}} for n in shown]
    write_samples(samples, options.out / "samples.html", f"{len(samples)} of {len(pairs)} functions")
    if options.runs:
        draw_curves({run.name: run for run in options.runs}, options.out / "curves.png")
    # Long enough to have something to look at, short enough for a picture.
    looked_at = min((pairs[n] for n in shown), key=lambda pair: abs(len(words_of(pair.code)) - _WORDS_LOOKED_AT))
    for run in options.runs:
        draw_looks(run, looked_at, options.out / f"attention-{run.name}.png")
