"""What the client can do, and what the server may ask of it."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Protocol

from hunch.lsp.fields import Fields
from hunch.lsp.positions import DEFAULT_ENCODING, Encoding, choose_encoding


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a client said it can do in ``initialize``."""

    encoding: Encoding = DEFAULT_ENCODING
    """How both sides count characters."""
    progress: bool = False
    watches_files: bool = False
    """It can be asked to report changed files."""
    watches_folders: bool = False
    """It can be asked to do so for one folder."""
    configuration: bool = False
    """It can be asked for settings."""
    registers_configuration: bool = False
    shows_documents: bool = False
    applies_edits: bool = False
    versions_edits: bool = False
    """It makes an edit only in the version of a document that the edit was made for."""
    code_action_literals: bool = False


class Client(Protocol):
    """The other side of the conversation. All methods are for the loop's thread only."""

    abilities: Abilities

    def tell(self, method: str, params: Any, *, replaces: str | None = None) -> None:
        """Send a notification; one with the same ``replaces`` that was not sent yet is sent no more."""

    def ask(self, method: str, params: Any) -> Awaitable[Any]:
        """Send a request and give its result as JSON; ClientError when the client refuses."""

    def run(self, work: Awaitable[Any], name: str) -> None:
        """Let something happen in the background; a failure of it is logged under the name."""


class ClientError(Exception):
    """The client answered a request with an error."""


def read_abilities(capabilities: Fields) -> Abilities:
    """Read a client's capabilities; what is missing or odd counts as not able."""

    def can(*names: str) -> bool:
        return capabilities.at(*names) is True

    return Abilities(
        encoding=choose_encoding(capabilities.at("general", "positionEncodings")),
        progress=can("window", "workDoneProgress"),
        watches_files=can("workspace", "didChangeWatchedFiles", "dynamicRegistration"),
        watches_folders=can("workspace", "didChangeWatchedFiles", "relativePatternSupport"),
        configuration=can("workspace", "configuration"),
        registers_configuration=can("workspace", "didChangeConfiguration", "dynamicRegistration"),
        shows_documents=can("window", "showDocument", "support"),
        applies_edits=can("workspace", "applyEdit"),
        versions_edits=can("workspace", "workspaceEdit", "documentChanges"),
        code_action_literals=bool(capabilities.at("textDocument", "codeAction", "codeActionLiteralSupport")),
    )
