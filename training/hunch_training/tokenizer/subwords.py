"""Learns the subwords of models that write, and encodes whole files of pairs with them.

What is a word of code or prose is ``hunch.text.subwords`` and ``hunch.text.prose``, so that both share their pieces
and prose can be put together again. The merges are applied by ``tokenizers``, which is many times faster than the
product's own code; a test holds the two together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from hunch.text.prose import MARKS, units_of
from hunch.text.subwords import SPECIAL, UNKNOWN, WORD_BEGIN, Subwords, prose_of, words_of


def train_subwords(code: Iterable[str], prose: Iterable[str], size: int) -> Tokenizer:
    """Learn a vocabulary of at most ``size`` pieces, the special ones first."""
    tokenizer = Tokenizer(models.BPE(unk_token=SPECIAL[UNKNOWN]))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=WORD_BEGIN, prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement=WORD_BEGIN, prepend_scheme="always")
    # A mark takes the blank before it along, which would otherwise be a token of its own.
    special = [AddedToken(name, lstrip=name in MARKS, special=True) for name in SPECIAL]
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=special, limit_alphabet=200, min_frequency=3, show_progress=False
    )
    plain = (" ".join(unit for unit in units_of(text) if unit not in MARKS) for text in prose)
    tokenizer.train_from_iterator(chain((" ".join(words_of(text)) for text in code), plain), trainer)
    return tokenizer


def encode_code(tokenizer: Tokenizer, texts: Iterable[str], longest: int) -> list[list[int]]:
    """Return the ids of each piece of code, at most ``longest``."""
    return [row.ids[:longest] for row in tokenizer.encode_batch([" ".join(words_of(text)) for text in texts])]


def encode_prose(tokenizer: Tokenizer, texts: Iterable[str], longest: int) -> list[list[int]]:
    """Return the ids of each text, at most ``longest``, without the tokens that begin and end one."""
    return [row.ids[:longest] for row in tokenizer.encode_batch([" ".join(units_of(text)) for text in texts])]


def decode(tokenizer: Tokenizer, ids: Iterable[int]) -> str:
    """Put prose together again."""
    return prose_of(str(tokenizer.id_to_token(int(number))) for number in ids if number > UNKNOWN)


def load_subwords(file: Path) -> Tokenizer:
    """Read a vocabulary.

    Raises:
        ValueError: the file is none of ours.
    """
    tokenizer = Tokenizer.from_file(str(file))
    if [tokenizer.id_to_token(number) for number in range(len(SPECIAL))] != list(SPECIAL):
        raise ValueError(f"{file}: no vocabulary of hunch_training.subwords: train one first")
    return tokenizer


def shipped_subwords(tokenizer: Tokenizer) -> Subwords:
    """Return a vocabulary as the product reads it.

    Raises:
        ValueError: it was not made by ``train_subwords``.
    """
    model = json.loads(tokenizer.to_str())["model"]
    if model["type"] != "BPE":
        raise ValueError("a vocabulary without merges cannot ship")
    pieces = sorted(model["vocab"], key=model["vocab"].__getitem__)
    return Subwords(pieces, [(first, second) for first, second in model["merges"]])
