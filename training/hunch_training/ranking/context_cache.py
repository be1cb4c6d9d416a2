"""A contextual encoder with a cache on disk, so that the same code in two indexes is read once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import gettempdir

import numpy as np
from numpy.typing import NDArray

from hunch.model.bundle import CONTEXTUAL_GRAPH
from hunch.model.contextual import ContextualEncoder
from hunch.model.encoder import Encoder

_CACHE = Path(gettempdir()) / "hunch-bench-context"
_KEPT: dict[str, CachingEncoder] = {}


class CachingEncoder(ContextualEncoder):
    """Gives what the encoder gives, of sequences seen before from the cache."""

    def __init__(self, encoder: Encoder, *, threads: int) -> None:
        """Load the contextual part of an encoder's bundle, and what another run has cached of it."""
        super().__init__(encoder.bundle, threads=threads)
        self.file = _CACHE / f"{encoder.bundle.manifest.sha256[CONTEXTUAL_GRAPH][:16]}.npz"
        self._known: dict[bytes, NDArray[np.float16]] = {}
        if self.file.is_file():
            with np.load(self.file) as arrays:
                ids, ends, vectors = arrays["ids"], arrays["ends"], arrays["vectors"]
            starts = np.concatenate([[0], ends[:-1]])
            for row, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
                self._known[ids[start:end].tobytes()] = vectors[row]

    def _encode(self, rows: Sequence[list[int]], between: Callable[[], bool] = lambda: False) -> NDArray[np.float32]:
        keys = [np.array(row, np.int32).tobytes() for row in rows]
        new = {key: row for key, row in zip(keys, rows, strict=True) if key not in self._known}
        for key, vector in zip(new, super()._encode(list(new.values()), between), strict=True):
            self._known[key] = vector.astype(np.float16)
        found = [self._known[key] for key in keys]
        return np.array(found, np.float32).reshape(len(rows), self.dim)

    def keep(self) -> None:
        """Write the cache."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        ids = [np.frombuffer(key, np.int32) for key in self._known]
        ends = np.cumsum([len(part) for part in ids])
        np.savez(self.file, ids=np.concatenate(ids), ends=ends, vectors=np.stack(list(self._known.values())))


def use_context_cache(encoder: Encoder, *, threads: int = 2) -> CachingEncoder | None:
    """Let an encoder cache its contextual embeddings, for this process and later ones; None without such a part."""
    if not encoder.has_contextual:
        return None
    identity = encoder.bundle.manifest.identity
    if identity not in _KEPT:
        _KEPT[identity] = CachingEncoder(encoder, threads=threads)
    encoder.use_contextual(_KEPT[identity])
    return _KEPT[identity]
