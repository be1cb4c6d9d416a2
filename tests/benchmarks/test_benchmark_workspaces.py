"""The pure parts of the workspace benchmarks: blanked documentation, refused test workspaces."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.report import fill
from benchmarks.table import table_of

from hunch.text.chunk import chunk_source
from hunch_training.errors import TrainingError
from hunch_training.ranking.workspaces import LineRange, Workspace, blank_lines, copy_without, refuse_test


@pytest.mark.parametrize(
    ("text", "ranges", "expected"),
    [
        ("a\nb\nc\n", [(2, 2)], "a\n\nc\n"),
        ("a\r\nb\r\nc", [(1, 2)], "\r\n\r\nc"),
        ("a\nb", [(2, 9)], "a\n"),
        ("a\nb", [], "a\nb"),
    ],
)
def test_blank_lines_keeps_the_others_where_they_are(text: str, ranges: list[tuple[int, int]], expected: str) -> None:
    assert blank_lines(text, ranges) == expected


def test_a_python_function_survives_without_its_docstring() -> None:
    first = 'def first():\n    """Say something.\n\n    More of it.\n    """\n    return 1\n\n\n'
    source = first + "def second():\n    return 2\n"
    chunks = chunk_source("a.py", "python", blank_lines(source, [(2, 5)]).encode())
    functions = [(chunk.name, chunk.start_line, chunk.documentation) for chunk in chunks if chunk.kind == "function"]
    assert functions == [("first", 1, ""), ("second", 9, "")]


def test_copy_without_leaves_the_original_alone(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "folder").mkdir(parents=True)
    (source / "folder/a.go").write_bytes(b"// Says \xff\nfunc a() {}\n")
    (source / "b.go").write_text("// kept\n")
    copy_without(source, tmp_path / "copy", [LineRange("folder/a.go", 1, 1)])
    assert (tmp_path / "copy/folder/a.go").read_bytes() == b"\nfunc a() {}\n"
    assert (tmp_path / "copy/b.go").read_text() == "// kept\n"
    assert (source / "folder/a.go").read_bytes().startswith(b"// Says \xff")


def test_test_workspaces_are_refused() -> None:
    refuse_test([Workspace("pytest", "python", "valid"), Workspace("luigi", "python", "train")])
    with pytest.raises(TrainingError, match="tmux"):
        refuse_test([Workspace("pytest", "python", "valid"), Workspace("tmux", "c", "test")])


def test_tables() -> None:
    assert table_of(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    assert fill("x <!-- one -->old<!-- /one --> y", "one", "new") == "x <!-- one -->\n\nnew\n\n<!-- /one --> y"
