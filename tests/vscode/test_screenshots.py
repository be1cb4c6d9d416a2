"""Pictures for the documentation, of a real package, into the folder that ``HUNCH_SCREENSHOTS`` names."""

from __future__ import annotations

import os
import shutil
from importlib.metadata import files
from pathlib import Path

import pytest
from playwright.sync_api import expect

from vscode.conftest import OpenWindow
from vscode.workbench import Workbench

QUERY = "split text into lines that fit a width"

LOOKS = {"": "Dark Modern", "-light": "Light Modern", "-high-contrast": "Default High Contrast"}


@pytest.fixture
def pictures() -> Path:
    """The folder that the pictures go into."""
    return Path(os.environ["HUNCH_SCREENSHOTS"]).absolute()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the sources of Rich, which draws tables and colours in a terminal."""
    folder = tmp_path / "rich"
    for file in files("rich") or []:
        if file.suffix == ".py":
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.locate(), target)
    return folder


def _open(open_in: OpenWindow, package: Path, theme: str) -> Workbench:
    user = {
        "workbench.colorTheme": theme,
        "editor.fontFamily": "DejaVu Sans Mono",
        "editor.fontSize": 13,
        "editor.minimap.enabled": False,
    }
    window = open_in(package, user=user)
    window.wait_until_ready()
    window.open_file("rich/console.py", 40)
    return window


def _search(window: Workbench) -> None:
    window.search(QUERY)
    window.wait_for_hits()


def _preview(window: Workbench) -> None:
    window.preview_first()
    window.page.mouse.move(640, 780)  # no tooltip in the picture
    window.wait_until_calm()


@pytest.mark.parametrize(("look", "theme"), [("-light", "vs"), ("-high-contrast", "hc-black")])
def test_other_looks(look: str, theme: str, open_in: OpenWindow, package: Path, pictures: Path) -> None:
    window = _open(open_in, package, LOOKS[look])
    expect(window.page.locator(f".monaco-workbench.{theme}")).to_be_visible()
    _search(window)
    _preview(window)
    window.screenshot(pictures / f"search{look}.png")
    window.press("Enter")
    window.open_results()
    window.wait_until_calm()
    window.screenshot(pictures / f"results{look}.png")


def test_dark_look(open_in: OpenWindow, package: Path, pictures: Path) -> None:
    window = _open(open_in, package, LOOKS[""])
    _search(window)
    window.screenshot(pictures / "search.png")
    _preview(window)
    window.screenshot(pictures / "preview.png")
    window.press("Enter")
    expect(window.quick).to_be_hidden()

    window.run("Hunch: Find Similar Code")
    window.wait_for_hits()
    _preview(window)
    window.screenshot(pictures / "similar.png")
    window.press("Escape")

    window.open_results()
    expect(window.tree.locator(".monaco-list-row").nth(3)).to_be_visible()
    window.screenshot(pictures / "results.png")

    window.search("brew coffee from roasted beans")
    expect(window.row("Nothing here seems to do that")).to_be_visible()
    window.screenshot(pictures / "empty.png")
    window.press("Escape")

    window.status.click()
    expect(window.row("Pause Indexing")).to_be_visible()
    window.screenshot(pictures / "status.png")
