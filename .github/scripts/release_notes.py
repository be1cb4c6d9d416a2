"""Prints the section of CHANGELOG.md for a tag; fails where the tag, the versions and the changelog do not agree.

python .github/scripts/release_notes.py v0.2.0
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = {
    "server/hunch/__init__.py": r'^__version__ = "(.+)"$',
    "editor-client/package.json": r'^  "version": "(.+)",$',
    "CITATION.cff": r'^version: "?([^"\n]+)"?$',
}
"""Where the version stands."""


def section_of(changelog: str, title: str) -> str:
    """Return what stands below ``## TITLE``, with or without brackets and a date behind; empty when there is none."""
    heading = re.compile(rf"^## \[?{re.escape(title)}\]?(?: .*)?$", re.MULTILINE)
    found = heading.search(changelog)
    return re.split(r"^## ", changelog[found.end() :], maxsplit=1, flags=re.MULTILINE)[0].strip() if found else ""


def version_in(file: str, root: Path = ROOT) -> str:
    """Return the version that a file of VERSIONS names; empty when it names none."""
    found = re.search(VERSIONS[file], (root / file).read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else ""


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Print the notes of a tag."""
    version = arguments[0].removeprefix("v") if len(arguments) == 1 else ""
    if not version:
        print("give the tag: release_notes.py v0.2.0", file=sys.stderr)
        return 2
    for file in VERSIONS:
        if version_in(file, root) != version:
            print(f"{file}: version {version_in(file, root)}, the tag says {version}", file=sys.stderr)
            return 1
    notes = section_of((root / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    if not notes:
        print(f"CHANGELOG.md: no section {version}: rename Unreleased, with the date", file=sys.stderr)
        return 1
    print(notes)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
