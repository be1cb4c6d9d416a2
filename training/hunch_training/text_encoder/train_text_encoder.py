"""Train a small Transformer that turns a sentence into a vector.

    hunch-train text-encoder ../shared/data --run runs/text/words --tokenizer runs/tokenizer.json --objective masked
    hunch-train text-encoder ../shared/data --run runs/text/pairs --start runs/text/words --objective contrastive

Objectives, alone or one after the other (``--start``):
    masked        guess hidden words (BERT; Devlin et al., 2019, arXiv:1810.04805)
    distil        come to what a public encoder makes of a text (see ``teacher``)
    contrastive   find the other text of a pair among those of the batch

The rows that choose are those of ``text_retrieval``, valid.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from filelock import FileLock
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from hunch.text.tokenizer import CONTINUATION, PADDING_ID, UNKNOWN_ID, Tokenizer, load_tokenizer
from hunch_training.data.pairs import training_files
from hunch_training.errors import TrainingError
from hunch_training.loop.devices import gather_rows
from hunch_training.loop.fit import fit
from hunch_training.loop.run_folder import BEST, describe_run, load_checkpoint, load_weights
from hunch_training.loop.settings import LoopSettings
from hunch_training.networks.transformer_encoder import TransformerEncoder
from hunch_training.stage_flags import add_flags, settings_of
from hunch_training.text_encoder.evaluate_text import TextRetrieval, load_text_sets, reciprocal_ranks, scorer_of
from hunch_training.text_encoder.objectives import (
    HiddenWords,
    MaskedBatch,
    PairBatch,
    TaughtBatch,
    Temperature,
    contrastive_loss,
    hide,
    similarity_loss,
    vector_loss,
)
from hunch_training.text_encoder.teacher import ABOUT, Taught, load_vectors
from hunch_training.text_encoder.text_pairs import KINDS, read_text_pairs, sentences_of
from hunch_training.tokens.token_rows import TokenRows, load_rows, pad_rows, rows_written, token_rows, write_rows

OBJECTIVES = ("masked", "contrastive", "distil")
VOCABULARY = "tokenizer.json"
_VALID_SENTENCES = 1000
_TEXTS_AT_ONCE = 128


@dataclass(frozen=True, slots=True)
class Settings(LoopSettings):
    """What decides the result of a run, besides its data."""

    objective: str = "contrastive"
    """masked, contrastive or distil"""
    dim: int = 256
    """of embeddings and layers; a multiple of 64, or below it one head"""
    layers: int = 3
    """of attention"""
    longest: int = 48
    """tokens of a text that are read"""
    dropout: float = 0.1
    """of embeddings and layers"""
    batch: int = 256
    """texts or pairs of a batch"""
    kinds: str = ",".join(KINDS)
    """pairs that are learnt from (or, for masked, the texts in them)"""
    every: int = 1
    """one row in so many of packages_pairs is read"""
    masked_share: float = 0.15
    """of the tokens (or words) that are hidden: 8 in 10 as unknown, 1 as another piece, 1 as it is"""
    whole_words: bool = True
    """hide all pieces of a word or none"""
    temperature: float = 0.05
    """of the softmax over a batch, at the start; it is learnt"""
    matryoshka: str = ""
    """dimensions whose first numbers are to work alone as well, as 64,128 (Kusupati et al., 2022, arXiv:2205.13147)"""
    vector_loss: str = "cosine"
    """how far a text is from its teacher's vector: cosine or mse"""
    vector_weight: float = 1.0
    """of that loss"""
    similarity_weight: float = 1.0
    """of the loss by how alike the texts of a batch are for the teacher and for us"""
    similarity_temperature: float = 0.05
    """of the softmax over those similarities"""


Batch: TypeAlias = MaskedBatch | PairBatch | TaughtBatch


class Rows(NamedTuple):
    """What is learnt from: texts or, with ``kinds``, pairs; a pair's texts are rows 2i and 2i + 1."""

    texts: TokenRows
    kinds: NDArray[np.int8] | None = None
    """int8 [n / 2], positions in KINDS; a batch has pairs of one kind"""
    numbers: NDArray[np.int64] | None = None
    """int64 [n], the same for the same text"""
    vectors: NDArray[np.float16] | None = None
    """float16 [n, dim of the teacher]"""


class Learner(nn.Module):
    """An encoder and the part that its objective needs besides, which is dropped afterwards."""

    def __init__(self, encoder: TransformerEncoder, head: HiddenWords | Temperature | nn.Linear) -> None:
        """Put both together."""
        super().__init__()
        self.encoder, self.head = encoder, head


def make_encoder(settings: Settings, vocabulary: int) -> TransformerEncoder:
    """Return an encoder with random weights."""
    return TransformerEncoder(
        vocabulary, settings.dim, layers=settings.layers, heads=max(1, settings.dim // 64), dropout=settings.dropout,
        longest=settings.longest, pad=PADDING_ID,
    )  # fmt: skip


def make_learner(settings: Settings, vocabulary: int, teacher_dim: int = 0) -> Learner:
    """Return a learner with random weights.

    Raises:
        TrainingError: there is no objective of that name.
    """
    torch.manual_seed(settings.seed)
    encoder = make_encoder(settings, vocabulary)
    if settings.objective == "masked":
        return Learner(encoder, HiddenWords(settings.dim, vocabulary))
    if settings.objective == "contrastive":
        return Learner(encoder, Temperature(settings.temperature))
    if settings.objective == "distil":
        return Learner(encoder, nn.Linear(settings.dim, teacher_dim, bias=False))
    raise TrainingError(f"there is no objective {settings.objective!r}: known are {', '.join(OBJECTIVES)}")


def plan_epoch(rows: Rows, settings: Settings, epoch: int) -> list[NDArray[np.int64]]:
    """Return the batches of an epoch as numbers of texts or pairs, in random order.

    A batch has texts of like lengths and pairs of one kind. All batches are equally large, so that several processes
    can put theirs together: where a kind has no multiple of that, some of its rows come twice.
    """
    generator = np.random.default_rng((settings.seed, epoch))
    lengths = rows.texts.lengths
    first, second = (lengths, lengths) if rows.kinds is None else (lengths[::2], lengths[1::2])
    kinds = np.zeros(len(first), np.int8) if rows.kinds is None else rows.kinds
    batches: list[NDArray[np.int64]] = []
    for kind in np.unique(kinds):
        chosen = np.flatnonzero(kinds == kind)
        chosen = np.concatenate([chosen, generator.choice(chosen, -len(chosen) % settings.batch)])
        noise = generator.integers(0, 4, len(chosen))  # so that texts of one length do not always meet
        order = np.lexsort((generator.random(len(chosen)), second[chosen], (first[chosen] + noise) // 4))
        batches += np.split(chosen[order], len(chosen) // settings.batch)
    return [batches[number] for number in generator.permutation(len(batches))]


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
        generator: hides tokens.
        settings: the objective, and what is hidden.
        continues: bool [vocabulary], pieces that go on with a word.
    """
    if rows.kinds is not None and rows.numbers is not None:
        numbers = torch.from_numpy(np.stack([rows.numbers[2 * chosen], rows.numbers[2 * chosen + 1]], axis=1))
        left, right = (pad_rows(rows.texts, 2 * chosen + side, PADDING_ID) for side in (0, 1))
        return PairBatch(left, right, numbers)
    ids = pad_rows(rows.texts, chosen, PADDING_ID)
    if rows.vectors is not None:
        return TaughtBatch(ids, torch.from_numpy(rows.vectors[chosen].astype(np.float32)))
    return hide(ids, generator, continues, share=settings.masked_share, whole_words=settings.whole_words)


def loss_of(learner: Learner, batch: Batch, settings: Settings) -> Tensor:
    """Return the loss of a batch, a scalar; the objective is that of the learner's head."""
    if isinstance(batch, MaskedBatch):
        return masked_loss(learner, batch)
    if isinstance(batch, PairBatch):
        left, right = learner.encoder(batch.left), learner.encoder(batch.right)
        dims = [*dims_of(settings), left.shape[1]]
        with torch.autocast(left.device.type, enabled=False):
            left, right, numbers = (gather_rows(part) for part in (left.float(), right.float(), batch.numbers))
            parts = [contrastive_loss(left[:, :dim], right[:, :dim], numbers, learner.head()) for dim in dims]
            return torch.stack(parts).mean()
    vectors = learner.encoder(batch.ids)
    mapped = learner.head(vectors)
    with torch.autocast(vectors.device.type, enabled=False):
        near = vector_loss(mapped.float(), batch.vectors, settings.vector_loss)
        alike = similarity_loss(vectors.float(), batch.vectors, settings.similarity_temperature)
        return settings.vector_weight * near + settings.similarity_weight * alike


def masked_loss(learner: Learner, batch: MaskedBatch) -> Tensor:
    """Return the mean cross-entropy of a hidden piece, 0 when nothing is hidden."""
    places = batch.wanted != PADDING_ID
    scores = learner.head(learner.encoder.states(batch.ids)[places], learner.encoder.table.weight)
    summed = functional.cross_entropy(scores.float(), batch.wanted[places], reduction="sum")
    return summed / places.sum().clamp(min=1)


def dims_of(settings: Settings) -> list[int]:
    """Return the smaller dimensions that are to work alone.

    Raises:
        TrainingError: they are not numbers below the dimension.
    """
    try:
        dims = [int(part) for part in settings.matryoshka.split(",") if part]
    except ValueError:
        dims = [0]
    if any(not 0 < dim < settings.dim for dim in dims):
        raise TrainingError(f"--matryoshka {settings.matryoshka}: give numbers below {settings.dim}, as 64,128")
    return dims


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
        table: a checkpoint of a bag of tokens whose embeddings are the start; their directions alone, as the layers'
            norms leave no weights.
        device: where to compute; None for the best there is.
        loop: see ``fit``.

    Raises:
        TrainingError: see ``fit``; or the run to start from has another shape or vocabulary.
    """
    if not len(rows.texts):
        raise TrainingError("there are no texts to learn from: check --kinds, --every and --limit")
    dims_of(settings)
    learner = make_learner(settings, len(tokenizer.pieces), 0 if rows.vectors is None else rows.vectors.shape[1])
    if start:
        load_weights(learner.encoder, _weights_of_encoder(start), start / BEST)
    if table:
        rows_of_table = load_checkpoint(table)["model"].get("bag.table", torch.empty(0))
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
            figures = valid_words(learner, valid_rows, settings, continues)
        scorer = scorer_of(lambda texts: encode_texts(learner.encoder, texts, tokenizer, longest=settings.longest))
        found = {f"valid_{part.name}": float(np.mean(reciprocal_ranks(part, scorer))) for part in valid}
        return {**figures, **found, "valid_mrr": float(np.mean(list(found.values())))}

    return fit(
        learner,
        [plan_epoch(rows, settings, epoch) for epoch in range(settings.epochs)],
        lambda chosen, generator: draw_batch(rows, chosen, generator, settings, continues),
        lambda learner, batch, _: loss_of(learner, batch, settings),
        measure, settings, run,
        choose_by="valid_loss" if settings.objective == "masked" else "valid_mrr",
        size_of=lambda batch: batch.ids.numel() if isinstance(batch, (MaskedBatch, TaughtBatch))
        else batch.left.numel() + batch.right.numel(),
        device=device,
        advice=f"try --batch {settings.batch // 2}",
        **loop,
    )  # fmt: skip


@torch.no_grad()
def valid_words(learner: Learner, rows: Rows, settings: Settings, continues: NDArray[np.bool_]) -> dict[str, float]:
    """Return the mean loss of hidden pieces of some texts, always the same ones, and the share that is guessed."""
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
    return {"valid_loss": loss / max(count, 1), "valid_guessed": right / max(count, 1)}


@torch.no_grad()
def encode_texts(
    encoder: TransformerEncoder, texts: Sequence[str], tokenizer: Tokenizer, *, longest: int, dim: int | None = None
) -> NDArray[np.float32]:
    """Return the embeddings of texts, or their first numbers alone, float32 [n, dim], L2-normalised.

    A text without a word is zeros.
    """
    was_training = encoder.training
    encoder.eval()
    rows = token_rows(ids_of(texts, tokenizer, longest))
    vectors = np.zeros((len(texts), dim or encoder.dim), np.float32)
    order = np.argsort(rows.lengths, kind="stable")
    for start in range(0, len(order), _TEXTS_AT_ONCE):
        chosen = order[start : start + _TEXTS_AT_ONCE]
        ids = pad_rows(rows, chosen, PADDING_ID).to(encoder.positions.device)
        vectors[chosen] = functional.normalize(encoder(ids).float()[:, :dim], dim=1).cpu().numpy()
    encoder.train(was_training)
    return vectors


def load_encoder(run: Path) -> tuple[TransformerEncoder, Tokenizer, Settings]:
    """Return the best encoder of a run, in evaluation mode, its vocabulary and its settings.

    Raises:
        TrainingError: there is no such run, or its checkpoint is none of this stage's.
    """
    weights, settings = _weights_of_encoder(run), _settings_of_run(run)
    tokenizer = read_tokenizer(run / VOCABULARY)
    encoder = make_encoder(settings, len(tokenizer.pieces))
    load_weights(encoder, weights, run / BEST)
    return encoder.eval(), tokenizer, settings


def read_tokenizer(file: Path) -> Tokenizer:
    """Return the vocabulary of a file.

    Raises:
        TrainingError: it cannot be read.
    """
    try:
        return load_tokenizer(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{file}: not a vocabulary ({error}): make one with train_tokenizer") from error


def ids_of(texts: Sequence[str], tokenizer: Tokenizer, longest: int) -> Iterator[list[int]]:
    """Give the first token ids of each text."""
    return (tokenizer.encode_text(text)[:longest] for text in texts)


def read_texts(data: Path, tokenizer: Tokenizer, settings: Settings, cache: Path) -> Rows:
    """Read the texts that hidden words are guessed in, once, into a cache."""
    place = cache / "texts"
    if not rows_written(place):
        cache.mkdir(parents=True, exist_ok=True)
        pairs = read_text_pairs(data, settings.kinds.split(","), every=settings.every, limit=settings.limit)
        ids = (tokenizer.encode_text(text)[: settings.longest] for text in sentences_of(pairs))
        return Rows(write_rows((row for row in ids if len(row) > 1), place))
    return Rows(load_rows(place))


def read_pairs_of_texts(data: Path, tokenizer: Tokenizer, settings: Settings, cache: Path) -> Rows:
    """Read pairs, once, into a cache; those without a word on a side, or with the same words, are left out."""
    place, kinds_file = cache / "pairs", cache / "kinds.npy"
    if not (rows_written(place) and kinds_file.is_file()):
        cache.mkdir(parents=True, exist_ok=True)
        kinds: list[int] = []

        def sides() -> Iterator[list[int]]:
            for pair in read_text_pairs(data, settings.kinds.split(","), every=settings.every, limit=settings.limit):
                left, right = (tokenizer.encode_text(text)[: settings.longest] for text in (pair.left, pair.right))
                if left and right and left != right:
                    kinds.append(KINDS.index(pair.kind))
                    yield from (left, right)

        write_rows(sides(), place)
        np.save(kinds_file, np.array(kinds, np.int8))
    rows = load_rows(place)
    return Rows(rows, np.load(kinds_file), numbers_of(rows))


def taught_rows(taught: Taught, tokenizer: Tokenizer, settings: Settings) -> Rows:
    """Return a teacher's texts and vectors."""
    ids = [tokenizer.encode_text(text)[: settings.longest] for text in taught.texts[: settings.limit]]
    known = np.flatnonzero([bool(row) for row in ids])
    return Rows(token_rows([ids[row] for row in known]), vectors=taught.vectors[known])


def numbers_of(rows: TokenRows) -> NDArray[np.int64]:
    """Return a number for each text, int64 [n], the same for the same tokens (and for two of 10^9 others by chance)."""
    digests = b"".join(
        hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in map(rows.row, range(len(rows)))
    )
    return np.frombuffer(digests, np.int64)


def _weights_of_encoder(run: Path) -> dict[str, Tensor]:
    weights = load_checkpoint(run / BEST)["model"]
    found = {name[len("encoder.") :]: value for name, value in weights.items() if name.startswith("encoder.")}
    if not found:
        raise TrainingError(f"{run / BEST}: the checkpoint of another stage: give a run of text-encoder")
    return found


def _settings_of_run(run: Path) -> Settings:
    found = load_checkpoint(run / BEST)["settings"]
    if set(found) != {field.name for field in fields(Settings)}:
        raise TrainingError(f"{run / BEST}: the checkpoint of another stage: give a run of text-encoder")
    return Settings(**found)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("data", type=Path, help="the data folder, with packages_pairs/ in it")
    parser.add_argument("--run", type=Path, required=True, help="the folder of the run; goes on if it is there")
    parser.add_argument("--tokenizer", type=Path, help="tokenizer.json (else that of --start)")
    parser.add_argument("--start", type=Path, help="the run whose encoder is the start (else random weights)")
    parser.add_argument(
        "--table", type=Path, help="best.pt of hunch-train joint with a bag, whose embeddings of tokens are the start"
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
    taught = load_vectors(options.teacher) if distils else None
    files = [options.teacher / ABOUT] if distils else training_files(options.data)
    if options.start and options.table:
        raise TrainingError("give --start or --table, not both")
    start = [options.start / BEST] if options.start else [options.table] if options.table else []
    options.run.mkdir(parents=True, exist_ok=True)
    with FileLock(options.run / "reading.lock"):  # of several processes one reads, and the others find what it wrote
        describe_run(options.run, "text-encoder", settings, [*files, *start, source])
        (options.run / VOCABULARY).write_bytes(source.read_bytes())
        if taught:
            rows = taught_rows(taught, tokenizer, settings)
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
