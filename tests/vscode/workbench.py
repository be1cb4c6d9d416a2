"""One window of the editor, driven as a person does it: with keys, the mouse, and eyes on what is shown."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, TimeoutError, expect

from vscode.code_server import LIMIT, CodeServer, wait_until

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
        row = self.quick.locator(".quick-input-list .monaco-list-row").filter(has_text=command).first

        def is_run() -> bool:  # on a busy machine the palette may close once more, late, after it was asked for
            self._ask_palette(f">{command}")
            try:
                row.click(timeout=5000)
            except TimeoutError:
                return False
            return True

        self._wait_until(is_run, f"the palette runs {command}")

    def close_everything(self) -> None:
        """Close what is open: menus, notifications, the panel, editors without saving."""
        self.page.mouse.move(640, 400)  # off what says something when the mouse is on it: the first Escape ends that
        self.press("Escape", "Escape")
        attempts = itertools.count()

        # A menu that the test before asked for may open only now, or have lost the keyboard to a preview.
        def is_closed() -> bool:
            with suppress(AssertionError):
                expect(self.quick).to_be_hidden(timeout=1000)
                return True
            with suppress(TimeoutError):  # it may be closing
                match next(attempts) % 3:
                    case 0:
                        self.input.press("Escape", timeout=2000)
                    case 1:
                        self.page.mouse.click(900, 650)  # a menu closes when something else is clicked
                    case _:
                        self.press("F1", "Escape")
            return False

        self._wait_until(is_closed, "no menu is open")
        self.run("Notifications: Clear All Notifications")
        self.run("View: Close All Editors")
        expect(self.tabs).to_have_count(0)

    def reload(self) -> None:
        """Load the window anew."""
        self.page.evaluate("window.isBeforeReload = true")
        self.run("Developer: Reload Window")
        self.page.wait_for_function("!window.isBeforeReload")
        expect(self.page.locator(".monaco-workbench .part.statusbar")).to_be_visible()

    def choose_from_status(self, choice: str) -> None:
        """Choose from the menu of Hunch's item in the status bar, by typing: rows move while the menu opens."""
        self.status.click()
        expect(self.row(choice)).to_be_visible()
        self.input.fill(choice)
        expect(self.quick.locator(".monaco-list-row")).to_have_count(1)
        self.press("Enter")
        expect(self.quick).to_be_hidden()

    def screenshot(self, file: Path) -> None:
        """Take a picture of the whole window."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=file)

    def clipboard(self) -> str:
        """Return the text in the clipboard."""
        return str(self.page.evaluate("navigator.clipboard.readText()"))

    def wait_for_clipboard(self, text: str) -> None:
        """Wait until the clipboard holds a text."""
        self._wait_until(lambda: text in self.clipboard(), f"the clipboard holds {text!r}")

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

    def search(self, query: str) -> None:
        """Open Hunch's search with the keys for it, and put a query in at once."""
        self.press("Control+Alt+h")
        expect(self.input).to_be_focused()
        expect(self.quick_title).to_contain_text("Search Code by Meaning")
        self.page.keyboard.insert_text(query)

    def wait_for_first(self, label: str) -> None:
        """Wait until the best hit has a name."""
        expect(self.quick).to_be_visible()  # rows of a list that was closed are still in the page
        first = self.quick.locator('.monaco-list-row[data-index="0"] .label-name').first
        expect(first).to_have_text(label)

    def wait_for_label(self, label: str) -> None:
        """Wait until a hit has a name, at whatever place."""
        self._wait_until(lambda: any(row.label == label for row in self.rows()), f"{label} is found")

    def wait_for_hits(self) -> None:
        """Wait until the rows are an answer: past searches, which are shown before, have no second line."""
        expect(self.quick.locator(".quick-input-list-label-meta").first).to_be_visible()

    def preview_first(self) -> None:
        """Go to the second row and back to the first, and wait until its code is shown."""
        for key in ("ArrowDown", "ArrowUp"):
            self.press(key)
            self.wait_for_preview()

    def wait_for_endings(self, *endings: str) -> None:
        """Wait until the files of all hits in the list have these endings, and each of them is there."""

        def seen() -> set[str]:
            return {row.description.split(":")[0].rpartition(".")[2] for row in self.rows() if row.description}

        self._wait_until(lambda: seen() == set(endings), f"hits in files with the endings {endings}")

    def wait_for_preview(self) -> None:
        """Wait until the code of the active row is shown and its lines are highlighted."""
        row = self.active_row()
        assert row is not None
        path, _, line = row.description.rpartition(":")
        self.wait_for_editor(path.rsplit("/", 1)[-1])
        self._wait_until(lambda: int(line) in self.highlighted_lines(), f"line {line} of {path} is highlighted")

    def search_until(self, query: str, label: str, *, found: bool = True) -> None:
        """Ask again and again until the best hit has a name, or has it no longer."""
        deadline = time.monotonic() + LIMIT
        while True:
            self.search(query)
            self.wait_for_hits()
            labels = [row.label for row in self.rows()]
            self.press("Escape")
            expect(self.quick).to_be_hidden()
            if (label in labels[:1]) is found:
                return
            assert time.monotonic() < deadline, f"{query!r} finds {labels}"

    # Editors

    def open_file(self, path: str, line: int = 1, column: int = 1) -> None:
        """Open a file of the workspace by its name and put the cursor somewhere."""
        self._ask_palette(path)
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
        return int(min((number for top, number in tops if top >= edge - 1), default=0))  # none while it is drawn anew

    def shown_text(self) -> str:
        """Return the lines of the editor in front that can be seen."""
        lines = self.editor.locator(".view-line").evaluate_all(
            "all => all.map(one => [one.getBoundingClientRect().top, one.textContent])"
        )
        return "\n".join(text.replace("\xa0", " ") for _, text in sorted(lines))

    def wait_for_text(self, text: re.Pattern[str]) -> None:
        """Wait until the lines of the editor in front that can be seen hold a text."""
        self._wait_until(lambda: text.search(self.shown_text()) is not None, f"the editor shows {text.pattern}")

    def highlighted_lines(self) -> list[int]:
        """Return the numbers of the lines in front that an extension has put a colour behind."""
        return [int(number) for number in self.editor.evaluate(_READ_HIGHLIGHTS)]

    def marked_words(self) -> int:
        """Return how many words in front an extension has put a colour behind."""
        return int(self.editor.evaluate(_COUNT_MARKED_WORDS))

    def _ask_palette(self, text: str) -> None:
        def is_asked() -> bool:  # what gets the focus while something else is closing may lose it again
            if not self.input.is_visible():
                self.press("F1")
                return False
            with suppress(TimeoutError):
                asked = self.input.input_value(timeout=1000)
                if asked.startswith(">") and asked != text:  # the palette, perhaps with what was asked before
                    self.input.fill(text, timeout=1000)
                elif not asked.startswith(">"):  # another menu, which a test has left or which opened late
                    self.press("Escape")
                return self.input.is_visible() and self.input.input_value(timeout=1000) == text
            return False

        self._wait_until(is_asked, f"the palette is asked for {text}", pause=250)

    def wait_for_highlight(self, lines: Iterable[int]) -> None:
        """Wait until an extension has put a colour behind these lines."""
        wanted = list(lines)
        self._wait_until(lambda: self.highlighted_lines() == wanted, f"lines {wanted} are highlighted")

    def wait_until_calm(self) -> None:
        """Wait until the editor has stopped scrolling."""
        seen = [-1, -2, -3]

        def has_stopped() -> bool:
            seen.append(self.first_line_number())
            return len(set(seen[-4:])) == 1 and seen[-1] > 0

        self._wait_until(has_stopped, "the editor stands still")

    def _wait_until(self, is_true: Callable[[], bool], what: str, *, pause: float = 50) -> None:
        deadline = time.monotonic() + LIMIT
        while not is_true():
            assert time.monotonic() < deadline, f"after {LIMIT:.0f} s not yet: {what}"
            self.page.wait_for_timeout(pause)

    # Status bar, notifications, side bar

    @property
    def status(self) -> Locator:
        """Hunch's item in the status bar."""
        return self.page.locator('[id="hunch.hunch.hunch.status"]')

    def wait_until_ready(self, *, limit: float = LIMIT) -> None:
        """Wait until the whole workspace is indexed, for so many seconds at most."""
        ready = re.compile(r"^Hunch\. ")
        expect(self.status.locator("a")).to_have_attribute("aria-label", ready, timeout=limit * 1000)

    def record_status(self) -> None:
        """Begin to remember every text that Hunch's item in the status bar shows."""
        self.page.evaluate(_RECORD_STATUS)

    def recorded_status(self) -> list[str]:
        """Return the texts that were shown since then, each once where it follows itself."""
        return [str(text) for text in self.page.evaluate("window.hunchStatus")]

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

    def open_results(self) -> None:
        """Open Hunch's view in the side bar."""
        title = self.page.locator(".sidebar .composite.title").filter(has_text=re.compile("^Hunch"))
        tab = self.page.locator(".activitybar").get_by_role("tab", name="Hunch")

        def is_open() -> bool:  # a click on the tab of a view that was only about to be shown hides it
            if not title.is_visible():
                tab.click()
                with suppress(AssertionError):
                    expect(title).to_be_visible(timeout=3000)
            return title.is_visible()

        self._wait_until(is_open, "Hunch's view is open", pause=500)

    def tree_rows(self) -> list[str]:
        """Return what the rows of Hunch's view say aloud."""
        return [str(row.get_attribute("aria-label")) for row in self.tree.locator(".monaco-list-row").all()]

    def open_refactorings(self) -> Locator:
        """Open the menu of refactorings at the cursor, and return its rows."""
        rows = self.page.locator(".action-widget .monaco-list-row")

        def is_open() -> bool:  # asked while the editor still takes in the file, it shows nothing at all
            self.press("Control+Shift+r")
            with suppress(AssertionError):
                expect(rows.first).to_be_visible(timeout=3000)
            return rows.first.is_visible()

        self._wait_until(is_open, "the menu of refactorings is open")
        return rows

    def context_menu(self, at: Locator, item: str) -> None:
        """Choose from the context menu of something."""
        entry = self.page.locator(".monaco-menu .action-item").filter(has_text=item)

        def is_open() -> bool:  # a menu closes when what it belongs to is drawn anew
            if not entry.is_visible():
                self.press("Escape")
                at.click(button="right")
            return entry.is_visible()

        self._wait_until(is_open, f"the context menu has {item}", pause=500)
        # A menu takes no click in the moment after it has opened, lest the one that opened it count twice.
        for _ in range(5):
            entry.click()
            with suppress(AssertionError):
                expect(entry).to_be_hidden(timeout=2_000)
                return
        raise AssertionError(f"the menu stays open after a click on {item}")


@contextmanager
def open_window(browser: Browser, server: CodeServer, place: Path, seen: Path) -> Iterator[Workbench]:
    """Open a window in a browser profile of its own, wait for it to be usable, and close it in the end.

    A picture of how it was in the end and the extension's log are left in the folder ``seen``.
    """
    others = set(server.extension_hosts())

    def own_hosts() -> int:
        return len(set(server.extension_hosts()) - others)

    for _ in range(10):
        page = _open_page(browser, server, place)
        # At a busy start this editor now and then misses the folders of a workspace file, or runs all extensions twice,
        # in two processes that live on: keys go to one of them while the status bar shows the other.
        if own_hosts() == 1 and page.get_by_text("No Folder Opened").count() == 0:
            break
        _close_page(page)
        wait_until(lambda: own_hosts() == 0, "a closed window's extensions have ended")
    else:
        pytest.fail("the editor opens no window as it should")
    try:
        yield Workbench(page, server)
    except BaseException:
        print(describe(page, server))  # pytest shows it with the failure
        raise
    finally:
        seen.mkdir(exist_ok=True)
        page.screenshot(path=seen / "window.png")
        (seen / "log.txt").write_text(server.log())
        _close_page(page)


def _open_page(browser: Browser, server: CodeServer, place: Path) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(LIMIT_MS)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.address)
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(server.url_of(place))
    expect(page.locator(".monaco-workbench .part.statusbar")).to_be_visible()
    expect(Workbench(page, server).status).to_be_visible()  # Hunch's: extensions run
    return page


def _close_page(page: Page) -> None:
    page.goto("about:blank")  # leaving tells the editor, which then need not wait for the window to come back
    page.context.close()


def describe(page: Page, server: CodeServer) -> str:
    """Return what a failure leaves one wondering about: what was asked, which servers run, what the log says."""
    asked = [one.input_value() for one in page.locator(".quick-input-widget input.input").all()]
    rows = page.locator(".quick-input-widget").all_inner_texts()
    status = [one.get_attribute("aria-label") for one in page.locator('[id="hunch.hunch.hunch.status"] a').all()]
    servers = [str(one) for one in server.language_servers()]
    return f"asked {asked}\nshown {rows}\nstatus {status}\nservers {servers}\nlog\n{server.log()[-6000:]}"


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


# A decorated line and its number are drawn apart from each other, at the same height.
_READ_HIGHLIGHTS = """editor => {
    const numbers = new Map([...editor.querySelectorAll(".margin-view-overlays > div")]
        .map(line => [line.style.top, line.querySelector(".line-numbers")?.textContent]));
    return [...editor.querySelectorAll(".view-overlays > div")]
        .filter(line => line.querySelector('.cdr[class*="TextEditorDecorationType"]'))
        .map(line => Number(numbers.get(line.style.top)))
        .sort((one, other) => one - other);
}"""


_COUNT_MARKED_WORDS = """editor =>
    [...editor.querySelectorAll('.view-overlays .cdr[class*="TextEditorDecorationType"]')]
        .filter(mark => mark.style.width.endsWith("px")).length"""


_RECORD_STATUS = """() => {
    window.hunchStatus = [];
    const look = () => {
        const text = document.getElementById("hunch.hunch.hunch.status")?.textContent.trim();
        if (text && window.hunchStatus.at(-1) !== text) {
            window.hunchStatus.push(text);
        }
    };
    new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
    look();
}"""
