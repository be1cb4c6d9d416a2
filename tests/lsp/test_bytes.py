"""Bytes that no good client sends, and the end of a conversation, however it comes: the process lives or ends well."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import RunHunch
    from lsp.conftest import Start, Talk

    Shop = tuple[Talk, Path]

MakeWorkspace = Callable[..., Path]

END_SECONDS = 2.0
"""What the server may take to end, with every reason."""

BUSY_SECONDS = 1.0
"""What a busy machine may add to it."""


def error_of(message: dict[str, Any]) -> tuple[object, int]:
    return message["id"], message["error"]["code"]


def is_error(message: dict[str, Any]) -> bool:
    return "error" in message


# ---- what is no message ----


def test_what_is_no_message_is_refused_and_the_next_one_is_answered(shop: Shop) -> None:
    talk, _ = shop
    refused = [
        (talk.framed(b"{not json"), (None, -32700)),
        (talk.framed(b"\xff\xfe"), (None, -32700)),
        (talk.framed(b"[" * 100_000), (None, -32700)),
        (talk.framed([{"jsonrpc": "2.0", "id": 1, "method": "hunch/status"}]), (None, -32600)),
        (talk.framed({"id": "a", "method": "hunch/status"}), ("a", -32600)),
        (talk.framed({"jsonrpc": "2.0", "id": "b", "method": 3}), ("b", -32600)),
        (talk.framed({"jsonrpc": "2.0", "id": "c", "method": "hunch/status", "params": 3}), ("c", -32600)),
        (talk.framed({"jsonrpc": "2.0", "id": {}, "method": "hunch/status"}), (None, -32600)),
        (b"Content-Length: abc\r\n\r\n", (None, -32700)),
        (b"hello\r\n", (None, -32700)),
        (b"Content-Length: 2000000000\r\nContent-Length: 99999999999999\r\n\r\n", (None, -32700)),
    ]
    for data, expected in refused:
        talk.write(data)
        assert error_of(talk.until(is_error)) == expected, data[:100]
        assert talk.ask("hunch/status")["model"]


def test_a_length_that_is_too_short_loses_one_message(shop: Shop) -> None:
    talk, _ = shop
    body = json.dumps({"jsonrpc": "2.0", "id": "lost", "method": "hunch/status"}).encode()
    talk.write(b"Content-Length: %d\r\n\r\n%b" % (len(body) - 5, body))
    assert error_of(talk.until(is_error)) == (None, -32700)
    talk.begin("hunch/status")
    assert error_of(talk.until(is_error)) == (None, -32700)
    assert talk.ask("hunch/status")["model"]


def test_a_length_that_is_too_long_loses_the_next_message(shop: Shop) -> None:
    talk, _ = shop
    body = json.dumps({"jsonrpc": "2.0", "id": "lost", "method": "hunch/status"}).encode()
    talk.write(b"Content-Length: %d\r\n\r\n%b" % (len(body) + 10, body))
    talk.begin("hunch/status")
    assert error_of(talk.until(is_error)) == (None, -32700)
    assert talk.ask("hunch/status")["model"]


def test_huge_messages(shop: Shop) -> None:
    talk, root = shop
    # Twenty megabytes are a query that is too long, and a document that is.
    answer = talk.search("parse a date " * 1_600_000)
    assert "only the first 2,000" in answer["notices"][0]
    uri = (root / "src/huge.py").as_uri()
    talk.tell("textDocument/didOpen", talk.document(uri, "def huge(): pass\n" * 1_200_000))
    assert talk.ask("hunch/status")["model"]
    talk.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
    # More than the limit is passed over without being kept.
    talk.write(b"Content-Length: %d\r\n\r\n" % (65 * 1024 * 1024))
    assert error_of(talk.until(is_error)) == (None, -32700)
    for _ in range(65):
        talk.write(b" " * 1024 * 1024)
    assert talk.ask("hunch/status")["model"]


def test_notifications_of_any_shape_are_survived(shop: Shop) -> None:
    talk, _ = shop
    shapes: tuple[object, ...] = (
        None, {}, [], {"textDocument": 3}, {"textDocument": {"uri": ["x"]}}, {"changes": [{"uri": None}]},
        {"event": []}, {"settings": {"hunch": 4}}, {"token": {}}, {"textDocument": {"uri": "\ud800", "text": ""}},
    )  # fmt: skip
    methods = ("initialized", "textDocument/didOpen", "textDocument/didChange", "textDocument/didSave",
               "textDocument/didClose", "workspace/didChangeWatchedFiles", "workspace/didChangeWorkspaceFolders",
               "workspace/didChangeConfiguration", "window/workDoneProgress/cancel")  # fmt: skip
    before = talk.ask("hunch/status")["folders"][0]["uri"]
    for method in methods[1:]:
        for shape in shapes:
            talk.tell(method, shape)
    assert [folder["uri"] for folder in talk.ask("hunch/status")["folders"]] == [before]


# ---- before initialize ----


def test_what_comes_before_initialize(start: Start, tmp_path: Path) -> None:
    talk = start()
    assert talk.error("hunch/search", {"query": "x"}) == (-32002, "initialize comes first")
    assert talk.error("shutdown")[0] == -32002
    talk.write(talk.framed(b"{"))
    assert error_of(talk.until(is_error)) == (None, -32700)
    talk.tell("textDocument/didOpen", talk.document("file:///x", ""))
    assert talk.error("initialize", {"capabilities": 3}) == (-32602, "capabilities: expected an object, got a number")
    assert talk.open()["serverInfo"]["name"] == "hunch"
    nothing = talk.search("anything")
    assert (nothing["hits"], nothing["answerability"]) == ([], "none")
    assert nothing["notices"] == ["no folder is open: open a folder to search in it"]
    assert talk.ask("workspace/symbol", {"query": "anything"}) == []
    assert talk.end() == 0


def test_initialize_is_answered_before_anything_slow_is_loaded(start: Start, tmp_path: Path) -> None:
    code = "import sys, hunch.lsp.serve; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "faiss", "onnxruntime", "lsprotocol", "pygls", "tree_sitter", "psutil", "websockets"} & {
        *loaded
    }


# ---- the end ----


@pytest.mark.parametrize("moment", ["before initialize", "while indexing"])
@pytest.mark.parametrize("end", ["end of input", "exit", "termination"])
def test_every_end_is_quick(
    start: Start, make_workspace: MakeWorkspace, many_files: Any, moment: str, end: str
) -> None:
    talk = start()
    if moment == "before initialize":
        assert talk.error("hunch/status")[0] == -32002
    else:
        talk.open(make_workspace(many_files(400)), initializationOptions={"cpuShare": 0.05})
        talk.eventually(lambda: talk.ask("hunch/status")["folders"][0]["phase"], lambda phase: phase == "indexing")
    began = time.monotonic()
    if end == "exit":
        talk.tell("exit")
    elif end == "end of input":
        talk.hang_up()
    else:
        talk.process.send_signal(signal.SIGTERM)
    status = talk.wait()
    assert time.monotonic() - began < END_SECONDS + BUSY_SECONDS
    assert status == (143 if end == "termination" else 1)
    assert talk.logged() == ""


def test_shutdown_then_exit_is_a_good_end(start: Start, make_workspace: MakeWorkspace) -> None:
    talk = start()
    talk.open(make_workspace({"a.py": "def f(): pass\n"}))
    talk.wait_until_indexed()
    assert talk.ask("shutdown") is None
    assert talk.error("hunch/status")[0] == -32600
    talk.tell("exit")
    assert talk.wait() == 0


def test_the_end_of_the_clients_process_is_the_end(start: Start, tmp_path: Path) -> None:
    client = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        talk = start()
        talk.open(processId=client.pid)
        assert talk.ask("hunch/status")["folders"] == []
        began = time.monotonic()
        client.kill()  # it stays a zombie: nobody has asked for its status
        assert talk.wait() == 1
        assert time.monotonic() - began < END_SECONDS + BUSY_SECONDS
    finally:
        client.kill()
        client.communicate()


def test_a_parent_is_watched_before_there_is_a_client(start: Start) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    talk = start("--tcp", "0", "--parent", str(parent.pid))
    parent.kill()
    parent.communicate()
    assert talk.wait() == 1


def test_a_process_that_cannot_be_seen_is_not_watched(start: Start) -> None:
    talk = start()
    talk.open(processId=2**22 + 1)  # above every process id: the client lives in another container
    assert talk.ask("hunch/status")["folders"] == []
    assert talk.end() == 0


# ---- a client that does not read ----


def test_a_client_that_stops_reading_keeps_nothing_waiting(start: Start, make_workspace: MakeWorkspace) -> None:
    talk = start()
    talk.open(make_workspace())
    talk.wait_until_indexed()
    talk.stop_reading()
    # Far more answers than a pipe holds; every request is taken at once all the same.
    first = talk.begin("hunch/status")
    for _ in range(2_000):
        last = talk.begin("hunch/status")
    talk.go_on_reading()
    assert talk.answer(first)["result"]["folders"]
    assert talk.answer(last)["result"]["folders"]
    # A client that never reads again can still say goodbye.
    talk.stop_reading()
    for _ in range(500):
        talk.begin("hunch/status")
    talk.begin("shutdown")
    began = time.monotonic()
    talk.tell("exit")
    assert talk.wait() == 0
    assert time.monotonic() - began < END_SECONDS + BUSY_SECONDS


def test_a_client_that_never_reads_again_is_given_up(start: Start, make_workspace: MakeWorkspace) -> None:
    talk = start()
    talk.open(make_workspace())
    talk.wait_until_indexed()
    talk.stop_reading()
    with pytest.raises(OSError):  # the pipe breaks when the server has enough
        for number in range(10_000):
            # An answer has the id of its request, however long that is.
            talk.send({"jsonrpc": "2.0", "id": f"{number}{'x' * 100_000}", "method": "hunch/status"})
    assert talk.wait() == 1
    assert "the client reads nothing" in talk.logged()


# ---- stdout, stdin and logs ----


def test_stdout_belongs_to_the_protocol_alone(run_hunch: RunHunch, tmp_path: Path) -> None:
    code = (
        "import os, sys\nimport hunch.lsp.initialize as first\nread = first.read_initialize\n"
        "def noisy(raw):\n    print('printed', flush=True); os.system('echo from a child'); os.write(1, b'raw')\n"
        "    assert os.read(0, 10) == b''\n    return read(raw)\n"
        "first.read_initialize = noisy\nfrom hunch.cli import main\nsys.exit(main(['lsp']))"
    )
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}
    body = json.dumps(message).encode()
    sent = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    done = run_hunch(code, command=(sys.executable, "-c"), stdin=sent)
    assert done.out.startswith("Content-Length: ")
    assert json.loads(done.out.partition("\r\n\r\n")[2])["id"] == 1
    assert "printed\n" in done.err
    assert "from a child\n" in done.err
    assert "raw" in done.err


def test_logs_hold_no_source_text_and_no_queries(start: Start, make_workspace: MakeWorkspace) -> None:
    secret = "hunter2"
    talk = start("--log-level", "info")
    root = make_workspace({"a.py": f"def f():\n    return '{secret}'\n"})
    uri = (root / "a.py").as_uri()
    talk.open(root)
    talk.wait_until_indexed()
    talk.edit(uri, f"def f():\n    return '{secret} in a buffer'\n")
    talk.search(f"{secret} in a query")
    talk.error("hunch/search", {"query": {"x": secret}})
    talk.error("hunch/search", {"query": f"lang:{secret} x"})
    talk.tell("textDocument/didChange", {"textDocument": {"uri": uri}, "contentChanges": [{"text": [secret]}]})
    talk.write(talk.framed(f'{{"query": "{secret}'.encode()))
    talk.error("workspace/executeCommand", {"command": secret, "arguments": [secret]})
    assert talk.end() == 0
    assert "didChange was passed over: contentChanges[0].text: expected text" in talk.logged()
    assert secret not in talk.logged()
