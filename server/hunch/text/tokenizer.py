"""Text to token ids: identifiers are split into lower-case words, words into subword pieces.

The same functions prepare the training data and serve the product, so a model always sees what it learnt from.
Segmentation is greedy longest-match-first, as in WordPiece (Wu et al., 2016, arXiv:1609.08144); a piece that
continues a word begins with ``##``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain

from hunch.text.json_file import read_json
from hunch.text.unicode_form import MARKS, composed

PADDING_ID = 0
UNKNOWN_ID = 1
SPECIAL_PIECES = ("[PAD]", "[UNK]")
CONTINUATION = "##"

MAX_IDENTIFIER_CHARACTERS = 64
"""Longer runs without an underscore are hashes, encoded data or noise; they carry no words."""

_CACHED_IDENTIFIERS = 1 << 14
_CACHED_CLASSES = 1 << 12

_IDENTIFIER = re.compile(r"\w+")
_ANY_IDENTIFIER = re.compile(rf"\w[\w{MARKS}]*")
_ASCII_PARTS = re.compile(r"[A-Z]{2,}s(?![a-zA-Z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_ANY_PARTS = re.compile(r"(?:Am*){2,}sm*(?![Aasm])|(?:Am*)+(?![asm])|(?:Am*)?(?:[as]m*)+|(?:0m*)+|Cm*|(?:xm*)+|m+")
"""As _ASCII_PARTS, over the classes of characters: capital and small letters, the letter s, digits, characters of
scripts that are written without spaces, letters without case, and what goes with the character in front of it."""
_SPACELESS = re.compile(r"[\u1100-\u115f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_JOINED = re.compile(r"[\u1160-\u11ff\u3099\u309a]")
"""The second and third part of a syllable of Hangul, and marks on kana, in text that is not composed."""


def identifiers(text: str) -> list[str]:
    """Return the runs of letters, digits, underscores and the marks on them of a text, in order, in Unicode's NFC.

    Of longer ones than MAX_IDENTIFIER_CHARACTERS their parts between underscores are returned, as far as those carry
    words: what is said of identifiers is cached, and no source may fill that memory with a megabyte for each.
    """
    found = _IDENTIFIER.findall(text) if text.isascii() else _ANY_IDENTIFIER.findall(composed(text))
    if len(text) > MAX_IDENTIFIER_CHARACTERS and max(map(len, found), default=0) > MAX_IDENTIFIER_CHARACTERS:
        return [part for identifier in found for part in _short_parts(identifier)]
    return found


def _short_parts(identifier: str) -> list[str]:
    if len(identifier) <= MAX_IDENTIFIER_CHARACTERS:
        return [identifier]
    return [part for part in identifier.split("_") if 0 < len(part) <= MAX_IDENTIFIER_CHARACTERS]


def split_identifier(identifier: str) -> list[str]:
    """Split an identifier into lower-case words.

    >>> split_identifier("parseHTTPResponse_v2")
    ['parse', 'http', 'response', 'v', '2']

    Scripts written without spaces are split into single characters.
    """
    if len(identifier) > MAX_IDENTIFIER_CHARACTERS:
        words = [word for word in identifier.split("_") if len(word) <= MAX_IDENTIFIER_CHARACTERS]
        return [part for word in words for part in split_identifier(word)]
    if identifier.isascii():
        return [part.lower() for part in _ASCII_PARTS.findall(identifier)]
    return [identifier[start:end].lower() for start, end in _any_parts(identifier)]


def words_with_places(text: str) -> list[tuple[str, int, int]]:
    """Return the words of all identifiers of a text as split_identifier gives them, with where each begins and ends.

    >>> words_with_places("x = parseURL(y)")
    [('x', 0, 1), ('parse', 4, 9), ('url', 9, 12), ('y', 13, 14)]
    """
    found = []
    for identifier in (_IDENTIFIER if text.isascii() else _ANY_IDENTIFIER).finditer(text):
        start, run = identifier.start(), identifier.group()
        if run.isascii():
            if len(run) <= MAX_IDENTIFIER_CHARACTERS:
                found += [(part.group().lower(), part.start(), part.end())
                          for part in _ASCII_PARTS.finditer(text, start, identifier.end())]  # fmt: skip
        elif len(composed(run)) <= MAX_IDENTIFIER_CHARACTERS:
            found += [(composed(run[begin:end]).lower(), start + begin, start + end) for begin, end in _any_parts(run)]
    return found


def _any_parts(identifier: str) -> list[tuple[int, int]]:
    classes = "".join(map(_class_of, identifier))
    return [part.span() for part in _ANY_PARTS.finditer(classes)]


@lru_cache(maxsize=_CACHED_CLASSES)
def _class_of(character: str) -> str:
    character = composed(character)[0]
    if character == "_":
        return "_"
    if _JOINED.match(character):
        return "m"
    if _SPACELESS.match(character):
        return "C"
    if character in "sS":
        return "s" if character == "s" else "A"
    if character.islower():
        return "a"
    if character.isupper() or character.istitle():
        return "A"
    if character.isdecimal():
        return "0"
    return "x" if character.isalpha() else "m"


class Tokenizer:
    """A subword vocabulary and the segmentation that goes with it.

    Token ids are positions in ``pieces``; 0 is padding, 1 stands for a word that no piece begins.
    """

    def __init__(self, pieces: Sequence[str]) -> None:
        """Take the vocabulary in the order of its ids.

        Raises:
            ValueError: the first pieces are not the special ones, or a piece stands twice.
        """
        if tuple(pieces[: len(SPECIAL_PIECES)]) != SPECIAL_PIECES:
            raise ValueError(f"a vocabulary begins with {', '.join(SPECIAL_PIECES)}")
        self._ids = {piece: number for number, piece in enumerate(pieces)}
        if len(self._ids) != len(pieces):
            raise ValueError("a piece stands twice in the vocabulary")
        self.pieces = tuple(pieces)
        self._longest = max(map(len, pieces))
        self._identifier_ids = lru_cache(maxsize=_CACHED_IDENTIFIERS)(self._encode_identifier)

    def encode(self, identifiers: Iterable[str]) -> list[int]:
        """Return the token ids of the identifiers, one after the other."""
        return list(chain.from_iterable(map(self._identifier_ids, identifiers)))

    def encode_text(self, text: str) -> list[int]:
        """Return the token ids of a text."""
        return self.encode(identifiers(text))

    def encode_word(self, word: str) -> tuple[int, ...]:
        """Return the ids of the pieces of one lower-case word; (UNKNOWN_ID,) when it cannot be segmented."""
        whole = self._ids.get(word)
        if whole is not None:
            return (whole,)
        found: list[int] = []
        start, prefix = 0, ""
        while start < len(word):
            for end in range(min(len(word), start + self._longest), start, -1):
                piece = self._ids.get(prefix + word[start:end])
                if piece is not None:
                    found.append(piece)
                    start, prefix = end, CONTINUATION
                    break
            else:
                return (UNKNOWN_ID,)
        return tuple(found)

    def _encode_identifier(self, identifier: str) -> tuple[int, ...]:
        return tuple(chain.from_iterable(map(self.encode_word, split_identifier(identifier))))


def dump_tokenizer(tokenizer: Tokenizer) -> str:
    """Write a tokenizer as the text of tokenizer.json."""
    return json.dumps({"type": "wordpiece", "pieces": tokenizer.pieces}, ensure_ascii=False, indent=0) + "\n"


def load_tokenizer(text: str) -> Tokenizer:
    """Read the text of tokenizer.json.

    Raises:
        ValueError: the text is not such a file.
    """
    content = read_json(text)
    if not isinstance(content, dict) or content.get("type") != "wordpiece":
        raise ValueError("not a wordpiece tokenizer")
    pieces = content.get("pieces")
    if not isinstance(pieces, list) or not all(isinstance(piece, str) for piece in pieces):
        raise ValueError("its pieces are not a list of strings")
    return Tokenizer(pieces)
