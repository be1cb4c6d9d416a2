"""How far code comes first: what code queries lose, and what questions about documents find, by the offset between.

    python -m benchmarks.content DATA FOLDER [--offsets 0,1,2,3]

FOLDER holds, by the id of a workspace, the tree of its repository at the tag that the workspace was released from, and
beside it `ID.git`, the repository. Only train and valid workspaces are taken. Three kinds of questions are asked:

- code: the commit queries of the workspace, whose answers are source files;
- headings: headings of documents, two to eight words, that head one section only, and spell no definition of the code;
- commits: subjects of commits that changed one to three files of documentation or configuration and no others.

An offset is subtracted from the logit of what is no code (see hunch.search.rank.BEHIND_CODE). "without" is the index of
code alone. Figures are NDCG@10 and recall@10 by file; top is how often the first hit is no code.
"""

from __future__ import annotations

import argparse
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from hunch.engine import Engine
from hunch.model.encoder import Encoder
from hunch.search import rank as rank_module
from hunch.search.candidates import find_candidates
from hunch.search.metrics import ndcg_at, recall_at
from hunch.search.query import Query, QueryError, parse_query
from hunch.search.rank import learned, ranker_for
from hunch.search.search import answer_of
from hunch.text.languages import content_of, language_of
from hunch_training.ranking.workspaces import indexed_without, ranked_paths, read_queries, read_workspaces, refuse_test

_MOST_QUERIES = 150
_MOST_COMMITS = 6_000
_NOISE = re.compile(
    r"(?i)^(merge|revert|bump|release|\[pre-commit|build\(deps|update dependenc)|version|typo|changelog"
)
_PREFIX = re.compile(r"^(?:[a-z]+(?:\([^)]*\))?!?:|\[[^\]]*\])\s*|\s*\(?#\d+\)?")

Figures = dict[str, float]
"""Sums over questions by name, and their number"""
Question = tuple[str, frozenset[str]]
"""A query and the paths that answer it"""


def heading_questions(engine: Engine) -> list[Question]:
    """Return headings of the indexed documents with the file that each heads a section of."""
    places: dict[str, set[str]] = defaultdict(set)
    code: set[str] = set()
    for view in engine.snapshot.views:
        for chunk in range(len(view.segment)):
            record, path = view.segment.record(chunk), view.segment.paths[int(view.segment.chunk_files[chunk])]
            if record.kind == "section":
                places[record.name].add(path)
            elif record.name:
                code.add(re.sub(r"[\W_]", "", record.name).lower())
    kept = [
        (heading, frozenset(paths))
        for heading, paths in sorted(places.items())
        if len(paths) == 1
        and 2 <= len(heading.split()) <= 8
        and not any(map(str.isdigit, heading))
        and re.sub(r"[\W_]", "", heading).lower() not in code
    ]
    return kept[:: max(1, len(kept) // _MOST_QUERIES)][:_MOST_QUERIES]


def commit_questions(root: Path, repository: Path, tag_commit: str) -> list[Question]:
    """Return subjects of commits that changed documents and configuration only, with the files that are still there."""
    log = subprocess.run(
        ["git", f"--git-dir={repository}", "log", "--no-merges", "--no-renames", "--name-only", "--format=%x00%s", "-n",
         str(_MOST_COMMITS), tag_commit],
        check=True, capture_output=True, text=True, errors="replace",
    ).stdout  # fmt: skip
    found: dict[str, frozenset[str]] = {}
    for entry in log.split("\0")[1:]:
        subject, *paths = [line.strip() for line in entry.splitlines() if line.strip()]
        subject = _PREFIX.sub("", subject).strip()
        kinds = [content_of(language) if (language := language_of(path)) else "" for path in paths]
        is_wanted = 1 <= len(paths) <= 3 and all(kind in ("docs", "config") for kind in kinds)
        if is_wanted and 4 <= len(subject.split()) <= 16 and not _NOISE.search(subject):
            there = frozenset(path for path in paths if (root / path).is_file() and "change" not in path.lower())
            if there:
                found.setdefault(subject, there)
    return list(found.items())[:_MOST_QUERIES]


def figures(
    engine: Engine, encoder: Encoder, questions: Sequence[Question], offsets: Sequence[float | None]
) -> Figures:
    """Return sums of figures by offset; None is the index of code alone."""
    total: Figures = defaultdict(float)
    for text, wanted in questions:
        try:
            asked = parse_query(text.replace(":", " "))
        except QueryError:
            continue
        total["n"] += 1
        for only_code in (False, True):
            query = parse_query(text.replace(":", " "), contents=["code"]) if only_code else asked
            ranked = list(
                _ranked(engine, encoder, query, [None] if only_code else [one for one in offsets if one is not None])
            )
            for offset, paths in ranked:
                name = "without" if offset is None else f"{offset:g}"
                total[f"{name} ndcg"] += ndcg_at(10, paths, dict.fromkeys(wanted, 1.0))
                total[f"{name} recall"] += recall_at(10, paths, set(wanted))
                top = content_of(language_of(paths[0]) or "") if paths else "code"
                total[f"{name} top"] += int(top != "code")
    return total


def _ranked(
    engine: Engine, encoder: Encoder, query: Query, offsets: Sequence[float | None]
) -> Iterator[tuple[float | None, list[str]]]:
    ranker = ranker_for(encoder)
    vector = encoder.encode_queries([query.text])[0]
    context = encoder.contextual().encode_query(query.text) if engine.snapshot.contextual else None
    candidates = find_candidates(engine.snapshot, query, vector if vector.any() else None, context)
    before = rank_module.BEHIND_CODE
    for offset in offsets:
        rank_module.BEHIND_CODE = before if offset is None else offset
        answer = answer_of(
            engine.root, engine.snapshot, query, candidates, partial(learned, ranker), ranker.answerability,
            ranker.context, began=0.0, limit=50, complete=True,
        )  # fmt: skip
        yield offset, ranked_paths(answer.hits)
    rank_module.BEHIND_CODE = before


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table for each workspace and one for all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--offsets", default="0,1,1.5,2,2.5,3,4")
    options = parser.parse_args(arguments)
    offsets = [float(one) for one in options.offsets.split(",")]
    workspaces = [one for one in read_workspaces(options.data) if (options.folder / one.id).is_dir()]
    refuse_test(workspaces)
    by_kind: dict[str, Figures] = defaultdict(partial(defaultdict, float))
    for workspace in workspaces:
        root = options.folder / workspace.id
        with indexed_without(root, []) as engine:
            encoder = engine.encoder
            assert encoder is not None
            tag = (options.folder / f"{workspace.id}.tag").read_text(encoding="utf-8").strip()
            kinds = {
                "code": [(one.text, one.paths) for one in read_queries(options.data, workspace.id, "commit")],
                "headings": heading_questions(engine),
                "commits": commit_questions(root, options.folder / f"{workspace.id}.git", tag),
            }
            for kind, questions in kinds.items():
                there = [one for one in questions if any((root / path).is_file() for path in one[1])]
                found = figures(engine, encoder, there, [None, *offsets])
                _print(f"{workspace.id}, {kind}", found, offsets)
                for name, value in found.items():
                    by_kind[kind][name] += value
    for kind, found in by_kind.items():
        _print(f"all, {kind}", found, offsets)


def _print(title: str, found: Figures, offsets: Sequence[float]) -> None:
    count = max(found.get("n", 0), 1)
    print(f"{title} ({count:g})")
    for name in ("without", *(f"{one:g}" for one in offsets)):
        ndcg, recall, top = (found.get(f"{name} {figure}", 0.0) / count for figure in ("ndcg", "recall", "top"))
        print(f"  {name:>8}  ndcg {ndcg:.3f}  recall {recall:.3f}  top {top:.3f}", flush=True)


if __name__ == "__main__":
    main()
