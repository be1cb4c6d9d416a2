"""Query features: what a query looks like, in numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunch.search.query import QueryError, parse_query
from hunch.search.query_features import QUERY_FEATURES, query_features_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("parse_date", {"one word": 1, "word count": 0, "code words": 1, "question": 0, "stop words": 0}),
        ("retry", {"one word": 1, "code words": 0}),
        ("how is a token refreshed", {"one word": 0, "question": 1, "stop words": 0.6, "change": 0}),
        ("is it open?", {"question": 1}),
        ("the file opened?", {"question": 1}),
        ("Fix a crash in Reader.close() when empty", {"change": 1, "code words": 1 / 7, "word count": np.log2(7) / 4}),
        ("fixed point iteration", {"change": 1}),
        ("read lines of file", {"change": 0, "word count": 0.5, "terms": 3 / 16}),
        ("convert readFile std::vector `x` __init__ e.g", {"code words": 4 / 6}),
        ("a JSON of os.path in UTF-8 for 3.14", {"code words": 1 / 8}),
        ("reverse a string in ruby", {"names a language": 1, "names a kind": 0, "error": 0}),
        ("a class that reads", {"names a language": 0, "names a kind": 1}),
        ("TypeError: list indices must be integers", {"error": 1}),
        ("Cannot read properties of undefined", {"error": 1}),
        ("IOError while reading", {"error": 1}),
        ("panic: runtime error", {"error": 1}),
        ("mirror the errors of a warning", {"error": 0}),
        ("call onError", {"error": 0, "code words": 1 / 2}),
        ("a JSONEncoder in a PDFs", {"code words": 1 / 5}),
        ("End of sentence.", {"code words": 0}),
        ("lang:go retry", {"one word": 1}),
    ],
)
def test_what_each_number_says(text: str, expected: dict[str, float]) -> None:
    found = dict(zip(QUERY_FEATURES, query_features_of(parse_query(text)).tolist(), strict=True))
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-6)


@given(st.text(min_size=1, max_size=200))
def test_whatever_is_typed_has_features(text: str) -> None:
    try:
        query = parse_query(text)
    except QueryError:
        return
    found = query_features_of(query)
    assert found.shape == (len(QUERY_FEATURES),) and found.dtype == np.float32
    assert ((found >= 0) & (found <= 1)).all()


def test_a_pasted_text_is_no_longer_than_a_long_sentence() -> None:
    column = QUERY_FEATURES.index("word count")
    long, longer = (query_features_of(parse_query("word other " * n))[column] for n in (8, 200))
    assert long == longer == 1.0
