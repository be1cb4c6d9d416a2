"""ARCHITECTURE.md's table of rooms is the tree under server/hunch: each module stands in exactly one row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

PROJECT = Path(__file__).parent.parent
PRODUCT = PROJECT / "server" / "hunch"
ROOMS = "## Rooms"
UNLISTED = {"__init__.py", "__main__.py"}
"""What every package has."""


def test_every_module_stands_in_one_row_of_the_rooms() -> None:
    text = (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    modules = [path.relative_to(PRODUCT).as_posix() for path in PRODUCT.rglob("*.py") if path.name not in UNLISTED]
    assert differences(rooms_of(text), modules) == []


def test_what_is_said_of_a_table_that_is_not_the_tree() -> None:
    table = (
        f"{ROOMS}\n\n| room | decides |\n| --- | --- |\n| `text/chunk.py`, `gone.py` | `x.py` |\n"
        "| `cli.py`, `lsp/` | |\n"
        "| `index/a.py`, `cli.py` | |\n\n## Others\n\n| `no.py` | |\n"
    )
    assert rooms_of(table) == [["text/chunk.py", "text/gone.py"], ["cli.py", "lsp/"], ["index/a.py", "index/cli.py"]]
    modules = ["text/chunk.py", "cli.py", "lsp/serve.py", "lsp/requests/search.py", "index/a.py", "index/b.py"]
    assert differences(rooms_of(table), modules) == [
        "index/b.py: in no row", "index/cli.py: no such module", "text/gone.py: no such module",
    ]  # fmt: skip
    assert differences([["lsp/"], ["lsp/serve.py"], ["cli.py"], ["cli.py"]], ["lsp/serve.py", "cli.py"]) == [
        "cli.py: in 2 rows", "lsp/serve.py: in 2 rows",
    ]  # fmt: skip


def rooms_of(text: str) -> list[list[str]]:
    """Return the files and folders (``lsp/``) of each row; a name without a folder lies beside the one before it."""
    section = text.partition(f"{ROOMS}\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("|")][2:]
    return [list(_names(cell)) for cell in rows]


def differences(rooms: list[list[str]], modules: list[str]) -> list[str]:
    """Return a line for each module that is not in exactly one row, and for each name that is no module."""
    named = Counter(name for row in rooms for name in row)
    found = {module: sum(count for name, count in named.items() if _covers(name, module)) for module in modules}
    lines = [f"{module}: in {f'{count} rows' if count else 'no row'}" for module, count in found.items() if count != 1]
    lines += [f"{name}: no such module" for name in named if not any(_covers(name, module) for module in modules)]
    return sorted(lines)


def _names(cell: str) -> Iterator[str]:
    folder = PurePosixPath()
    for name in re.findall(r"`([^`]+)`", cell):
        if "/" in name:
            folder = PurePosixPath(name) if name.endswith("/") else PurePosixPath(name).parent
            yield name
        else:
            yield (folder / name).as_posix()


def _covers(name: str, module: str) -> bool:
    return module.startswith(name) if name.endswith("/") else module == name
