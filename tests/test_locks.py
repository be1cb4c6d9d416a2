"""The locks hold exact versions, with checksums, of all that the projects ask for; `make lock` writes them anew."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = Path(__file__).parent.parent
LOCKS = PROJECT / "locks"
NAMES = ("server", "build", "dev")
ADVICE = "the lock is out of date: run make lock"

NOT_LOCKED = {"torch", "codehunch", "codehunch-training"}
"""What lies here, and what comes in builds of its own."""

_PIN = re.compile(r"([a-z0-9-]+)==(\S+?)(?: ; (.+?))? \\")
_HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
MACHINES = (
    ("linux", "Linux", "x86_64"),
    ("linux", "Linux", "aarch64"),
    ("darwin", "Darwin", "x86_64"),
    ("darwin", "Darwin", "arm64"),
    ("win32", "Windows", "AMD64"),
    ("win32", "Windows", "ARM64"),
)
ENVIRONMENTS = [
    {
        "python_version": python, "python_full_version": f"{python}.4", "sys_platform": platform,
        "platform_system": system, "platform_machine": machine, "os_name": "nt" if platform == "win32" else "posix",
        "implementation_name": "cpython", "platform_python_implementation": "CPython",
    }
    for python, (platform, system, machine) in product(PYTHONS, MACHINES)
]  # fmt: skip


class Pin(NamedTuple):
    """One version of a package, and where it is for."""

    name: str
    version: str
    marker: Marker | None

    def is_for(self, environment: Mapping[str, str]) -> bool:
        return self.marker is None or self.marker.evaluate(dict(environment))


def pins_of(lock: str) -> list[Pin]:
    """Read a lock."""
    lines = map(_PIN.fullmatch, (LOCKS / f"{lock}.lock").read_text(encoding="utf-8").splitlines())
    return [Pin(pin[1], pin[2], Marker(pin[3]) if pin[3] else None) for pin in lines if pin]


def project(folder: str = ".") -> dict[str, Any]:
    content: dict[str, Any] = tomllib.loads((PROJECT / folder / "pyproject.toml").read_text(encoding="utf-8"))
    return content


def group(name: str) -> Iterator[str]:
    """Return what a group of the product's project asks for, with the groups that it includes."""
    for one in project()["dependency-groups"][name]:
        if isinstance(one, str):
            yield one
        else:
            yield from group(one["include-group"])


def wanted(lock: str) -> list[Requirement]:
    """Return what the projects ask for."""
    folders = (".", "training", "export")
    if lock == "build":
        asked = [one for folder in folders for one in project(folder)["build-system"]["requires"]]
    else:
        asked = list(project()["project"]["dependencies"])
    if lock == "dev":
        asked += [*group("dev"), *(one for folder in folders for one in project(folder)["project"]["dependencies"])]
    return [one for one in map(Requirement, asked) if canonicalize_name(one.name) not in NOT_LOCKED]


def check_pinned(pins: list[Pin], requirement: Requirement, environment: Mapping[str, str]) -> None:
    """Fail unless exactly one version is for an environment, and fits."""
    if requirement.marker is not None and not requirement.marker.evaluate(dict(environment)):
        return
    name = canonicalize_name(requirement.name)
    found = [pin for pin in pins if pin.name == name and pin.is_for(environment)]
    assert len(found) == 1, f"{ADVICE}: {requirement} is there {len(found)} times"
    assert requirement.specifier.contains(found[0].version), f"{ADVICE}: {requirement}, locked is {found[0].version}"


@pytest.mark.parametrize("lock", NAMES)
def test_what_the_projects_ask_for_is_locked_for_every_platform(lock: str) -> None:
    pins, requirements = pins_of(lock), wanted(lock)
    assert requirements
    for environment in ENVIRONMENTS:
        for requirement in requirements:
            check_pinned(pins, requirement, environment)


@pytest.mark.parametrize("lock", NAMES)
def test_what_locked_packages_ask_for_is_locked(lock: str) -> None:
    pins = pins_of(lock)
    here = [pin for pin in pins if pin.is_for({})]  # packages tell of themselves only where they are installed
    extras: dict[str, set[str]] = {canonicalize_name(one.name): one.extras for one in wanted(lock)}
    looked_at = 0
    for pin in here:
        try:
            installed = distribution(pin.name)
        except PackageNotFoundError:
            continue  # of a group that was not asked for
        if installed.version != pin.version:
            continue
        looked_at += 1
        for text in installed.requires or ():
            requirement = Requirement(text)
            for extra in ("", *extras.get(pin.name, set())):
                if canonicalize_name(requirement.name) not in NOT_LOCKED:
                    check_pinned(pins, requirement, {"extra": extra})
    assert lock == "build" or looked_at > 20


@pytest.mark.parametrize("lock", NAMES)
def test_every_line_is_a_version_or_a_checksum_and_none_names_an_index(lock: str) -> None:
    lines = (LOCKS / f"{lock}.lock").read_text(encoding="utf-8").splitlines()
    before = ""
    for line in lines:
        assert _PIN.fullmatch(line) or _HASH.fullmatch(line), line
        assert not _PIN.fullmatch(before) or _HASH.fullmatch(line), f"{before} has no checksum"
        before = line
    assert _HASH.fullmatch(before)


@pytest.mark.parametrize("lock", NAMES)
def test_versions_are_those_of_the_constraints(lock: str) -> None:
    lines = (PROJECT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    chosen = {line.partition(" ")[0] for line in lines if not line.startswith("#")}
    assert {f"{pin.name}=={pin.version}" for pin in pins_of(lock)} - chosen == set()


def test_locks_agree() -> None:
    ours, theirs = pins_of("server"), pins_of("dev")
    for environment in ENVIRONMENTS:
        server = {pin.name: pin.version for pin in ours if pin.is_for(environment)}
        dev = {pin.name: pin.version for pin in theirs if pin.is_for(environment)}
        assert server.items() <= dev.items()
