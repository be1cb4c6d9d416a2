"""Which words of a chunk stand in which field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hunch.text.chunk import Chunk, chunk_source
from hunch.text.render import FIELD_NAMES, Fields, render_chunk, render_parts, render_query

EMPTY = Chunk("", "python", "", "", "", "", "", "", start_line=1, end_line=2)


def chunk(**changes: Any) -> Chunk:
    return replace(EMPTY, **changes)


@pytest.mark.parametrize(
    ("one", "field", "words"),
    [
        (chunk(name="open"), "name", "open"),
        (chunk(name="open", qualified_name="File.open"), "name", "File open"),
        (chunk(qualified_name="a.b_c"), "name", "a b_c"),
        (chunk(path="src/app/io.py"), "path", "src app io"),
        (chunk(path="io.py"), "path", "io"),
        (chunk(path="my.module.test.ts"), "path", "my module test"),
        (chunk(path="Makefile"), "path", "Makefile"),
        (chunk(path="a-b/c_d.go"), "path", "a b c_d"),
        (chunk(path=".bashrc"), "path", "bashrc"),
        (chunk(path=""), "path", ""),
        (chunk(signature="def open(path: str) -> int:"), "signature", "def open path str int"),
        (chunk(documentation="Opens it.\nTwice."), "documentation", "Opens it Twice"),
        (chunk(body="return x + y_1"), "body", "return x y_1"),
        (chunk(body=""), "body", ""),
    ],
)
def test_the_words_of_a_field(one: Chunk, field: str, words: str) -> None:
    fields = render_chunk(one)
    assert fields[FIELD_NAMES.index(field)] == words.split()
    others = [value for name, value in zip(FIELD_NAMES, fields, strict=True) if name != field]
    assert not any(others)


def test_the_fields_have_the_order_that_their_ids_have() -> None:
    # Models are trained on these positions: another order needs another model.
    assert FIELD_NAMES == ("name", "path", "signature", "documentation", "body")
    fields = render_parts(name="n", path="p.py", signature="s", documentation="d", body="b")
    assert fields == Fields(["n"], ["p"], ["s"], ["d"], ["b"])


def test_parts_and_chunks_render_alike() -> None:
    source = b'class Tree:\n    def insert(self, key):\n        """Put a key."""\n        self.keys.append(key)\n'
    for one in chunk_source("lib/tree.py", "python", source):
        parts = render_parts(
            name=one.qualified_name, path=one.path, signature=one.signature,
            documentation=one.documentation, body=one.body,
        )  # fmt: skip
        assert render_chunk(one) == parts
    names = [render_chunk(one).name for one in chunk_source("lib/tree.py", "python", source)]
    assert ["Tree", "insert"] in names


@pytest.mark.parametrize(
    ("query", "words"),
    [("", ""), ("sort a list", "sort a list"), ("C++ std::sort?", "C std sort"), ("日本", "日本"), ("🙂", "")],
)
def test_the_words_of_a_query(query: str, words: str) -> None:
    assert render_query(query) == words.split()
