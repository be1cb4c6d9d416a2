"""Two workspaces to edit in, and a run of an editor in them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

SHOP: Mapping[str, str] = {
    "src/auth.py": '''"""Who may come in."""

import hashlib
import hmac


def check_password(password, salt, stored_hash):
    """Compare a password with the salted hash that was stored for the user."""
    digest = hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)
    return hmac.compare_digest(digest, stored_hash)
''',
    "src/orders.py": '''"""Orders of customers."""


def sort_orders_by_date(orders):
    """Return the orders as a new list, the newest first."""
    return sorted(orders, key=lambda order: order.date, reverse=True)


def total_price(orders, tax_rate):
    """Add up the price of all orders and put the tax on top."""
    net = sum(order.price * order.amount for order in orders)
    return net * (1 + tax_rate)
''',
    "server/main.go": """package main

import "time"

// RetryWithBackoff calls the function again after a growing pause until it succeeds.
func RetryWithBackoff(attempts int, call func() error) error {
	pause := time.Millisecond * 50
	var err error
	for i := 0; i < attempts; i++ {
		if err = call(); err == nil {
			return nil
		}
		time.Sleep(pause)
		pause *= 2
	}
	return err
}
""",
    "web/client.ts": """/** Wait until the user has stopped typing before the function is called. */
export function debounce(callback: () => void, milliseconds: number): () => void {
  let timer: number | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(callback, milliseconds);
  };
}
""",
}

LIBRARY: Mapping[str, str] = {
    "desk/lending.py": '''"""The lending desk of a library."""


def lend_book_to_reader(book, reader):
    """Let a reader take a book home for four weeks."""
    if book.lent_to is not None:
        raise ValueError("somebody else has it")
    book.lent_to = reader
    return book
''',
    "desk/label.go": """package desk

// PrintSpineLabel writes the signature of a book on the label for its back.
func PrintSpineLabel(book Book) string {
	return book.Subject + "\\n" + book.Author[:3] + "\\n" + book.Year
}
""",
}


END_SECONDS = 3.0
"""What an end may take: the two seconds that are promised, and one for a machine that has other things to do."""

_NOT_INHERITED = (
    "HUNCH_", "XDG_",
    # Where these are set, libraries that report to their makers keep quiet, and a test of trust would see nothing.
    "CI", "CONTINUOUS_INTEGRATION", "BUILD_", "GITHUB_", "GITLAB_", "TF_BUILD", "TRAVIS", "JENKINS_", "CIRCLECI",
    "APPVEYOR", "TEAMCITY_", "CODEBUILD_", "ORT_", "DO_NOT_TRACK",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Two workspace folders, the folder of their indexes, and one for whatever an editor keeps."""

    shop: Path
    library: Path
    cache: Path
    home: Path

    def environment(self, changes: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment that an editor gets: ``hunch`` on the path, nothing that this user or CI has set."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
        return {
            **inherited,
            "PATH": path,
            "HOME": str(self.home),
            "TERM": "dumb",
            "HUNCH_CACHE_DIR": str(self.cache),
            **(changes or {}),
        }

    def servers(self) -> list[psutil.Process]:
        """Return the language servers, and the processes they began, that work for these folders."""
        found = []
        for process in psutil.process_iter():
            try:
                is_ours = process.environ().get("HUNCH_CACHE_DIR") == str(self.cache)
                if is_ours and "lsp" in process.cmdline() and _is_alive(process):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def wait_until_no_server(self, limit: float = END_SECONDS) -> None:
        """Wait until no server is left, nor a process that it began; fail when the limit in seconds has passed."""
        deadline = time.monotonic() + limit
        left = self.servers()
        while (left := [process for process in left if _is_alive(process)]) or (left := self.servers()):
            assert time.monotonic() < deadline, f"after {limit} s there still is {left}"
            time.sleep(0.02)


def _is_alive(process: psutil.Process) -> bool:
    """Say whether a process runs: one that has ended and that nobody has asked after does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def make_place(folder: Path) -> Place:
    """Write two small workspaces, one of them marked as a project's root, into a folder; nothing is indexed yet."""
    place = Place(folder / "shop", folder / "library", folder / "cache", folder / "home")
    add_files(place.shop, SHOP)
    add_files(place.library, LIBRARY)
    (place.shop / ".git").mkdir()
    place.home.mkdir()
    return place


def run_editor(
    command: Sequence[str | Path],
    place: Place,
    report: Path,
    *,
    env: Mapping[str, str] | None = None,
    limit: float = 60,
) -> dict[str, Any]:
    """Run an editor to its end and return the JSON that its script has left.

    The test fails when it left none or when the script stumbled.
    """
    done = subprocess.run(
        [*map(str, command)],
        cwd=place.home,
        env=place.environment({"HUNCH_REPORT": str(report), **(env or {})}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=limit,
        check=False,
    )
    printed = done.stdout.decode(errors="replace")
    assert report.is_file(), f"the editor left no report (status {done.returncode}):\n{printed}"
    found: dict[str, Any] = json.loads(report.read_text())
    if "error" in found:
        pytest.fail(f"{found['error']}\nafter: {', '.join(found)}\n{printed[-4000:]}", pytrace=False)
    return found


def add_files(root: Path, files: Mapping[str, str]) -> None:
    """Write files into a workspace."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
