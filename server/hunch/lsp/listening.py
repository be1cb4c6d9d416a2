"""TCP and web sockets on loopback: whoever comes without the token is turned away, the first that has it is the client.

Nobody else can end the server or keep it busy: who says nothing valid within seconds is let go, and of more than
some who have said nothing yet the one that has waited longest.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from hunch.lsp.connection import BLOCK, MOST_BATCHES, Batch, Connection, converse, messages_in
from hunch.lsp.framing import LARGEST_HEADER, LARGEST_MESSAGE, FrameReader, frame, read_fields
from hunch.lsp.messages import INVALID_REQUEST, error_response, read_message
from hunch.lsp.token import Token, take_token

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"

ADMISSION_SECONDS = 10.0
"""How long a client may take to show the token."""

_MOST_WAITING = 64
"""Clients that have not shown it yet; each has a file descriptor and a few kB."""

_LARGEST_FIRST_MESSAGE = 1_000_000
"""Bytes of a first message that may hold the token"""

_BACKLOG = 16
"""Clients that are taken between two looks at what has been sent. A client that sends its token at once is read
before the waiting ones can be so many that it has to make room."""

_LOCAL_ORIGIN = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")
_HOW_TCP = (
    "the token is missing or wrong: send the header Authorization: Bearer TOKEN with the first message, "
    "or TOKEN as initializationOptions.token"
)
_HOW_WEB_SOCKET = (
    "the token is missing or wrong: connect with the header Authorization: Bearer TOKEN, or to /?token=TOKEN"
)


@asynccontextmanager
async def accept_tcp(port: int) -> AsyncIterator[Connection]:
    """Listen, and give the connection to the first client whose first message has the token, in its header or options.

    Raises:
        OSError: the port cannot be listened on.
        TokenError: the token that the person chose is none.
    """
    token = take_token()
    accepted: asyncio.Queue[tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    waiting = _Waiting()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not server.is_serving():
            writer.transport.abort()
            return
        waiting.add(writer.transport)
        begin: bytes | None = None
        with suppress(OSError, asyncio.TimeoutError):
            begin = await asyncio.wait_for(_read_beginning(reader), ADMISSION_SECONDS)
        waiting.discard(writer.transport)
        if begin is not None and _has_token(begin, token) and server.is_serving():
            server.close()  # the first client is the only one
            waiting.drop_all()
            accepted.put_nowait((begin, reader, writer))
            return
        logger.info("a client without the token was turned away")
        if begin is not None:
            writer.write(frame(_refusal()))
        writer.close()

    server = await asyncio.start_server(accept, LOOPBACK, port, limit=BLOCK, backlog=_BACKLOG)
    _announce(server.sockets[0].getsockname()[1], token)
    begin, reader, writer = await accepted.get()
    incoming: asyncio.Queue[Batch | None] = asyncio.Queue(MOST_BATCHES)

    async def read() -> None:
        frames = FrameReader(is_strict=True)
        block = begin
        try:
            while block:
                await incoming.put(messages_in(frames, block))
                if frames.is_lost:
                    break
                block = await reader.read(BLOCK)
        except OSError as error:
            logger.info("the client cannot be read: %s", error.strerror)
        except MemoryError:
            logger.error("the memory does not suffice for what the client sends")
        await incoming.put(None)

    async def send(body: bytes) -> None:
        writer.write(frame(body))
        await writer.drain()

    async with converse(incoming, read, send) as connection:
        yield connection
    writer.close()


@asynccontextmanager
async def accept_web_socket(port: int) -> AsyncIterator[Connection]:
    """Listen, and give the connection to the first client whose request has the token in a header or its URL.

    Raises:
        OSError: the port cannot be listened on.
        TokenError: the token that the person chose is none.
    """
    from websockets.asyncio.server import ServerConnection, serve
    from websockets.exceptions import ConnectionClosed

    token = take_token()
    accepted: asyncio.Queue[ServerConnection] = asyncio.Queue()
    over = asyncio.Event()
    waiting = _Waiting()
    # It logs what strangers send, with tracebacks, and at a low level the URL with the token.
    log = logging.getLogger("websockets.server")
    log.setLevel(logging.CRITICAL)

    class Counted(ServerConnection):
        """A connection that waits until its request is answered."""

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            waiting.add(transport)
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            waiting.discard(self.transport)
            super().connection_lost(exc)

    def admit(socket: ServerConnection, request: Request) -> Response | None:
        if _shows_token(request, token):
            return None
        logger.info("a client without the token was turned away")
        response = socket.respond(401, _HOW_WEB_SOCKET + "\n")
        response.headers["WWW-Authenticate"] = "Bearer"
        return response

    async def accept(socket: ServerConnection) -> None:
        if over.is_set() or accepted.qsize() or not server.is_serving():
            return
        waiting.discard(socket.transport)
        server.close(close_connections=False)
        waiting.drop_all()
        accepted.put_nowait(socket)
        await over.wait()

    # A page in a browser that knows the token by some accident is still only let in from this machine.
    server = await serve(
        accept, LOOPBACK, port, origins=[None, _LOCAL_ORIGIN], process_request=admit, create_connection=Counted,
        open_timeout=ADMISSION_SECONDS, max_size=LARGEST_MESSAGE, compression=None, logger=log, backlog=_BACKLOG,
    )  # fmt: skip
    _announce(next(iter(server.sockets)).getsockname()[1], token)
    socket = await accepted.get()
    incoming: asyncio.Queue[Batch | None] = asyncio.Queue(MOST_BATCHES)

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

    async with converse(incoming, read, send) as connection:
        yield connection
    over.set()


# ---- who waits ----


class _Waiting:
    """Connections that have not shown the token, the oldest first; of too many the oldest is dropped."""

    def __init__(self) -> None:
        self._transports: dict[asyncio.BaseTransport, None] = {}

    def add(self, transport: asyncio.BaseTransport) -> None:
        self._transports[transport] = None
        if len(self._transports) > _MOST_WAITING:
            self._drop(next(iter(self._transports)))

    def discard(self, transport: asyncio.BaseTransport) -> None:
        self._transports.pop(transport, None)

    def drop_all(self) -> None:
        for transport in list(self._transports):
            self._drop(transport)

    def _drop(self, transport: asyncio.BaseTransport) -> None:
        self.discard(transport)
        assert isinstance(transport, asyncio.WriteTransport)
        transport.abort()


# ---- the token ----


async def _read_beginning(reader: asyncio.StreamReader) -> bytes | None:
    """Return the first bytes of a client: its first header, and its first message where the header has no token."""
    begin = await _read_header(reader)
    if begin is None:
        return None
    header, end, _ = begin.partition(b"\r\n\r\n")
    fields = read_fields(header)
    if not end or fields is None or b"authorization" in fields:
        return begin
    length = fields.get(b"content-length", b"")
    wanted = len(header) + len(end) + int(length) if length.isdigit() and len(length) < 8 else 0
    while len(begin) < wanted <= _LARGEST_FIRST_MESSAGE:
        block = await reader.read(BLOCK)
        if not block:
            return None
        begin += block
    return begin


async def _read_header(reader: asyncio.StreamReader) -> bytes | None:
    """Return the first bytes of a client, up to the end of a header or more; None when it has gone."""
    begin = b""
    while b"\r\n\r\n" not in begin and len(begin) <= LARGEST_HEADER:
        block = await reader.read(LARGEST_HEADER)
        if not block:
            return None
        begin += block
    return begin


def _has_token(begin: bytes, token: Token) -> bool:
    """Whether the first bytes of a client are a message, not HTTP say, whose header or whose options have the token."""
    header, _, body = begin.partition(b"\r\n\r\n")
    fields = read_fields(header)
    if fields is None:
        return False
    if b"authorization" in fields:
        return token.is_in(fields[b"authorization"])
    length = fields.get(b"content-length", b"")
    given = _token_in_options(body[: int(length)]) if length.isdigit() and len(length) < 8 else None
    return given is not None and token.is_same(given.encode("utf-8", "replace"))


def _token_in_options(body: bytes) -> str | None:
    """Return ``initializationOptions.token`` of an initialize request: not every client can add a header."""
    try:
        given: Any = json.loads(body)["params"]["initializationOptions"]["token"]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError, MemoryError):
        return None
    return given if isinstance(given, str) else None


def _shows_token(request: Request, token: Token) -> bool:
    authorization = request.headers.get_all("Authorization")
    if authorization:
        return len(authorization) == 1 and token.is_in(authorization[0].encode("utf-8", "replace"))
    pairs = [pair.partition("=") for pair in request.path.partition("?")[2].split("&")]
    given = [value for name, _, value in pairs if name == "token"]  # which no URL has to encode
    return len(given) == 1 and token.is_same(given[0].encode("utf-8", "replace"))


def _refusal() -> bytes:
    return json.dumps(error_response(None, INVALID_REQUEST, _HOW_TCP)).encode()


def _announce(port: int, token: Token) -> None:
    told = "" if token.is_chosen else f" token {token.text}"
    sys.stderr.write(f"listening on {LOOPBACK}:{port}{told}\n")
    sys.stderr.flush()
