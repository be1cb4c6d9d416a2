"""A copy of a corpus to measure the language server on: a git repository of two states, and functions to look for."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hunch.engine import DATABASE
from hunch.index.records import unpack_record
from hunch.index.store import Store, open_for_reading
from hunch.text.chunk import chunk_source
from hunch.text.languages import language_of
from hunch.workspace.scan import Skip, SourceFile, read_source, scan

BEFORE, AFTER = "before", "after"
"""The branches; the second has one more function in each of the changed files."""

_FUNCTIONS = {
    ".py": "\n\ndef {name}(width):\n    return width + {number}\n",
    ".js": "\n\nfunction {name}(width) {{\n  return width + {number};\n}}\n",
    ".c": "\n\nint {name}(int width) {{\n  return width + {number};\n}}\n",
    ".cpp": "\n\nint {name}(int width) {{\n  return width + {number};\n}}\n",
    ".kt": "\n\nfun {name}(width: Int): Int {{\n  return width + {number}\n}}\n",
    ".ts": "\n\nfunction {name}(width: number) {{\n  return width + {number};\n}}\n",
}
_WORDS = re.compile(r"[A-Za-z][A-Za-z'-]*")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SIZES = range(200, 100_000)
_MARKED = 200


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that may be changed."""

    root: Path
    changed: int
    """Files in which the states differ."""
    markers: dict[str, str]
    """Of functions that only the second state has: names by the path of their file, of some of these files."""
    free: list[str]
    """Python files that are the same in both states, of usual sizes, for edits in between."""


def copy_corpus(source: Path, root: Path, changed: int, *, seed: int = 0) -> Copy:
    """Copy a tree, make it a repository with both states, and check the first one out.

    Args:
        source: the tree, left as it is.
        root: where the copy goes.
        changed: how many files differ; at most five sixths of those that a function can be added to.
        seed: for the choice of files and names.
    """
    choice = random.Random(seed)
    shutil.copytree(source, root, symlinks=True)
    git(root, "init", "--quiet", "--initial-branch", BEFORE)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "One state")
    tracked = set(git(root, "ls-files", "-z").split("\0"))
    usable = [file.path for file in scan(root).files if file.path in tracked and _is_usable(root, file)]
    choice.shuffle(usable)
    count = min(changed, len(usable) * 5 // 6)
    names = {path: made_up_name(choice) for path in usable[:count]}
    others = usable[count:]
    git(root, "checkout", "--quiet", "-b", AFTER)
    for path, name in names.items():
        with (root / path).open("a", encoding="utf-8") as file:
            file.write(function_in(path, name))
    git(root, "commit", "--quiet", "--all", "--message", "Another state")
    markers = {path: name for path, name in list(names.items())[:_MARKED] if _is_definition(root / path, name)}
    git(root, "checkout", "--quiet", BEFORE)
    return Copy(root, len(names), markers, [path for path in others if path.endswith(".py") and _is_plain(root / path)])


def function_in(path: str, name: str) -> str:
    """Return a function to append to a file."""
    return _FUNCTIONS[Path(path).suffix].format(name=name, number=len(path))


def made_up_name(choice: random.Random) -> str:
    """Return a word that stands nowhere."""
    return "".join(choice.choices(_LETTERS, k=12))


def git(root: Path, *arguments: str) -> str:
    """Run git in a folder, with no settings but the repository's own; return what it prints."""
    settings = ["user.name=Hunch", "user.email=hunch@localhost", "gc.auto=0", "core.autocrlf=false", "core.fsync=none"]
    command = ["git", *(part for one in settings for part in ("-c", one)), *arguments]
    environment = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, check=True)
    return done.stdout.decode("utf-8", "surrogateescape")


def open_index(cache: Path) -> Store:
    """Open the only index of a cache folder for reading."""
    return open_for_reading(index_folder(cache) / DATABASE)


def index_folder(cache: Path) -> Path:
    """Return the folder of the only index in a cache folder."""
    return next(database.parent for database in cache.glob(f"*/{DATABASE}"))


def questions(cache: Path, count: int, *, seed: int = 0) -> Sequence[str]:
    """Return first sentences of documentation in the index of a cache folder, 3 to 14 words long."""
    store = open_index(cache)
    texts = {
        unpack_record(record).documentation
        for _, content in store.contents(store.chunk_counts())
        for record in content.records
    }
    store.close()
    sentences = sorted({" ".join(_WORDS.findall(re.split(r"[.\n]", text.strip(), maxsplit=1)[0])) for text in texts})
    usable = [sentence for sentence in sentences if 3 <= len(sentence.split()) <= 14]
    return random.Random(seed).sample(usable, min(count, len(usable)))


def _is_usable(root: Path, file: SourceFile) -> bool:
    """Whether a function that is added to a file can be found: a generated one, say, is not indexed."""
    can_add = Path(file.path).suffix in _FUNCTIONS and file.size in _SIZES
    return can_add and not isinstance(read_source(root, file.path), Skip)


def _is_definition(file: Path, name: str) -> bool:
    """Whether a function is seen as one: behind types in JavaScript, say, which no grammar expects, it is not."""
    language = language_of(file.name)
    assert language is not None
    return any(chunk.name == name for chunk in chunk_source(file.name, language, file.read_bytes()))


def _is_plain(file: Path) -> bool:
    """Whether a file can be opened in an editor and saved again as it was."""
    source = file.read_bytes()
    return source.isascii() and b"\r" not in source
