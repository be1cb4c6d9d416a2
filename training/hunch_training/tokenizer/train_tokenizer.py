"""Train the WordPiece vocabulary of the search models.

Words are what ``hunch.text.split_identifier`` makes of the identifiers in code and documentation; the pieces come
from the byte-pair merges of the WordPiece trainer of Hugging Face tokenizers (Schuster and Nakajima, 2012). A word
counts at most ``PER_PACKAGE`` times in a package: pieces should serve code that nobody has seen, and what one
package repeats ten thousand times is no better evidence for that than what it repeats ten times.

    hunch-train tokenizer ../shared/data runs/tokenizer.json --size 32000
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hunch.text.tokenizer import Tokenizer, dump_tokenizer
from hunch_training.data.pairs import read_training_pairs, training_files
from hunch_training.tokenizer.wordpiece import count_words, train_pieces


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
