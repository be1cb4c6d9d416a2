"""Bytes to bodies: whole, in pieces, and what is no frame."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunch.lsp.framing import BadFrame, FrameReader, frame


def read(data: bytes, *, largest: int = 1_000, is_strict: bool = False) -> list[bytes | str]:
    """Return bodies, and "bad" for each time that the reader stumbled."""
    return names(FrameReader(largest, is_strict=is_strict), [data])


def names(reader: FrameReader, pieces: list[bytes]) -> list[bytes | str]:
    found = [one for piece in pieces for one in reader.feed(piece)]
    return ["bad" if isinstance(one, BadFrame) else one for one in found]


A, B = frame(b'{"a":1}'), frame(b'{"b":2}')


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (A, [b'{"a":1}']),
        (A + B, [b'{"a":1}', b'{"b":2}']),
        (frame(b""), [b""]),
        (b"content-length: 2\r\n\r\n{}", [b"{}"]),
        (b"Content-Type: text/x; charset=utf-8\r\nContent-Length:2 \r\n\r\n{}", [b"{}"]),
        (b"Content-Length: 9\r\nContent-Length: 2\r\n\r\n{}", [b"{}"]),
        (A[:-1], []),
    ],
)
def test_frames(data: bytes, expected: list[bytes | str]) -> None:
    assert read(data) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"hello\r\n" + A, ["bad", b'{"a":1}']),
        (b"\r\n\r\n" + A, ["bad", b'{"a":1}']),
        (b"Content-Length: x\r\n\r\n" + A, ["bad", b'{"a":1}']),
        (b"Content-Length: -4\r\n\r\n" + A, ["bad", b'{"a":1}']),
        (b"Content-Length: 99999999999999\r\n\r\n" + A, ["bad", b'{"a":1}']),
        (b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n" + A, ["bad", b'{"a":1}']),
        (b"Content-Type: a\r\n\r\n" + A, ["bad", b'{"a":1}']),
        # Too short a length: what is left of the body is no header, and the next one stands within that line.
        (b'Content-Length: 3\r\n\r\n{"a":1}' + B, [b'{"a', "bad", b'{"b":2}']),
        # Too long a length: it takes a part of the next message with it.
        (b'Content-Length: 12\r\n\r\n{"a":1}' + A + B, [b'{"a":1}Conte', "bad", b'{"b":2}']),
        (b"x" * 5_000 + b"\r\n" + A, ["bad", b'{"a":1}']),
        (b"x" * 50_000, ["bad"]),
        (frame(b"x" * 1_001) + A, ["bad", b'{"a":1}']),
    ],
)
def test_what_is_no_frame_is_told_once_and_passed_over(data: bytes, expected: list[bytes | str]) -> None:
    assert read(data) == expected
    assert names(FrameReader(1_000), [data[place : place + 7] for place in range(0, len(data), 7)]) == expected


def test_nothing_counts_behind_what_is_no_frame_when_strict() -> None:
    request = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\n" + b'{"a":1}' + A
    assert read(request, is_strict=True) == ["bad"]
    assert read(A + request, is_strict=True) == [b'{"a":1}', "bad"]


@given(bodies=st.lists(st.binary(max_size=50), max_size=6), cuts=st.lists(st.integers(0, 400), max_size=10))
def test_how_a_stream_is_cut_does_not_matter(bodies: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(map(frame, bodies))
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(places)]
    assert names(FrameReader(), pieces) == bodies


@given(garbage=st.binary(max_size=300))
def test_any_bytes_are_survived(garbage: bytes) -> None:
    # Whatever came, two whole frames later the reader is back, unless it waits for the length that it was promised.
    reader = FrameReader(100)
    assert all(isinstance(one, (bytes, BadFrame)) for one in reader.feed(garbage))
