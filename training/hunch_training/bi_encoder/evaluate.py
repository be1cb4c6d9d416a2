"""Measure a model on the sets of the data folder, BM25 beside it, with bootstrap intervals.

    hunch-train evaluate ../shared/data --tokenizer runs/tokenizer.json --run runs/bag

Protocols
    pairs      MRR of docstring -> function in pools of 1,000 of one language: shuffled once with a fixed seed,
               consecutive pools, what is left over (or all, when a language has fewer rows) is a pool of its own.
    csn        CodeSearchNet challenge (Husain et al., 2019, arXiv:1909.09436): for each query, all annotated functions
               of the language are ranked, those judged for other queries as well; NDCG over the whole ranking with
               gains of 2^relevance - 1, as the challenge does; a function not judged for the query gains nothing.
    cosqa      MRR of web queries over the 6,267 Python functions (Huang et al., 2021, arXiv:2105.13239), docstrings
               removed, or in the documentation field (``cosqa-documented``).
    others     MRR of conala, so_codenn, mbpp, humaneval in pools of 1,000.
    files      MRR over 999 distractors, CodeSearchNet's own protocol on its test files: pools of 1,000 of one language,
               and the rows that fill no pool are left out, unless there is none that they fill.

Documentation is never in the code unless the set's name says so.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch.model.bundle import sha256_of
from hunch.search.metrics import Interval, bootstrap, ndcg_at
from hunch.text.bag import Bags
from hunch.text.render import Fields, Source, render_source
from hunch.text.tokenizer import Tokenizer, load_tokenizer
from hunch_training.data.pairs import LANGUAGES, Pair, code_source, read_pairs, read_rows, source_of_pair
from hunch_training.errors import TrainingError
from hunch_training.evaluation.bm25 import bm25_scores
from hunch_training.tokens.corpus import take
from hunch_training.tokens.sequences import BAGS, Reading

Scorer = Callable[[Bags, Bags], NDArray[np.float32]]
"""Queries and code, as bags or sequences, to scores, float32 [queries, code]."""

POOL = 1000
POOL_SEED = 0
CSN_LANGUAGES = ("python", "java", "javascript", "go", "php", "ruby")
_TRIPLE_QUOTED = re.compile(r'[ \t]*[rRuUbB]{0,2}("""|\'\'\')(.*?)\1[ \t]*\n?', re.DOTALL)


@dataclass(frozen=True, slots=True)
class TextSet:
    """Queries, code, and what each piece of code is worth to each query."""

    name: str
    queries: list[str]
    code: list[Fields]
    gains: list[dict[int, float]]
    """For each query, the gain of code rows; rows that are not there gain nothing"""
    pool: int | None = None
    """Query i belongs to code i and is ranked among so many; None ranks all code for every query"""
    sources: list[Source] = field(default_factory=list)
    """The same code as it stands, for encoders that read text"""


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """A TextSet as bags, or as sequences where a Transformer reads them."""

    name: str
    queries: Bags
    code: Bags
    gains: list[dict[int, float]]
    pool: int | None


class Measured(NamedTuple):
    """What is measured: a way to score, and what that reads."""

    reading: Reading
    scorer: Scorer


def tokenise(texts: TextSet, tokenizer: Tokenizer, reading: Reading = BAGS) -> RetrievalSet:
    """Return a set as bags, or as what the towers of a model read."""
    queries, code = reading.read_queries(texts.queries, tokenizer), reading.read_code(texts.code, tokenizer)
    return RetrievalSet(texts.name, queries, code, texts.gains, texts.pool)


def mean_reciprocal_rank(retrieval: RetrievalSet, scorer: Scorer) -> Interval:
    """Return the MRR of a set; ties count against the model."""
    if retrieval.pool is None:
        return bootstrap(reciprocal_ranks(scorer(retrieval.queries, retrieval.code), retrieval.gains))
    values: list[float] = []
    for rows in pools(len(retrieval.queries), retrieval.pool):
        scores = scorer(take(retrieval.queries, rows), take(retrieval.code, rows))
        values += reciprocal_ranks(scores, [{place: 1.0} for place in range(len(rows))])
    return bootstrap(values)


def mean_ndcg(retrieval: RetrievalSet, scorer: Scorer) -> Interval:
    """Return the NDCG over whole rankings; queries for which nothing is relevant are left out."""
    scores = scorer(retrieval.queries, retrieval.code)
    orders = np.argsort(-scores, axis=1, kind="stable")
    return bootstrap([
        ndcg_at(None, order.tolist(), gains)  # type: ignore[arg-type]
        for order, gains in zip(orders, retrieval.gains, strict=True)
        if any(gain > 0 for gain in gains.values())
    ])  # fmt: skip


def measure(retrieval: RetrievalSet, scorer: Scorer) -> Interval:
    """Return the figure that belongs to a set: NDCG for graded gains, else MRR."""
    return (
        mean_ndcg(retrieval, scorer) if retrieval.name.startswith("csn/") else mean_reciprocal_rank(retrieval, scorer)
    )


def pools(rows: int, size: int, seed: int = POOL_SEED) -> list[NDArray[np.int64]]:
    """Cut shuffled row numbers into consecutive pools."""
    order = np.random.default_rng(seed).permutation(rows)
    return [order[start : start + size] for start in range(0, rows, size)]


def first_pool(texts: TextSet) -> TextSet:
    """Return a set cut down to its first pool, so that measuring takes minutes."""
    if texts.pool is None:
        return texts
    rows = pools(len(texts.queries), texts.pool)[0].tolist()
    gains = [{place: 1.0} for place in range(len(rows))]
    return part_of(texts, rows, gains)


def part_of(texts: TextSet, rows: Sequence[int], gains: list[dict[int, float]]) -> TextSet:
    """Return some rows of a set of pairs with gains of their own, all ranked among themselves."""
    queries, code, sources = (
        [column[row] for row in rows] if column else [] for column in (texts.queries, texts.code, texts.sources)
    )
    return TextSet(texts.name, queries, code, gains, sources=sources)  # type: ignore[arg-type]


def load_pair_sets(data: Path, split: Literal["valid", "test"], languages: Sequence[str] = LANGUAGES) -> list[TextSet]:
    """Return the packages_pairs sets that are there, one a language."""
    places = [(language, data / f"packages_pairs/{language}.{split}.jsonl.gz") for language in languages]
    return [_one_to_one(f"pairs/{language}", read_pairs(path)) for language, path in places if path.is_file()]


def load_csn(data: Path) -> list[TextSet]:
    """Return the annotated CodeSearchNet sets, one a language; no documentation, gains 2^(mean relevance) - 1."""
    functions = sorted(read_rows(data / "csn_annotated/functions.jsonl.gz"), key=lambda row: str(row["language"]))
    with (data / "csn_annotated/relevance.csv").open(encoding="utf-8", newline="") as file:
        labels = sorted(csv.DictReader(file), key=lambda row: (row["language"], row["query"]))
    by_language = {language: list(rows) for language, rows in groupby(functions, key=lambda row: str(row["language"]))}
    sets = []
    for language in CSN_LANGUAGES:
        rows = by_language[language]
        place = {row["url"]: number for number, row in enumerate(rows)}
        queries, gains = [], []
        for query, judged in groupby((r for r in labels if r["language"] == language), key=lambda row: row["query"]):
            queries.append(query)
            gains.append({place[r["url"]]: 2 ** float(r["relevance_mean"]) - 1 for r in judged if r["url"] in place})
        sources = [code_source(r["code_nodoc"], language, name=r["func_name"], path=r["path"]) for r in rows]
        sets.append(TextSet(f"csn/{language}", queries, list(map(render_source, sources)), gains, sources=sources))
    return sets


def load_cosqa(data: Path, split: Literal["dev", "test"], *, documented: bool = False) -> TextSet:
    """Return CoSQA: web queries over Python functions, docstrings removed or in their own field."""
    corpus = list(read_rows(data / "cosqa/corpus.jsonl.gz"))
    place = {row["id"]: number for number, row in enumerate(corpus)}
    queries = list(read_rows(data / f"cosqa/queries_{split}.jsonl.gz"))
    sources = []
    for row in corpus:
        stripped, documentation = split_docstring(row["code"])
        found = re.search(r"\bdef\s+(\w+)", stripped)
        sources.append(code_source(stripped, "python", name=found[1] if found else "",
                                   documentation=documentation if documented else ""))  # fmt: skip
    gains = [{place[row["relevant"]]: 1.0} for row in queries]
    name = "cosqa-documented" if documented else "cosqa"
    return TextSet(name, [row["query"] for row in queries], list(map(render_source, sources)), gains, sources=sources)


def load_question_sets(data: Path) -> list[TextSet]:
    """Return the test sets of questions and tasks, whose code is all body."""
    names = ("conala", "so_codenn/csharp", "so_codenn/python", "so_codenn/sql")
    questions = {name: data / (f"{name}.test.jsonl.gz" if "/" in name else f"{name}/test.jsonl.gz") for name in names}
    tasks = {name: data / f"{name}/{name}.jsonl.gz" for name in ("mbpp", "humaneval")}
    sets = [_one_to_one(name, read_pairs(path)) for name, path in questions.items() if path.is_file()]
    return sets + [_one_to_one(name, _tasks(path)) for name, path in tasks.items() if path.is_file()]


def split_docstring(code: str) -> tuple[str, str]:
    """Return Python source without its first triple-quoted string, and that string.

    No parser: CoSQA holds Python 2 as well.
    """
    found = _TRIPLE_QUOTED.search(code)
    return (code[: found.start()] + code[found.end() :], found[2]) if found else (code, "")


def load_pair_files(files: Sequence[Path]) -> list[TextSet]:
    """Return the pairs of files, one set a language, in whole pools of 1,000.

    Raises:
        ValueError: a row has no query or code.
    """
    by_language: dict[str, list[Pair]] = {}
    for file in files:
        for pair in read_pairs(file):
            by_language.setdefault(pair.language, []).append(pair)
    return [
        _one_to_one(f"files/{language}", pairs[: len(pairs) // POOL * POOL or len(pairs)])
        for language, pairs in by_language.items()
    ]


def table(sets: Iterable[RetrievalSet], scorers: Mapping[str, Scorer]) -> dict[str, dict[str, Interval]]:
    """Measure every scorer on every set; print a row a set as it is done."""
    rows: dict[str, dict[str, Interval]] = {}
    for retrieval in sets:
        rows[retrieval.name] = {name: measure(retrieval, scorer) for name, scorer in scorers.items()}
        _print_row(retrieval.name, len(retrieval.queries), rows[retrieval.name])
    return rows


def measure_all(
    sets: Iterable[TextSet], tokenizer: Tokenizer, measured: Mapping[str, Measured]
) -> dict[str, dict[str, Interval]]:
    """Measure everything on every set, each as it is read; print a row a set as it is done."""
    rows: dict[str, dict[str, Interval]] = {}
    for texts in sets:
        read = {reading: tokenise(texts, tokenizer, reading) for reading in {one.reading for one in measured.values()}}
        rows[texts.name] = {name: measure(read[one.reading], one.scorer) for name, one in measured.items()}
        _print_row(texts.name, len(texts.queries), rows[texts.name])
    return rows


def check_tokenizer(run: Path, tokenizer: Path) -> None:
    """Check that a run was trained with a tokeniser.

    Raises:
        TrainingError: it was not, or there is no such run.
    """
    file = run / "run.json"
    try:
        described = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{file}: {error}: give the folder of a run") from error
    if described.get("tokenizer_sha256") != sha256_of(tokenizer):
        raise TrainingError(f"{tokenizer}: not the tokeniser that {run} was trained with: give that one")


def load_sets(data: Path, split: Literal["valid", "test"]) -> list[TextSet]:
    """Return the sets to choose by (valid) or to look at when a bundle is cut (test), as far as they are there."""
    sets = load_pair_sets(data, split)
    if split == "test" and (data / "csn_annotated").is_dir():
        sets += load_csn(data)
    if (data / "cosqa").is_dir():
        sets.append(load_cosqa(data, "test" if split == "test" else "dev"))
        sets.append(load_cosqa(data, "test" if split == "test" else "dev", documented=True))
    return sets + load_question_sets(data) if split == "test" else sets


def _print_row(name: str, queries: int, figures: Mapping[str, Interval]) -> None:
    cells = "  ".join(f"{label} {v.mean:.3f} [{v.low:.3f}, {v.high:.3f}]" for label, v in figures.items())
    print(f"{name:20} {queries:6}  {cells}", flush=True)


def _tasks(path: Path) -> list[Pair]:
    """Return the rows of a file of programming tasks as pairs."""
    return [Pair("python", row["query"], "", "", row["code"], "") for row in read_rows(path)]


def _one_to_one(name: str, pairs: Iterable[Pair]) -> TextSet:
    listed = list(pairs)
    sources = [source_of_pair(pair) for pair in listed]
    gains = [{place: 1.0} for place in range(len(listed))]
    return TextSet(name, [pair.query for pair in listed], list(map(render_source, sources)), gains, POOL, sources)


def reciprocal_ranks(scores: NDArray[np.float32], gains: Sequence[Mapping[int, float]]) -> list[float]:
    """Return 1 / rank of the best placed relevant piece of each query; ties count against the model."""
    values = []
    for row, gain in zip(scores, gains, strict=True):
        best = max(float(row[place]) for place in gain)
        values.append(1.0 / max(1, int((row >= best).sum())))
    return values


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("data", type=Path, nargs="?", help="the data folder, with packages_pairs/ in it")
    parser.add_argument("--run", type=Path, action="append", default=[], help="a run of joint; may be repeated")
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json")
    parser.add_argument("--split", choices=("valid", "test"), default="valid", help="(%(default)s)")
    parser.add_argument("--pairs", type=Path, nargs="+", default=[], metavar="FILE",
                        help="files of pairs besides, for example CodeSearchNet's own test files")  # fmt: skip
    parser.add_argument("--dims", type=int, nargs="+", default=[], help="smaller sizes to measure as well")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch (%(default)s)")
    parser.add_argument("--out", type=Path, help="write the figures there as JSON")


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line.

    Raises:
        TrainingError: there is nothing to measure, or a run has another tokeniser.
    """
    import torch

    from hunch_training.bi_encoder.model import dense_scorer, load_model

    if not options.data and not options.pairs:
        raise TrainingError("nothing to measure: give the data folder, or --pairs FILE")
    torch.set_num_threads(options.threads)
    tokenizer = load_tokenizer(options.tokenizer.read_text(encoding="utf-8"))
    measured = {"bm25": Measured(BAGS, bm25_scores)}
    for run in options.run:
        check_tokenizer(run, options.tokenizer)
        model, _ = load_model(run / "best.pt")
        measured[run.name] = Measured(model.shape.reading, dense_scorer(model))
        for dim in options.dims:
            measured[f"{run.name} {dim}"] = Measured(model.shape.reading, dense_scorer(model, dim))
    sets = chain(load_sets(options.data, options.split) if options.data else [], load_pair_files(options.pairs))
    rows = measure_all(sets, tokenizer, measured)
    if options.out:
        options.out.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
