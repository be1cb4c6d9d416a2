"""Code and prose as subwords, for models that write.

Byte-pair merges (Sennrich et al., 2016, arXiv:1508.07909) over lower-case words: of code the split identifiers
(``parseHTTPHeader`` is ``parse http header``), of prose what ``prose.units_of`` gives, so that both share their pieces
and prose can be put together again. A piece that begins a word carries a mark.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from hunch.text.tokenizer import identifiers, split_identifier
from hunch_training.prose import MARKS, text_of, units_of

PAD, BEGIN, END, UNKNOWN = range(4)
SPECIAL = ("<pad>", "<begin>", "<end>", "<unknown>", *MARKS)
_MARK = "\u2581"


def words_of(code: str) -> list[str]:
    """Return the words of code, lower case, identifiers split; signs are left out."""
    return [word for identifier in identifiers(code) for word in split_identifier(identifier)]


def train_subwords(code: Iterable[str], prose: Iterable[str], size: int) -> Tokenizer:
    """Learn a vocabulary of at most ``size`` pieces, the special ones first."""
    tokenizer = Tokenizer(models.BPE(unk_token=SPECIAL[UNKNOWN]))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=_MARK, prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement=_MARK, prepend_scheme="always")
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
    words: list[str] = []
    for token in (str(tokenizer.id_to_token(int(number))) for number in ids if number > UNKNOWN):
        if token in MARKS or token.startswith(_MARK) or not words or words[-1] in MARKS:
            words.append(token.removeprefix(_MARK))
        else:
            words[-1] += token
    return text_of([word for word in words if word])


def load_subwords(file: Path) -> Tokenizer:
    """Read a vocabulary.

    Raises:
        ValueError: the file is none of ours.
    """
    tokenizer = Tokenizer.from_file(str(file))
    if [tokenizer.id_to_token(number) for number in range(len(SPECIAL))] != list(SPECIAL):
        raise ValueError(f"{file}: no vocabulary of hunch_training.subwords: train one first")
    return tokenizer
