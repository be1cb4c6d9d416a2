"""The database of an index: its schema, and connections to it."""

from __future__ import annotations

import sqlite3
import uuid
from pathlib import Path, PurePath

from hunch.index.integrity import SEAL_SCHEMA, SUMS, seal_of

STORAGE_FORMAT = 3
"""1: files, and one row of packed chunks, embeddings and postings for each. 2: contextual embeddings beside them.
3: all stamps of a file, when it was read, what kept it from being read by its grammar, and seals."""

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL, seal INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,
    language TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    digest BLOB NOT NULL,
    skipped TEXT,
    chunks INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    read_ns INTEGER NOT NULL,
    problem TEXT,
    seal INTEGER NOT NULL
);
CREATE INDEX problems ON files (path) WHERE problem IS NOT NULL;
CREATE TABLE contents (
    file_id INTEGER PRIMARY KEY REFERENCES files(id) ON DELETE CASCADE,
    records BLOB NOT NULL,
    vectors BLOB NOT NULL,
    postings BLOB NOT NULL,
    seal INTEGER NOT NULL
);
CREATE TABLE contextual (
    file_id INTEGER PRIMARY KEY REFERENCES files(id) ON DELETE CASCADE,
    vectors BLOB NOT NULL,
    seal INTEGER NOT NULL
);
"""
_STATEMENTS = (*(part.strip() for part in _TABLES.split(";") if part.strip()), *SEAL_SCHEMA)
SCHEMA = frozenset({*_STATEMENTS, "CREATE TABLE sqlite_sequence(name,seq)"})
"""The statements that SQLite keeps of it"""

_BUSY_SECONDS = 10.0


def connect(place: str) -> sqlite3.Connection:
    """Open a database for writing."""
    # The thread that opens a store is not always the one that goes on with it; only one uses it at a time.
    connection = sqlite3.connect(place, timeout=_BUSY_SECONDS, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA wal_autocheckpoint = 8000")  # 32 MB: fewer, longer fsyncs while a first index is built
    connection.execute("PRAGMA journal_size_limit = 4194304")
    return connection


def connect_for_reading(file: Path) -> sqlite3.Connection:
    """Open a database without ever writing to it."""
    place = f"{_uri_of(file.absolute())}?mode=ro"
    connection = sqlite3.connect(place, uri=True, timeout=_BUSY_SECONDS)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        if file.with_name(f"{file.name}-wal").exists():
            raise
        # In a folder that cannot be written no shared memory for the log can be made; without a log none is needed.
        connection = sqlite3.connect(f"{place}&immutable=1", uri=True)
    return connection


def create_tables(connection: sqlite3.Connection, content: str) -> None:
    """Make an empty index in an empty database; content is what its rows will be made by."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for statement in _STATEMENTS:
            connection.execute(statement)
        connection.executemany("INSERT INTO sqlite_sequence VALUES (?, 0)", zip(SUMS))
        put_note(connection, "content", content)
        put_note(connection, "identity", uuid.uuid4().hex)
        connection.execute(f"PRAGMA user_version = {STORAGE_FORMAT}")


def put_note(connection: sqlite3.Connection, key: str, value: str) -> None:
    """Write a note about the whole index."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?,?,?)", (key, value, seal_of(key, value)))


def _uri_of(file: PurePath) -> str:
    # SQLite takes no host in a URI: a Windows share is written as a path that begins with two slashes.
    uri = file.as_uri()
    return uri if uri.startswith("file:///") else uri.replace("file://", "file:////", 1)
