"""How good the answers are: every valid or test set of the data folder, by meaning alone, by words alone, and together.

    python -m benchmarks.quality DATA [--workspaces DIR] [--split valid|test] [--sets pairs/go,cosqa,workspaces]
                                      [--public MODEL_FOLDER]

Sets of pairs (``packages_pairs``, questions, tasks) are MRR in pools of 1,000, ``cosqa`` MRR over its 6,267 functions,
``csn`` the NDCG of the CodeSearchNet challenge. Documentation is removed from all code.

Workspace queries are answered by the engine itself on real workspaces: NDCG@10 and recall@10 by file, each file at the
place of its best hit, and by definition, where path and name must both be right. For doc queries the documentation
they quote is blanked before the workspace is indexed. "plain" leaves out queries in which a name or a file name
of the answer stands.

Questions about whole files ("how does ... work", see hunch_training.ranking.module_queries) are asked in the same
way, by file. Names of the definitions are asked for as people type them (see hunch_training.ranking.symbol_queries):
recall@1 and MRR among ten, any definition of that name being right.

First pass is the cosine of the bags of tokens alone, dense that and the cosine in context, lexical the BM25F score
alone, linear one hand-set weight a signal, hybrid what the product does, and public a public sentence encoder that
reads the code as it stands (on the first pool of the sets of pairs). In workspaces, static, dense and lexical run
through the same ranking with the rest switched off.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from math import nan
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import numpy as np

from benchmarks.machine import save_result
from benchmarks.report import quality_tables
from hunch.engine import Engine
from hunch.model.bundle import load_bundle
from hunch.model.encoder import Encoder
from hunch.search.metrics import bootstrap, ndcg_at, recall_at
from hunch.search.query import QueryError, parse_query
from hunch.search.query_features import query_features_of
from hunch.search.rank import learned, linear, ranker_for
from hunch.search.search import Hit, search
from hunch.settings import model_folder
from hunch_training.evaluation.public_encoder import SentenceEncoder
from hunch_training.evaluation.retrieval_sets import TextSet
from hunch_training.ranking.linear import load_linear
from hunch_training.ranking.module_queries import module_queries
from hunch_training.ranking.rendered import ROWS, build_snapshot, reciprocal_ranks, score_all
from hunch_training.ranking.retrieval_sets import Split, language_of_set, load_sets, pools_of
from hunch_training.ranking.symbol_queries import FORMS, SymbolQuery, judge_symbol, symbol_queries
from hunch_training.ranking.workspaces import (
    KINDS,
    Kind,
    Workspace,
    WorkspaceQuery,
    fetch,
    indexed,
    indexed_without,
    ranked_paths,
    ranked_places,
    read_queries,
    read_workspaces,
)

SYMBOL_FIGURES = ("recall@1", "mrr")
FIGURES = ("file_ndcg", "file_recall", "name_ndcg", "name_recall")
WORKSPACES, MODULE = "workspaces", "module"

Symbols = dict[tuple[str, str, str], list[float]]
"""A figure of each query, by form, row of the table and name of the figure"""

_HITS = 50
_QUERIES_AT_ONCE = 2000


def measure_set(texts: TextSet, encoder: Encoder, public: SentenceEncoder | None = None) -> dict[str, Any]:
    """Measure one retrieval set, a public encoder beside it where there is one."""
    graded = texts.name.startswith("csn/")
    values: dict[str, list[float]] = {row: [] for row in ROWS}
    for pool in pools_of(texts):
        snapshot = build_snapshot(pool.code, encoder, pool.sources, [language_of_set(texts)] * len(pool.code))
        for start in range(0, len(pool.queries), _QUERIES_AT_ONCE):
            part = slice(start, start + _QUERIES_AT_ONCE)
            gains = pool.gains[part]
            for row, scores in score_all(snapshot, encoder, pool.queries[part]).items():
                values[row] += _ndcg(scores, gains) if graded else reciprocal_ranks(scores, gains)
    if public is not None:
        pool = next(pools_of(texts))
        scores = (
            public.encode(pool.queries) @ public.encode([source.signature + source.body for source in pool.sources]).T
        )
        values["public"] = _ndcg(scores, pool.gains) if graded else reciprocal_ranks(scores, pool.gains)
    return {
        "set": texts.name,
        "queries": len(texts.queries),
        "metric": "NDCG" if graded else "MRR",
        **{row: _interval(found) for row, found in values.items()},
    }


def measure_workspace(engine: Engine, queries: Sequence[WorkspaceQuery]) -> dict[str, dict[str, list[float]]]:
    """Return each figure of each query, by row of the table."""
    found: dict[str, dict[str, list[float]]] = {row: {figure: [] for figure in FIGURES} for row in ROWS}
    for query in queries:
        for row in ROWS:
            for figure, value in zip(FIGURES, judge(answers(engine, query.text, row), query), strict=True):
                found[row][figure].append(value)
    return found


def answers(engine: Engine, text: str, row: str) -> list[Hit]:
    """Return the hits for a query, with half of the search switched off for the rows that are not hybrid."""
    try:
        query = parse_query(text.replace(":", " "))
    except QueryError:
        return []
    query_features = query_features_of(query)
    if row in ("dense", "static"):
        query = replace(query, terms=(), symbols=())
    encoder = None if row == "lexical" else engine.encoder
    snapshot = engine.snapshot.without_contextual() if row == "static" else engine.snapshot
    ranking = (
        partial(linear, load_linear())
        if row == "linear"
        else partial(learned, ranker_for(encoder), query_features=query_features)
    )
    return search(engine.root, snapshot, encoder, query, limit=_HITS, ranking=ranking).hits


def measure_symbols(engine: Engine, queries: Sequence[SymbolQuery]) -> Symbols:
    """Return recall@1 and the reciprocal rank of each query, by form and row of the table."""
    found: Symbols = {}
    for query in queries:
        for row in ROWS:
            for figure, value in zip(
                SYMBOL_FIGURES, judge_symbol(answers(engine, query.text, row), query), strict=True
            ):
                found.setdefault((query.form, row, figure), []).append(value)
    return found


def judge(hits: Sequence[Hit], query: WorkspaceQuery) -> tuple[float, float, float, float]:
    """Return NDCG@10 and recall@10 by file, and by definition; not a number where no definition is known."""
    paths, places = ranked_paths(hits), ranked_places(hits)
    by_file = ndcg_at(10, paths, dict.fromkeys(query.paths, 1.0)), recall_at(10, paths, set(query.paths))
    if not query.places:
        return *by_file, nan, nan
    return *by_file, ndcg_at(10, places, dict.fromkeys(query.places, 1.0)), recall_at(10, places, set(query.places))


def measure_workspaces(
    data: Path, folder: Path, split: Split, only: frozenset[str] = frozenset()
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Measure every workspace of a split, and names in all of them; the rows of all workspaces together come last."""
    chosen = [one for one in read_workspaces(data) if one.split == split and (not only or one.id in only)]
    fetch(data, folder, chosen)
    table: list[dict[str, Any]] = []
    symbols: Symbols = {}
    for kind in (*KINDS, MODULE):
        together: dict[str, dict[str, list[float]]] = {row: {figure: [] for figure in FIGURES} for row in ROWS}
        gifts: list[bool] = []
        for workspace in chosen:
            queries, index = _asked(data, folder, workspace, kind)
            if not queries:
                continue
            with index as engine:
                values = measure_workspace(engine, queries)
                chunks = engine.snapshot.chunk_count
                if kind == "commit":
                    for key, figures in measure_symbols(engine, symbol_queries(engine.snapshot)).items():
                        symbols.setdefault(key, []).extend(figures)
            about = {"workspace": workspace.id, "language": workspace.language, "kind": kind, "chunks": chunks}
            table += _both(about, values, [query.gift for query in queries])
            print(_line(table[-2]), flush=True)
            for row in ROWS:
                for figure in FIGURES:
                    together[row][figure] += values[row][figure]
            gifts += [query.gift for query in queries]
        totals = _both({"workspace": "all", "language": "", "kind": kind}, together, gifts)
        table += totals
        print(*map(_line, totals), sep="\n", flush=True)
    return table, _symbol_table(symbols)


def _asked(
    data: Path, folder: Path, workspace: Workspace, kind: str
) -> tuple[list[WorkspaceQuery], AbstractContextManager[Engine]]:
    """Return the queries of a workspace, and the index that they are asked of."""
    if kind == MODULE:
        modules = module_queries(folder / workspace.id)
        return [one.query for one in modules], indexed_without(folder / workspace.id, [one.said for one in modules])
    of_data: Kind = "doc" if kind == "doc" else "commit"
    return read_queries(data, workspace.id, of_data), indexed(data, folder, workspace, of_data)


def _symbol_table(symbols: Symbols) -> list[dict[str, Any]]:
    return [
        {
            "form": form,
            "queries": len(symbols[form, ROWS[0], SYMBOL_FIGURES[0]]),
            **{row: {figure: _interval(symbols[form, row, figure]) for figure in SYMBOL_FIGURES} for row in ROWS},
        }
        for form in FORMS
        if (form, ROWS[0], SYMBOL_FIGURES[0]) in symbols
    ]


def _both(
    about: dict[str, Any], values: dict[str, dict[str, list[float]]], gifts: Iterable[bool]
) -> list[dict[str, Any]]:
    """Return the row of all queries and that of the plain ones."""
    plain = ~np.array(list(gifts), np.bool_)
    every = np.ones_like(plain)
    return [
        about
        | {"rows": name, "queries": int(kept.sum())}
        | {row: {figure: _interval(np.array(values[row][figure])[kept]) for figure in FIGURES} for row in ROWS}
        for name, kept in (("all", every), ("plain", plain))
    ]


def _ndcg(scores: np.ndarray[Any, np.dtype[np.float32]], gains: Sequence[dict[int, float]]) -> list[float]:
    orders = np.argsort(-scores, axis=1, kind="stable")
    return [
        ndcg_at(None, order.tolist(), dict(gain.items()))
        for order, gain in zip(orders, gains, strict=True)
        if any(value > 0 for value in gain.values())
    ]


def _interval(values: Any) -> dict[str, float]:
    known = np.asarray(values, np.float64)
    return {name: round(value, 4) for name, value in bootstrap(known[~np.isnan(known)])._asdict().items()}


def _line(row: dict[str, Any]) -> str:
    if "set" in row:
        rows = [name for name in (*ROWS, "public") if name in row]
        return f"{row['set']:18} {row['queries']:6} " + "  ".join(f"{name} {row[name]['mean']:.3f}" for name in rows)
    cells = "  ".join(
        f"{name} {row[name]['file_ndcg']['mean']:.3f}/{row[name]['name_ndcg']['mean']:.3f}" for name in ROWS
    )
    return f"{row['kind']:7} {row['workspace']:18} {row['rows']:6} {row['queries']:5}  {cells}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path, help="the data folder, with SOURCES.md in it")
    parser.add_argument("--workspaces", type=Path, default=Path(gettempdir()) / "hunch-workspaces",
                        help="where the workspaces are, or are unpacked to (%(default)s)")  # fmt: skip
    parser.add_argument("--split", choices=("valid", "test"), help="one of them (both)")
    parser.add_argument("--sets", help=f"comma-separated beginnings of set names; {WORKSPACES}[/ID] for the workspaces")
    parser.add_argument("--public", type=Path, help="a folder saved by transformers, measured beside on the sets")
    parser.add_argument("--name", default="quality", help="of the result file (%(default)s)")
    options = parser.parse_args(arguments)
    wanted = tuple(options.sets.split(",")) if options.sets else ()
    inside = frozenset(name.partition("/")[2] for name in wanted if name.startswith(f"{WORKSPACES}/"))
    os.environ.setdefault("HUNCH_WORKERS", str(os.cpu_count() or 1))
    encoder = Encoder(load_bundle(model_folder()))
    public = SentenceEncoder(options.public) if options.public else None
    result: dict[str, Any] = {"model": encoder.bundle.manifest.identity, "splits": {}}
    if public is not None:
        result["public"] = public.name
    splits: list[Split] = [options.split] if options.split else ["valid", "test"]
    for split in splits:
        sets = []
        for texts in load_sets(options.data, split):
            if not wanted or texts.name.startswith(wanted):
                sets.append(measure_set(texts, encoder, public))
                print(_line(sets[-1]), flush=True)
        table: list[dict[str, Any]] = []
        symbols: list[dict[str, Any]] = []
        if not wanted or any(name.startswith(WORKSPACES) for name in wanted):
            table, symbols = measure_workspaces(options.data, options.workspaces, split, inside)
        result["splits"][split] = {"sets": sets, "workspaces": table, "symbols": symbols}
    save_result(options.name, result)
    print(quality_tables(result))


if __name__ == "__main__":
    main()
