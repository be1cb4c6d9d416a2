"""The terms of lexical search and their weights, against the formula written out."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import pytest
import Stemmer
from hypothesis import given
from hypothesis import strategies as st

from hunch.text.render import FIELD_NAMES, Fields, render_parts
from hunch.text.terms import (
    FIELD_WEIGHTS,
    K1,
    NAME_BIT,
    Postings,
    postings_of,
    query_terms,
    symbol_term,
    term_of,
)
from hunch.text.tokenizer import split_identifier

STEMMER = Stemmer.Stemmer("english")
NO_SYMBOLS: tuple[str, ...] = ()

Row = dict[int, tuple[int, int]]
"""term -> (impact, field bits)"""


def rows_of(postings: Postings) -> list[Row]:
    assert postings.offsets.dtype == np.int64 and postings.terms.dtype == np.uint32
    assert postings.impacts.dtype == np.uint8 and postings.fields.dtype == np.uint8
    assert len(postings.offsets) == len(postings) + 1 and postings.offsets[0] == 0
    assert postings.offsets[-1] == len(postings.terms) == len(postings.impacts) == len(postings.fields)
    found = []
    for start, end in zip(postings.offsets[:-1], postings.offsets[1:], strict=True):
        terms = postings.terms[start:end].astype(np.int64)
        assert (np.diff(terms) > 0).all(), "terms ascend within a row, each once"
        found.append(
            dict(
                zip(
                    terms.tolist(),
                    zip(postings.impacts[start:end].tolist(), postings.fields[start:end].tolist(), strict=True),
                    strict=True,
                )
            )
        )
    return found


def slow_terms(identifier: str) -> list[int]:
    words = split_identifier(identifier)
    joined = ["".join(words)] if len(words) > 1 else []
    return [zlib.crc32(STEMMER.stemWord(word).encode()) for word in [*words, *joined]]


def slow_row(text: Fields, symbols: Sequence[str]) -> dict[int, tuple[float, int]]:
    """The BM25F weight of each term before rounding, and its fields."""
    weights: dict[int, float] = {}
    bits: dict[int, int] = {}
    for position, (name, field) in enumerate(zip(FIELD_NAMES, text, strict=True)):
        weight, b, mean_length = FIELD_WEIGHTS[name]
        terms = [term for identifier in field for term in slow_terms(identifier)]
        for term in terms:
            weights[term] = weights.get(term, 0.0) + weight / (1 - b + b * len(terms) / mean_length)
            bits[term] = bits.get(term, 0) | 1 << position
    for symbol in symbols:
        term = zlib.crc32(("=" + symbol.replace("_", "").lower()).encode())
        weights[term] = weights.get(term, 0.0) + FIELD_WEIGHTS["name"].weight
        bits[term] = bits.get(term, 0) | NAME_BIT
    return {term: (255 * weight / (K1 + weight), bits[term]) for term, weight in weights.items()}


def check_like_slow(texts: Sequence[Fields], symbols: Sequence[Sequence[str]]) -> None:
    rows = rows_of(postings_of(texts, symbols))
    assert len(rows) == len(texts)
    for row, text, names in zip(rows, texts, symbols, strict=True):
        expected = slow_row(text, names)
        assert row.keys() == expected.keys()
        for term, (impact, bits) in row.items():
            assert abs(impact - max(1.0, expected[term][0])) <= 0.5001
            assert bits == expected[term][1]


def impact(word: str, text: Fields) -> int:
    (row,) = rows_of(postings_of([text], [NO_SYMBOLS]))
    return row[term_of(word)][0]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", ""),
        ("?!", ""),
        ("parse", "parse"),
        ("parse a date", "parse date"),
        ("how do I parse the date", "parse date"),
        ("what is it", "what is it"),  # nothing but stop words: they stay
        ("the", "the"),
        ("code function", "code function"),
        ("the list", "list"),
        ("parse parse Parse", "parse"),
        ("parsing parses", "parsing"),  # one stem, shown as it was typed first
        ("readFile", "read file readFile"),
        ("read_file", "read file read_file"),
        ("HTTPServer", "http server HTTPServer"),
        ("read file", "read file"),
        ("the_list", "list the_list"),  # the stop word goes, the whole identifier stays
        ("is_in", "is_in"),
        ("x" * 70, ""),
        ("日本", "日 本 日本"),
    ],
)
def test_the_terms_of_a_query(query: str, words: str) -> None:
    assert [term.text for term in query_terms(query)] == words.split()


@given(st.text(max_size=100))
def test_any_text_is_a_query(text: str) -> None:
    terms = [term for term, _ in query_terms(text)]
    assert len(set(terms)) == len(terms) and all(0 <= term < 1 << 32 for term in terms)


@pytest.mark.parametrize(
    ("query", "code", "meets"),
    [
        ("sort list", "sortList", "sort list"),
        ("sortList", "sort_list", "sort list sortlist"),
        ("SORT_LIST", "SortList", "sort list sortlist"),
        ("sortlist", "sortList", "sortlist"),
        ("sortList", "sortlist", "sortlist"),
        ("readfile", "readFile", "readfile"),
        ("readFile", "readfile", "readfile"),
        ("rownumbers", "row_number", "rownumber"),
        ("files reading", "read file", "read file"),
        ("parse", "serialize", ""),
        ("file", "profile", ""),
    ],
)
def test_a_query_meets_code_in_these_terms(query: str, code: str, meets: str) -> None:
    (row,) = rows_of(postings_of([render_parts(body=code)], [NO_SYMBOLS]))
    assert {term for term, _ in query_terms(query)} & row.keys() == {
        term_of(STEMMER.stemWord(word)) for word in meets.split()
    }


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("read_file", "readFile", True),
        ("read_file", "READ_FILE", True),
        ("__init__", "init", True),
        ("read_file", "read_files", False),
        ("Tree.insert", "tree.insert", True),
        ("Tree.insert", "insert", False),
    ],
)
def test_symbols_are_compared_without_case_and_underscores(one: str, other: str, same: bool) -> None:
    assert (symbol_term(one) == symbol_term(other)) is same


@pytest.mark.parametrize("name", ["readfile", "read_file", "x"])
def test_a_symbol_is_another_term_than_its_word(name: str) -> None:
    assert symbol_term(name) != term_of(name)


def test_a_symbol_counts_in_the_name() -> None:
    (row,) = rows_of(postings_of([render_parts(body="x")], [("open_file", "Disk.open_file")]))
    for name in ("openFile", "disk.openfile"):
        assert row[symbol_term(name)][1] == NAME_BIT


@pytest.mark.parametrize("field", FIELD_NAMES)
def test_a_term_knows_its_field(field: str) -> None:
    text = Fields([], [], [], [], [])._replace(**{field: ["sort"]})
    (row,) = rows_of(postings_of([text], [NO_SYMBOLS]))
    assert row[term_of("sort")][1] == 1 << FIELD_NAMES.index(field)


@pytest.mark.parametrize("field", FIELD_NAMES)
def test_more_occurrences_never_weigh_less(field: str) -> None:
    words = ["other"] * 5
    impacts = []
    for times in range(1, 60):
        text = Fields([], [], [], [], [])._replace(**{field: ["sort"] * times + words})
        impacts.append(impact("sort", text))
    assert impacts == sorted(impacts) and impacts[0] < impacts[-1] <= 255


def test_a_heavier_field_weighs_more() -> None:
    by_weight = sorted(FIELD_NAMES, key=lambda name: FIELD_WEIGHTS[name].weight)
    # As long as the mean of its field, so that only the weight is left.
    impacts = []
    for name in by_weight:
        length = round(FIELD_WEIGHTS[name].mean_length)
        text = Fields([], [], [], [], [])._replace(**{name: ["sort"] + ["other"] * (length - 1)})
        impacts.append(impact("sort", text))
    assert impacts == sorted(impacts) and impacts[0] < impacts[-1]


def test_a_longer_field_dilutes_its_terms() -> None:
    impacts = [impact("sort", render_parts(body="sort " + "other " * others)) for others in range(0, 400, 20)]
    assert impacts == sorted(impacts, reverse=True) and impacts[-1] < impacts[0]


def test_a_second_field_adds_weight() -> None:
    assert impact("sort", render_parts(name="sort", body="sort")) > impact("sort", render_parts(name="sort", body=""))


def test_a_hopeless_term_still_counts() -> None:
    assert impact("sort", render_parts(body="sort " + "other " * 200_000)) == 1


def test_no_chunks_and_empty_chunks() -> None:
    assert rows_of(postings_of([], [])) == []
    empty = render_parts(body="")
    assert rows_of(postings_of([empty], [NO_SYMBOLS])) == [{}]
    rows = rows_of(postings_of([empty, render_parts(body="a"), empty], [NO_SYMBOLS] * 3))
    assert [len(row) for row in rows] == [0, 1, 0]


def test_a_chunk_weighs_the_same_in_any_company() -> None:
    texts = [render_parts(name=f"n{i}", body=f"sort list {i}") for i in range(5)]
    together = rows_of(postings_of(texts, [("a",)] * 5))
    assert together == [rows_of(postings_of([text], [("a",)]))[0] for text in texts]


WORD = st.sampled_from("read rowCount sort_list sorted files HTTPServer x 日本 naïve the".split())
FIELD = st.lists(WORD, max_size=10)
TEXT = st.builds(Fields, FIELD, FIELD, FIELD, FIELD, FIELD)
NAMES = st.lists(st.sampled_from(["read", "read_file", "Tree.read", "readFile"]), max_size=3, unique=True)


@given(st.lists(st.tuples(TEXT, NAMES), max_size=5))
def test_weights_are_the_formula(chunks: list[tuple[Fields, list[str]]]) -> None:
    check_like_slow([text for text, _ in chunks], [names for _, names in chunks])
