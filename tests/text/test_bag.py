"""Texts as bags of tokens, against a slow and obvious twin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunch.text.bag import MAX_TOKENS, Bags, bag_fields, bag_queries, pad
from hunch.text.render import FIELD_NAMES, Fields, render_parts
from hunch.text.tokenizer import SPECIAL_PIECES, UNKNOWN_ID, Tokenizer

TOKENIZER = Tokenizer([*SPECIAL_PIECES, *"read write file list sort ##ed a b c d".split()])
ID = {piece: number for number, piece in enumerate(TOKENIZER.pieces)}

Row = list[tuple[int, int, int]]
"""(field, token, count)"""


def rows_of(bags: Bags) -> list[Row]:
    assert bags.offsets.dtype == np.int64 and bags.ids.dtype == np.int32
    assert bags.fields.dtype == np.uint8 and bags.counts.dtype == np.uint8
    assert len(bags.offsets) == len(bags) + 1 and bags.offsets[0] == 0
    assert bags.offsets[-1] == len(bags.ids) == len(bags.fields) == len(bags.counts)
    flat = list(zip(bags.fields.tolist(), bags.ids.tolist(), bags.counts.tolist(), strict=True))
    return [flat[start:end] for start, end in zip(bags.offsets[:-1], bags.offsets[1:], strict=True)]


def slow_bag(text: Sequence[Sequence[str]], max_tokens: int) -> Row:
    row: Row = []
    for field, words in enumerate(text):
        counts = Counter(number for number in TOKENIZER.encode(words) if number != UNKNOWN_ID)
        row += [(field, number, min(255, count)) for number, count in sorted(counts.items())]
    return row[:max_tokens]


def named(field: str, **counts: int) -> Row:
    position = FIELD_NAMES.index(field)
    return sorted((position, ID[piece], count) for piece, count in counts.items())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (render_parts(body=""), []),
        (render_parts(body="read"), named("body", read=1)),
        (render_parts(body="write read write"), named("body", read=1, write=2)),
        (render_parts(body="readFile read_list"), named("body", read=2, file=1, list=1)),
        (render_parts(body="sorted"), [(4, ID["sort"], 1), (4, ID["##ed"], 1)]),
        (render_parts(body="nonsense read qqq"), named("body", read=1)),
        (render_parts(body="nonsense"), []),
        (render_parts(body="a " * 255), named("body", a=255)),
        (render_parts(body="a " * 300), named("body", a=255)),
        (render_parts(name="read", body="read read"), named("name", read=1) + named("body", read=2)),
        (
            render_parts(name="d", path="c.py", signature="b", documentation="a", body="a"),
            named("name", d=1) + named("path", c=1) + named("signature", b=1)
            + named("documentation", a=1) + named("body", a=1),
        ),
    ],
)  # fmt: skip
def test_the_bag_of_a_text(text: Fields, expected: Row) -> None:
    assert rows_of(bag_fields([text], TOKENIZER)) == [expected]


def test_rows_stay_apart_and_in_order() -> None:
    texts = [
        render_parts(body="read"),
        render_parts(body=""),
        render_parts(name="read", body="x"),
        render_parts(body="a b"),
    ]
    assert rows_of(bag_fields(texts, TOKENIZER)) == [
        named("body", read=1),
        [],
        named("name", read=1),
        named("body", a=1, b=1),
    ]


def test_no_texts_make_no_rows() -> None:
    assert rows_of(bag_fields([], TOKENIZER)) == []
    assert rows_of(bag_queries([], TOKENIZER)) == []


def test_the_last_fields_lose_their_surplus_first() -> None:
    text = render_parts(name="a b", path="c.x", documentation="d", body="read write file list")
    whole = rows_of(bag_fields([text], TOKENIZER))[0]
    assert len(whole) == 8
    for most in range(1, 9):
        assert rows_of(bag_fields([text], TOKENIZER, most))[0] == whole[:most]


def test_a_cap_on_one_row_leaves_the_others_alone() -> None:
    long, short = render_parts(body="a b c d read write"), render_parts(body="sort list")
    one, two, three = rows_of(bag_fields([short, long, short], TOKENIZER, 3))
    assert (len(one), len(two), len(three)) == (2, 3, 2) and one == three


def test_the_cap_is_the_same_unless_it_is_given() -> None:
    pieces = [*SPECIAL_PIECES, *(f"{'abcdefghij'[i // 100]}{i % 100}" for i in range(600))]
    # Words of a letter and digits split into two, so the vocabulary is the two halves.
    halves = sorted({part for piece in pieces[2:] for part in (piece[0], piece[1:])})
    many = Tokenizer([*SPECIAL_PIECES, *halves, *(f"{a}{b}" for a in "xyz" for b in "abcdefghijklmnopqrstuvwxyz")])
    words = [piece for piece in many.pieces[2:] if piece.isalpha()]
    text = Fields(words, words, words, words, [*words, *map(str, range(100))])
    assert len(rows_of(bag_fields([text], many))[0]) == MAX_TOKENS


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("read", [(0, ID["read"], 1)]),
        ("read the file, read", [(0, ID["read"], 2), (0, ID["file"], 1)]),
        ("", []),
        ("qqq", []),
    ],
)
def test_the_bag_of_a_query_is_one_field(query: str, expected: Row) -> None:
    assert rows_of(bag_queries([query.replace(",", "").split()], TOKENIZER)) == [expected]


WORD = st.sampled_from("read write file sorted list a b c d readFile qqq sort_list".split())
FIELD = st.lists(WORD, max_size=8)
TEXT = st.builds(Fields, FIELD, FIELD, FIELD, FIELD, FIELD)


@given(st.lists(TEXT, max_size=6), st.integers(1, 12))
def test_chunks_are_counted_as_slowly_as_one_would(texts: list[Fields], most: int) -> None:
    assert rows_of(bag_fields(texts, TOKENIZER, most)) == [slow_bag(text, most) for text in texts]


@given(st.lists(FIELD, max_size=6), st.integers(1, 5))
def test_queries_are_counted_as_slowly_as_one_would(queries: list[list[str]], most: int) -> None:
    assert rows_of(bag_queries(queries, TOKENIZER, most)) == [slow_bag([query], most) for query in queries]


@given(st.lists(TEXT, min_size=1, max_size=5), st.data())
def test_padding_gives_rectangles_that_end_in_zeros(texts: list[Fields], data: st.DataObject) -> None:
    bags = bag_fields(texts, TOKENIZER)
    chosen = np.array(data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=5)), np.int64)
    expected = [rows_of(bags)[row] for row in chosen]
    ids, fields, counts = pad(bags, chosen)
    width = max([1, *map(len, expected)])
    assert ids.shape == fields.shape == counts.shape == (len(chosen), width)
    assert [str(array.dtype) for array in (ids, fields, counts)] == ["int32", "int32", "float32"]
    for i, row in enumerate(expected):
        filled = row + [(0, 0, 0)] * (width - len(row))
        assert list(zip(fields[i].tolist(), ids[i].tolist(), counts[i].tolist(), strict=True)) == filled


def test_padding_no_rows_and_empty_rows() -> None:
    bags = bag_fields([render_parts(body=""), render_parts(body="a")], TOKENIZER)
    assert [array.shape for array in pad(bags, np.zeros(0, np.int64))] == [(0, 1)] * 3
    ids, _, counts = pad(bags, np.array([0]))
    assert ids.tolist() == [[0]] and counts.tolist() == [[0.0]]
