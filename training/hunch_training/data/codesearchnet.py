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
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from hunch_training.data.codesearchnet_rows import missing_text, plain_row
from hunch_training.data.jsonl import files_of, read_objects
from hunch_training.errors import TrainingError

LANGUAGES = ("python", "java", "go", "javascript", "php", "ruby")
HUB_NAME = "code-search-net/code_search_net"
SPLITS = {"train": "train", "valid": "validation", "test": "test"}
"""Names of the splits here, and on the hub."""

_ROWS_PER_LINE = 50_000


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
