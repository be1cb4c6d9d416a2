"""Reading pairs: which rows may be trained on, and how code becomes fields."""

import gzip
import json
from pathlib import Path

import pytest

from hunch_training.data.pairs import (
    declaration_end,
    fields_of,
    pair_of,
    read_pairs,
    read_rows,
    read_training_pairs,
    split_of,
    training_files,
    valid_file_of,
)
from hunch_training.errors import TrainingError

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
        ("python_train_13.jsonl.gz", "train"),
        ("python_test_0.jsonl", "test"),
        ("ours.train.jsonl", "train"),
        ("train/part-0.jsonl", "train"),
        ("validation/part-0.jsonl", "valid"),
        ("train/python.test.jsonl.gz", "test"),
        ("jsonl/test", "test"),
        ("training.jsonl.gz", None),
        ("constrain.jsonl.gz", None),
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


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("python.train.jsonl.gz", "python.valid.jsonl.gz"),
        ("train.jsonl", "validation.jsonl"),
        ("constrained.train.jsonl.gz", "constrained.dev.jsonl.gz"),
    ],
)
def test_valid_rows_stand_beside_training_rows(tmp_path: Path, name: str, valid: str) -> None:
    with pytest.raises(TrainingError, match="no such file: rows to choose by"):
        valid_file_of(tmp_path / name)
    (tmp_path / valid).touch()
    assert valid_file_of(tmp_path / name) == tmp_path / valid
    with pytest.raises(TrainingError, match="not for training"):
        valid_file_of(tmp_path / valid)


def test_plain_jsonl_and_folders_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "train"
    folder.mkdir()
    for number in (10, 9):
        (folder / f"part-{number}.jsonl").write_text(json.dumps({**ROW, "func_name": f"f{number}"}) + "\n\n")
    assert [pair.name for pair in read_training_pairs(folder)] == ["f9", "f10"]
    write(folder / "python.test.jsonl.gz", ROW)
    with pytest.raises(TrainingError, match=r"python\.test\.jsonl\.gz: test rows are not for training"):
        read_training_pairs(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(TrainingError, match=r"empty: no \.jsonl or \.jsonl\.gz file in it"):
        list(read_pairs(tmp_path / "empty"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", r"python\.train\.jsonl: an empty file: it should hold"),
        (b"\n\n", r"python\.train\.jsonl: an empty file"),
        (
            json.dumps(ROW).encode() + b"\n{oops\n",
            r"python\.train\.jsonl:2: no JSON \(\{oops\): a line holds one object",
        ),
        (b"[1, 2]\n", r"python\.train\.jsonl:1: no JSON object \(\[1, 2\]\)"),
        (b'\n{"text": "a"}\n', r"python\.train\.jsonl:2: no pair: a row has lang, package"),
        (b'{"query": "a", "code": 3}\n', r"python\.train\.jsonl:1: a row without code: fill it in"),
        (b'{"query": "\xff"}\n', r"python\.train\.jsonl: not UTF-8 text behind line 0"),
    ],
    ids=["empty", "blank", "no JSON", "no object", "no pair", "code is a number", "other encoding"],
)
def test_what_is_no_pair_is_named_with_its_place(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "python.train.jsonl").write_bytes(content)
    with pytest.raises(TrainingError, match=problem):
        list(read_training_pairs(tmp_path / "python.train.jsonl"))


@pytest.mark.parametrize("cut", [2, 40])
def test_a_damaged_archive_is_named(tmp_path: Path, cut: int) -> None:
    path = write(tmp_path / "python.train.jsonl.gz", *([ROW] * 200))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - cut] if cut == 40 else b"no archive")
    with pytest.raises(TrainingError, match=r"python\.train\.jsonl\.gz: damaged behind line"):
        list(read_rows(path))


def test_a_row_is_read_before_the_file_ends(tmp_path: Path) -> None:
    path = tmp_path / "python.train.jsonl"
    path.write_text(json.dumps(ROW) + "\n" + "oops\n")
    rows = read_training_pairs(path)
    assert next(rows).name == "sort_books"
    with pytest.raises(TrainingError, match=":2: no JSON"):
        next(rows)


def test_training_files_of_a_mined_folder(tmp_path: Path) -> None:
    for name in ("kotlin.train.jsonl.gz", "go.train.jsonl.gz", "go.valid.jsonl.gz", "go.test.jsonl.gz"):
        write(tmp_path / name, ROW)
    assert [file.name for file in training_files(tmp_path)] == ["go.train.jsonl.gz", "kotlin.train.jsonl.gz"]
    with pytest.raises(FileNotFoundError, match="no training files such as"):
        training_files(tmp_path / "nowhere")


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
