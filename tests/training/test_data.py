"""Reading pairs: which rows may be trained on, and how code becomes fields."""

import gzip
import json
from pathlib import Path

import pytest

from hunch_training.data import declaration_end, fields_of, pair_of, read_pairs, read_training_pairs, split_of

ROW = {
    "lang": "python",
    "package": "shelf",
    "path": "shelf-1.2.0/src/books.py",
    "func_name": "sort_books",
    "docstring": "Sort books by title.",
    "code": "def sort_books(books):\n    return sorted(books, key=title)",
}


def write(path: Path, *rows: object) -> Path:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("python.train.jsonl.gz", "train"),
        ("train.jsonl.gz", "train"),
        ("python.valid.jsonl.gz", "valid"),
        ("queries_dev.jsonl.gz", "valid"),
        ("labelled_pairs_dev604.jsonl.gz", "valid"),
        ("go.test.jsonl.gz", "test"),
        ("training.jsonl.gz", None),
        ("corpus.jsonl.gz", None),
    ],
)
def test_split_stands_in_the_name(name: str, split: str | None) -> None:
    if split is None:
        with pytest.raises(ValueError, match="does not say"):
            split_of(Path(name))
    else:
        assert split_of(Path(name)) == split


@pytest.mark.parametrize("name", ["python.valid.jsonl.gz", "python.test.jsonl.gz", "rows.jsonl.gz"])
def test_only_training_files_are_trained_on(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, ROW)
    with pytest.raises(ValueError, match=name):
        list(read_training_pairs(path))


def test_reads_training_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "python.train.jsonl.gz", ROW, ROW)
    assert [pair.query for pair in read_training_pairs(path)] == ["Sort books by title."] * 2
    assert len(list(read_training_pairs(path, limit=1))) == 1


@pytest.mark.parametrize("missing", ["code", "func_name"])
def test_row_without_a_field_is_an_error_with_its_place(tmp_path: Path, missing: str) -> None:
    path = write(tmp_path / "python.train.jsonl.gz", ROW, {**ROW, missing: ""})
    with pytest.raises(ValueError, match=rf"python\.train\.jsonl\.gz:2: a row without {missing}"):
        list(read_pairs(path))


def test_docstring_does_not_stand_in_the_code_fields() -> None:
    fields = fields_of(pair_of(ROW))
    assert fields.name == ["sort_books"]
    assert fields.path == ["src", "books"]
    assert fields.signature == ["def", "sort_books", "books"]
    assert fields.documentation == []
    assert fields.body == ["return", "sorted", "books", "key", "title"]


def test_question_has_code_only() -> None:
    fields = fields_of(pair_of({"lang": "sql", "query": "join two tables", "code": "select a from b"}))
    assert fields.body == ["select", "a", "from", "b"]
    assert not fields.name and not fields.path and not fields.signature


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("composer-2.5.5/src/Cache.php", ["src", "Cache"]),
        ("tmptdgdxkf0/Horde_Core-2.31.18/lib/Nosql.php", ["lib", "Nosql"]),
        ("art/config.py", ["art", "config"]),
        ("go/src/cmd/pprof.go", ["go", "src", "cmd", "pprof"]),
    ],
)
def test_release_folder_is_no_part_of_the_path(path: str, expected: list[str]) -> None:
    assert fields_of(pair_of({**ROW, "path": path})).path == expected


@pytest.mark.parametrize(
    ("language", "declaration", "body"),
    [
        ("python", "def f(a, b):", "\n    return a"),
        ("python", "@cached\n@timed(3)\nasync def f(\n    a,\n    b,\n) -> int:", "\n    return a"),
        ("java", "@Override\npublic int size() ", "{\n    return n;\n}"),
        ("java", "private static void zero(int[] x)", "\n{\n    x[0] = 1;\n}"),
        ("javascript", "const f = a => b => ", "{ return a; }"),
        ("go", "func (s *Set) Len() int ", "{\n\treturn s.n\n}"),
        ("ruby", "def name", "\n  @name\nend"),
        ("c", "static void\nzero (int *x,\n      int n)", "\n{\n  *x = n;\n}"),
        ("rust", "#[inline]\npub fn add(x: i32) -> i32 ", "{\n    x + 1\n}"),
        ("python", "f = lambda x: x", ""),
    ],
)
def test_declaration_ends_where_the_body_begins(language: str, declaration: str, body: str) -> None:
    assert declaration_end(declaration + body, language) == len(declaration)
