"""``hunch lsp``: one process for one client, from the first byte to an end within two seconds of the last one.

The end comes with ``exit``, with the end of what the client sends, with the death of the process that the client named
as its own, with a client that can no longer be written to, or with SIGTERM. What is slow to import comes after
``initialize`` is answered.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hunch.index.memory import use_few_arenas
from hunch.lsp.capabilities import read_capabilities
from hunch.lsp.connection import Arriving, Connection
from hunch.lsp.initialize import handshake
from hunch.lsp.standard import InitializeParams
from hunch.lsp.token import TokenError
from hunch.lsp.transport import Kind, connect

if TYPE_CHECKING:
    import psutil

    from hunch.lsp.dispatch import Dispatcher
    from hunch.lsp.session import Session

logger = logging.getLogger(__name__)

LOG_LEVELS = ("debug", "info", "warning", "error")

_END_SECONDS = 1.4
"""From the reason to end until the process is ended whatever it does."""

_FLUSH_SECONDS = 0.2
_SWITCH_SECONDS = 0.0002
"""For how long a thread keeps the interpreter while others want it. A search lets go of it some fifty times, wherever
it reads a file, and with Python's own five milliseconds it waits as often for the thread that indexes. Indexing takes
4% more processor time for it."""
_PARENT_SECONDS = 0.5
_TERMINATED = 128 + 15


def serve(kind: Kind, *, port: int = 0, log_level: str = "warning", parent: int | None = None) -> int:
    """Talk to one client until it is gone, and return the exit status.

    Args:
        kind: how the client is connected; TCP and web sockets listen on loopback for one client that has the token,
            say where on stderr, and end with it.
        port: to listen on; 0 for a free one.
        log_level: one of LOG_LEVELS. Below "debug", no log holds queries or source text.
        parent: a process to end with, besides the one that the client names.
    """
    _set_up_logging(log_level)
    sys.setswitchinterval(_SWITCH_SECONDS)
    use_few_arenas()
    try:
        status = asyncio.run(_serve(kind, port, parent))
    except TokenError as error:
        sys.stderr.write(f"hunch: error: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"hunch: error: {kind} on port {port}: {error.strerror or error}\n")
        return 2
    logger.info("ended with status %d", status)
    return status


async def _serve(kind: Kind, port: int, parent: int | None) -> int:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_log_loop_failure)
    ended: asyncio.Future[int] = loop.create_future()
    _end_on_signals(loop, ended)
    watching = [loop.create_task(_watch_parent(parent, ended, is_here=True))] if parent else []
    connecting = connect(kind, port)
    entering = asyncio.ensure_future(connecting.__aenter__())
    await _first_of(entering, ended)
    if not entering.done():
        _end_surely(ended.result())
        entering.cancel()
        return ended.result()
    connection = entering.result()
    conversation = _Conversation(connection, ended)
    talking = loop.create_task(conversation.run())
    broken = asyncio.ensure_future(connection.ended)
    await _first_of(talking, broken, ended)
    if ended.done():
        status = ended.result()
    elif talking.done():
        status = talking.result()
    else:
        logger.warning("%s", broken.result())
        status = 1
    _end_surely(status)
    for task in (*watching, talking):
        task.cancel()
    await conversation.close()
    with suppress(Exception):
        await asyncio.wait_for(connecting.__aexit__(None, None, None), _FLUSH_SECONDS)
    return status


async def _first_of(*futures: asyncio.Future[Any]) -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)


class _Conversation:
    """What is said on one connection, and what has to be closed after it."""

    def __init__(self, connection: Connection, ended: asyncio.Future[int]) -> None:
        self._connection = connection
        self._ended = ended
        self._session: Session | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> int:
        """Talk, and return the exit status."""
        arriving = Arriving(self._connection.incoming)
        opened = await handshake(arriving, self._connection.send_queue)
        if isinstance(opened, int):
            return opened
        if opened.process is not None:
            self._tasks.append(asyncio.ensure_future(_watch_parent(opened.process, self._ended)))
        # On a busy machine the import takes many seconds, which a client that has gone shall not be outlived by.
        importing = asyncio.ensure_future(asyncio.to_thread(_import_conversation))
        leaving = asyncio.ensure_future(arriving.is_left())
        await _first_of(importing, leaving)
        if leaving.done() and leaving.result():
            return 1
        leaving.cancel()
        await importing
        dispatcher = self._open(opened)
        async for message in arriving:
            await dispatcher.receive(message)
            if dispatcher.exit_status is not None:
                return dispatcher.exit_status
        return 0 if dispatcher.is_shut_down else 1

    async def close(self) -> None:
        """Let go of everything and send what is still to be sent."""
        for task in self._tasks:
            task.cancel()
        if self._session is not None:
            await asyncio.to_thread(self._session.close)
        await asyncio.to_thread(self._connection.send_queue.flush, _FLUSH_SECONDS)

    def _open(self, opened: InitializeParams) -> Dispatcher:
        from hunch.lsp.dispatch import open_dispatcher
        from hunch.lsp.handlers import routes
        from hunch.lsp.session import Session

        dispatcher = open_dispatcher(self._connection.send_queue, read_capabilities(opened.capabilities))
        self._session = Session(dispatcher, opened.options)
        dispatcher.add_routes(routes(self._session, opened))
        return dispatcher


def _import_conversation() -> None:
    """Import what takes most of a second, in a thread, so that everything else goes on."""
    from hunch.lsp import handlers

    assert handlers


# ---- the end ----


def _end_surely(status: int) -> None:
    """See to it that the process ends soon, whatever its threads do."""

    def end() -> None:
        time.sleep(_END_SECONDS)
        os._exit(status)

    threading.Thread(target=end, name="hunch end", daemon=True).start()


def _end_on_signals(loop: asyncio.AbstractEventLoop, ended: asyncio.Future[int]) -> None:
    def end() -> None:
        if not ended.done():
            ended.set_result(_TERMINATED)

    with suppress(NotImplementedError):  # Windows has no such signals
        loop.add_signal_handler(signal.SIGTERM, end)
        loop.add_signal_handler(signal.SIGINT, end)


async def _watch_parent(process: int, ended: asyncio.Future[int], *, is_here: bool = False) -> None:
    """End with another process.

    Unless it is sure to live on this machine, one that cannot be seen is not watched: a client may be outside of the
    container that this process is in.
    """
    import psutil

    parent: psutil.Process | None = None
    with suppress(psutil.Error, ValueError, OverflowError):
        parent = psutil.Process(process)
    if parent is None and not is_here:
        logger.info("process %d is not there to be watched", process)
        return
    while parent is not None and _is_alive(parent):
        await asyncio.sleep(_PARENT_SECONDS)
    logger.info("the client's process is gone")
    if not ended.done():
        ended.set_result(1)


def _is_alive(process: psutil.Process) -> bool:
    import psutil

    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


# ---- logs ----


def _set_up_logging(level: str) -> None:
    chosen = getattr(logging, level.upper())
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("hunch").setLevel(chosen)
    # Libraries log what they are given, which is source text.
    for library in ("asyncio", "websockets", "watchdog", "concurrent.futures"):
        logging.getLogger(library).setLevel(logging.WARNING if chosen > logging.DEBUG else logging.INFO)
    logging.getLogger("pygls").setLevel(logging.CRITICAL)  # it logs whole messages at every other level


def _log_loop_failure(_: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    error = context.get("exception")
    logger.error("%s: %s", str(context.get("message", ""))[:200], type(error).__name__)
    if isinstance(error, BaseException):
        logger.debug("in the loop", exc_info=error)
