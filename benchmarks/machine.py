"""What a result was measured on, and where results are kept."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"

KEPT = 8
"""Results of one benchmark in the folder; older ones are in the repository's history."""

_PACKAGES = ("codehunch", "numpy", "onnxruntime", "faiss-cpu", "tree-sitter", "semble", "model2vec", "tantivy")


def describe_machine() -> dict[str, Any]:
    """Return processor, memory, system, versions and commit; nothing that names the machine or a folder on it."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gb": round(_memory_bytes() / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": dict(_versions()),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "date": datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
        "commit": _commit(),
    }


def in_words(machine: Mapping[str, Any]) -> str:
    """Return the description of a machine as one line."""
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}, "
        f"Python {machine['python']}, {packages}; {machine['date']}, {machine['commit'] or 'no commit'}"
    )


def save_result(name: str, content: Mapping[str, Any], folder: Path = RESULTS) -> Path:
    """Write a result, with the machine and the commit it was measured on, as ``NAME/DATE-TIME-COMMIT.json``.

    The newest of a name are kept, see ``KEPT``.
    """
    machine = describe_machine()
    time = datetime.datetime.now(tz=datetime.timezone.utc).strftime("%H%M%S")
    file = folder / name / f"{machine['date']}-{time}-{(machine['commit'] or 'unknown').rstrip('+')}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"machine": machine, **content}, separators=(",", ":")) + "\n", encoding="utf-8")
    for old in results_of(name, folder)[:-KEPT]:
        old.unlink()
    print(f"written: {name}/{file.name}", file=sys.stderr)
    return file


def results_of(name: str, folder: Path = RESULTS) -> list[Path]:
    """Return the files of a result, oldest first."""
    return sorted((folder / name).glob("*.json"))


def load_result(name: str, folder: Path = RESULTS) -> dict[str, Any] | None:
    """Read the newest result of a name; None when it was never measured."""
    files = results_of(name, folder)
    return read_result(files[-1]) if files else None


def read_result(file: Path) -> dict[str, Any]:
    """Read one result."""
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def _cpu_model() -> str:
    file = Path("/proc/cpuinfo")
    if file.is_file():
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str | None:
    """Return what is checked out, with a plus where files that git follows were changed; None without a repository."""
    command = ["git", "describe", "--always", "--exclude=*", "--dirty=+"]
    try:
        done = subprocess.run(command, cwd=RESULTS.parent, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _memory_bytes() -> int:
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 0


def _versions() -> Iterator[tuple[str, str]]:
    for name in _PACKAGES:
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
