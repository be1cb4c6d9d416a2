"""Places and edits in text, in the three encodings, against a reference that counts bytes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunch.lsp.positions import (
    Encoding,
    Position,
    Span,
    apply_change,
    choose_encoding,
    line_at,
    offset_at,
    split_lines,
    units,
)

CLEF = "𝄞"
UNITS: dict[Encoding, tuple[str, int]] = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


@pytest.mark.parametrize(
    ("text", "line", "character", "encoding", "expected"),
    [
        ("", 0, 0, "utf-16", 0),
        ("", 5, 5, "utf-16", 0),
        ("abc", 0, 1, "utf-16", 1),
        ("abc", 0, 9, "utf-16", 3),
        ("abc\n", 1, 0, "utf-16", 4),
        ("abc\n", 2, 0, "utf-16", 4),
        ("abc\ndef", 0, 9, "utf-16", 3),
        ("abc\r\ndef", 0, 9, "utf-16", 3),
        ("abc\r\ndef", 1, 1, "utf-16", 6),
        ("a\rb\r\nc\nd", 3, 0, "utf-16", 7),
        ("a\x0cb\x0bc\u2028d\x85e\nf", 1, 0, "utf-16", 10),
        (f"x{CLEF}y", 0, 1, "utf-16", 1),
        (f"x{CLEF}y", 0, 2, "utf-16", 1),
        (f"x{CLEF}y", 0, 3, "utf-16", 2),
        (f"x{CLEF}y", 0, 5, "utf-8", 2),
        (f"x{CLEF}y", 0, 4, "utf-8", 1),
        (f"x{CLEF}y", 0, 2, "utf-32", 2),
        (f"ä{CLEF}\nö", 1, 1, "utf-8", 3),
        (f"ä{CLEF}\nö", 1, 2, "utf-8", 4),
    ],
)
def test_offsets(text: str, line: int, character: int, encoding: Encoding, expected: int) -> None:
    assert offset_at(text, Position(line, character), encoding) == expected


@pytest.mark.parametrize(
    ("text", "span", "new", "expected"),
    [
        ("abc", None, "x", "x"),
        ("abc", (0, 1, 0, 2), "X", "aXc"),
        ("abc", (0, 3, 0, 3), "\nd", "abc\nd"),
        ("a\nb\nc", (0, 1, 2, 0), "", "ac"),
        ("a\nb", (7, 7, 9, 9), "!", "a\nb!"),
        ("a\r\nb", (0, 1, 1, 0), "", "ab"),
        ("a\r\nb", (0, 1, 0, 1), "\r\nx", "a\r\nx\r\nb"),
        (f"{CLEF}{CLEF}", (0, 2, 0, 4), "x", f"{CLEF}x"),
        (f"'{CLEF}'\n# end", (0, 1, 0, 3), "", "''\n# end"),
        ("abc", (0, 2, 0, 1), "X", "abXc"),
        ("abc\ndef", (0, 0, 5, 0), "", ""),
    ],
)
def test_changes(text: str, span: tuple[int, int, int, int] | None, new: str, expected: str) -> None:
    place = None if span is None else Span(Position(*span[:2]), Position(*span[2:]))
    assert apply_change(text, place, new, "utf-16") == expected


TEXTS = st.lists(st.sampled_from(["a", "ä", "€", CLEF, "\n", "\r\n", "\r", "\x0c", "\u2028", " "]), max_size=30).map(
    "".join
)
ENCODINGS = st.sampled_from(["utf-8", "utf-16", "utf-32"])


@given(text=TEXTS, encoding=ENCODINGS, data=st.data())
def test_every_offset_is_found_from_its_line_and_units(text: str, encoding: Encoding, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    if text[offset - 1 : offset + 1] == "\r\n":
        offset -= 1  # no place is between the two
    before = re.split(r"\r\n|\r|\n", text[:offset])
    name, size = UNITS[encoding]
    position = Position(len(before) - 1, len(before[-1].encode(name)) // size)
    assert offset_at(text, position, encoding) == offset
    assert units(before[-1], encoding) == position.character


@given(text=TEXTS, line=st.integers(0, 40), character=st.integers(0, 40), encoding=ENCODINGS)
def test_no_place_is_outside(text: str, line: int, character: int, encoding: Encoding) -> None:
    offset = offset_at(text, Position(line, character), encoding)
    assert 0 <= offset <= len(text)
    lines = split_lines(text)
    assert line_at(text, line) == (lines[line] if line < len(lines) else None)


@pytest.mark.parametrize(
    ("offered", "expected"),
    [
        (None, "utf-16"),
        ([], "utf-16"),
        (["utf-8", "utf-16"], "utf-8"),
        (["utf-7", "utf-32"], "utf-32"),
        (["utf-7", 3], "utf-16"),
        ("utf-8", "utf-16"),
    ],
)
def test_the_clients_first_known_encoding_is_used(offered: object, expected: str) -> None:
    assert choose_encoding(offered) == expected


@given(parts=st.lists(st.sampled_from(["\n", "\r", "\r\n", "x" * 300, "yz"]), max_size=200), data=st.data())
def test_lines_of_long_texts_start_behind_the_ends_before_them(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    starts = [0, *(end.end() for end in re.finditer("\r\n|\r|\n", text))]
    line = data.draw(st.integers(0, len(starts) + 1))
    expected = starts[line] if line < len(starts) else len(text)
    assert offset_at(text, Position(line, 0), "utf-16") == expected
