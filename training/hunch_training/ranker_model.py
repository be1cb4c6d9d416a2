"""The ranker: from how the signals of a query's candidates are spread, the weight of each signal for that query.

A score is a sum of signals times weights, so what made it can be told; the weights come from a small network (a
hypernetwork: Ha et al., 2017, arXiv:1609.09106) that sees the greatest, the mean and the spread of each signal over the
candidates, and what the query looks like. It chooses between multiples of usual weights that were set for all
queries alike, so that none rules alone. Evidence counts for a candidate and marks against it:
among the candidates of a query more evidence never lowers a score.

A second network says what the sums are worth as a chance of being right: a scale, a bias, and what the rivals of a
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

    evidence: Tensor
    """float32 [n, signals]"""
    against: Tensor
    """float32 [n, marks]"""
    query_of: Tensor
    """int64 [n], ascending"""
    shape: Tensor
    """float32 [q, shapes], what the queries look like; the first number is 1 for queries of one word"""

    @property
    def queries(self) -> int:
        """How many there are."""
        return len(self.shape)


class Weighed(NamedTuple):
    """What the network says of q queries."""

    evidence: Tensor
    """float32 [q, signals], not negative"""
    against: Tensor
    """float32 [q, marks], not positive"""
    scale: Tensor
    """float32 [q], what one unit of a candidate's sum adds to its logit"""
    bias: Tensor
    """float32 [q]"""
    rivalry: Tensor
    """float32 [q], what one unit of the soft maximum of the others' sums takes away"""


class Ranker(nn.Module):
    """The network, with the mean and spread of its inputs on the training queries."""

    def __init__(
        self, usual: Sequence[float], least: Sequence[float], most: Sequence[float], signals: int, told: int,
        shapes: int, hidden: int = 32,
    ) -> None:  # fmt: skip
        """Make a network that says of every query that the usual weights are right.

        Args:
            usual: the weights of the signals, then of the marks.
            least: what the network can lower each to, as a share of the usual, below 1.
            most: what it can raise each to, above 1.
            signals: how many of them are signals.
            told: of how many of those, the first, the network sees how they are spread.
            shapes: numbers that say what a query looks like.
            hidden: numbers between statistics and weights.
        """
        super().__init__()
        self.signals, self.told, self.least = signals, told, torch.tensor(least)
        inputs = 3 * told + shapes
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
        self.chance = nn.Linear(hidden, 3)
        for zeroed in (self.weights, self.chance):
            nn.init.zeros_(zeroed.weight)
            nn.init.zeros_(zeroed.bias)

    def weigh(self, statistics: Tensor) -> Weighed:
        """Return the weights for queries whose ``statistics`` are given, float32 [q, 3 * told + shapes]."""
        scaled = (statistics - self.mean) / self.spread
        raw = self.weights(torch.tanh(self.first(scaled)))
        weights = self.usual * (self.least + self.range * torch.sigmoid(raw + self.middle))
        chance = self.chance(torch.tanh(self.second(scaled)))
        return Weighed(
            weights[:, : self.signals],
            weights[:, self.signals :],
            chance[:, 0].exp(),
            chance[:, 1],
            chance[:, 2].exp(),
        )

    def forward(self, lists: Lists) -> tuple[Tensor, Weighed]:
        """Return each candidate's sum of weighed signals, float32 [n], and what the network says of the queries."""
        weighed = self.weigh(statistics_of(lists, self.told))
        row = lists.query_of
        total = (lists.evidence * weighed.evidence[row]).sum(1) + (lists.against * weighed.against[row]).sum(1)
        return total, weighed

    def logits(self, total: Tensor, weighed: Weighed, lists: Lists) -> Tensor:
        """Return the logit of each candidate's chance of being right, float32 [n]; in the order of the sums."""
        row, sharp = lists.query_of, total * self.temperature.exp()
        everything = _log_sum(sharp, lists)[row]
        others = torch.clamp(1 - torch.exp(sharp - everything), min=LEAST_SHARE).log() + everything
        return weighed.scale[row] * total + weighed.bias[row] - weighed.rivalry[row] * others / self.temperature.exp()


def statistics_of(lists: Lists, told: int) -> Tensor:
    """Return greatest, mean and spread of the first signals by query, and its shape, float32 [q, 3 * told + shapes]."""
    evidence, row, queries = lists.evidence[:, :told], lists.query_of[:, None].expand(-1, told), lists.queries
    zeros = evidence.new_zeros(queries, evidence.shape[1])
    count = evidence.new_zeros(queries).scatter_add(0, lists.query_of, evidence.new_ones(len(evidence)))
    count = count.clamp(min=1)[:, None]
    greatest = zeros.scatter_reduce(0, row, evidence, "amax", include_self=True)
    mean = zeros.scatter_add(0, row, evidence) / count
    square = zeros.scatter_add(0, row, evidence**2) / count
    spread = (square - mean**2).clamp(min=0).sqrt()
    return torch.cat([greatest, mean, spread, lists.shape], 1)


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


def chance_loss(logits: Tensor, lists: Lists, right: Tensor, weight: Tensor, hits: int) -> Tensor:
    """Return the cross-entropy of the chance that each query's first hits are right.

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
