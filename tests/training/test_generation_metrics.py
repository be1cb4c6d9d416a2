"""Figures of written texts beside plain reference implementations, and worked examples."""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np
import pytest

from hunch_training.seq2seq.generation_metrics import bleu_of, chrf_of, distribution_of, measure_texts, rouge_l_of

TEXTS = [
    ("Return the header of a request.", "Return the raw header of the request."),
    ("Parse it", "Parse the given text, if any."),
    ("the the the the", "the cat"),
    ("completely different words here", "nothing alike"),
    ("", "Some text"),
    ("Same text as wanted.", "same TEXT as wanted."),
    ("one two three four five six seven eight nine", "one two three"),
]


def plain_bleu(written: str, wanted: str) -> float:
    """BLEU-4 of one text, n-gram by n-gram: one added to matches and counts from two words on, and to both lengths."""
    own, other = (re.findall(r"\w+|[^\w\s]", text.lower()) for text in (written, wanted))
    logs = []
    for n in range(1, 5):
        mine = Counter(tuple(own[i : i + n]) for i in range(len(own) - n + 1))
        theirs = Counter(tuple(other[i : i + n]) for i in range(len(other) - n + 1))
        matches = sum(min(count, theirs[gram]) for gram, count in mine.items())
        total = sum(mine.values())
        if n > 1:
            matches, total = matches + 1, total + 1
        if not matches:
            return 0.0
        logs.append(math.log(matches / total))
    return 100 * math.exp(sum(logs) / 4 + min(0.0, 1 - (len(other) + 1) / (len(own) + 1)))


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_bleu_is_that_of_a_plain_reference(number: int) -> None:
    written, wanted = TEXTS[number]
    assert bleu_of([written], [wanted]) == [pytest.approx(plain_bleu(written, wanted), abs=1e-6)]


def test_bleu_of_many_random_texts_is_that_of_the_reference() -> None:
    generator = np.random.default_rng(0)
    words = "a b c d e , .".split()
    texts = [" ".join(generator.choice(words, generator.integers(1, 12))) for _ in range(300)]
    found = bleu_of(texts[:150], texts[150:])
    assert found == pytest.approx([plain_bleu(a, b) for a, b in zip(texts[:150], texts[150:], strict=True)], abs=1e-6)


def test_rouge_l_is_the_longest_common_subsequence() -> None:
    assert rouge_l_of(["a b c d"], ["a x c d y"]) == [pytest.approx(100 * 2 * 3 / 9)]
    assert rouge_l_of(["same text"], ["same text"]) == [100]


def test_chrf_is_full_for_the_same_text_alone() -> None:
    same, near, far = chrf_of(["headers", "header", "x"], ["headers", "headers", "headers"])
    assert same == 100 and 100 > near > far == 0


def test_all_figures_have_an_interval_around_their_mean() -> None:
    figures = measure_texts([a for a, _ in TEXTS], [b for _, b in TEXTS])
    assert all(part.low <= part.mean <= part.high for part in figures)


def test_leaning_on_frequent_words_is_seen() -> None:
    wanted = [f"return the {word} of it" for word in "size name path line colour shape owner depth".split()]
    same, lazy = distribution_of(wanted, wanted), distribution_of(["return the the the the"] * 8, wanted)
    assert same.divergence == 0 and same.distinct == 1 and same.words == 5
    assert lazy.divergence > 0.3 and lazy.distinct == 2 / 12 and lazy.ten_most == 1.0 > same.ten_most
