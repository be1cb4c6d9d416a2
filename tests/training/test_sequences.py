"""What a Transformer tower reads: order, fields, and where each is cut off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hunch.text.bag import Bags
from hunch.text.render import FIELD_NAMES, Fields
from hunch.text.tokenizer import SPECIAL_PIECES, Tokenizer
from hunch_training.data.pairs import read_training_pairs
from hunch_training.tokens.corpus import keep, merge_rows, take
from hunch_training.tokens.sequences import (
    BAGS,
    LONGEST_FIELDS,
    Reading,
    code_sequences,
    in_field_order,
    load_corpora_as,
    longest_code,
    query_sequences,
)

LETTERS = [chr(ord("a") + number) for number in range(26)]
TOKENIZER = Tokenizer([*SPECIAL_PIECES, *LETTERS, *(f"##{letter}" for letter in LETTERS)])


def words_of(sequences: Bags, row: int) -> list[tuple[str, str]]:
    own = slice(int(sequences.offsets[row]), int(sequences.offsets[row + 1]))
    pieces = [TOKENIZER.pieces[i] for i in sequences.ids[own]]
    return list(zip(pieces, (FIELD_NAMES[f] for f in sequences.fields[own]), strict=True))


def test_tokens_stand_in_their_order_with_their_fields() -> None:
    text = Fields(["b", "a"], ["q"], ["z", "y", "z"], ["d"], ["c", "\u4e2d", "b", "c"])
    sequences = code_sequences([text, Fields([], [], [], [], []), Fields([], [], [], [], ["a"])], TOKENIZER, 8)
    assert words_of(sequences, 0) == [
        ("b", "name"), ("a", "name"), ("q", "path"), ("z", "signature"), ("y", "signature"), ("z", "signature"),
        ("d", "documentation"), ("c", "body"), ("b", "body"), ("c", "body"),
    ]  # fmt: skip
    assert words_of(sequences, 1) == [] and words_of(sequences, 2) == [("a", "body")]
    assert sequences.counts.tolist() == [1] * 11
    assert words_of(query_sequences([["c", "\u4e2d", "a", "b", "a"]], TOKENIZER, 3), 0) == [
        ("c", "name"), ("a", "name"), ("b", "name"),
    ]  # fmt: skip


def test_each_field_is_cut_off_and_a_path_keeps_its_end() -> None:
    long = [LETTERS[number % 26] for number in range(200)]
    sequences = code_sequences([Fields(*[long] * 5)], TOKENIZER, 30)
    found = words_of(sequences, 0)
    assert len(found) == longest_code(30)
    for name, longest in {**LONGEST_FIELDS, "body": 30}.items():
        kept = [word for word, field in found if field == name]
        assert kept == (long[-longest:] if name == "path" else long[:longest])


def test_rows_are_taken_thinned_out_and_merged_as_bags_are() -> None:
    sequences = code_sequences([Fields(["a"], [], [], [], ["b", "c"]), Fields(["d"], [], [], [], ["e"])], TOKENIZER, 8)
    swapped = take(sequences, np.array([1, 0]))
    documentation = query_sequences([["x", "w"], []], TOKENIZER, 8)
    documentation.fields[:] = FIELD_NAMES.index("documentation")
    thin = keep(swapped, swapped.ids != TOKENIZER.encode_word("b")[0])
    joined = in_field_order(merge_rows(thin, documentation))
    assert [word for word, _ in words_of(joined, 0)] == ["d", "x", "w", "e"]
    assert [word for word, _ in words_of(joined, 1)] == ["a", "c"]


@pytest.mark.parametrize("reading", [BAGS, Reading(query_tokens=4), Reading(query_tokens=4, body_tokens=6)])
def test_each_side_is_read_as_its_tower_reads_it(data: Path, tmp_path: Path, reading: Reading) -> None:
    file = data / "packages_pairs/python.train.jsonl.gz"
    pairs = list(read_training_pairs(file))
    for _ in range(2):  # written, and read again
        (corpus,) = load_corpora_as([file], TOKENIZER, tmp_path, reading)
        fresh = reading.read_queries([pair.query for pair in pairs], TOKENIZER)
        for name in ("offsets", "ids", "fields", "counts"):
            assert np.array_equal(getattr(corpus.queries, name), getattr(fresh, name)), name
        assert len(corpus.code) == len(corpus.query_ids) == len(pairs)
    assert isinstance(corpus.code.ids, np.memmap) == (reading.body_tokens is not None)


def test_sequences_of_another_length_or_vocabulary_are_read_anew(data: Path, tmp_path: Path) -> None:
    file = data / "packages_pairs/python.train.jsonl.gz"
    (short,) = load_corpora_as([file], TOKENIZER, tmp_path, Reading(query_tokens=3))
    (long,) = load_corpora_as([file], TOKENIZER, tmp_path, Reading(query_tokens=5))
    assert int(np.diff(short.queries.offsets).max()) == 3 and int(np.diff(long.queries.offsets).max()) == 5
    (few,) = load_corpora_as([file], TOKENIZER, tmp_path, Reading(query_tokens=3), limit=7)
    assert len(few.queries) == len(few.code) == 7
    other = Tokenizer([*SPECIAL_PIECES, *reversed(LETTERS), *(f"##{letter}" for letter in LETTERS)])
    (others,) = load_corpora_as([file], other, tmp_path, Reading(query_tokens=3))
    assert not np.array_equal(others.queries.ids, short.queries.ids)
    assert not list(tmp_path.glob(".*"))


def test_valid_rows_are_refused_for_training(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not for training"):
        load_corpora_as([data / "packages_pairs/python.valid.jsonl.gz"], TOKENIZER, tmp_path, Reading(query_tokens=3))
