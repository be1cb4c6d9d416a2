"""Mining: which functions become pairs, what is left out and why, and that packages do not straddle splits."""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hunch_training.cli import main
from hunch_training.data import mine_pairs
from hunch_training.data.documented_functions import DocumentedFunction
from hunch_training.data.mine_pairs import CARD, PACKAGES, Settings, mine
from hunch_training.data.packages import packages_of, split_of_packages
from hunch_training.data.pair_filters import reason_against
from hunch_training.data.pairs import read_pairs, read_training_pairs, training_files

NOUNS = "apple banana cherry damson elder fig grape hazel iris jasmine kiwi lemon mango nutmeg olive peach".split()


def function(name: str, documentation: str, body: str = "") -> str:
    body = body or f"    {name}_count = open_store({name!r})\n    return {name}_count.total({name}, sorted=True)"
    return f'def {name}():\n    """{documentation}"""\n{body}\n\n\n'


def package(root: Path, name: str, functions: dict[str, str], **files: str) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    text = "".join(function(f"{noun}_{name}", said) for noun, said in functions.items())
    (folder / "main.py").write_text(text, encoding="utf-8")
    for path, content in files.items():
        place = folder / path.replace("__", "/").replace("_dot_", ".")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content, encoding="utf-8")
    return folder


def rows_of(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in sorted(out.glob("*.jsonl.gz")) for line in gzip.open(file, "rt")]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Eight packages of sixteen functions each, in a folder."""
    for number, name in enumerate("red orange yellow green blue indigo violet grey".split()):
        functions = {noun: f"Count each {noun} of the {name} store." for noun in NOUNS}
        package(tmp_path / "code", name, functions, **({"LICENSE_dot_txt": "MIT"} if number % 2 else {}))
    return tmp_path / "code"


def test_packages_become_splits(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "pairs"
    assert main(["mine", str(source), "--package-depth", "1", "--out", str(out)]) == 0
    assert "128 pairs (96 train, 16 valid, 16 test) of 128 functions" in capsys.readouterr().out
    assert sorted(file.name for file in out.iterdir()) == [
        CARD, PACKAGES, "python.test.jsonl.gz", "python.train.jsonl.gz", "python.valid.jsonl.gz",
    ]  # fmt: skip
    packages = {split: {pair.package for pair in read_pairs(out / f"python.{split}.jsonl.gz")}
                for split in ("train", "valid", "test")}  # fmt: skip
    assert sum(map(len, packages.values())) == len(set.union(*packages.values())) == 8
    (file,) = training_files(out)
    pair = next(read_training_pairs(file))
    assert pair.path == "main.py"
    assert pair.query.startswith("Count each apple of the")
    assert '"""' not in pair.code and pair.code.startswith("def apple_")
    with (out / PACKAGES).open(newline="") as table:
        lines = list(csv.DictReader(table, delimiter="\t"))
    assert Counter(line["licence"] for line in lines) == {"unknown": 4, "see LICENSE.txt": 4}
    assert {line["pairs"] for line in lines} == {"16"}
    assert {line["origin"] for line in lines} == {f"code/{line['package']}" for line in lines}
    card = (out / CARD).read_text()
    assert "128 pairs out of 128 functions in 8 files of 8 packages" in card
    assert "| python | train | 96 | 6 |" in card
    assert "| train, test | 0.00% | 0.00% | 0 |" in card
    assert str(tmp_path) not in card + (out / PACKAGES).read_text()


def test_the_same_folders_give_the_same_bytes(source: Path, tmp_path: Path) -> None:
    folders = sorted(source.iterdir())
    mine(folders, tmp_path / "one", Settings())
    mine(folders[::-1], tmp_path / "other", Settings())
    for file in sorted((tmp_path / "one").iterdir()):
        assert file.read_bytes() == (tmp_path / "other" / file.name).read_bytes()


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    folder = package(
        tmp_path,
        "shop",
        {"apple": "Count each apple of the store.", "fig": "Too short.", "kiwi": "Copyright (c) of all kiwis here."},
        tests__test_main_dot_py=function("peach", "Count each peach of the store."),
        src__shopTest_dot_py=function("peach", "Count each peach of the store."),
        vendor__other_dot_py=function("peach", "Count each peach of the store."),
        types_dot_d_dot_ts="/** Count each peach now. */\nexport function peach(a: { b: number },\n c: 1,\n): void\n",
        ignored_dot_py=function("peach", "Count each peach of the store."),
        extra_dot_py="def silent():\n    first = 1\n    second = 2\n    return first + second\n"
        + function("lemon", "Deprecated: count each lemon of the store.")
        + function("mango", "Считает каждое манго в магазине.")
        + function("olive", "Count each olive of the store.", "    return 1")
        + function("nutmeg", "Count each nutmeg of the store.", "    ..."),
    )  # fmt: skip
    (folder / ".gitignore").write_text("ignored.py\n")
    mined = mine([folder], tmp_path / "pairs", Settings())
    (row,) = rows_of(tmp_path / "pairs")
    assert (row["func_name"], row["lang"], row["licence"]) == ("apple_shop", "python", "unknown")
    assert +mined.left_out == {
        "documentation of under 3 words": 1,
        "licence, deprecated, inherited, copied or generated": 2,
        "no documentation": 1,
        "documentation that is not mostly ASCII letters": 1,
        "code of under 3 lines": 1,
        "no body": 1,
    }
    assert mined.skipped["test"] == 2
    assert mined.skipped["vendored"] == mined.skipped["declarations"] == mined.skipped["ignored"] == 1
    assert mined.functions == 8


def test_duplicates_go_out_and_the_first_stays(tmp_path: Path) -> None:
    words = " + ".join(f"read_{noun}(store)" for noun in NOUNS)
    body = f"    total = {words}\n    return total"
    package(tmp_path, "a", {}, x_dot_py=function("count_fruit", "Count all fruit of the store.", body))
    package(tmp_path, "b", {}, x_dot_py=function("count_fruit", "Count the same again.", body.replace("+", "-")))
    near = body.replace("read_apple", "read_pear").replace("read_fig", "read_plum")
    package(tmp_path, "c", {}, x_dot_py=function("count_fruit", "Count nearly the same.", near))
    renamed = body.replace("total", "tally_1", 1).replace("return total", "return tally_1")
    package(tmp_path, "d", {}, x_dot_py=function("sum_up", "Count it by another name.", renamed))
    other = "    with lock:\n        for key in keys:\n            table.pop(key)"
    package(tmp_path, "e", {}, x_dot_py=function("clear", "Clear the table of all keys.", other))
    settings = Settings(valid=0, test=0)
    mined = mine([tmp_path / name for name in "edcba"], tmp_path / "pairs", settings)
    assert [row["package"] for row in rows_of(tmp_path / "pairs")] == ["a", "e"]
    assert mined.left_out["the letters of another function"] == 1
    assert mined.left_out["near-duplicate with the same name"] == 1
    assert mined.left_out["near-duplicate with another name"] == 1

    corpus = tmp_path / "corpus.jsonl"
    codes = [f"def sum_fruit(store):\n{near}", f"def sum_fruit(store):\n{near} + 1"]
    corpus.write_text("".join(json.dumps({"code": code}) + "\n" for code in codes))
    mined = mine([tmp_path / name for name in "abcde"], tmp_path / "apart", settings, [corpus])
    assert [row["package"] for row in rows_of(tmp_path / "apart")] == ["e"]
    assert sum(mined.left_out.values()) == mined.functions - 1


def test_not_too_many_of_a_package_or_a_documentation(source: Path, tmp_path: Path) -> None:
    package(source, "same", dict.fromkeys(NOUNS, "Count what is there now."))
    folders = sorted(source.iterdir())
    mined = mine(folders, tmp_path / "pairs", Settings(per_package=5, per_documentation=4))
    found = Counter(row["package"] for row in rows_of(tmp_path / "pairs"))
    assert found == {**{folder.name: 5 for folder in folders}, "same": 4}
    assert mined.left_out["documentation of 4 other functions"] == 12
    assert mined.left_out["over 5 of a package"] == 8 * 11
    kept = {row["func_name"] for row in rows_of(tmp_path / "pairs") if row["package"] == "red"}
    assert kept != {f"{noun}_red" for noun in NOUNS[:5]}  # spread over the package, not its first


def test_valid_and_test_share_no_documentation_with_train(tmp_path: Path) -> None:
    for name in "abcdefgh":
        package(
            tmp_path / "code", name, {"apple": "Count  each apple\n    there is.", "fig": f"Count each fig of {name}."}
        )
    mined = mine([tmp_path / "code"], tmp_path / "pairs", Settings(package_depth=1, per_documentation=99))
    assert mined.left_out["valid or test with documentation that stands in train"] == 2
    counts = Counter(split for _, split, _ in mined.rows.elements())
    assert counts == {"train": 12, "valid": 1, "test": 1}


def test_a_split_depends_on_the_name_without_its_version() -> None:
    names = [f"package{number}" for number in range(2_000)]
    split = split_of_packages(names, 0.1, 0.2)
    counts = Counter(split.values())
    assert 150 < counts["valid"] < 250 and 340 < counts["test"] < 460
    some = split_of_packages(names[::2], 0.1, 0.2)
    assert all(some[name] == split[name] for name in some)
    versions = split_of_packages([f"{name}-1.{number}.2" for number, name in enumerate(names)], 0.1, 0.2)
    assert list(versions.values()).count("valid") == counts["valid"]
    assert all(versions[f"{name}-1.{number}.2"] == split[name] for number, name in enumerate(names))


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, {"train": 1}), (2, {"train": 1, "valid": 1}), (3, {"train": 1, "valid": 1, "test": 1})],
)
def test_a_few_packages_have_a_valid_one(count: int, expected: dict[str, int]) -> None:
    names = ["alpha", "bravo", "charlie"][:count]
    assert Counter(split_of_packages(names, 0.001, 0.001).values()) == expected
    assert set(split_of_packages(names, 0, 0).values()) == {"train"}


@pytest.mark.parametrize(
    ("query", "code", "reason"),
    [
        ("Sort all books.", "", None),
        ("Sort books", "", "documentation of under 3 words"),
        ("word " * 121, "", "documentation of over 120 words"),
        ("Sort all books.", "def f():\n    return 1", "code of under 3 lines"),
        ("Sort all books.", "a\n\n\nb\nc", "code of few characters"),
        ("Sort all books.", "a = 1\n" * 251, "code of too many lines"),
        ("Sort all books.", f"a = '{'x' * 5000}'\nb\nc", "code of too many characters"),
        ("{@inheritDoc} of that class", "", "licence, deprecated, inherited, copied or generated"),
        ("Copied from the other module.", "", "licence, deprecated, inherited, copied or generated"),
        (
            "Sort all books.",
            "@Deprecated\nint sortTheBooks(List books) {\n  return 1;\n}",
            "licence, deprecated, inherited, copied or generated",
        ),
        ("eslint-disable-next-line no-unused-vars here", "", "a note to a tool, or code that was commented out"),
        ("books.sort(title, author, year) and so();", "", "a note to a tool, or code that was commented out"),
        ("x1 = [2, 3]; [4, 5] -> {6: 7}", "", "documentation that is not mostly ASCII letters"),
    ],
)
def test_why_a_function_makes_no_pair(query: str, code: str, reason: str | None) -> None:
    usual = "def sort_all_the_books(books):\n    books.sort()\n    return books"
    assert reason_against(DocumentedFunction("f", query, code or usual, True), query) == reason


def test_headers_of_cpp_are_no_c(tmp_path: Path) -> None:
    text = (
        "class Shelf {\n public:\n  /// Sort all the books.\n"
        "  void sort() {\n    first.sort();\n    other.sort();\n  }\n};\n"
    )
    plain = "/* Sort all the books. */\nstatic int sort_books(int *books)\n{\n    return sort(books);\n}\n"
    folder = package(tmp_path, "a", {}, shelf_dot_h=text, books_dot_h=plain)
    mine([folder], tmp_path / "pairs", Settings())
    assert {(row["lang"], row["func_name"]) for row in rows_of(tmp_path / "pairs")} == {
        ("cpp", "sort"),
        ("c", "sort_books"),
    }


def test_packages_of_one_name_are_told_apart(tmp_path: Path) -> None:
    folders = [package(tmp_path / team, "api", {"apple": f"Count each apple of {team}."}) for team in ("jo", "al")]
    assert [found.name for found in packages_of(folders, 0)] == ["al/api", "jo/api"]
    assert [found.name for found in packages_of([folder.parent for folder in folders], 1)] == ["al/api", "jo/api"]


def test_what_cannot_be_mined_is_said(tmp_path: Path, source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "pairs"
    empty = tmp_path / "empty"
    empty.mkdir()

    def problem(*arguments: object) -> str:
        assert main(["mine", *map(str, arguments), "--out", str(out)]) == 2
        assert not (out / ".mining").exists()
        return capsys.readouterr().err

    assert "nowhere: no such folder: give folders of source" in problem(tmp_path / "nowhere")
    assert "empty: no folder in it: leave out --package-depth" in problem(empty, "--package-depth", 1)
    assert "--package-depth 2: 0 makes a package of each folder" in problem(empty, "--package-depth", 2)
    assert "0 files with 0 functions, but not one pair: no code in it" in problem(empty)
    (tmp_path / "bad.jsonl").write_text('{"query": "a"}\n')
    assert "bad.jsonl: a row without code: --apart-from takes" in problem(
        source, "--apart-from", tmp_path / "bad.jsonl"
    )
    assert main(["mine", str(source), "--out", str(out)]) == 0
    assert "no valid rows, as there is but one package with pairs" in capsys.readouterr().out
    assert "pairs: there are pairs in it already" in problem(source)


def test_more_rows_than_are_remembered(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small blocks give the same files: nothing depends on what fits into memory."""
    mine([source], tmp_path / "one", Settings())
    monkeypatch.setattr(mine_pairs, "_ROWS_AT_ONCE", 5)
    monkeypatch.setattr(mine_pairs, "_CACHED", 2)
    mine([source], tmp_path / "other", Settings())
    for file in sorted((tmp_path / "one").iterdir()):
        assert file.read_bytes() == (tmp_path / "other" / file.name).read_bytes()


def test_a_place_in_a_group_is_counted_among_kept_rows() -> None:
    generator = np.random.default_rng(0)
    keys = generator.integers(0, 4, (2, 60))
    kept = generator.random(60) < 0.7
    seen: Counter[tuple[int, int]] = Counter()
    expected = []
    for one, other, stays in zip(*keys, kept, strict=True):
        expected.append(seen[int(one), int(other)] if stays else 0)
        seen[int(one), int(other)] += int(stays)
    assert mine_pairs._place_in_group(*keys, kept=kept).tolist() == expected


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_are_not_followed(tmp_path: Path) -> None:
    real = package(tmp_path, "real", {"apple": "Count each apple of it."})
    other = package(tmp_path, "other", {"fig": "Count each fig of it."})
    (other / "linked").symlink_to(real)
    mine([other], tmp_path / "pairs", Settings())
    assert [row["func_name"] for row in rows_of(tmp_path / "pairs")] == ["fig_other"]
