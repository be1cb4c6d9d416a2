"""Trees of real code of about 1,000, 10,000 and 100,000 chunks: released packages, pinned, from PyPI and npm.

The ordinary clients fetch them (``pip download`` of wheels, which runs nothing of theirs, and ``npm pack``).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Package:
    """A released package."""

    registry: str
    """pypi (a pure wheel) or npm"""
    name: str
    version: str

    @property
    def folder(self) -> str:
        """What its tree is called."""
        return f"{self.name}-{self.version}".replace("/", "+")


_FLASK = Package("pypi", "flask", "3.1.3")
_CLICK = Package("pypi", "click", "8.5.1")
_WERKZEUG = Package("pypi", "werkzeug", "3.1.9")
_ESLINT = Package("npm", "eslint", "10.15.0")
_RXJS = Package("npm", "rxjs", "7.8.2")
_MONGOOSE = Package("npm", "mongoose", "9.12.1")

CORPORA: dict[str, tuple[Package, ...]] = {
    "1k": (_FLASK, _CLICK),
    "10k": (_WERKZEUG, _ESLINT, _RXJS, _MONGOOSE),
    "100k": (
        _FLASK,
        _CLICK,
        _WERKZEUG,
        _ESLINT,
        _RXJS,
        _MONGOOSE,
        Package("pypi", "django", "5.2.19"),
        Package("pypi", "jinja2", "3.1.6"),
        Package("pypi", "langchain-community", "0.4.2"),
        Package("pypi", "plotly", "7.1.0"),
        Package("npm", "lodash", "4.17.21"),
        Package("npm", "ramda", "0.30.1"),
        Package("npm", "grpc", "1.24.11"),  # C and C++
        Package("npm", "react-native", "0.76.5"),  # Java, Kotlin, Objective-C and C++ too
    ),
}
"""By size: Python; Python, JavaScript and TypeScript; and all of it with C, C++, Java and Kotlin, in 11,000 files."""


_BUILT = frozenset({"dist", "build", "node_modules", ".yarn"})
"""Folders that not every tool indexes; without them all do the same work."""


def corpus(size: str, cache: Path) -> Path:
    """Return the tree of a size, fetched and unpacked when it is not there yet."""
    root = cache / "corpora" / size
    root.mkdir(parents=True, exist_ok=True)
    for package in CORPORA[size]:
        if not (root / package.folder).is_dir():
            unpack(fetch(package, cache / "packages"), root / package.folder)
    return root


_LINUX = "linux-source-6.1"


def linux_source(cache: Path) -> Path:
    """Return the source of Linux 6.1, some 1,540,000 chunks in 60,700 files, out of Debian's package."""
    root, fresh = cache / "corpora" / _LINUX, cache / "corpora" / f"{_LINUX}.part"
    if root.is_dir():
        return root
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    subprocess.run(["apt-get", "download", _LINUX], cwd=fresh, check=True, stdout=subprocess.DEVNULL)
    (package,) = fresh.glob("*.deb")
    subprocess.run(["dpkg-deb", "-x", package.name, "package"], cwd=fresh, check=True)
    (fresh / "tree").mkdir()
    archive = f"package/usr/src/{_LINUX}.tar.xz"
    subprocess.run(["tar", "-xf", archive, "-C", "tree", "--strip-components=1"], cwd=fresh, check=True)
    ignored = fresh / "tree" / ".gitignore"
    lines = ignored.read_text(encoding="utf-8").splitlines()
    ignored.write_text("\n".join(line for line in lines if line != "/*") + "\n", encoding="utf-8")  # it says: nothing
    (fresh / "tree").rename(root)
    shutil.rmtree(fresh)
    return root


def fetch(package: Package, archives: Path) -> Path:
    """Return the archive of a package from PyPI or npm, fetched when it is not there yet."""
    into = archives / package.folder
    found = list(into.glob("*")) if into.is_dir() else []
    if found:
        return found[0]
    fresh = into.with_name(f"{into.name}.part")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    wanted = f"{package.name}=={package.version}" if package.registry == "pypi" else f"{package.name}@{package.version}"
    if package.registry == "pypi":
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", wanted]
    else:
        command = ["npm", "pack", "--silent", wanted]
    subprocess.run(command, cwd=fresh, check=True, stdout=subprocess.DEVNULL)
    fresh.rename(into)
    return next(into.iterdir())


def unpack(archive: Path, tree: Path) -> None:
    """Unpack an archive: the files below its top folder, without those that were built."""
    fresh = tree.with_name(f"{tree.name}.part")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(fresh, [name for name in wheel.namelist() if _BUILT.isdisjoint(name.split("/"))])
    else:
        with tarfile.open(archive) as tar:
            for member in tar:
                place = Path(member.name).parts[1:]  # below the archive's top folder
                if not member.isfile() or not place or ".." in place or not _BUILT.isdisjoint(place):
                    continue
                target = fresh.joinpath(*place)
                target.parent.mkdir(parents=True, exist_ok=True)
                source = tar.extractfile(member)
                if source is not None:
                    target.write_bytes(source.read())
    fresh.rename(tree)
