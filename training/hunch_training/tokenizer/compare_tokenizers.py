"""Subwords beside whole words: what is unknown, how long functions get, and what becomes of rare identifiers.

    hunch-train compare-tokenizers ../shared/data --limit 20000 --out runs/tokenizers

Four ways to cut the same texts, each learnt from training rows at each size and measured on valid rows: WordPiece
(``wordpiece``), byte-pair merges (``subwords``), whole words of split identifiers (``word_level``), and whole
identifiers. The vocabularies of the second and third are kept for ``hunch-train seq2seq --subwords``, which measures
their effect on a model. Signs are left out everywhere.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Literal, NamedTuple

from rich.console import Console
from rich.table import Table
from tokenizers import Tokenizer as FastTokenizer

from hunch.text.subwords import SPECIAL, UNKNOWN, words_of
from hunch.text.tokenizer import UNKNOWN_ID, Tokenizer, identifiers, split_identifier
from hunch_training.data.data_card import Sheet, markdown_of
from hunch_training.data.near_duplicates import hash_of
from hunch_training.data.pairs import Pair, read_pairs, read_training_pairs, training_files, valid_file_of
from hunch_training.errors import TrainingError
from hunch_training.tokenizer.subwords import train_subwords
from hunch_training.tokenizer.word_level import train_word_level
from hunch_training.tokenizer.wordpiece import count_words, train_pieces

SIZES = (8_000, 16_000, 32_000)
RARE = 3
"""A word that fewer training rows use is rare."""
Kind = Literal["WordPiece", "byte-pair merges", "whole words", "whole identifiers"]
Cut = Callable[[str], tuple[str, ...]]
"""Of an identifier or a word: its tokens, UNKNOWN_TOKEN for what is unknown"""
UNKNOWN_TOKEN = "?"
_UNKNOWN_FAST = SPECIAL[UNKNOWN]
_PER_FILE_DEFAULT = 5_000
_VALID_ROWS = 500
_EXAMPLES = 20
_LEAST_LETTERS = 6


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of a vocabulary on valid rows."""

    kind: Kind
    size: int
    """tokens that it has"""
    unknown_code: float
    """share of the tokens of code"""
    unknown_documentation: float
    tokens_per_function: float
    tokens_per_documentation: float
    whole: float
    """share of the words of code that are one known token; of the identifiers for whole identifiers"""
    rare_lost: float
    """share of rare words, each counted once, of which a part is unknown"""
    rare_pieces: float
    """tokens of a rare word that is not lost"""


class Counts(NamedTuple):
    """What is counted in the training rows, once for all sizes."""

    words: Counter[str]
    """as ``wordpiece.count_words`` counts"""
    names: Counter[str]
    """identifiers, lower case"""
    rows_with: Counter[str]
    """rows that use a word"""


def counts_of(training: Callable[[], Iterator[Pair]]) -> Counts:
    """Count words and identifiers of the training rows, which are read twice."""
    counts = Counts(count_words(training()), Counter(), Counter())
    for pair in training():
        names = identifiers(f"{pair.code} {pair.query}")
        counts.names.update(name.lower() for name in names)
        counts.rows_with.update({word for name in set(names) for word in split_identifier(name)})
    return counts


def cuts_of(
    training: Callable[[], Iterator[Pair]], counts: Counts, size: int, kept: Path | None = None
) -> dict[Kind, tuple[Cut, int]]:
    """Learn each vocabulary of a size; return how it cuts and how many tokens it has.

    Args:
        training: begins to read the training rows anew.
        counts: of the same rows.
        size: tokens, special ones included.
        kept: folder for bpe-SIZE.json and words-SIZE.json.
    """
    pieces = Tokenizer(train_pieces(counts.words, size))
    trained = {
        "bpe": train_subwords(_code(training()), _prose(training()), size),
        "words": train_word_level(_code(training()), _prose(training()), size),
    }
    if kept:
        kept.mkdir(parents=True, exist_ok=True)
        for name, tokenizer in trained.items():
            tokenizer.save(str(kept / f"{name}-{size}.json"))
    frequent = {name for name, count in counts.names.most_common(size - len(SPECIAL)) if count >= RARE}

    def by_pieces(identifier: str) -> tuple[str, ...]:
        numbers = pieces.encode([identifier])
        return tuple(UNKNOWN_TOKEN if number == UNKNOWN_ID else pieces.pieces[number] for number in numbers)

    return {
        "WordPiece": (by_pieces, len(pieces.pieces)),
        "byte-pair merges": (_fast_cut(trained["bpe"]), trained["bpe"].get_vocab_size()),
        "whole words": (_fast_cut(trained["words"]), trained["words"].get_vocab_size()),
        "whole identifiers": (
            lambda identifier: (identifier.lower() if identifier.lower() in frequent else UNKNOWN_TOKEN,),
            len(frequent) + len(SPECIAL),
        ),
    }


def measure(kind: Kind, cut: Cut, size: int, valid: Sequence[Pair], rare: Sequence[str]) -> Measured:
    """Measure a vocabulary on valid rows and on rare words; identifiers are cut one by one."""
    cached: dict[str, tuple[str, ...]] = {}

    def tokens(text: str) -> Iterator[tuple[str, ...]]:
        for name in identifiers(text):
            if name not in cached:
                cached[name] = cut(name)
            yield cached[name]

    code = Counter(chain.from_iterable(chain.from_iterable(tokens(pair.code) for pair in valid)))
    prose = Counter(chain.from_iterable(chain.from_iterable(tokens(pair.query) for pair in valid)))
    unit: Callable[[str], list[str]] = identifiers if kind == "whole identifiers" else words_of
    units = Counter(word for pair in valid for word in unit(pair.code))
    one = sum(count for word, count in units.items() if len(found := cut(word)) == 1 and found[0] != UNKNOWN_TOKEN)
    parts = [cut(word) for word in rare]
    known = [part for part in parts if UNKNOWN_TOKEN not in part]
    return Measured(
        kind=kind,
        size=size,
        unknown_code=code[UNKNOWN_TOKEN] / max(code.total(), 1),
        unknown_documentation=prose[UNKNOWN_TOKEN] / max(prose.total(), 1),
        tokens_per_function=code.total() / len(valid),
        tokens_per_documentation=prose.total() / len(valid),
        whole=one / max(units.total(), 1),
        rare_lost=1 - len(known) / max(len(parts), 1),
        rare_pieces=sum(map(len, known)) / max(len(known), 1),
    )


def rare_words(counts: Counts, valid: Iterable[Pair]) -> list[str]:
    """Return the words of ASCII letters of valid code that under RARE training rows use, in alphabetical order."""
    found = {word for pair in valid for word in words_of(pair.code)}
    rare = (word for word in found if counts.rows_with[word] < RARE)
    return sorted(word for word in rare if word.isascii() and word.isalpha() and len(word) >= _LEAST_LETTERS)


def examples_of(valid: Iterable[Pair], rare: Iterable[str], count: int = _EXAMPLES) -> list[str]:
    """Return names of valid functions with a rare word in them, one a word, drawn by the hash of their names."""
    wanted = set(rare)
    found: dict[str, str] = {}
    for pair in valid:
        hit = next((word for word in split_identifier(pair.name) if word in wanted), None)
        if hit:
            found[hit] = min(pair.name, found.get(hit, pair.name))
    return sorted(sorted(found.values(), key=hash_of)[:count], key=str.lower)


def sheet_of(measured: Sequence[Measured]) -> Sheet:
    """Return the figures as a table."""
    head = (
        "vocabulary", "tokens", "unknown in code", "in documentation", "tokens a function", "a documentation",
        "words that stay whole", "rare words lost", "tokens of a rare word",
    )  # fmt: skip
    rows = [
        (
            m.kind, f"{m.size:,}", f"{m.unknown_code:.2%}", f"{m.unknown_documentation:.2%}",
            f"{m.tokens_per_function:.1f}", f"{m.tokens_per_documentation:.1f}", f"{m.whole:.1%}",
            f"{m.rare_lost:.1%}", f"{m.rare_pieces:.2f}" if m.rare_pieces else "-",
        )
        for m in measured
    ]  # fmt: skip
    return Sheet("Vocabularies on valid rows", head, rows)


def example_sheet(examples: Sequence[str], cuts: Mapping[Kind, tuple[Cut, int]], size: int) -> Sheet:
    """Return what becomes of some identifiers, as a table."""
    rows = [(name, *(" ".join(_plainly(cut(name))) for cut, _ in cuts.values())) for name in examples]
    return Sheet(f"Rare identifiers, {size:,} tokens ({UNKNOWN_TOKEN} is unknown)", ("identifier", *cuts), rows)


def _fast_cut(tokenizer: FastTokenizer) -> Cut:
    def cut(identifier: str) -> tuple[str, ...]:
        tokens = tokenizer.encode(" ".join(split_identifier(identifier))).tokens
        return tuple(UNKNOWN_TOKEN if token == _UNKNOWN_FAST else token for token in tokens)

    return cut


def _plainly(tokens: Iterable[str]) -> Iterator[str]:
    """Write tokens alike: what goes on with a word begins with a hyphen."""
    listed = list(tokens)
    marked = any(token.startswith("\u2581") for token in listed)
    for token in listed:
        if token.startswith("##"):
            yield f"-{token[2:]}"
        elif marked and not token.startswith("\u2581") and token != UNKNOWN_TOKEN:
            yield f"-{token}"
        else:
            yield token.removeprefix("\u2581")


def _code(pairs: Iterable[Pair]) -> Iterator[str]:
    return (pair.code for pair in pairs)


def _prose(pairs: Iterable[Pair]) -> Iterator[str]:
    return (pair.query for pair in pairs)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument(
        "data", type=Path, help="a data folder, or one NAME.train.jsonl.gz with its valid file beside it"
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="tokens (%(default)s)")
    parser.add_argument("--limit", type=int, default=_PER_FILE_DEFAULT, help="training rows of a file (%(default)s)")
    parser.add_argument("--valid-limit", type=int, default=_VALID_ROWS, help="valid rows of a file (%(default)s)")
    parser.add_argument("--out", type=Path, help="folder for the vocabularies, tokenizers.md and tokenizers.json")


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    one_file = options.data.is_file() or any(options.data.glob("*_train_*.jsonl*"))
    files = [options.data] if one_file else training_files(options.data, questions=False)
    valid: list[Pair] = []
    for file in files:
        try:
            valid += read_pairs(valid_file_of(file), options.valid_limit)
        except TrainingError:
            if len(files) == 1:
                raise  # of several languages, some may be without valid rows

    def training() -> Iterator[Pair]:
        return chain.from_iterable(read_training_pairs(file, options.limit) for file in files)

    if not valid:
        raise TrainingError(f"{options.data}: no valid rows beside the training rows to measure on")
    counts = counts_of(training)
    rare = rare_words(counts, valid)
    examples = examples_of(valid, rare)
    print(f"{len(valid):,} valid rows, {len(rare):,} rare words in their code", flush=True)
    measured: list[Measured] = []
    sheets: list[Sheet] = []
    for size in options.sizes:
        cuts = cuts_of(training, counts, size, options.out)
        measured += [measure(kind, cut, tokens, valid, rare) for kind, (cut, tokens) in cuts.items()]
        sheets.append(example_sheet(examples, cuts, size))
        print(f"{size:,} tokens: measured", flush=True)
    console = Console()
    shown = [sheet_of(measured), *sheets]
    for sheet in shown[:2]:
        table = Table(title=sheet.title, title_justify="left")
        for name in sheet.head:
            table.add_column(name)
        for row in sheet.rows:
            table.add_row(*row)
        console.print(table)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "tokenizers.md").write_text("\n".join(map(markdown_of, shown)), encoding="utf-8")
        figures = json.dumps([asdict(entry) for entry in measured], indent=2)
        (options.out / "tokenizers.json").write_text(figures + "\n", encoding="utf-8")
