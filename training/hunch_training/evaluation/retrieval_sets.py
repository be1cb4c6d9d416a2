"""Retrieval sets of the data folder, as text and as tokens: queries, code, and what answers what."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hunch.text.bag import Bags
from hunch.text.render import Fields, Source, render_source
from hunch.text.tokenizer import Tokenizer
from hunch_training.data.pairs import LANGUAGES, Pair, code_source, read_pairs, read_rows, source_of_pair
from hunch_training.tokens.sequences import BAGS, Reading

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


def tokenise(texts: TextSet, tokenizer: Tokenizer, reading: Reading = BAGS) -> RetrievalSet:
    """Return a set as bags, or as what the towers of a model read."""
    queries, code = reading.read_queries(texts.queries, tokenizer), reading.read_code(texts.code, tokenizer)
    return RetrievalSet(texts.name, queries, code, texts.gains, texts.pool)


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
    return sets + [_one_to_one(name, read_pairs(path)) for name, path in tasks.items() if path.is_file()]


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


def load_sets(data: Path, split: Literal["valid", "test"]) -> list[TextSet]:
    """Return the sets to choose by (valid) or to evaluate on when a bundle is cut (test), as far as they are there."""
    sets = load_pair_sets(data, split)
    if split == "test" and (data / "csn_annotated").is_dir():
        sets += load_csn(data)
    if (data / "cosqa").is_dir():
        sets.append(load_cosqa(data, "test" if split == "test" else "dev"))
        sets.append(load_cosqa(data, "test" if split == "test" else "dev", documented=True))
    return sets + load_question_sets(data) if split == "test" else sets


def _one_to_one(name: str, pairs: Iterable[Pair]) -> TextSet:
    listed = list(pairs)
    sources = [source_of_pair(pair) for pair in listed]
    gains = [{place: 1.0} for place in range(len(listed))]
    return TextSet(name, [pair.query for pair in listed], list(map(render_source, sources)), gains, POOL, sources)
