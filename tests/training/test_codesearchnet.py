"""CodeSearchNet's rows: both forms, its layout on disk, the hub, and training on its files as they are."""

from __future__ import annotations

import gzip
import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hunch_training.cli import main
from hunch_training.data.codesearchnet import read_disk, read_hub
from hunch_training.data.codesearchnet_rows import plain_row
from hunch_training.data.pairs import read_pairs, read_training_pairs, training_files, valid_file_of
from hunch_training.errors import TrainingError

METHOD = '''def sort_books(self, books):
        """
        Sort books
        by title.

        :param books: what to sort
        """
        # the title alone
        return sorted(books, key=title)'''
STRIPPED = """def sort_books(self, books):
        # the title alone
        return sorted(books, key=title)"""
DOCSTRING = "Sort books\n        by title.\n\n        :param books: what to sort"


def original(partition: str = "train", **other: Any) -> dict[str, Any]:
    """A row as it stands in python_train_0.jsonl.gz."""
    return {
        "repo": "jo/shelf",
        "path": "src/shelf.py",
        "func_name": "Shelf.sort_books",
        "original_string": METHOD,
        "language": "python",
        "code": METHOD,
        "code_tokens": ["def", "sort_books"],
        "docstring": DOCSTRING,
        "docstring_tokens": ["Sort", "books"],
        "sha": "0" * 40,
        "url": "https://example.org/jo/shelf",
        "partition": partition,
        **other,
    }


def flattened(**other: Any) -> dict[str, Any]:
    """The same row as the hub has it."""
    return {
        "repository_name": "jo/shelf",
        "func_path_in_repository": "src/shelf.py",
        "func_name": "Shelf.sort_books",
        "whole_func_string": METHOD,
        "language": "python",
        "func_code_string": METHOD,
        "func_code_tokens": ["def", "sort_books"],
        "func_documentation_string": DOCSTRING,
        "func_documentation_tokens": ["Sort", "books"],
        "split_name": "train",
        "func_code_url": "https://example.org/jo/shelf",
        **other,
    }


def write(path: Path, *rows: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


@pytest.fixture
def on_disk(tmp_path: Path) -> Path:
    """A folder with CodeSearchNet's layout: eleven training files, one valid, one test."""
    place = tmp_path / "csn/python/final/jsonl"
    for number in range(11):
        row = original(docstring=f"Sort books by title, number {number}.", func_name=f"Shelf.sort_{number}")
        write(place / f"train/python_train_{number}.jsonl.gz", row)
    write(place / "valid/python_valid_0.jsonl.gz", original("valid"))
    write(place / "test/python_test_0.jsonl.gz", original("test"))
    return tmp_path / "csn"


@pytest.mark.parametrize("row", [original(), flattened()], ids=["original", "flattened"])
def test_a_row_becomes_a_pair_without_its_docstring(row: dict[str, Any], tmp_path: Path) -> None:
    (pair,) = read_training_pairs(write(tmp_path / "python_train_0.jsonl.gz", row))
    assert pair.query == "Sort books by title."
    assert pair.code == STRIPPED
    assert (pair.language, pair.name, pair.path, pair.package) == ("python", "sort_books", "src/shelf.py", "jo/shelf")


def test_other_languages_keep_their_code_as_it_is() -> None:
    code = "function f() {\n  // doc\n  return 1;\n}"
    row = plain_row(original(language="javascript", code=code, docstring="Give one.\n@return {number}", func_name=""))
    assert (row["code"], row["docstring"], row["func_name"]) == (code, "Give one.", "")


def test_a_function_may_have_no_name(tmp_path: Path) -> None:
    row = original(language="javascript", code="function() { return one(1); }", func_name="")
    (pair,) = read_pairs(write(tmp_path / "javascript_valid_0.jsonl.gz", row))
    assert pair.name == ""


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"code": ""}, "a row without code"),
        ({"docstring": " "}, "a row without docstring"),
        ({"repo": None}, "package"),
    ],
)
def test_a_row_that_lacks_something_is_named(change: dict[str, Any], problem: str, tmp_path: Path) -> None:
    file = write(tmp_path / "python_train_0.jsonl.gz", original(), original(**change))
    with pytest.raises(TrainingError, match=rf"python_train_0\.jsonl\.gz:2: .*{problem}"):
        list(read_training_pairs(file))


def test_the_folder_of_a_split_is_read_as_one_file(on_disk: Path) -> None:
    train = on_disk / "python/final/jsonl/train"
    assert [pair.name for pair in read_training_pairs(train)] == [f"sort_{number}" for number in range(11)]
    assert len(list(read_training_pairs(train, limit=3))) == 3
    assert valid_file_of(train) == train.with_name("valid")
    assert valid_file_of(train / "python_train_3.jsonl.gz") == train.with_name("valid")
    assert training_files(on_disk) == training_files(on_disk / "python") == [train]


def test_test_rows_are_refused_for_training(on_disk: Path, tmp_path: Path) -> None:
    test = on_disk / "python/final/jsonl/test"
    for path in (test, test / "python_test_0.jsonl.gz", on_disk / "python/final/jsonl/valid"):
        with pytest.raises(TrainingError, match="rows are not for training"):
            list(read_training_pairs(path))
    renamed = write(tmp_path / "python_train_0.jsonl.gz", original(), original("test"))
    with pytest.raises(TrainingError, match=r"jsonl\.gz:2: a row of the test split in a file for training"):
        list(read_training_pairs(renamed))


def test_the_stage_writes_pair_files_from_disk(
    on_disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pairs"
    assert main(["codesearchnet", "--from", str(on_disk), "--language", "python", "--out", str(out)]) == 0
    assert "python: 11 train, 1 valid, 1 test" in capsys.readouterr().out
    train = out / "python.train.jsonl.gz"
    assert len(list(read_training_pairs(train))) == 11
    assert next(read_pairs(valid_file_of(train))).code == STRIPPED
    assert not list(out.glob("*.tmp"))
    assert main(["codesearchnet", "--from", str(on_disk), "--language", "ruby", "--out", str(out)]) == 2
    assert "no such folder: --from takes the folder that holds ruby/final/jsonl" in capsys.readouterr().err


def test_files_on_disk_say_where_a_row_is_wrong(on_disk: Path) -> None:
    write(on_disk / "python/final/jsonl/valid/python_valid_0.jsonl.gz", original("valid", code=None))
    with pytest.raises(TrainingError, match=r"python_valid_0\.jsonl\.gz:1: a row without code"):
        list(read_disk(on_disk, "python", "valid"))


def test_the_hub_is_streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a stand-in for the package: which data set is asked for, and that rows come one by one."""
    asked: list[Any] = []

    def load_dataset(name: str, language: str, *, split: str, streaming: bool) -> Iterator[dict[str, Any]]:
        asked.append((name, language, split, streaming))
        yield flattened()
        raise ConnectionError("the line is down\nfor good")

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))
    rows = read_hub("python", "valid", name="some/set")
    assert next(rows)["code"] == STRIPPED
    assert asked == [("some/set", "python", "validation", True)]
    with pytest.raises(
        TrainingError, match=r"some/set, python: .*\(ConnectionError: the line is down\): check the name"
    ):
        next(rows)


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(TrainingError, match=r"pip install codehunch-training\[hub\]"):
        next(read_hub("python", "train"))


@pytest.mark.skipif(importlib.util.find_spec("datasets") is None, reason="the optional package datasets is not here")
def test_the_hub_reader_with_the_real_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A local data set of the same features and splits, read as the hub's would be."""
    import datasets  # type: ignore[import-not-found, unused-ignore]  # optional, so it may be here or not

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for split in ("train", "validation", "test"):
        rows = [flattened(split_name=split, func_name=f"f{number}") for number in range(3)]
        (tmp_path / "python").mkdir(exist_ok=True)
        datasets.Dataset.from_list(rows).to_parquet(tmp_path / f"python/{split}-00000.parquet")
    (tmp_path / "README.md").write_text(
        "---\nconfigs:\n- config_name: python\n  data_files:\n"
        + "".join(f"  - split: {s}\n    path: python/{s}-*.parquet\n" for s in ("train", "validation", "test"))
        + "---\n"
    )
    assert [row["func_name"] for row in read_hub("python", "valid", name=str(tmp_path))] == ["f0", "f1", "f2"]
    assert next(read_hub("python", "train", name=str(tmp_path)))["code"] == STRIPPED
    with pytest.raises(TrainingError, match="cannot be read from the hub"):
        next(read_hub("cobol", "train", name=str(tmp_path)))
    with pytest.raises(TrainingError, match="cannot be read from the hub"):
        next(read_hub("python", "train", name=str(tmp_path / "nowhere")))
