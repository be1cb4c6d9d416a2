"""The unsaved overlay: text of open editors, which stands for the files that it will be saved to."""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path, PurePosixPath

from hunch.engine import Engine
from hunch.index.overlay import UnsavedChunks, chunk_unsaved
from hunch.index.segment import Segment, merge_segments
from hunch.text.languages import language_of, may_be
from hunch.workspace.scan import RootError, Skip, scan, source_of

logger = logging.getLogger(__name__)


class UnsavedOverlay:
    """The unsaved text of one workspace that differs from what is indexed. Use it from one thread."""

    def __init__(self, root: Path) -> None:
        """Begin without text."""
        self._root = root
        self._chunked: dict[str, UnsavedChunks] = {}

    @property
    def paths(self) -> Collection[str]:
        """The files whose stored chunks are shadowed."""
        return self._chunked.keys()

    def segments(self) -> list[Segment]:
        """Return the text as at most one segment."""
        found = [chunked.segment for chunked in self._chunked.values()]
        return [merge_segments([(segment, None) for segment in found])] if len(found) > 1 else found

    def clear(self) -> None:
        """Forget all text."""
        self._chunked.clear()

    def take(self, engine: Engine, path: str, text: str | None) -> None:
        """Take the newest text of a file, None for one that was closed; a text that cannot be taken is left out."""
        try:
            self._take(engine, path, text)
        except (ValueError, RuntimeError, ArithmeticError, LookupError) as error:  # of one text: the others count
            ending = PurePosixPath(path).suffix
            logger.error("the unsaved text of a %s file is not searchable: %s", ending, type(error).__name__)

    def _take(self, engine: Engine, path: str, text: str | None) -> None:
        before = self._chunked.pop(path, None)
        if text is None:
            return
        language = self._language_that_counts(engine, path, text)
        if language is None:
            return
        if isinstance(source_of(text.encode("utf-8", "surrogatepass"), path), Skip) and not self._is_wanted(path):
            text = ""  # generated or minified, say: once it is saved it will not count either
        chunked = chunk_unsaved(path, language, text, engine.encoder, before, number=-1)
        stored = engine.store.known_file(path)
        if stored is None or stored.digest != chunked.digest:
            self._chunked[path] = chunked

    def _is_wanted(self, path: str) -> bool:
        with suppress(RootError):
            return any(file.is_wanted for file in scan(self._root, only=[path]).files)
        return False

    def _language_that_counts(self, engine: Engine, path: str, text: str) -> str | None:
        """Return the language of an unsaved text if the file counts, or would once it is saved."""
        source = text.encode("utf-8", "replace")
        known = engine.store.known_file(path)
        if known is not None:
            return language_of(path, source) if may_be(path) else known.language
        with suppress(RootError):
            found = scan(self._root, only=[path]).files
            if found:
                return language_of(path, source) if found[0].may_be else found[0].language
        if (self._root / path).exists():
            return None
        return language_of(path, source)
