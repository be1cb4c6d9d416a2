"""WordPiece vocabularies, learnt from counted words."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterable, Iterator

from tokenizers import Tokenizer as FastTokenizer
from tokenizers import models, pre_tokenizers, trainers

from hunch.text.tokenizer import CONTINUATION, SPECIAL_PIECES, identifiers, split_identifier
from hunch_training.data.pairs import Pair

PER_PACKAGE = 10
MIN_COUNT = 3
MAX_ALPHABET = 200


def count_words(pairs: Iterable[Pair]) -> Counter[str]:
    """Count the words of pairs that stand package by package, each word at most PER_PACKAGE times in a package."""
    total: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    package = None
    for pair in pairs:
        if pair.package != package:
            _add_package(total, seen)
            seen, package = Counter(), pair.package
        seen.update(identifiers(f"{pair.query} {pair.name} {pair.path} {pair.code}"))
    _add_package(total, seen)
    return total


def train_pieces(words: Counter[str], size: int) -> list[str]:
    """Return a vocabulary of at most ``size`` pieces, special ones first, made for a word-frequency list."""
    fast = FastTokenizer(models.WordPiece(unk_token=SPECIAL_PIECES[1]))
    fast.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size,
        special_tokens=list(SPECIAL_PIECES),
        continuing_subword_prefix=CONTINUATION,
        limit_alphabet=MAX_ALPHABET,
        initial_alphabet=list(string.ascii_lowercase + string.digits),
        show_progress=False,
    )
    fast.train_from_iterator(_repeat(words), trainer)
    learnt = sorted(fast.get_vocab().items(), key=lambda item: item[1])
    pieces = [piece for piece, _ in learnt if piece not in SPECIAL_PIECES]
    # Any ASCII word can then be spelt out.
    characters = [prefix + c for prefix in ("", CONTINUATION) for c in string.ascii_lowercase + string.digits]
    missing = [piece for piece in characters if piece not in set(pieces)]
    return [*SPECIAL_PIECES, *pieces[: size - len(SPECIAL_PIECES) - len(missing)], *missing]


def _add_package(total: Counter[str], identifier_counts: Counter[str]) -> None:
    words: Counter[str] = Counter()
    for identifier, count in identifier_counts.items():
        for word in split_identifier(identifier):
            words[word] += count
    for word, count in words.items():
        total[word] += min(count, PER_PACKAGE)


def _repeat(words: Counter[str], per_line: int = 1000) -> Iterator[str]:
    """The trainer counts words itself, so a list of counts is handed over as text."""
    for word, count in sorted(words.items()):
        if count >= MIN_COUNT:
            for start in range(0, count, per_line):
                yield f"{word} " * min(per_line, count - start)
