"""Streams between a client and this process: stdio, TCP, web sockets. Loopback only, one client, bytes in and out."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from hunch.lsp.framing import LARGEST_MESSAGE, BadFrame, FrameReader, frame
from hunch.lsp.messages import PARSE_ERROR, Malformed, Message, read_message
from hunch.lsp.outbox import Outbox

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"

_BLOCK = 1 << 20
_MOST_BATCHES = 64
"""Blocks that are read ahead; then the reading thread waits for the loop."""

_LOCAL_ORIGIN = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")

Batch = list[Message]
Kind = Literal["stdio", "tcp", "ws"]


@dataclass(frozen=True, slots=True)
class Connection:
    """One client: what it sends, in batches, until None says that nothing more comes; and what it is sent."""

    incoming: asyncio.Queue[Batch | None]
    outbox: Outbox
    ended: asyncio.Future[str]
    """Done with a reason when nothing can be sent any more."""


@asynccontextmanager
async def connect(kind: Kind, port: int = 0) -> AsyncIterator[Connection]:
    """Give the connection to the one client; TCP and web sockets wait for it.

    Raises:
        OSError: the port cannot be listened on.
    """
    if kind == "stdio":
        yield _connect_stdio()
    elif kind == "tcp":
        async with _accept_tcp(port) as connection:
            yield connection
    else:
        async with _accept_web_socket(port) as connection:
            yield connection


# ---- stdio ----


def _connect_stdio() -> Connection:
    """Take stdin and stdout for the protocol alone: whatever prints prints on stderr, whatever reads finds nothing."""
    reading, writing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(reading, os.O_BINARY)
        msvcrt.setmode(writing, os.O_BINARY)
    loop = asyncio.get_running_loop()
    incoming: asyncio.Queue[Batch | None] = asyncio.Queue()
    ended = loop.create_future()

    def send(body: bytes) -> None:
        rest = memoryview(frame(body))
        while rest:
            rest = rest[os.write(writing, rest) :]

    room = threading.Semaphore(_MOST_BATCHES)

    def deliver(batch: Batch | None) -> None:
        def put() -> None:
            room.release()
            incoming.put_nowait(batch)

        room.acquire()
        _in_loop(loop, put)

    def read() -> None:
        frames = FrameReader()
        try:
            while block := os.read(reading, _BLOCK):
                if batch := _messages(frames, block):
                    deliver(batch)
        except OSError as error:
            logger.info("stdin cannot be read: %s", error.strerror)
        deliver(None)

    outbox = Outbox(send, lambda reason: _in_loop(loop, lambda: _end(ended, reason)))
    # A thread of its own: nothing that keeps other threads busy may stop the reading.
    threading.Thread(target=read, name="hunch reader", daemon=True).start()
    return Connection(incoming, outbox, ended)


# ---- TCP ----


@asynccontextmanager
async def _accept_tcp(port: int) -> AsyncIterator[Connection]:
    accepted: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if accepted.empty() and server.is_serving():
            server.close()  # the first client is the only one
            accepted.put_nowait((reader, writer))
        else:
            writer.close()

    server = await asyncio.start_server(accept, LOOPBACK, port, limit=_BLOCK)
    _announce(server.sockets[0].getsockname()[1])
    reader, writer = await accepted.get()
    incoming: asyncio.Queue[Batch | None] = asyncio.Queue(_MOST_BATCHES)

    async def read() -> None:
        # A page in a browser can post to any local port. That is HTTP: no frame, and nothing behind it may count.
        frames = FrameReader(is_strict=True)
        try:
            while block := await reader.read(_BLOCK):
                batch = _messages(frames, block)
                await incoming.put(batch)
                if frames.is_lost:
                    break
        except OSError as error:
            logger.info("the client cannot be read: %s", error.strerror)
        await incoming.put(None)

    async def send(body: bytes) -> None:
        writer.write(frame(body))
        await writer.drain()

    async with _conversation(incoming, read, send) as connection:
        yield connection
    writer.close()


# ---- web sockets ----


@asynccontextmanager
async def _accept_web_socket(port: int) -> AsyncIterator[Connection]:
    from websockets.asyncio.server import ServerConnection, serve
    from websockets.exceptions import ConnectionClosed

    accepted: asyncio.Queue[ServerConnection] = asyncio.Queue()
    over = asyncio.Event()

    async def accept(socket: ServerConnection) -> None:
        if over.is_set() or accepted.qsize() or not server.is_serving():
            return
        server.close(close_connections=False)
        accepted.put_nowait(socket)
        await over.wait()

    # Any page that a browser shows could connect to a local port: only pages from this machine may.
    server = await serve(
        accept, LOOPBACK, port, origins=[None, _LOCAL_ORIGIN], max_size=LARGEST_MESSAGE, compression=None
    )
    _announce(next(iter(server.sockets)).getsockname()[1])
    socket = await accepted.get()
    incoming: asyncio.Queue[Batch | None] = asyncio.Queue(_MOST_BATCHES)

    async def read() -> None:
        try:
            while True:
                await incoming.put([read_message(await socket.recv(decode=False))])
        except ConnectionClosed:
            await incoming.put(None)

    async def send(body: bytes) -> None:
        try:
            await socket.send(body, text=True)
        except ConnectionClosed as error:
            raise BrokenPipeError from error

    async with _conversation(incoming, read, send) as connection:
        yield connection
    over.set()


# ---- what they share ----


@asynccontextmanager
async def _conversation(
    incoming: asyncio.Queue[Batch | None],
    read: Callable[[], Coroutine[Any, Any, None]],
    send: Callable[[bytes], Coroutine[Any, Any, None]],
) -> AsyncIterator[Connection]:
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    reading = loop.create_task(read())
    outbox = Outbox(
        lambda body: asyncio.run_coroutine_threadsafe(send(body), loop).result(),
        lambda reason: _in_loop(loop, lambda: _end(ended, reason)),
    )
    try:
        yield Connection(incoming, outbox, ended)
    finally:
        reading.cancel()


def _messages(frames: FrameReader, block: bytes) -> Batch:
    return [
        Malformed(None, PARSE_ERROR, f"not a message: {body.reason}")
        if isinstance(body, BadFrame)
        else read_message(body)
        for body in frames.feed(block)
    ]


def _announce(port: int) -> None:
    sys.stderr.write(f"listening on {LOOPBACK}:{port}\n")
    sys.stderr.flush()


def _in_loop(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(call)
    except RuntimeError:
        logger.debug("the loop has ended")


def _end(ended: asyncio.Future[str], reason: str) -> None:
    if not ended.done():
        ended.set_result(reason)
