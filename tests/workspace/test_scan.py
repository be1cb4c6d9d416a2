"""Which files count, and that nothing on a disk can break or hang the scan."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hunch.text.languages import language_of
from hunch.workspace import ignore_rules as rules_module
from hunch.workspace import scan as scan_module
from hunch.workspace.file_rules import FileRules
from hunch.workspace.scan import RootError, Scan, Skip, SourceFile, read_source, scan

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def paths(found: Scan) -> list[str]:
    return [file.path for file in found.files]


def link(at: Path, target: Path | str, *, folder: bool = False) -> None:
    try:
        at.symlink_to(target, target_is_directory=folder)
    except OSError:
        pytest.skip("this system makes no links")


# ---- what is found ----


def test_files_come_sorted_with_language_size_and_time(tmp_path: Path) -> None:
    write(tmp_path, {"b.py": "x = 1\n", "a/z.go": "package a\n", "a.py": "y\n", "a/b/c.rs": "fn f() {}\n"})
    os.utime(tmp_path / "b.py", ns=(5, 1_700_000_000_000_000_000))
    found = scan(tmp_path)
    assert paths(found) == ["a.py", "a/b/c.rs", "a/z.go", "b.py"]
    about = (tmp_path / "b.py").stat()
    inode = 0 if os.name == "nt" else about.st_ino  # Windows' listings hold none
    assert found.files[-1] == SourceFile("b.py", "python", 6, 1_700_000_000_000_000_000, about.st_ctime_ns, inode)
    assert found.skipped == {} and found.warnings == []


def test_every_entry_left_out_has_a_reason(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "ok.py": "x = 1\n",
            ".gitignore": "*.log.py\nout/\n",
            "a.log.py": "x",
            "out/b.py": "x",
            "picture.png": b"\x89PNG\0",
            "LICENSE": "MIT",
            "Cargo.lock": "x",
            "package-lock.json": "{}",
            "jquery.min.js": "x",
            "api_pb2.py": "x",
            "api.pb.go": "package x",
            "empty.py": "",
            "large.py": "x = 1\n" * 1000,
            "node_modules/x/index.js": "x",
            "sub/__pycache__/x.py": "x",
            ".idea/x.py": "x",
            ".hg/x.py": "x",
            "env/pyvenv.cfg": "",
            "env/lib/x.py": "x",
        },
    )
    found = scan(tmp_path, rules=FileRules(max_file_bytes=5000))
    assert paths(found) == ["ok.py"]
    assert found.skipped == {
        "ignored": 2,
        "not code": 3,
        "lock file": 2,
        "minified": 1,
        "generated": 2,
        "empty": 1,
        "too large": 1,
        "dependencies": 2,
        "cache": 1,
        "tool settings": 1,
        "version control": 1,
    }


def test_folders_that_may_hold_a_packages_only_code_are_scanned(tmp_path: Path) -> None:
    names = ["build", "dist", "vendor", "target", "lib", "out", "bin", "venv", "env", ".github", "tests", "third_party"]
    write(tmp_path, {f"{name}/a.py": "x" for name in names})
    assert paths(scan(tmp_path)) == sorted(f"{name}/a.py" for name in names)


def test_a_cache_folder_is_one_that_says_so(tmp_path: Path) -> None:
    tag = "Signature: 8a477f597d28d172789f06886806bc55\n# This file is a cache directory tag.\n"
    write(
        tmp_path, {"target/CACHEDIR.TAG": tag, "target/a.rs": "x", "other/CACHEDIR.TAG": "nonsense", "other/a.rs": "x"}
    )
    found = scan(tmp_path)
    assert paths(found) == ["other/a.rs"]
    assert found.skipped["cache"] == 1
    assert paths(scan(tmp_path / "target")) == ["a.rs"], "the root was asked for by name"


def test_scripts_without_an_ending_are_known_by_their_first_line(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "tool": "#!/usr/bin/env python3\nprint()\n",
            "run": "#!/bin/sh\necho\n",
            "notes": "some words\n",
            "data": b"\0\1\2",
            "zero": "",
            "COPYING": "#!/bin/sh\n",
            "one-line": b"#!/bin/sh " + b"x" * 100_000,
        },
    )
    found = scan(tmp_path)
    assert {file.path: file.language for file in found.files} == {"tool": "python", "run": "bash", "one-line": "bash"}
    assert found.skipped == {"not code": 4}


def test_only_ignore_files_and_unknown_names_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        tmp_path, {"a.py": "x", "b.txt": "x", "c.min.js": "x", "LICENSE": "x", ".gitignore": "z", "script": "#!/bin/sh"}
    )
    opened: list[str] = []
    real_open = os.open

    def record(path: Any, *arguments: Any, **named: Any) -> int:
        if Path(path).is_relative_to(tmp_path):  # not git's configuration
            opened.append(Path(path).name)
        return real_open(path, *arguments, **named)

    monkeypatch.setattr(os, "open", record)
    scan(tmp_path)
    assert sorted(opened) == [".gitignore", "script"]


def test_nothing_is_written_in_the_workspace(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "x", "sub/b.py": "x", ".gitignore": "!", "sub/script": "#!/bin/sh"})

    def state() -> list[tuple[str, int, int]]:
        return sorted((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in [tmp_path, *tmp_path.rglob("*")])

    before = state()
    for file in scan(tmp_path).files:
        read_source(tmp_path, file.path)
    assert state() == before


def test_progress_counts_up_to_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_module, "_PROGRESS_STEP", 3)
    write(tmp_path, {f"d{i}/f{j}.py": "x" for i in range(5) for j in range(2)})
    told: list[int] = []
    scan(tmp_path, on_progress=told.append)
    assert told[-1] == 10 and told == sorted(told) and len(told) == 3


# ---- the root ----


def test_a_root_that_is_a_file(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "x"})
    with pytest.raises(RootError, match=r"a\.py is a file, not a folder: give its folder$"):
        scan(tmp_path / "a.py")


def test_a_root_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(RootError, match=r"nowhere does not exist$"):
        scan(tmp_path / "nowhere")


def test_a_root_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deny(monkeypatch, tmp_path)
    with pytest.raises(RootError, match=r"cannot be read: Permission denied$"):
        scan(tmp_path)


def test_a_root_given_relative_or_through_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"real/a.py": "x", "real/sub/b.py": "x"})
    link(tmp_path / "link", tmp_path / "real", folder=True)
    assert paths(scan(tmp_path / "link")) == ["a.py", "sub/b.py"]
    monkeypatch.chdir(tmp_path / "real")
    assert paths(scan(Path())) == ["a.py", "sub/b.py"]
    assert paths(scan(Path("sub"))) == ["b.py"]
    assert read_source(Path(), "sub/b.py") == b"x"


# ---- links ----


def test_links_are_never_followed(tmp_path: Path) -> None:
    root = write(tmp_path / "root", {"a.py": "x", "sub/deep/b.py": "x"})
    write(tmp_path, {"outside/c.py": "x"})
    link(root / "again.py", root / "a.py")
    link(root / "sub2", root / "sub", folder=True)
    link(root / "sub" / "up", "..", folder=True)
    link(root / "sub" / "deep" / "here", ".", folder=True)
    link(root / "self", root / "self")
    link(root / "one", root / "two")
    link(root / "two", root / "one")
    link(root / "gone.py", "nothing.py")
    link(root / "away.py", tmp_path / "outside" / "c.py")
    link(root / "away", tmp_path / "outside", folder=True)
    link(root / "above", tmp_path, folder=True)
    found = scan(root)
    assert paths(found) == ["a.py", "sub/deep/b.py"]
    assert found.skipped == {"link": 2, "link loop": 5, "broken link": 1, "link outside": 3}
    assert isinstance(read_source(root, "again.py"), Skip)


def test_an_ignored_link_is_ignored(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "a.py\nfolder\nonly-folders/\n"})
    for name in ("a.py", "folder", "only-folders"):
        link(tmp_path / name, tmp_path, folder=True)
    # For git a link is a file whatever it names, so `only-folders/` does not speak of it.
    assert scan(tmp_path).skipped == {"ignored": 2, "link loop": 1, "not code": 1}


# ---- what cannot be read ----


def deny(monkeypatch: pytest.MonkeyPatch, *denied: Path) -> None:
    """Makes these paths unreadable, also for root, whom permissions do not stop."""
    refused = {os.fspath(path) for path in denied}
    real_scandir, real_open = os.scandir, os.open

    def check(path: Any) -> None:
        if isinstance(path, (str, Path)) and os.fspath(path).rstrip(os.sep) in refused:
            raise PermissionError(13, "Permission denied", os.fspath(path))

    def scandir(path: Any = ".") -> Any:
        check(path)
        return real_scandir(path)

    def open_(path: Any, *arguments: Any, **named: Any) -> int:
        check(path)
        return real_open(path, *arguments, **named)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(os, "open", open_)


def test_unreadable_folders_and_files_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"a.py": "x", "secret/b.py": "x", "script": "#!/bin/sh", "sub/.gitignore": "*", "sub/c.py": "x"})
    deny(monkeypatch, tmp_path / "secret", tmp_path / "script", tmp_path / "sub" / ".gitignore", tmp_path / "a.py")
    found = scan(tmp_path)
    assert paths(found) == ["a.py", "sub/c.py"]
    assert found.skipped == {"unreadable": 2, "not code": 1}
    assert found.warnings == ["sub/.gitignore: not read: Permission denied"]
    assert read_source(tmp_path, "a.py") == Skip("unreadable")


@posix_only
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="permissions do not stop root")
def test_real_permissions(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "x", "secret/b.py": "x"})
    (tmp_path / "secret").chmod(0)
    (tmp_path / "a.py").chmod(0)
    try:
        assert scan(tmp_path).skipped == {"unreadable": 1}
        assert read_source(tmp_path, "a.py") == Skip("unreadable")
    finally:
        (tmp_path / "secret").chmod(0o700)


def test_what_vanishes_during_the_scan_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"a.py": "x", "gone.py": "x", "folder/b.py": "x"})

    def remove_first(path: str, first_line: bytes = b"") -> str | None:
        (tmp_path / "gone.py").unlink(missing_ok=True)
        (tmp_path / "folder" / "b.py").unlink(missing_ok=True)
        if (tmp_path / "folder").exists():
            (tmp_path / "folder").rmdir()
        return language_of(path, first_line)

    monkeypatch.setattr(scan_module, "language_of", remove_first)
    found = scan(tmp_path)
    assert paths(found) == ["a.py"]
    assert sum(found.skipped.values()) == found.skipped["vanished"] >= 1
    assert read_source(tmp_path, "gone.py") == Skip("vanished")


@posix_only
def test_pipes_sockets_and_devices_are_never_opened(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "x"})
    os.mkfifo(tmp_path / "pipe.py")
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / ".hunchignore")
    server = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(tmp_path)  # the path of a socket has to be short
    try:
        server.bind("socket.py")
    finally:
        os.chdir(here)
        server.close()
    found = scan(tmp_path)
    assert paths(found) == ["a.py"]
    assert found.skipped == {"not a file": 4}
    assert read_source(tmp_path, "pipe.py") == Skip("not a file")
    assert read_source(Path("/dev"), "zero") == Skip("not a file")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes any bytes as a name")
def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    write(tmp_path, {"é.py": "x", "日本/語.py": "x"})
    (tmp_path / os.fsdecode(b"caf\xe9.py")).write_text("x")
    (tmp_path / os.fsdecode(b"dir\xff")).mkdir()
    (tmp_path / os.fsdecode(b"dir\xff") / "a.py").write_text("x")
    found = scan(tmp_path)
    assert paths(found) == ["é.py", "日本/語.py"]
    assert found.skipped == {"unreadable name": 2}
    assert isinstance(read_source(tmp_path, os.fsdecode(b"caf\xe9.py")), bytes)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows takes no such names")
def test_odd_names(tmp_path: Path) -> None:
    names = [
        "new\nline.py",
        "tab\t.py",
        "quote'\".py",
        "back\\slash.py",
        "star*.py",
        " .py",
        "-rf.py",
        "…" * 80 + ".py",
    ]
    write(tmp_path, dict.fromkeys(names, "x"))
    assert paths(scan(tmp_path)) == sorted(names)
    assert all(read_source(tmp_path, name) == b"x" for name in names)


@posix_only
def test_very_deep_folders_and_paths_longer_than_the_system_takes(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "x"})
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        for _ in range(1200):  # deeper than Python recurses
            Path("d").mkdir()
            os.chdir("d")
        Path("deep.py").write_text("x")
        for _ in range(20):  # longer than PATH_MAX
            Path("n" * 200).mkdir()
            os.chdir("n" * 200)
        Path("lost.py").write_text("x")
        os.chdir(here)
        found = scan(tmp_path)
    finally:
        os.chdir(here)
        flatten(tmp_path / "d")
    assert paths(found) == ["a.py", "d/" * 1200 + "deep.py"]
    assert found.skipped == {"path too long": 1}


def flatten(folder: Path) -> None:
    """Removes a chain of folders from the top: what pytest cleans up with recurses."""
    top = folder.with_name("top")
    while folder.exists():
        folder.rename(top)
        for entry in top.iterdir():
            if entry.is_dir():
                entry.rename(folder)
            else:
                entry.unlink()
        top.rmdir()


# ---- content ----


def verdict(root: Path, content: str | bytes, name: str = "a.py") -> str:
    write(root, {name: content})
    result = read_source(root, name)
    return result.reason if isinstance(result, Skip) else "read"


MANY_LINES = b"some_name = another_name + 1\n" * 400


@pytest.mark.parametrize("content", [
    b"x = 1\n",
    b"x",
    b"\xef\xbb\xbfx = 1\r\n",  # byte order mark, CRLF
    b"x = 1\r\ny = 2\r\n" * 50,
    b"x = 1\ry = 2\r" * 2000,  # old Macintosh
    "s = 'é 日本 🙂'\n".encode(),
    "# größer als 'größe'\n".encode() + b"# caf\xe9\n",  # one byte that is no UTF-8 in a file that is
    b"\x0c\nclass A: pass\n\x0c\n",
    b"echo '\x1b[31mred\x1b[0m'\n",
    MANY_LINES + b"\0 far below",
    MANY_LINES + b"data = '" + b"A" * 8000 + b"'\n",  # one long line among code
])  # fmt: skip
def test_code_is_read_as_it_is(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, {"a.py": content})
    assert read_source(tmp_path, "a.py") == content


@pytest.mark.parametrize("content", ["", " \n\t\r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
def test_empty(tmp_path: Path, content: str | bytes) -> None:
    assert verdict(tmp_path, content) == "empty"


@pytest.mark.parametrize("content", [
    b"x = 1\n\0",
    b"\x7fELF\x02\x01\x01\0\0",
    bytes(range(1, 256)) * 20,
    b"\xff\xfe\x00",  # half a character of UTF-16
    b"\xff\xfe" + "x\0".encode("utf-16-le"),
])  # fmt: skip
def test_binary(tmp_path: Path, content: bytes) -> None:
    assert verdict(tmp_path, content) == "binary"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_utf16_is_handed_over_as_utf8(tmp_path: Path, encoding: str) -> None:
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    write(tmp_path, {"a.cs": mark + "class Ä { }\r\n".encode(encoding)})
    content = read_source(tmp_path, "a.cs")
    assert isinstance(content, bytes)
    assert content.decode("utf-8-sig") == "class Ä { }\r\n"


def test_too_large_is_told_from_just_fitting(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": b"x = 1\n" * 10})
    assert isinstance(read_source(tmp_path, "a.py", max_file_bytes=60), bytes)
    assert read_source(tmp_path, "a.py", max_file_bytes=59) == Skip("too large")


def test_ten_megabytes_in_one_line(tmp_path: Path) -> None:
    write(tmp_path, {"a.js": b"var a=1;" * 1_250_000})
    before = time.perf_counter()
    assert scan(tmp_path, rules=FileRules(max_file_bytes=9_999_999)).skipped == {"too large": 1}
    assert read_source(tmp_path, "a.js", max_file_bytes=9_999_999) == Skip("too large")
    assert read_source(tmp_path, "a.js") == Skip("minified")
    assert time.perf_counter() - before < 5


@pytest.mark.parametrize(("name", "content"), [
    ("a.js", "var a=1;" * 200),
    ("a.css", "a{b:c}" * 200),
    ("a.js", "/*! licence */\n// by somebody\n" + "var a=1;" * 200 + "\n"),
    ("a.js", ("var a=1;" * 100 + "\n") * 20),
    ("a.py", "x=1;" * 600),
    ("a.js", "function f() {\n  return 1;\n}\n//# sourceMappingURL=data:" + "A" * 3000),
])  # fmt: skip
def test_minified(tmp_path: Path, name: str, content: str) -> None:
    assert verdict(tmp_path, content, name) == "minified"


@pytest.mark.parametrize(("name", "content"), [
    ("a.js", "var a = 1;\n" * 2000),
    ("a.py", "TABLE = [" + "1, " * 300 + "]\n"),
    ("a.sql", "INSERT INTO t VALUES (1, 'a');" * 30 + "\n"),
    ("a.js", "const a = '" + "x" * 550 + "';\n"),
])  # fmt: skip
def test_not_minified(tmp_path: Path, name: str, content: str) -> None:
    assert verdict(tmp_path, content, name) == "read"


@pytest.mark.parametrize("data", [
    "LOGO = '" + "iVBORw0KGgo" * 900 + "'",
    'vectors = ["' + '", "'.join(["9f86d081884c7d65"] * 400) + '"]',
    "TABLE = [" + ", ".join(["[0x1f, -3.25e4]"] * 500) + "]",
    "iVBORw0KGgoAAAANSUhEUg" * 300,
])  # fmt: skip
@pytest.mark.parametrize("name", ["icon.py", "icon.ts"])
def test_one_line_of_data_makes_no_file_minified(tmp_path: Path, name: str, data: str) -> None:
    around = "# one\n# two\ndef read_logo():\n    return 1\n"
    assert verdict(tmp_path, f"{around}{data}\n", name) == "read"
    assert verdict(tmp_path, f"{data}\n", name) == "minified", "there is nothing else in it"
    assert verdict(tmp_path, f"{around}{'function f(a){return a.b;}' * 300}\n", name) == "minified"


CODE = "x = 1\n"


@pytest.mark.parametrize("content", [
    "// Code generated by protoc-gen-go. DO NOT EDIT.\npackage x\n",
    "// Copyright somebody.\n\n// Code generated by stringer -type=Kind; DO NOT EDIT.\npackage x\n",
    "package x\n\n// Code generated by mockgen. DO NOT EDIT.\n",
    "# Generated by the protocol buffer compiler.  DO NOT EDIT!\n" + CODE,
    "/**\n * @generated\n */\n" + CODE,
    "# @generated by a tool\n" + CODE,
    "// @generated SignedSource<<0123>>\n" + CODE,
    "# This file was automatically generated by SWIG (https://www.swig.org).\n" + CODE,
    '"""This file is autogenerated by a script."""\n' + CODE,
    "/*\n   This file was automatically generated\n*/\n" + CODE,
    "// <auto-generated>\n//     This code was generated by a tool.\n// </auto-generated>\n" + CODE,
    "/**\n * Autogenerated by Thrift Compiler (0.9.3)\n *\n * DO NOT EDIT UNLESS YOU ARE SURE\n */\n" + CODE,
    "#!/bin/sh\n# AUTO-GENERATED FILE, do not edit\n" + CODE,
    "/* AUTO-GENERATED, DO NOT EDIT. */\n#include <x.h>\n",
    "<?php\n// This file has been auto-generated by the Symfony Dependency Injection Component\n",
    "-- DO NOT EDIT: this file is generated from schema.xml\n" + CODE,
    "\ufeff// This code was generated by a tool.\r\n" + CODE,
    "' <auto-generated/>\n" + CODE,
    "/*\n * THE FILE HAS BEEN AUTOGENERATED BY MSGTOOL TOOL.\n */\n" + CODE,
    "# This file was generated by a program, do not edit\n" + CODE,
])  # fmt: skip
def test_generated(tmp_path: Path, content: str) -> None:
    assert verdict(tmp_path, content) == "generated"


@pytest.mark.parametrize("content", [
    '"""Finds files that say "@generated" or "Code generated by x. DO NOT EDIT"."""\n' + CODE,
    "# Skips autogenerated files and code that was automatically generated.\n" + CODE,
    "import re\nMARK = '@generated'\n",
    "#!/bin/sh\nset -e\ncat << END\n/* AUTO-GENERATED, DO NOT EDIT. */\nEND\n",
    "def f():\n    pass\n# This file was automatically generated\n",
    "# Note that not all possible configuration values are present in this\n# autogenerated file.\n" + CODE,
    "# autogenerated by default, see the manual\n" + CODE,
    "# The ids are generated by the database.\n" + CODE,
    "@Generated(\"x\")\nclass A {}\n",
    "\n" * 25 + "# @generated\n" + CODE,
    "// Automatically generated ids are kept in a table of their own.\n" + CODE,
    "/* The header is generated by reading every rule once. */\n" + CODE,
    "# This class is automatically generated documentation's reader.\n" + CODE,
    "-- Code is generated from the grammar by whoever calls emit().\n" + CODE,
    "# @generated files are passed over here\n" + CODE,
    "; Machine-generated keys that are shown to people\n" + CODE,
])  # fmt: skip
def test_not_generated(tmp_path: Path, content: str) -> None:
    assert verdict(tmp_path, content) == "read"


def test_reading_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder.py").mkdir()
    assert isinstance(read_source(tmp_path, "folder.py"), Skip)
    assert read_source(tmp_path, "nul\0.py") == Skip("unreadable")
    assert isinstance(read_source(tmp_path, "n" * 5000), Skip)


# ---- speed ----


def test_thousands_of_files_take_a_moment(tmp_path: Path) -> None:
    patterns = "".join(f"name{i}/\n*.end{i}\n/path/{i}\npre{i}*.x\n" for i in range(10)) + "!keep\n**/tmp/\n"
    write(tmp_path, {".gitignore": patterns} | {f"d{i}/.gitignore": "*.o\n/out/\n" for i in range(0, 40, 5)})
    for i in range(40):
        folder = tmp_path / f"d{i}"
        folder.mkdir(exist_ok=True)
        for j in range(100):
            os.close(os.open(folder / f"file_{j}.py", os.O_CREAT | os.O_WRONLY))

    def walk() -> int:
        return sum(os.stat(f"{at}/{name}").st_size for at, _, names in os.walk(tmp_path) for name in names)  # noqa: PTH116

    def best(action: Any) -> float:
        times = []
        for _ in range(3):
            before = time.perf_counter()
            action()
            times.append(time.perf_counter() - before)
        return min(times)

    # Against a bare walk on the same machine, so that a slow machine passes and a slow scan does not.
    assert best(lambda: scan(tmp_path)) < 8 * best(walk) + 0.05


def test_an_ignore_file_repeated_in_every_folder_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {f"d{i}/.gitignore": "*.a_rule_of_this_test\nout/\n" for i in range(50)})
    compiled: list[str] = []
    real_rule = rules_module._rule

    def record(line: str) -> Any:
        compiled.append(line)
        return real_rule(line)

    monkeypatch.setattr(rules_module, "_rule", record)
    scan(tmp_path)
    assert len(compiled) == 2
