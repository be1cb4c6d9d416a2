"""Which files of a workspace count: `scan` decides by path, kind and size, `read_source` by content.

Nothing is written, no link is followed, and nothing but regular files is ever opened. Whatever is left out is counted
under a reason that a person understands.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from hunch.text.decoding import as_utf8, is_marked
from hunch.text.language import Content
from hunch.text.languages import NOTEBOOK_ENDING, content_of, language_of, may_be, without_outputs
from hunch.workspace.file_rules import MOST_FILE_BYTES, FileRules
from hunch.workspace.ignore import Ignores, Rule
from hunch.workspace.machine_made import is_generated, is_minified
from hunch.workspace.regular import read_regular
from hunch.workspace.walk import composed, link_reason, reading_problem, walk

DEFAULT_RULES = FileRules()
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
    is_wanted: bool = False
    """A ``!`` line of a ``.hunchignore`` asks for it: it counts though it is generated, minified or large."""
    may_be: frozenset[str] = frozenset()
    """The languages between which its content decides, such as those of `.h`; `language` is the usual one."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What `scan` found."""

    files: list[SourceFile]
    """Sorted by path."""
    skipped: dict[str, int]
    """From the reason to the number of entries; a skipped folder is one entry, whatever lies in it."""
    warnings: list[str]
    """One line each: ``docs/.gitignore:3: not a valid pattern, skipped: !``"""
    wishes: str = ""
    """What tells one state of the ``!`` lines of all ``.hunchignore`` files that were met from another."""


@dataclass(frozen=True, slots=True)
class Skip:
    """Why `read_source` hands over nothing."""

    reason: str


class LeftOut(NamedTuple):
    """A file or folder that does not count; of a folder nothing in it is named."""

    path: str
    """Posix, relative to the root; a folder ends with a slash."""
    reason: str
    rule: Rule | None = None
    """The line of an ignore file that says so"""


class RootError(ValueError):
    """The root cannot be scanned. The message is one line that says what to do."""


def scan(
    root: Path,
    *,
    only: Collection[str] | None = None,
    rules: FileRules = DEFAULT_RULES,
    on_progress: Callable[[int], None] | None = None,
    on_left_out: Callable[[LeftOut], None] | None = None,
) -> Scan:
    """Every file under ``root`` that counts, without reading any but ignore files and the first line of scripts.

    With ``only`` (posix paths of files or folders relative to the root, existing or not; ``""`` is the root), just the
    files that are one of them or lie in one, with the same rules in force. Its cost depends on these and on how many
    entries the folders above them hold; what is skipped and warned of is what was met on the way.

    ``on_progress`` is told now and then how many files were found so far, ``on_left_out`` of each entry that does not
    count, with the line that ignores it, which takes longer. What vanishes or cannot be read on the way is
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

    def note(reason: str, path: str, ignores: Ignores | None, is_dir: bool) -> None:
        skipped[reason] += 1
        if on_left_out is not None:
            name = path.rstrip("/").rpartition("/")[2]
            rule = None if ignores is None else ignores.rule_of(name, path.rstrip("/"), is_dir)
            on_left_out(LeftOut(path, reason, rule))

    wishes = hashlib.blake2b(digest_size=16)
    for folder in walk(root, only, note, warnings, excluded=rules.excluded):
        ignored = folder.ignores.ignored
        if folder.ignores.has_wishes:
            for placed in folder.ignores.hunchignore:
                wishes.update(placed.rules.wishes)
        for entry in folder.entries:
            name = composed(entry.name)
            path = folder.path + name
            try:
                is_ignored = ignored(name, path, False)
                if (is_ignored or folder.closed) and not folder.exempt(name, False):
                    by_rule = is_ignored and not folder.closed
                    note(folder.closed or "ignored", path, folder.ignores if by_rule else None, False)
                elif entry.is_file(follow_symlinks=False):
                    is_wanted = folder.ignores.has_wishes and folder.ignores.wants(name, path, False)
                    found = _source_file(path, entry, rules.max_file_bytes, is_wanted=is_wanted)
                    if isinstance(found, Skip):
                        note(found.reason, path, None, False)
                    else:
                        files.append(found)
                elif entry.is_symlink():
                    note(link_reason(entry, real_root), path, None, False)
                else:
                    note("not a file", path, None, False)
            except OSError as error:
                note(reading_problem(error), path, None, False)
        if on_progress is not None and len(files) >= progress_at:
            on_progress(len(files))
            progress_at = len(files) + _PROGRESS_STEP

    if on_progress is not None:
        on_progress(len(files))
    files.sort(key=lambda file: file.path)
    return Scan(files, dict(sorted(skipped.items())), warnings, wishes.hexdigest())


def _source_file(path: str, entry: os.DirEntry[str], max_file_bytes: int, *, is_wanted: bool) -> SourceFile | Skip:
    """What counts by name and size, or why not."""
    name = entry.name
    if (name in _LOCK_FILES or name.endswith(_LOCK_ENDS)) and not is_wanted:
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
    if name.endswith(_MINIFIED_ENDS) and not is_wanted:
        return Skip("minified")
    if name.endswith(_GENERATED_ENDS) and not is_wanted:
        return Skip("generated")
    about = entry.stat(follow_symlinks=False)
    if not about.st_size:
        return Skip("empty")
    if about.st_size > (MOST_FILE_BYTES if is_wanted else most_bytes(path, max_file_bytes)):
        return Skip("too large")
    content = content_of(language)
    if content != "code" and (reason := _no_text_of_people(path, content, about.st_size)):
        return Skip(reason)
    modified, changed, inode = about.st_mtime_ns, about.st_ctime_ns, about.st_ino
    if max(modified, changed, inode) > _MOST or min(modified, changed) < -_MOST:
        modified, changed, inode = (max(-_MOST, min(stamp, _MOST)) for stamp in (modified, changed, inode))
    return SourceFile(path, language, about.st_size, modified, changed, inode, is_wanted, may_be(path))


def read_source(
    root: Path, path: str, *, max_file_bytes: int = MOST_FILE_BYTES, is_wanted: bool = False
) -> bytes | Skip:
    """The bytes of a file that `scan` found, or why they do not count: never raises for what lies on the disk.

    With ``is_wanted`` it matters only that they are text. They are as on the disk, except that every other encoding
    becomes UTF-8, see `hunch.text.decoding`, and that a notebook is without its outputs. They need not be valid UTF-8:
    a few bytes may be wrong.
    """
    try:
        most = most_bytes(path, max_file_bytes)
        data = read_regular(f"{os.fspath(root)}{os.sep}{path}", most + 1, follow_link=False)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        return Skip(reading_problem(error))
    return source_of(data, path, max_file_bytes=max_file_bytes, is_wanted=is_wanted)


def source_of(
    data: bytes, path: str, *, max_file_bytes: int = MOST_FILE_BYTES, is_wanted: bool = False
) -> bytes | Skip:
    """What `read_source` makes of a file's bytes, wherever they come from."""
    if path.endswith(NOTEBOOK_ENDING) and len(data) <= most_bytes(path, max_file_bytes):
        data = without_outputs(data)
    if len(data) > max_file_bytes:
        return Skip("too large")
    if is_marked(data):
        marked = as_utf8(data)
        if marked is None:
            return Skip("binary")
        data = marked
    if not data.strip(b"\xef\xbb\xbf \t\r\n\f\v"):
        return Skip("empty")
    head = data[:_HEAD_BYTES]
    if b"\0" in head or len(head.translate(None, _NOT_CONTROL)) > len(head) * _MOST_CONTROL:
        return Skip("binary")
    if not is_wanted and is_generated(head):
        return Skip("generated")
    if not is_wanted and is_minified(data, path):
        return Skip("minified")
    text = as_utf8(data)
    return Skip("unknown encoding") if text is None else text


def most_bytes(path: str, max_file_bytes: int) -> int:
    """Return how large a file may be on the disk: notebooks are mostly pictures, which are left out."""
    if path.endswith(NOTEBOOK_ENDING):
        return min(max_file_bytes * _NOTEBOOK_FACTOR, MOST_FILE_BYTES)
    return max_file_bytes


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

# Source in any encoding holds next to no control characters; compressed data is one eighth of them.
_NOT_CONTROL = bytes(c for c in range(256) if (c >= 0x20 and c != 0x7F) or c in b"\t\n\r\f\v\b\x1b")
_MOST_CONTROL = 0.03
