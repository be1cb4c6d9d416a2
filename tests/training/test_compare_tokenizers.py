"""Subwords beside whole words: the same interface, and figures that counting by hand gives too."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from hunch.text.prose import MARKS
from hunch.text.subwords import BEGIN, END, PAD, SPECIAL, UNKNOWN, words_of
from hunch_training.cli import main
from hunch_training.data.pairs import Pair, pair_of
from hunch_training.tokenizer.compare_tokenizers import (
    UNKNOWN_TOKEN,
    Kind,
    counts_of,
    cuts_of,
    example_sheet,
    examples_of,
    measure,
    rare_words,
)
from hunch_training.tokenizer.subwords import decode, encode_code, encode_prose, load_subwords, train_subwords
from hunch_training.tokenizer.word_level import train_word_level

CODE = ["def parse_header(raw_header): return raw_header.split()"] * 20
PROSE = ["Parse the raw header of an HTTP request (see `split`)."] * 20


@pytest.fixture(scope="module")
def words() -> Tokenizer:
    return train_word_level([*CODE, "seldom seldom"], PROSE, 120)


def test_whole_words_take_the_place_of_subwords(words: Tokenizer, tmp_path: Path) -> None:
    words.save(str(tmp_path / "words.json"))
    again = load_subwords(tmp_path / "words.json")
    assert [again.token_to_id(name) for name in SPECIAL[:4]] == [PAD, BEGIN, END, UNKNOWN]
    text = "Split the rawHeader of (the HTTP) request."
    (ids,) = encode_prose(again, [text], 100)
    assert decode(again, [BEGIN, *ids, END, PAD]) == text
    (code,) = encode_code(again, ["parseHeader(raw)"], 100)
    assert decode(again, code) == "parse header raw"
    assert len(code) == 3


def test_they_cut_texts_into_the_same_words_as_subwords(words: Tokenizer) -> None:
    """Where subwords know each word whole, both give the same tokens."""
    pieces = train_subwords(CODE, PROSE, 500)
    for text in PROSE[:1]:
        joined = " ".join(words_of(text))
        assert words.encode(joined).tokens == pieces.encode(joined).tokens


def test_a_mark_is_one_token_and_no_unknown_word_beside_it(words: Tokenizer) -> None:
    tokens = [words.id_to_token(number) for number in words.encode("<capital> parse <joined> <capitals> header").ids]
    assert tokens == ["<capital>", "▁parse", "<joined>", "<capitals>", "▁header"]


def test_rare_words_and_words_beyond_the_size_are_unknown(words: Tokenizer) -> None:
    (ids,) = encode_code(words, ["parse(seldom, header, never)"], 100)
    assert [number == UNKNOWN for number in ids] == [False, True, False, True]
    small = train_word_level(CODE, PROSE, len(SPECIAL) + 2)
    assert small.get_vocab_size() == len(SPECIAL) + 2
    counts = Counter(word for text in [*CODE, *PROSE] for word in words_of(text))
    kept = {token.removeprefix("▁") for token, number in small.get_vocab().items() if number >= len(SPECIAL)}
    assert len(kept) == 2
    assert all(counts[word] >= sorted(counts.values())[-2] for word in kept)
    assert MARKS[0] in small.get_vocab()


def pair(name: str, code: str, query: str = "Parse the raw header.") -> Pair:
    return Pair("python", query, name, "a.py", code, "p")


TRAINING = [pair("f", CODE[0], PROSE[0])] * 20 + [pair("g", "def koblitz(): pass")] * 2
VALID = [
    pair("is_koblitz", "def is_koblitz(raw): return parse(raw, rawHeader, parse_raw, headerSplit)"),
    pair("unheard_header", "def unheard_header(header): return unheardOf(header)"),
]


KNOWN = {"def", "raw", "parse", "return"}


def test_figures_are_what_is_counted() -> None:
    def cut(name: str) -> tuple[str, ...]:
        return tuple(word if word in KNOWN else UNKNOWN_TOKEN for word in words_of(name))

    found = measure("whole words", cut, 7, VALID, ["koblitz", "parse"])
    words = [word for one in VALID for word in words_of(one.code)]
    known = sum(word in KNOWN for word in words)
    assert found.unknown_code == pytest.approx(1 - known / len(words))
    assert found.unknown_documentation == pytest.approx(2 * 2 / 8)  # the, header
    assert found.tokens_per_function == pytest.approx(len(words) / 2)
    assert found.tokens_per_documentation == 4
    assert found.whole == pytest.approx(known / len(words))
    assert (found.rare_lost, found.rare_pieces) == (0.5, 1.0)


def test_pieces_keep_the_words_that_whole_words_lose(tmp_path: Path) -> None:
    counts = counts_of(lambda: iter(TRAINING))
    rare = rare_words(counts, VALID)
    assert rare == ["koblitz", "unheard"]
    cuts = cuts_of(lambda: iter(TRAINING), counts, 200, tmp_path)
    found = {kind: measure(kind, cut, size, VALID, rare) for kind, (cut, size) in cuts.items()}
    assert found["WordPiece"].rare_lost == 0 < found["WordPiece"].rare_pieces
    assert found["WordPiece"].unknown_code == 0 < found["whole words"].unknown_code
    assert found["whole words"].rare_lost == found["whole identifiers"].rare_lost == 1
    assert found["whole words"].unknown_code < found["whole identifiers"].unknown_code
    assert found["WordPiece"].tokens_per_function > found["whole words"].tokens_per_function
    assert all(size <= 200 for _, size in cuts.values())
    assert load_subwords(tmp_path / "bpe-200.json") and load_subwords(tmp_path / "words-200.json")

    examples = examples_of(VALID, rare)
    assert examples == ["is_koblitz", "unheard_header"]
    sheet = example_sheet(examples, cuts, 200)
    row = dict(zip(sheet.head, sheet.rows[1], strict=True))
    kinds: list[Kind] = ["WordPiece", "byte-pair merges", "whole words", "whole identifiers"]
    assert list(sheet.head) == ["identifier", *kinds]
    assert row["whole words"] == f"{UNKNOWN_TOKEN} header"
    assert row["whole identifiers"] == UNKNOWN_TOKEN
    assert row["WordPiece"].replace(" -", "") == "unheard header"


def test_the_stage_writes_tables_and_vocabularies(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["compare-tokenizers", str(data), "--sizes", "120", "90", "--out", str(out)]) == 0
    assert "40 valid rows" in capsys.readouterr().out
    entries = json.loads((out / "tokenizers.json").read_text())
    assert [
        (entry["kind"], entry["size"] <= size) for size in (120, 90) for entry in entries[: 4 if size == 120 else 0]
    ]
    assert len(entries) == 8
    assert "| WordPiece | 1" in (out / "tokenizers.md").read_text()
    assert sorted(file.name for file in out.glob("*-*.json")) == [
        "bpe-120.json", "bpe-90.json", "words-120.json", "words-90.json",
    ]  # fmt: skip


def test_without_valid_rows_it_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"lang": "python", "package": "p", "path": "a.py", "func_name": "f", "docstring": "d", "code": "c"}
    assert pair_of(row).name == "f"
    with gzip.open(tmp_path / "a.train.jsonl.gz", "wt") as file:
        file.write(json.dumps(row) + "\n")
    assert main(["compare-tokenizers", str(tmp_path / "a.train.jsonl.gz")]) == 2
    assert "rows to choose by stand beside the training rows" in capsys.readouterr().err
