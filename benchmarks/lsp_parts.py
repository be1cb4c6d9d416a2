"""What pygls's parts cost beside ours, one row a part, both measured in the same run.

    python -m benchmarks.lsp_parts

Times are the shortest of several rounds in which both take turns, so that a busy machine changes little.
Everything goes through public names of pygls.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from lsprotocol import types
from pygls.io_ import StdinAsyncReader, StdoutWriter, run_async
from pygls.lsp.server import LanguageServer
from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage
from pygls.uris import from_fs_path, to_fs_path
from pygls.workspace import PositionCodec, TextDocument

from benchmarks.lsp_parts_processes import PROCESS_ROWS, Figures
from benchmarks.machine import save_result
from benchmarks.table import table_of
from hunch.lsp.capabilities import ClientCapabilities
from hunch.lsp.dispatch import Route, open_dispatcher
from hunch.lsp.fields import ParamsError
from hunch.lsp.framing import FrameReader
from hunch.lsp.messages import Notification, Request, read_message
from hunch.lsp.positions import Position, Span, apply_change, units
from hunch.lsp.send_queue import SendQueue
from hunch.lsp.standard import read_changed, read_opened, read_position_params
from hunch.lsp.uris import path_of, uri_of

ROUNDS = 9
FILE = {"uri": "file:///code/a.py", "version": 2}
SPAN = {"start": {"line": 10, "character": 4}, "end": {"line": 10, "character": 9}}
CHANGED = {"textDocument": FILE, "contentChanges": [{"range": SPAN, "text": "name"}]}


def both(pygls: Callable[[], object], ours: Callable[[], object], unit: float, rounds: int = ROUNDS) -> Figures:
    """Return the shortest times of both, in turns; ``unit`` is how many of the unit a second has."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for work, taken in zip((pygls, ours), seconds, strict=True):
            began = perf_counter()
            work()
            taken.append((perf_counter() - began) * unit)
    return Figures(min(seconds[0]), min(seconds[1]))


# ---- bytes in, bytes out ----


def reading_messages(folder: Path) -> Figures:
    """Read small messages from a file, decoded to JSON; microseconds a message."""
    count = 2_000
    body = json.dumps({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": CHANGED}).encode()
    file = folder / "messages"
    file.write_bytes((b"Content-Length: %d\r\n\r\n%b" % (len(body), body)) * count)
    seen: list[object] = []

    class Stub:
        """Takes messages as they are, so that reading alone is measured."""

        def structure_message(self, data: Any) -> Any:
            return data

        def handle_message(self, message: Any) -> None:
            seen.append(message)

    def pygls() -> None:
        with file.open("rb") as stream, ThreadPoolExecutor() as pool:
            reader: Any = StdinAsyncReader(stream, pool)
            protocol: Any = Stub()
            asyncio.run(run_async(threading.Event(), reader, protocol))

    def ours() -> None:
        frames = FrameReader()
        with file.open("rb", buffering=0) as stream:
            while block := stream.read(1 << 20):
                seen.extend(read_message(body) for body in frames.feed(block) if isinstance(body, bytes))

    found = both(pygls, ours, 1e6 / count)
    assert len(seen) == 2 * ROUNDS * count
    return found


def standing_still(_folder: Path) -> Figures:
    """How long the loop stands still while 2 MB are sent to a client that reads nothing for half a second; ms."""
    message, count = b"x" * 100_000, 20
    total = len(message) * count

    def stall(send: Callable[[int], Callable[[bytes], object]]) -> float:
        reading, writing = os.pipe()

        def read_late() -> None:
            time.sleep(0.5)
            left = total
            while left:
                left -= len(os.read(reading, left))

        thread = threading.Thread(target=read_late)
        thread.start()
        write = send(writing)
        began = perf_counter()
        for _ in range(count):
            write(message)
        taken = perf_counter() - began
        thread.join()
        os.close(reading)
        os.close(writing)
        return taken * 1000

    def queued(writing: int) -> Callable[[bytes], object]:
        def send(body: bytes) -> None:
            rest = memoryview(body)
            while rest:
                rest = rest[os.write(writing, rest) :]

        return SendQueue(send, lambda reason: None).put

    def direct(writing: int) -> Callable[[bytes], object]:
        return StdoutWriter(os.fdopen(os.dup(writing), "wb", closefd=False)).write

    return Figures(stall(direct), stall(queued))


# ---- messages ----


def _protocol() -> Any:
    return LanguageServer("bench", "1").protocol


def decoding(_folder: Path) -> Figures:
    """Decode the parameters of one keystroke; microseconds."""
    count = 500
    protocol = _protocol()
    text = json.dumps({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": CHANGED})

    def pygls() -> None:
        for _ in range(count):
            json.loads(text, object_hook=protocol.structure_message)

    def ours() -> None:
        for _ in range(count):
            message = read_message(text.encode())
            assert isinstance(message, Notification)
            read_changed(message.params)

    return both(pygls, ours, 1e6 / count)


WRONG: Sequence[tuple[str, Callable[[object], object], object]] = (
    ("textDocument/didOpen", read_opened, {"textDocument": {"uri": "a", "languageId": "x", "version": 1, "text": 3}}),
    ("textDocument/didOpen", read_opened, {"textDocument": {"uri": "a", "languageId": "x", "version": 1, "text": []}}),
    ("textDocument/didOpen", read_opened, {"textDocument": {"uri": {}, "languageId": "x", "version": 1, "text": "x"}}),
    ("textDocument/didChange", read_changed, {"textDocument": FILE, "contentChanges": [{"text": {"a": 1}}]}),
    ("textDocument/didChange", read_changed, {"textDocument": FILE, "contentChanges": [
        {"text": "", "range": {"start": {"line": "1", "character": 0}, "end": {"line": 1, "character": True}}}]}),
    ("textDocument/hover", read_position_params, {"textDocument": FILE, "position": {"line": -1, "character": 0}}),
    ("textDocument/hover", read_position_params, {"textDocument": FILE, "position": {"line": 1.7, "character": 0}}),
    ("textDocument/hover", read_position_params, {"textDocument": {"uri": None}, "position": SPAN["start"]}),
)  # fmt: skip


def wrong_types(_folder: Path) -> Figures:
    """Of eight messages with a value of another type in them, those that are taken."""
    protocol = _protocol()
    taken = [0, 0]
    for method, read, params in WRONG:
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        try:
            protocol.structure_message(json.loads(json.dumps(message)))
            taken[0] += 1
        except Exception:
            pass
        try:
            read(params)
            taken[1] += 1
        except ParamsError:
            pass
    return Figures(*taken)


# ---- documents ----

_LINE_END = re.compile("\r\n|\r|\n")


def expected_edit(text: str, span: Sequence[int], new: str) -> str:
    """Edit a text as the protocol describes it, the long way round: by its UTF-16 units, line by line."""
    offsets = []
    for line, character in (span[:2], span[2:]):
        start = 0
        for _ in range(line):
            end = _LINE_END.search(text, start)
            start = len(text) if end is None else end.end()
            if end is None:
                character = 0
        end = _LINE_END.search(text, start)
        row = text[start : len(text) if end is None else end.start()]
        kept = row.encode("utf-16-le")[: 2 * character].decode("utf-16-le", "ignore")
        offsets.append(start + len(kept))
    return text[: offsets[0]] + new + text[max(offsets) :]


_PLAIN = ("a", "bc", "é", "𝄞", " ", "\n", "\r\n")
_RARE = (*_PLAIN, "\r", "\f", "\u2028", "\x85")


def wrong_texts(_folder: Path, pieces: Sequence[str] = _PLAIN) -> Figures:
    """Of a thousand edits of small texts, those that go wrong."""
    choice = random.Random(0)
    wrong = [0, 0]
    for _ in range(1_000):
        text = "".join(choice.choices(pieces, k=30))
        line = choice.randrange(6)
        span = [line, choice.randrange(8), line + choice.randrange(2), choice.randrange(8)]
        if span[2] == line and span[3] < span[1]:
            span[3] = span[1]
        expected = expected_edit(text, span, "NEW")
        positions = [types.Position(*span[:2]), types.Position(*span[2:])]
        document = TextDocument("file:///a.py", text)
        change = types.TextDocumentContentChangePartial(types.Range(*positions), "NEW")
        try:
            document.apply_change(change)
            wrong[0] += document.source != expected
        except Exception:
            wrong[0] += 1
        ours = apply_change(text, Span(Position(*span[:2]), Position(*span[2:])), "NEW", "utf-16")
        wrong[1] += ours != expected
    return Figures(*wrong)


def typing(_folder: Path) -> Figures:
    """One keystroke at the end of a file of 20,000 lines, 700 kB; milliseconds."""
    text = "    return value_of_something + 1\n" * 20_000
    document = TextDocument("file:///a.py", text)
    at = types.Position(19_990, 10)
    change = types.TextDocumentContentChangePartial(types.Range(at, at), "x")
    span = Span(Position(19_990, 10), Position(19_990, 10))
    return both(lambda: document.apply_change(change), lambda: apply_change(text, span, "x", "utf-16"), 1e3)


def columns(_folder: Path) -> Figures:
    """Count the UTF-16 units of a line of 5,000 characters, one of them beyond the basic plane; microseconds."""
    count, line = 50, "x" * 4_999 + "𝄞"
    codec = PositionCodec()
    return both(
        lambda: [codec.client_num_units(line) for _ in range(count)],
        lambda: [units(line, "utf-16") for _ in range(count)],
        1e6 / count,
    )


def lost_paths(_folder: Path) -> Figures:
    """Of ten names of files, those that do not come back from their URI."""
    names = [
        "a;b.py", "a?b.py", "a#b.py", "a%20b.py", "a b.py", "é.py", "C:/a.py", "a\\b.py", "a\udcffb.py", "x;y/z.py",
    ]  # fmt: skip
    lost = [0, 0]
    for name in names:
        path = f"/code/{name}"
        for index, (there, back) in enumerate(((from_fs_path, to_fs_path), (uri_of, path_of))):
            try:
                lost[index] += back(there(path) or "") != path
            except UnicodeError:
                lost[index] += 1
    return Figures(*lost)


# ---- handlers and answers ----

ANSWER = [
    {"uri": f"file:///code/{n}.py", "score": n / 7, "snippet": "def f(x):\n    return x\n" * 40, "reasons": [
        {"key": "name", "terms": ["value", "return"], "text": "the name says it"}] * 4,
     "highlights": [{"range": SPAN, "term": "value", "exact": True}] * 12}
    for n in range(20)
]  # fmt: skip
"""As large as that to a search with 20 hits."""


def answering(_folder: Path) -> Figures:
    """From a request of twenty hits to the bytes of its answer; microseconds."""
    count = 50
    server = LanguageServer("bench", "1")
    server.feature("bench/search")(_answer)
    server.protocol.set_writer(_Thrown(), include_headers=False)
    request = JsonRPCRequestMessage(1, "bench/search", "2.0", {})
    bodies: list[bytes] = []

    async def pygls() -> None:
        for _ in range(count):
            server.protocol.handle_message(request)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    async def ours() -> None:
        queue = SendQueue(bodies.append, lambda _: None)
        dispatcher = open_dispatcher(queue, ClientCapabilities())
        dispatcher.add_routes({"bench/search": Route(lambda raw: raw, _answer)})
        for _ in range(count):
            await dispatcher.receive(Request(1, "bench/search", {}))
            await asyncio.sleep(0)
        queue.flush(10)

    found = both(lambda: asyncio.run(pygls()), lambda: asyncio.run(ours()), 1e6 / count)
    assert len(bodies) == ROUNDS * count
    return found


def kept(_folder: Path) -> Figures:
    """Of a thousand notifications with a coroutine for a handler, those of which something is kept for good."""
    method = "textDocument/didSave"

    def futures() -> int:
        gc.collect()
        return sum(isinstance(one, asyncio.Future) for one in gc.get_objects())

    async def pygls() -> int:
        server = LanguageServer("bench", "1")
        server.feature(method)(_answer)
        before = futures()
        for _ in range(1_000):
            server.protocol.handle_message(JsonRPCNotification(method, "2.0", None))
            await asyncio.sleep(0)
        return futures() - before

    async def ours() -> int:
        dispatcher = open_dispatcher(SendQueue(lambda _: None, lambda _: None), ClientCapabilities())
        dispatcher.add_routes({method: Route(lambda raw: raw, _answer)})
        before = futures()
        for _ in range(1_000):
            await dispatcher.receive(Notification(method, None))
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        return futures() - before

    return Figures(asyncio.run(pygls()), asyncio.run(ours()))


async def _answer(_params: Any) -> Any:
    return ANSWER


class _Thrown:
    """A writer that keeps nothing."""

    def write(self, data: bytes) -> None:
        """Take a message."""

    def close(self) -> None:
        """Do nothing."""


def importing(_folder: Path) -> Figures:
    """What is imported before ``initialize`` can be answered, by a process of its own; milliseconds."""

    def run(code: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True)

    nothing = both(run("pass"), run("pass"), 1e3).ours
    found = both(run("import pygls.lsp.server"), run("import hunch.lsp.serve"), 1e3)
    return Figures(found.pygls - nothing, found.ours - nothing)


ROWS: Sequence[tuple[str, str, str, Callable[[Path], Any]]] = (
    ("framing and reading", "a small message, \N{GREEK SMALL LETTER MU}s", "{:,.0f}", reading_messages),
    ("decoding", "a keystroke, \N{GREEK SMALL LETTER MU}s", "{:,.0f}", decoding),
    ("checking types", "messages of 8 with a wrong type that are taken", "{:.0f}", wrong_types),
    ("document store", "edits of 1,000 that leave a wrong text", "{:.0f}", wrong_texts),
    ("document store", "the same with CR, form feeds, U+2028, U+0085", "{:.0f}", partial(wrong_texts, pieces=_RARE)),
    ("document store", "a keystroke in 20,000 lines, ms", "{:.2f}", typing),
    ("position encoding", "a line of 5,000 characters, \N{GREEK SMALL LETTER MU}s", "{:,.0f}", columns),
    ("URIs", "file names of 10 that do not come back", "{:.0f}", lost_paths),
    ("send queue", "the loop stands still for a client that does not read, ms", "{:,.1f}", standing_still),
    ("answers", "of 20 hits, \N{GREEK SMALL LETTER MU}s", "{:,.0f}", answering),
    ("notifications", "of 1,000 that are kept for good", "{:,.0f}", kept),
    ("initialize handshake", "imports before it, ms", "{:,.0f}", importing),
)


def measure(folder: Path) -> list[dict[str, Any]]:
    """Measure all rows."""
    rows = []
    for part, what, shown, work in (*ROWS, *PROCESS_ROWS):
        figures = work(folder)
        rows.append({"part": part, "what": what, "pygls": figures.pygls, "ours": figures.ours, "shown": shown})
        print(part, what, shown.format(figures.pygls), shown.format(figures.ours), flush=True)
    return rows


def tables(rows: Sequence[dict[str, Any]]) -> str:
    """Return the table for ARCHITECTURE.md."""
    cells = [
        [row["part"], row["what"], *(row["shown"].format(row[side]) for side in ("pygls", "ours"))] for row in rows
    ]
    return table_of(["part", "measured", "pygls", "ours"], cells)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.lsp_parts", description=(__doc__ or "").split("\n")[0])
    parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    with TemporaryDirectory() as folder:
        rows = measure(Path(folder))
    save_result("lsp_parts", {"pygls": metadata.version("pygls"), "rows": rows})
    print(tables(rows))


if __name__ == "__main__":
    main()
