"""A parser keeps nothing of what it has read, and nodes say what stands in the source."""

from __future__ import annotations

import tree_sitter_python
from tree_sitter import Language

from hunch.index.limits import resident_bytes
from hunch.text.parse import parse

PYTHON = Language(tree_sitter_python.language())
COMMENT = b"# a line that says nothing in particular\n" * 5_000
"""200 kB, in several reads"""


def never() -> bool:
    return False


def test_a_source_that_was_parsed_is_let_go_of() -> None:
    parse(PYTHON, COMMENT, never)
    before = resident_bytes()
    for _ in range(200):
        parse(PYTHON, COMMENT, never)
    assert resident_bytes() - before < 15_000_000, "40 MB were read"


def test_nodes_say_what_stands_in_the_source() -> None:
    source = COMMENT + "größe = '幅'\n".encode()
    root = parse(PYTHON, source, never)
    other = parse(PYTHON, COMMENT + b"another = 'x'\n", never)
    assert root is not None and other is not None
    assert root.text == source
    assert root.children[-1].text == "größe = '幅'".encode()


def test_nodes_say_the_source_where_the_parser_read_something_else() -> None:
    source = COMMENT + b"EXPORT def area():\n    pass\n"
    root = parse(PYTHON, source, never, source.replace(b"EXPORT", b"      "))
    assert root is not None
    name = root.children[-1].child_by_field_name("name")
    assert name is not None and name.text == b"area"
    assert root.text == source


def test_parsers_inside_parsers_read_their_own() -> None:
    """A window is never shared by two parsers at a time, also when the first is at work still."""
    inner: list[bytes | None] = []

    def parse_another() -> bool:
        if not inner:
            root = parse(PYTHON, b"inner = 1\n" * 20_000, never)
            inner.append(root.children[-1].text if root is not None else None)
        return False

    root = parse(PYTHON, COMMENT + b"outer = 1\n" * 20_000, parse_another)
    assert root is not None
    assert root.children[-1].text == b"outer = 1" and inner == [b"inner = 1"]
