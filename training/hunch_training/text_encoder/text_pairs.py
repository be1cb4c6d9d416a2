"""Pairs of texts that mean the same, out of the training files: what the text encoder learns from.

    paraphrase   the title of a question and what it was rewritten to (conala)
    rest         the first sentence of a documentation and the rest of it, or its halves when there is one sentence
    name         a documentation and the words of the function's name
    code         a documentation or a question and the code

Every fifth question of conala is set aside to choose by (``is_set_aside``).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from hunch.text.tokenizer import identifiers, split_identifier
from hunch_training.data.pairs import Pair, read_training_pairs, training_files
from hunch_training.errors import TrainingError

KINDS = ("paraphrase", "rest", "name", "code")
MOST_WORDS = 48
"""Words of a text that are kept, so that a teacher and its student see the same"""
FEWEST_OF_HALVES = 12
"""Words that a text has at least that is cut into halves"""

_SET_ASIDE = 5
_CODE_CHARACTERS = 800
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'`(])")


class TextPair(NamedTuple):
    """Two texts that mean the same."""

    kind: str
    left: str
    right: str


def read_text_pairs(
    data: Path, kinds: Sequence[str] = KINDS, *, every: int = 1, limit: int | None = None
) -> Iterator[TextPair]:
    """Read the pairs of all training files below a data folder, file by file.

    Args:
        data: with packages_pairs/, conala/ and so_codenn/ in it, as far as they are there.
        kinds: which ones.
        every: one row in so many is read of packages_pairs; the files of questions are small.
        limit: rows read of each file, at most.

    Raises:
        TrainingError: there is no such kind, or a row without what is needed.
        FileNotFoundError: there is no training file.
    """
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown or not kinds:
        raise TrainingError(f"there is no kind of pairs {', '.join(unknown)!r}: known are {', '.join(KINDS)}")
    for path in training_files(data):
        step = every if path.parent.name.startswith("packages_pairs") else 1
        pairs = read_training_pairs(path, None if limit is None else limit * step)
        for pair in islice(pairs, 0, None, step):
            yield from (texts for texts in _text_pairs(pair) if texts.kind in kinds)


def pairs_of_function(pair: Pair) -> Iterator[TextPair]:
    """Give the pairs that a documented function holds."""
    documentation = without_name(pair.query, pair.name)
    parts = sentence_and_rest(documentation) or halves(documentation)
    if parts:
        yield TextPair("rest", clip(parts[0]), clip(parts[1]))
    name = name_words(pair.name)
    if name:
        yield TextPair("name", clip(documentation), name)
    yield TextPair("code", clip(documentation), pair.code[:_CODE_CHARACTERS])


def sentences_of(pairs: Iterable[TextPair]) -> Iterator[str]:
    """Give the distinct texts of pairs that are prose or a name, in order."""
    seen: set[bytes] = set()
    for pair in pairs:
        for text in (pair.left,) if pair.kind == "code" else (pair.left, pair.right):
            digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
            if text and digest not in seen:
                seen.add(digest)
                yield text


def is_set_aside(pair: Pair) -> bool:
    """Return whether a question of conala's training file is one to choose by, from its number."""
    return pair.question is not None and pair.question % _SET_ASIDE == 0


def without_name(documentation: str, name: str) -> str:
    """Return a documentation without the function's own name in front of it, as Go has it.

    >>> without_name("NewColour creates a colour from its parts.", "NewColour")
    'creates a colour from its parts.'
    """
    first, _, rest = documentation.partition(" ")
    return rest.strip() if rest and name and first.strip("`'\"():") == name else documentation


def name_words(name: str) -> str:
    """Return the words of a name, "" when there are fewer than two: they say too little.

    >>> name_words("parseHTTPResponse")
    'parse http response'
    """
    words = [word for identifier in identifiers(name) for word in split_identifier(identifier)]
    return " ".join(words) if len(words) > 1 else ""


def sentence_and_rest(text: str) -> tuple[str, str] | None:
    """Return the first sentence of a text and the rest; None when there is one sentence, or three words on a side."""
    parts = _SENTENCE_END.split(text.strip(), maxsplit=1)
    if len(parts) < 2 or min(len(part.split()) for part in parts) < 3:
        return None
    return parts[0], parts[1]


def halves(text: str) -> tuple[str, str] | None:
    """Return the words of a text in two halves; None when there are fewer than FEWEST_OF_HALVES."""
    words = text.split()
    if len(words) < FEWEST_OF_HALVES:
        return None
    return " ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :])


def clip(text: str) -> str:
    """Return the first MOST_WORDS words."""
    return " ".join(text.split()[:MOST_WORDS])


def _text_pairs(pair: Pair) -> Iterator[TextPair]:
    if pair.path:
        yield from pairs_of_function(pair)
    elif not pair.title:
        yield TextPair("code", clip(pair.query), pair.code[:_CODE_CHARACTERS])
    elif not is_set_aside(pair):
        yield TextPair("paraphrase", clip(pair.title), clip(pair.query))
        yield TextPair("code", clip(pair.query), pair.code[:_CODE_CHARACTERS])
