"""JSON objects, one a line, from jsonl and jsonl.gz files; streamed, and what is wrong is said with file and line."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hunch_training.errors import TrainingError

ENDINGS = (".jsonl", ".jsonl.gz")
_SHOWN = 60


def files_of(path: Path) -> list[Path]:
    """Return a file as a list, or the jsonl files right in a folder, ``_2`` before ``_10``.

    Raises:
        TrainingError: there is no such file in the folder.
    """
    if not path.is_dir():
        return [path]
    found = [file for file in path.iterdir() if file.name.endswith(ENDINGS)]
    if not found:
        raise TrainingError(f"{path}: no .jsonl or .jsonl.gz file in it: give a file or the folder that holds them")
    return sorted(found, key=_natural_order)


def read_objects(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Give the objects of a file with their lines, from 1; blank lines are passed over.

    Raises:
        FileNotFoundError: there is no such file.
        TrainingError: the file holds nothing or is damaged, or a line is no JSON object.
    """
    number, empty = 0, True
    try:
        with (
            gzip.open(file, "rt", encoding="utf-8")
            if file.name.endswith(".gz")
            else file.open(encoding="utf-8") as lines
        ):
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                empty = False
                yield number, _object(line, f"{file}:{number}")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise TrainingError(f"{file}: damaged behind line {number} ({error}): get or write it again") from error
    except UnicodeDecodeError as error:
        raise TrainingError(f"{file}: not UTF-8 text behind line {number}: convert it, or get it again") from error
    if empty:
        raise TrainingError(f"{file}: an empty file: it should hold one JSON object a line")


def _object(line: str, place: str) -> dict[str, Any]:
    shown = line.strip()[:_SHOWN]
    try:
        found = json.loads(line)
    except ValueError as error:
        raise TrainingError(
            f"{place}: no JSON ({shown}): a line holds one object; take it out or write it again"
        ) from error
    if not isinstance(found, dict):
        raise TrainingError(f"{place}: no JSON object ({shown}): a line holds one pair as an object")
    return found


def _natural_order(file: Path) -> list[tuple[int, str]]:
    return [(int(part or 0), text) for text, part in re.findall(r"(\D*)(\d*)", file.name)]
