"""A live workspace stays true: saves, unsaved text, floods of changes, pauses, rebuilds, two processes."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from hunch import engine as engine_module
from hunch.engine import DATABASE, SEGMENT_NOTICE, Engine, answer, compute_contextual, open_engine, update
from hunch.index import building
from hunch.index.child import Child
from hunch.index.integrity import Damage
from hunch.index.isolation import child_id
from hunch.index.policy import COMMAND_POLICY, SERVER_POLICY, ReaderPolicy
from hunch.index.records import ChunkRecord
from hunch.index.segment_files import check_segments
from hunch.index.snapshot import Snapshot
from hunch.index.store import damage_of, open_for_reading
from hunch.index.writer import UpdateReport
from hunch.live import LiveOptions, LiveWorkspace, Phase, Status, indexer
from hunch.live.mending import REPLACED
from hunch.search.query import QueryError, parse_query
from hunch.search.search import Answer
from hunch.settings import CACHE_VARIABLE, workspace_cache

SECONDS = 60.0
BUSY = LiveOptions(cpu_share=1.0)


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for i in range(5):
        write(tmp_path / "root", f"lib/module{i}.py", function(f"measure_{i}"))
    return tmp_path / "root"


@pytest.fixture
def workspace(root: Path) -> Iterator[LiveWorkspace]:
    one = LiveWorkspace(root, BUSY)
    one.start()
    until(lambda: one.status.phase is Phase.READY)
    yield one
    one.close()


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


def function(name: str) -> str:
    return f"def {name}(width):\n    '''Tell how wide the {name.replace('_', ' ')} is.'''\n    return width\n"


def until(condition: Callable[[], object]) -> bool:
    """Wait for a condition; fail when it does not come."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)
    return True


def wait_until_ready(one: LiveWorkspace) -> None:
    until(lambda: one.status.phase is Phase.READY)


def names(snapshot: Snapshot) -> set[str]:
    return {record.name for _, record in records(snapshot)}


def records(snapshot: Snapshot) -> list[tuple[str, ChunkRecord]]:
    return [
        (snapshot.path(view.start + i), snapshot.record(view.start + i))
        for view in snapshot.views
        for i in range(len(view.segment))
        if view.live_docs is None or view.live_docs[i]
    ]  # fmt: skip


def fresh(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ChunkRecord]]:
    """What an index built from scratch holds."""
    with monkeypatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(tmp_path / f"fresh-{time.monotonic_ns()}"))
        with open_engine(root) as engine:
            update(engine, workers=1)
            return sorted(records(engine.snapshot), key=repr)


def test_it_opens_indexes_and_answers(workspace: LiveWorkspace, root: Path) -> None:
    answer = workspace.ask(parse_query("how wide is measure 3"))
    assert answer.hits[0].record.name == "measure_3" and answer.complete
    status = workspace.status
    assert status.writer and status.complete and status.files == 5 and status.message == "The index is up to date"
    assert not [path for path in root.rglob("*") if path.suffix not in (".py", "")]


def test_a_start_without_changes_reads_nothing(root: Path) -> None:
    seen: list[Status] = []
    for _ in range(2):
        seen.clear()
        one = LiveWorkspace(root, BUSY, on_status=seen.append)
        one.start()
        wait_until_ready(one)
        one.close()
    assert not [status for status in seen if status.total], "files were indexed again"
    assert all(status.complete for status in seen if status.phase is Phase.READY)


def test_saved_new_and_deleted_files_count(workspace: LiveWorkspace, root: Path) -> None:
    write(root, "lib/module0.py", function("weigh"))
    write(root, "new.py", function("brand_new"))
    (root / "lib/module1.py").unlink()
    workspace.mark(["lib/module0.py", "new.py"], urgent=True)
    workspace.mark(["lib/module1.py"])
    assert until(lambda: {"weigh", "brand_new"} <= names(workspace.snapshot))
    assert until(lambda: not {"measure_0", "measure_1"} & names(workspace.snapshot))


def test_while_not_all_changes_are_seen_the_folder_is_scanned_more_often(
    workspace: LiveWorkspace, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer, "_UNWATCHED_SECONDS", 0.1)
    workspace.note_unwatched("changes are not watched")
    until(lambda: workspace.status.notices == ("changes are not watched",))
    write(root, "lib/module0.py", function("weigh"))
    assert until(lambda: "weigh" in names(workspace.snapshot)), "nobody told of it"
    workspace.note_unwatched("")
    until(lambda: workspace.status.notices == ())


def test_a_folder_stands_for_all_in_it(workspace: LiveWorkspace, root: Path) -> None:
    (root / "lib").rename(root / "core")
    workspace.mark(["lib", "core"])
    assert until(lambda: {path for path, _ in records(workspace.snapshot)} == {f"core/module{i}.py" for i in range(5)})


def test_ignored_paths_are_left_out_and_a_changed_ignore_file_counts(workspace: LiveWorkspace, root: Path) -> None:
    write(root, ".gitignore", "out/\nlib/module2.py\n")
    write(root, "out/made.py", function("made"))
    write(root, "kept.py", function("kept"))
    workspace.mark(["out/made.py", "kept.py", ""])
    assert until(lambda: "kept" in names(workspace.snapshot) and "measure_2" not in names(workspace.snapshot))
    assert "made" not in names(workspace.snapshot)


def test_unsaved_text_counts_until_it_is_dropped(workspace: LiveWorkspace, root: Path) -> None:
    workspace.put_unsaved("lib/module0.py", function("unsaved_thing"))
    assert until(lambda: "unsaved_thing" in names(workspace.snapshot))
    assert "measure_0" not in names(workspace.snapshot)
    assert workspace.chunk_at("lib/module0.py", 2) is not None
    assert workspace.ask(parse_query("unsaved thing")).hits[0].path == "lib/module0.py"
    workspace.drop_unsaved("lib/module0.py")
    assert until(lambda: "measure_0" in names(workspace.snapshot))
    assert "unsaved_thing" not in names(workspace.snapshot)
    assert (root / "lib/module0.py").read_text(encoding="utf-8") == function("measure_0")


def test_unsaved_text_stays_above_what_changes_on_disk(workspace: LiveWorkspace, root: Path) -> None:
    workspace.put_unsaved("lib/module0.py", function("in_the_editor"))
    assert until(lambda: "in_the_editor" in names(workspace.snapshot))
    write(root, "lib/module0.py", function("on_the_disk"))
    write(root, "marker.py", function("marker"))
    workspace.mark(["lib/module0.py", "marker.py"])
    assert until(lambda: "marker" in names(workspace.snapshot))
    assert "in_the_editor" in names(workspace.snapshot) and "on_the_disk" not in names(workspace.snapshot)
    workspace.drop_unsaved("lib/module0.py")
    assert until(lambda: "on_the_disk" in names(workspace.snapshot))


def test_a_saved_buffer_counts_once(workspace: LiveWorkspace, root: Path) -> None:
    workspace.put_unsaved("lib/module0.py", function("saved_soon"))
    assert until(lambda: "saved_soon" in names(workspace.snapshot))
    write(root, "lib/module0.py", function("saved_soon"))
    workspace.mark(["lib/module0.py"], urgent=True)
    assert until(
        lambda: len(workspace.snapshot.views) and all(v.segment.file_ids.min() > 0 for v in workspace.snapshot.views)
    )
    assert [record for path, record in records(workspace.snapshot) if path == "lib/module0.py"]
    assert len([1 for _, record in records(workspace.snapshot) if record.name == "saved_soon"]) == 1


def test_unsaved_text_of_ignored_or_foreign_files_does_not_count(workspace: LiveWorkspace, root: Path) -> None:
    write(root, ".gitignore", "out/\n")
    write(root, "out/made.py", function("made"))
    workspace.put_unsaved("out/made.py", function("made_anew"))
    workspace.put_unsaved("notes.bin", function("no_code"))
    workspace.put_unsaved("lib/module4.py", "# Code generated by a tool. DO NOT EDIT.\n" + function("generated_one"))
    workspace.put_unsaved("untitled.py", function("never_saved"))
    assert until(lambda: "never_saved" in names(workspace.snapshot))
    assert not {"made_anew", "no_code", "generated_one", "measure_4"} & names(workspace.snapshot)


def test_similar_code_is_found_for_unsaved_text(workspace: LiveWorkspace) -> None:
    workspace.put_unsaved("lib/module0.py", function("measure_it"))
    answer = workspace.similar("lib/module0.py", 1)
    assert answer.hits and all(hit.path != "lib/module0.py" for hit in answer.hits)
    with pytest.raises(QueryError):
        workspace.similar("lib/nowhere.py", 1)


@pytest.mark.parametrize("largest", [200_000, 300])
def test_a_flood_of_changes_ends_in_what_a_fresh_index_holds(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, largest: int
) -> None:
    policy = replace(SERVER_POLICY, least_outside_busy=100, least_outside=50, largest_segment=largest)
    monkeypatch.setattr(indexer, "SERVER_POLICY", policy)
    monkeypatch.setattr(building, "_RETRY_SECONDS", 0.1)
    workspace = LiveWorkspace(root, BUSY)
    workspace.start()
    wait_until_ready(workspace)
    for i in range(700):
        write(root, f"many/part{i % 7}/file{i}.py", function(f"count_{i}"))
    workspace.mark(["many"])
    write(root, "urgent.py", function("urgent_one"))
    workspace.mark(["urgent.py"], urgent=True)
    assert until(lambda: "urgent_one" in names(workspace.snapshot))
    assert until(lambda: workspace.status.files == 706 and workspace.status.phase is Phase.READY)
    assert until(lambda: len(list(workspace_cache(root).glob("segment-*.hunch"))) >= 1_400 // largest)
    for i in range(0, 700, 3):
        (root / f"many/part{i % 7}/file{i}.py").unlink()
    shutil.move(root / "many/part1", root / "moved")
    workspace.mark(["many", "moved"])
    expected = fresh(root, tmp_path, monkeypatch)
    assert until(lambda: sorted(records(workspace.snapshot), key=repr) == expected)


def test_pause_stops_the_backlog_but_not_what_was_just_saved(workspace: LiveWorkspace, root: Path) -> None:
    workspace.pause()
    assert until(lambda: workspace.status.phase is Phase.PAUSED)
    assert workspace.status.paused_by == "user"
    write(root, "later.py", function("later"))
    write(root, "now.py", function("now_saved"))
    workspace.mark(["later.py"])
    workspace.mark(["now.py"], urgent=True)
    assert until(lambda: "now_saved" in names(workspace.snapshot))
    assert "later" not in names(workspace.snapshot)
    workspace.resume()
    assert until(lambda: "later" in names(workspace.snapshot))


def test_an_update_that_is_cancelled_says_how_far_it_came_and_goes_on_later(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for i in range(900):
        write(root, f"f{i}.py", "\n\n".join(function(f"part_{i}_{j}") for j in range(20)))
    one = LiveWorkspace(root, BUSY)
    one.start()
    assert until(lambda: one.status.total)
    one.cancel()
    assert until(lambda: one.status.phase is Phase.PAUSED)
    assert not one.status.complete and "of 900 files are done" in one.status.message
    assert not one.ask(parse_query("part")).complete
    one.resume()
    assert until(lambda: one.status.complete and one.status.phase is Phase.READY)
    assert one.status.files == 900
    one.close()


def test_a_rebuild_ends_in_the_same_index(workspace: LiveWorkspace) -> None:
    before = sorted(records(workspace.snapshot), key=repr)
    generation = workspace.status.generation
    workspace.rebuild()
    assert until(lambda: workspace.status.generation > generation and workspace.status.complete)
    assert until(lambda: sorted(records(workspace.snapshot), key=repr) == before)


def test_battery_pauses_when_asked(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Battery:
        power_plugged = False

    monkeypatch.setattr("psutil.sensors_battery", lambda: Battery)
    one = LiveWorkspace(root, LiveOptions(pause_on_battery=True))
    one.start()
    assert until(lambda: one.status.phase is Phase.PAUSED)
    assert one.status.paused_by == "battery" and "battery" in one.status.message
    one.close()


def test_a_follower_sees_what_the_writer_writes_and_takes_over(root: Path) -> None:
    first, second = LiveWorkspace(root, BUSY), LiveWorkspace(root, BUSY)
    first.start()
    assert until(lambda: first.status.phase is Phase.READY)
    second.start()
    assert until(lambda: second.status.phase is Phase.FOLLOWING and second.status.complete)
    assert not second.status.writer and "measure_0" in names(second.snapshot)
    write(root, "new.py", function("brand_new"))
    first.mark(["new.py"], urgent=True)
    assert until(lambda: "brand_new" in names(second.snapshot))
    (root / "new.py").unlink()
    first.mark(["new.py"], urgent=True)
    assert until(lambda: "brand_new" not in names(second.snapshot))
    second.put_unsaved("lib/module0.py", function("unsaved_here"))
    assert until(lambda: "unsaved_here" in names(second.snapshot))
    first.close()
    write(root, "late.py", function("late_one"))
    assert until(lambda: second.status.writer and "late_one" in names(second.snapshot))
    assert "unsaved_here" in names(second.snapshot)
    second.close()


def test_a_damaged_index_is_made_anew(root: Path) -> None:
    with open_engine(root) as engine:
        update(engine)
        database = engine.cache / DATABASE
    database.write_bytes(b"no database" * 1000)
    one = LiveWorkspace(root, BUSY)
    one.start()
    assert until(lambda: one.status.phase is Phase.READY and one.status.files == 5)
    one.close()


def index_with_a_base(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Index enough for arrays that are read block by block, and return the segment's file."""
    for i in range(40):
        write(root, f"more/module{i}.py", "\n\n".join(function(f"weigh_{i}_{j}") for j in range(10)))
    with monkeypatch.context() as patch:
        patch.setattr(engine_module, "COMMAND_POLICY", replace(COMMAND_POLICY, least_outside=20))
        with open_engine(root) as engine:
            update(engine, workers=1)
    (file,) = workspace_cache(root).glob("segment-*")
    return file


@pytest.mark.parametrize("how", ["cut off", "zeroed", "deleted", "garbage"])
def test_a_segment_that_is_damaged_under_a_running_server_gives_no_wrong_answer(
    root: Path, monkeypatch: pytest.MonkeyPatch, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = index_with_a_base(root, monkeypatch)
    one = LiveWorkspace(root, LiveOptions(cpu_share=1.0, scan_seconds=0.2, contextual_embeddings=False))
    one.start()
    wait_until_ready(one)
    size = file.stat().st_size
    if how == "cut off":
        os.truncate(file, size // 3)  # of a file that is mapped, this would end the process by SIGBUS
    elif how == "deleted":
        file.unlink()
    else:
        file.write_bytes(bytes(size) if how == "zeroed" else os.urandom(size))
    for i in range(0, 40, 3):
        answer = one.ask(parse_query(f"weigh_{i}_7"))
        assert not answer.complete or answer.hits[0].record.name == f"weigh_{i}_7"
    until(lambda: how == "deleted" or SEGMENT_NOTICE in one.status.notices)
    until(lambda: one.status.phase is Phase.READY and one.status.complete)
    assert len(names(one.snapshot)) > 400
    assert [damaged for damaged in check_segments(workspace_cache(root)) if damaged] == []
    assert how == "deleted" or any("made again" in line for line in caplog.messages)
    one.close(10)


def test_rows_that_are_damaged_under_a_running_server_are_made_again(root: Path) -> None:
    one = LiveWorkspace(root, LiveOptions(cpu_share=1.0, scan_seconds=0.2, contextual_embeddings=False))
    one.start()
    until(lambda: one.status.phase is Phase.READY and one.status.complete)
    before = sorted(records(one.snapshot), key=repr)
    with closing(sqlite3.connect(workspace_cache(root) / DATABASE, timeout=30)) as connection, connection:
        connection.execute("UPDATE contents SET vectors = zeroblob(length(vectors)) WHERE file_id = 2")
    until(lambda: any("1 file was damaged" in notice for notice in one.status.notices))
    until(lambda: one.status.phase is Phase.READY and sorted(records(one.snapshot), key=repr) == before)
    until(lambda: not damage_of_closed(root) and len(ids_in(root)) == 5)
    one.close(10)
    with open_engine(root) as engine:
        assert not engine.notices and not engine.is_unclean
        assert len(ids_in(root)) == 5 and 2 not in ids_in(root)


def ids_in(root: Path) -> set[int]:
    with closing(open_for_reading(workspace_cache(root) / DATABASE)) as store:
        return set(store.chunk_counts())


def damage_of_closed(root: Path) -> Damage:
    with closing(open_for_reading(workspace_cache(root) / DATABASE)) as store:
        return damage_of(store)


@pytest.mark.skipif(sys.platform == "win32", reason="a file that is mapped cannot be cut off there")
def test_an_index_of_the_log_that_is_cut_off_does_not_end_the_server(root: Path) -> None:
    # It would be ended by SIGBUS, so this happens in a process of its own.
    program = (
        "import os, sys, time\nfrom pathlib import Path\nfrom hunch.live import *\n"
        "from hunch.settings import workspace_cache\n"
        "root = Path(sys.argv[1])\n"
        "one = LiveWorkspace(root, LiveOptions(contextual_embeddings=False))\none.start()\n"
        "while not (one.status.phase is Phase.READY and one.status.complete): time.sleep(0.05)\n"
        "for number in range(3):\n"
        "    time.sleep(1.2)\n"
        "    os.truncate(workspace_cache(root) / 'index.db-shm', 0)\n"
        "    (root / f'late{number}.py').write_text(f'def late_{number}(): pass')\n"
        "    one.mark([f'late{number}.py'], urgent=True)\n"
        "    while one.status.files < 6 + number: time.sleep(0.05)\n"
        "one.close(10)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(root)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    with open_engine(root) as engine:
        assert len(engine.store.known_files()) == 8 and not damage_of(engine.store)


@pytest.mark.skipif(sys.platform == "win32", reason="a file that is open cannot be cut off there")
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_log_that_is_cut_off_under_an_idle_server_is_made_again(root: Path, share: float) -> None:
    one = LiveWorkspace(root, LiveOptions(cpu_share=1.0, scan_seconds=0.5, contextual_embeddings=False))
    one.start()
    until(lambda: one.status.phase is Phase.READY and one.status.complete)
    write(root, "late.py", function("late_one"))
    one.mark(["late.py"], urgent=True)
    until(lambda: "late_one" in names(one.snapshot))
    before, log = sorted(records(one.snapshot), key=repr), workspace_cache(root) / f"{DATABASE}-wal"
    assert log.stat().st_size
    os.truncate(log, int(log.stat().st_size * share))

    def is_whole() -> bool:  # as a connection of this process sees it, which shares the index of the log
        try:
            with closing(open_for_reading(log.with_name(DATABASE))) as store:
                return len(store.known_files()) == 6 and not damage_of(store)
        except sqlite3.Error:
            return False

    try:
        until(is_whole)
        until(lambda: one.status.phase is Phase.READY and one.status.complete and one.status.writer)
        assert sorted(records(one.snapshot), key=repr) == before
    finally:
        one.close(10)
    with open_engine(root) as engine:
        assert len(engine.store.known_files()) == 6 and not damage_of(engine.store)


@pytest.mark.parametrize("what", ["the folder", "the cache", "the database", "the log"])
def test_a_cache_that_is_deleted_under_a_running_server_is_made_again(root: Path, what: str) -> None:
    one = LiveWorkspace(root, LiveOptions(cpu_share=1.0, scan_seconds=0.5, contextual_embeddings=False))
    one.start()
    until(lambda: one.status.phase is Phase.READY and one.status.complete)
    before, cache = sorted(records(one.snapshot), key=repr), workspace_cache(root)
    if what in ("the folder", "the cache"):
        shutil.rmtree(cache if what == "the folder" else cache.parent)
    else:
        (cache / (DATABASE if what == "the database" else f"{DATABASE}-wal")).unlink()
    until(lambda: REPLACED in one.status.notices)
    until(lambda: one.status.phase is Phase.READY and one.status.complete and one.status.writer)
    assert sorted(records(one.snapshot), key=repr) == before
    assert (cache / DATABASE).exists() and not damage_of_closed(root)
    write(root, "later.py", function("later_one"))
    one.mark(["later.py"], urgent=True)
    until(lambda: "later_one" in names(one.snapshot))
    one.close(10)
    with open_engine(root) as engine:
        assert len(engine.store.known_files()) == 6


def test_an_error_that_is_no_damage_rebuilds_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_engine(root) as engine:
        update(engine)
        identity = engine.store.identity
    failed: list[float] = []

    def fail(*arguments: object, **named: object) -> UpdateReport:
        failed.append(time.monotonic())
        raise sqlite3.IntegrityError("UNIQUE constraint failed: files.path")

    one = LiveWorkspace(root, BUSY)
    with monkeypatch.context() as patch:
        patch.setattr(indexer, "update_store", fail)
        one.start()
        until(lambda: one.status.phase is Phase.PROBLEM)
        time.sleep(1.0)
        assert len(failed) == 1 and "IntegrityError" in one.status.message
    one.close(10)
    with open_engine(root) as engine:
        assert engine.store.identity == identity and len(engine.store.known_files()) == 5


def test_damage_without_end_is_mended_after_pauses_that_grow(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    opened: list[bool] = []

    def damaged(*arguments: object, **named: object) -> UpdateReport:
        raise sqlite3.DatabaseError("database disk image is malformed")

    def note(root: Path, *, rebuild: bool, policy: ReaderPolicy) -> Engine:
        opened.append(rebuild)
        return open_engine(root, rebuild=rebuild, policy=policy)

    monkeypatch.setattr(indexer, "update_store", damaged)
    monkeypatch.setattr(indexer, "open_engine", note)
    one = LiveWorkspace(root, BUSY)
    real = one._inbox.wait

    def wait(seconds: float, *, urgent: bool = True, any_work: bool = True) -> None:
        if not urgent and not any_work:
            pauses.append(seconds)
            seconds = 0.01
        real(seconds, urgent=urgent, any_work=any_work)

    monkeypatch.setattr(one._inbox, "wait", wait)
    one.start()
    until(lambda: len(pauses) >= 8)
    one.close(10)
    assert pauses[:8] == [5, 10, 20, 40, 80, 160, 300, 300]
    assert opened[0] is False and all(opened[1:])


def test_a_folder_that_vanishes_is_a_problem_until_it_is_back(workspace: LiveWorkspace, root: Path) -> None:
    away = root.with_name("away")
    root.rename(away)
    workspace.mark([""])
    assert until(lambda: workspace.status.phase is Phase.PROBLEM)
    assert str(root) in workspace.status.message
    away.rename(root)
    assert until(lambda: workspace.status.phase is Phase.READY)


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_the_index_is_the_users_alone(workspace: LiveWorkspace, root: Path) -> None:
    cache = workspace_cache(root)
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert stat.S_IMODE(cache.parent.stat().st_mode) == 0o700
    files = [file for file in cache.iterdir() if file.is_file()]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}, files


def test_it_closes_within_two_seconds_in_the_middle_of_work(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for i in range(600):
        write(root, f"f{i}.py", "\n\n".join(function(f"part_{i}_{j}") for j in range(10)))
    one = LiveWorkspace(root, BUSY)
    one.start()
    assert until(lambda: one.status.total)
    began = time.monotonic()
    one.close(timeout=10)
    assert time.monotonic() - began < 2
    assert one.status.phase is Phase.CLOSED
    assert until(lambda: {child.pid for child in psutil.Process().children()} <= {child_id()})
    with closing(open_for_reading(workspace_cache(root) / DATABASE)) as store:
        assert sum(len(content.records) for _, _, content in store.entries(store.chunk_counts())) == store.counts()[1]


@pytest.mark.parametrize("can_build", [True, False])
def test_an_index_without_its_base_is_whole_before_it_says_so(
    root: Path, monkeypatch: pytest.MonkeyPatch, can_build: bool
) -> None:
    monkeypatch.setattr(indexer, "SERVER_POLICY", replace(SERVER_POLICY, least_outside_busy=1, most_replayed=4))
    if not can_build:
        monkeypatch.setattr(building, "start_building", lambda *paths: _failing_process())
    with open_engine(root) as engine:
        update(engine)
        for segment in engine.cache.glob("segment-*"):
            segment.unlink()
    claimed: list[Status] = []
    one = LiveWorkspace(root, BUSY, on_status=claimed.append)
    one.start()
    assert until(lambda: one.status.phase is Phase.READY)
    assert {f"measure_{i}" for i in range(5)} <= names(one.snapshot)
    assert all(status.chunks == one.status.chunks for status in claimed if status.complete)
    write(root, "later.py", function("later_one"))
    one.mark(["later.py"], urgent=True)
    assert until(lambda: "later_one" in names(one.snapshot))
    one.close()


def _failing_process() -> Child:
    return Child(subprocess.Popen([sys.executable, "-c", "raise SystemExit(1)"], stdin=subprocess.PIPE))


def test_a_periodic_scan_finds_what_no_event_told(root: Path) -> None:
    one = LiveWorkspace(root, LiveOptions(cpu_share=1.0, scan_seconds=0.3))
    one.start()
    assert until(lambda: one.status.phase is Phase.READY)
    write(root, "unseen.py", function("nobody_told"))
    (root / "lib/module1.py").unlink()
    assert until(lambda: "nobody_told" in names(one.snapshot) and "measure_1" not in names(one.snapshot))
    one.close()


def test_the_command_line_answers_what_the_server_answers(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    early = replace(COMMAND_POLICY, least_outside=10, largest_segment=24)
    monkeypatch.setattr(engine_module, "COMMAND_POLICY", early)
    for i in range(25):
        write(root, f"shop/part{i}.py", function(f"weigh_goods_{i}"))
    with open_engine(root) as engine:
        update(engine)
        assert compute_contextual(engine) and len(engine.reader.base_segments) > 2
    queries = [parse_query(text) for text in ("how wide is it", "weigh goods 7", "goods path:shop", "measure_3")]
    one = LiveWorkspace(root, LiveOptions(cpu_share=1.0, contextual_embeddings=False))
    one.start()
    until(lambda: one.status.phase is Phase.READY and one.status.complete)
    for edit in (False, True):
        if edit:
            write(root, "shop/part7.py", function("weigh_other_goods"))
            one.mark(["shop/part7.py"], urgent=True)
            until(lambda: "weigh_other_goods" in names(one.snapshot))
            (root / "lib/module2.py").unlink()
            one.mark(["lib/module2.py"], urgent=True)
            until(lambda: "measure_2" not in names(one.snapshot))
        with open_engine(root, write=False) as engine:
            assert len(engine.snapshot.views) == len(one.snapshot.views) > 2
            assert 0 < engine.snapshot.contextual_count == one.snapshot.contextual_count
            for query in queries:
                assert _hits(answer(engine, query)) == _hits(one.ask(query)) != []
    one.close(10)


def _hits(found: Answer) -> list[tuple[str, str, float]]:
    return [(hit.path, hit.record.name, round(hit.score, 6)) for hit in found.hits]


def test_rows_that_a_killed_server_left_out_of_the_sidecar_come_from_the_store(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_with_a_base(root, monkeypatch)
    monkeypatch.setattr(indexer, "_QUIET_SECONDS", 0.0)
    one = LiveWorkspace(root, BUSY)
    one.start()
    until(lambda: one.status.contextual_count > 20)
    one.close(10)
    (sidecar,) = workspace_cache(root).glob("segment-*.contextual")
    before = sidecar.read_bytes()
    with closing(open_for_reading(workspace_cache(root) / DATABASE)) as store:
        done, _ = store.contextual_counts()
    content = bytearray(before)
    written = [at for at in range(len(before) - 388, 40, -388) if any(before[at : at + 388])]
    for at in written[:7]:  # committed, and not written when the process was killed
        content[at : at + 388] = bytes(388)
    for at in written[7:9]:  # torn
        content[at + 50 : at + 388] = bytes(338)
    sidecar.write_bytes(content)
    again = LiveWorkspace(root, LiveOptions(cpu_share=1.0, contextual_embeddings=False))
    again.start()
    until(lambda: again.status.phase is Phase.READY and again.status.contextual_count == done > 0)
    again.close(10)
    assert sidecar.read_bytes() == before
