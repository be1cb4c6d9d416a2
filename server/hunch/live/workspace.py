"""The public face of one live workspace folder: safe from any thread, never waiting for the disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from hunch.engine import chunk_at
from hunch.index.snapshot import Snapshot
from hunch.index.stored_arrays import DamagedFileError
from hunch.live.inbox import Inbox
from hunch.live.indexer import Indexer
from hunch.live.status import LiveOptions, Phase, Published, Status
from hunch.model.encoder import Encoder
from hunch.search.query import Query, QueryError
from hunch.search.search import Answer, search
from hunch.search.similar import chunks_at, similar_at
from hunch.text.chunk import Chunk
from hunch.workspace.scan import Skip, read_source

_PATIENCE_SECONDS = 2.0
"""How long the first question waits for the index to be opened, which takes about half a second."""
_MENDING_SECONDS = 10.0
"""How long a question waits for a snapshot without what is damaged."""


class LiveWorkspace:
    """One workspace folder, kept true by a background thread."""

    def __init__(
        self,
        root: Path,
        options: LiveOptions | None = None,
        *,
        on_status: Callable[[Status], None] = lambda status: None,
    ) -> None:
        """Start nothing yet.

        Args:
            root: the folder.
            options: what the user chose; None for the defaults.
            on_status: called from the background thread on each change of phase, and about every 100 ms at work.
        """
        self.root = root.resolve()
        self._inbox = Inbox()
        self._published = Published()
        self._opened = threading.Event()
        self._on_status = on_status
        self._status = Status(self.root, Phase.STARTING, "Opening the index")
        self._indexer = Indexer(self.root, options or LiveOptions(), self._inbox, self._publish, self._report)
        self._thread = threading.Thread(target=self._indexer.run, name=f"hunch {self.root.name}", daemon=True)

    def start(self) -> None:
        """Open the index and begin to follow the folder, in the background."""
        self._thread.start()

    def close(self, timeout: float = 1.5) -> None:
        """End the background thread; what was committed stays."""
        self._inbox.change(closing=True)
        self._opened.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def mark(self, paths: Iterable[str], *, urgent: bool = False) -> None:
        """Note that paths (posix, relative; a folder stands for all in it, "" for everything) may have changed."""
        self._inbox.mark(paths, urgent=urgent)

    def set_options(self, options: LiveOptions) -> None:
        """Take new options."""
        self._indexer.options = options

    def note_unwatched(self, problem: str) -> None:
        """Note why some changes are not seen, in one line for the person; an empty one when all are seen."""
        self._indexer.unwatched = problem

    def pause(self) -> None:
        """Stop indexing; saved files and unsaved text still count."""
        self._inbox.change(paused=True)

    def resume(self) -> None:
        """Go on indexing."""
        self._inbox.change(paused=False)

    def rebuild(self) -> None:
        """Throw the index away and begin anew."""
        self._inbox.change(rebuild=True, paused=False)

    def cancel(self) -> None:
        """Stop the update under way; it goes on after resume."""
        self.pause()

    def put_unsaved(self, path: str, text: str) -> None:
        """Let unsaved text stand for a file."""
        self._inbox.put_unsaved(path, text)

    def drop_unsaved(self, path: str) -> None:
        """Let the file on disk stand for itself again."""
        self._inbox.drop_unsaved(path)

    def unsaved(self, path: str) -> str | None:
        """Return the unsaved text of a file, None without."""
        return self._inbox.unsaved(path)

    @property
    def status(self) -> Status:
        """Where the folder stands."""
        return self._status

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot, unsaved text included."""
        return self._published.snapshot

    @property
    def encoder(self) -> Encoder | None:
        """The model; None before it is loaded or when it cannot be."""
        return self._published.encoder

    def ask(self, query: Query, *, limit: int = 10) -> Answer:
        """Answer from the newest snapshot."""
        return self._undamaged(
            lambda seen: search(self.root, seen.snapshot, seen.encoder, query, limit=limit, complete=seen.complete)
        )

    def similar(self, path: str, line: int, last: int | None = None, *, limit: int = 10) -> Answer:
        """Find code like the definition at a 1-based line of a file as the editor has it.

        With a last line, inclusive, it is the definition at the first of the lines that has one.

        Raises:
            QueryError: there is no code at that place.
        """
        self._opened.wait(_PATIENCE_SECONDS)
        source = self._source(path)
        chunks = [] if source is None else chunks_at(path, source, range(line, (last or line) + 1))
        if not chunks:
            raise QueryError(f"{path}:{line}: no code at this line")
        return self._undamaged(
            lambda seen: similar_at(self.root, seen.snapshot, seen.encoder, chunks, complete=seen.complete, limit=limit)
        )

    def chunk_at(self, path: str, line: int) -> Chunk | None:
        """Return the innermost definition at a 1-based line of a file as the editor has it; None when there is none."""
        source = self._source(path)
        return None if source is None else chunk_at(path, source, line)

    def _source(self, path: str) -> bytes | None:
        text = self.unsaved(path)
        source = read_source(self.root, path, is_wanted=True) if text is None else text.encode("utf-8", "surrogatepass")
        return None if isinstance(source, Skip) else source

    def _undamaged(self, ask: Callable[[Published], Answer]) -> Answer:
        """Answer from the newest snapshot; when a part of it turns out to be damaged, from the one without that part.

        Raises:
            QueryError: none came in time.
        """
        self._opened.wait(_PATIENCE_SECONDS)
        end = time.monotonic() + _MENDING_SECONDS
        while True:
            seen = self._published
            try:
                return ask(seen)
            except DamagedFileError as error:
                self._inbox.note_damaged([error.path])
            while self._published is seen:
                if time.monotonic() > end:
                    raise QueryError("the index is damaged and is being made again: ask again in a moment")
                time.sleep(0.01)

    def _publish(self, published: Published) -> None:
        self._published = published
        self._opened.set()

    def _report(self, status: Status) -> None:
        self._status = status
        self._on_status(status)
