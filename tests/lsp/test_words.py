"""What people read: hovers, progress, and which functions count as nearly identical."""

from __future__ import annotations

from pathlib import Path

import pytest

from hunch.index.records import ChunkRecord
from hunch.live import Phase, Status
from hunch.lsp.hints import NEARLY_IDENTICAL, new_functions, similarity, tokens_of
from hunch.lsp.progress import report_of
from hunch.lsp.reading import first_sentence, hover_text
from hunch.search.present import present
from hunch.search.rank import Reason
from hunch.search.search import Answer, Answerability, Hit
from hunch.text.chunk import Chunk, chunk_source

TOTAL = '''def total_price(orders, tax_rate):
    """Add up the price of all orders and put the tax on top."""
    net = 0
    for order in orders:
        if order.amount > 0:
            net += order.price * order.amount
    return net * (1 + tax_rate)
'''


def function(source: str) -> Chunk:
    return next(chunk for chunk in chunk_source("a.py", "python", source.encode()) if chunk.kind == "function")


@pytest.mark.parametrize(
    ("documentation", "expected"),
    [
        ("", ""),
        ("Do it. Then rest.", "Do it."),
        ("Do it\nin two lines\n\nand more.", "Do it in two lines"),
        ("Use v1.2 of it! Now.", "Use v1.2 of it!"),
        ("x" * 400, "x" * 300 + "..."),
    ],
)
def test_first_sentences(documentation: str, expected: str) -> None:
    assert first_sentence(documentation) == expected


def test_hover_says_kind_place_sentence_and_reasons() -> None:
    chunk = Chunk("lib/__init__.py", "python", "method", "run", "Job.run", "", "Run <it> now. Later.", "", 3, 9)
    why = [Reason("words", 1.5, ("run", "job")), Reason("meaning", 0.5), Reason("test", -1.0)]
    record = ChunkRecord("method", "run", "Job.run", "", "", 3, 9, 0)
    hit = Hit(Path("/x"), "lib/__init__.py", "python", record, 0.7, why)
    (finished,) = present(Answer("run job", [hit], Answerability.RELEVANT, 1.0, True, []), None).hits
    assert hover_text(chunk, finished).split("\n\n") == [
        r"**method** `Job.run` - lib/\_\_init\_\_.py:3",
        r"Run \<it\> now.",
        "Found by words (run, job); meaning",
    ]


@pytest.mark.parametrize(
    ("done", "total", "message", "percentage"),
    [
        (12_400, 50_000, "12,400 of 50,000 files", 24),
        (0, 10, "0 of 10 files", 0),
        (11, 10, "11 of 10 files", 100),
        (7, 0, "Looking through the folder", None),
    ],
)
def test_progress_counts_files(done: int, total: int, message: str, percentage: int | None) -> None:
    report = report_of(Status(Path("/x"), Phase.INDEXING, "Looking through the folder", done=done, total=total))
    assert (report.message, report.percentage) == (message, percentage)


@pytest.mark.parametrize(
    ("changes", "is_twin"),
    [
        ({}, True),
        ({"total_price": "sum_of_orders"}, True),
        ({"total_price": "gross", "tax_rate": "rate"}, True),
        ({'    """Add up the price of all orders and put the tax on top."""\n': ""}, True),
        ({"order": "line", "orders": "lines", "net": "result", "price": "cost", "amount": "count"}, False),
        ({"        if order.amount > 0:\n": "", "(1 + tax_rate)": "tax_rate"}, False),
    ],
)
def test_nearly_identical_functions(changes: dict[str, str], is_twin: bool) -> None:
    other = TOTAL
    for old, new in changes.items():
        other = other.replace(old, new)
    share = similarity(tokens_of(function(TOTAL)), tokens_of(function(other)))
    assert (share >= NEARLY_IDENTICAL) is is_twin, share


def test_only_functions_that_came_and_are_long_are_new() -> None:
    short = "def short():\n    return 1\n"
    renamed = TOTAL.replace("total_price", "renamed")
    changed = TOTAL.replace("net * ", "net + ")
    added = changed.replace("total_price", "added")

    def names(before: str, text: str) -> list[str]:
        return [chunk.name for chunk in new_functions("a.py", before, text)]

    assert names("", TOTAL + short) == ["total_price"]
    assert names(TOTAL, TOTAL + short) == []
    assert names(TOTAL, renamed) == []
    assert names(TOTAL, changed) == []
    assert names(TOTAL, TOTAL + "\n\n" + added) == ["added"]
    assert names("", "no code at all") == []
