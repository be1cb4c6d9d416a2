"""Bi-encoders and the contrastive loss against plain reference implementations."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hunch.text.bag import Bags, bag_fields, bag_queries
from hunch.text.render import Fields
from hunch.text.tokenizer import SPECIAL_PIECES, Tokenizer
from hunch_training.bi_encoder.model import BiEncoder, Shape, dense_scorer, encode
from hunch_training.contrastive.loss import contrastive_loss
from hunch_training.errors import TrainingError
from hunch_training.networks.static_encoder import StaticEncoder, encode_code
from hunch_training.networks.transformer_encoder import TransformerEncoder
from hunch_training.tokens.sequences import code_sequences, query_sequences
from hunch_training.tokens.tensors import QUERY_FIELD, SequenceInput, sequence_input

WORDS = "open close read write sort merge file list tree path name count".split()
TOKENIZER = Tokenizer([*SPECIAL_PIECES, *WORDS])
SHAPE = Shape(len(TOKENIZER.pieces), "transformer", "transformer", dim=16, transformer_dim=16, heads=2)
LOGIT_SCALE = torch.tensor(math.log(8.0))


def unit_rows(rows: int, dim: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return functional.normalize(torch.randn(rows, dim, generator=generator), dim=1)


def plain_loss(queries: NDArray[np.float64], code: NDArray[np.float64], same: NDArray[np.bool_], sharp: float) -> float:
    """The loss, a logarithm of shares at a time."""
    rows, total = len(queries), 0.0
    for i in range(rows):
        weights = [0.0 if same[i, j] else math.exp(sharp * queries[i] @ code[j]) for j in range(len(code))]
        total -= math.log(weights[i] / sum(weights)) / 2
        weights = [0.0 if same[j, i] else math.exp(sharp * queries[j] @ code[i]) for j in range(rows)]
        total -= math.log(weights[i] / sum(weights)) / 2
    return total / rows


@pytest.mark.parametrize("further", [0, 3])
@pytest.mark.parametrize("sizes", [(), (2, 4)])
def test_loss_equals_a_plain_one(further: int, sizes: tuple[int, ...]) -> None:
    queries, code = unit_rows(6, 8, 1), unit_rows(6 + further, 8, 2)
    same = torch.zeros(6, 6 + further, dtype=torch.bool)
    same[1, 4] = same[4, 1] = True
    if further:
        same[2, 7] = True
    found = contrastive_loss(queries, code, LOGIT_SCALE, same, sizes, 0.25)

    def cut(rows: Tensor, size: int) -> NDArray[np.float64]:
        short = rows[:, :size].double().numpy()
        cut_rows: NDArray[np.float64] = short / np.sqrt((short**2).sum(axis=1, keepdims=True))
        return cut_rows

    parts = [(1.0, 8), *((0.25, size) for size in sizes)]
    losses = [weight * plain_loss(cut(queries, size), cut(code, size), same.numpy(), 8.0) for weight, size in parts]
    assert float(found) == pytest.approx(sum(losses) / sum(weight for weight, _ in parts), abs=1e-5)


def test_temperature_is_learnt_and_bounded() -> None:
    logit_scale = torch.tensor(math.log(20.0), requires_grad=True)
    same = torch.zeros(4, 4, dtype=torch.bool)
    rows = unit_rows(4, 8, 1)
    torch.autograd.backward(contrastive_loss(rows, rows, logit_scale, same))
    assert logit_scale.grad is not None and logit_scale.grad < 0  # right answers first: sharper is better
    limit = contrastive_loss(rows, rows, torch.tensor(math.log(50.0)), same)
    assert torch.equal(contrastive_loss(rows, rows, torch.tensor(9.0), same), limit)


def test_static_embedding_is_the_weighted_sum_of_its_tokens() -> None:
    model = StaticEncoder(len(TOKENIZER.pieces), 8)
    with torch.no_grad():
        model.token_weights.copy_(torch.randn(model.token_weights.shape, generator=torch.Generator().manual_seed(2)))
        model.field_weights.copy_(torch.arange(5.0))
    bags = bag_fields([Fields([], [], ["open", "open"], ["close"], []), Fields([], [], [], [], [])], TOKENIZER)
    (first,), (second,) = TOKENIZER.encode_word("open"), TOKENIZER.encode_word("close")
    signature = model.token_weights[1, first].exp() * np.e**2 * np.log(3) * model.table[first]
    documentation = model.token_weights[0, second].exp() * np.e**3 * np.log(2) * model.table[second]
    vectors = encode_code(model, bags)
    assert torch.allclose(vectors[0], functional.normalize(signature + documentation, dim=0), atol=1e-5)
    assert torch.equal(vectors[1], torch.zeros(8))


@pytest.mark.parametrize("query", ["static", "transformer"])
@pytest.mark.parametrize("code", ["static", "transformer"])
@pytest.mark.parametrize("width", [16, 32])
def test_towers_of_each_kind_meet_in_one_space(query: str, code: str, width: int) -> None:
    shape = replace(SHAPE, query_tower=query, code_tower=code, transformer_dim=width)
    model = BiEncoder(shape).eval()
    queries = shape.reading.read_queries(["open the file", "sort", ""], TOKENIZER)
    functions = shape.reading.read_code([Fields(["sort"], [], [], [], ["merge", "list"])] * 2, TOKENIZER)
    assert encode(model, queries, "queries").norm(dim=1).tolist() == pytest.approx([1, 1, 0], abs=1e-5)
    assert encode(model, functions, "code").shape == (2, 16)
    scores = dense_scorer(model)(queries, functions)
    assert scores.shape == (3, 2) and scores.dtype == np.float32 and np.abs(scores).max() <= 1.0001
    short = dense_scorer(model, 4)(queries, functions)
    assert np.abs(short).max() <= 1.0001 and not np.allclose(short[:2], scores[:2])


def test_two_transformers_are_one_unless_they_are_kept_apart() -> None:
    together, apart = BiEncoder(SHAPE), BiEncoder(replace(SHAPE, apart=True))
    assert list(together.transformers) == ["both"] and list(apart.transformers) == ["queries", "code"]
    assert sum(p.numel() for p in apart.parameters()) > 1.9 * sum(p.numel() for p in together.parameters())


def test_unknown_tower_is_refused() -> None:
    with pytest.raises(TrainingError, match="'lstm': known are static, transformer"):
        BiEncoder(replace(SHAPE, code_tower="lstm"))


def some_sequences(count: int) -> Bags:
    generator = np.random.default_rng(0)
    texts = [
        Fields(["sort"], ["path"], [], [], generator.choice(WORDS, generator.integers(0, 20)).tolist())
        for _ in range(count)
    ]
    return code_sequences(texts, TOKENIZER, 16)


def test_rectangles_hold_each_row_once_with_little_padding() -> None:
    sequences = some_sequences(50)
    given = sequence_input(sequences, 60)
    assert all(
        ids.shape == fields.shape and (ids.numel() <= 60 or len(ids) == 1)
        for ids, fields in zip(*given[:2], strict=True)
    )
    rows = [row for ids in given.ids for row in ids]
    fields = [row for part in given.fields for row in part]
    for number, place in enumerate(given.place.tolist()):
        own = slice(int(sequences.offsets[number]), int(sequences.offsets[number + 1]))
        length = own.stop - own.start
        assert rows[place][:length].tolist() == sequences.ids[own].tolist()
        assert not rows[place][length:].any()
        assert fields[place][:length].tolist() == sequences.fields[own].tolist()
    padded = sum(ids.numel() for ids in given.ids)
    assert padded < 1.15 * len(sequences.ids)
    asked = sequence_input(query_sequences([["sort"], []], TOKENIZER, 8), 60, field=QUERY_FIELD)
    assert set(asked.fields[0].flatten().tolist()) == {QUERY_FIELD} and asked.ids[0].shape == (2, 1)


def test_a_vector_does_not_depend_on_its_rectangle() -> None:
    model = BiEncoder(SHAPE).eval()
    sequences = some_sequences(30)
    together, alone = (model.encode_code(sequence_input(sequences, tokens)) for tokens in (10_000, 1))
    assert torch.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_computing_again_on_the_way_back_gives_the_same_gradients(dropout: float) -> None:
    sequences = some_sequences(24)
    target = unit_rows(24, 16, 3)
    found = []
    for recompute in (False, True):
        model = BiEncoder(SHAPE, dropout=dropout, recompute=recompute).train()
        torch.manual_seed(7)
        loss = (model.encode_code(sequence_input(sequences, 100)) * target).sum()
        torch.autograd.backward(loss)
        found.append((loss.detach(), [p.grad for p in model.transformers.parameters()]))
    assert torch.equal(found[0][0], found[1][0])
    for one, other in zip(found[0][1], found[1][1], strict=True):
        assert one is not None and other is not None and torch.allclose(one, other, atol=1e-6)


def test_computing_again_keeps_one_rectangle_at_a_time() -> None:
    """What the graph holds between forward and backward does not grow with the number of rectangles."""

    def kept(rows: int, recompute: bool) -> int:
        model = BiEncoder(SHAPE, dropout=0.0, recompute=recompute).train()
        given = sequence_input(some_sequences(rows), 100)
        assert isinstance(given, SequenceInput)
        sizes: list[int] = []

        def note(saved: Tensor) -> Tensor:
            sizes.append(saved.numel())
            return saved

        with torch.autograd.graph.saved_tensors_hooks(note, lambda saved: saved):
            model.encode_code(given)
        return sum(sizes)

    assert kept(60, recompute=True) < kept(60, recompute=False) / 20


def test_sixteen_bit_computing_leaves_the_loss_in_32_bits() -> None:
    queries, code = unit_rows(6, 8, 1), unit_rows(6, 8, 2)
    same = torch.zeros(6, 6, dtype=torch.bool)
    with torch.autocast("cpu", torch.bfloat16):
        found = contrastive_loss(queries, code, LOGIT_SCALE, same)
    assert torch.equal(found, contrastive_loss(queries, code, LOGIT_SCALE, same))


def test_fields_and_order_matter_to_a_transformer_alone() -> None:
    one, other = Fields([], [], [], [], ["open", "file", "sort"]), Fields([], [], [], [], ["sort", "file", "open"])
    model = BiEncoder(SHAPE).eval()
    encoder = model.transformers["both"]
    assert isinstance(encoder, TransformerEncoder)
    torch.nn.init.normal_(encoder.field_table.weight)
    vectors = encode(model, code_sequences([one, other, Fields(one.body, [], [], [], [])], TOKENIZER, 8), "code")
    assert not torch.allclose(vectors[0], vectors[1], atol=1e-3)
    assert not torch.allclose(vectors[0], vectors[2], atol=1e-3)
    static = BiEncoder(replace(SHAPE, query_tower="static", code_tower="static"))
    same = encode(static, bag_fields([one, other], TOKENIZER), "code")
    assert torch.equal(same[0], same[1])
    assert len(encode(static, bag_queries([["open"]], TOKENIZER), "queries")) == 1
