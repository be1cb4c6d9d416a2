"""Help at a place in a document: hover, code actions, generated documentation."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, cast

from hunch.lsp import protocol
from hunch.lsp.client import Client, ClientError
from hunch.lsp.dispatch import RequestError
from hunch.lsp.messages import REQUEST_FAILED
from hunch.lsp.standard import ActionParams, PositionParams
from hunch.lsp.view import SessionView

if TYPE_CHECKING:
    from hunch.model.summariser import Summary


async def hover(view: SessionView, at: PositionParams) -> Any:
    """Say what is known of the function at a place; null where nothing is."""
    if not view.locations(at.uri) or not (view.recent or view.settings.generated_summaries):
        return None
    from hunch.lsp import reading

    return await reading.hover(view, at)


async def code_actions(view: SessionView, at: ActionParams) -> Any:
    """Return the actions at a place."""
    if not view.locations(at.uri):
        return []
    from hunch.lsp import reading

    return await reading.code_actions(view, at)


async def summarize(view: SessionView, at: PositionParams) -> protocol.Summary | None:
    """Return a generated sentence about the function at a place; null where there is none."""
    await view.ready()
    from hunch.lsp import summarising

    location = view.location(at.uri, "textDocument.uri")
    text = view.text_of(at.uri)
    function = await view.in_background(summarising.read_function, location, text, at.position.line)
    summary = await _summary_of(view, function.code) if function else None
    if function is None or summary is None:
        return None
    return cast(protocol.Summary, summarising.to_json(function, summary))


def document(view: SessionView, client: Client, at: PositionParams) -> Awaitable[bool]:
    """Have the editor insert a generated documentation comment; false when there is nothing to document."""
    # The position is one of the text as it is now: a change may be the next message, before anything else runs.
    document = view.documents.get(at.uri)
    return _insert(view, client, at, view.text_of(at.uri), document.version if document else None)


async def _insert(
    view: SessionView, client: Client, at: PositionParams, text: str | None, version: int | None
) -> bool:  # fmt: skip
    await view.ready()
    from hunch.lsp import summarising

    location = view.location(at.uri, "textDocument.uri")
    if not view.capabilities.applies_edits:
        raise RequestError(REQUEST_FAILED, "this editor makes no edits for a server")
    function = await view.in_background(summarising.read_function, location, text, at.position.line)
    summary = await _summary_of(view, function.code) if function and function.room else None
    edit = summarising.edit_of(function, summary.text) if function and summary else None
    if edit is None:
        return False
    if view.text_of(at.uri) is not text:
        raise RequestError(REQUEST_FAILED, "the text has changed meanwhile: ask again")
    change: dict[str, Any] = {"changes": {at.uri: [edit]}}
    if view.capabilities.versions_edits and version is not None:
        change = {"documentChanges": [{"textDocument": {"uri": at.uri, "version": version}, "edits": [edit]}]}
    try:
        asked = {"label": "Insert generated documentation", "edit": change}
        answer = await client.ask("workspace/applyEdit", asked)
    except ClientError as error:
        raise RequestError(REQUEST_FAILED, f"the editor did not make the edit: {error}") from None
    if not isinstance(answer, dict) or answer.get("applied") is not True:
        reason = answer.get("failureReason") if isinstance(answer, dict) else None
        raise RequestError(REQUEST_FAILED, f"the editor did not make the edit: {reason or 'it gave no reason'}")
    return True


async def _summary_of(view: SessionView, code: str) -> Summary | None:
    from hunch.model.bundle import BundleError

    try:
        summariser = await view.summariser()
    except BundleError as error:
        raise RequestError(REQUEST_FAILED, str(error)) from None
    return await view.in_search(summariser.summarise, code)
