"""Names as people type them: made from the definitions of a workspace, and how well they are found.

Slips of the fingers are the four of Damerau, which are also those that the product looks for: how often people make
others is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from hunch.index.names import LEAST_TYPED, folded
from hunch.index.snapshot import Snapshot
from hunch.search.metrics import recall_at, reciprocal_rank
from hunch.search.search import Hit
from hunch.text.path_class import PathClass
from hunch.text.tokenizer import identifiers, split_identifier

FORMS = ("exact", "qualified", "split", "prefix", "misspelt", "half-remembered", "guessed")
"""`parse_date`; `Reader.parse_date`; `parse date`; `parse_da`; `parse_dtae`; two words of `parse_short_date`, as words
and written as a name."""

MADE_OF = 100
"""Definitions of a workspace that are asked for"""

_KINDS = frozenset({"function", "method", "class", "interface", "struct", "enum", "trait", "type"})
_SHORTEST_NAME = 5
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class SymbolQuery(NamedTuple):
    """A name, as somebody types it."""

    text: str
    form: str
    """One of FORMS"""
    name: str
    """A definition of this name is right, wherever it stands; of this qualified name for the form "qualified\""""


def symbol_queries(snapshot: Snapshot, *, count: int = MADE_OF, seed: int = 0) -> list[SymbolQuery]:
    """Return queries for some definitions of a workspace, drawn evenly from its distinct names."""
    generator, of_parts = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    qualified_of = _definitions(snapshot)
    names = sorted(qualified_of)
    taken = frozenset(folded(snapshot.record(chunk).name) for view in snapshot.views
                      for chunk in range(view.start, view.start + len(view.segment)))  # fmt: skip
    found: list[SymbolQuery] = []
    for number in generator.permutation(len(names))[:count]:
        name = names[number]
        found += _forms_of(name, qualified_of[name], taken, generator)
        beginning = _beginning(name, of_parts)
        if len(folded(beginning)) >= LEAST_TYPED and folded(beginning) not in taken:
            found.append(SymbolQuery(beginning, "prefix", name))
        guess = _guess(name, of_parts)
        if guess and folded(guess) not in taken:
            found.append(SymbolQuery(guess, "guessed", name))
    return found


def judge_symbol(hits: Sequence[Hit], query: SymbolQuery) -> tuple[float, float]:
    """Return recall@1 and the reciprocal rank among the first ten names that the hits have."""
    named = [hit.record.qualified_name if query.form == "qualified" else hit.record.name for hit in hits]
    ranked = list(dict.fromkeys(named))[:10]
    wanted: set[object] = {query.name}
    return recall_at(1, ranked, wanted), reciprocal_rank(ranked, wanted)


def _definitions(snapshot: Snapshot) -> Mapping[str, str]:
    """Return the names of what the product's own files define, each with the first of its qualified names."""
    found: dict[str, set[str]] = {}
    for view in snapshot.views:
        segment = view.segment
        for chunk in range(len(segment)):
            if (view.live_docs is None or view.live_docs[chunk]) and segment.path_classes[
                segment.chunk_files[chunk]
            ] == PathClass.PRODUCT:
                record = segment.record(chunk)
                if record.kind in _KINDS and len(record.name) >= _SHORTEST_NAME and record.name.isidentifier():
                    found.setdefault(record.name, set()).add(record.qualified_name)
    return {name: min(qualified) for name, qualified in found.items()}


def _forms_of(
    name: str, qualified: str, taken: frozenset[str], generator: np.random.Generator
) -> Iterator[SymbolQuery]:
    yield SymbolQuery(name, "exact", name)
    if qualified != name:
        yield SymbolQuery(qualified, "qualified", qualified)
    words = _words(name)
    if len(words) > 1:
        yield SymbolQuery(" ".join(words), "split", name)
    wrong = _misspelt(name, generator)
    if folded(wrong) not in taken:
        yield SymbolQuery(wrong, "misspelt", name)
    if len(words) > 2:
        left = _all_but_one(words, generator)
        if folded("".join(left)) not in taken:
            yield SymbolQuery(" ".join(left), "half-remembered", name)


def _words(name: str) -> list[str]:
    return [word for identifier in identifiers(name) for word in split_identifier(identifier)]


def _all_but_one(words: list[str], generator: np.random.Generator) -> list[str]:
    forgotten = int(generator.integers(len(words)))
    return words[:forgotten] + words[forgotten + 1 :]


def _guess(name: str, generator: np.random.Generator) -> str:
    """Return a name as somebody writes it who forgot one word of it, in its own style; nothing for short ones."""
    words = _words(name)
    if len(words) <= 2:
        return ""
    left = _all_but_one(words, generator)
    if "_" in name.strip("_"):
        return "_".join(left).upper() if name.isupper() else "_".join(left)
    return ("" if name.strip("_")[0].isupper() else left.pop(0)) + "".join(map(str.capitalize, left))


def _beginning(name: str, generator: np.random.Generator) -> str:
    """Return a name as far as it is typed: half of it at least."""
    return name[: int(generator.integers(max(4, (len(name) + 1) // 2), len(name)))].rstrip("_")


def _misspelt(name: str, generator: np.random.Generator) -> str:
    """Return a name with one slip of the fingers, which is hardly ever in the first letter."""
    places = [i for i in range(1, len(name)) if name[i].isalpha()] or [len(name) - 1]
    place = int(generator.choice(places))
    before, here, after = name[:place], name[place], name[place + 1 :]
    slips: list[Callable[[], str]] = [
        lambda: before + after,
        lambda: before + here + here + after,
        lambda: before + str(generator.choice([letter for letter in _LETTERS if letter != here.lower()])) + after,
        lambda: before[:-1] + here + before[-1] + after if here != before[-1] else before + after,
    ]
    return slips[int(generator.integers(len(slips)))]()
