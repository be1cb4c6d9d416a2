"""The ranker learns which signals count for which query, and says how sure it is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hunch.model.ranker import ContextLine
from hunch.search.features import NAMES, NEGATIVE, POSITIVE
from hunch.search.query_features import QUERY_FEATURES
from hunch_training.cli import main
from hunch_training.errors import TrainingError
from hunch_training.ranking import ablate
from hunch_training.ranking.calibrate import ONE_WORD, _by_share
from hunch_training.ranking.data import OWN, RankingData, load_ranking_data, mean_ndcg, save_ranking_data
from hunch_training.ranking.model import Lists, listwise_loss, statistics_of
from hunch_training.ranking.train import (
    NEIGHBOUR,
    SHARES,
    STATIC,
    TOLD,
    WHOLE,
    WORDS_ALONE,
    Settings,
    lists_of,
    new_ranker,
    train,
)

CANDIDATES = 12
WORDS, CONTEXT, MEANING = (POSITIVE.index(name) for name in ("words", "context", "meaning"))


@pytest.fixture(scope="module")
def signals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Commit queries whose answer has the words, questions whose answer is near in context."""
    generator = np.random.default_rng(0)
    queries = 400
    features = np.zeros((queries, CANDIDATES, len(NAMES)), np.float32)
    features[..., [WORDS, CONTEXT, MEANING]] = generator.random((queries, CANDIDATES, 3)) * 0.5
    kinds = np.array(["commit", "question"])[np.arange(queries) % 2]
    right = np.zeros((queries, CANDIDATES), bool)
    for query in range(queries):
        answer = int(generator.integers(CANDIDATES))
        right[query, answer] = True
        if kinds[query] == "commit":
            features[query, :, WORDS] += 0.4  # words are there, and the one with the most is right
            features[query, answer, WORDS] = 1.0
        else:
            features[query, answer, CONTEXT] = 0.7
    number = np.tile(np.arange(CANDIDATES, dtype=np.int32), queries)
    file = tmp_path_factory.mktemp("signals") / "signals.npz"
    save_ranking_data(
        RankingData(
            starts=np.arange(0, (queries + 1) * CANDIDATES, CANDIDATES),
            features=features.reshape(-1, features.shape[-1]), names=NAMES,
            query_features=np.zeros((queries, len(QUERY_FEATURES)), np.float32), query_names=QUERY_FEATURES,
            model=("tiny 1", "0" * 12), line=ContextLine(0.1, 0.5), file_hit=right.ravel(), name_hit=right.ravel(),
            files=number, places=number, path_count=np.ones(queries, np.int32), place_count=np.ones(queries, np.int32),
            kinds=kinds, groups=np.full(queries, OWN, np.int32), split=(np.arange(queries) >= 300).astype(np.uint8),
        ),
        file,
    )  # fmt: skip
    return file


def test_it_learns_what_counts_for_which_query(signals: Path, tmp_path: Path) -> None:
    arguments = ["ranker", str(signals), "--run", str(tmp_path / "run"), "--epochs", "3", "--steps", "60"]
    assert main(arguments) == 0
    lines = [json.loads(line) for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    last = [line for line in lines if "valid_ndcg" in line][-1]
    assert last["commit file"] > 0.95 and last["question file"] > 0.95
    assert last["static question file"] < 0.8  # the signal that answers them is not there
    assert main(arguments) == 0  # it goes on at its end


def test_what_a_search_can_lack_is_taken_away(signals: Path) -> None:
    data = load_ranking_data(signals)
    asked = np.array([0, 1, 2])
    positive = lists_of(data, asked, np.array([WHOLE, STATIC, WORDS_ALONE])).positive.numpy()
    whole, first, words = positive.reshape(3, CANDIDATES, -1)
    assert (whole == data.features[:CANDIDATES, : len(POSITIVE)]).all()
    assert np.corrcoef(first[:, CONTEXT], first[:, MEANING])[0, 1] == pytest.approx(1)
    assert not words[:, [CONTEXT, MEANING, NEIGHBOUR]].any() and words[:, WORDS].all()


def test_what_a_neighbour_says_is_what_is_left_of_its_embedding(signals: Path) -> None:
    data = replace(load_ranking_data(signals), files=np.tile(np.arange(CANDIDATES, dtype=np.int32) // 2, 400))
    for state in (WHOLE, STATIC):
        positive = lists_of(data, np.array([4, 5]), np.full(2, state)).positive.numpy()
        pairs = positive[:, CONTEXT].reshape(-1, 2)
        assert (positive[:, NEIGHBOUR].reshape(-1, 2) == pairs[:, ::-1]).all()


def test_what_a_query_looks_like_decides_too(signals: Path, tmp_path: Path) -> None:
    data = load_ranking_data(signals)
    model = new_ranker(Settings(steps=60, epochs=2))
    told = data.query_features.copy()
    told[:, ONE_WORD] = data.kinds == "commit"
    train(replace(data, query_features=told), model, Settings(steps=60, epochs=2), tmp_path / "run")
    lists = lists_of(data, np.array([0]), np.array([WHOLE]))
    with torch.no_grad():
        one = model.weigh(statistics_of(lists._replace(query=torch.from_numpy(told[:1])), TOLD))
        other = model.weigh(statistics_of(lists._replace(query=torch.from_numpy(told[1:2])), TOLD))
    assert float(one.positive[0, WORDS] / one.positive[0, CONTEXT]) > float(
        other.positive[0, WORDS] / other.positive[0, CONTEXT]
    )


def test_scores_are_judged_by_file_and_by_definition(signals: Path) -> None:
    data = load_ranking_data(signals)
    queries = np.arange(len(data))
    right = data.file_hit.astype(float)
    assert set(mean_ndcg(data, queries, right).values()) == {1.0}
    assert max(mean_ndcg(data, queries, -right).values()) < 0.5


def test_another_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "other.npz"
    np.savez(file, starts=np.zeros(1))
    with pytest.raises(TrainingError, match="make it with hunch-train gather-features"):
        load_ranking_data(file)


def test_queries_do_not_see_each_other() -> None:
    torch.manual_seed(0)
    model = new_ranker(Settings())
    positive, negative = torch.rand(7, len(POSITIVE)), torch.zeros(7, len(NEGATIVE))
    together = Lists(positive, negative, torch.tensor([0, 0, 0, 1, 1, 1, 1]), torch.zeros(2, len(QUERY_FEATURES)))
    alone = Lists(positive[:3], negative[:3], torch.zeros(3, dtype=torch.int64), torch.zeros(1, len(QUERY_FEATURES)))
    with torch.no_grad():
        assert torch.allclose(model(together)[0][:3], model(alone)[0], atol=1e-6)


def test_rivals_take_from_the_chance_of_a_hit() -> None:
    model = new_ranker(Settings())
    lists = Lists(torch.zeros(6, len(POSITIVE)), torch.zeros(6, len(NEGATIVE)),
                  torch.tensor([0, 0, 0, 1, 1, 1]), torch.zeros(2, len(QUERY_FEATURES)))  # fmt: skip
    with torch.no_grad():
        weighed = model.weigh(statistics_of(lists, TOLD))
        chances = model.logits(torch.tensor([2.0, 1.9, 1.8, 2.0, 0.1, 0.0]), weighed, lists)
    assert chances[3] > chances[0] > chances[1] > chances[2] > chances[4] > chances[5]


@pytest.mark.parametrize("count", [3, 10, 42])
def test_each_kind_of_query_is_drawn_by_its_share(count: int) -> None:
    kinds = np.array(["commit"] * 500 + ["doc"] * 40 + ["symbol"] * 2)
    drawn = _by_share(np.arange(len(kinds)), kinds, count, np.random.default_rng(0))
    assert len(drawn) == count
    found = {kind: int((kinds[drawn] == kind).sum()) for kind in ("commit", "doc", "symbol")}
    shares = {kind: SHARES[kind] / sum(SHARES[one] for one in found) for kind in found}
    assert min(found.values()) > 0, "the last kind of the alphabet too"
    assert all(abs(found[kind] - shares[kind] * count) <= 2 for kind in found)


def test_a_query_without_an_answer_teaches_no_order() -> None:
    lists = Lists(torch.rand(4, 1), torch.zeros(4, 1), torch.tensor([0, 0, 1, 1]), torch.zeros(2, len(QUERY_FEATURES)))
    total = torch.tensor([3.0, 1.0, 0.5, 0.2])
    loss = listwise_loss(total, lists, torch.tensor([True, False, False, False]), torch.ones(2))
    assert float(loss) == pytest.approx(float(np.log(1 + np.exp(-2.0))), abs=1e-5)


def test_fields_are_those_of_the_file() -> None:
    assert {"starts", "features", "names", "split"} <= set(RankingData.__dataclass_fields__)


def test_what_is_taken_away_is_seen_by_nothing(signals: Path) -> None:
    data = replace(load_ranking_data(signals), without=("words", "one word", NEGATIVE[0]))
    data.query_features[:] = 1
    data.features[:, [len(POSITIVE), len(POSITIVE) + 1]] = 1
    lists = lists_of(data, np.array([0, 1]), np.full(2, WHOLE))
    assert not lists.positive[:, WORDS].any() and lists.positive[:, MEANING].any()
    assert not lists.negative[:, 0].any() and lists.negative[:, 1].all()
    assert not lists.query[:, ONE_WORD].any() and lists.query.any()


def test_what_a_group_of_signals_is_worth(
    signals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ablate, "GROUPS", {"words": ("words",), "negative": NEGATIVE})
    arguments = ["ablate-ranker", str(signals), "--run", str(tmp_path / "run"), "--epochs", "2", "--steps", "60"]
    assert main(arguments) == 0
    found = json.loads((tmp_path / "run/ablation.json").read_text())
    lost = found["words"]["commit file"]
    assert lost["low"] > 0.3 and lost["low"] <= lost["mean"] <= lost["high"]
    assert abs(found["negative"]["commit file"]["mean"]) < 0.1 and "| words | +0." in capsys.readouterr().out
