"""Code and prose as subwords that can be put together again, for models that write.

Byte-pair merges (Sennrich et al., 2016, arXiv:1508.07909) over split identifiers: ``parseHTTPHeader`` is read as
``parse http header``, so that code and documentation share their pieces. A piece that begins a word carries a mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from hunch.text.tokenizer import identifiers, split_identifier

PAD, BEGIN, END, UNKNOWN = range(4)
SPECIAL = ("<pad>", "<begin>", "<end>", "<unknown>")
_MARK = "\u2581"


def words_of(text: str) -> list[str]:
    """Return the words of code or prose, lower case, identifiers split; signs are left out."""
    return [word for identifier in identifiers(text) for word in split_identifier(identifier)]


def train_subwords(texts: Iterable[str], size: int) -> Tokenizer:
    """Learn a vocabulary of at most ``size`` pieces, the special ones first."""
    tokenizer = Tokenizer(models.BPE(unk_token=SPECIAL[UNKNOWN]))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=_MARK, prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement=_MARK, prepend_scheme="always")
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=list(SPECIAL), limit_alphabet=200, min_frequency=3, show_progress=False
    )
    tokenizer.train_from_iterator(_joined(texts), trainer)
    return tokenizer


def encode(tokenizer: Tokenizer, texts: Iterable[str], longest: int) -> list[list[int]]:
    """Return the ids of each text, at most ``longest``, without the tokens that begin and end one."""
    return [encoding.ids[:longest] for encoding in tokenizer.encode_batch(list(_joined(texts)))]


def decode(tokenizer: Tokenizer, ids: Iterable[int]) -> str:
    """Put the words together again, with spaces between them."""
    return str(tokenizer.decode([number for number in ids if number > UNKNOWN])).strip()


def load_subwords(file: Path) -> Tokenizer:
    """Read a vocabulary.

    Raises:
        ValueError: the file is none of ours.
    """
    tokenizer = Tokenizer.from_file(str(file))
    if [tokenizer.id_to_token(number) for number in range(len(SPECIAL))] != list(SPECIAL):
        raise ValueError(f"{file}: no vocabulary of hunch_training.subwords: train one first")
    return tokenizer


def _joined(texts: Iterable[str]) -> Iterator[str]:
    return (" ".join(words_of(text)) for text in texts)
