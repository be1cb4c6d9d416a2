"""The send queue: whoever sends never waits, since a thread of its own writes."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

logger = logging.getLogger(__name__)

MOST_WAITING = 16 * 1024 * 1024
"""Bytes that may wait for a client that does not read; with more, the conversation is over."""


class _Queued:
    __slots__ = ("body", "key")

    def __init__(self, body: bytes, key: str | None) -> None:
        self.body, self.key = body, key


class SendQueue:
    """Messages in the order in which they are sent, each whole."""

    def __init__(
        self, send: Callable[[bytes], None], on_end: Callable[[str], None], *, most_waiting: int = MOST_WAITING
    ) -> None:
        """Start the writing thread.

        Args:
            send: writes one message body and may take as long as it likes; OSError says that the client is gone.
            on_end: called once, from any thread, with a line that says why nothing can be sent any more.
            most_waiting: bytes.
        """
        self._send = send
        self._on_end = on_end
        self._most_waiting = most_waiting
        self._queued: deque[_Queued] = deque()
        self._replaceable: dict[str, _Queued] = {}
        self._waiting = 0
        self._sending = False
        self._over = False
        self._condition = threading.Condition()
        threading.Thread(target=self._write, name="hunch writer", daemon=True).start()

    def put(self, body: bytes, *, replaces: str | None = None) -> None:
        """Send a message body; one with the same ``replaces`` that still waits is sent no more."""
        with self._condition:
            if self._over:
                return
            queued = _Queued(body, replaces)
            if replaces is not None:
                # Not in its place: what was said in between, an answer with an older state say, would come last.
                unsent = self._replaceable.get(replaces)
                if unsent is not None:
                    self._queued.remove(unsent)
                    self._waiting -= len(unsent.body)
                self._replaceable[replaces] = queued
            self._queued.append(queued)
            self._waiting += len(body)
            is_stuck = self._waiting > self._most_waiting and len(self._queued) > 1
            self._over = is_stuck
            self._condition.notify_all()
        if is_stuck:
            self._on_end(f"the client reads nothing and {self._waiting:,} bytes wait for it")

    def flush(self, seconds: float) -> bool:
        """Wait until everything is sent; False when it takes longer."""
        deadline = time.monotonic() + seconds
        with self._condition:
            return self._condition.wait_for(
                lambda: self._over or not (self._queued or self._sending), max(0.0, deadline - time.monotonic())
            )

    def _write(self) -> None:
        while True:
            with self._condition:
                self._sending = False
                self._condition.notify_all()
                self._condition.wait_for(lambda: self._queued or self._over)
                if self._over:
                    return
                queued = self._queued.popleft()
                if queued.key is not None:
                    self._replaceable.pop(queued.key, None)
                self._waiting -= len(queued.body)
                self._sending = True
            try:
                self._send(queued.body)
            except Exception as error:
                with self._condition:
                    self._over, self._sending = True, False
                    self._condition.notify_all()
                self._on_end(f"the client is gone: {type(error).__name__}")
                return
