"""Files that never answer, pipes and devices and drives that are gone, stop nothing else."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hunch.lsp.threads import Threads
from hunch.search.snippet import read_snippet

if TYPE_CHECKING:
    from lsp.conftest import Start

MakeWorkspace = Callable[..., Path]

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")

KITE = 'def fly_kite(wind):\n    """Let the kite rise into the wind."""\n    return wind.lift()\n'


@pytest.fixture
def pipes(tmp_path: Path) -> Iterator[list[Path]]:
    """Pipes that nobody writes; who waits for one is freed after the test."""
    places = [tmp_path / f"pipe{number}" for number in range(64)]
    for place in places:
        os.mkfifo(place)
    yield places
    for place in places:
        for _ in range(5):  # as many threads may be in the way of opening it
            with suppress(OSError):
                os.close(os.open(place, os.O_WRONLY | os.O_NONBLOCK))


def test_open_documents_that_are_pipes_keep_nothing_waiting(start: Start, make_workspace: MakeWorkspace) -> None:
    root = make_workspace({"a.py": KITE})
    talk = start()
    talk.open(root)
    talk.wait_until_indexed()
    for number in range(64):
        os.mkfifo(root / f"pipe{number}.py")
        talk.tell("textDocument/didOpen", talk.document((root / f"pipe{number}.py").as_uri(), "x = 1\n"))
    answer = talk.ask("hunch/summarize", talk.at((root / "a.py").as_uri(), 0, 5))
    assert answer["name"] == "fly_kite"
    talk.tell("textDocument/didOpen", talk.document((root / "a.py").as_uri(), KITE.replace("kite", "paper_plane")))
    talk.eventually(lambda: talk.names("fly paper plane"), lambda names: "fly_paper_plane" in names)
    assert talk.end() == 0
    assert talk.logged() == ""


def test_an_indexed_file_that_has_become_a_pipe_does_not_stop_a_search(
    start: Start, make_workspace: MakeWorkspace
) -> None:
    root = make_workspace({"a.py": KITE, "b.py": "def other():\n    pass\n"})
    talk = start()
    talk.open(root, initializationOptions={"cpuShare": 1})
    talk.wait_until_indexed()
    assert talk.ask("hunch/pause") is None
    (root / "a.py").unlink()
    os.mkfifo(root / "a.py")
    for _ in range(4):
        assert talk.search("let the kite rise")["answerability"]
    assert talk.end() == 0


def test_only_regular_files_give_a_snippet(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("not in the workspace\n")
    root = tmp_path / "root"
    root.mkdir()
    os.mkfifo(root / "pipe.py")
    (root / "link.py").symlink_to(tmp_path / "secret")
    (root / "zero.py").symlink_to("/dev/zero")
    for name in ("pipe.py", "link.py", "zero.py", "gone.py"):
        assert read_snippet(root, name, 1, 5) == []


# ---- threads ----


def wait_for(pipe: Path) -> bytes:
    """Block as a read of a drive that is gone does."""
    return pipe.read_bytes()


@pytest.mark.parametrize("count", [1, 2, 3, 64])
def test_stuck_threads_are_replaced(pipes: list[Path], count: int) -> None:
    threads = Threads(2, "test")
    stuck = [threads.submit(wait_for, pipe) for pipe in pipes[:count]]
    assert threads.submit(lambda: "done").result(30) == "done"
    assert not any(one.done() for one in stuck)
    threads.shutdown()


def test_no_more_threads_than_usual_where_nothing_is_stuck() -> None:
    threads = Threads(2, "test")
    seen = set()

    def note(number: int) -> int:
        seen.add(threading.get_ident())
        return number

    assert [one.result(30) for one in [threads.submit(note, number) for number in range(1_000)]] == list(range(1_000))
    assert len(seen) <= 2


def test_where_every_thread_is_stuck_the_rest_fails_and_later_all_is_well(pipes: list[Path]) -> None:
    threads = Threads(2, "test")
    go_on = threading.Event()
    stuck = [threads.submit(go_on.wait, 60) for _ in range(256)]
    with pytest.raises(OSError, match="does not answer"):
        threads.submit(wait_for, pipes[0]).result(30)
    go_on.set()
    assert all(one.result(30) for one in stuck)
    assert threads.submit(lambda: 7).result(30) == 7


def test_a_failure_is_its_own(tmp_path: Path) -> None:
    threads = Threads(1, "test")
    failing = threads.submit(wait_for, tmp_path / "nowhere")
    fine = threads.submit(lambda: 7)
    with pytest.raises(FileNotFoundError):
        failing.result(30)
    assert fine.result(30) == 7


def test_the_end_waits_for_nobody(pipes: list[Path]) -> None:
    threads = Threads(1, "test")
    begun = threading.Event()

    def wait() -> bytes:
        begun.set()
        return wait_for(pipes[0])

    stuck = threads.submit(wait)
    waiting = threads.submit(lambda: 7)
    assert begun.wait(30)  # what no thread has taken yet is cancelled too
    threads.shutdown(cancel_futures=True)
    assert waiting.cancelled() and not stuck.done()
    with pytest.raises(RuntimeError):
        threads.submit(lambda: 7)
