"""The bag-of-tokens static encoder: the embedding of a text is the weighted sum of its tokens' embeddings.

Both towers share one token table, as in StarSpace (Wu et al., 2017, arXiv:1709.03856); each has one learned weight a
token, the code tower one more a field, and counts enter as log(1 + count). Documentation is prose, so inside the
code tower it takes the token weights of the query side.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from hunch.text.bag import Bags
from hunch.text.render import FIELD_NAMES
from hunch_training.tokens.tensors import BagInput, bag_input

DOCUMENTATION = FIELD_NAMES.index("documentation")
QUERY_SIDE, CODE_SIDE = 0, 1


class StaticEncoder(nn.Module):
    """Token table [vocabulary, dim], log token weights [2, vocabulary], log field weights [fields]."""

    def __init__(self, vocabulary: int, dim: int = 256, *, seed: int = 0) -> None:
        """Start from random token vectors and equal weights."""
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.vocabulary, self.dim = vocabulary, dim
        self.table = nn.Parameter(torch.randn(vocabulary, dim, generator=generator) / math.sqrt(dim))
        self.token_weights = nn.Parameter(torch.zeros(2, vocabulary))
        self.field_weights = nn.Parameter(torch.zeros(len(FIELD_NAMES)))

    def start_from_frequencies(self, query_share: Tensor, code_share: Tensor) -> None:
        """Start the token weights from inverse document frequencies, given as shares of texts, float [vocabulary]."""
        with torch.no_grad():
            for side, share in ((QUERY_SIDE, query_share), (CODE_SIDE, code_share)):
                rarity = (-torch.log(share.clamp(min=1e-6))).clamp(min=0.1)
                self.token_weights[side] = torch.log(rarity / rarity.max())

    def encode_queries(self, bags: BagInput) -> Tensor:
        """Return the embeddings of queries, float32 [n, dim], L2-normalised; an empty bag is zeros."""
        return self._sum(bags, self._weight(bags.ids, QUERY_SIDE))

    def encode_code(self, bags: BagInput) -> Tensor:
        """Return the embeddings of code, float32 [n, dim], L2-normalised; an empty bag is zeros."""
        side = torch.where(bags.fields == DOCUMENTATION, QUERY_SIDE, CODE_SIDE)
        field = functional.embedding(bags.fields, self.field_weights[:, None]).squeeze(1).exp()
        return self._sum(bags, self._weight(bags.ids, side) * field)

    def _weight(self, ids: Tensor, side: Tensor | int) -> Tensor:
        flat = self.token_weights.view(-1, 1)
        return functional.embedding(ids + side * self.vocabulary, flat).squeeze(1).exp()

    def _sum(self, bags: BagInput, weights: Tensor) -> Tensor:
        weights = (weights * torch.log1p(bags.counts)).to(self.table.dtype)
        summed = functional.embedding_bag(bags.ids, self.table, bags.offsets, mode="sum", per_sample_weights=weights)
        return functional.normalize(summed, dim=1)


def encode_queries(model: StaticEncoder, bags: Bags) -> Tensor:
    """Return the embeddings of query bags, float32 [n, dim]."""
    return model.encode_queries(bag_input(bags))


def encode_code(model: StaticEncoder, bags: Bags) -> Tensor:
    """Return the embeddings of code bags, float32 [n, dim]."""
    return model.encode_code(bag_input(bags))
