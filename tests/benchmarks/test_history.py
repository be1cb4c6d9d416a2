"""Results of benchmarks are kept by commit, and say what changed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from benchmarks.history import changes, figures_of, in_a_sentence, main
from benchmarks.machine import KEPT, RESULTS, describe_machine, load_result, results_of, save_result
from benchmarks.report import README, fill, filled_tables

MACHINE = {"date": "2026-01-02", "commit": "abc1234"}


def put(folder: Path, stem: str, content: dict[str, Any]) -> None:
    """Write a result as an earlier run would have left it."""
    file = folder / "speed" / f"{stem}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"machine": MACHINE, **content}), encoding="utf-8")


def test_a_result_stands_beside_the_ones_before(tmp_path: Path) -> None:
    put(tmp_path, "2026-01-02-030405-abc1234", {"seconds": 2.0})
    file = save_result("speed", {"seconds": 1.0}, tmp_path)
    assert [one.name for one in results_of("speed", tmp_path)] == ["2026-01-02-030405-abc1234.json", file.name]
    newest = load_result("speed", tmp_path)
    assert newest is not None and newest["seconds"] == 1.0
    assert load_result("other", tmp_path) is None


def test_a_result_names_the_commit_that_it_was_measured_on(tmp_path: Path) -> None:
    git = subprocess.run(["git", "rev-parse", "HEAD"], cwd=RESULTS, capture_output=True, text=True, check=False)
    if git.returncode != 0:
        pytest.skip("a source distribution has no commits")
    machine = describe_machine()
    commit = machine["commit"].rstrip("+")
    assert len(commit) >= 7 and git.stdout.startswith(commit)
    file = save_result("speed", {}, tmp_path)
    assert file.stem.startswith(machine["date"]) and file.stem.endswith(f"-{commit}")


def test_the_oldest_results_go(tmp_path: Path) -> None:
    for number in range(KEPT + 3):
        put(tmp_path, f"2026-01-{number + 1:02}-000000-abc1234", {"seconds": number})
    newest = save_result("speed", {"seconds": 99}, tmp_path)
    left = [file.stem for file in results_of("speed", tmp_path)]
    assert len(left) == KEPT and left[0] == "2026-01-05-000000-abc1234" and left[-1] == newest.stem


def test_figures_are_named_by_the_words_beside_them() -> None:
    result = {
        "machine": {"cores": 2}, "model": "search-en", "whole": True,
        "sets": [{"set": "cosqa", "metric": "MRR", "hybrid": {"mean": 0.5, "low": 0.4, "high": 0.6}}],
        "sizes": [{"cold": {"seconds": 2}}], "peaks": [7, 8],
    }  # fmt: skip
    assert dict(figures_of(result)) == {
        "sets, cosqa MRR, hybrid, mean": 0.5, "sizes, 0, cold, seconds": 2.0, "peaks, 0": 7.0, "peaks, 1": 8.0,
    }  # fmt: skip


def test_what_changed_most_comes_first() -> None:
    before = {"rows": [{"name": "a", "ms": 10}, {"name": "b", "ms": 4}, {"name": "gone", "ms": 1}], "same": 1, "at": 0}
    now = {"rows": [{"name": "b", "ms": 5}, {"name": "a", "ms": 11}, {"name": "new", "ms": 1}], "same": 1, "at": 3}
    different, both = changes(before, now)
    assert [(one.name, one.before, one.now) for one in different] == [
        ("at", 0, 3), ("rows, b, ms", 4, 5), ("rows, a, ms", 10, 11),
    ]  # fmt: skip
    assert both == 4


def test_a_table_says_what_changed_against_the_measurement_before(tmp_path: Path) -> None:
    put(tmp_path, "2026-01-01-000000-0000000", {"a": 7, "b": 7})
    assert in_a_sentence("speed", tmp_path) == ""
    put(tmp_path, "2026-01-02-000000-abc1234", {"a": 1.0, "b": 2.0, "c": 3})
    put(tmp_path, "2026-01-03-000000-def5678", {"a": 1.01, "b": 4.0, "c": 3})
    assert in_a_sentence("speed", tmp_path) == (
        "Against 2026-01-02, abc1234: 2 of 3 figures differ, 1 by more than a tenth; "
        "`python -m benchmarks.history speed` lists them."
    )


def test_each_change_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    older, newest = results_of("vectors")[-2:]
    assert main(["vectors", "--only", "recall@10"]) == 0
    printed = capsys.readouterr().out
    assert f"| figure | {older.stem} | {newest.stem} | change |" in printed
    assert "recall@10" in printed and "cpu_ms" not in printed
    assert main(["vectors", "--from", older.stem.rpartition("-")[2]]) == 0
    assert main(["vectors", "--from", "0000000"]) == 1
    assert main([]) == 0 and older.stem in capsys.readouterr().out


def test_results_lie_in_folders_by_name_and_say_their_commit() -> None:
    assert [path.name for path in RESULTS.iterdir() if not path.is_dir()] == []
    for folder in RESULTS.iterdir():
        files = results_of(folder.name)
        assert 0 < len(files) <= KEPT, folder.name
        for file in files:
            machine = json.loads(file.read_text(encoding="utf-8"))["machine"]
            assert file.stem.endswith(machine["commit"].rstrip("+")), file


def test_the_tables_of_the_page_are_those_of_the_newest_results() -> None:
    text = README.read_text(encoding="utf-8")
    for name, tables in filled_tables().items():
        assert fill(text, name, tables) == text, f"{name}: run python -m benchmarks.report"
