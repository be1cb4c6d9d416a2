"""The pure parts of the workspace benchmarks: blanked documentation, refused test workspaces, tuning arithmetic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.report import fill
from benchmarks.signals import FEATURES, Gathered
from benchmarks.table import table_of
from benchmarks.tune_ranking import calibrate, climb, fit, mean_ndcg, refuse_test
from benchmarks.workspaces import LineRange, Workspace, blank_lines, copy_without

from hunch.search.query_shape import SHAPE
from hunch.text.chunk import chunk_source


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
    with pytest.raises(ValueError, match="tmux"):
        refuse_test([Workspace("pytest", "python", "valid"), Workspace("tmux", "c", "test")])


def test_fitted_weights_find_what_the_signal_says() -> None:
    gathered = _gathered(queries=40)
    every = np.arange(len(gathered))
    start = np.zeros(len(FEATURES))
    start[1] = 1.0  # a signal that says nothing
    names = ["commit file", "commit name", "doc file", "doc name"]
    assert mean_ndcg(gathered, every, gathered.features @ fit(gathered, every, start)) == dict.fromkeys(names, 1.0)
    assert min(mean_ndcg(gathered, every, gathered.features @ climb(gathered, every, start)).values()) > 0.95


def test_a_calibrated_score_is_the_share_of_right_hits() -> None:
    gathered = _gathered(queries=200, right_at_top=0.75)
    scores = gathered.features[:, 0].astype(np.float64)
    scale, bias = calibrate(gathered, np.arange(len(gathered)), scores)
    assert 1 / (1 + np.exp(-(scale * 1.0 + bias))) == pytest.approx(0.75, abs=0.02)


def test_tables() -> None:
    assert table_of(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    assert fill("x <!-- one -->old<!-- /one --> y", "one", "new") == "x <!-- one -->\n\nnew\n\n<!-- /one --> y"


def _gathered(queries: int, right_at_top: float = 1.0) -> Gathered:
    """Five candidates a query, each a file of its own; the first signal is 1 for one of them, mostly the right one."""
    generator = np.random.default_rng(0)
    total = 5 * queries
    features = np.zeros((total, len(FEATURES)), np.float32)
    features[:, 1] = generator.random(total)
    hits = np.zeros(total, np.bool_)
    for query in range(queries):
        top, other = 5 * query + generator.permutation(5)[:2]
        features[top, 0] = 1
        hits[top if query < right_at_top * queries else other] = True
    numbers = np.tile(np.arange(5, dtype=np.int32), queries)
    ones = np.ones(queries, np.int32)
    return Gathered(
        starts=np.arange(0, total + 1, 5), features=features, file_hit=hits, name_hit=hits, files=numbers,
        places=numbers, first_lines=numbers, last_lines=numbers, levels=numbers, path_count=ones, place_count=ones,
        kinds=np.arange(queries, dtype=np.int32) % 2, groups=0 * ones, workspaces=0 * ones,
        shape=np.zeros((queries, len(SHAPE)), np.float32),
    )  # fmt: skip
