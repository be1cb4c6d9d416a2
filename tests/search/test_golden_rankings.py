"""Golden rankings: what some sixty queries find in one pinned workspace, and which features carried the hits.

`tests/goldens/rankings.txt` is for reading: a change of ranking shows there as a diff. It is compared with room for
what another processor or ONNX Runtime rounds otherwise, and for hits whose scores are as good as equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from hunch.index.contextual_pass import embed_file, files_without_contextual
from hunch.index.policy import COMMAND_POLICY
from hunch.index.reader import IndexReader
from hunch.index.snapshot import Snapshot
from hunch.index.store import open_in_memory
from hunch.index.writer import update_store
from hunch.model.bundle import load_bundle
from hunch.model.encoder import Encoder
from hunch.search.candidates import find_candidates
from hunch.search.features import OF_KINDS, POSITIVE, features_of
from hunch.search.metrics import recall_at, reciprocal_rank
from hunch.search.query import parse_query
from hunch.search.rank import learned, ranker_for
from hunch.search.search import Answer, search

GOLDENS = Path(__file__).parent.parent / "goldens"
WORKSPACE = GOLDENS / "workspace"
GOLDEN = GOLDENS / "rankings.txt"

SENTENCES = {
    "put an article into the basket": "add_item",
    "reduce a price by a percentage": "apply_discount",
    "how much tax has to be paid": "sales_tax",
    "is the customer late with paying": "isOverdue",
    "download a page and try again when it fails": "fetch_with_retry",
    "limit the number of calls per second": "RateLimiter|acquire",
    "split raw http headers into a dictionary": "parse_headers",
    "stop the web server gracefully": "Serve",
    "log the duration of each request": "LogRequests",
    "hash a password with a salt": "hashPassword",
    "check the password that a user typed": "verifyPassword",
    "has the session token expired": "isExpired",
    "edit distance between two strings": "levenshtein",
    "make a url friendly version of a title": "slugify",
    "how often does each word occur": "count_words",
    "guess the separator of a csv file": "detect_delimiter",
    "find all links in a markdown document": "extractLinks",
    "escape special html characters": "escapeHtml",
    "drop the least recently used entry": "evictOldest",
    "delete old backups": "prune_old_backups",
    "find duplicate files": "duplicates",
    "format a file size for humans": "human_size",
    "show relative time like 3 hours ago": "timeAgo",
    "number of days between two dates": "daysBetween",
    "convert a hex colour to rgb": "ParseHex",
    "run failed jobs again": "retryFailed",
    "distance between two coordinates on earth": "haversine",
    "is a point inside a shape": "point_in_polygon",
    "dijkstra": "shortest_paths",
    "detect circular dependencies": "has_cycle",
    "forget values some time after they were stored": "TtlCache|get|PurgeExpired|purgeExpired",
    "which handler belongs to a path": "match_route",
    "remind customers of an open invoice": "sendReminder",
    "orders that were never paid": "unpaid_orders",
    "years with 366 days": "is_leap_year",
    "colours for the night": "Theme|background|forHour",
    "fix the pause between attempts of a failed request": "fetch_with_retry|Retry",
    "how do background jobs work": "queue.php",
    "how long are backups kept": "prune_old_backups|settings.pyw",
    "read the configuration with defaults": "load_settings",
    "environment variables win over the file": "setting_from_environment",
    "has a client sent too many requests": "isOverLimit|RateLimiter|acquire",
    "largest upload": "largestUpload|limits.ts",
}
NAMES = {
    "detect_delimiter": "detect_delimiter",
    "Cache.evictOldest": "evictOldest",
    "sales tax": "sales_tax",
    "levenstein": "levenshtein",
    "parse_haeders": "parse_headers",
    "human_s": "human_size",
    "topolog": "topological_sort",
    "purge expired": "PurgeExpired|purgeExpired",
    "Cache": "Cache",
    "verifyPassword": "verifyPassword",
}
INTENTS = {
    "retry in go": "Retry",
    "python count words": "count_words",
    "parse a date in lua": "parse_iso_date",
    "class that limits calls": "RateLimiter",
    "enum of colours": "Theme",
    "tests of passwords": "auth.test.ts",
    "benchmark of csv": "bench_split_lines",
    "example of a cart": "fill_a_cart",
    "vendored lru cache": "vendor/lru/cache.go|evictOldest|Cache",
    "documentation pages": "build_pages|HandbookBuilder|build_pages.rb",
}
ASKED = SENTENCES | NAMES | INTENTS
"""Queries, and the names or the ends of paths that are right"""
RANKINGS = {
    "static": (False, ["meaning"]),
    "contextual": (True, ["context"]),
    "words": (False, ["words"]),
    "all, static": (False, [*POSITIVE, *OF_KINDS]),
    "all": (True, [*POSITIVE, *OF_KINDS]),
}
"""Whether there are contextual embeddings, and the features that are seen"""
SHOWN, CARRIED = 5, 4
MOST_LOST = 0.02
SAME_SCORE = 0.03
"""Hits whose scores are nearer to each other may change places"""
SAME_WEIGHT = 0.15
"""By which a contribution may differ"""


class Line(NamedTuple):
    """One hit as the golden file has it."""

    place: str
    score: float
    carried: dict[str, float]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(load_bundle(verify=False))


@pytest.fixture(scope="module")
def workspace(encoder: Encoder) -> Snapshot:
    store = open_in_memory("x")
    report = update_store(WORKSPACE, store, encoder, workers=1)
    assert report.files == 34 and not report.skipped
    for number in list(files_without_contextual(store)):
        embed_file(WORKSPACE, store, encoder.contextual(), number)
    reader = IndexReader(store, Path("nowhere/index.db"), COMMAND_POLICY, writes=False)
    reader.replay()
    return reader.snapshot(1)


@pytest.fixture(scope="module")
def answers(workspace: Snapshot, encoder: Encoder) -> dict[str, Answer]:
    return {text: search(WORKSPACE, workspace, encoder, parse_query(text), limit=SHOWN) for text in ASKED}


def is_right(path: str, name: str, wanted: str) -> bool:
    return any(name == one or path.endswith(one) for one in wanted.split("|"))


def lines_of(answer: Answer, wanted: str) -> Iterator[str]:
    for hit in answer.hits:
        mark = "*" if is_right(hit.path, hit.record.name, wanted) else " "
        copies = "".join(f" = {copy.path}" for copy in hit.near_duplicates)
        why = "; ".join(f"{reason.feature} {reason.weight:+.1f}" for reason in hit.why[:CARRIED])
        yield f"  {mark} {hit.score:.2f} {hit.path}:{hit.record.start_line} {hit.record.name or '-'}{copies} | {why}"


def rendered(answers: dict[str, Answer], figures: dict[str, tuple[float, float, float]]) -> str:
    parts = [f"# {ranking}: recall@1 {one:.3f}, recall@5 {five:.3f}, MRR {mrr:.3f}"
             for ranking, (one, five, mrr) in figures.items()]  # fmt: skip
    for text, answer in answers.items():
        parts += ["", f"{text}  [{answer.answerability.value}]", *lines_of(answer, ASKED[text])]
    return "\n".join(parts) + "\n"


def parsed(text: str) -> tuple[dict[str, list[float]], dict[str, list[Line]]]:
    """Return the figures and the hits of each query that a golden text holds."""
    figures = {ranking: [float(value) for value in re.findall(r"\d\.\d+", rest)]
               for ranking, rest in re.findall(r"^# (.+?): (.*)$", text, re.MULTILINE)}  # fmt: skip
    hits: dict[str, list[Line]] = {}
    for line in text.splitlines():
        if found := re.match(r"^(\S.*)  \[\w+\]$", line):
            asked = hits.setdefault(found[1], [])
        elif found := re.match(r"^  [* ] (\d\.\d\d) (\S+ \S+).* \| (.*)$", line):
            why = dict(one.rsplit(" ", 1) for one in found[3].split("; ") if one)
            asked.append(Line(found[2], float(found[1]), {name: float(value) for name, value in why.items()}))
    return figures, hits


def measured(workspace: Snapshot, encoder: Encoder) -> dict[str, tuple[float, float, float]]:
    """Return recall@1, recall@5 and MRR of each ranking."""
    figures = {}
    ranker = ranker_for(encoder)
    for ranking, (is_contextual, features) in RANKINGS.items():
        values = []
        for text, wanted in ASKED.items():
            query = parse_query(text)
            context = encoder.contextual().encode_query(text) if is_contextual else None
            found = find_candidates(workspace, query, encoder.encode_queries([query.text])[0], context)
            seen = features_of(found, ranker.context)
            scores = learned(ranker, query, found, {name: seen[name] for name in features}).scores
            chunks = found.chunks[np.argsort(-scores, kind="stable")].tolist()
            ranked = [is_right(workspace.path(chunk), workspace.record(chunk).name, wanted) for chunk in chunks]
            values.append((recall_at(1, ranked, {True}), recall_at(5, ranked, {True}), reciprocal_rank(ranked, {True})))
        one, five, mrr = (round(float(np.mean(column)), 3) for column in zip(*values, strict=True))
        figures[ranking] = (one, five, mrr)
    return figures


def differences(golden: dict[str, list[Line]], found: dict[str, list[Line]]) -> list[str]:
    """Return a line for each query whose hits or contributions differ by more than rounding."""
    different = [f"{text!r} is asked in one of them only" for text in golden.keys() ^ found.keys()]
    for text in golden.keys() & found.keys():
        before, now = golden[text], found[text]
        if len(before) != len(now):
            different.append(f"{text!r}: {len(now)} hits, were {len(before)}")
            continue
        for number, (old, new) in enumerate(zip(before, now, strict=True), 1):
            if abs(old.score - new.score) > SAME_SCORE:
                different.append(f"{text!r}, hit {number}: score {new.score}, was {old.score}")
            elif old.place != new.place:
                other = next((line.score for line in (*before, *now) if line.place == new.place), -1.0)
                least = before[-1].score
                if abs(other - old.score) > SAME_SCORE and new.score > least + SAME_SCORE:
                    different.append(f"{text!r}, hit {number}: {new.place}, was {old.place}")
            else:
                different += [
                    f"{text!r}, {new.place}: {name} {new.carried[name]:+.1f}, was {value:+.1f}"
                    for name, value in old.carried.items()
                    if name in new.carried and abs(new.carried[name] - value) > SAME_WEIGHT
                ]
                strongest = next(iter(old.carried), None)
                if strongest is not None and strongest not in new.carried:
                    different.append(f"{text!r}, {new.place}: {strongest} no longer carries it")
    return different


def test_every_right_answer_is_in_the_workspace(workspace: Snapshot) -> None:
    places = [(workspace.path(chunk), workspace.record(chunk).name) for chunk in range(len(workspace))]
    for text, wanted in ASKED.items():
        assert any(is_right(*place, wanted) for place in places), text
    assert len({path.rpartition(".")[2] for path, _ in places}) >= 16 and len(ASKED) >= 60


def test_rankings_are_those_of_the_golden_file(
    workspace: Snapshot, encoder: Encoder, answers: dict[str, Answer], update_golden: bool
) -> None:
    figures = measured(workspace, encoder)
    text = rendered(answers, figures)
    if update_golden:
        GOLDEN.write_text(text, encoding="utf-8")
    golden_figures, golden_hits = parsed(GOLDEN.read_text(encoding="utf-8"))
    worse = [
        f"{ranking}: {figures[ranking]}, was {values}"
        for ranking, values in golden_figures.items()
        if any(now < before - MOST_LOST for now, before in zip(figures[ranking], values, strict=True))
    ]
    assert list(golden_figures) == list(RANKINGS) and not worse, "; ".join(worse)
    different = differences(golden_hits, parsed(text)[1])
    assert not different, "\n".join([*different, "if that is meant: pytest --update-golden"])


def test_all_features_together_lose_little_to_either_alone(workspace: Snapshot, encoder: Encoder) -> None:
    figures = measured(workspace, encoder)
    assert figures["all"][2] >= max(figures[name][2] for name in ("static", "contextual", "words")) - 0.05
    assert figures["all, static"][2] >= max(figures["static"][2], figures["words"][2]) - 0.05


def test_a_copy_is_shown_below_and_tests_come_after_what_they_test(answers: dict[str, Answer]) -> None:
    dropped = next(
        hit for hit in answers["drop the least recently used entry"].hits if hit.record.name == "evictOldest"
    )
    assert dropped.path == "storage/cache.go" and [one.path for one in dropped.near_duplicates] == [
        "vendor/lru/cache.go"
    ]
    paths = [hit.path for hit in answers["check the password that a user typed"].hits]
    assert paths.index("net/auth.ts") == 0
    assert answers["tests of passwords"].hits[0].path == "tests/auth.test.ts"
