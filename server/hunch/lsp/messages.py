"""The envelope of JSON-RPC: one body -> one message, or what is wrong with it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
NOT_INITIALIZED = -32002
REQUEST_FAILED = -32803
SERVER_CANCELLED = -32802
REQUEST_CANCELLED = -32800

MessageId = int | str


@dataclass(frozen=True, slots=True)
class Request:
    """What wants an answer."""

    id: MessageId
    method: str
    params: Any


@dataclass(frozen=True, slots=True)
class Notification:
    """What wants none."""

    method: str
    params: Any


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to a request of ours; ``error`` is None when there is a result."""

    id: MessageId
    result: Any
    error: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Malformed:
    """What is no message: to be answered with an error."""

    id: MessageId | None
    code: int
    reason: str


Message = Request | Notification | Response | Malformed


def read_message(body: bytes) -> Message:
    """Read one body. Never raises."""
    try:
        raw = json.loads(body)
    except UnicodeDecodeError:
        return Malformed(None, PARSE_ERROR, "the message is not UTF-8")
    except json.JSONDecodeError as error:
        return Malformed(None, PARSE_ERROR, f"the message is not JSON: {error.msg} at character {error.pos:,}")
    except MemoryError:
        return Malformed(None, PARSE_ERROR, "the message is JSON for which the memory does not suffice")
    except (ValueError, RecursionError):
        return Malformed(None, PARSE_ERROR, "the message is JSON that cannot be read: too deep, or a number too long")
    if not isinstance(raw, dict):
        return Malformed(None, INVALID_REQUEST, "a message is one object")
    identity = raw.get("id")
    if identity is not None and (isinstance(identity, bool) or not isinstance(identity, (int, str))):
        return Malformed(None, INVALID_REQUEST, "id: expected a number or text")
    if raw.get("jsonrpc") != "2.0":
        return Malformed(identity, INVALID_REQUEST, 'jsonrpc: expected "2.0"')
    if "method" not in raw:
        return _response(raw, identity)
    method, params = raw["method"], raw.get("params")
    if not isinstance(method, str):
        return Malformed(identity, INVALID_REQUEST, "method: expected text")
    if params is not None and not isinstance(params, (dict, list)):
        return Malformed(identity, INVALID_REQUEST, "params: expected an object or a list")
    return Notification(method, params) if "id" not in raw else _request(identity, method, params)


def response(identity: MessageId, result: Any) -> dict[str, Any]:
    """Return the message that answers a request."""
    return {"jsonrpc": "2.0", "id": identity, "result": result}


def error_response(identity: MessageId | None, code: int, reason: str) -> dict[str, Any]:
    """Return the message that refuses a request."""
    return {"jsonrpc": "2.0", "id": identity, "error": {"code": code, "message": reason}}


def _request(identity: MessageId | None, method: str, params: Any) -> Message:
    if identity is None:
        return Malformed(None, INVALID_REQUEST, "id: expected a number or text")
    return Request(identity, method, params)


def _response(raw: dict[str, Any], identity: MessageId | None) -> Message:
    error = raw.get("error")
    if identity is None or not ("result" in raw or "error" in raw) or not (error is None or isinstance(error, dict)):
        return Malformed(identity, INVALID_REQUEST, "neither a request nor an answer: method is missing")
    return Response(identity, raw.get("result"), error)
