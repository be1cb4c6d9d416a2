"""One client as the conversation sees it, whatever it is connected by: what it sends, and what it is sent."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from hunch.lsp.framing import BadFrame, FrameReader
from hunch.lsp.messages import PARSE_ERROR, Malformed, Message, Notification, Response, read_message
from hunch.lsp.send_queue import SendQueue

logger = logging.getLogger(__name__)

BLOCK = 1 << 20
"""Bytes that are read at a time."""

MOST_BATCHES = 64
"""Blocks that are read ahead; then what reads waits for the loop."""

Batch = list[Message]


@dataclass(frozen=True, slots=True)
class Connection:
    """One client: what it sends, in batches, until None says that nothing more comes; and what it is sent."""

    incoming: asyncio.Queue[Batch | None]
    send_queue: SendQueue
    ended: asyncio.Future[str]
    """Done with a reason when nothing can be sent any more."""


class Arriving:
    """The messages of one client in their order, to be iterated; while nobody does, its end can be waited for."""

    def __init__(self, incoming: asyncio.Queue[Batch | None]) -> None:
        """Take the batches that are read."""
        self._incoming = incoming
        self._ahead: deque[Message] = deque()
        self._is_over = False

    def __aiter__(self) -> Arriving:
        """Iterate over what is still to come."""
        return self

    async def __anext__(self) -> Message:
        """Return the next message."""
        while not self._ahead:
            if self._is_over:
                raise StopAsyncIteration
            await self._take()
        return self._ahead.popleft()

    async def is_left(self) -> bool:
        """Look ahead for the end; true once it has come and nothing before it wants an answer, else false."""
        for _ in range(MOST_BATCHES):
            if self._is_over:
                break
            await self._take()
        return self._is_over and all(isinstance(message, (Notification, Response)) for message in self._ahead)

    async def _take(self) -> None:
        batch = await self._incoming.get()
        self._is_over = batch is None
        self._ahead.extend(batch or ())


@asynccontextmanager
async def converse(
    incoming: asyncio.Queue[Batch | None],
    read: Callable[[], Coroutine[Any, Any, None]],
    send: Callable[[bytes], Coroutine[Any, Any, None]],
) -> AsyncIterator[Connection]:
    """Give the connection to a client that is read and written in the loop, until it is left."""
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    reading = loop.create_task(read())
    send_queue = SendQueue(
        lambda body: asyncio.run_coroutine_threadsafe(send(body), loop).result(),
        lambda reason: in_loop(loop, lambda: end(ended, reason)),
    )
    try:
        yield Connection(incoming, send_queue, ended)
    finally:
        reading.cancel()


def messages_in(frames: FrameReader, block: bytes) -> Batch:
    """Return the messages that the next bytes of a stream complete."""
    return [
        Malformed(None, PARSE_ERROR, f"not a message: {body.reason}")
        if isinstance(body, BadFrame)
        else read_message(body)
        for body in frames.feed(block)
    ]


def in_loop(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """Have the loop's thread call something, from any thread."""
    try:
        loop.call_soon_threadsafe(call)
    except RuntimeError:
        logger.debug("the loop has ended")


def end(ended: asyncio.Future[str], reason: str) -> None:
    """Say why nothing can be sent any more; the first reason counts."""
    if not ended.done():
        ended.set_result(reason)
