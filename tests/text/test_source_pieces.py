"""Large sources: every definition is found, at its own line, and nothing is read twice."""

from __future__ import annotations

import pytest

from hunch.index.isolation import read_apart
from hunch.text.source_pieces import PIECE_BYTES, source_pieces


@pytest.mark.parametrize("source", [
    b"x = 1\n" * 400_000,
    b"def f():\n    pass\n\n\n" * 80_000,
    b"a" * 2_500_000,
    b"\r\n" * 1_000_000,
    b"\n \t\n" * 500_000,
    b"x" * 1_000_000,
    b"",
])  # fmt: skip
def test_pieces_are_the_whole_in_order(source: bytes) -> None:
    pieces = list(source_pieces(source))
    assert b"".join(piece for _, piece in pieces) == source
    assert len(pieces) == 1 or max(len(piece) for _, piece in pieces) <= PIECE_BYTES
    above = 0
    for row, piece in pieces:
        assert row == above
        above += piece.count(b"\n")


def test_functions_of_a_large_file_have_their_names_and_lines() -> None:
    part = "def weigh_{0}(goods, scale):\n    total = sum(goods)\n    return total * scale + {0}\n\n\n"
    source = "".join(part.format(number) for number in range(20_000)).encode()
    assert len(source) > 1_500_000
    chunks, problem = read_apart("big.py", "python", source)
    assert problem is None
    lines = {chunk.name: chunk.start_line for chunk in chunks if chunk.kind == "function"}
    assert lines == {f"weigh_{number}": number * 5 + 1 for number in range(20_000)}
    assert sum(chunk.kind == "file" for chunk in chunks) == 1
