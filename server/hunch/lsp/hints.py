"""A hint on a new function that is nearly identical to one elsewhere. Off unless the user wants it."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from lsprotocol import types

from hunch.index.isolation import read_apart
from hunch.lsp import uris
from hunch.lsp.client import Client
from hunch.lsp.folders import Document, Location
from hunch.lsp.positions import Encoding, line_at, units
from hunch.lsp.view import SessionView
from hunch.search.present import title_of
from hunch.search.query import QueryError
from hunch.search.search import Hit
from hunch.text.chunk import Chunk
from hunch.text.function import KINDS
from hunch.text.languages import content_of, language_of

SETTLED_SECONDS = 1.0
LEAST_LINES = 6
NEARLY_IDENTICAL = 0.85
"""Of the runs of three tokens of two functions, the share that both have, from which they are called nearly identical.

Measured on 3,791 functions of ten repositories in eight languages, without tests: from 0.85 on (10% of the functions)
pairs differ in a name or a constant; from 0.75 to 0.85 (5%) they are siblings that do something different.
"""

_RUN = 3
_LOOKED_AT = 5
_MOST_KINDS = 20
_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(eq=False, slots=True)
class Hints:
    """What is planned and shown, by document. For the loop's thread only."""

    view: SessionView
    client: Client
    planned: dict[str, asyncio.TimerHandle] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)

    def touch(self, document: Document) -> None:
        """Look at a document when it has not changed for a second."""
        if not self.view.settings.similar_hints:
            return
        if (planned := self.planned.pop(document.uri, None)) is not None:
            planned.cancel()
        loop = asyncio.get_running_loop()
        self.planned[document.uri] = loop.call_later(SETTLED_SECONDS, self._look, document)

    def forget(self, uri: str) -> None:
        """Take the hints of a document away."""
        if (planned := self.planned.pop(uri, None)) is not None:
            planned.cancel()
        if uri in self.shown:
            self._publish(uri, [])

    def settings_changed(self) -> None:
        """Begin or end with all open documents."""
        for document in self.view.documents.values():
            if self.view.settings.similar_hints:
                self.touch(document)
            else:
                self.forget(document.uri)

    def _look(self, document: Document) -> None:
        self.planned.pop(document.uri, None)
        locations = self.view.locations(document.uri)
        if locations and not self.view.is_closing:
            self.client.run(self._show(document, locations[0]), "looking for similar code")

    async def _show(self, document: Document, location: Location) -> None:
        text = document.text
        encoding = self.view.capabilities.encoding
        duplicates = await self.view.in_background(find_near_duplicates, location, document.opened_text, text)
        is_newest = self.view.documents.get(document.uri) is document and document.text is text
        if not is_newest or not self.view.settings.similar_hints:
            return
        if duplicates or document.uri in self.shown:
            diagnostics = [_diagnostic(text, chunk, hit, location, encoding) for chunk, hit in duplicates]
            self._publish(document.uri, diagnostics)

    def _publish(self, uri: str, diagnostics: list[types.Diagnostic]) -> None:
        (self.shown.add if diagnostics else self.shown.discard)(uri)
        self.client.tell(
            "textDocument/publishDiagnostics", types.PublishDiagnosticsParams(uri=uri, diagnostics=diagnostics)
        )


def find_near_duplicates(location: Location, before: str, text: str) -> list[tuple[Chunk, Hit]]:
    """Return the functions that a text has and had not before, each with one elsewhere that is nearly identical."""
    found = []
    for chunk in list(new_functions(location.path, before, text))[:_MOST_KINDS]:
        try:
            answer = location.live.similar(location.path, chunk.start_line, limit=_LOOKED_AT)
        except QueryError:
            continue
        for hit in answer.hits:
            other = location.live.chunk_at(hit.path, hit.record.start_line) if hit.record.kind in KINDS else None
            if other is not None and similarity(tokens_of(chunk), tokens_of(other)) >= NEARLY_IDENTICAL:
                found.append((chunk, hit))
                break
    return found


def new_functions(path: str, before: str, text: str) -> Iterator[Chunk]:
    """Return the functions of six lines or more whose name and whose code were not in a text before."""
    old = list(_functions(path, before))
    names = {chunk.qualified_name for chunk in old}
    bodies = {chunk.body for chunk in old}
    for chunk in _functions(path, text):
        if len(code_lines(chunk)) >= LEAST_LINES and chunk.qualified_name not in names and chunk.body not in bodies:
            yield chunk


def code_lines(chunk: Chunk) -> list[str]:
    """Return the lines of a function that are not blank, its signature as one, without its documentation."""
    return [line for line in (chunk.signature, *chunk.body.splitlines()) if line.strip()]


def similarity(one: list[str], other: list[str]) -> float:
    """Return how much of two lists of tokens is the same, 0..1: the runs of three that both have, doubled, of all."""
    runs, others = _runs(one), _runs(other)
    total = sum(runs.values()) + sum(others.values())
    return 2 * sum((runs & others).values()) / total if total else 0.0


def tokens_of(chunk: Chunk) -> list[str]:
    """Return the words and signs of a function without its documentation; its own name counts as any name."""
    return ["?" if token == chunk.name else token for token in _TOKEN.findall(f"{chunk.signature}\n{chunk.body}")]


def _runs(tokens: list[str]) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(tokens[offset:] for offset in range(_RUN)), strict=False))


def _functions(path: str, text: str) -> Iterator[Chunk]:
    source = text.encode("utf-8", "replace")
    language = language_of(path, source)
    is_code = language is not None and content_of(language) == "code"
    for chunk in read_apart(path, language, source).chunks if language and is_code else ():
        if chunk.kind in KINDS and chunk.piece == 0:
            yield chunk


def _diagnostic(text: str, chunk: Chunk, hit: Hit, location: Location, encoding: Encoding) -> types.Diagnostic:
    row = chunk.start_line - 1
    line = line_at(text, row) or ""
    indent = len(line) - len(line.lstrip())
    there = types.Position(hit.record.start_line - 1, 0)
    return types.Diagnostic(
        range=types.Range(types.Position(row, indent), types.Position(row, units(line, encoding))),
        severity=types.DiagnosticSeverity.Hint,
        source="hunch",
        code="similar",
        message=f"{chunk.name} is nearly identical to {title_of(hit)}",
        related_information=[
            types.DiagnosticRelatedInformation(
                location=types.Location(uris.join(location.folder.uri, hit.path), types.Range(there, there)),
                message=title_of(hit),
            )
        ],
    )
