"""The protocols of evaluation on small files, and any tower on them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hunch.text.bag import Bags
from hunch.text.tokenizer import SPECIAL_PIECES, Tokenizer
from hunch_training.evaluation import retrieval_sets
from hunch_training.evaluation.bm25 import K1, B, bm25_scores
from hunch_training.evaluation.retrieval_metrics import Measured, Scorer, mean_ndcg, mean_reciprocal_rank, measure_all
from hunch_training.evaluation.retrieval_sets import (
    CSN_LANGUAGES,
    TextSet,
    load_cosqa,
    load_csn,
    load_pair_files,
    load_sets,
    tokenise,
)
from hunch_training.tokens.sequences import BAGS, Reading

WORDS = "open close read write sort merge file list tree path name count".split()
TOKENIZER = Tokenizer([*SPECIAL_PIECES, *WORDS])


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def texts_of(queries: list[str], code: list[str], pool: int | None = 1000) -> TextSet:
    from hunch_training.data.pairs import code_fields

    fields = [code_fields(text, "python") for text in code]
    return TextSet("some", queries, fields, [{i: 1.0} for i in range(len(queries))], pool)


def test_bm25_equals_a_plain_one() -> None:
    queries = ["open file", "sort sort tree", "merge"]
    code = ["open(file, file)", "sort(list); merge(list, tree)", "count", "path(name)"]
    retrieval = tokenise(texts_of(queries, code), TOKENIZER)
    found = bm25_scores(retrieval.queries, retrieval.code)
    documents = [[TOKENIZER.pieces[i] for i in TOKENIZER.encode_text(text)] for text in code]
    mean = np.mean([len(words) for words in documents])
    for place, query in enumerate(queries):
        for number, words in enumerate(documents):
            expected = 0.0
            for word in query.split():
                holding = sum(word in other for other in documents)
                idf = np.log(1 + (4 - holding + 0.5) / (holding + 0.5))
                often = words.count(word)
                expected += idf * often * (K1 + 1) / (often + K1 * (1 - B + B * len(words) / mean))
            assert found[place, number] == pytest.approx(expected, rel=1e-5)


def test_ties_count_against_the_model_and_gains_are_graded() -> None:
    texts = TextSet("csn/python", ["a", "b", "c"], texts_of([], ["x"] * 4).code, [{1: 3.0, 2: 1.0}, {0: 1.0}, {0: 0.0}])
    scores = np.array([[0, 2, 2, 1], [5, 5, 1, 1], [1, 1, 1, 1]], np.float32)

    def scorer(queries: Bags, code: Bags) -> NDArray[np.float32]:
        return scores

    retrieval = tokenise(texts, TOKENIZER)
    assert mean_reciprocal_rank(retrieval, scorer).mean == pytest.approx((1 / 2 + 1 / 2 + 1 / 4) / 3)
    assert mean_ndcg(retrieval, scorer).mean == pytest.approx(1.0)  # the third query has nothing relevant
    scores[0] = [2, 1, 0, 0]
    low = (3 / np.log2(3) + 1 / np.log2(4)) / (3 + 1 / np.log2(3))
    assert mean_ndcg(retrieval, scorer).mean == pytest.approx((low + 1) / 2)


def test_files_are_ranked_among_999_distractors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval_sets, "POOL", 10)
    rows = [
        {"func_name": f"C.f{i}", "code": f"def f{i}(x):\n    return {WORDS[i % 12]}(x)",
         "docstring": f"Do {WORDS[i % 12]}.", "path": "a.py", "repo": "o/r", "language": language, "partition": "test",
         "code_tokens": [], "docstring_tokens": [], "url": "", "sha": ""}
        for language, count in (("python", 25), ("ruby", 7)) for i in range(count)
    ]  # fmt: skip
    file = write(tmp_path / "python_test_0.jsonl.gz", rows)
    sets = load_pair_files([file])
    assert {some.name: (len(some.queries), some.pool) for some in sets} == {
        "files/python": (20, 10), "files/ruby": (7, 10),
    }  # fmt: skip
    seen = []

    def scorer(queries: Bags, code: Bags) -> NDArray[np.float32]:
        seen.append(len(code))
        return np.eye(len(queries), dtype=np.float32)

    assert mean_reciprocal_rank(tokenise(sets[0], TOKENIZER), scorer).mean == 1.0
    assert seen == [10, 10]


def test_annotated_queries_rank_all_functions_of_their_language(tmp_path: Path) -> None:
    rows = [
        {
            "language": language,
            "url": f"{language}{i}",
            "path": "a",
            "func_name": "f",
            "code_nodoc": f"def f(): {WORDS[i]}",
        }
        for language in CSN_LANGUAGES
        for i in range(3)
    ]
    write(tmp_path / "csn_annotated/functions.jsonl.gz", rows)
    labels = ["language,query,url,relevance_mean", "python,open it,python0,3.0", "python,open it,python2,1.0",
              "python,close it,python1,2.0", "python,close it,gone,3.0"]  # fmt: skip
    (tmp_path / "csn_annotated/relevance.csv").write_text("\n".join(labels) + "\n", encoding="utf-8")
    python = load_csn(tmp_path)[0]
    assert python.queries == ["close it", "open it"] and len(python.code) == 3
    assert python.gains == [{1: 3.0}, {0: 7.0, 2: 1.0}] and python.pool is None


def test_documentation_stands_in_its_field_or_nowhere(tmp_path: Path) -> None:
    write(
        tmp_path / "cosqa/corpus.jsonl.gz", [{"id": 1, "code": 'def f(x):\n    """Open a file."""\n    return read(x)'}]
    )
    for split in ("dev", "test"):
        write(tmp_path / f"cosqa/queries_{split}.jsonl.gz", [{"query": f"open {split}", "relevant": 1}])
    plain, documented = load_cosqa(tmp_path, "dev"), load_cosqa(tmp_path, "dev", documented=True)
    assert "Open" not in "".join(map(str, plain.code[0])) and plain.code[0].name == ["f"]
    assert documented.code[0].documentation == ["Open", "a", "file"]
    assert plain.gains == [{0: 1.0}] and plain.pool is None
    assert [some.queries[0] for some in load_sets(tmp_path, "test")] == ["open test"] * 2
    assert [some.queries[0] for some in load_sets(tmp_path, "valid")] == ["open dev"] * 2


def test_each_model_is_given_what_it_reads() -> None:
    texts = texts_of(["sort sort", "open"], ["sort(sort)", "open"], pool=None)
    given: dict[str, tuple[list[int], list[int]]] = {}

    def scorer_named(name: str) -> Scorer:
        def scores(queries: Bags, code: Bags) -> NDArray[np.float32]:
            given[name] = np.diff(queries.offsets).tolist(), np.diff(code.offsets).tolist()
            return np.array([[1, 0], [1, 0]], np.float32)

        return scores

    readings = {"static": BAGS, "mixed": Reading(query_tokens=8), "both": Reading(query_tokens=8, body_tokens=8)}
    measured = {name: Measured(reading, scorer_named(name)) for name, reading in readings.items()}
    rows = measure_all([texts], TOKENIZER, measured)
    assert given == {"static": ([1, 1], [1, 1]), "mixed": ([2, 1], [1, 1]), "both": ([2, 1], [2, 1])}
    assert {name: figure.mean for name, figure in rows["some"].items()} == dict.fromkeys(readings, 0.75)
