"""Damage to the files of an index: what is damaged, how, and whether searches and the next indexing come through it.

Every fault strikes a copy of one small index of real code, a quarter of it read in context: the index as it is left by
a clean end, or as a killed process leaves it, with its log.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

import hunch
from benchmarks.fault_error import WrongError
from hunch import engine as engine_module
from hunch.engine import DATABASE, Engine, ask, check, open_engine, update
from hunch.index.contextual_column import ContextualColumn
from hunch.index.contextual_pass import embed_file, files_without_contextual
from hunch.index.policy import COMMAND_POLICY
from hunch.index.segment import Segment, build_segment
from hunch.index.segment_files import check_segments, open_segments, remove_segments
from hunch.index.segment_set import LiveSegment, compose
from hunch.index.snapshot import Snapshot, View
from hunch.index.store import FileContent, FileRecord, IndexState, inspect, open_for_reading
from hunch.index.stored_arrays import DamagedFileError
from hunch.index.wal_checkpoint import hold_shared_memory
from hunch.live import LiveOptions, LiveWorkspace, Phase
from hunch.model.encoder import Encoder
from hunch.search.query import parse_query
from hunch.search.search import Answer, search
from hunch.settings import CACHE_VARIABLE, workspace_cache

KINDS = ("bit", "block of zeros", "cut off", "empty", "garbage", "swapped", "deleted")

QUERIES = (
    "split an identifier into words", "nearest embeddings by cosine", "merge small segments", "unpack_record",
    "which files does git ignore", "read unsaved text", "terms of a chunk", "parse_dat", "lang:python path:text stem",
    "checksum of a block",
)  # fmt: skip

_PARTS = ("text", "index", "search")
_BLOCK = 4096
_MOST_SECONDS = 60.0
_SHARED_BYTES = 32_768
_LAST_BITS = 0.002
_SCORES_APART = 0.002
"""How many chunks share a batch moves the last bit of an embedding."""

Hits = dict[tuple[str, int, int], float]
"""Score by path, first and last line"""


@dataclass(frozen=True, slots=True)
class Fault:
    """What was done to which file."""

    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """An index to damage, and what it holds."""

    root: Path
    states: Mapping[str, Path]
    """Copies of its folder, by the end that it came to"""
    files: Mapping[str, tuple[FileRecord, FileContent]]
    contextual: Mapping[str, NDArray[np.int8]]
    encoder: Encoder

    @property
    def cache(self) -> Path:
        """Where the index is."""
        return workspace_cache(self.root)

    def lay_out(self, state: str) -> None:
        """Put the whole index back."""
        shutil.rmtree(self.cache, ignore_errors=True)
        shutil.copytree(self.states[state], self.cache)

    def wrong_in(self, seen: Snapshot, answers: Mapping[str, Answer], *, whole: bool, in_context: bool = True) -> str:
        """Compare answers with those of the undamaged rows, in segments of the same files; return what differs.

        Args:
            seen: what was searched; which files stand in one segment has a part in every score.
            answers: by the text of the query.
            whole: whether all files have to be there.
            in_context: whether all that was read in context has to be there as well.
        """
        groups = [
            [(int(number), path) for number, path, lives in zip(
                view.segment.file_ids, view.segment.paths, _living(view), strict=True) if lives]
            for view in seen.views
        ]  # fmt: skip
        numbers = {number: path for group in groups for number, path in group}
        places, _ = seen.contextual_of(np.arange(len(seen), dtype=np.int64))
        read = {int(file) for file in _files_of(seen, places)}
        if len(numbers) != len(set(numbers.values())) or not set(numbers.values()) <= self.files.keys():
            return "files are there twice, or should not be there"
        if whole and set(numbers.values()) != self.files.keys():
            return f"files are missing: {sorted(self.files.keys() - set(numbers.values()))}"
        if whole and in_context and {numbers[number] for number in read} != self.contextual.keys():
            return "other files are read in context"
        segments = [build_segment((number, *self.files[path]) for number, path in group) for group in groups]
        reference = compose(tuple(self._with_contextual(segment, read) for segment in segments), 1)
        for text, answer in answers.items():
            expected = _hits(search(self.root, reference, self.encoder, parse_query(text)))
            if apart := _apart(_hits(answer), expected):
                return f"{text!r} was answered otherwise: {apart}"
        return ""

    def _with_contextual(self, segment: Segment, read: set[int]) -> LiveSegment:
        column, present = ContextualColumn(len(segment)), np.zeros(len(segment), np.bool_)
        for file, (number, path) in enumerate(zip(segment.file_ids.tolist(), segment.paths, strict=True)):
            if number in read:
                chunks = np.arange(segment.first_chunks[file], segment.first_chunks[file + 1])
                column.put(chunks, self.contextual[path])
                present[chunks] = True
        return LiveSegment(segment, column, present=present)

    def wrong_rows(self) -> str:
        """Compare all that the index keeps, without its checksums, with what was in it; return what differs."""
        with closing(open_for_reading(self.cache / DATABASE)) as store:
            known = {number: path for path, (number, _) in store.known_files().items()}
            opened = open_segments(self.cache, store.identity, on_damage=lambda file: None)
            contents = {known[number]: content for number, content in store.contents(known)}
            contextual = {known[number]: rows for number, rows in store.contextual()}
        if contents.keys() != {path for path, (record, _) in self.files.items() if record.chunks}:
            return "other files have contents"
        for path, rows in contextual.items():
            if path not in self.contextual or np.abs(rows.astype(np.int16) - self.contextual[path]).max() > 1:
                return f"{path}: other embeddings in context"
        for path, content in contents.items():
            if not _is_same(content, self.files[path][1]):
                return f"{path}: another content"
        for base in (one.segment for one in opened):
            for file, path in enumerate(base.paths):
                first, end = base.first_chunks[file], base.first_chunks[file + 1]
                start, stop = base.record_starts[first], base.record_starts[end]
                expected = self.files[path][1]
                if base.records[start:stop].tobytes() != b"".join(expected.records):
                    return f"{path}: other records in the base"
                if base.dense is None or np.abs(base.dense.originals[first:end] - expected.vectors).max() > _LAST_BITS:
                    return f"{path}: other embeddings in the base"
        return ""


@contextmanager
def prepared(place: Path) -> Iterator[Prepared]:
    """Index some of our own code in a folder, with a base on disk although it is small."""
    before = os.environ.get(CACHE_VARIABLE)
    os.environ[CACHE_VARIABLE] = str(place / "cache")
    early = replace(COMMAND_POLICY, least_outside=20)
    try:
        with patch.object(engine_module, "COMMAND_POLICY", early):
            yield _prepare(place)
    finally:
        if before is None:
            del os.environ[CACHE_VARIABLE]
        else:
            os.environ[CACHE_VARIABLE] = before


def _prepare(place: Path) -> Prepared:
    root = place / "workspace"
    for part in _PARTS:
        shutil.copytree(Path(hunch.__file__).parent / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    states = {name: place / name for name in ("clean", "killed", "without a base")}
    with open_engine(root) as engine:
        update(engine, workers=1)
        _read_some_in_context(engine)
    # What a killed process has written last stands in the log alone.
    (root / "text/late.py").write_text("def arrives_late(late):\n    return late\n", encoding="utf-8")
    with open_engine(root) as engine:
        update(engine, workers=1)
        shutil.copytree(engine.cache, states["killed"])
        known = engine.store.known_files()
        paths = {number: path for path, (number, _) in known.items()}
        files = {paths[number]: (known[paths[number]][1], content) for number, content in engine.store.contents(paths)}
        contextual = {paths[number]: rows for number, rows in engine.store.contextual()}
        assert engine.encoder is not None and engine.reader.base_segments
        encoder = engine.encoder
    for state in ("clean", "without a base"):
        shutil.copytree(workspace_cache(root), states[state])
    remove_segments(states["without a base"])
    return Prepared(root, states, files, contextual, encoder)


def _read_some_in_context(engine: Engine) -> None:
    assert engine.encoder is not None
    encoder = engine.encoder.contextual()
    for number in list(files_without_contextual(engine.store))[::4]:
        embed_file(engine.root, engine.store, encoder, number)


# ---- damage ----


def strike(cache: Path, choice: random.Random) -> Fault:
    """Damage one file of an index in one way.

    Args:
        cache: the folder of the index.
        choice: decides.
    """
    files = sorted(file for file in cache.iterdir() if file.is_file())
    # Small files as often as large ones, and the bytes of all alike.
    sizes = [file.stat().st_size for file in files]
    file = choice.choice(files) if choice.random() < 0.5 else choice.choices(files, sizes)[0]
    kind = choice.choice(KINDS)
    size = file.stat().st_size
    if kind == "deleted":
        file.unlink()
        return Fault(kind, file.name)
    if kind == "swapped":
        other = choice.choice([one for one in files if one != file])
        spare = cache / "spare"
        file.rename(spare)
        other.rename(file)
        spare.rename(other)
        return Fault(kind, f"{file.name} and {other.name}")
    if kind == "empty" or not size:
        os.truncate(file, 0)
        return Fault("empty", file.name)
    if kind == "cut off":
        left = choice.randrange(size)
        os.truncate(file, left)
        return Fault(kind, f"{file.name} at {left} of {size}")
    if kind == "garbage":
        with file.open("r+b") as stream:
            stream.write(choice.randbytes(size))
        return Fault(kind, file.name)
    with file.open("r+b") as stream:
        if kind == "bit":
            at = choice.randrange(size)
            stream.seek(at)
            byte = stream.read(1)[0] ^ (1 << choice.randrange(8))
            stream.seek(at)
            stream.write(bytes([byte]))
        else:
            at = choice.randrange(size) // _BLOCK * _BLOCK
            stream.seek(at)
            stream.write(bytes(min(_BLOCK, size - at)))
    return Fault(kind, f"{file.name} at {at} of {size}")


# ---- what has to hold ----


def through_the_engine(index: Prepared, choice: random.Random) -> str:
    """Damage the index, search it as a command does, index, and search again.

    Raises:
        WrongError: an answer was wrong, or something is still damaged.
    """
    index.lay_out(choice.choice(sorted(index.states)))
    fault = strike(index.cache, choice)
    with _of_kind(fault):
        with open_engine(index.root) as engine:
            update(engine, workers=1)
            _check(index, engine, f"{fault}, first search")
        with open_engine(index.root) as engine:
            check(engine)
            update(engine, workers=1)
        check_healed(index, str(fault))
    return fault.kind


def through_the_command(index: Prepared, choice: random.Random) -> str:
    """Do the same with the real command.

    Raises:
        WrongError: an answer was wrong, a command failed, or something is still damaged.
    """
    index.lay_out(choice.choice(sorted(index.states)))
    fault = strike(index.cache, choice)
    with _of_kind(fault):
        text = choice.choice(QUERIES)
        done = _command("search", text, "--root", str(index.root), "--json")
        if done.returncode not in (0, 1) or "Traceback" in done.stderr:
            raise WrongError(f"{fault}: {done.returncode}, {done.stderr}")
        found = json.loads(done.stdout)["hits"]
        hits = {(hit["path"], hit["start_line"], hit["end_line"]): hit["score"] for hit in found}
        with open_engine(index.root) as engine:
            if apart := _apart(hits, _hits(ask(engine, text))):
                raise WrongError(f"{fault}: the command answered {text!r} otherwise: {apart}, {done.stderr}")
            _check(index, engine, f"{fault}, after the command")
        done = _command("index", str(index.root))
        if done.returncode or "Traceback" in done.stderr:
            raise WrongError(f"{fault}: {done.returncode}, {done.stderr}")
        check_healed(index, str(fault))
    return fault.kind


def under_a_server(index: Prepared, choice: random.Random) -> str:
    """Damage the index of a live workspace while it is searched, until all of it is whole again.

    Raises:
        WrongError: an answer was wrong, or something stays damaged.
    """
    index.lay_out("clean")
    options = LiveOptions(cpu_share=1.0, contextual_embeddings=False, scan_seconds=0.2)
    live = LiveWorkspace(index.root, options)
    live.start()
    try:
        _wait(lambda: live.status.phase is Phase.READY, "never ready")
        if choice.random() < 0.5:
            _check_live(index, live, "before the fault", choice)
        fault = strike(index.cache, choice)
        with _of_kind(fault):
            end = time.monotonic() + _MOST_SECONDS
            while live.status.phase is not Phase.READY or _wrong_on_disk(index):
                _check_live(index, live, str(fault), choice)
                if time.monotonic() > end:
                    raise WrongError(f"{fault}: not healed by the server: {_wrong_on_disk(index)}, {live.status}")
                time.sleep(0.05)
            _check_live(index, live, f"{fault}, healed", choice)
    finally:
        live.close(10)
    with _of_kind(fault):
        check_healed(index, str(fault), in_context=False)  # its second pass does not run
    return fault.kind


def check_healed(index: Prepared, when: str, *, in_context: bool = True) -> None:
    """Look at everything in an index that is closed, and search it.

    Raises:
        WrongError: something is damaged, is said, or is answered otherwise.
    """
    with open_engine(index.root) as engine:
        if engine.notices or engine.state is not IndexState.READY:
            raise WrongError(f"{when}: not healed: {engine.state}, {engine.notices}")
        report = update(engine, workers=1)
        if report is None or report.read:
            raise WrongError(f"{when}: not everything was there: {report}")
        # All rows and the base are compared below: a few questions show that they are searched.
        _check(index, engine, f"{when}, healed", in_context=in_context, texts=QUERIES[::4])
    if found := damage_in(index.cache) or index.wrong_rows():
        raise WrongError(f"{when}: not healed: {found}")


def damage_in(cache: Path) -> str:
    """Look at every byte that an index keeps; return what is damaged, or nothing."""
    try:
        with closing(open_for_reading(cache / DATABASE)) as store:
            content = store.get_meta("content") or ""
            steps = store.damage()
            while True:
                try:
                    next(steps)
                except StopIteration as end:
                    if end.value:
                        return str(end.value)
                    break
    except sqlite3.Error as error:
        return repr(error)
    if (state := inspect(cache / DATABASE, content)) is not IndexState.READY:
        return str(state)
    return ", ".join(file.name for file in check_segments(cache) if file is not None)


def _wrong_on_disk(index: Prepared) -> str:
    # In the process of the server this connection shares what SQLite has mapped, as that of no other process would.
    hold_shared_memory(index.cache / DATABASE, _SHARED_BYTES)
    try:
        return damage_in(index.cache) or index.wrong_rows()
    except sqlite3.Error as error:
        return repr(error)


def _check(
    index: Prepared, engine: Engine, when: str, *, in_context: bool = True, texts: Sequence[str] = QUERIES
) -> None:
    seen: list[tuple[Snapshot, dict[str, Answer]]] = []
    for text in texts:
        answer = ask(engine, text)
        if not seen or seen[-1][0] is not engine.snapshot:
            seen.append((engine.snapshot, {}))
        seen[-1][1][text] = answer
    begun_anew = any(notice == IndexState.DAMAGED.value for notice in engine.notices)
    whole = engine.complete and bool(engine.store.contextual_ids()) and not begun_anew
    for searched, answers in seen:
        if wrong := index.wrong_in(searched, answers, whole=whole, in_context=in_context):
            raise WrongError(f"{when} ({engine.state.name}, {engine.notices}): {wrong}")
    if not engine.complete or engine.snapshot.file_count != len(index.files):
        raise WrongError(f"{when}: the index is not whole: {engine.state}, {engine.notices}")


def _check_live(index: Prepared, live: LiveWorkspace, when: str, choice: random.Random) -> None:
    seen = live.snapshot
    answers = {text: live.ask(parse_query(text)) for text in choice.sample(QUERIES, 3)}
    if live.snapshot is not seen:
        return  # it cannot be told which of the two was searched
    try:
        wrong = index.wrong_in(seen, answers, whole=False)
    except DamagedFileError:
        return  # a row that no question needed yet: it is refused, and the server has still to find that out
    if wrong:
        raise WrongError(f"{when} ({live.status.message}, {live.status.notices}): {wrong}")
    if all(answer.complete for answer in answers.values()) and seen.file_count != len(index.files):
        raise WrongError(f"{when}: {seen.file_count} files are said to be all")


def _is_same(one: FileContent, other: FileContent) -> bool:
    postings = all(
        np.array_equal(getattr(one.postings, name), getattr(other.postings, name))
        for name in ("offsets", "terms", "impacts", "fields")
    )
    return one.records == other.records and postings and bool(np.abs(one.vectors - other.vectors).max() <= _LAST_BITS)


@contextmanager
def _of_kind(fault: Fault) -> Iterator[None]:
    """Have what is wrong say after which kind of fault it was."""
    try:
        yield
    except WrongError as error:
        error.kind = fault.kind
        raise
    except Exception as error:
        wrong = WrongError(f"{fault}: {traceback.format_exc()}")
        wrong.kind = fault.kind
        raise wrong from error


def _wait(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + _MOST_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise WrongError(what)
        time.sleep(0.005)


def _command(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hunch", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def _files_of(seen: Snapshot, chunks: NDArray[np.int64]) -> Iterator[int]:
    for chunk in chunks.tolist():
        view, local = seen.view_of(chunk)
        yield view.segment.file_ids[view.segment.chunk_files[local]]


def _living(view: View) -> NDArray[np.bool_]:
    segment = view.segment
    if view.live_docs is None:
        return np.ones(len(segment.file_ids), np.bool_)
    return view.live_docs[segment.first_chunks[:-1]]


def _hits(answer: Answer) -> Hits:
    return {(hit.path, hit.record.start_line, hit.record.end_line): hit.score for hit in answer.hits}


def _apart(found: Hits, expected: Hits) -> list[object]:
    """Return in what two answers differ."""
    return [
        (place, found.get(place), expected.get(place))
        for place in found.keys() | expected.keys()
        if abs(found.get(place, 9.0) - expected.get(place, -9.0)) > _SCORES_APART
    ]
