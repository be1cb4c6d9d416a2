"""JSON-RPC after the initialize handshake: requests to handlers, answers and errors back. No handler can end it.

The types of standard messages and their encoding are lsprotocol's. ARCHITECTURE.md says why the rest is not pygls's.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lsprotocol.converters import get_converter

from hunch.lsp.capabilities import ClientCapabilities
from hunch.lsp.client import ClientError
from hunch.lsp.fields import ParamsError
from hunch.lsp.messages import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    REQUEST_CANCELLED,
    Malformed,
    Message,
    MessageId,
    Notification,
    Request,
    Response,
    error_response,
    response,
)
from hunch.lsp.send_queue import SendQueue

logger = logging.getLogger(__name__)


class RequestError(Exception):
    """A request that is refused with a code of its own."""

    def __init__(self, code: int, reason: str) -> None:
        """Take a code of the protocol and one line."""
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Route:
    """What happens with a method: its JSON parameters are read, then handled; an awaitable result is awaited."""

    read: Callable[[object], Any]
    handle: Callable[[Any], Any]


class Dispatcher:
    """One client's messages. Everything but the handlers' own threads happens in the loop's thread."""

    def __init__(self, send_queue: SendQueue, capabilities: ClientCapabilities) -> None:
        """Begin after the handshake, without routes."""
        self.capabilities = capabilities
        self.routes: Mapping[str, Route] = {}
        self.exit_status: int | None = None
        """Set by ``exit``."""
        self.is_shut_down = False
        """Whether the client has sent ``shutdown``."""
        self._send_queue = send_queue
        self._unstructure = get_converter().unstructure
        self._answering: dict[MessageId, asyncio.Future[Any]] = {}
        self._asked: dict[MessageId, asyncio.Future[Any]] = {}
        self._asked_count = 0
        self._in_background: set[asyncio.Future[Any]] = set()

    # ---- what comes ----

    def receive(self, message: Message) -> None:
        """Take one message. Never raises."""
        try:
            if isinstance(message, Request):
                self._take_request(message)
            elif isinstance(message, Notification):
                self._take_notification(message)
            elif isinstance(message, Response):
                self._take_response(message)
            else:
                self._refuse(message)
        except Exception as error:
            log_failure("a message", error)

    def _refuse(self, message: Malformed) -> None:
        self._send_data(error_response(message.id, message.code, message.reason))

    def _take_request(self, request: Request) -> None:
        identity = request.id
        route = self.routes.get(request.method)
        if self.is_shut_down or request.method == "initialize":
            reason = "the server is shutting down" if self.is_shut_down else "initialize comes once"
            self._send_data(error_response(identity, INVALID_REQUEST, reason))
        elif request.method == "shutdown":
            self._shut_down(identity)
        elif route is None:
            reason = f"there is no method {request.method[:100]!r}"
            self._send_data(error_response(identity, METHOD_NOT_FOUND, reason))
        elif identity in self._answering:
            self._send_data(error_response(identity, INVALID_REQUEST, "id: a request with it is being answered"))
        else:
            self._answer(request, route)

    def _answer(self, request: Request, route: Route) -> None:
        try:
            result = route.handle(route.read(request.params))
        except Exception as error:
            self._send_data(self._failure(request, error))
            return
        if not inspect.isawaitable(result):
            self._send_data(response(request.id, result))
            return
        task = asyncio.ensure_future(result)
        self._answering[request.id] = task
        task.add_done_callback(lambda done: self._answered(request, done))

    def _answered(self, request: Request, task: asyncio.Future[Any]) -> None:
        self._answering.pop(request.id, None)
        if task.cancelled():
            self._send_data(error_response(request.id, REQUEST_CANCELLED, "cancelled"))
        elif error := task.exception():
            self._send_data(self._failure(request, error))
        else:
            self._send_data(response(request.id, task.result()))

    def _failure(self, request: Request, error: BaseException) -> dict[str, Any]:
        if isinstance(error, ParamsError):
            return error_response(request.id, INVALID_PARAMS, str(error))
        if isinstance(error, RequestError):
            return error_response(request.id, error.code, str(error))
        log_failure(request.method, error)
        return error_response(request.id, INTERNAL_ERROR, f"internal error: {type(error).__name__}")

    def _take_notification(self, notification: Notification) -> None:
        method = notification.method
        if method == "exit":
            self.exit_status = 0 if self.is_shut_down else 1
        elif method == "$/cancelRequest":
            identity = notification.params.get("id") if isinstance(notification.params, dict) else None
            if isinstance(identity, (int, str)) and identity in self._answering:
                self._answering[identity].cancel()
        elif not self.is_shut_down and (route := self.routes.get(method)) is not None:
            self._handle_notification(method, route, notification.params)

    def _handle_notification(self, method: str, route: Route, params: Any) -> None:
        try:
            result = route.handle(route.read(params))
        except ParamsError as error:
            logger.warning("%s was passed over: %s", method, error)
            return
        except Exception as error:
            log_failure(method, error)
            return
        if inspect.isawaitable(result):
            self.run(result, method)

    def run(self, work: Awaitable[Any], name: str) -> None:
        """Let something happen in the background; a failure of it is logged under the name."""
        task = asyncio.ensure_future(work)
        self._in_background.add(task)

        def done(task: asyncio.Future[Any]) -> None:
            self._in_background.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                log_failure(name, error)

        task.add_done_callback(done)

    def _shut_down(self, identity: MessageId) -> None:
        self.is_shut_down = True
        for task in [*self._answering.values(), *self._in_background]:
            task.cancel()
        self._send_data(response(identity, None))

    # ---- what goes ----

    def tell(self, method: str, params: Any, *, replaces: str | None = None) -> None:
        """Send a notification; one with the same ``replaces`` that was not sent yet is sent no more."""
        self._send_data({"jsonrpc": "2.0", "method": method, "params": params}, replaces=replaces)

    def ask(self, method: str, params: Any) -> Awaitable[Any]:
        """Send a request and give its result as JSON; ClientError when the client refuses."""
        self._asked_count += 1
        identity = f"hunch-{self._asked_count}"
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[identity] = answer
        answer.add_done_callback(lambda _: self._asked.pop(identity, None))
        self._send_data({"jsonrpc": "2.0", "id": identity, "method": method, "params": params})
        return answer

    def _take_response(self, answer: Response) -> None:
        asked = self._asked.pop(answer.id, None)
        if asked is None or asked.done():
            logger.info("an answer to nothing that was asked")
        elif answer.error is not None:
            asked.set_exception(ClientError(str(answer.error.get("message", ""))[:500]))
        else:
            asked.set_result(answer.result)

    def _send_data(self, data: Any, *, replaces: str | None = None) -> None:
        try:
            text = json.dumps(data, default=self._unstructure, ensure_ascii=False, separators=(",", ":"))
        except Exception as error:
            log_failure("encoding a message", error)
            if isinstance(data, dict) and "id" in data and "method" not in data:
                self._send_data(error_response(data["id"], INTERNAL_ERROR, "internal error: no JSON"))
            return
        self._send_queue.put(text.encode("utf-8", "replace"), replaces=replaces)


def log_failure(what: str, error: BaseException) -> None:
    """Log where something failed, never with what: messages of exceptions can hold source text."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    logger.error("%s failed: %s%s", what, type(error).__name__, place)
    logger.debug("%s failed", what, exc_info=error)
