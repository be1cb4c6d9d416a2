"""Names with one slip of the fingers are found, names that were typed in part are found, and no others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunch.index.names import LEAST_LETTERS, LEAST_TYPED, Names, is_one_slip
from hunch.index.records import pack_record
from hunch.text.chunk import Chunk, chunk_source

LETTERS = st.text("abcd", min_size=1, max_size=9)


def names_of(*names: str) -> Names:
    source = "".join(f"def {name}():\n    return 1\n\n\n" for name in names)
    chunks = [chunk for chunk in chunk_source("a.py", "python", source.encode()) if chunk.kind == "function"]
    return packed([chunk.name for chunk in chunks], chunks)


def packed(names: list[str], chunks: list[Chunk]) -> Names:
    assert len(names) == len(chunks)
    records = [pack_record(chunk) for chunk in chunks]
    starts = np.cumsum([0, *map(len, records)]).astype(np.int64)
    return Names(np.frombuffer(b"".join(records), np.uint8), starts)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("parse_dtae", ["parse_date"]),  # two swapped
        ("prse_date", ["parse_date"]),  # one too few
        ("parsse_date", ["parse_date"]),  # one too many
        ("parse_dete", ["parse_date"]),  # one wrong
        ("PARSEDATA", ["parse_date"]),
        ("parse_date", ["parse_dates"]),  # the name itself is no slip of it
        ("parse_dats", ["parse_date", "parse_dates"]),
        ("_close", []),
        ("__closed", ["close"]),
        ("clos", ["close"]),
        ("rset", []),  # too short
        ("res", []),  # and what it is of is too
        ("unrelated", []),
        ("réad_lines", []),  # letters beyond ASCII are no slips
    ],
)
def test_what_is_near(typed: str, found: list[str]) -> None:
    known = ["parse_date", "parse_dates", "close", "rest", "read_lines", "x"]
    names = names_of(*known)
    assert [known[chunk] for chunk in names.fuzzy_matches(typed)] == found


@given(LETTERS, LETTERS)
def test_one_slip_is_a_distance_of_one(one: str, other: str) -> None:
    assert is_one_slip(one, other) == (distance(one, other) == 1)


@given(
    st.lists(st.text("abc_", min_size=1, max_size=8), min_size=1, max_size=12), st.text("abc", min_size=4, max_size=8)
)
def test_near_is_what_comparing_with_each_gives(known: list[str], typed: str) -> None:
    names = [f"n{name}" for name in known]
    found = names_of(*names).fuzzy_matches(f"n{typed}")
    folded = [name.replace("_", "") for name in names]
    expected = [i for i, name in enumerate(folded) if len(name) >= LEAST_LETTERS and distance(name, f"n{typed}") == 1]
    assert found.tolist() == expected


def test_nothing_is_near_in_nothing() -> None:
    nothing = Names(np.zeros(0, np.uint8), np.zeros(1, np.int64))
    assert not len(nothing.fuzzy_matches("parse_date")) and not len(nothing.prefix_matches("parse_date")[0])


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("par", [("parse_date_of_birth", 3 / 16), ("parse_date", 3 / 9), ("parse_dates", 3 / 10)]),
        ("parse_date", [("parse_date_of_birth", 9 / 16), ("parse_dates", 9 / 10)]),  # the name itself does not go on
        ("PARSEDATE_", [("parse_date_of_birth", 9 / 16), ("parse_dates", 9 / 10)]),
        ("parse_date_of", [("parse_date_of_birth", 11 / 16)]),
        ("parse_date_on", []),  # the first eight letters agree
        ("pa", []),  # too short
        ("date", []),  # no beginning
        ("parsé", []),
        ("_priv", [("__private", 4 / 7)]),
    ],
)
def test_what_begins_so(typed: str, found: list[tuple[str, float]]) -> None:
    known = ["parse_date_of_birth", "parse_date", "close", "parse_dates", "p", "__private"]
    chunks, shares = names_of(*known).prefix_matches(typed)
    assert [known[chunk] for chunk in chunks] == [name for name, _ in found]
    assert shares.tolist() == pytest.approx([share for _, share in found])


@given(
    st.lists(st.text("abAB_", min_size=1, max_size=14), min_size=1, max_size=12), st.text("ab", min_size=2, max_size=11)
)
def test_begun_is_what_comparing_with_each_gives(known: list[str], typed: str) -> None:
    names, typed = [f"n{name}" for name in known], f"n{typed}"
    chunks, shares = names_of(*names).prefix_matches(typed)
    folded = [name.replace("_", "").lower() for name in names]
    expected = {i: len(typed) / len(name) for i, name in enumerate(folded) if name.startswith(typed) and name != typed}
    assert len(typed) >= LEAST_TYPED
    assert dict(zip(chunks.tolist(), shares.tolist(), strict=True)) == pytest.approx(expected)
    assert (np.diff(chunks) > 0).all()


def distance(one: str, other: str) -> int:
    """Insertions, deletions, substitutions and swaps of neighbours, each letter touched once (Damerau, 1964)."""
    rows = [[max(i, j) if not i or not j else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            same = one[i - 1] == other[j - 1]
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (not same))
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


def test_members_are_names_of_their_own() -> None:
    source = "LEAST_WAIT = 1\nLEAST_WAITING_TIME = 2\n\n\ndef least_waited():\n    limit_of = 1\n    return limit_of\n"
    chunks = chunk_source("a.py", "python", source.encode())
    names = packed([chunk.name for chunk in chunks], chunks)
    (holder,) = [number for number, chunk in enumerate(chunks) if chunk.members]
    assert names.fuzzy_matches("least_wiat", members=True).tolist() == [holder]
    found, shares = names.prefix_matches("least_w", members=True)  # one chunk, the shortest of its two names
    assert found.tolist() == [holder] and shares.tolist() == pytest.approx([6 / 9])
    assert [chunks[number].name for number in names.prefix_matches("least_w")[0].tolist()] == ["least_waited"]
    assert not len(names.prefix_matches("limit", members=True)[0])  # a local variable is none
