"""What the client said in ``initialize`` that it can do. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from hunch.lsp.fields import Fields
from hunch.lsp.positions import DEFAULT_ENCODING, Encoding, choose_encoding


@dataclass(frozen=True, slots=True)
class ClientCapabilities:
    """The capabilities that the server looks at."""

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


def read_capabilities(capabilities: Fields) -> ClientCapabilities:
    """Read a client's capabilities; what is missing or odd counts as not able."""

    def can(*names: str) -> bool:
        return capabilities.at(*names) is True

    return ClientCapabilities(
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
