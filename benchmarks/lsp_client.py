"""A small client of the language server: raw JSON-RPC over stdio, every answer with the time that it took."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from hunch.settings import CACHE_VARIABLE

SUPERSEDED, CANCELLED, INVALID = -32802, -32800, -32602
"""Codes of errors that the protocol of the server defines."""

_PATIENCE_SECONDS = 60.0
_END_OF_LINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back to one request."""

    result: Any
    error: Mapping[str, Any] | None
    seconds: float
    """From sending the request to the last byte of the answer."""
    received: float
    """When that was, on the clock of perf_counter."""

    @property
    def code(self) -> int | None:
        """The code of the error, None without one."""
        return None if self.error is None else int(self.error["code"])


@dataclass(frozen=True, slots=True)
class Asked:
    """A request under way."""

    id: int
    answer: Future[Answer]


class RefusedError(Exception):
    """The server answered with an error where a result was needed."""


class EndedError(Exception):
    """The server ended, or sent what is no message."""


class LspClient:
    """A running server and the only conversation with it. Requests may be sent from any thread."""

    def __init__(self, root: Path, cache: Path, *, settings: Mapping[str, Any], stderr: Path) -> None:
        """Start the server; see greet.

        Args:
            root: the only workspace folder.
            cache: the server's cache folder.
            settings: the initialization options.
            stderr: a file that gets what the server logs, after what is in it.
        """
        self.root = root.resolve()
        self.notices: deque[Mapping[str, Any]] = deque()
        """Messages for the log or the person, as they came."""
        self.told: Counter[str] = Counter()
        """Notifications and requests of the server, by method."""
        self.phases: Counter[str] = Counter()
        """How often each phase of the folder was told."""
        self.folder: Mapping[str, Any] = {}
        """The newest status of the folder that the server told."""
        self._settings = settings
        self._asked: dict[int, tuple[float, Future[Answer]]] = {}
        self._count = 0
        self._writing = threading.Lock()
        self.spawned = perf_counter()
        with stderr.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hunch.cli", "lsp"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, CACHE_VARIABLE: str(cache)},
            )
        self._thread = threading.Thread(target=self._read, name="client", daemon=True)
        self._thread.start()

    # ---- sending ----

    def send(self, method: str, params: Any, *, cancel: bool = False) -> Asked:
        """Send a request; with ``cancel`` its cancellation follows in the same write."""
        answer: Future[Answer] = Future()
        with self._writing:
            self._count += 1
            number = self._count
            data = _frame({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
            if cancel:
                data += _frame({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": number}})
            self._asked[number] = (perf_counter(), answer)
            self._write(data)
        return Asked(number, answer)

    def request(self, method: str, params: Any, *, timeout: float = _PATIENCE_SECONDS) -> Answer:
        """Send a request and wait for whatever is answered.

        Raises:
            EndedError: the server is gone.
            TimeoutError: there was no answer in time.
        """
        try:
            return self.send(method, params).answer.result(timeout)
        except FutureTimeout:
            raise TimeoutError(f"no answer to {method} in {timeout} s") from None

    def ask(self, method: str, params: Any, *, timeout: float = _PATIENCE_SECONDS) -> Any:
        """Send a request and return its result.

        Raises:
            RefusedError: the answer was an error.
        """
        answer = self.request(method, params, timeout=timeout)
        if answer.error is not None:
            raise RefusedError(f"{method}: {answer.error}")
        return answer.result

    def write_bytes(self, data: bytes) -> None:
        """Send bytes as they are."""
        with self._writing:
            self._write(data)

    def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        with self._writing:
            self._write(_frame({"jsonrpc": "2.0", "method": method, "params": params}))

    # ---- what a session does ----

    def greet(self) -> float:
        """Say hello; return the seconds from the start of the process to the answer."""
        capabilities = {
            "workspace": {"workspaceFolders": True},
            "window": {"workDoneProgress": True, "showMessage": {}},
            "general": {"positionEncodings": ["utf-16"]},
        }
        params = {
            "processId": os.getpid(),
            "rootUri": self.root.as_uri(),
            "workspaceFolders": [{"uri": self.root.as_uri(), "name": self.root.name}],
            "capabilities": capabilities,
            "initializationOptions": self._settings,
        }
        answer = self.request("initialize", params)
        if answer.error is not None:
            raise RefusedError(f"initialize: {answer.error}")
        self.notify("initialized", {})
        return answer.received - self.spawned

    def status(self) -> Mapping[str, Any]:
        """Ask where the folder stands."""
        self.folder = self.ask("hunch/status", {})["folders"][0]
        return self.folder

    def uri(self, path: str) -> str:
        """Return the URI of a file of the workspace."""
        return (self.root / path).as_uri()

    def open(self, path: str, text: str) -> None:
        """Tell that a document was opened."""
        document = {"uri": self.uri(path), "languageId": "plaintext", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, path: str, version: int, text: str, start: int, end: int, new: str) -> str:
        """Replace text[start:end] of an open document; return the text as it is now."""
        change = {"range": {"start": position_at(text, start), "end": position_at(text, end)}, "text": new}
        document = {"uri": self.uri(path), "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
        return text[:start] + new + text[end:]

    def saved(self, path: str) -> None:
        """Tell that a file was saved."""
        self.notify("textDocument/didSave", {"textDocument": {"uri": self.uri(path)}})

    def close(self, path: str) -> None:
        """Tell that a document was closed."""
        self.notify("textDocument/didClose", {"textDocument": {"uri": self.uri(path)}})

    # ---- the end ----

    def shut_down(self, *, timeout: float = 30.0) -> float:
        """End the server as editors do; return the seconds that it took."""
        began = perf_counter()
        with contextlib.suppress(EndedError):
            self.request("shutdown", None, timeout=timeout)
            self.notify("exit", None)
        return self._ended(began, timeout)

    def hang_up(self, *, timeout: float = 30.0) -> float:
        """Close the server's stdin; return the seconds until it ended."""
        began = perf_counter()
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self._ended(began, timeout)

    def kill(self) -> None:
        """Kill the server where it stands."""
        self.process.kill()
        self._ended(perf_counter(), 30.0)

    def _ended(self, began: float, timeout: float) -> float:
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        seconds = perf_counter() - began
        self._thread.join(5)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        return seconds

    # ---- the wire ----

    def _write(self, data: bytes) -> None:
        stream = self.process.stdin
        assert stream is not None
        try:
            stream.write(data)
            stream.flush()
        except (OSError, ValueError) as error:
            raise EndedError(f"the server reads no more: {error}") from None

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        reason = "the server ended"
        try:
            while (length := _length(stream)) is not None:
                body = stream.read(length)
                self._take(json.loads(body), perf_counter())
        except (OSError, ValueError, EndedError) as error:
            reason = f"the server sent what is no message: {error}"
        for _, answer in list(self._asked.values()):
            answer.set_exception(EndedError(reason))

    def _take(self, message: Mapping[str, Any], now: float) -> None:
        method = message.get("method")
        if method is None:
            if message["id"] not in self._asked:
                return  # an answer to bytes that were sent as they are
            sent, answer = self._asked.pop(message["id"])
            answer.set_result(Answer(message.get("result"), message.get("error"), now - sent, now))
            return
        self.told[method] += 1
        if "id" in message:
            result = [self._settings] if method == "workspace/configuration" else None
            with self._writing, contextlib.suppress(EndedError):
                self._write(_frame({"jsonrpc": "2.0", "id": message["id"], "result": result}))
        elif method == "hunch/statusChanged":
            self.folder = next(iter(message["params"]["folders"]), {})
            self.phases[self.folder.get("phase", "")] += 1
        elif method in ("window/logMessage", "window/showMessage"):
            self.notices.append(message["params"])


def position_at(text: str, offset: int) -> dict[str, int]:
    """Return the place of a character, counted in units of UTF-16, as the protocol counts by default."""
    line, start = 0, 0
    for end in _END_OF_LINE.finditer(text, 0, offset):
        if end.end() == offset and end[0] == "\r" and text[offset : offset + 1] == "\n":
            break  # between the two halves of one line end
        line, start = line + 1, end.end()
    return {"line": line, "character": len(text[start:offset].encode("utf-16-le", "surrogatepass")) // 2}


def _frame(message: Mapping[str, Any]) -> bytes:
    body = json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def _length(stream: Any) -> int | None:
    """Read the header of a message; None at the end of the stream."""
    length = None
    while line := stream.readline():
        if line == b"\r\n":
            if length is None:
                raise EndedError("a header without a length")
            return length
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return None
