"""Hostile source stays within its limits, in every language: a part of benchmarks.hostile, and more by hypothesis."""

from __future__ import annotations

import sys

import pytest
from benchmarks.hostile import MOST_BYTES, measure
from benchmarks.hostile_inputs import LANGUAGES, SHAPES, hostile_source, tokens_of, vocabulary
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hunch.index.isolation import UNREADABLE, read_apart
from hunch.model.bundle import load_bundle
from hunch.model.encoder import Encoder

LENIENT_SECONDS = 3.0
"""Of processor time: three times of what is promised, since other tests run beside."""
EVERY = 37  # a prime, so that every shape and every language is among them

PAIRS = [(language, shape) for language in LANGUAGES for shape in SHAPES]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="measures by /proc")
@pytest.mark.parametrize("size", [5_000, 60_000])
def test_every_shape_stays_within_the_limits(size: int) -> None:
    chosen = PAIRS[size % EVERY :: EVERY]
    encoder = Encoder(load_bundle())
    for cost in measure(((*pair, hostile_source(*pair, size)) for pair in chosen), encoder):
        assert cost.parsing_seconds < LENIENT_SECONDS, cost
        assert cost.following_seconds < LENIENT_SECONDS, cost
        assert cost.memory < MOST_BYTES, cost
        assert cost.outcome != "unreadable", cost


def test_every_language_has_every_shape() -> None:
    assert len(LANGUAGES) >= 21
    assert len(SHAPES) >= 63
    assert all(len(hostile_source(*pair, 3_000)) > 2_000 for pair in PAIRS)


def sources() -> st.SearchStrategy[tuple[str, bytes]]:
    """Runs of a language's tokens, each repeated many times."""

    def of(language: str) -> st.SearchStrategy[tuple[str, bytes]]:
        words = st.sampled_from(vocabulary(tokens_of(language)))
        run = st.tuples(words, st.sampled_from(("", " ", "\n")), st.integers(1, 2_000))
        runs = st.lists(run, min_size=1, max_size=6)
        text = runs.map(lambda parts: "".join((word + between) * count for word, between, count in parts))
        return text.map(lambda one: (language, one.encode()[:100_000]))

    return st.sampled_from(LANGUAGES).flatmap(of)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(sources())
def test_runs_of_tokens_are_read_by_lines_at_worst(one: tuple[str, bytes]) -> None:
    language, source = one
    reading = read_apart("a", language, source)
    assert reading.problem != UNREADABLE
    last = source.count(b"\n") + 1
    assert all(1 <= chunk.start_line <= chunk.end_line <= last for chunk in reading.chunks)
    assert bool(reading.chunks) == bool(source.strip())
