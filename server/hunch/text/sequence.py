"""Chunks and queries as sequences of tokens, which is what a contextual encoder reads. Pure.

A sequence holds each token once, at its first place: what a function is about fits into few tokens then, and a short
sequence costs little. It stands between ``[CLS]`` and ``[SEP]``, as in BERT (Devlin et al., 2019, arXiv:1810.04805).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from hunch.text.render import FIELD_NAMES, Fields
from hunch.text.tokenizer import UNKNOWN_ID, Tokenizer

BEGIN_ID, END_ID = 2, 3
SEQUENCE_PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
"""What a vocabulary for sequences begins with."""

LONGEST_FIELDS = {"name": 12, "path": 12, "signature": 24, "documentation": 48, "body": 160}
"""Tokens that are kept of each field before repeated ones fall out: the first ones, of a path the last."""
LONGEST_CODE = 64
"""Tokens of a chunk's sequence, with the two at its ends"""
LONGEST_QUERY = 32


def code_sequence(fields: Fields, tokenizer: Tokenizer) -> list[int]:
    """Return the tokens of a rendered chunk; empty when it has no known word."""
    parts = (
        field_tokens(name, field, tokenizer, LONGEST_FIELDS[name])
        for name, field in zip(FIELD_NAMES, fields, strict=True)
    )
    return enclosed(chain.from_iterable(parts), LONGEST_CODE)


def query_sequence(query: Sequence[str], tokenizer: Tokenizer) -> list[int]:
    """Return the tokens of a rendered query; empty when it has no known word."""
    return enclosed(known_tokens(query, tokenizer), LONGEST_QUERY)


def field_tokens(name: str, field: Sequence[str], tokenizer: Tokenizer, longest: int) -> list[int]:
    """Return the known tokens that are kept of a field."""
    # An identifier may have no word, but seldom: twice as many identifiers are enough for so many tokens.
    if name == "path":
        return known_tokens(field[-2 * longest :], tokenizer)[-longest:]
    return known_tokens(field[: 2 * longest], tokenizer)[:longest]


def known_tokens(identifiers: Iterable[str], tokenizer: Tokenizer) -> list[int]:
    """Return the tokens of identifiers without unknown ones."""
    return [token for token in tokenizer.encode(identifiers) if token != UNKNOWN_ID]


def enclosed(tokens: Iterable[int], longest: int) -> list[int]:
    """Return each token once between the two that stand at the ends, cut off; empty when there is none."""
    distinct = list(dict.fromkeys(tokens))[: longest - 2]
    return [BEGIN_ID, *distinct, END_ID] if distinct else []
