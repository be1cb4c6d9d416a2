"""The rows of ``benchmarks.lsp_parts`` that need whole servers: two small ones, spoken to over stdio."""

from __future__ import annotations

import json
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

PATIENCE_SECONDS = 4.0
"""What is not answered by then counts as never answered."""

_BUSY = 8
"""Requests that each keep a thread busy: more than pygls has threads on two cores."""

INITIALIZE: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}


@dataclass(frozen=True, slots=True)
class Figures:
    """What one row measured, in its unit."""

    pygls: float
    ours: float


def framed(message: object) -> bytes:
    """Return a message, or bytes that are none, with a header."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class Talk:
    """One of the two servers, with everything that it sends."""

    def __init__(self, kind: str) -> None:
        """Start it."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.lsp_parts_server", kind],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._messages: queue.Queue[Any] = queue.Queue()
        self._count = 0
        threading.Thread(target=self._read, daemon=True).start()

    def write(self, data: bytes) -> None:
        """Send bytes."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.write(data)
            self.process.stdin.flush()

    def begin(self, method: str, params: object) -> int:
        """Send a request and return its id."""
        self._count += 1
        self.write(framed({"jsonrpc": "2.0", "id": self._count, "method": method, "params": params}))
        return self._count

    def answer(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = PATIENCE_SECONDS) -> bool:
        """Wait for a message; whether it came in time."""
        deadline = perf_counter() + seconds
        while (left := deadline - perf_counter()) > 0:
            try:
                message = self._messages.get(timeout=left)
            except queue.Empty:
                return False
            if wanted(message):
                return True
        return False

    def ask(self, method: str, params: object, seconds: float = PATIENCE_SECONDS) -> bool:
        """Send a request; whether it is answered in time."""
        identity = self.begin(method, params)
        return self.answer(lambda message: message.get("id") == identity, seconds)

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while header := stream.readline():
            length = int(header.split(b":")[1])
            while stream.readline().strip():
                pass
            self._messages.put(json.loads(stream.read(length)))


@contextmanager
def talking(kind: str) -> Iterator[Talk]:
    """Give a server that was initialized, and end it."""
    talk = Talk(kind)
    try:
        assert talk.ask("initialize", INITIALIZE, 60)
        yield talk
    finally:
        talk.process.kill()
        talk.process.wait()


def _of_both(measure: Callable[[str], float]) -> Figures:
    return Figures(measure("pygls"), measure("hunch"))


def busy_threads(_folder: Path) -> Figures:
    """While eight requests each take two seconds of a thread, how long a quick one waits; ms."""

    def measure(kind: str) -> float:
        with talking(kind) as talk:
            for _ in range(_BUSY):
                talk.begin("bench/slow", {"seconds": 2.0})
            sleep(0.2)
            began = perf_counter()
            talk.ask("bench/quick", {}, 30)
            return (perf_counter() - began) * 1000

    return _of_both(measure)


def cancelling(_folder: Path) -> Figures:
    """From cancelling a request of two seconds to its answer; ms."""

    def measure(kind: str) -> float:
        with talking(kind) as talk:
            identity = talk.begin("bench/slow", {"seconds": 2.0})
            sleep(0.2)
            began = perf_counter()
            talk.write(framed({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": identity}}))
            talk.answer(lambda message: message.get("id") == identity, 30)
            return (perf_counter() - began) * 1000

    return _of_both(measure)


def ending(_folder: Path) -> Figures:
    """From the end of the input to the end of the process while a request takes two seconds; ms."""

    def measure(kind: str) -> float:
        with talking(kind) as talk:
            talk.begin("bench/slow", {"seconds": 2.0})
            sleep(0.2)
            began = perf_counter()
            assert talk.process.stdin is not None
            talk.process.stdin.close()
            talk.process.wait(30)
            return (perf_counter() - began) * 1000

    return _of_both(measure)


_MALFORMED: Sequence[bytes] = (
    framed(b"{not json"),
    framed(b"\xff\xfe"),
    framed(b"[" * 100_000),
    framed([{"jsonrpc": "2.0", "id": 1, "method": "bench/quick"}]),
    framed({"id": "a", "method": "bench/quick"}),
    framed({"jsonrpc": "2.0", "id": "b", "method": 3}),
    b"Content-Length: abc\r\n\r\n",
    b"Content-Length: 500\r\n\r\n{}",
)


def malformed(_folder: Path) -> Figures:
    """Of eight kinds of bytes that are no message, those to which no error is the answer."""

    def measure(kind: str) -> float:
        silent = 0
        for data in _MALFORMED:
            with talking(kind) as talk:
                talk.write(data)
                for _ in range(10):  # of which a length that is too long swallows some
                    talk.begin("bench/quick", {})
                silent += not talk.answer(lambda message: "error" in message, 2.0)
        return silent

    return _of_both(measure)


def strangers(_folder: Path) -> Figures:
    """Of one client that has no token, how many a listening server serves."""

    def is_served(command: Sequence[str], port: int | None) -> bool:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            assert process.stderr is not None
            if port is None:
                port = int(process.stderr.readline().split(b":")[1].split()[0])
            for _ in range(100):
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as stranger:
                    stranger.sendall(framed({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE}))
                    return b"capabilities" in stranger.recv(1 << 16)
                sleep(0.1)
            return False
        finally:
            process.kill()
            process.wait()

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    python = [sys.executable, "-m"]
    return Figures(
        is_served([*python, "benchmarks.lsp_parts_server", "pygls", str(port)], port),
        is_served([*python, "hunch", "lsp", "--tcp", "0"], None),
    )


PROCESS_ROWS: Sequence[tuple[str, str, str, Callable[[Path], Any]]] = (
    ("threads", "a quick request while 8 threads are busy for 2 s, ms", "{:,.0f}", busy_threads),
    ("cancellation", "answer to a cancelled request of 2 s, ms", "{:,.0f}", cancelling),
    ("end", "of the process while a request takes 2 s, ms", "{:,.0f}", ending),
    ("malformed messages", "kinds of 8 that get no error", "{:.0f}", malformed),
    ("TCP", "strangers of 1 that are served", "{:.0f}", strangers),
)
