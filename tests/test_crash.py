"""What is left of an index whose process ended in the middle: killed at any moment, or stopped by Ctrl-C."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hunch.index.store import FileContent, open_for_reading

if TYPE_CHECKING:
    from conftest import RunHunch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs signals and /proc")

MakeWorkspace = Callable[..., Path]
ManyFiles = Callable[[int], dict[str, str]]

DATABASE = "index.db"
KILLS = 20
FILES = 260  # just enough for the index to save its search structures
WORKER_FILES = 420  # and for the run to start workers
SECONDS_TO_END = 5.0
MARK = "HUNCH_TEST_RUN"


def test_an_index_is_whole_after_a_kill_at_any_moment(
    run_hunch: RunHunch, make_workspace: MakeWorkspace, many_files: ManyFiles, tmp_path: Path
) -> None:
    # Workers take long to start: only some of the runs have them.
    roots = {1: make_workspace(many_files(FILES), name="alone"), 2: make_workspace(many_files(WORKER_FILES))}
    lengths: dict[int, tuple[float, float]] = {}
    expected: dict[int, dict[str, FileContent]] = {}
    for workers, root in roots.items():
        whole = type(run_hunch)(tmp_path / f"whole-{workers}")
        began = time.monotonic()
        process = whole.start("index", root, env={"HUNCH_WORKERS": str(workers)})
        opened = wait_for_database(whole, process)
        assert process.wait(timeout=300) == 0
        lengths[workers] = (opened - began, time.monotonic() - opened)
        expected[workers] = check_database(whole.index_folder(root))
    assert [len(contents) for contents in expected.values()] == [FILES, WORKER_FILES]

    def kill_and_go_on(number: int) -> float:
        workers = 2 if number % 4 == 3 else 1
        root = roots[workers]
        before, after = lengths[workers]
        # Each stretch of the run gets its kill, at a random moment of that stretch; two come before the first write.
        moment = (number + random.Random(number).random()) / KILLS
        run = type(run_hunch)(tmp_path / f"killed-{number}")
        mark = f"{tmp_path}-{number}"
        process = run.start("index", root, env={"HUNCH_WORKERS": str(workers), MARK: mark})
        try:
            if moment < 0.1:
                time.sleep(before * moment * 10)
            else:
                wait_for_database(run, process)
                time.sleep(after * (moment - 0.1) / 0.9)
        finally:
            process.kill()
            process.wait(timeout=60)
        check_nothing_runs(mark)
        done = 0
        if run.cache.exists() and any(run.cache.glob(f"*/{DATABASE}")):
            # On a copy: a connection of ours would repair the original before the next run does.
            copy = shutil.copytree(run.index_folder(root), tmp_path / f"copy-{number}")
            done = len(check_database(copy))
        resumed = run("index", root)
        assert (resumed.status, resumed.err) == (0, "")
        total = len(expected[workers])
        assert f"({total - done} read, 0 removed," in resumed.out
        # However many processes read the files, and however often they began, the index is the same.
        check_same(check_database(run.index_folder(root)), expected[workers])
        assert not [*run.cache.glob("*/*.tmp")], "what was half written is gone"
        return done / total

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(kill_and_go_on, range(KILLS)))
    assert any(0 < share < 1 for share in done), "some kills came in the middle"


@pytest.mark.parametrize("whom", ["the group", "the process"])
def test_ctrl_c_keeps_what_is_done(
    run_hunch: RunHunch, make_workspace: MakeWorkspace, many_files: ManyFiles, whom: str
) -> None:
    count = 800
    root = make_workspace(many_files(count))
    process = run_hunch.start("index", root, env={"HUNCH_WORKERS": "2", MARK: str(root)})
    try:
        wait_for_database(run_hunch, process)
        wait_for(lambda: bytes_written(run_hunch) > 200_000)
        interrupt(process, whom)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert b"chunks searchable" in out
    said = re.fullmatch(
        r"hunch: stopped: ([\d,]+) files are searchable, ([\d,]+) are left; the next run goes on from here\n",
        err.decode(),
    )
    assert said, err.decode()
    assert process.returncode == 130
    check_nothing_runs(str(root))
    searchable, left = (int(number.replace(",", "")) for number in said.groups())
    assert searchable + left == count
    assert searchable > 0
    assert left > 0
    found = run_hunch("search", "reserve item", "--root", root, "--no-update", "--json")
    assert found.hits
    resumed = run_hunch("index", root)
    assert f"({left:,} read, 0 removed," in resumed.out
    assert ": 800 files, 3,200 chunks searchable" in resumed.out


def test_ctrl_c_while_workers_start(run_hunch: RunHunch, make_workspace: MakeWorkspace, many_files: ManyFiles) -> None:
    root = make_workspace(many_files(WORKER_FILES))
    process = run_hunch.start("index", root, env={"HUNCH_WORKERS": "2", MARK: str(root)})
    try:
        wait_for_database(run_hunch, process)
        wait_for(lambda: len(marked(str(root))) > 1)
        time.sleep(0.05)
        interrupt(process, "the group")
        _, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert b"Traceback" not in err, err.decode()
    assert len(err.splitlines()) == 1, err.decode()
    assert b"files are searchable" in err
    assert process.returncode == 130
    check_nothing_runs(str(root))


def test_a_worker_that_is_killed_loses_nothing(
    run_hunch: RunHunch, make_workspace: MakeWorkspace, many_files: ManyFiles
) -> None:
    # The system ends a process that takes too much memory; it may be any of them.
    root = make_workspace(many_files(800))
    process = run_hunch.start("index", root, env={"HUNCH_WORKERS": "2", MARK: str(root)})
    try:
        wait_for_database(run_hunch, process)
        wait_for(lambda: bytes_written(run_hunch) > 200_000)
        workers = [pid for pid in marked(str(root)) if b"hunch.index.child" in command_line(pid)]
        assert workers
        os.kill(workers[0], signal.SIGKILL)
        _, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert b"Traceback" not in err, err.decode()
    assert len(err.splitlines()) <= 1, err.decode()
    assert process.returncode in (0, 2)
    assert process.returncode == 0 or err
    check_nothing_runs(str(root))
    check_database(run_hunch.index_folder(root))
    assert ": 800 files, 3,200 chunks searchable" in run_hunch("index", root).out


# ---- helpers ----


def check_database(folder: Path) -> dict[str, FileContent]:
    """The database is whole, and each file has all that belongs to it; return the files that have chunks."""
    database = folder / DATABASE
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()[0]
    if not tables:
        return {}  # killed before the schema was committed
    found = {}
    with closing(open_for_reading(database)) as store:
        known = store.known_files()
        contents = dict(store.contents([number for number, _ in known.values()]))
    for path, (number, record) in known.items():
        assert (number in contents) == (record.chunks > 0), path
        if record.chunks:
            content = contents.pop(number)
            assert len(content.records) == len(content.vectors) == len(content.postings) == record.chunks, path
            found[path] = content
    assert not contents
    return found


def check_same(contents: dict[str, FileContent], expected: dict[str, FileContent]) -> None:
    assert {path: content.records for path, content in contents.items()} == {
        path: content.records for path, content in expected.items()
    }
    for path, content in contents.items():
        other = expected[path]
        # How many chunks share a batch moves the last bit of an embedding.
        assert np.allclose(content.vectors, other.vectors, atol=2e-3), path
        for name in ("offsets", "terms", "impacts", "fields"):
            assert np.array_equal(getattr(content.postings, name), getattr(other.postings, name)), path


def wait_for_database(run: RunHunch, process: subprocess.Popen[bytes]) -> float:
    """Return the moment at which the database was there, or the process had ended without one."""
    wait_for(lambda: bytes_written(run) > 0 or process.poll() is not None)
    return time.monotonic()


def bytes_written(run: RunHunch) -> int:
    with suppress(OSError):
        return sum(file.stat().st_size for file in run.cache.glob(f"*/{DATABASE}*"))
    return 0


def wait_for(reached: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "never happened"
        time.sleep(0.005)


def interrupt(process: subprocess.Popen[bytes], whom: str) -> None:
    if whom == "the group":  # as a terminal does; the process leads a group of its own
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGINT)


def check_nothing_runs(mark: str) -> None:
    """Soon after, no process is left of the run that had this mark in its environment."""
    end = time.monotonic() + SECONDS_TO_END
    while running := marked(mark):
        assert time.monotonic() < end, [command_line(pid) for pid in running]
        time.sleep(0.02)


def marked(mark: str) -> list[int]:
    wanted = f"{MARK}={mark}\0".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                if wanted in (folder / "environ").read_bytes() + b"\0":
                    found.append(int(folder.name))
    return found


def command_line(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
