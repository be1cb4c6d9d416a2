"""The results of our own requests as a client reads them. ``docs/protocol.md`` says what each field means.

A test compares these types with that page, with the client's types, and with what a real server answers.
"""

from __future__ import annotations

from typing import Literal, TypedDict

Answerability = Literal["relevant", "weak", "none"]
Kind = Literal[
    "function", "method", "class", "interface", "struct", "enum", "trait", "module", "type", "macro", "query", "block",
    "file", "constant", "field", "section", "entry",
]  # fmt: skip
Phase = Literal["starting", "indexing", "ready", "paused", "following", "problem", "closed"]


class Position(TypedDict):
    """A place between two characters."""

    line: int
    character: int


class Range(TypedDict):
    """What stands between two places."""

    start: Position
    end: Position


class Statement(TypedDict):
    """One reason for a hit in words."""

    key: str
    terms: list[str]
    text: str


class Reason(TypedDict):
    """One feature of a hit."""

    feature: str
    signal: str
    weight: float
    terms: list[str]


class Highlight(TypedDict):
    """A word of the snippet that the query asked for."""

    range: Range
    term: str
    exact: bool


class NearDuplicate(TypedDict):
    """Another place of the same definition."""

    uri: str
    path: str
    range: Range


class Hit(TypedDict):
    """One place in the workspace."""

    uri: str
    folder: str
    path: str
    range: Range
    selectionRange: Range
    name: str | None
    qualifiedName: str
    kind: Kind
    language: str
    score: float
    reasons: list[Statement]
    why: list[Reason]
    highlights: list[Highlight]
    nearDuplicates: list[NearDuplicate]
    copies: list[NearDuplicate]
    signature: str
    documentation: str
    snippet: str


class Answer(TypedDict):
    """Of ``hunch/search`` and ``hunch/similar``."""

    query: str
    elapsedMs: float
    answerability: Answerability
    verdict: Answerability
    label: str
    complete: bool
    notices: list[str]
    hits: list[Hit]


class FolderStatus(TypedDict):
    """Where a workspace folder stands."""

    uri: str
    phase: Phase
    message: str
    done: int
    total: int
    files: int
    chunks: int
    contextual: int
    inContext: int
    complete: bool
    writer: bool
    pausedBy: str
    notices: list[str]


class ServerStatus(TypedDict):
    """Of ``hunch/status`` and ``hunch/statusChanged``."""

    version: str
    model: str | None
    folders: list[FolderStatus]


class Summary(TypedDict):
    """Of ``hunch/summarize``."""

    summary: str
    confidence: float
    name: str
    qualifiedName: str
    kind: Kind
    documented: bool
    range: Range
