"""Which folders of a workspace are entered, and under which rules. The scan and the watcher agree on them here."""

from __future__ import annotations

import errno
import os
import stat
import sys
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hunch.text.unicode_form import composed as in_one_form
from hunch.workspace.far import leads_far
from hunch.workspace.git_index import tracked_by
from hunch.workspace.ignore import (
    IGNORE_NAMES,
    RULING_NAMES,
    Ignores,
    exclude_of,
    ignores_above,
    read_ignore_file,
)
from hunch.workspace.regular import read_regular
from hunch.workspace.repository import Repository, repository_above, repository_at


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that is entered."""

    path: str
    """Relative to the root, with a slash at the end; ``""`` for the root itself."""
    ignores: Ignores
    """What is in force in it."""
    entries: list[os.DirEntry[str]]
    """What lies in it and is no folder, ignored or not."""
    closed: str = ""
    """Why nothing in it counts but what is asked for or tracked; empty for a folder like any other."""
    tracked: TrackedHere | None = None
    """What git tracks here; None outside of repositories."""

    def exempt(self, name: str, is_dir: bool) -> bool:
        """Whether an entry counts though something speaks against it: it is asked for, or git tracks it."""
        path = self.path + name
        if self.ignores.wants(name, path, is_dir):
            return True
        if self.closed not in ("", "ignored") or self.tracked is None:
            return False
        return self.ignores.only_git_ignores(name, path, is_dir) and self.tracked.has(path, is_dir)


@dataclass(frozen=True, slots=True)
class TrackedHere:
    """What a repository tracks, by paths relative to the root of the scan. Its index is read when first asked for."""

    repository: Repository
    lead: str
    """Of the repository's paths, in front of those relative to the root"""
    cut: int
    """Characters of a path relative to the root that lead to the repository's top"""
    shared: frozenset[str]
    """The folders that this repository, and those around it, share with their worktrees"""

    def has(self, path: str, is_dir: bool) -> bool:
        """Return whether a file, or anything in a folder, is tracked."""
        tracked = tracked_by(self.repository)
        own = self.lead + path[self.cut :]
        return tracked.has_below(own) if is_dir else tracked.has(own)


Note = Callable[[str, str, "Ignores | None", bool], None]
"""Takes why a path is left out, the path, the rules that say so where they do, and whether it is a folder."""


def walk(
    root: Path,
    only: Collection[str] | None,
    note: Note,
    warnings: list[str],
    *,
    excluded: Sequence[str] = (),
    before_listing: Callable[[str], object] = lambda path: None,
) -> Iterator[Folder]:
    """Every folder under ``root`` that is entered, each with its entries, in no order.

    With ``only`` (posix paths of files or folders relative to the root, existing or not; ``""`` is the root), just the
    folders on the way to one of them and those in one of them, with just the entries that are or lie in one of them.
    Other paths, such as absolute ones and those with ``..``, name nothing.

    ``note`` is told what is left out and why, ``warnings`` gets a line for each problem in an ignore file; ``excluded``
    is what the client excludes, as in a .gitignore. ``before_listing`` is told the path of each folder, as in `Folder`,
    before anything in it is looked at.

    What vanishes or cannot be read on the way is noted, never fatal.
    """
    top = os.fspath(root)
    base = top if top.endswith(_SEPARATORS) else top + os.sep
    ignores, found_warnings = ignores_above(root, excluded)
    warnings += found_warnings
    todo: list[_Step] = [_Step(base, "", ignores, _names(only), tracked=_tracked_above(root))]

    while todo:
        step = todo.pop()
        folder, relative, wanted = step.folder, step.path, step.wanted
        before_listing(relative)
        try:
            with os.scandir(folder) as listing:
                if wanted is None:
                    entries = {composed(entry.name): entry for entry in listing}
                else:
                    entries = {
                        name: entry
                        for entry in listing
                        if (name := composed(entry.name)) in wanted or name in RULING_NAMES
                    }
        except OSError as error:
            note(reading_problem(error), relative, None, True)
            continue
        closed, tracked = step.closed, step.tracked
        if relative and not step.is_wished and not closed and (reason := _folder_reason(folder, entries)):
            name = relative.rstrip("/").rpartition("/")[2]
            if not step.ignores.leads_to_wanted(name, relative.rstrip("/")):
                note(reason, relative, None, True)
                continue
            closed = reason
        found = []
        for name in IGNORE_NAMES:
            if name in entries:
                rules, problems = read_ignore_file(Path(folder + name), relative + name, folds=ignores.folds)
                found.append((name, rules))
                warnings += problems
        exclude = None
        repository = repository_at(Path(folder)) if ".git" in entries else None
        if repository is not None:
            shared = tracked.shared if tracked is not None else frozenset()
            if relative and repository.is_linked and repository.common in shared:
                note("linked worktree", relative, None, True)
                continue
            exclude = exclude_of(repository, folds=ignores.folds)
            tracked = TrackedHere(repository, "", len(relative), shared | {repository.common})
        here = Folder(relative, step.ignores.enter(relative.rstrip("/"), found, exclude), [], closed, tracked)

        for name, entry in entries.items():
            below = None
            if wanted is not None:
                if name not in wanted:
                    continue
                below = wanted[name]
            try:
                if not is_unicode(name):
                    note("unreadable name", relative + name, None, False)
                elif not entry.is_dir(follow_symlinks=False):
                    if below is None:
                        here.entries.append(entry)
                elif _is_junction(entry):
                    note(link_reason(entry, os.path.realpath(top)), relative + name, None, True)
                else:
                    inner = f"{folder}{entry.name}{os.sep}"
                    if into := _step_into(here, name, inner, below, note):
                        todo.append(into)
            except OSError as error:
                note(reading_problem(error), relative + name, None, False)
        yield here


@dataclass(frozen=True, slots=True)
class _Step:
    """A folder still to read."""

    folder: str
    """The path to open"""
    path: str
    """The same relative to the root"""
    ignores: Ignores
    """Of the folder above it"""
    wanted: _Names | None
    closed: str = ""
    is_wished: bool = False
    tracked: TrackedHere | None = None


def _step_into(above: Folder, name: str, folder: str, wanted: _Names | None, note: Note) -> _Step | None:
    """Return how a folder is entered, None if it is not."""
    path, ignores = above.path + name, above.ignores
    reason = above.closed or SKIPPED_FOLDERS.get(name) or ("ignored" if ignores.ignored(name, path, True) else "")
    is_wished, closed = False, ""
    if reason:
        closed = reason
        is_versions = SKIPPED_FOLDERS.get(name) == "version control"
        if not is_versions and ignores.wants(name, path, True):
            is_wished, closed = True, ""
        elif is_versions or not (
            ignores.leads_to_wanted(name, path)
            or (
                reason == "ignored"
                and (above.closed or ignores.only_git_ignores(name, path, True))
                and above.tracked is not None
                and above.tracked.has(path, True)
            )
        ):
            note(reason, path + "/", ignores if reason == "ignored" and not above.closed else None, True)
            return None
    return _Step(folder, f"{path}/", ignores, wanted, closed, is_wished, above.tracked)


def _tracked_above(root: Path) -> TrackedHere | None:
    """Return what is tracked where the root is a folder below a repository's top."""
    found = repository_above(root.resolve())
    if found is None:
        return None
    top, repository = found
    below = root.resolve().relative_to(top).as_posix()
    return TrackedHere(repository, "" if below == "." else f"{below}/", 0, frozenset({repository.common}))


def may_count(path: str, *, is_folder: bool) -> bool:
    """Whether a change of this path (posix, relative to the root) can change what counts, as far as names tell.

    Nothing in a folder that is never entered can, except ``.git/info/exclude``; that a ``.git`` comes or goes can.
    """
    *folders, name = path.split("/")
    if folders[-2:] == [".git", "info"] and name == "exclude":
        del folders[-2:]
    elif is_folder and name in SKIPPED_FOLDERS and name != ".git":
        return False
    return SKIPPED_FOLDERS.keys().isdisjoint(folders) and is_unicode(path)


# ---- what is known by name ----

# `build`, `dist`, `target` and `vendor` are not here: a package from a registry may keep all its code there.
SKIPPED_FOLDERS: Mapping[str, str] = {
    **dict.fromkeys((".git", ".hg", ".svn", ".bzr", ".jj", "_darcs", "CVS"), "version control"),
    **dict.fromkeys(("node_modules", "bower_components", "jspm_packages", "site-packages"), "dependencies"),
    **dict.fromkeys((".yarn", ".pnpm-store", ".bundle", ".gradle", ".m2", ".cargo", "elm-stuff"), "dependencies"),
    **dict.fromkeys(("__pycache__", ".tox", ".nox", ".eggs", ".cache", ".parcel-cache", ".turbo"), "cache"),
    **dict.fromkeys((".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".ipynb_checkpoints"), "cache"),
    **dict.fromkeys((".next", ".nuxt", ".svelte-kit", ".angular", ".dart_tool", ".nyc_output", ".sass-cache"), "cache"),
    **dict.fromkeys((".idea", ".vs", ".fleet", ".settings", ".terraform"), "tool settings"),
}  # fmt: skip

_SEPARATORS = (os.sep, "/")
_CACHEDIR_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"

_Names = dict[str, "_Names | None"]
"""From each wanted entry to what is wanted in it; None: all of it."""


def _names(only: Collection[str] | None) -> _Names | None:
    if only is None or "" in only:
        return None
    names: _Names = {}
    for path in only:
        *folders, name = path.removesuffix("/").split("/")
        at = names
        for folder in folders:
            below = at.setdefault(folder, {})
            if below is None:
                break
            at = below
        else:
            at[name] = None
    return names


def composed(name: str) -> str:
    """Return a name or path as editors and git write it: macOS may keep "é" as two characters, and finds both."""
    return unicodedata.normalize("NFC", name) if sys.platform == "darwin" and not name.isascii() else name


def spelt_on_disk(path: str) -> str:
    """Return an absolute path as the disk spells it: a file that has "é" as two characters is asked for with one.

    What does not exist in either form stays as it is.
    """
    if path.isascii() or sys.platform == "darwin" or os.path.lexists(path):
        return path
    first, *parts = Path(path).parts
    at = Path(first)
    for place, name in enumerate(parts):
        below = at / name
        if not os.path.lexists(below):
            wanted = in_one_form(name)
            try:
                alike = [one for one in at.iterdir() if in_one_form(one.name) == wanted]
            except OSError:
                alike = []
            if not alike:
                return str(at.joinpath(*parts[place:]))
            below = min(alike)
        at = below
    return str(at)


def is_unicode(name: str) -> bool:
    if name.isascii():
        return True
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _folder_reason(folder: str, entries: Mapping[str, os.DirEntry[str]]) -> str | None:
    """Why a folder below the root is left out for what lies in it. The root itself was asked for by name."""
    if "pyvenv.cfg" in entries or "conda-meta" in entries:
        return "dependencies"
    if "CACHEDIR.TAG" in entries:
        try:
            if (
                not entries["CACHEDIR.TAG"].is_symlink()
                and read_regular(folder + "CACHEDIR.TAG", len(_CACHEDIR_SIGNATURE)) == _CACHEDIR_SIGNATURE
            ):
                return "cache"
        except OSError:
            pass  # a tag that cannot be read tags nothing
    return None


# ---- links and errors ----


def link_reason(entry: os.DirEntry[str], real_root: str) -> str:
    """Where the link leads. Links are never followed: what they name inside the root is found at its own place."""
    try:
        if leads_far(os.fspath(Path(entry.path).parent), entry.name):
            return "link outside"
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


def reading_problem(error: Exception) -> str:
    """The reason to count for what could not be read."""
    if getattr(error, "winerror", None) == 206:  # ERROR_FILENAME_EXCED_RANGE, which Python takes for ENOENT
        return "path too long"
    match getattr(error, "errno", None):
        case errno.ENOENT | errno.ENOTDIR | errno.ESTALE:
            return "vanished"
        case errno.ENAMETOOLONG:
            return "path too long"
        case errno.ELOOP | errno.EINVAL:
            return "not a file"
        case _:
            return "unreadable"
