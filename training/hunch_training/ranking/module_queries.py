"""Questions about whole files, "how does X work", made from what their modules say of themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hunch.text.chunk import chunk_source
from hunch.text.path_class import PathClass, path_class_of
from hunch.text.tokenizer import identifiers, split_identifier
from hunch.workspace.scan import Skip, read_source, scan
from hunch_training.ranking.workspaces import LineRange, WorkspaceQuery, blank_lines

MADE_OF = 60
"""Files of a workspace that are asked for at most"""
FEWEST_WORDS, MOST_WORDS = 3, 16

_LANGUAGES = frozenset("python go rust java javascript typescript c cpp csharp php ruby kotlin scala swift lua".split())
"""Where a file is a module; scripts and styles say little of themselves"""
_SENTENCE = re.compile(r"(.+?)(?:[.!?:](?:\s|$)|\n\s*\n|$)", re.DOTALL)
_SAYS = r"(?:contains?|implements?|provides?|defines?|offers?|holds?|handles?|is|are|deals? with|exposes?|has|for|with)"
_THING = (
    r"(?:utilit(?:y|ies)|helpers?|(?:utility|helper|support|common)\s+\w+|functions?|tools?|support|code|class(?:es)?|"
    r"module|routines?|implementations?|definitions?|methods?)"
)
_LEADS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^(?:(?:this|the)\s+)?(?:module|file|package|header|script|crate)\s+(?:\S+\s+)?{_SAYS}\s+",
        rf"^{_THING}\s+(?:for|to|of|that|which)\s+",
        r"^(?:an?|the|some|various)\s+",
    )
)
_NO_DESCRIPTION = re.compile(
    r"licen[cs]e|copyright|generated|eslint|prettier|@|https?:|typescript|<|>|=|\bTODO\b|#!|-\*-|automatically",
    re.IGNORECASE,
)
_CLOSES = re.compile(r"^\s*(?:\"\"\"|'''|\*/|--+>|\*|#|//+!?)?\s*$")
_OPENS = re.compile(r"^\s*(?:[rRuUbB]?\"\"\"|[rRuUbB]?'''|/\*+!?|<!--)\s*$")
_MARKERS = " \t\"'#/*!;-<>rRuU"


_CALLED_ALIKE = frozenset({"__init__", "index", "mod", "lib", "main", "doc", "package-info", "package"})


class ModuleQuery(NamedTuple):
    """A question about a file, and where its own words for it stand, which have to be taken out before it is asked."""

    query: WorkspaceQuery
    said: LineRange


def module_queries(root: Path, *, count: int = MADE_OF, seed: int = 0) -> list[ModuleQuery]:
    """Return questions about some files of a workspace, no two alike."""
    found: dict[str, ModuleQuery] = {}
    for one in _all_queries(root):
        found.setdefault(one.query.text, one)
    order = np.random.default_rng(seed).permutation(len(found))
    every = list(found.values())
    return [every[number] for number in order[:count]]


def question_of(documentation: str) -> str | None:
    """Return the question that a module's documentation answers; None when it says too little, or no description."""
    sentence = _SENTENCE.match(documentation.strip())
    text = " ".join(sentence[1].split()) if sentence else ""
    if not text.isascii() or _NO_DESCRIPTION.search(documentation[:200]):
        return None
    for lead in _LEADS:
        text = lead.sub("", text)
    if not FEWEST_WORDS <= len(text.split()) <= MOST_WORDS:
        return None
    first, _, rest = text.partition(" ")
    return f"how does {first if any(map(str.isupper, first[1:])) else first.lower()} {rest} work"


def _all_queries(root: Path) -> Iterator[ModuleQuery]:
    for file in scan(root).files:
        source = read_source(root, file.path)
        if isinstance(source, Skip) or path_class_of(file.path) != PathClass.PRODUCT or file.language not in _LANGUAGES:
            continue
        chunks = chunk_source(file.path, file.language, source)
        said = next((chunk.documentation for chunk in chunks if chunk.kind == "file"), "")
        question = question_of(said) if said else None
        if question is None:
            continue
        text = source.decode("utf-8", "surrogateescape")
        lines = _lines_of(said, text)
        if lines is None:
            continue
        # Only where nothing else of the file is lost, and its own words are.
        left = chunk_source(file.path, file.language, blank_lines(text, [lines]).encode("utf-8", "surrogateescape"))
        names = [(chunk.kind, chunk.name) for chunk in chunks]
        if [(chunk.kind, chunk.name) for chunk in left] == names and not any(
            said[:40] in c.documentation for c in left
        ):
            gift = _names_answer(question, file.path, [chunk.name for chunk in chunks if chunk.kind != "file"])
            query = WorkspaceQuery(question, frozenset(), frozenset([file.path]), gift)
            yield ModuleQuery(query, LineRange(file.path, *lines))


def _names_answer(question: str, path: str, names: list[str]) -> bool:
    """Say whether a question holds the name of the file, of its folder where all are called so, or of a definition."""
    *folders, file = path.split("/")
    stem = file.partition(".")[0]
    if stem in _CALLED_ALIKE and folders:
        stem = folders[-1]
    asked = _words_of(question)
    return any(
        words and any(asked[start : start + len(words)] == words for start in range(len(asked)))
        for words in map(_words_of, [stem, *names])
    )


def _words_of(text: str) -> list[str]:
    return [word for identifier in identifiers(text) for word in split_identifier(identifier)]


def _lines_of(documentation: str, text: str) -> tuple[int, int] | None:
    """Return the first and the last line of a module's documentation with what opens and closes it, 1-based."""
    said = [line.strip(_MARKERS) for line in documentation.splitlines()]
    said = [line for line in said if line]
    lines = text.split("\n")[:200]
    bare = [line.strip().strip(_MARKERS) for line in lines]
    if not said or said[0] not in bare:
        return None
    first = last = bare.index(said[0])
    for line in said[1:]:
        last = next((i for i in range(last + 1, min(last + 6, len(bare))) if bare[i] == line), last)
    while first and _OPENS.match(lines[first - 1]):
        first -= 1
    while last + 1 < len(lines) and lines[last + 1].strip() and _CLOSES.match(lines[last + 1]):
        last += 1
    return first + 1, last + 1
