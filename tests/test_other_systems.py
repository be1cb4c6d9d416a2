"""What Windows and macOS do otherwise, as far as another system can play them."""

from __future__ import annotations

import os
import queue
import sqlite3
import sys
import time
import unicodedata
from contextlib import closing
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import psutil
import pytest

from hunch.index import child as child_module
from hunch.index import isolation, limits
from hunch.index.isolation import call_apart
from hunch.index.schema import _uri_of
from hunch.lsp import uris
from hunch.text.chunk import chunk_source
from hunch.workspace.far import is_device
from hunch.workspace.ignore import read_regular
from hunch.workspace.scan import read_source, scan
from hunch.workspace.walk import composed, reading_problem
from hunch.workspace.watch_tree import _as_told

PROJECT = Path(__file__).parent.parent
COMPOSED, DECOMPOSED = "caf\u00e9.py", "cafe\u0301.py"

_held: list[bytes] = []


def hold(size: int, seconds: float) -> int:
    """Take memory for good, as a grammar does that leaks, and some time."""
    _held.append(b"x" * size)
    time.sleep(seconds)
    return os.getpid()


# ---- Windows: names ----


@pytest.mark.parametrize(
    "path",
    [
        "NUL",
        "src/nul",
        r"C:\code\Con",
        "aux.c",
        "src/COM1.tar.gz",
        "LPT9 .txt",
        "com\u00b2.py",
        "CONIN$",
        "a/prn:x",
        "NUL/x",
    ],
)
def test_names_that_windows_takes_for_devices(path: str) -> None:
    assert is_device(path, windows=True)
    assert not is_device(path, windows=False)


@pytest.mark.parametrize(
    "path", ["null.c", "console.py", "src/auxiliary/x.py", "COM10.py", "com.py", "C:/nul_/x", ".con", ""]
)
def test_names_that_only_look_like_devices(path: str) -> None:
    assert not is_device(path, windows=True)


def test_a_device_is_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "NUL.py").write_text("x = 1\n")
    assert read_source(tmp_path, "NUL.py") == b"x = 1\n"
    monkeypatch.setattr("hunch.workspace.regular.is_device", lambda path: is_device(path, windows=True))
    monkeypatch.setattr(os, "open", lambda *arguments: pytest.fail("opened"))
    with pytest.raises(OSError, match="not a regular file"):
        read_regular(tmp_path / "NUL.py", 100)


def test_a_link_is_not_read_where_the_system_cannot_refuse_to_follow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret.txt").write_text("x = 1\n")
    try:
        (tmp_path / "a.py").symlink_to(tmp_path / "secret.txt")
    except OSError:
        pytest.skip("this system makes no links")
    monkeypatch.delattr(os, "O_NOFOLLOW", raising=False)
    with pytest.raises(OSError, match="link"):
        read_regular(tmp_path / "a.py", 100, follow_link=False)
    assert read_regular(tmp_path / "a.py", 100) == b"x = 1\n"


def test_a_path_that_is_too_long_for_windows_is_named_so() -> None:
    class TooLongError(OSError):
        winerror = 206

    assert reading_problem(TooLongError(2, "The filename or extension is too long")) == "path too long"
    assert reading_problem(OSError(2, "No such file")) == "vanished"


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        (r"C:\code\a.py", "C:/code/a.py"),
        ("\\\\?\\C:\\" + r"long\a.py", "C:/long/a.py"),
        (r"\\?\UNC\server\share\a.py", "//server/share/a.py"),
        (r"\\server\share\a.py", "//server/share/a.py"),
    ],
)
def test_a_long_path_is_in_the_same_folder_as_a_short_one(
    monkeypatch: pytest.MonkeyPatch, real: str, expected: str
) -> None:
    monkeypatch.setattr(uris, "_WINDOWS", True)
    monkeypatch.setattr(os.path, "realpath", lambda path: real)
    assert uris.resolved("C:/any") == expected


# ---- Windows: the index ----


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (PureWindowsPath(r"C:\Users\me\index.db"), "file:///C:/Users/me/index.db"),
        (PureWindowsPath(r"\\server\home\a b\index.db"), "file:////server/home/a%20b/index.db"),
        (PurePosixPath("/home/ä/index.db"), "file:///home/%C3%A4/index.db"),
    ],
)
def test_a_database_on_a_share_has_a_uri_without_a_host(path: PurePosixPath | PureWindowsPath, uri: str) -> None:
    assert _uri_of(path) == uri


def test_sqlite_takes_no_host_in_a_uri() -> None:
    with (
        pytest.raises(sqlite3.OperationalError, match="authority"),
        closing(sqlite3.connect("file://server/home/index.db?mode=ro", uri=True)),
    ):
        pass


def test_processes_of_ours_are_no_launchers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert child_module._interpreter() == sys.executable
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "_base_executable", r"C:\Python\python.exe")
    assert child_module._interpreter() == r"C:\Python\python.exe"
    monkeypatch.setattr(sys, "_base_executable", "")
    assert child_module._interpreter() == sys.executable


def test_the_interpreter_below_a_virtual_environment_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    base = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    monkeypatch.setattr(child_module, "_interpreter", lambda: base)
    results: queue.SimpleQueue[tuple[Any, object]] = queue.SimpleQueue()
    one = child_module.start_child(_chunk_count, _nothing, results)
    try:
        one.send(b"def area(width, height):\n    return width * height\n")
        assert results.get(timeout=30)[1] == len(
            chunk_source("a.py", "python", b"def area(width, height):\n    return 1\n")
        )
    finally:
        one.end(at_once=True)


def test_memory_is_measured_without_proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_STATM", tmp_path / "none")
    measured, expected = limits.resident_bytes(), psutil.Process().memory_info().rss
    assert measured == pytest.approx(expected, rel=0.2) and measured > 0


def test_what_earlier_sources_have_taken_is_no_fault_of_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the parent watches the memory of the process that parses: on Windows and macOS."""
    monkeypatch.setattr(isolation, "_IS_WATCHED", True)
    isolation._end_child(at_once=True)
    try:
        call_apart(hold, 0, 0.0)  # it imports this file, which the product's own functions need not
        processes = [call_apart(hold, 80_000_000, 0.2) for _ in range(4)]
    finally:
        isolation._end_child(at_once=True)
    assert processes[0] == processes[2] != processes[3], "it is replaced once it has grown, between two sources"


def test_what_a_process_imports_is_no_fault_of_the_first_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was not ready was measured while it had imported nothing: the first source paid for the rest."""
    monkeypatch.setattr(isolation, "_IS_WATCHED", True)
    monkeypatch.setattr(isolation, "BYTES", 35_000_000)  # less than the imports take
    isolation._end_child(at_once=True)
    try:
        assert call_apart(time.sleep, 0.3) is None
    finally:
        isolation._end_child(at_once=True)


# ---- macOS ----


@pytest.fixture
def macos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")


def test_names_are_composed_on_macos_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert composed(DECOMPOSED) == (COMPOSED if sys.platform == "darwin" else DECOMPOSED)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert composed(DECOMPOSED) == composed(COMPOSED) == COMPOSED
    assert composed("/a/\udcff") == "/a/\udcff"


def test_a_file_has_one_name_in_the_index_and_in_the_editor(tmp_path: Path, macos: None) -> None:
    folder = tmp_path / unicodedata.normalize("NFD", "übung")
    folder.mkdir()
    (folder / DECOMPOSED).write_text("x = 1\n")
    found = [file.path for file in scan(tmp_path).files]
    assert found == [f"übung/{COMPOSED}"]
    assert [file.path for file in scan(tmp_path, only=found).files] == found
    of_editor = {uris.path_of(f"file:///w/{name}") for name in ("cafe%CC%81.py", "caf%C3%A9.py")}
    assert of_editor == {f"/w/{COMPOSED}"}
    assert uris.resolved(str(tmp_path / folder.name)) == composed(os.path.realpath(folder))


def test_an_ignore_rule_is_written_composed(tmp_path: Path, macos: None) -> None:
    (tmp_path / ".gitignore").write_text(f"{COMPOSED}\n", encoding="utf-8")
    (tmp_path / DECOMPOSED).write_text("x = 1\n")
    assert scan(tmp_path).files == []


def test_a_watched_root_has_the_letter_case_of_its_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl", reason="Windows has none, and tells of paths as they were asked for")
    assert _as_told(str(tmp_path)) == str(tmp_path)
    told = os.fsencode(tmp_path / "Code").ljust(1024, b"\0")
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(fcntl, "F_GETPATH", 50, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", lambda descriptor, command, argument: told)
    assert _as_told(str(tmp_path)) == str(tmp_path / "Code")
    assert _as_told(str(tmp_path / "gone")) == str(tmp_path / "gone")


# ---- line ends ----


def test_the_ends_of_lines_change_nothing() -> None:
    source = (
        b"import os\n\n\ndef area(width, height):\n    # flat\n    return width * height\n\n\nclass A:\n    x = 1\n"
    )
    plain, windows = (chunk_source("a.py", "python", text) for text in (source, source.replace(b"\n", b"\r\n")))
    assert windows == plain


def test_files_that_are_compared_byte_by_byte_keep_their_ends_of_lines() -> None:
    """Git for Windows turns them otherwise, and a bundle would not fit its checksums."""
    rules = (PROJECT / ".gitattributes").read_text(encoding="utf-8").split("\n")
    assert "* text=auto eol=lf" in rules


def _chunk_count(source: bytes) -> int:
    return len(chunk_source("a.py", "python", source))


def _nothing() -> None:
    pass
