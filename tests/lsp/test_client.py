"""A whole session of a client that checks each message against the protocol's types and its own capabilities."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

if TYPE_CHECKING:
    from conftest import RunHunch

MakeWorkspace = Callable[..., Path]

SECONDS = 30.0
OTHER = "def brew_coffee_for_everybody(people):\n    return people * 2\n"


@asynccontextmanager
async def session(run: RunHunch, root: Path, editor: str) -> AsyncIterator[tuple[LanguageClient, list[Any]]]:
    """Give a client that has the capabilities of an editor, and the statuses that it was told."""
    client = make_test_lsp_client()
    told: list[Any] = []

    # It says that it takes registrations, but answers none by itself.
    client.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda params: told.append(params))
    client.feature("hunch/statusChanged")(lambda params: told.append(params))
    await client.start_io(sys.executable, "-m", "hunch.cli", "lsp", env=run.environment())
    folder = types.WorkspaceFolder(root.as_uri(), root.name)
    capabilities = client_capabilities(editor)
    params = types.InitializeParams(capabilities, workspace_folders=[folder], root_uri=root.as_uri())
    await asyncio.wait_for(client.initialize_session(params), SECONDS)
    try:
        yield client, told
        await asyncio.wait_for(client.shutdown_session(), SECONDS)
        assert client.error is None
    finally:
        await client.stop()  # type: ignore[no-untyped-call]


async def eventually(look: Callable[[], Any]) -> Any:
    async def until() -> Any:
        while not (seen := await look()):
            await asyncio.sleep(0.02)
        return seen

    return await asyncio.wait_for(until(), SECONDS)


@pytest.mark.asyncio
async def test_a_session_as_an_editor_has_it(run_hunch: RunHunch, make_workspace: MakeWorkspace) -> None:
    root = make_workspace()
    async with session(run_hunch, root, "visual_studio_code") as (client, told):

        async def symbols(query: str) -> Any:
            return await client.workspace_symbol_async(types.WorkspaceSymbolParams(query))

        async def coffee() -> Any:
            return any(symbol.name == "brew_coffee_for_everybody" for symbol in await symbols("brew coffee") or [])

        best = (await eventually(lambda: symbols("sort orders by date")))[0]
        assert best.name == "sort_orders_by_date"
        assert best.location.uri == (root / "src/orders.py").as_uri()

        uri = (root / "src/new.py").as_uri()
        document = types.TextDocumentItem(uri, "python", 1, "# nothing yet\n")
        client.text_document_did_open(types.DidOpenTextDocumentParams(document))
        end = types.Position(1, 0)
        change = types.TextDocumentContentChangePartial(types.Range(end, end), OTHER)
        identifier = types.VersionedTextDocumentIdentifier(2, uri)
        client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))
        assert await eventually(coffee)

        here = types.TextDocumentIdentifier(uri)
        selected = types.Range(types.Position(1, 0), types.Position(2, 10))
        context = types.CodeActionContext([])
        actions: Any = await client.text_document_code_action_async(types.CodeActionParams(here, selected, context))
        assert [action.title for action in actions] == ["Find similar code"]
        command = types.ExecuteCommandParams("hunch.search", ["brew coffee"])
        answer: Any = await client.workspace_execute_command_async(command)
        assert answer["hits"][0]["name"] == "brew_coffee_for_everybody"
        hover: Any = await client.text_document_hover_async(types.HoverParams(here, types.Position(1, 5)))
        assert "brew_coffee_for_everybody" in hover.contents.value
        with pytest.raises(JsonRpcException, match="no method"):
            await client.text_document_definition_async(types.DefinitionParams(here, types.Position(0, 0)))
        client.text_document_did_close(types.DidCloseTextDocumentParams(here))
        assert told
