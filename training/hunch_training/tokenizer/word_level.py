"""A vocabulary of whole words, to compare with subwords: what is not among the most frequent words is unknown.

It has the special tokens, the words and the encoding of ``subwords``, so every stage that takes such a vocabulary takes
this one (``hunch-train seq2seq --subwords words.json``).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from hunch.text.prose import MARKS, units_of
from hunch.text.subwords import SPECIAL, UNKNOWN, WORD_BEGIN, words_of

_LEAST_COUNT = 3


def train_word_level(code: Iterable[str], prose: Iterable[str], size: int) -> Tokenizer:
    """Learn a vocabulary of at most ``size`` words, the special tokens first; a word stands three times at least."""
    tokenizer = Tokenizer(models.WordLevel(unk_token=SPECIAL[UNKNOWN]))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=WORD_BEGIN, prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement=WORD_BEGIN, prepend_scheme="always")
    # A mark takes the blank before it along, which would be an unknown word otherwise.
    special: list[str | AddedToken] = [
        AddedToken(name, lstrip=True, special=True) if name in MARKS else name for name in SPECIAL
    ]
    trainer = trainers.WordLevelTrainer(
        vocab_size=size, special_tokens=special, min_frequency=_LEAST_COUNT, show_progress=False
    )
    plain = (" ".join(unit for unit in units_of(text) if unit not in MARKS) for text in prose)
    tokenizer.train_from_iterator(chain((" ".join(words_of(text)) for text in code), plain), trainer)
    return tokenizer
