"""What a result was measured on, and where results are kept."""

from __future__ import annotations

import datetime
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"

_PACKAGES = ("codehunch", "numpy", "onnxruntime", "faiss-cpu", "tree-sitter", "semble", "model2vec", "tantivy")


def describe_machine() -> dict[str, Any]:
    """Return processor, memory, system and versions; nothing that names the machine or a folder on it."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gb": round(_memory_bytes() / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": dict(_versions()),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "date": datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
    }


def in_words(machine: Mapping[str, Any]) -> str:
    """Return the description of a machine as one line."""
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}, "
        f"Python {machine['python']}, {packages}; {machine['date']}"
    )


def save_result(name: str, content: Mapping[str, Any], folder: Path = RESULTS) -> Path:
    """Write a result with the machine it was measured on as ``NAME.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.json"
    file.write_text(json.dumps({"machine": describe_machine(), **content}, indent=1) + "\n", encoding="utf-8")
    print(f"written: {file.name}", file=sys.stderr)
    return file


def load_result(name: str, folder: Path = RESULTS) -> dict[str, Any] | None:
    """Read a result; None when it was never measured."""
    file = folder / f"{name}.json"
    if not file.is_file():
        return None
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def _cpu_model() -> str:
    file = Path("/proc/cpuinfo")
    if file.is_file():
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


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
