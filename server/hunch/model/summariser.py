"""ONNX Runtime: a function's code to one sentence about it, written token by token with beam search."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch.model.bundle import SHIPPED, TOKENIZER, Bundle, load_bundle, read_vocabulary
from hunch.model.session import load_graph
from hunch.text.subwords import BEGIN, END, load_subwords

DEFAULT_SUMMARISER = "summary-en"
READ_GRAPH = "read.onnx"
"""Tokens of code, int32 [1, n], to what the writer looks at: memory, keys and its first state"""
WRITE_GRAPH = "write.onnx"
"""The last token and the state of each beginning, to the chances of the next token"""
NEEDS = (READ_GRAPH, WRITE_GRAPH, TOKENIZER)
"""What a bundle that writes has"""

Floats = NDArray[np.float32]

BEAMS = 2
LONGEST = 40
"""Tokens of a text; one that has not ended by then is none"""
LENGTH_PENALTY = 0.6
LEAST_CONFIDENCE = 0.4
"""Below it nobody is told what they did not ask for: of 800 valid functions, the two thirds above it have ROUGE-L 28
with what people wrote, the third below it 20."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a function seems to do."""

    text: str
    confidence: float
    """Geometric mean of the chances that the model gave the tokens it wrote, 0..1"""


class Written(NamedTuple):
    """A text as tokens."""

    tokens: tuple[int, ...]
    """Without the one that begins and the one that ends"""
    total: float
    """Sum of the log-probabilities of these tokens, and of the end if there is one"""
    ended: bool


class Summariser:
    """Reader and writer of a bundle. Summarising is safe from several threads."""

    def __init__(self, bundle: Bundle, *, threads: int = 1) -> None:
        """Load the vocabulary and both graphs of a verified bundle.

        Raises:
            BundleError: a file of the bundle cannot be used.
        """
        self.bundle = bundle
        self.subwords = read_vocabulary(bundle, TOKENIZER, load_subwords)
        self._reader = load_graph(bundle.path(READ_GRAPH), threads)
        self._writer = load_graph(bundle.path(WRITE_GRAPH), threads)

    def summarise(self, code: str) -> Summary | None:
        """Return one sentence about a function; None when there is no word in its code, or no end to the sentence."""
        ids = self.subwords.encode_code(code, self.bundle.manifest.max_tokens)
        if not ids:
            return None
        written = self.write(ids)
        text = self.subwords.decode(written.tokens) if written.ended else ""
        confidence = float(np.exp(written.total / (len(written.tokens) + 1)))
        return Summary(text, confidence) if text else None

    def write(
        self, ids: list[int], *, beams: int = BEAMS, longest: int = LONGEST, penalty: float = LENGTH_PENALTY
    ) -> Written:
        """Return the best text for some tokens of code.

        A text of n tokens, the one that ends it included, has its score divided by ((5 + n) / 6) ** penalty (Wu et
        al., 2016, arXiv:1609.08144), so that short texts are not preferred for their shortness.
        """
        memory, keys, hidden = self._reader.run(None, {"ids": np.array([ids], np.int32)})
        fixed = {"memory": memory, "keys": keys}
        state: dict[str, Any] = {"hidden": hidden, "context": np.zeros((1, memory.shape[2]), np.float32)}
        texts: list[tuple[int, ...]] = [()]
        totals: Floats = np.zeros(1, np.float32)
        last = np.array([BEGIN], np.int32)
        best, best_score = Written((), 0.0, False), -np.inf
        divisors = ((5 + np.arange(longest + 1)) / 6) ** penalty
        for length in range(1, longest + 1):
            chances, hidden, context = self._writer.run(None, {"tokens": last, **state, **fixed})
            together = totals[:, None] + chances
            flat = together.ravel()
            chosen = np.argpartition(-flat, min(2 * beams, len(flat) - 1))[: 2 * beams]
            chosen = chosen[np.argsort(-flat[chosen], kind="stable")]
            parents, following = np.divmod(chosen, together.shape[1])
            # A text may end where its end is among the likeliest ways to go on; see hunch_training.seq2seq.decoding.
            for parent, token, total in zip(parents[:beams], following[:beams], flat[chosen[:beams]], strict=True):
                if token == END and total / divisors[length] > best_score:
                    best, best_score = Written(texts[parent], float(total), True), float(total / divisors[length])
            going_on = np.flatnonzero(following != END)[:beams]
            parents, following, totals = parents[going_on], following[going_on], flat[chosen[going_on]]
            texts = [(*texts[parent], int(token)) for parent, token in zip(parents, following, strict=True)]
            last = following.astype(np.int32)
            state = {"hidden": hidden[parents], "context": context[parents]}
            # No beginning can end better than if all that follows were certain.
            if totals[0] / divisors[-1] <= best_score:
                return best
        return best if best.ended else Written(texts[0], float(totals[0]), False)


def load_summariser(folder: Path | None = None) -> Summariser:
    """Load a bundle that writes; without a folder, the one that ships with Hunch.

    Raises:
        BundleError: there is none, or it cannot be used.
    """
    folder = SHIPPED / DEFAULT_SUMMARISER if folder is None else folder
    return Summariser(load_bundle(folder, needs=NEEDS))
