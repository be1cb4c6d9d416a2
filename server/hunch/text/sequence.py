"""Code and questions as sequences of tokens, which is what a contextual encoder reads. Pure.

A sequence is the text with its punctuation, identifiers split into words that ``_`` joins, between ``[CLS]`` and
``[SEP]`` as in BERT (Devlin et al., 2019, arXiv:1810.04805). Code is the signature, the documentation and the beginning
of the body; where it stands (what the name is qualified with, the end of the path) comes last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from hunch.text.render import Source
from hunch.text.tokenizer import UNKNOWN_ID, Tokenizer, split_identifier
from hunch.text.unicode_form import MARKS, composed

BEGIN_ID, END_ID, JOINT_ID = 2, 3, 4
SEQUENCE_PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "_")
"""What a vocabulary for sequences begins with."""

LONGEST_CODE = 64
"""Tokens of a sequence of code, with the two at its ends"""
LONGEST_QUERY = 32
LONGEST_PARTS = {"signature": 28, "documentation": 24, "body": 62, "place": 10}
"""Tokens that are kept of each part at most: the first ones, of the place the last."""

_RUNS = re.compile(r"\w+|[^\w\s]")
_ANY_RUNS = re.compile(rf"\w[\w{MARKS}]*|[^\w\s]")
_SEPARATOR = re.compile(r"::|[.#/\\]")
_CHARACTERS_A_TOKEN = 12
"""Enough text for so many tokens, in all but strange files: what is beyond is not even looked at."""
_LONGEST_PLACE = 240
"""Characters of a place that are looked at, its last ones."""
_CACHED_RUNS = 1 << 15


class Parts(NamedTuple):
    """The tokens of each part of a sequence of code, each already cut off."""

    signature: list[int]
    documentation: list[int]
    body: list[int]
    place: list[int]


def code_sequence(source: Source, tokenizer: Tokenizer) -> list[int]:
    """Return the tokens of a piece of code; empty when it has none that is known."""
    return joined(code_parts(source, tokenizer))


def query_sequence(text: str, tokenizer: Tokenizer) -> list[int]:
    """Return the tokens of a query; empty when it has none that is known."""
    return enclosed(text_tokens(text, tokenizer, LONGEST_QUERY - 2))


def code_parts(source: Source, tokenizer: Tokenizer) -> Parts:
    """Return the tokens of a piece of code by part."""
    stem, _, _ = source.path.rpartition(".")
    separators = list(_SEPARATOR.finditer(source.name))
    qualifier = source.name[: separators[-1].start()] if separators else ""
    place = text_tokens(f"{stem or source.path} {qualifier}"[-_LONGEST_PLACE:], tokenizer, _LONGEST_PLACE)
    return Parts(
        signature=text_tokens(source.signature, tokenizer, LONGEST_PARTS["signature"]),
        documentation=text_tokens(source.documentation, tokenizer, LONGEST_PARTS["documentation"]),
        body=text_tokens(source.body, tokenizer, LONGEST_PARTS["body"]),
        place=place[-LONGEST_PARTS["place"] :],
    )


def joined(parts: Parts) -> list[int]:
    """Return the parts as one sequence: the body gives way to the others."""
    others = len(parts.signature) + len(parts.documentation) + len(parts.place)
    body = parts.body[: max(0, LONGEST_CODE - 2 - others)]
    return enclosed([*parts.signature, *parts.documentation, *body, *parts.place][: LONGEST_CODE - 2])


def enclosed(tokens: list[int]) -> list[int]:
    """Return tokens between the two that stand at the ends; empty when there is none."""
    return [BEGIN_ID, *tokens, END_ID] if tokens else []


def text_tokens(text: str, tokenizer: Tokenizer, longest: int) -> list[int]:
    """Return the first known tokens of a text."""
    found: list[int] = []
    text = text[: longest * _CHARACTERS_A_TOKEN]
    runs = _RUNS.finditer(text) if text.isascii() else _ANY_RUNS.finditer(composed(text))
    for run in runs:
        found += _run_tokens(tokenizer, run[0])
        if len(found) >= longest:
            return found[:longest]
    return found


def is_sequence_vocabulary(pieces: Iterable[str]) -> bool:
    """Return whether a vocabulary begins as one for sequences does."""
    return tuple(pieces)[: len(SEQUENCE_PIECES)] == SEQUENCE_PIECES


@lru_cache(_CACHED_RUNS)
def _run_tokens(tokenizer: Tokenizer, run: str) -> tuple[int, ...]:
    if not (run[0].isalnum() or run[0] == "_"):
        return tuple(token for token in tokenizer.encode_word(run) if token != UNKNOWN_ID)
    words = [tokenizer.encode_word(word) for word in split_identifier(run)]
    known = [word for word in words if UNKNOWN_ID not in word]
    tokens: list[int] = []
    for word in known:
        tokens += [JOINT_ID, *word] if tokens else word
    return tuple(tokens)
