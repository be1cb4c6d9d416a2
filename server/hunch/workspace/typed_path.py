"""A path as people type and complete it in a shell -> a pattern as in .gitignore, relative to the root."""

from __future__ import annotations

import os
import re
from pathlib import Path

_GLOB = re.compile(r"[*?\[\\]")


def pattern_of(typed: str, root: Path, here: Path) -> str:
    """Return the pattern that a path or glob stands for; one that is no path as typed is returned as it is.

    ``./src``, ``../lib``, absolute paths and what lies in the folder where a person stands are taken from there.

    Args:
        typed: the path or glob.
        root: the workspace.
        here: the folder where the person stands.
    """
    root, here = root.resolve(), here.resolve()
    text = typed.replace("\\", "/") if "\\" in typed and _is_there(here / typed.replace("\\", "/")) else typed
    parts = text.split("/")
    is_absolute = Path(text).is_absolute()
    first = re.split(_GLOB, text)[0].rpartition("/")[0] if _GLOB.search(text) else text
    names_here = first not in ("", "/") and not is_absolute and here != root and _is_there(here / first)
    is_literal = _GLOB.search(text) is not None and _is_there(here / text)
    if not (is_absolute or "." in parts or ".." in parts or names_here or is_literal):
        return text
    whole = os.path.normpath(here / text)  # pathlib keeps `..`
    for base in dict.fromkeys((str(root), os.path.normpath(Path(os.path.abspath(root))))):  # noqa: PTH100  # links stay as they are typed
        if whole == base:
            return "*"
        if whole.startswith(base.rstrip(os.sep) + os.sep):
            below = whole[len(base.rstrip(os.sep)) + 1 :].replace(os.sep, "/")
            ending = "/" if text.endswith("/") else ""
            return "/" + (re.sub(r"([*?\[\\])", r"\\\1", below) if _is_there(Path(whole)) else below) + ending
    real = os.path.realpath(whole)
    if is_absolute and real != whole and real.startswith(str(root) + os.sep):
        return pattern_of(real, root, here)
    return text


def _is_there(path: Path) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError:
        return False
