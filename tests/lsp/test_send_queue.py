"""What waits to be sent: order, replacement, and clients that do not read or are gone."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from hunch.lsp.latest import Latest, SupersededError
from hunch.lsp.send_queue import SendQueue

SECONDS = 10.0


class Slow:
    """A stream that takes a message only when it may."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.begun = threading.Event()
        self.may = threading.Event()
        self.ends: list[str] = []
        self.ended = threading.Event()

    def send(self, body: bytes) -> None:
        self.begun.set()
        self.may.wait(SECONDS)
        self.sent.append(body)

    def end(self, reason: str) -> None:
        self.ends.append(reason)
        self.ended.set()


def test_messages_keep_their_order_and_the_newest_of_a_kind_replaces_the_one_that_waits() -> None:
    stream = Slow()
    send_queue = SendQueue(stream.send, stream.end)
    send_queue.put(b"1")
    assert stream.begun.wait(SECONDS)
    send_queue.put(b"status a", replaces="status")
    send_queue.put(b"2")
    send_queue.put(b"status b", replaces="status")
    send_queue.put(b"progress", replaces="progress")
    send_queue.put(b"status c", replaces="status")
    assert not send_queue.flush(0.01)
    stream.may.set()
    assert send_queue.flush(SECONDS)
    assert stream.sent == [b"1", b"2", b"progress", b"status c"]
    send_queue.put(b"status d", replaces="status")
    assert send_queue.flush(SECONDS)
    assert stream.sent[-1] == b"status d"
    assert stream.ends == []


def test_what_is_sent_never_waits_and_too_much_of_it_is_the_end() -> None:
    stream = Slow()
    send_queue = SendQueue(stream.send, stream.end, most_waiting=100)
    send_queue.put(b"x" * 500)
    assert stream.begun.wait(SECONDS)  # one message alone may be as long as it likes
    send_queue.put(b"y" * 99)
    assert not stream.ended.is_set()
    send_queue.put(b"y" * 99)
    assert stream.ended.wait(SECONDS)
    send_queue.put(b"z")
    assert stream.ends == ["the client reads nothing and 198 bytes wait for it"]
    assert send_queue.flush(SECONDS)
    stream.may.set()


def test_bytes_that_are_sent_or_replaced_wait_no_more() -> None:
    stream = Slow()
    outbox = SendQueue(stream.send, stream.end, most_waiting=100)
    stream.may.set()
    for _ in range(10):
        outbox.put(b"s" * 60)
        assert outbox.flush(SECONDS)
    stream.begun.clear()
    stream.may.clear()
    outbox.put(b"b" * 60)
    assert stream.begun.wait(SECONDS)  # it is being sent, and waits no more
    for _ in range(10):
        outbox.put(b"r" * 60, replaces="status")
    outbox.put(b"t" * 40)
    assert not stream.ended.is_set(), "a hundred bytes wait, which is as many as may"
    outbox.put(b"u")
    assert stream.ended.wait(SECONDS)
    assert stream.ends == ["the client reads nothing and 101 bytes wait for it"]
    stream.may.set()


def test_a_client_that_is_gone_is_told_once() -> None:
    stream = Slow()

    def broken(body: bytes) -> None:
        raise BrokenPipeError

    send_queue = SendQueue(broken, stream.end)
    send_queue.put(b"1")
    assert stream.ended.wait(SECONDS)
    send_queue.put(b"2")
    assert send_queue.flush(SECONDS)
    assert stream.ends == ["the client is gone: BrokenPipeError"]


def test_a_newer_search_supersedes_the_older() -> None:
    begun, may = threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        may.wait(SECONDS)
        return "slow"

    async def run() -> None:
        with ThreadPoolExecutor(2) as pool:
            latest = Latest(pool)
            older = asyncio.ensure_future(latest.run(slow))
            while not begun.is_set():
                await asyncio.sleep(0)
            assert await latest.run(lambda: "new") == "new"
            with pytest.raises(SupersededError):
                await older
            cancelled = asyncio.ensure_future(latest.run(slow))
            await asyncio.sleep(0)
            cancelled.cancel()
            with pytest.raises(asyncio.CancelledError):
                await cancelled
            may.set()
            assert await latest.run(lambda: "last") == "last"
            with pytest.raises(ZeroDivisionError):
                await latest.run(lambda: str(1 // 0))

    asyncio.run(run())
