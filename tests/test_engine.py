"""One workspace, opened: whatever is wrong with the cache or the model has a name, and search goes on."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hunch import engine as engine_module
from hunch.engine import (
    DATABASE,
    SEGMENT_NOTICE,
    Engine,
    answer,
    ask,
    compute_contextual,
    open_engine,
    similar,
    update,
    update_paths,
)
from hunch.index import prepare
from hunch.index.integrity import Damage
from hunch.index.policy import COMMAND_POLICY
from hunch.index.store import IndexState, Store, damage_of
from hunch.index.writer import UpdateReport
from hunch.model.bundle import DEFAULT_BUNDLE, QUERY_GRAPH, SHIPPED, load_bundle, sha256_of, write_manifest
from hunch.search.query import QueryError, parse_query
from hunch.search.search import Answer
from hunch.settings import CACHE_VARIABLE, MODEL_VARIABLE, WORKERS_VARIABLE, workspace_cache
from hunch.workspace.scan import RootError

FILES = {
    "app/sort.py": "def sort_items(items):\n    '''Put the items of a list in ascending order.'''\n"
    "    return sorted(items)\n",
    "app/http.py": "import time\n\n\ndef fetch_with_retry(session, url):\n"
    "    '''Send an HTTP request and try again when it fails.'''\n    for attempt in range(3):\n"
    "        response = session.get(url)\n        if response.ok:\n            return response\n"
    "        time.sleep(2 ** attempt)\n    raise ConnectionError(url)\n",
    "web/format.js": "// Turn a date into text such as 2 hours ago.\nexport function formatRelativeTime(date) {\n"
    "  const seconds = (Date.now() - date) / 1000;\n  return describe(seconds);\n}\n",
}


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)
    monkeypatch.setenv(WORKERS_VARIABLE, "1")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "root", FILES)


def write(root: Path, files: dict[str, str]) -> Path:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
    return root


def run(engine: Engine) -> UpdateReport:
    report = update(engine)
    assert report is not None
    return report


def index(root: Path) -> UpdateReport:
    with open_engine(root) as engine:
        return run(engine)


def first(found: Answer) -> str:
    return found.hits[0].record.name if found.hits else ""


def check_searches(engine: Engine) -> None:
    assert first(ask(engine, "sort a list of items")) == "sort_items"
    assert first(ask(engine, "try a request again when it fails")) == "fetch_with_retry"


def other_model(folder: Path, version: str = "other") -> Path:
    """A copy of the model that ships, of another version."""
    shutil.copytree(SHIPPED / DEFAULT_BUNDLE, folder)
    write_manifest(folder, replace(load_bundle(folder).manifest, version=version))
    return folder


# ---- the ordinary life of an index ----


def test_a_first_index_is_searched_at_once(root: Path) -> None:
    with open_engine(root) as engine:
        assert engine.state is IndexState.NEW and engine.notices == []
        assert ask(engine, "sort").hits == []
        report = run(engine)
        assert (report.files, report.read) == (3, 3) and engine.complete
        check_searches(engine)
        assert ask(engine, "sort a list of items").complete


def test_a_second_opening_has_it_all(root: Path) -> None:
    index(root)
    with open_engine(root) as engine:
        assert engine.state is IndexState.READY and engine.notices == []
        check_searches(engine)
        report = run(engine)
        assert (report.read, report.chunks_encoded) == (0, 0)
        check_searches(engine)


def test_an_edit_is_found_and_the_old_text_is_not(root: Path) -> None:
    with open_engine(root) as engine:
        run(engine)
        generation = engine.snapshot.generation
        write(
            root, {"app/sort.py": "def shuffle_cards(deck):\n    '''Mix a deck of cards.'''\n    return deck[::-1]\n"}
        )
        assert run(engine).read == 1
        assert engine.snapshot.generation > generation
        assert first(ask(engine, "mix a deck of cards")) == "shuffle_cards"
        assert not any(hit.record.name == "sort_items" for hit in ask(engine, "sort_items").hits)


def test_a_search_holds_its_snapshot(root: Path) -> None:
    with open_engine(root) as engine:
        run(engine)
        held = engine.snapshot
        paths = {held.path(chunk) for chunk in range(len(held))}
        (root / "app/sort.py").unlink()
        run(engine)
        assert {held.path(chunk) for chunk in range(len(held))} == paths
        live = [
            segment.paths[file]
            for segment, alive in ((view.segment, view.live_docs) for view in engine.snapshot.views)
            for file in np.unique(segment.chunk_files[slice(None) if alive is None else alive])
        ]
        assert sorted(live) == sorted(paths - {"app/sort.py"})


def test_rebuilding_begins_anew(root: Path) -> None:
    index(root)
    with open_engine(root, rebuild=True) as engine:
        assert engine.state is IndexState.NEW and engine.snapshot.chunk_count == 0
        assert run(engine).read == 3
        check_searches(engine)


def build_early(monkeypatch: pytest.MonkeyPatch, chunks: int) -> None:
    """Have segments built on disk for few chunks already."""
    monkeypatch.setattr(engine_module, "COMMAND_POLICY", replace(COMMAND_POLICY, least_outside=chunks))


def test_a_base_is_written_and_opened_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_early(monkeypatch, 2)
    index(root)
    cache = workspace_cache(root)
    assert len(list(cache.glob("segment-*"))) == 1
    with open_engine(root) as engine:
        (base,) = engine.reader.base_segments
        assert len(base) == engine.snapshot.chunk_count
        check_searches(engine)
    # The base is a cache: torn or gone, the store has everything.
    (file,) = cache.glob("segment-*")
    file.write_bytes(b"")
    with open_engine(root) as engine:
        check_searches(engine)
        assert engine.notices == [SEGMENT_NOTICE]
    for file in cache.glob("segment-*"):
        file.unlink()
    with open_engine(root, write=False) as engine:
        check_searches(engine)


def test_a_base_that_cannot_be_saved_stays_in_memory(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_early(monkeypatch, 2)
    cache = workspace_cache(root)
    cache.mkdir(parents=True)
    (cache / "segment-000001.tmp").mkdir()
    with open_engine(root) as engine:
        run(engine)
        check_searches(engine)


def test_a_stopped_update_can_be_searched_and_goes_on(root: Path) -> None:
    with open_engine(root) as engine:
        report = update(engine, stopped=lambda: engine.store.counts()[0] >= 1)
        assert report is not None and (report.read, report.left) == (1, 2)
        found = ask(engine, "send a request and try again")
        assert first(found) == "fetch_with_retry" and not found.complete
        assert run(engine).read == 2 and engine.complete
        check_searches(engine)


def test_workers_make_the_same_answers(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "MIN_FILES_FOR_WORKERS", 2)
    with open_engine(root) as engine:
        report = update(engine, workers=2)
        assert report is not None and report.files == 3
        check_searches(engine)


@pytest.mark.parametrize("write_", [True, False])
def test_a_root_that_is_no_folder(tmp_path: Path, write_: bool) -> None:
    (tmp_path / "file").write_text("x")
    for root in (tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(RootError, match=str(root)):
            open_engine(root, write=write_)


def test_a_root_that_goes_while_it_is_open(root: Path) -> None:
    with open_engine(root) as engine:
        run(engine)
        shutil.rmtree(root)
        with pytest.raises(RootError):
            update(engine)
        assert first(ask(engine, "sort a list of items")) == "sort_items"


def test_one_file_is_brought_up_to_date_without_a_scan(root: Path) -> None:
    with open_engine(root) as engine:
        run(engine)
        before = engine.snapshot
        path = next(iter(FILES))
        (root / path).write_text("def paint_fence(colour):\n    return colour\n", encoding="utf-8")
        assert update_paths(engine, [path])
        assert first(ask(engine, "paint fence")) == "paint_fence"
        assert before is not engine.snapshot and all(before.path(i) for i in range(len(before)))
        assert run(engine).read == 0
        (root / path).unlink()
        assert update_paths(engine, [path])
        assert "paint_fence" not in {hit.record.name for hit in ask(engine, "paint fence").hits}


def test_a_new_file_and_an_ignored_one_are_told_apart_without_a_scan(root: Path) -> None:
    with open_engine(root) as engine:
        run(engine)
        write(root, {"new.py": "def brand_new():\n    pass\n", "out/old.py": "def old():\n    pass\n"})
        write(root, {".gitignore": "out/\n"})
        done = update_paths(engine, ["new.py", "out/old.py"])
        assert done is not None and done.read == 1
        assert first(ask(engine, "brand new")) == "brand_new"
        assert run(engine).read == 0


def test_a_reader_updates_no_file(root: Path) -> None:
    index(root)
    with open_engine(root, write=False) as engine:
        assert update_paths(engine, [next(iter(FILES))]) is None


def test_two_names_of_one_root_share_an_index(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root, target_is_directory=True)
    index(root)
    with open_engine(tmp_path / "link") as engine:
        assert engine.state is IndexState.READY and run(engine).read == 0


def test_nothing_is_written_inside_the_workspace(root: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    index(root)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


@pytest.mark.skipif(os.name == "nt", reason="of POSIX")
def test_the_index_is_for_its_owner_only(root: Path) -> None:
    index(root)
    cache = workspace_cache(root)
    assert cache.stat().st_mode & 0o077 == 0 and (cache / DATABASE).stat().st_mode & 0o077 == 0


# ---- what can be wrong with the index ----


@pytest.mark.parametrize("size", [0.0, 0.3, 0.9])
def test_a_truncated_database(root: Path, size: float) -> None:
    index(root)
    file = workspace_cache(root) / DATABASE
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * size)])
    with open_engine(root) as engine:
        run(engine)
        check_searches(engine)
        assert set(engine.notices) <= {IndexState.DAMAGED.value}
    with open_engine(root) as engine:
        assert engine.state is IndexState.READY and run(engine).read == 0
        check_searches(engine)


@pytest.mark.parametrize("table", ["files", "contents", "meta"])
def test_garbage_in_the_middle_of_the_database(root: Path, table: str) -> None:
    index(root)
    file = workspace_cache(root) / DATABASE
    with closing(sqlite3.connect(file)) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with file.open("r+b") as stream:
        stream.seek((page - 1) * size)
        stream.write(b"\xa5" * size)
    with open_engine(root) as engine:
        run(engine)
        check_searches(engine)
        assert IndexState.DAMAGED.value in engine.notices
    with open_engine(root) as engine:
        assert engine.state is IndexState.READY
        check_searches(engine)


def test_a_row_that_is_torn(root: Path) -> None:
    index(root)
    with closing(sqlite3.connect(workspace_cache(root) / DATABASE)) as connection, connection:
        connection.execute("UPDATE contents SET postings = x'01', vectors = x'010203' WHERE file_id = 1")
    with open_engine(root) as engine:
        run(engine)
        check_searches(engine)


def test_a_row_that_is_torn_is_read_again_alone(root: Path) -> None:
    index(root)
    with closing(sqlite3.connect(workspace_cache(root) / DATABASE)) as connection, connection:
        connection.execute("UPDATE contents SET postings = zeroblob(length(postings)) WHERE file_id = 2")
    with open_engine(root) as engine:
        assert engine.notices == ["the index of 1 file was damaged and is made again"]
        assert run(engine).read == 1
        check_searches(engine)
    with open_engine(root) as engine:
        assert engine.notices == [] and engine.state is IndexState.READY and run(engine).read == 0
        check_searches(engine)


def test_what_was_lost_in_context_is_read_again_at_once(root: Path) -> None:
    index(root)
    with open_engine(root) as engine:
        assert compute_contextual(engine)
        before = dict(engine.store.contextual())
    with closing(sqlite3.connect(workspace_cache(root) / DATABASE)) as connection, connection:
        connection.execute("UPDATE contextual SET vectors = zeroblob(length(vectors)) WHERE file_id = 2")
    with open_engine(root) as engine:
        assert engine.notices == ["the index of 1 file was damaged and is made again"]
        assert run(engine).read == 0
        after = dict(engine.store.contextual())
    assert before.keys() == after.keys() and np.abs(before[2].astype(int) - after[2]).max() <= 1


def test_a_reader_of_torn_rows_says_so_and_changes_nothing(root: Path) -> None:
    index(root)
    with closing(sqlite3.connect(workspace_cache(root) / DATABASE)) as connection, connection:
        connection.execute("UPDATE contents SET records = zeroblob(length(records)) WHERE file_id = 2")
    before = (workspace_cache(root) / DATABASE).read_bytes()
    with open_engine(root, write=False) as engine:
        assert engine.notices == [IndexState.DAMAGED.value] and not engine.complete
        assert ask(engine, "sort").hits == []
    assert (workspace_cache(root) / DATABASE).read_bytes() == before


def test_an_error_that_is_no_damage_is_raised_and_keeps_the_index(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index(root)

    def fail(*arguments: object, **named: object) -> UpdateReport:
        raise sqlite3.IntegrityError("UNIQUE constraint failed: files.path")

    with open_engine(root) as engine:
        identity = engine.store.identity
        monkeypatch.setattr("hunch.engine.update_store", fail)
        with pytest.raises(sqlite3.IntegrityError):
            update(engine)
    with open_engine(root) as engine:
        assert engine.store.identity == identity and engine.notices == []
        check_searches(engine)


def test_an_unclean_end_has_everything_looked_over_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index(root)
    looks: list[Damage] = []

    def look(store: Store) -> Damage:
        looks.append(really_look(store))
        return looks[-1]

    really_look = damage_of
    monkeypatch.setattr(engine_module, "damage_of", look)
    for _ in range(2):
        with open_engine(root) as engine:
            check_searches(engine)
    assert not looks
    os.utime(workspace_cache(root) / DATABASE)
    for _ in range(2):
        with open_engine(root) as engine:
            check_searches(engine)
    assert len(looks) == 1


def test_a_base_whose_damage_comes_out_in_a_search_is_made_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_early(monkeypatch, 20)
    write(root, many(200))
    index(root)
    (file,) = workspace_cache(root).glob("segment-*")
    with open_engine(root) as engine:
        expected = [(hit.path, round(hit.score, 4)) for hit in ask(engine, "number_7_of_many").hits]
        (base,) = engine.reader.base_segments
        assert base.dense is not None
        rows = np.asarray(base.dense.originals).tobytes()
    content = bytearray(file.read_bytes())
    start = content.index(rows)
    for at in range(start, start + len(rows), 500):
        content[at] ^= 4
    file.write_bytes(content)
    with open_engine(root) as engine:
        assert engine.notices == []
        assert [(hit.path, round(hit.score, 4)) for hit in ask(engine, "number_7_of_many").hits] == expected
        assert engine.notices == [SEGMENT_NOTICE]
    with open_engine(root) as engine:
        assert engine.reader.base_segments and engine.notices == []
        assert [(hit.path, round(hit.score, 4)) for hit in ask(engine, "number_7_of_many").hits] == expected


def test_an_index_of_another_version_of_hunch(root: Path) -> None:
    index(root)
    with closing(sqlite3.connect(workspace_cache(root) / DATABASE)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with open_engine(root) as engine:
        assert engine.state is IndexState.OTHER_FORMAT and engine.notices == [IndexState.OTHER_FORMAT.value]
        assert run(engine).read == 3
        check_searches(engine)


def test_opening_to_read_changes_nothing(root: Path) -> None:
    with open_engine(root, write=False) as engine:
        assert update(engine) is None and ask(engine, "sort").hits == []
        assert not engine.complete
    assert not (workspace_cache(root) / DATABASE).exists()
    index(root)
    before = (workspace_cache(root) / DATABASE).read_bytes()
    write(root, {"new.py": "def later():\n    return 'not indexed yet'\n"})
    with open_engine(root, write=False) as engine:
        check_searches(engine)
        assert update(engine) is None
    assert (workspace_cache(root) / DATABASE).read_bytes() == before


def test_a_second_process_searches_while_the_first_one_writes(root: Path) -> None:
    with open_engine(root) as writer:
        with open_engine(root) as second:
            assert second.state is IndexState.LOCKED and second.notices == [IndexState.LOCKED.value]
            assert update(second) is None and not second.complete
        run(writer)
        with open_engine(root) as second:
            assert second.state is IndexState.LOCKED
            check_searches(second)
    with open_engine(root) as again:
        assert again.state is IndexState.READY and run(again).read == 0


def test_the_lock_is_held_between_processes(root: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom hunch.engine import open_engine, ask\n"
        "with open_engine(Path(sys.argv[1])) as engine:\n"
        "    print(engine.state.name, ask(engine, 'sort a list of items').hits[0].record.name)\n"
    )
    with open_engine(root) as engine:
        run(engine)
        done = subprocess.run([sys.executable, "-c", program, str(root)], capture_output=True, text=True, timeout=60)
        assert (done.stdout.split(), done.returncode) == (["LOCKED", "sort_items"], 0), done.stderr


def test_a_cache_that_cannot_be_made(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file" / "cache"))
    with open_engine(root) as engine:
        assert engine.state is IndexState.READ_ONLY and engine.notices == [IndexState.READ_ONLY.value]
        assert run(engine).read == 3 and engine.complete
        check_searches(engine)
        assert run(engine).read == 0


@contextmanager
def unprivileged() -> Iterator[None]:
    """Nobody's rights, where the tests run with all of them."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        if not os.access(SHIPPED / DEFAULT_BUNDLE / QUERY_GRAPH, os.R_OK, effective_ids=True):
            pytest.skip("nobody else can read the model here")
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody can reach."""
    folder = Path(tempfile.mkdtemp(prefix="hunch-test-"))
    folder.chmod(0o755)
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.skipif(os.name == "nt", reason="folders have no such rights there")
@pytest.mark.parametrize("write_", [True, False])
def test_an_index_in_a_cache_that_cannot_be_written_is_searched(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch, write_: bool
) -> None:
    root = write(open_folder / "root", FILES)
    monkeypatch.setenv(CACHE_VARIABLE, str(open_folder / "cache"))
    index(root)
    cache = workspace_cache(root)
    for path in cache.iterdir():
        path.chmod(0o444)
    cache.chmod(0o555)
    cache.parent.chmod(0o555)
    before = (cache / DATABASE).read_bytes()
    with unprivileged(), open_engine(root, write=write_) as engine:
        assert engine.state is (IndexState.READ_ONLY if write_ else IndexState.READY)
        check_searches(engine)  # without an update: what is there is used
    assert (cache / DATABASE).read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="folders have no such rights there")
def test_a_cache_folder_without_the_right_to_write(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(open_folder / "root", FILES)
    (open_folder / "cache").mkdir(mode=0o555)
    monkeypatch.setenv(CACHE_VARIABLE, str(open_folder / "cache"))
    with unprivileged(), open_engine(root) as engine:
        assert engine.state is IndexState.READ_ONLY
        assert run(engine).files == 3
        check_searches(engine)
    assert list((open_folder / "cache").iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="folders have no such rights there")
def test_a_cache_that_cannot_even_be_entered(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(open_folder / "root", FILES)
    monkeypatch.setenv(CACHE_VARIABLE, str(open_folder / "cache"))
    index(root)
    workspace_cache(root).parent.chmod(0o700)
    with unprivileged(), open_engine(root) as engine:
        assert engine.state is IndexState.READ_ONLY
        assert run(engine).files == 3
        check_searches(engine)


# ---- a full disk ----


def test_a_disk_that_fills_up_while_indexing(root: Path) -> None:
    with open_engine(root) as engine:
        run(engine)
        pages = engine.store._connection.execute("PRAGMA page_count").fetchone()[0]
        engine.store._connection.execute(f"PRAGMA max_page_count = {pages}")
        write(root, {f"more/f{i}.py": f"def function_{i}():\n    return {i!r} * 40\n" * 40 for i in range(9)})
        assert update(engine) is None
        assert engine.state is IndexState.FULL and IndexState.FULL.value in engine.notices
        check_searches(engine)
        assert not ask(engine, "sort").complete
    with open_engine(root) as engine:
        assert engine.state is IndexState.READY
        assert run(engine).complete
        check_searches(engine)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes, where one can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not sys.platform.startswith("linux") or os.geteuid():
        pytest.skip("mounting needs Linux and root")
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "hunch-test", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def many(count: int) -> dict[str, str]:
    return {f"more/f{i}.py": f"def number_{i}_of_many(value):\n    return value + {i}\n" for i in range(count)}


def test_a_real_disk_that_fills_up(root: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(small_disk))
    index(root)
    write(root, many(1_500))
    with open_engine(root) as engine:
        assert update(engine) is None
        assert engine.state is IndexState.FULL
        check_searches(engine)
    with open_engine(root, write=False) as engine:
        check_searches(engine)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9])
def test_a_disk_without_room_for_the_base(
    root: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(small_disk))
    write(root, many(150))
    index(root)
    room = shutil.disk_usage(small_disk).free
    needed = 150 * 2 * (256 * 3 + 300)
    (small_disk / "ballast").write_bytes(b"x" * max(0, room - int(needed * share)))
    build_early(monkeypatch, 5)
    with open_engine(root) as engine:
        check_searches(engine)


def test_a_disk_that_is_full_from_the_start(root: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(small_disk / "cache"))
    (small_disk / "ballast").write_bytes(b"x" * shutil.disk_usage(small_disk).free)
    with open_engine(root) as engine:
        assert engine.state in (IndexState.FULL, IndexState.READ_ONLY)
        assert update(engine) is not None, "in memory there is room"
        check_searches(engine)


# ---- what can be wrong with the model ----


def test_another_model_makes_another_index(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index(root)
    monkeypatch.setenv(MODEL_VARIABLE, str(other_model(tmp_path / "model")))
    with open_engine(root) as engine:
        assert engine.state is IndexState.OTHER_CONTENT and engine.notices == [IndexState.OTHER_CONTENT.value]
        assert run(engine).read == 3
        check_searches(engine)
    with open_engine(root) as engine:
        assert engine.state is IndexState.READY and run(engine).read == 0


@pytest.mark.parametrize("write_", [True, False])
def test_without_its_model_an_index_is_searched_by_words(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_: bool
) -> None:
    index(root)
    before = (workspace_cache(root) / DATABASE).read_bytes()
    monkeypatch.setenv(MODEL_VARIABLE, str(tmp_path / "no model"))
    with open_engine(root, write=write_) as engine:
        assert engine.state is IndexState.NO_MODEL and engine.encoder is None
        assert any(IndexState.NO_MODEL.value in notice and "no model" in notice for notice in engine.notices)
        assert all("\n" not in notice for notice in engine.notices)
        assert first(ask(engine, "sort items ascending")) == "sort_items"
        assert update(engine) is None
    assert (workspace_cache(root) / DATABASE).read_bytes() == before
    monkeypatch.delenv(MODEL_VARIABLE)
    with open_engine(root) as engine:
        assert engine.state is IndexState.READY and run(engine).read == 0
        check_searches(engine)


def test_a_first_index_without_a_model_is_made_of_words(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MODEL_VARIABLE, str(tmp_path / "no model"))
    with open_engine(root) as engine:
        assert any(IndexState.NO_MODEL.value in notice for notice in engine.notices)
        assert run(engine).files == 3
        assert first(ask(engine, "sort items ascending")) == "sort_items"
    with open_engine(root) as engine:
        assert run(engine).read == 0
    monkeypatch.delenv(MODEL_VARIABLE)
    with open_engine(root) as engine:
        assert engine.state is IndexState.OTHER_CONTENT
        assert run(engine).chunks_encoded > 0
        check_searches(engine)


def test_a_damaged_model_is_named(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = other_model(tmp_path / "model")
    (folder / QUERY_GRAPH).write_bytes(b"damaged")
    monkeypatch.setenv(MODEL_VARIABLE, str(folder))
    with open_engine(root) as engine:
        assert engine.encoder is None and str(folder / QUERY_GRAPH) in engine.notices[0]


def test_a_model_that_cannot_be_run_is_no_model(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = other_model(tmp_path / "model")
    manifest = load_bundle(folder).manifest
    for name in (QUERY_GRAPH, "code.onnx"):
        (folder / name).write_bytes(b"not a graph")
    sums = {name: sha256_of(folder / name) for name in manifest.sha256}
    write_manifest(folder, replace(manifest, sha256=sums))
    monkeypatch.setenv(MODEL_VARIABLE, str(folder))
    with open_engine(root) as engine:
        update(engine)
        assert first(ask(engine, "sort items ascending")) == "sort_items"
        assert any(IndexState.NO_MODEL.value in notice for notice in engine.notices)


# ---- asking ----


def test_asking_takes_filters_from_the_text_and_beside_it(root: Path) -> None:
    with open_engine(root) as engine:
        run(engine)
        for found in (
            ask(engine, "lang:js time"),
            ask(engine, "time", languages=("javascript",)),
            ask(engine, "time", paths=("web/",)),
            ask(engine, "time path:*.js"),
            answer(engine, parse_query("time lang:javascript")),
        ):
            assert {hit.path for hit in found.hits} == {"web/format.js"}
        assert {hit.record.kind for hit in ask(engine, "time", kinds=("function",)).hits} == {"function"}
        assert len(ask(engine, "time", limit=1).hits) == 1
        with pytest.raises(QueryError):
            ask(engine, "  ")


TWIN = "def order_elements(elements):\n    '''Give the elements in ascending order.'''\n    return sorted(elements)\n"


def test_similar_finds_the_twin_and_not_itself(root: Path) -> None:
    write(root, {"lib/order.py": TWIN})
    with open_engine(root) as engine:
        run(engine)
        for line in (1, 2, 3):
            hits = similar(engine, "app/sort.py", line).hits
            assert hits[0].path == "lib/order.py"
            assert not any(hit.path == "app/sort.py" for hit in hits)


@pytest.mark.parametrize(
    ("path", "line"), [("app/sort.py", 0), ("app/sort.py", 999), ("app/none.py", 1), ("app", 1), ("a\0b.py", 1)]
)
def test_similar_to_nothing_says_so(root: Path, path: str, line: int) -> None:
    with open_engine(root) as engine:
        run(engine)
        with pytest.raises(QueryError):
            similar(engine, path, line)


@pytest.mark.parametrize(
    "source",
    [
        "::: :: :\n" * 8,
        "a:b c:d e:f\n" * 8,
        "x = 'lang:nosuch path:! kind:wrong'\n" * 8,
        "def f(lang:int, kind:str):\n    return lang\n",
    ],
    ids=["colons", "words with colons", "wrong filters", "parameters"],
)
def test_similar_to_code_that_looks_like_filters(root: Path, source: str) -> None:
    write(root, {"odd.py": source})
    with open_engine(root) as engine:
        run(engine)
        try:
            found = similar(engine, "odd.py", 1)
        except QueryError as error:
            assert "odd.py:1" in str(error)  # the place, not the text of a query that nobody typed
        else:
            assert all(hit.path != "odd.py" for hit in found.hits)


def test_similar_works_by_words_without_a_model(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(root, {"lib/order.py": TWIN})
    monkeypatch.setenv(MODEL_VARIABLE, str(tmp_path / "no model"))
    with open_engine(root) as engine:
        run(engine)
        assert similar(engine, "app/sort.py", 1).hits[0].path == "lib/order.py"


def test_every_answer_is_the_same_twice(root: Path) -> None:
    with open_engine(root) as engine:
        run(engine)
        one, other = (ask(engine, "format a date as relative time") for _ in range(2))
        assert one.hits == other.hits and one.answerability is other.answerability
        scores = [hit.score for hit in one.hits]
        assert scores == sorted(scores, reverse=True) and np.isfinite(scores).all()
