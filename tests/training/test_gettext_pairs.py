"""Pairs of sentences out of compiled catalogues."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path

import pytest

from hunch_training.cli import main
from hunch_training.data.gettext_pairs import catalogue_pairs
from hunch_training.data.pairs import read_pairs


def write_catalogue(file: Path, entries: dict[str, str]) -> None:
    """Write the format of GNU gettext's manual: a header, two tables of lengths and places, the texts."""
    entries = {"": "Content-Type: text/plain; charset=UTF-8\n", **entries}
    texts = [text.encode() for pair in (sorted(entries), [entries[key] for key in sorted(entries)]) for text in pair]
    count, place, table, body = len(entries), 28 + 16 * len(entries), b"", b""
    for text in texts:
        table += struct.pack("<II", len(text), place + len(body))
        body += text + b"\0"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(struct.pack("<7I", 0x950412DE, 0, count, 28, 28 + 8 * count, 0, 28 + 16 * count) + table + body)


def test_sentences_become_pairs_and_the_rest_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "a/locale/fr/LC_MESSAGES/a.mo"
    entries = {"Save the file": "Enregistrer le fichier", "OK": "Bon", "%s was saved": "%s est enregistré",
               "Same text here": "Same text here", "month\x04May be": "Mai peut-être",
               "Is\n  it gone?": "A-t-il disparu ?"}  # fmt: skip
    write_catalogue(file, entries)
    assert sorted(catalogue_pairs(file)) == [
        ("A-t-il disparu ?", "Is it gone?"),
        ("Enregistrer le fichier", "Save the file"),
        ("Mai peut-être", "May be"),
    ]
    (tmp_path / "bad.mo").write_bytes(b"no catalogue")
    assert list(catalogue_pairs(tmp_path / "bad.mo")) == []


def test_pairs_are_split_and_read_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for package in ("a", "b"):
        entries = {f"Open the file number {n}": f"Ouvrir le fichier {n} de {package}" for n in range(200)}
        write_catalogue(tmp_path / package / "locale/fr/LC_MESSAGES/x.mo", entries)
    out = tmp_path / "pairs/fr-en.train.jsonl.gz"
    assert main(["gettext-pairs", str(tmp_path), "--out", str(out)]) == 0
    train, valid = (list(read_pairs(file)) for file in (out, out.with_name("fr-en.valid.jsonl.gz")))
    assert len(train) + len(valid) == 200 and 3 <= len(valid) <= 25  # the second package says the same
    assert not {pair.query for pair in train} & {pair.query for pair in valid}
    assert f"{len(train)} pairs to learn from" in capsys.readouterr().out
    with gzip.open(out, "rt", encoding="utf-8") as lines:
        assert set(json.loads(next(lines))) == {"lang", "query", "code"}


def test_no_catalogues_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gettext-pairs", str(tmp_path), "--out", str(tmp_path / "x.train.jsonl.gz")]) == 2
    assert "no catalogue fr/LC_MESSAGES/*.mo" in capsys.readouterr().err
