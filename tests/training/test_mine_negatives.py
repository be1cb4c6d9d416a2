"""Mining: what is near and no answer, beside a plain search."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hunch.text.bag import bag_fields, bag_queries
from hunch.text.render import Fields
from hunch.text.tokenizer import SPECIAL_PIECES, Tokenizer
from hunch_training.bi_encoder.mine_negatives import Settings, bm25_of, mine
from hunch_training.contrastive.negatives import NOTHING, load_negatives, save_negatives
from hunch_training.errors import TrainingError
from hunch_training.tokens.corpus import Corpus

WORDS = [f"{a}{b}" for a in "abcdefgh" for b in "ijklm"]
TOKENIZER = Tokenizer([*SPECIAL_PIECES, *WORDS])
SETTINGS = Settings(top=3, among=1000, score_share=0.9, near=0.5)


def corpus_of(rows: int, seed: int = 0) -> Corpus:
    generator = np.random.default_rng(seed)
    texts = [generator.choice(WORDS, 4).tolist() for _ in range(rows)]
    texts[5] = [*texts[2][:3], "zz"]  # most of its words are those of row 2
    texts[7] = texts[3]
    ids = np.arange(rows)
    ids[7] = 3
    code = bag_fields([Fields([], [], [], [], [*text, "ai"]) for text in texts], TOKENIZER)
    return Corpus("python", bag_queries(texts, TOKENIZER), code, ids)


def plain_mine(corpus: Corpus, scores: NDArray[np.float32], settings: Settings) -> list[list[int]]:
    """One candidate at a time."""
    words = [set(row.tolist()) for row in np.split(corpus.queries.ids, corpus.queries.offsets[1:-1])]
    found = []
    for query, row in enumerate(scores):
        taken: list[int] = []
        for candidate in sorted(range(len(row)), key=lambda place: -row[place]):
            near = len(words[query] & words[candidate]) / len(words[query] | words[candidate]) >= settings.near
            equal = corpus.query_ids[query] == corpus.query_ids[candidate]
            if not (near or equal or row[candidate] > settings.score_share * row[query] or row[candidate] <= 0):
                taken.append(candidate)
        found.append(taken[: settings.top])
    return found


@pytest.mark.parametrize("near", [0.3, 0.9])
@pytest.mark.parametrize("score_share", [0.5, 0.99])
def test_the_nearest_that_are_no_answer_are_kept(near: float, score_share: float) -> None:
    corpus, settings = corpus_of(60), replace(SETTINGS, near=near, score_share=score_share)
    scores = np.random.default_rng(1).standard_normal((60, 60)).astype(np.float32)
    np.fill_diagonal(scores, 2.0)
    found = mine(corpus, lambda queries, code: scores[np.ix_(queries, code)], settings)
    assert found.shape == (60, 3) and found.dtype == np.int32
    assert [[int(row) for row in line if row != NOTHING] for line in found] == plain_mine(corpus, scores, settings)


def test_equal_and_near_questions_are_no_negatives() -> None:
    corpus = corpus_of(40)
    found = mine(corpus, bm25_of(corpus), replace(SETTINGS, score_share=10.0, top=30))
    assert not (found == np.arange(40)[:, None]).any()
    assert 7 not in found[3] and 3 not in found[7]
    assert 5 not in found[2] and 2 not in found[5]
    assert 5 in mine(corpus, bm25_of(corpus), replace(SETTINGS, score_share=10.0, top=30, near=1.1))[2]


def test_rows_are_ranked_in_pools_and_each_pool_keeps_to_itself() -> None:
    corpus = corpus_of(100)
    seen: dict[int, set[int]] = {}

    def scores(queries: NDArray[np.int64], code: NDArray[np.int64]) -> NDArray[np.float32]:
        for query in queries.tolist():
            seen[query] = set(code.tolist())
        found = np.full((len(queries), len(code)), 0.1, np.float32)
        found[queries[:, None] == code] = 1.0
        return found

    found = mine(corpus, scores, replace(SETTINGS, among=25))
    assert sorted(seen) == list(range(100)) and {len(pool) for pool in seen.values()} == {25}
    assert all(set(line[line != NOTHING].tolist()) <= seen[query] for query, line in enumerate(found))
    assert np.array_equal(found, mine(corpus, scores, replace(SETTINGS, among=25)))
    assert not np.array_equal(found, mine(corpus, scores, replace(SETTINGS, among=25, seed=1)))


def test_nothing_is_kept_where_the_right_code_is_not_found() -> None:
    corpus = corpus_of(20)
    found = mine(corpus, lambda queries, code: np.zeros((len(queries), len(code)), np.float32), SETTINGS)
    assert (found == NOTHING).all()


def test_negatives_of_other_rows_are_refused(tmp_path: Path) -> None:
    corpus = corpus_of(20)
    with pytest.raises(TrainingError, match=r"python\.npy: no such file: run hunch-train mine-negatives"):
        load_negatives(tmp_path, [corpus])
    negatives = np.arange(40, dtype=np.int32).reshape(20, 2) % 20
    save_negatives(tmp_path, "python", negatives)
    (again,) = load_negatives(tmp_path, [corpus])
    assert np.array_equal(again, negatives)
    for wrong in (negatives[:19], negatives + 1):
        save_negatives(tmp_path, "python", wrong)
        with pytest.raises(TrainingError, match="mine them again"):
            load_negatives(tmp_path, [corpus])
