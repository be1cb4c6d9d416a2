"""A ranker's bundle fits by the names of its columns, or it is refused in one line that names the file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hunch.model.bundle import (
    CODE_GRAPH,
    DEFAULT_BUNDLE,
    LARGEST_JSON,
    MANIFEST,
    MODEL_CARD,
    SHIPPED,
    BundleError,
    load_bundle,
    sha256_of,
    write_manifest,
)
from hunch.model.ranker import (
    DEFAULT_RANKER,
    OWN_RANKER,
    RANKER_GRAPH,
    FeatureNames,
    Ranked,
    Ranker,
    fingerprint_of,
    load_ranker,
    rank,
    ranker_of,
)
from hunch.search.features import COLUMNS, NAMES, NEGATIVE, POSITIVE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the ranker that ships."""
    return Path(shutil.copytree(SHIPPED / DEFAULT_RANKER, tmp_path / "ranker"))


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the manifest's JSON."""
    file = folder / MANIFEST
    content = json.loads(file.read_text(encoding="utf-8"))
    change(content)
    file.write_text(json.dumps(content), encoding="utf-8")


def check_refused(folder: Path, file: str, *words: str) -> None:
    with pytest.raises(BundleError) as caught:
        load_ranker(folder, COLUMNS)
    message = str(caught.value)
    assert "\n" not in message and message.startswith(f"{folder / file}: ")
    for word in words:
        assert word in message


def some_ranked(ranker: Ranker, names: FeatureNames = COLUMNS) -> Ranked:
    """Rank candidates whose features depend on their names alone, however they are ordered."""
    generator = {name: np.random.default_rng(number) for number, name in enumerate((*NAMES, *COLUMNS.query))}
    columns = [[generator[name].random(6) for name in part] for part in names[:2]]
    query = np.array([generator[name].random() for name in names.query], np.float32)
    positive, negative = (np.stack(part, axis=1).astype(np.float32) for part in columns)
    return rank(ranker, positive, negative, query)


def test_the_one_that_ships_fits_what_ships_beside_it() -> None:
    manifest = load_bundle().manifest
    ranker = ranker_of(load_bundle(), COLUMNS)
    assert ranker.manifest["model"]["fingerprint"] == fingerprint_of(manifest)
    assert ranker.manifest["license"] == "MIT" and ranker.manifest["derived_from"] == []
    assert {RANKER_GRAPH, MODEL_CARD} == set(ranker.manifest["sha256"])
    assert ranker_of(None, COLUMNS) is ranker, "it is loaded once"


@pytest.mark.parametrize(("kind", "first", "second"), [
    ("positive", 0, 1), ("positive", 6, 8), ("negative", 0, 2), ("negative", 3, 7), ("query", 0, 3),
])  # fmt: skip
def test_columns_in_another_order_rank_the_same(kind: str, first: int, second: int) -> None:
    there = getattr(COLUMNS, kind)
    swapped = list(there)
    swapped[first], swapped[second] = swapped[second], swapped[first]
    names = COLUMNS._replace(**{kind: tuple(swapped)})
    ours, theirs = (load_ranker(SHIPPED / DEFAULT_RANKER, one) for one in (COLUMNS, names))
    expected, found = some_ranked(ours), some_ranked(theirs, names)
    assert found.scores == pytest.approx(expected.scores, abs=1e-6)
    by_name = dict(zip((*names.positive, *names.negative), found.weights.tolist(), strict=True))
    assert [by_name[name] for name in NAMES] == pytest.approx(expected.weights.tolist(), abs=1e-5)
    similar = dict(zip((*names.positive, *names.negative), theirs.similar.weights.tolist(), strict=True))
    assert [similar[name] for name in NAMES] == ours.similar.weights.tolist()


@pytest.mark.parametrize(("kind", "first", "second"), [("positive", 0, 1), ("positive", 2, 6), ("negative", 0, 2)])
def test_columns_that_are_called_wrongly_rank_otherwise(folder: Path, kind: str, first: int, second: int) -> None:
    def swap(manifest: dict[str, Any]) -> None:
        names = manifest["features"][kind]
        names[first], names[second] = names[second], names[first]

    before = some_ranked(load_ranker(folder, COLUMNS)).scores
    edit(folder, swap)
    assert some_ranked(load_ranker(folder, COLUMNS)).scores != pytest.approx(before, abs=1e-3)


def test_the_columns_of_the_graph_that_ships_are_these() -> None:
    names = load_ranker(SHIPPED / DEFAULT_RANKER, COLUMNS).manifest["features"]
    of_words = "meaning context words name signature path symbol".split()
    assert names["positive"] == [
        *of_words,
        "exact case",
        "prefix",
        "neighbour",
        "file words",
        "language",
        "kind",
        "length",
    ]
    path_classes = "test example benchmark documentation vendored built".split()
    assert names["negative"] == ["file-level chunk", "block", *(f"in {path_class} code" for path_class in path_classes)]
    assert names["query"] == [
        "one word", "word count", "terms", "question", "change", "stop words", "code words", "names a language",
        "names a kind", "error",
    ]  # fmt: skip
    assert len(POSITIVE) + len(NEGATIVE) == len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m["features"]["positive"].remove("prefix"), ("does not know", "'prefix'")),
        (lambda m: m["features"]["positive"].append("colour"), ("needs", "'colour'")),
        (lambda m: m["features"]["query"].append("one word"), ("twice",)),
        (lambda m: m["features"].pop("negative"), ("negative",)),
        (lambda m: m["similar"]["weights"].pop("block"), ("'block'",)),
        (lambda m: m["similar"]["weights"].update(block="much"), ("no number",)),
        (lambda m: m["similar"].update(scale=float("nan")), ("scale",)),
        (lambda m: m["answerability"].update(weak=0.9), ("answerability",)),
        (lambda m: m["answerability"].pop("relevant"), ("relevant",)),
        (lambda m: m["context_of_static"].update(rise=True), ("rise",)),
        (lambda m: m.update(format=99), ("format 99",)),
        (lambda m: m.pop("format"), ("format",)),
        (lambda m: m.update(model="search-en"), ("manifest",)),
        (lambda m: m.update(sha256=[]), (RANKER_GRAPH,)),
        (lambda m: m.update(sha256=7), ("manifest",)),
        (lambda m: m.update(features=[1]), ("manifest",)),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    folder: Path, change: Callable[[dict[str, Any]], object], words: tuple[str, ...]
) -> None:
    edit(folder, change)
    check_refused(folder, MANIFEST, *words)


@pytest.mark.parametrize("text", ["", "{]", "[]", "null", "[" * 100_000, '"' + "x" * LARGEST_JSON + '"'])
def test_a_manifest_that_is_none_is_refused(folder: Path, text: str) -> None:
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    check_refused(folder, MANIFEST, "install Hunch again")


def test_damage_and_what_is_missing_are_named(folder: Path) -> None:
    graph = folder / RANKER_GRAPH
    content = graph.read_bytes()
    graph.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    check_refused(folder, RANKER_GRAPH, "checksum")
    graph.unlink()
    check_refused(folder, RANKER_GRAPH, "missing")
    (folder / MANIFEST).unlink()
    check_refused(folder, MANIFEST, "no ranker there")


def test_a_graph_of_another_width_is_refused(folder: Path) -> None:
    names = COLUMNS._replace(negative=COLUMNS.negative[:-1])
    edit(folder, lambda m: (m["features"]["negative"].pop(), m["similar"]["weights"].pop(COLUMNS.negative[-1])))
    with pytest.raises(BundleError, match=rf"{RANKER_GRAPH}: takes 8 negative features where its manifest names 7"):
        load_ranker(folder, names)


def test_a_file_that_is_no_graph_is_refused(folder: Path) -> None:
    (folder / RANKER_GRAPH).write_bytes(b"no graph")
    edit(folder, lambda m: m["sha256"].update({RANKER_GRAPH: sha256_of(folder / RANKER_GRAPH)}))
    check_refused(folder, RANKER_GRAPH, "ONNX Runtime")


def other_model(folder: Path) -> Path:
    """A copy of the model that ships whose vectors can differ."""
    shutil.copytree(SHIPPED / DEFAULT_BUNDLE, folder)
    manifest = load_bundle(folder, verify=False).manifest
    (folder / CODE_GRAPH).write_bytes((folder / CODE_GRAPH).read_bytes() + b"\0")
    manifest.sha256[CODE_GRAPH] = sha256_of(folder / CODE_GRAPH)
    write_manifest(folder, manifest)
    return folder


def test_another_model_needs_a_ranker_of_its_own(tmp_path: Path) -> None:
    model = other_model(tmp_path / "model")
    with pytest.raises(BundleError, match=r"trained with search-en 1, not with the model in .*runs/ranker"):
        ranker_of(load_bundle(model), COLUMNS)
    own = Path(shutil.copytree(SHIPPED / DEFAULT_RANKER, model / OWN_RANKER))
    fingerprint = fingerprint_of(load_bundle(model).manifest)
    edit(own, lambda m: m["model"].update(fingerprint=fingerprint))
    assert ranker_of(load_bundle(model), COLUMNS).manifest["model"]["fingerprint"] == fingerprint


def test_a_card_is_no_other_model(tmp_path: Path) -> None:
    model = Path(shutil.copytree(SHIPPED / DEFAULT_BUNDLE, tmp_path / "model"))
    manifest = load_bundle(model, verify=False).manifest
    (model / MODEL_CARD).write_text("another card", encoding="utf-8")
    manifest.sha256[MODEL_CARD] = sha256_of(model / MODEL_CARD)
    write_manifest(model, manifest)
    assert ranker_of(load_bundle(model), COLUMNS).names == COLUMNS
