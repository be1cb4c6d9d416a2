"""One file that would take the machine down takes nothing but its own structure: the real command, the real server."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from benchmarks.hostile_inputs import hostile_source

if TYPE_CHECKING:
    from conftest import Run, RunHunch

MakeWorkspace = Callable[..., Path]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits the command with ulimit")

QUERY = "check a password against its stored hash"
LIMITED = ("sh", "-c", f'ulimit -v 4000000; exec "{sys.executable}" -m hunch.cli "$@"', "hunch")
"""In four gigabytes of address space, of which one of these files took all."""
HOSTILE: Mapping[str, bytes] = {
    "bad/greedy.py": hostile_source("python", "comment openers of C in lines", 40_000),
    "bad/slow.js": hostile_source("javascript", "parentheses in lines", 60_000),
    "bad/long.ts": hostile_source("typescript", "cases", 60_000),
    "bad/deep.cs": hostile_source("csharp", "generics opened", 60_000),
    "bad/words.rb": b"frobnicate the zygote\n" * 3 + hostile_source("ruby", "strings opened in lines", 60_000),
}


def check(run: Run) -> Run:
    assert run.status == 0, run.err
    assert "Traceback" not in run.err
    return run


def found_password(run: Run) -> bool:
    return bool(run.hits) and run.hits[0]["name"] == "check_password"


def test_everything_else_is_indexed_and_they_are_named(run_hunch: RunHunch, make_workspace: MakeWorkspace) -> None:
    root = make_workspace()
    for path, source in HOSTILE.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_bytes(source)
    report = check(run_hunch("index", root, command=LIMITED))
    assert "too much time or memory to parse" in report.out
    assert found_password(check(run_hunch("search", QUERY, "--json", cwd=root, command=LIMITED)))
    status = check(run_hunch("status", "--json", root)).answers[0]
    assert {"bad/greedy.py", "bad/slow.js"} <= set(status["problems"]) <= set(HOSTILE)
    assert "too much time or memory to parse" in check(run_hunch("status", root)).out
    again = check(run_hunch("index", root, command=LIMITED))
    assert "(0 read" in again.out
    assert "too much time or memory to parse" in again.out
    words = check(run_hunch("search", "frobnicate the zygote", "--json", cwd=root)).hits
    assert words[0]["path"] == "bad/words.rb", "its text is found"
    mended = root / "bad/greedy.py"
    mended.write_text("def greedy():\n    '''Take all.'''\n")
    check(run_hunch("index", root))
    assert "bad/greedy.py" not in check(run_hunch("status", "--json", root)).answers[0]["problems"]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_among_many_files(
    workers: str, run_hunch: RunHunch, make_workspace: MakeWorkspace, many_files: Callable[[int], dict[str, str]]
) -> None:
    root = make_workspace({**many_files(430), **{path.replace("bad", "part7"): one for path, one in HOSTILE.items()}})
    report = check(run_hunch("index", root, command=LIMITED, env={"HUNCH_WORKERS": workers}))
    assert "435 files" in report.out
    assert "part7/greedy.py" in report.out
    for number in (0, 7, 27, 229, 429):
        hits = check(run_hunch("search", f"reserve_item_{number}", "--json", "--no-update", cwd=root)).hits
        assert hits[0]["name"] == f"reserve_item_{number}"


def test_the_second_pass_and_similar_code(run_hunch: RunHunch, make_workspace: MakeWorkspace) -> None:
    root = make_workspace({"greedy.py": HOSTILE["bad/greedy.py"], "a.py": "def area(a, b):\n    return a * b\n"})
    check(run_hunch("index", "--thorough", root, command=LIMITED))
    for command in (("similar", "greedy.py:3"), ("summarize", "greedy.py:3")):
        began = time.monotonic()
        run = run_hunch(*command, cwd=root, command=LIMITED)
        assert run.status in (0, 1, 2) and "Traceback" not in run.err, run.err
        assert time.monotonic() - began < 60
