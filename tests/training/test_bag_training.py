"""The whole way from files to a model, on pairs whose queries and code have no word in common."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from hunch.text.bag import bag_fields, bag_queries
from hunch.text.render import Fields
from hunch.text.tokenizer import Tokenizer, load_tokenizer
from hunch_training import train_bag, train_tokenizer
from hunch_training.average_runs import average_runs
from hunch_training.bag_model import DOCUMENTATION, BagModel
from hunch_training.bm25 import bm25_scores
from hunch_training.corpus import Corpus, corpora_of, keep, load_corpora, merge_rows, take
from hunch_training.data import read_pairs
from hunch_training.evaluate import RetrievalSet, load_pair_sets, mean_reciprocal_rank, tokenise
from hunch_training.train_bag import (
    BEST,
    LAST,
    METRICS,
    Settings,
    dense_scorer,
    draw_batch,
    load_model,
    plan_epoch,
    repeats_of,
    train,
)
from hunch_training.train_bag import (
    SETTINGS as RUN_SETTINGS,
)

SETTINGS = Settings(seed=3, epochs=8, batch=64, dim=32, learning_rate=0.03, averaging=0.8, warmup=4)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Tiny matrices are faster on one thread, above all beside other tests."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tokenizer_file(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    train_tokenizer.main([str(data), str(path), "--size", "600"])
    return path


@pytest.fixture(scope="module")
def tokenizer(tokenizer_file: Path) -> Tokenizer:
    return load_tokenizer(tokenizer_file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def corpora(data: Path, tokenizer: Tokenizer, cache: Path) -> list[Corpus]:
    return load_corpora([data / "packages_pairs/python.train.jsonl.gz"], tokenizer, cache)


@pytest.fixture(scope="module")
def valid(data: Path, tokenizer: Tokenizer) -> RetrievalSet:
    (texts,) = load_pair_sets(data, "valid")
    return tokenise(texts, tokenizer)


@pytest.fixture(scope="module")
def run(
    corpora: list[Corpus], valid: RetrievalSet, tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("run")
    train(corpora, len(tokenizer.pieces), [valid], SETTINGS, folder)
    return folder


def test_vocabulary_spells_any_word(tokenizer: Tokenizer) -> None:
    assert len(tokenizer.pieces) <= 600
    assert len(tokenizer.encode_word("foxtrot")) == 1
    unknown = tokenizer.encode_word("zyxwv9")
    assert "".join(tokenizer.pieces[i].removeprefix("##") for i in unknown) == "zyxwv9"


def test_words_of_one_package_count_at_most_so_often(data: Path) -> None:
    counts = train_tokenizer.count_words(read_pairs(data / "packages_pairs/python.train.jsonl.gz"))
    assert counts["the"] == train_tokenizer.PER_PACKAGE


def test_loss_falls_and_unseen_pairs_are_found(run: Path, valid: RetrievalSet) -> None:
    epochs = [json.loads(line) for line in (run / METRICS).read_text(encoding="utf-8").splitlines()]
    assert epochs[-1]["loss"] < epochs[0]["loss"] / 2
    assert mean_reciprocal_rank(valid, bm25_scores).mean < 0.2  # chance is 0.11
    model, _ = load_model(run / BEST)
    assert mean_reciprocal_rank(valid, dense_scorer(model)).mean > 0.8


@pytest.mark.parametrize("stop", [3, 20])
def test_resumed_run_equals_an_uninterrupted_one(
    run: Path, corpora: list[Corpus], valid: RetrievalSet, tokenizer: Tokenizer, tmp_path: Path, stop: int
) -> None:
    for stop_after in (stop, None):
        train(corpora, len(tokenizer.pieces), [valid], SETTINGS, tmp_path, stop_after=stop_after)
    whole, resumed = (torch.load(folder / LAST, weights_only=True) for folder in (run, tmp_path))
    assert whole["step"] == resumed["step"]
    for name, weights in whole["model"].items():
        assert torch.equal(weights, resumed["model"][name]), name


def test_checkpoint_of_other_settings_is_refused(run: Path, corpora: list[Corpus], tokenizer: Tokenizer) -> None:
    with pytest.raises(ValueError, match="other settings"):
        train(corpora, len(tokenizer.pieces), [], replace(SETTINGS, seed=4), run)


def test_command_refuses_a_folder_without_training_files(tokenizer_file: Path, tmp_path: Path) -> None:
    command = [str(tmp_path), "--tokenizer", str(tokenizer_file), "--run", str(tmp_path / "run")]
    with pytest.raises(FileNotFoundError, match="no training files"):
        train_bag.main(command)


def test_valid_rows_are_refused_for_training(data: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="valid rows are not for training"):
        load_corpora([data / "packages_pairs/python.valid.jsonl.gz"], tokenizer, tmp_path)


def test_cache_gives_what_tokenising_gives(
    data: Path, corpora: list[Corpus], tokenizer: Tokenizer, cache: Path
) -> None:
    path = data / "packages_pairs/python.train.jsonl.gz"
    (again,) = load_corpora([path], tokenizer, cache)
    (fresh,) = corpora_of(read_pairs(path), tokenizer)
    for side in ("queries", "code"):
        for name in ("offsets", "ids", "fields", "counts"):
            expected = getattr(getattr(fresh, side), name)
            assert np.array_equal(getattr(getattr(again, side), name), expected)
            assert np.array_equal(getattr(getattr(corpora[0], side), name), expected)


def test_every_row_is_in_one_batch_of_an_epoch(corpora: list[Corpus]) -> None:
    for neighbours in (1, 8):
        plan = plan_epoch([len(corpora[0]), 70], replace(SETTINGS, neighbours=neighbours), [1, 2], epoch=0)
        seen = np.sort(np.concatenate([rows for number, rows in plan if number == 0]))
        assert np.array_equal(seen, np.arange(len(corpora[0])))
        assert sum(len(rows) for number, rows in plan if number == 1) == 140


def test_dropout_removes_fields_and_adds_documentation(corpora: list[Corpus]) -> None:
    settings = replace(SETTINGS, name_dropout=1.0, code_token_dropout=0.0, documentation_share=1.0)
    batch = draw_batch(corpora[0], np.arange(50), settings, np.random.default_rng(0))
    assert 0 not in batch.code.fields
    assert DOCUMENTATION in batch.code.fields
    plain = replace(settings, name_dropout=0.0, path_dropout=0.0, documentation_share=0.0, query_token_dropout=0.0)
    batch = draw_batch(corpora[0], np.arange(50), plain, np.random.default_rng(0))
    assert np.array_equal(batch.code.ids, take(corpora[0].code, np.arange(50)).ids)
    assert np.array_equal(batch.queries.ids, take(corpora[0].queries, np.arange(50)).ids)


def test_mean_of_runs_is_a_run(run: Path, tmp_path: Path) -> None:
    description = {"settings": {"seed": 3, "dim": 32}, "tokenizer_sha256": "t", "data_sha256": {"a": "1"}}
    other = tmp_path / "other"
    shutil.copytree(run, other)
    state = torch.load(run / BEST, weights_only=True)
    torch.save({"model": {n: w + 1 for n, w in state["model"].items()}, "step": 99}, other / BEST)
    for folder in (run, other):
        (folder / RUN_SETTINGS).write_text(json.dumps(description), encoding="utf-8")
    average_runs([run, other], tmp_path / "mean")
    model, rest = load_model(tmp_path / "mean" / BEST)
    assert rest["step"] == 99
    assert torch.allclose(model.table, state["model"]["table"] + 0.5, atol=1e-6)
    (other / RUN_SETTINGS).write_text(json.dumps({**description, "data_sha256": {"a": "2"}}), encoding="utf-8")
    with pytest.raises(ValueError, match="other"):
        average_runs([run, other], tmp_path / "mean")


def test_rows_asked_for_by_name_lose_name_and_signature(tokenizer: Tokenizer) -> None:
    code = bag_fields(
        [Fields(["alpha", "bravo"], ["golf"], ["alpha", "bravo"], [], ["fig"]), Fields(["echo"], [], ["echo"], [], [])],
        tokenizer,
    )
    queries = bag_queries([["hotel"], ["india"]], tokenizer)
    corpus = Corpus("python", queries, code, np.arange(2))
    settings = replace(
        SETTINGS, name_queries=1.0, query_token_dropout=0.0, code_token_dropout=0.0, path_dropout=0.0,
        documentation_share=0.0, name_dropout=0.0,
    )  # fmt: skip
    batch = draw_batch(corpus, np.arange(2), settings, np.random.default_rng(0))
    expected = bag_queries([["alpha", "bravo"], ["india"]], tokenizer)
    assert np.array_equal(batch.queries.ids, expected.ids)
    assert batch.code.fields.tolist() == [1, 4, 0, 2]


def test_thin_languages_and_questions_are_seen_more_often(corpora: list[Corpus]) -> None:
    question = replace(corpora[0], language="question-sql")
    settings = replace(SETTINGS, thin=3, questions=2)
    assert [repeats_of(corpus, settings) for corpus in (corpora[0], question)] == [3, 2]


def test_bags_are_taken_kept_and_merged(tokenizer: Tokenizer) -> None:
    bags = bag_queries([["alpha", "bravo"], [], ["golf", "golf", "fig"]], tokenizer)
    swapped = take(bags, np.array([2, 0, 1]))
    assert np.diff(swapped.offsets).tolist() == [2, 2, 0]
    assert sorted(swapped.counts[:2].tolist()) == [1, 2]
    kept = keep(swapped, swapped.counts == 1)
    assert np.diff(kept.offsets).tolist() == [1, 2, 0]
    merged = merge_rows(kept, bags)
    assert np.diff(merged.offsets).tolist() == [3, 2, 2]
    assert set(merged.ids[:3]) == set(kept.ids[:1]) | set(bags.ids[:2])


def test_loss_equals_cross_entropy() -> None:
    model = BagModel(10, 8)
    generator = torch.Generator().manual_seed(1)
    queries, code = (functional.normalize(torch.randn(6, 8, generator=generator), dim=1) for _ in range(2))
    same = torch.zeros(6, 6, dtype=torch.bool)
    same[1, 4] = same[4, 1] = True
    logits = (queries @ code.T * model.sharpness.exp()).masked_fill(same, -torch.inf)
    target = torch.arange(6)
    expected = (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)) / 2
    assert torch.allclose(model.loss(queries, code, same), expected, atol=1e-5)


def test_vector_is_the_weighted_sum_of_its_tokens(tokenizer: Tokenizer) -> None:
    model = BagModel(len(tokenizer.pieces), 8)
    with torch.no_grad():
        model.token_weights.copy_(torch.randn(model.token_weights.shape, generator=torch.Generator().manual_seed(2)))
        model.field_weights.copy_(torch.arange(5.0))
    bags = bag_fields([Fields([], [], ["alpha", "alpha"], ["bravo"], []), Fields([], [], [], [], [])], tokenizer)
    (alpha,), (bravo,) = tokenizer.encode_word("alpha"), tokenizer.encode_word("bravo")
    signature = model.token_weights[1, alpha].exp() * np.e**2 * np.log(3) * model.table[alpha]
    documentation = model.token_weights[0, bravo].exp() * np.e**3 * np.log(2) * model.table[bravo]
    expected = functional.normalize(signature + documentation, dim=0)
    vectors = train_bag.encode_code(model, bags)
    assert torch.allclose(vectors[0], expected, atol=1e-5)
    assert torch.equal(vectors[1], torch.zeros(8))
