"""What a model that writes sees of code, and how its tokens become prose.

Code is its words alone, lower case, identifiers split; each word is cut by byte-pair merges (Sennrich et al., 2016,
arXiv:1508.07909). A piece that begins a word carries a mark. Training learns the merges; see
hunch_training.tokenizer.subwords.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, islice, pairwise

from hunch.text.json_file import read_json
from hunch.text.prose import MARKS, text_of
from hunch.text.tokenizer import identifiers, split_identifier

PAD, BEGIN, END, UNKNOWN = range(4)
SPECIAL = ("<pad>", "<begin>", "<end>", "<unknown>", *MARKS)
WORD_BEGIN = "\u2581"

_CACHED_WORDS = 1 << 12
_NEVER = 1 << 30


def words_of(code: str) -> list[str]:
    """Return the words of code, lower case, identifiers split; signs are left out."""
    return [word for identifier in identifiers(code) for word in split_identifier(identifier)]


def prose_of(pieces: Iterable[str]) -> str:
    """Put prose together from pieces and marks."""
    words: list[str] = []
    for piece in pieces:
        if piece in MARKS or piece.startswith(WORD_BEGIN) or not words or words[-1] in MARKS:
            words.append(piece.removeprefix(WORD_BEGIN))
        else:
            words[-1] += piece
    return text_of([word for word in words if word])


class Subwords:
    """A vocabulary of pieces and the merges that make them. Token ids are positions in ``pieces``."""

    def __init__(self, pieces: Sequence[str], merges: Sequence[tuple[str, str]]) -> None:
        """Take the pieces in the order of their ids, and the merges in the order in which they were learnt.

        Raises:
            ValueError: the first pieces are not the special ones, a piece stands twice, or a merge makes no piece.
        """
        self.pieces = tuple(pieces)
        self.merges = tuple(merges)
        self._ids = {piece: number for number, piece in enumerate(pieces)}
        self._ranks = {pair: rank for rank, pair in enumerate(merges)}
        if self.pieces[: len(SPECIAL)] != SPECIAL:
            raise ValueError(f"a vocabulary begins with {', '.join(SPECIAL)}")
        if len(self._ids) != len(pieces):
            raise ValueError("a piece stands twice in the vocabulary")
        for first, second in merges:
            if first + second not in self._ids:
                raise ValueError(f"the merge of {first!r} and {second!r} is no piece")
        self._word_ids = lru_cache(maxsize=_CACHED_WORDS)(self._encode_word)

    def encode_code(self, code: str, longest: int) -> list[int]:
        """Return the ids of the first tokens of a piece of code, at most ``longest``."""
        return list(islice(chain.from_iterable(map(self._word_ids, words_of(code))), longest))

    def decode(self, ids: Iterable[int]) -> str:
        """Put prose together from token ids; those that are no piece of a text are passed over."""
        return prose_of(self.pieces[number] for number in ids if number > UNKNOWN)

    def _encode_word(self, word: str) -> tuple[int, ...]:
        parts = [WORD_BEGIN, *word]
        while len(parts) > 1:
            first, second = min(pairwise(parts), key=lambda pair: self._ranks.get(pair, _NEVER))
            if (first, second) not in self._ranks:
                break
            merged: list[str] = []
            for part in parts:
                if part == second and merged and merged[-1] == first:
                    merged[-1] = first + second
                else:
                    merged.append(part)
            parts = merged
        return tuple(self._ids.get(part, UNKNOWN) for part in parts)


def dump_subwords(subwords: Subwords) -> str:
    """Write a vocabulary as the text of tokenizer.json."""
    content = {"type": "bpe", "pieces": subwords.pieces, "merges": [list(pair) for pair in subwords.merges]}
    return json.dumps(content, ensure_ascii=False, indent=0) + "\n"


def load_subwords(text: str) -> Subwords:
    """Read the text of tokenizer.json.

    Raises:
        ValueError: the text is not such a file.
    """
    content = read_json(text)
    if not isinstance(content, dict) or content.get("type") != "bpe":
        raise ValueError("not a vocabulary of byte-pair merges")
    pieces, merges = content.get("pieces"), content.get("merges")
    if not isinstance(pieces, list) or not all(isinstance(piece, str) for piece in pieces):
        raise ValueError("its pieces are not a list of strings")
    if not isinstance(merges, list) or not all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair) for pair in merges
    ):
        raise ValueError("its merges are not a list of pairs of strings")
    return Subwords(pieces, [(first, second) for first, second in merges])
