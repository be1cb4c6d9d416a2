"""Source that nobody would write, of random shape, language and size, read as the product reads a file."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.fault_error import WrongError
from benchmarks.hostile import MOST_BYTES, MOST_SECONDS, measure
from benchmarks.hostile_inputs import LANGUAGES, SHAPES, hostile_source, tokens_of, vocabulary
from hunch.model.bundle import load_bundle
from hunch.model.encoder import Encoder

_SIZES = (5_000, 20_000, 60_000, 200_000, 1_000_000)
_MOST_RUNS, _MOST_REPEATS = 8, 5_000


@contextmanager
def prepared(place: Path) -> Iterator[Encoder]:
    """Load the model."""
    yield Encoder(load_bundle())


def read_one(encoder: Encoder, choice: random.Random) -> str:
    """Read one input, a shape or runs of random tokens; return which of the two.

    Raises:
        WrongError: it went beyond the limits, or could not be read at all.
    """
    language, size = choice.choice(LANGUAGES), choice.choice(_SIZES)
    kind = choice.choice(("a shape", "runs of tokens"))
    if kind == "a shape":
        shape = choice.choice(list(SHAPES))
        source = hostile_source(language, shape, size)
    else:
        shape = kind
        words = [*vocabulary(tokens_of(language)), "\n", " "]
        runs = (choice.choice(words) * choice.randint(1, _MOST_REPEATS) for _ in range(choice.randint(1, _MOST_RUNS)))
        source = "".join(runs).encode()[:size]
    (cost,) = measure([(language, shape, source)], encoder)
    if cost.parsing_seconds > MOST_SECONDS or cost.memory > MOST_BYTES or cost.outcome == "unreadable":
        raise WrongError(f"{cost}", kind)
    return kind
