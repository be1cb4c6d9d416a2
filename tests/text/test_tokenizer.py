"""Identifiers into words, words into pieces, and the file that keeps the vocabulary."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunch.text.tokenizer import (
    MAX_IDENTIFIER_CHARACTERS,
    PADDING_ID,
    SPECIAL_PIECES,
    UNKNOWN_ID,
    Tokenizer,
    dump_tokenizer,
    identifiers,
    load_tokenizer,
    split_identifier,
)

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = ["un", "##able", "##ab", "##le", "read", "##er", "##ing", "http", "sort", "sorted", "##ed", "naïve", "日", "2"]
TINY = Tokenizer([*SPECIAL_PIECES, *WORDS])
SPELLING = Tokenizer([*SPECIAL_PIECES, *WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS)])


@pytest.mark.parametrize(
    ("identifier", "words"),
    [
        ("", ""),
        ("_", ""),
        ("____", ""),
        ("a", "a"),
        ("A", "a"),
        ("word", "word"),
        ("WORD", "word"),
        ("Word", "word"),
        ("camelCase", "camel case"),
        ("PascalCase", "pascal case"),
        ("snake_case", "snake case"),
        ("SCREAMING_SNAKE_CASE", "screaming snake case"),
        ("__dunder__", "dunder"),
        ("_private", "private"),
        ("mixed_camelCase", "mixed camel case"),
        ("HTTPServer", "http server"),
        ("parseHTTPResponse", "parse http response"),
        ("parseHTTPResponse_v2", "parse http response v 2"),
        ("XMLHttpRequest", "xml http request"),
        ("getHTTP", "get http"),
        ("IOError", "io error"),
        ("URLs", "urls"),
        ("userIDs", "user ids"),
        ("getURLsFor", "get ur ls for"),
        ("IDs_of", "ids of"),
        ("isABTest", "is ab test"),
        ("iPhone", "i phone"),
        ("aB", "a b"),
        ("ABc", "a bc"),
        ("utf8", "utf 8"),
        ("utf8Decode", "utf 8 decode"),
        ("base64", "base 64"),
        ("int32_t", "int 32 t"),
        ("sha256Sum", "sha 256 sum"),
        ("Vec3D", "vec 3 d"),
        ("x1y2", "x 1 y 2"),
        ("2fast", "2 fast"),
        ("123", "123"),
        ("007", "007"),
        ("0xFF", "0 x ff"),
        ("a_1_b", "a 1 b"),
        ("naïve", "naïve"),
        ("Été", "été"),
        ("café_noir", "café noir"),
        ("größe2", "größe 2"),
        ("ПриветМир", "привет мир"),
        ("ladeGrößenTabelle", "lade größen tabelle"),
        ("ÄnderungsDatum", "änderungs datum"),
        ("öffneXMLDatei", "öffne xml datei"),
        ("leseÜBERSICHTs", "lese übersichts"),
        ("МАКС_ЧислоСтрок", "макс число строк"),
        ("загрузитьURL", "загрузить url"),
        ("ΜέσηΤιμή", "μέση τιμή"),
        ("日付ParserV2", "日 付 parser v 2"),
        ("משתמשName", "משתמש name"),
        ("कुल_योग", "कुल योग"),
        ("x²y", "x²y"),
        ("½", "½"),
        ("सूची१२", "सूची १२"),
        ("日本語", "日 本 語"),
        ("日本Name", "日 本 name"),
        ("データbase", "デ ー タ base"),
        ("한국어", "한 국 어"),
        ("变量1", "变 量 1"),
        ("x" * MAX_IDENTIFIER_CHARACTERS, "x" * MAX_IDENTIFIER_CHARACTERS),
        ("x" * (MAX_IDENTIFIER_CHARACTERS + 1), ""),
        ("日" * (MAX_IDENTIFIER_CHARACTERS + 1), ""),
        ("deadbeef" * 9, ""),
    ],
)
def test_an_identifier_splits_into_words(identifier: str, words: str) -> None:
    assert split_identifier(identifier) == words.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \t\n", ""),
        ("!@#$%^&*()-+=[]{};:'\"<>,./?\\|`~", ""),
        ("a b", "a b"),
        ("foo.bar(baz)", "foo bar baz"),
        ("a-b_c", "a b_c"),
        ("std::vector<int>", "std vector int"),
        ("http://example.org/path?q=1", "http example org path q 1"),
        ("src/hunch/text.py", "src hunch text py"),
        ("$_GET['x']", "_GET x"),
        ("@property", "property"),
        ("a🙂b", "a b"),
        ("🙂🙃", ""),
        ("naïve café", "naïve café"),
        ("日本 語", "日本 語"),
        ("don't", "don t"),
        ("x\x00y", "x y"),
        ("tab\tnew\nline", "tab new line"),
    ],
)
def test_the_identifiers_of_a_text(text: str, expected: str) -> None:
    assert identifiers(text) == expected.split()


@pytest.mark.parametrize(
    ("word", "pieces"),
    [
        ("read", "read"),
        ("reader", "read ##er"),
        ("reading", "read ##ing"),
        ("sorted", "sorted"),  # the whole word, not sort + ##ed
        ("sorteded", "sorted ##ed"),
        ("unable", "un ##able"),  # the longest piece first, not ##ab + ##le
        ("unread", "[UNK]"),  # "read" begins words, it does not go on
        ("unablele", "un ##able ##le"),
        ("able", "[UNK]"),
        ("rea", "[UNK]"),
        ("readx", "[UNK]"),  # one unknown end makes the word unknown
        ("naïve", "naïve"),
        ("日", "日"),
        ("2", "2"),
        ("3", "[UNK]"),
        ("##er", "##er"),
    ],
)
def test_words_are_cut_at_the_longest_piece_first(word: str, pieces: str) -> None:
    assert [TINY.pieces[number] for number in TINY.encode_word(word)] == pieces.split()


def test_letters_spell_what_no_longer_piece_covers() -> None:
    assert [SPELLING.pieces[number] for number in SPELLING.encode_word("zread")] == "z ##r ##e ##a ##d".split()


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", ""),
        ("readSorted", "read sorted"),
        ("read_er http2", "read [UNK] http 2"),
        ("HTTPReader", "http read ##er"),
        ("日日", "日 日"),
        ("🙂", ""),
        ("x" * 65, ""),
        ("READ/READING", "read read ##ing"),
    ],
)
def test_a_text_becomes_the_pieces_of_its_words(text: str, pieces: str) -> None:
    assert [TINY.pieces[number] for number in TINY.encode_text(text)] == pieces.split()
    assert TINY.encode(identifiers(text)) == TINY.encode_text(text)


@given(st.text(max_size=200))
def test_any_text_can_be_encoded(text: str) -> None:
    for tokenizer in (TINY, SPELLING):
        ids = tokenizer.encode_text(text)
        assert all(0 < number < len(tokenizer.pieces) for number in ids)
        assert PADDING_ID not in ids


@given(st.text(st.characters(codec="utf-16", categories=["L", "N", "M", "Pc", "Cs"]), max_size=80))
def test_any_identifier_can_be_split(identifier: str) -> None:
    words = split_identifier(identifier)
    assert all(words) and not any("_" in word for word in words)
    assert all(word == word.lower() for word in words if word.isascii())


@given(st.text(LETTERS, min_size=1, max_size=30))
def test_the_pieces_of_a_known_word_spell_it(word: str) -> None:
    pieces = [SPELLING.pieces[number] for number in SPELLING.encode_word(word)]
    assert "".join(piece.removeprefix("##") for piece in pieces) == word
    assert [piece.startswith("##") for piece in pieces] == [False] + [True] * (len(pieces) - 1)


@pytest.mark.parametrize("tokenizer", [TINY, SPELLING, Tokenizer(SPECIAL_PIECES), Tokenizer([*SPECIAL_PIECES, '"\n'])])
def test_what_is_written_is_read_again(tokenizer: Tokenizer) -> None:
    text = dump_tokenizer(tokenizer)
    again = load_tokenizer(text)
    assert again.pieces == tokenizer.pieces
    assert dump_tokenizer(again) == text
    for word in ("unable", "zread", "日", "###", ""):
        assert again.encode_word(word) == tokenizer.encode_word(word)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "7",
        '"wordpiece"',
        "{}",
        json.dumps({"type": "bpe", "pieces": [*SPECIAL_PIECES]}),
        json.dumps({"type": "wordpiece"}),
        json.dumps({"type": "wordpiece", "pieces": None}),
        json.dumps({"type": "wordpiece", "pieces": "[PAD][UNK]"}),
        json.dumps({"type": "wordpiece", "pieces": {"[PAD]": 0}}),
        json.dumps({"type": "wordpiece", "pieces": []}),
        json.dumps({"type": "wordpiece", "pieces": ["[PAD]"]}),
        json.dumps({"type": "wordpiece", "pieces": ["[UNK]", "[PAD]", "a"]}),
        json.dumps({"type": "wordpiece", "pieces": [*SPECIAL_PIECES, "a", "a"]}),
        json.dumps({"type": "wordpiece", "pieces": [*SPECIAL_PIECES, 5]}),
        json.dumps({"type": "wordpiece", "pieces": [*SPECIAL_PIECES, None]}),
        "\ufeff" + json.dumps({"type": "wordpiece", "pieces": [*SPECIAL_PIECES]}),
    ],
)
def test_a_bad_file_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        load_tokenizer(text)


def test_unknown_and_padding_have_their_places() -> None:
    assert (TINY.pieces[PADDING_ID], TINY.pieces[UNKNOWN_ID]) == SPECIAL_PIECES
    assert TINY.encode_text("qqq") == [UNKNOWN_ID]


def test_long_identifiers_are_their_parts_so_that_no_cache_fills_with_them() -> None:
    long = "x" * (MAX_IDENTIFIER_CHARACTERS + 1)
    assert identifiers(f"{long} ok") == ["ok"]
    assert identifiers(f"parse_{long}_{'y' * MAX_IDENTIFIER_CHARACTERS}__end") == [
        "parse",
        "y" * MAX_IDENTIFIER_CHARACTERS,
        "end",
    ]
    assert identifiers("größe" * 20) == []
    assert identifiers(long[1:]) == [long[1:]]
