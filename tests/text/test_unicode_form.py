"""One form of Unicode, and words of any script in text that has another one."""

from __future__ import annotations

import re
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hunch
from hunch.model.bundle import TOKENIZER, load_bundle
from hunch.text.source_text import SourceText
from hunch.text.tokenizer import identifiers, load_tokenizer, split_identifier, words_with_places
from hunch.text.unicode_form import MARKS, composed

MARK = re.compile(f"[{MARKS}]")
OLD_IDENTIFIER = re.compile(r"\w+")
OLD_PARTS = re.compile(r"[A-Z]{2,}s(?![a-zA-Z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def words(text: str) -> list[str]:
    return [word for identifier in identifiers(text) for word in split_identifier(identifier)]


def test_every_mark_is_known_and_no_sign_is_taken_for_one() -> None:
    for number in range(0x20000):
        character = chr(number)
        kind = unicodedata.ucd_3_2_0.category(character)  # of a Unicode that will not change any more
        if kind in {"Mn", "Mc"} and unicodedata.category(character) in {"Mn", "Mc"}:
            assert MARK.match(character), hex(number)
        if kind[0] in "PSZC" and kind != "Cn" and unicodedata.category(character)[0] in "PSZC":
            assert not MARK.match(character), hex(number)


@pytest.mark.parametrize(
    "text",
    [
        "größteZahlÜberAlle = prüfe_Wert(ÖffneDatei)",
        "calculerÉcartMoyen(élève_âgé)",
        "tínhTổngSốLượng(đơnHàng)",
        "ΥπολόγισεΜέσηΤιμή + коэффициентЁлка",
        "데이터베이스Connection(がぎぐ, パスワード)",
        "मूल्यसूची(कीमत)",
    ],
)
def test_both_forms_have_the_same_words(text: str) -> None:
    other = unicodedata.normalize("NFD", text)
    assert words(other) == words(text)
    assert [word for word, _, _ in words_with_places(other)] == words(text)
    for word, start, end in words_with_places(other):
        assert composed(other[start:end]).lower() == word  # the columns are those of the real text


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_words_and_their_places_agree_in_both_forms(text: str) -> None:
    for form in ("NFC", "NFD"):
        one = unicodedata.normalize(form, text)
        assert [word for word, _, _ in words_with_places(one)] == words(one)


def test_real_code_in_ascii_keeps_its_token_ids() -> None:
    tokenizer = load_tokenizer(load_bundle().path(TOKENIZER).read_text(encoding="utf-8"))
    texts = [path.read_text(encoding="utf-8") for path in Path(hunch.__file__).parent.rglob("*.py")]
    ascii_texts = [text for text in texts if text.isascii()]
    assert sum(map(len, ascii_texts)) > 500_000
    for text in ascii_texts:
        found = [identifier for identifier in OLD_IDENTIFIER.findall(text) if len(identifier) <= 64]
        before = [
            number
            for identifier in found
            for part in OLD_PARTS.findall(identifier)
            for number in tokenizer.encode_word(part.lower())
        ]
        assert tokenizer.encode(found) == before
        assert identifiers(text) == OLD_IDENTIFIER.findall(text)


@pytest.mark.parametrize(
    "text",
    [
        "a" + "\u0301\u0323" * 400_000,
        "\u0300" * 800_000,
        "e\u0301" * 400_000,
        "\u0dd9\u0dcf" * 400_000,
        "A\u0301" * 400_000,
    ],
    ids=["two marks in turn", "marks alone", "letters with a mark", "vowels of two parts", "capitals"],
)
def test_no_text_takes_the_square_of_its_length(text: str) -> None:
    began = time.process_time()
    composed(text)
    words(text)
    words_with_places(text)
    SourceText("a.py", "python", text.encode())
    assert time.process_time() - began < 30  # the square takes an hour


def test_a_file_is_read_in_one_form_and_keeps_its_lines() -> None:
    decomposed = unicodedata.normalize("NFD", "été = 1\r\nß = 2\n\nnaïve = été\n")
    file = SourceText("a.py", "python", decomposed.encode())
    assert file.lines == ["été = 1", "ß = 2", "", "naïve = été"]
    assert file.source.decode() == "été = 1\nß = 2\n\nnaïve = été\n"
    assert [
        file.text(start, end - 1) for start, end in zip(file.line_starts, file.line_starts[1:], strict=False)
    ] == file.lines
