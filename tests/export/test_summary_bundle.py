"""A model that writes into a bundle, and back through the product's own loader and beam search."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from hunch.model.bundle import MODEL_CARD, TOKENIZER, BundleError, load_bundle
from hunch.model.session import load_graph
from hunch.model.summariser import NEEDS, READ_GRAPH, WRITE_GRAPH, Summariser, load_summariser
from hunch.text.subwords import BEGIN, END
from hunch_export import cli
from hunch_export.rnn_graph import write_rnn_graphs
from hunch_training.cli import main as train_main
from hunch_training.seq2seq.decoding import beam_search
from hunch_training.seq2seq.rnn_seq2seq import RnnSeq2Seq

VERBS = "open close read write sort merge find parse".split()
NOUNS = "file list tree path name count head tail".split()
VOCABULARY = 60


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs whose documentation can be learnt from the name, for two languages."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "packages_pairs").mkdir()
    rows = [
        {
            "lang": "python", "package": "p", "path": "p/m.py", "func_name": f"{verb}_{noun}",
            "docstring": f"{verb.capitalize()} the {noun}.", "code": f"def {verb}_{noun}(x):\n    return x",
        }
        for verb in VERBS
        for noun in NOUNS
    ]  # fmt: skip
    for name, some in {
        "python.train": rows * 4, "python.valid": rows[::3], "python.test": rows[1::3], "java.valid": rows[:5]
    }.items():  # fmt: skip
        with gzip.open(folder / f"packages_pairs/{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in some)
    return folder


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "rnn"
    command = ["seq2seq", str(data / "packages_pairs/python.train.jsonl.gz"), "--run", str(folder), "--vocabulary",
               "200", "--dim", "32", "--epochs", "25", "--patience", "0", "--batch-tokens", "400", "--dropout", "0",
               "--learning-rate", "1e-2", "--threads", "1", "--longest-source", "16"]  # fmt: skip
    assert train_main(command) == 0
    return folder


@pytest.fixture(scope="module")
def bundle(data: Path, run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bundles") / "summary-tiny"
    assert cli.main(["summariser", str(data), "--run", str(run), "--out", str(out), "--test"]) == 0
    return out


def test_what_was_learnt_is_written_by_the_product(bundle: Path) -> None:
    summariser = load_summariser(bundle)
    for verb in VERBS:
        summary = summariser.summarise(f"def {verb}_tree(x):\n    return x")
        assert summary is not None and summary.text == f"{verb.capitalize()} the tree."
        assert 0.9 < summary.confidence <= 1
    assert summariser.summarise("() { }") is None
    assert summariser.summarise("") is None


def test_manifest_and_card_say_what_it_is(bundle: Path, run: Path) -> None:
    manifest = load_bundle(bundle, needs=NEEDS).manifest
    assert set(manifest.sha256) == {READ_GRAPH, WRITE_GRAPH, TOKENIZER, MODEL_CARD, "table.bin"}
    assert manifest.max_tokens == 16 and manifest.languages == ["python"]
    assert manifest.metrics["valid/python/bleu"] > 90 and manifest.metrics["test/python/bleu"] > 90
    assert "valid/java/bleu" in manifest.metrics
    assert manifest.training["parity"]["agreement"] == 1
    assert manifest.training["settings"] == json.loads((run / "run.json").read_text())["settings"]
    assert (manifest.license, manifest.derived_from) == ("MIT", [])
    card = (bundle / MODEL_CARD).read_text(encoding="utf-8")
    assert "\nMIT; it is derived from no other model." in card
    assert f"| valid/python | {manifest.metrics['valid/python/bleu']:.1f} |" in card


def test_a_bundle_that_writes_does_not_search(bundle: Path) -> None:
    with pytest.raises(BundleError, match=r"lists no query\.onnx"):
        load_bundle(bundle)


def test_ratings_stand_in_the_card(
    bundle: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = Path(shutil.copytree(bundle, tmp_path / "summary"))
    ratings = tmp_path / "ratings.jsonl"
    pairs = str(data / "packages_pairs/python.test.jsonl.gz")
    assert cli.main(["human-evaluation", str(copy), "--pairs", pairs, "--count", "2"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["text"] == first["documentation"] and first["rating"] == ""
    ratings.write_text(json.dumps(first))
    take = ["human-evaluation", str(copy), "--ratings", str(ratings)]
    assert cli.main(take) == 2
    assert "ratings.jsonl:1: the rating is ''" in capsys.readouterr().err
    first |= {"rating": "useful", "function": "p p/m.py open_tree", "text": "Open the | tree."}
    second["rating"] = "wrong"
    ratings.write_text("".join(json.dumps(row) + "\n" for row in (first, second)))
    assert cli.main(take) == 0
    card = (copy / MODEL_CARD).read_text(encoding="utf-8")
    assert "1 useful, 0 harmless, 1 wrong." in card
    assert r"| p: `open_tree` | Open the \| tree. | useful |" in card
    assert load_summariser(copy).bundle.manifest.metrics == load_bundle(bundle, needs=NEEDS).manifest.metrics
    ratings.write_text(json.dumps({**second, "weights": "0" * 12}))
    assert cli.main(take) == 2
    assert "written by another model" in capsys.readouterr().err


def test_a_transformer_is_refused(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "transformer"
    command = ["seq2seq", str(data / "packages_pairs/python.train.jsonl.gz"), "--run", str(run), "--model",
               "transformer", "--vocabulary", "200", "--dim", "64", "--layers", "1", "--epochs", "1", "--limit", "50",
               "--threads", "1"]  # fmt: skip
    assert train_main(command) == 0
    capsys.readouterr()
    assert cli.main(["summariser", str(data), "--run", str(run), "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.endswith("a transformer: only the recurrent model can be exported\n")


# ---- graphs ----


@pytest.fixture(scope="module")
def random_model(tmp_path_factory: pytest.TempPathFactory) -> tuple[RnnSeq2Seq, Summariser]:
    torch.manual_seed(3)
    model = RnnSeq2Seq(VOCABULARY, 24, 20).eval()
    with torch.no_grad():
        model.output_bias.normal_()
        model.table.weight.mul_(4)  # peaked distributions, so that beams differ
    folder = tmp_path_factory.mktemp("graphs")
    write_rnn_graphs(model, folder)
    summariser = Summariser.__new__(Summariser)  # graphs alone: a vocabulary is not needed to compare tokens
    summariser._reader = load_graph(folder / READ_GRAPH)
    summariser._writer = load_graph(folder / WRITE_GRAPH)
    return model, summariser


@pytest.mark.parametrize("length", [1, 2, 7, 30])
def test_a_step_of_the_graphs_is_a_step_of_the_model(length: int, random_model: tuple[RnnSeq2Seq, Summariser]) -> None:
    model, summariser = random_model
    generator = torch.Generator().manual_seed(length)
    source = torch.randint(4, VOCABULARY, (1, length), generator=generator)
    memory, keys, hidden = summariser._reader.run(None, {"ids": source.numpy().astype(np.int32)})
    context = np.zeros((1, memory.shape[2]), np.float32)
    with torch.no_grad():
        state = model.begin(source)
        for token in (BEGIN, 9, 17):
            logits, state, _ = model.step(torch.tensor([token]), state)
            fed = {"tokens": np.array([token], np.int32), "hidden": hidden, "context": context}
            chances, hidden, context = summariser._writer.run(None, {**fed, "memory": memory, "keys": keys})
            np.testing.assert_allclose(chances, logits.log_softmax(dim=1).numpy(), atol=0.15)
            np.testing.assert_allclose(hidden, state.hidden.numpy(), atol=0.02)


@pytest.mark.parametrize("penalty", [0.0, 0.6, 2.0])
@pytest.mark.parametrize("beams", [1, 3, 8])
def test_the_products_beam_search_is_that_of_training(
    beams: int, penalty: float, random_model: tuple[RnnSeq2Seq, Summariser]
) -> None:
    model, summariser = random_model
    same = 0
    for number in range(20):
        source = torch.randint(4, VOCABULARY, (1, 6), generator=torch.Generator().manual_seed(number))
        ours = summariser.write(source[0].tolist(), beams=beams, longest=9, penalty=penalty)
        (theirs,) = beam_search(model, source, begin=BEGIN, end=END, beams=beams, longest=9, penalty=penalty)
        same += list(ours.tokens) == theirs.tokens
    assert same >= 17  # int8 decides near ties otherwise
