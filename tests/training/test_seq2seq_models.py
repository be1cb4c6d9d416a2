"""The two sequence-to-sequence models: they can learn, they equal plain references, and decoding finds the best."""

from __future__ import annotations

import math
from itertools import pairwise, product

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from hunch_training.seq2seq.decoding import StepModel, beam_search, greedy
from hunch_training.seq2seq.ensemble import Ensemble
from hunch_training.seq2seq.rnn_seq2seq import RnnSeq2Seq
from hunch_training.seq2seq.transformer_seq2seq import TransformerSeq2Seq

PAD, BEGIN, END, VOCABULARY = 0, 1, 2, 24
Model = RnnSeq2Seq | TransformerSeq2Seq


def make(kind: str) -> Model:
    torch.manual_seed(0)
    if kind == "rnn":
        return RnnSeq2Seq(VOCABULARY, 32, 32, dropout=0.0)
    return TransformerSeq2Seq(VOCABULARY, 32, layers=2, heads=4, dropout=0.0, longest=16)


def texts(count: int, longest: int, seed: int) -> Tensor:
    """Random rows of different lengths, padded on the right."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randint(3, VOCABULARY, (count, longest), generator=generator)
    lengths = torch.randint(1, longest + 1, (count, 1), generator=generator)
    return rows.where(torch.arange(longest) < lengths, torch.tensor(PAD))


def framed(rows: Tensor) -> Tensor:
    """Put the token that begins in front and the one that ends behind."""
    longer = torch.cat([torch.full((len(rows), 1), BEGIN), rows, torch.full((len(rows), 1), PAD)], dim=1)
    longer[torch.arange(len(rows)), (rows != PAD).sum(dim=1) + 1] = END
    return longer


def loss_of(model: Model, source: Tensor, target: Tensor) -> Tensor:
    return functional.cross_entropy(model(source, target).flatten(0, 1), target[:, 1:].flatten(), ignore_index=PAD)


def fit(model: Model, source: Tensor, target: Tensor, steps: int) -> float:
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(steps):
        optimiser.zero_grad()
        loss = loss_of(model, source, target)
        torch.autograd.backward(loss)
        optimiser.step()
    return loss.item()


@pytest.mark.parametrize("kind", ["rnn", "transformer"])
def test_32_examples_are_learnt_by_heart_and_written_again(kind: str) -> None:
    model, source, wanted = make(kind), texts(32, 8, 1), texts(32, 6, 2)
    target = framed(wanted)
    assert loss_of(model, source, target).item() > 2
    assert fit(model, source, target, 250) < 0.01
    model.eval()
    expected = [[token for token in row if token != PAD] for row in wanted.tolist()]
    assert [one.tokens for one in greedy(model, source, begin=BEGIN, end=END)] == expected
    assert [one.tokens for one in beam_search(model, source, begin=BEGIN, end=END)] == expected


@pytest.mark.parametrize("kind", ["rnn", "transformer"])
def test_steps_give_what_the_whole_text_gives(kind: str) -> None:
    model: StepModel = make(kind).eval()
    source, target = texts(5, 8, 1), framed(texts(5, 6, 2))
    whole = make(kind).eval()(source, target)
    state = model.begin(source)
    for position in range(target.shape[1] - 1):
        logits, state, attention = model.step(target[:, position], state)
        torch.testing.assert_close(logits, whole[:, position], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(attention.sum(dim=1), torch.ones(5))
        assert not attention[source == PAD].any()


@pytest.mark.parametrize("kind", ["rnn", "transformer"])
def test_padding_changes_nothing(kind: str) -> None:
    model, source, target = make(kind).eval(), texts(5, 8, 1), framed(texts(5, 6, 2))
    wider = torch.cat([source, torch.zeros(5, 3, dtype=torch.int64)], dim=1)
    torch.testing.assert_close(model(source, target), model(wider, target), atol=1e-5, rtol=1e-4)


def test_additive_attention_is_that_of_the_paper() -> None:
    model, source = make("rnn").eval(), texts(1, 5, 3)
    assert isinstance(model, RnnSeq2Seq)
    state = model.begin(source)
    _, following, attention = model.step(torch.tensor([BEGIN]), state)
    energies = []
    for j in range(source.shape[1]):
        summed = model.query_key.weight @ following.hidden[0] + model.query_key.bias
        summed = summed + model.memory_key.weight @ state.memory[0, j]
        energies.append(model.energy.weight[0] @ torch.tanh(summed) if source[0, j] != PAD else torch.tensor(-math.inf))
    expected = torch.stack(energies).softmax(dim=0)
    torch.testing.assert_close(attention[0], expected)
    torch.testing.assert_close(following.context[0], expected @ state.memory[0])


def test_both_directions_are_those_of_a_packed_recurrent_network() -> None:
    model, source = make("rnn").eval(), texts(6, 9, 4)
    assert isinstance(model, RnnSeq2Seq)
    reference = nn.GRU(32, 32, batch_first=True, bidirectional=True)
    weights = {f"{name}_reverse": value for name, value in model.backwards.state_dict().items()}
    reference.load_state_dict({**model.forwards.state_dict(), **weights})
    lengths = (source != PAD).sum(dim=1)
    packed = pack_padded_sequence(model.table(source), lengths, batch_first=True, enforce_sorted=False)
    written, last = reference(packed)
    expected, _ = pad_packed_sequence(written, batch_first=True, total_length=source.shape[1])
    state, is_token = model.begin(source), (source != PAD)[:, :, None]
    torch.testing.assert_close(state.memory * is_token, expected)
    torch.testing.assert_close(state.hidden, torch.tanh(model.first_hidden(torch.cat([last[0], last[1]], dim=1))))


def test_without_teacher_forcing_a_model_reads_what_it_wrote() -> None:
    model, source = make("rnn").eval(), texts(4, 8, 1)
    written = greedy(model, source, begin=BEGIN, end=-1, longest=5)
    target = torch.full((4, 6), 3)
    target[:, 0] = BEGIN
    logits = model(source, target, teacher_forcing=0.0)
    assert logits.argmax(dim=2).tolist() == [one.tokens for one in written]
    assert model(source, target).argmax(dim=2).tolist() != [one.tokens for one in written]


def test_a_source_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="17 tokens: the model tells 16 positions apart"):
        make("transformer").begin(torch.full((1, 17), 5))


# ---- decoding ----


class Chain:
    """Writes by a fixed table: the chance of a token given the one before."""

    def __init__(self, chances: Tensor) -> None:
        self.logits = chances.log()

    def begin(self, source: Tensor) -> Tensor:
        return source[:, :1]

    def step(self, tokens: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.logits[tokens], state, torch.ones(len(tokens), 1)

    def select(self, state: Tensor, rows: Tensor) -> Tensor:
        return state[rows]


def chain(seed: int) -> Chain:
    generator = torch.Generator().manual_seed(seed)
    chances = torch.rand(5, 5, generator=generator) ** 3
    chances[:, BEGIN] = 0
    return Chain(chances / chances.sum(dim=1, keepdim=True))


def best_of_all(model: Chain, longest: int, penalty: float) -> tuple[list[int], float]:
    """Try every text."""
    found: tuple[list[int], float] = ([], -math.inf)
    for length in range(longest):
        for text in product([0, 3, 4], repeat=length):
            row = [BEGIN, *text, END]
            total = sum(float(model.logits[a, b]) for a, b in pairwise(row))
            score = total / ((5 + length + 1) / 6) ** penalty
            found = max(found, (list(text), score), key=lambda one: one[1])
    return found


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("penalty", [0.0, 0.6, 1.5])
def test_a_wide_beam_finds_the_best_of_all_texts(seed: int, penalty: float) -> None:
    model = chain(seed)
    (written,) = beam_search(model, torch.ones(1, 1), begin=BEGIN, end=END, beams=405, longest=5, penalty=penalty)
    tokens, score = best_of_all(model, 5, penalty)
    assert written.score >= score - 1e-5  # a text may also stop at the longest without its end
    if len(written.tokens) < 5:
        assert written.tokens == tokens
        assert written.score == pytest.approx(score, abs=1e-5)


def test_a_beam_is_never_worse_than_the_greedy_text() -> None:
    for seed in range(20):
        model = chain(seed)
        source = torch.ones(1, 1)
        (plain,) = greedy(model, source, begin=BEGIN, end=END, longest=6)
        (wide,) = beam_search(model, source, begin=BEGIN, end=END, beams=4, longest=6, penalty=0.0)
        assert wide.score >= plain.score - 1e-5


def test_an_ensemble_has_the_mean_of_the_chances() -> None:
    one, other = chain(1), chain(2)
    both = Ensemble([one, other])
    source, tokens = torch.ones(3, 1), torch.tensor([BEGIN, 3, 4])
    logits, state, attention = both.step(tokens, both.begin(source))
    torch.testing.assert_close(logits.exp(), (one.logits[tokens].exp() + other.logits[tokens].exp()) / 2)
    assert len(both.select(state, torch.tensor([0, 0]))) == 2 and attention.shape == (3, 1)
    same = beam_search(Ensemble([one, one]), source, begin=BEGIN, end=END, longest=5)
    assert [written.tokens for written in same] == [
        written.tokens for written in beam_search(one, source, begin=BEGIN, end=END, longest=5)
    ]
