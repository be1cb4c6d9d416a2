"""The loss of a large vocabulary, part by part, is the plain one with its gradients."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from hunch_training.seq2seq import output_loss as module
from hunch_training.seq2seq.output_loss import output_loss


def example(rows: int, vocabulary: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    states, table = (torch.randn(n, 8, generator=generator).requires_grad_() for n in (rows, vocabulary))
    bias = torch.randn(vocabulary, generator=generator).requires_grad_()
    wanted = torch.randint(0, vocabulary, (rows,), generator=generator)
    return states, table, bias, wanted, torch.rand(vocabulary, generator=generator) + 0.1


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighted", [False, True])
def test_loss_and_gradients_are_those_of_cross_entropy(
    smoothing: float, weighted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOGITS_AT_ONCE", {"cpu": 4 * 30})  # four rows at a time, the last part of three
    states, table, bias, wanted, weights = example(11, 30)
    given = weights if weighted else None
    expected = functional.cross_entropy(states @ table.T + bias, wanted, given, label_smoothing=smoothing)
    slopes = torch.autograd.grad(3 * expected, (states, table, bias))
    found = output_loss(states, table, bias, wanted, weights=given, smoothing=smoothing)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(torch.autograd.grad(3 * found, (states, table, bias)), slopes)
    with torch.no_grad():
        alone = output_loss(states, table, bias, wanted, weights=given, smoothing=smoothing)
    torch.testing.assert_close(alone, expected)


def test_without_gradients_none_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    states, table, bias, wanted, _ = example(11, 30)
    made: list[Tensor] = []

    def zeros(one: Tensor) -> Tensor:
        made.append(one)
        return torch.zeros(one.shape)

    monkeypatch.setattr(torch, "zeros_like", zeros)
    with torch.no_grad():
        output_loss(states, table, bias, wanted)
    assert made == []
    output_loss(states, table, bias, wanted)
    assert [tuple(one.shape) for one in made] == [(30, 8), (30,)]


def test_no_rows_cost_nothing() -> None:
    states, table, bias, wanted, _ = example(0, 30)
    assert output_loss(states, table, bias, wanted).item() == 0


@pytest.mark.parametrize("smoothing", [0.0, 0.5])
def test_bfloat16_is_near(smoothing: float) -> None:
    states, table, bias, wanted, _ = example(64, 500)
    rounded = states.bfloat16().float() @ table.bfloat16().float().T + bias
    expected = functional.cross_entropy(rounded, wanted, label_smoothing=smoothing)
    slopes = torch.autograd.grad(expected, (states, table, bias))
    with torch.autocast("cpu", torch.bfloat16):
        found = output_loss(states.bfloat16(), table, bias, wanted, smoothing=smoothing)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, atol=0.002, rtol=0.001)
    for one, other in zip(torch.autograd.grad(found, (states, table, bias)), slopes, strict=True):
        assert float(functional.cosine_similarity(one.flatten(), other.flatten(), dim=0)) > 0.999
