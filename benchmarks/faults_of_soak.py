"""Everything at once for a while: benchmarks.soak on a part of Python's own library, as one fault among the others."""

from __future__ import annotations

import random
import shutil
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.fault_error import WrongError
from benchmarks.soak import soak

_PACKAGES = ("json", "email", "http", "asyncio", "logging", "unittest", "importlib", "concurrent", "xml", "urllib")
_SECONDS = 120.0
_KIND = f"{_SECONDS:.0f} s of edits, checkouts and searches"


@dataclass(frozen=True, slots=True)
class Soaking:
    """Code to copy, and a folder for what comes of it."""

    source: Path
    place: Path


@contextmanager
def prepared(place: Path) -> Iterator[Soaking]:
    """Copy the code."""
    library = Path(sysconfig.get_paths()["stdlib"])
    for package in _PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(library / package, place / "source" / package, ignore=ignored)
    yield Soaking(place / "source", place)


def soak_once(soaking: Soaking, choice: random.Random) -> str:
    """Soak a server; return the kind.

    Raises:
        WrongError: something that must hold did not, for instance an index that differs from a fresh one.
    """
    with TemporaryDirectory(dir=soaking.place) as place:
        result = soak(soaking.source, Path(place), seconds=_SECONDS, seed=choice.randrange(1_000_000))
    if result["violations"]:
        raise WrongError("; ".join(result["violations"][:5]), _KIND)
    return _KIND
