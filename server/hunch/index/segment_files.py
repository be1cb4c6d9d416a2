"""Segments on disk: caches of what the store holds, one file each, with the contextual embeddings in a sidecar.

A segment is written under another name and renamed into place, with the identity of the store it came from and
checksums of all its bytes. It is read as far as searches ask for it, so that opening one of 100,000 chunks takes
milliseconds. All that are of one store count together: what a newer one holds, an older one does not.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hunch.index import sidecar
from hunch.index.lexical import InvertedIndex
from hunch.index.segment import Segment, path_classes_of
from hunch.index.sidecar import SidecarPlace, check_sidecar, remove_sidecar
from hunch.index.stored_arrays import DamagedFileError, check_arrays, read_arrays, write_arrays
from hunch.index.vectors import load_dense

SEGMENT_FORMAT = 4
"""2: how many lines the chunks have. 3: one file, with checksums. 4: a key that its sidecar knows it by."""

_ARRAYS = ("file_ids", "first_chunks", "chunk_files", "kinds", "lines", "record_starts", "records")
_INVERTED = ("terms", "starts", "docs", "impacts", "fields")
_LARGE = frozenset({"records", "vectors", "inverted_docs", "inverted_impacts", "inverted_fields"})
"""Arrays of which a search needs a small part."""
_PREFIX, _SUFFIX = "segment-", ".hunch"
_UNREADABLE = (DamagedFileError, ValueError, KeyError, TypeError, AttributeError, RecursionError, IsADirectoryError)


@dataclass(frozen=True, slots=True, eq=False)
class StoredSegment:
    """A segment that is open."""

    file: Path
    segment: Segment
    key: int
    stamp: tuple[int, ...]
    """What tells the file from another of the same name."""

    def sidecar(self, *, writes: bool) -> SidecarPlace:
        """Return where its contextual embeddings are."""
        return SidecarPlace(self.file.with_suffix(sidecar.SUFFIX), self.key, writes)


def save_segment(segment: Segment, cache: Path, identity: str) -> SidecarPlace:
    """Write a segment into the cache folder under the next free number; return where its sidecar will be.

    Args:
        segment: what to write.
        cache: the workspace's folder in the cache.
        identity: the store it was built from, see open_segments.

    Raises:
        OSError: the folder cannot be written, or the disk is full; nothing is left of it.
    """
    older = _saved_segments(cache)
    number = older[-1][0] + 1 if older else 1
    file = cache / f"{_PREFIX}{number:06}{_SUFFIX}"
    temporary = file.with_suffix(".tmp")
    key = secrets.randbits(64)
    about = {
        "format": SEGMENT_FORMAT,
        "identity": identity,
        "key": key,
        "paths": segment.paths,
        "languages": segment.languages,
        "embedded": segment.dense is not None,
    }
    arrays = {name: np.asarray(getattr(segment, name)) for name in _ARRAYS}
    arrays |= {f"inverted_{name}": np.asarray(getattr(segment.inverted, name)) for name in _INVERTED}
    if segment.dense is not None:
        arrays |= {"vectors": np.asarray(segment.dense.originals), "codes": segment.dense.packed_codes()}
    try:
        write_arrays(temporary, about, arrays, _LARGE)
        temporary.replace(file)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _wait_until_kept(cache)
    return SidecarPlace(file.with_suffix(sidecar.SUFFIX), key, writes=True)


def open_segments(
    cache: Path, identity: str, known: Sequence[StoredSegment] = (), *, on_damage: Callable[[Path], None],
    on_foreign: Callable[[Path], None] = lambda file: None,
) -> list[StoredSegment]:  # fmt: skip
    """Open the saved segments of a store that can be read, newest first.

    Args:
        cache: the workspace's folder in the cache.
        identity: of the store.
        known: those that are open already, and are not opened again.
        on_damage: called with each file that is damaged.
        on_foreign: called with each file that is of another store or version.
    """
    opened = {(one.file, one.stamp): one for one in known}
    found: list[StoredSegment] = []
    for _, file in reversed(_saved_segments(cache)):
        try:
            if file.suffix != _SUFFIX:
                raise _ForeignError  # of an earlier version
            stamp = stamp_of(file)
            found.append(opened.get((file, stamp)) or _load(file, identity, stamp))
        except _ForeignError:
            on_foreign(file)
        except _UNREADABLE:
            on_damage(file)
        except OSError:
            continue  # gone meanwhile
    return found


def check_segments(cache: Path) -> Iterator[Path | None]:
    """Compare the saved segments with their checksums, in steps of a millisecond; yield those that are damaged."""
    for _, file in _saved_segments(cache):
        beside = file.with_suffix(sidecar.SUFFIX)
        for one, check in ((file, check_arrays), (beside, check_sidecar)) if file.suffix == _SUFFIX else ():
            try:
                yield from check(one)
            except (DamagedFileError, ValueError, KeyError, TypeError, IsADirectoryError):
                yield one
            except OSError:
                continue  # gone meanwhile


def remove_segments(cache: Path) -> None:
    """Delete what is saved; the next ones are built from the store."""
    for _, file in _saved_segments(cache):
        remove_segment(file)


def remove_segment(file: Path) -> None:
    """Delete one segment with its sidecar; where the system refuses that, since it is open, the next time does."""
    with contextlib.suppress(OSError):
        file.unlink()
    if file.is_dir():
        shutil.rmtree(file, ignore_errors=True)  # an earlier version's
    remove_sidecar(file.with_suffix(sidecar.SUFFIX))


def stamp_of(file: Path) -> tuple[int, ...]:
    """Return what tells a file from another of the same name.

    Raises:
        OSError: it is not there.
    """
    found = file.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


class _ForeignError(Exception):
    """A segment of another store or format."""


def _load(file: Path, identity: str, stamp: tuple[int, ...]) -> StoredSegment:
    about, arrays = read_arrays(file)
    if about["format"] != SEGMENT_FORMAT or about["identity"] != identity:
        raise _ForeignError
    segment = Segment(
        paths=about["paths"],
        languages=about["languages"],
        path_classes=path_classes_of(about["paths"]),
        dense=load_dense(arrays["codes"], arrays["vectors"]) if about["embedded"] else None,
        inverted=InvertedIndex(*(arrays[f"inverted_{name}"] for name in _INVERTED)),
        **{name: arrays[name] for name in _ARRAYS},
    )
    if not _fits_together(segment):
        raise ValueError("its parts do not fit together")
    return StoredSegment(file, segment, int(about["key"]), stamp)


def _fits_together(segment: Segment) -> bool:
    files, chunks, inverted = len(segment.file_ids), len(segment), segment.inverted
    return (
        files == len(segment.paths) == len(segment.languages) == len(segment.first_chunks) - 1
        and chunks == int(segment.first_chunks[-1]) == len(segment.kinds) == len(segment.lines)
        and chunks == len(segment.record_starts) - 1
        and (segment.dense is None or chunks == len(segment.dense))
        and len(segment.records) == int(segment.record_starts[-1])
        and len(inverted.terms) == len(inverted.starts) - 1
        and len(inverted.docs) == len(inverted.impacts) == len(inverted.fields) == int(inverted.starts[-1])
    )


def _saved_segments(cache: Path) -> list[tuple[int, Path]]:
    """Return what is saved, with its number, oldest first; segments of earlier versions are folders."""
    found: list[Path] = []
    with contextlib.suppress(OSError):  # a cache that cannot be entered holds nothing
        found = [file for file in cache.glob(f"{_PREFIX}*") if file.suffix in ("", _SUFFIX)]
    numbered = [(file.stem.removeprefix(_PREFIX), file) for file in found]
    return sorted((int(number), file) for number, file in numbered if number.isdigit())


def _wait_until_kept(folder: Path) -> None:
    """Wait until the disk has what was renamed in a folder, where the system lets one wait for that."""
    with contextlib.suppress(OSError, AttributeError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
