"""TCP and web sockets: the client that has the token is served, and nobody else ends the server or keeps it busy."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

if TYPE_CHECKING:
    from lsp.conftest import Start, Talk

MakeWorkspace = Callable[..., Path]

KITE = 'def fly_kite(wind):\n    """Let the kite rise into the wind."""\n    return wind.lift()\n'
QUERY = "let the kite rise"
INITIALIZE = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}
CHOSEN = "a-token.of-my_own~1"


def with_token(message: object, token: str) -> bytes:
    """Return a message as a client sends it first."""
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\nAuthorization: Bearer %b\r\n\r\n%b" % (len(body), token.encode(), body)


def read(stream: Any) -> dict[str, Any]:
    length = int(stream.readline().split(b":")[1])
    stream.readline()
    message = json.loads(stream.read(length))
    assert isinstance(message, dict)
    return message


def reached(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def check_tcp_client_is_served(talk: Talk) -> None:
    """Be the one client, and end the server with it."""
    port, token = talk.listening()
    with reached(port) as connection, connection.makefile("rb") as stream:
        connection.sendall(with_token(INITIALIZE, token))
        assert read(stream)["result"]["serverInfo"]["name"] == "hunch"
    assert talk.wait() == 1


def check_web_socket_client_is_served(talk: Talk, path: str = "/", **more: Any) -> None:
    from websockets.sync.client import connect

    port, _ = talk.listening()
    with connect(f"ws://127.0.0.1:{port}{path}", **more) as connection:
        connection.send(json.dumps(INITIALIZE))
        assert json.loads(connection.recv())["result"]["serverInfo"]["name"] == "hunch"
    assert talk.wait() == 1


# ---- the client ----


def test_tcp_serves_one_client_and_ends_with_it(start: Start, make_workspace: MakeWorkspace) -> None:
    talk, root = start("--tcp", "0"), make_workspace({"a.py": KITE})
    port, token = talk.listening()
    with reached(port) as connection:
        initialize = {**INITIALIZE, "params": {"capabilities": {}, "rootUri": root.as_uri()}}
        connection.sendall(with_token(initialize, token))
        connection.sendall(talk.framed({"jsonrpc": "2.0", "method": "initialized"}))
        search = {"jsonrpc": "2.0", "id": 2, "method": "hunch/search", "params": {"query": QUERY}}
        connection.sendall(talk.framed(search))
        with connection.makefile("rb") as stream:
            assert read(stream)["result"]["serverInfo"]["name"] == "hunch"
            while (message := read(stream)).get("id") != 2:
                pass
        assert message["result"]["query"] == QUERY
        with pytest.raises(OSError):  # nobody else is let in
            reached(port).recv(1)
            raise ConnectionRefusedError
    assert talk.wait() == 1


def with_options(options: object) -> bytes:
    body = json.dumps({**INITIALIZE, "params": {"capabilities": {}, "initializationOptions": options}}).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def test_tcp_takes_the_token_among_the_options_of_a_client_that_adds_no_header(start: Start) -> None:
    talk = start("--tcp", "0")
    port, token = talk.listening()
    strange: list[object] = [{"token": "not-the-token-1234"}, {"token": 7}, {}, [], {"token": "x" * 2_000_000}]
    for wrong in strange:
        with reached(port) as connection, suppress(OSError):
            connection.sendall(with_options(wrong))
            with connection.makefile("rb") as stream:
                assert "initializationOptions.token" in read(stream)["error"]["message"]
    with reached(port) as connection, connection.makefile("rb") as stream:
        whole = with_options({"token": token, "cpuShare": 0.5})
        for part in (whole[:60], whole[60:]):
            connection.sendall(part)
        assert read(stream)["result"]["serverInfo"]["name"] == "hunch"
    assert talk.wait() == 1


def test_web_sockets(start: Start, make_workspace: MakeWorkspace) -> None:
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect
    from websockets.typing import Origin

    talk, root = start("--ws", "0"), make_workspace({"a.py": KITE})
    port, token = talk.listening()
    address = f"ws://127.0.0.1:{port}/?token={token}"
    with pytest.raises(InvalidStatus):
        connect(address, origin=Origin("https://example.org"))
    with connect(address) as connection:
        initialize = {**INITIALIZE, "params": {"capabilities": {}, "rootUri": root.as_uri()}}
        connection.send(json.dumps(initialize))
        assert json.loads(connection.recv())["result"]["serverInfo"]["name"] == "hunch"
        connection.send("{")
        connection.send(json.dumps({"jsonrpc": "2.0", "method": "initialized"}))
        connection.send(json.dumps({"jsonrpc": "2.0", "id": 2, "method": "hunch/status"}))
        seen = []
        while (message := json.loads(connection.recv())).get("id") != 2:
            seen.append(message)
        assert [message["error"]["code"] for message in seen if "error" in message] == [-32700]
        assert message["result"]["folders"][0]["uri"] == root.as_uri()
        connection.send(json.dumps({"jsonrpc": "2.0", "id": 3, "method": "shutdown"}))
        connection.send(json.dumps({"jsonrpc": "2.0", "method": "exit"}))
        assert talk.wait() == 0


def test_a_web_socket_takes_the_token_as_a_header(start: Start) -> None:
    talk = start("--ws", "0")
    authorization = {"Authorization": f"Bearer {talk.listening()[1]}"}
    check_web_socket_client_is_served(talk, additional_headers=authorization)


# ---- the token ----


def test_every_server_has_a_token_of_its_own_that_no_list_of_processes_shows(start: Start) -> None:
    talks = [start("--tcp", "0"), start("--ws", "0")]
    tokens = {talk.listening()[1] for talk in talks}
    assert len(tokens) == 2 and all(len(token) >= 32 for token in tokens)
    for talk in talks:
        assert not tokens & set(" ".join(psutil.Process(talk.process.pid).cmdline()).split())


def test_a_token_of_ones_own_is_not_printed(start: Start) -> None:
    talk = start("--ws", "0", env={"HUNCH_TOKEN": CHOSEN})
    assert talk.listening()[1] == ""
    check_web_socket_client_is_served(talk, f"/?token={CHOSEN}")
    assert CHOSEN not in talk.logged()


def test_a_debug_log_does_not_hold_the_token(start: Start) -> None:
    talk = start("--ws", "0", "--log-level", "debug", env={"HUNCH_TOKEN": CHOSEN})
    check_web_socket_client_is_served(talk, f"/?token={CHOSEN}")
    assert CHOSEN not in talk.logged()


@pytest.mark.parametrize("way", ["--tcp", "--ws"])
@pytest.mark.parametrize("chosen", ["short", "with a space in it all", "line\r\nbreaks-are-no-good", "k" * 513])
def test_a_token_that_is_none_is_told_in_one_line(start: Start, way: str, chosen: str) -> None:
    talk = start(way, "0", env={"HUNCH_TOKEN": chosen})
    assert talk.wait() == 2
    (line,) = talk.logged().splitlines()
    assert line.startswith("hunch: error: HUNCH_TOKEN: ")
    assert chosen not in line


# ---- everybody else ----

POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize(
    "said",
    [
        b"Content-Length: 2\r\n\r\n{}",
        with_token(INITIALIZE, "wrong" * 8),
        with_token(INITIALIZE, "") + b"more",
        b"Content-Length: 2\r\nAuthorization: Basic eDp5\r\n\r\n{}",
        POST,
        os.urandom(5_000) + b"\r\n\r\n",
        b"\0" * 100_000,
    ],
    ids=["no token", "wrong token", "empty token", "another scheme", "a page in a browser", "random bytes", "zeros"],
)
def test_who_has_no_token_is_turned_away_from_tcp_at_once(start: Start, said: bytes) -> None:
    talk = start("--tcp", "0")
    with reached(talk.listening()[0]) as stranger, stranger.makefile("rb") as stream:
        with suppress(ConnectionError):  # it is closed while the rest is sent
            stranger.sendall(said)
        with suppress(ConnectionError):
            assert "token" in read(stream)["error"]["message"]
            assert stream.read() == b""
    check_tcp_client_is_served(talk)
    assert len(talk.logged().splitlines()) == 1


def test_a_page_that_knows_the_token_still_cannot_post_to_tcp(start: Start) -> None:
    talk = start("--tcp", "0")
    port, token = talk.listening()
    with reached(port) as stranger, stranger.makefile("rb") as stream:
        stranger.sendall(POST.replace(b"Host: x", b"Authorization: Bearer " + token.encode()))
        assert "error" in read(stream)
        assert stream.read() == b""
    check_tcp_client_is_served(talk)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/?token=", {}),
        ("/?token=wrong", {}),
        ("/?token=wrong&token=TOKEN", {}),
        ("/?token=%00%ff", {}),
        ("/?" + "a=1&" * 50, {}),
        ("/?token=TOKEN", {"Authorization": "Bearer wrong"}),
        ("/", {"Authorization": "Basic TOKEN"}),
        ("/TOKEN", {}),
    ],
)
def test_who_has_no_token_is_refused_before_there_is_a_web_socket(
    start: Start, path: str, headers: dict[str, str]
) -> None:
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    talk = start("--ws", "0")
    port, token = talk.listening()
    headers = {name: value.replace("TOKEN", token) for name, value in headers.items()}
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{port}{path.replace('TOKEN', token)}", additional_headers=headers)
    assert refused.value.response.status_code == 401
    check_web_socket_client_is_served(talk, f"/?token={token}")


@pytest.mark.parametrize("said", [b"", POST, b"Content-Length: 2\r\n\r\n{}", os.urandom(20_000)])
def test_who_speaks_no_web_socket_does_not_end_it(start: Start, said: bytes) -> None:
    talk = start("--ws", "0")
    port, token = talk.listening()
    for _ in range(3):
        with reached(port) as stranger, suppress(ConnectionError):
            stranger.sendall(said)
    check_web_socket_client_is_served(talk, f"/?token={token}")
    assert len(talk.logged().splitlines()) == 1


@pytest.mark.parametrize("way", ["--tcp", "--ws"])
def test_who_leaves_without_a_word_changes_nothing(start: Start, way: str) -> None:
    talk = start(way, "0")
    port, token = talk.listening()
    for _ in range(50):
        reached(port).close()
    check_served(talk, way, token)


@pytest.mark.parametrize("way", ["--tcp", "--ws"])
@pytest.mark.parametrize("said", [b"", b"Content-Length: 2\r\nAuthor", b"GET / HTTP/1.1\r\nHost: x"])
def test_who_says_nothing_whole_is_let_go_within_seconds(start: Start, way: str, said: bytes) -> None:
    talk = start(way, "0")
    port, token = talk.listening()
    with reached(port) as stranger:
        stranger.sendall(said)
        with suppress(ConnectionError):
            while stranger.recv(1 << 16):  # until the end, or the test's own patience is over
                pass
    check_served(talk, way, token)


@pytest.mark.parametrize("way", ["--tcp", "--ws"])
def test_many_who_say_nothing_do_not_keep_the_client_out(start: Start, way: str) -> None:
    talk = start(way, "0")
    port, token = talk.listening()
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(reached(port))
        server = psutil.Process(talk.process.pid)

        def waiting() -> int:
            return sum(one.status == psutil.CONN_ESTABLISHED for one in server.net_connections())

        talk.eventually(waiting, lambda count: count <= 64)
        check_served(talk, way, token)


def check_served(talk: Talk, way: str, token: str) -> None:
    if way == "--tcp":
        check_tcp_client_is_served(talk)
    else:
        check_web_socket_client_is_served(talk, f"/?token={token}")


# ---- the end ----

SLOW_IMPORT = """
import sys, time

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "hunch.lsp.handlers":
            time.sleep(SECONDS)

sys.meta_path.insert(0, Slow())
"""
"""Makes what is imported after ``initialize`` take as long as on a machine that is far too busy."""


def slow_import(folder: Path, seconds: int) -> dict[str, str]:
    """Return what the environment of a server has to have for it to import slowly."""
    (folder / "sitecustomize.py").write_text(SLOW_IMPORT.replace("SECONDS", str(seconds)))
    return {"PYTHONPATH": str(folder)}


@pytest.mark.parametrize("way", ["--stdio", "--tcp", "--ws"])
def test_a_client_that_leaves_during_the_import_ends_the_server_at_once(start: Start, tmp_path: Path, way: str) -> None:
    talk = start(way, *([] if way == "--stdio" else ["0"]), env=slow_import(tmp_path, 600))
    if way == "--stdio":
        talk.open()
        talk.hang_up()
        assert talk.wait() == 1
        return
    with ExitStack() as stack:
        for _ in range(80):  # who is connected besides changes nothing
            stack.enter_context(reached(talk.listening()[0]))
        check_served(talk, way, talk.listening()[1])
    assert len(talk.logged().splitlines()) == 1


def test_what_was_asked_before_the_end_of_the_input_is_still_answered(start: Start, tmp_path: Path) -> None:
    talk = start(env=slow_import(tmp_path, 1))
    talk.open()
    asked = talk.begin("hunch/status")
    last = talk.begin("shutdown")
    talk.hang_up()
    assert talk.answer(asked)["result"]["folders"] == []
    assert talk.answer(last)["result"] is None
    assert talk.wait() == 0


# ---- the port ----


def test_a_port_that_is_taken_is_told(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for way in ("--tcp", "--ws"):
            talk = start(way, str(port))
            assert talk.wait() == 2
            assert talk.logged().startswith(f"hunch: error: {way[2:]} on port {port}: ")
