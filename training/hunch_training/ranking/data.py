"""Queries with the features of their candidates, from `hunch-train gather-features`, and how well scores rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hunch.model.ranker import ContextLine
from hunch_training.errors import TrainingError

TRAIN, VALID = 0, 1
OWN, FOREIGN, EXCLUDED = 0, 1, 2
"""Asked where the answer is; asked in a workspace of another language; asked with the files of the answer left out."""
SENTENCES = ("commit", "doc")
"""Kinds of queries that people have written, of a change and of a function"""
NAMES = ("symbol", "spelling")
"""Kinds of queries that are names: of documented functions, and of any definition as people type them"""
OF_WORKSPACES = (*SENTENCES, "module", *NAMES)
KINDS = (*OF_WORKSPACES, "pair", "question", "keyword", "small", "mixed")
"""Kinds of queries: the two of the workspaces, questions about whole files, the bare names that the doc queries
document, names of any definition as people type them, documentation of the valid pairs, the web queries of CoSQA's dev
part, the first words with a meaning of such documentation, such documentation and words asked of few functions, and
such words with the name of a language, asked of functions of many."""
_DISCOUNTS = 1 / np.log2(np.arange(2, 12))
_NOT_STORED = ("without",)


@dataclass(frozen=True, slots=True)
class RankingData:
    """q queries with n candidates in all: those of query i are the rows starts[i]:starts[i + 1]."""

    starts: NDArray[np.int64]
    """int64 [q + 1]"""
    features: NDArray[np.float32]
    """float32 [n, names]"""
    names: tuple[str, ...]
    """of the features: the positive, then the negative"""
    query_features: NDArray[np.float32]
    """float32 [q, query_names]"""
    query_names: tuple[str, ...]
    model: tuple[str, str]
    """Name and fingerprint of the model whose candidates they are"""
    line: ContextLine
    """Of all candidates, see context_line"""
    file_hit: NDArray[np.bool_]
    name_hit: NDArray[np.bool_]
    """bool [n], whether the file, the definition is one that the query is about"""
    files: NDArray[np.int32]
    places: NDArray[np.int32]
    """int32 [n], the same number for the same file, for the same path and name, within a query"""
    path_count: NDArray[np.int32]
    place_count: NDArray[np.int32]
    """int32 [q], how many files, definitions answer"""
    kinds: NDArray[np.str_]
    """str [q], of KINDS"""
    groups: NDArray[np.int32]
    """int32 [q], OWN, FOREIGN or EXCLUDED"""
    split: NDArray[np.uint8]
    """uint8 [q], TRAIN or VALID"""
    without: tuple[str, ...] = ()
    """Features of candidates and of queries that are taken away, to see what they are worth; not in the file"""

    def __len__(self) -> int:
        return len(self.starts) - 1

    def right(self) -> NDArray[np.bool_]:
        """Return which candidates are right, bool [n]: the definition of a name, the file of all else."""
        of_definition = np.repeat(np.isin(self.kinds, NAMES), np.diff(self.starts))
        return np.where(of_definition, self.name_hit, self.file_hit)

    def rows(self, query: int) -> slice:
        """Return where the candidates of a query stand."""
        return slice(int(self.starts[query]), int(self.starts[query + 1]))

    def rows_of(self, queries: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows of the candidates of some queries, one query after the other."""
        return np.concatenate([np.arange(self.starts[query], self.starts[query + 1]) for query in queries])

    def chosen(self, split: int, *groups: int) -> NDArray[np.int64]:
        """Return the queries of a split, of some groups, that have candidates."""
        there = (self.split == split) & np.isin(self.groups, groups) & (np.diff(self.starts) > 0)
        return np.flatnonzero(there)

    def of_kinds(self, queries: NDArray[np.int64], *kinds: str) -> NDArray[np.int64]:
        """Return those of some queries that are of some kinds."""
        return queries[np.isin(self.kinds[queries], kinds)]


def context_line(features: NDArray[np.float32], names: Sequence[str]) -> ContextLine:
    """Return the line that tells the contextual cosine of candidates best from the static one.

    Args:
        features: float32 [n, names].
        names: of the columns.
    """
    meaning, context = (features[:, names.index(name)] for name in ("meaning", "context"))
    there = meaning > 0
    if np.count_nonzero(there) < 2:
        return ContextLine(0.0, 0.0)
    rise, at_zero = np.polyfit(meaning[there], context[there], 1)
    return ContextLine(round(float(at_zero), 3), round(float(rise), 3))


def save_ranking_data(data: RankingData, file: Path) -> None:
    """Write the file that ``load_ranking_data`` reads."""
    file.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {
        one.name: np.asarray(getattr(data, one.name)) for one in fields(data) if one.name not in _NOT_STORED
    }
    np.savez_compressed(file, **arrays)


def load_ranking_data(file: Path) -> RankingData:
    """Read the file.

    Raises:
        TrainingError: it is another file.
    """
    try:
        with np.load(file, allow_pickle=False) as arrays:
            found: dict[str, Any] = {
                one.name: arrays[one.name] for one in fields(RankingData) if one.name not in _NOT_STORED
            }
    except (KeyError, ValueError, OSError) as error:
        raise TrainingError(
            f"{file}: no features of candidates ({error}): make it with hunch-train gather-features"
        ) from None
    for name in ("names", "query_names", "model"):
        found[name] = tuple(str(one) for one in found[name])
    found["line"] = ContextLine(*map(float, found["line"]))
    return RankingData(**found)


def mean_ndcg(data: RankingData, queries: NDArray[np.int64], scores: NDArray[Any]) -> dict[str, float]:
    """Return the mean NDCG@10 by kind of query and figure, see ndcg_by_query."""
    return {name: float(np.mean(found)) for name, found in ndcg_by_query(data, queries, scores).items()}


def ndcg_by_query(data: RankingData, queries: NDArray[np.int64], scores: NDArray[Any]) -> dict[str, list[float]]:
    """Return NDCG@10 of each query, by kind and figure; a file or a definition stands where its best candidate is."""
    values: dict[str, list[float]] = {}
    for query in queries.tolist():
        rows, kind = data.rows(query), data.kinds[query]
        order = np.argsort(-scores[rows], kind="stable")
        values.setdefault(f"{kind} file", []).append(
            ndcg_once(data.files[rows][order], data.file_hit[rows][order], int(data.path_count[query]))
        )
        if data.place_count[query]:
            values.setdefault(f"{kind} name", []).append(
                ndcg_once(data.places[rows][order], data.name_hit[rows][order], int(data.place_count[query]))
            )
    return values


def ndcg_once(items: NDArray[np.int32], hits: NDArray[np.bool_], wanted: int) -> float:
    """Return NDCG@10 of items that stand once each, at their first place; gains are 1."""
    place, total = 0, 0.0
    seen: set[int] = set()
    for item, hit in zip(items.tolist(), hits.tolist(), strict=True):
        if item in seen:
            continue
        seen.add(item)
        total += float(_DISCOUNTS[place]) if hit else 0.0
        place += 1
        if place == len(_DISCOUNTS):
            break
    return float(total / _DISCOUNTS[:wanted].sum()) if wanted else 0.0
