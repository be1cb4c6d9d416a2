"""What the tests in VS Code share: one code-server, one browser, and a window for each test."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.sync_api import Browser, sync_playwright

from vscode.code_server import CodeServer
from vscode.editor import BrokenError, Editor, UnreachableError, find_editor
from vscode.extension import build_extension
from vscode.workbench import BROWSER_ARGUMENTS, Workbench, open_window
from vscode.workspaces import make_shop

Made = TypeVar("Made")

Settings = Mapping[str, object]

OpenWindow = Callable[..., Workbench]

WITH_HUNCH: Settings = {"hunch.interpreter": sys.executable}

# Pictures for the documentation are taken when somebody asks for them.
collect_ignore = [] if os.environ.get("HUNCH_SCREENSHOTS") else ["test_screenshots.py"]


@pytest.fixture(scope="session")
def editor() -> Editor:
    """VS Code and a browser. Only where Debian or npm could not be reached the tests are skipped."""
    return _here(find_editor)


@pytest.fixture(scope="session")
def extension(editor: Editor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built extension; ``HUNCH_VSIX`` names one that is there already."""
    given = os.environ.get("HUNCH_VSIX")
    return Path(given) if given else _here(lambda: build_extension(tmp_path_factory.mktemp("extension")))


@pytest.fixture(scope="module")
def browser(editor: Editor) -> Iterator[Browser]:
    """A browser without a window. It ends with a file's tests: no other event loop runs beside its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=editor.browser, args=list(BROWSER_ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def code_server(editor: Editor, extension: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeServer]:
    """A code-server with the extension installed, for all tests; its end must leave no process behind."""
    server = CodeServer(editor, tmp_path_factory.mktemp("code-server"), extension)
    try:
        yield server
    finally:
        left = server.stop()
    assert not left, f"still running ten seconds after code-server was told to end: {left}"


@pytest.fixture
def open_in(code_server: CodeServer, browser: Browser, tmp_path: Path) -> Iterator[OpenWindow]:
    """A function that opens a window on a folder or workspace file.

    Its settings replace those of the machine, which name a Python that has Hunch, and go on top of those of the user.
    The temporary folder of a test keeps a picture of the end and the extension's log.
    """
    with ExitStack() as windows:

        def open_(place: Path, *, machine: Settings | None = None, user: Settings | None = None) -> Workbench:
            code_server.configure(machine=WITH_HUNCH if machine is None else machine, user=user)
            return windows.enter_context(open_window(browser, code_server, place, tmp_path / "seen"))

        yield open_
    code_server.wait_until_no_language_server()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small shop, for a module whose tests do not change it."""
    return make_shop(tmp_path_factory.mktemp("workspaces") / "shop")


@pytest.fixture(scope="module")
def shop_window(
    code_server: CodeServer, browser: Browser, shop: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workbench]:
    """A window on the shop, for a module."""
    code_server.configure(machine=WITH_HUNCH)
    with open_window(browser, code_server, shop, tmp_path_factory.mktemp("shop") / "seen") as window:
        window.wait_until_ready()
        yield window
    code_server.wait_until_no_language_server()


@pytest.fixture
def window(shop_window: Workbench) -> Workbench:
    """The module's window with nothing open in it."""
    shop_window.close_everything()
    return shop_window


def _here(make: Callable[[], Made]) -> Made:
    try:
        return make()
    except UnreachableError as error:
        pytest.skip(str(error))
    except BrokenError as error:
        pytest.fail(str(error), pytrace=False)
