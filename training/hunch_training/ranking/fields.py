"""BM25F settings: a random search over weights and length normalisations of fields, for which all terms are made anew.

    hunch-train tune-fields DATA WORKSPACES --on werkzeug,jekyll,undici --out fields.json

Lexical search alone is measured. A person puts the best into hunch/text/terms.py, since every index holds impacts that
were made with them.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hunch.index.lexical import InvertedIndex, add_scores, invert
from hunch.search.metrics import ndcg_at
from hunch.search.query import QueryError, parse_query
from hunch.text import terms
from hunch.text.chunk import Chunk, chunk_source
from hunch.text.languages import language_of
from hunch.text.render import FIELD_NAMES, Fields, render_chunk
from hunch.text.terms import FieldWeight, postings_of
from hunch.workspace.scan import Skip, read_source, scan
from hunch_training.ranking.facts import write_facts
from hunch_training.ranking.workspaces import (
    KINDS,
    Workspace,
    WorkspaceQuery,
    blank_lines,
    fetch,
    read_documentation,
    read_queries,
    read_workspaces,
    refuse_test,
)

FIGURES = ("file", "name")


def tune_fields(data: Path, folder: Path, on: Sequence[str], check: Sequence[str], tries: int) -> dict[str, Any]:
    """Try BM25F settings at random around the current ones; report the best by lexical search alone."""
    used = [one for one in read_workspaces(data) if one.id in {*on, *check}]
    refuse_test(used)
    fetch(data, folder, used)
    corpora = [_rendered(data, folder, workspace) for workspace in used if workspace.id in on]
    others = [_rendered(data, folder, workspace) for workspace in used if workspace.id not in on]
    generator = np.random.default_rng(0)
    now = (terms.K1, dict(terms.FIELD_WEIGHTS))
    reached, best = _lexical_ndcg(corpora), now
    others_before = _lexical_ndcg(others)
    print(f"now     {reached}, on the others {others_before}", flush=True)
    first = reached
    for number in range(tries):
        k1, by_name = best
        k1 = round(float(np.clip(k1 * np.exp(generator.normal(0, 0.3)), 0.2, 8)), 2)
        by_name = {
            name: FieldWeight(
                round(float(one.weight * np.exp(generator.normal(0, 0.35))), 2),
                round(float(np.clip(one.b + generator.normal(0, 0.15), 0, 0.95)), 2),
                one.mean_length,
            )
            if name != "documentation"  # the answers have none here, so nothing is learnt about it
            else one
            for name, one in by_name.items()
        }
        _set_fields(k1, by_name)
        value = _lexical_ndcg(corpora)
        if np.mean(list(value.values())) > np.mean(list(reached.values())):
            reached, best = value, (k1, by_name)
            print(f"try {number:3} {value} K1 = {k1} {by_name}", flush=True)
    _set_fields(*best)
    others_after = _lexical_ndcg(others)
    print(f"best on the others: {others_after}")
    _set_fields(*now)
    return {"on": list(on),
        "checked_on": list(check),
        "checked_before": others_before,
        "checked_after": others_after, "tries": tries, "before": first, "after": reached, "k1": best[0],
            "fields": {name: one._asdict() for name, one in best[1].items()}}  # fmt: skip


Corpus = tuple[list[Fields], list[tuple[str, ...]], list[tuple[str, str]], list[WorkspaceQuery]]


def _rendered(data: Path, folder: Path, workspace: Workspace) -> Corpus:
    """Return a workspace's rendered chunks with symbols and places, and all its queries, documentation blanked."""
    ranges: dict[str, list[tuple[int, int]]] = {}
    for one in read_documentation(data, workspace.id):
        ranges.setdefault(one.path, []).append((one.start, one.end))
    root = folder / workspace.id
    chunks: list[Chunk] = []
    for file in scan(root).files:
        source = read_source(root, file.path)
        if not isinstance(source, Skip):
            text = blank_lines(source.decode("utf-8", "surrogateescape"), ranges.get(file.path, []))
            chunks += chunk_source(
                file.path, language_of(file.path, source) or file.language, text.encode("utf-8", "surrogateescape")
            )
    symbols = [tuple({chunk.name, chunk.qualified_name.replace("::", ".")} - {""}) for chunk in chunks]
    places = [(chunk.path, chunk.name or f"line {chunk.start_line}") for chunk in chunks]
    queries = [query for kind in KINDS for query in read_queries(data, workspace.id, kind)]
    return [render_chunk(chunk) for chunk in chunks], symbols, places, queries


def _set_fields(k1: float, by_name: Mapping[str, FieldWeight]) -> None:
    """Change the settings of this process; a person pastes the best into hunch/text/terms.py."""
    terms.K1 = k1
    terms.FIELD_WEIGHTS.update(by_name)
    assert tuple(terms.FIELD_WEIGHTS) == FIELD_NAMES


def _lexical_ndcg(corpora: Sequence[Corpus]) -> dict[str, float]:
    values: dict[str, list[float]] = {figure: [] for figure in FIGURES}
    for texts, symbols, places, queries in corpora:
        index = invert([postings_of(texts[i : i + 2000], symbols[i : i + 2000]) for i in range(0, len(texts), 2000)])
        for query in queries:
            order = _by_words(index, query.text, len(texts))
            paths = list(dict.fromkeys(places[row][0] for row in order))
            values["file"].append(ndcg_at(10, paths, dict.fromkeys(query.paths, 1.0)))
            names = list(dict.fromkeys(places[row] for row in order))
            values["name"].append(ndcg_at(10, names, dict.fromkeys(query.places, 1.0)))
    return {figure: round(float(np.mean(found)), 4) for figure, found in values.items()}


def _by_words(index: InvertedIndex, text: str, count: int) -> list[int]:
    try:
        query = parse_query(text.replace(":", " "))
    except QueryError:
        return []
    scores = np.zeros(count, np.float32)
    for where in index.postings([term for term, _ in query.terms]):
        holders = where.stop - where.start
        add_scores(index, where, float(np.log(1 + (count - holders + 0.5) / (holders + 0.5))), scores)
    best = np.argpartition(-scores, min(100, count - 1))[:100]
    ordered: list[int] = best[np.argsort(-scores[best], kind="stable")].tolist()
    return ordered


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("data", type=Path, help="the data folder, with SOURCES.md in it")
    parser.add_argument("workspaces", type=Path, help="where the workspaces are, or are unpacked to")
    parser.add_argument("--on", default="werkzeug,jekyll,undici", help="workspaces to choose on (%(default)s)")
    parser.add_argument("--check", default="rxjs,restic,knex", help="and to check on (%(default)s)")
    parser.add_argument("--tries", type=int, default=40, help="settings to try (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    on, check = options.on.split(","), options.check.split(",")
    write_facts(options.out, tune_fields(options.data, options.workspaces, on, check, options.tries))
