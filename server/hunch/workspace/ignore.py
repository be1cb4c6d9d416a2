"""Ignore files: ``.gitignore``, ``.ignore`` and ``.hunchignore``, read exactly as git reads them.

Which file wins: any ``.hunchignore`` over any ``.ignore`` over any ``.gitignore`` over ``.git/info/exclude``; among
files of one name the deeper folder wins; inside a file the last line that matches wins. The user's own
``core.excludesFile`` is not read: what counts must not depend on who looks.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from hunch.text.unicode_form import composed
from hunch.workspace.far import is_device, leads_far
from hunch.workspace.ignore_rules import NO_RULES, IgnoreFile, Matcher, as_bytes, parse_rules

HUNCHIGNORE, IGNORE, GITIGNORE = IGNORE_NAMES = (".hunchignore", ".ignore", ".gitignore")
# What lies in a folder and says what counts in it.
RULING_NAMES = frozenset({*IGNORE_NAMES, ".git", "CACHEDIR.TAG", "pyvenv.cfg", "conda-meta"})
_EXCLUDE = ".git/info/exclude"

MAX_IGNORE_BYTES = 1_000_000
MAX_WARNINGS = 20  # for one file; the rest are counted


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """An ignore file at its place."""

    rules: IgnoreFile
    cut: int
    """How many characters of a path from the repository's top lead to the folder of the file."""


@dataclass(frozen=True, slots=True)
class Ignores:
    """The ignore files in force in one folder. `enter` gives those in force in a folder below it."""

    lead: str = ""
    """What stands between the repository's top and the root of the scan: ``""`` or ``"sub/folder/"``."""
    hunchignore: tuple[PlacedFile, ...] = ()
    ignore: tuple[PlacedFile, ...] = ()
    gitignore: tuple[PlacedFile, ...] = ()
    exclude: tuple[PlacedFile, ...] = ()
    _of_files: tuple[tuple[Matcher, int], ...] = field(init=False, repr=False)
    _of_folders: tuple[tuple[Matcher, int], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        placed = self.hunchignore + self.ignore + self.gitignore + self.exclude
        of_files = tuple((matcher, at.cut) for at in placed if (matcher := at.rules.of_files))
        of_folders = tuple((matcher, at.cut) for at in placed if (matcher := at.rules.of_folders))
        object.__setattr__(self, "_of_files", of_files)
        object.__setattr__(self, "_of_folders", of_folders)

    def ignored(self, name: str, path: str, is_dir: bool) -> bool:
        """Whether the entry ``name`` at ``path`` (posix, relative to the root of the scan) is ignored.

        It speaks of the entry alone. Nothing under an ignored folder can be wanted again, so the caller does not enter
        that folder.
        """
        matchers = self._of_folders if is_dir else self._of_files
        if matchers:
            if not path.isascii():
                name, path = as_bytes(name), as_bytes(path)
            path = self.lead + path
            for matcher, cut in matchers:
                verdict = matcher(name, path, cut)
                if verdict is not None:
                    return verdict
        return False

    def enter(self, folder: str, found: Sequence[tuple[str, IgnoreFile]], repository: IgnoreFile | None) -> Ignores:
        """What is in force in ``folder`` (posix, relative to the root of the scan).

        ``found`` holds the ignore files that lie in it, by name. ``repository`` is not None where the folder is the top
        of a repository of its own (see `info_exclude`): the ``.gitignore`` files above it stop to count.
        """
        if not found and repository is None:
            return self
        cut = len(self.lead) + (len(as_bytes(folder)) + 1 if folder else 0)
        placed = {name: (PlacedFile(rules, cut),) for name, rules in found}
        above = self.gitignore if repository is None else ()
        return Ignores(
            self.lead,
            placed.get(HUNCHIGNORE, ()) + self.hunchignore,
            placed.get(IGNORE, ()) + self.ignore,
            placed.get(GITIGNORE, ()) + above,
            self.exclude if repository is None else (PlacedFile(repository, cut),),
        )


def ignores_above(root: Path) -> tuple[Ignores, list[str]]:
    """What is in force in the folder that holds ``root``, and the warnings of the files read for it.

    If ``root`` lies inside a repository, the ignore files of the folders from the repository's top down to ``root``'s
    parent count. A ``root`` that they ignore was asked for by name, so then they do not count.
    """
    root = root.resolve()
    for top in (root, *root.parents):
        repository = info_exclude(top)
        if repository is not None:
            break
    else:
        return Ignores(), []
    if top == root:
        return Ignores(), []  # the scan finds the files of the root itself
    above, warnings = Ignores(), []
    folder, at = "", top
    for name in root.relative_to(top).parts:
        found = []
        for file_name in IGNORE_NAMES:
            if os.path.lexists(file := at / file_name):
                rules, new = read_ignore_file(file, str(file))
                warnings += new
                found.append((file_name, rules))
        above = above.enter(folder, found, repository if at == top else None)
        folder = f"{folder}/{name}" if folder else name
        if above.ignored(name, folder, is_dir=True):
            return Ignores(), []
        at /= name
    return replace(above, lead=as_bytes(folder) + "/"), warnings


def info_exclude(folder: Path) -> IgnoreFile | None:
    """The rules of ``.git/info/exclude`` if ``folder`` is the top of a repository or worktree, else None."""
    git = folder / ".git"
    try:
        if leads_far(str(folder), ".git"):
            return None
        if git.is_file():
            # A worktree or a submodule: the file names the folder, and for a worktree that folder names the shared one.
            start = read_regular(git, 8192)
            if not start.startswith(b"gitdir:"):
                return None
            named = os.fsdecode(start.removeprefix(b"gitdir:").strip())
            if leads_far(str(folder), named):
                return None
            git = folder / named
        if not os.path.lexists(git / "HEAD") or leads_far(str(git), "commondir"):
            return None
        if (shared := git / "commondir").is_file():
            named = os.fsdecode(read_regular(shared, 8192).strip())
            if leads_far(str(git), named):
                return None
            git /= named
    except (OSError, ValueError):
        return None
    try:
        if leads_far(str(git), "info/exclude"):
            return NO_RULES
        return parse_rules(read_regular(git / "info" / "exclude", MAX_IGNORE_BYTES))[0]
    except (OSError, ValueError):
        return NO_RULES


def read_ignore_file(file: Path, shown: str) -> tuple[IgnoreFile, list[str]]:
    """Reads one ignore file. Nothing in it or about it is fatal: each line or file left out gets a warning.

    ``shown`` is the path that the warnings name.
    """
    try:
        if file.is_symlink():
            return NO_RULES, [f"{shown}: is a link, not read"]  # as git does
        data = read_regular(file, MAX_IGNORE_BYTES + 1)
    except OSError as error:
        return NO_RULES, [f"{shown}: not read: {error.strerror or error}"]
    if len(data) > MAX_IGNORE_BYTES:
        return NO_RULES, [f"{shown}: larger than {MAX_IGNORE_BYTES} bytes, not read"]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return NO_RULES, [f"{shown}: is UTF-16, which git cannot read either: save it as UTF-8"]
    rules, problems = parse_rules(data)
    warnings = [f"{shown}:{line}: {problem}" for line, problem in problems[:MAX_WARNINGS]]
    if len(problems) > MAX_WARNINGS:
        warnings.append(f"{shown}: {len(problems) - MAX_WARNINGS} more lines skipped")
    return rules, warnings


def read_regular(file: str | Path, limit: int, *, follow_link: bool = True) -> bytes:
    """At most ``limit`` bytes of a regular file. Never waits for a pipe or a device.

    Raises `OSError`, also for what is not a regular file, and for a link unless ``follow_link``.
    """
    if is_device(os.fspath(file)):
        raise OSError(errno.EINVAL, "not a regular file", os.fspath(file))
    if not follow_link and not hasattr(os, "O_NOFOLLOW") and stat.S_ISLNK(os.lstat(file).st_mode):  # Windows
        raise OSError(errno.ELOOP, "a link", os.fspath(file))
    handle = os.open(file, _READ if follow_link else _READ | getattr(os, "O_NOFOLLOW", 0))
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", os.fspath(file))
        parts = []
        while limit > 0 and (part := os.read(handle, min(limit, 1 << 20))):
            parts.append(part)
            limit -= len(part)
        return b"".join(parts)
    finally:
        os.close(handle)


# O_NONBLOCK: opening a pipe returns at once. O_BINARY: Windows leaves the ends of lines alone.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def needs_folder_scan(path: str) -> str | None:
    """The folder to scan again when the file at ``path`` changed, because the file rules what counts in it, else None.

    Paths are posix and relative to the root, which is ``""``.
    """
    if path == _EXCLUDE or path.endswith("/" + _EXCLUDE):
        return path[: -len(_EXCLUDE)].rstrip("/")
    folder, _, name = path.rpartition("/")
    return folder if name in RULING_NAMES else None


def path_filter(globs: Sequence[str]) -> Callable[[str], bool]:
    """Return what says whether a path, or a folder that it is in, matches one of some globs written as in .gitignore.

    Whether either has "é" as one character or as two makes no difference.

    Raises:
        ValueError: one of them is no pattern; the message says which.
    """
    rules, problems = parse_rules(composed("\n".join(globs)).encode("utf-8", "surrogateescape"))
    if problems:
        raise ValueError(f"not a valid path pattern: {globs[problems[0][0] - 1]!r}")
    ignores = Ignores().enter("", [(GITIGNORE, rules)], None)

    @cache
    def folder_matches(folder: str) -> bool:
        above, _, name = folder.rpartition("/")
        return bool(folder) and (folder_matches(above) or ignores.ignored(name, folder, is_dir=True))

    def matches(path: str) -> bool:
        path = composed(path)
        folder, _, name = path.rpartition("/")
        return folder_matches(folder) or ignores.ignored(name, path, is_dir=False)

    return matches
