"""Files to what the index keeps of them, up to the embeddings: the part of indexing that runs in worker processes."""

from __future__ import annotations

import hashlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from hunch.index.priority import yield_to_others
from hunch.index.records import pack_record
from hunch.index.store import FileRecord
from hunch.model.bundle import TOKENIZER
from hunch.model.encoder import Encoder
from hunch.text.bag import Bags, bag_fields
from hunch.text.chunk import Chunk, chunk_source
from hunch.text.render import render_chunk, symbols_of
from hunch.text.terms import Postings, postings_of
from hunch.text.tokenizer import Tokenizer, load_tokenizer
from hunch.workspace.scan import Skip, SourceFile, read_source

MIN_FILES_FOR_WORKERS = 400
"""Fewer changed files are done sooner in this process than workers start."""

_BATCH_BYTES = 1 << 18
_BATCH_FILES = 64
_BATCHES_IN_FLIGHT = 6
_WAIT_SECONDS = 0.02
_SAFE_PATH = "PYTHONSAFEPATH"


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
    root: Path, files: Sequence[StaleFile], tokenizer: Tokenizer | None, max_tokens: int
) -> PreparedBatch:
    """Read, hash and chunk files and render their chunks. A file that cannot be used becomes a skipped record."""
    prepared: list[PreparedFile] = []
    chunks: list[Chunk] = []
    for file, known_digest, known_id in files:
        source = read_source(root, file.path)
        if isinstance(source, Skip):
            skipped = FileRecord(file.path, file.language, file.size, file.mtime_ns, b"", source.reason, 0)
            prepared.append(PreparedFile(skipped, [], known_id))
            continue
        digest = digest_of(source)
        if digest == known_digest:
            same = FileRecord(file.path, file.language, file.size, file.mtime_ns, digest, None, 0)
            prepared.append(PreparedFile(same, [], known_id, unchanged=True))
            continue
        found = chunk_source(file.path, file.language, source)
        record = FileRecord(file.path, file.language, file.size, file.mtime_ns, digest, None, len(found))
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
    batches: Iterator[list[StaleFile]] = _batches(files)
    max_tokens = encoder.bundle.manifest.max_tokens if encoder else 0
    if workers >= (1 if apart else 2) and len(files) >= MIN_FILES_FOR_WORKERS:
        pending: deque[tuple[list[StaleFile], Future[PreparedBatch]]] = deque()
        with safe_start():
            executor = ProcessPoolExecutor(
                workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_start_worker,
                initargs=(root, encoder.bundle.path(TOKENIZER) if encoder else None, max_tokens, apart),
            )
        done_with_all = False
        try:
            _submit(executor, islice(batches, workers + 2 if apart else _BATCHES_IN_FLIGHT), pending)
            while pending:
                if not wait([pending[0][1]], timeout=_WAIT_SECONDS).done:
                    yield None
                    continue
                done = pending[0][1].result()
                pending.popleft()
                _submit(executor, islice(batches, 1), pending)
                yield done
            done_with_all = True
        except BrokenProcessPool:
            # A worker was killed, for want of memory perhaps. This process goes on alone, with what is left.
            batches = chain([batch for batch, _ in pending], batches)
        finally:
            if not done_with_all:
                _end_workers(executor)
            executor.shutdown(cancel_futures=True)
    for batch in batches:
        yield prepare_batch(root, batch, encoder.tokenizer if encoder else None, max_tokens)


def _end_workers(executor: ProcessPoolExecutor) -> None:
    """Let nobody wait for batches that nobody wants: workers only read."""
    if sys.version_info >= (3, 14):
        executor.terminate_workers()
        return
    for process in list((executor._processes or {}).values()):
        process.terminate()


def _submit(
    executor: ProcessPoolExecutor,
    batches: Iterable[list[StaleFile]],
    pending: deque[tuple[list[StaleFile], Future[PreparedBatch]]],
) -> None:
    for batch in batches:
        with safe_start():
            try:
                pending.append((batch, executor.submit(_prepare_in_worker, batch)))
            except BrokenProcessPool:
                failed: Future[PreparedBatch] = Future()
                failed.set_exception(BrokenProcessPool())
                pending.append((batch, failed))


@contextmanager
def safe_start() -> Iterator[None]:
    """Start workers so that they run no code of the folder this process is in, and so that Ctrl-C does not reach them.

    A worker begins as ``python -c``, which looks for modules in the current folder first: a workspace with a
    multiprocessing.py of its own would have it run.
    """
    before = os.environ.get(_SAFE_PATH)
    here = Path.cwd() if sys.version_info < (3, 11) else None
    os.environ[_SAFE_PATH] = "1"
    if here is not None:
        os.chdir(Path(__file__).parent)  # that Python does not know the variable
    masked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if hasattr(signal, "pthread_sigmask") else None
    try:
        yield
    finally:
        if masked is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, masked)
        if here is not None:
            os.chdir(here)
        if before is None:
            del os.environ[_SAFE_PATH]
        else:
            os.environ[_SAFE_PATH] = before


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


def _read_tokenizer(file: Path | None) -> Tokenizer | None:
    return None if file is None else load_tokenizer(file.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class _Worker:
    root: Path
    tokenizer: Tokenizer | None
    max_tokens: int


_worker: _Worker | None = None


def _start_worker(root: Path, tokenizer_file: Path | None, max_tokens: int, polite: bool) -> None:
    global _worker
    if polite:
        yield_to_others()
    _worker = _Worker(root, _read_tokenizer(tokenizer_file), max_tokens)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C ends
    end_with_parent()


def end_with_parent() -> None:
    """Let this worker process end when its parent does, however that ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    # A killed parent cannot say goodbye, and the queue's pipe stays open as long as any worker lives.
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def _prepare_in_worker(files: list[StaleFile]) -> PreparedBatch:
    assert _worker is not None
    began = time.process_time()
    batch = prepare_batch(_worker.root, files, _worker.tokenizer, _worker.max_tokens)
    return replace(batch, cpu_seconds=time.process_time() - began)
