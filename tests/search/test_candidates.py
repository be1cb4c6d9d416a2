"""Candidates: filters hold for each, none is missing, and every row is what a direct computation gives."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hunch.index.policy import COMMAND_POLICY
from hunch.index.reader import IndexReader
from hunch.index.records import ChunkRecord, pack_record, unpack_record
from hunch.index.snapshot import EMPTY, Snapshot
from hunch.index.store import FileContent, FileRecord, Store, open_in_memory
from hunch.model.bundle import load_bundle
from hunch.model.contextual import rounded
from hunch.model.encoder import Encoder
from hunch.search import candidates as candidates_module
from hunch.search import name_match
from hunch.search.candidates import Candidates, count_allowed, find_candidates
from hunch.search.name_match import FUZZY
from hunch.search.query import parse_query
from hunch.text.chunk import KINDS, Chunk, chunk_source
from hunch.text.languages import language_of
from hunch.text.path_class import path_class_of
from hunch.text.render import FIELD_NAMES, Fields, render_chunk
from hunch.text.terms import Postings, postings_of

ENCODER = Encoder(load_bundle(verify=False))
FILES = {
    "app/sort.py": "def sort_items(items):\n    '''Put the items in order.'''\n    return sorted(items)\n\n\n"
    "class Heap:\n    '''A heap of items.'''\n\n    def push(self, item):\n        self.items.append(item)\n",
    "app/io.py": "def read_file(path):\n    '''Open a file and read it.'''\n    with open(path) as file:\n"
    "        return file.read()\n",
    "app/old.py": "def obsolete_sort(values):\n    '''An old way to sort.'''\n    return values\n",
    "lib/sort.go": "package lib\n\n// SortItems sorts in place.\nfunc SortItems(items []int) {\n"
    "\tquick(items, 0, len(items))\n}\n",
    "tests/test_sort.py": "def test_sort_items():\n    assert sort_items([2, 1]) == [1, 2]\n\n\n"
    "def test_that_all_items_are_in_order():\n    assert sort_items([]) == []\n",
    "web/list.js": "// Sort rows of a table.\nexport function sortRows(rows) {\n  return rows.slice().sort();\n}\n",
}
FUNCTIONS = {"sort_items", "SortItems", "push", "read_file", "sortRows", "new_sort", "obsolete_sort",
             "test_that_all_items_are_in_order"}  # fmt: skip
EDITED = "def new_sort(values):\n    '''A new way to sort the values.'''\n    return sorted(values)\n"


def chunks_of(path: str, source: str) -> list[Chunk]:
    return chunk_source(path, language_of(path) or "text", source.encode())


def put(store: Store, path: str, source: str) -> None:
    chunks = chunks_of(path, source)
    texts = [render_chunk(chunk) for chunk in chunks]
    vectors = ENCODER.encode_chunks(ENCODER.bag_chunks(texts)).astype(np.float16)
    postings = postings_of(texts, [(chunk.name,) if chunk.name else () for chunk in chunks])
    record = FileRecord(path, language_of(path) or "text", 1, 1, b"", None, len(chunks))
    store.replace_file(record, FileContent([pack_record(chunk) for chunk in chunks], vectors, postings))


def reader_of(store: Store) -> IndexReader:
    """A reader that merges nothing."""
    return IndexReader(store, Path("nowhere/index.db"), replace(COMMAND_POLICY, largest_merged=1), writes=False)


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    """A base of which one file is gone and one replaced, and a delta."""
    store = open_in_memory("x")
    for path in ("app/sort.py", "app/io.py", "app/old.py", "lib/sort.go"):
        put(store, path, FILES[path])
    reader = reader_of(store)
    reader.replay()
    put(store, "app/old.py", EDITED)
    put(store, "tests/test_sort.py", FILES["tests/test_sort.py"])
    put(store, "web/list.js", FILES["web/list.js"])
    reader.replay()
    made = reader.snapshot(1)
    assert len(made.views) == 2
    return made


def all_chunks(snapshot: Snapshot) -> dict[int, tuple[Chunk, Fields]]:
    """The live chunks by number, from the sources."""
    found = {}
    sources = FILES | {"app/old.py": EDITED}
    for view in snapshot.views:
        for local in range(len(view.segment)):
            if view.live_docs is None or view.live_docs[local]:
                number = view.start + local
                path, record = snapshot.path(number), snapshot.record(number)
                chunk = next(c for c in chunks_of(path, sources[path]) if record_of(c) == record)
                found[number] = (chunk, render_chunk(chunk))
    return found


def record_of(chunk: Chunk) -> ChunkRecord:
    return ChunkRecord(
        chunk.kind, chunk.name, chunk.qualified_name, chunk.signature, chunk.documentation[:300],
        chunk.start_line, chunk.end_line, chunk.piece,
    )  # fmt: skip


def vector_of(text: str) -> NDArray[np.float32]:
    return np.asarray(ENCODER.encode_queries([text])[0])


def find(snapshot: Snapshot, text: str, *, dense: bool = True) -> Candidates:
    query = parse_query(text)
    return find_candidates(snapshot, query, vector_of(query.text) if dense else None)


def paths(snapshot: Snapshot, found: Candidates) -> set[str]:
    return {snapshot.path(int(chunk)) for chunk in found.chunks}


@pytest.mark.parametrize(
    ("filters", "holds"),
    [
        ("lang:python", lambda path, record: path.endswith(".py")),
        ("-lang:python", lambda path, record: not path.endswith(".py")),
        ("lang:go lang:js", lambda path, record: path.endswith((".go", ".js"))),
        ("path:app", lambda path, record: path.startswith("app/")),
        ("path:app/", lambda path, record: path.startswith("app/")),
        ("path:*.py", lambda path, record: path.endswith(".py")),
        ("path:**/sort.*", lambda path, record: fnmatch.fnmatch(path, "*/sort.*")),
        ("path:/lib/*", lambda path, record: path.startswith("lib/")),
        ("-path:tests", lambda path, record: not path.startswith("tests/")),
        ("path:app path:web", lambda path, record: path.startswith(("app/", "web/"))),
        ("path:*.py -path:tests", lambda path, record: path.endswith(".py") and not path.startswith("tests/")),
        ("kind:function", lambda path, record: record.kind == "function"),
        ("kind:class kind:method", lambda path, record: record.kind in ("class", "method")),
        ("-kind:file", lambda path, record: record.kind != "file"),
        ("lang:python kind:function -path:app",
         lambda path, record: path == "tests/test_sort.py" and record.kind == "function"),
        ("path:nowhere", lambda path, record: False),
        ("lang:cobol", lambda path, record: False),
        ("", lambda path, record: True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("words", ["sort the items", "sort_items", "read a file"])
def test_filters_hold_for_every_candidate(
    snapshot: Snapshot, filters: str, holds: Callable[[str, ChunkRecord], bool], words: str
) -> None:
    query = parse_query(f"{words} {filters}")
    found = find_candidates(snapshot, query, vector_of(query.text))
    expected = {number for number in all_chunks(snapshot) if holds(snapshot.path(number), snapshot.record(number))}
    # Fewer chunks than the limits allow, so the nearest embeddings are all of them.
    assert set(found.chunks.tolist()) == expected
    assert count_allowed(snapshot, query) == len(expected)


@pytest.mark.parametrize("text", ["sort the items", "obsolete_sort", "an old way to sort", "kind:function sort"])
def test_what_is_gone_is_no_candidate(snapshot: Snapshot, text: str) -> None:
    for dense in (True, False):
        found = find(snapshot, text, dense=dense)
        names = {snapshot.record(int(chunk)).name for chunk in found.chunks}
        assert "obsolete_sort" not in names and "new_sort" in names | (
            {"new_sort"} if text == "obsolete_sort" else set()
        )


def test_words_alone_bring_up_the_chunks_that_hold_them(snapshot: Snapshot) -> None:
    query = parse_query("sort rows")
    found = find_candidates(snapshot, query, None)
    wanted = {term for term, _ in query.terms}
    expected = set()
    for number, (chunk, fields) in all_chunks(snapshot).items():
        if wanted & set(postings_of([fields], [(chunk.name,)]).terms.tolist()):
            expected.add(number)
    assert set(found.chunks.tolist()) == expected and not found.dense.any()


def test_a_spelt_name_is_a_candidate_without_a_common_word(snapshot: Snapshot) -> None:
    found = find(snapshot, "SORTITEMS", dense=False)
    names = {snapshot.record(int(c)).name: s for c, s in zip(found.chunks, found.symbols, strict=True)}
    assert names["sort_items"] == names["SortItems"] == 1.0


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("sort_items", {"sort_items": 1.0, "SortItems": 1.0}),
        ("sort items", {"sort_items": 1.0, "SortItems": 1.0}),
        ("push", {"push": 1.0}),
        ("push it", {"push": 0.5}),
        ("how does read file work", {"read_file": 0.4}),
        ("nothing like it", {}),
    ],
)
def test_the_share_of_words_that_spell_a_name(snapshot: Snapshot, text: str, shares: dict[str, float]) -> None:
    found = find(snapshot, text)
    spelt = {snapshot.record(int(c)).name: s for c, s in zip(found.chunks, found.symbols.tolist(), strict=True) if s}
    cards = {name for name in spelt if name not in shares}
    assert all(spelt[name] == pytest.approx(share) for name, share in shares.items())
    assert cards <= {"sort", "io", "old", "list", "test_sort"}


@pytest.mark.parametrize(
    ("text", "spelt", "typed"),
    [
        ("sort_items", {"sort_items": 1.0, "SortItems": 1.0}, {"sort_items"}),
        ("SortItems", {"sort_items": 1.0, "SortItems": 1.0}, {"SortItems"}),
        ("sort items", {"sort_items": 1.0, "SortItems": 1.0}, set()),
        ("sort_itmes", {"sort_items": FUZZY, "SortItems": FUZZY}, {"sort_items"}),
        ("SortItem", {"sort_items": FUZZY, "SortItems": FUZZY}, {"SortItems"}),
        ("reed file", {"read_file": FUZZY}, set()),
        ("obsolete_srot", {}, set()),  # it was replaced
        ("sortRow lang:go", {}, set()),
        ("sortRow", {"sortRows": FUZZY}, {"sortRows"}),
    ],
)
def test_a_slip_of_the_fingers_and_the_very_letters(
    snapshot: Snapshot, text: str, spelt: dict[str, float], typed: set[str]
) -> None:
    found = find(snapshot, text, dense=False)
    names = [snapshot.record(chunk).name for chunk in found.chunks.tolist()]
    whole = {name: share for name, share in zip(names, found.symbols.tolist(), strict=True) if share >= 0.7}
    assert {name: share for name, share in whole.items() if name in FUNCTIONS} == pytest.approx(spelt)
    assert {name for name, is_typed in zip(names, found.exact_case, strict=True) if is_typed} == typed


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        ("sort_", {"sort_items": 4 / 9, "sortRows": 4 / 8, "SortItems": 4 / 9}),
        ("sort it", {"sort_items": 6 / 9, "SortItems": 6 / 9}),
        ("sort_items", {"sort_items": 1.0, "SortItems": 1.0}),  # all of it is no less than its beginning
        ("sortit lang:go", {"SortItems": 6 / 9}),
        ("Heap.pus", {"push": 3 / 4}),
        ("Stack.pus", {}),
        ("how to read fi", {}),
        ("test that all items", {"test_that_all_items_are_in_order": 16 / 26}),
        ("test that all items are in ord", {"test_that_all_items_are_in_order": 24 / 26}),
        ("test that all items are in order", {"test_that_all_items_are_in_order": 1.0}),
        ("obsolete_s", {}),  # it was replaced
    ],
)
def test_a_name_as_far_as_it_is_typed(snapshot: Snapshot, text: str, prefix: dict[str, float]) -> None:
    found = find(snapshot, text, dense=False)
    names = [snapshot.record(chunk).name for chunk in found.chunks.tolist()]
    there = {name: share for name, share in zip(names, found.prefix.tolist(), strict=True) if share}
    assert {name: share for name, share in there.items() if name in FUNCTIONS} == pytest.approx(prefix)


def test_the_words_of_a_file_are_those_of_its_candidates_together(snapshot: Snapshot) -> None:
    found = find(snapshot, "sort items of a heap and push them")
    there = found.term_fields > 0
    shares = found.shares_in_files()
    for row in range(len(found.chunks)):
        of_file = [i for i in range(len(found.chunks))
                   if snapshot.path(int(found.chunks[i])) == snapshot.path(int(found.chunks[row]))]  # fmt: skip
        expected = float(found.idf @ there[:, of_file].any(axis=1)) / float(found.idf.sum())
        assert shares[row] == pytest.approx(expected, abs=1e-5)
    assert len(set(found.files.tolist())) == len(paths(snapshot, found))


def slow_idf(rows: list[Postings], term: int) -> float:
    holders = sum(int((row.terms == term).any()) for row in rows)
    return math.log(1 + (len(rows) - holders + 0.5) / (holders + 0.5))


@pytest.mark.parametrize("text", ["sort the items", "read_file", "an old new way to sort values", "zebra", "x" * 70])
def test_every_row_is_what_a_direct_computation_gives(snapshot: Snapshot, text: str) -> None:
    query = parse_query(text)
    vector = vector_of(text)
    found = find_candidates(snapshot, query, vector)
    live = all_chunks(snapshot)
    rows = {n: postings_of([fields], [(c.name,) if c.name else ()]) for n, (c, fields) in live.items()}
    idf = [slow_idf(list(rows.values()), term) for term, _ in query.terms]
    np.testing.assert_allclose(found.idf, idf, rtol=1e-5)
    total = max(sum(idf), 1e-6)
    for i, number in enumerate(found.chunks.tolist()):
        chunk, fields = live[number]
        row = rows[number]
        impacts = [int(row.impacts[row.terms == term].sum()) for term, _ in query.terms]
        bits = [int(row.fields[row.terms == term].sum()) for term, _ in query.terms]
        lexical = sum(weight * impact / 255 for weight, impact in zip(idf, impacts, strict=True)) / total
        assert found.lexical[i] == pytest.approx(lexical, abs=1e-5)
        assert -1e-6 <= found.lexical[i] <= 1 + 1e-6
        assert found.term_fields[:, i].tolist() == bits
        encoded = ENCODER.encode_chunks(ENCODER.bag_chunks([fields]))[0].astype(np.float16).astype(np.float32)
        assert found.dense[i] == pytest.approx(float(encoded @ vector), abs=2e-3)
        assert KINDS[found.kinds[i]] == chunk.kind
        assert found.path_classes[i] == int(path_class_of(chunk.path))
        for position, field in enumerate(FIELD_NAMES):
            share = sum(weight for weight, bit in zip(idf, bits, strict=True) if bit >> position & 1) / total
            assert found.shares_in([field])[0, i] == pytest.approx(share, abs=1e-5)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("sort items in go", lambda path: path.endswith(".go")),
        ("python sort items", lambda path: path.endswith(".py")),
        ("sort items", lambda path: False),
    ],
)
def test_the_language_that_is_named(snapshot: Snapshot, text: str, holds: Callable[[str], bool]) -> None:
    found = find(snapshot, text)
    of_language = {snapshot.path(int(chunk)) for chunk in found.chunks[found.in_language == 1]}
    assert of_language == {path for path in paths(snapshot, found) if holds(path)}
    assert not found.of_kind.any()


def test_the_kind_that_is_named(snapshot: Snapshot) -> None:
    found = find(snapshot, "class of items")
    kinds = [snapshot.record(int(chunk)).kind for chunk in found.chunks]
    assert found.of_kind.tolist() == [float(kind == "class") for kind in kinds] and "class" in kinds


def test_how_many_lines_chunks_have(snapshot: Snapshot) -> None:
    found = find(snapshot, "sort the items")
    records = [snapshot.record(int(chunk)) for chunk in found.chunks]
    assert found.lines.tolist() == [record.end_line - record.start_line + 1 for record in records]


def test_candidates_stand_once_by_path_and_position(snapshot: Snapshot) -> None:
    found = find(snapshot, "sort the items")
    n = len(found.chunks)
    places = [(snapshot.path(chunk), chunk) for chunk in found.chunks.tolist()]
    assert places == sorted(set(places))
    for array in (found.dense, found.lexical, found.symbols, found.exact_case, found.prefix, found.kinds,
                  found.path_classes, found.files):  # fmt: skip
        assert len(array) == n
    assert found.term_fields.shape == (len(found.idf), n)


def test_the_union_holds_what_each_search_brings_up(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    every = find(snapshot, "sort the items")
    monkeypatch.setattr(candidates_module, "DENSE_CANDIDATES", 2)
    monkeypatch.setattr(candidates_module, "LEXICAL_CANDIDATES", 2)
    monkeypatch.setattr(name_match, "SYMBOL_CANDIDATES", 1)
    few = find(snapshot, "sort the items")
    kept = set(few.chunks.tolist())
    for scores in (every.dense, every.lexical):
        best = every.chunks[np.argsort(-scores, kind="stable")[:2]]
        assert set(best.tolist()) <= kept
    assert len(kept) <= 2 + 2 + 1, "each limit is one of all views"
    order = {chunk: row for row, chunk in enumerate(every.chunks.tolist())}
    rows = [order[chunk] for chunk in few.chunks.tolist()]
    np.testing.assert_allclose(few.dense, every.dense[rows], atol=1e-6)
    np.testing.assert_allclose(few.lexical, every.lexical[rows], atol=1e-6)


COPIED = {
    f"{folder}{number:02}/{name}": FILES[source].replace("in order", f"in order {number % 3}")
    for number in range(45)
    for folder, name, source in (
        ("b", "sort.py", "app/sort.py"),
        ("a", "io.py", "app/io.py"),
        ("c", "x.go", "lib/sort.go"),
    )
}


@pytest.fixture(scope="module")
def same_in_three_ways() -> list[Snapshot]:
    """Very many equal chunks: in one segment, in two of which one has dead files, and in two the other way round."""
    found = []
    for seed, in_base in ((None, 0), (1, 40), (2, 100)):
        paths = sorted(COPIED)
        if seed is not None:
            np.random.default_rng(seed).shuffle(paths)
        store = open_in_memory("x")
        reader = reader_of(store)
        for place, path in enumerate(paths):
            if in_base and place == in_base:
                put(store, "a00/gone.py", FILES["app/old.py"])
                reader.replay()
                store.remove_files(["a00/gone.py"])
                put(store, paths[0], COPIED[paths[0]])
            put(store, path, COPIED[path])
        reader.replay()
        found.append(reader.snapshot(1))
        assert len(found[-1].views) == (2 if in_base else 1)
    return found


@pytest.mark.parametrize(
    "text",
    ["sort_items", "sort", "sort_", "SortItmes", "Heap.pus", "put the items in order", "items lang:go", "read a file",
     "def sort_items items return sorted items class heap push"],
)  # fmt: skip
def test_candidates_depend_on_content_alone(same_in_three_ways: list[Snapshot], text: str) -> None:
    one, *others = [find(snapshot, text) for snapshot in same_in_three_ways]
    places = [(same_in_three_ways[0].path(chunk), same_in_three_ways[0].record(chunk)) for chunk in one.chunks.tolist()]
    assert len(places) < same_in_three_ways[0].chunk_count, "nothing is cut off"
    for snapshot, other in zip(same_in_three_ways[1:], others, strict=True):
        assert [(snapshot.path(chunk), snapshot.record(chunk)) for chunk in other.chunks.tolist()] == places
        for name in ("dense", "lexical", "term_fields", "idf", "symbols", "exact_case", "prefix", "in_language",
                     "of_kind", "kinds", "lines", "path_classes"):  # fmt: skip
            np.testing.assert_array_equal(getattr(other, name), getattr(one, name), err_msg=name)
        np.testing.assert_array_equal(other.shares_in_files(), one.shares_in_files())


def test_nothing_is_found_in_nothing() -> None:
    for text in ("sort", "sort lang:go"):
        found = find(EMPTY, text)
        assert len(found.chunks) == 0 and found.term_fields.shape == (1, 0)
        assert found.shares_in(["name"]).shape == (1, 0) and found.shares_in_files().shape == (0,)
        assert count_allowed(EMPTY, parse_query(text)) == 0


def test_a_query_without_terms_is_searched_by_meaning(snapshot: Snapshot) -> None:
    query = parse_query("x" * 70)
    assert query.terms == ()
    found = find_candidates(snapshot, query, vector_of("sort"))
    assert len(found.chunks) and not found.lexical.any() and not found.shares_in(["body"]).any()


def test_the_sources_are_real(tmp_path: Path) -> None:
    kinds = {chunk.kind for path, source in FILES.items() for chunk in chunks_of(path, source)}
    assert {"function", "method", "class", "file"} <= kinds


Embeddings = dict[str, NDArray[np.float32]]


@pytest.fixture(scope="module")
def with_contextual() -> tuple[Snapshot, Embeddings]:
    """A snapshot with all contextual embeddings, of which one file was replaced, and random embeddings by name."""
    store = open_in_memory("x")
    vectors: Embeddings = {}
    numbers = np.random.default_rng(0)

    def read() -> None:
        for number in store.without_contextual(100):
            ((_, content),) = store.contents([number])
            rows = numbers.normal(size=(len(content.records), 384)).astype(np.float32)
            assert store.put_contextual(number, rounded(rows))
            names = [unpack_record(record).name for record in content.records]
            vectors.update({name: row / np.linalg.norm(row) for name, row in zip(names, rows, strict=True) if name})

    for path in ("app/sort.py", "app/io.py", "app/old.py", "lib/sort.go"):
        put(store, path, FILES[path])
    read()
    reader = reader_of(store)
    reader.replay()
    put(store, "app/old.py", EDITED)
    read()
    reader.replay()
    assert len(reader.segments) == 2
    return reader.snapshot(1), vectors


@pytest.mark.parametrize(
    ("near", "text", "found"),
    [
        ("push", "zebra", {"push"}),  # it shares no word, and no other embedding is compared
        ("new_sort", "zebra", {"new_sort"}),  # in the second view
        ("SortItems", "zebra lang:go", {"SortItems"}),
        ("push", "zebra lang:go -kind:file", {"SortItems"}),  # the nearest of those that the filter leaves
        ("push", "zebra kind:function lang:python -path:old.py", {"read_file", "sort_items"}),
        ("push", "zebra -path:app -kind:file", {"SortItems"}),
        ("push", "zebra path:nowhere", set()),
    ],
)
def test_what_is_near_in_context_is_a_candidate(
    with_contextual: tuple[Snapshot, Embeddings], monkeypatch: pytest.MonkeyPatch, near: str, text: str, found: set[str]
) -> None:
    snapshot, vectors = with_contextual
    monkeypatch.setattr(candidates_module, "CONTEXT_CANDIDATES", max(1, len(found)))
    candidates = find_candidates(snapshot, parse_query(text), None, vectors[near])
    assert {snapshot.record(chunk).name for chunk in candidates.chunks.tolist()} == found
    assert not found or (candidates.context is not None and not np.isnan(candidates.context).any())


def test_what_is_gone_or_hidden_takes_no_place_in_context(
    with_contextual: tuple[Snapshot, Embeddings], monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot, vectors = with_contextual
    monkeypatch.setattr(candidates_module, "CONTEXT_CANDIDATES", 1)
    candidates = find_candidates(snapshot, parse_query("zebra"), None, vectors["obsolete_sort"])
    assert len(candidates.chunks) == 1  # another, in its place
    assert snapshot.record(int(candidates.chunks[0])).name != "obsolete_sort"
    # Unsaved text stands for a file that has embeddings.
    base, *others = snapshot.views
    alive = np.ones(len(base.segment), np.bool_) if base.live_docs is None else base.live_docs.copy()
    place = base.segment.paths.index("app/sort.py")
    alive[base.segment.first_chunks[place] : base.segment.first_chunks[place + 1]] = False
    hidden = replace(snapshot, views=(replace(base, live_docs=alive), *others))
    candidates = find_candidates(hidden, parse_query("zebra"), None, vectors["push"])
    assert [hidden.path(int(chunk)) == "app/sort.py" for chunk in candidates.chunks] == [False]
