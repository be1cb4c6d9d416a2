"""Several folders answer as one."""

from __future__ import annotations

from pathlib import Path

from hunch.index.records import ChunkRecord
from hunch.search.merge import merge_answers
from hunch.search.search import Answer, Answerability, Hit


def hit(root: str, path: str, score: float, line: int = 1) -> Hit:
    record = ChunkRecord("function", path, path, "", "", line, line + 2, 0)
    return Hit(Path(root), path, "python", record, score, [])


def answer(
    *hits: Hit, verdict: Answerability = Answerability.RELEVANT, complete: bool = True, notice: str = ""
) -> Answer:
    return Answer("query", list(hits), verdict, 1.0, complete, [notice] if notice else [])


def test_the_best_hits_of_all_folders_come_first() -> None:
    merged = merge_answers([answer(hit("/a", "x.py", 0.4)), answer(hit("/b", "y.py", 0.9), hit("/b", "z.py", 0.2))], 2)
    assert [(h.root, h.path) for h in merged.hits] == [(Path("/b"), "y.py"), (Path("/a"), "x.py")]
    assert merged.elapsed_ms == 2.0


def test_one_folder_that_knows_something_is_enough() -> None:
    merged = merge_answers(
        [answer(verdict=Answerability.NONE), answer(hit("/b", "y.py", 0.3), verdict=Answerability.WEAK)], 5
    )
    assert merged.answerability is Answerability.WEAK


def test_one_folder_that_is_not_done_makes_the_answer_partial() -> None:
    assert not merge_answers([answer(), answer(complete=False)], 5).complete


def test_a_file_of_two_folders_is_named_once_by_the_nearest() -> None:
    merged = merge_answers([answer(hit("/a", "inner/x.py", 0.5)), answer(hit("/a/inner", "x.py", 0.5))], 5)
    assert [(h.root, h.path) for h in merged.hits] == [(Path("/a/inner"), "x.py")]


def test_notices_are_said_once() -> None:
    assert merge_answers([answer(notice="cut"), answer(notice="cut")], 5).notices == ["cut"]
