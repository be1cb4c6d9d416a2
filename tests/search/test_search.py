"""Answers: one hit a place, few a file, an honest verdict, and the code as it is on disk."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from hunch.engine import Engine, answer, ask, open_engine, similar, update
from hunch.search.deduplicate import HITS_PER_FILE
from hunch.search.present import snippet_lines
from hunch.search.query import parse_query
from hunch.search.rank import ranker_for
from hunch.search.search import Answer, Answerability, Hit
from hunch.search.snippet import SNIPPET_LINES, read_snippet
from hunch.settings import CACHE_VARIABLE, MODEL_VARIABLE
from hunch.text.path_class import PathClass

RECIPE = (
    "Preheat the oven to 180 degrees and grease a round cake tin with a little butter. Beat the remaining butter with "
    "the sugar until pale and fluffy, then add the eggs one at a time, beating well after each. Sift in the flour with "
    "the baking powder and fold gently with a large spoon, adding a splash of milk if the mixture is stiff."
)
MINUTES = (
    "The committee met on Tuesday evening at the community hall to discuss the proposed housing development on the "
    "north side of the river. Residents raised concerns about traffic, parking, the loss of green space and the "
    "pressure on local schools, while the developer promised affordable homes, a playground and a new bus stop."
)
WORKSPACE = Path(__file__).parent.parent / "goldens" / "workspace"
CONTAINERS = {"class", "interface", "struct", "enum", "trait", "module"}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)
    return Path(shutil.copytree(WORKSPACE, tmp_path / "root"))


@pytest.fixture
def engine(root: Path) -> Engine:
    return indexed(root)


def indexed(root: Path) -> Engine:
    engine = open_engine(root)
    assert update(engine, workers=1) is not None
    return engine


def names(found: Answer) -> list[str]:
    return [hit.record.name for hit in found.hits]


def overlapping(one: Hit, other: Hit) -> bool:
    """Whether two hits are one place: lines in common, and not one inside the class or file that the other is."""
    a, b = one.record, other.record
    if one.path != other.path or a.end_line < b.start_line or b.end_line < a.start_line:
        return False
    kinds = {a.kind, b.kind}
    return not ("file" in kinds and len(kinds) > 1) and len(kinds & CONTAINERS) != 1


def test_a_definition_that_is_copied_is_shown_once(root: Path) -> None:
    source = (root / "text/words.pyw").read_text(encoding="utf-8")
    for place in ("legacy/words.pyw", "plugins/spelling/words.pyw"):
        (root / place).parent.mkdir(parents=True)
        (root / place).write_text(source.replace("    ", "\t"), encoding="utf-8")
    other = "def levenshtein(left, right):\n    return connect(left).retry(times=9).send(right.payload).headers\n"
    (root / "net/distance.pyw").write_text(other, encoding="utf-8")
    engine = indexed(root)
    found = [hit for hit in ask(engine, "levenshtein").hits if hit.record.name == "levenshtein"]
    assert len(found) == 2, "another function of that name is no copy"
    (copied,) = (hit for hit in found if hit.path != "net/distance.pyw")
    places = {copied.path, *(copy.path for copy in copied.near_duplicates)}
    assert places == {"text/words.pyw", "legacy/words.pyw", "plugins/spelling/words.pyw"}
    assert all(copy.start_line == copied.record.start_line for copy in copied.near_duplicates)
    assert not any(hit.near_duplicates for hit in found if hit is not copied)
    alike = similar(engine, copied.path, copied.record.start_line)
    assert {copy.path for copy in copied.near_duplicates} <= {hit.path for hit in alike.hits}, "each is shown"


QUESTIONS = [
    "sum the prices", "retry a failed request", "polygon", "password", "headings of a document", "cache", "graph",
    "delete what is old", "turn text into something", "date",
]  # fmt: skip


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_place_is_shown_once_and_a_file_a_few_times(engine: Engine, text: str) -> None:
    hits = ask(engine, text, limit=50).hits
    assert hits
    first = hits[: len({hit.path for hit in hits})]
    assert max(Counter(hit.path for hit in ask(engine, text, limit=5).hits).values()) <= HITS_PER_FILE or len(first) < 5
    for i, hit in enumerate(hits):
        assert not any(overlapping(hit, other) for other in hits[:i])


@pytest.mark.parametrize("text", QUESTIONS)
def test_hits_come_best_first_with_what_they_are(engine: Engine, root: Path, text: str) -> None:
    found = ask(engine, text)
    scores = [hit.score for hit in found.hits]
    assert scores == sorted(scores, reverse=True) and all(0 <= value <= 1 for value in scores)
    assert found.query == text and found.complete and found.elapsed_ms > 0
    for hit in found.hits:
        lines = (root / hit.path).read_text(encoding="utf-8").split("\n")
        start, end = hit.record.start_line, hit.record.end_line
        assert 1 <= start <= end <= len(lines)
        assert snippet_lines(hit) == lines[start - 1 : min(end, start + SNIPPET_LINES - 1)]
        assert hit.why and hit.language


@pytest.mark.parametrize("limit", [0, 1, 2, 5, 20])
def test_the_limit_holds_and_cuts_the_end(engine: Engine, limit: int) -> None:
    for text in QUESTIONS[:4]:
        every = ask(engine, text, limit=50).hits
        some = ask(engine, text, limit=limit).hits
        assert len(some) == min(limit, len(every))
        assert [hit.score for hit in some] == [hit.score for hit in every[:limit]]


@pytest.mark.parametrize(
    "text",
    [
        "bake sourdough bread with rye flour",
        "pregnancy symptoms in cats",
        "asdf qwer zxcv",
        "mortgage advisor near me",
        "photosynthesis chlorophyll",
        "фотосинтез растений",
        "🙂 zzzz",
        "xyzzy",
        RECIPE,
        MINUTES,
    ],
)
def test_nonsense_gets_an_honest_answer(engine: Engine, text: str) -> None:
    found = ask(engine, text)
    assert found.answerability is Answerability.NONE, [(hit.record.name, hit.score) for hit in found.hits[:2]]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("levenshtein", "levenshtein"),
        ("hash password", "hashPassword"),
        ("fetch with retry", "fetch_with_retry"),
        ("escape html", "escapeHtml"),
        ("prune old backups", "prune_old_backups"),
        ("topological sort", "topological_sort"),
        ("levenshtien", "levenshtein"),
        ("hasPassword", "hashPassword"),
        ("fetch wiht retry", "fetch_with_retry"),
        # A single word that is nobody's name.
        ("delimiter", "detect_delimiter"),
        ("palindrome", "is_palindrome"),
        ("headers", "parse_headers"),
        ("tax", "sales_tax"),
    ],
)
def test_a_name_is_found_first(engine: Engine, text: str, name: str) -> None:
    found = ask(engine, text)
    assert names(found)[0] == name and found.answerability is Answerability.RELEVANT


def test_the_verdict_follows_the_best_score(engine: Engine) -> None:
    relevant, weak = ranker_for(None).answerability
    seen = set()
    for text in [*QUESTIONS, "levenshtein", "bake sourdough bread", "shade"]:
        found = ask(engine, text)
        best = found.hits[0].score
        wanted = (
            Answerability.RELEVANT if best >= relevant else Answerability.WEAK if best >= weak else Answerability.NONE
        )
        assert found.answerability is wanted
        seen.add(found.answerability)
    assert len(seen) >= 2


def test_tests_come_after_the_code_unless_they_are_wanted(engine: Engine) -> None:
    plain = [hit.path for hit in ask(engine, "levenshtein").hits]
    assert plain.index("text/words.pyw") < plain.index("tests/checks.pyw")
    query = parse_query("test of levenshtein")
    assert query.wanted_path_classes == PathClass.TEST
    wanted = {hit.path: hit.score for hit in reversed(answer(engine, query).hits)}
    plainly = answer(engine, replace(query, wanted_path_classes=PathClass.PRODUCT))
    unwanted = {hit.path: hit.score for hit in reversed(plainly.hits)}
    assert wanted["tests/checks.pyw"] > unwanted["tests/checks.pyw"]
    assert wanted["text/words.pyw"] < unwanted["text/words.pyw"], "it has a rival now"


def test_filters_that_leave_nothing_say_so(engine: Engine) -> None:
    for text in ("cart path:nowhere/*.py", "cart lang:cobol", "cart kind:trait lang:python"):
        found = ask(engine, text)
        assert found.hits == [] and found.answerability is Answerability.NONE
        assert len(found.notices) == 1 and "filter" in found.notices[0]
    assert ask(engine, "cart path:shop").notices == []


def test_the_notices_of_a_query_come_along(engine: Engine) -> None:
    assert any("characters" in notice for notice in ask(engine, "cart " * 2_000).notices)


def test_nothing_is_found_where_nothing_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    (tmp_path / "empty").mkdir()
    found = ask(indexed(tmp_path / "empty"), "sort a list")
    assert found.hits == [] and found.answerability is Answerability.NONE and found.notices == []


# ---- snippets ----


def test_a_deleted_file_has_no_snippet(engine: Engine, root: Path) -> None:
    (root / "text/words.pyw").unlink()
    hit = ask(engine, "levenshtein").hits[0]
    assert (hit.path, snippet_lines(hit)) == ("text/words.pyw", [])


def test_a_file_that_became_a_folder_has_no_snippet(engine: Engine, root: Path) -> None:
    (root / "text/words.pyw").unlink()
    (root / "text/words.pyw").mkdir()
    assert snippet_lines(ask(engine, "levenshtein").hits[0]) == []


def test_a_snippet_is_what_is_on_disk_now(engine: Engine, root: Path) -> None:
    file = root / "text/words.pyw"
    file.write_text(file.read_text(encoding="utf-8").replace("def levenshtein", "def changed"), encoding="utf-8")
    assert snippet_lines(ask(engine, "levenshtein").hits[0])[0].startswith("def changed")


@pytest.mark.parametrize(
    ("content", "start", "end", "expected"),
    [
        (b"a\nb\nc\n", 1, 1, "a"),
        (b"a\nb\nc\n", 2, 3, "b\nc"),
        (b"a\nb\nc", 3, 3, "c"),
        (b"a\r\nb\r\nc\r\n", 1, 2, "a\nb"),
        (b"\xef\xbb\xbfa\nb\n", 1, 2, "a\nb"),
        (b"a\xff\nb\n", 1, 2, "a\xff\nb"),
        ("größe größer\n".encode() + b"a\xff\n", 1, 2, "größe größer\na\ufffd"),
        (b"a\n", 5, 9, ""),
        (b"a\nb\n", 2, 99, "b\n"),
        (b"", 1, 1, ""),
        (b"x\n" * 40, 3, 40, "\n".join("x" * SNIPPET_LINES)),
        ("é\n日本\n".encode(), 1, 2, "é\n日本"),
    ],
)
def test_the_lines_of_a_snippet(tmp_path: Path, content: bytes, start: int, end: int, expected: str) -> None:
    (tmp_path / "a.py").write_bytes(content)
    assert "\n".join(read_snippet(tmp_path, "a.py", start, end)).rstrip("\n") == expected.rstrip("\n")


SOURCE = "\n\ndef first_thing():\n    return 'the first'\n\n\ndef second_thing():\n    return 'the second'\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("LF", SOURCE.encode()),
        ("CRLF", SOURCE.replace("\n", "\r\n").encode()),
        ("CR", SOURCE.replace("\n", "\r").encode()),
        ("BOM", b"\xef\xbb\xbf" + SOURCE.encode()),
        ("UTF-16", SOURCE.encode("utf-16")),
        ("form feed", SOURCE.replace("\n\ndef second", "\n\f\ndef second").encode()),
        ("line separator", SOURCE.replace("'the first'", "'the\u2028first'").encode()),
        ("invalid UTF-8", SOURCE.replace("the first", "the f?rst").encode().replace(b"?", b"\xff")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_snippet_begins_where_its_chunk_does(root: Path, name: str, content: bytes) -> None:
    (root / "odd.py").write_bytes(content)
    hit = ask(indexed(root), "second_thing path:odd.py kind:function").hits[0]
    assert hit.record.name == "second_thing"
    assert snippet_lines(hit)[0] == "def second_thing():"


# ---- similar ----


def test_similar_finds_a_copy_under_another_name(root: Path) -> None:
    text = (root / "text/words.pyw").read_text(encoding="utf-8")
    start = text.index("def levenshtein")
    body = text[start : text.index("\n\n\n", start)]
    (root / "copy.py").write_text(body.replace("levenshtein", "edit_distance") + "\n", encoding="utf-8")
    engine = indexed(root)
    line = text[:start].count("\n") + 1
    for offset in (0, 1, 4):
        found = similar(engine, "text/words.pyw", line + offset)
        assert (found.hits[0].path, found.hits[0].record.name) == ("copy.py", "edit_distance")
        here = [hit.record for hit in found.hits if hit.path == "text/words.pyw"]
        assert all(record.name != "levenshtein" for record in here)


def test_similar_takes_the_innermost_definition(root: Path) -> None:
    lines = (root / "shop/cart.pyw").read_text(encoding="utf-8").split("\n")
    line = next(i for i, text in enumerate(lines, 1) if "def total" in text)
    hits = similar(indexed(root), "shop/cart.pyw", line).hits
    assert hits and all(hit.record.name != "total" or hit.path != "shop/cart.pyw" for hit in hits)
    assert any(hit.record.name == "sumInCents" for hit in hits)


@pytest.mark.parametrize("limit", [1, 3])
def test_similar_obeys_the_limit(engine: Engine, limit: int) -> None:
    assert len(similar(engine, "text/csv.rs", 5, limit=limit).hits) == limit


def test_a_file_has_more_hits_where_places_are_left_and_all_of_an_exact_name(root: Path) -> None:
    shapes = "".join(
        f"class Shape{n}:\n    def hatch(self, pen):\n        return pen.line({n})\n\n\n" for n in range(6)
    )
    (root / "shapes.py").write_text(shapes, encoding="utf-8")
    engine = indexed(root)
    exact = [hit for hit in ask(engine, "hatch", limit=20).hits if hit.record.name == "hatch"]
    assert [hit.path for hit in exact] == ["shapes.py"] * 6
    inside = ask(engine, "draw a line with a pen path:shapes.py", limit=20).hits
    assert len(inside) > HITS_PER_FILE and {hit.path for hit in inside} == {"shapes.py"}
