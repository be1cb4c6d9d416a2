"""A segment on disk is a cache: equal to the one in memory, or not there at all."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hunch.index import segment_files
from hunch.index.records import pack_record, unpack_record
from hunch.index.segment import Segment, build_segment
from hunch.index.segment_files import SEGMENT_FORMAT, StoredSegment, check_segments, open_segments, remove_segment
from hunch.index.store import FileContent, FileRecord
from hunch.index.stored_arrays import DamagedFileError, StoredArray
from hunch.index.vectors import Part, nearest
from hunch.text.chunk import KINDS, chunk_source
from hunch.text.path_class import PathClass
from hunch.text.render import render_chunk
from hunch.text.terms import postings_of

DIM = 16
SOURCES = {
    "app/sort.py": "def sort_items(items):\n    '''Put items in order.'''\n    return sorted(items)\n\n\nclass Heap:\n"
    "    def push(self, item):\n        self.items.append(item)\n",
    "app/read.go": "package app\n\n// Read opens a file.\nfunc Read(path string) ([]byte, error) {\n"
    "\treturn os.ReadFile(path)\n}\n",
    "tests/test_sort.py": "def test_sort():\n    assert sort_items([2, 1]) == [1, 2]\n",
}
Entry = tuple[int, FileRecord, FileContent]


def entries(dim: int = DIM, sources: dict[str, str] = SOURCES) -> Iterator[Entry]:
    generator = np.random.default_rng(0)
    for number, (path, source) in enumerate(sources.items(), 3):
        language = "go" if path.endswith("go") else "python"
        chunks = chunk_source(path, language, source.encode())
        vectors = generator.normal(size=(len(chunks), dim))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) if dim else 1
        texts = [render_chunk(chunk) for chunk in chunks]
        content = FileContent(
            [pack_record(chunk) for chunk in chunks],
            vectors.astype(np.float16),
            postings_of(texts, [(chunk.name,) for chunk in chunks]),
        )
        yield number, FileRecord(path, language, len(source), 1, b"", None, len(chunks)), content


def arrays(segment: Segment) -> dict[str, Any]:
    named = {
        name: getattr(segment, name)
        for name in (
            "file_ids",
            "path_classes",
            "first_chunks",
            "chunk_files",
            "kinds",
            "lines",
            "record_starts",
            "records",
        )
    }
    inverted = {
        f"inverted_{name}": getattr(segment.inverted, name) for name in ("terms", "starts", "docs", "impacts", "fields")
    }
    dense = {} if segment.dense is None else {"vectors": segment.dense.originals}
    return named | inverted | dense


def check_equal(one: Segment, other: Segment) -> None:
    assert (one.paths, one.languages, len(one)) == (other.paths, other.languages, len(other))
    assert (one.dense is None) == (other.dense is None)
    for name, array in arrays(one).items():
        found = arrays(other)[name]
        assert found.dtype == array.dtype, name
        np.testing.assert_array_equal(found, array, err_msg=name)
    for chunk in range(len(one)):
        assert one.record(chunk) == other.record(chunk)
    if one.dense is not None and other.dense is not None and len(one):
        query = np.asarray(one.dense.originals[0]).astype(np.float32)
        found, again = (nearest([Part(dense, 0)], query, 5)[0] for dense in (one.dense, other.dense))
        np.testing.assert_array_equal(found, again)


def save_segment(segment: Segment, cache: Path, identity: str) -> Path:
    return segment_files.save_segment(segment, cache, identity).path.with_suffix(".hunch")


def load_segment(cache: Path, identity: str, on_damage: Callable[[Path], None] = lambda file: None) -> Segment | None:
    """The newest."""
    found = open_segments(cache, identity, on_damage=on_damage)
    return found[0].segment if found else None


def saved(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir())


def test_a_segment_holds_what_it_was_built_from() -> None:
    given = list(entries())
    segment = build_segment(given)
    assert segment.file_ids.tolist() == [3, 4, 5]
    assert segment.paths == list(SOURCES) and segment.languages == ["python", "go", "python"]
    assert segment.path_classes.tolist() == [0, 0, int(PathClass.TEST)]
    counts = [len(content.records) for _, _, content in given]
    assert min(counts) >= 2
    assert segment.first_chunks.tolist() == [0, *np.cumsum(counts)]
    assert segment.chunk_files.tolist() == [file for file, count in enumerate(counts) for _ in range(count)]
    expected = [unpack_record(packed) for _, _, content in given for packed in content.records]
    assert [segment.record(chunk) for chunk in range(len(segment))] == expected
    assert [KINDS[kind] for kind in segment.kinds] == [record.kind for record in expected]
    assert segment.dense is not None
    originals = np.concatenate([content.vectors for _, _, content in given])
    np.testing.assert_array_equal(segment.dense.originals, originals)


def test_the_order_of_files_in_a_segment_decides_the_numbers() -> None:
    segment = build_segment(entries())
    for file, path in enumerate(segment.paths):
        card = segment.record(int(segment.first_chunks[file]))
        assert card.kind == "file" and card.signature == path


@pytest.mark.parametrize("dim", [DIM, 0])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_what_is_saved_is_loaded(tmp_path: Path, dim: int, count: int) -> None:
    segment = build_segment(list(entries(dim))[:count])
    assert (segment.dense is not None) == (dim > 0 and count > 0)
    folder = save_segment(segment, tmp_path, "me")
    assert folder.is_file() and saved(tmp_path) == [folder.name]
    again = load_segment(tmp_path, "me")
    assert again is not None
    check_equal(segment, again)


def test_an_empty_segment_can_be_searched() -> None:
    segment = build_segment([])
    assert len(segment) == 0 and segment.dense is None and segment.paths == []
    assert segment.inverted.postings([5])[0] == slice(0, 0)
    assert segment.first_chunks.tolist() == [0]


def test_segments_stand_side_by_side_and_are_opened_once(tmp_path: Path) -> None:
    names = []
    opened: list[StoredSegment] = []
    for count in (1, 2, 3):
        segment = build_segment(list(entries())[:count])
        names.append(save_segment(segment, tmp_path, "me").name)
        again = open_segments(tmp_path, "me", opened, on_damage=lambda file: None)
        assert [one.file.name for one in again] == names[::-1]
        assert again[1:] == opened, "the same objects"
        check_equal(segment, again[0].segment)
        opened = again
    assert names == sorted(set(names)) == saved(tmp_path)
    remove_segment(opened[1].file)
    assert saved(tmp_path) == [names[0], names[2]]
    assert open_segments(tmp_path, "me", opened, on_damage=lambda file: None) == [opened[0], opened[2]]


def test_a_file_of_the_same_name_is_opened_again(tmp_path: Path) -> None:
    file = save_segment(build_segment(list(entries())[:1]), tmp_path, "me")
    opened = open_segments(tmp_path, "me", on_damage=lambda file: None)
    remove_segment(file)
    segment = build_segment(entries())
    assert save_segment(segment, tmp_path, "me") == file
    (again,) = open_segments(tmp_path, "me", opened, on_damage=lambda file: None)
    assert again not in opened and again.key != opened[0].key
    check_equal(segment, again.segment)


def test_a_loaded_segment_outlives_its_file(tmp_path: Path) -> None:
    first = build_segment(list(entries())[:2])
    save_segment(first, tmp_path, "me")
    held = load_segment(tmp_path, "me")
    save_segment(build_segment(entries()), tmp_path, "me")
    assert held is not None
    check_equal(first, held)


def test_what_a_killed_process_left_is_no_harm(tmp_path: Path) -> None:
    segment = build_segment(entries())
    (tmp_path / "segment-000001.tmp").write_bytes(b"half" * 10_000)
    (tmp_path / "segment-000009.tmp").mkdir()
    assert load_segment(tmp_path, "me") is None
    save_segment(segment, tmp_path, "me")
    again = load_segment(tmp_path, "me")
    assert again is not None
    check_equal(segment, again)


@pytest.mark.parametrize("name", ["segment-", "segment-x", "segment-old", "segments", "other-000001"])
def test_other_names_are_let_be(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    assert load_segment(tmp_path, "me") is None
    save_segment(build_segment(entries()), tmp_path, "me")
    assert (tmp_path / name).is_dir() and load_segment(tmp_path, "me") is not None


def test_nothing_is_loaded_where_nothing_is(tmp_path: Path) -> None:
    assert load_segment(tmp_path, "me") is None
    assert load_segment(tmp_path / "nowhere", "me") is None


def test_the_segment_of_another_store_is_not_loaded(tmp_path: Path) -> None:
    save_segment(build_segment(entries()), tmp_path, "me")
    assert load_segment(tmp_path, "you") is None
    assert load_segment(tmp_path, "") is None


def test_an_older_whole_segment_serves_when_the_newest_is_torn(tmp_path: Path) -> None:
    segment = build_segment(entries())
    folder = save_segment(segment, tmp_path, "me")
    torn = tmp_path / "segment-000007.hunch"
    torn.write_bytes(folder.read_bytes()[:-1])
    found: list[Path] = []
    again = load_segment(tmp_path, "me", found.append)
    assert again is not None and found == [torn]
    check_equal(segment, again)


def test_the_folder_of_an_earlier_version_is_named_and_removed(tmp_path: Path) -> None:
    old = tmp_path / "segment-000003"
    old.mkdir()
    (old / "files.json").write_text("{}")
    damaged: list[Path] = []
    foreign: list[Path] = []
    assert open_segments(tmp_path, "me", on_damage=damaged.append, on_foreign=foreign.append) == []
    assert (damaged, foreign) == ([], [old])
    assert save_segment(build_segment(entries()), tmp_path, "me").name == "segment-000004.hunch"
    remove_segment(old)
    assert saved(tmp_path) == ["segment-000004.hunch"]


def test_another_format_is_not_loaded_and_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment_files, "SEGMENT_FORMAT", SEGMENT_FORMAT + 1)
    save_segment(build_segment(entries()), tmp_path, "me")
    monkeypatch.undo()
    found: list[Path] = []
    assert load_segment(tmp_path, "me", found.append) is None and not found


def read_all(cache: Path) -> Segment | None:
    """Load a segment and read every byte of it."""
    segment = load_segment(cache, "me")
    if segment is not None:
        for array in arrays(segment).values():
            assert len(array[:]) == len(array)
    return segment


def many_entries(count: int = 60) -> list[Entry]:
    """Enough for arrays that are read block by block."""
    sources = {f"lib/module{i}.py": SOURCES["app/sort.py"].replace("sort", f"sort_{i}") * 10 for i in range(count)}
    return list(entries(256, sources))


def test_a_bit_that_flips_anywhere_is_found_or_changes_nothing(tmp_path: Path) -> None:
    segment = build_segment(many_entries())
    file = save_segment(segment, tmp_path, "me")
    assert sum(isinstance(array, StoredArray) for array in arrays(read_all(tmp_path) or segment).values()) >= 3
    whole = file.read_bytes()
    choice = random.Random(0)
    found = 0
    for _ in range(300):
        torn = bytearray(whole)
        torn[choice.randrange(len(torn))] ^= 1 << choice.randrange(8)
        file.write_bytes(torn)
        damaged = [one for one in check_segments(tmp_path) if one is not None]
        try:
            again = read_all(tmp_path)
        except DamagedFileError:
            again = None
        assert (again is None) == (damaged == [file])
        found += again is None
        if again is not None:  # between two arrays
            check_equal(segment, again)
    assert found > 250


@pytest.mark.parametrize("how", ["empty", "short", "long", "half", "foreign", "folder"])
def test_a_torn_segment_is_none_and_is_named(tmp_path: Path, how: str) -> None:
    file = save_segment(build_segment(entries()), tmp_path, "me")
    content = file.read_bytes()
    file.unlink()
    if how == "folder":
        file.mkdir()
    else:
        parts = {"empty": b"", "short": content[:-1], "long": content + b"x", "half": content[: len(content) // 2],
                 "foreign": b"x" * len(content)}  # fmt: skip
        file.write_bytes(parts[how])
    found: list[Path] = []
    assert load_segment(tmp_path, "me", found.append) is None
    assert found == [file] == [one for one in check_segments(tmp_path) if one is not None]
    remove_segment(file)
    save_segment(build_segment(entries()), tmp_path, "me")
    assert saved(tmp_path) == ["segment-000001.hunch"]
    assert [one for one in check_segments(tmp_path) if one is not None] == []


@pytest.mark.parametrize("how", ["cut off", "zeroed", "deleted", "replaced"])
def test_what_happens_to_the_file_later_is_told_or_does_no_harm(tmp_path: Path, how: str) -> None:
    segment = build_segment(many_entries())
    file = save_segment(segment, tmp_path, "me")
    held = load_segment(tmp_path, "me")
    assert held is not None and held.dense is not None and segment.dense is not None
    rows = np.array([0, 5, 9])
    np.testing.assert_array_equal(held.dense.originals[rows], segment.dense.originals[rows])
    if how == "cut off":
        os.truncate(file, 10)
    elif how == "zeroed":
        file.write_bytes(bytes(file.stat().st_size))
    elif how == "deleted":
        file.unlink()
    else:
        (tmp_path / "other").write_bytes(b"x" * 100)
        (tmp_path / "other").replace(file)
    np.testing.assert_array_equal(held.dense.originals[rows], segment.dense.originals[rows])
    if how in ("cut off", "zeroed"):
        with pytest.raises(DamagedFileError, match="segment-000001"):
            held.dense.originals[:]
    else:
        check_equal(segment, held)


def test_saving_where_nothing_can_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(OSError, match="cache"):
        save_segment(build_segment(entries()), tmp_path / "cache", "me")
