"""What the tests in whole editors share: the editors, README's configurations, and two workspaces."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from editors.places import Place, make_place

NOTE = Path(__file__).parents[2] / ".venv/installed-editors"
"""What `make editors` wrote: `installed`, or why not."""

README = Path(__file__).parents[2] / "README.md"

PACKAGES: Mapping[str, str] = {
    "nvim": "neovim",
    "emacs": "emacs-nox",
    "strace": "strace",
    "unshare": "util-linux",
}
"""Debian's package for each program."""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Two small workspaces of which nothing is indexed yet."""
    return make_place(tmp_path)


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """A function that returns the path of a program.

    The test is skipped only where `make editors` could not install it and noted why; elsewhere a missing one is a
    failure.
    """

    def find(name: str) -> str:
        found = shutil.which(name)
        if found is not None:
            return found
        package = PACKAGES[name]
        noted = NOTE.read_text().strip() if NOTE.is_file() else "installed"
        if noted == "installed":
            pytest.fail(f"{name} is missing: run `make editors` (it installs Debian's {package})")
        pytest.skip(f"{name}: {noted}")

    return find


@pytest.fixture(scope="session")
def configuration() -> Callable[..., str]:
    """A function that returns the code that README gives for an editor."""

    def find(editor: str, language: str, number: int = 0) -> str:
        section = re.search(rf"^### {re.escape(editor)}\n(.*?)(?=^##|\Z)", README.read_text(), re.MULTILINE | re.DOTALL)
        assert section is not None, f"README has no section for {editor}"
        blocks = re.findall(rf"^```{language}\n(.*?)^```", section.group(1), re.MULTILINE | re.DOTALL)
        assert len(blocks) > number, f"README's section for {editor} has no such {language} code"
        return str(blocks[number])

    return find
