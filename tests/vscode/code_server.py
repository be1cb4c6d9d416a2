"""A running code-server: its folders, its settings, the processes that it began, its end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import psutil

from vscode.editor import Editor

LIMIT = 90.0
"""Seconds that anything may take before a test fails: two busy cores are slow, and a hang is for ever."""

SETTINGS: Mapping[str, Any] = {
    "chat.disableAIFeatures": True,
    "files.autoSave": "off",
    "git.enabled": False,
    "security.workspace.trust.enabled": False,
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "workbench.colorTheme": "Dark Modern",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
}
"""What every window of the tests has: nothing that gets in the way, and nothing saved behind one's back."""

_NOT_INHERITED = ("HUNCH_", "XDG_", "VSCODE_", "VIRTUAL_ENV", "PYTHON", "NODE_")

Scope = Literal["Machine", "User"]


def wait_until(is_true: Callable[[], object], what: str, *, limit: float = LIMIT, pause: float = 0.05) -> None:
    """Wait until something is true; fail with its description when the limit in seconds has passed."""
    deadline = time.monotonic() + limit
    while not is_true():
        assert time.monotonic() < deadline, f"after {limit:.0f} s not yet: {what}"
        time.sleep(pause)


class CodeServer:
    """One code-server with folders of its own; windows are opened in it one after the other."""

    def __init__(
        self, editor: Editor, folder: Path, extension: Path, *, environment: Mapping[str, str] | None = None
    ) -> None:
        self.data = folder / "data"
        self.cache = folder / "indexes"
        self._command = [str(editor.node), str(editor.entry), "--config", str(folder / "config.yaml")]
        self._command += ["--user-data-dir", str(self.data), "--extensions-dir", str(folder / "extensions")]
        self._command += ["--disable-telemetry", "--disable-update-check", "--reconnection-grace-time", "5"]
        self._environment = {**_environment(self.cache, folder / "share"), **(environment or {})}
        self._printed = folder / "printed"
        port = _free_port()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.yaml").write_text(f"bind-addr: 127.0.0.1:{port}\nauth: none\ncert: false\n")
        self.address = f"http://127.0.0.1:{port}"
        self._call(["--install-extension", str(extension)])
        self.configure()
        with self._printed.open("wb") as printed:
            self._process = psutil.Popen(
                self._command, env=self._environment, stdin=subprocess.DEVNULL, stdout=printed, stderr=printed
            )
        wait_until(self._answers, "code-server answers")

    def configure(self, *, machine: Mapping[str, Any] | None = None, user: Mapping[str, Any] | None = None) -> None:
        """Write the settings anew, of the machine (paths of programs) and of the user (the rest)."""
        self._write_settings("Machine", machine or {})
        self._write_settings("User", {**SETTINGS, **(user or {})})

    def url_of(self, place: Path) -> str:
        """Return the address of a window on a folder or on a workspace file."""
        kind = "workspace" if place.suffix == ".code-workspace" else "folder"
        return f"{self.address}/?{kind}={quote(str(place))}"

    def log(self) -> str:
        """Return what Hunch's output channels hold, of the newest window last."""
        files = sorted(self.data.glob("logs/*/*/hunch.hunch/*.log"), key=lambda file: file.stat().st_mtime)
        return "\n".join(file.read_text(errors="replace") for file in files)

    @property
    def environments_folder(self) -> Path:
        """The folder of the private environments that the extension makes."""
        return self.data / "User/globalStorage/hunch.hunch/environments"

    def environments(self) -> list[Path]:
        """Return the private environments that the extension has made, whole or not."""
        return [one for one in self.environments_folder.glob("*") if one.is_dir()]

    def extension_hosts(self) -> list[psutil.Process]:
        """Return the processes that run extensions: one a window, as a rule."""
        return [process for process in self.processes() if "--type=extensionHost" in _command_of(process)]

    def language_servers(self) -> list[psutil.Process]:
        """Return the language servers, without the processes that they began themselves."""
        parents = {process: _parent_of(process) for process in self.processes() if _is_server(process)}
        return [one for one, parent in parents.items() if parent not in {0, *(other.pid for other in parents)}]

    def processes(self) -> list[psutil.Process]:
        """Return every living process that works in this server's environment, however it was begun."""
        found = []
        for process in psutil.process_iter():
            try:
                is_ours = process.environ().get("HUNCH_CACHE_DIR") == str(self.cache)
                if is_ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def wait_until_no_language_server(self) -> None:
        """Wait until the language servers of windows that are closed have ended."""
        wait_until(lambda: not self.language_servers(), "no language server is left")

    def stop(self) -> list[str]:
        """End it as a service manager would; return what is left of it after ten seconds, which is ended then, too."""
        began = self.processes()
        self._process.send_signal(signal.SIGTERM)
        psutil.wait_procs(began, timeout=10)
        left = self.processes()
        told = [f"{process.pid}: {' '.join(process.cmdline())[:200]}" for process in left]
        for process in left:
            process.kill()
        self._process.wait(timeout=10)
        return told

    def _answers(self) -> bool:
        printed = self._printed.read_text(errors="replace")[-2000:]
        assert self._process.poll() is None, f"code-server has ended: {printed}"
        try:
            with urllib.request.urlopen(f"{self.address}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _call(self, arguments: Sequence[str]) -> None:
        done = subprocess.run(
            [*self._command, *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        assert done.returncode == 0, f"code-server {' '.join(arguments)}: {done.stdout}{done.stderr}"

    def _write_settings(self, scope: Scope, values: Mapping[str, Any]) -> None:
        file = self.data / scope / "settings.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values, indent=2))


def _environment(cache: Path, share: Path) -> dict[str, str]:
    """Return the environment of an editor on a machine where nothing of Hunch is installed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
    folders = kept.get("PATH", os.defpath).split(os.pathsep)
    without = [folder for folder in folders if shutil.which("hunch", path=folder) is None]
    return {
        **kept,
        "PATH": os.pathsep.join(without),
        "HUNCH_CACHE_DIR": str(cache),
        "HUNCH_WORKERS": "1",
        "XDG_DATA_HOME": str(share),  # where code-server keeps what it printed
        "EXTENSIONS_GALLERY": '{"serviceUrl": "", "itemUrl": ""}',
    }


def _is_server(process: psutil.Process) -> bool:
    command = _command_of(process)
    return "lsp" in command and any("hunch" in part for part in command)


def _command_of(process: psutil.Process) -> list[str]:
    """Return a process's command line, empty when the process has gone."""
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _parent_of(process: psutil.Process) -> int:
    """Return the number of a process's parent, 0 when the process has gone."""
    try:
        return int(process.ppid())
    except psutil.Error:
        return 0


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
