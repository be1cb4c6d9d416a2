"""A model into a bundle and back through the product's own loader and encoder."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from hunch.model.bundle import CODE_GRAPH, MODEL_CARD, QUERY_GRAPH, TOKENIZER, BundleError, load_bundle, sha256_of
from hunch.model.encoder import Encoder
from hunch.text.bag import Bags, bag_fields, bag_queries
from hunch.text.render import Fields, render_parts, render_query
from hunch.text.tokenizer import SPECIAL_PIECES, Tokenizer, dump_tokenizer
from hunch_export import cli
from hunch_export import search_bundle as export
from hunch_export.parity import Parity, ParityError, check_parity, compare, open_graph, run_graph
from hunch_export.quantise import quantise_rows
from hunch_export.static_graph import TABLE, write_graphs
from hunch_training.bi_encoder.model import BiEncoder, Shape, kept_shape
from hunch_training.evaluation.retrieval_sets import RetrievalSet, TextSet, tokenise
from hunch_training.loop.run_folder import BEST, SETTINGS
from hunch_training.networks.static_encoder import StaticEncoder, encode_code, encode_queries

WORDS = "open close read write sort merge file list tree path name count first last empty copy move find parse".split()
PIECES = [*SPECIAL_PIECES, *WORDS, *"abcdefghijklmnopqrstuvwxyz", *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz")]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer(PIECES)


@pytest.fixture(scope="module")
def model() -> StaticEncoder:
    """Random vectors, with weights as uneven as training makes them."""
    generator = torch.Generator().manual_seed(5)
    model = StaticEncoder(len(PIECES), 48, seed=5)
    with torch.no_grad():
        model.token_weights.copy_(torch.randn(model.token_weights.shape, generator=generator))
        model.field_weights.copy_(torch.tensor([1.0, -0.5, 0.2, 0.7, -0.3]))
        model.table.mul_(torch.exp(torch.randn(len(PIECES), 1, generator=generator)))
    return model.eval()


def texts() -> list[Fields]:
    generator = np.random.default_rng(0)

    def some(n: int) -> str:
        return " ".join(generator.choice(WORDS, n))

    return [
        render_parts(name=some(2), path=some(3), signature=some(5), documentation=some(i % 4), body=some(1 + i % 60))
        for i in range(200)
    ]


@pytest.fixture(scope="module")
def retrieval(tokenizer: Tokenizer) -> RetrievalSet:
    code = texts()
    queries = [" ".join(text.name + text.body[:3]) for text in code]
    return tokenise(TextSet("pairs/python", queries, code, [{i: 1.0} for i in range(len(code))], 1000), tokenizer)


@pytest.fixture(scope="module")
def graphs(model: StaticEncoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("graphs")
    write_graphs(model, folder)
    return folder


@pytest.fixture
def run(model: StaticEncoder, tokenizer: Tokenizer, tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "tokenizer.json").write_text(dump_tokenizer(tokenizer), encoding="utf-8")
    bi_encoder = BiEncoder(Shape(len(PIECES), dim=48))
    bi_encoder.static_encoder = model
    torch.save({"model": bi_encoder.state_dict(), "step": 7, **kept_shape(bi_encoder.shape)}, folder / BEST)
    description = {
        "settings": {"dim": 48, "seed": 5, "epochs": 1, "batch": 64},
        "pairs": 1234,
        "vocabulary": len(PIECES),
        "tokenizer_sha256": sha256_of(folder / "tokenizer.json"),
        "data_sha256": {"packages_pairs/python.train.jsonl.gz": "0" * 64, "conala/train.jsonl.gz": "1" * 64},
    }
    (folder / SETTINGS).write_text(json.dumps(description), encoding="utf-8")
    return folder


@pytest.fixture
def bundle(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    code = texts()[:60]
    small = TextSet("pairs/python", ["sort list"] * len(code), code, [{i: 1.0} for i in range(len(code))], 1000)
    monkeypatch.setattr(export, "load_sets", lambda data, split: [small])
    out = tmp_path / "bundles" / "tiny"
    cli.main(
        ["search", str(tmp_path), "--run", str(run), "--tokenizer", str(run / "tokenizer.json"), "--out", str(out)]
    )
    return out


def test_graphs_do_what_the_model_does(model: StaticEncoder, graphs: Path, retrieval: RetrievalSet) -> None:
    parity = check_parity(model, graphs, retrieval)
    assert parity.largest_difference < 0.01
    assert parity.agreement > 0.97


def test_documentation_and_other_fields_each_have_their_weight(
    model: StaticEncoder, graphs: Path, tokenizer: Tokenizer
) -> None:
    graph = open_graph(graphs / CODE_GRAPH)
    for field in range(5):
        words = [["sort", "list"] if i == field else ["tree"] if i == (field + 1) % 5 else [] for i in range(5)]
        bags = bag_fields([Fields(*words)], tokenizer)
        with torch.no_grad():
            expected = encode_code(model, bags).numpy()
        assert np.abs(run_graph(graph, bags) - expected).max() < 0.01


def test_query_graph_ignores_code_weights(model: StaticEncoder, graphs: Path, tokenizer: Tokenizer) -> None:
    bags = bag_queries([render_query("find the last empty path"), render_query("sort")], tokenizer)
    with torch.no_grad():
        expected = encode_queries(model, bags).numpy()
    assert np.abs(run_graph(open_graph(graphs / QUERY_GRAPH), bags) - expected).max() < 0.01


def test_vectors_have_length_one_and_empty_texts_are_zeros(graphs: Path, tokenizer: Tokenizer) -> None:
    bags = bag_fields([Fields([], [], [], [], []), *texts()[:3], Fields([], [], [], [], ["\u4e2d"])], tokenizer)
    vectors = run_graph(open_graph(graphs / CODE_GRAPH), bags)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), [0, 1, 1, 1, 0], atol=1e-5)


def test_a_vector_does_not_depend_on_its_batch(graphs: Path, tokenizer: Tokenizer) -> None:
    graph = open_graph(graphs / CODE_GRAPH)
    together = run_graph(graph, bag_fields(texts(), tokenizer))
    alone = np.concatenate([run_graph(graph, bag_fields([text], tokenizer)) for text in texts()[:20]])
    assert np.allclose(together[:20], alone, atol=1e-6)


@pytest.mark.parametrize("name", [CODE_GRAPH, QUERY_GRAPH])
def test_graphs_are_valid_and_share_the_table(graphs: Path, name: str) -> None:
    onnx.checker.check_model(str(graphs / name))
    assert (graphs / name).stat().st_size < (graphs / TABLE).stat().st_size + 5000


def test_wrong_graphs_are_noticed(model: StaticEncoder, retrieval: RetrievalSet, tmp_path: Path) -> None:
    other = StaticEncoder(len(PIECES), 48, seed=5)
    other.load_state_dict(model.state_dict())
    with torch.no_grad():
        other.field_weights[4] += 0.7
    write_graphs(other, tmp_path)
    with pytest.raises(ParityError):
        check_parity(model, tmp_path, retrieval)


def test_compare_counts_shared_neighbours() -> None:
    vectors = np.eye(30, dtype=np.float32)
    assert compare((vectors, vectors), (vectors, vectors)) == Parity(0.0, 1.0)
    assert compare((vectors, vectors), (vectors, vectors[::-1])).largest_difference == 1.0


def test_rows_keep_their_own_scale() -> None:
    matrix = np.array([[1.0, -0.5], [0.001, 0.0005], [0, 0]], np.float32)
    rows = quantise_rows(matrix)
    assert rows.values.tolist() == [[127, -64], [127, 64], [0, 0]]
    assert np.allclose(rows.values * rows.scale[:, None], matrix, atol=0.005)


def test_product_loads_the_bundle_and_ranks(bundle: Path, model: StaticEncoder, tokenizer: Tokenizer) -> None:
    encoder = Encoder(load_bundle(bundle))
    code = texts()
    vectors = encoder.encode_chunks(encoder.bag_chunks(code))
    queries = [" ".join(text.body) for text in code[40:50]]
    with torch.no_grad():
        expected = _scores(model, tokenizer, queries, code)
    scores = encoder.encode_queries(queries) @ vectors.T
    assert np.abs(scores - expected).max() < 0.02
    assert encoder.encode_queries([""]).tolist() == [[0.0] * 48]


def test_manifest_and_card_say_what_went_in(bundle: Path) -> None:
    manifest = load_bundle(bundle).manifest
    assert manifest.dim == 48
    assert manifest.languages == ["python"]
    assert manifest.training_data == ["conala", "packages_pairs"]
    assert set(manifest.sha256) == {CODE_GRAPH, QUERY_GRAPH, TABLE, TOKENIZER, MODEL_CARD}
    assert set(manifest.metrics) == {"valid/pairs/python"}
    assert (manifest.license, manifest.derived_from) == ("MIT", [])
    assert manifest.training["settings"]["seed"] == 5
    card = (bundle / MODEL_CARD).read_text(encoding="utf-8")
    assert "1,234 pairs" in card and "CC BY-SA" in card and "| pairs/python |" in card
    assert "\nMIT; it is derived from no other model." in card
    assert {path.name for path in bundle.parent.iterdir()} == {"tiny"}


def test_changed_table_is_noticed(bundle: Path) -> None:
    with (bundle / TABLE).open("r+b") as file:
        file.write(b"\x7f\x7f")
    with pytest.raises(BundleError, match=r"table\.bin"):
        load_bundle(bundle)


def test_failed_export_leaves_the_old_bundle(
    bundle: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = load_bundle(bundle).manifest

    def fail(*_: object) -> Parity:
        raise ParityError("no")

    monkeypatch.setattr(export, "check_parity", fail)
    tokenizer = str(run / "tokenizer.json")
    command = ["search", str(tmp_path), "--run", str(run), "--tokenizer", tokenizer, "--out", str(bundle)]
    assert cli.main(command) == 2
    assert capsys.readouterr().err == "hunch-export: no\n"
    assert load_bundle(bundle).manifest == before
    assert {path.name for path in bundle.parent.iterdir()} == {"tiny"}


def test_tokeniser_of_another_run_is_refused(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "tokenizer.json"
    shutil.copy(run / "tokenizer.json", other)
    other.write_text(dump_tokenizer(Tokenizer(PIECES[:-1])), encoding="utf-8")
    command = ["search", str(tmp_path), "--run", str(run), "--tokenizer", str(other), "--out", str(tmp_path / "b")]
    assert cli.main(command) == 2
    assert "not the tokeniser" in capsys.readouterr().err


def _scores(model: StaticEncoder, tokenizer: Tokenizer, queries: Sequence[str], code: Sequence[Fields]) -> np.ndarray:
    query_bags: Bags = bag_queries([render_query(query) for query in queries], tokenizer)
    result: np.ndarray = (encode_queries(model, query_bags) @ encode_code(model, bag_fields(code, tokenizer)).T).numpy()
    return result
