"""The store's log is copied apart, and does not grow with what is written."""

from __future__ import annotations

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
