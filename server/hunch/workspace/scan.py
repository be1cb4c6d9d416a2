"""Which files of a workspace count: `scan` decides by path, kind and size, `read_source` by content.

Nothing is written, no link is followed, and nothing but regular files is ever opened. Whatever is left out is counted
under a reason that a person understands.
"""

from __future__ import annotations

import codecs
import errno
import os
import re
import stat
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hunch.text.languages import language_of
from hunch.workspace.ignore import IGNORE_NAMES, Ignores, ignores_above, info_exclude, read_ignore_file, read_regular

MAX_FILE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that counts by its path, kind and size. Its content may still say otherwise: see `read_source`."""

    path: str
    """Posix, relative to the root."""
    language: str
    size: int
    mtime_ns: int


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


def scan(root: Path, *, max_file_bytes: int = MAX_FILE_BYTES, on_progress: Callable[[int], None] | None = None) -> Scan:
    """Every file under ``root`` that counts, without reading any but ignore files and the first line of scripts.

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
    ignores, warnings = ignores_above(root)
    real_root = os.path.realpath(top)
    progress_at = _PROGRESS_STEP
    base = top if top.endswith(_SEPARATORS) else top + os.sep
    # Folders still to read: the path to open, the same relative to the root ("" or "a/b/"), the rules of its parent.
    todo: list[tuple[str, str, Ignores]] = [(base, "", ignores)]

    while todo:
        folder, relative, ignores = todo.pop()
        try:
            with os.scandir(folder) as listing:
                entries = {entry.name: entry for entry in listing}
        except OSError as error:
            skipped[_reading_problem(error)] += 1
            continue
        if relative and (reason := _folder_reason(folder, entries)):
            skipped[reason] += 1
            continue
        found = []
        for name in IGNORE_NAMES:
            if name in entries:
                rules, problems = read_ignore_file(Path(folder + name), relative + name)
                found.append((name, rules))
                warnings += problems
        repository = info_exclude(Path(folder)) if ".git" in entries else None
        ignores = ignores.enter(relative.rstrip("/"), found, repository)
        ignored = ignores.ignored

        for name, entry in entries.items():
            path = relative + name
            try:
                if not name.isascii() and not _is_unicode(name):
                    skipped["unreadable name"] += 1
                elif entry.is_dir(follow_symlinks=False):
                    if name in _SKIPPED_FOLDERS:
                        skipped[_SKIPPED_FOLDERS[name]] += 1
                    elif ignored(name, path, True):
                        skipped["ignored"] += 1
                    elif _is_junction(entry):
                        skipped[_link_reason(entry, real_root)] += 1
                    else:
                        todo.append((f"{folder}{name}{os.sep}", path + "/", ignores))
                elif ignored(name, path, False):
                    skipped["ignored"] += 1
                elif entry.is_file(follow_symlinks=False):
                    if name in _LOCK_FILES:
                        skipped["lock file"] += 1
                        continue
                    language = language_of(path)
                    if language is None:
                        if "." in name or name.upper() in _PLAIN_NAMES:
                            skipped["not code"] += 1
                            continue
                        language = language_of(path, _first_line(entry))
                        if language is None:
                            skipped["not code"] += 1
                            continue
                    if name.endswith(_MINIFIED_ENDS):
                        skipped["minified"] += 1
                        continue
                    if name.endswith(_GENERATED_ENDS):
                        skipped["generated"] += 1
                        continue
                    about = entry.stat(follow_symlinks=False)
                    size = about.st_size
                    if not size:
                        skipped["empty"] += 1
                    elif size > max_file_bytes:
                        skipped["too large"] += 1
                    else:
                        files.append(SourceFile(path, language, size, about.st_mtime_ns))
                elif entry.is_symlink():
                    skipped[_link_reason(entry, real_root)] += 1
                else:
                    skipped["not a file"] += 1
            except OSError as error:
                skipped[_reading_problem(error)] += 1
        if on_progress is not None and len(files) >= progress_at:
            on_progress(len(files))
            progress_at = len(files) + _PROGRESS_STEP

    if on_progress is not None:
        on_progress(len(files))
    files.sort(key=lambda file: file.path)
    return Scan(files, dict(sorted(skipped.items())), warnings)


def read_source(root: Path, path: str, *, max_file_bytes: int = MAX_FILE_BYTES) -> bytes | Skip:
    """The bytes of a file that `scan` found, or why they do not count: never raises for what lies on the disk.

    They are as on the disk, except that UTF-16 with a byte order mark becomes UTF-8. They need not be valid UTF-8.
    """
    try:
        data = read_regular(f"{os.fspath(root)}{os.sep}{path}", max_file_bytes + 1, follow_link=False)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        return Skip(_reading_problem(error))
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


# ---- what is known by name ----

_SEPARATORS = (os.sep, "/")
_PROGRESS_STEP = 500

# `build`, `dist`, `target` and `vendor` are not here: a package from a registry may keep all its code there.
_SKIPPED_FOLDERS: Mapping[str, str] = {
    **dict.fromkeys((".git", ".hg", ".svn", ".bzr", ".jj", "_darcs", "CVS"), "version control"),
    **dict.fromkeys(("node_modules", "bower_components", "jspm_packages", "site-packages"), "dependencies"),
    **dict.fromkeys((".yarn", ".pnpm-store", ".bundle", ".gradle", ".m2", ".cargo", "elm-stuff"), "dependencies"),
    **dict.fromkeys(("__pycache__", ".tox", ".nox", ".eggs", ".cache", ".parcel-cache", ".turbo"), "cache"),
    **dict.fromkeys((".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".ipynb_checkpoints"), "cache"),
    **dict.fromkeys((".next", ".nuxt", ".svelte-kit", ".angular", ".dart_tool", ".nyc_output", ".sass-cache"), "cache"),
    **dict.fromkeys((".idea", ".vs", ".fleet", ".settings", ".terraform"), "tool settings"),
}  # fmt: skip

_LOCK_FILES = frozenset({
    "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb", "deno.lock",
    "poetry.lock", "pdm.lock", "uv.lock", "pylock.toml", "Pipfile.lock", "conda-lock.yml", "pixi.lock", "Cargo.lock",
    "Gemfile.lock", "gems.locked", "composer.lock", "go.sum", "go.work.sum", "mix.lock", "rebar.lock", "pubspec.lock",
    "Podfile.lock", "Cartfile.resolved", "Package.resolved", "packages.lock.json", "project.assets.json",
    "paket.lock", "gradle.lockfile", "flake.lock", ".terraform.lock.hcl", "cabal.project.freeze", "stack.yaml.lock",
    "shard.lock", "Chart.lock", "buf.lock", "MODULE.bazel.lock",
})  # fmt: skip

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

_CACHEDIR_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"


def _folder_reason(folder: str, entries: Mapping[str, os.DirEntry[str]]) -> str | None:
    """Why a folder below the root is left out for what lies in it. The root itself was asked for by name."""
    if "pyvenv.cfg" in entries or "conda-meta" in entries:
        return "dependencies"
    if "CACHEDIR.TAG" in entries:
        try:
            if read_regular(folder + "CACHEDIR.TAG", len(_CACHEDIR_SIGNATURE)) == _CACHEDIR_SIGNATURE:
                return "cache"
        except OSError:
            pass  # a tag that cannot be read tags nothing
    return None


def _first_line(entry: os.DirEntry[str]) -> bytes:
    return read_regular(entry.path, 200).partition(b"\n")[0]


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


# ---- links and errors ----


def _link_reason(entry: os.DirEntry[str], real_root: str) -> str:
    """Where the link leads. Links are never followed: what they name inside the root is found at its own place."""
    try:
        target = os.path.realpath(entry.path, strict=True)
    except OSError as error:
        # Linux and macOS say ELOOP; Windows says that it cannot follow.
        loops = error.errno == errno.ELOOP or getattr(error, "winerror", None) == 1921
        return "link loop" if loops else "broken link"
    if not _is_within(target, real_root):
        return "link outside"
    holder = os.path.realpath(Path(entry.path).parent)
    return "link loop" if _is_within(holder, target) else "link"


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder if folder.endswith(_SEPARATORS) else folder + os.sep)


def _is_junction(entry: os.DirEntry[str]) -> bool:
    """A folder that is a link of Windows' own kind. (`DirEntry.is_junction` is of Python 3.12.)"""
    if sys.platform != "win32":
        return False
    return entry.stat(follow_symlinks=False).st_reparse_tag == stat.IO_REPARSE_TAG_MOUNT_POINT


def _reading_problem(error: Exception) -> str:
    match getattr(error, "errno", None):
        case errno.ENOENT | errno.ENOTDIR | errno.ESTALE:
            return "vanished"
        case errno.ENAMETOOLONG:
            return "path too long"
        case errno.ELOOP | errno.EINVAL:
            return "not a file"
        case _:
            return "unreadable"


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
_WEB_ENDS = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".css", ".scss", ".less", ".html", ".vue")


def _is_minified(data: bytes, path: str) -> bool:
    """Whether more than half of the bytes lie in lines that no person wrote."""
    limit = _LONG_LINE_WEB if path.endswith(_WEB_ENDS) else _LONG_LINE
    if len(data) <= limit:
        return False
    lengths = list(map(len, data.splitlines()))
    if max(lengths) <= limit:
        return False
    return sum(length for length in lengths if length > limit) * 2 > len(data)
