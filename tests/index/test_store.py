"""The database: what goes in comes out, and every way it can be found broken has a name."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hunch.index.integrity import (
    Damage,
    DamagedStoreError,
    ended_cleanly,
    is_corruption,
    note_clean_end,
    seal_of,
)
from hunch.index.schema import STORAGE_FORMAT
from hunch.index.store import (
    FileContent,
    FileRecord,
    IndexState,
    Store,
    content_version,
    discard,
    inspect,
    open_for_reading,
    open_in_memory,
    open_store,
)
from hunch.text.render import render_parts
from hunch.text.terms import postings_of

CONTENT = content_version("model-1")
DIM = 8


def put(store: Store, record: FileRecord, content: FileContent | None) -> int:
    """Write a file and return its new id."""
    return store.replace_file(record, content)[1]


def record(path: str, chunks: int = 2, **changes: object) -> FileRecord:
    plain = FileRecord(
        path, "python", 120, 1_700_000_000_123_456_789, hashlib.md5(path.encode()).digest(), None, chunks
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def content(path: str, chunks: int = 2, dim: int = DIM) -> FileContent:
    texts = [render_parts(name=f"f{i}", path=path, body=f"sort list {i}" if i else "") for i in range(chunks)]
    generator = np.random.default_rng(chunks)
    return FileContent(
        records=[f'["function","f{i}","{path}"]'.encode() for i in range(chunks)],
        vectors=generator.normal(size=(chunks, dim)).astype(np.float16),
        postings=postings_of(texts, [(f"f{i}",) for i in range(chunks)]),
    )


def check_same(found: FileContent, expected: FileContent) -> None:
    assert found.records == expected.records
    assert found.vectors.dtype == np.float16
    np.testing.assert_array_equal(found.vectors, expected.vectors)
    for name in ("offsets", "terms", "impacts", "fields"):
        one, other = getattr(found.postings, name), getattr(expected.postings, name)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def filled(file: Path, files: int = 5) -> Path:
    """A database of some files, closed."""
    store, _ = open_store(file, CONTENT)
    for i in range(files):
        store.replace_file(record(f"f{i}.py"), content(f"f{i}.py"))
    store.close()
    return file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "index.db"


@pytest.fixture(params=["disk", "memory"])
def store(request: pytest.FixtureRequest, file: Path) -> Store:
    return open_store(file, CONTENT)[0] if request.param == "disk" else open_in_memory(CONTENT)


# ---- what goes in comes out ----


@pytest.mark.parametrize("chunks", [1, 2, 7])
@pytest.mark.parametrize("dim", [0, 1, DIM, 256])
def test_a_file_comes_back_as_it_was(store: Store, chunks: int, dim: int) -> None:
    path = "dir/é 日本.py"
    number = put(store, record(path, chunks), content(path, chunks, dim))
    assert store.known_files() == {path: (number, record(path, chunks))}
    assert store.chunk_counts() == {number: chunks}
    assert dict(store.records([number])) == {number: record(path, chunks)}
    ((found_number, found),) = store.contents([number])
    assert found_number == number
    check_same(found, content(path, chunks, dim))


def test_a_chunk_without_a_single_term_comes_back(store: Store) -> None:
    nothing = FileContent([b'["block"]'], np.ones((1, DIM), np.float16), postings_of([render_parts(body="()")], [()]))
    number = put(store, record("_", 1), nothing)
    ((_, found),) = store.contents([number])
    check_same(found, nothing)


@pytest.mark.parametrize("reason", ["binary", "empty", "generated"])
def test_a_skipped_file_is_known_but_not_searched(store: Store, reason: str) -> None:
    skipped = record("a.py", 0, skipped=reason, digest=b"")
    number = put(store, skipped, None)
    assert store.known_files() == {"a.py": (number, skipped)}
    assert store.chunk_counts() == {} and store.counts() == (0, 0)
    assert list(store.contents([number])) == []


def test_contents_come_in_the_order_asked_for(store: Store) -> None:
    ids = [put(store, record(f"{i}.py"), content(f"{i}.py")) for i in range(4)]
    asked = [ids[2], ids[0], ids[3]]
    assert [number for number, _ in store.contents(asked)] == asked
    assert list(store.contents([999])) == []


def test_a_file_takes_the_place_of_its_path(store: Store) -> None:
    first = put(store, record("a.py"), content("a.py"))
    before, second = store.replace_file(record("a.py", 3, size=7), content("a.py", 3))
    assert before == first
    assert store.known_files() == {"a.py": (second, record("a.py", 3, size=7))}
    assert store.counts() == (1, 3)
    assert [number for number, _ in store.contents([first, second])] == [second]


def test_counts_add_up(store: Store) -> None:
    assert store.counts() == (0, 0)
    for i in range(1, 5):
        store.replace_file(record(f"{i}.py", i), content(f"{i}.py", i))
    assert store.counts() == (4, 10)
    store.remove_files(["1.py", "4.py", "never.py"])
    assert store.counts() == (2, 5)


def test_ids_are_never_used_again(store: Store) -> None:
    used = {put(store, record(f"{i}.py"), content(f"{i}.py")) for i in range(3)}
    store.remove_files(["0.py", "1.py", "2.py"])
    for _ in range(3):
        number = put(store, record("new.py"), content("new.py"))
        assert number > max(used)
        used.add(number)
        store.remove_files(["new.py"])


def test_ids_are_never_used_again_by_another_process(file: Path) -> None:
    store, _ = open_store(filled(file), CONTENT)
    largest = max(store.chunk_counts())
    store.remove_files(list(store.known_files()))
    store.close()
    store, _ = open_store(file, CONTENT)
    assert put(store, record("new.py"), content("new.py")) > largest


def test_contents_go_with_their_file(file: Path) -> None:
    store, _ = open_store(filled(file), CONTENT)
    ids = list(store.chunk_counts())
    store.remove_files(["f0.py"])
    store.replace_file(record("f1.py", 0, skipped="binary"), None)
    assert [number for number, _ in store.contents(ids)] == ids[2:]
    store.close()
    with closing(sqlite3.connect(file)) as connection:
        left = [row[0] for row in connection.execute("SELECT file_id FROM contents ORDER BY 1")]
    assert left == ids[2:]


def test_a_touch_changes_the_stamps_only(store: Store) -> None:
    number = put(store, record("a.py"), content("a.py"))
    touched = record("a.py", size=5, mtime_ns=6, ctime_ns=7, inode=8, read_ns=9)
    store.touch_file(touched)
    assert store.known_files() == {"a.py": (number, touched)}
    assert store.known_files()["a.py"][1].read_ns == 9
    store.touch_file(replace(touched, digest=b"other", size=10))  # of content that is not there any more
    assert store.known_files() == {"a.py": (number, touched)}
    ((_, found),) = store.contents([number])
    check_same(found, content("a.py"))


def test_a_failed_replacement_leaves_the_old_file(store: Store) -> None:
    number = put(store, record("a.py"), content("a.py"))
    broken = record("a.py", language=None)
    with pytest.raises(sqlite3.IntegrityError):
        store.replace_file(broken, content("a.py"))
    assert store.known_files() == {"a.py": (number, record("a.py"))}
    ((_, found),) = store.contents([number])
    check_same(found, content("a.py"))


def test_notes_are_kept(store: Store) -> None:
    assert store.get_meta("x") is None
    store.set_meta("x", "1")
    store.set_meta("x", "2")
    assert store.get_meta("x") == "2"


def test_every_database_has_an_identity_of_its_own(tmp_path: Path) -> None:
    stores = [open_store(tmp_path / f"{i}.db", CONTENT)[0] for i in range(3)] + [open_in_memory(CONTENT)]
    assert len({store.identity for store in stores}) == 4 and all(store.identity for store in stores)


def test_the_size_grows_with_what_is_in_it(file: Path) -> None:
    store, _ = open_store(file, CONTENT)
    before = store.bytes_used()
    store.replace_file(record("a.py", 200), content("a.py", 200, 256))
    assert store.bytes_used() >= before + 200 * 256 * 2


# ---- how it can be found ----


def damage_header(file: Path) -> None:
    with file.open("r+b") as stream:
        stream.write(b"this is no database at all......")


def damage_all(file: Path) -> None:
    file.write_bytes(bytes(range(256)) * 64)


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2 - 100])


def keep_a_page(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:4096])


def damage_the_files_table(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'files'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with file.open("r+b") as stream:
        stream.seek((page - 1) * size)
        stream.write(b"\xa5" * size)


def execute(*statements: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        with closing(sqlite3.connect(file)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    return change


def another_model(file: Path) -> None:
    store, _ = open_store(file, CONTENT)
    store.set_meta("content", "other")
    store.close()


def rows_that_vanish(file: Path) -> None:
    """A row is gone as if a page's count of its cells were damaged: without triggers."""
    with closing(sqlite3.connect(file)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DELETE FROM files WHERE id = 2")
        for _, sql in triggers:
            connection.execute(sql)
        connection.commit()


def remove(file: Path) -> None:
    file.unlink()


def empty(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (lambda file: None, IndexState.READY),
        (remove, IndexState.NEW),
        (empty, IndexState.NEW),  # killed before the schema was committed
        (damage_header, IndexState.DAMAGED),
        (damage_all, IndexState.DAMAGED),
        (truncate, IndexState.DAMAGED),
        (keep_a_page, IndexState.DAMAGED),
        (damage_the_files_table, IndexState.DAMAGED),
        (execute("DROP TABLE meta"), IndexState.DAMAGED),
        (execute("DROP TABLE files"), IndexState.DAMAGED),
        (execute(f"PRAGMA user_version = {STORAGE_FORMAT + 1}"), IndexState.OTHER_FORMAT),
        (execute("PRAGMA user_version = 0"), IndexState.OTHER_FORMAT),
        (another_model, IndexState.OTHER_CONTENT),
        (execute("UPDATE meta SET value = 'other' WHERE key = 'content'"), IndexState.DAMAGED),
        (execute("UPDATE files SET chunks = 3 WHERE id = 2"), IndexState.DAMAGED),
        (execute("UPDATE files SET path = 'F0.py' WHERE id = 1"), IndexState.DAMAGED),
        (execute("UPDATE files SET id = 77 WHERE id = 2"), IndexState.DAMAGED),
        (execute("DROP TRIGGER files_removed", "DELETE FROM files WHERE id = 2"), IndexState.DAMAGED),
        (rows_that_vanish, IndexState.DAMAGED),
        (execute("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'sum of files'"), IndexState.DAMAGED),
        (execute("UPDATE sqlite_sequence SET seq = 2 WHERE name = 'files'"), IndexState.DAMAGED),
        (execute("DROP TRIGGER contextual_added"), IndexState.DAMAGED),
        (execute("DELETE FROM meta WHERE key = 'content'"), IndexState.OTHER_CONTENT),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_state_has_a_name_and_an_end(file: Path, change: Callable[[Path], None], state: IndexState) -> None:
    change(filled(file))
    before = file.read_bytes() if file.exists() else None
    assert inspect(file, CONTENT) is state
    assert (file.read_bytes() if file.exists() else None) == before, "inspecting changes nothing"
    store, found = open_store(file, CONTENT)
    assert found is state
    kept = 5 if state is IndexState.READY else 0
    assert len(store.known_files()) == kept
    store.replace_file(record("new.py"), content("new.py"))
    store.close()
    assert inspect(file, CONTENT) is IndexState.READY
    store, _ = open_store(file, CONTENT)
    assert len(store.known_files()) == kept + 1


def test_a_database_begun_again_is_another_one(file: Path) -> None:
    store, _ = open_store(filled(file), CONTENT)
    before = store.identity
    store.close()
    damage_header(file)
    store, _ = open_store(file, CONTENT)
    assert store.identity != before


def test_another_model_is_other_content(file: Path) -> None:
    filled(file)
    for model in ("model-2", None, ""):
        assert inspect(file, content_version(model)) is IndexState.OTHER_CONTENT
    assert content_version(None) != content_version("model-1")


def test_a_process_killed_before_its_commit_leaves_a_new_index(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE meta (key TEXT)")
        assert inspect(file, CONTENT) is IndexState.NEW
    assert open_store(file, CONTENT)[1] is IndexState.NEW


def test_every_state_has_its_sentence() -> None:
    sentences = [state.value for state in IndexState]
    assert len(set(sentences)) == len(sentences)
    assert all(sentence and "\n" not in sentence for sentence in sentences)


def test_discarding_takes_the_journal_along(file: Path) -> None:
    store, _ = open_store(file, CONTENT)
    store.replace_file(record("a.py"), content("a.py"))
    assert len(list(file.parent.iterdir())) > 1
    store.close()
    for suffix in ("-wal", "-shm", "-journal"):
        file.with_name(file.name + suffix).write_bytes(b"x")
    discard(file)
    assert list(file.parent.iterdir()) == []
    discard(file)


# ---- reading only ----


def test_a_reader_sees_what_is_committed_and_never_writes(file: Path) -> None:
    before = hashlib.sha256(filled(file).read_bytes()).digest()
    reader = open_for_reading(file)
    assert len(reader.known_files()) == 5 and reader.identity
    for write in (
        lambda: reader.replace_file(record("a.py"), content("a.py")),
        lambda: reader.remove_files(["f0.py"]),
        lambda: reader.touch_file(record("f0.py")),
        lambda: reader.set_meta("a", "b"),
    ):
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            write()
    assert len(reader.known_files()) == 5
    reader.close()
    assert hashlib.sha256(file.read_bytes()).digest() == before


def test_a_reader_sees_what_a_writer_commits_beside_it(file: Path) -> None:
    reader = open_for_reading(filled(file))
    writer, _ = open_store(file, CONTENT)
    writer.replace_file(record("new.py"), content("new.py"))
    assert "new.py" in reader.known_files()
    assert inspect(file, CONTENT) is IndexState.READY  # also while both are open


def test_there_is_nothing_to_read_where_nothing_is(file: Path) -> None:
    with pytest.raises(sqlite3.Error):
        open_for_reading(file)
    assert not file.exists()
    file.write_bytes(b"")
    with pytest.raises(sqlite3.Error):
        open_for_reading(file)


@pytest.mark.parametrize("torn", [b"", b"x" * 5, b"x" * 9])
def test_torn_contextual_embeddings_are_an_error_of_the_database(file: Path, torn: bytes) -> None:
    filled(file, 2)
    store, _ = open_store(file, CONTENT)
    with closing(store):
        first, second = sorted(store.chunk_counts())
        assert store.put_contextual(first, np.ones((2, 4), np.int8))
        with closing(sqlite3.connect(file)) as other:
            other.execute("INSERT INTO contextual VALUES (?, ?, ?)", (second, torn, seal_of(second, torn)))
            other.commit()
        with pytest.raises(sqlite3.DatabaseError, match=f"file {second} are torn"):
            dict(store.contextual())


# ---- rows that are not as they were written ----


def look(file: Path) -> Damage:
    """What a look at everything finds, as a reader does it."""
    with closing(open_for_reading(file)) as store:
        steps = store.damage()
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]


@pytest.mark.parametrize("column", ["records", "vectors", "postings"])
@pytest.mark.parametrize("value", ["zeroblob(length({column}))", "x''", "NULL", "{column} || x'00'", "7", "'text'"])
def test_a_row_with_another_content_is_never_read(file: Path, column: str, value: str) -> None:
    filled(file)
    if value == "NULL":
        execute("DELETE FROM contents WHERE file_id = 3")(file)
    else:
        execute(f"UPDATE contents SET {column} = {value.format(column=column)} WHERE file_id = 3")(file)
    assert inspect(file, CONTENT) is IndexState.READY, "contents are looked at when they are read"
    store, _ = open_store(file, CONTENT)
    with closing(store):
        assert [number for number, _ in store.contents([1, 2, 4, 5])] == [1, 2, 4, 5]
        with pytest.raises(DamagedStoreError, match="file 3 is torn"):
            list(store.contents([2, 3]))
        damage = look(file)
        assert damage == Damage(contents=frozenset({3}))
        assert store.forget(damage) == {"f2.py": False}
        assert "f2.py" not in store.known_files() and len(store.known_files()) == 4
    assert inspect(file, CONTENT) is IndexState.READY and not look(file)


def test_a_contextual_row_that_is_damaged_goes_alone(file: Path) -> None:
    filled(file)
    store, _ = open_store(file, CONTENT)
    with closing(store):
        for number in (1, 2):
            assert store.put_contextual(number, np.ones((2, 4), np.int8))
        execute("UPDATE contextual SET vectors = x'0101010101010102' WHERE file_id = 2")(file)
        assert look(file) == Damage(contextual=frozenset({2}))
        with pytest.raises(DamagedStoreError, match="file 2 are torn"):
            dict(store.contextual())
        assert store.forget(look(file)) == {"f1.py": True}
        assert store.contextual_ids() == {1} and len(store.known_files()) == 5
    assert inspect(file, CONTENT) is IndexState.READY and not look(file)


def test_sums_follow_every_way_of_writing(file: Path) -> None:
    filled(file)
    store, _ = open_store(file, CONTENT)
    with closing(store):
        store.put_contextual(1, np.ones((2, 4), np.int8))
        store.put_contextual(1, np.zeros((2, 4), np.int8))
        store.put_contextual(2, np.ones((2, 4), np.int8))
        store.replace_file(record("f0.py", mtime_ns=5), content("f0.py"))  # takes its contextual row along
        store.touch_file(replace(store.known_files()["f3.py"][1], size=5, mtime_ns=6))
        store.remove_files(["f4.py"])
        store.set_meta("some", "note")
        assert not look(file)
    assert inspect(file, CONTENT) is IndexState.READY and not look(file)


def test_an_index_of_paths_that_lacks_one_is_found(file: Path) -> None:
    # A file would be there twice: no lookup by path finds the first.
    filled(file)
    whole = bytearray(file.read_bytes())
    with closing(sqlite3.connect(file)) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'files'")
        start = (page.fetchone()[0] - 1) * 4096
    at = whole.index(b"f3.py", start)
    assert at < start + 4096
    whole[at] ^= 1
    file.write_bytes(whole)
    assert look(file).is_beyond_rows


@pytest.mark.parametrize(
    ("error", "corrupt"),
    [
        (DamagedStoreError("x"), True),
        (sqlite3.DatabaseError("database disk image is malformed"), True),
        (sqlite3.DatabaseError("file is not a database"), True),
        (sqlite3.OperationalError("no such table: files"), True),
        (sqlite3.OperationalError("Could not decode to UTF-8 column 'path' with text"), True),
        (sqlite3.OperationalError("database is locked"), False),
        (sqlite3.OperationalError("database or disk is full"), False),
        (sqlite3.OperationalError("attempt to write a readonly database"), False),
        (sqlite3.IntegrityError("UNIQUE constraint failed: files.path"), False),
        (sqlite3.ProgrammingError("Cannot operate on a closed database."), False),
        (sqlite3.InterfaceError("bad parameter"), False),
        (sqlite3.DataError("string or blob too big"), False),
        (OSError("malformed"), False),
    ],
)
def test_only_damage_is_corruption(error: Exception, corrupt: bool) -> None:
    assert is_corruption(error) is corrupt


def test_real_errors_of_sqlite_are_told_apart(file: Path) -> None:
    store, _ = open_store(filled(file), CONTENT)
    with pytest.raises(sqlite3.IntegrityError) as wrong:
        execute("INSERT INTO meta VALUES ('content', 'x', 0)")(file)
    assert not is_corruption(wrong.value)
    store.close()
    with pytest.raises(sqlite3.ProgrammingError) as closed:
        store.counts()
    assert not is_corruption(closed.value)
    damage_the_files_table(file)
    with pytest.raises(sqlite3.DatabaseError) as torn:
        execute("SELECT sum(size) FROM files")(file)
    assert is_corruption(torn.value)
    damage_header(file)
    with pytest.raises(sqlite3.DatabaseError) as header:
        execute("SELECT count(*) FROM files")(file)
    assert is_corruption(header.value)


def test_a_clean_end_is_noted_and_any_touch_unsays_it(file: Path) -> None:
    assert ended_cleanly(file), "there is nothing that could be unclean"
    filled(file)
    assert not ended_cleanly(file)
    note_clean_end(file)
    assert ended_cleanly(file) and file.with_suffix(".clean").stat().st_mode & 0o077 == 0
    whole = file.read_bytes()
    file.write_bytes(whole)
    assert not ended_cleanly(file)
    note_clean_end(file)
    store, _ = open_store(file, CONTENT)
    store.set_meta("a", "b")
    assert not ended_cleanly(file), "it is in use"
    store.close()
    assert not ended_cleanly(file), "nobody has noted its end"
    for garbage in (b"", b"\xff\xfe", b"1 2 3 4\nnone"):
        file.with_suffix(".clean").write_bytes(garbage)
        assert not ended_cleanly(file)


def test_contextual_embeddings_belong_to_a_file_and_go_with_it(file: Path) -> None:
    filled(file, 3)
    store, _ = open_store(file, CONTENT)
    with closing(store):
        ids = sorted(store.chunk_counts())
        assert store.without_contextual(10) == ids[::-1]  # what was written last comes first
        rows = np.arange(-6, 6, dtype=np.int8).reshape(2, 6)
        assert store.put_contextual(ids[0], rows) and store.put_contextual(ids[2], rows + 1)
        assert not store.put_contextual(ids[1], rows[:1])  # of a file with two chunks
        assert not store.put_contextual(4711, rows)
        assert (store.without_contextual(10), store.contextual_ids()) == ([ids[1]], {ids[0], ids[2]})
        assert store.contextual_counts() == (4, 6)
        found = dict(store.contextual())
        np.testing.assert_array_equal(found[ids[2]], rows + 1)
        assert [number for number, _ in store.contextual([ids[1], ids[2]])] == [ids[2]]
        new = put(store, record("f0.py", mtime_ns=5), content("f0.py"))
        assert store.contextual_ids() == {ids[2]}
        assert store.without_contextual(1) == [new]
        store.remove_files(["f2.py"])
        assert store.contextual_ids() == set()
    with closing(open_for_reading(file)) as reader:
        assert reader.contextual_counts() == (0, 4)
