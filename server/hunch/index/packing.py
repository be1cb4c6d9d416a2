"""What is derived from one file's content, as the three blobs of its row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hunch.text.terms import Postings


def pack_content(records: list[bytes], vectors: NDArray[np.float16], postings: Postings) -> tuple[bytes, bytes, bytes]:
    """Pack the records, embeddings and postings of n chunks."""
    packed = b"".join(
        (
            np.uint32(len(postings)).tobytes(),
            postings.offsets.astype("<u4").tobytes(),
            postings.terms.astype("<u4").tobytes(),
            postings.impacts.tobytes(),
            postings.fields.tobytes(),
        )
    )
    return b"\n".join(records), vectors.astype("<f2").tobytes(), packed


def unpack_content(
    records: bytes, vectors: bytes, postings: bytes
) -> tuple[list[bytes], NDArray[np.float16], Postings]:
    """Return what pack_content packed."""
    rows = int(np.frombuffer(postings, "<u4", 1)[0])
    offsets = np.frombuffer(postings, "<u4", rows + 1, 4).astype(np.int64)
    total = int(offsets[-1])
    terms_at = 4 + 4 * (rows + 1)
    return (
        records.split(b"\n"),
        np.frombuffer(vectors, "<f2").reshape(rows, len(vectors) // 2 // rows),
        Postings(
            offsets=offsets,
            terms=np.frombuffer(postings, "<u4", total, terms_at),
            impacts=np.frombuffer(postings, np.uint8, total, terms_at + 4 * total),
            fields=np.frombuffer(postings, np.uint8, total, terms_at + 5 * total),
        ),
    )
