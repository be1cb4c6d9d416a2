"""Pairs of sentences in two languages out of the translation catalogues of released packages.

    hunch-train gettext-pairs FOLDER... --from fr --out pairs/fr-en.train.jsonl.gz

FOLDERs hold catalogues as installed packages have them (``locale/fr/LC_MESSAGES/django.mo``). One pair in twenty goes
into the valid file beside it; no original is in both. Such pairs show quickly whether a model that writes can
learn at all: translation, unlike documentation, has one right answer.
"""

from __future__ import annotations

import argparse
import gettext
import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

from hunch_training.data.pairs import split_of
from hunch_training.errors import TrainingError

_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|<[^>]+>|&\w+;")
_CONTEXT = "\x04"
"""Stands between what tells equal originals apart and the original."""
_LONGEST = 30
_VALID_SHARE = 20


def catalogue_pairs(file: Path) -> Iterator[tuple[str, str]]:
    """Give the translations and the English originals of a compiled catalogue; none if it cannot be read."""
    try:
        with file.open("rb") as opened:
            catalogue = gettext.GNUTranslations(opened)._catalog  # type: ignore[attr-defined]  # it has no public list
    except (OSError, ValueError, UnicodeDecodeError):
        return
    for key, translation in catalogue.items():
        if not isinstance(key, str) or not isinstance(translation, str):
            continue  # a plural, which has several translations
        original = key.rpartition(_CONTEXT)[2]
        if _is_text(original, translation):
            yield " ".join(translation.split()), " ".join(original.split())


def pairs_of(folders: list[Path], language: str) -> Iterator[dict[str, str]]:
    """Give the distinct pairs of all catalogues of a language below some folders, as rows of a pair file."""
    seen: set[str] = set()
    for folder in folders:
        for file in sorted(folder.rglob(f"{language}/LC_MESSAGES/*.mo")):
            for translation, original in catalogue_pairs(file):
                if original.lower() not in seen:
                    seen.add(original.lower())
                    yield {"lang": language, "query": original, "code": translation}


def _is_text(original: str, translation: str) -> bool:
    if not original or original == translation or _PLACEHOLDER.search(original + translation):
        return False
    return 2 <= len(original.split()) <= _LONGEST and len(translation.split()) <= _LONGEST + 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("folders", type=Path, nargs="+", help="folders with catalogues in them")
    parser.add_argument("--from", dest="language", default="fr", help="the language to translate from (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="NAME.train.jsonl.gz")


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    if split_of(options.out) != "train":
        raise TrainingError(f"{options.out}: its name has to say train")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    counts = {"train": 0, "valid": 0}
    valid = options.out.with_name(options.out.name.replace("train", "valid"))
    with gzip.open(options.out, "wt", encoding="utf-8") as train, gzip.open(valid, "wt", encoding="utf-8") as other:
        for row in pairs_of(options.folders, options.language):
            digest = hashlib.blake2b(row["query"].lower().encode(), digest_size=4).digest()
            split = "valid" if int.from_bytes(digest, "little") % _VALID_SHARE == 0 else "train"
            (train if split == "train" else other).write(json.dumps(row, ensure_ascii=False) + "\n")
            counts[split] += 1
    if not counts["train"]:
        raise TrainingError(
            f"{options.folders[0]}: no catalogue {options.language}/LC_MESSAGES/*.mo with sentences in it"
        )
    print(f"{counts['train']:,} pairs to learn from, {counts['valid']:,} to choose by")
