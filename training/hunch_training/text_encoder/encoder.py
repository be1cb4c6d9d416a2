"""A text encoder: made from settings, loaded from a run, and what it encodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from hunch.text.tokenizer import PADDING_ID, Tokenizer
from hunch_training.errors import TrainingError
from hunch_training.loop.run_folder import BEST, load_checkpoint, load_weights
from hunch_training.networks.transformer_encoder import TransformerEncoder, load_encoder_weights
from hunch_training.text_encoder.settings import Settings
from hunch_training.tokens.token_rows import pad_rows, token_rows
from hunch_training.tokens.vocabulary import VOCABULARY, read_tokenizer

_TEXTS_AT_ONCE = 128


def make_encoder(settings: Settings, vocabulary: int) -> TransformerEncoder:
    """Return an encoder with random weights."""
    return TransformerEncoder(
        vocabulary, settings.dim, layers=settings.layers, heads=max(1, settings.dim // 64), dropout=settings.dropout,
        longest=settings.longest, pad=PADDING_ID,
    )  # fmt: skip


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
    weights, settings = load_encoder_weights(run), _settings_of_run(run)
    tokenizer = read_tokenizer(run / VOCABULARY)
    encoder = make_encoder(settings, len(tokenizer.pieces))
    load_weights(encoder, weights, run / BEST)
    return encoder.eval(), tokenizer, settings


def ids_of(texts: Sequence[str], tokenizer: Tokenizer, longest: int) -> Iterator[list[int]]:
    """Give the first token ids of each text."""
    return (tokenizer.encode_text(text)[:longest] for text in texts)


def _settings_of_run(run: Path) -> Settings:
    found = load_checkpoint(run / BEST)["settings"]
    if set(found) != {field.name for field in fields(Settings)}:
        raise TrainingError(f"{run / BEST}: the checkpoint of another stage: give a run of text-encoder")
    return Settings(**found)
