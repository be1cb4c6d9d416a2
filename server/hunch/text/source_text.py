"""One file's source as the parser and the chunks read it: composed UTF-8, one kind of line break, rows and offsets."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from hunch.text.unicode_form import composed


class SourceText:
    """One normalised file: its bytes for the parser, its decoded lines for the chunks."""

    __slots__ = ("language", "line_starts", "lines", "path", "source")

    def __init__(self, path: str, language: str, source: bytes) -> None:
        self.path = path
        self.language = language
        source = normalise(source)
        try:
            text = source.decode("utf-8")
        except UnicodeDecodeError:  # queries of grammars compare decoded text
            text = source.decode("utf-8", "replace")
            source = text.encode("utf-8")
        if (in_one_form := composed(text)) is not text:
            # No line moves, and lines that are shown come from the file as it is.
            text, source = in_one_form, in_one_form.encode("utf-8", "replace")
        self.source = source
        self.lines = text.split("\n")
        self.lines.pop()  # what is behind the last line break
        self.line_starts = [0, *accumulate(map(len, source.splitlines(keepends=True)))]

    def row(self, offset: int) -> int:
        return min(bisect_right(self.line_starts, offset), len(self.lines)) - 1

    def text(self, start: int, end: int) -> str:
        return self.source[start:end].decode("utf-8", "replace")

    def end_of_row(self, row: int) -> int:
        return self.line_starts[row + 1] - 1

    def rest_of_row(self, offset: int) -> str:
        return self.text(offset, max(offset, self.end_of_row(self.row(offset))))


def normalise(source: bytes) -> bytes:
    """UTF-8 without BOM, with one kind of line break, so that rows are the lines of an editor."""
    if source.startswith((b"\xff\xfe", b"\xfe\xff")):
        source = source.decode("utf-16", "replace").encode("utf-8", "replace")
    source = source.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in source:
        source = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not source.endswith(b"\n"):
        source += b"\n"
    # Scanners of several grammars take NUL for the end of the file.
    return source.replace(b"\0", b" ") if b"\0" in source else source
