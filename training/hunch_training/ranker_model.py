"""The ranker: from how the signals of a query's candidates are spread, the weight of each signal for that query.

A score is a sum of signals times weights, so what made it can be told; the weights come from a small network (a
hypernetwork: Ha et al., 2017, arXiv:1609.09106) that sees the greatest, the mean and the spread of each signal over the
candidates, and whether the query is a single word. Weights of evidence are never negative and weights of what counts
against a candidate never positive, so that among the candidates of a query more evidence never lowers a score.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, linear, softplus


class Lists(NamedTuple):
    """The candidates of q queries, n in all, one query after the other."""

    evidence: Tensor
    """float32 [n, signals]"""
    against: Tensor
    """float32 [n, marks]"""
    query_of: Tensor
    """int64 [n], ascending"""
    is_name: Tensor
    """float32 [q], 1 for queries of one word, which are names as a rule"""

    @property
    def queries(self) -> int:
        """How many there are."""
        return len(self.is_name)


class Weighed(NamedTuple):
    """What the network says of q queries."""

    evidence: Tensor
    """float32 [q, signals], not negative"""
    against: Tensor
    """float32 [q, marks], not positive"""
    bias: Tensor
    """float32 [q], what puts the score where the chance of being right is"""


class Ranker(nn.Module):
    """The network, with the mean and spread of its inputs on the training queries."""

    def __init__(self, signals: int, marks: int, hidden: int = 16) -> None:
        """Make random weights."""
        super().__init__()
        self.signals, self.marks = signals, marks
        self.mean: Tensor
        self.spread: Tensor
        self.register_buffer("mean", torch.zeros(3 * signals + 1))
        self.register_buffer("spread", torch.ones(3 * signals + 1))
        self.first = nn.Linear(3 * signals + 1, hidden)
        self.weights = nn.Linear(hidden, signals + marks)
        self.bias = nn.Linear(hidden, 1)
        self.hope = nn.Linear(3 * signals + 1, 1, bias=False).requires_grad_(False)
        """what the statistics themselves add to the bias; learnt when the weights stand"""
        nn.init.zeros_(self.hope.weight)
        self.sharpness = nn.Parameter(torch.zeros(1))
        """logarithm of what turns a sum of weighted signals into a logit"""
        nn.init.normal_(self.weights.weight, 0, 0.05)
        nn.init.zeros_(self.weights.bias)
        nn.init.zeros_(self.bias.weight)
        nn.init.constant_(self.bias.bias, -3.0)

    def weigh(self, statistics: Tensor) -> Weighed:
        """Return the weights for queries whose ``statistics`` are given, float32 [q, 3 * signals + 1]."""
        scaled = (statistics - self.mean) / self.spread
        hidden = torch.tanh(self.first(scaled))
        raw = self.weights(hidden)
        signals = self.signals
        return Weighed(
            softplus(raw[:, :signals]),
            -softplus(raw[:, signals:]),
            (linear(hidden.detach(), self.bias.weight, self.bias.bias) + self.hope(scaled))[:, 0],
        )

    def forward(self, lists: Lists) -> tuple[Tensor, Tensor]:
        """Return the sum of weighed signals of each candidate, float32 [n], and the bias of its query, float32 [n]."""
        weighed = self.weigh(statistics_of(lists))
        row = lists.query_of
        total = (lists.evidence * weighed.evidence[row]).sum(1)
        return total + (lists.against * weighed.against[row]).sum(1), weighed.bias[row]

    def logits(self, total: Tensor, bias: Tensor) -> Tensor:
        """Return the logits of the chance of being right; only the sharpness and the bias learn from it."""
        return self.sharpness.exp() * total.detach() + bias


def statistics_of(lists: Lists) -> Tensor:
    """Return greatest, mean and spread of each signal by query, and what it is, float32 [q, 3 * signals + 1]."""
    evidence, row, queries = lists.evidence, lists.query_of[:, None].expand(-1, lists.evidence.shape[1]), lists.queries
    zeros = evidence.new_zeros(queries, evidence.shape[1])
    count = evidence.new_zeros(queries).scatter_add(0, lists.query_of, evidence.new_ones(len(evidence)))
    count = count.clamp(min=1)[:, None]
    greatest = zeros.scatter_reduce(0, row, evidence, "amax", include_self=True)
    mean = zeros.scatter_add(0, row, evidence) / count
    square = zeros.scatter_add(0, row, evidence**2) / count
    spread = (square - mean**2).clamp(min=0).sqrt()
    return torch.cat([greatest, mean, spread, lists.is_name[:, None]], 1)


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


def chance_loss(logits: Tensor, lists: Lists, right: Tensor, hits: int) -> Tensor:
    """Return the cross-entropy of the chance that each query's first hits are right."""
    order = torch.argsort(logits.detach(), descending=True, stable=True)
    order = order[torch.argsort(lists.query_of[order], stable=True)]
    starts = torch.searchsorted(lists.query_of, torch.arange(lists.queries))
    place = torch.arange(len(order)) - starts[lists.query_of[order]]
    first = order[place < hits]
    return binary_cross_entropy_with_logits(logits[first], right[first].float())


def _log_sum(values: Tensor, lists: Lists) -> Tensor:
    greatest = values.new_full((lists.queries,), -1e9).scatter_reduce(0, lists.query_of, values, "amax").detach()
    lifted = torch.exp(values - greatest[lists.query_of])
    return greatest + torch.log(values.new_zeros(lists.queries).scatter_add(0, lists.query_of, lifted) + 1e-9)
