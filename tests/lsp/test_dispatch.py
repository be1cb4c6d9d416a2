"""What the dispatcher adds to pygls: nothing is kept, no request is left without an answer, JSON every client reads."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from hunch.lsp.capabilities import ClientCapabilities
from hunch.lsp.client import ClientError
from hunch.lsp.dispatch import Dispatcher, Route, open_dispatcher
from hunch.lsp.messages import Message, Notification, Request, Response
from hunch.lsp.send_queue import SendQueue

SECONDS = 10.0


class Other:
    """The client's side: a real send queue whose messages are collected."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.queue = SendQueue(self.bodies.append, lambda _: None)

    def messages(self) -> list[dict[str, Any]]:
        assert self.queue.flush(SECONDS)
        return [json.loads(body.decode("utf-8")) for body in self.bodies]


@pytest.fixture(autouse=True)
def _quiet_pygls() -> Iterator[None]:
    logging.getLogger("pygls").setLevel(logging.CRITICAL)  # as the server has it
    yield
    logging.getLogger("pygls").setLevel(logging.NOTSET)


def talking(work: Callable[[Dispatcher, Other], Awaitable[None]]) -> None:
    """Run something with a dispatcher that has a handler that echoes, one that fails, one that waits."""

    async def run() -> None:
        other = Other()
        dispatcher = open_dispatcher(other.queue, ClientCapabilities())

        async def echo(params: Any) -> Any:
            await asyncio.sleep(0)
            return params

        async def wait(_: Any) -> str:
            await asyncio.sleep(SECONDS)
            return "waited"

        def fail(_: Any) -> Any:
            raise ValueError("secret")

        dispatcher.add_routes(
            {
                "hunch/search": Route(lambda raw: raw, echo),
                "hunch/status": Route(lambda raw: raw, wait),
                "hunch/pause": Route(lambda raw: raw, fail),
                "hunch/cancel": Route(lambda raw: raw, lambda _: {"no", "JSON"}),
                "textDocument/didChange": Route(lambda raw: raw, echo),
            }
        )
        await work(dispatcher, other)
        await dispatcher.receive(Request("the end", "shutdown", None))

    asyncio.run(run())


async def settled(dispatcher: Dispatcher, *messages: Message) -> None:
    """Have messages received, and everything that they begin done as far as it does not wait."""
    for message in messages:
        await dispatcher.receive(message)
    for _ in range(8):
        await asyncio.sleep(0)


def test_nothing_is_kept_of_what_is_done() -> None:
    def futures() -> int:
        gc.collect()
        return sum(isinstance(one, (asyncio.Future, Future)) for one in gc.get_objects())

    async def work(dispatcher: Dispatcher, other: Other) -> None:
        await settled(dispatcher, Notification("textDocument/didChange", {}))
        before = futures()
        for number in range(200):
            await settled(
                dispatcher,
                Notification("textDocument/didChange", {}),
                Notification("hunch/search", {}),  # a request by the protocol: passed over
                Request(number, "hunch/search", {}),
                Request(f"failing {number}", "hunch/pause", {}),
            )
            asked = dispatcher.ask("workspace/configuration", {})
            await settled(dispatcher, Response(other.messages()[-1]["id"], [number], None))
            assert await asked == [number]
        assert futures() - before < 10

    talking(work)


def test_answers_are_utf_8_that_every_client_reads() -> None:
    async def work(dispatcher: Dispatcher, other: Other) -> None:
        await settled(dispatcher, Request(1, "hunch/search", {"text": "é 語 𝄞 \ud800 \\ud800"}))
        assert other.messages() == [{"jsonrpc": "2.0", "id": 1, "result": {"text": "é 語 𝄞 ? \\ud800"}}]
        assert b"\\ud834" not in other.bodies[0]

    talking(work)


def test_a_failure_is_an_answer_and_nothing_of_it_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def work(dispatcher: Dispatcher, other: Other) -> None:
        await settled(dispatcher, Request(1, "hunch/pause", {}), Request(2, "hunch/cancel", {}))
        assert [(one["id"], one["error"]["code"], one["error"]["message"]) for one in other.messages()] == [
            (1, -32603, "internal error: ValueError"),
            (2, -32603, "internal error: no JSON"),
        ]
        await settled(dispatcher, Request(2, "hunch/search", {}))
        assert other.messages()[-1]["result"] == {}

    talking(work)
    assert "hunch/pause failed: ValueError" in caplog.text
    assert "secret" not in caplog.text


def test_an_answer_with_the_id_of_a_request_that_waits_does_not_touch_it() -> None:
    async def work(dispatcher: Dispatcher, other: Other) -> None:
        waiting = Request("x", "hunch/status", {})
        await settled(dispatcher, waiting, Response("x", "mine", None), Response("nothing", None, {"message": 3}))
        assert other.messages() == []
        await settled(dispatcher, waiting)
        assert other.messages()[-1]["error"]["message"] == "id: a request with it is being answered"
        await settled(dispatcher, Notification("$/cancelRequest", {"id": "x"}))
        assert other.messages()[-1]["error"]["code"] == -32800

    talking(work)


def test_a_client_that_refuses_says_so_and_one_that_answers_too_late_is_not_minded() -> None:
    async def work(dispatcher: Dispatcher, other: Other) -> None:
        refused = dispatcher.ask("workspace/applyEdit", {})
        await settled(dispatcher, Response(other.messages()[-1]["id"], None, {"code": "no number", "message": "no"}))
        with pytest.raises(ClientError, match=r"^no$"):
            await refused
        late = asyncio.ensure_future(dispatcher.ask("workspace/applyEdit", {}))
        late.cancel()
        await settled(dispatcher, Response(other.messages()[-1]["id"], {"applied": True}, None))
        assert late.cancelled()

    talking(work)


def test_what_comes_next_finds_what_came_before_done() -> None:
    async def work(dispatcher: Dispatcher, other: Other) -> None:
        settings: list[Any] = []

        async def pull() -> None:
            settings.append(await dispatcher.ask("workspace/configuration", {}))

        dispatcher.add_routes({"hunch/resume": Route(lambda raw: raw, lambda _: list(settings))})
        dispatcher.run(pull(), "pulling")
        await settled(dispatcher)
        identity = other.messages()[-1]["id"]
        await dispatcher.receive(Response(identity, "new", None))
        await dispatcher.receive(Request(1, "hunch/resume", {}))
        await dispatcher.receive(Request(2, "shutdown", None))
        assert [one["result"] for one in other.messages()[1:]] == [["new"], None]

    talking(work)


def test_after_shutdown_requests_are_refused_and_exit_ends_well() -> None:
    async def work(dispatcher: Dispatcher, other: Other) -> None:
        await settled(dispatcher, Request(1, "hunch/status", {}), Request(2, "shutdown", None))
        assert [(one["id"], one.get("error", {}).get("code")) for one in other.messages()] == [(2, None), (1, -32800)]
        await settled(dispatcher, Request(3, "hunch/search", {}), Notification("exit", None))
        assert other.messages()[-1]["error"]["message"] == "the server is shutting down"
        assert dispatcher.exit_status == 0

    talking(work)
