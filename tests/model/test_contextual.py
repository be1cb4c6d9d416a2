"""The contextual part of the bundle that ships: what lies near what, and that nothing is lost on the way."""

from __future__ import annotations

import numpy as np
import pytest

from hunch.model.bundle import load_bundle
from hunch.model.contextual import ContextualEncoder, cosines, rounded
from hunch.model.encoder import Encoder
from hunch.text.render import Source

CODE = [
    Source("remove_file", "src/files.py", "def remove_file(path):", "", "\n    os.unlink(path)\n"),
    Source("Mailer.send", "src/mail.py", "def send(self, letter):", "", "\n    self.smtp.sendmail(letter)\n"),
    Source("mean", "src/stats.py", "def mean(numbers):", "", "\n    return sum(numbers) / len(numbers)\n"),
]
QUESTIONS = ["delete something from the disk", "deliver an e-mail", "average of a list"]


@pytest.fixture(scope="module")
def encoder() -> ContextualEncoder:
    return Encoder(load_bundle()).contextual()


def test_questions_find_code_without_a_common_word(encoder: ContextualEncoder) -> None:
    rows = encoder.encode_chunks(CODE)
    assert rows.shape == (3, encoder.dim) and rows.dtype == np.int8
    scores = np.stack([cosines(rows, encoder.encode_query(question)) for question in QUESTIONS])
    assert scores.argmax(axis=1).tolist() == [0, 1, 2]
    assert np.abs(scores).max() <= 1.0001


def test_order_and_company_do_not_matter(encoder: ContextualEncoder) -> None:
    many = [*CODE, *(Source("", "", "", "", "x = 1\n" * i) for i in range(1, 20))]
    together = encoder.encode_chunks(many[::-1])[::-1][:3].astype(np.float32)
    alone = np.concatenate([encoder.encode_chunks([one]) for one in CODE]).astype(np.float32)
    same = (together * alone).sum(axis=1) / (np.linalg.norm(together, axis=1) * np.linalg.norm(alone, axis=1))
    assert same.min() > 0.98  # what stands in a batch decides how it is rounded


def test_what_has_no_known_word_is_zeros(encoder: ContextualEncoder) -> None:
    assert not encoder.encode_query("日本語").any()
    rows = encoder.encode_chunks([Source("", "", "", "", ""), CODE[0]])
    assert not rows[0].any() and rows[1].any()
    assert cosines(rows, encoder.encode_query("file"))[0] == 0
    assert encoder.encode_chunks([]).shape == (0, encoder.dim)


def test_it_can_be_ended_between_batches(encoder: ContextualEncoder) -> None:
    asked: list[int] = []

    def between() -> bool:
        asked.append(1)
        return len(asked) == 2

    with pytest.raises(InterruptedError):
        encoder.encode_chunks(CODE * 20, between)
    assert len(asked) == 2


def test_rounding_keeps_directions() -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 192)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = rounded(vectors)
    np.testing.assert_allclose(cosines(rows, vectors[7]), vectors @ vectors[7], atol=0.01)
    assert not rounded(np.zeros((2, 4), np.float32)).any()
