"""Train a small Transformer that turns a sentence into a vector.

    hunch-train text-encoder ../shared/data --run runs/text/words --tokenizer runs/tokenizer.json --objective masked
    hunch-train text-encoder ../shared/data --run runs/text/pairs --start runs/text/words --objective contrastive

Objectives, alone or one after the other (``--start``):
    masked        predict masked words (masked language modelling; BERT; Devlin et al., 2019, arXiv:1810.04805)
    distil        approach the embeddings of a public encoder (knowledge distillation; see ``teacher``)
    contrastive   find the other text of a pair among those of the batch

The rows that choose are those of ``text_retrieval``, valid.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from filelock import FileLock
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from hunch.text.tokenizer import CONTINUATION, PADDING_ID, UNKNOWN_ID, Tokenizer
from hunch_training.contrastive.loss import contrastive_loss
from hunch_training.data.pairs import training_files
from hunch_training.errors import TrainingError
from hunch_training.loop.devices import gather_rows
from hunch_training.loop.fit import fit
from hunch_training.loop.run_folder import BEST, describe_run, load_checkpoint, load_weights
from hunch_training.networks.transformer_encoder import TransformerEncoder, load_encoder_weights
from hunch_training.stage_flags import add_flags, settings_of
from hunch_training.text_encoder.encoder import encode_texts, ids_of, make_encoder
from hunch_training.text_encoder.objectives import (
    DistillationBatch,
    LogitScale,
    MaskedBatch,
    MaskedLanguageHead,
    PairBatch,
    mask_tokens,
    share_a_text,
    similarity_loss,
    vector_loss,
)
from hunch_training.text_encoder.retrieval_sets import TextRetrieval, load_text_sets, scorer_of, text_reciprocal_ranks
from hunch_training.text_encoder.rows import Rows, distillation_rows, plan_epoch, read_pairs_of_texts, read_texts
from hunch_training.text_encoder.settings import OBJECTIVES, Settings
from hunch_training.text_encoder.teacher_embeddings import ABOUT, load_embeddings
from hunch_training.tokens.token_rows import pad_rows, token_rows
from hunch_training.tokens.vocabulary import VOCABULARY, read_tokenizer

_VALID_SENTENCES = 1000
Batch: TypeAlias = MaskedBatch | PairBatch | DistillationBatch


class Learner(nn.Module):
    """An encoder and the part that its objective needs besides, which is dropped afterwards."""

    def __init__(self, encoder: TransformerEncoder, head: MaskedLanguageHead | LogitScale | nn.Linear) -> None:
        """Put both together."""
        super().__init__()
        self.encoder, self.head = encoder, head


def make_learner(settings: Settings, vocabulary: int, teacher_dim: int = 0) -> Learner:
    """Return a learner with random weights.

    Raises:
        TrainingError: there is no objective of that name.
    """
    torch.manual_seed(settings.seed)
    encoder = make_encoder(settings, vocabulary)
    if settings.objective == "masked":
        return Learner(encoder, MaskedLanguageHead(settings.dim, vocabulary))
    if settings.objective == "contrastive":
        return Learner(encoder, LogitScale(settings.temperature))
    if settings.objective == "distil":
        return Learner(encoder, nn.Linear(settings.dim, teacher_dim, bias=False))
    raise TrainingError(f"there is no objective {settings.objective!r}: known are {', '.join(OBJECTIVES)}")


def draw_batch(
    rows: Rows,
    chosen: NDArray[np.int64],
    generator: np.random.Generator,
    settings: Settings,
    continues: NDArray[np.bool_],
) -> Batch:
    """Return some texts or pairs as a batch.

    Args:
        rows: what is learnt from.
        chosen: numbers of texts or pairs.
        generator: chooses the masked tokens.
        settings: the objective, and what is masked.
        continues: bool [vocabulary], pieces that go on with a word.
    """
    if rows.kinds is not None and rows.numbers is not None:
        numbers = torch.from_numpy(np.stack([rows.numbers[2 * chosen], rows.numbers[2 * chosen + 1]], axis=1))
        left, right = (pad_rows(rows.texts, 2 * chosen + side, PADDING_ID) for side in (0, 1))
        return PairBatch(left, right, numbers)
    ids = pad_rows(rows.texts, chosen, PADDING_ID)
    if rows.vectors is not None:
        return DistillationBatch(ids, torch.from_numpy(rows.vectors[chosen].astype(np.float32)))
    return mask_tokens(
        ids, generator, continues, share=settings.masked_share, whole_word_masking=settings.whole_word_masking
    )


def loss_of(learner: Learner, batch: Batch, settings: Settings) -> Tensor:
    """Return the loss of a batch, a scalar; the objective is that of the learner's head."""
    if isinstance(batch, MaskedBatch):
        return masked_loss(learner, batch)
    if isinstance(batch, PairBatch):
        left, right = learner.encoder(batch.left), learner.encoder(batch.right)
        with torch.autocast(left.device.type, enabled=False):
            left, right, numbers = (gather_rows(part) for part in (left.float(), right.float(), batch.numbers))
            assert isinstance(learner.head, LogitScale)
            return contrastive_loss(left, right, learner.head.logit_scale, share_a_text(numbers), settings.sizes)
    vectors = learner.encoder(batch.ids)
    mapped = learner.head(vectors)
    with torch.autocast(vectors.device.type, enabled=False):
        near = vector_loss(mapped.float(), batch.vectors, settings.vector_loss)
        alike = similarity_loss(vectors.float(), batch.vectors, settings.similarity_temperature)
        return settings.vector_weight * near + settings.similarity_weight * alike


def masked_loss(learner: Learner, batch: MaskedBatch) -> Tensor:
    """Return the mean cross-entropy of a masked piece, 0 when nothing is masked."""
    places = batch.wanted != PADDING_ID
    scores = learner.head(learner.encoder.states(batch.ids)[places], learner.encoder.table.weight)
    summed = functional.cross_entropy(scores.float(), batch.wanted[places], reduction="sum")
    return summed / places.sum().clamp(min=1)


def train(
    rows: Rows, valid: Sequence[TextRetrieval], tokenizer: Tokenizer, settings: Settings, run: Path, *,
    start: Path | None = None, table: Path | None = None, device: torch.device | None = None, **loop: Any,
) -> float:  # fmt: skip
    """Train to the end, or go on from the run's last checkpoint; return the best figure on the valid rows.

    Args:
        rows: what is learnt from.
        valid: sets that choose the best epoch and end training early; for masked, the loss on their texts chooses.
        tokenizer: the vocabulary.
        settings: what decides the result.
        run: the folder of the run.
        start: a run whose encoder is the start.
        table: a checkpoint of a static encoder whose token embeddings are the start; their directions alone, as the
            layers' norms leave no weights.
        device: where to compute; None for the best there is.
        loop: see ``fit``.

    Raises:
        TrainingError: see ``fit``; or the run to start from has another shape or vocabulary.
    """
    if not len(rows.texts):
        raise TrainingError("there are no texts to learn from: check --kinds, --every and --limit")
    _ = settings.sizes  # says at once what is no size
    learner = make_learner(settings, len(tokenizer.pieces), 0 if rows.vectors is None else rows.vectors.shape[1])
    if start:
        load_weights(learner.encoder, load_encoder_weights(start), start / BEST)
    if table:
        rows_of_table = load_checkpoint(table)["model"].get("static_encoder.table", torch.empty(0))
        load_weights(learner.encoder.table, {"weight": functional.normalize(rows_of_table, dim=-1)}, table)
    continues = np.array([piece.startswith(CONTINUATION) for piece in tokenizer.pieces])
    sentences = list(dict.fromkeys(chain.from_iterable((*part.queries, *part.texts) for part in valid)))
    chosen = [
        sentences[i] for i in np.linspace(0, len(sentences) - 1, min(_VALID_SENTENCES, len(sentences))).astype(int)
    ]
    valid_rows = Rows(token_rows(ids_of(chosen, tokenizer, settings.longest)))

    def measure(learner: Learner) -> dict[str, float]:
        figures = {}
        if settings.objective == "masked":
            figures = valid_masked(learner, valid_rows, settings, continues)
        scorer = scorer_of(lambda texts: encode_texts(learner.encoder, texts, tokenizer, longest=settings.longest))
        found = {f"valid_{part.name}": float(np.mean(text_reciprocal_ranks(part, scorer))) for part in valid}
        return {**figures, **found, "valid_mrr": float(np.mean(list(found.values())))}

    return fit(
        learner,
        [plan_epoch(rows, settings, epoch) for epoch in range(settings.epochs)],
        lambda chosen, generator: draw_batch(rows, chosen, generator, settings, continues),
        lambda learner, batch, _: loss_of(learner, batch, settings),
        measure, settings, run,
        choose_by="valid_loss" if settings.objective == "masked" else "valid_mrr",
        size_of=lambda batch: batch.ids.numel() if isinstance(batch, (MaskedBatch, DistillationBatch))
        else batch.left.numel() + batch.right.numel(),
        device=device,
        advice=f"try --batch {settings.batch // 2}",
        **loop,
    )  # fmt: skip


@torch.no_grad()
def valid_masked(learner: Learner, rows: Rows, settings: Settings, continues: NDArray[np.bool_]) -> dict[str, float]:
    """Return the mean loss of masked pieces of some texts, always the same ones, and the share that is predicted."""
    device = learner.encoder.positions.device
    generator = np.random.default_rng(0)
    loss = right = count = 0.0
    order = np.argsort(rows.texts.lengths, kind="stable")
    for start in range(0, len(order), settings.batch):
        batch = draw_batch(rows, order[start : start + settings.batch], generator, settings, continues)
        assert isinstance(batch, MaskedBatch)
        ids, wanted = batch.ids.to(device), batch.wanted.to(device)
        places = wanted != PADDING_ID
        scores = learner.head(learner.encoder.states(ids)[places], learner.encoder.table.weight).float()
        loss += float(functional.cross_entropy(scores, wanted[places], reduction="sum"))
        right += int((scores.argmax(dim=1) == wanted[places]).sum())
        count += int(places.sum())
    return {"valid_loss": loss / max(count, 1), "valid_accuracy": right / max(count, 1)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("data", type=Path, help="the data folder, with packages_pairs/ in it")
    parser.add_argument("--run", type=Path, required=True, help="the folder of the run; goes on if it is there")
    parser.add_argument("--tokenizer", type=Path, help="tokenizer.json (else that of --start)")
    parser.add_argument("--start", type=Path, help="the run whose encoder is the start (else random weights)")
    parser.add_argument(
        "--table",
        type=Path,
        help="best.pt of a static encoder of hunch-train joint, whose token embeddings are the start",
    )
    parser.add_argument("--teacher", type=Path, help="the folder of hunch-train teacher, for --objective distil")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch (%(default)s)")
    parser.add_argument("--workers", type=int, default=0, help="processes that prepare batches (%(default)s)")
    add_flags(parser, Settings)


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    settings = settings_of(options, Settings)
    torch.set_num_threads(options.threads)
    source = options.tokenizer or (options.start and options.start / VOCABULARY)
    if not source:
        raise TrainingError("give --tokenizer FILE or --start RUN")
    tokenizer = read_tokenizer(source)
    if settings.objective not in OBJECTIVES:
        raise TrainingError(f"there is no objective {settings.objective!r}: known are {', '.join(OBJECTIVES)}")
    distils = settings.objective == "distil"
    if distils and not options.teacher:
        raise TrainingError("give --teacher FOLDER, as written by hunch-train teacher")
    teacher = load_embeddings(options.teacher) if distils else None
    files = [options.teacher / ABOUT] if distils else training_files(options.data)
    if options.start and options.table:
        raise TrainingError("give --start or --table, not both")
    start = [options.start / BEST] if options.start else [options.table] if options.table else []
    options.run.mkdir(parents=True, exist_ok=True)
    with FileLock(options.run / "reading.lock"):  # of several processes one reads, and the others find what it wrote
        describe_run(options.run, "text-encoder", settings, [*files, *start, source])
        (options.run / VOCABULARY).write_bytes(source.read_bytes())
        if teacher:
            rows = distillation_rows(teacher, tokenizer, settings)
        elif settings.objective == "masked":
            rows = read_texts(options.data, tokenizer, settings, options.run / "cache")
        else:
            rows = read_pairs_of_texts(options.data, tokenizer, settings, options.run / "cache")
    unknown = np.mean(rows.texts.ids == UNKNOWN_ID)
    print(f"{len(rows.texts):,} texts, {rows.texts.lengths.mean():.1f} tokens each, {len(tokenizer.pieces):,} pieces, "
          f"{unknown:.2%} unknown", flush=True)  # fmt: skip
    best = train(rows, load_text_sets(options.data, "valid"), tokenizer, settings, options.run, start=options.start,
                 table=options.table, workers=options.workers)  # fmt: skip
    print(f"best figure on the valid rows {best:.4f}  settings {asdict(settings)}", flush=True)
