"""Pasted issues: are the files and functions that the fix changed among the first hits?

    python -m benchmarks.issues DATA REPOSITORIES [--split valid|test] [--contextual] [--most N]

DATA holds ``swe_issues``. REPOSITORIES is a folder with a bare clone of each repository, called ``owner+name``; every
issue is asked of the tree as it was before the fix. An issue is asked as its title, its first 1,000 and its first
4,000 characters. A figure is the share of issues with *all* files of the fix among the first k files; for functions,
with all of them among the first k hits. "tests" is the share of the first ten hits that are tests.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.machine import save_result
from benchmarks.quality import answers
from benchmarks.table import table_of
from hunch.engine import Engine, compute_contextual, open_engine, update
from hunch.search.metrics import bootstrap
from hunch.search.search import Hit
from hunch.settings import CACHE_VARIABLE
from hunch.text.path_class import PathClass, path_class_of
from hunch_training.ranking.workspaces import ranked_paths

TEXTS = {"title": 0, "1,000 characters": 1_000, "4,000 characters": 4_000}
"""What is asked, and how many characters of the issue that is; 0 for its first line"""
ROWS = ("lexical", "static", "linear", "hybrid")
CUTS = (1, 5, 10)


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue, and what its fix changed."""

    repository: str
    commit: str
    """Before the fix"""
    text: str
    files: frozenset[str]
    functions: frozenset[tuple[str, str]]
    """Path and name; empty where they are not known"""


def read_issues(data: Path, split: str) -> list[Issue]:
    """Read the issues of a split."""
    with gzip.open(data / f"swe_issues/{split}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [_issue_of(json.loads(line)) for line in lines]


def text_of(issue: Issue, characters: int) -> str:
    """Return the beginning of an issue; its title for 0."""
    return issue.text[:characters] if characters else issue.text.split("\n", 1)[0].strip()


def judge(hits: Sequence[Hit], issue: Issue) -> dict[str, float]:
    """Return the figures of one answer, each 0 to 1."""
    paths = ranked_paths(hits)
    found = {f"files@{k}": float(issue.files <= set(paths[:k])) for k in CUTS}
    if issue.functions:
        names = [(hit.path, hit.record.name) for hit in hits]
        found |= {f"functions@{k}": float(issue.functions <= set(names[:k])) for k in CUTS}
    first = hits[:10]
    return found | {"tests": sum(bool(path_class_of(hit.path) & PathClass.TEST) for hit in first) / max(1, len(first))}


def measure(
    issues: Sequence[Issue], repositories: Path, *, contextual: bool = False, rows: Sequence[str] = ROWS
) -> dict[str, dict[str, dict[str, list[float]]]]:
    """Return the figures of every issue, by text, row and figure."""
    found: dict[str, dict[str, dict[str, list[float]]]] = {text: {row: {} for row in rows} for text in TEXTS}
    for name in sorted({issue.repository for issue in issues}):
        asked = [issue for issue in issues if issue.repository == name]
        with _checked_out(repositories / name.replace("/", "+")) as root:
            asked.sort(key=lambda issue: _committed_at(root, issue.commit))
            _measure_repository(root, asked, found, contextual=contextual)
        print(f"measured: {name}, {len(asked)} issues", flush=True)
    return found


def _measure_repository(
    root: Path, issues: Sequence[Issue], found: dict[str, dict[str, dict[str, list[float]]]], *, contextual: bool
) -> None:
    """Ask about one repository, one state after the other: an update of the index is cheaper than a new one."""
    for issue in issues:
        _check_out(root, issue.commit)
        with open_engine(root) as engine:
            update(engine)
            if contextual:
                compute_contextual(engine)
            _ask(engine, issue, found)


def _ask(engine: Engine, issue: Issue, found: dict[str, dict[str, dict[str, list[float]]]]) -> None:
    for text, characters in TEXTS.items():
        for row, values in found[text].items():
            hits = answers(engine, text_of(issue, characters), row)
            for figure, value in judge(hits, issue).items():
                values.setdefault(figure, []).append(value)


@contextmanager
def _checked_out(repository: Path) -> Iterator[Path]:
    """Clone a repository without copying its objects, with a cache of its own for the index."""
    with TemporaryDirectory(prefix="hunch-issues-") as temporary:
        root = Path(temporary) / repository.name
        subprocess.run(["git", "clone", "--quiet", "--shared", "--no-checkout", repository, root], check=True)
        before = os.environ.get(CACHE_VARIABLE)
        os.environ[CACHE_VARIABLE] = str(Path(temporary) / "cache")
        try:
            yield root
        finally:
            if before is None:
                del os.environ[CACHE_VARIABLE]
            else:
                os.environ[CACHE_VARIABLE] = before


def _check_out(root: Path, commit: str) -> None:
    """Bring the tree to a commit; a file whose content the clone lacks, as large ones may, is left out."""
    _git(root, "read-tree", "--reset", commit)
    subprocess.run(["git", "-C", str(root), "checkout-index", "--all", "--force", "--quiet"], check=False,
                   stderr=subprocess.DEVNULL)  # fmt: skip
    _git(root, "clean", "-d", "--force", "-x", "--quiet")


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _committed_at(root: Path, commit: str) -> int:
    return int(_git(root, "show", "--no-patch", "--format=%ct", commit))


def _issue_of(row: dict[str, Any]) -> Issue:
    functions = [one.partition(":") for one in row.get("functions") or []]
    return Issue(
        row["repo"],
        row["base_commit"],
        row["text"],
        frozenset(row["files"]),
        frozenset((path, name.rsplit(".", 1)[-1]) for path, _, name in functions),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.issues", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path, help="the data folder, with SOURCES.md in it")
    parser.add_argument("repositories", type=Path, help="bare clones, called owner+name")
    parser.add_argument("--split", choices=("valid", "test"), default="valid", help="(%(default)s)")
    parser.add_argument("--contextual", action="store_true", help="with contextual embeddings, which takes hours")
    parser.add_argument("--most", type=int, help="only so many issues, evenly over the split")
    parser.add_argument("--name", default="issues", help="of the result file (%(default)s)")
    options = parser.parse_args(arguments)
    os.environ.setdefault("HUNCH_WORKERS", str(os.cpu_count() or 1))
    issues = read_issues(options.data, options.split)
    if options.most:
        issues = issues[:: max(1, len(issues) // options.most)][: options.most]
    found = measure(issues, options.repositories.resolve(), contextual=options.contextual)
    rows = {
        text: {
            row: {figure: {key: round(value, 4) for key, value in bootstrap(values)._asdict().items()}
                  for figure, values in figures.items()}
            for row, figures in by_row.items()
        }
        for text, by_row in found.items()
    }  # fmt: skip
    save_result(
        options.name,
        {"split": options.split, "issues": len(issues), "contextual": options.contextual, "texts": rows},
    )
    figures = [*(f"files@{k}" for k in CUTS), *(f"functions@{k}" for k in CUTS), "tests"]
    cells = [
        (text, row, *(f"{by_row[row][figure]['mean']:.3f}" if figure in by_row[row] else "-" for figure in figures))
        for text, by_row in rows.items()
        for row in by_row
    ]
    print(table_of(("text", "row", *figures), cells))


if __name__ == "__main__":
    main()
