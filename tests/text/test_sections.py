"""Documents by section: what is a heading, what is under it, and how it is called."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from hunch.text.chunk import MAX_CHARS, Chunk, chunk_source
from hunch.text.languages import LANGUAGES, language_of

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(name for name, language in LANGUAGES.items() if language.content == "docs")


def chunks(path: str, text: str) -> list[Chunk]:
    return chunk_source(path, language_of(path) or "", text.encode())


def sections(path: str, text: str) -> list[tuple[str, int, int]]:
    return [(one.qualified_name, one.start_line, one.end_line) for one in chunks(path, text) if one.kind == "section"]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "guide.md",
            "Words before.\n\n# Guide\nWhat it is.\n\n## Install\n\n### `Linux`\n```sh\n"
            "# no heading\napt\n```\n\n## Use\nx\n",
            [
                ("Guide", 3, 4),
                ("Guide > Install", 6, 6),
                ("Guide > Install > Linux", 8, 12),
                ("Guide > Use", 14, 15),
            ],
        ),
        ("a.markdown", "Title\n=====\n\nSecond *part*\n---\ntext\n", [("Title", 1, 2), ("Title > Second part", 4, 6)]),
        (
            "a.md",
            "# A\n\n- item\n\n  ~~~\n# in a list\n  ~~~\n\n    # indented code\n\n# B #\n",
            [("A", 1, 9), ("B", 11, 11)],
        ),
        ("a.md", "<!--\n# hidden\n-->\n# Shown {#anchor}\n#no heading\n", [("Shown", 4, 5)]),
        ("a.mdx", "---\ntitle: Proxies\n---\nimport X from 'x'\n\n## Set [up](u.md)\n", [("Proxies > Set up", 6, 6)]),
        ("p.qmd", "---\ntitle: 'A'\n---\n# A\n## B\n", [("A", 4, 4), ("A > B", 5, 5)]),
        ("a.md", "| a |\n|---|\n| b |\n\n---\n\ntext\n\n***\n", []),
        (
            "a.rst",
            "=====\nTitle\n=====\n\nIntro.\n\nOne\n---\n\n::\n\n    Code\n    ----\n\n"
            "Two :ref:`x <y>`\n----------------\n",
            [("Title", 1, 5), ("Title > One", 7, 13), ("Title > Two x", 15, 16)],
        ),
        ("a.rst", "====  ====\na     b\n====  ====\n1     2\n====  ====\n", []),
        (
            "a.adoc",
            "= Book\n\n== Start\n\n----\n== in code\n----\n\nOld style\n~~~~~~~~~\n",
            [("Book", 1, 1), ("Book > Start", 3, 7), ("Book > Start > Old style", 9, 10)],
        ),
        (
            "a.org",
            "* TODO Plan :work:\n** [[url][Steps]]\n#+BEGIN_SRC sh\n* no\n#+END_SRC\n",
            [("Plan", 1, 1), ("Plan > Steps", 2, 5)],
        ),
        ("docs/notes.txt", "INSTALLING\n\nRun it.\n\nREMOVING\n\nx\n", [("INSTALLING", 1, 3), ("REMOVING", 5, 7)]),
        ("README", "Tool\n====\n\nwords\n", [("Tool", 1, 4)]),
    ],
)
def test_sections_have_their_heading_path_and_their_lines(
    path: str, text: str, expected: list[tuple[str, int, int]]
) -> None:
    assert sections(path, text) == expected


def test_a_section_has_its_fenced_code_and_no_text_of_another() -> None:
    found = {one.name: one for one in chunks("a.md", "# One\nfirst\n```\ncode()\n```\n## Two\nsecond\n") if one.name}
    assert found["One"].body == "first\n```\ncode()\n```"
    assert found["Two"].body == "second"
    assert (found["One"].kind, found["One"].signature) == ("section", "One")
    assert found["a"].documentation.startswith("first")


def test_long_sections_are_cut_into_pieces_and_nothing_is_lost() -> None:
    text = "# Long\n" + "".join(f"Line {number} says something about number {number}.\n" for number in range(900))
    pieces = [one for one in chunks("a.md", text) if one.kind == "section"]
    assert len(pieces) > 5
    assert {one.name for one in pieces} == {"Long"}
    assert all(len(one.body) <= MAX_CHARS for one in pieces)
    whole = "\n".join(one.body for one in pieces)
    assert all(f"Line {number} says" in whole for number in range(900))


def test_headings_are_those_of_a_markdown_parser() -> None:
    """Of this project's own pages, by line and level."""
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "benchmarks/README.md"]:
        text = path.read_text(encoding="utf-8")
        tokens = MarkdownIt("commonmark").parse(text)
        wanted = [
            token.map[0] + 1 for token in tokens if token.type == "heading_open" and token.map and not token.level
        ]
        found = [one.start_line for one in chunks(path.name, text) if one.kind == "section" and one.piece < 2]
        assert found == wanted, path
        assert found or path.stat().st_size < 500


@pytest.mark.parametrize("language", DOCUMENTS)
@pytest.mark.parametrize(
    "unit", ["#", "# a\n", "=\n", "a\n=\n", "```\n", "- ", "[", "<!--", "    ", "* x\n", "\n", "|", "*_", "{#", ":a:`"]
)
def test_hostile_documents_take_time_in_proportion(language: str, unit: str) -> None:
    def seconds(size: int) -> float:
        source = (unit * (size // len(unit) + 1))[:size].encode()
        began = time.process_time()
        chunk_source("a", language, source)
        return time.process_time() - began

    assert seconds(200_000) < 20 * seconds(25_000) + 0.3


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(DOCUMENTS),
    st.lists(
        st.sampled_from(
            ["# a", "a", "===", "---", "```", "~~~", "", "* b", "\t# c", "<!--", "-->", "\xff", "= d", "1. e"]
        )
    ),
)
def test_any_lines_are_read_with_places_in_the_file(language: str, lines: list[str]) -> None:
    source = "\n".join(lines).encode("latin-1")
    last = source.count(b"\n") + 1
    found = chunk_source("x", language, source)
    assert all(1 <= one.start_line <= one.end_line <= last for one in found)
    assert bool(found) == bool(source.strip())
