"""Packages: folders of source that lie wholly in one split, and their functions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from hunch.workspace.scan import Skip, read_source, scan
from hunch_training.data.documented_functions import DocumentedFunction, documented_functions
from hunch_training.data.near_duplicates import hash_of
from hunch_training.data.pair_filters import reason_against_path
from hunch_training.data.pairs import Split
from hunch_training.errors import TrainingError

_CPP = re.compile(rb"^[ \t]*(?:class|namespace|template|using|public|private|protected)\b", re.MULTILINE)
_VERSION = re.compile(r"[-_]v?\d[\w.+~-]*$")
_LICENCE_FILE = re.compile(r"(?:UN)?LICEN[CS]E|COPYING|COPYRIGHT", re.IGNORECASE)


class Package(NamedTuple):
    """What is wholly in one split."""

    name: str
    root: Path
    """Where the rules that are in force begin"""
    folder: str
    """Below the root, posix; "" for the root itself"""
    licence: str
    """Which file says it, or "unknown"; what it says is not judged"""

    @property
    def origin(self) -> str:
        """Where it was found, as far as others need to know."""
        return f"{self.root.name}/{self.folder}" if self.folder else self.root.name


def packages_of(folders: Sequence[Path], depth: int) -> list[Package]:
    """Return the packages in some folders, by name.

    Raises:
        TrainingError: a folder cannot be read, there is none, or the depth is neither 0 nor 1.
    """
    if depth not in (0, 1):
        raise TrainingError(f"--package-depth {depth}: 0 makes a package of each folder, 1 of each folder in it")
    found: list[Package] = []
    for folder in folders:
        root = folder.resolve()
        if not root.is_dir():
            raise TrainingError(f"{folder}: no such folder: give folders of source")
        if not depth:
            found.append(Package(root.name, root, "", _licence_file(root)))
            continue
        inner = sorted(place for place in root.iterdir() if place.is_dir() and not place.name.startswith("."))
        found += [Package(place.name, root, place.name, _licence_file(place)) for place in inner]
    twice = {name for name, count in Counter(package.name for package in found).items() if count > 1}
    named = [package._replace(name=_longer_name(package)) if package.name in twice else package for package in found]
    if not named:
        raise TrainingError(f"{folders[0]}: no folder in it: leave out --package-depth, or give the folder above")
    if len({package.name for package in named}) < len(named):
        raise TrainingError("two packages have the same name and the same folder above: rename one")
    return sorted(named)


def functions_of(package: Package, skipped: Counter[str]) -> Iterator[tuple[str, str, DocumentedFunction]]:
    """Give the language, the path in the package and each function of a package; none of tests and vendored files."""
    found = scan(package.root, only=[package.folder] if package.folder else None)
    skipped.update(found.skipped)
    for file in found.files:
        path = file.path.removeprefix(f"{package.folder}/") if package.folder else file.path
        reason = reason_against_path(path)
        source = Skip(reason) if reason else read_source(package.root, file.path)
        if isinstance(source, Skip):
            skipped[source.reason] += 1
            continue
        grammar = "cpp" if file.language == "c" and path.endswith(".h") and _CPP.search(source) else file.language
        language = "typescript" if grammar == "tsx" else grammar
        for function in documented_functions(file.path, grammar, source):
            yield language, path, function


def split_of_packages(names: Sequence[str], valid: float, test: float) -> dict[str, Split]:
    """Return the split of each package, as the hash of its name without version says.

    The lowest hashes are valid, the next test. Where there are two packages one is valid, where there are three one is
    test, even if no hash is low enough.
    """
    places = {name: hash_of(f"split {_VERSION.sub('', name)}") / 2**64 for name in names}
    order = sorted(places, key=lambda name: (places[name], name))
    count_valid = sum(place < valid for place in places.values()) or int(valid > 0 and len(names) > 1)
    low = sum(place < valid + test for place in places.values())
    count_test = max(low - count_valid, int(test > 0 and len(names) > 2))
    cut: dict[str, Split] = dict.fromkeys(order, "train")
    cut.update(dict.fromkeys(order[:count_valid], "valid"))
    cut.update(dict.fromkeys(order[count_valid : count_valid + count_test], "test"))
    return cut


def _longer_name(package: Package) -> str:
    """Return the name of a package behind that of the folder it lies in."""
    return f"{package.root.name if package.folder else package.root.parent.name}/{package.name}"


def _licence_file(folder: Path) -> str:
    """Which file in a package speaks of its licence; wheels hold it in their .dist-info."""
    places = [folder, *sorted(folder.glob("*.dist-info")), *sorted(folder.glob("*.dist-info/licenses"))]
    files = [file for place in places for file in sorted(place.iterdir()) if file.is_file()]
    names = [file.name for file in files if _LICENCE_FILE.match(file.name)]
    return f"see {', '.join(dict.fromkeys(names))}" if names else "unknown"
