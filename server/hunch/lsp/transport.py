"""Streams between a client and this process: stdio here, TCP and web sockets beside. One client, bytes in and out."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from hunch.lsp.connection import BLOCK, MOST_BATCHES, Batch, Connection, end, in_loop, messages_in
from hunch.lsp.framing import FrameReader, frame
from hunch.lsp.send_queue import SendQueue

logger = logging.getLogger(__name__)

Kind = Literal["stdio", "tcp", "ws"]


@asynccontextmanager
async def connect(kind: Kind, port: int = 0) -> AsyncIterator[Connection]:
    """Give the connection to the one client; TCP and web sockets wait for the one that has the token.

    Raises:
        OSError: the port cannot be listened on.
        TokenError: the token that the person chose is none.
    """
    if kind == "stdio":
        yield _connect_stdio()
        return
    from hunch.lsp.listening import accept_tcp, accept_web_socket

    async with accept_tcp(port) if kind == "tcp" else accept_web_socket(port) as connection:
        yield connection


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

    room = threading.Semaphore(MOST_BATCHES)

    def deliver(batch: Batch | None) -> None:
        def put() -> None:
            room.release()
            incoming.put_nowait(batch)

        room.acquire()
        in_loop(loop, put)

    def read() -> None:
        frames = FrameReader()
        try:
            while block := os.read(reading, BLOCK):
                if batch := messages_in(frames, block):
                    deliver(batch)
        except OSError as error:
            logger.info("stdin cannot be read: %s", error.strerror)
        except MemoryError:
            logger.error("the memory does not suffice for what the client sends")
        deliver(None)

    send_queue = SendQueue(send, lambda reason: in_loop(loop, lambda: end(ended, reason)))
    # A thread of its own: nothing that keeps other threads busy may stop the reading.
    threading.Thread(target=read, name="hunch reader", daemon=True).start()
    return Connection(incoming, send_queue, ended)
