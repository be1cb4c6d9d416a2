"""From a model that gives the next token to whole texts: greedy, or by beam search with a length penalty."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor


class StepModel(Protocol):
    """What decoding needs of a model; RnnSeq2Seq and TransformerSeq2Seq have it."""

    def begin(self, source: Tensor) -> Any:
        """Read sources, int64 [n, source]; return the state before the first token."""

    def step(self, tokens: Tensor, state: Any) -> tuple[Tensor, Any, Tensor]:
        """Take one token a row; give logits [n, vocabulary], the next state and attention [n, source]."""

    def select(self, state: Any, rows: Tensor) -> Any:
        """Return the states of some rows."""


class Written(NamedTuple):
    """What a model wrote for one source."""

    tokens: list[int]
    """Without the one that begins and the one that ends."""
    score: float
    """Sum of log-probabilities, divided by the length penalty."""
    attention: Tensor
    """float32 [len(tokens), source]; empty when it was not asked for."""


@torch.no_grad()
def greedy(
    model: StepModel, source: Tensor, *, begin: int, end: int, longest: int = 32, attends: bool = False
) -> list[Written]:
    """Write the likeliest next token until the text ends.

    Args:
        model: in evaluation mode.
        source: int64 [n, source], padded on the right.
        begin: the token that every text begins with.
        end: the token that ends one.
        longest: tokens at most.
        attends: keep the attention.
    """
    state = model.begin(source)
    tokens = torch.full((len(source),), begin, device=source.device)
    ended = torch.zeros(len(source), dtype=torch.bool, device=source.device)
    score = torch.zeros(len(source), device=source.device)
    written, attentions = [], []
    for _ in range(longest):
        logits, state, attention = model.step(tokens, state)
        best, tokens = logits.log_softmax(dim=1).max(dim=1)
        score = torch.where(ended, score, score + best)
        tokens = torch.where(ended, end, tokens)
        ended = ended | (tokens == end)
        written.append(tokens)
        attentions.append(attention)
        if bool(ended.all()):
            break
    rows = torch.stack(written, dim=1).tolist()
    looks = torch.stack(attentions, dim=1) if attends else torch.zeros(len(source), longest, 0)
    texts = [row[: row.index(end)] if end in row else row for row in rows]
    return [Written(text, float(score[n]), looks[n, : len(text)]) for n, text in enumerate(texts)]


@torch.no_grad()
def beam_search(
    model: StepModel, source: Tensor, *, begin: int, end: int, beams: int = 4, longest: int = 32, penalty: float = 0.6
) -> list[Written]:
    """Keep the likeliest beginnings of each text; return the best whole text for each source.

    A text of n tokens, the one that ends it included, has its score divided by ((5 + n) / 6) ** penalty (Wu et al.,
    2016, arXiv:1609.08144), so that short texts are not preferred for their shortness; 0 divides by nothing. Arguments
    as for greedy.
    """
    count, device = len(source), source.device
    state = model.select(model.begin(source), torch.arange(count, device=device).repeat_interleave(beams))
    tokens = torch.full((count * beams,), begin, device=device)
    # Only one beginning at first: equal ones would stay equal.
    scores = torch.full((count, beams), float("-inf"), device=device)
    scores[:, 0] = 0
    texts = torch.zeros(count, beams, 0, dtype=torch.long, device=device)
    best: list[tuple[float, list[int]]] = [(float("-inf"), [])] * count
    first_row = torch.arange(count, device=device)[:, None] * beams
    furthest = ((5 + longest) / 6) ** penalty
    for length in range(1, longest + 1):
        logits, state, _ = model.step(tokens, state)
        together = scores[:, :, None] + logits.float().log_softmax(dim=1).view(count, beams, -1)
        values, places = together.flatten(1).topk(min(2 * beams, together[0].numel()), dim=1)
        is_end = places % together.shape[2] == end
        # A text may end where its end is among the likeliest ways to go on. If it might end anywhere, short texts
        # would win that no person writes: their few unlikely steps cost less than many likely ones.
        ended = torch.where(is_end[:, :beams], values[:, :beams], float("-inf")) / ((5 + length) / 6) ** penalty
        for row, (score, place) in enumerate(zip(*map(Tensor.tolist, ended.max(dim=1)), strict=True)):
            if score > best[row][0]:
                best[row] = score, texts[row, places[row, place] // together.shape[2]].tolist()
        going_on = is_end.to(torch.int8).argsort(dim=1, stable=True)[:, :beams]
        scores = values.masked_fill(is_end, float("-inf")).gather(1, going_on)
        flat = places.gather(1, going_on)
        parents, following = flat // together.shape[2], flat % together.shape[2]
        texts = torch.cat(
            [texts.gather(1, parents[:, :, None].expand(-1, -1, length - 1)), following[:, :, None]], dim=2
        )
        tokens = following.flatten()
        state = model.select(state, (first_row + parents).flatten())
        # No beginning can end better than if all that follows were certain.
        if all(score / furthest <= found for score, (found, _) in zip(scores[:, 0].tolist(), best, strict=True)):
            break
    else:
        for row, score in enumerate((scores[:, 0] / furthest).tolist()):
            if best[row][0] == float("-inf"):  # nothing has ended: what there is of a text
                best[row] = score, texts[row, 0].tolist()
    nothing = torch.zeros(0, 0)
    return [Written(text, score, nothing) for score, text in best]
