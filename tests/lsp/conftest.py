"""What the tests of the language server share: a client that writes bytes and waits with deadlines."""

from __future__ import annotations

import json
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import RunHunch

SECONDS = 30.0
"""How long anything may take on a busy machine."""

Start = Callable[..., "Talk"]
Message = dict[str, Any]


class Talk:
    """A conversation with one server process over stdio."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Begin to read what the server sends and what it logs."""
        assert process.stdin is not None
        self.process = process
        self._reads = threading.Event()
        self._reads.set()
        self.seen: list[Message] = []
        """Everything that came, in its order, but for what is still to be waited for."""
        self.log = bytearray()
        self._stdin = process.stdin
        self._arrived: queue.Queue[Message | None] = queue.Queue()
        self._count = 0
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._read, self._read_log)]
        for thread in self._threads:
            thread.start()

    # ---- what is sent ----

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._stdin.write(data)
        self._stdin.flush()

    def send(self, message: object) -> None:
        """Send one message with its header."""
        self.write(self.framed(message))

    def tell(self, method: str, params: object = None) -> None:
        """Send a notification."""
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def begin(self, method: str, params: object = None) -> int:
        """Send a request and return its id."""
        self._count += 1
        self.send({"jsonrpc": "2.0", "id": self._count, "method": method, "params": params})
        return self._count

    # ---- what comes ----

    def until(self, wanted: Callable[[Message], bool], *, answering: bool = True) -> Message:
        """Return the first message that is wanted; the server's requests are answered with null.

        The one that is wanted is not, without answering.
        """
        deadline = time.monotonic() + SECONDS
        while True:
            message = self._arrived.get(timeout=max(0.01, deadline - time.monotonic()))
            assert message is not None, f"the server ended: {self.log.decode(errors='replace')}"
            self.seen.append(message)
            is_wanted = wanted(message)
            if "method" in message and "id" in message and (answering or not is_wanted):
                self.send({"jsonrpc": "2.0", "id": message["id"], "result": None})
            if is_wanted:
                return message

    def answer(self, identity: object) -> Message:
        """Return the answer to a request, result or error."""
        return self.until(lambda message: "method" not in message and message.get("id") == identity)

    def ask(self, method: str, params: object = None) -> Any:
        """Send a request and return its result."""
        message = self.answer(self.begin(method, params))
        assert "error" not in message, message["error"]
        return message["result"]

    def error(self, method: str, params: object = None) -> tuple[int, str]:
        """Send a request and return code and message of the error that it gets."""
        error = self.answer(self.begin(method, params))["error"]
        return error["code"], error["message"]

    def told(self, method: str) -> Message:
        """Return the parameters of the next notification or request of a method."""
        params = self.until(lambda message: message.get("method") == method)["params"]
        assert isinstance(params, dict)
        return params

    # ---- a session ----

    def open(self, *roots: Path, capabilities: object = None, **more: object) -> Message:
        """Initialise with folders, and return what the server can do."""
        folders = [{"uri": root.as_uri(), "name": root.name} for root in roots]
        params = {"processId": None, "capabilities": capabilities or {}, "workspaceFolders": folders, **more}
        result = self.ask("initialize", params)
        self.tell("initialized", {})
        assert isinstance(result, dict)
        return result

    def change_folders(self, *, added: Sequence[Path] = (), removed: Sequence[Path] = ()) -> None:
        """Open and close folders."""
        event = {
            name: [{"uri": root.as_uri(), "name": root.name} for root in roots]
            for name, roots in (("added", added), ("removed", removed))
        }
        self.tell("workspace/didChangeWorkspaceFolders", {"event": event})

    def wait_until_indexed(self) -> None:
        """Return when all folders are indexed."""
        self.eventually(lambda: self.ask("hunch/status"), lambda status: all(map(is_indexed, status["folders"])))

    def eventually(self, look: Callable[[], Any], is_right: Callable[[Any], bool]) -> Any:
        """Look until what is seen is right, and return it."""
        deadline = time.monotonic() + SECONDS
        while not is_right(seen := look()):
            assert time.monotonic() < deadline, f"still {seen}"
            time.sleep(0.02)
        return seen

    def search(self, query: str, **more: object) -> Any:
        """Search."""
        return self.ask("hunch/search", {"query": query, **more})

    def names(self, query: str, **more: object) -> list[str]:
        """Return the names of the hits of a search."""
        return [hit["qualifiedName"] for hit in self.search(query, **more)["hits"]]

    def edit(self, uri: str, text: str) -> None:
        """Open a document and change all of its text."""
        self.tell("textDocument/didOpen", self.document(uri, ""))
        change = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": text}]}
        self.tell("textDocument/didChange", change)

    def end(self) -> int:
        """Say goodbye, and return the exit status."""
        self.ask("shutdown")
        self.tell("exit")
        return self.process.wait(SECONDS)

    def wait(self, seconds: float = SECONDS) -> int:
        """Return the exit status once the process has ended."""
        return self.process.wait(seconds)

    def listening(self) -> tuple[int, str]:
        """Return the port that the server says it listens on, and the token if it says one."""
        log = self.eventually(lambda: self.log.decode(), lambda log: log.endswith("\n"))
        said = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)(?: token (\S+))?", log.splitlines()[0])
        assert said, log
        return int(said[1]), said[2] or ""

    def hang_up(self) -> None:
        """Send nothing more."""
        self._stdin.close()

    def stop_reading(self) -> None:
        """Read one more message at most."""
        self._reads.clear()

    def go_on_reading(self) -> None:
        """Read what has come meanwhile."""
        self._reads.set()

    def logged(self) -> str:
        """Return the log of a process that has ended."""
        self._threads[1].join(SECONDS)
        return self.log.decode(errors="replace")

    # ---- how things are written ----

    @staticmethod
    def framed(message: object) -> bytes:
        """Return a message, or bytes that are none, as they are sent."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)

    @staticmethod
    def document(uri: str, text: str) -> Message:
        """Return the parameters with which a client opens a document."""
        return {"textDocument": {"uri": uri, "languageId": "python", "version": 1, "text": text}}

    @staticmethod
    def at(uri: str, line: int, character: int = 0) -> Message:
        """Return a place in a document as parameters have it."""
        return {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}

    def _read(self) -> None:
        out = self.process.stdout
        assert out is not None
        while self._reads.wait() and (header := out.readline()):
            length = int(header.split(b":")[1])
            assert out.readline() == b"\r\n"
            self._arrived.put(json.loads(out.read(length)))
        self._arrived.put(None)

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log += line


def is_indexed(folder: Message) -> bool:
    """Whether a folder of a status holds everything there is."""
    return bool(folder["complete"] and folder["phase"] in ("ready", "following"))


@pytest.fixture
def start(run_hunch: RunHunch) -> Iterator[Start]:
    """A function that starts ``hunch lsp`` with an index folder of the test's own."""
    yield from _starting(run_hunch.environment())


@pytest.fixture(scope="module")
def shop(indexed_shop: tuple[RunHunch, Path]) -> Iterator[tuple[Talk, Path]]:
    """A conversation about the indexed shop, for tests that change nothing."""
    run, root = indexed_shop
    starting = _starting(run.environment())
    talk = next(starting)()
    talk.open(root)
    talk.wait_until_indexed()
    yield talk, root
    assert talk.end() == 0
    assert " ERROR " not in talk.logged()  # warnings are what tests of bad input ask for
    starting.close()


WATCHES = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True, "relativePatternSupport": True}}}
"""Capabilities of a client that reports changed files."""


@pytest.fixture(scope="module")
def server(indexed_shop: tuple[RunHunch, Path]) -> Iterator[Talk]:
    """A conversation without folders, for tests that open their own and close them."""
    starting = _starting(indexed_shop[0].environment())
    talk = next(starting)()
    talk.open(capabilities=WATCHES)
    yield talk
    assert talk.end() == 0
    assert talk.logged() == ""
    starting.close()


@pytest.fixture
def opened(server: Talk) -> Iterator[Callable[..., Talk]]:
    """A function that opens folders on the shared server, which are closed after the test."""
    roots: list[Path] = []

    def open_folders(*added: Path) -> Talk:
        roots.extend(added)
        server.change_folders(added=added)
        server.wait_until_indexed()
        return server

    yield open_folders
    server.change_folders(removed=roots)
    server.eventually(lambda: server.ask("hunch/status")["folders"], lambda folders: not folders)


def _starting(environment: Mapping[str, str]) -> Generator[Start, None, None]:
    processes: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str, env: Mapping[str, str] | None = None, before: Sequence[str] = ()) -> Talk:
        process = subprocess.Popen(
            [*before, sys.executable, "-m", "hunch.cli", "lsp", *arguments],
            env={**environment, **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        processes.append(process)
        return Talk(process)

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait(SECONDS)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
