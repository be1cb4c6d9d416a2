"""The workspace queries: real descriptions of changes and of functions, with the files and names that answer them.

A workspace is a released package, unpacked by the data folder's own ``get_workspaces.py``.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from hunch.engine import Engine, compute_contextual, open_engine, update
from hunch.search.search import Hit
from hunch.settings import CACHE_VARIABLE
from hunch_training.errors import TrainingError
from hunch_training.ranking.context_cache import use_context_cache

Kind = Literal["commit", "doc"]
KINDS: tuple[Kind, ...] = ("commit", "doc")
Place = tuple[str, str]
"""A path and the simple name of what is defined there."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One row of workspaces.tsv."""

    id: str
    language: str
    split: str


@dataclass(frozen=True, slots=True)
class WorkspaceQuery:
    """A description and what it describes."""

    text: str
    places: frozenset[Place]
    """Empty when only the files are known."""
    paths: frozenset[str]
    gift: bool
    """A name or a file name of the answer stands in the query."""


@dataclass(frozen=True, slots=True)
class LineRange:
    """Lines of a file, 1-based, inclusive."""

    path: str
    start: int
    end: int


def read_workspaces(data: Path) -> list[Workspace]:
    """Return all workspaces, in the order of the table."""
    with (data / "workspace_queries/workspaces.tsv").open(encoding="utf-8", newline="") as table:
        return [Workspace(row["id"], row["language"], row["split"]) for row in csv.DictReader(table, delimiter="\t")]


def read_queries(data: Path, workspace: str, kind: Kind) -> list[WorkspaceQuery]:
    """Return the queries of one workspace."""
    return [_query_of(row, kind) for row in _rows(data, workspace, kind)]


def read_documentation(data: Path, workspace: str) -> list[LineRange]:
    """Return where the documentation stands that the doc queries quote."""
    return [LineRange(r["path"], r["doc_start_line"], r["doc_end_line"]) for r in _rows(data, workspace, "doc")]


def fetch(data: Path, folder: Path, wanted: Sequence[Workspace]) -> None:
    """Download and unpack what is not there yet, with the program that comes with the queries."""
    missing = [workspace.id for workspace in wanted if not (folder / workspace.id).is_dir()]
    if missing:
        program = data / "workspace_queries/get_workspaces.py"
        subprocess.run([sys.executable, program, folder, "--only", ",".join(missing)], check=True)


def refuse_test(workspaces: Sequence[Workspace]) -> None:
    """Stop when numbers would be chosen on workspaces that are there to judge them.

    Raises:
        TrainingError: one of them is a test workspace.
    """
    wrong = [workspace.id for workspace in workspaces if workspace.split == "test"]
    if wrong:
        raise TrainingError(f"test workspaces are not for tuning: {', '.join(wrong)}")


def blank_lines(text: str, ranges: Iterable[tuple[int, int]]) -> str:
    """Empty some lines of a text, 1-based and inclusive; every other line keeps its number and its line break."""
    lines = text.split("\n")
    for start, end in ranges:
        for number in range(max(start, 1), min(end, len(lines)) + 1):
            lines[number - 1] = "\r" if lines[number - 1].endswith("\r") else ""
    return "\n".join(lines)


def copy_without(source: Path, target: Path, ranges: Iterable[LineRange]) -> None:
    """Copy a workspace and blank some lines of it."""
    shutil.copytree(source, target, symlinks=True, copy_function=_link_or_copy)
    by_path: dict[str, list[tuple[int, int]]] = {}
    for one in ranges:
        by_path.setdefault(one.path, []).append((one.start, one.end))
    for path, lines in by_path.items():
        file = target / path
        text = (source / path).read_bytes().decode("utf-8", "surrogateescape")
        file.unlink()  # it may be a link to the original
        file.write_bytes(blank_lines(text, lines).encode("utf-8", "surrogateescape"))


@contextmanager
def indexed(data: Path, folder: Path, workspace: Workspace, kind: Kind) -> Iterator[Engine]:
    """Index a workspace in a cache of its own; for doc queries, a copy without the documentation they quote."""
    left_out = read_documentation(data, workspace.id) if kind == "doc" else []
    with indexed_without(folder / workspace.id, left_out) as engine:
        yield engine


@contextmanager
def indexed_without(root: Path, left_out: Sequence[LineRange]) -> Iterator[Engine]:
    """Index a folder in a cache of its own; a copy of it, where lines are left out."""
    with TemporaryDirectory(prefix="hunch-bench-") as temporary:
        if left_out:
            copy = Path(temporary) / root.name
            copy_without(root, copy, left_out)
            root = copy
        before = os.environ.get(CACHE_VARIABLE)
        os.environ[CACHE_VARIABLE] = str(Path(temporary) / "cache")
        try:
            with open_engine(root) as engine:
                update(engine)
                if engine.encoder is not None and (reader := use_context_cache(engine.encoder)) is not None:
                    compute_contextual(engine)
                    reader.keep()
                yield engine
        finally:
            if before is None:
                del os.environ[CACHE_VARIABLE]
            else:
                os.environ[CACHE_VARIABLE] = before


def ranked_paths(hits: Iterable[Hit]) -> list[str]:
    """Return the files of some hits, each once, by its best hit."""
    return list(dict.fromkeys(hit.path for hit in hits))


def ranked_places(hits: Iterable[Hit]) -> list[Place]:
    """Return path and name of some hits, each once; a hit without a name takes a place too."""
    return list(dict.fromkeys((hit.path, hit.record.name or f"line {hit.record.start_line}") for hit in hits))


def _query_of(row: Mapping[str, Any], kind: Kind) -> WorkspaceQuery:
    if kind == "doc":
        place = (row["path"], row["name"])
        return WorkspaceQuery(row["query"], frozenset([place]), frozenset([row["path"]]), row["names_symbol"])
    places = frozenset((target["path"], name) for target in row["targets"] for name in target["names"])
    paths = frozenset(target["path"] for target in row["targets"])
    return WorkspaceQuery(row["query"], places, paths, row["names_symbol"] or row["names_path"])


def _rows(data: Path, workspace: str, kind: Kind) -> Iterator[dict[str, Any]]:
    with gzip.open(data / f"workspace_queries/{kind}s/{workspace}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target
