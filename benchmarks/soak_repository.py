"""A repository to soak the server in: a copy of real code with several states, some of them far apart."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks.lsp_workspace import git, made_up_name

STATES = 5

ENDINGS = (".py", ".js", ".ts", ".c", ".h", ".cpp", ".java", ".kt", ".go", ".rs", ".rb", ".php")
"""Of the files that are edited."""

_LARGEST = 100_000


def make_repository(source: Path, root: Path, *, seed: int) -> list[str]:
    """Copy a tree and give it a history; return the names of its states, of which the first is checked out."""
    choice = random.Random(seed)
    shutil.copytree(source, root, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    states = [f"state{number}" for number in range(STATES)]
    git(root, "init", "--quiet", "--initial-branch", states[0])
    (root / ".gitignore").write_text("generated/\n*.log\n", encoding="utf-8")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", states[0])
    for number, state in enumerate(states[1:], 1):
        git(root, "checkout", "--quiet", "-b", state, choice.choice(states[:number]))
        _rework(root, choice)
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--message", state)
    git(root, "checkout", "--quiet", states[0])
    return states


def code_files(root: Path) -> list[str]:
    """Return the files that can be edited, ignored ones among them, sorted."""
    found = []
    for folder, folders, files in os.walk(root):
        if ".git" in folders:
            folders.remove(".git")
        found += [(Path(folder) / name).relative_to(root).as_posix() for name in files if name.endswith(ENDINGS)]
    return sorted(found)


def code_folders(files: Sequence[str]) -> list[str]:
    """Return the folders that files are in, sorted."""
    return sorted({path.rpartition("/")[0] for path in files if "/" in path})


def text_of(file: Path) -> str | None:
    """Return a file's text if an editor could save it again as it is and it is not too large, else None."""
    try:
        if file.is_symlink() or file.stat().st_size > _LARGEST:
            return None
        text = file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return None if text.startswith("\ufeff") or "\0" in text else text


def new_function(name: str, choice: random.Random, path: str = ".py") -> str:
    """Return a function in the language of a file, more or less; sometimes with signs beyond the first plane."""
    note = choice.choice(["how wide it is", "wie groß 𝒳 ist 😀", "die Länge in 𐐷𐐷", "counts what is left", "幅を測る"])
    number = choice.randrange(1000)
    if path.endswith(".py"):
        return f'\n\ndef {name}(width):\n    """Tell {note}."""\n    return width + {number}\n'
    if path.endswith((".js", ".ts")):
        return f"\n\n/** Tell {note}. */\nfunction {name}(width) {{\n  return width + {number};\n}}\n"
    return f"\n\n/* Tell {note}. */\nint {name}(int width) {{\n  return width + {number};\n}}\n"


def _rework(root: Path, choice: random.Random) -> None:
    """Change a sixth of the files, delete some, add some, rename folders."""
    files = code_files(root)
    for path in choice.sample(files, len(files) // 6):
        text = text_of(root / path)
        if text is not None:
            lines = text.splitlines(keepends=True)
            at = choice.randrange(len(lines) + 1)
            added = new_function(made_up_name(choice), choice, path)
            reworked = "".join([*lines[:at], added, *lines[at + choice.randrange(5) :]])
            (root / path).write_bytes(reworked.encode())
    for path in choice.sample(files, len(files) // 25):
        (root / path).unlink()
    for number, path in enumerate(choice.sample(files, len(files) // 25)):
        if (root / path).is_file():
            shutil.copyfile(root / path, (root / path).with_name(f"new_{number}_{Path(path).name}"))
    for folder in choice.sample(code_folders(files), min(2, len(code_folders(files)))):
        if (root / folder).is_dir() and not (root / f"{folder}_moved").exists():
            (root / folder).rename(root / f"{folder}_moved")
