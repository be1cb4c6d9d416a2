"""The signals of all candidates of all workspace queries, gathered once so that weights can be tried quickly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import language_of_set, load_sets, pools_of
from benchmarks.module_queries import module_queries
from benchmarks.rendered import build_snapshot
from benchmarks.symbol_queries import symbol_queries
from benchmarks.workspaces import (
    KINDS,
    Place,
    Workspace,
    WorkspaceQuery,
    indexed,
    indexed_without,
    read_queries,
)
from hunch.engine import Engine
from hunch.index.snapshot import Snapshot
from hunch.model.bundle import load_bundle
from hunch.model.encoder import Encoder
from hunch.search.candidates import Candidates, find_candidates
from hunch.search.query import Query, QueryError, parse_query
from hunch.search.query_shape import shape_of
from hunch.search.rank import AGAINST, EVIDENCE, matrices, signals_of
from hunch.settings import model_folder
from hunch.text.terms import STOP_WORDS
from hunch_training.evaluation.retrieval_sets import TextSet, part_of

FEATURES = (*EVIDENCE, *AGAINST)
"""The columns: the signals, then what counts against a candidate."""

OWN, FOREIGN, EXCLUDED = 0, 1, 2
"""Asked where the answer is; asked in a workspace of another language; asked with the files of the answer left out."""

ASKED = (*KINDS, "module", "symbol", "spelling", "pair", "question", "keyword", "small", "mixed")
"""Kinds of queries: the two of the workspaces, questions about whole files, the bare names that the doc queries
document, names of any definition as people type them, documentation of the valid pairs, the web queries of CoSQA's dev
part, the first words with a meaning of such documentation, such documentation and words asked of few functions, and
such words with the name of a language, asked of functions of many."""

SET_HALVES = (1000, 1001)
"""In the place of workspaces: the even and the odd queries of the retrieval sets."""

_CONTAINERS = frozenset({"class", "interface", "struct", "enum", "trait", "module"})
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
class Gathered:
    """q queries with n candidates in all: those of query i are the rows starts[i]:starts[i + 1]."""

    starts: NDArray[np.int64]
    """int64 [q + 1]"""
    features: NDArray[np.float32]
    """float32 [n, FEATURES]"""
    file_hit: NDArray[np.bool_]
    """bool [n], the file is one that the query is about"""
    name_hit: NDArray[np.bool_]
    """bool [n], so is the definition"""
    files: NDArray[np.int32]
    """int32 [n], the same number for the same file, within a query"""
    places: NDArray[np.int32]
    """int32 [n], the same number for the same path and name, within a query"""
    first_lines: NDArray[np.int32]
    last_lines: NDArray[np.int32]
    levels: NDArray[np.int32]
    """int32 [n]: 0 for a file's card, 1 for what holds other definitions, 2 for the rest"""
    path_count: NDArray[np.int32]
    """int32 [q], how many files answer"""
    place_count: NDArray[np.int32]
    """int32 [q], how many definitions answer"""
    kinds: NDArray[np.int32]
    """int32 [q], positions in ASKED"""
    groups: NDArray[np.int32]
    """int32 [q], OWN, FOREIGN or EXCLUDED"""
    workspaces: NDArray[np.int32]
    """int32 [q]"""
    shape: NDArray[np.float32]
    """float32 [q, SHAPE], what the queries look like"""

    def __len__(self) -> int:
        return len(self.starts) - 1

    def rows(self, query: int) -> slice:
        """Return where the candidates of a query stand."""
        return slice(int(self.starts[query]), int(self.starts[query + 1]))


@dataclass(frozen=True, slots=True)
class _One:
    """One query's part of Gathered."""

    columns: tuple[NDArray[Any], ...]
    """Those of its candidates, in the order of Gathered's fields"""
    facts: tuple[int, int, int, int, int]
    shape: NDArray[np.float32]


def gather(data: Path, folder: Path, workspaces: Sequence[Workspace], *, foreign_per_workspace: int = 120) -> Gathered:
    """Index the workspaces and look up every query's candidates."""
    queries = {w.id: {kind: read_queries(data, w.id, kind) for kind in KINDS} for w in workspaces}
    found: list[_One] = []
    for number, workspace in enumerate(workspaces):
        for kind_number, kind in enumerate(KINDS):
            own = queries[workspace.id][kind]
            if not own:
                continue
            others = [q for w in workspaces if w.language != workspace.language for q in queries[w.id][kind]]
            picked = np.random.default_rng(number).permutation(len(others))[: foreign_per_workspace // 2]
            with indexed(data, folder, workspace, kind) as engine:
                asked = [(query, OWN) for query in own] + [(query, EXCLUDED) for query in own[::_EVERY_EXCLUDED]]
                asked += [(others[i], FOREIGN) for i in picked]
                found += _look_up(engine, asked, kind_number, number)
                if kind == "doc":
                    names = [(query, OWN) for query in _names_alone(own)]
                    found += _look_up(engine, names, ASKED.index("symbol"), number)
                    found += _look_up(engine, _as_typed(engine), ASKED.index("spelling"), number)
        modules = module_queries(folder / workspace.id)
        if modules:
            with indexed_without(folder / workspace.id, [one.said for one in modules]) as engine:
                asked = [(one.query, OWN) for one in modules]
                found += _look_up(engine, asked, ASKED.index("module"), number)
        print(f"gathered: {workspace.id}", flush=True)
    found += _gather_sets(data)
    columns = [np.concatenate(parts) for parts in zip(*(one.columns for one in found), strict=True)]
    facts = np.array([one.facts for one in found], np.int32).T
    lengths = [len(one.columns[1]) for one in found]
    starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    shapes = [np.stack([one.shape for one in found])]
    return Gathered(starts, *columns, *facts, *shapes)


def _gather_sets(data: Path) -> Iterator[_One]:
    """Look up the candidates of the valid retrieval sets, at most so many queries of each."""
    encoder = Encoder(load_bundle(model_folder()))
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
    count = len(candidates.chunks)
    right = np.isin(candidates.chunks, answers)
    numbers = np.arange(count, dtype=np.int32)
    levels = np.full(count, 2, np.int32)
    columns = (_features(parsed, candidates), right, right, numbers, numbers, numbers, numbers, levels)
    yield _One(columns, (1, 1, ASKED.index(kind), OWN, SET_HALVES[number % 2]), shape_of(parsed))


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


def save(gathered: Gathered, file: Path) -> None:
    """Keep what was gathered."""
    np.savez(file, **{field.name: getattr(gathered, field.name) for field in fields(Gathered)})


def load(file: Path) -> Gathered:
    """Read what was kept."""
    with np.load(file) as arrays:
        return Gathered(**{field.name: arrays[field.name] for field in fields(Gathered)})


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


def _look_up(engine: Engine, asked: Iterable[tuple[WorkspaceQuery, int]], kind: int, workspace: int) -> Iterator[_One]:
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
        yield _one_of(engine, parsed, candidates, query, (kind, group, workspace))


def _embeddings(
    snapshot: Snapshot, encoder: Encoder | None, text: str
) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]:
    """Return the embeddings of a query, of the first pass and in context, as search has them."""
    if encoder is None:
        return None, None
    vector = encoder.encode_queries([text])[0]
    if not vector.any():
        return None, None
    context = encoder.contextual().encode_query(text) if snapshot.contextual else None
    return vector, context


def _one_of(
    engine: Engine, parsed: Query, candidates: Candidates, query: WorkspaceQuery, about: tuple[int, int, int]
) -> _One:
    paths = [engine.snapshot.path(int(chunk)) for chunk in candidates.chunks]
    records = [engine.snapshot.record(int(chunk)) for chunk in candidates.chunks]
    names = [record.name or f"line {record.start_line}" for record in records]
    spots = list(zip(paths, names, strict=True))
    own = about[1] == OWN
    return _One(
        (
            _features(parsed, candidates),
            np.array([own and path in query.paths for path in paths], np.bool_),
            np.array([own and spot in query.places for spot in spots], np.bool_),
            _numbered(paths),
            _numbered(spots),
            np.array([record.start_line for record in records], np.int32),
            np.array([record.end_line for record in records], np.int32),
            np.array([_level(record.kind) for record in records], np.int32),
        ),
        (len(query.paths), len(query.places), *about),
        shape_of(parsed),
    )


def save_for_training(gathered: Gathered, valid: Sequence[int], file: Path) -> None:
    """Write what hunch-train ranker reads; ``valid`` are the workspaces that choose, the others train."""
    kept = {name: getattr(gathered, name) for name in (
        "starts", "features", "file_hit", "name_hit", "files", "places", "path_count", "place_count", "groups",
        "shape",
    )}  # fmt: skip
    np.savez_compressed(
        file, **kept, names=np.array(FEATURES), kinds=np.array(ASKED)[gathered.kinds],
        split=np.isin(gathered.workspaces, [*valid, SET_HALVES[1]]).astype(np.uint8),
    )  # fmt: skip


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
    return np.hstack(matrices(query, candidates, signals_of(candidates)))


def _level(kind: str) -> int:
    return 0 if kind == "file" else 1 if kind in _CONTAINERS else 2


def _numbered(things: Sequence[object]) -> NDArray[np.int32]:
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(thing, len(numbers)) for thing in things], np.int32)
