"""Messages that no client would send: the server answers or refuses each, and goes on answering good ones.

Every message is a good one of a real session in which something is changed: a value by one of another type, of another
size, by nested lists, a missing or an unknown field, bytes of its frame.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.fault_error import WrongError
from benchmarks.lsp import is_ready, wait_until
from benchmarks.lsp_client import EndedError, LspClient

MESSAGES_AT_ONCE = 20
"""That one fault sends, before it asks whether the server still answers."""

_SOURCE = """def check_password(password, stored):
    '''Compare a password with its hash.'''
    return password == stored
"""
_STRANGE: tuple[Any, ...] = (
    None, True, -1, 0, 2**31, 2**63, 1e308, "", "\0", "\ud800", "é" * 5_000, "x" * 200_000, [], {}, [[]] * 100,
    "file:///", "file://host/share", "untitled:a", "../../../etc/passwd", {"a": {"a": {}}}, -2**31,
)  # fmt: skip


@dataclass(slots=True)
class Conversation:
    """A server that is spoken to, again after it had to be started anew."""

    place: Path
    root: Path
    clients: list[LspClient] = field(default_factory=list)

    def client(self) -> LspClient:
        """Return the server that runs, or start one."""
        if not self.clients or self.clients[-1].process.poll() is not None:
            cache = self.place / f"cache{len(self.clients)}"
            cache.mkdir()
            client = LspClient(self.root, cache, settings={}, stderr=self.place / "log")
            client.greet()
            self.clients.append(client)
        return self.clients[-1]


@contextmanager
def prepared(place: Path) -> Iterator[Conversation]:
    """Write a small workspace and start a server on it."""
    root = place / "workspace"
    root.mkdir()
    (root / "a.py").write_text(_SOURCE)
    conversation = Conversation(place, root)
    wait_until(partial(is_ready, conversation.client()))
    yield conversation
    for client in conversation.clients:
        client.kill()


def send_nonsense(conversation: Conversation, choice: random.Random) -> str:
    """Send some messages and ask whether the server still answers; return the kind of what was changed.

    Raises:
        WrongError: it ended, or does not answer.
    """
    kind = choice.choice(("a value", "a field", "nesting", "a frame"))
    client = conversation.client()
    good = list(_good_messages(conversation.root))
    for _ in range(MESSAGES_AT_ONCE):
        message = copy.deepcopy(choice.choice(good))
        try:
            if kind == "a frame":
                client.write_bytes(_broken_frame(message, choice))
            else:
                client.write_bytes(_framed(_changed(message, kind, choice)))
        except (EndedError, OSError) as error:
            raise WrongError(f"the server ended: {error}", kind) from None
    try:
        hits = client.ask("hunch/search", {"query": "compare a password"})["hits"]
    except Exception as error:
        client.kill()
        raise WrongError(f"{type(error).__name__}: {error}", kind) from None
    if not hits:
        raise WrongError("what is in the workspace is not found any more", kind)
    return kind


def _good_messages(root: Path) -> Iterator[dict[str, Any]]:
    uri = (root / "a.py").as_uri()
    document, position = {"uri": uri}, {"line": 1, "character": 4}
    span = {"start": position, "end": {"line": 2, "character": 0}}
    opened = {**document, "languageId": "python", "version": 1, "text": _SOURCE}
    notified: dict[str, Any] = {
        "textDocument/didOpen": {"textDocument": {**opened, "uri": uri.replace("a.py", "b.py")}},
        "textDocument/didChange": {
            "textDocument": {**document, "uri": uri.replace("a.py", "b.py"), "version": 2},
            "contentChanges": [{"range": span, "text": "x"}],
        },
        "textDocument/didSave": {"textDocument": document},
        "textDocument/didClose": {"textDocument": {"uri": uri.replace("a.py", "b.py")}},
        "workspace/didChangeWatchedFiles": {"changes": [{"uri": uri, "type": 2}]},
        "workspace/didChangeConfiguration": {"settings": {"hunch": {"cpuShare": 0.5}}},
        "$/setTrace": {"value": "off"},
        "$/cancelRequest": {"id": 7},
    }
    asked: dict[str, Any] = {
        "hunch/search": {"query": "compare a password", "limit": 5, "languages": ["python"]},
        "hunch/similar": {"textDocument": document, "range": span},
        "hunch/status": {},
        "hunch/summarize": {"textDocument": document, "position": position},
        "workspace/symbol": {"query": "check"},
        "textDocument/hover": {"textDocument": document, "position": position},
        "textDocument/codeAction": {"textDocument": document, "range": span, "context": {"diagnostics": []}},
        "workspace/executeCommand": {"command": "hunch.search", "arguments": [{"query": "password"}]},
    }
    for method, params in notified.items():
        yield {"jsonrpc": "2.0", "method": method, "params": params}
    for number, (method, params) in enumerate(asked.items()):
        yield {"jsonrpc": "2.0", "id": 1_000_000 + number, "method": method, "params": params}


def _changed(message: dict[str, Any], kind: str, choice: random.Random) -> dict[str, Any]:
    holder: Any = message["params"]
    if not holder:
        return message
    while True:
        key = choice.choice(list(holder)) if isinstance(holder, dict) else choice.randrange(len(holder))
        if isinstance(holder[key], dict | list) and holder[key] and choice.random() < 0.7:
            holder = holder[key]
            continue
        break
    if kind == "a value":
        holder[key] = choice.choice(_STRANGE)
    elif kind == "nesting":
        value: Any = 1
        for _ in range(choice.choice((10, 500, 5_000))):
            value = [value] if choice.random() < 0.5 else {"a": value}
        holder[key] = value
    elif choice.random() < 0.5 and isinstance(holder, dict):
        del holder[key]
    elif isinstance(holder, dict):
        holder[choice.choice(("", "x" * 1000, "uri", "__class__"))] = choice.choice(_STRANGE)
    else:
        holder *= choice.choice((0, 50))
    return message


def _framed(message: dict[str, Any]) -> bytes:
    body = _encoded(message)
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def _encoded(value: Any) -> bytes:
    """Encode JSON without recursion, which ``json`` has a limit on."""
    parts: list[bytes] = []
    todo: list[Any] = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, bytes):
            parts.append(one)
        elif isinstance(one, dict):
            todo.append(b"}")
            for number, (key, inner) in enumerate(reversed(list(one.items()))):
                todo += [b","] if number else []
                todo += [inner, json.dumps(key).encode() + b":"]
            parts.append(b"{")
        elif isinstance(one, list):
            todo.append(b"]")
            for number, inner in enumerate(reversed(one)):
                todo += [b",", inner] if number else [inner]
            parts.append(b"[")
        else:
            parts.append(json.dumps(one).encode("utf-8", "surrogatepass"))
    return b"".join(parts)


def _broken_frame(message: dict[str, Any], choice: random.Random) -> bytes:
    frame = bytearray(_framed(message))
    body = frame.index(b"\r\n\r\n") + 4
    match choice.randrange(4):
        case 0:  # a byte of the body
            frame[choice.randrange(body, len(frame))] = choice.randrange(256)
        case 1:  # a header that nobody knows
            frame[:0] = b"X-Header: " + bytes(choice.choices(range(33, 126), k=200)) + b"\r\n"
        case 2:  # no JSON
            return b"Content-Length: 20\r\n\r\n" + bytes(choice.choices(range(256), k=20))
        case _:  # another charset
            frame[:0] = b"Content-Type: application/vscode-jsonrpc; charset=latin-1\r\n"
    return bytes(frame)
