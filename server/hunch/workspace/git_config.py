"""What git's configuration says about ignored files, read without git: `core.excludesFile` and `core.ignoreCase`.

Files are read in git's order, system, user, repository, and the last value counts. `include` and
`includeIf "gitdir:..."` are followed. No library is used: those that read this format bring a whole git with them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hunch.workspace.far import is_far, leads_far
from hunch.workspace.ignore_rules import as_bytes, parse_rules
from hunch.workspace.regular import read_regular
from hunch.workspace.repository import Repository

_MOST_BYTES = 1_000_000
_MOST_FILES = 50
_SECTION = re.compile(r'\[\s*([\w.-]+)\s*(?:"((?:[^"\\]|\\.)*)"\s*)?\]')
_VALUE = re.compile(r'"((?:[^"\\]|\\.)*)"?|([^"#;\\]+)|\\(.)|([#;].*)')


@dataclass(slots=True)
class GitSettings:
    """What counts of it here."""

    excludes_file: Path | None = None
    """The user's own ignore file, whether it exists or not; None where it is turned off."""
    ignores_case: bool = False
    files: list[str] = field(default_factory=list)
    """All files that were looked for, existing or not."""


def git_settings(repository: Repository | None) -> GitSettings:
    """Return what holds in a repository, or for the user where there is none. What cannot be read says nothing."""
    found = GitSettings(_config_home() / "git" / "ignore")
    for file in _config_files(repository):
        _read(file, repository, found, depth=0)
    return found


def _config_home() -> Path:
    chosen = os.environ.get("XDG_CONFIG_HOME")
    return Path(chosen) if chosen else _home() / ".config"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # nobody's home is known
        return Path(os.sep)


def _config_files(repository: Repository | None) -> Iterator[Path]:
    no_system = os.environ.get("GIT_CONFIG_NOSYSTEM", "").lower()
    if no_system in ("", "0", "no", "off", "false"):
        yield Path(os.environ.get("GIT_CONFIG_SYSTEM") or "/etc/gitconfig")
    if "GIT_CONFIG_GLOBAL" in os.environ:
        if os.environ["GIT_CONFIG_GLOBAL"]:
            yield Path(os.environ["GIT_CONFIG_GLOBAL"])
    else:
        yield _config_home() / "git" / "config"
        yield _home() / ".gitconfig"
    if repository is not None:
        yield Path(repository.common) / "config"


def _read(file: Path, repository: Repository | None, found: GitSettings, depth: int) -> None:
    if len(found.files) >= _MOST_FILES:
        return
    found.files.append(str(file))
    try:
        if leads_far(str(file.parent), file.name):
            return
        text = read_regular(file, _MOST_BYTES).decode("utf-8", "surrogateescape")
    except (OSError, ValueError):
        return
    section, sub = "", ""
    for line in text.replace("\\\n", "").splitlines():
        line = line.strip()
        if match := _SECTION.match(line):
            section, sub = match[1].lower(), re.sub(r"\\(.)", r"\1", match[2] or "")
            line = line[match.end() :].strip()
        name, equals, raw = line.partition("=")
        key = name.strip().lower()
        value = _value(raw.strip()) if equals else "true"
        if section == "core" and key == "excludesfile":
            found.excludes_file = _path(value, Path(repository.git).parent if repository else _home())
        elif section == "core" and key == "ignorecase":
            found.ignores_case = value.lower() in ("true", "yes", "on", "1")
        elif key == "path" and depth < 5:
            is_wanted = section == "include" or (section == "includeif" and _applies(sub, file, repository))
            if is_wanted and (included := _path(value, file.parent)) is not None:
                _read(included, repository, found, depth + 1)


def _value(raw: str) -> str:
    """Return a value without its quotes, escapes and the comment behind it."""
    parts = []
    for match in _VALUE.finditer(raw):
        quoted, plain, escaped, comment = match.groups()
        if comment is not None:
            break
        if quoted is not None:
            parts.append(re.sub(r"\\(.)", r"\1", quoted))
        else:
            parts.append(plain if plain is not None else escaped)
    return "".join(parts).rstrip()


def _path(value: str, base: Path) -> Path | None:
    if not value or is_far(value) or "\0" in value:
        return None
    if value.startswith("~/") or value == "~":
        return _home() / value[2:]
    return base / value


def _applies(condition: str, file: Path, repository: Repository | None) -> bool:
    """Whether an `includeIf` holds; only those on the place of the repository are known."""
    kind, _, pattern = condition.partition(":")
    if repository is None or kind.lower() not in ("gitdir", "gitdir/i") or not pattern:
        return False
    if pattern.startswith("~/"):
        pattern = f"{os.path.realpath(_home())}/{pattern[2:]}"
    elif pattern.startswith("./"):
        pattern = f"{os.path.realpath(file.parent)}/{pattern[2:]}"
    elif not pattern.startswith("/"):
        pattern = f"**/{pattern}"
    pattern += "**" if pattern.endswith("/") else ""
    place = os.path.realpath(repository.git).lstrip("/")
    if kind.lower() == "gitdir/i":
        pattern, place = pattern.lower(), place.lower()
    matcher = parse_rules(pattern.encode("utf-8", "surrogateescape"))[0].of_files
    return matcher is not None and matcher(".git", as_bytes(place), 0) is True
