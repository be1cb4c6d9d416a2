"""The ranker: from how the features of a query's candidates are spread, the weight of each feature for that query.

A score is a sum of features times weights, so what made it can be told; the weights come from a small network (a
hypernetwork: Ha et al., 2017, arXiv:1609.09106) that sees the greatest, the mean and the spread of each feature over
the candidates, and the query's own features. It chooses between multiples of usual weights that are the same for all
queries, so that no feature decides alone. Positive features count for a candidate and negative ones against it:
among the candidates of a query more of a positive feature never lowers a score.

A second network says what the sums are worth as a probability of being right: a scale, a bias, and what the rivals of a
candidate take away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

LEAST_SHARE = 1e-3
"""What the rivals of a candidate have of a softmax at least, however far behind they are"""


class Lists(NamedTuple):
    """The candidates of q queries, n in all, one query after the other."""

    positive: Tensor
    """float32 [n, positive]"""
    negative: Tensor
    """float32 [n, negative]"""
    query_of: Tensor
    """int64 [n], ascending"""
    query: Tensor
    """float32 [q, features], of the queries; the first number is 1 for queries of one word"""

    @property
    def queries(self) -> int:
        """How many there are."""
        return len(self.query)


class Weighed(NamedTuple):
    """What the network says of q queries."""

    positive: Tensor
    """float32 [q, positive], not negative"""
    negative: Tensor
    """float32 [q, negative], not positive"""
    scale: Tensor
    """float32 [q], what one unit of a candidate's sum adds to its logit"""
    bias: Tensor
    """float32 [q]"""
    rivalry: Tensor
    """float32 [q], what one unit of the soft maximum of the others' sums takes away"""


class Ranker(nn.Module):
    """The network, with the mean and spread of its inputs on the training queries."""

    def __init__(
        self, usual: Sequence[float], least: Sequence[float], most: Sequence[float], positives: int, told: int,
        query_features: int, hidden: int = 32,
    ) -> None:  # fmt: skip
        """Make a network that says of every query that the usual weights are right.

        Args:
            usual: the weights of the positive features, then of the negative.
            least: what the network can lower each to, as a share of the usual, below 1.
            most: what it can raise each to, above 1.
            positives: how many of them are of positive features.
            told: of how many of those, the first, the network sees how they are spread.
            query_features: how many features a query has.
            hidden: numbers between statistics and weights.
        """
        super().__init__()
        self.positives, self.told, self.least = positives, told, torch.tensor(least)
        inputs = 3 * told + query_features
        self.usual: Tensor
        self.mean: Tensor
        self.spread: Tensor
        self.register_buffer("usual", torch.tensor(usual))
        self.range = torch.tensor(most) - self.least
        """how far the multiples reach"""
        self.middle = torch.log((1 - self.least) / (torch.tensor(most) - 1))
        """what is added to the network's output so that zero means the usual weight"""
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("spread", torch.ones(inputs))
        self.first = nn.Linear(inputs, hidden)
        self.weights = nn.Linear(hidden, len(usual))
        self.temperature = nn.Parameter(torch.zeros(1))
        """logarithm of what sums are multiplied with where candidates compete"""
        self.second = nn.Linear(inputs, hidden)
        self.calibration = nn.Linear(hidden, 3)
        for zeroed in (self.weights, self.calibration):
            nn.init.zeros_(zeroed.weight)
            nn.init.zeros_(zeroed.bias)

    def weigh(self, statistics: Tensor) -> Weighed:
        """Return the weights for queries whose ``statistics`` are given, float32 [q, 3 * told + query_features]."""
        scaled = (statistics - self.mean) / self.spread
        raw = self.weights(torch.tanh(self.first(scaled)))
        weights = self.usual * (self.least + self.range * torch.sigmoid(raw + self.middle))
        numbers = self.calibration(torch.tanh(self.second(scaled)))
        return Weighed(
            weights[:, : self.positives],
            weights[:, self.positives :],
            numbers[:, 0].exp(),
            numbers[:, 1],
            numbers[:, 2].exp(),
        )

    def forward(self, lists: Lists) -> tuple[Tensor, Weighed]:
        """Return each candidate's sum of weighed features, float32 [n], and what the network says of the queries."""
        weighed = self.weigh(statistics_of(lists, self.told))
        row = lists.query_of
        total = (lists.positive * weighed.positive[row]).sum(1) + (lists.negative * weighed.negative[row]).sum(1)
        return total, weighed

    def logits(self, total: Tensor, weighed: Weighed, lists: Lists) -> Tensor:
        """Return the logit of each candidate's probability of being right, float32 [n]; in the order of the sums."""
        row, sharp = lists.query_of, total * self.temperature.exp()
        everything = _log_sum(sharp, lists)[row]
        others = torch.clamp(1 - torch.exp(sharp - everything), min=LEAST_SHARE).log() + everything
        return weighed.scale[row] * total + weighed.bias[row] - weighed.rivalry[row] * others / self.temperature.exp()


def statistics_of(lists: Lists, told: int) -> Tensor:
    """Return greatest, mean and spread of the first features, then a query's own, float32 [q, 3 * told + features]."""
    positive, row, queries = lists.positive[:, :told], lists.query_of[:, None].expand(-1, told), lists.queries
    zeros = positive.new_zeros(queries, positive.shape[1])
    count = positive.new_zeros(queries).scatter_add(0, lists.query_of, positive.new_ones(len(positive)))
    count = count.clamp(min=1)[:, None]
    greatest = zeros.scatter_reduce(0, row, positive, "amax", include_self=True)
    mean = zeros.scatter_add(0, row, positive) / count
    square = zeros.scatter_add(0, row, positive**2) / count
    spread = (square - mean**2).clamp(min=0).sqrt()
    return torch.cat([greatest, mean, spread, lists.query], 1)


def listwise_loss(total: Tensor, lists: Lists, right: Tensor, weight: Tensor) -> Tensor:
    """Return minus the log-likelihood that the first candidate is a right one (ListNet's top one: Cao et al., 2007).

    Args:
        total: float32 [n].
        lists: the candidates.
        right: bool [n]; a query without a right candidate counts nothing.
        weight: float32 [q].
    """
    answered = total.new_zeros(lists.queries).scatter_reduce(0, lists.query_of, right.float(), "amax")
    everything = _log_sum(total, lists)
    among_right = _log_sum(total.masked_fill(~right, -1e9), lists)
    return (weight * answered * (everything - among_right)).sum()


def probability_loss(logits: Tensor, lists: Lists, right: Tensor, weight: Tensor, hits: int) -> Tensor:
    """Return the cross-entropy of the probability that each query's first hits are right.

    Args:
        logits: float32 [n].
        lists: the candidates.
        right: bool [n].
        weight: float32 [q].
        hits: how many.
    """
    order = torch.argsort(logits.detach(), descending=True, stable=True)
    order = order[torch.argsort(lists.query_of[order], stable=True)]
    starts = torch.searchsorted(lists.query_of, torch.arange(lists.queries))
    place = torch.arange(len(order)) - starts[lists.query_of[order]]
    first = order[place < hits]
    return binary_cross_entropy_with_logits(logits[first], right[first].float(), weight[lists.query_of[first]])


def _log_sum(values: Tensor, lists: Lists) -> Tensor:
    greatest = values.new_full((lists.queries,), -1e9).scatter_reduce(0, lists.query_of, values, "amax").detach()
    lifted = torch.exp(values - greatest[lists.query_of])
    return greatest + torch.log(values.new_zeros(lists.queries).scatter_add(0, lists.query_of, lifted) + 1e-9)
