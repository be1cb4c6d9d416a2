"""Files to what the index keeps of them, up to the embeddings: the part of indexing that runs in worker processes."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hunch.index.isolation import UNREADABLE, Reading, read_apart, read_here
from hunch.index.priority import yield_to_others
from hunch.index.records import pack_record
from hunch.index.store import FileRecord
from hunch.index.workers import Lost, work_apart
from hunch.model.bundle import TOKENIZER
from hunch.text.bag import Bags, bag_fields
from hunch.text.chunk import Chunk
from hunch.text.languages import language_of
from hunch.text.render import render_chunk, symbols_of
from hunch.text.terms import Postings, postings_of
from hunch.text.tokenizer import Tokenizer, load_tokenizer
from hunch.workspace.scan import Skip, SourceFile, read_source

if TYPE_CHECKING:
    from hunch.model.encoder import Encoder  # ONNX Runtime, which no worker needs

MIN_FILES_FOR_WORKERS = 400
"""Fewer changed files are done sooner in this process, but for the parsing, than workers start."""
MIN_BYTES_FOR_WORKERS = 4_000_000
"""Nor do fewer bytes of source pay for them."""

_BATCH_BYTES = 1 << 18
_BATCH_FILES = 64
_BATCHES_IN_FLIGHT = 6
_TURN_SECONDS = 0.25


class StaleFile(NamedTuple):
    """A file that is new or looks changed."""

    file: SourceFile
    digest: bytes
    """Of the content that the index holds under its path; empty when there is none."""
    known_id: int | None = None
    """Under which the index held it when it was found to look changed."""


@dataclass(frozen=True, slots=True)
class PreparedFile:
    """One file as it was read."""

    record: FileRecord
    records: list[bytes]
    """One packed ChunkRecord a chunk."""
    known_id: int | None = None
    """As in StaleFile."""
    unchanged: bool = False
    """Its content is what the index holds already: nothing was made of it."""


@dataclass(frozen=True, slots=True)
class PreparedBatch:
    """Some files with the bags and postings of all their chunks, in order."""

    files: list[PreparedFile]
    bags: Bags | None
    """None without a tokeniser"""
    postings: Postings
    cpu_seconds: float = 0.0
    """What a worker process spent on it; 0 for the work of this process."""


def prepare_batch(
    root: Path,
    files: Sequence[StaleFile],
    tokenizer: Tokenizer | None,
    max_tokens: int,
    read: Callable[[str, str, bytes], Reading] = read_apart,
    seconds: float = math.inf,
) -> PreparedBatch:
    """Read, hash and chunk files and render their chunks. A file that cannot be used becomes a skipped record.

    Args:
        root: the workspace.
        files: at least the first of them is prepared.
        tokenizer: None prepares for search by words only.
        max_tokens: of a bag.
        read: makes chunks of a path, a language and a source: in a process apart, unless this one may die of it.
        seconds: after which no further file is begun.
    """
    end = time.monotonic() + seconds
    prepared: list[PreparedFile] = []
    chunks: list[Chunk] = []
    for file, known_digest, known_id in files:
        if prepared and time.monotonic() > end:
            break
        now = time.time_ns()  # before the file is read: what is written later is to be seen later
        stamps = (file.ctime_ns, file.inode, now)
        source = read_source(root, file.path, is_wanted=file.is_wanted)
        if file.may_be and not isinstance(source, Skip):
            language = language_of(file.path, source)
            file = file._replace(language=language or file.language)
            source = source if language is not None else Skip("not code")
        if isinstance(source, Skip):
            left_out = FileRecord(file.path, file.language, file.size, file.mtime_ns, b"", source.reason, 0, *stamps)
            prepared.append(PreparedFile(left_out, [], known_id))
            continue
        digest = digest_of(source)
        if digest == known_digest:
            same = FileRecord(file.path, file.language, file.size, file.mtime_ns, digest, None, 0, *stamps)
            prepared.append(PreparedFile(same, [], known_id, unchanged=True))
            continue
        found, problem = read(file.path, file.language, source)
        skipped = problem if problem == UNREADABLE else None
        record = FileRecord(
            file.path, file.language, file.size, file.mtime_ns, digest, skipped, len(found), *stamps, problem
        )
        prepared.append(PreparedFile(record, [pack_record(chunk) for chunk in found], known_id))
        chunks += found
    texts = [render_chunk(chunk) for chunk in chunks]
    return PreparedBatch(
        files=prepared,
        bags=None if tokenizer is None else bag_fields(texts, tokenizer, max_tokens),
        postings=postings_of(texts, [symbols_of(chunk) for chunk in chunks]),
    )


def digest_of(source: bytes) -> bytes:
    """Return what tells one content of a file from another: BLAKE2b, 16 bytes."""
    return hashlib.blake2b(source, digest_size=16).digest()


def prepare_files(
    root: Path, files: Sequence[StaleFile], encoder: Encoder | None, workers: int, *, apart: bool = False
) -> Generator[PreparedBatch | None]:
    """Yield the prepared batches of all files, in order, from worker processes when that is sooner.

    Batches hold about 256 kB of source and at most a few are under way, which bounds the memory. While a batch is
    waited for, None is yielded every 20 ms. Close the generator to end the workers.

    Args:
        root: the workspace.
        files: what to read.
        encoder: None prepares for search by words only.
        workers: processes at most.
        apart: keep this process free to answer: even a single worker takes many files, at low priority.
    """
    tokenizer = encoder.tokenizer if encoder else None
    max_tokens = encoder.bundle.manifest.max_tokens if encoder else 0
    batches = _batches(files)
    is_little = len(files) < MIN_FILES_FOR_WORKERS and sum(one.file.size for one in files) < MIN_BYTES_FOR_WORKERS
    if workers < (1 if apart else 2) or is_little:
        for batch in batches:
            yield from _prepare_in_turns(root, batch, tokenizer, max_tokens)
        return
    setup = _Setup(root, encoder.bundle.path(TOKENIZER) if encoder else None, max_tokens, apart)
    in_flight = workers + 2 if apart else _BATCHES_IN_FLIGHT
    with closing(work_apart(_prepare_in_worker, batches, workers, setup, in_flight)) as results:
        for result in results:
            # A worker was killed, by one of these files perhaps: each is parsed by itself now.
            if isinstance(result, Lost):
                yield from _prepare_in_turns(root, result.item, tokenizer, max_tokens)
            else:
                yield result


def _prepare_in_turns(
    root: Path, files: list[StaleFile], tokenizer: Tokenizer | None, max_tokens: int
) -> Iterator[PreparedBatch]:
    """Prepare files in this process, a part of a second at a time: what is urgent comes in between."""
    while files:
        batch = prepare_batch(root, files, tokenizer, max_tokens, seconds=_TURN_SECONDS)
        yield batch
        files = files[len(batch.files) :]


def _batches(files: Iterable[StaleFile]) -> Iterator[list[StaleFile]]:
    batch: list[StaleFile] = []
    size = 0
    for stale in files:
        batch.append(stale)
        size += stale.file.size
        if size >= _BATCH_BYTES or len(batch) == _BATCH_FILES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


@dataclass(frozen=True, slots=True)
class _Setup:
    """What a worker process begins with."""

    root: Path
    tokenizer_file: Path | None
    max_tokens: int
    is_polite: bool

    def __call__(self) -> None:
        global _preparing
        if self.is_polite:
            yield_to_others()
        tokenizer = None
        if self.tokenizer_file is not None:
            tokenizer = load_tokenizer(self.tokenizer_file.read_text(encoding="utf-8"))
        _preparing = partial(prepare_batch, self.root, tokenizer=tokenizer, max_tokens=self.max_tokens, read=read_here)


_preparing: Callable[[list[StaleFile]], PreparedBatch] | None = None


def _prepare_in_worker(files: list[StaleFile]) -> PreparedBatch:
    assert _preparing is not None
    began = time.process_time()
    batch = _preparing(files)
    return replace(batch, cpu_seconds=time.process_time() - began)
