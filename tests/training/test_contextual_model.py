"""The contextual stage: BERT's encoder, a public start, what serving reads, and that it learns."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from hunch.text.render import render_source
from hunch.text.sequence import SEQUENCE_PIECES, code_sequence, query_sequence, text_tokens
from hunch_training import cli
from hunch_training.contextual.bert_encoder import BertEncoder, BertLayer, BertShape, read_public
from hunch_training.contextual.corpus import as_parts, as_questions, code_rows, query_rows
from hunch_training.contextual.model import ContextualModel, encode_texts, load_contextual
from hunch_training.contextual.settings import Settings
from hunch_training.contextual.train_contextual import Batch, loss_of, train
from hunch_training.data.pairs import Pair, source_of_pair
from hunch_training.errors import TrainingError
from hunch_training.evaluation.retrieval_sets import TextSet
from hunch_training.loop.run_folder import BEST, LAST, SETTINGS
from hunch_training.tokens.corpus import corpora_of
from hunch_training.tokens.tensors import sequence_input

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SHAPE = BertShape(vocabulary=len(SEQUENCE_PIECES) + 53, dim=24, layers=2, heads=4, wide=48, positions=64)


def reference_layer(layer: BertLayer, shape: BertShape) -> nn.TransformerEncoderLayer:
    """PyTorch's own layer of the same kind, with the same weights."""
    plain = nn.TransformerEncoderLayer(
        shape.dim, shape.heads, shape.wide, dropout=0, activation="gelu", batch_first=True, norm_first=False,
        layer_norm_eps=1e-12,
    )  # fmt: skip
    with torch.no_grad():
        plain.self_attn.in_proj_weight.copy_(torch.cat([layer.query.weight, layer.key.weight, layer.value.weight]))
        plain.self_attn.in_proj_bias.copy_(torch.cat([layer.query.bias, layer.key.bias, layer.value.bias]))
        for own, other in ((layer.join, plain.self_attn.out_proj), (layer.widen, plain.linear1),
                           (layer.narrow, plain.linear2), (layer.join_norm, plain.norm1),
                           (layer.narrow_norm, plain.norm2)):  # fmt: skip
            other.load_state_dict(own.state_dict())
    return plain.eval()


def test_encoder_equals_a_plain_one() -> None:
    torch.manual_seed(0)
    encoder = BertEncoder(SHAPE).eval()
    with torch.no_grad():
        encoder.positions.normal_(std=0.1)
    ids = torch.tensor([[2, 9, 4, 30, 3], [2, 7, 3, 0, 0], [0, 0, 0, 0, 0]])
    states = encoder.norm(encoder.words(ids) + encoder.positions[:5])
    for layer in encoder.layers:
        assert isinstance(layer, BertLayer)
        states = reference_layer(layer, SHAPE)(states[:2], src_key_padding_mask=ids[:2] == 0)
        states = torch.nn.functional.pad(states, (0, 0, 0, 5 - states.shape[1], 0, 1))
    rows = [states[0].mean(dim=0), states[1, :3].mean(dim=0)]
    expected = torch.nn.functional.normalize(torch.stack(rows), dim=1)
    found = encoder(ids)
    torch.testing.assert_close(found[:2], expected, atol=2e-6, rtol=1e-5)
    assert not found[2].any()


def test_a_public_encoder_is_read_with_the_pieces_that_code_has(public: Path) -> None:
    encoder, tokenizer = read_public(public, layers=2, positions=64)
    assert tokenizer.pieces == (*SEQUENCE_PIECES, "!", *LETTERS, *(f"##{letter}" for letter in LETTERS))
    given = load_file(public / "model.safetensors")
    pieces = (public / "vocab.txt").read_text().split("\n")
    words = given["embeddings.word_embeddings.weight"]
    for piece in ("[CLS]", "[SEP]", "_", "!", "q", "##q"):
        assert torch.equal(encoder.words.weight[tokenizer.pieces.index(piece)], words[pieces.index(piece)])
    # Of four layers two are kept: the second and the last.
    for own, number in enumerate((1, 3)):
        layer = encoder.layers[own]
        assert isinstance(layer, BertLayer)
        assert torch.equal(layer.narrow.weight, given[f"encoder.layer.{number}.output.dense.weight"])


def test_no_public_encoder_is_said(tmp_path: Path, make_public: Callable[..., Path]) -> None:
    with pytest.raises(TrainingError, match=r"config\.json"):
        read_public(tmp_path / "nothing")
    with pytest.raises(TrainingError, match="BERT's shape"):
        read_public(make_public(tmp_path / "other", model_type="roberta"))


def test_training_reads_what_serving_reads(public: Path) -> None:
    _, tokenizer = read_public(public)
    generator = np.random.default_rng(0)

    def some(n: int) -> str:
        marks = ["(x):", "=", "_a", "! "]
        return " ".join("".join(generator.choice(list(LETTERS), 3)) + marks[i % 4] for i in range(n))

    code = [f"def {some(i % 12)}:\n    {some(i * 2)}" for i in range(40)]
    rows = [Pair("python", some(i), f"A.{some(1)}", f"{some(2)}/b.py", code[i], "p") for i in range(40)]
    (corpus,) = corpora_of(iter(rows), tokenizer, as_parts)
    bags = code_rows(corpus.code)
    for row, pair in enumerate(rows):
        expected = code_sequence(source_of_pair(pair), tokenizer)
        assert bags.ids[bags.offsets[row] : bags.offsets[row + 1]].tolist() == expected
    bags = query_rows(corpus.queries)
    for row, pair in enumerate(rows):
        assert bags.ids[bags.offsets[row] : bags.offsets[row + 1]].tolist() == query_sequence(pair.query, tokenizer)


def test_documentation_becomes_what_people_type(public: Path) -> None:
    _, tokenizer = read_public(public)
    texts = ["a b c d e f g h i j k l m n o p", "q r", "a b", ""]
    (corpus,) = corpora_of((Pair("go", text, "", "", "x", "p") for text in texts), tokenizer, as_parts)
    stop_words = np.array(text_tokens("a b c", tokenizer, 9), np.int32)
    chosen = np.array([True, False, True, True])
    named = 0
    for seed in range(20):
        asked = as_questions(
            corpus.queries, chosen, text_tokens("z", tokenizer, 9), stop_words, np.random.default_rng(seed)
        )
        rows = [
            "".join(tokenizer.pieces[i] for i in asked.ids[asked.offsets[n] : asked.offsets[n + 1]]) for n in range(4)
        ]
        assert "defghijklmnop".startswith(rows[0].removeprefix("z")) and 4 <= len(rows[0].removeprefix("z")) < 12
        assert rows[1] == "qr"  # not chosen
        assert rows[2].removeprefix("z") == "ab"  # too little would be left
        named += rows[0].startswith("z")
    assert 3 < named < 17


def test_32_examples_are_learnt_by_heart(public: Path) -> None:
    encoder, tokenizer = read_public(public, dropout=0.0)
    model = ContextualModel(encoder)
    words = ["".join(row) for row in np.random.default_rng(3).choice(list(LETTERS), (64, 4))]
    settings = Settings(matryoshka="12")

    rows = [Pair("go", one, "", "", other, "p") for one, other in zip(words[:32], words[32:], strict=True)]
    (corpus,) = corpora_of(iter(rows), tokenizer, as_parts)
    given = Batch(
        sequence_input(query_rows(corpus.queries), 1024, field=0),
        sequence_input(code_rows(corpus.code), 1024, field=0),
        torch.arange(32),
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(120):
        loss = loss_of(model, given, 0.0, settings)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert float(loss.detach()) < 0.05


def pairs() -> list[Pair]:
    verbs, nouns = ["read", "write", "sort", "merge", "find", "close"], ["file", "list", "tree", "path", "user", "row"]
    return [make_pair(verb, noun) for verb in verbs for noun in nouns]


def make_pair(verb: str, noun: str) -> Pair:
    name = f"{verb}_{noun}"
    return Pair("python", f"{verb} the {noun}", name, "a/b.py", f"def {name}(x):\n    return x.{noun}", "p")


def test_cut_off_training_ends_with_the_same_weights(public: Path, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    settings = Settings(epochs=2, share=1.0, batch=18, neighbours=2, warmup=2, matryoshka="12", thin=1)

    def run(folder: Path, **how: object) -> None:
        torch.manual_seed(0)
        encoder, tokenizer = read_public(public, layers=2)
        corpora = corpora_of(iter(pairs()), tokenizer, as_parts)
        sources = [source_of_pair(pair) for pair in pairs()]
        code, gains = list(map(render_source, sources)), [{i: 1.0} for i in range(len(sources))]
        valid = [TextSet("pairs/python", [pair.query for pair in pairs()], code, gains, sources=sources)]
        train(corpora, ContextualModel(encoder), tokenizer, valid, settings, folder, **how)

    run(tmp_path / "whole")
    run(tmp_path / "cut", stop_after=3)
    run(tmp_path / "cut")
    whole, cut = (load_contextual(tmp_path / name / LAST) for name in ("whole", "cut"))
    for one, other in zip(whole.model.parameters(), cut.model.parameters(), strict=True):
        assert torch.equal(one, other)
    vectors = encode_texts(whole.model, whole.tokenizer, ["read the file", "日"])
    assert vectors.shape == (2, 24) and not vectors[1].any()


def test_the_stage_from_the_command_line(
    data: Path, public: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["contextual", str(data), str(public), "--run", str(tmp_path / "run"), "--epochs", "1", "--share", "1",
                 "--batch", "64", "--matryoshka", "12", "--limit", "200", "--layers", "2"]  # fmt: skip
    assert cli.main(arguments) == 0
    assert "best valid MRR" in capsys.readouterr().out
    assert load_contextual(tmp_path / "run" / BEST).tokenizer.pieces[: len(SEQUENCE_PIECES)] == SEQUENCE_PIECES
    goes_on = [*arguments[:4], str(tmp_path / "more"), *arguments[5:], "--start", str(tmp_path / "run" / BEST)]
    assert cli.main([*goes_on, "--learning-rate", "1e-12"]) == 0
    assert json.loads((tmp_path / "more" / SETTINGS).read_text())["start"]["pairs"] % 64 == 0
    runs = [load_contextual(tmp_path / run / BEST).model.state_dict() for run in ("run", "more")]
    assert all(torch.allclose(runs[0][name], runs[1][name], atol=1e-6) for name in runs[0])
    assert cli.main([*arguments, "--matryoshka", "99"]) == 2
    assert "--matryoshka 99" in capsys.readouterr().err
    with pytest.raises(TrainingError, match="another stage"):
        other = tmp_path / "other.pt"
        torch.save({"model": {}}, other)
        load_contextual(other)
