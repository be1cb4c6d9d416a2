"""Finished hits: the lines and the words that every surface shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from hunch.index.records import ChunkRecord
from hunch.model.bundle import load_bundle
from hunch.model.encoder import Encoder
from hunch.search import snippet
from hunch.search.features import OF_KINDS, POSITIVE
from hunch.search.phrases import MOST_TERMS, REASON_PHRASES, answerability, explained, in_words, statements
from hunch.search.present import FinishedHit, present
from hunch.search.rank import FUZZY_NAME, HELD_NAME, Reason
from hunch.search.search import Answer, Answerability, Hit
from hunch.workspace.ignore import read_regular

CODE = "# Keeps few files.\ndef prune(days):\n    for path in expired(days):\n        path.unlink()\n"
RECORD = ChunkRecord("function", "prune", "Store.prune", "def prune(days)", "Keeps few files.", 1, 4, 0)
WHY = [Reason("context", 2.0), Reason("words", 1.0, ("file",)), Reason("meaning", 0.5), Reason("in test code", -1.0)]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(load_bundle())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "store.py").write_text(CODE, encoding="utf-8")
    return tmp_path


def finish(
    root: Path, encoder: Encoder | None = None, query: str = "delete files", unsaved: str | None = None
) -> FinishedHit:
    hit = Hit(root, "store.py", "python", RECORD, 0.7, WHY)
    answer = Answer(query, [hit], Answerability.RELEVANT, 1.0, True, [])
    return present(answer, encoder, lambda hit: unsaved).hits[0]


def test_a_finished_hit_has_what_surfaces_show(root: Path, encoder: Encoder) -> None:
    hit = finish(root, encoder)
    assert (hit.title, hit.shown_name, hit.path) == ("Store.prune - store.py:1", "Store.prune", "store.py")
    assert (hit.start_line, hit.name_line, hit.end_line) == (1, 2, 4)
    assert hit.snippet == CODE.rstrip("\n")
    assert {(one.asked, one.found) for one in hit.related} >= {("delete", "unlink"), ("delete", "prune")}
    first = hit.highlights[0]
    assert (hit.lines[first.line][first.start : first.end], first.is_exact) == ("files", True)
    assert (hit.lines[first.line][first.start : first.end], first.is_exact) == ("files", True)
    pairs = tuple(f"{one.asked} \u2248 {one.found}" for one in hit.related)
    assert [reason.terms for reason in hit.why] == [(), ("file",), pairs, ()]
    shown = (*pairs[:MOST_TERMS], *(["\u2026"] if len(pairs) > MOST_TERMS else []))
    assert hit.found_by == f"meaning ({', '.join(shown)}); words (file)"


def test_related_terms_go_with_the_embedding_that_counted(root: Path, encoder: Encoder) -> None:
    hit = Hit(root, "store.py", "python", RECORD, 0.7, [Reason("words", 2.0, ("file",)), Reason("context", 1.0)])
    (finished,) = present(Answer("delete files", [hit], Answerability.RELEVANT, 1.0, True, []), encoder).hits
    assert "delete \u2248 unlink" in finished.why[1].terms and not finished.why[0].terms[1:]


def test_the_unsaved_text_goes_before_the_disk(root: Path) -> None:
    hit = finish(root, query="drop", unsaved="\r\ndef prune(days):\r\n    drop(days)\r\n")
    assert hit.lines == ("", "def prune(days):", "    drop(days)", "")
    assert (hit.name_line, [one.found for one in hit.highlights]) == (2, ["drop"])


def test_a_file_that_is_gone_leaves_a_hit_without_lines(root: Path) -> None:
    (root / "store.py").unlink()
    hit = finish(root)
    assert (hit.lines, hit.snippet, hit.highlights, hit.name_line) == ((), "", (), 1)


def test_each_file_is_read_once(root: Path, encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(file: str | Path, limit: int, *, follow_link: bool = True) -> bytes:
        read.append(str(file))
        return read_regular(file, limit, follow_link=follow_link)

    monkeypatch.setattr("hunch.search.snippet.read_regular", counted)
    hit = finish(root, encoder)
    assert (hit.snippet, hit.lines, hit.found_by, hit.title) and read == [f"{root}/store.py"]


@pytest.mark.parametrize(
    ("why", "expected"),
    [
        ([], ""),
        ([Reason("words", 1.0, ("a", "b"))], "words (a, b)"),
        ([Reason("words", 1.0, tuple("abcde"))], "words (a, b, c, d, \u2026)"),
        ([Reason("length", 2.0), Reason("language", 1.0), Reason("block", -1.0)], "in the language"),
        ([Reason("file words", 3.0), Reason("exact case", 1.0)], "as typed; words elsewhere in the file"),
        ([Reason("meaning", 2.0, ("a \u2248 b",)), Reason("context", 1.0)], "meaning (a \u2248 b)"),
        ([Reason("context", 2.0), Reason("meaning", 1.0, ("a \u2248 b",))], "meaning (a \u2248 b)"),
        ([Reason("context", 2.0), Reason("meaning", -1.0, ("a \u2248 b",))], "meaning"),
        ([Reason(name, 1.0) for name in ("symbol", "prefix", "path", "kind")],
         "exact name; beginning of the name; path"),
    ],
)  # fmt: skip
def test_reasons_in_words(why: Sequence[Reason], expected: str) -> None:
    assert in_words(statements(why)) == expected


def test_every_feature_has_its_words() -> None:
    assert set(REASON_PHRASES) == {*POSITIVE, FUZZY_NAME, HELD_NAME} - {"length"}
    assert [explained(name) for name in OF_KINDS] == ["the file as a whole", "code outside definitions"]
    assert explained("in test code") == "in test code"
    assert explained("context") == "contextual embedding"


def test_an_answer_says_how_sure_it_is(root: Path) -> None:
    answer = Answer("x", [Hit(root, "store.py", "python", RECORD, 0.1, WHY)], Answerability.NONE, 1.0, True, [])
    labels = [present(replace(answer, answerability=verdict), None).label for verdict in Answerability]
    assert labels == ["", "Not sure; these come nearest", "Nothing here seems to do that. These come nearest"]
    assert present(replace(answer, hits=[]), None).label == answerability(Answerability.NONE, has_hits=False)
    assert answerability(Answerability.NONE, has_hits=False) == "Nothing here seems to do that"


@pytest.mark.parametrize("text", ["a\nb\nc\n", "a\r\nb\r\n", "a\rb\rc", "", "\n", "a\x0cb\u2028c\n", "x\n" * 40])
def test_unsaved_and_saved_text_give_the_same_lines(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.py").write_bytes(text.encode())
    count = len(snippet.unsaved_snippet(text, 1, 99))
    for start in range(1, min(count, 5)):
        for end in range(start, start + 14):
            saved = snippet.read_snippet(tmp_path, "a.py", start, end)
            unsaved = snippet.unsaved_snippet(text, start, end)
            assert "\n".join(saved).rstrip("\n") == "\n".join(unsaved).rstrip("\n")
