"""The initialize handshake, answered before anything slow is imported."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from hunch import __version__
from hunch.lsp.capabilities import read_capabilities
from hunch.lsp.fields import ParamsError
from hunch.lsp.messages import (
    INVALID_PARAMS,
    NOT_INITIALIZED,
    Malformed,
    Message,
    Notification,
    Request,
    Response,
    error_response,
    response,
)
from hunch.lsp.positions import Encoding
from hunch.lsp.send_queue import SendQueue
from hunch.lsp.standard import InitializeParams, read_initialize

COMMANDS = (
    "hunch.search",
    "hunch.similar",
    "hunch.status",
    "hunch.pause",
    "hunch.resume",
    "hunch.rebuild",
    "hunch.cancel",
    "hunch.summarize",
    "hunch.document",
)
"""Each stands for the request of the same name."""

SIMILAR_KIND = "refactor.hunch"
"""Of the code action; editors hide kinds that they do not know under "more"."""

DOCUMENT_KIND = "refactor.rewrite.hunch"
"""Of the code action that inserts generated documentation"""


async def handshake(arriving: AsyncIterator[Message], send_queue: SendQueue) -> InitializeParams | int:
    """Answer until the client has said who it is; an exit status when it leaves before that."""
    async for message in arriving:
        answer: dict[str, Any] | None = None
        if isinstance(message, Malformed):
            answer = error_response(message.id, message.code, message.reason)
        elif isinstance(message, Request) and message.method == "initialize":
            try:
                params = read_initialize(message.params)
            except ParamsError as error:
                answer = error_response(message.id, INVALID_PARAMS, str(error))
            else:
                encoding = read_capabilities(params.capabilities).encoding
                _send(send_queue, response(message.id, initialize_result(encoding)))
                return params
        elif isinstance(message, Request):
            answer = error_response(message.id, NOT_INITIALIZED, "initialize comes first")
        elif isinstance(message, Notification) and message.method == "exit":
            return 1
        else:
            assert isinstance(message, (Notification, Response))  # which the protocol says to drop
        if answer is not None:
            _send(send_queue, answer)
    return 1


def initialize_result(encoding: Encoding) -> dict[str, Any]:
    """Return what the server can do, as JSON."""
    return {
        "capabilities": {
            "positionEncoding": encoding,
            "textDocumentSync": {"openClose": True, "change": 2, "save": {"includeText": False}},
            "hoverProvider": True,
            "codeActionProvider": {"codeActionKinds": [SIMILAR_KIND, DOCUMENT_KIND]},
            "workspaceSymbolProvider": {"resolveProvider": True},
            "executeCommandProvider": {"commands": list(COMMANDS)},
            "workspace": {"workspaceFolders": {"supported": True, "changeNotifications": True}},
        },
        "serverInfo": {"name": "hunch", "version": __version__},
    }


def _send(send_queue: SendQueue, message: dict[str, Any]) -> None:
    send_queue.put(json.dumps(message).encode())
