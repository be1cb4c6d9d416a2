"""Ignore files: ``.gitignore``, ``.ignore`` and ``.hunchignore``, read exactly as git reads them.

Which file wins: any ``.hunchignore``, the user's own last, over what the editor excludes, over any ``.ignore`` over any
``.gitignore`` over ``.git/info/exclude`` over ``core.excludesFile``; among files of one name the deeper folder wins;
inside a file the last line that matches wins.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import platformdirs

from hunch.text.unicode_form import composed
from hunch.workspace.far import leads_far
from hunch.workspace.git_config import git_settings
from hunch.workspace.ignore_rules import NO_RULES, IgnoreFile, Matcher, as_bytes, line_of, lowered, parse_rules
from hunch.workspace.regular import read_regular as read_regular
from hunch.workspace.repository import Repository, repository_above, repository_at

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
    shown: str = ""
    """What a person calls the file."""


class Rule(NamedTuple):
    """A line of an ignore file."""

    file: str
    line: int
    pattern: str

    def __str__(self) -> str:
        """Return what a person reads: the place and the line."""
        return f"{self.file}:{self.line}: {self.pattern}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Ignores:
    """The ignore files in force in one folder. `enter` gives those in force in a folder below it."""

    lead: str = ""
    """What stands between the repository's top and the root of the scan: ``""`` or ``"sub/folder/"``."""
    hunchignore: tuple[PlacedFile, ...] = ()
    """The last one may be the user's own, which holds everywhere."""
    ignore: tuple[PlacedFile, ...] = ()
    gitignore: tuple[PlacedFile, ...] = ()
    exclude: tuple[PlacedFile, ...] = ()
    client: tuple[PlacedFile, ...] = ()
    """What the editor is set to exclude."""
    users: IgnoreFile = NO_RULES
    """Of `core.excludesFile`; it counts in repositories."""
    folds: bool = False
    """Whether the letter case of a-z says nothing."""
    _of_files: tuple[tuple[Matcher, int], ...] = field(init=False, repr=False)
    _of_folders: tuple[tuple[Matcher, int], ...] = field(init=False, repr=False)
    has_wishes: bool = field(init=False, repr=False)
    """Whether a ``.hunchignore`` has a ``!`` line."""

    def __post_init__(self) -> None:
        placed = self._placed
        of_files = tuple((matcher, at.cut) for at in placed if (matcher := at.rules.of_files))
        of_folders = tuple((matcher, at.cut) for at in placed if (matcher := at.rules.of_folders))
        object.__setattr__(self, "_of_files", of_files)
        object.__setattr__(self, "_of_folders", of_folders)
        object.__setattr__(self, "has_wishes", any(at.rules.wishes for at in self.hunchignore))

    @property
    def _placed(self) -> tuple[PlacedFile, ...]:
        return self.hunchignore + self.client + self.ignore + self.gitignore + self.exclude

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
            if self.folds:
                name, path = lowered(name), lowered(path)
            for matcher, cut in matchers:
                verdict = matcher(name, path, cut)
                if verdict is not None:
                    return verdict
        return False

    def wants(self, name: str, path: str, is_dir: bool) -> bool:
        """Whether a ``!`` line of a ``.hunchignore`` asks for an entry, whatever else speaks against it."""
        return self.has_wishes and self._first(self.hunchignore, name, path, is_dir) is False

    def leads_to_wanted(self, name: str, path: str) -> bool:
        """Whether a ``!`` line of a ``.hunchignore`` may ask for something in a folder that no line there ignores."""
        if not self.has_wishes or self._first(self.hunchignore, name, path, True):
            return False
        name, path = self._compared(name, path)
        return any(at.rules.opens(name, path, at.cut) is False for at in self.hunchignore if at.rules.opens)

    def only_git_ignores(self, name: str, path: str, is_dir: bool) -> bool:
        """Whether it is for git's own rules that an entry is ignored: these do not hold for what is tracked."""
        own = self.hunchignore + self.client + self.ignore
        return not own or self._first(own, name, path, is_dir) is None

    def rule_of(self, name: str, path: str, is_dir: bool) -> Rule | None:
        """The line that ignores an entry; None if there is none. Slower than `ignored`."""
        name, path = self._compared(name, path)
        for at in self._placed:
            found = line_of(at.rules, name, path, at.cut, is_dir, folds=self.folds)
            if found is not None:
                return Rule(at.shown, *found) if at not in self.client else Rule(at.shown, 0, "")
        return None

    def _compared(self, name: str, path: str) -> tuple[str, str]:
        name, path = as_bytes(name), self.lead + as_bytes(path)
        return (lowered(name), lowered(path)) if self.folds else (name, path)

    def _first(self, files: Sequence[PlacedFile], name: str, path: str, is_dir: bool) -> bool | None:
        name, path = self._compared(name, path)
        for at in files:
            matcher = at.rules.of_folders if is_dir else at.rules.of_files
            verdict = None if matcher is None else matcher(name, path, at.cut)
            if verdict is not None:
                return verdict
        return None

    def enter(self, folder: str, found: Sequence[tuple[str, IgnoreFile]], repository: IgnoreFile | None) -> Ignores:
        """What is in force in ``folder`` (posix, relative to the root of the scan).

        ``found`` holds the ignore files that lie in it, by name. ``repository`` is not None where the folder is the top
        of a repository of its own (see `info_exclude`): the ``.gitignore`` files above it stop to count.
        """
        if not found and repository is None:
            return self
        cut = len(self.lead) + (len(as_bytes(folder)) + 1 if folder else 0)
        base = f"{folder}/" if folder else ""
        placed = {name: (PlacedFile(rules, cut, base + name),) for name, rules in found}
        above = self.gitignore if repository is None else ()
        exclude = self.exclude
        if repository is not None:
            exclude = (PlacedFile(repository, cut, base + _EXCLUDE),)
            exclude += (PlacedFile(self.users, cut, "core.excludesFile"),) if self.users is not NO_RULES else ()
        return replace(
            self,
            hunchignore=placed.get(HUNCHIGNORE, ()) + self.hunchignore,
            ignore=placed.get(IGNORE, ()) + self.ignore,
            gitignore=placed.get(GITIGNORE, ()) + above,
            exclude=exclude,
        )


def ignores_above(root: Path, excluded: Sequence[str] = ()) -> tuple[Ignores, list[str]]:
    """What is in force in the folder that holds ``root``, and the warnings of the files read for it.

    If ``root`` lies inside a repository, the ignore files of the folders from the repository's top down to ``root``'s
    parent count. A ``root`` that they ignore was asked for by name, so then they do not count. ``excluded`` holds what
    the client excludes, as in a .gitignore in ``root``.
    """
    root = root.resolve()
    within = repository_above(root)
    settings = git_settings(within[1] if within is not None else None)
    folds = settings.ignores_case
    base = Ignores(
        hunchignore=_placed(read_users_file(users_hunchignore(), folds=folds), "the user's ignore file of Hunch"),
        client=_placed(
            parse_rules("\n".join(excluded).encode("utf-8", "replace"), folds=folds)[0], "the editor's settings"
        ),
        users=read_users_file(settings.excludes_file, folds=folds),
        folds=folds,
    )
    if within is None or within[0] == root:
        return base, []  # the scan finds the files of the root itself
    top, repository = within
    above, warnings = base, []
    folder, at = "", top
    for name in root.relative_to(top).parts:
        found = []
        for file_name in IGNORE_NAMES:
            if os.path.lexists(file := at / file_name):
                rules, new = read_ignore_file(file, str(file), folds=folds)
                warnings += new
                found.append((file_name, rules))
        above = above.enter(folder, found, exclude_of(repository, folds=folds) if at == top else None)
        folder = f"{folder}/{name}" if folder else name
        if above.ignored(name, folder, is_dir=True):
            return base, []
        at /= name
    lead = as_bytes(folder) + "/"
    moved = [tuple(replace(at, cut=len(lead)) if at in own else at for at in files)
             for files, own in ((above.hunchignore, base.hunchignore), (above.client, base.client))]  # fmt: skip
    return replace(above, lead=lead, hunchignore=moved[0], client=moved[1]), warnings


def users_hunchignore() -> Path | None:
    """Where a person says what Hunch ignores in every workspace."""
    try:
        return platformdirs.user_config_path("hunch", appauthor=False) / "ignore"
    except RuntimeError:  # nobody's home is known
        return None


def _placed(rules: IgnoreFile, shown: str) -> tuple[PlacedFile, ...]:
    return (PlacedFile(rules, 0, shown),) if rules.of_folders is not None else ()


def info_exclude(folder: Path) -> IgnoreFile | None:
    """The rules of ``.git/info/exclude`` if ``folder`` is the top of a repository or worktree, else None."""
    repository = repository_at(folder)
    return None if repository is None else exclude_of(repository)


def exclude_of(repository: Repository, *, folds: bool = False) -> IgnoreFile:
    """The rules of a repository's ``.git/info/exclude``."""
    try:
        if leads_far(repository.common, "info/exclude"):
            return NO_RULES
        return parse_rules(read_regular(Path(repository.common) / "info" / "exclude", MAX_IGNORE_BYTES), folds=folds)[0]
    except (OSError, ValueError):
        return NO_RULES


def read_users_file(file: Path | None, *, folds: bool = False) -> IgnoreFile:
    """The rules of a file of the user outside the workspace, none where there is no such file; links are followed."""
    try:
        if file is None or leads_far(str(file.parent), file.name):
            return NO_RULES
        return parse_rules(read_regular(file, MAX_IGNORE_BYTES), folds=folds)[0]
    except (OSError, ValueError):
        return NO_RULES


def read_ignore_file(file: Path, shown: str, *, folds: bool = False) -> tuple[IgnoreFile, list[str]]:
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
    rules, problems = parse_rules(data, folds=folds)
    warnings = [f"{shown}:{line}: {problem}" for line, problem in problems[:MAX_WARNINGS]]
    if len(problems) > MAX_WARNINGS:
        warnings.append(f"{shown}: {len(problems) - MAX_WARNINGS} more lines skipped")
    return rules, warnings


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
