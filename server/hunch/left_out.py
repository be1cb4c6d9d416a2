"""What of a workspace is left out of its index, file by file, and why."""

from __future__ import annotations

from hunch.engine import Engine
from hunch.workspace.file_rules import FileRules, max_file_bytes
from hunch.workspace.scan import LeftOut, scan


def find_left_out(engine: Engine) -> list[LeftOut]:
    """Return every file and folder that does not count, by path: by its place now, or its content when read.

    Raises:
        RootError: the root cannot be read.
    """
    found: list[LeftOut] = []
    files = scan(engine.root, rules=FileRules(max_file_bytes()), on_left_out=found.append).files
    known = engine.store.known_files()
    for file in files:
        entry = known.get(file.path)
        if entry is not None and entry[1].skipped is not None:
            found.append(LeftOut(file.path, entry[1].skipped))
    return sorted(found, key=lambda one: one.path)
