"""A client of a few lines, for what no editor would send."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

_DEADLINE = 30.0


class Wire:
    """A server process and a conversation with it over stdio. Every wait has a deadline."""

    def __init__(self, command: Sequence[str], *, cwd: Path, env: dict[str, str], log: Path) -> None:
        """Start the server; what it logs goes to a file."""
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                command, cwd=cwd, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr
            )
        self._ids = itertools.count(1)
        self._answers: dict[int, dict[str, Any]] = {}
        self._arrived = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def open(self, folders: Sequence[Path]) -> dict[str, Any]:
        """Make the initialize handshake, with these workspace folders."""
        workspace = [{"uri": folder.as_uri(), "name": folder.name} for folder in folders]
        params: dict[str, Any] = {
            "processId": os.getpid(),
            "rootUri": None,
            "workspaceFolders": workspace,
            "capabilities": {},
        }
        result = self.result("initialize", params)
        self.notify("initialized", {})
        return result

    def result(self, method: str, params: object) -> dict[str, Any]:
        """Ask and return the result; an error fails."""
        answer = self.ask(method, params)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def error(self, method: str, params: object) -> dict[str, Any]:
        """Ask and return the error; a result fails."""
        answer = self.ask(method, params)
        assert "error" in answer, answer
        error: dict[str, Any] = answer["error"]
        return error

    def ask(self, method: str, params: object) -> dict[str, Any]:
        """Ask and return the whole answer."""
        number = next(self._ids)
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        with self._arrived:
            came = self._arrived.wait_for(lambda: number in self._answers, timeout=_DEADLINE)
            assert came, f"{method} was not answered (server's status: {self.process.poll()})"
            return self._answers.pop(number)

    def notify(self, method: str, params: object) -> None:
        """Tell the server something."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def names(self, query: str) -> list[str | None]:
        """Return the names of the hits of a query."""
        return [hit["name"] for hit in self.result("hunch/search", {"query": query, "limit": 100})["hits"]]

    def wait_until_complete(self) -> None:
        """Wait until all folders are indexed."""

        def is_complete() -> bool:
            folders = self.result("hunch/status", {})["folders"]
            return all(folder["complete"] and folder["phase"] == "ready" for folder in folders)

        wait_until(is_complete)

    def stop(self) -> int:
        """Say goodbye and return the exit status."""
        if self.process.poll() is None:
            self.ask("shutdown", None)
            self.notify("exit", None)
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(timeout=_DEADLINE)

    def kill(self) -> None:
        """End the server if it is there."""
        self.process.kill()
        self.process.wait()
        self._reader.join(timeout=_DEADLINE)

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        body = json.dumps(message).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while head := self.process.stdout.readline():
            length = int(head.partition(b":")[2])
            while self.process.stdout.readline().strip():
                pass
            message = json.loads(self.process.stdout.read(length))
            if "method" not in message:
                with self._arrived:
                    self._answers[message["id"]] = message
                    self._arrived.notify_all()


def wait_until(is_true: Callable[[], T], limit: float = _DEADLINE) -> T:
    """Wait until a function returns something true, and return that; fail when the limit in seconds has passed."""
    deadline = time.monotonic() + limit
    while not (value := is_true()):
        assert time.monotonic() < deadline, f"not true after {limit} s"
        time.sleep(0.02)
    return value
