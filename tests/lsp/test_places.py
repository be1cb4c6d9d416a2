"""A hit leads to the line that has the name, not to the comment above it."""

from __future__ import annotations

import pytest

from hunch.index.records import ChunkRecord
from hunch.search.present import name_row


@pytest.mark.parametrize(
    ("text", "name", "signature", "row"),
    [
        ("/** Wait for it. */\nexport function wait(ms) {\n", "wait", "export function wait(ms)", 1),
        ("// Retry calls retry again.\nfunc Retry(n int) error {\n", "Retry", "func Retry(n int) error", 1),
        ("@cached\ndef area(self):\n    return 1\n", "area", "def area(self)", 1),
        ("# area of it\n@cached\ndef  area(\n    self,\n):\n", "area", "def area( self, )", 2),
        ("def area(self):\n", "area", "def area(self)", 0),
        ("x = 1\ny = 2\n", "", "", 0),
        ("nothing of the kind\n", "area", "def area()", 0),
        ("", "area", "def area()", 0),
    ],
)
def test_the_line_of_the_name(text: str, name: str, signature: str, row: int) -> None:
    record = ChunkRecord("function", name, name, signature, "", 1, 9, 0)
    assert name_row(text.split("\n"), record) == row
