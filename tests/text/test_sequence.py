"""Sequences: text with its punctuation, signature, documentation, body and place, cut off between two tokens."""

from __future__ import annotations

from hunch.text.render import Source
from hunch.text.sequence import (
    BEGIN_ID,
    END_ID,
    LONGEST_CODE,
    LONGEST_PARTS,
    LONGEST_QUERY,
    SEQUENCE_PIECES,
    code_sequence,
    is_sequence_vocabulary,
    query_sequence,
)
from hunch.text.tokenizer import Tokenizer

WORDS = ["def", "read", "file", "lines", "path", "src", "util", "parse", "json", "reader", "##s", "if", "x"]
NUMBERS = [f"w{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(300)]
TOKENIZER = Tokenizer([*SEQUENCE_PIECES, *WORDS, *NUMBERS, *"().,:=?"])


def source(**parts: str) -> Source:
    return Source(**{**dict.fromkeys(Source._fields, ""), **parts})


def words(tokens: list[int]) -> str:
    return " ".join(TOKENIZER.pieces[token] for token in tokens)


def test_code_is_signature_documentation_body_and_place() -> None:
    given = source(
        name="Reader.readFile", path="src/util.py", signature="def readFile(path):", documentation="Read lines.",
        body="json.parse(file_path)",
    )  # fmt: skip
    assert words(code_sequence(given, TOKENIZER)) == (
        "[CLS] def read _ file ( path ) : read lines . json . parse ( file _ path ) src util reader [SEP]"
    )


def test_what_is_longer_is_cut_off_and_the_body_gives_way_first() -> None:
    long = " ".join(NUMBERS)
    alone = words(code_sequence(source(body=long), TOKENIZER)).split()
    assert alone == ["[CLS]", *NUMBERS[: LONGEST_CODE - 2], "[SEP]"]
    tokens = code_sequence(source(path="src/util.py", signature=long, documentation=long, body=long), TOKENIZER)
    assert len(tokens) == LONGEST_CODE and (tokens[0], tokens[-1]) == (BEGIN_ID, END_ID)
    signature, documentation = (NUMBERS[: LONGEST_PARTS[name]] for name in ("signature", "documentation"))
    body = NUMBERS[: LONGEST_CODE - 4 - len(signature) - len(documentation)]
    assert words(tokens).split()[1:-1] == [*signature, *documentation, *body, "src", "util"]
    asked = words(query_sequence(long, TOKENIZER)).split()
    assert asked == ["[CLS]", *NUMBERS[: LONGEST_QUERY - 2], "[SEP]"]


def test_of_a_place_the_end_counts() -> None:
    path = "/".join(NUMBERS[:40]) + "/util.py"
    kept = LONGEST_PARTS["place"] - 1
    assert words(code_sequence(source(path=path), TOKENIZER)).split()[1:-1] == [*NUMBERS[40 - kept : 40], "util"]


def test_what_is_unknown_is_left_out_and_nothing_at_all_is_empty() -> None:
    assert words(query_sequence("Ünïcode, parse 日本 @ x?", TOKENIZER)) == "[CLS] , parse x ? [SEP]"
    assert query_sequence("Ünïcode", TOKENIZER) == []
    assert code_sequence(source(), TOKENIZER) == []


def test_its_vocabulary_is_told_from_others() -> None:
    assert is_sequence_vocabulary(TOKENIZER.pieces)
    assert not is_sequence_vocabulary(["[PAD]", "[UNK]", "read"])
