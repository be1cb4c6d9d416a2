"""The benchmark of the language server in small: the client, the copy that it edits, the probes, the table."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest
from benchmarks.lsp import is_ready, wait_until
from benchmarks.lsp_client import CANCELLED, INVALID, LspClient, position_at
from benchmarks.lsp_measures import (
    Seen,
    cancellations,
    change,
    close,
    is_found,
    probes,
    save,
    search_while,
    times_of,
    wait_for,
)
from benchmarks.lsp_report import ROWS, lsp_tables
from benchmarks.lsp_workspace import AFTER, Copy, copy_corpus, git, questions


@pytest.mark.parametrize(
    ("text", "offset", "line", "character"),
    [
        ("", 0, 0, 0),
        ("ab\ncd", 4, 1, 1),
        ("ab\r\ncd", 4, 1, 0),
        ("ab\r\ncd", 3, 0, 3),  # between the two: nothing that a client would send
        ("ab\rcd", 3, 1, 0),
        ("ab\r", 3, 1, 0),
        ("😀x\n𝒳y", 2, 0, 3),
        ("😀x\n𝒳y", 4, 1, 2),
        ("a\fb\u2028c", 5, 0, 5),
    ],
)
def test_a_place_is_counted_as_clients_count(text: str, offset: int, line: int, character: int) -> None:
    assert position_at(text, offset) == {"line": line, "character": character}


def test_percentiles() -> None:
    assert times_of([]) == {"n": 0}
    assert times_of([0.001 * one for one in range(100)]) == pytest.approx(
        {"n": 100, "p50": 50, "p95": 95, "p99": 99, "max": 99}
    )


def test_the_table_says_what_was_met_and_passes_over_what_was_not_measured() -> None:
    times = {"n": 3, "p50": 20.0, "p95": 30.0, "p99": 40.0, "max": 50.0}
    result: dict[str, Any] = {"files": 1, "chunks": 2, "idle": {"search": times}, "log_lines": 0}
    table = lsp_tables(result)
    assert "| search while idle, p50, ms | 20.0 | 15.0 | **no** |" in table
    assert "| search while idle, p99, ms | 40.0 | 60.0 | yes |" in table
    assert "restart" not in table and len({row.name for row in ROWS}) == len(ROWS)


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    source = tmp_path / "source"
    source.mkdir()
    for number in range(12):
        letter = "abcdefghijkl"[number]
        text = f'def measure_{letter}(width):\n    """Tell how wide number {letter} of all of them is."""\n'
        (source / f"module_{letter}.py").write_text(text + "    width = width + 1\n" * 20)
    return copy_corpus(source, tmp_path / "copy", 5)


@pytest.fixture
def client(copy: Copy, tmp_path: Path) -> Iterator[LspClient]:
    one = LspClient(copy.root, tmp_path / "cache", settings={}, stderr=tmp_path / "stderr.log")
    one.greet()
    wait_until(lambda: is_ready(one))
    yield one
    one.process.kill()
    one.process.wait()


def test_a_copy_has_two_states(copy: Copy) -> None:
    assert len(copy.markers) == copy.changed == 5 and len(copy.free) == 7
    assert not copy.markers.keys() & set(copy.free)
    git(copy.root, "checkout", "--quiet", AFTER)
    assert all(f"def {name}(width)" in (copy.root / path).read_text() for path, name in copy.markers.items())


def test_changes_are_seen_and_the_server_ends(client: LspClient, copy: Copy, tmp_path: Path) -> None:
    choice = random.Random(0)
    for kind in (save, change, close):
        for probe in islice(probes(client, copy, [kind], choice), 2):
            assert wait_for(client, probe) < 20
    remaining = iter(range(30))
    seen = search_while(client, cycle(["how wide"]), lambda: next(remaining, None) is not None)
    assert isinstance(seen, Seen) and seen.searches and not seen.changes
    taken_back = cancellations(client, cycle(["how wide"]), 5)
    assert taken_back["n"] + taken_back["answered_before"] == 5
    git(copy.root, "checkout", "--quiet", "--force", AFTER)
    wait_until(lambda: all(is_found(client, name, path) for path, name in copy.markers.items()))
    assert client.send("hunch/search", {"query": "x"}, cancel=True).answer.result(20).code in (None, CANCELLED)
    assert client.request("hunch/search", {"query": 7}).code == INVALID
    assert client.shut_down() < 20
    assert client.process.returncode == 0
    assert len(questions(tmp_path / "cache", 3)) == 3
