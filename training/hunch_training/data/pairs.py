"""Pairs of a description and a function, read from files that say in their name what they may be used for.

A file is jsonl or jsonl.gz with rows as in ``packages_pairs``, ``so_codenn``, ``conala`` or CodeSearchNet; a folder of
such files is read as one. Nothing is held in memory but the row at hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from hunch.text.render import Fields, Source, render_source
from hunch_training.data.codesearchnet_rows import is_codesearchnet, missing_text, plain_row
from hunch_training.data.jsonl import ENDINGS, files_of, read_objects
from hunch_training.errors import TrainingError

Split = Literal["train", "valid", "test"]

LANGUAGES = (
    "python", "java", "go", "javascript", "typescript", "php", "ruby", "rust", "c", "cpp", "csharp",
)  # fmt: skip

QUESTION_FILES = (
    "conala/{split}.jsonl.gz",
    "so_codenn/csharp.{split}.jsonl.gz",
    "so_codenn/python.{split}.jsonl.gz",
    "so_codenn/sql.{split}.jsonl.gz",
)

_SPLIT_IN_NAME = re.compile(r"(?:^|[._])(train|valid|validation|dev|test)(?:_?\d+)?\.jsonl(?:\.gz)?$")
_SPLITS: Mapping[str, Split] = {
    "train": "train", "valid": "valid", "validation": "valid", "dev": "valid", "test": "test",
}  # fmt: skip
# Source packages unpack into a folder named after the release; a workspace has no such folder.
_RELEASE_FOLDER = re.compile(r"^(?:tmp\w+/)?[^/]*-v?\d[^/]*/(?=.*/|[^/]+$)")
_DECLARATION_MARKS = re.compile(r"[()\[\]{}\n]")
_DECLARES_LATE = frozenset({"c", "cpp"})
"""Languages in which a line break before the parameter list is common."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A description and the code that does it."""

    language: str
    query: str
    name: str
    path: str
    code: str
    package: str
    title: str = ""
    """of a question as it was asked at first, where it was rewritten to the query (conala)"""
    question: int | None = None
    """its number, where it has one"""


def split_of(path: Path) -> Split:
    """Return what a data file or folder may be used for, from its name, else from the name of the folder it lies in.

    Raises:
        TrainingError: neither says.
    """
    found = _SPLIT_IN_NAME.search(path.name)
    said = found[1] if found else path.name if path.name in _SPLITS else path.parent.name
    if said not in _SPLITS:
        raise TrainingError(f"{path}: its name does not say train, valid or test: rename it, as in NAME.train.jsonl.gz")
    return _SPLITS[said]


def valid_file_of(path: Path) -> Path:
    """Return the valid file that stands beside a training file, or the folder of such files beside its folder.

    Raises:
        TrainingError: the file is not for training, or there is none beside it.
    """
    _check_training(path)
    found = _SPLIT_IN_NAME.search(path.name)
    beside = [path.with_name(name) for name in ("valid", "validation", "dev")]
    if found:
        start, end = found.span(1)
        beside = [path.with_name(path.name[:start] + name + path.name[end:]) for name in ("valid", "validation", "dev")]
        if path.parent.name == "train":
            beside.append(path.parent.with_name("valid"))
    valid = next((place for place in beside if place.exists()), None)
    if valid is None:
        raise TrainingError(f"{beside[0]}: no such file: rows to choose by stand beside the training rows")
    return valid


def training_files(
    data: Path, *, languages: Sequence[str] = LANGUAGES, questions: bool = True, gpl: bool = False
) -> list[Path]:
    """Return the files below a data folder that a model may learn from, in a fixed order; GPL-licensed ones if asked.

    A folder that ``hunch-train mine`` wrote, or one with CodeSearchNet's layout, is such a folder as well.

    Raises:
        FileNotFoundError: there is none.
    """
    names = [f"packages_pairs/{language}.train.jsonl.gz" for language in languages]
    if questions:
        names += [name.format(split="train") for name in QUESTION_FILES]
    if gpl:
        names.append("packages_pairs_gpl/php.train.jsonl.gz")
    found = [data / name for name in names if (data / name).is_file()]
    found = found or sorted(file for ending in ENDINGS for file in data.glob(f"*.train{ending}"))
    found = found or sorted(data.glob("*/final/jsonl/train")) or sorted(data.glob("final/jsonl/train"))
    if not found:
        raise FileNotFoundError(f"{data}: no training files such as {names[0]} there")
    return found


def read_training_pairs(path: Path, limit: int | None = None) -> Iterator[Pair]:
    """Read the pairs of a training file, or of a folder of such files.

    Raises:
        TrainingError: the file is not for training, or one of its rows is no pair or belongs to another split.
    """
    for file in files_of(path):
        _check_training(file)
    return _read(path, limit, for_training=True)


def read_pairs(path: Path, limit: int | None = None) -> Iterator[Pair]:
    """Read pairs of any split, in file order, from a file or a folder of files.

    Raises:
        TrainingError: a line is no JSON object, or a row is no pair; with file and line.
    """
    return _read(path, limit, for_training=False)


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Read the JSON objects of a file or of a folder of files.

    Raises:
        TrainingError: a line is no JSON object, or there is none; with file and line.
    """
    for file in files_of(path):
        for _, row in read_objects(file):
            yield row


def pair_of(row: Mapping[str, Any]) -> Pair:
    """Return the pair that a row holds; questions and answers have no name, path or package."""
    if is_codesearchnet(row):
        row = plain_row(row)
    if "docstring" not in row:
        language = f"question-{row.get('lang', 'python')}"
        return Pair(
            language, row["query"], name="", path="", code=row["code"], package=language,
            title=row.get("title", ""), question=int(row["question_id"]) if "question_id" in row else None,
        )  # fmt: skip
    return Pair(
        language=row["lang"],
        query=row["docstring"],
        name=row["func_name"],
        path=_RELEASE_FOLDER.sub("", row["path"]),
        code=row["code"],
        package=row["package"],
    )


def fields_of(pair: Pair) -> Fields:
    """Return the fields of the code of a pair, as serving renders a chunk without documentation."""
    return code_fields(pair.code, pair.language, name=pair.name, path=pair.path)


def source_of_pair(pair: Pair) -> Source:
    """Return the parts of the code of a pair as they stand."""
    return code_source(pair.code, pair.language, name=pair.name, path=pair.path)


def code_fields(code: str, language: str, *, name: str = "", path: str = "", documentation: str = "") -> Fields:
    """Return the fields of a function that is at hand as text; a snippet without a name is all body."""
    return render_source(code_source(code, language, name=name, path=path, documentation=documentation))


def code_source(code: str, language: str, *, name: str = "", path: str = "", documentation: str = "") -> Source:
    """Return the parts of a function that is at hand as text, as they stand; a snippet without a name is all body."""
    end = declaration_end(code, language) if name else 0
    return Source(name, path, code[:end], documentation, code[end:])


def declaration_end(code: str, language: str) -> int:
    """Return where the declaration of a function ends and its body begins.

    A brace, or a line break outside brackets, after decorators and annotations; no grammar is needed for that.
    """
    depth, line_start, in_parameters = 0, 0, False
    for mark in _DECLARATION_MARKS.finditer(code):
        character = mark[0]
        if character in "([":
            depth += 1
            in_parameters |= character == "("
        elif character in ")]":
            depth = max(0, depth - 1)
        elif depth:
            continue
        elif character == "{":
            return mark.start()
        elif character == "\n":
            decorator = code.startswith(("@", "#["), line_start + _indent(code, line_start))
            blank = not code[line_start : mark.start()].strip()
            line_start = mark.end()
            if not (decorator or blank or (language in _DECLARES_LATE and not in_parameters)):
                return mark.start()
            in_parameters = in_parameters and not decorator
    return len(code)


def _read(path: Path, limit: int | None, *, for_training: bool) -> Iterator[Pair]:
    numbered = ((file, number, row) for file in files_of(path) for number, row in read_objects(file))
    for file, number, row in islice(numbered, limit):
        plain = plain_row(row) if is_codesearchnet(row) else row
        problem = _problem(plain, for_training)
        if problem:
            raise TrainingError(f"{file}:{number}: {problem}")
        yield pair_of(plain)


def _check_training(path: Path) -> None:
    if split_of(path) != "train":
        raise TrainingError(f"{path}: {split_of(path)} rows are not for training")


def _problem(row: Mapping[str, Any], for_training: bool) -> str | None:
    """Why a row is no pair, or not one to learn from; None if it is."""
    if not row.keys() & {"docstring", "query"}:
        return "no pair: a row has lang, package, path, func_name, docstring and code, or query and code"
    if "partition" in row:  # CodeSearchNet, where a function may have no name
        missing = missing_text(row)
        if row["partition"] not in (None, "train") and for_training:
            return f"a row of the {row['partition']} split in a file for training: take it out"
    else:
        missing = _missing_field(row)
    return f"a row without {missing}: fill it in, or take the row out" if missing else None


def _missing_field(row: Mapping[str, Any]) -> str | None:
    needed = ("docstring", "code", "func_name", "path", "package", "lang") if "docstring" in row else ("query", "code")
    return next((name for name in needed if not row.get(name) or not isinstance(row[name], str)), None)


def _indent(code: str, start: int) -> int:
    rest = code[start : start + 200]
    return len(rest) - len(rest.lstrip())
