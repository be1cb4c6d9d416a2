r"""What a workspace's files and links name is not touched where it leads to another machine or a device."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hunch.workspace.far import is_far, leads_far
from hunch.workspace.ignore import ignores_above, info_exclude
from hunch.workspace.scan import scan

FAR = [
    r"\\host\share\x", "//host/share/x", r"\\host@SSL@443\DavWWWRoot\x", r"/\host\share", r"\/host/share",
    r"\\?\UNC\host\share\x", r"\\.\pipe\host", r"\\.\host", "//./host", "//?/UNC/host/x", r"\??\UNC\host\share",
]  # fmt: skip
NEAR = ["x", "../x", "/x/y", r"C:\x", "C:/x", "x//y", r"x\\y", "", ".", r"\x"]


@pytest.mark.parametrize("name", FAR)
def test_what_is_far(name: str) -> None:
    assert is_far(name)


@pytest.mark.parametrize("name", NEAR)
def test_what_is_near(name: str, tmp_path: Path) -> None:
    assert not is_far(name) and not leads_far(str(tmp_path), name)


@pytest.fixture
def touched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every path of a call that touches the disk."""
    paths: list[str] = []

    def watch(where: Any, name: str) -> None:
        real: Callable[..., Any] = getattr(where, name)

        def note(*arguments: Any, **more: Any) -> Any:
            if arguments and isinstance(arguments[0], (str, bytes, os.PathLike)):
                paths.append(os.fsdecode(arguments[0]))
            return real(*arguments, **more)

        monkeypatch.setattr(where, name, note)

    for name in ("stat", "lstat", "open", "readlink", "scandir", "listdir", "access"):
        watch(os, name)
    for name in ("exists", "lexists", "isfile", "isdir", "islink", "realpath"):
        watch(os.path, name)
    watch(builtins, "open")
    return paths


@pytest.mark.parametrize("name", FAR)
@pytest.mark.parametrize("place", ["gitdir", "commondir", "commondir of a worktree"])
def test_git_files_that_name_what_is_far_are_no_repository(
    tmp_path: Path, touched: list[str], name: str, place: str
) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "a.py").write_text("a = 1\n")
    if place == "gitdir":
        (root / ".git").write_text(f"gitdir: {name}\n")
    elif place == "commondir":
        (root / ".git").mkdir()
        (root / ".git/HEAD").write_text("ref: refs/heads/main\n")
        (root / ".git/commondir").write_text(f"{name}\n")
    else:
        (root / ".git").write_text("gitdir: ../worktree\n")
        (tmp_path / "worktree").mkdir()
        (tmp_path / "worktree/HEAD").write_text("ref: refs/heads/main\n")
        (tmp_path / "worktree/commondir").write_text(name)
    touched.clear()
    assert info_exclude(root) is None
    assert [file.path for file in scan(root).files] == ["a.py"]
    assert ignores_above(root / "sub")[1] == []
    assert touched and not [path for path in touched if "host" in path]


@pytest.mark.parametrize(
    "link", [".git", ".git/commondir", ".git/info", ".git/info/exclude", "sub/link.py", "sub/CACHEDIR.TAG", "sub/way"]
)
def test_links_that_name_what_is_far_are_not_followed(tmp_path: Path, touched: list[str], link: str) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "a.py").write_text("a = 1\n")
    for path in (".git/HEAD", ".git/info/exclude"):
        if link != ".git" and link != str(Path(path).parent) and link != path:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text("ref: refs/heads/main\n")
    if link.startswith(".git/info") and not (root / ".git").exists():
        (root / ".git").mkdir()
    try:
        (root / link).parent.mkdir(parents=True, exist_ok=True)
        (root / link).symlink_to(r"\\host\share")
        if link == "sub/way":
            (root / "sub/over.py").symlink_to("way/x.py")
    except OSError:
        pytest.skip("this system makes no links")
    touched.clear()
    found = scan(root)
    assert [file.path for file in found.files] == ["a.py"]
    assert found.skipped.get("link outside", 0) == {"sub/way": 2}.get(link, 0 if link.startswith(".git/") else 1)
    assert touched and not [path for path in touched if "host" in path]
    # Links themselves are looked at, nothing by way of them.
    through = [path for path in touched if str(root / link) + os.sep in path]
    assert not through


def test_links_that_go_round_end(tmp_path: Path) -> None:
    try:
        (tmp_path / "a").symlink_to("b")
        (tmp_path / "b").symlink_to("a")
        (tmp_path / "c").symlink_to(tmp_path / "d")
    except OSError:
        pytest.skip("this system makes no links")
    (tmp_path / "d").mkdir()
    assert not leads_far(str(tmp_path), "a")
    assert not leads_far(str(tmp_path), "c/../c/x")
