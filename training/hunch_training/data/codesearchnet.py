"""CodeSearchNet (Husain et al., 2019, arXiv:1909.09436): its files on disk, and its copy on the Hugging Face hub.

Its own files can be given wherever pairs are read, one (``python_train_0.jsonl.gz``) or a folder of them:

    hunch-train seq2seq CodeSearchNet/resources/data/python/final/jsonl/train --run runs/csn

This stage writes them in the form of ``packages_pairs`` instead, from the hub or from such folders. Splits are kept.

    hunch-train codesearchnet --language python --out pairs/csn
    hunch-train codesearchnet --from CodeSearchNet/resources/data --language python --out pairs/csn

The first paragraph of the documentation is the query, and the code is stripped of its docstring.
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from hunch_training.data.documented_functions import first_paragraph, without_docstring
from hunch_training.data.jsonl import files_of, read_objects
from hunch_training.errors import TrainingError

LANGUAGES = ("python", "java", "go", "javascript", "php", "ruby")
HUB_NAME = "code-search-net/code_search_net"
SPLITS = {"train": "train", "valid": "validation", "test": "test"}
"""Names of the splits here, and on the hub."""

_ROWS_PER_LINE = 50_000
_FLAT_NAMES = {
    "code": "func_code_string",
    "docstring": "func_documentation_string",
    "repo": "repository_name",
    "path": "func_path_in_repository",
    "partition": "split_name",
}
"""Fields of the original files, and what later releases call them."""


def is_codesearchnet(row: Mapping[str, Any]) -> bool:
    """Return whether a row is one of CodeSearchNet's, in its original form or in the flattened one of the hub."""
    return any(flat in row for flat in _FLAT_NAMES.values()) or (
        "language" in row and not row.keys() & {"lang", "query"}
    )


def plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row in the form of ``packages_pairs``; a field that is missing or no text stays so.

    ``func_name`` is the last part of the name (``Shelf.sort`` is ``sort``); anonymous functions have an empty one.
    """
    docstring, code = _value(row, "docstring"), _value(row, "code")
    if isinstance(docstring, str):
        docstring = first_paragraph(docstring) or " ".join(docstring.split())
    if isinstance(code, str) and row.get("language") == "python":
        code = without_docstring(code)
    return {
        "lang": row.get("language"),
        "package": _value(row, "repo"),
        "path": _value(row, "path"),
        "func_name": str(row.get("func_name") or "").rsplit(".", 1)[-1],
        "docstring": docstring,
        "code": code,
        "partition": _value(row, "partition"),
    }


def read_hub(language: str, split: str, *, name: str = HUB_NAME) -> Iterator[dict[str, Any]]:
    """Stream the rows of a language and split (train, valid or test) from the hub, in the form of ``packages_pairs``.

    Raises:
        TrainingError: the package ``datasets`` is missing, or the hub cannot be read.
    """
    try:
        datasets = importlib.import_module("datasets")
    except ModuleNotFoundError as error:
        raise TrainingError(
            f"the hub needs the package datasets: pip install codehunch-training[hub] ({error})"
        ) from error
    try:
        for row in datasets.load_dataset(name, language, split=SPLITS[split], streaming=True):
            yield plain_row(row)
    except (OSError, ValueError) as error:
        first_line = (str(error).splitlines() or [""])[0]
        raise TrainingError(
            f"{name}, {language}: cannot be read from the hub ({type(error).__name__}: {first_line}): "
            "check the name and the network, or give its files with --from"
        ) from error


def read_disk(folder: Path, language: str, split: str) -> Iterator[dict[str, Any]]:
    """Read the rows of a language and split below a folder with CodeSearchNet's layout, as ``read_hub`` gives them.

    Raises:
        TrainingError: there are no such files, or a line of them is no row.
    """
    places = [
        folder / language / "final" / "jsonl" / split,
        folder / "final" / "jsonl" / split,
        folder / language / split,
    ]
    place = next((place for place in places if place.is_dir()), None)
    if place is None:
        raise TrainingError(f"{places[0]}: no such folder: --from takes the folder that holds {language}/final/jsonl")
    for file in files_of(place):
        for number, row in read_objects(file):
            plain = plain_row(row)
            missing = missing_text(plain)
            if missing:
                raise TrainingError(f"{file}:{number}: a row without {missing}: take it out, or get the file again")
            yield plain


def missing_text(row: Mapping[str, Any]) -> str | None:
    """Return the first field that a plain row lacks or that is no text; None if nothing is amiss."""
    for name in ("docstring", "code", "lang", "path", "package"):
        value = row.get(name)
        if not isinstance(value, str) or not value.strip():
            return name
    return None


def _value(row: Mapping[str, Any], name: str) -> Any:
    return row[name] if name in row else row.get(_FLAT_NAMES[name])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("--out", type=Path, required=True, help="folder for LANGUAGE.train.jsonl.gz, .valid., .test.")
    parser.add_argument("--language", action="append", choices=LANGUAGES, help="may be repeated (all six)")
    parser.add_argument("--from", dest="folder", type=Path, help="its files on disk instead of the hub")
    parser.add_argument("--name", default=HUB_NAME, help="of the data set on the hub (%(default)s)")
    parser.add_argument("--limit", type=int, help="rows of each language and split")


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    options.out.mkdir(parents=True, exist_ok=True)
    for language in options.language or LANGUAGES:
        counts = {split: _write_split(options, language, split) for split in SPLITS}
        print(f"{language}: " + ", ".join(f"{count:,} {split}" for split, count in counts.items()), flush=True)


def _write_split(options: argparse.Namespace, language: str, split: str) -> int:
    """Write the rows of a split to its file; what is there under that name is always whole."""
    file = options.out / f"{language}.{split}.jsonl.gz"
    temporary = file.with_suffix(".tmp")
    rows = (
        read_disk(options.folder, language, split) if options.folder else read_hub(language, split, name=options.name)
    )
    count = left_out = 0
    with gzip.open(temporary, "wt", encoding="utf-8") as out:
        for row in islice(rows, options.limit):
            if missing_text(row):
                left_out += 1
                continue
            del row["partition"]
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
            if count % _ROWS_PER_LINE == 0:
                print(f"{file.name}: {count:,} rows so far", flush=True)
    if not count:
        temporary.unlink()
        raise TrainingError(f"{file.name}: not one row of {language} {split}: check --from or --name")
    temporary.replace(file)
    if left_out:
        print(f"{file.name}: {left_out:,} rows without code or documentation left out", flush=True)
    return count
