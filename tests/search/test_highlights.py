"""Words that a query asked for, in code: by their stem, and by what the model knows of their meaning."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunch.model.bundle import load_bundle
from hunch.model.encoder import Encoder
from hunch.search.highlights import (
    MOST_RELATED,
    RELATED_COSINE,
    Highlight,
    _cached_words_of,
    find_highlights,
    related_terms,
)
from hunch.text.tokenizer import identifiers, split_identifier, words_with_places
from hunch.text.unicode_form import composed

CODE = "def verify(stored):\n    digest = sha256(salt)\n    return digest.equals(stored.hashed)\n"
QUERY = "compare a password with a stored hash"


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(load_bundle())


def test_words_of_one_stem_are_highlighted_where_they_stand() -> None:
    (found,) = find_highlights([CODE.split("\n")], QUERY, None)
    assert found == [
        Highlight(0, 11, 17, "stored", "stored", 1.0),
        Highlight(2, 25, 31, "stored", "stored", 1.0),
        Highlight(2, 32, 38, "hash", "hashed", 1.0),
    ]


def test_words_close_in_meaning_are_highlighted_too(encoder: Encoder) -> None:
    (found,) = find_highlights([CODE.split("\n")], QUERY, encoder)
    near = {(one.asked, one.found) for one in found if one.cosine < 1}
    assert ("compare", "equals") in near
    assert not {asked for asked, _ in near} & {"stored", "hash"}, "what is there itself needs no other word"
    assert len(near) <= MOST_RELATED
    assert all(one.cosine >= RELATED_COSINE for one in found)
    lines = CODE.split("\n")
    for one in found:
        assert lines[one.line][one.start : one.end].lower() == one.found
    assert found == sorted(found)


def test_synonyms_that_the_model_knows(encoder: Encoder) -> None:
    code = "def prune(days):\n    for path in expired(days):\n        path.unlink()\n"
    (found,) = find_highlights([code.split("\n")], "delete old backups", encoder)
    assert {("delete", "unlink"), ("delete", "prune")} <= {(one.asked, one.found) for one in found}


@pytest.mark.parametrize(("query", "code", "told"), [
    ("remove it", "discard()", True), ("encrypt it", "cipher()", True), ("delete it", "evict()", True),
    ("render it", "draw()", False), ("encrypt it", "secret()", False), ("create it", "build()", False),
])  # fmt: skip
def test_how_close_in_meaning_a_word_must_be(encoder: Encoder, query: str, code: str, told: bool) -> None:
    # Their cosines are .293, .311, .287, and .260, .267, .250.
    assert bool(find_highlights([[code]], query, encoder)[0]) is told


def test_the_closest_four_words_are_told(encoder: Encoder) -> None:
    code = "purge drop erase unlink discard clear evict pop"
    (found,) = find_highlights([[code]], "delete it", encoder)
    cosines = encoder.encode_words(["delete"]) @ encoder.encode_words(code.split()).T
    closest = [code.split()[number] for number in np.argsort(-cosines[0])[:4]]
    assert {one.found for one in found} == set(closest) and len(found) == 4


@pytest.mark.parametrize(("asked", "told"), [(24, True), (25, False)])
def test_texts_ask_for_no_related_terms(encoder: Encoder, asked: int, told: bool) -> None:
    fillers = [f"{a}{b}{c}zo" for a in "bcdfg" for b in "aei" for c in "kt"][: asked - 1]
    (found,) = find_highlights([["unlink()"]], " ".join(["delete", *fillers]), encoder)
    assert ("unlink" in [one.found for one in found]) is told


def test_random_words_are_rarely_near(encoder: Encoder) -> None:
    words = "invoice socket matrix window cursor thread branch parser weather battery polygon syllable harbour".split()
    cosines = encoder.encode_words(words) @ encoder.encode_words(words).T
    assert (cosines[~np.eye(len(words), dtype=bool)] >= RELATED_COSINE).mean() < 0.03


def test_code_and_nothing_ask_for_no_related_words(encoder: Encoder) -> None:
    many = " ".join(f"{a}{b}ing" for a in "bcdfgh" for b in "aeiou")
    assert all(one.cosine == 1 for one in find_highlights([CODE.split("\n")], f"{many} stored", encoder)[0])
    assert find_highlights([], QUERY, encoder) == []
    assert find_highlights([[""], ["", "", ""]], QUERY, encoder) == [[], []]


def test_a_line_of_any_length_has_its_highlights_and_is_not_kept() -> None:
    line = f"stored = {'x + ' * 5_000}1; keep(stored)"
    before = _cached_words_of.cache_info().currsize
    (found,) = find_highlights([[line]], "stored", None)
    assert [(one.start, one.end) for one in found] == [(0, 6), (len(line) - 7, len(line) - 1)]
    assert _cached_words_of.cache_info().currsize == before


def test_related_terms_are_there_once_the_closest_first() -> None:
    found = [Highlight(0, 0, 6, "compare", "equals", 0.48), Highlight(1, 0, 6, "hash", "digest", 0.5),
             Highlight(2, 0, 6, "hash", "digest", 0.5), Highlight(3, 0, 6, "stored", "stored", 1.0)]  # fmt: skip
    assert related_terms(found) == (("hash", "digest", 0.5), ("compare", "equals", 0.48))


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
    assert all(composed(text[start:end]).lower() == word for word, start, end in found)


def words_of(part: str) -> list[str]:
    return [word for identifier in identifiers(part) for word in split_identifier(identifier)]
