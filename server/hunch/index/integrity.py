"""What tells a damaged database from a whole one: seals on its rows, sums over them, and a mark of its last clean end.

SQLite notices damage to its own structure, but not a flipped bit in what it holds, nor rows that are gone. So each row
carries a checksum of what matters in it, its seal, and triggers keep the sum of the seals of a table. Sizes and time
stamps of files are not sealed: a wrong one has the file read again, no more.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

_MASK = (1 << 62) - 1

SEAL_SCHEMA = (
    *(
        f"CREATE TRIGGER {table}_{when} AFTER {event} ON {table} BEGIN"
        f" UPDATE sqlite_sequence SET seq = (seq {change}) & {_MASK} WHERE name = 'sum of {table}'; END"
        for table in ("files", "contextual")
        for when, event, change in (
            ("added", "INSERT", "+ new.seal"),
            ("removed", "DELETE", "- old.seal"),
            ("changed", "UPDATE OF seal", "+ new.seal - old.seal"),
        )
    ),
    "CREATE TRIGGER files_numbered AFTER INSERT ON files BEGIN"
    " UPDATE sqlite_sequence SET seq = new.id WHERE name = 'last id'; END",
)
SUMS = ("sum of files", "sum of contextual", "last id")
"""Rows of SQLite's own table of the last ids, which every new file changes: a table beside it would be one more page to
write each time."""

_SEALED_OF_FILE = (
    "CAST(id || char(10) || path || char(10) || language || char(10) || hex(digest) || char(10)"
    " || ifnull(skipped, '') || char(10) || chunks || char(10) || ifnull(problem, '') AS BLOB)"
)
_ROWS_AT_ONCE = 100
_CORRUPT, _NOT_A_DATABASE = 11, 26
"""SQLITE_CORRUPT and SQLITE_NOTADB, https://sqlite.org/rescode.html"""
_DAMAGE = ("malformed", "not a database", "no such table", "no such column", "has no column", "decode to utf-8")


class DamagedStoreError(sqlite3.DatabaseError):
    """The database holds something else than was written to it."""


@dataclass(frozen=True, slots=True)
class Damage:
    """What was found damaged in a database."""

    contents: frozenset[int] = frozenset()
    """Ids of files whose content has to be read again."""
    contextual: frozenset[int] = frozenset()
    """Ids of files whose contextual embeddings have to be computed again."""
    is_beyond_rows: bool = field(default=False)
    """It has to be made anew."""

    def __bool__(self) -> bool:
        return bool(self.contents or self.contextual or self.is_beyond_rows)


def is_corruption(error: BaseException) -> bool:
    """Say whether an error means that the database is damaged, and not that it was used wrongly or is out of reach."""
    if isinstance(error, DamagedStoreError):
        return True
    if not isinstance(error, sqlite3.DatabaseError) or isinstance(
        error, (sqlite3.IntegrityError, sqlite3.ProgrammingError)
    ):
        return False
    code = getattr(error, "sqlite_errorcode", None)  # from Python 3.11 on
    if code is not None and code & 0xFF in (_CORRUPT, _NOT_A_DATABASE):
        return True
    # The schema was found right when the database was opened: what it lacks now was damaged since.
    return any(part in str(error).lower() for part in _DAMAGE)


def file_seal(
    number: int, path: str, language: str, digest: bytes, skipped: str | None, chunks: int, problem: str | None
) -> int:
    """Return the seal of a row of files."""
    parts = (number, path, language, digest.hex().upper(), skipped or "", chunks, problem or "")
    return crc32("\n".join(map(str, parts)).encode())


def seal_of(*values: int | str | bytes) -> int:
    """Return the seal of a row of another table."""
    seal = 0
    for value in values:
        part = value if isinstance(value, bytes) else str(value).encode("utf-8")
        seal = crc32(part, crc32(b"%d " % len(part), seal))
    return seal


def check_tables(connection: sqlite3.Connection, schema: frozenset[str]) -> None:
    """Compare the schema, the notes and what is known of each file with their seals: a microsecond a file.

    Raises:
        DamagedStoreError: they are not as they were written.
        sqlite3.DatabaseError: SQLite itself finds damage.
    """
    found = {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    if found != schema:
        raise DamagedStoreError("the schema is damaged")
    for *values, seal in connection.execute("SELECT CAST(key AS BLOB), CAST(value AS BLOB), seal FROM meta"):
        if seal != seal_of(*values):
            raise DamagedStoreError("a note is damaged")
    sums = dict(connection.execute("SELECT name, seq FROM sqlite_sequence"))
    last = sums.pop("files", 0)
    total = 0
    for sealed, seal in connection.execute(f"SELECT {_SEALED_OF_FILE}, seal FROM files"):
        if sealed is None or crc32(sealed) != seal:
            raise DamagedStoreError("what is known of a file is damaged")
        total += seal
    contextual = connection.execute("SELECT ifnull(sum(seal), 0) FROM contextual").fetchone()[0]
    if sums != dict(zip(SUMS, (total & _MASK, contextual & _MASK, last), strict=True)):
        raise DamagedStoreError("rows are missing, or are there twice")


def look_over(connection: sqlite3.Connection, schema: frozenset[str]) -> Generator[None, None, Damage]:
    """Compare everything with its seals and let SQLite look at its own structure; return what is damaged.

    A gigabyte takes some two seconds, in steps of a millisecond but for one, SQLite's own look.
    """
    contents, contextual = set(), set()
    try:
        connection.execute("BEGIN")
        check_tables(connection, schema)
        yield
        # What quick_check leaves out, that an index holds what its table holds, matters where rows are looked up by it.
        for look in ("quick_check(1)", "integrity_check(files)"):
            if connection.execute(f"PRAGMA {look}").fetchone()[0] != "ok":
                return Damage(is_beyond_rows=True)
            yield
        numbers = [row[0] for row in connection.execute("SELECT id FROM files WHERE chunks > 0")]
        for at, number in enumerate(numbers):
            if is_content_damaged(connection.execute(CONTENT_ROW, (number,)).fetchone(), number):
                contents.add(number)
            if is_contextual_damaged(connection.execute(CONTEXTUAL_ROW, (number,)).fetchone(), number):
                contextual.add(number)
            if at % _ROWS_AT_ONCE == 0:
                yield
    except sqlite3.DatabaseError as error:
        if not is_corruption(error):
            raise
        return Damage(is_beyond_rows=True)
    finally:
        with suppress(sqlite3.Error):
            connection.rollback()
    return Damage(frozenset(contents), frozenset(contextual))


CONTENT_ROW = (
    "SELECT CAST(records AS BLOB), CAST(vectors AS BLOB), CAST(postings AS BLOB), seal FROM contents WHERE file_id = ?"
)
CONTEXTUAL_ROW = "SELECT CAST(vectors AS BLOB), seal FROM contextual WHERE file_id = ?"
"""Damage can make text of a blob, which Python would decode"""


def is_content_damaged(row: tuple[bytes, bytes, bytes, int] | None, number: int) -> bool:
    """Say whether the row of a file that has chunks is missing or does not fit its seal."""
    return row is None or not all(isinstance(part, bytes) for part in row[:3]) or seal_of(number, *row[:3]) != row[3]


def is_contextual_damaged(row: tuple[bytes, int] | None, number: int) -> bool:
    """Say whether a row does not fit its seal; there need not be one."""
    return row is not None and (not isinstance(row[0], bytes) or seal_of(number, row[0]) != row[1])


def note_clean_end(database: Path) -> None:
    """Note beside a database that is closed how it was left."""
    mark = _mark_of(database)
    with suppress(OSError):
        descriptor = os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(_identity_of(database))


def ended_cleanly(database: Path) -> bool:
    """Say whether nothing has touched a database since its last clean end, or there is none."""
    try:
        database.stat()
    except OSError:
        return True
    try:
        return _mark_of(database).read_text(encoding="ascii") == _identity_of(database)
    except (OSError, UnicodeError):
        return False


def _mark_of(database: Path) -> Path:
    return database.with_suffix(".clean")


def _identity_of(database: Path) -> str:
    """Return what changes whenever somebody writes to a database or its log."""
    lines = []
    for file in (database, database.with_name(f"{database.name}-wal")):
        try:
            one = file.stat()
            lines.append(f"{one.st_ino} {one.st_size} {one.st_mtime_ns} {one.st_ctime_ns}")
        except OSError:
            lines.append("none")
    return "\n".join(lines)
