"""The two-tower bag of tokens: a text is the weighted sum of its tokens' vectors, and that is all.

Both towers share one token table, as in StarSpace (Wu et al., 2017, arXiv:1709.03856); each has one learned weight a
token, the code tower one more a field, and counts enter as log(1 + count). Documentation is prose, so inside the
code tower it takes the token weights of the query side.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from hunch.text.render import FIELD_NAMES

DOCUMENTATION = FIELD_NAMES.index("documentation")
QUERY_SIDE, CODE_SIDE = 0, 1
_SHARPEST = math.log(50.0)
_TINY = 1e-37


class BagModel(nn.Module):
    """Token table [vocabulary, dim], log token weights [2, vocabulary], log field weights [fields]."""

    def __init__(self, vocabulary: int, dim: int = 256, *, seed: int = 0, temperature: float = 0.05) -> None:
        """Start from random token vectors and equal weights."""
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.vocabulary, self.dim = vocabulary, dim
        self.table = nn.Parameter(torch.randn(vocabulary, dim, generator=generator) / math.sqrt(dim))
        self.token_weights = nn.Parameter(torch.zeros(2, vocabulary))
        self.field_weights = nn.Parameter(torch.zeros(len(FIELD_NAMES)))
        self.sharpness = nn.Parameter(torch.tensor(math.log(1 / temperature)))

    def start_from_frequencies(self, query_share: Tensor, code_share: Tensor) -> None:
        """Start the token weights from inverse document frequencies, given as shares of texts, float [vocabulary]."""
        with torch.no_grad():
            for side, share in ((QUERY_SIDE, query_share), (CODE_SIDE, code_share)):
                rarity = (-torch.log(share.clamp(min=1e-6))).clamp(min=0.1)
                self.token_weights[side] = torch.log(rarity / rarity.max())

    def encode_queries(self, ids: Tensor, offsets: Tensor, counts: Tensor) -> Tensor:
        """Return the embeddings of queries, float32 [n, dim], L2-normalised; an empty bag is zeros.

        Args:
            ids: int [total] token ids of all queries, one after the other.
            offsets: int [n] where each query begins.
            counts: float32 [total].
        """
        return self._sum(ids, offsets, self._weight(ids, QUERY_SIDE) * torch.log1p(counts))

    def encode_code(self, ids: Tensor, fields: Tensor, offsets: Tensor, counts: Tensor) -> Tensor:
        """Return the embeddings of code, float32 [n, dim], L2-normalised; ``fields`` int [total] as in FIELD_NAMES."""
        side = torch.where(fields == DOCUMENTATION, QUERY_SIDE, CODE_SIDE)
        field = functional.embedding(fields, self.field_weights[:, None]).squeeze(1).exp()
        return self._sum(ids, offsets, self._weight(ids, side) * field * torch.log1p(counts))

    def loss(self, queries: Tensor, code: Tensor, same: Tensor) -> Tensor:
        """Return the in-batch softmax loss, both ways (Radford et al., 2021, arXiv:2103.00020).

        Args:
            queries: float32 [n, dim], L2-normalised.
            code: float32 [n, dim], row i belonging to row i of the queries.
            same: bool [n, n], pairs of different rows that are no negatives because their queries are equal.
        """
        # One exponential serves both directions. It cannot overflow, as cosine - 1 is never positive; the subtraction
        # is a 257th component, so that no further pass over [n, n] is needed.
        sharpness = self.sharpness.clamp(max=_SHARPEST).exp()
        scaled = torch.cat([queries * sharpness, -sharpness.expand(len(queries), 1)], dim=1)
        logits = scaled @ torch.cat([code, torch.ones(len(code), 1)], dim=1).T
        own = logits.diagonal()
        weights = logits.exp()
        weights = weights.masked_fill(same, 0) if same.any() else weights
        others = weights.sum(dim=1).clamp(min=_TINY).log() + weights.sum(dim=0).clamp(min=_TINY).log()
        return (others / 2 - own).mean()

    def _weight(self, ids: Tensor, side: Tensor | int) -> Tensor:
        flat = self.token_weights.view(-1, 1)
        return functional.embedding(ids + side * self.vocabulary, flat).squeeze(1).exp()

    def _sum(self, ids: Tensor, offsets: Tensor, weights: Tensor) -> Tensor:
        summed = functional.embedding_bag(ids, self.table, offsets, mode="sum", per_sample_weights=weights)
        return functional.normalize(summed, dim=1)
