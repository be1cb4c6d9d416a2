"""The inverted index against a dictionary of lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hunch.index.lexical import InvertedIndex, add_scores, fields_of, invert
from hunch.text.render import FIELD_NAMES, render_parts
from hunch.text.terms import Postings, postings_of, term_of

Slow = dict[int, list[tuple[int, int, int]]]
"""term -> (chunk, impact, fields)"""


def part_of(rows: Sequence[dict[int, tuple[int, int]]]) -> Postings:
    """Postings from rows of term -> (impact, fields)."""
    ordered = [sorted(row.items()) for row in rows]
    flat = [(term, impact, fields) for row in ordered for term, (impact, fields) in row]
    return Postings(
        offsets=np.cumsum([0, *map(len, ordered)]).astype(np.int64),
        terms=np.array([term for term, _, _ in flat], np.uint32),
        impacts=np.array([impact for _, impact, _ in flat], np.uint8),
        fields=np.array([fields for _, _, fields in flat], np.uint8),
    )


def slow_invert(parts: Sequence[Sequence[dict[int, tuple[int, int]]]]) -> Slow:
    found: Slow = defaultdict(list)
    rows = [row for part in parts for row in part]
    for chunk, row in enumerate(rows):
        for term, (impact, fields) in row.items():
            found[term].append((chunk, impact, fields))
    return dict(found)


def as_lists(index: InvertedIndex) -> Slow:
    assert index.terms.dtype == np.uint32 and index.starts.dtype == np.int64 and index.docs.dtype == np.uint32
    assert index.impacts.dtype == index.fields.dtype == np.uint8
    assert len(index.starts) == len(index.terms) + 1 and (np.diff(index.terms.astype(np.int64)) > 0).all()
    found: Slow = {}
    for term in index.terms.tolist():
        where = index.postings([term])[0]
        columns = (index.docs[where].tolist(), index.impacts[where].tolist(), index.fields[where].tolist())
        found[term] = list(zip(*columns, strict=True))
    return found


TERM = st.sampled_from([0, 1, 5, 1 << 31, (1 << 32) - 1, *range(100, 110)])
ROW = st.dictionaries(TERM, st.tuples(st.integers(1, 255), st.integers(1, 31)), max_size=8)
PARTS = st.lists(st.lists(ROW, max_size=5), max_size=4)


@settings(max_examples=50, deadline=None)
@given(PARTS)
def test_inverting_is_a_dictionary_of_lists(parts: list[list[dict[int, tuple[int, int]]]]) -> None:
    index = invert([part_of(part) for part in parts])
    expected = slow_invert(parts)
    assert as_lists(index) == expected
    for term in (0, 1, 2, 7, 104, (1 << 32) - 1, (1 << 32) - 2):
        where = index.postings([term])[0]
        assert where.stop - where.start == len(expected.get(term, []))


@settings(max_examples=50, deadline=None)
@given(PARTS, st.lists(st.tuples(TERM, st.floats(0.01, 12)), max_size=4))
def test_scores_are_sums_of_idf_and_impact(
    parts: list[list[dict[int, tuple[int, int]]]], terms: list[tuple[int, float]]
) -> None:
    index = invert([part_of(part) for part in parts])
    rows = [row for part in parts for row in part]
    scores = np.zeros(len(rows), np.float32)
    for term, idf in terms:
        add_scores(index, index.postings([term])[0], idf, scores)
    expected = [sum(idf * row[term][0] / 255 for term, idf in terms if term in row) for row in rows]
    np.testing.assert_allclose(scores, np.array(expected, np.float64).reshape(len(rows)), rtol=1e-5, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(PARTS, TERM, st.data())
def test_the_fields_of_a_term_in_chosen_chunks(
    parts: list[list[dict[int, tuple[int, int]]]], term: int, data: st.DataObject
) -> None:
    index = invert([part_of(part) for part in parts])
    rows = [row for part in parts for row in part]
    chosen = sorted(data.draw(st.sets(st.integers(0, max(0, len(rows) - 1)), max_size=len(rows)))) if rows else []
    found = fields_of(index, index.postings([term])[0], np.array(chosen, np.int64))
    assert found.dtype == np.uint8
    assert found.tolist() == [rows[chunk].get(term, (0, 0))[1] for chunk in chosen]


def test_nothing_inverts_to_nothing() -> None:
    for parts in ([], [part_of([])], [part_of([{}, {}])]):
        index = invert(parts)
        assert as_lists(index) == {}
        assert index.postings([5])[0] == slice(0, 0)
        assert fields_of(index, index.postings([5])[0], np.array([0, 1])).tolist() == [0, 0]


@pytest.mark.parametrize("field", FIELD_NAMES)
def test_real_chunks_are_found_by_their_words(field: str) -> None:
    texts = [render_parts(body="nothing here"), render_parts(**{"body": "", field: "sort"}), render_parts(body="other")]
    index = invert([postings_of(texts[:1], [()]), postings_of(texts[1:], [(), ()])])
    scores = np.zeros(3, np.float32)
    [where] = index.postings([term_of("sort")])
    add_scores(index, where, 2.0, scores)
    assert scores[1] > 0 and not scores[[0, 2]].any()
    bits = fields_of(index, where, np.arange(3))
    assert bits.tolist() == [0, 1 << FIELD_NAMES.index(field), 0]
