"""The features of all candidates of all train and valid queries, gathered once so that all later steps share them.

    hunch-train gather-features DATA WORKSPACES --out runs/ranker/features.npz

Candidates are what the search engine itself brings up, in workspaces that are fetched with pip, npm and apt-get, and in
the retrieval sets. Test workspaces are refused.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hunch.engine import Engine
from hunch.index.snapshot import Snapshot
from hunch.model.bundle import load_bundle
from hunch.model.encoder import Encoder
from hunch.model.ranker import ContextLine, fingerprint_of
from hunch.search.candidates import Candidates, find_candidates
from hunch.search.features import NAMES as FEATURES
from hunch.search.features import features_of, matrices
from hunch.search.query import Query, QueryError, parse_query
from hunch.search.query_features import QUERY_FEATURES, query_features_of
from hunch.settings import model_folder
from hunch.text.terms import STOP_WORDS
from hunch_training.evaluation.retrieval_sets import TextSet, part_of
from hunch_training.ranking.data import (
    EXCLUDED,
    FOREIGN,
    OWN,
    TRAIN,
    VALID,
    RankingData,
    context_line,
    save_ranking_data,
)
from hunch_training.ranking.module_queries import module_queries
from hunch_training.ranking.rendered import build_snapshot
from hunch_training.ranking.retrieval_sets import language_of_set, load_sets, pools_of
from hunch_training.ranking.symbol_queries import symbol_queries
from hunch_training.ranking.workspaces import (
    KINDS,
    Place,
    Workspace,
    WorkspaceQuery,
    fetch,
    indexed,
    indexed_without,
    read_queries,
    read_workspaces,
    refuse_test,
)

FIT_ON = (
    "mypy", "ansible-core", "luigi", "knex", "stylelint", "ajv", "zstd", "transmission", "fish", "rubocop", "hugo",
)  # fmt: skip
"""Train workspaces whose functions the model was not trained on, one or two a language."""

_UNREAD = ContextLine(0.0, 1.0)
"""Without a contextual encoder the contextual cosine is the static one"""
_EVERY_EXCLUDED = 3
_QUERIES_PER_SET = 500
_SMALL_POOL = 200
_MIXED_PER_LANGUAGE = 150
_SPOKEN = {"cpp": "c++", "csharp": "c#", "go": "golang"}
_IN_ONLY = ("c",)
"""Names of languages that mean something else without an "in" before them"""
_SHORTEST_NAME = 5
_GLOB_CHARACTERS = str.maketrans({character: "\\" + character for character in "\\*?[]!# "})


@dataclass(frozen=True, slots=True)
class _One:
    """One query's part of RankingData."""

    columns: tuple[NDArray[Any], ...]
    """Features, file_hit, name_hit, files and places of its candidates"""
    counts: tuple[int, int]
    """How many files and definitions answer"""
    kind: str
    group: int
    split: int
    query_features: NDArray[np.float32]


def gather(
    data: Path, folder: Path, workspaces: Sequence[Workspace], *, foreign_per_workspace: int = 120
) -> RankingData:
    """Index the workspaces, look up every query's candidates there, and those of the valid retrieval sets.

    Args:
        data: the data folder.
        folder: where the workspaces are.
        workspaces: train and valid ones.
        foreign_per_workspace: queries of workspaces of other languages that are asked in each.
    """
    encoder = Encoder(load_bundle(model_folder()))
    return joined([*_gather_workspaces(data, folder, workspaces, foreign_per_workspace), *_gather_sets(data, encoder)],
                  encoder)  # fmt: skip


def joined(found: Sequence[_One], encoder: Encoder) -> RankingData:
    """Return queries together, one after the other."""
    features, file_hit, name_hit, files, places = (
        np.concatenate(parts) for parts in zip(*(one.columns for one in found), strict=True)
    )
    lengths = [len(one.columns[1]) for one in found]
    manifest = encoder.bundle.manifest
    return RankingData(
        starts=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        features=features, names=FEATURES,
        query_features=np.stack([one.query_features for one in found]), query_names=QUERY_FEATURES,
        model=(f"{manifest.name} {manifest.version}", fingerprint_of(manifest)),
        line=context_line(features, FEATURES),
        file_hit=file_hit, name_hit=name_hit, files=files, places=places,
        path_count=np.array([one.counts[0] for one in found], np.int32),
        place_count=np.array([one.counts[1] for one in found], np.int32),
        kinds=np.array([one.kind for one in found]),
        groups=np.array([one.group for one in found], np.int32),
        split=np.array([one.split for one in found], np.uint8),
    )  # fmt: skip


def _gather_workspaces(
    data: Path, folder: Path, workspaces: Sequence[Workspace], foreign_per_workspace: int
) -> Iterator[_One]:
    queries = {w.id: {kind: read_queries(data, w.id, kind) for kind in KINDS} for w in workspaces}
    for number, workspace in enumerate(workspaces):
        split = VALID if workspace.split == "valid" else TRAIN
        for kind in KINDS:
            own = queries[workspace.id][kind]
            if not own:
                continue
            others = [q for w in workspaces if w.language != workspace.language for q in queries[w.id][kind]]
            picked = np.random.default_rng(number).permutation(len(others))[: foreign_per_workspace // 2]
            with indexed(data, folder, workspace, kind) as engine:
                asked = [(query, OWN) for query in own] + [(query, EXCLUDED) for query in own[::_EVERY_EXCLUDED]]
                asked += [(others[i], FOREIGN) for i in picked]
                yield from _look_up(engine, asked, kind, split)
                if kind == "doc":
                    names = [(query, OWN) for query in _names_alone(own)]
                    yield from _look_up(engine, names, "symbol", split)
                    yield from _look_up(engine, _as_typed(engine), "spelling", split)
        modules = module_queries(folder / workspace.id)
        if modules:
            with indexed_without(folder / workspace.id, [one.said for one in modules]) as engine:
                asked = [(one.query, OWN) for one in modules]
                yield from _look_up(engine, asked, "module", split)
        print(f"gathered: {workspace.id}", flush=True)


def _gather_sets(data: Path, encoder: Encoder) -> Iterator[_One]:
    """Look up the candidates of the valid retrieval sets: even queries train, odd ones choose."""
    parts: list[tuple[str, TextSet]] = []
    for texts in load_sets(data, "valid"):
        kind = "pair" if texts.name.startswith("pairs/") else "question"
        pool = next(pools_of(texts))
        language = language_of_set(texts)
        if kind == "pair":
            parts.append((language, pool))
            yield from _gather_small(pool, encoder, language)
        snapshot = build_snapshot(pool.code, encoder, pool.sources, [language] * len(pool.code))
        asked = list(enumerate(zip(pool.queries, pool.gains, strict=True)))[:_QUERIES_PER_SET]
        texts_of_kind = [(number, kind, text, gains) for number, (text, gains) in asked]
        if kind == "pair":
            texts_of_kind += [(number, "keyword", keywords_of(text, 2 + number // 2 % 3), gains)
                              for number, (text, gains) in asked]  # fmt: skip
        for number, kind, text, gains in texts_of_kind:
            yield from _of_set(snapshot, encoder, text, list(gains), kind, number)
    yield from _gather_mixed(parts, encoder)
    print("gathered: sets", flush=True)


def _of_set(
    snapshot: Snapshot, encoder: Encoder, text: str, answers: Sequence[int], kind: str, number: int
) -> Iterator[_One]:
    try:
        parsed = parse_query(text.replace(":", " "))
    except QueryError:
        return
    candidates = find_candidates(snapshot, parsed, *_embeddings(snapshot, encoder, parsed.text))
    right = np.isin(candidates.chunks, answers)
    numbers = np.arange(len(candidates.chunks), dtype=np.int32)
    columns = (_features(parsed, candidates), right, right, numbers, numbers)
    yield _One(columns, (1, 1), kind, OWN, (TRAIN, VALID)[number % 2], query_features_of(parsed))


def _gather_small(pool: TextSet, encoder: Encoder, language: str) -> Iterator[_One]:
    """Look up the candidates of a small part of a pool of pairs, of which most pieces are candidates."""
    code = pool.code[:_SMALL_POOL]
    snapshot = build_snapshot(code, encoder, pool.sources[:_SMALL_POOL], [language] * len(code))
    for number, (text, gains) in enumerate(zip(pool.queries, pool.gains, strict=True)):
        if max(gains) >= len(code):
            continue
        for asked in (text, keywords_of(text, 2 + number // 2 % 3)):
            yield from _of_set(snapshot, encoder, asked, list(gains), "small", number)


def _gather_mixed(parts: Sequence[tuple[str, TextSet]], encoder: Encoder) -> Iterator[_One]:
    """Look up the candidates of functions of all languages together, by words that name the language."""
    parts = [(language, part_of(pool, list(range(min(_MIXED_PER_LANGUAGE, len(pool.code)))), []))
             for language, pool in parts]  # fmt: skip
    code = [fields for _, pool in parts for fields in pool.code]
    sources = [source for _, pool in parts for source in pool.sources]
    languages = [language for language, pool in parts for _ in pool.code]
    snapshot = build_snapshot(code, encoder, sources, languages)
    queries = [text for _, pool in parts for text in pool.queries]
    for number, (language, text) in enumerate(zip(languages, queries, strict=True)):
        spoken, words = _SPOKEN.get(language, language), keywords_of(text, 2 + number // 2 % 4)
        ways = (f"{words} in {spoken}", f"{spoken} {words}", f"{words} {spoken}")
        asked = ways[0 if language in _IN_ONLY else number // 2 % 3]
        yield from _of_set(snapshot, encoder, asked, [number], "mixed", number)


def keywords_of(text: str, count: int) -> str:
    """Return the first words of a text that are no stop words, as people type who do not type sentences."""
    words = [word for word in re.findall(r"[^\W_]+", text) if word.lower() not in STOP_WORDS]
    return " ".join(words[:count])


def _names_alone(queries: Sequence[WorkspaceQuery]) -> Iterator[WorkspaceQuery]:
    """Yield the names of what the doc queries document, as queries."""
    for query in queries:
        ((_, name),) = query.places
        if len(name) >= _SHORTEST_NAME:
            yield replace(query, text=name, gift=True)


def _look_up(engine: Engine, asked: Iterable[tuple[WorkspaceQuery, int]], kind: str, split: int) -> Iterator[_One]:
    for query, group in asked:
        try:
            parsed = parse_query(query.text.replace(":", " "))
        except QueryError:
            continue
        if group == EXCLUDED:
            parsed = replace(
                parsed, excluded_paths=tuple("/" + path.translate(_GLOB_CHARACTERS) for path in query.paths)
            )
        embeddings = _embeddings(engine.snapshot, engine.encoder, parsed.text)
        candidates = find_candidates(engine.snapshot, parsed, *embeddings)
        yield _one_of(engine, parsed, candidates, query, (kind, group, split))


def _embeddings(
    snapshot: Snapshot, encoder: Encoder | None, text: str
) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]:
    """Return the static and the contextual embedding of a query, as search has them."""
    if encoder is None:
        return None, None
    vector = encoder.encode_queries([text])[0]
    if not vector.any():
        return None, None
    context = encoder.contextual().encode_query(text) if snapshot.contextual else None
    return vector, context


def _one_of(
    engine: Engine, parsed: Query, candidates: Candidates, query: WorkspaceQuery, about: tuple[str, int, int]
) -> _One:
    paths = [engine.snapshot.path(int(chunk)) for chunk in candidates.chunks]
    records = [engine.snapshot.record(int(chunk)) for chunk in candidates.chunks]
    names = [record.name or f"line {record.start_line}" for record in records]
    spots = list(zip(paths, names, strict=True))
    own = about[1] == OWN
    columns = (
        _features(parsed, candidates),
        np.array([own and path in query.paths for path in paths], np.bool_),
        np.array([own and spot in query.places for spot in spots], np.bool_),
        _numbered(paths),
        _numbered(spots),
    )
    return _One(columns, (len(query.paths), len(query.places)), *about, query_features_of(parsed))


def _as_typed(engine: Engine) -> Iterator[tuple[WorkspaceQuery, int]]:
    """Yield names of a workspace's definitions as people type them; each place of such a name is right."""
    places: dict[str, set[Place]] = {}
    for chunk in range(engine.snapshot.chunk_count):
        record = engine.snapshot.record(chunk)
        for name in {record.name, record.qualified_name} - {""}:
            places.setdefault(name, set()).add((engine.snapshot.path(chunk), record.name))
    for query in symbol_queries(engine.snapshot):
        right = frozenset(places[query.name])
        yield WorkspaceQuery(query.text, right, frozenset(path for path, _ in right), True), OWN


def _features(query: Query, candidates: Candidates) -> NDArray[np.float32]:
    return np.hstack(matrices(query, candidates, features_of(candidates, _UNREAD)))


def _numbered(things: Sequence[object]) -> NDArray[np.int32]:
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(thing, len(numbers)) for thing in things], np.int32)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("data", type=Path, help="the data folder, with SOURCES.md in it")
    parser.add_argument("workspaces", type=Path, help="where the workspaces are, or are unpacked to")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    parser.add_argument("--fit", default=",".join(FIT_ON), help="train workspaces (%(default)s)")


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    used = chosen_workspaces(options.data, options.workspaces, options.fit.split(","))
    save_ranking_data(gather(options.data, options.workspaces, used), options.out)


def chosen_workspaces(data: Path, folder: Path, fit_on: Sequence[str] = FIT_ON) -> list[Workspace]:
    """Return some train workspaces and all valid ones, fetched.

    Raises:
        TrainingError: one of them is a test workspace.
    """
    rows = read_workspaces(data)
    used = [one for one in rows if one.id in fit_on] + [one for one in rows if one.split == "valid"]
    refuse_test(used)
    fetch(data, folder, used)
    return used
