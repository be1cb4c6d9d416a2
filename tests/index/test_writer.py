"""What an update reads, encodes, keeps and forgets."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hunch.index import prepare, stamps
from hunch.index.prepare import digest_of
from hunch.index.store import FileRecord, Store, open_in_memory
from hunch.index.writer import Progress, UpdateReport, update_store
from hunch.model.bundle import load_bundle
from hunch.model.encoder import Encoder
from hunch.workspace.scan import RootError

ENCODER = Encoder(load_bundle(verify=False))


def python(i: int, word: str = "add") -> str:
    return f"def {word}_{i}(value):\n    '''{word.title()} {i} to a value.'''\n    return value + {i}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Five small files."""
    root = tmp_path / "root"
    for i in range(5):
        write(root, f"pkg/f{i}.py", python(i))
    return root


@pytest.fixture
def store() -> Store:
    return open_in_memory("x")


def write(root: Path, path: str, content: str | bytes) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


def touch(root: Path, path: str, seconds: int = 7) -> None:
    before = (root / path).stat()
    os.utime(root / path, ns=(before.st_atime_ns, before.st_mtime_ns + seconds * 1_000_000_000))


def run(
    root: Path,
    store: Store,
    encoder: Encoder | None = ENCODER,
    *,
    workers: int = 1,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    stopped: Callable[[], bool] = lambda: False,
) -> UpdateReport:
    return update_store(root, store, encoder, workers=workers, on_progress=on_progress, stopped=stopped)


def records(store: Store) -> dict[str, FileRecord]:
    return {path: record for path, (_, record) in store.known_files().items()}


def check_idle(root: Path, store: Store) -> None:
    """Nothing is left to do."""
    before = store.known_files()
    report = run(root, store)
    assert (report.read, report.removed, report.chunks_encoded, report.left) == (0, 0, 0, 0)
    assert report.complete and store.known_files() == before


def check_equal(one: Store, other: Store) -> None:
    """Two stores hold the same files, whatever the ids."""
    assert records(one) == records(other)
    for path, (number, _) in one.known_files().items():
        found = next((content for _, content in one.contents([number])), None)
        twin = next((content for _, content in other.contents([other.known_files()[path][0]])), None)
        assert (found is None) == (twin is None)
        if found is not None and twin is not None:
            assert found.records == twin.records
            np.testing.assert_allclose(found.vectors.astype(float), twin.vectors.astype(float), atol=2e-3)
            for name in ("offsets", "terms", "impacts", "fields"):
                np.testing.assert_array_equal(getattr(found.postings, name), getattr(twin.postings, name))


def test_the_first_update_reads_everything(root: Path, store: Store) -> None:
    report = run(root, store)
    assert (report.files, report.read, report.removed, report.complete, report.left) == (5, 5, 0, True, 0)
    assert report.chunks == report.chunks_encoded == store.counts()[1] >= 10
    assert report.seconds > 0 and report.warnings == [] and report.skipped == {}
    assert list(records(store)) == [f"pkg/f{i}.py" for i in range(5)]
    for _, content in store.contents(store.chunk_counts()):
        assert content.vectors.shape == (len(content.records), ENCODER.dim)
        np.testing.assert_allclose(np.linalg.norm(content.vectors.astype(float), axis=1), 1, atol=1e-2)


def test_nothing_changed_means_nothing_read(root: Path, store: Store) -> None:
    run(root, store)
    check_idle(root, store)


@pytest.mark.skipif(os.name == "nt", reason="the files stay readable there")
def test_nothing_changed_opens_no_file(root: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamps, "GRAIN_NS", 0)  # the files are young, see test_stamps
    run(root, store)

    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError("a file was read")

    monkeypatch.setattr(prepare, "read_source", refuse)
    monkeypatch.setattr(stamps, "read_source", refuse)
    check_idle(root, store)
    touch(root, "pkg/f1.py")
    with pytest.raises(AssertionError, match="was read"):
        run(root, store)


def test_a_touched_file_is_read_but_not_encoded(root: Path, store: Store) -> None:
    run(root, store)
    before = store.known_files()
    touch(root, "pkg/f1.py")
    report = run(root, store)
    assert (report.read, report.chunks_encoded) == (1, 0)
    after = store.known_files()
    assert {path: number for path, (number, _) in after.items()} == {
        path: number for path, (number, _) in before.items()
    }
    assert after["pkg/f1.py"][1].mtime_ns == before["pkg/f1.py"][1].mtime_ns + 7_000_000_000
    check_idle(root, store)


def test_an_edited_file_is_encoded_alone(root: Path, store: Store) -> None:
    run(root, store)
    before = store.known_files()
    write(root, "pkg/f1.py", python(1) + "\n\n" + python(9, "subtract"))
    report = run(root, store)
    after = store.known_files()
    assert report.read == 1 and report.chunks_encoded == after["pkg/f1.py"][1].chunks == 3
    assert after["pkg/f1.py"][0] > max(number for number, _ in before.values())
    assert {path: entry for path, entry in after.items() if path != "pkg/f1.py"} == {
        path: entry for path, entry in before.items() if path != "pkg/f1.py"
    }
    check_idle(root, store)


def test_an_edit_of_the_same_size_is_seen_by_its_time(root: Path, store: Store) -> None:
    run(root, store)
    digest = records(store)["pkg/f1.py"].digest
    write(root, "pkg/f1.py", python(1).replace("+ 1", "- 1"))
    touch(root, "pkg/f1.py")
    assert run(root, store).read == 1
    assert records(store)["pkg/f1.py"].digest != digest


def test_an_older_time_is_another_time(root: Path, store: Store) -> None:
    run(root, store)
    touch(root, "pkg/f1.py", -1_000)
    assert run(root, store).read == 1
    check_idle(root, store)


def test_a_deleted_file_is_forgotten(root: Path, store: Store) -> None:
    run(root, store)
    (root / "pkg/f1.py").unlink()
    report = run(root, store)
    assert (report.read, report.removed, report.files) == (0, 1, 4)
    assert "pkg/f1.py" not in records(store)
    check_idle(root, store)


def test_a_deleted_folder_is_forgotten(root: Path, store: Store) -> None:
    write(root, "other.py", python(9))
    run(root, store)
    for file in (root / "pkg").iterdir():
        file.unlink()
    (root / "pkg").rmdir()
    assert run(root, store).removed == 5
    assert list(records(store)) == ["other.py"]


def test_a_renamed_file_is_found_under_its_new_name(root: Path, store: Store) -> None:
    run(root, store)
    (root / "pkg/f1.py").rename(root / "pkg/renamed.py")
    report = run(root, store)
    assert (report.read, report.removed, report.files) == (1, 1, 5)
    assert "pkg/renamed.py" in records(store) and "pkg/f1.py" not in records(store)
    check_idle(root, store)


def test_two_files_that_swap_their_names(root: Path, store: Store) -> None:
    write(root, "pkg/f1.py", python(1) + "# longer\n")
    run(root, store)
    one, two = records(store)["pkg/f1.py"].digest, records(store)["pkg/f2.py"].digest
    (root / "pkg/f1.py").rename(root / "x")
    (root / "pkg/f2.py").rename(root / "pkg/f1.py")
    (root / "x").rename(root / "pkg/f2.py")
    run(root, store)
    assert (records(store)["pkg/f1.py"].digest, records(store)["pkg/f2.py"].digest) == (two, one)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"\x00\x01\x02" * 99, "binary"), (b"\n \n", "empty"), (b"# This file is auto-generated\nx = 1\n", "generated")],
)
def test_a_file_that_stops_counting_and_counts_again(root: Path, store: Store, content: bytes, reason: str) -> None:
    run(root, store)
    write(root, "pkg/f1.py", content)
    report = run(root, store)
    assert (report.files, report.read, report.skipped) == (4, 1, {reason: 1})
    record = records(store)["pkg/f1.py"]
    assert (record.skipped, record.chunks) == (reason, 0)
    report = run(root, store)
    assert (report.read, report.skipped) == (0, {reason: 1}), "it is counted again without being read"
    write(root, "pkg/f1.py", python(1) + "# back again\n")
    report = run(root, store)
    assert (report.files, report.read, report.skipped) == (5, 1, {})


def test_another_language_is_another_content(root: Path, store: Store) -> None:
    run(root, store)
    number, record = store.known_files()["pkg/f1.py"]
    ((_, content),) = store.contents([number])
    store.replace_file(replace(record, language="ruby"), content)  # as an earlier table of languages had it
    report = run(root, store)
    assert report.read == 1 and report.chunks_encoded == record.chunks
    assert records(store)["pkg/f1.py"] == record
    check_idle(root, store)


def test_a_script_that_changes_its_interpreter(root: Path, store: Store) -> None:
    write(root, "tool", "#!/usr/bin/env python3\ndef go():\n    return 'the way'\n")
    run(root, store)
    assert records(store)["tool"].language == "python"
    write(root, "tool", "#!/bin/sh\ngo() {\n    echo the way\n}\n")
    run(root, store)
    assert records(store)["tool"].language == "bash"


def test_an_ignored_file_goes(root: Path, store: Store) -> None:
    run(root, store)
    write(root, ".gitignore", "f1.py\n!\n")
    report = run(root, store)
    assert report.removed == 1 and report.skipped["ignored"] == 1 and len(report.warnings) == 1


@pytest.mark.parametrize("after", [0, 1, 3, 4])
def test_a_stopped_update_keeps_what_is_done_and_goes_on(root: Path, store: Store, after: int) -> None:
    report = run(root, store, stopped=lambda: store.counts()[0] >= after)
    assert (report.complete, report.read, report.left) == (False, after, 5 - after)
    assert list(records(store)) == [f"pkg/f{i}.py" for i in range(after)]
    report = run(root, store)
    assert (report.complete, report.read, report.files) == (True, 5 - after, 5)
    check_idle(root, store)


def test_stopping_with_nothing_left_is_completing(root: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamps, "GRAIN_NS", 0)
    run(root, store)
    assert run(root, store, stopped=lambda: True).complete


def test_progress_counts_up_to_the_whole(root: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "_BATCH_FILES", 2)
    seen: list[Progress] = []
    run(root, store, on_progress=seen.append)
    assert seen[0] == Progress(0, 0, "")
    counting = [progress for progress in seen if not progress.total]
    working = seen[len(counting) :]
    assert seen[: len(counting)] == counting and counting[-1].done == 5
    assert [(progress.done, progress.total) for progress in working] == [(2, 5), (4, 5), (5, 5)]
    assert [progress.path for progress in working] == ["pkg/f1.py", "pkg/f3.py", "pkg/f4.py"]
    seen.clear()
    run(root, store, on_progress=seen.append)
    assert not any(progress.total for progress in seen)


def test_words_alone_need_no_model(root: Path, store: Store) -> None:
    report = run(root, store, None)
    assert report.files == 5
    for _, content in store.contents(store.chunk_counts()):
        assert content.vectors.shape == (len(content.records), 0) and len(content.postings.terms)


def test_workers_make_the_same_index(root: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "MIN_FILES_FOR_WORKERS", 4)
    monkeypatch.setattr(prepare, "_BATCH_FILES", 3)
    for i in range(20):
        write(root, f"more/g{i}.py", python(i, "divide") * (1 + i % 3))
    write(root, "more/binary.py", b"\x00" * 100)
    other = open_in_memory("x")
    one, two = run(root, store, workers=1), run(root, other, workers=2)
    assert replace(one, seconds=0) == replace(two, seconds=0)
    check_equal(store, other)


def test_many_updates_are_one_from_scratch(root: Path, store: Store) -> None:
    run(root, store)
    write(root, "pkg/f1.py", python(1, "negate"))
    touch(root, "pkg/f1.py")
    run(root, store)
    (root / "pkg/f2.py").rename(root / "moved.py")
    write(root, "new.go", "package x\n\n// Sum adds.\nfunc Sum(a, b int) int { return a + b }\n")
    touch(root, "pkg/f3.py")
    run(root, store)
    (root / "pkg/f4.py").unlink()
    run(root, store)
    fresh = open_in_memory("x")
    run(root, fresh)
    check_equal(store, fresh)


def test_a_root_that_has_gone_loses_nothing(root: Path, store: Store) -> None:
    run(root, store)
    before = store.known_files()
    root.rename(root.with_name("elsewhere"))
    with pytest.raises(RootError):
        run(root, store)
    assert store.known_files() == before


def test_an_empty_root(tmp_path: Path, store: Store) -> None:
    report = run(tmp_path, store)
    assert (report.files, report.chunks, report.complete) == (0, 0, True)


def test_a_save_inside_an_update_is_not_overwritten_by_older_text(root: Path) -> None:
    (root / "a.py").write_text("def first(x):\n    return x\n", encoding="utf-8")
    store = open_in_memory("x")
    done: list[bool] = []

    def stopped() -> bool:
        if not done:
            done.append(True)
            (root / "a.py").write_text("def second_text(x):\n    return x\n", encoding="utf-8")
            update_store(root, store, None, only=["a.py"])
        return False

    report = update_store(root, store, None, stopped=stopped)
    assert report.overtaken == ["a.py"]
    known = store.known_file("a.py")
    assert known is not None and known.digest == digest_of((root / "a.py").read_bytes())


def test_a_file_that_is_written_while_a_scan_runs_is_not_taken_for_gone(root: Path) -> None:
    for i in range(1_200):
        (root / f"f{i}.py").write_text(f"x = {i}\n", encoding="utf-8")
    store = open_in_memory("x")
    done: list[bool] = []

    def progress(now: Progress) -> None:
        if not done and now.done:
            done.append(True)
            (root / "new.py").write_text("def brand_new(x):\n    return x\n", encoding="utf-8")
            update_store(root, store, None, only=["new.py"])

    update_store(root, store, None, on_progress=progress)
    assert done and store.known_file("new.py") is not None
