"""One client as the conversation sees it, whatever it is connected by: what it sends, and what it is sent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from hunch.lsp.framing import BadFrame, FrameReader
from hunch.lsp.messages import PARSE_ERROR, Malformed, Message, read_message
from hunch.lsp.outbox import Outbox

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
    outbox: Outbox
    ended: asyncio.Future[str]
    """Done with a reason when nothing can be sent any more."""


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
    outbox = Outbox(
        lambda body: asyncio.run_coroutine_threadsafe(send(body), loop).result(),
        lambda reason: in_loop(loop, lambda: end(ended, reason)),
    )
    try:
        yield Connection(incoming, outbox, ended)
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
