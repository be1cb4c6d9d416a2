"""Which files of a workspace count: `scan` decides by path, kind and size, `read_source` by content.

Nothing is written, no link is followed, and nothing but regular files is ever opened. Whatever is left out is counted
under a reason that a person understands.
"""

from __future__ import annotations

import codecs
import os
import re
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from hunch.text.language import Content
from hunch.text.languages import NOTEBOOK_ENDING, content_of, language_of, without_outputs
from hunch.workspace.ignore import read_regular
from hunch.workspace.walk import composed, link_reason, reading_problem, walk

MAX_FILE_BYTES = 1_000_000
MAX_DATA_BYTES = 256_000
"""Of a configuration file: larger ones are data. API descriptions may be as large as source."""

_MOST = (1 << 63) - 1
"""The store keeps no larger number, and a file's time may be any that somebody has set."""


class SourceFile(NamedTuple):
    """A file that counts by its path, kind and size. Its content may still say otherwise: see `read_source`."""

    path: str
    """Posix, relative to the root."""
    language: str
    size: int
    mtime_ns: int
    ctime_ns: int = 0
    inode: int = 0
    """0 where the system has none."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What `scan` found."""

    files: list[SourceFile]
    """Sorted by path."""
    skipped: dict[str, int]
    """From the reason to the number of entries; a skipped folder is one entry, whatever lies in it."""
    warnings: list[str]
    """One line each: ``docs/.gitignore:3: not a valid pattern, skipped: !``"""


@dataclass(frozen=True, slots=True)
class Skip:
    """Why `read_source` hands over nothing."""

    reason: str


class RootError(ValueError):
    """The root cannot be scanned. The message is one line that says what to do."""


def scan(
    root: Path,
    *,
    only: Collection[str] | None = None,
    max_file_bytes: int = MAX_FILE_BYTES,
    on_progress: Callable[[int], None] | None = None,
) -> Scan:
    """Every file under ``root`` that counts, without reading any but ignore files and the first line of scripts.

    With ``only`` (posix paths of files or folders relative to the root, existing or not; ``""`` is the root), just the
    files that are one of them or lie in one, with the same rules in force. Its cost depends on these and on how many
    entries the folders above them hold; what is skipped and warned of is what was met on the way.

    ``on_progress`` is told now and then how many files were found so far. What vanishes or cannot be read on the way is
    counted, never fatal. Raises `RootError` if ``root`` itself is not a folder that can be read.
    """
    top = os.fspath(root)
    try:
        os.scandir(top).close()
    except OSError as error:
        raise RootError(_root_problem(top, error)) from None

    files: list[SourceFile] = []
    skipped: Counter[str] = Counter()
    warnings: list[str] = []
    real_root = os.path.realpath(top)
    progress_at = _PROGRESS_STEP

    for folder in walk(root, only, skipped, warnings):
        ignored = folder.ignores.ignored
        for entry in folder.entries:
            name = composed(entry.name)
            path = folder.path + name
            try:
                if ignored(name, path, False):
                    skipped["ignored"] += 1
                elif entry.is_file(follow_symlinks=False):
                    found = _source_file(path, entry, max_file_bytes)
                    if isinstance(found, Skip):
                        skipped[found.reason] += 1
                    else:
                        files.append(found)
                elif entry.is_symlink():
                    skipped[link_reason(entry, real_root)] += 1
                else:
                    skipped["not a file"] += 1
            except OSError as error:
                skipped[reading_problem(error)] += 1
        if on_progress is not None and len(files) >= progress_at:
            on_progress(len(files))
            progress_at = len(files) + _PROGRESS_STEP

    if on_progress is not None:
        on_progress(len(files))
    files.sort(key=lambda file: file.path)
    return Scan(files, dict(sorted(skipped.items())), warnings)


def _source_file(path: str, entry: os.DirEntry[str], max_file_bytes: int) -> SourceFile | Skip:
    """What counts by name and size, or why not."""
    name = entry.name
    if name in _LOCK_FILES or name.endswith(_LOCK_ENDS):
        return Skip("lock file")
    language = language_of(path)
    if name in _SECRET_FILES or (language is None and name.startswith(".env.")):
        return Skip("may hold secrets")
    if language is None:
        if "." in name or name.upper() in _PLAIN_NAMES:
            return _NOT_CODE
        language = language_of(path, _first_line(entry))
        if language is None:
            return _NOT_CODE
    if name.endswith(_MINIFIED_ENDS):
        return Skip("minified")
    if name.endswith(_GENERATED_ENDS):
        return Skip("generated")
    about = entry.stat(follow_symlinks=False)
    if not about.st_size:
        return Skip("empty")
    if about.st_size > most_bytes(path, max_file_bytes):
        return Skip("too large")
    content = content_of(language)
    if content != "code" and (reason := _no_text_of_people(path, content, about.st_size)):
        return Skip(reason)
    modified, changed, inode = about.st_mtime_ns, about.st_ctime_ns, about.st_ino
    if max(modified, changed, inode) > _MOST or min(modified, changed) < -_MOST:
        modified, changed, inode = (max(-_MOST, min(stamp, _MOST)) for stamp in (modified, changed, inode))
    return SourceFile(path, language, about.st_size, modified, changed, inode)


def read_source(root: Path, path: str, *, max_file_bytes: int = MAX_FILE_BYTES) -> bytes | Skip:
    """The bytes of a file that `scan` found, or why they do not count: never raises for what lies on the disk.

    They are as on the disk, except that UTF-16 with a byte order mark becomes UTF-8, and that a notebook is without
    its outputs. They need not be valid UTF-8.
    """
    try:
        most = most_bytes(path, max_file_bytes)
        data = read_regular(f"{os.fspath(root)}{os.sep}{path}", most + 1, follow_link=False)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        return Skip(reading_problem(error))
    return source_of(data, path, max_file_bytes=max_file_bytes)


def source_of(data: bytes, path: str, *, max_file_bytes: int = MAX_FILE_BYTES) -> bytes | Skip:
    """What `read_source` makes of a file's bytes, wherever they come from."""
    if path.endswith(NOTEBOOK_ENDING) and len(data) <= most_bytes(path, max_file_bytes):
        data = without_outputs(data)
    if len(data) > max_file_bytes:
        return Skip("too large")
    if data.startswith(_UTF16_MARKS):
        try:
            data = data.decode("utf-16").encode()
        except UnicodeError:
            return Skip("binary")
    if not data.strip(b"\xef\xbb\xbf \t\r\n\f\v"):
        return Skip("empty")
    head = data[:_HEAD_BYTES]
    if b"\0" in head or len(head.translate(None, _NOT_CONTROL)) > len(head) * _MOST_CONTROL:
        return Skip("binary")
    if _is_generated(head):
        return Skip("generated")
    if _is_minified(data, path):
        return Skip("minified")
    return data


def most_bytes(path: str, max_file_bytes: int) -> int:
    """Return how large a file may be on the disk: notebooks are mostly pictures, which are left out."""
    return max_file_bytes * _NOTEBOOK_FACTOR if path.endswith(NOTEBOOK_ENDING) else max_file_bytes


def _no_text_of_people(path: str, content: Content, size: int) -> str | None:
    """Why documentation or configuration does not count."""
    *folders, name = path.lower().split("/")
    stem = name.partition(".")[0]
    if content == "docs":
        return "licence" if stem in _LICENCE_STEMS else None
    if size > MAX_DATA_BYTES and not any(word in name for word in _API_WORDS):
        return "data"
    return "data" if not _DATA_FOLDERS.isdisjoint(folders) else None


# ---- what is known by name ----

_PROGRESS_STEP = 500
_NOT_CODE = Skip("not code")  # most files that do not count

_LOCK_FILES = frozenset({
    "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb", "deno.lock",
    "poetry.lock", "pdm.lock", "uv.lock", "pylock.toml", "Pipfile.lock", "conda-lock.yml", "pixi.lock", "Cargo.lock",
    "Gemfile.lock", "gems.locked", "composer.lock", "go.sum", "go.work.sum", "mix.lock", "rebar.lock", "pubspec.lock",
    "Podfile.lock", "Cartfile.resolved", "Package.resolved", "packages.lock.json", "project.assets.json",
    "paket.lock", "gradle.lockfile", "flake.lock", ".terraform.lock.hcl", "cabal.project.freeze", "stack.yaml.lock",
    "shard.lock", "Chart.lock", "buf.lock", "MODULE.bazel.lock",
})  # fmt: skip

_LOCK_ENDS = (".lock", "-lock.json", "-lock.yaml", "-lock.yml", ".lock.json")

# Whatever else stands in them, passwords do.
_SECRET_FILES = frozenset({
    ".env", ".netrc", ".npmrc", ".pypirc", "secrets.yml", "secrets.yaml", "secrets.json", "secrets.toml",
    "credentials.json", "credentials.yml", "credentials.yaml", "service-account.json",
})  # fmt: skip
_LICENCE_STEMS = frozenset({"license", "licence", "copying", "notice", "unlicense", "patents", "copyright"})
_API_WORDS = ("openapi", "swagger")
_DATA_FOLDERS = frozenset({
    "fixtures", "fixture", "__fixtures__", "testdata", "test_data", "test-data", "cassettes", "snapshots",
    "__snapshots__", "golden", "goldens",
})  # fmt: skip
_NOTEBOOK_FACTOR = 20

_MINIFIED_ENDS = (".min.js", ".min.mjs", ".min.cjs", ".min.css", "-min.js", ".min.html")

_GENERATED_ENDS = (
    "_pb2.py", "_pb2.pyi", "_pb2_grpc.py", ".pb.go", ".pb.gw.go", ".pb.cc", ".pb.h", ".pb.c", ".pb.swift", "_pb.js",
    "_pb.d.ts", "_pb.ts", "_pb.rb", "_grpc.pb.go", ".pulsar.go", ".g.dart", ".freezed.dart", ".g.cs", ".g.i.cs",
    ".Designer.cs", ".designer.cs", ".generated.cs", ".generated.go", ".generated.ts", ".generated.js",
)  # fmt: skip

# Names without an ending that are never a program; their first line is not worth an open file.
_PLAIN_NAMES = frozenset({
    "LICENSE", "LICENCE", "COPYING", "NOTICE", "README", "AUTHORS", "CONTRIBUTORS", "MAINTAINERS", "CHANGELOG",
    "CHANGES", "HISTORY", "NEWS", "TODO", "INSTALL", "VERSION", "COPYRIGHT", "PATENTS", "THANKS", "CREDITS",
    "CODEOWNERS", "OWNERS", "METADATA", "RECORD", "WHEEL", "PKG-INFO", "MANIFEST", "UNLICENSE",
})  # fmt: skip


def _first_line(entry: os.DirEntry[str]) -> bytes:
    return read_regular(entry.path, 200).partition(b"\n")[0]


def _root_problem(root: str, error: OSError) -> str:
    if isinstance(error, NotADirectoryError):
        return f"{root} is a file, not a folder: give its folder"
    if isinstance(error, FileNotFoundError):
        return f"{root} does not exist"
    return f"{root} cannot be read: {error.strerror or error}"


# ---- what is known by content ----

_HEAD_BYTES = 8192
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

# Source in any encoding holds next to no control characters; compressed data is one eighth of them.
_NOT_CONTROL = bytes(c for c in range(256) if (c >= 0x20 and c != 0x7F) or c in b"\t\n\r\f\v\b\x1b")
_MOST_CONTROL = 0.03

_GENERATED_LINES = 20
_BLOCK_COMMENTS = (
    (b"/*", b"*/"), (b'"""', b'"""'), (b"'''", b"'''"), (b"<!--", b"-->"), (b"(*", b"*)"), (b"{-", b"-}"),
    (b"--[[", b"]]"), (b"=begin", b"=end"),
)  # fmt: skip
_BEFORE_CODE = (
    b"#", b"//", b"--", b";", b"%", b"!", b"'", b"dnl ", b"rem ", b"REM ", b"@echo", b"<?", b"<!", b'"use strict"',
    b"package ", b"namespace ", b"module ", b"import ", b"from ", b"use ", b"using ",
)  # fmt: skip
_GENERATED = re.compile(
    rb"""(?: \#+ | // [/!]* | /\*+!? | \*+ | --+ | ;+ | %+ | <!--+ | \"{3} | '{3} | ' | \(\* | \{-+ )? [ \t]*
    (?:
        (?: (?: this | the | these ) [ ] )? (?: [\w.-]+ [ ] ){0,2}?
            (?: files? | code | module | script | class | header )
            [ ] (?: is | was | were | are | has [ ] been | have [ ] been ) [ ] (?: \w+ [ ] )?
            (?: auto (?: matically )? [ -]? generated | machine [ -] generated
                  | generated [ ] (?: by | from | automatically ) )
      | (?: auto (?: matically )? [ -]? | machine [ -] ) generated \b
            (?! [ ] (?: by [ ] default | if | when | files? \. ) )
      | generated [ ] (?: by | from ) \b .* \b do [ ] not [ ] (?: edit | modify | change )
      | do [ ] not [ ] (?: edit | modify ) \b .* \b generated
      | code [ ] generated \b .* \b do [ ] not [ ] edit
      | < auto -? generated
      | generated [ ] by [ ] the [ ] protocol [ ] buffer [ ] compiler
      | @ (?: auto -? )? generated \b (?! \( )
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def _is_generated(head: bytes) -> bool:
    """Whether a comment above the first line of code says so. A program that writes such a comment says it below."""
    if b"enerated" not in head and b"ENERATED" not in head:
        return False
    closing = b""
    for line in head.removeprefix(codecs.BOM_UTF8).split(b"\n", _GENERATED_LINES)[:_GENERATED_LINES]:
        line = line.strip()[:300]
        if closing:
            if closing in line:
                closing = b""
        else:
            for opening, end in _BLOCK_COMMENTS:
                if line.startswith(opening):
                    closing = b"" if end in line[len(opening) :] else end
                    break
            else:
                if line and not line.startswith(_BEFORE_CODE):
                    return False
        if _GENERATED.match(line):
            return True
    return False


# Lines of these languages are short when a person wrote them; elsewhere tables and long strings are told from
# minified code by being much longer.
_LONG_LINE = 1000
_LONG_LINE_WEB = 600
_FREE_LINES = (".md", ".markdown", ".mdx", ".rmd", ".qmd", ".rst", ".adoc", ".org", ".txt", NOTEBOOK_ENDING)
"""In prose a paragraph may be one line."""
_WEB_ENDS = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".css", ".scss", ".less", ".html", ".vue")


def _is_minified(data: bytes, path: str) -> bool:
    """Whether more than half of the bytes lie in lines that no person wrote."""
    if path.endswith(_FREE_LINES):
        return False
    limit = _LONG_LINE_WEB if path.endswith(_WEB_ENDS) else _LONG_LINE
    if len(data) <= limit:
        return False
    lengths = list(map(len, data.splitlines()))
    if max(lengths) <= limit:
        return False
    return sum(length for length in lengths if length > limit) * 2 > len(data)
