"""Bytes -> message bodies, as the protocol frames them. Pure: nothing is read here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LARGEST_MESSAGE = 64 * 1024 * 1024
"""Bytes of one message; a larger one is passed over and refused."""

LARGEST_HEADER = 4_096
"""Bytes of all header lines of a message."""

_LARGEST_SKIP = 4 * 1024**3
_FIELD = re.compile(rb"([A-Za-z][A-Za-z-]*):[ \t]*(.*?)[ \t]*")
_NEXT_HEADER = re.compile(rb"content-length:", re.IGNORECASE)
_LENGTH_OF_NAME = len(b"content-length:")


@dataclass(frozen=True, slots=True)
class BadFrame:
    """Bytes that are no message, told in one line."""

    reason: str


class FrameReader:
    """Cuts a stream of bytes into bodies. After bytes that are no frame it goes on at the next ``Content-Length:``."""

    def __init__(self, largest: int = LARGEST_MESSAGE, *, is_strict: bool = False) -> None:
        """Begin before the first frame.

        Args:
            largest: bytes that a body may have.
            is_strict: read nothing behind bytes that are no frame.
        """
        self.is_lost = False
        """Whether bytes were no frame and no header has been found since."""
        self._largest = largest
        self._is_strict = is_strict
        self._buffer = bytearray()
        self._length: int | None = None
        self._to_skip = 0

    def feed(self, data: bytes) -> Iterator[bytes | BadFrame]:
        """Take the next bytes of the stream and yield every body that they complete."""
        self._buffer += data
        while True:
            if self._to_skip:
                skipped = min(self._to_skip, len(self._buffer))
                del self._buffer[:skipped]
                self._to_skip -= skipped
                if self._to_skip:
                    return
            if self.is_lost and (self._is_strict or not self._find_header()):
                return
            if self._length is None:
                found = self._read_header()
                if found is None:
                    return
                if isinstance(found, BadFrame):
                    yield found
                    continue
                self._length = found
            if len(self._buffer) < self._length:
                return
            body = bytes(self._buffer[: self._length])
            del self._buffer[: self._length]
            self._length = None
            yield body

    def _find_header(self) -> bool:
        """Drop what stands before the next ``Content-Length:``."""
        match = _NEXT_HEADER.search(self._buffer)
        if match is None:
            del self._buffer[: max(0, len(self._buffer) - _LENGTH_OF_NAME)]
            return False
        del self._buffer[: match.start()]
        self.is_lost = False
        return True

    def _read_header(self) -> int | BadFrame | None:
        """Return the length that a header gives, what is wrong with it, or None while it is incomplete."""
        length: int | None = None
        start = 0
        while True:
            end = self._buffer.find(b"\r\n", start)
            if end < 0 or end > LARGEST_HEADER:
                return self._lose("a header without an end") if len(self._buffer) > LARGEST_HEADER else None
            line = bytes(self._buffer[start:end])
            start = end + 2
            if not line:
                break
            field = _FIELD.fullmatch(line)
            if field is None:
                return self._lose("a line that is no header")
            if field[1].lower() == b"content-length":
                if not field[2].isdigit() or len(field[2]) > 18:
                    return self._lose("a Content-Length that is no number")
                length = int(field[2])
        if length is None:
            return self._lose("a header without Content-Length")
        if length > _LARGEST_SKIP:
            return self._lose(f"a Content-Length of {length:,}")
        del self._buffer[:start]
        if length > self._largest:
            self._to_skip = length
            return BadFrame(f"a message of {length:,} bytes: the limit is {self._largest:,}")
        return length

    def _lose(self, reason: str) -> BadFrame:
        """Give up the header at the front of the buffer."""
        self.is_lost = True
        if _NEXT_HEADER.match(self._buffer):
            del self._buffer[:1]
        return BadFrame(reason)


def read_fields(header: bytes) -> dict[bytes, bytes] | None:
    """Return the fields of a header by their names in lower case; None when one of its lines is no field."""
    found = [_FIELD.fullmatch(line) for line in header.split(b"\r\n")]
    fields = [field for field in found if field is not None]
    return {field[1].lower(): field[2] for field in fields} if len(fields) == len(found) else None


def frame(body: bytes) -> bytes:
    """Return a message body with its header."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
