"""Where a git repository keeps what it keeps, found without git."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from hunch.workspace.far import leads_far
from hunch.workspace.regular import read_regular


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository, or one of its worktrees, by its folders."""

    git: str
    """Of this worktree: its index is here."""
    common: str
    """Of all worktrees together, as a real path: configuration and ``info/exclude`` are here."""
    is_linked: bool
    """Made by ``git worktree add`` or a like command."""


def repository_at(folder: Path) -> Repository | None:
    """Return the repository whose top, or whose worktree's top, is a folder; None where there is none."""
    git = folder / ".git"
    is_linked = False
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
        common = git
        if (shared := git / "commondir").is_file():
            named = os.fsdecode(read_regular(shared, 8192).strip())
            if leads_far(str(git), named):
                return None
            common = git / named
            is_linked = True
        return Repository(str(git), os.path.realpath(common), is_linked)
    except (OSError, ValueError):
        return None


def repository_above(folder: Path) -> tuple[Path, Repository] | None:
    """Return the top of the repository that a folder is in, and the repository; None where it is in none."""
    for top in (folder, *folder.parents):
        repository = repository_at(top)
        if repository is not None:
            return top, repository
    return None
