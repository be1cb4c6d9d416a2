"""Source that kills a parser kills a process that is there for it, and costs nothing else."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from hunch.index import isolation
from hunch.index.isolation import (
    TOO_COSTLY,
    UNREADABLE,
    LimitError,
    call_apart,
    child_id,
    end_when_idle,
    function_apart,
    notice_of,
    read_apart,
)
from hunch.text.chunk import chunk_lines, chunk_source

GREEDY = ("/*" * 40 + "\n").encode() * 500
"""40 kB of Python that took four gigabytes."""
SLOW = (b"(" * 80 + b"\n") * 800
"""In JavaScript, 65 kB that a query goes over for seconds, with the interpreter's lock in its hands."""
CASES = (b"case 1: " * 10 + b"\n") * 750
"""60 kB over which the parser itself sits for seconds."""
PLAIN = b"def area(width, height):\n    return width * height\n"

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")


def spin(seconds: float) -> float:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
    return seconds


def grow(size: int) -> int:
    return len(bytearray(size))


def fail(message: str) -> None:
    raise ValueError(message)


def environment() -> tuple[list[str], str | None]:
    return sys.path, os.environ.get("PYTHONSTARTUP")


@pytest.fixture(autouse=True)
def forget() -> None:
    isolation._remembered.clear()


def test_ordinary_source_is_read_as_it_is_here() -> None:
    assert read_apart("a.py", "python", PLAIN) == (chunk_source("a.py", "python", PLAIN), None)
    assert read_apart("a.py", "python", b"  \n") == ([], None)


@pytest.mark.parametrize(("language", "source"), [("python", GREEDY), ("javascript", SLOW), ("typescript", CASES)])
def test_source_that_takes_too_much_is_cut_at_blank_lines(language: str, source: bytes) -> None:
    before = psutil.Process().memory_info().rss
    reading = read_apart("a", language, source)
    assert reading == (chunk_lines("a", language, source), TOO_COSTLY)
    assert psutil.Process().memory_info().rss - before < 50_000_000
    assert read_apart("a.py", "python", PLAIN).problem is None, "what follows is read as ever"


def test_what_took_too_much_is_remembered_by_its_content() -> None:
    first = read_apart("a.py", "python", GREEDY)
    assert read_apart("a.py", "python", PLAIN).problem is None
    child = child_id()
    assert read_apart("b/other.py", "python", GREEDY).problem == first.problem == TOO_COSTLY
    assert child_id() == child, "the grammar did not meet it again"


def test_what_the_index_knows_is_not_tried_again() -> None:
    assert read_apart("a.py", "python", PLAIN, TOO_COSTLY) == (chunk_lines("a.py", "python", PLAIN), TOO_COSTLY)
    assert read_apart("b.py", "python", PLAIN + b"\n", UNREADABLE) == ([], UNREADABLE)


@posix_only
def test_time_is_limited_wherever_it_is_spent() -> None:
    with pytest.raises(LimitError):
        call_apart(spin, 60.0)
    assert call_apart(spin, 0.1) == 0.1
    assert [call_apart(spin, 0.3) for _ in range(4)] == [0.3] * 4, "each call has time of its own"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="bounds the address space")
def test_memory_is_limited() -> None:
    with pytest.raises(LimitError):
        call_apart(grow, 400_000_000)
    assert [call_apart(grow, 100_000_000) for _ in range(3)] == [100_000_000] * 3


def test_an_error_comes_back_and_the_process_stays() -> None:
    call_apart(spin, 0.0)
    child = child_id()
    with pytest.raises(ValueError, match="so what"):
        call_apart(fail, "so what")
    assert child_id() == child


@posix_only
def test_a_process_that_was_killed_is_replaced() -> None:
    call_apart(spin, 0.0)
    child = child_id()
    assert child is not None
    os.kill(child, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
    reading = read_apart("a.py", "python", PLAIN + b"# killed\n")
    assert reading.chunks and child_id() != child


@posix_only
def test_a_source_is_not_blamed_for_a_kill_from_outside(tmp_path: Path) -> None:
    (tmp_path / "once").write_text("")
    assert call_apart(kill_once, str(tmp_path / "once")) == "done"
    with pytest.raises(LimitError):
        call_apart(kill_always)


def kill_once(mark: str) -> str:
    if Path(mark).exists():
        Path(mark).unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def kill_always() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@posix_only
def test_a_process_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    call_apart(spin, 0.0)  # starting the process is not what is limited here
    monkeypatch.setattr(isolation, "_LONGEST_SECONDS", 0.5)
    child = child_id()
    assert child is not None
    os.kill(child, signal.SIGSTOP)
    with pytest.raises(LimitError):
        call_apart(spin, 0.0)


def test_many_threads_share_one_process() -> None:
    sources = [PLAIN.replace(b"area", f"area{number}".encode()) for number in range(40)]
    found: dict[int, bool] = {}

    def read(number: int) -> None:
        source = sources[number]
        found[number] = read_apart("a.py", "python", source).chunks == chunk_source("a.py", "python", source)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == dict.fromkeys(range(40), True)


def test_the_process_is_let_go_when_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    call_apart(spin, 0.0)
    end_when_idle()
    assert child_id() is not None
    monkeypatch.setattr(isolation, "_IDLE_SECONDS", -1.0)
    end_when_idle()
    assert child_id() is None
    assert read_apart("a.py", "python", PLAIN).problem is None


@pytest.mark.parametrize("is_named", [True, False])
def test_nothing_of_the_current_folder_runs(is_named: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "_IDLE_SECONDS", -1.0)
    call_apart(spin, 0.0)
    end_when_idle()
    trap = tmp_path / "ran"
    for name in ("pickle", "queue", "psutil", "sitecustomize", "usercustomize", "tree_sitter"):
        (tmp_path / f"{name}.py").write_text(f"open({str(trap)!r}, 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path) if is_named else "", "", *sys.path])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    path, _ = call_apart(environment)
    assert str(tmp_path) not in path and "" not in path
    assert not trap.exists()


def test_functions_are_found_apart() -> None:
    function = function_apart("a.py", PLAIN, 2)
    assert function is not None and function.name == "area"
    assert function_apart("a.py", GREEDY, 2) is None


def test_what_a_person_is_told() -> None:
    assert notice_of({}) == ""
    assert notice_of({"a.py": TOO_COSTLY}) == (
        "1 file that takes too much time or memory to parse can only be found by blocks of lines: a.py"
    )
    many = dict.fromkeys((f"{number}.py" for number in range(8)), TOO_COSTLY)
    assert notice_of(many).endswith("0.py, 1.py, 2.py, 3.py, 4.py and 3 more")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at its own memory")
def test_a_process_that_has_grown_is_replaced_and_nothing_is_lost() -> None:
    call_apart(spin, 0.0)
    child = child_id()
    assert [call_apart(leak, 100_000_000) for _ in range(6)] == [100_000_000] * 6
    assert child_id() != child
    child = child_id()
    assert child is None or psutil.Process(child).memory_info().rss < 400_000_000


LEAKED: list[bytes] = []


def leak(size: int) -> int:
    LEAKED.append(b"x" * size)
    return size


def test_an_interrupted_call_leaves_no_answer_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(child: object) -> object:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(isolation, "_await_result", interrupted)
        with pytest.raises(KeyboardInterrupt):
            call_apart(spin, 0.0)
    assert call_apart(spin, 0.01) == 0.01


def test_a_process_that_cannot_begin_is_an_error_and_no_fault_of_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "_IDLE_SECONDS", -1.0)
    end_when_idle()
    monkeypatch.setattr("hunch.index.child._trusted_path", list)
    with pytest.raises(OSError, match="cannot be started"):
        read_apart("a.py", "python", PLAIN)
    monkeypatch.undo()
    assert read_apart("a.py", "python", PLAIN).problem is None


def test_it_runs_where_the_current_folder_holds_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "_IDLE_SECONDS", -1.0)
    end_when_idle()
    here = Path(psutil.__file__).parent.parent
    monkeypatch.chdir(here)
    assert str(here) in call_apart(environment)[0]
    assert read_apart("a.py", "python", PLAIN).problem is None
