"""What git counts as ignored, in real repositories: the user's excludes, tracked files, worktrees, letter case."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from hunch.workspace import git_index
from hunch.workspace.file_rules import FileRules
from hunch.workspace.git_index import tracked_by
from hunch.workspace.outside import Outside
from hunch.workspace.repository import repository_at
from hunch.workspace.scan import LeftOut, scan

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    for name in [name for name in os.environ if name.startswith(("GIT_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return home


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def repository(root: Path, *paths: str) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    git(root, "init", "-q")
    write(root, *paths)
    return root


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"def of_{len(path)}():\n    return 1\n")


def found(root: Path, **options: object) -> list[str]:
    return [file.path for file in scan(root, **options).files]  # type: ignore[arg-type]


def counted_by_git(root: Path) -> list[str]:
    listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return sorted({path for path in listed if path.endswith(".py")})


@pytest.mark.parametrize("where", ["default", "chosen", "included", "by place", "own"])
def test_the_users_excludes_hold_as_in_git(home: Path, tmp_path: Path, where: str) -> None:
    root = repository(
        tmp_path / "work/shop", "src/a.py", "scratch/b.py", "src/scratch/c.py", "notes.py", "keep/notes.py"
    )
    lines = "scratch/\n/notes.py\n"
    (home / ".config/git").mkdir(parents=True)
    if where == "default":
        (home / ".config/git/ignore").write_text(lines)
    else:
        (home / "mine").write_text(lines)
        core = '[core]\n\texcludesFile = "~/mine" ; mine\n'
        if where == "chosen":
            (home / ".gitconfig").write_text(core)
        elif where == "included":
            (home / "more").write_text(core)
            (home / ".config/git/config").write_text("[include]\npath = ~/more\n")
        elif where == "by place":
            (home / "more").write_text(core)
            (home / ".gitconfig").write_text(f'[includeIf "gitdir:{tmp_path}/work/"]\npath = more\n')
        else:
            git(root, "config", "core.excludesFile", str(home / "mine"))
    assert found(root) == counted_by_git(root) == ["keep/notes.py", "src/a.py"]
    told: list[LeftOut] = []
    scan(root, on_left_out=told.append)
    assert {(one.path, str(one.rule)) for one in told if one.reason == "ignored"} == {
        ("notes.py", "core.excludesFile:2: /notes.py"),
        ("scratch/", "core.excludesFile:1: scratch/"),
        ("src/scratch/", "core.excludesFile:1: scratch/"),
    }


@pytest.mark.parametrize("version", ["2", "3", "4", "split"])
def test_what_is_tracked_counts_though_it_is_ignored(home: Path, tmp_path: Path, version: str) -> None:
    root = repository(tmp_path / "r", "a.py", "gen/deep/kept.py", "gen/other.py", "logs/x.py", "one.py", "two.py")
    git(root, "add", "-f", "a.py", "gen/deep/kept.py", "one.py")
    if version == "split":
        git(root, "update-index", "--split-index")
        write(root, "late.py")
        git(root, "add", "late.py")
    else:
        git(root, "update-index", "--index-version", version if version != "3" else "2")
        if version == "3":
            git(root, "add", "-N", "two.py")
    (root / ".gitignore").write_text("gen/\nlogs/\none.py\n")
    assert found(root) == counted_by_git(root)
    assert "gen/deep/kept.py" in found(root) and "gen/other.py" not in found(root)
    assert found(root, only=["gen"]) == ["gen/deep/kept.py"]
    assert found(root / "gen") == ["deep/kept.py", "other.py"], "what is asked for by name counts"
    (root / ".hunchignore").write_text("gen/\n")
    assert not any(path.startswith("gen/") for path in found(root)), "our own file has the last word"


@pytest.mark.parametrize(
    "data", [b"", b"DIRC", b"DIRC\0\0\0\2\xff\xff\xff\xff", b"DIRC\0\0\0\4\0\0\0\x09" + b"\x81" * 900]
)
def test_bytes_that_are_no_index_track_nothing(home: Path, tmp_path: Path, data: bytes) -> None:
    root = repository(tmp_path / "r", "a.py")
    (root / ".git/index").write_bytes(data)
    at = repository_at(root)
    assert at is not None and tracked_by(at).paths == []
    assert git_index.tracked_by(at).has("a.py") is False


def test_a_linked_worktree_inside_is_left_out_and_a_submodule_stays(home: Path, tmp_path: Path) -> None:
    other = repository(tmp_path / "lib", "lib.py")
    git(other, "add", ".")
    git(other, "commit", "-qm", "lib")
    root = repository(tmp_path / "r", "src/pay.py")
    git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "third/lib")
    git(root, "add", ".")
    git(root, "commit", "-qm", "all")
    git(root, "worktree", "add", "-q", ".trees/feature")
    git(root, "clone", "-q", str(other), "copy")
    assert found(root) == [".gitmodules", "copy/lib.py", "src/pay.py", "third/lib/lib.py"]
    assert scan(root).skipped["linked worktree"] == 1
    assert found(root / ".trees/feature") == [".gitmodules", "src/pay.py"], "one that is opened counts"
    (tmp_path / "around").mkdir()
    git(root, "worktree", "add", "-q", str(tmp_path / "around/one"))
    assert found(tmp_path / "around") == ["one/.gitmodules", "one/src/pay.py"]


@pytest.mark.parametrize("folds", ["true", "false"])
def test_letter_case_as_git_is_told(home: Path, tmp_path: Path, folds: str) -> None:
    root = repository(tmp_path / "r", "Build/a.py", "src/GEN_x.py", "src/gen_y.py", "src/Zed.py", "src/b/Q1.py")
    git(root, "config", "core.ignorecase", folds)
    (root / ".gitignore").write_text("build/\nGen_*.py\nsrc/[A-Z]ED.PY\nsrc/B/[[:upper:]]1.py\n")
    assert found(root) == counted_by_git(root)


def test_what_we_leave_out_ourselves_is_brought_back(home: Path, tmp_path: Path) -> None:
    names = ["node_modules/pkg/index.js", "node_modules/pkg/lib/in.js", "node_modules/other/index.js", "src/a.js"]
    root = repository(tmp_path / "r", *names, "web/node_modules/pkg/deep.js", "api_pb2.py")
    (root / ".gitignore").write_text("node_modules/\n")
    assert found(root) == ["src/a.js"]
    (root / ".hunchignore").write_text("!node_modules/pkg/\n!api_pb2.py\n")
    assert found(root) == ["api_pb2.py", *names[:2], "src/a.js"]
    assert found(root, only=["node_modules"]) == names[:2]
    (root / ".hunchignore").write_text("!**/node_modules/pkg/\n")
    assert found(root) == [*names[:2], "src/a.js", "web/node_modules/pkg/deep.js"]
    (root / ".hunchignore").write_text("!node_modules/\n!.git/\n")
    assert found(root) == sorted([*names, "web/node_modules/pkg/deep.js"])


def test_the_users_own_file_and_the_editors_excludes(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "conf"))
    monkeypatch.setattr("hunch.workspace.ignore.users_hunchignore", lambda: home / "conf/hunch/ignore")
    root = repository(tmp_path / "r", "a.py", "old/b.py", "out/c.py")
    (home / "conf/hunch").mkdir(parents=True)
    (home / "conf/hunch/ignore").write_text("old/\n")
    assert found(root) == ["a.py", "out/c.py"]
    assert found(root, rules=FileRules(excluded=("/out",))) == ["a.py"]
    (root / ".hunchignore").write_text("!old/\n!out/\n")
    assert found(root, rules=FileRules(excluded=("/out",))) == ["a.py", "old/b.py", "out/c.py"]


def test_a_change_outside_is_noticed(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hunch.workspace.outside._SECONDS", 0.0)
    root = repository(tmp_path / "r", "a.py", "sub/b.py")
    one = Outside(root / "sub")
    assert [one.has_changed(), one.has_changed()] == [False, False]
    (home / ".gitconfig").write_text("[core]\nexcludesFile = ~/mine\n")
    assert one.has_changed() and not one.has_changed()
    (home / "mine").write_text("b.py\n")
    assert one.has_changed() and not one.has_changed()
    git(root, "add", "-f", "sub/b.py")
    assert one.has_changed()
    time.sleep(0.01)
    git(root, "update-index", "--force-write-index")
    assert not one.has_changed(), "the same is tracked"
    (root / ".gitignore").write_text("x\n")
    assert one.has_changed()
