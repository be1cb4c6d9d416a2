"""The recipe of the ranker on a little data: gather, fit, train, calibrate, bundle; the product ranks with it."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hunch.engine import ask, open_engine, update
from hunch.model.bundle import DEFAULT_BUNDLE, MANIFEST, SHIPPED, load_bundle
from hunch.model.ranker import OWN_RANKER, ranker_of
from hunch.search.features import COLUMNS
from hunch.settings import CACHE_VARIABLE, MODEL_VARIABLE
from hunch_export.cli import main as export
from hunch_training.cli import STAGES
from hunch_training.cli import main as train
from hunch_training.ranking import context_cache
from hunch_training.ranking.data import FOREIGN, OWN, TRAIN, VALID, load_ranking_data
from hunch_training.ranking.gather import chosen_workspaces

GOLDEN_WORKSPACE = Path(__file__).parent.parent / "goldens/workspace"
WORKSPACES: Mapping[str, tuple[str, Sequence[str]]] = {
    "shop": ("train", ("shop", "net", "text", "tests")),
    "tools": ("train", ("tools", "storage", "ui", "text")),
    "checks": ("valid", ("jobs", "text", "storage", "net", "shop")),
}
QUERIES = {
    "shop/cart.pyw": {"add_item": "put an article into the basket", "apply_discount": "reduce a price by a percentage"},
    "net/client.pyw": {"fetch_with_retry": "download a page and try again", "parse_headers": "split raw http headers"},
    "text/words.pyw": {"levenshtein": "edit distance between two strings", "slugify": "make a title fit for urls",
                       "count_words": "how often does each word occur"},
    "tools/graph.rs": {"shortest_paths": "find the way of least cost", "has_cycle": "detect circular dependencies"},
    "storage/backup.sh": {"prune_old_backups": "delete what was saved long ago"},
    "text/csv.rs": {"detect_delimiter": "guess the separator of a table"},
}  # fmt: skip
TWINS = """\
def read_all_rows(source):
    rows = []
    for line in source:
        rows.append(line.{call}())
    return rows
"""


def write_rows(file: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(file, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The data folder and the folder of workspaces, as the recipe is given them."""
    data, folder = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("workspaces")
    table = ["id\tlanguage\tsplit"]
    for number, (name, (split, parts)) in enumerate(WORKSPACES.items()):
        table.append(f"{name}\tlanguage{number}\t{split}")
        for part in parts:
            shutil.copytree(GOLDEN_WORKSPACE / part, folder / name / part)
        for call in ("strip", "lower", "split"):
            (folder / name / f"read_{call}.py").write_text(TWINS.format(call=call), encoding="utf-8")
        here = [(path, *one) for path, of_path in QUERIES.items() if path.split("/")[0] in parts
                for one in of_path.items()]  # fmt: skip
        commits = [{"query": f"fix {text}", "targets": [{"path": path, "names": [symbol]}], "names_symbol": False,
                    "names_path": False} for path, symbol, text in here]  # fmt: skip
        docs = [{"query": text, "path": path, "name": symbol, "names_symbol": False, "doc_start_line": 1,
                 "doc_end_line": 1} for path, symbol, text in here]  # fmt: skip
        write_rows(data / f"workspace_queries/commits/{name}.jsonl.gz", commits)
        write_rows(data / f"workspace_queries/docs/{name}.jsonl.gz", docs)
    (data / "workspace_queries/workspaces.tsv").write_text("\n".join(table) + "\n", encoding="utf-8")
    code = [f"def f{i}(rows):\n    return [row.{word} for row in rows]\n" for i, word in enumerate(NOUNS)]
    write_rows(data / "cosqa/corpus.jsonl.gz", [{"id": str(i), "code": one} for i, one in enumerate(code)])
    questions = [{"query": f"python get {word} of rows", "relevant": str(i)} for i, word in enumerate(NOUNS)]
    write_rows(data / "cosqa/queries_dev.jsonl.gz", questions)
    about = {"lang": "python", "package": "p", "path": "m.py"}
    pairs = [{**about, "func_name": f"f{i}", "docstring": f"Return the {word}.", "code": code[i]}
             for i, word in enumerate(NOUNS)]  # fmt: skip
    write_rows(data / "packages_pairs/python.valid.jsonl.gz", pairs)
    return data, folder


NOUNS = "price colour owner weight title author region height".split()


def test_from_queries_to_a_ranker_that_the_product_loads(
    places: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context_cache, "_CACHE", tmp_path / "embeddings")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    data, folder = map(str, places)
    features, linear, similar, run = (
        str(tmp_path / name) for name in ("features.npz", "linear.json", "similar.json", "run")
    )
    fit_on = "--fit=shop,tools"
    assert train(["gather-features", data, folder, "--out", features, fit_on]) == 0
    gathered = load_ranking_data(Path(features))
    assert set(gathered.kinds) >= {"commit", "doc", "symbol", "spelling", "pair", "question", "keyword", "small"}
    assert len(gathered.chosen(TRAIN, OWN)) > 20 < len(gathered.chosen(VALID, OWN))
    assert len(gathered.chosen(TRAIN, FOREIGN)) and gathered.file_hit.any() and gathered.name_hit.any()
    assert gathered.names == (*COLUMNS.positive, *COLUMNS.negative) and 0 < gathered.line.rise < 2

    assert train(["linear-weights", features, "--out", linear]) == 0
    assert train(["similar-weights", data, folder, "--linear", linear, "--out", similar, fit_on]) == 0
    given = [features, "--linear", linear, "--run", run]
    assert train(["ranker", *given, "--epochs", "2", "--steps", "20"]) == 0
    assert train(["calibrate-ranker", *given, "--steps", "50"]) == 0
    facts = json.loads((Path(run) / "ranking.json").read_text())
    assert 0 <= facts["answerability"]["weak"] <= facts["answerability"]["relevant"] <= 1
    assert facts["training"]["calibration"]["scale"] > 0 and facts["metrics"]["valid/doc file"] > 0.3

    model = tmp_path / "model"
    shutil.copytree(SHIPPED / DEFAULT_BUNDLE, model)
    assert export(["ranker", "--run", run, "--similar", similar, "--out", str(model / OWN_RANKER)]) == 0
    ranker = ranker_of(load_bundle(model), COLUMNS)
    assert ranker.answerability._asdict() == facts["answerability"]
    assert ranker.context == gathered.line
    weights = json.loads(Path(similar).read_text())
    assert ranker.similar.weights.tolist() == pytest.approx(
        [weights["weights"][name] * weights["scale"] for name in gathered.names], abs=1e-5
    )
    monkeypatch.setenv(MODEL_VARIABLE, str(model))
    with open_engine(GOLDEN_WORKSPACE) as engine:
        update(engine)
        hits = ask(engine, "reduce a price by a percentage").hits
        assert hits[0].record.name == "apply_discount" and hits[0].why
        assert np.isfinite([hit.score for hit in hits]).all()


def test_similar_code_of_another_model_is_not_bundled(
    places: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from hunch_export.ranker_bundle import write_ranker_bundle
    from hunch_training.errors import TrainingError

    manifest = json.loads((SHIPPED / "ranker-en" / MANIFEST).read_text())
    similar = {**manifest["similar"], "model": {"name": "other", "fingerprint": "0"}}
    with pytest.raises(TrainingError, match="gather both with one model"):
        write_ranker_bundle(b"", {"model": manifest["model"]}, similar, tmp_path / "out", name="x", version="1")


def test_test_workspaces_are_never_gathered(places: tuple[Path, Path]) -> None:
    assert [one.id for one in chosen_workspaces(*places, ("shop",))] == ["shop", "checks"]


def test_the_recipe_names_these_steps() -> None:
    recipe = (Path(__file__).parents[2] / "training/runs/ranker.sh").read_text(encoding="utf-8")
    steps = re.findall(r"^train (\S+)", recipe, re.MULTILINE)
    assert steps == ["gather-features", "linear-weights", "similar-weights", "ranker", "calibrate-ranker"]
    assert set(steps) <= set(STAGES) and "hunch_export ranker --run" in recipe
