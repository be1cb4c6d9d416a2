"""The vocabulary of models that write: read and written, and refused when it is none."""

from __future__ import annotations

import json

import pytest

from hunch.text.subwords import BEGIN, END, PAD, SPECIAL, UNKNOWN, Subwords, dump_subwords, load_subwords, words_of

LETTERS = ["\u2581", "a", "e", "p", "r", "s"]
MERGES = [("\u2581", "p"), ("\u2581p", "a"), ("r", "s"), ("\u2581pa", "rs"), ("\u2581pars", "e")]
PIECES = [*SPECIAL, *LETTERS, *(first + second for first, second in MERGES)]


def test_words_are_cut_by_the_earliest_merges() -> None:
    subwords = Subwords(PIECES, MERGES)
    found = subwords.encode_code("parse(spar_PARSE, x)", 100)
    named = [subwords.pieces[number] for number in found]
    assert named == ["▁parse", "▁", "s", "p", "a", "r", "▁parse", "▁", "<unknown>"]
    assert subwords.encode_code("parse(spar)", 3) == found[:3]
    assert words_of("parse(spar_PARSE, x)") == ["parse", "spar", "parse", "x"]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["<capital>", "▁pars", "e", "▁a", "."], "Parse a."),
        (["<capitals>", "▁pa", "▁", "a"], "PA a"),
        (["e", "s"], "es"),
        ([], ""),
    ],
    ids=["sentence", "capitals", "no beginning", "nothing"],
)
def test_prose_is_put_together(pieces: list[str], text: str) -> None:
    known = [*PIECES, *(piece for piece in ("▁a", ".") if piece not in PIECES)]
    subwords = Subwords(known, MERGES)
    ids = [known.index(piece) for piece in pieces]
    assert subwords.decode([BEGIN, *ids, UNKNOWN, END, PAD]) == text


def test_a_vocabulary_is_read_as_it_was_written() -> None:
    subwords = Subwords(PIECES, MERGES)
    again = load_subwords(dump_subwords(subwords))
    assert again.pieces == subwords.pieces and again.merges == subwords.merges


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([], "not a vocabulary"),
        ({"type": "wordpiece"}, "not a vocabulary"),
        ({"type": "bpe", "pieces": [1], "merges": []}, "list of strings"),
        ({"type": "bpe", "pieces": PIECES, "merges": [["a"]]}, "pairs of strings"),
        ({"type": "bpe", "pieces": PIECES[1:], "merges": []}, "begins with"),
        ({"type": "bpe", "pieces": [*PIECES, "a"], "merges": []}, "stands twice"),
        ({"type": "bpe", "pieces": PIECES, "merges": [["a", "a"]]}, "is no piece"),
    ],
)
def test_what_is_no_vocabulary_is_refused(content: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        load_subwords(json.dumps(content))
