"""The pure parts of the quality benchmark: pools, metrics by hand, and rendered code through the product's search."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from benchmarks.quality import judge

from hunch.index.records import ChunkRecord
from hunch.index.vectors import Part, nearest
from hunch.model.bundle import load_bundle
from hunch.model.encoder import Encoder
from hunch.search.metrics import ndcg_at
from hunch.search.search import Hit
from hunch.text.render import render_parts
from hunch_training.evaluation.retrieval_sets import TextSet
from hunch_training.ranking.rendered import build_snapshot, reciprocal_ranks, score_all
from hunch_training.ranking.retrieval_sets import pools, pools_of
from hunch_training.ranking.workspaces import WorkspaceQuery


@pytest.mark.parametrize(
    ("rows", "sizes"), [(0, []), (3, [3]), (1000, [1000]), (2500, [1000, 1000, 500])]
)  # fmt: skip
def test_pools_hold_every_row_once(rows: int, sizes: list[int]) -> None:
    cut = pools(rows)
    assert [len(pool) for pool in cut] == sizes
    assert sorted(np.concatenate([*cut, np.zeros(0, np.int64)]).tolist()) == list(range(rows))


def test_pools_are_shuffled_the_same_way_each_time() -> None:
    assert np.array_equal(pools(2500)[0], pools(2500)[0])
    assert not np.array_equal(pools(1000)[0], np.arange(1000))


def test_a_pool_keeps_queries_with_their_code() -> None:
    code = [render_parts(body=f"word{i}") for i in range(5)]
    texts = TextSet("pairs/x", [f"query {i}" for i in range(5)], code, [{i: 1.0} for i in range(5)], pool=2)
    cut = list(pools_of(texts))
    assert [len(pool.queries) for pool in cut] == [2, 2, 1]
    for pool in cut:
        for place, query in enumerate(pool.queries):
            assert pool.code[place].body == [f"word{query.split()[1]}"]
            assert pool.gains[place] == {place: 1.0}


def test_ndcg_of_the_challenge_on_an_example_by_hand() -> None:
    # Judged 3, 1 and 0 of 3; the ranking puts an unjudged function first, then 1, 0 and 3.
    gains: dict[object, float] = {"three": 2**3 - 1, "one": 2**1 - 1, "zero": 0}
    dcg = 1 / math.log2(3) + 7 / math.log2(5)
    ideal = 7 / math.log2(2) + 1 / math.log2(3)
    assert ndcg_at(None, ["unjudged", "one", "zero", "three"], gains) == pytest.approx(dcg / ideal)


def test_ties_count_against_the_answer() -> None:
    scores = np.array([[0.5, 0.5, 0.1], [0.2, 0.9, 0.1]], np.float32)
    assert reciprocal_ranks(scores, [{0: 1.0}, {1: 1.0}]) == [0.5, 1.0]


def test_judge_takes_a_file_by_its_best_hit_and_wants_path_and_name_right() -> None:
    hits = [_hit("a.py", "wrong"), _hit("b.py", "other"), _hit("a.py", "right"), _hit("c.py", "right")]
    query = WorkspaceQuery("text", frozenset([("a.py", "right")]), frozenset(["a.py"]), gift=False)
    file_ndcg, file_recall, name_ndcg, name_recall = judge(hits, query)
    assert (file_ndcg, file_recall, name_recall) == (1.0, 1.0, 1.0)
    assert name_ndcg == pytest.approx(1 / math.log2(4))


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(load_bundle())


def test_every_way_of_searching_finds_the_last_of_many(encoder: Encoder) -> None:
    code = [render_parts(name=f"handle_{i}", body="return value if ready else other") for i in range(400)]
    code.append(render_parts(name="parse_date", body="split the text into year month day and make a date of them"))
    for row, scores in score_all(build_snapshot(code, encoder), encoder, ["parse a date from text"]).items():
        assert int(np.argmax(scores[0])) == 400, row


def test_the_nearest_embedding_is_found_wherever_it_stands(encoder: Encoder) -> None:
    code = [render_parts(name=f"handle_{i}", body="return value if ready else other") for i in range(400)]
    code.append(render_parts(name="parse_date", body="split the text into year month day and make a date of them"))
    dense = build_snapshot(code, encoder).views[0].segment.dense
    assert dense is not None
    numbers, cosines = nearest([Part(dense, 0)], encoder.encode_queries(["parse a date from text"])[0], 10)
    assert numbers[0] == 400, "int8 codes are searched with a query that is not scaled as they are"
    assert list(cosines) == sorted(cosines, reverse=True)


def _hit(path: str, name: str) -> Hit:
    record = ChunkRecord("function", name, name, "", "", 1, 2, 0)
    return Hit(Path(), path, "python", record, 0.5, [])
