"""Sequences: each token once, the fields in order, cut off between the two tokens at the ends."""

from __future__ import annotations

from hunch.text.render import render_parts
from hunch.text.sequence import (
    BEGIN_ID,
    END_ID,
    LONGEST_CODE,
    LONGEST_QUERY,
    SEQUENCE_PIECES,
    code_sequence,
    query_sequence,
)
from hunch.text.tokenizer import Tokenizer

WORDS = ["read", "file", "lines", "path", "src", "util", "parse", "json", "##s"]
NUMBERS = [f"w{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(300)]
TOKENIZER = Tokenizer([*SEQUENCE_PIECES, *WORDS, *NUMBERS])


def words(tokens: list[int]) -> list[str]:
    return [TOKENIZER.pieces[token] for token in tokens]


def test_fields_follow_each_other_and_nothing_comes_twice() -> None:
    fields = render_parts(
        name="readFile", path="src/util.py", signature="def readFile(path)", documentation="Read lines.",
        body="json = parse(file, lines)",
    )  # fmt: skip
    assert words(code_sequence(fields, TOKENIZER)) == [
        "[CLS]", "read", "file", "src", "util", "path", "lines", "json", "parse", "[SEP]",
    ]  # fmt: skip


def test_what_is_longer_is_cut_off_and_the_end_stays() -> None:
    tokens = code_sequence(render_parts(name="read", body=" ".join(NUMBERS)), TOKENIZER)
    assert len(tokens) == LONGEST_CODE and (tokens[0], tokens[-1]) == (BEGIN_ID, END_ID)
    assert words(tokens)[1:-1] == ["read", *NUMBERS[: LONGEST_CODE - 3]]
    tokens = query_sequence(NUMBERS, TOKENIZER)
    assert len(tokens) == LONGEST_QUERY and tokens[-1] == END_ID


def test_of_a_path_the_end_counts() -> None:
    path = "/".join(NUMBERS[:40]) + "/util.py"
    assert words(code_sequence(render_parts(path=path, body=""), TOKENIZER))[1:-1] == [*NUMBERS[29:40], "util"]


def test_unknown_words_are_left_out_and_nothing_at_all_is_empty() -> None:
    assert words(query_sequence(["Ünïcode", "parse", "日本"], TOKENIZER)) == ["[CLS]", "parse", "[SEP]"]
    assert query_sequence(["Ünïcode"], TOKENIZER) == []
    assert code_sequence(render_parts(body=""), TOKENIZER) == []
