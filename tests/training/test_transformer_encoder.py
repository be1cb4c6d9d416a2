"""The Transformer encoder beside the same computation in NumPy, position by position."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from hunch_training.networks.transformer_encoder import TransformerEncoder

Array = NDArray[np.float64]


def encoder(**more: Any) -> TransformerEncoder:
    torch.manual_seed(0)
    return TransformerEncoder(20, 8, layers=2, heads=2, fields=3, dropout=0.3, longest=6, **more).eval()


def norm(read: Array, weights: dict[str, Array], name: str) -> Array:
    normed = (read - read.mean()) / math.sqrt(read.var() + 1e-5)
    scaled: Array = normed * weights[f"{name}.weight"] + weights[f"{name}.bias"]
    return scaled


def linear(read: Array, weights: dict[str, Array], name: str) -> Array:
    mapped: Array = weights[f"{name}.weight"] @ read + weights[f"{name}.bias"]
    return mapped


def gelu(read: Array) -> Array:
    return np.array([0.5 * x * (1 + math.erf(x / math.sqrt(2))) for x in read])


def embedding_of(model: TransformerEncoder, ids: list[int], fields: list[int]) -> Array:
    """One text, without padding."""
    weights = {name: value.double().numpy() for name, value in model.state_dict().items()}
    size = model.dim // 2
    read = [
        weights["table.weight"][token] * math.sqrt(model.dim)
        + weights["positions"][place]
        + weights["field_table.weight"][field]
        for place, (token, field) in enumerate(zip(ids, fields, strict=True))
    ]
    for number in range(2):
        name = f"layers.{number}"
        normed = [norm(x, weights, f"{name}.own_norm") for x in read]
        query, key, value = (
            [linear(x, weights, f"{name}.own.{part}") for x in normed] for part in ("query", "key", "value")
        )
        attended = []
        for place in range(len(ids)):
            heads = []
            for head in (slice(0, size), slice(size, 2 * size)):
                scores = np.array([query[place][head] @ other[head] / math.sqrt(size) for other in key])
                shares = np.exp(scores) / np.exp(scores).sum()
                heads.append(sum(share * other[head] for share, other in zip(shares, value, strict=True)))
            attended.append(read[place] + linear(np.concatenate(heads), weights, f"{name}.own.join"))
        wide = [gelu(linear(norm(x, weights, f"{name}.wide.0"), weights, f"{name}.wide.1")) for x in attended]
        read = [x + linear(y, weights, f"{name}.wide.3") for x, y in zip(attended, wide, strict=True)]
    summed: Array = np.sum([norm(x, weights, "norm") for x in read], axis=0)
    return np.asarray(summed / np.linalg.norm(summed))


def test_embeddings_equal_the_plain_computation() -> None:
    model = encoder()
    torch.nn.init.normal_(model.field_table.weight)
    ids, fields = [5, 9, 2, 9], [0, 1, 2, 2]
    with torch.no_grad():
        found = model(torch.tensor([ids]), torch.tensor([fields]))[0].double().numpy()
        without = model(torch.tensor([ids]))[0].double().numpy()
    assert found == pytest.approx(embedding_of(model, ids, fields), abs=1e-5)
    assert without == pytest.approx(embedding_of(model, ids, [0] * 4), abs=1e-5)


@torch.no_grad()
def test_padding_changes_nothing_and_an_empty_text_is_zeros() -> None:
    model = encoder()
    padded = model(torch.tensor([[5, 9, 2, 0, 0], [7, 0, 0, 0, 0], [0, 0, 0, 0, 0]]))
    assert torch.allclose(padded[0], model(torch.tensor([[5, 9, 2]]))[0], atol=1e-6)
    assert torch.allclose(padded[1], model(torch.tensor([[7]]))[0], atol=1e-6)
    assert padded[2].tolist() == [0.0] * 8
    assert padded[:2].norm(dim=1).tolist() == pytest.approx([1, 1])


@torch.no_grad()
def test_order_counts_and_what_is_too_long_is_cut_off() -> None:
    model = encoder()
    one, other = model(torch.tensor([[5, 9, 2], [2, 9, 5]]))
    assert not torch.allclose(one, other, atol=1e-3)
    long = torch.tensor([[5, 9, 2, 3, 4, 6, 7, 8]])
    assert torch.equal(model(long), model(long[:, :6]))


def test_padding_gets_no_gradient() -> None:
    model = encoder()
    model(torch.tensor([[5, 9, 0], [3, 0, 0]]))[:, 0].sum().backward()
    gradient = model.table.weight.grad
    assert gradient is not None
    assert gradient[0].abs().sum() == 0
    assert (gradient[[3, 5, 9]].abs().sum(dim=1) > 0).all()
