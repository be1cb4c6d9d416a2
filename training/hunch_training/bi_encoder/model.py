"""Two towers whose vectors meet in one space: a question lies near the code that answers it.

Each tower is a bag of tokens or a Transformer. Two bags share their table; two Transformers are one that reads both
sides, unless they are kept apart; towers of other widths come together through a linear map.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from hunch.text.bag import Bags
from hunch_training.errors import TrainingError
from hunch_training.loop.run_folder import load_checkpoint, load_weights
from hunch_training.networks.static_encoder import BagModel
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

TOWERS = ("bag", "transformer")
ENCODED_TOKENS = 1 << 13
"""Of a rectangle of sequences that is encoded at once, padding included"""

_SHARPEST = math.log(50.0)
_TINY = 1e-37


@dataclass(frozen=True, slots=True)
class Shape:
    """What a model is built of; kept with its weights."""

    vocabulary: int
    query_tower: str = "bag"
    code_tower: str = "bag"
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
        return bag_input(queries) if self.query_tower == "bag" else sequence_input(queries, tokens, field=QUERY_FIELD)

    def code_input(self, code: Bags, tokens: int = ENCODED_TOKENS) -> TowerInput:
        """Return what ``Reading.read_code`` gave as tensors, sequences in rectangles of at most so many tokens."""
        return bag_input(code) if self.code_tower == "bag" else sequence_input(code, tokens)


class JointModel(nn.Module):
    """The towers, and the learnt sharpness (one over the temperature, as a logarithm) that their cosines get."""

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
        self.bag = BagModel(shape.vocabulary, shape.dim, seed=seed) if "bag" in kinds else None
        if self.bag and shape.code_tower != "bag":
            self.bag.field_weights.requires_grad_(False)  # a query has no fields
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
        self.sharpness = nn.Parameter(torch.tensor(math.log(1 / temperature)))

    def encode_queries(self, queries: TowerInput) -> Tensor:
        """Return the embeddings of queries, float32 [n, dim], L2-normalised; one without a token is zeros."""
        if isinstance(queries, BagInput):
            assert self.bag is not None
            return self.bag.encode_queries(queries)
        return self._encode(queries, "queries")

    def encode_code(self, code: TowerInput) -> Tensor:
        """Return the embeddings of code, float32 [n, dim], L2-normalised; code without a token is zeros."""
        if isinstance(code, BagInput):
            assert self.bag is not None
            return self.bag.encode_code(code)
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


def contrastive_loss(
    queries: Tensor, code: Tensor, sharpness: Tensor, same: Tensor, sizes: Sequence[int] = (), size_weight: float = 1.0
) -> Tensor:
    """Return the in-batch softmax loss, both ways (Radford et al., 2021, arXiv:2103.00020).

    Args:
        queries: float32 [n, dim], L2-normalised.
        code: float32 [m, dim]: row i belongs to row i of the queries, those beyond n are further negatives of all.
        sharpness: what cosines are multiplied with, as a logarithm.
        same: bool [n, m], pairs that are no negatives because their queries are equal.
        sizes: numbers of leading dimensions that shall do on their own (Matryoshka representations, Kusupati et al.,
            2022, arXiv:2205.13147).
        size_weight: what the loss of each such size counts; that of the whole counts 1, and all are divided by the sum.
    """
    losses = [_softmax_both_ways(queries, code, sharpness, same)]
    for size in sizes:
        short_queries, short_code = (functional.normalize(part[:, :size], dim=1) for part in (queries, code))
        losses.append(size_weight * _softmax_both_ways(short_queries, short_code, sharpness, same))
    total: Tensor = sum(losses[1:], losses[0])
    return total / (1 + size_weight * len(sizes)) if sizes else total


def _softmax_both_ways(queries: Tensor, code: Tensor, sharpness: Tensor, same: Tensor) -> Tensor:
    # One exponential serves both directions. It cannot overflow, as cosine - 1 is never positive; the subtraction
    # is a further component, so that no further pass over [n, m] is needed.
    with torch.autocast(queries.device.type, enabled=False):
        sharp = sharpness.clamp(max=_SHARPEST).exp()
        scaled = torch.cat([queries.float() * sharp, -sharp.expand(len(queries), 1)], dim=1)
        logits = scaled @ torch.cat([code.float(), code.new_ones(len(code), 1, dtype=torch.float32)], dim=1).T
        own = logits.diagonal()
        weights = logits.exp()
        weights = weights.masked_fill(same, 0) if same.any() else weights
        by_code = weights[:, : len(queries)].sum(dim=0)
        others = weights.sum(dim=1).clamp(min=_TINY).log() + by_code.clamp(min=_TINY).log()
        return (others / 2 - own).mean()


def dense_scorer(model: JointModel, dim: int | None = None) -> Callable[[Bags, Bags], NDArray[np.float32]]:
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
def encode(model: JointModel, texts: Bags, side: str) -> Tensor:
    """Return the embeddings of one side, "queries" or "code", float32 [n, dim], on the model's device."""
    device = model.sharpness.device
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


def load_model(path: Path) -> tuple[JointModel, dict[str, Any]]:
    """Return the model of a checkpoint, in evaluation mode, and the checkpoint's other contents.

    Raises:
        TrainingError: there is no such checkpoint, or it is none of this stage's.
    """
    state = load_checkpoint(path)
    if "shape" not in state:
        raise TrainingError(f"{path}: the checkpoint of another stage: give the run of hunch-train joint")
    model = JointModel(Shape(**state["shape"]))
    load_weights(model, state.pop("model"), path)
    return model.eval(), state


def load_bag(path: Path) -> tuple[BagModel, dict[str, Any]]:
    """Return the bag of a checkpoint whose towers are both bags, and the checkpoint's other contents.

    Raises:
        TrainingError: there is no such checkpoint, or one of its towers is a Transformer.
    """
    model, state = load_model(path)
    if model.bag is None or len(model.transformers):
        raise TrainingError(f"{path}: has a Transformer tower: only two bags can be made into a bundle")
    return model.bag, state
