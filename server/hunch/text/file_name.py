"""What a file is called: its name without the ending, or the name of its folder where its own says nothing."""

from __future__ import annotations

import re
from typing import Final

from hunch.text.unicode_form import composed

__all__ = ["called"]

_OF_FOLDER: Final = re.compile(
    r"index\.\w+|\+(?:page|layout|server|error)(?:\.server)?\.\w+|__(?:init|main)__\.pyi?|(?:mod|lib|main)\.rs|mod\.[jt]s"
    r"|(?:main|doc)\.go|(?:package|module)-info\.java|init\.lua|default\.nix|CMakeLists\.txt|BUILD(?:\.bazel)?|meson\.build"
)
"""Names that say what a file is to its folder; the folder says what it is about."""
_NAMELESS_FOLDERS: Final = frozenset({"src", "source", "sources", "lib", "main", "app"})
"""Folders that are called alike in every project: the one above says more."""
_TWOFOLD: Final = re.compile(
    r"\.(?:d\.[cm]?ts|d\.\w+\.ts|min\.[cm]?js|min\.css|module\.s?css|html?\.\w+|blade\.php|gradle\.kts|tar\.\w+)$"
)
"""Endings of two words; any other word in front of the last dot is a part of the name."""


def called(path: str) -> str:
    """Return the name of a file by its posix path.

    >>> [called(path) for path in ("src/Type.Part.cs", "a/name.test.ts", "net/http/mod.rs", "types.d.ts", ".bashrc")]
    ['Type.Part', 'name.test', 'http', 'types', '.bashrc']
    """
    *folders, name = composed(path).split("/")
    if _OF_FOLDER.fullmatch(name):
        while folders and folders[-1].lower() in _NAMELESS_FOLDERS:
            folders.pop()
        if folders:
            return folders[-1].strip("[]()") or folders[-1]
    twofold = _TWOFOLD.search(name)
    if twofold is not None and twofold.start():
        return name[: twofold.start()]
    stem, _, _ = name.rpartition(".")
    return stem or name
