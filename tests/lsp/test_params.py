"""What clients send, read with exact types: every mistake names its field."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from hunch.lsp.fields import Fields, ParamsError
from hunch.lsp.handlers.commands import argument_of
from hunch.lsp.messages import Malformed, Notification, Request, Response, read_message
from hunch.lsp.params import SearchParams, SimilarParams, read_folder, read_nothing, read_search, read_similar
from hunch.lsp.positions import Position, Span
from hunch.lsp.settings import DEFAULTS, Settings, read_settings
from hunch.lsp.standard import (
    Change,
    CommandParams,
    WorkspaceFolder,
    read_action,
    read_changed,
    read_command,
    read_configuration,
    read_document,
    read_folders,
    read_initialize,
    read_opened,
    read_position_params,
    read_symbols,
    read_token,
    read_watched,
)

PLACE = {"line": 3, "character": 4}
SPAN = {"start": PLACE, "end": {"line": 5, "character": 0}}
FILE = {"uri": "file:///a.py"}


def test_search() -> None:
    assert read_search({"query": "x"}) == SearchParams("x", 20)
    everything = {
        "query": "x", "limit": 100,
        "languages": ["go"], "paths": ["a/**", "b"], "kinds": [], "folder": "f", "within": "w",
    }  # fmt: skip
    assert read_search(everything) == SearchParams("x", 100, ("go",), ("a/**", "b"), (), "f", "w")
    assert read_search({"query": "x", "limit": None, "languages": None, "folder": None, "other": 1}) == SearchParams(
        "x"
    )


def test_similar() -> None:
    assert read_similar({"textDocument": FILE, "position": PLACE}) == SimilarParams(
        "file:///a.py", Position(3, 4), Position(3, 4)
    )
    assert read_similar({"textDocument": FILE, "range": SPAN, "limit": 3, "show": True}) == SimilarParams(
        "file:///a.py", Position(3, 4), Position(5, 0), 3, True
    )


def test_standard_messages() -> None:
    assert read_changed(
        {"textDocument": FILE, "contentChanges": [{"text": "a"}, {"range": SPAN, "text": ""}]}
    ).changes == (
        Change(None, "a"),
        Change(Span(Position(3, 4), Position(5, 0)), ""),
    )
    assert read_document({"textDocument": FILE, "text": 3}) == "file:///a.py"
    assert read_watched({"changes": [{"uri": "a", "type": 1}, {"uri": "b", "type": 99}]}) == ("a", "b")
    folders = read_folders({"event": {"added": [{"uri": "a", "name": "A"}], "removed": [{"uri": "b"}]}})
    assert (folders.added, folders.removed) == ((WorkspaceFolder("a", "A"),), (WorkspaceFolder("b", ""),))
    assert read_configuration({"settings": None}) is None
    assert read_configuration({}) is None
    assert read_token({"token": 3}) == 3
    action = read_action(
        {"textDocument": FILE, "range": SPAN, "context": {"diagnostics": [{"range": -1}], "triggerKind": 2}}
    )
    assert (action.only, action.automatic) == ((), True)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"workspaceFolders": [{"uri": "a", "name": "A"}], "rootUri": "b"}, [WorkspaceFolder("a", "A")]),
        ({"workspaceFolders": [], "rootUri": "b"}, [WorkspaceFolder("b", "")]),
        ({"workspaceFolders": None, "rootUri": "b"}, [WorkspaceFolder("b", "")]),
        ({"rootUri": None}, []),
        ({}, []),
    ],
)
def test_folders_are_the_workspaces_else_the_root_else_none(params: dict[str, Any], expected: list[Any]) -> None:
    assert list(read_initialize({"capabilities": {}, **params}).folders) == expected


@pytest.mark.parametrize(
    ("read", "params", "message"),
    [
        (read_search, None, "params: expected an object, got null"),
        (read_search, ["x"], "params: expected an object, got a list"),
        (read_search, {}, "query: missing"),
        (read_search, {"query": None}, "query: expected text, got null"),
        (read_search, {"query": {"text": "x"}}, "query: expected text, got an object"),
        (read_search, {"query": 3}, "query: expected text, got a number"),
        (read_search, {"query": "x", "limit": "3"}, "limit: expected a whole number, got text"),
        (read_search, {"query": "x", "limit": True}, "limit: expected a whole number, got true or false"),
        (read_search, {"query": "x", "limit": 3.0}, "limit: expected a whole number, got a number"),
        (read_search, {"query": "x", "limit": 0}, "limit: 0 is not from 1 to 100"),
        (read_search, {"query": "x", "limit": 101}, "limit: 101 is not from 1 to 100"),
        (read_search, {"query": "x", "languages": "go"}, "languages: expected a list, got text"),
        (read_search, {"query": "x", "paths": ["a", 3]}, "paths[1]: expected text, got a number"),
        (read_search, {"query": "x", "kinds": {}}, "kinds: expected a list, got an object"),
        (read_search, {"query": "x", "folder": 1}, "folder: expected text, got a number"),
        (read_similar, {"textDocument": FILE}, "position: missing (or a range)"),
        (read_similar, {"position": PLACE}, "textDocument: missing"),
        (read_similar, {"textDocument": {}, "position": PLACE}, "textDocument.uri: missing"),
        (read_similar, {"textDocument": FILE, "position": {"line": 1}}, "position.character: missing"),
        (
            read_similar,
            {"textDocument": FILE, "position": {"line": -1, "character": 0}},
            "position.line: -1 is not from 0 to 2147483647",
        ),
        (read_similar, {"textDocument": FILE, "range": {"start": PLACE}}, "range.end: missing"),
        (read_similar, {"textDocument": FILE, "range": {"start": 1}}, "range.start: expected an object, got a number"),
        (
            read_similar,
            {"textDocument": FILE, "position": PLACE, "show": 1},
            "show: expected true or false, got a number",
        ),
        (read_folder, {"folder": []}, "folder: expected text, got a list"),
        (read_nothing, 3, "params: expected an object, got a number"),
        (read_opened, {"textDocument": {"uri": "a"}}, "textDocument.text: missing"),
        (read_opened, {"textDocument": {"uri": "a", "text": ["x"]}}, "textDocument.text: expected text, got a list"),
        (read_changed, {"textDocument": FILE, "contentChanges": [{}]}, "contentChanges[0].text: missing"),
        (
            read_changed,
            {"textDocument": FILE, "contentChanges": [1]},
            "contentChanges[0]: expected an object, got a number",
        ),
        (
            read_changed,
            {"textDocument": FILE, "contentChanges": [{"text": "", "range": {"start": PLACE, "end": {"line": "1"}}}]},
            "contentChanges[0].range.end.line: expected a whole number, got text",
        ),
        (read_position_params, {"textDocument": FILE, "position": None}, "position: expected an object, got null"),
        (read_symbols, {"query": 1}, "query: expected text, got a number"),
        (read_command, {"command": 1}, "command: expected text, got a number"),
        (read_command, {"command": "a", "arguments": {}}, "arguments: expected a list, got an object"),
        (read_action, {"textDocument": FILE, "range": SPAN}, "context: missing"),
        (
            read_action,
            {"textDocument": FILE, "range": SPAN, "context": {"only": [1]}},
            "context.only[0]: expected text, got a number",
        ),
        (read_token, {"token": True}, "token: expected text or a number"),
        (read_folders, {"event": {"added": [{}]}}, "event.added[0].uri: missing"),
        (read_initialize, {}, "capabilities: missing"),
        (read_initialize, {"capabilities": {}, "processId": "1"}, "processId: expected a whole number, got text"),
        (
            read_initialize,
            {"capabilities": {}, "workspaceFolders": [1]},
            "workspaceFolders[0]: expected an object, got a number",
        ),
    ],
)  # fmt: skip
def test_mistakes_name_their_field(read: Callable[[object], object], params: object, message: str) -> None:
    with pytest.raises(ParamsError) as caught:
        read(params)
    assert str(caught.value) == message


def test_capabilities_of_any_shape_are_looked_through() -> None:
    fields = Fields({"window": [], "workspace": {"configuration": True}})
    assert fields.at("window", "workDoneProgress") is None
    assert fields.at("workspace", "configuration") is True
    assert fields.at("general", "positionEncodings") is None


@pytest.mark.parametrize(
    ("command", "arguments", "expected"),
    [
        ("hunch.search", ("text",), {"query": "text"}),
        ("hunch.search", ({"query": "x"},), {"query": "x"}),
        ("hunch.similar", ("text",), "text"),
        ("hunch.status", (), None),
    ],
)
def test_a_command_has_one_argument(command: str, arguments: tuple[Any, ...], expected: object) -> None:
    assert argument_of(CommandParams(command, arguments)) == expected


def test_more_arguments_are_refused() -> None:
    with pytest.raises(ParamsError, match="takes one, got 2"):
        argument_of(CommandParams("hunch.search", ("a", "b")))


# ---- settings ----


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, DEFAULTS),
        ({}, DEFAULTS),
        ({"cpuShare": 1, "pauseOnBattery": True}, Settings(cpu_share=1, pause_on_battery=True)),
        ({"hunch": {"scanInterval": 60, "similarHints": True}}, Settings(scan_interval=60, similar_hints=True)),
        ({"readInContext": False}, Settings(contextual_embeddings=False)),
        ({"contextualEmbeddings": False}, Settings(contextual_embeddings=False)),
        ({"readInContext": True, "contextualEmbeddings": False}, Settings(contextual_embeddings=False)),
        ({"workspaceSymbols": False, "other": {}}, Settings(workspace_symbols=False)),
        ({"cpuShare": None}, DEFAULTS),
    ],
)
def test_settings(raw: object, expected: Settings) -> None:
    assert read_settings(raw) == (expected, [])


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({"cpuShare": "half"}, "setting hunch.cpuShare: expected a number from 0.05 to 1: 0.5 holds"),
        ({"cpuShare": 0}, "setting hunch.cpuShare: expected a number from 0.05 to 1: 0.5 holds"),
        ({"cpuShare": True}, "setting hunch.cpuShare: expected a number from 0.05 to 1: 0.5 holds"),
        ({"scanInterval": float("nan")}, "setting hunch.scanInterval: expected seconds from 1 to 86400: 300.0 holds"),
        ({"readInContext": "yes"}, "setting hunch.readInContext: expected true or false: True holds"),
        ({"similarHints": 1}, "setting hunch.similarHints: expected true or false: False holds"),
        ({"hunch": {"pauseOnBattery": "no"}}, "setting hunch.pauseOnBattery: expected true or false: False holds"),
        ([], "settings: expected an object: hunch.* keep their values"),
        ({"hunch": 3}, "settings: expected an object: hunch.* keep their values"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_and_the_default_holds(raw: object, problem: str) -> None:
    assert read_settings(raw) == (DEFAULTS, [problem])


def test_settings_that_are_not_named_stay() -> None:
    assert read_settings({"cpuShare": 1}, base=Settings(similar_hints=True))[0] == Settings(1, similar_hints=True)


# ---- envelopes ----


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"jsonrpc":"2.0","id":1,"method":"m","params":{}}', Request(1, "m", {})),
        (b'{"jsonrpc":"2.0","id":"a","method":"m"}', Request("a", "m", None)),
        (b'{"jsonrpc":"2.0","method":"m","params":[1]}', Notification("m", [1])),
        (b'{"jsonrpc":"2.0","id":"h","result":null}', Response("h", None, None)),
        (b'{"jsonrpc":"2.0","id":"h","error":{"code":1}}', Response("h", None, {"code": 1})),
    ],
)
def test_messages(body: bytes, expected: object) -> None:
    assert read_message(body) == expected


@pytest.mark.parametrize(
    ("body", "identity", "code"),
    [
        (b"", None, -32700),
        (b"{", None, -32700),
        (b"\xff{}", None, -32700),
        (b"[" * 200_000, None, -32700),
        (b'{"id":' + b"9" * 5_000 + b"}", None, -32700),
        (b"[]", None, -32600),
        (b"3", None, -32600),
        (b"{}", None, -32600),
        (b'{"jsonrpc":"1.0","id":3,"method":"m"}', 3, -32600),
        (b'{"jsonrpc":"2.0","id":{},"method":"m"}', None, -32600),
        (b'{"jsonrpc":"2.0","id":true,"method":"m"}', None, -32600),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"m"}', None, -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"m"}', None, -32600),
        (b'{"jsonrpc":"2.0","id":4,"method":5}', 4, -32600),
        (b'{"jsonrpc":"2.0","id":4,"method":"m","params":"x"}', 4, -32600),
        (b'{"jsonrpc":"2.0","id":4}', 4, -32600),
        (b'{"jsonrpc":"2.0","id":4,"error":"x"}', 4, -32600),
    ],
)
def test_what_is_no_message(body: bytes, identity: object, code: int) -> None:
    message = read_message(body)
    assert isinstance(message, Malformed)
    assert (message.id, message.code) == (identity, code)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process so")
def test_a_message_for_which_the_memory_does_not_suffice() -> None:
    code = (
        "import resource; from hunch.lsp.messages import read_message\n"
        "body = b'[' + b'[],' * 10_000_000 + b'[]]'\n"
        "resource.setrlimit(resource.RLIMIT_AS, (400_000_000, 400_000_000))\n"
        "print(read_message(body))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Malformed(id=None, code=-32700") and "memory" in done.stdout
