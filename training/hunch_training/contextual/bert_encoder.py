"""BERT's encoder, so that a public model of that shape can be a start (Devlin et al., 2019, arXiv:1810.04805).

Its parts normalise last and its positions are learned, unlike those of ``attention.py``; the names of the weights are
the public ones, so that a file of weights is read without a table of names.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, normalize, scaled_dot_product_attention

from hunch.text.sequence import SEQUENCE_PIECES
from hunch.text.tokenizer import PADDING_ID, Tokenizer
from hunch_training.errors import TrainingError

_EPSILON = 1e-12


@dataclass(frozen=True, slots=True)
class BertShape:
    """What an encoder is built of; kept with its weights."""

    vocabulary: int
    dim: int = 384
    layers: int = 6
    heads: int = 12
    wide: int = 1536
    positions: int = 64


class BertEncoder(nn.Module):
    """Layers of attention; a text is the mean over its tokens, scaled to length 1."""

    def __init__(self, shape: BertShape, dropout: float = 0.1) -> None:
        """Start from random weights."""
        super().__init__()
        self.shape = shape
        self.words = nn.Embedding(shape.vocabulary, shape.dim, padding_idx=PADDING_ID)
        self.positions = nn.Parameter(torch.zeros(shape.positions, shape.dim))
        self.norm = nn.LayerNorm(shape.dim, eps=_EPSILON)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(BertLayer(shape, dropout) for _ in range(shape.layers))
        nn.init.normal_(self.words.weight, std=0.02)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the embeddings of sequences, float32 [n, dim], L2-normalised; a row of padding alone is zeros.

        Args:
            ids: int64 [n, length], padded with 0 on the right.
        """
        is_token = ids != PADDING_ID
        # A row without a token would have nothing to attend to, and end as NaN: its padding attends to itself.
        mask = (is_token | ~is_token.any(dim=1, keepdim=True))[:, None, None, :]
        states = self.dropout(self.norm(self.words(ids) + self.positions[: ids.shape[1]]))
        for layer in cast("list[BertLayer]", self.layers):
            states = layer(states, mask)
        return normalize((states * is_token[:, :, None]).sum(dim=1).float(), dim=1)


class BertLayer(nn.Module):
    """Attention to itself and two linear maps, each normalised after what it adds to."""

    def __init__(self, shape: BertShape, dropout: float) -> None:
        """Start from random weights."""
        super().__init__()
        self.heads = shape.heads
        self.query, self.key, self.value, self.join = (nn.Linear(shape.dim, shape.dim) for _ in range(4))
        self.join_norm = nn.LayerNorm(shape.dim, eps=_EPSILON)
        self.widen, self.narrow = nn.Linear(shape.dim, shape.wide), nn.Linear(shape.wide, shape.dim)
        self.narrow_norm = nn.LayerNorm(shape.dim, eps=_EPSILON)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Return what each position becomes, [n, length, dim]; ``mask`` bool [n, 1, 1, length]."""
        query, key, value = (self._split(part(states)) for part in (self.query, self.key, self.value))
        read = scaled_dot_product_attention(query, key, value, mask).transpose(1, 2).flatten(2)
        states = self.join_norm(states + self.dropout(self.join(read)))
        changed: Tensor = self.narrow_norm(states + self.dropout(self.narrow(gelu(self.widen(states)))))
        return changed

    def _split(self, joined: Tensor) -> Tensor:
        return joined.view(*joined.shape[:2], self.heads, -1).transpose(1, 2)


def read_public(
    folder: Path, *, layers: int | None = None, positions: int = 64, dropout: float = 0.1
) -> tuple[BertEncoder, Tokenizer]:
    """Return a public encoder that `transformers` saved, and a tokeniser with those of its pieces that code can have.

    Pieces of other scripts and unused ones are left out, a tenth of the vocabulary.

    Args:
        folder: with config.json, vocab.txt and model.safetensors.
        layers: how many are kept, spread evenly, the last among them; None for all.
        positions: how many are kept.
        dropout: of the encoder.

    Raises:
        TrainingError: there is no such model, or it is of another kind.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        pieces = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError) as error:
        raise TrainingError(f"{folder}: {error}: give a folder that transformers saved, with vocab.txt") from error
    if config.get("model_type") != "bert" or config.get("hidden_act") != "gelu":
        raise TrainingError(f"{folder}: not an encoder of BERT's shape: give one, for example all-MiniLM-L6-v2")
    numbers = {piece: number for number, piece in enumerate(pieces)}
    kept = [*SEQUENCE_PIECES, *(piece for piece in numbers if _is_plain(piece))]
    shape = BertShape(
        vocabulary=len(kept), dim=config["hidden_size"], layers=layers or config["num_hidden_layers"],
        heads=config["num_attention_heads"], wide=config["intermediate_size"], positions=positions,
    )  # fmt: skip
    encoder = BertEncoder(shape, dropout)
    _fill(encoder, _read_weights(folder), torch.tensor([numbers[piece] for piece in kept]), config["num_hidden_layers"])
    return encoder, Tokenizer(kept)


def _is_plain(piece: str) -> bool:
    letters = piece.removeprefix("##")
    return letters.isascii() and (letters.isalnum() or len(letters) == len(piece) == 1) and piece not in SEQUENCE_PIECES


def _read_weights(folder: Path) -> dict[str, Tensor]:
    try:
        from safetensors.torch import load_file
    except ModuleNotFoundError as error:
        raise TrainingError("a public encoder needs the package safetensors: pip install safetensors") from error
    weights: dict[str, Tensor] = load_file(folder / "model.safetensors")
    return weights


@torch.no_grad()
def _fill(encoder: BertEncoder, given: dict[str, Tensor], kept: Tensor, deep: int) -> None:
    begin = "embeddings."
    encoder.words.weight.copy_(given[begin + "word_embeddings.weight"][kept])
    positions = given[begin + "position_embeddings.weight"][: encoder.shape.positions]
    encoder.positions.copy_(positions + given[begin + "token_type_embeddings.weight"][0])
    _copy(encoder.norm, given, begin + "LayerNorm")
    for place, layer in enumerate(cast("list[BertLayer]", encoder.layers)):
        number = round((place + 1) * deep / encoder.shape.layers) - 1
        names = {
            "query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
            "join": "attention.output.dense", "join_norm": "attention.output.LayerNorm",
            "widen": "intermediate.dense", "narrow": "output.dense", "narrow_norm": "output.LayerNorm",
        }  # fmt: skip
        for own, public in names.items():
            _copy(getattr(layer, own), given, f"encoder.layer.{number}.{public}")


def _copy(part: nn.Module, given: dict[str, Tensor], name: str) -> None:
    for kind in ("weight", "bias"):
        getattr(part, kind).copy_(given[f"{name}.{kind}"])
