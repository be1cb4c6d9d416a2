"""Bags of pairs, what is drawn from them, and the mean of runs."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hunch.text.bag import bag_fields, bag_queries
from hunch.text.render import Fields
from hunch.text.tokenizer import Tokenizer, load_tokenizer
from hunch_training.bi_encoder.model import BiEncoder, Shape, kept_shape, load_static_encoder
from hunch_training.bi_encoder.settings import Settings
from hunch_training.cli import main
from hunch_training.contrastive.batches import draw_pairs, repeats_of
from hunch_training.data.pairs import read_pairs
from hunch_training.errors import TrainingError
from hunch_training.loop.average_runs import average_runs
from hunch_training.loop.run_folder import BEST, save_checkpoint
from hunch_training.loop.run_folder import SETTINGS as RUN_SETTINGS
from hunch_training.networks.static_encoder import DOCUMENTATION
from hunch_training.tokenizer.wordpiece import PER_PACKAGE, count_words
from hunch_training.tokens.corpus import Corpus, corpora_of, keep, load_corpora, merge_rows, take

SETTINGS = Settings(seed=3, batch=64, dim=32)


@pytest.fixture(scope="module")
def tokenizer(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    assert main(["tokenizer", str(data), str(path), "--size", "600"]) == 0
    return load_tokenizer(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def corpora(data: Path, tokenizer: Tokenizer, cache: Path) -> list[Corpus]:
    return load_corpora([data / "packages_pairs/python.train.jsonl.gz"], tokenizer, cache)


def test_vocabulary_spells_any_word(tokenizer: Tokenizer) -> None:
    assert len(tokenizer.pieces) <= 600
    assert len(tokenizer.encode_word("foxtrot")) == 1
    unknown = tokenizer.encode_word("zyxwv9")
    assert "".join(tokenizer.pieces[i].removeprefix("##") for i in unknown) == "zyxwv9"


def test_words_of_one_package_count_at_most_so_often(data: Path) -> None:
    counts = count_words(read_pairs(data / "packages_pairs/python.train.jsonl.gz"))
    assert counts["the"] == PER_PACKAGE


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


def test_dropout_removes_fields_and_adds_documentation(corpora: list[Corpus]) -> None:
    settings = replace(SETTINGS, name_dropout=1.0, code_token_dropout=0.0, documentation_share=1.0)
    batch = draw_pairs(corpora[0], np.arange(50), settings, np.random.default_rng(0))
    assert 0 not in batch.code.fields
    assert DOCUMENTATION in batch.code.fields
    plain = replace(settings, name_dropout=0.0, path_dropout=0.0, documentation_share=0.0, query_token_dropout=0.0)
    batch = draw_pairs(corpora[0], np.arange(50), plain, np.random.default_rng(0))
    assert np.array_equal(batch.code.ids, take(corpora[0].code, np.arange(50)).ids)
    assert np.array_equal(batch.queries.ids, take(corpora[0].queries, np.arange(50)).ids)


def test_mean_of_runs_is_a_run(tmp_path: Path) -> None:
    shape = Shape(20, dim=4)
    description = {"settings": {"seed": 3, "dim": 4}, "tokenizer_sha256": "t", "data_sha256": {"a": "1"}}
    one, other = tmp_path / "one", tmp_path / "other"
    for folder, seed, step in ((one, 0, 7), (other, 1, 99)):
        folder.mkdir()
        save_checkpoint(folder / BEST, model=BiEncoder(shape, seed=seed).state_dict(), step=step, **kept_shape(shape))
        (folder / RUN_SETTINGS).write_text(json.dumps(description), encoding="utf-8")
    average_runs([one, other], tmp_path / "mean")
    mean, rest = load_static_encoder(tmp_path / "mean" / BEST)
    tables = [load_static_encoder(folder / BEST)[0].table for folder in (one, other)]
    assert rest["step"] == 99
    assert torch.allclose(mean.table, (tables[0] + tables[1]) / 2, atol=1e-6)
    assert len(json.loads((tmp_path / "mean" / RUN_SETTINGS).read_text())["averaged"]) == 2
    wider = shutil.copytree(one, tmp_path / "wider")
    bigger = replace(shape, dim=8)
    save_checkpoint(wider / BEST, model=BiEncoder(bigger).state_dict(), step=1, **kept_shape(bigger))
    with pytest.raises(TrainingError, match="another start"):
        average_runs([one, wider], tmp_path / "none")
    (other / RUN_SETTINGS).write_text(json.dumps({**description, "data_sha256": {"a": "2"}}), encoding="utf-8")
    with pytest.raises(TrainingError, match="another start"):
        average_runs([one, other], tmp_path / "none")
    with pytest.raises(TrainingError, match="give the folder of a run"):
        average_runs([one, tmp_path / "nowhere"], tmp_path / "none")


def test_only_two_static_encoders_make_a_bundle(tmp_path: Path) -> None:
    shape = Shape(20, "transformer", dim=4, transformer_dim=8, heads=2)
    save_checkpoint(tmp_path / BEST, model=BiEncoder(shape).state_dict(), step=1, **kept_shape(shape))
    with pytest.raises(TrainingError, match="only two static encoders can be made into a bundle"):
        load_static_encoder(tmp_path / BEST)
    save_checkpoint(tmp_path / BEST, model={}, step=1)
    with pytest.raises(TrainingError, match="the checkpoint of another stage"):
        load_static_encoder(tmp_path / BEST)


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
    batch = draw_pairs(corpus, np.arange(2), settings, np.random.default_rng(0))
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
