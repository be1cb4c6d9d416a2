"""A teacher's vectors on disk: cut off and gone on with, and refused when they are of something else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hunch_training.errors import TrainingError
from hunch_training.evaluation.public_encoder import SentenceEncoder
from hunch_training.text_encoder.teacher_embeddings import VECTORS, load_embeddings, write_embeddings

TEXTS = [f"text {number}\n and a line break" for number in range(1300)]


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """A teacher that knows nothing: numbers made of the text."""
    digests = [np.frombuffer(hashlib.sha256(text.encode()).digest(), np.uint8) for text in texts]
    return np.asarray(np.stack(digests) / 255, np.float32)


def write(folder: Path, texts: Sequence[str] = TEXTS, *, teacher: str = "digest", stop: int | None = None) -> None:
    write_embeddings(texts, encode, folder, dim=32, teacher=teacher, stop_after=stop)


def test_vectors_come_back_in_half_precision(tmp_path: Path) -> None:
    write(tmp_path)
    teacher = load_embeddings(tmp_path)
    assert teacher.texts == TEXTS
    assert teacher.vectors.dtype == np.float16
    assert np.array_equal(teacher.vectors, encode(TEXTS).astype(np.float16))


def test_what_was_cut_off_goes_on_with_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "whole")
    write(tmp_path / "cut", stop=1)
    with pytest.raises(TrainingError, match="not all vectors are there: give the same hunch-train teacher command"):
        load_embeddings(tmp_path / "cut")
    with (tmp_path / "cut" / VECTORS).open("ab") as file:
        file.write(b"half a block")
    write(tmp_path / "cut", stop=1)
    assert (tmp_path / "cut" / VECTORS).stat().st_size == 2 * 512 * 32 * 2
    write(tmp_path / "cut")
    assert (tmp_path / "cut" / VECTORS).read_bytes() == (tmp_path / "whole" / VECTORS).read_bytes()


def test_finished_vectors_are_not_made_again(tmp_path: Path) -> None:
    write(tmp_path)
    before = (tmp_path / VECTORS).read_bytes()
    asked: list[str] = []

    def note(texts: Sequence[str]) -> NDArray[np.float32]:
        asked.extend(texts)
        return encode(texts)

    write_embeddings(TEXTS, note, tmp_path, dim=32, teacher="digest")
    assert not asked
    assert (tmp_path / VECTORS).read_bytes() == before


def test_other_texts_or_another_teacher_are_refused(tmp_path: Path) -> None:
    write(tmp_path, TEXTS[:5])
    for texts, teacher in ((TEXTS[:6], "digest"), (TEXTS[:5], "another")):
        with pytest.raises(TrainingError, match="of other texts or of another teacher"):
            write(tmp_path, texts, teacher=teacher)
    with pytest.raises(TrainingError, match="not one text"):
        write(tmp_path / "none", [])
    with pytest.raises(TrainingError, match="no vectors of a teacher: write them with hunch-train teacher"):
        load_embeddings(tmp_path / "none")


def test_a_public_encoder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"no model there|needs the package transformers"):
        SentenceEncoder(tmp_path)
