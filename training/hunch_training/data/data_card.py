"""Figures of pair files, as tables and as a data card."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hunch.text.tokenizer import identifiers, split_identifier
from hunch_training.data.jsonl import files_of
from hunch_training.data.near_duplicates import hash_of, skeleton_of
from hunch_training.data.pairs import Pair, read_pairs, split_of
from hunch_training.errors import TrainingError

QUANTILES = (5, 25, 50, 75, 95)
UNSAID = "not said"
_SPLIT_ORDER = ("train", "valid", "test", UNSAID)
_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(slots=True)
class Group:
    """What is kept of the rows of one language and split."""

    language: str
    split: str
    packages: set[str] = field(default_factory=set)
    code_words: array[int] = field(default_factory=lambda: array("L"))
    documentation_words: array[int] = field(default_factory=lambda: array("L"))
    skeletons: array[int] = field(default_factory=lambda: array("Q"))
    documentations: array[int] = field(default_factory=lambda: array("Q"))
    tokens: int = 0
    identifiers: int = 0
    compounds: int = 0
    """identifiers of two or more words"""
    said: int = 0
    """words of documentation"""
    said_in_code: int = 0

    def add(self, pair: Pair) -> None:
        """Count a row in."""
        names = identifiers(pair.code)
        parts = {name: split_identifier(name) for name in set(names)}
        said = [word for name in identifiers(pair.query) for word in split_identifier(name)]
        in_code = {word for words in parts.values() for word in words}
        self.packages.add(pair.package)
        self.code_words.append(len(names))
        self.documentation_words.append(len(pair.query.split()))
        self.skeletons.append(skeleton_of(pair.code))
        self.documentations.append(hash_of(" ".join(pair.query.lower().split())))
        self.tokens += len(_TOKEN.findall(pair.code))
        self.identifiers += sum(not name[0].isdigit() for name in names)
        self.compounds += sum(len(parts[name]) > 1 for name in names if not name[0].isdigit())
        self.said += len(said)
        self.said_in_code += sum(word in in_code for word in said)

    def __len__(self) -> int:
        return len(self.skeletons)


class Sheet(NamedTuple):
    """A table of words and numbers, as people read it."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def describe(files: Iterable[Path]) -> list[Group]:
    """Read pair files, or folders of them; a group a language and split, by language, train before valid before test.

    Raises:
        TrainingError: a row is no pair.
    """
    groups: dict[tuple[str, str], Group] = {}
    for given in files:
        for file in files_of(given):
            split = _split_or_unsaid(file)
            for pair in read_pairs(file):
                place = pair.language, split
                group = groups.get(place)
                if group is None:
                    group = groups[place] = Group(*place)
                group.add(pair)
    return sorted(groups.values(), key=lambda group: (group.language, _SPLIT_ORDER.index(group.split)))


def figures_of(group: Group) -> dict[str, Any]:
    """Return the figures of a group: counts, shares from 0 to 1, quantiles of words by percent."""
    return {
        "language": group.language,
        "split": group.split,
        "rows": len(group),
        "packages": len(group.packages),
        "code_words": _quantiles(group.code_words),
        "documentation_words": _quantiles(group.documentation_words),
        "duplicate_code": _share_repeated(group.skeletons),
        "duplicate_documentation": _share_repeated(group.documentations),
        "identifiers": group.identifiers / max(group.tokens, 1),
        "compounds": group.compounds / max(group.identifiers, 1),
        "said_in_code": group.said_in_code / max(group.said, 1),
    }


def overlaps_of(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """Return for each two splits that are there what the second has in common with the first, all languages together.

    ``documentation`` and ``code`` are shares of the second's rows, ``packages`` is a count.
    """
    found = []
    splits = [split for split in _SPLIT_ORDER if any(group.split == split for group in groups)]
    for first, second in combinations(splits, 2):
        one, other = ([group for group in groups if group.split == split] for split in (first, second))
        packages = [{(g.language, name) for g in side for name in g.packages} for side in (one, other)]
        found.append({
            "first": first,
            "second": second,
            "documentation": _share_in([g.documentations for g in other], [g.documentations for g in one]),
            "code": _share_in([g.skeletons for g in other], [g.skeletons for g in one]),
            "packages": len(packages[0] & packages[1]),
        })  # fmt: skip
    return found


def sheets_of(groups: Sequence[Group]) -> list[Sheet]:
    """Return all figures as tables."""
    figures = [figures_of(group) for group in groups]
    quantiles = " / ".join(f"{q}%" for q in QUANTILES)
    sheets = [
        Sheet(
            "Rows and lengths",
            ("language", "split", "rows", "packages", f"words of code, {quantiles}", f"of documentation, {quantiles}"),
            [
                (
                    f["language"], f["split"], f"{f['rows']:,}", f"{f['packages']:,}",
                    _joined(f["code_words"]), _joined(f["documentation_words"]),
                )
                for f in figures
            ],
        ),
        Sheet(
            "Shares",
            (
                "language", "split", "code that stands there before", "documentation that does",
                "identifiers among tokens", "of two words or more", "words of documentation that are in the code",
            ),
            [
                (f["language"], f["split"], *(f"{f[name]:.1%}" for name in (
                    "duplicate_code", "duplicate_documentation", "identifiers", "compounds", "said_in_code")))
                for f in figures
            ],
        ),
    ]  # fmt: skip
    overlaps = overlaps_of(groups)
    if overlaps:
        head = ("splits", "documentation of the second also in the first", "code", "packages in both")
        rows = [
            (f"{o['first']}, {o['second']}", f"{o['documentation']:.2%}", f"{o['code']:.2%}", f"{o['packages']:,}")
            for o in overlaps
        ]
        sheets.append(Sheet("What the splits have in common", head, rows))
    return sheets


def markdown_of(sheet: Sheet, level: int = 2) -> str:
    """Return a table as Markdown under its title."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (sheet.head, *sheet.rows)]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    lines.insert(1, "| " + " | ".join("---" for _ in sheet.head) + " |")
    return f"{'#' * level} {sheet.title}\n\n" + "\n".join(lines) + "\n"


def card_of(title: str, groups: Sequence[Group]) -> str:
    """Return the data card of pair files as Markdown."""
    total = sum(map(len, groups))
    languages = len({group.language for group in groups})
    parts = [f"# {title}\n", f"{total:,} pairs of documentation and code in {languages} languages.\n"]
    parts += [markdown_of(sheet) for sheet in sheets_of(groups)]
    parts.append(
        "Words of code are runs of letters, digits and underscores; code stands there before if its letters do, "
        "documentation if its lower-case words do.\n"
    )
    return "\n".join(parts)


def _quantiles(lengths: array[int]) -> Mapping[int, int]:
    found = np.percentile(np.frombuffer(lengths, np.dtype(f"u{lengths.itemsize}")), QUANTILES, method="lower")
    return dict(zip(QUANTILES, found.astype(int).tolist(), strict=True))


def _share_repeated(hashes: array[int]) -> float:
    return 1 - len(np.unique(np.frombuffer(hashes, np.uint64))) / len(hashes)


def _share_in(rows: Sequence[array[int]], others: Sequence[array[int]]) -> float:
    here, there = (np.concatenate([np.frombuffer(part, np.uint64) for part in side]) for side in (rows, others))
    return float(np.isin(here, there).mean())


def _joined(quantiles: Mapping[int, int]) -> str:
    return " / ".join(str(value) for value in quantiles.values())


def _split_or_unsaid(file: Path) -> str:
    try:
        return split_of(file)
    except TrainingError:
        return UNSAID
