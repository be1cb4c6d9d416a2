"""Which lexical engine: SQLite FTS5, tantivy and Hunch's own inverted index over the same terms of 100,000 real chunks.

    python -m benchmarks.lexical CACHE [--size 100k]

CACHE is the folder of benchmarks.speed. All three get the terms of hunch.text.terms, one column a field, and the
weights of its fields. 500 functions are asked for by the first sentence of their documentation, which is taken out.
Splitting text into terms counts into every build.
"""

from __future__ import annotations

import argparse
import gc
import random
import re
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
import Stemmer
import tantivy

from benchmarks.corpora import corpus
from benchmarks.machine import save_result
from benchmarks.report import lexical_tables
from hunch.index.lexical import InvertedIndex, add_scores, invert
from hunch.search.metrics import bootstrap
from hunch.text.chunk import Chunk, chunk_source
from hunch.text.languages import language_of
from hunch.text.render import FIELD_NAMES, Fields, render_chunk
from hunch.text.terms import FIELD_WEIGHTS, postings_of, query_terms, term_of
from hunch.text.tokenizer import identifiers, split_identifier
from hunch.workspace.scan import Skip, read_source, scan

QUESTIONS = 500
TIMED = 100
TERM_COUNTS = (2, 5, 10)
TOP = 100

Search = Callable[[str], list[int]]
"""A query to the rows of the best chunks, best first."""

_stem = Stemmer.Stemmer("english").stemWord
_INVERTED = ("terms", "starts", "docs", "impacts", "fields")


@dataclass(frozen=True, slots=True)
class Corpus:
    """n chunks in the order of their files."""

    texts: list[Fields]
    columns: list[list[str]]
    """For each chunk the terms of each field as text, separated by spaces"""
    files: list[str]
    questions: list[tuple[str, int]]
    """A sentence and the row of the function it documents"""
    splitting: float
    """Seconds that it took to make the columns, which the own index does itself while it is built"""


def read_corpus(root: Path) -> Corpus:
    """Chunk a tree and choose what to ask."""
    chunks: list[Chunk] = []
    for file in scan(root).files:
        source = read_source(root, file.path)
        if not isinstance(source, Skip):
            chunks += chunk_source(file.path, language_of(file.path, source) or file.language, source)
    questions = _questions(chunks)
    asked = {row for _, row in questions}
    texts = [render_chunk(chunk) for chunk in chunks]
    texts = [text._replace(documentation=[]) if row in asked else text for row, text in enumerate(texts)]
    began = perf_counter()
    columns = [[terms_in(field) for field in text] for text in texts]
    return Corpus(texts, columns, [chunk.path for chunk in chunks], questions, perf_counter() - began)


def terms_in(field: Sequence[str]) -> str:
    """Return the terms of some identifiers as text: the stemmed words, and the whole of more than one."""
    found: list[str] = []
    for identifier in field:
        words = split_identifier(identifier)
        found += map(_stem, words)
        if len(words) > 1:
            found.append("".join(words))
    return " ".join(found)


def words_of(query: str) -> list[str]:
    """Return the terms of a query as text, those that the product searches for."""
    wanted = {term for term, _ in query_terms(query)}
    found = " ".join(terms_in([identifier]) for identifier in identifiers(query)).split()
    return [word for word in dict.fromkeys(found) if term_of(word) in wanted]


def measure_own(corpus_: Corpus, folder: Path) -> dict[str, Any]:
    """Measure hunch.index.lexical."""
    began = perf_counter()
    parts = [postings_of(batch, [()] * len(batch)) for batch in _batches(corpus_.texts)]
    built = invert(parts)
    for name in _INVERTED:
        np.save(folder / f"{name}.npy", getattr(built, name))
    build = perf_counter() - began
    del parts, built
    before = _resident_mb()
    index = InvertedIndex(*(np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in _INVERTED))
    count = len(corpus_.texts)

    def search(query: str) -> list[int]:
        scores = np.zeros(count, np.float32)
        for where in index.postings([term for term, _ in query_terms(query)]):
            holders = where.stop - where.start
            add_scores(index, where, float(np.log(1 + (count - holders + 0.5) / (holders + 0.5))), scores)
        best = np.flatnonzero(scores)
        if len(best) > TOP:
            best = best[np.argpartition(scores[best], -TOP)[-TOP:]]
        ordered: list[int] = best[np.argsort(-scores[best], kind="stable")].tolist()
        return ordered

    def replace(rows: Sequence[int]) -> None:
        texts = [corpus_.texts[row] for row in rows]
        invert([postings_of(texts, [()] * len(texts))])

    return {"engine": "own inverted index", "build": build, **_common(corpus_, search, replace, folder, before)}


def measure_fts5(corpus_: Corpus, folder: Path) -> dict[str, Any]:
    """Measure SQLite FTS5 with external content: the terms, one column a field."""
    columns = ", ".join(FIELD_NAMES)
    marks = ", ".join("?" * len(FIELD_NAMES))
    connection = sqlite3.connect(folder / "fts.db")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"CREATE TABLE chunks (id INTEGER PRIMARY KEY, {columns})")
    with connection:
        connection.executemany(
            f"INSERT INTO chunks VALUES (?, {marks})", ([i, *row] for i, row in enumerate(corpus_.columns))
        )
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = (folder / "fts.db").stat().st_size
    began = perf_counter()
    connection.execute(f"CREATE VIRTUAL TABLE fts USING fts5({columns}, content='chunks', content_rowid='id', "
                       "tokenize='unicode61', detail='column')")  # fmt: skip
    weights = ", ".join(str(FIELD_WEIGHTS[name].weight) for name in FIELD_NAMES)
    with connection:
        connection.execute(f"INSERT INTO fts (rowid, {columns}) SELECT id, {columns} FROM chunks")
        connection.execute("INSERT INTO fts (fts, rank) VALUES ('rank', ?)", (f"bm25({weights})",))
    build = perf_counter() - began + corpus_.splitting
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    before = _resident_mb()
    connection = sqlite3.connect(folder / "fts.db")

    def search(query: str) -> list[int]:
        match = " OR ".join(f'"{word}"' for word in words_of(query))
        rows = connection.execute("SELECT rowid FROM fts WHERE fts MATCH ? ORDER BY rank LIMIT ?", (match, TOP))
        return [row for (row,) in rows]

    def replace(rows: Sequence[int]) -> None:
        old = [[row, *corpus_.columns[row]] for row in rows]
        with connection:
            connection.executemany(f"INSERT INTO fts (fts, rowid, {columns}) VALUES ('delete', ?, {marks})", old)
            connection.executemany(f"INSERT INTO fts (rowid, {columns}) VALUES (?, {marks})", old)

    result = {"engine": "SQLite FTS5", "build": build, **_common(corpus_, search, replace, folder, before)}
    result["disk_mb"] -= content / 2**20
    connection.close()
    return result


def measure_tantivy(corpus_: Corpus, folder: Path) -> dict[str, Any]:
    """Measure tantivy: one text field a field, boosts at query time."""
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("row", stored=True, indexed=True, fast=True)
    builder.add_text_field("file", tokenizer_name="raw")
    for name in FIELD_NAMES:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    schema = builder.build()
    began = perf_counter()
    index = tantivy.Index(schema, path=str(folder))
    writer = index.writer(heap_size=128 << 20, num_threads=1)

    def add(row: int) -> None:
        document = tantivy.Document(row=row, file=corpus_.files[row])
        for name, text in zip(FIELD_NAMES, corpus_.columns[row], strict=True):
            document.add_text(name, text)
        writer.add_document(document)

    for row in range(len(corpus_.columns)):
        add(row)
    writer.commit()
    writer.wait_merging_threads()
    build = perf_counter() - began + corpus_.splitting
    before = _resident_mb()
    index = tantivy.Index.open(str(folder))
    index.reload()
    writer = index.writer(heap_size=16 << 20, num_threads=1)
    boosts = {name: FIELD_WEIGHTS[name].weight for name in FIELD_NAMES}

    def search(query: str) -> list[int]:
        searcher = index.searcher()
        parsed = index.parse_query(" ".join(words_of(query)), list(FIELD_NAMES), field_boosts=boosts)
        return [int(searcher.doc(address)["row"][0]) for _, address in searcher.search(parsed, TOP).hits]

    def replace(rows: Sequence[int]) -> None:
        writer.delete_documents_by_term("file", corpus_.files[rows[0]])
        for row in rows:
            add(row)
        writer.commit()
        index.reload()

    return {"engine": "tantivy", "build": build, **_common(corpus_, search, replace, folder, before)}


def _common(
    corpus_: Corpus, search: Search, replace: Callable[[Sequence[int]], None], folder: Path, before: float
) -> dict[str, Any]:
    ranks = []
    for text, row in corpus_.questions:
        found = search(text)
        ranks.append(1 / (found.index(row) + 1) if row in found else 0.0)
    queries = {str(count): _timed(search, _of_terms(corpus_.questions, count)) for count in TERM_COUNTS}
    memory = _resident_mb() - before
    files = [[row for row, _ in rows] for _, rows in groupby(enumerate(corpus_.files), key=lambda item: item[1])]
    middling = sorted(files, key=len)[len(files) // 2 : len(files) // 2 + 10]
    times = []
    for rows in middling:
        began = perf_counter()
        replace(rows)
        times.append((perf_counter() - began) * 1000)
    return {
        "mrr": bootstrap(ranks)._asdict(),
        "queries": queries,
        "replace_ms": median(times),
        "memory_mb": memory,
        "disk_mb": sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**20,
    }


def _timed(search: Search, queries: Sequence[str]) -> dict[str, float]:
    for text in queries[:5]:
        search(text)
    times = []
    for text in queries:
        began = perf_counter()
        search(text)
        times.append((perf_counter() - began) * 1000)
    times.sort()
    return {"p50_ms": times[len(times) // 2], "p95_ms": times[int(0.95 * len(times))], "queries": len(times)}


def _of_terms(questions: Sequence[tuple[str, int]], count: int) -> list[str]:
    """Return sentences cut to so many terms."""
    found = [[term.text for term in query_terms(text)] for text, _ in questions]
    return [" ".join(terms[:count]) for terms in found if len(terms) >= count][:TIMED]


def _questions(chunks: Sequence[Chunk]) -> list[tuple[str, int]]:
    by_sentence: dict[str, list[int]] = {}
    for row, chunk in enumerate(chunks):
        if chunk.kind in {"function", "method"} and chunk.documentation:
            sentence = " ".join(re.split(r"(?<=\w)\.(?:\s|$)|\n\n", chunk.documentation, maxsplit=1)[0].split())
            if 4 <= len(sentence.split()) <= 25 and query_terms(sentence):
                by_sentence.setdefault(sentence, []).append(row)
    unique = sorted((sentence, rows[0]) for sentence, rows in by_sentence.items() if len(rows) == 1)
    return random.Random(0).sample(unique, min(QUESTIONS, len(unique)))


def _batches(texts: Sequence[Fields], size: int = 500) -> list[Sequence[Fields]]:
    return [texts[start : start + size] for start in range(0, len(texts), size)]


def _resident_mb() -> float:
    gc.collect()
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.lexical", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("cache", type=Path, help="a folder to keep packages and trees in")
    parser.add_argument("--size", default="100k", help="(%(default)s)")
    parser.add_argument("--name", default="lexical", help="of the result file (%(default)s)")
    options = parser.parse_args(arguments)
    read = read_corpus(corpus(options.size, options.cache.resolve()))
    print(f"{len(read.texts):,} chunks", flush=True)
    engines = []
    for measure in (measure_own, measure_fts5, measure_tantivy):
        with TemporaryDirectory(prefix="hunch-bench-", dir=options.cache) as folder:
            engines.append(measure(read, Path(folder)))
            print(engines[-1], flush=True)
            shutil.rmtree(folder, ignore_errors=True)
            Path(folder).mkdir()
    result = {"chunks": len(read.texts), "asked": len(read.questions), "engines": engines}
    save_result(options.name, result)
    print(lexical_tables(result))


if __name__ == "__main__":
    main()
