"""One window of the editor, driven as a person does it: with keys, the mouse, and eyes on what is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from vscode.code_server import LIMIT, CodeServer

BROWSER_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
"""Nothing outside this machine can be reached from the browser."""

LIMIT_MS = LIMIT * 1000

expect.set_options(timeout=LIMIT_MS)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a quick pick, as it can be read."""

    label: str
    description: str
    detail: str
    spoken: str
    is_active: bool


class Workbench:
    """A window on a folder or workspace file."""

    def __init__(self, page: Page, server: CodeServer) -> None:
        self.page = page
        self.server = server

    # The window

    def press(self, *keys: str) -> None:
        """Press keys, or chords such as Control+Alt+H, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Type text, key by key."""
        self.page.keyboard.type(text)

    def run(self, command: str) -> None:
        """Run a command of the palette by its title."""
        self.press("F1")
        expect(self.input).to_be_focused()
        self.input.fill(f">{command}")
        row = self.page.locator(".quick-input-list .monaco-list-row").filter(has_text=command).first
        expect(row).to_be_visible()
        row.click()

    def screenshot(self, file: Path) -> None:
        """Take a picture of the whole window."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=file)

    def clipboard(self) -> str:
        """Return the text in the clipboard."""
        return str(self.page.evaluate("navigator.clipboard.readText()"))

    # Quick picks

    @property
    def quick(self) -> Locator:
        """The widget of quick picks."""
        return self.page.locator(".quick-input-widget")

    @property
    def input(self) -> Locator:
        """The input of the quick pick."""
        return self.quick.locator("input.input")

    @property
    def quick_title(self) -> Locator:
        """The title of the quick pick."""
        return self.quick.locator(".quick-input-title")

    def row(self, text: str | re.Pattern[str]) -> Locator:
        """Return the rows of the quick pick that hold a text."""
        return self.quick.locator(".monaco-list-row").filter(has_text=text)

    def rows(self) -> list[Row]:
        """Return the rows of the quick pick that can be seen, from above."""
        return [Row(**row) for row in self.quick.evaluate(_READ_ROWS)]

    def active_row(self) -> Row | None:
        """Return the row that Enter would choose."""
        return next((row for row in self.rows() if row.is_active), None)

    # Editors

    def open_file(self, path: str, line: int = 1, column: int = 1) -> None:
        """Open a file of the workspace by its name and put the cursor somewhere."""
        self.press("F1")
        expect(self.input).to_be_focused()
        self.input.fill(path)
        name = path.rsplit("/", 1)[-1]
        expect(self.row(name).first).to_be_visible()
        self.press("Enter")
        self.wait_for_editor(name)
        if (line, column) != (1, 1):
            self.press("Control+g")
            expect(self.input).to_be_focused()
            self.input.fill(f":{line}:{column}")
            self.press("Enter")
            self.wait_for_place(line, column)

    def wait_for_editor(self, name: str) -> None:
        """Wait until a file is the one in front, and shows its text."""
        expect(self.active_tab).to_have_attribute("data-resource-name", name)
        expect(self.page.locator(".editor-group-container.active .view-line").first).to_be_visible()

    def wait_for_place(self, line: int, column: int | None = None) -> None:
        """Wait until the cursor is at a line, and column, counted from one."""
        text = rf"Ln {line}, Col {column if column is not None else ''}"
        expect(self.selection).to_have_text(re.compile(re.escape(text)))

    @property
    def active_tab(self) -> Locator:
        """The tab of the editor in front."""
        return self.page.locator(".editor-group-container.active .tab.active")

    @property
    def tabs(self) -> Locator:
        """All tabs."""
        return self.page.locator(".tabs-container .tab")

    @property
    def selection(self) -> Locator:
        """Where the cursor is, and how much is selected, in the status bar."""
        return self.page.locator('[id="status.editor.selection"]')

    @property
    def editor(self) -> Locator:
        """The text of the editor in front."""
        return self.page.locator(".editor-group-container.active .monaco-editor").first

    def first_line_number(self) -> int:
        """Return the number of the line at the top of the editor in front: where it is scrolled to."""
        tops = self.editor.locator(".line-numbers").evaluate_all(
            "all => all.map(one => [one.getBoundingClientRect().top, Number(one.textContent)])"
        )
        edge = self.editor.evaluate("one => one.getBoundingClientRect().top")
        return int(min(number for top, number in tops if top >= edge - 1))

    def shown_text(self) -> str:
        """Return the lines of the editor in front that can be seen."""
        lines = self.editor.locator(".view-line").evaluate_all(
            "all => all.map(one => [one.getBoundingClientRect().top, one.textContent])"
        )
        return "\n".join(text.replace("\xa0", " ") for _, text in sorted(lines))

    # Status bar, notifications, side bar

    @property
    def status(self) -> Locator:
        """Hunch's item in the status bar."""
        return self.page.locator('[id="hunch.hunch.hunch.status"]')

    def wait_until_ready(self) -> None:
        """Wait until the whole workspace is indexed."""
        expect(self.status.locator("a")).to_have_attribute("aria-label", re.compile(r"^Hunch\. "))

    def notification(self, text: str | re.Pattern[str]) -> Locator:
        """Return the notifications that hold a text."""
        return self.page.locator(".notifications-toasts .notification-list-item").filter(has_text=text)

    def click_button(self, notification: Locator, label: str) -> None:
        """Click a button of a notification."""
        notification.locator(".monaco-button", has_text=label).click()

    @property
    def tree(self) -> Locator:
        """Hunch's view in the side bar."""
        return self.page.locator(".sidebar .tree-explorer-viewlet-tree-view")

    def tree_rows(self) -> list[str]:
        """Return what the rows of Hunch's view say aloud."""
        return [
            str(row.get_attribute("aria-label")) for row in self.tree.locator(".monaco-list-row").all()
        ]

    def context_menu(self, at: Locator, item: str) -> None:
        """Choose from the context menu of something."""
        at.click(button="right")
        entry = self.page.locator(".monaco-menu .action-item").filter(has_text=item)
        expect(entry).to_be_visible()
        entry.click()


@contextmanager
def open_window(browser: Browser, server: CodeServer, place: Path, seen: Path) -> Iterator[Workbench]:
    """Open a window in a browser profile of its own, wait for it to be usable, and close it in the end.

    A picture of how it was in the end and the extension's log are left in the folder ``seen``.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(LIMIT_MS)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.address)
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(server.url_of(place))
    try:
        expect(page.locator(".monaco-workbench .part.statusbar")).to_be_visible()
        yield Workbench(page, server)
    finally:
        seen.mkdir(exist_ok=True)
        page.screenshot(path=seen / "window.png")
        (seen / "log.txt").write_text(server.log())
        page.goto("about:blank")  # leaving tells the editor, which then need not wait for the window to come back
        context.close()


# Reads the rows by where they are: the list keeps only those that can be seen, in any order.
_READ_ROWS = """widget => [...widget.querySelectorAll(".quick-input-list .monaco-list-row")]
    .map(row => [Number(row.dataset.index), row])
    .sort(([one], [other]) => one - other)
    .map(([, row]) => ({
        label: row.querySelector(".label-name")?.textContent ?? "",
        description: row.querySelector(".label-description")?.textContent ?? "",
        detail: row.querySelector(".quick-input-list-label-meta")?.textContent ?? "",
        spoken: row.getAttribute("aria-label") ?? "",
        is_active: row.classList.contains("focused"),
    }))"""
