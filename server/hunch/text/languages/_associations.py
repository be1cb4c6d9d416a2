"""Which languages the user gives to which files: `*.inc` is PHP here."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from typing import Final

__all__ = ["associate", "associated", "associations"]

_MOST: Final = 200
"""Patterns"""

_associations: dict[str, str] = {}
_patterns: list[tuple[re.Pattern[str], bool, str]] = []


def associate(wanted: Mapping[str, str]) -> None:
    """Take a mapping from patterns to names of languages for the whole process, in place of the one before.

    A pattern is that of `files.associations` in VS Code: `*.inc` and `Rules.in` are names, one with a slash is a path
    from the root. Of several that match, the longest wins. The languages are names of hunch.text.languages.
    """
    global _associations, _patterns
    chosen = dict(list(wanted.items())[:_MOST])
    patterns = []
    for pattern, language in sorted(chosen.items(), key=lambda entry: -len(entry[0])):
        glob = pattern.removeprefix("**/") if pattern.count("/") == 1 else pattern
        patterns.append((re.compile(fnmatch.translate(glob.lstrip("/").lower())), "/" in glob, language))
    _associations, _patterns = chosen, patterns


def associations() -> dict[str, str]:
    """Return the mapping in force."""
    return dict(_associations)


def associated(path: str) -> str | None:
    """Return the language that the user gives to a file by its posix path; None where nothing is said of it."""
    if not _patterns:
        return None
    path = path.lower()
    name = path.rpartition("/")[2]
    for pattern, is_path, language in _patterns:
        if pattern.match(path if is_path else name) is not None:
            return language
    return None
