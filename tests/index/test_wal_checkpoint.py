"""The store's log is copied apart, and does not grow with what is written."""

from __future__ import annotations

import threading
from pathlib import Path

from pytest import MonkeyPatch

from hunch.index import wal_checkpoint
from hunch.index.store import open_for_reading, open_store
from hunch.index.wal_checkpoint import checkpoint_if_large


def log_of(database: Path) -> Path:
    return database.with_name(database.name + "-wal")


def test_a_large_log_is_copied_and_begins_anew(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setattr(wal_checkpoint, "_LARGE_BYTES", 200_000)
    database = tmp_path / "index.db"
    store, _ = open_store(database, "1:words-only")
    store.checkpoint_apart()
    running = None
    largest = 0
    for turn in range(200):
        store.set_meta("note", f"{turn}" * 10_000)
        running = checkpoint_if_large(database, running)
        if running is not None:
            running.join(10)
            assert not running.is_alive()
        largest = max(largest, log_of(database).stat().st_size)
    assert running is not None
    assert largest < 5_000_000 < 200 * 10_000 * 3  # what was written in all
    store.close()
    reader = open_for_reading(database)
    assert reader.get_meta("note") == "199" * 10_000
    reader.close()


def test_a_small_log_is_left_alone(tmp_path: Path) -> None:
    store, _ = open_store(tmp_path / "index.db", "1:words-only")
    store.checkpoint_apart()
    assert checkpoint_if_large(tmp_path / "index.db", None) is None
    assert checkpoint_if_large(tmp_path / "missing.db", None) is None
    store.close()


def test_the_log_is_copied_beyond_16_mb(tmp_path: Path) -> None:
    database = tmp_path / "index.db"
    store, _ = open_store(database, "1:words-only")
    store.checkpoint_apart()
    number = 0
    while log_of(database).stat().st_size < 15_000_000:
        store.set_meta(f"note {number}", "x" * 500_000)
        assert checkpoint_if_large(database, None) is None
        number += 1
    while log_of(database).stat().st_size <= 1 << 24:
        store.set_meta(f"note {number}", "x" * 500_000)
        number += 1
    running = checkpoint_if_large(database, None)
    assert running is not None
    running.join(10)
    assert not running.is_alive()
    store.set_meta("after", "x")  # the log begins anew with the next change
    assert database.stat().st_size > 15_000_000
    store.close()


def test_one_checkpoint_at_a_time(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setattr(wal_checkpoint, "_LARGE_BYTES", 1_000)
    database = tmp_path / "index.db"
    store, _ = open_store(database, "1:words-only")
    store.checkpoint_apart()
    store.set_meta("note", "x" * 10_000)
    may_end = threading.Event()
    running = threading.Thread(target=may_end.wait, args=(10,))
    running.start()
    assert checkpoint_if_large(database, running) is running
    may_end.set()
    running.join(10)
    following = checkpoint_if_large(database, running)
    assert following is not None and following is not running
    following.join(10)
    store.close()
