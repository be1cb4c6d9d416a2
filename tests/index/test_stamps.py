"""Edits that keep size and time stamp are seen: where the file system counts seconds, and after `cp -p`."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from hunch.index import stamps, writer
from hunch.index.records import unpack_record
from hunch.index.store import FileRecord, Store, open_in_memory
from hunch.index.writer import UpdateReport, update_store
from hunch.workspace.scan import Scan, read_source, scan

LONG_AGO = 1_700_000_000
SECOND = 1_000_000_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def store() -> Store:
    return open_in_memory("x")


def save(root: Path, name: str, path: str = "a.py") -> None:
    """Write a file of one function, of the same size for names of four letters and with the same time."""
    (root / path).write_text(f"def gate_{name}(x):\n    return x\n")
    os.utime(root / path, (LONG_AGO, LONG_AGO))


def run(root: Path, store: Store, **how: object) -> UpdateReport:
    return update_store(root, store, None, **how)  # type: ignore[arg-type]


def names(store: Store) -> set[str]:
    found = [one for _, content in store.contents(store.chunk_counts()) for one in map(unpack_record, content.records)]
    return {one.name for one in found if one.kind == "function"}


def in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let scans see stamps in whole seconds and no inodes, as of a simple file system."""

    def coarse(*arguments: object, **more: object) -> Scan:
        found = scan(*arguments, **more)  # type: ignore[arg-type]
        files = [
            file._replace(mtime_ns=LONG_AGO, ctime_ns=file.ctime_ns // SECOND * SECOND, inode=0) for file in found.files
        ]
        return replace(found, files=files)

    monkeypatch.setattr(writer, "scan", coarse)


def test_edits_within_one_second_are_seen_by_scans(whole_seconds: Path, store: Store) -> None:
    missed = []
    for i in range(25):
        (whole_seconds / "a.py").write_text(f"def gate_{i:04}(x):\n    return x\n")
        run(whole_seconds, store)
        if names(store) != {f"gate_{i:04}"}:
            missed.append(i)
    assert not missed
    assert (whole_seconds / "a.py").stat().st_mtime_ns % SECOND == 0, "the file system counts finer"


def test_edits_within_the_grain_are_seen_by_scans(root: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    in_seconds(monkeypatch)
    for i in range(25):
        save(root, f"{i:04}")
        run(root, store)
        assert names(store) == {f"gate_{i:04}"}


def test_an_edit_that_keeps_the_time_is_seen_by_a_scan(
    root: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps, "GRAIN_NS", 0)  # not for being young
    save(root, "open")
    run(root, store)
    time.sleep(0.02)  # the grain of the change time here
    save(root, "shut")
    run(root, store)
    assert names(store) == {"gate_shut"}


def test_a_file_moved_over_another_is_seen_by_its_inode(
    root: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps, "GRAIN_NS", 0)
    save(root, "open")
    run(root, store)
    (number, before) = store.known_files()["a.py"]
    save(root, "shut", "b.txt")
    (root / "b.txt").rename(root / "a.py")
    found = scan(root).files[0]
    store.touch_file(replace(before, ctime_ns=found.ctime_ns))  # as where renaming leaves the change time alone
    run(root, store)
    assert names(store) == {"gate_shut"} and store.known_files()["a.py"][0] != number


@pytest.mark.parametrize("how", [{"only": ["a.py"]}, {"named": ["a.py"]}, {"only": ["", "a.py"]}])
def test_an_event_always_reads(
    root: Path, store: Store, monkeypatch: pytest.MonkeyPatch, how: dict[str, object]
) -> None:
    """Whatever the stamps say: here they are all as they were, and old."""
    monkeypatch.setattr(stamps, "is_settled", lambda record: True)

    def frozen(*arguments: object, **more: object) -> Scan:
        found = scan(*arguments, **more)  # type: ignore[arg-type]
        return replace(found, files=[file._replace(ctime_ns=1, inode=1) for file in found.files])

    monkeypatch.setattr(writer, "scan", frozen)
    save(root, "open")
    run(root, store)
    save(root, "shut")
    run(root, store)
    assert names(store) == {"gate_open"}, "a scan cannot know"
    assert run(root, store, **how).read == 1
    assert names(store) == {"gate_shut"}
    before = store.known_files()
    assert run(root, store, **how).read == 0 and store.known_files() == before, "read, but found as it was"


def test_a_young_file_is_compared_until_its_stamp_is_old(
    root: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(root, "open")
    now = time.time_ns()
    run(root, store)
    checked: list[str] = []

    def note(folder: Path, path: str, *, is_wanted: bool) -> object:
        checked.append(path)
        return read_source(folder, path)

    monkeypatch.setattr(stamps, "read_source", note)
    run(root, store)
    assert checked == ["a.py"]
    assert not stamps.is_settled(record(store))
    monkeypatch.setattr(time, "time_ns", lambda: now + 10 * SECOND)
    run(root, store)
    assert checked == ["a.py"] * 2 and stamps.is_settled(record(store))
    run(root, store)
    assert checked == ["a.py"] * 2, "its stamps are believed from now on"


def record(store: Store) -> FileRecord:
    return store.known_files()["a.py"][1]


def test_a_young_file_that_does_not_count_stays_left_out(root: Path, store: Store) -> None:
    (root / "a.py").write_bytes(b"x = 1\0")
    run(root, store)
    before = store.known_files()
    report = run(root, store)
    assert (report.read, report.skipped) == (0, {"binary": 1}) and store.known_files() == before
    (root / "a.py").write_bytes(b"x = 1\n")
    assert run(root, store).read == 1 and record(store).skipped is None


def test_an_update_that_is_stopped_before_young_files_were_compared_is_not_complete(root: Path, store: Store) -> None:
    save(root, "open")
    run(root, store)
    report = run(root, store, stopped=lambda: True)
    assert (report.complete, report.left) == (False, 1)
    assert run(root, store).complete


@pytest.mark.parametrize("seconds", [2**40, 2**34, -(2**40), -5])
def test_any_time_that_somebody_has_set_can_be_kept(root: Path, store: Store, seconds: int) -> None:
    save(root, "open")
    os.utime(root / "a.py", (seconds, seconds))
    assert run(root, store).files == 1 and run(root, store).read == 0
