"""Subwords read code and prose alike, and prose can be put together again."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from hunch.text.prose import MARKS, text_of, units_of
from hunch.text.subwords import BEGIN, END, PAD, SPECIAL, UNKNOWN, words_of
from hunch_training.tokenizer.subwords import (
    decode,
    encode_code,
    encode_prose,
    load_subwords,
    shipped_subwords,
    train_subwords,
)
from hunch_training.tokenizer.word_level import train_word_level

CODE = ["def parse_header(raw_header): return raw_header.split()"] * 20
PROSE = ["Parse the raw header of an HTTP request (see `split`)."] * 20


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_subwords(CODE, PROSE, 120)


def test_code_and_prose_have_the_same_words() -> None:
    assert words_of("parseHTTPHeader(raw_value)") == ["parse", "http", "header", "raw", "value"]
    assert [u for u in units_of("Parse HTTP header raw value") if u not in MARKS] == words_of(
        "parseHTTPHeader rawValue"
    )


@pytest.mark.parametrize(
    "text",
    [
        "Return the HTTP header.",
        "Don't call `parse_header(x)` twice; it isn't free!",
        'A "quoted word", (in brackets) and [others].',
        "The user's XMLParser reads 20% of e.g. utf-8 files.",
        "Ärger with über-long Wörter",
        "True if a/b == 3.5, else None",
        "",
    ],
    ids=["plain", "code", "quotes", "joined", "accents", "signs", "empty"],
)
def test_prose_is_put_together_again(text: str) -> None:
    assert text_of(units_of(text)) == text


def test_odd_units_make_a_text_all_the_same() -> None:
    assert text_of(["<joined>", "<capital>", "<capitals>", "a", "<joined>", "<joined>"]) == "A"
    assert text_of(["`", "'", '"', ".", "<capital>"]) == "`'\"."


def test_what_was_encoded_is_decoded(tokenizer: Tokenizer) -> None:
    text = "Split the rawHeader of (the HTTP) request."
    (ids,) = encode_prose(tokenizer, [text], 100)
    assert decode(tokenizer, [BEGIN, *ids, END, PAD]) == text
    assert UNKNOWN not in ids
    assert tokenizer.token_to_id("\u2581") not in ids  # no token for the blank before a mark
    (code,) = encode_code(tokenizer, ["parseHeader(raw)"], 100)
    assert decode(tokenizer, code) == "parse header raw"


def test_long_texts_are_cut(tokenizer: Tokenizer) -> None:
    for encode in (encode_code, encode_prose):
        assert [len(ids) for ids in encode(tokenizer, ["header " * 50, ""], 8)] == [8, 0]


def test_a_vocabulary_is_read_back(tokenizer: Tokenizer, tmp_path: Path) -> None:
    tokenizer.save(str(tmp_path / "subwords.json"))
    again = load_subwords(tmp_path / "subwords.json")
    assert encode_prose(again, PROSE, 50) == encode_prose(tokenizer, PROSE, 50)
    assert [again.token_to_id(name) for name in SPECIAL[:4]] == [PAD, BEGIN, END, UNKNOWN]


def test_another_vocabulary_is_refused(tmp_path: Path) -> None:
    from tokenizers import models

    Tokenizer(models.BPE()).save(str(tmp_path / "other.json"))
    with pytest.raises(ValueError, match=r"other\.json: no vocabulary"):
        load_subwords(tmp_path / "other.json")


def test_the_product_cuts_words_as_training_does(tokenizer: Tokenizer) -> None:
    """Byte-pair merges are applied twice: by ``tokenizers`` for millions of rows, by the product for one function."""
    shipped = shipped_subwords(tokenizer)
    texts = [*CODE[:1], "def überParse(x, parsed_headers): rawRawRAW_split(ssplit, 'aaaaaa', headerheader)", "", "()"]
    texts += [file.read_text(encoding="utf-8") for file in sorted(Path(__file__).parent.glob("test_*.py"))]
    assert [shipped.encode_code(text, 10**6) for text in texts] == encode_code(tokenizer, texts, 10**6)
    assert shipped.encode_code(texts[-1], 5) == encode_code(tokenizer, texts[-1:], 5)[0]
    written = encode_prose(tokenizer, PROSE[:1], 100)[0]
    assert shipped.decode([BEGIN, *written, END]) == decode(tokenizer, written) == PROSE[0]


def test_whole_words_cannot_ship() -> None:
    with pytest.raises(ValueError, match="without merges"):
        shipped_subwords(train_word_level(CODE, PROSE, 100))
