"""What a user can set through the environment, and where the cache of a workspace is."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "HUNCH_CACHE_DIR"
MODEL_VARIABLE = "HUNCH_MODEL_DIR"
WORKERS_VARIABLE = "HUNCH_WORKERS"
LANGUAGES_VARIABLE = "HUNCH_LANGUAGES"
"""Which files are of which language: `*.inc=php, *.foo=c`"""
TOKEN_VARIABLE = "HUNCH_TOKEN"
"""The secret that a client of a server that listens has to know."""


def cache_root() -> Path:
    """Return the folder that holds the indexes of all workspaces."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("hunch", appauthor=False)


def workspace_cache(root: Path) -> Path:
    """Return the folder of one workspace's index: its name for people, and a digest of its resolved path."""
    resolved = root.resolve()
    digest = hashlib.sha256(os.fsencode(resolved)).hexdigest()[:16]
    name = "".join(character if character.isalnum() or character in "-_." else "-" for character in resolved.name)
    return cache_root() / f"{name[:40] or 'root'}-{digest}"


def model_folder() -> Path | None:
    """Return the model bundle that the user chose; None for the one that ships."""
    chosen = os.environ.get(MODEL_VARIABLE)
    return Path(chosen).expanduser() if chosen else None


def worker_count() -> int:
    """Return how many processes read and chunk files in a large update: all cores, at most 8, unless set."""
    chosen = os.environ.get(WORKERS_VARIABLE, "")
    return int(chosen) if chosen.isdigit() and int(chosen) > 0 else min(8, os.cpu_count() or 1)


def take_associations() -> str:
    """Take from the environment which files are of which language; return what is wrong with it, empty if nothing."""
    written = os.environ.get(LANGUAGES_VARIABLE, "").strip()
    if not written:
        return ""
    from hunch.text.languages import associate, nearest_language, resolve_language

    chosen: dict[str, str] = {}
    for entry in filter(None, (part.strip() for part in written.split(","))):
        pattern, _, name = entry.rpartition("=")
        language = resolve_language(name)
        if not pattern.strip() or language is None:
            near = nearest_language(name) if pattern.strip() else None
            hint = f"; did you mean {near}?" if near else ""
            return f"{LANGUAGES_VARIABLE}: expected PATTERN=LANGUAGE, as in *.inc=php: {entry}{hint}"
        chosen[pattern.strip()] = language
    associate(chosen)
    return ""
