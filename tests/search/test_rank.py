"""Scores and their reasons, and how well the ranking does on a small fixed workspace."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunch.index.policy import COMMAND_POLICY
from hunch.index.reader import IndexReader
from hunch.index.second_pass import files_to_read, read_in_context
from hunch.index.snapshot import Snapshot
from hunch.index.store import open_in_memory
from hunch.index.writer import update_store
from hunch.model.bundle import load_bundle
from hunch.model.encoder import Encoder
from hunch.model.ranker import rank
from hunch.search.candidates import Candidates, find_candidates
from hunch.search.metrics import recall_at, reciprocal_rank
from hunch.search.query import Query, parse_query
from hunch.search.query_shape import SHAPE
from hunch.search.rank import (
    AGAINST,
    EVIDENCE,
    ROLES,
    Reason,
    learned,
    reasons,
    signals_of,
)
from hunch.search.spelt import NEARLY
from hunch.search.weights import CONTEXT_OF_MEANING
from hunch.text.chunk import KINDS
from hunch.text.render import FIELD_NAMES
from hunch.text.roles import Role

GOLDENS = Path(__file__).parent.parent / "goldens"
WORKSPACE = GOLDENS / "workspace"
GOLDEN = GOLDENS / "ranking.json"

# ---- scores ----

NAME = 1 << FIELD_NAMES.index("name")
BODY = 1 << FIELD_NAMES.index("body")
QUERY = parse_query("sort items")


def candidates(**changes: Any) -> Candidates:
    """One candidate that nothing speaks for, changed."""
    plain: dict[str, Any] = {
        "chunks": np.array([3]),
        "dense": np.zeros(1, np.float32),
        "lexical": np.zeros(1, np.float32),
        "term_fields": np.zeros((2, 1), np.uint8),
        "idf": np.array([1, 2], np.float32),
        "symbols": np.zeros(1, np.float32),
        "typed": np.zeros(1, np.float32),
        "prefix": np.zeros(1, np.float32),
        "in_language": np.zeros(1, np.float32),
        "of_kind": np.zeros(1, np.float32),
        "files": np.array([1]),
        "kinds": np.array([KINDS.index("function")], np.uint8),
        "lines": np.ones(1, np.uint16),
        "roles": np.zeros(1, np.uint8),
    }
    return Candidates(**plain | changes)


def scored(query: Query = QUERY, **changes: Any) -> float:
    one = candidates(**changes)
    return float(learned(query, one, signals_of(one)).scores[0])


@pytest.mark.parametrize(
    ("lines", "kind", "length"),
    [
        (1, "function", 0),
        (8, "function", 0.5),
        (64, "class", 1),
        (5_000, "method", 1),
        (64, "file", 0),
        (0, "block", 0),
    ],
)
def test_how_long_code_is(lines: int, kind: str, length: float) -> None:
    one = candidates(lines=np.array([lines], np.uint16), kinds=np.array([KINDS.index(kind)], np.uint8))
    assert signals_of(one)["length"].tolist() == pytest.approx([length])


def explained(query: Query = QUERY, **changes: Any) -> list[Reason]:
    one = candidates(**changes)
    signals = signals_of(one)
    return reasons(query, one, signals, learned(query, one, signals).weights, [0])[0]


def fields(*bits: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.array(bits, np.uint8)[:, None]


def some(value: float) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.array([value], np.float32)


def both(more: dict[str, Any], less: dict[str, Any], query: Query = QUERY) -> tuple[float, float]:
    """Return the scores of two candidates of one query."""
    one = joined([more, less])
    found = learned(query, one, signals_of(one)).scores
    return float(found[0]), float(found[1])


def joined(changes: list[dict[str, Any]]) -> Candidates:
    """Return several candidates of one query."""
    parts = [candidates(**one) for one in changes]
    together: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts], axis=-1)
        for name in ("chunks", "dense", "lexical", "term_fields", "symbols", "typed", "prefix", "kinds", "roles")
    }
    together["files"] = (
        np.arange(len(parts))
        if all("files" not in one for one in changes)
        else np.concatenate([part.files for part in parts])
    )
    context = [np.full(1, np.nan, np.float32) if part.context is None else part.context for part in parts]
    return candidates(**together, context=np.concatenate(context))


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ({"dense": some(0.9)}, {"dense": some(0.5)}),
        ({"dense": some(0)}, {"dense": some(-0.5)}),  # being far away is no worse than being unknown
        ({"lexical": some(0.8)}, {"lexical": some(0.3)}),
        ({"symbols": some(1)}, {"symbols": some(0.5)}),
        ({"symbols": some(0.5)}, {}),
        ({"symbols": some(1), "typed": some(1)}, {"symbols": some(1)}),
        ({"prefix": some(0.5)}, {}),
        ({"prefix": some(0.9)}, {"prefix": some(0.5)}),
        ({"symbols": some(1), "prefix": some(1)}, {"prefix": some(0.9)}),
        ({"term_fields": fields(NAME, 0)}, {}),
        ({"term_fields": fields(NAME, NAME)}, {"term_fields": fields(NAME, 0)}),
        ({"term_fields": fields(0, NAME)}, {"term_fields": fields(NAME, 0)}),  # the rarer word counts more
        ({"term_fields": fields(NAME | BODY, 0)}, {"term_fields": fields(BODY, 0)}),
        ({}, {"kinds": np.array([KINDS.index("file")], np.uint8)}),
        ({}, {"kinds": np.array([KINDS.index("block")], np.uint8)}),
        *(({}, {"roles": np.array([int(role)], np.uint8)}) for role in ROLES),
    ],
)
def test_one_signal_moves_the_score(more: dict[str, Any], less: dict[str, Any]) -> None:
    above, below = both(more, less)
    tie = "dense" in less and float(less["dense"][0]) < 0
    assert above == below if tie else above > below


SHAPES = st.lists(st.floats(0, 1, width=32), min_size=len(SHAPE), max_size=len(SHAPE))


@given(
    st.lists(st.floats(0, 1, width=32), min_size=2 * len(EVIDENCE), max_size=2 * len(EVIDENCE)),
    st.integers(0, len(EVIDENCE) - 1),
    SHAPES,
)
def test_more_evidence_never_lowers_a_score(values: list[float], signal: int, shape: list[float]) -> None:
    evidence = np.array(values, np.float32).reshape(2, -1)
    more = evidence[:1].copy()
    more[0, signal] = max(float(evidence[0, signal]), float(evidence[1, signal]))
    scores = rank(
        np.concatenate([evidence, more]), np.zeros((3, len(AGAINST)), np.float32), np.array(shape, np.float32)
    ).scores
    assert scores[2] >= scores[0] - 1e-6
    assert ((scores >= 0) & (scores <= 1)).all()


@given(st.lists(st.floats(0, 1, width=32), min_size=len(EVIDENCE), max_size=len(EVIDENCE)), SHAPES)
def test_evidence_speaks_for_and_marks_against(values: list[float], shape: list[float]) -> None:
    one = np.array([values], np.float32)
    weights = rank(one, np.zeros((1, len(AGAINST)), np.float32), np.array(shape, np.float32)).weights
    # However the candidates look, nothing is ignored.
    assert (weights[: len(EVIDENCE)] > 0).all() and (weights[len(EVIDENCE) :] < 0).all()


@pytest.mark.parametrize("role", list(ROLES))
def test_a_role_counts_unless_it_is_asked_for(role: Role) -> None:
    asked = replace(QUERY, wanted_roles=role)
    here = np.array([int(role)], np.uint8)
    assert scored(QUERY, roles=here) < scored(QUERY)
    assert scored(asked, roles=here) == scored(asked)
    assert [reason.signal for reason in explained(QUERY, roles=here)] == [f"in {str(role.name).lower()} code"]
    assert explained(asked, roles=here) == []


def test_several_roles_add_up() -> None:
    both = np.array([int(Role.TEST | Role.VENDORED)], np.uint8)
    asked = replace(QUERY, wanted_roles=Role.TEST)
    assert scored(QUERY, roles=both) < scored(asked, roles=both) < scored(asked)


def test_some_signals_alone_score_without_the_others() -> None:
    one = candidates(dense=some(0.5), lexical=some(0.7))
    signals = signals_of(one)
    assert {*EVIDENCE, "file card", "block"} == set(signals)
    alone = float(learned(QUERY, one, {name: signals[name] for name in ("meaning", "context")}).scores[0])
    assert alone == pytest.approx(scored(dense=some(0.5)))


def test_no_candidates_have_no_scores() -> None:
    empty = candidates(
        chunks=np.zeros(0, np.int64), dense=np.zeros(0, np.float32), lexical=np.zeros(0, np.float32),
        term_fields=np.zeros((2, 0), np.uint8), symbols=np.zeros(0, np.float32), typed=np.zeros(0, np.float32),
        prefix=np.zeros(0, np.float32),
        files=np.zeros(0, np.int64), kinds=np.zeros(0, np.uint8),
        roles=np.zeros(0, np.uint8),
    )  # fmt: skip
    assert learned(QUERY, empty, signals_of(empty)).scores.shape == (0,)


SHARE = st.floats(0, 1, width=32)


SIDE = st.tuples(st.floats(-1, 1, width=32), SHARE, SHARE, st.integers(0, 31), st.integers(0, 31),
                 st.sampled_from(range(len(KINDS))), st.integers(0, 63))  # fmt: skip


@given(SIDE, SIDE, st.sampled_from([Role.PRODUCT, *Role]))
def test_the_order_is_that_of_the_reasons(one: tuple[Any, ...], other: tuple[Any, ...], wanted: Role) -> None:
    query = replace(QUERY, wanted_roles=wanted)
    found = joined([
        {"dense": some(dense), "lexical": some(lexical), "symbols": some(symbol), "term_fields": fields(first, second),
         "kinds": np.array([kind], np.uint8), "roles": np.array([roles], np.uint8)}
        for dense, lexical, symbol, first, second, kind, roles in (one, other)
    ])  # fmt: skip
    scores, weights = learned(query, found, signals_of(found))
    why = reasons(query, found, signals_of(found), weights, [0, 1])
    sums = [sum(reason.weight for reason in of_one) for of_one in why]
    # Reasons are rounded to a thousandth, those below a two-hundredth are left out.
    if abs(sums[0] - sums[1]) > 0.005 * len(EVIDENCE + AGAINST):
        assert (sums[0] > sums[1]) == (scores[0] > scores[1])
    for of_one in why:
        effects = [abs(reason.weight) for reason in of_one]
        assert effects == sorted(effects, reverse=True)
        assert len({reason.signal for reason in of_one}) == len(of_one)


def test_reasons_name_the_words_they_rest_on() -> None:
    found = explained(term_fields=fields(NAME, BODY), lexical=some(0.5), dense=some(0.5))
    words = {reason.signal: reason.terms for reason in found}
    assert words.pop("file words", ()) == ()
    assert words == {"words": ("sort", "items"), "name": ("sort",), "meaning": (), "context": ()}


def test_what_was_not_read_in_context_gets_what_its_meaning_suggests() -> None:
    at_zero, rise = CONTEXT_OF_MEANING
    guessed = scored(dense=some(0.5))
    assert guessed == pytest.approx(scored(dense=some(0.5), context=some(at_zero + rise * 0.5)))
    assert guessed == scored(dense=some(0.5), context=some(np.nan))
    near, unread = both({"dense": some(0.5), "context": some(0.9)}, {"dense": some(0.5)})
    read, far = both({"dense": some(0.5)}, {"dense": some(0.5), "context": some(0.1)})
    assert near > unread and read > far
    assert scored(context=some(np.nan)) == scored()  # nothing speaks for it


def test_a_name_with_a_slip_is_said_to_be_one() -> None:
    slip = some(NEARLY)
    found = explained(parse_query("lock"), term_fields=fields(0, 0), symbols=slip, typed=some(1))
    assert [reason.signal for reason in found] == ["symbol, nearly"]
    rightly = explained(parse_query("lock"), term_fields=fields(0, 0), symbols=some(1), typed=some(1))
    assert {reason.signal for reason in rightly} == {"symbol", "typed"}


def test_what_is_typed_in_part_is_said_to_be_and_a_whole_name_is_not() -> None:
    begun = explained(parse_query("lock"), term_fields=fields(0, 0), prefix=some(0.8))
    assert [reason.signal for reason in begun] == ["prefix"]
    one = candidates(term_fields=fields(0, 0), symbols=some(1), prefix=some(1))
    weights = learned(parse_query("lock"), one, signals_of(one)).weights
    (whole,) = reasons(parse_query("lock"), one, signals_of(one), weights, [0])[0]
    assert whole.signal == "symbol"
    assert whole.weight == pytest.approx(weights[[EVIDENCE.index("symbol"), EVIDENCE.index("prefix")]].sum(), abs=0.002)


# ---- quality ----

ASKED = {
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
}
RANKINGS = {
    "dense": ["meaning"], "lexical": ["words"], "all": [*EVIDENCE, "file card", "block"], "in context": ["context"],
    "all in context": [*EVIDENCE, "file card", "block"],
}  # fmt: skip
"""The signals of each; those whose name says so come after the second pass."""
MOST_LOST = 0.02


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(load_bundle(verify=False))


@pytest.fixture(scope="module")
def workspace(encoder: Encoder) -> Snapshot:
    store = open_in_memory("x")
    report = update_store(WORKSPACE, store, encoder, workers=1)
    assert report.files == 17 and report.skipped == {}
    for number in list(files_to_read(store)):
        read_in_context(WORKSPACE, store, encoder.contextual(), number)
    reader = IndexReader(store, Path("nowhere/index.db"), COMMAND_POLICY, writes=False)
    reader.replay()
    return reader.snapshot(1)


def ranked_names(workspace: Snapshot, encoder: Encoder, text: str, ranking: str) -> list[object]:
    query, signals = parse_query(text), RANKINGS[ranking]
    context = encoder.contextual().encode_query(text) if "in context" in ranking else None
    found = find_candidates(workspace, query, encoder.encode_queries([query.text])[0], context)
    values = signals_of(found)
    scores = learned(query, found, {name: values[name] for name in signals}).scores
    return [workspace.record(int(found.chunks[row])).name for row in np.argsort(-scores, kind="stable")]


def measure(workspace: Snapshot, encoder: Encoder) -> dict[str, dict[str, float]]:
    figures = {}
    for ranking in RANKINGS:
        each: list[tuple[list[object], set[object]]] = [
            (ranked_names(workspace, encoder, text, ranking), set(right.split("|"))) for text, right in ASKED.items()
        ]
        figures[ranking] = {
            "recall@1": round(float(np.mean([bool(recall_at(1, names, right)) for names, right in each])), 3),
            "recall@5": round(float(np.mean([bool(recall_at(5, names, right)) for names, right in each])), 3),
            "mrr": round(float(np.mean([reciprocal_rank(names, right) for names, right in each])), 3),
        }
    return figures


def test_every_right_answer_is_in_the_workspace(workspace: Snapshot) -> None:
    names = {workspace.record(chunk).name for chunk in range(len(workspace))}
    assert not {name for right in ASKED.values() for name in right.split("|")} - names
    assert len(names) >= 60


def test_ranking_is_as_good_as_it_was(workspace: Snapshot, encoder: Encoder, update_golden: bool) -> None:
    figures = measure(workspace, encoder)
    if update_golden:
        GOLDEN.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    worse = [
        f"{ranking} {name}: {figures[ranking][name]} was {value}"
        for ranking, values in golden.items()
        for name, value in values.items()
        if figures[ranking][name] < value - MOST_LOST
    ]
    assert not worse, "; ".join(worse)


def test_all_signals_together_lose_little_to_either_alone(workspace: Snapshot, encoder: Encoder) -> None:
    figures = measure(workspace, encoder)
    assert figures["all"]["mrr"] >= max(figures["dense"]["mrr"], figures["lexical"]["mrr"]) - 0.05
