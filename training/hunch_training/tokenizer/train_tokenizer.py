"""Train the subword vocabulary that both towers read.

Words are what ``hunch.text.split_identifier`` makes of the identifiers in code and documentation; the pieces come
from the byte-pair merges of the WordPiece trainer of Hugging Face tokenizers (Schuster and Nakajima, 2012). A word
counts at most ``PER_PACKAGE`` times in a package: pieces should serve code that nobody has seen, and what one
package repeats ten thousand times is no better evidence for that than what it repeats ten times.

    hunch-train tokenizer ../shared/data runs/tokenizer.json --size 32000
"""

from __future__ import annotations

import argparse
import string
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tokenizers import Tokenizer as FastTokenizer
from tokenizers import models, pre_tokenizers, trainers

from hunch.text.tokenizer import CONTINUATION, SPECIAL_PIECES, Tokenizer, dump_tokenizer, identifiers, split_identifier
from hunch_training.data.pairs import Pair, read_training_pairs, training_files

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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument(
        "data", type=Path, help="the data folder: packages_pairs/ in it, or what hunch-train mine wrote"
    )
    parser.add_argument("out", type=Path, help="where to write tokenizer.json")
    parser.add_argument("--size", type=int, default=32000, help="pieces in the vocabulary (%(default)s)")
    parser.add_argument("--limit", type=int, help="read at most so many rows of a file")


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    start = time.perf_counter()
    words: Counter[str] = Counter()
    for path in training_files(options.data):
        words.update(count_words(read_training_pairs(path, options.limit)))
        print(f"{path.name}: {len(words):,} words so far, {time.perf_counter() - start:.0f} s", flush=True)
    tokenizer = Tokenizer(train_pieces(words, options.size))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(dump_tokenizer(tokenizer), encoding="utf-8")
    total = sum(words.values())
    whole = sum(count for word, count in words.items() if len(tokenizer.encode_word(word)) == 1)
    print(f"{len(tokenizer.pieces):,} pieces; {whole / max(total, 1):.1%} of word uses are one piece", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the stage on its own, as ``python -m hunch_training.tokenizer.train_tokenizer``."""
    parser = argparse.ArgumentParser(prog="train_tokenizer", description=(__doc__ or "").split("\n")[0])
    add_arguments(parser)
    run_stage(parser.parse_args(arguments))


if __name__ == "__main__":
    main()
