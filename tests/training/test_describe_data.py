"""Statistics of pair files, compared with counting by hand, and what the splits share."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from hunch_training.cli import main
from hunch_training.data.data_card import UNSAID, card_of, describe, figures_of, overlaps_of

CODE = "def sort_books(books):\n    return sorted(books, key=bookTitle)"


def row(docstring: str, code: str = CODE, package: str = "shelf", language: str = "python") -> dict[str, str]:
    return {
        "lang": language, "package": package, "path": "a.py", "func_name": "f", "docstring": docstring, "code": code,
    }  # fmt: skip


def write(path: Path, *rows: object) -> Path:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    train = [row(f"Sort all the books {'again ' * number}", f"{CODE} + {'x ' * number}") for number in range(19)]
    train += [row("sort ALL the  books", CODE), row("Count all books", "func a() { b() }", "other", "go")]
    test = [row("Sort all the books", "def f(): pass", "shelf"), row("Nothing alike", "def g(): pass", "new")]
    return [
        write(tmp_path / "all.train.jsonl.gz", *train),
        write(tmp_path / "all.test.jsonl.gz", *test),
        write(tmp_path / "more.jsonl.gz", row("One more row")),
    ]


def test_figures_are_what_is_counted(files: list[Path]) -> None:
    groups = describe(files)
    assert [(group.language, group.split) for group in groups] == [
        ("go", "train"), ("python", "train"), ("python", "test"), ("python", UNSAID),
    ]  # fmt: skip
    figures = figures_of(groups[1])
    assert (figures["rows"], figures["packages"]) == (20, 1)
    lengths = sorted([4 + number for number in range(19)] + [4])
    assert figures["documentation_words"] == {
        q: lengths[int(q / 100 * (len(lengths) - 1))] for q in (5, 25, 50, 75, 95)
    }
    assert figures["code_words"][50] == sorted([8 + number for number in range(19)] + [8])[9]
    assert figures["duplicate_documentation"] == pytest.approx(1 / 20)
    assert figures["duplicate_code"] == pytest.approx(1 / 20)

    (more,) = (figures_of(group) for group in groups if group.split == UNSAID)
    words = ["def", "sort_books", "books", "return", "sorted", "books", "key", "bookTitle"]
    signs = ["(", ")", ":", "(", ",", "=", ")"]
    assert more["identifiers"] == pytest.approx(len(words) / (len(words) + len(signs)))
    assert more["compounds"] == pytest.approx(2 / len(words))
    assert more["said_in_code"] == 0
    assert figures_of(groups[2])["said_in_code"] == 0
    assert figures_of(describe([files[2].with_name("all.train.jsonl.gz")])[0])["said_in_code"] == 0


def test_documentation_that_is_in_the_code_is_counted(tmp_path: Path) -> None:
    (group,) = describe([write(tmp_path / "a.train.jsonl.gz", row("Return books by bookTitle, quickly"))])
    assert figures_of(group)["said_in_code"] == pytest.approx(4 / 6)  # return, books, book, title; not by, quickly


def test_splits_share_documentation_code_and_packages(files: list[Path]) -> None:
    groups = describe(files[:2])
    assert overlaps_of(groups) == [
        {"first": "train", "second": "test", "documentation": 0.5, "code": 0.0, "packages": 1}
    ]
    assert overlaps_of(groups[:2]) == []


def test_a_folder_and_its_card(files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card = tmp_path / "CARD.md"
    assert main(["describe", str(files[0].parent), "--card", str(card)]) == 0
    assert "Rows and lengths" in capsys.readouterr().out
    text = card.read_text()
    assert "24 pairs of documentation and code in 2 languages." in text
    assert "| python | train | 20 | 1 |" in text
    assert "| train, test | 50.00% | 0.00% | 1 |" in text
    assert text == card_of("Data", describe([files[0].parent]))


def test_a_row_that_is_no_pair_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.train.jsonl.gz", row("Sort all books"), {"text": "b"})
    assert main(["describe", str(path)]) == 2
    assert "a.train.jsonl.gz:2: no pair" in capsys.readouterr().err
