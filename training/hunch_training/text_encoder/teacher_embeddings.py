"""Embeddings of texts by a teacher, as files; written block by block, so that a run that was cut off goes on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch_training.errors import TrainingError
from hunch_training.progress import Progress

TEXTS, VECTORS, ABOUT = "texts.jsonl", "vectors.f16", "teacher.json"


Encode = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to vectors, float32 [n, dim], L2-normalised."""


_TEXTS_AT_ONCE = 512


class TeacherEmbeddings(NamedTuple):
    """Texts, and what a teacher makes of them."""

    texts: list[str]
    vectors: NDArray[np.float16]
    """float16 [n, dim], L2-normalised, of a file that is mapped and not read"""


def write_embeddings(
    texts: Iterable[str], encode: Encode, folder: Path, *, dim: int, teacher: str, stop_after: int | None = None
) -> None:
    """Write texts and a teacher's vectors of them, or go on where that was cut off.

    Args:
        texts: distinct.
        encode: the teacher.
        folder: where to write.
        dim: of its vectors.
        teacher: its name.
        stop_after: end behind so many blocks as if cut off, for tests.

    Raises:
        TrainingError: there is no text, or the folder holds vectors of other texts or of another teacher.
    """
    lines = [json.dumps(text) + "\n" for text in texts]
    if not lines:
        raise TrainingError("there is not one text for the teacher: check --kinds and --limit")
    digest = hashlib.sha256("".join(lines).encode()).hexdigest()
    about = {"teacher": teacher, "dim": dim, "texts": len(lines), "texts_sha256": digest}
    file = folder / ABOUT
    if file.is_file() and json.loads(file.read_text(encoding="utf-8")) != about:
        raise TrainingError(f"{file}: vectors of other texts or of another teacher: give another --out or remove it")
    folder.mkdir(parents=True, exist_ok=True)
    if not file.is_file():
        (folder / TEXTS).write_text("".join(lines), encoding="utf-8")
        (folder / VECTORS).write_bytes(b"")
        temporary = file.with_suffix(".tmp")
        temporary.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        temporary.replace(file)
    row = dim * np.dtype(np.float16).itemsize
    done = (folder / VECTORS).stat().st_size // (row * _TEXTS_AT_ONCE) * _TEXTS_AT_ONCE
    if (folder / VECTORS).stat().st_size == len(lines) * row:
        return
    with (folder / VECTORS).open("r+b") as opened, Progress(len(lines), done) as progress:
        opened.truncate(done * row)  # a block that was cut off is made again, so that blocks are always the same
        opened.seek(0, os.SEEK_END)
        for blocks, start in enumerate(range(done, len(lines), _TEXTS_AT_ONCE)):
            if blocks == stop_after:
                return
            block = [json.loads(line) for line in lines[start : start + _TEXTS_AT_ONCE]]
            opened.write(encode(block).astype(np.float16).tobytes())
            opened.flush()
            progress.move(start + len(block), "texts")


def load_embeddings(folder: Path) -> TeacherEmbeddings:
    """Return texts and vectors that were written before.

    Raises:
        TrainingError: there are none, or not all.
    """
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        texts = [json.loads(line) for line in (folder / TEXTS).read_text(encoding="utf-8").splitlines()]
        size, shape = (folder / VECTORS).stat().st_size, (int(about["texts"]), int(about["dim"]))
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(f"{folder}: no vectors of a teacher: write them with hunch-train teacher") from error
    if size != shape[0] * shape[1] * 2 or len(texts) != shape[0]:
        raise TrainingError(f"{folder}: not all vectors are there: give the same hunch-train teacher command again")
    return TeacherEmbeddings(texts, np.memmap(folder / VECTORS, np.float16, mode="r", shape=shape))
