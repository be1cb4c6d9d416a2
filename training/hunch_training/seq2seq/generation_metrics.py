"""How near a written text is to the one that a person wrote."""

from __future__ import annotations

import logging
import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from hunch.search.metrics import Interval, bootstrap

# It advises another figure than the one that is wanted here, once a text.
logging.getLogger("sacrebleu").setLevel(logging.ERROR)

_WORDS_AND_SIGNS = re.compile(r"\w+|[^\w\s]")


class GenerationFigures(NamedTuple):
    """Means over the texts, in percent, with 95% bootstrap intervals."""

    bleu: Interval
    """smoothed BLEU-4 of single texts, as CodeXGLUE computes it (Lu et al., 2021, arXiv:2102.04664)"""
    rouge_l: Interval
    """F-measure of the longest common subsequence (Lin, 2004)"""
    chrf: Interval
    """F-measure of character n-grams (Popović, 2015)"""


def measure_texts(written: Sequence[str], wanted: Sequence[str]) -> GenerationFigures:
    """Compare what was written with what was wanted, text by text."""
    return GenerationFigures(
        bootstrap(bleu_of(written, wanted)), bootstrap(rouge_l_of(written, wanted)), bootstrap(chrf_of(written, wanted))
    )


def bleu_of(written: Sequence[str], wanted: Sequence[str]) -> list[float]:
    """Return the smoothed BLEU-4 of each text, 0 to 100.

    sacrebleu counts the n-grams, one added to those of two words and more (Lin and Och, 2004). Two habits are
    CodeXGLUE's own: signs are words, and one is added to both lengths before they are compared.
    """
    scorer = BLEU(lowercase=True, tokenize="none", smooth_method="add-k", smooth_value=1, effective_order=False)
    values = []
    for text, reference in zip(written, wanted, strict=True):
        found = scorer.sentence_score(_signs_apart(text), [_signs_apart(reference)])
        if not found.counts[0]:
            values.append(0.0)
            continue
        brevity = min(0.0, 1 - (found.ref_len + 1) / (found.sys_len + 1))
        values.append(100 * math.exp(brevity + sum(math.log(share / 100) for share in found.precisions) / 4))
    return values


def rouge_l_of(written: Sequence[str], wanted: Sequence[str]) -> list[float]:
    """Return the ROUGE-L F-measure of each text, 0 to 100."""
    scorer = RougeScorer(["rougeL"], use_stemmer=False)
    return [
        100 * scorer.score(reference, text)["rougeL"].fmeasure for text, reference in zip(written, wanted, strict=True)
    ]


def chrf_of(written: Sequence[str], wanted: Sequence[str]) -> list[float]:
    """Return the chrF of each text, 0 to 100."""
    scorer = CHRF()
    return [
        float(scorer.sentence_score(text, [reference]).score) for text, reference in zip(written, wanted, strict=True)
    ]


class Distribution(NamedTuple):
    """How the words that were written spread, beside those that were wanted."""

    words: float
    """mean length of a text"""
    distinct: float
    """distinct words, as a share of those of the references"""
    ten_most: float
    """share of all words that the ten most frequent ones have"""
    divergence: float
    """Jensen-Shannon divergence from the references' words, 0 (the same) to 1 bit (nothing in common)"""


def distribution_of(written: Sequence[str], wanted: Sequence[str]) -> Distribution:
    """Show whether a model leans on frequent words."""
    own, other = (Counter(word for text in texts for word in _words(text)) for texts in (written, wanted))
    words = sorted(own.keys() | other.keys())
    p, q = (np.array([counts[word] for word in words], np.float64) for counts in (own, other))
    p, q = p / max(p.sum(), 1), q / max(q.sum(), 1)
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = sum(float(np.nansum(np.where(side > 0, side * np.log2(side / middle), 0))) / 2 for side in (p, q))
    return Distribution(
        words=sum(own.values()) / max(1, len(written)),
        distinct=len(own) / max(1, len(other)),
        ten_most=sum(count for _, count in own.most_common(10)) / max(1, sum(own.values())),
        divergence=apart,
    )


def _signs_apart(text: str) -> str:
    return " ".join(_WORDS_AND_SIGNS.findall(text))


def _words(text: str) -> list[str]:
    return _WORDS_AND_SIGNS.findall(text.lower())
