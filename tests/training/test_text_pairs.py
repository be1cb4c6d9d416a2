"""Pairs of texts: how a documentation is cut, and what is read of which file."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from hunch_training.data.pairs import Pair
from hunch_training.errors import TrainingError
from hunch_training.text_encoder.text_pairs import (
    MOST_WORDS,
    TextPair,
    clip,
    halves,
    name_words,
    pairs_of_function,
    read_text_pairs,
    sentence_and_rest,
    sentences_of,
    without_name,
)


def write(file: Path, rows: list[dict[str, Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(file, "wt", encoding="utf-8") as opened:
        opened.writelines(json.dumps(row) + "\n" for row in rows)


def function(number: int, documentation: str = "Reads the file.") -> dict[str, str]:
    return {
        "lang": "python", "package": "p", "path": "a/b.py", "func_name": f"read_{number}",
        "docstring": documentation, "code": f"def read_{number}(): pass",
    }  # fmt: skip


def question(number: int) -> dict[str, Any]:
    return {"question_id": number, "title": f"How to sort {number}?", "query": f"sort {number}", "code": "sorted(x)"}


@pytest.mark.parametrize(
    ("documentation", "name", "expected"),
    [
        ("NewColour creates a colour.", "NewColour", "creates a colour."),
        ("`parse` reads text.", "parse", "reads text."),
        ("Parse reads text.", "parse", "Parse reads text."),
        ("NewColour", "NewColour", "NewColour"),
        ("Creates a colour.", "", "Creates a colour."),
    ],
)
def test_the_name_in_front_is_taken_out(documentation: str, name: str, expected: str) -> None:
    assert without_name(documentation, name) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Read the file. Close it behind us.", ("Read the file.", "Close it behind us.")),
        ("Read e.g. one file of many.", None),
        ("Read the file.", None),
        ("Read the file. Then stop.", None),
        ("Read the file! Is it open? Then close it.", ("Read the file!", "Is it open? Then close it.")),
    ],
)
def test_first_sentence_and_rest(text: str, expected: tuple[str, str] | None) -> None:
    assert sentence_and_rest(text) == expected


def test_halves_share_no_word_and_short_texts_have_none() -> None:
    assert halves(" ".join("abcdefghijkl")) == ("a b c d e f", "g h i j k l")
    assert halves(" ".join("abcdefghijklm")) == ("a b c d e f", "g h i j k l m")
    assert halves(" ".join("abcdefghijk")) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [("parseHTTPResponse", "parse http response"), ("Foo.bar_baz", "foo bar baz"), ("read", ""), ("", "")],
)
def test_words_of_a_name(name: str, expected: str) -> None:
    assert name_words(name) == expected


def test_a_function_gives_a_pair_of_each_kind() -> None:
    documentation = "OpenFile opens the file for us. Nothing is read of it yet."
    pair = Pair("go", documentation, "OpenFile", "a.go", "func OpenFile() {}", "p")
    assert list(pairs_of_function(pair)) == [
        TextPair("rest", "opens the file for us.", "Nothing is read of it yet."),
        TextPair("name", "opens the file for us. Nothing is read of it yet.", "open file"),
        TextPair("code", "opens the file for us. Nothing is read of it yet.", "func OpenFile() {}"),
    ]
    assert [pair.kind for pair in pairs_of_function(Pair("go", "Opens.", "Open", "a.go", "func", "p"))] == ["code"]
    assert len(clip("word " * 100).split()) == MOST_WORDS


def test_pairs_are_read_of_training_files_and_some_questions_are_set_aside(tmp_path: Path) -> None:
    write(tmp_path / "packages_pairs/python.train.jsonl.gz", [function(number) for number in range(6)])
    write(tmp_path / "packages_pairs/python.valid.jsonl.gz", [function(99)])
    write(tmp_path / "conala/train.jsonl.gz", [question(number) for number in range(10)])
    write(tmp_path / "conala/test.jsonl.gz", [question(77)])
    write(
        tmp_path / "so_codenn/sql.train.jsonl.gz", [{"lang": "sql", "query": "Count rows", "code": "select count(*)"}]
    )
    pairs = list(read_text_pairs(tmp_path))
    assert not any("99" in pair.right or "77" in pair.left for pair in pairs)
    assert [pair.left for pair in pairs if pair.kind == "paraphrase"] == [
        f"How to sort {number}?" for number in (1, 2, 3, 4, 6, 7, 8, 9)
    ]
    assert not any("sort 5" in pair.left or "sort 0" in pair.left for pair in pairs)
    assert TextPair("code", "Count rows", "select count(*)") in pairs
    names = [pair.right for pair in read_text_pairs(tmp_path, ["name"], every=2)]
    assert names == ["read 0", "read 2", "read 4"]
    assert [pair.right for pair in read_text_pairs(tmp_path, ["name"], every=2, limit=2)] == names[:2]
    assert len(list(read_text_pairs(tmp_path, ["paraphrase"], every=3))) == 8


def test_sentences_are_distinct_and_no_code() -> None:
    pairs = [
        TextPair("rest", "one", "two"),
        TextPair("code", "one", "def one(): pass"),
        TextPair("name", "three", "two"),
    ]
    assert list(sentences_of(pairs)) == ["one", "two", "three"]


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no training files"):
        next(read_text_pairs(tmp_path))
    file = tmp_path / "packages_pairs/python.train.jsonl.gz"
    write(file, [function(0), function(1), {"docstring": "Only words."}])
    with pytest.raises(TrainingError, match=r"train\.jsonl\.gz:3: a row without code: fill it in"):
        list(read_text_pairs(tmp_path))
    with pytest.raises(TrainingError, match="there is no kind of pairs 'names': known are paraphrase"):
        next(read_text_pairs(tmp_path, ["name", "names"]))
