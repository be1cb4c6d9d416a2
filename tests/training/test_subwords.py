"""Subwords read code and prose alike and can be put together again."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from hunch_training.subwords import (
    BEGIN,
    END,
    PAD,
    SPECIAL,
    UNKNOWN,
    decode,
    encode,
    load_subwords,
    train_subwords,
    words_of,
)

TEXTS = ["def parse_header(raw_header): return raw_header.split()", "Parse the raw header of a request."] * 20


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_subwords(TEXTS, 120)


def test_code_and_prose_have_the_same_words() -> None:
    assert words_of("parseHTTPHeader(raw_value)") == ["parse", "http", "header", "raw", "value"]
    assert words_of("Parse HTTP header: raw value.") == words_of("parseHTTPHeader rawValue")


def test_what_was_encoded_is_decoded(tokenizer: Tokenizer) -> None:
    (ids,) = encode(tokenizer, ["parse the rawHeader"], 100)
    assert decode(tokenizer, [BEGIN, *ids, END, PAD]) == "parse the raw header"
    assert UNKNOWN not in ids


def test_long_texts_are_cut(tokenizer: Tokenizer) -> None:
    assert [len(ids) for ids in encode(tokenizer, ["header " * 50, ""], 8)] == [8, 0]


def test_a_vocabulary_is_read_back(tokenizer: Tokenizer, tmp_path: Path) -> None:
    tokenizer.save(str(tmp_path / "subwords.json"))
    again = load_subwords(tmp_path / "subwords.json")
    assert encode(again, TEXTS, 50) == encode(tokenizer, TEXTS, 50)
    assert [again.token_to_id(name) for name in SPECIAL] == [PAD, BEGIN, END, UNKNOWN]


def test_another_vocabulary_is_refused(tmp_path: Path) -> None:
    from tokenizers import models

    Tokenizer(models.BPE()).save(str(tmp_path / "other.json"))
    with pytest.raises(ValueError, match=r"other\.json: no vocabulary"):
        load_subwords(tmp_path / "other.json")
