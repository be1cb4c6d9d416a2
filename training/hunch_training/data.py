"""Pairs of a description and a function, read from files that say in their name what they may be used for."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from hunch.text.render import Fields, render_parts

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

_SPLIT_IN_NAME = re.compile(r"(?:^|[._])(train|valid|dev|test)\d*\.jsonl\.gz$")
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


def split_of(path: Path) -> Split:
    """Return what a data file may be used for, from its name.

    Raises:
        ValueError: the name does not say.
    """
    found = _SPLIT_IN_NAME.search(path.name)
    if found is None:
        raise ValueError(f"{path}: its name does not say train, valid or test")
    return {"train": "train", "valid": "valid", "dev": "valid", "test": "test"}[found[1]]  # type: ignore[return-value]


def valid_file_of(path: Path) -> Path:
    """Return the valid file that stands beside a training file.

    Raises:
        TrainingError: the file is not for training, or there is none beside it.
    """
    if split_of(path) != "train":
        raise TrainingError(f"{path}: {split_of(path)} rows are not for training")
    valid = path.with_name(path.name.replace("train", "valid"))
    if not valid.is_file():
        raise TrainingError(f"{valid}: no such file: rows to choose by stand beside the training rows")
    return valid


def training_files(
    data: Path, *, languages: Sequence[str] = LANGUAGES, questions: bool = True, gpl: bool = False
) -> list[Path]:
    """Return the files below a data folder that a model may learn from, in a fixed order; GPL-licensed ones if asked.

    Raises:
        FileNotFoundError: there is none.
    """
    names = [f"packages_pairs/{language}.train.jsonl.gz" for language in languages]
    if questions:
        names += [name.format(split="train") for name in QUESTION_FILES]
    if gpl:
        names.append("packages_pairs_gpl/php.train.jsonl.gz")
    found = [data / name for name in names if (data / name).is_file()]
    if not found:
        raise FileNotFoundError(f"{data}: no training files such as {names[0]} there")
    return found


def read_training_pairs(path: Path, limit: int | None = None) -> Iterator[Pair]:
    """Read the pairs of a training file.

    Raises:
        ValueError: the file is not for training, or one of its rows has no query or code.
    """
    if split_of(path) != "train":
        raise ValueError(f"{path}: {split_of(path)} rows are not for training")
    return read_pairs(path, limit)


def read_pairs(path: Path, limit: int | None = None) -> Iterator[Pair]:
    """Read pairs of any split, in file order: rows as in ``packages_pairs``, ``so_codenn`` or ``conala``.

    Raises:
        ValueError: a row has no query or code.
    """
    for number, row in enumerate(islice(read_rows(path), limit), 1):
        missing = _missing_field(row)
        if missing:
            raise ValueError(f"{path}:{number}: a row without {missing}")
        yield pair_of(row)


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Read the JSON objects of a jsonl.gz file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def pair_of(row: Mapping[str, Any]) -> Pair:
    """Return the pair that a row holds; questions and answers have no name, path or package."""
    if "docstring" not in row:
        language = f"question-{row.get('lang', 'python')}"
        return Pair(language, row["query"], name="", path="", code=row["code"], package=language)
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


def code_fields(code: str, language: str, *, name: str = "", path: str = "", documentation: str = "") -> Fields:
    """Return the fields of a function that is at hand as text; a snippet without a name is all body."""
    end = declaration_end(code, language) if name else 0
    return render_parts(name=name, path=path, signature=code[:end], documentation=documentation, body=code[end:])


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


def _missing_field(row: Mapping[str, Any]) -> str | None:
    needed = ("docstring", "code", "func_name", "path", "package", "lang") if "docstring" in row else ("query", "code")
    return next((name for name in needed if not row.get(name)), None)


def _indent(code: str, start: int) -> int:
    rest = code[start : start + 200]
    return len(rest) - len(rest.lstrip())
