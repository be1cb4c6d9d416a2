"""`scan(only=...)`: the same files as a full scan, and nothing looked at that is not asked for."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from hunch.text.languages import language_of
from hunch.workspace import scan as scan_module
from hunch.workspace.scan import SourceFile, scan

TAG = "Signature: 8a477f597d28d172789f06886806bc55"
FOLDERS = ["a", "b", "src", "build", "node_modules", ".git", "env", "é", "a.py"]
FILES = ["a.py", "b.py", "c.js", "tool", "README", "x.min.js", "poetry.lock", "build", "é.rs", "b"]
RULES = ["build/", "*.js", "/a", "!/a", "b.py", "src/*", "!src/a.py", "é", "**/a/b.py", "!*.js"]


def random_tree(rng: random.Random, root: Path) -> list[str]:
    """Makes a tree; the paths of all that is in it."""
    folders = [""]
    for _ in range(rng.randrange(3, 14)):
        folder = rng.choice(folders) + rng.choice(FOLDERS) + "/"
        if not os.path.lexists(root / folder):
            (root / folder).mkdir()
            folders.append(folder)
    for _ in range(rng.randrange(10, 40)):
        file = root / (rng.choice(folders) + rng.choice(FILES))
        if not os.path.lexists(file):
            file.write_text(rng.choice(["x = 1\n", "x = 1\n", "#!/bin/sh\n", ""]))
    for _ in range(rng.randrange(5)):
        (root / rng.choice(folders) / rng.choice([".gitignore", ".ignore", ".hunchignore"])).write_text(
            "\n".join(rng.choices(RULES, k=rng.randrange(1, 4)))
        )
    for name, text in (("CACHEDIR.TAG", TAG), ("pyvenv.cfg", ""), (".git", "gitdir: nowhere"), ("conda-meta", "")):
        if rng.random() < 0.3 and not os.path.lexists(at := root / rng.choice(folders) / name):
            at.write_text(text)
    if rng.random() < 0.5 and not (root / ".git").is_file():
        (root / ".git" / "info").mkdir(parents=True, exist_ok=True)
        (root / ".git" / "HEAD").write_text("ref")
        (root / ".git" / "info" / "exclude").write_text(rng.choice(RULES))
    for _ in range(rng.randrange(4)):
        at = root / rng.choice(folders) / rng.choice(["link", "link.py", "b"])
        if not os.path.lexists(at):
            with contextlib.suppress(OSError):  # some systems make no links
                at.symlink_to(root / rng.choice(folders))
    return [entry.relative_to(root).as_posix() for entry in root.rglob("*")]


def asked_for(files: Collection[SourceFile], only: Collection[str]) -> list[SourceFile]:
    return [file for file in files if any(not path or f"{file.path}/".startswith(f"{path}/") for path in only)]


NOTHING = [
    "gone.py",
    "a/gone",
    "a.py/inner.py",
    "gone/deep/down",
    "..",
    "../a.py",
    "a/../b.py",
    "./a.py",
    ".",
    "a//b.py",
]


@pytest.mark.parametrize("batch", range(6))
def test_random_parts_of_random_trees(tmp_path: Path, batch: int) -> None:
    tried = 0
    for seed in range(batch * 25, batch * 25 + 25):
        rng = random.Random(seed)
        root = tmp_path / str(seed)
        root.mkdir()
        everything = random_tree(rng, root)
        full = scan(root)
        nothing = [*NOTHING, f"/{rng.choice(everything)}", str(root / rng.choice(everything)), f"../{seed}/a.py"]
        assert scan(root, only=[]).files == scan(root, only=nothing).files == []
        for _ in range(12):
            only = set(rng.sample(everything, k=min(len(everything), rng.choice([1, 1, 1, 2, 5])))) | set(
                rng.sample(nothing, k=rng.randrange(3))
            )
            if rng.random() < 0.05:
                only.add("")
            found = scan(root, only=only).files
            assert found == asked_for(full.files, only), f"seed {seed}, only {only}"
            tried += 0 < len(found) < len(full.files)
        assert scan(root, only={""}) == full
        shutil.rmtree(root)
    assert tried > 40, "the trees no longer try anything"


def test_a_folder_may_be_written_with_a_slash_and_stands_for_all_in_it(tmp_path: Path) -> None:
    for path in ("sub/a.py", "sub/deep/b.py", "subway.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x")
    for only in (["sub"], ["sub/"], ["sub/deep", "sub"], ["sub", "sub/deep/b.py"]):
        assert [file.path for file in scan(tmp_path, only=only).files] == ["sub/a.py", "sub/deep/b.py"]
    assert scan(tmp_path, only=["/"]).files == scan(tmp_path, only=["//"]).files == []


def test_a_file_in_the_place_of_a_folder_is_not_what_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x")
    assert scan(tmp_path, only=["a.py/b.py"]).files == []


@pytest.mark.skipif(sys.platform == "win32", reason="a backslash separates there")
def test_names_are_taken_as_they_are(tmp_path: Path) -> None:
    for name in ("back\\slash.py", "*.py", "C:.py"):
        (tmp_path / name).write_text("x")
        assert [file.path for file in scan(tmp_path, only=[name]).files] == [name]


def test_only_the_way_is_listed_and_only_what_is_asked_for_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("a.py", "tool", "src/b.py", "src/script", "src/in/c.py", "src/in/run", "other/d.py", "src/far/e.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("#!/bin/sh\n")
    listed: list[str] = []
    opened: list[str] = []
    classified: set[str] = set()
    real_scandir, real_open = os.scandir, os.open

    def scandir(path: Any = ".") -> Any:
        listed.append(Path(path).relative_to(tmp_path).as_posix())
        return real_scandir(path)

    def open_(path: Any, *arguments: Any, **named: Any) -> int:
        if Path(path).is_relative_to(tmp_path):  # not git's configuration
            opened.append(Path(path).name)
        return real_open(path, *arguments, **named)

    def record(path: str, first_line: bytes = b"") -> str | None:
        classified.add(path)
        return language_of(path, first_line)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(os, "open", open_)
    monkeypatch.setattr(scan_module, "language_of", record)
    found = scan(tmp_path, only={"src/in", "src/b.py"})
    assert [file.path for file in found.files] == ["src/b.py", "src/in/c.py", "src/in/run"]
    assert sorted(set(listed)) == [".", "src", "src/in"]
    assert opened == ["run"]
    assert classified == {"src/b.py", "src/in/c.py", "src/in/run"}


def test_rules_on_the_way_hold_and_their_problems_are_told(tmp_path: Path) -> None:
    for path, text in {"src/a.py": "x", "src/b.py": "x", "src/.gitignore": "a.py\n!\n", "z/.gitignore": "!"}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    found = scan(tmp_path, only=["src/a.py", "src/b.py"])
    assert [file.path for file in found.files] == ["src/b.py"]
    assert found.skipped == {"ignored": 1}
    assert found.warnings == ["src/.gitignore:2: not a valid pattern, skipped: !"]
