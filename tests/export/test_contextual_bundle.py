"""A contextual encoder as a graph, in a bundle, and back through the product's own loader."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from hunch.model.bundle import DEFAULT_BUNDLE, MODEL_CARD, SHIPPED, load_bundle
from hunch.model.encoder import Encoder
from hunch.text.render import Source, render_source
from hunch.text.sequence import SEQUENCE_PIECES
from hunch.text.tokenizer import Tokenizer
from hunch_export import cli
from hunch_export import contextual_bundle as export
from hunch_export.contextual_graph import write_contextual_graph
from hunch_export.licences import MINILM, licensed, origin_of
from hunch_training.contextual.bert_encoder import BertEncoder, BertShape
from hunch_training.contextual.model import ContextualModel, encode_texts, kept_with
from hunch_training.evaluation.retrieval_sets import TextSet
from hunch_training.loop.run_folder import BEST, SETTINGS

WORDS = "open close read write sort merge file list tree path name count first last empty copy move find parse".split()
TOKENIZER = Tokenizer([*SEQUENCE_PIECES, *WORDS, *"()[]:=.,+-"])
SHAPE = BertShape(vocabulary=len(TOKENIZER.pieces), dim=48, layers=3, heads=4, wide=96)
SIZE = 32
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@pytest.fixture(scope="module")
def encoder() -> BertEncoder:
    """Random weights, as large as trained ones."""
    torch.manual_seed(3)
    encoder = BertEncoder(SHAPE).eval()
    with torch.no_grad():
        encoder.words.weight.normal_()
        encoder.positions.normal_(std=0.3)
        for name, value in encoder.named_parameters():
            if name.startswith("layers"):
                value.add_(torch.randn_like(value) * 0.1)
    return encoder


def sources() -> list[Source]:
    generator = np.random.default_rng(0)

    def some(n: int) -> str:
        return " ".join(generator.choice([*WORDS, "(", ")", "="], n))

    return [Source(some(1), some(2), some(4), some(i % 5), some(2 + i % 50)) for i in range(60)]


@pytest.fixture
def run(encoder: BertEncoder, tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    model = ContextualModel(encoder)
    torch.save({"model": model.state_dict(), "step": 7, **kept_with(model, TOKENIZER)}, folder / BEST)
    settings = {"matryoshka": f"16,{SIZE}", "batch": 64, "epochs": 2, "share": 0.5, "seed": 1}
    about = {"settings": settings, "data_sha256": {}, "public_sha256": MINILM_SHA256}
    (folder / SETTINGS).write_text(json.dumps(about), encoding="utf-8")
    return folder


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    code = sources()
    queries = [source.signature for source in code]
    gains = [{i: 1.0} for i in range(len(code))]
    texts = TextSet("pairs/python", queries, list(map(render_source, code)), gains, 1000, code)
    monkeypatch.setattr(export, "load_sets", lambda data, split: [texts])


def vectors_of(graph: Path, ids: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    found: np.ndarray = session.run(None, {"ids": ids})[0]
    return found


@pytest.mark.parametrize(("quantised", "tolerance"), [(False, 5e-3), (True, 0.12)])
def test_graph_does_what_the_model_does(
    encoder: BertEncoder, tmp_path: Path, quantised: bool, tolerance: float
) -> None:
    write_contextual_graph(encoder, tmp_path / "g.onnx", SIZE, quantised=quantised)
    generator = np.random.default_rng(1)
    ids = np.zeros((9, 64), np.int32)
    for row in range(1, 9):
        ids[row, : 8 * row] = generator.integers(2, SHAPE.vocabulary, 8 * row)
    with torch.no_grad():
        expected = encoder(torch.from_numpy(ids).long())[:, :SIZE]
    expected = torch.nn.functional.normalize(expected, dim=1).numpy()
    found = vectors_of(tmp_path / "g.onnx", ids)
    assert found.shape == (9, SIZE) and not found[0].any()
    assert np.abs(found - expected).max() < tolerance
    # What stands beside a row in its batch, and how wide the batch is, change nothing but how the batch is rounded.
    alone = vectors_of(tmp_path / "g.onnx", ids[1:2, :8])
    assert np.abs(alone - found[1:2]).max() < tolerance


def test_bundle_has_a_contextual_encoder_and_says_what_it_is(
    run: Path, small: None, tmp_path: Path, encoder: BertEncoder
) -> None:
    out = tmp_path / "bundles/both"
    arguments = [
        "contextual",
        str(tmp_path),
        "--run",
        str(run),
        "--bundle",
        str(SHIPPED / DEFAULT_BUNDLE),
        "--out",
        str(out),
    ]
    assert cli.main([*arguments, "--size", str(SIZE)]) == 0
    bundle = load_bundle(out)
    assert bundle.manifest.training["contextual"]["step"] == 7
    assert 0 < bundle.manifest.metrics["valid-contextual/pairs/python"] <= 1
    card = (out / MODEL_CARD).read_text(encoding="utf-8")
    assert card.startswith("# search-en 1\n") and "all-MiniLM-L6-v2" in card and "| pairs/python | 0." in card
    assert bundle.manifest.license == "MIT AND Apache-2.0"
    assert bundle.manifest.derived_from == [MINILM._asdict()] and MINILM.license == "Apache-2.0"
    assert "MIT AND Apache-2.0: MIT for what was trained from scratch" in card and MINILM.url in card
    assert card.count("Licence") == 1
    loaded = Encoder(bundle)
    assert loaded.has_contextual and loaded.contextual() is loaded.contextual()
    code = sources()[:5]
    expected = encode_texts(ContextualModel(encoder), TOKENIZER, code)[:, :SIZE]
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    rows = loaded.contextual().encode_chunks(code)
    assert rows.dtype == np.int8 and np.abs(rows).max(axis=1).tolist() == [127] * 5
    cosines = (rows * expected).sum(axis=1) / np.linalg.norm(rows.astype(np.float32), axis=1)
    assert cosines.min() > 0.95
    assert loaded.encode_queries(["sort a list"]).any()


def test_a_size_that_was_not_trained_and_graphs_that_differ_are_refused(
    run: Path, small: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "both"
    arguments = [
        "contextual",
        str(tmp_path),
        "--run",
        str(run),
        "--bundle",
        str(SHIPPED / DEFAULT_BUNDLE),
        "--out",
        str(out),
    ]
    assert cli.main([*arguments, "--size", "20"]) == 2
    assert "not trained for vectors of 20 numbers" in capsys.readouterr().err
    monkeypatch.setattr(export, "LARGEST_DIFFERENCE", 1e-6)
    assert cli.main([*arguments, "--size", str(SIZE)]) == 2
    assert "largest difference" in capsys.readouterr().err
    assert not out.exists()


def test_weights_of_a_public_model_that_is_not_listed_are_not_called_free() -> None:
    assert origin_of(MINILM_SHA256) == MINILM
    other = origin_of("1" * 64)
    assert other.license == "LicenseRef-unknown" and other.url == "urn:sha256:" + "1" * 64
    manifest = licensed(load_bundle(SHIPPED / DEFAULT_BUNDLE).manifest, [other])
    assert manifest.license == "MIT AND LicenseRef-unknown" and manifest.derived_from == [other._asdict()]


def test_the_checksum_of_the_public_weights_is_that_of_the_bundle_that_ships() -> None:
    training = load_bundle(SHIPPED / DEFAULT_BUNDLE).manifest.training
    assert training["contextual"]["public_sha256"] == MINILM_SHA256
