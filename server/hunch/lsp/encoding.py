"""How pygls encodes and writes our messages: JSON goes as it is, and the send queue is what pygls writes to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage, JsonRPCResponseMessage, default_converter

from hunch.lsp.send_queue import SendQueue

if TYPE_CHECKING:
    from cattrs import Converter

_FIELDS = ("jsonrpc", "id", "method", "params", "result")


class QueueWriter:
    """The send queue as a writer of pygls."""

    def __init__(self, send_queue: SendQueue) -> None:
        """Take the send queue."""
        self.replaces: str | None = None
        """What the message that is written next takes the place of, if that was not sent yet."""
        self._send_queue = send_queue

    def write(self, data: bytes) -> None:
        """Send a message body."""
        if b"\\ud" in data:  # pygls escapes all but ASCII, and so lone surrogates, which many clients cannot read
            data = json.dumps(json.loads(data), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        self._send_queue.put(data, replaces=self.replaces)

    def close(self) -> None:
        """Leave the send queue open: it is flushed and closed with the connection."""


def plain_converter() -> Converter:
    """Return pygls's converter, but for parameters and results: they stay JSON, and are not copied."""
    converter: Converter = default_converter()  # type: ignore[no-untyped-call]  # pygls has no types here
    for kind in (JsonRPCNotification, JsonRPCRequestMessage, JsonRPCResponseMessage):
        converter.register_structure_hook(kind, lambda data, kind: kind(**data))
        converter.register_unstructure_hook(kind, _fields_of)
    return converter


def _fields_of(message: Any) -> dict[str, Any]:
    return {name: getattr(message, name) for name in _FIELDS if hasattr(message, name)}
