"""Notebooks by cell: code in its language, prose by section, no outputs, and the lines of the file on the disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hunch.text.chunk import Chunk, chunk_source
from hunch.text.languages import without_outputs
from hunch.workspace.scan import Skip, read_source, scan

PICTURE = "iVBORw0KGgo" * 200_000


def notebook(*cells: tuple[str, str], language: str = "python", outputs: list[Any] | None = None) -> dict[str, Any]:
    made = []
    for kind, text in cells:
        cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": text.splitlines(keepends=True)}
        if kind == "code":
            cell |= {"execution_count": 1, "outputs": outputs or []}
        made.append(cell)
    return {"cells": made, "metadata": {"language_info": {"name": language}}, "nbformat": 4, "nbformat_minor": 5}


def chunks(source: str) -> list[Chunk]:
    return chunk_source("a.ipynb", "jupyter", without_outputs(source.encode()))


EXAMPLE = notebook(
    ("markdown", "# Weather\n\nRain by month.\n\n## Load \"raw\" data\n"),
    ("code", "%matplotlib inline\nimport pandas\n\n"
             "def load_rain(path):\n    '''Read rain.'''\n    return pandas.read_csv(path)\n"),
    ("code", "%%bash\nfetch_all() {\n  curl -O x\n}\n"),
    ("raw", "left out as it is"),
    outputs=[{"data": {"image/png": PICTURE, "text/plain": ["<Figure>\n", "secret_output_word"]}}],
)  # fmt: skip


@pytest.mark.parametrize("indent", [1, None])
def test_cells_are_read_in_their_language_and_stand_where_they_stand_in_the_file(indent: int | None) -> None:
    source = json.dumps(EXAMPLE, indent=indent)
    found = chunks(source)
    named = {one.qualified_name: one for one in found}
    assert named["load_rain"].kind == "function" and named["load_rain"].documentation == "Read rain."
    assert named["load_rain"].language == "python"
    assert named["fetch_all"].language == "bash"
    assert named['Weather > Load "raw" data'].kind == "section"
    lines = source.split("\n")
    for name, first in [("load_rain", "def load_rain"), ("fetch_all", "fetch_all()"), ("Weather", "# Weather")]:
        assert first in lines[named[name].start_line - 1]
    assert found[0].kind == "file" and found[0].documentation.startswith("Rain by month")
    assert not any("secret_output_word" in one.body or "iVBOR" in one.body for one in found)


def test_the_kernel_says_which_language_it_is() -> None:
    source = json.dumps(notebook(("code", "fn parse_all(text: &str) -> u8 { 1 }\n"), language="Rust"), indent=1)
    assert [(one.kind, one.name, one.language) for one in chunks(source)[1:]] == [("function", "parse_all", "rust")]


def test_a_notebook_of_pictures_counts_and_its_outputs_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "big.ipynb").write_text(json.dumps(EXAMPLE, indent=1), encoding="utf-8")
    (tmp_path / "one-line.ipynb").write_text(json.dumps(EXAMPLE), encoding="utf-8")
    assert (tmp_path / "big.ipynb").stat().st_size > 4_000_000
    assert [file.path for file in scan(tmp_path).files] == ["big.ipynb", "one-line.ipynb"]
    before = read_source(tmp_path, "big.ipynb")
    assert not isinstance(before, Skip) and len(before) < 5_000
    assert before.count(b"\n") == (tmp_path / "big.ipynb").read_bytes().count(b"\n")
    assert not isinstance(read_source(tmp_path, "one-line.ipynb"), Skip)
    changed = json.dumps(EXAMPLE, indent=1).replace("iVBORw0KGgo", "iVBORw0KGgp")
    (tmp_path / "big.ipynb").write_text(changed, encoding="utf-8")
    assert read_source(tmp_path, "big.ipynb") == before


def test_of_a_broken_notebook_what_was_read_counts() -> None:
    source = json.dumps(EXAMPLE, indent=1)
    cut = source[: source.index("%%bash")]
    assert "load_rain" in {one.name for one in chunks(cut)}


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(
    ['{', '}', '[', ']', ':', ',',
     '"cells"', '"source"', '"outputs"', '"cell_type"', '"code"', '"markdown"', '"# a\\n"',
     '"def f(): pass"', '"', '\\', '\n', "1", '"\\ud800"']
)))  # fmt: skip
def test_any_tokens_are_read(tokens: list[str]) -> None:
    source = "".join(tokens).encode()
    assert without_outputs(source).count(b"\n") <= source.count(b"\n")
    last = source.count(b"\n") + 1
    assert all(1 <= one.start_line <= one.end_line <= last for one in chunks("".join(tokens)))
