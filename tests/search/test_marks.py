"""Words that a query asked for, in code: by their stem, and by what the model knows of their meaning."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunch.model.bundle import load_bundle
from hunch.model.encoder import Encoder
from hunch.search.marks import NEAR_COSINE, NEAR_WORDS, Mark, mark_words, with_near_words
from hunch.search.rank import Reason
from hunch.text.tokenizer import identifiers, split_identifier, words_with_places

CODE = "def verify(stored):\n    digest = sha256(salt)\n    return digest.equals(stored.hashed)\n"
QUERY = "compare a password with a stored hash"


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(load_bundle())


def test_words_of_one_stem_are_marked_where_they_stand() -> None:
    (marks,) = mark_words([CODE], QUERY, None)
    assert marks == [
        Mark(0, 11, 17, "stored", "stored", 1.0),
        Mark(2, 25, 31, "stored", "stored", 1.0),
        Mark(2, 32, 38, "hash", "hashed", 1.0),
    ]


def test_words_close_in_meaning_are_marked_too(encoder: Encoder) -> None:
    (marks,) = mark_words([CODE], QUERY, encoder)
    near = {(mark.asked, mark.found) for mark in marks if mark.cosine < 1}
    assert ("compare", "equals") in near
    assert not {asked for asked, _ in near} & {"stored", "hash"}, "what is there itself needs no other word"
    assert len(near) <= NEAR_WORDS
    assert all(mark.cosine >= NEAR_COSINE for mark in marks)
    lines = CODE.split("\n")
    for mark in marks:
        assert lines[mark.line][mark.start : mark.end].lower() == mark.found
    assert marks == sorted(marks)


def test_synonyms_that_the_model_knows(encoder: Encoder) -> None:
    code = "def prune(days):\n    for path in expired(days):\n        path.unlink()\n"
    (marks,) = mark_words([code], "delete old backups", encoder)
    assert {("delete", "unlink"), ("delete", "prune")} <= {(mark.asked, mark.found) for mark in marks}


@pytest.mark.parametrize(("query", "code", "told"), [
    ("remove it", "discard()", True), ("encrypt it", "cipher()", True), ("delete it", "evict()", True),
    ("render it", "draw()", False), ("encrypt it", "secret()", False), ("create it", "build()", False),
])  # fmt: skip
def test_how_close_in_meaning_a_word_must_be(encoder: Encoder, query: str, code: str, told: bool) -> None:
    # Their cosines are .293, .311, .287, and .260, .267, .250.
    assert bool(mark_words([code], query, encoder)[0]) is told


def test_the_closest_four_words_are_told(encoder: Encoder) -> None:
    code = "purge drop erase unlink discard clear evict pop"
    (marks,) = mark_words([code], "delete it", encoder)
    cosines = encoder.encode_words(["delete"]) @ encoder.encode_words(code.split()).T
    closest = [code.split()[number] for number in np.argsort(-cosines[0])[:4]]
    assert {mark.found for mark in marks} == set(closest) and len(marks) == 4


@pytest.mark.parametrize(("asked", "told"), [(24, True), (25, False)])
def test_texts_ask_for_no_related_terms(encoder: Encoder, asked: int, told: bool) -> None:
    fillers = [f"{a}{b}{c}zo" for a in "bcdfg" for b in "aei" for c in "kt"][: asked - 1]
    (marks,) = mark_words(["unlink()"], " ".join(["delete", *fillers]), encoder)
    assert ("unlink" in [mark.found for mark in marks]) is told


def test_random_words_are_rarely_near(encoder: Encoder) -> None:
    words = "invoice socket matrix window cursor thread branch parser weather battery polygon syllable harbour".split()
    cosines = encoder.encode_words(words) @ encoder.encode_words(words).T
    assert (cosines[~np.eye(len(words), dtype=bool)] >= NEAR_COSINE).mean() < 0.03


def test_code_and_nothing_ask_for_no_near_words(encoder: Encoder) -> None:
    many = " ".join(f"{a}{b}ing" for a in "bcdfgh" for b in "aeiou")
    assert all(mark.cosine == 1 for mark in mark_words([CODE], f"{many} stored", encoder)[0])
    assert mark_words([], QUERY, encoder) == []
    assert mark_words(["", "\n\n"], QUERY, encoder) == [[], []]


def test_reasons_tell_the_words_that_meaning_rests_on() -> None:
    why = [Reason("words", 2.0, ("stored",)), Reason("meaning", 1.0)]
    marks = [Mark(0, 0, 6, "compare", "equals", 0.48), Mark(1, 0, 6, "hash", "digest", 0.5),
             Mark(2, 0, 6, "hash", "digest", 0.5), Mark(3, 0, 6, "stored", "stored", 1.0)]  # fmt: skip
    assert with_near_words(why, marks) == [
        Reason("words", 2.0, ("stored",)),
        Reason("meaning", 1.0, ("hash \u2248 digest", "compare \u2248 equals")),
    ]


def test_words_are_remembered_and_forgotten(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hunch.model.encoder._REMEMBERED_WORDS", 4)
    first = encoder.encode_words(["read", "write", "read"])
    assert np.array_equal(first[0], first[2])
    encoder.encode_words(["a", "b", "c", "d"])
    assert np.array_equal(encoder.encode_words(["read", "write"]), first[:2])
    assert len(encoder._words) <= 4
    assert encoder.encode_words([]).shape == (0, encoder.dim)


@given(st.text(max_size=80))
def test_places_are_those_of_the_words(text: str) -> None:
    found = words_with_places(text)
    assert [word for word, _, _ in found] == [word for part in text.split() for word in words_of(part)]
    assert all(text[start:end].lower() == word for word, start, end in found)


def words_of(part: str) -> list[str]:
    return [word for identifier in identifiers(part) for word in split_identifier(identifier)]
