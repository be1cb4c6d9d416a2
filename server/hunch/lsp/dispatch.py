"""JSON-RPC after the initialize handshake, on pygls: requests to handlers, answers and errors back.

pygls's protocol keeps the table of handlers, the requests that are being answered and those that were asked, and writes
results and errors. No handler, and nothing that a client sends, can end it; what pygls would do otherwise than
``docs/protocol.md`` says is refused before it gets there. ARCHITECTURE.md says what of pygls is used.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import traceback
from collections.abc import Awaitable, Callable, Generator, Mapping
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInternalError, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage, LanguageServerProtocol, lsp_method

from hunch import __version__
from hunch.lsp.capabilities import ClientCapabilities
from hunch.lsp.client import ClientError
from hunch.lsp.encoding import QueueWriter, plain_converter
from hunch.lsp.fields import ParamsError
from hunch.lsp.messages import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    Malformed,
    Message,
    MessageId,
    Notification,
    Request,
    Response,
    error_response,
)
from hunch.lsp.send_queue import SendQueue

if TYPE_CHECKING:
    from cattrs import Converter
    from pygls.server import ServerErrors

logger = logging.getLogger(__name__)


class RequestError(JsonRpcException):
    """A request that is refused with a code of its own."""

    def __init__(self, code: int, reason: str) -> None:
        """Take a code of the protocol and one line."""
        super().__init__(reason, code)


@dataclass(frozen=True, slots=True)
class Route:
    """What happens with a method: its JSON parameters are read, then handled; an awaitable result is awaited."""

    read: Callable[[object], Any]
    handle: Callable[[Any], Any]


class Dispatcher(LanguageServerProtocol):
    """One client's messages. Everything but the handlers' own threads happens in the loop's thread."""

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        """As pygls makes it, without handlers; see ``open_dispatcher``."""
        super().__init__(server, converter)
        self.capabilities = ClientCapabilities()
        self.exit_status: int | None = None
        """Set by ``exit``."""
        self.is_shut_down = False
        """Whether the client has sent ``shutdown``."""
        self.queue_writer: QueueWriter | None = None
        self._answering: set[MessageId | None] = set()
        self._in_background: set[asyncio.Future[Any]] = set()
        # pygls keeps documents and folders of its own, and ends the process itself.
        for method in self.fm.builtin_features.keys() - {types.SHUTDOWN}:
            del self.fm.builtin_features[method]

    def add_routes(self, routes: Mapping[str, Route]) -> None:
        """Register what happens with each method."""
        for method, route in routes.items():
            handler = self._notified if _is_notification(method) else self._answered
            self.fm.feature(method)(handler(method, route))

    # ---- what comes ----

    async def receive(self, message: Message) -> None:
        """Take one message. Never raises.

        When this is over the handler of a request has run up to where it waits; if it does not, it has been answered.
        """
        try:
            if isinstance(message, Request):
                self._take_request(message)
                await asyncio.sleep(0)  # the handler's first step comes before this goes on
                if message.id not in self._answering:
                    await asyncio.sleep(0)  # and so does its answer
            elif isinstance(message, Notification):
                self._take_notification(message)
            elif isinstance(message, Response):
                self._take_response(message)
            else:
                self._refuse(message)
        except Exception as error:
            log_failure("a message", error)

    def _refuse(self, message: Malformed) -> None:
        if self.queue_writer is not None:
            self.queue_writer.write(json.dumps(error_response(message.id, message.code, message.reason)).encode())

    def _take_request(self, request: Request) -> None:
        method = request.method
        if self.is_shut_down:
            self._refuse(Malformed(request.id, INVALID_REQUEST, "the server is shutting down"))
        elif method == types.INITIALIZE:
            self._refuse(Malformed(request.id, INVALID_REQUEST, "initialize comes once"))
        elif method not in self.fm.features and method != types.SHUTDOWN:
            self._refuse(Malformed(request.id, METHOD_NOT_FOUND, f"there is no method {method[:100]!r}"))
        elif request.id in self._answering:
            self._refuse(Malformed(request.id, INVALID_REQUEST, "id: a request with it is being answered"))
        else:
            if inspect.iscoroutinefunction(self.fm.features.get(method)):
                self._answering.add(request.id)
            self.handle_message(JsonRPCRequestMessage(request.id, method, self.VERSION, request.params))

    def _answered(self, method: str, route: Route) -> Callable[[Any], Awaitable[Any]]:
        """Return a handler as pygls takes it, which fails with nothing but errors of JSON-RPC."""

        async def answer(params: Any) -> Any:
            try:
                result = route.handle(route.read(params))
                return await result if inspect.isawaitable(result) else result
            except ParamsError as error:
                raise JsonRpcInvalidParams(str(error)) from None
            except RequestError:
                raise
            except Exception as error:
                log_failure(method, error)
                raise JsonRpcInternalError(f"internal error: {type(error).__name__}") from None
            finally:
                self._answering.discard(self.msg_id)

        return answer

    def _take_notification(self, notification: Notification) -> None:
        method, params = notification.method, notification.params
        if method == types.EXIT:
            self.exit_status = 0 if self.is_shut_down else 1
        elif method == types.CANCEL_REQUEST:
            identity = params.get("id") if isinstance(params, dict) else None
            if isinstance(identity, (int, str)) and identity in self._answering:
                self.handle_message(JsonRPCNotification(method, self.VERSION, types.CancelParams(identity)))
        elif _is_notification(method) and method in self.fm.features:
            self.handle_message(JsonRPCNotification(method, self.VERSION, params))

    def _notified(self, method: str, route: Route) -> Callable[[Any], None]:
        # No coroutine: pygls would keep the future of each one until the end.
        def notified(params: Any) -> None:
            try:
                result = route.handle(route.read(params))
            except ParamsError as error:
                logger.warning("%s was passed over: %s", method, error)
            except Exception as error:
                log_failure(method, error)
            else:
                if inspect.isawaitable(result):
                    self.run(result, method)

        return notified

    def run(self, work: Awaitable[Any], name: str) -> None:
        """Let something happen in the background; a failure of it is logged under the name."""
        task = asyncio.ensure_future(work)
        self._in_background.add(task)

        def done(task: asyncio.Future[Any]) -> None:
            self._in_background.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                log_failure(name, error)

        task.add_done_callback(done)

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *args: Any) -> Generator[Any, Any, None]:
        """Cancel what is going on, and take no more requests."""
        self.is_shut_down = True
        for task in self._in_background:
            task.cancel()
        yield from super().lsp_shutdown(*args)

    # ---- what goes ----

    def tell(self, method: str, params: Any, *, replaces: str | None = None) -> None:
        """Send a notification; one with the same ``replaces`` that was not sent yet is sent no more."""
        if self.queue_writer is not None:
            self.queue_writer.replaces = replaces
            try:
                self.notify(method, params)
            finally:
                self.queue_writer.replaces = None

    def ask(self, method: str, params: Any) -> Awaitable[Any]:
        """Send a request and give its result as JSON; ClientError when the client refuses."""
        asked = self.send_request(method, params)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        # In the loop's thread, as all messages are: what the answer brings is there before the next message is.
        asked.add_done_callback(lambda asked: _settle(answer, asked))
        answer.add_done_callback(lambda _: asked.cancel())
        return answer

    def _take_response(self, answer: Response) -> None:
        if answer.id in self._answering:  # pygls holds what the client asks and what it is asked in one table
            return
        data: dict[str, Any] = {"jsonrpc": self.VERSION, "id": answer.id}
        if answer.error is None:
            data["result"] = answer.result
        else:
            data["error"] = {"code": INTERNAL_ERROR, "message": str(answer.error.get("message", ""))[:500]}
        try:
            self.handle_message(self.structure_message(data))
        except InvalidStateError:
            logger.info("an answer to what is asked no more")

    def get_message_type(self, method: str) -> type[Any] | None:  # type: ignore[override]  # pygls caches its own
        """Return none for any method: parameters stay the JSON that they are, and readers say what is wrong."""
        return None

    def get_result_type(self, method: str) -> type[Any] | None:  # type: ignore[override]  # as above
        """Return none for any method, as above."""
        return None

    def report_unencoded(self, error: Exception) -> None:
        """Log that a message could not be encoded, and answer the request that waits for it."""
        log_failure("encoding a message", error)
        if self.msg_id is not None and self.msg_id not in self._answering:
            self._refuse(Malformed(self.msg_id, INTERNAL_ERROR, "internal error: no JSON"))


class HunchServer(LanguageServer):
    """pygls's server object, which shows the person none of the errors that it is told of."""

    def report_server_error(self, error: Exception, source: ServerErrors) -> None:
        """Take what pygls could not encode; handlers have logged all else."""
        if source is JsonRpcInternalError and isinstance(self.protocol, Dispatcher):
            self.protocol.report_unencoded(error)


def open_dispatcher(send_queue: SendQueue, capabilities: ClientCapabilities) -> Dispatcher:
    """Return the dispatcher of a client whose ``initialize`` was answered; its routes are still to be added."""
    server = HunchServer("hunch", __version__, protocol_cls=Dispatcher, converter_factory=plain_converter)
    dispatcher = server.protocol
    assert isinstance(dispatcher, Dispatcher)
    dispatcher.capabilities = capabilities
    dispatcher.queue_writer = QueueWriter(send_queue)
    dispatcher.set_writer(dispatcher.queue_writer, include_headers=False)
    return dispatcher


def log_failure(what: str, error: BaseException) -> None:
    """Log where something failed, never with what: messages of exceptions can hold source text."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    logger.error("%s failed: %s%s", what, type(error).__name__, place)
    logger.debug("%s failed", what, exc_info=error)


def _is_notification(method: str) -> bool:
    """Return whether the protocol gives a method no answer; our own methods all have one."""
    found = types.METHOD_TO_TYPES.get(method)
    return found is not None and found[1] is None


def _settle(answer: asyncio.Future[Any], asked: Future[Any]) -> None:
    if answer.done():
        return
    if asked.cancelled():
        answer.cancel()
    elif error := asked.exception():
        answer.set_exception(ClientError(str(error)))
    else:
        answer.set_result(asked.result())
