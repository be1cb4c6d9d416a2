"""What the server may say to the client and ask of it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol

from hunch.lsp.capabilities import ClientCapabilities

WARNING, INFO = 2, 3
"""Types of messages to the person, as the protocol numbers them."""


class Client(Protocol):
    """The other side of the conversation. All methods are for the loop's thread only."""

    capabilities: ClientCapabilities

    def tell(self, method: str, params: Any, *, replaces: str | None = None) -> None:
        """Send a notification; one with the same ``replaces`` that was not sent yet is sent no more."""

    def ask(self, method: str, params: Any) -> Awaitable[Any]:
        """Send a request and give its result as JSON; ClientError when the client refuses."""

    def run(self, work: Awaitable[Any], name: str) -> None:
        """Let something happen in the background; a failure of it is logged under the name."""


class ClientError(Exception):
    """The client answered a request with an error."""
