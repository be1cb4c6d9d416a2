"""Of the standard messages, what the server uses: JSON -> frozen dataclasses. Pure.

What the server does not use is not looked at, so that no client is refused for it. Every reader raises ParamsError,
naming the field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hunch.lsp.fields import Fields, ParamsError
from hunch.lsp.positions import Position, Span


@dataclass(frozen=True, slots=True)
class WorkspaceFolder:
    """A folder that the client has open."""

    uri: str
    name: str


@dataclass(frozen=True, slots=True)
class InitializeParams:
    """What the server wants to know of ``initialize``."""

    process: int | None
    folders: tuple[WorkspaceFolder, ...]
    capabilities: Fields
    options: Any


@dataclass(frozen=True, slots=True)
class PositionParams:
    """A place in a document."""

    uri: str
    position: Position


@dataclass(frozen=True, slots=True)
class Change:
    """A piece of text that replaces another one, or all there is when there is no span."""

    span: Span | None
    text: str


@dataclass(frozen=True, slots=True)
class OpenParams:
    """Of ``textDocument/didOpen``."""

    uri: str
    text: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class ChangeParams:
    """Of ``textDocument/didChange``: changes to be made one after the other."""

    uri: str
    changes: tuple[Change, ...]
    version: int | None = None
    """Of the text after them."""


@dataclass(frozen=True, slots=True)
class FoldersParams:
    """Of ``workspace/didChangeWorkspaceFolders``."""

    added: tuple[WorkspaceFolder, ...]
    removed: tuple[WorkspaceFolder, ...]


@dataclass(frozen=True, slots=True)
class CommandParams:
    """Of ``workspace/executeCommand``."""

    command: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ActionParams:
    """Of ``textDocument/codeAction``."""

    uri: str
    span: Span
    only: tuple[str, ...]
    """Kinds that are wanted; none stands for all."""
    automatic: bool
    """Asked because the cursor moved, not because somebody wants to see actions."""


def read_initialize(raw: object) -> InitializeParams:
    """Read what matters of ``initialize``: folders are the workspace's, else the root, else none.

    Raises:
        ParamsError: naming the field.
    """
    fields = Fields(raw)
    folders = read_workspace_folders(fields, "workspaceFolders")
    root = fields.optional("rootUri")
    if not folders and root:
        folders = (WorkspaceFolder(root, ""),)
    return InitializeParams(
        process=fields.whole("processId", most=2**63 - 1) if fields.has("processId") else None,
        folders=folders,
        capabilities=fields.inner("capabilities"),
        options=fields.at("initializationOptions"),
    )


def read_workspace_folders(fields: Fields, name: str) -> tuple[WorkspaceFolder, ...]:
    """Read a list of workspace folders; none when it is missing.

    Raises:
        ParamsError: naming the field.
    """
    return tuple(WorkspaceFolder(one.text("uri"), one.text("name", "")) for one in fields.objects(name))


def read_opened(raw: object) -> OpenParams:
    """Read the parameters of ``textDocument/didOpen``."""
    document = Fields(raw).inner("textDocument")
    return OpenParams(document.text("uri"), document.text("text"), _version_of(document))


def read_changed(raw: object) -> ChangeParams:
    """Read the parameters of ``textDocument/didChange``."""
    fields = Fields(raw)
    document = fields.inner("textDocument")
    return ChangeParams(
        document.text("uri"),
        tuple(
            Change(read_span(change.inner("range")) if change.has("range") else None, change.text("text"))
            for change in fields.objects("contentChanges")
        ),
        _version_of(document),
    )


def _version_of(document: Fields) -> int | None:
    version = document.at("version")
    return version if isinstance(version, int) and not isinstance(version, bool) else None


def read_document(raw: object) -> str:
    """Read the URI of the document that parameters are about."""
    return Fields(raw).inner("textDocument").text("uri")


def read_watched(raw: object) -> tuple[str, ...]:
    """Read the URIs of ``workspace/didChangeWatchedFiles``; what happened to them, the disk says."""
    return tuple(change.text("uri") for change in Fields(raw).objects("changes"))


def read_folders(raw: object) -> FoldersParams:
    """Read the parameters of ``workspace/didChangeWorkspaceFolders``."""
    event = Fields(raw).inner("event")
    return FoldersParams(read_workspace_folders(event, "added"), read_workspace_folders(event, "removed"))


def read_configuration(raw: object) -> Any:
    """Read the settings of ``workspace/didChangeConfiguration``, of any type."""
    return Fields(raw).at("settings")


def read_symbols(raw: object) -> str:
    """Read the query of ``workspace/symbol``."""
    return Fields(raw).text("query")


def read_object(raw: object) -> dict[str, Any]:
    """Read an object as it is."""
    Fields(raw)
    assert isinstance(raw, dict)
    return raw


def read_command(raw: object) -> CommandParams:
    """Read the parameters of ``workspace/executeCommand``."""
    fields = Fields(raw)
    return CommandParams(fields.text("command"), tuple(fields.items("arguments")))


def read_action(raw: object) -> ActionParams:
    """Read the parameters of ``textDocument/codeAction``."""
    fields = Fields(raw)
    context = fields.inner("context")
    return ActionParams(
        uri=fields.inner("textDocument").text("uri"),
        span=read_span(fields.inner("range")),
        only=context.texts("only"),
        automatic=context.at("triggerKind") == 2,
    )


def read_token(raw: object) -> str | int:
    """Read the token of ``window/workDoneProgress/cancel``."""
    token = Fields(raw).at("token")
    if isinstance(token, bool) or not isinstance(token, (str, int)):
        raise ParamsError("token: expected text or a number")
    return token


def read_position_params(raw: object) -> PositionParams:
    """Read a document and a position in it.

    Raises:
        ParamsError: naming the field.
    """
    fields = Fields(raw)
    return PositionParams(fields.inner("textDocument").text("uri"), read_position(fields.inner("position")))


def read_position(fields: Fields) -> Position:
    """Read a position."""
    return Position(fields.whole("line"), fields.whole("character"))


def read_span(fields: Fields) -> Span:
    """Read a range."""
    return Span(read_position(fields.inner("start")), read_position(fields.inner("end")))
