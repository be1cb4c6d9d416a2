"""The first start, when there is no server: one click makes an environment; and what is said when that fails."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from vscode.code_server import CodeServer, wait_until
from vscode.conftest import OpenWindow
from vscode.editor import Editor
from vscode.workbench import Workbench, open_window
from vscode.workspaces import make_shop

NOT_SET_UP = "Hunch's server is not set up yet"


def _add_modules(folder: Path, count: int) -> None:
    for number in range(count):
        file = folder / f"part{number % 20}/module_{number}.py"
        file.parent.mkdir(exist_ok=True)
        text = "\n\n".join(f"def reserve_{number}_{one}(stock):\n    return stock - {one}" for one in range(12))
        file.write_text(text + "\n")


def _set_up(window: Workbench) -> None:
    offer = window.notification(NOT_SET_UP)
    expect(offer).to_be_visible()
    expect(window.status).to_have_text(re.compile("Hunch: set up"))
    window.click_button(offer, "Set Up Hunch")


def _runs_own_server(code_server: CodeServer) -> bool:
    commands = [" ".join(server.cmdline()) for server in code_server.language_servers()]
    return len(commands) == 1 and str(code_server.environments_folder) in commands[0]


def test_first_start(open_in: OpenWindow, code_server: CodeServer, tmp_path: Path) -> None:
    shutil.rmtree(code_server.environments_folder, ignore_errors=True)
    shop = make_shop(tmp_path / "shop")
    _add_modules(shop, 800)
    window = open_in(shop, machine={})
    window.record_status()
    _set_up(window)
    expect(window.notification("Setting up Hunch")).to_be_visible()
    window.wait_until_ready(limit=240)
    seen = window.recorded_status()
    kinds = [re.sub(r"[\d,]+", "N", text) for text in seen]
    order = ["Hunch: set up", "Hunch: setting up", "Hunch: starting", "Hunch: indexing N of N", "Hunch"]
    rest = iter(kinds)
    assert all(any(kind == wanted for kind in rest) for wanted in order), seen
    assert kinds[-1] == "Hunch"
    assert _runs_own_server(code_server)
    window.search("retry with backoff")
    window.wait_for_first("RetryWithBackoff")


def test_restricted_mode_runs_only_the_own_server(open_in: OpenWindow, code_server: CodeServer, tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop")
    trap = tmp_path / "trap.sh"
    trap.write_text(f'#!/bin/sh\ntouch {tmp_path}/sprung\nexec {sys.executable} "$@"\n')
    trap.chmod(0o755)
    (shop / ".vscode").mkdir()
    (shop / ".vscode/settings.json").write_text(json.dumps({"hunch.interpreter": str(trap)}))
    trusting = {"security.workspace.trust.enabled": True, "security.workspace.trust.startupPrompt": "never"}
    window = open_in(shop, user=trusting)
    expect(window.page.locator('[id="status.workspaceTrust"]')).to_be_visible()
    if not code_server.environments():
        _set_up(window)
    window.wait_until_ready(limit=240)
    assert _runs_own_server(code_server)
    window.search("retry with backoff")
    window.wait_for_first("RetryWithBackoff")
    window.press("Escape")
    assert not (tmp_path / "sprung").exists()

    window.run("Workspaces: Manage Workspace Trust")
    window.page.get_by_role("button", name="Trust", exact=True).first.click()
    wait_until((tmp_path / "sprung").exists, "what the workspace names is run when it is trusted")
    wait_until(lambda: not _runs_own_server(code_server), "the server of the workspace's interpreter runs")
    window.wait_until_ready()


def test_wrong_interpreter(open_in: OpenWindow, code_server: CodeServer, tmp_path: Path) -> None:
    wrong = tmp_path / "nowhere/python"
    window = open_in(make_shop(tmp_path / "shop"), machine={"hunch.interpreter": str(wrong)})
    message = window.notification(f"The setting hunch.interpreter names {wrong}, which cannot be used: there is no")
    expect(message).to_be_visible()
    expect(window.status).to_have_text(re.compile("Hunch: stopped"))
    for button in ("Open Settings", "Set Up Hunch", "Show Log"):
        expect(message.locator(".monaco-button", has_text=button)).to_be_visible()
    window.search("anything")
    expect(window.row("which cannot be used")).to_be_visible()
    window.press("Enter")
    expect(window.row("Restart the Server")).to_be_visible()
    window.press("Escape")
    window.click_button(message, "Open Settings")
    expect(window.page.locator(".settings-editor").get_by_text("Interpreter", exact=True).first).to_be_visible()
    code_server.configure(machine={"hunch.interpreter": sys.executable})
    window.wait_until_ready()


@pytest.fixture
def cut_off(
    editor: Editor, extension: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[CodeServer, Workbench]]:
    """A window where nothing of Hunch is installed and no package index answers."""
    folder = tmp_path_factory.mktemp("cut-off")
    closed = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": "/dev/null"}
    server = CodeServer(editor, folder / "code-server", extension, environment=closed)
    try:
        with open_window(browser, server, make_shop(folder / "shop"), folder / "seen") as window:
            yield server, window
    finally:
        left = server.stop()
    assert not left, left


def test_no_package_index(cut_off: tuple[CodeServer, Workbench]) -> None:
    server, window = cut_off
    _set_up(window)
    message = window.notification("the package index cannot be reached")
    expect(message).to_be_visible()
    for button in ("Retry", "Choose Interpreter...", "Show Log"):
        expect(message.locator(".monaco-button", has_text=button)).to_be_visible()
    expect(window.status).to_have_text(re.compile("Hunch: set up"))
    assert server.environments() == []  # nothing half-made is left
    server.configure(machine={"hunch.interpreter": sys.executable})
    window.wait_until_ready()


def test_not_now_is_remembered(open_in: OpenWindow, code_server: CodeServer, tmp_path: Path) -> None:
    away = tmp_path / "away"
    if code_server.environments_folder.exists():
        code_server.environments_folder.rename(away)
    try:
        window = open_in(make_shop(tmp_path / "shop"), machine={})
        offer = window.notification(NOT_SET_UP)
        window.click_button(offer, "Not Now")
        expect(offer).to_have_count(0)
        window.reload()
        expect(window.status).to_have_text(re.compile("Hunch: set up"))
        window.search("anything")
        expect(window.row(NOT_SET_UP)).to_be_visible()
        expect(offer).to_have_count(0)
    finally:
        if away.exists():
            away.rename(code_server.environments_folder)
