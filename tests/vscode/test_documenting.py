"""Functions without documentation: a generated sentence on hover, and inserted by an action and by a command."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from vscode.conftest import OpenWindow
from vscode.workspaces import make_shop

UNDOCUMENTED = """import os


def remove_old_files(folder, days):
    for name in os.listdir(folder):
        if age_of(name) > days:
            os.remove(name)


class Reader:
    def read_lines(self, path):
        with open(path) as file:
            return file.readlines()
"""

GENERATED = re.compile(r"Generated, may be wrong: \w+")
TITLE = "Insert generated documentation"


def test_functions_without_documentation(open_in: OpenWindow, tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop")
    (shop / "src/files.py").write_text(UNDOCUMENTED)
    window = open_in(shop, user={"hunch.generatedSummaries": True})
    window.wait_until_ready()
    window.open_file("src/files.py", 4, 8)
    window.run("Show or Focus Hover")
    expect(window.page.locator(".monaco-hover").filter(has_text=GENERATED)).to_be_visible()
    window.press("Escape")

    # The action, from the menu of refactorings.
    action = window.open_refactorings().filter(has_text=TITLE).first
    expect(action).to_be_visible()
    action.click()
    window.wait_for_text(re.compile(r'days\):\n    """\w.*"""\n    for name in'))

    # The command, for the method at the cursor.
    window.press("Control+g")
    window.input.fill(":12:9")
    window.press("Enter")
    window.run("Hunch: Insert Generated Documentation")
    window.wait_for_text(re.compile(r'path\):\n        """\w.*"""\n        with open'))
    assert '"""' not in (shop / "src/files.py").read_text()  # an edit of the editor, which is not saved

    # Now there is nothing left to document.
    window.run("Hunch: Insert Generated Documentation")
    expect(window.notification("There is no function here that lacks documentation")).to_be_visible()


def test_nothing_is_generated_unless_it_is_wanted(open_in: OpenWindow, tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop")
    (shop / "src/files.py").write_text(UNDOCUMENTED)
    window = open_in(shop)
    window.wait_until_ready()
    window.open_file("src/files.py", 4, 8)
    widget = window.open_refactorings()
    expect(widget.filter(has_text="Find similar code").first).to_be_visible()
    expect(widget.filter(has_text=TITLE)).to_have_count(0)
