"""hunch-train: the stages of training as commands."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from hunch_training.errors import TrainingError

STAGES = {
    "codesearchnet": ("data.codesearchnet", "CodeSearchNet, from the hub or its files, as pairs"),
    "mine": ("data.mine_pairs", "pairs of documentation and code out of folders of source"),
    "describe": ("data.describe_data", "what pair files hold, as tables and as a data card"),
    "compare-tokenizers": (
        "tokenizer.compare_tokenizers",
        "subwords beside whole words: unknowns, lengths, rare names",
    ),
    "tokenizer": ("tokenizer.train_tokenizer", "the subword vocabulary of the search models"),
    "gettext-pairs": ("data.gettext_pairs", "pairs of sentences out of translation catalogues, to try a model on"),
    "seq2seq": ("seq2seq.train_seq2seq", "code -> documentation: recurrent with attention, or a Transformer"),
    "evaluate-seq2seq": ("seq2seq.evaluate_seq2seq", "what such models write, in figures, samples and pictures"),
    "teacher": ("text_encoder.teacher", "embeddings of the training texts by a public encoder, for distillation"),
    "text-encoder": ("text_encoder.train_text_encoder", "sentence encoder: masked words, distillation, pairs"),
    "evaluate-text": ("text_encoder.evaluate_text", "text encoders beside BM25 and a public one on held-out texts"),
    "joint": ("bi_encoder.train_bi_encoder", "bi-encoders of queries and code: static, Transformer, or both"),
    "contextual": (
        "contextual.train_contextual",
        "the contextual encoder, starting from a public sentence encoder",
    ),
    "mine-negatives": ("bi_encoder.mine_negatives", "hard negatives for bi-encoders, by a trained model or BM25"),
    "average-runs": ("loop.average_runs", "the mean of the weights of runs with one start"),
    "evaluate": ("bi_encoder.evaluate", "how well bi-encoders find code, BM25 beside them"),
    "compare-joint": ("bi_encoder.compare_bi_encoders", "quality, speed and size of bi-encoders in one table"),
    "gather-features": ("ranking.gather", "features of the candidates of train and valid queries, for the ranker"),
    "linear-weights": ("ranking.linear", "the linear baseline: one weight a feature for all queries"),
    "similar-weights": ("ranking.similar", "what features are worth where code stands for the question"),
    "ranker": ("ranking.train", "which weight each feature of a candidate gets for a query"),
    "calibrate-ranker": ("ranking.calibrate", "its scores as probabilities, and the thresholds of answerability"),
    "ablate-ranker": ("ranking.ablate", "what each group of features is worth to the ranker"),
    "tune-fields": ("ranking.fields", "weights and length normalisations of BM25F"),
}
"""Command to module and a line of help; modules are loaded when they are run, as torch takes seconds."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a stage; 0 when it is done, 2 when it cannot be done, 130 when it was interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="hunch-train", description="Train the models that Hunch searches with.")
    stages = parser.add_subparsers(dest="stage", metavar="STAGE", required=True)
    for name, (_, text) in STAGES.items():
        stages.add_parser(name, help=text, add_help=False)
    stage = parser.parse_args(given[:1]).stage
    try:
        module = importlib.import_module(f"hunch_training.{STAGES[stage][0]}")
    except ModuleNotFoundError as error:
        print(f"hunch-train {stage}: needs the package {error.name}: pip install codehunch-training", file=sys.stderr)
        return 2
    of_stage = argparse.ArgumentParser(
        prog=f"hunch-train {stage}", description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    module.add_arguments(of_stage)
    try:
        module.run_stage(of_stage.parse_args(given[1:]))
    except (TrainingError, FileNotFoundError) as error:
        print(f"hunch-train {stage}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
