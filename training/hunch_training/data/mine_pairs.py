"""Make pairs of documentation and code out of folders of source, in all languages that the product reads.

    hunch-train mine ~/code/shop ~/code/billing --out pairs/ours
    hunch-train mine ~/code --package-depth 1 --out pairs/ours

A package is a folder that is given, or with ``--package-depth 1`` each folder in one. Files are found by the product's
own rules (ignore files, no generated or minified code), functions by its parser. A row is a function without its
documentation, and the first paragraph of that. A package is wholly in train, valid or test, as the hash of its name
says. The corpus may be larger than memory: rows go through a file, and what is kept of each is some three hundred
bytes, most of them in a file that is mapped.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from hunch.workspace.scan import RootError, scan
from hunch_training.data.data_card import Sheet, describe, markdown_of, sheets_of
from hunch_training.data.documented_functions import first_paragraph
from hunch_training.data.jsonl import ENDINGS
from hunch_training.data.near_duplicates import (
    BANDS,
    drop_near_duplicates,
    hash_of,
    jaccard,
    shingle_bands,
    shingles_of,
    skeleton_of,
    word_bands,
    words_of,
)
from hunch_training.data.packages import Package, functions_of, packages_of, split_of_packages
from hunch_training.data.pair_filters import (
    CHARACTERS_OF_CODE,
    LINES_OF_CODE,
    WORDS_OF_DOCUMENTATION,
    reason_against,
)
from hunch_training.data.pairs import Split, read_rows
from hunch_training.errors import TrainingError
from hunch_training.progress import Progress
from hunch_training.stage_flags import add_flags, settings_of

CARD, PACKAGES = "CARD.md", "PACKAGES.tsv"
_WORK = ".mining"
_ROWS_AT_ONCE = 2_048
_CACHED = 512
_COLUMNS = np.dtype([
    ("skeleton", "u8"), ("documentation", "u8"), ("rank", "u8"), ("offset", "u8"), ("package", "u4"),
    ("language", "u2"), ("words", "u8", (BANDS,)), ("shingles", "u8", (BANDS,)),
])  # fmt: skip
_SPLITS: tuple[Split, ...] = ("train", "valid", "test")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides which rows there are."""

    package_depth: int = 0
    """0: each folder is a package; 1: each folder in it is one"""
    valid: float = 0.05
    """share of the packages whose rows choose"""
    test: float = 0.05
    """share of the packages that are tested on"""
    per_package: int = 15_000
    """most rows of a package"""
    per_documentation: int = 3
    """most rows of a language with the same documentation"""
    similarity: float = 0.7
    """Jaccard similarity from which a function is a near-duplicate: of the words where names are equal, else of runs
    of five tokens"""


class Mined(NamedTuple):
    """What came out."""

    rows: Counter[tuple[str, Split, str]]
    """by language, split and package"""
    functions: int
    """that were looked at"""
    files: int
    left_out: Counter[str]
    """functions by reason"""
    skipped: Counter[str]
    """files and folders by reason"""


class _Candidates(NamedTuple):
    """Rows that may stay, as columns and as lines of a file."""

    columns: NDArray[Any]
    lines: Path
    languages: list[str]
    packages: list[Package]
    """Number 0 are the functions that rows shall not resemble"""


def mine(folders: Sequence[Path], out: Path, settings: Settings, apart_from: Sequence[Path] = ()) -> Mined:
    """Write LANGUAGE.SPLIT.jsonl.gz, PACKAGES.tsv and CARD.md.

    Args:
        folders: of source.
        out: the folder to write to; made when it is not there.
        settings: which rows there are.
        apart_from: files with code (rows of pairs or of a corpus) that no row may resemble, for example test sets.

    Raises:
        TrainingError: the folders hold no pair, or ``out`` holds pairs already.
    """
    packages = packages_of(folders, settings.package_depth)
    if out.is_dir() and any(file.name.endswith(ENDINGS) for file in out.iterdir()):
        raise TrainingError(f"{out}: there are pairs in it already: give another --out or remove them")
    work = out / _WORK
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        mined = _mine_below(packages, work, out, settings, apart_from)
    finally:
        shutil.rmtree(work)
    by_name = {package.name: package for package in packages}
    lines = [
        f"{language}\t{split}\t{name}\t{count}\t{by_name[name].licence}\t{by_name[name].origin}\n"
        for (language, split, name), count in sorted(mined.rows.items())
    ]
    (out / PACKAGES).write_text("language\tsplit\tpackage\tpairs\tlicence\torigin\n" + "".join(lines), encoding="utf-8")
    (out / CARD).write_text(_card(mined, by_name, settings, out), encoding="utf-8")
    return mined


def _mine_below(
    packages: Sequence[Package], work: Path, out: Path, settings: Settings, apart_from: Sequence[Path]
) -> Mined:
    left_out: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    found, functions, files = _collect(packages, work, left_out, skipped, apart_from)
    kept = _chosen(found, settings, left_out)
    splits = _row_splits(found, kept, settings, left_out)
    if not kept.any():
        why = ", ".join(f"{reason} {count:,}" for reason, count in left_out.most_common(3) if count)
        raise TrainingError(
            f"{packages[0].origin}: {files:,} files with {functions:,} functions, but not one pair: "
            f"{why or 'no code in it'}"
        )
    return Mined(_write_rows(found, kept, splits, out), functions, files, left_out, skipped)


def _collect(
    packages: Sequence[Package], work: Path, left_out: Counter[str], skipped: Counter[str], apart_from: Sequence[Path]
) -> tuple[_Candidates, int, int]:
    """Read all files once; functions that pass the filters become lines and columns."""
    lines, columns = work / "rows.jsonl", work / "columns"
    languages: dict[str, int] = {}
    functions = rows = 0
    try:
        per_package = [len(scan(p.root, only=[p.folder] if p.folder else None).files) for p in packages]
    except RootError as error:
        raise TrainingError(str(error)) from error
    with ExitStack() as stack:
        text = stack.enter_context(lines.open("wb"))
        table = stack.enter_context(columns.open("wb"))
        progress = stack.enter_context(Progress(sum(per_package)))
        block: list[tuple[Any, ...]] = []

        def add(row: dict[str, Any], package: int) -> None:
            nonlocal rows
            number = languages.setdefault(row["lang"], len(languages))
            block.append(_columns_of(row, text.tell(), package, number))
            text.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
            rows += 1
            if len(block) == _ROWS_AT_ONCE:
                flush()

        def flush() -> None:
            table.write(np.array(block, _COLUMNS).tobytes())
            block.clear()

        for file in apart_from:
            for row in read_rows(file):
                code = row.get("code_nodoc") or row.get("code")
                if not isinstance(code, str):
                    raise TrainingError(f"{file}: a row without code: --apart-from takes files with code in their rows")
                name = str(row.get("func_name", ""))
                add({"lang": "", "func_name": name, "docstring": "", "code": code, "path": "", "package": ""}, 0)
        done = 0
        for number, package in enumerate(packages, 1):
            before, path_before = rows, ""
            within = done
            for language, path, function in functions_of(package, skipped):
                functions += 1
                if path != path_before:
                    path_before, within = path, within + 1
                    progress.move(within, f"{package.name}: {rows - before:,} rows, {rows:,} in all")
                query = first_paragraph(function.documentation)
                reason = reason_against(function, query)
                if reason:
                    left_out[reason] += 1
                    continue
                add(
                    {
                        "lang": language, "package": package.name, "path": path, "func_name": function.name,
                        "docstring": query, "code": function.code, "licence": package.licence,
                    },
                    number,
                )  # fmt: skip
            done += per_package[number - 1]
            progress.move(done, f"{package.name}: {rows - before:,} rows, {rows:,} in all")
        flush()
    mapped = np.memmap(columns, _COLUMNS, mode="r") if rows else np.empty(0, _COLUMNS)
    nothing = Package("", Path(), "", "")
    return _Candidates(mapped, lines, list(languages), [nothing, *packages]), functions, sum(per_package)


def _columns_of(row: dict[str, Any], offset: int, package: int, language: int) -> tuple[Any, ...]:
    code, name = row["code"], row["func_name"]
    return (
        skeleton_of(code),
        hash_of(" ".join(row["docstring"].lower().split())),
        hash_of(f"{row['package']}\n{row['path']}\n{name}\n{code}"),
        offset,
        package,
        language,
        word_bands(words_of(code), name),
        shingle_bands(code),
    )


def _chosen(found: _Candidates, settings: Settings, left_out: Counter[str]) -> NDArray[np.bool_]:
    """Return which rows stay, bool [n]: no duplicates, not too many of one package or documentation."""
    columns = found.columns
    apart = columns["package"] == 0
    kept = np.zeros(len(columns), bool)
    kept[np.unique(columns["skeleton"], return_index=True)[1]] = True
    kept |= apart
    remaining = len(columns)

    def count(reason: str) -> None:
        nonlocal remaining
        left_out[reason] += remaining - int(kept.sum())
        remaining = int(kept.sum())

    count("the letters of another function")
    with found.lines.open("rb") as lines:

        def reader(make: Callable[[str], _T]) -> Callable[[int], tuple[str, _T]]:
            @lru_cache(maxsize=_CACHED)
            def read(number: int) -> tuple[str, _T]:
                lines.seek(int(columns["offset"][number]))
                row = json.loads(lines.readline())
                return row["func_name"], make(row["code"])

            return read

        words, shingles = reader(words_of), reader(shingles_of)

        def same_words(one: int, other: int) -> bool:
            if apart[other]:  # these stand first and all of them count
                return False
            (name, first), (other_name, second) = words(one), words(other)
            return name == other_name and jaccard(first, second) >= settings.similarity

        def same_runs(one: int, other: int) -> bool:
            return not apart[other] and jaccard(shingles(one)[1], shingles(other)[1]) >= settings.similarity

        drop_near_duplicates(columns["words"], kept, same_words)
        count("near-duplicate with the same name")
        drop_near_duplicates(columns["shingles"], kept, same_runs)
        count("near-duplicate with another name")
    kept &= ~apart
    remaining = int(kept.sum())

    kept &= _place_in_group(columns["language"], columns["documentation"], kept=kept) < settings.per_documentation
    count(f"documentation of {settings.per_documentation} other functions")

    order = np.argsort(columns["rank"], kind="stable")
    place = np.empty(len(columns), np.int64)
    place[order] = _place_in_group(columns["package"][order], kept=kept[order])
    kept &= place < settings.per_package
    count(f"over {settings.per_package:,} of a package")
    return kept


def _row_splits(
    found: _Candidates, kept: NDArray[np.bool_], settings: Settings, left_out: Counter[str]
) -> NDArray[np.uint8]:
    """Return the split of each row as a place in _SPLITS; take from ``kept`` rows that train gives away."""
    columns = found.columns
    with_rows = [found.packages[number].name for number in np.unique(columns["package"][kept])]
    split = split_of_packages(with_rows, settings.valid, settings.test)
    of_package = [_SPLITS.index(split.get(package.name, "train")) for package in found.packages]
    splits: NDArray[np.uint8] = np.array(of_package, np.uint8)[columns["package"]]
    learnt = columns["documentation"][kept & (splits == 0)]
    told = kept & (splits != 0) & np.isin(columns["documentation"], learnt)
    kept[told] = False
    left_out["valid or test with documentation that stands in train"] += int(told.sum())
    return splits


def _place_in_group(*keys: NDArray[Any], kept: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return how many kept rows with equal keys stand before each row, int64 [n]; 0 for rows that are not kept."""
    places = np.zeros(len(kept), np.int64)
    rows = np.flatnonzero(kept)
    if len(rows):
        columns = [key[rows] for key in keys]
        order = np.lexsort(columns[::-1])
        begins = np.zeros(len(rows), bool)
        begins[0] = True
        for column in columns:
            begins[1:] |= np.diff(column[order]) != 0
        numbers = np.arange(len(rows))
        places[rows[order]] = numbers - np.maximum.accumulate(np.where(begins, numbers, 0))
    return places


def _write_rows(
    found: _Candidates, kept: NDArray[np.bool_], splits: NDArray[np.uint8], out: Path
) -> Counter[tuple[str, Split, str]]:
    """Write the rows that stay, and only then give the files their names."""
    counts: Counter[tuple[str, Split, str]] = Counter()
    names: set[str] = set()
    columns = found.columns
    work = found.lines.parent
    with ExitStack() as stack:
        files: dict[str, io.BufferedIOBase] = {}
        lines = stack.enter_context(found.lines.open("rb"))
        for number, line in enumerate(lines):
            if not kept[number]:
                continue
            language = found.languages[columns["language"][number]]
            split = _SPLITS[splits[number]]
            name = f"{language}.{split}.jsonl.gz"
            if name not in files:
                raw = stack.enter_context((work / name).open("wb"))
                # Without a name and a time inside, equal rows are equal bytes.
                files[name] = stack.enter_context(gzip.GzipFile("", "wb", 9, raw, mtime=0))
                names.add(name)
            files[name].write(line)
            counts[language, split, found.packages[columns["package"][number]].name] += 1
    for name in sorted(names):
        (work / name).replace(out / name)
    return counts


def _card(mined: Mined, packages: dict[str, Package], settings: Settings, out: Path) -> str:
    total = sum(mined.rows.values())
    groups = describe(sorted(out.glob("*.jsonl.gz")))
    by_package: Counter[tuple[str, Split]] = Counter()
    for (_, split, name), count in mined.rows.items():
        by_package[name, split] += count
    sheets = [
        *sheets_of(groups),
        Sheet(
            "Packages",
            ("package", "split", "pairs", "licence"),
            [
                (name, split, f"{count:,}", packages[name].licence)
                for (name, split), count in sorted(by_package.items())
            ],
        ),
        Sheet(
            "Functions left out",
            ("why", "functions"),
            [(reason, f"{count:,}") for reason, count in mined.left_out.most_common() if count],
        ),
        Sheet(
            "Files and folders left out",
            ("why", "files or folders"),
            [(reason, f"{count:,}") for reason, count in mined.skipped.most_common() if count],
        ),
    ]
    least, most = WORDS_OF_DOCUMENTATION
    return "\n".join([
        "# Pairs of documentation and code\n",
        f"{total:,} pairs out of {mined.functions:,} functions in {mined.files:,} files of {len(packages):,} packages, "
        "made by `hunch-train mine`.\n",
        f"A pair is a function of {LINES_OF_CODE[0]} to {LINES_OF_CODE[1]} lines and {CHARACTERS_OF_CODE[0]} to "
        f"{CHARACTERS_OF_CODE[1]:,} characters, and the first paragraph of its documentation, of {least} to {most} "
        f"words. A package is wholly in one split. Functions are near-duplicates from a Jaccard similarity of "
        f"{settings.similarity:g}: of their words where their names are equal, else of their runs of five tokens.\n",
        "Each row keeps the licence of its package, of which only the file is named: nobody has read it for this "
        "card.\n",
        *(markdown_of(sheet) for sheet in sheets),
    ])  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="folders of source")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pairs, PACKAGES.tsv and CARD.md")
    parser.add_argument(
        "--apart-from", type=Path, action="append", default=[], metavar="FILE",
        help="a pair file whose functions no row may resemble, such as a test set; may be repeated",
    )  # fmt: skip
    add_flags(parser, Settings)


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    started = time.perf_counter()
    mined = mine(options.folders, options.out, settings_of(options, Settings), options.apart_from)
    seconds = time.perf_counter() - started
    counts: Counter[Split] = Counter()
    for (_, split, _), count in mined.rows.items():
        counts[split] += count
    total = sum(counts.values())
    by_split = ", ".join(f"{counts[split]:,} {split}" for split in _SPLITS)
    print(
        f"{total:,} pairs ({by_split}) of {mined.functions:,} functions in {seconds:.0f} s, "
        f"{mined.functions / seconds:,.0f} functions and {total / seconds:,.0f} pairs a second"
    )
    if not counts["valid"]:
        print("no valid rows, as there is but one package with pairs: give more folders, or --package-depth 1")
