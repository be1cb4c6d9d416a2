"""The extension as one file, built from the repository without touching it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from vscode.editor import BrokenError, UnreachableError, run_npm

REPOSITORY = Path(__file__).parents[2]
CLIENT = REPOSITORY / "editor-client"
LICENCES = ("LICENSE", "LICENSE-APACHE", "NOTICE")
"""Texts in the repository's root that the extension carries."""

NOTE = REPOSITORY / ".venv/installed-client"
"""What `make` wrote when it installed the client's tools: `installed`, or why not."""


def build_extension(folder: Path) -> Path:
    """Build the extension with the server's wheel inside it, in a copy of its sources; return the .vsix.

    Raises:
        UnreachableError: when npm's registry or the package index could not be reached.
        BrokenError: when something is missing or fails for another reason.
    """
    tools = CLIENT / "node_modules"
    if not tools.is_dir():
        noted = NOTE.read_text().strip() if NOTE.is_file() else "installed"
        if noted == "installed":
            raise BrokenError("the client's tools are missing: run `make test`, or `npm ci` in editor-client")
        raise UnreachableError(noted)
    copy = folder / "editor-client"
    shutil.copytree(CLIENT, copy, ignore=shutil.ignore_patterns("node_modules", "dist", "*.whl"))
    (copy / "node_modules").symlink_to(tools)
    wheel = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-input", "--no-deps"]
    _run([*wheel, "--wheel-dir", copy / "server", REPOSITORY], copy)
    shutil.copy(REPOSITORY / "locks/server.lock", copy / "server")
    for text in LICENCES:
        shutil.copy(REPOSITORY / text, folder)
    (folder / "dist").mkdir()
    for script in ("build", "package"):
        run_npm(["run", script], copy)
    return folder / "dist/hunch.vsix"


def _run(command: Sequence[str | Path], folder: Path) -> None:
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode != 0:
        told = f"{' '.join(map(str, command))}\n{(done.stdout + done.stderr)[-3000:]}"
        # What pip says when its index, which has what wheels are built with, does not answer.
        unreachable = "NewConnectionError" in told or "Temporary failure in name resolution" in told
        raise UnreachableError(told) if unreachable else BrokenError(told)
