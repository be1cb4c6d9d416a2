"""How the language server's modules hang together: no circles, who may change the session, nobody's private names."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol

import hunch.lsp
from hunch.lsp.capabilities import ClientCapabilities
from hunch.lsp.client import Client
from hunch.lsp.dispatch import Route, open_dispatcher
from hunch.lsp.fields import Fields
from hunch.lsp.handlers import routes
from hunch.lsp.recent import RecentHits
from hunch.lsp.send_queue import SendQueue
from hunch.lsp.session import Session
from hunch.lsp.standard import InitializeParams
from hunch.lsp.view import SessionView

ROOM = Path(hunch.lsp.__file__).parent
MODULES = {
    ".".join(("hunch", "lsp", *path.relative_to(ROOM).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in ROOM.rglob("*.py")
}

PUBLIC_UNDERSCORES = {"_asdict", "_replace", "_exit"}
"""Names that begin so and are documented for everybody."""

CHANGING = {
    "initialized", "textDocument/didOpen", "textDocument/didChange", "textDocument/didSave", "textDocument/didClose",
    "workspace/didChangeWatchedFiles", "workspace/didChangeWorkspaceFolders", "workspace/didChangeConfiguration",
    "window/workDoneProgress/cancel", "hunch/pause", "hunch/resume", "hunch/rebuild", "hunch/cancel",
}  # fmt: skip


def imported(path: Path) -> Iterator[str]:
    """Yield the modules of the language server that a file imports anywhere, also for types only."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & set(MODULES)
            yield from inner or {node.module} & set(MODULES)


def external(path: Path) -> Iterator[tuple[str, str]]:
    """Yield what a file imports by ``from``: the package, and the whole name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module.partition(".")[0], f"{node.module}.{alias.name}") for alias in node.names)


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {name: set(imported(path)) for name, path in MODULES.items()}
    assert graph["hunch.lsp.session"] >= {"hunch.lsp.folders", "hunch.lsp.hints"}
    assert list(TopologicalSorter(graph).static_order())  # CycleError names the circle


def test_files_are_short() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    assert [name for name, length in lengths.items() if length > 450] == []


def test_private_names_are_used_only_by_their_owner() -> None:
    found = [
        f"{name}:{node.lineno} {node.attr}"
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and node.attr not in PUBLIC_UNDERSCORES
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
    ]
    assert found == []


def test_the_server_stands_on_pygls_and_uses_public_names_of_it_only() -> None:
    dispatcher = open_dispatcher(SendQueue(lambda _: None, lambda _: None), ClientCapabilities())
    assert isinstance(dispatcher, LanguageServerProtocol)
    assert isinstance(dispatcher.fm.server, LanguageServer)
    assert dispatcher.fm.server.protocol is dispatcher
    plain = LanguageServer("plain", "1")
    private = {name for name in {*dir(plain), *dir(plain.protocol)} if name.startswith("_") and name[:2] != "__"}
    assert private >= {"_shutdown", "_serialize_message", "_send_data", "_request_futures"}
    standing_on_it = {name: path for name, path in MODULES.items() if "pygls" in {top for top, _ in external(path)}}
    assert standing_on_it.keys() >= {"hunch.lsp.dispatch", "hunch.lsp.encoding"}
    for name, path in standing_on_it.items():
        assert [full for top, full in external(path) if top == "pygls" and "._" in full] == [], name
        tree = ast.parse(path.read_text(encoding="utf-8"))
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        used |= {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
        assert used & private == set(), name


def test_every_method_is_a_feature_of_pygls(table: dict[str, Route]) -> None:
    dispatcher = open_dispatcher(SendQueue(lambda _: None, lambda _: None), ClientCapabilities())
    dispatcher.add_routes(table)
    assert dispatcher.fm.features.keys() == table.keys()
    assert dispatcher.fm.builtin_features.keys() == {"shutdown"}


# ---- who may change what ----


@pytest.fixture
def table() -> dict[str, Route]:
    """The routes of a session without a client."""
    dispatcher = open_dispatcher(SendQueue(lambda _: None, lambda _: None), ClientCapabilities())
    session = Session(dispatcher, None)
    return dict(routes(session, InitializeParams(None, (), Fields({}), None)))


def given(route: Route) -> list[Any]:
    """Return the types of what a handler is given besides its parameters, as its signature has them."""
    assert isinstance(route.handle, partial)
    names = list(inspect.signature(route.handle.func).parameters)[: len(route.handle.args)]
    hints = get_type_hints(route.handle.func, localns={"LiveWorkspace": Any, "Found": Any, "Summary": Any})
    return [hints[name] for name in names]


def test_a_signature_shows_what_a_handler_may_change(table: dict[str, Route]) -> None:
    assert {method for method, route in table.items() if Session in given(route)} == CHANGING
    reading = {method: given(route) for method, route in table.items() if method not in CHANGING}
    commands = reading.pop("workspace/executeCommand")  # answers as the request does that it stands for
    assert len(commands) == 1
    assert {method: types[1:] for method, types in reading.items() if types != [SessionView]} == {
        "hunch/search": [RecentHits],
        "hunch/similar": [RecentHits, Client],
        "hunch/document": [Client],
    }
    assert all(types[0] is SessionView for types in reading.values())


def test_a_view_has_nothing_that_changes_the_session() -> None:
    source = ast.parse(inspect.getsource(Session))
    changing = {
        method.name
        for method in ast.walk(source)
        if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef))
        and any(
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
            and node.attr not in ("_summariser", "_is_loaded")  # loaded when first asked for
            for node in ast.walk(method)
        )
    }
    changing |= {"add_folders", "remove_folders", "close", "say"}
    assert "take_settings" in changing
    seen = {name for name in vars(SessionView) if not name.startswith("_")}
    assert seen >= {"settings", "folders", "locations", "status"}
    assert not seen & changing
    # Nothing of a view can be assigned: mypy takes a property for a constant.
    annotated = getattr(SessionView, "__annotations__", {})
    assert annotated == {}
