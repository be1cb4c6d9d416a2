"""Questions about whole files, made from what their modules say of themselves, which is then taken out."""

from __future__ import annotations

from pathlib import Path

import pytest

from hunch_training.ranking.module_queries import _names_answer, module_queries, question_of
from hunch_training.ranking.workspaces import indexed_without


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("Reporting of the whole process.\n\nMore.", "how does reporting of the whole process work"),
        ("Utilities for mapping between arguments.", "how does mapping between arguments work"),
        ("This module contains the parser of dates", "how does parser of dates work"),
        ("Package errors provides types used within restic.", "how does types used within restic work"),
        ("HTTP requests that are sent again: see below", "how does HTTP requests that are sent again work"),
        ("Dates.", None),
        ("Licensed under the Apache License, version 2", None),
        ("Généré à partir de la grammaire du langage", None),
        ("word " * 30, None),
        ("", None),
    ],
)  # fmt: skip
def test_what_a_module_says_as_a_question(said: str, question: str | None) -> None:
    assert question_of(said) == question


@pytest.mark.parametrize(
    ("question", "path", "gift"),
    [
        ("how does conversion of images work", "app/io.py", False),
        ("how does reading and writing io work", "app/io.py", True),
        ("how does pretty print of trees work", "app/pretty_print/__init__.py", True),
        ("how does load palette from a file work", "app/colour.py", True),  # a function is called load_palette
        ("how does loading of a palette work", "app/colour.py", False),
    ],
)
def test_questions_that_name_their_answer(question: str, path: str, gift: bool) -> None:
    assert _names_answer(question, path, ["load_palette", ""]) is gift


FILES = {
    "app/dates.py": '"""Parsing of dates in many formats.\n\nIt guesses.\n"""\n\nimport re\n\n\n'
    "def parse(text):\n    return text\n",
    "app/short.py": '"""Dates."""\n\n\ndef now():\n    return 1\n',
    "app/zones.go": "// Package zones provides time zones and their rules.\npackage zones\n\n"
    "func Load() int {\n\treturn 1\n}\n",
    "tests/test_dates.py": '"""Tests of the parsing of dates."""\n\n\ndef test_it():\n    assert 1\n',
    "tool.js": "/**\n * Rendering of tables as plain text.\n */\n\nexport function render() {\n  return 1;\n}\n",
}


def test_questions_about_the_product_s_files(tmp_path: Path) -> None:
    root = tmp_path / "project"
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    found = {path: one for one in module_queries(root) for path in one.query.paths}
    assert found["app/dates.py"].query.text == "how does parsing of dates in many formats work"
    assert (found["app/dates.py"].said.start, found["app/dates.py"].said.end) == (1, 4)
    assert found["app/zones.go"].said.end == 1
    assert {"app/short.py", "tests/test_dates.py"}.isdisjoint(found)
    assert found["app/dates.py"].query.gift and not found["tool.js"].query.gift
    with indexed_without(root, [one.said for one in found.values()]) as engine:
        snapshot = engine.snapshot
        records = [snapshot.record(chunk) for chunk in range(snapshot.chunk_count)]
    assert not any("many formats" in record.documentation for record in records)
    assert {"parse", "Load", "render"} <= {record.name for record in records}
    assert (root / "app/dates.py").read_text() == FILES["app/dates.py"]
