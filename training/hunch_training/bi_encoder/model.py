"""Bi-encoders: a tower for queries and one for code, whose embeddings are compared by cosine.

Each tower is a bag-of-tokens static encoder or a Transformer. Two static encoders share their table; two Transformers
are one that reads both sides, unless they are kept apart; towers of other widths are followed by a linear map.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from hunch.model.bundle import sha256_of
from hunch.text.bag import Bags
from hunch_training.contrastive.loss import initial_logit_scale
from hunch_training.errors import TrainingError
from hunch_training.loop.run_folder import load_checkpoint, load_weights
from hunch_training.networks.static_encoder import StaticEncoder
from hunch_training.networks.transformer_encoder import TransformerEncoder
from hunch_training.tokens.sequences import Reading, longest_code
from hunch_training.tokens.tensors import (
    FIELDS,
    QUERY_FIELD,
    BagInput,
    SequenceInput,
    TowerInput,
    bag_input,
    sequence_input,
)

TOWERS = ("static", "transformer")
ENCODED_TOKENS = 1 << 13
"""Of a rectangle of sequences that is encoded at once, padding included"""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a model is built of; kept with its weights."""

    vocabulary: int
    query_tower: str = "static"
    code_tower: str = "static"
    dim: int = 256
    """of the space"""
    transformer_dim: int = 256
    layers: int = 2
    heads: int = 4
    apart: bool = False
    """two Transformers instead of one that reads both sides"""
    query_tokens: int = 32
    body_tokens: int = 64

    @property
    def reading(self) -> Reading:
        """What the towers are given."""
        return Reading(
            query_tokens=self.query_tokens if self.query_tower == "transformer" else None,
            body_tokens=self.body_tokens if self.code_tower == "transformer" else None,
        )

    def query_input(self, queries: Bags, tokens: int = ENCODED_TOKENS) -> TowerInput:
        """Return what ``Reading.read_queries`` gave as tensors, sequences in rectangles of at most so many tokens."""
        return (
            bag_input(queries) if self.query_tower == "static" else sequence_input(queries, tokens, field=QUERY_FIELD)
        )

    def code_input(self, code: Bags, tokens: int = ENCODED_TOKENS) -> TowerInput:
        """Return what ``Reading.read_code`` gave as tensors, sequences in rectangles of at most so many tokens."""
        return bag_input(code) if self.code_tower == "static" else sequence_input(code, tokens)


class BiEncoder(nn.Module):
    """The towers, and the learnt logit scale of their cosines."""

    def __init__(
        self, shape: Shape, *, seed: int = 0, temperature: float = 0.05, dropout: float = 0.1, recompute: bool = False
    ) -> None:
        """Start from random weights.

        Args:
            shape: what to build.
            seed: decides the weights.
            temperature: where the learnt one starts.
            dropout: of the Transformers, while training.
            recompute: forget what a rectangle of sequences left in the Transformer and compute it again on the way
                back, which gives the same gradients and lets a large batch cost the memory of one rectangle
                (gradient caching, Gao et al., 2021, arXiv:2101.06983).

        Raises:
            TrainingError: there is no such tower.
        """
        super().__init__()
        for kind in (shape.query_tower, shape.code_tower):
            if kind not in TOWERS:
                raise TrainingError(f"there is no tower {kind!r}: known are {', '.join(TOWERS)}")
        self.shape, self.recompute = shape, recompute
        kinds = (shape.query_tower, shape.code_tower)
        torch.manual_seed(seed)
        self.static_encoder = StaticEncoder(shape.vocabulary, shape.dim, seed=seed) if "static" in kinds else None
        if self.static_encoder and shape.code_tower != "static":
            self.static_encoder.field_weights.requires_grad_(False)  # a query has no fields
        longest = max(shape.query_tokens, longest_code(shape.body_tokens))
        self.transformers = nn.ModuleDict()
        self.maps = nn.ModuleDict()
        apart = shape.apart or len(set(kinds)) == 2
        for side, kind in zip(("queries", "code"), kinds, strict=True):
            if kind != "transformer" or ("both" in self.transformers):
                continue
            name = side if apart else "both"
            self.transformers[name] = TransformerEncoder(
                shape.vocabulary, shape.transformer_dim, layers=shape.layers, heads=shape.heads, fields=FIELDS,
                dropout=dropout, longest=longest,
            )  # fmt: skip
            if shape.transformer_dim != shape.dim:
                self.maps[name] = nn.Linear(shape.transformer_dim, shape.dim, bias=False)
        self.logit_scale = initial_logit_scale(temperature)

    def encode_queries(self, queries: TowerInput) -> Tensor:
        """Return the embeddings of queries, float32 [n, dim], L2-normalised; one without a token is zeros."""
        if isinstance(queries, BagInput):
            assert self.static_encoder is not None
            return self.static_encoder.encode_queries(queries)
        return self._encode(queries, "queries")

    def encode_code(self, code: TowerInput) -> Tensor:
        """Return the embeddings of code, float32 [n, dim], L2-normalised; code without a token is zeros."""
        if isinstance(code, BagInput):
            assert self.static_encoder is not None
            return self.static_encoder.encode_code(code)
        return self._encode(code, "code")

    def _encode(self, sequences: SequenceInput, side: str) -> Tensor:
        name = side if side in self.transformers else "both"
        encoder: nn.Module = self.transformers[name]
        parts = []
        for ids, fields in zip(sequences.ids, sequences.fields, strict=True):
            if self.recompute and torch.is_grad_enabled():
                parts.append(checkpoint(encoder, ids, fields, use_reentrant=False))
            else:
                parts.append(encoder(ids, fields))
        vectors: Tensor = torch.cat(parts)[sequences.place]
        if name in self.maps:
            vectors = functional.normalize(self.maps[name](vectors), dim=1)
        return vectors.float()


def dense_scorer(model: BiEncoder, dim: int | None = None) -> Callable[[Bags, Bags], NDArray[np.float32]]:
    """Return the scores of a model: cosines of queries and code, float32 [queries, code].

    Args:
        model: is given what its ``shape.reading`` reads.
        dim: leading dimensions that are compared; None for all.
    """

    def scores(queries: Bags, code: Bags) -> NDArray[np.float32]:
        of_queries, of_code = encode(model, queries, "queries"), encode(model, code, "code")
        if dim is not None:
            of_queries, of_code = (functional.normalize(part[:, :dim], dim=1) for part in (of_queries, of_code))
        result: NDArray[np.float32] = (of_queries @ of_code.T).cpu().numpy()
        return result

    return scores


@torch.no_grad()
def encode(model: BiEncoder, texts: Bags, side: str) -> Tensor:
    """Return the embeddings of one side, "queries" or "code", float32 [n, dim], on the model's device."""
    device = model.logit_scale.device
    given = model.shape.query_input(texts) if side == "queries" else model.shape.code_input(texts)
    moved: TowerInput
    if isinstance(given, BagInput):
        moved = BagInput(*(part.to(device) for part in given))
    else:
        ids, fields = ([part.to(device) for part in parts] for parts in (given.ids, given.fields))
        moved = SequenceInput(ids, fields, given.place.to(device))
    return model.encode_queries(moved) if side == "queries" else model.encode_code(moved)


def kept_shape(shape: Shape) -> dict[str, Any]:
    """Return what a checkpoint holds so that its model can be built again."""
    return {"shape": asdict(shape)}


def load_model(path: Path) -> tuple[BiEncoder, dict[str, Any]]:
    """Return the model of a checkpoint, in evaluation mode, and the checkpoint's other contents.

    Raises:
        TrainingError: there is no such checkpoint, or it is none of this stage's.
    """
    state = load_checkpoint(path)
    if "shape" not in state:
        raise TrainingError(f"{path}: the checkpoint of another stage: give the run of hunch-train joint")
    model = BiEncoder(Shape(**state["shape"]))
    load_weights(model, state.pop("model"), path)
    return model.eval(), state


def load_static_encoder(path: Path) -> tuple[StaticEncoder, dict[str, Any]]:
    """Return the static encoder of a checkpoint whose towers are both static, and the checkpoint's other contents.

    Raises:
        TrainingError: there is no such checkpoint, or one of its towers is a Transformer.
    """
    model, state = load_model(path)
    if model.static_encoder is None or len(model.transformers):
        raise TrainingError(f"{path}: has a Transformer tower: only two static encoders can be made into a bundle")
    return model.static_encoder, state


def check_tokenizer(run: Path, tokenizer: Path) -> None:
    """Check that a run was trained with a tokeniser.

    Raises:
        TrainingError: it was not, or there is no such run.
    """
    file = run / "run.json"
    try:
        described = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{file}: {error}: give the folder of a run") from error
    if described.get("tokenizer_sha256") != sha256_of(tokenizer):
        raise TrainingError(f"{tokenizer}: not the tokeniser that {run} was trained with: give that one")
