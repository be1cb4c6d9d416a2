"""Search measured on a user's own code: documentation asks for the function that it stood at."""

from __future__ import annotations

from pathlib import Path

import pytest

from hunch.index.writer import Progress
from hunch.model.bundle import load_bundle
from hunch.model.encoder import Encoder
from hunch.search.evaluate import MAX_WORDS, MIN_WORDS, RANKINGS, evaluate_workspace
from hunch.search.query import QueryError
from hunch.workspace.scan import RootError

WORKSPACE = Path(__file__).parent.parent / "goldens" / "workspace"


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(load_bundle(verify=False))


def write(root: Path, files: dict[str, str]) -> Path:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
    return root


def function(name: str, documentation: str, body: str = "return value") -> str:
    return f"def {name}(value):\n    '''{documentation}'''\n    {body}\n\n\n"


def test_a_workspace_is_measured(encoder: Encoder) -> None:
    seen: list[Progress] = []
    result = evaluate_workspace(WORKSPACE, encoder, on_progress=seen.append)
    assert result.queries >= 30 and result.chunks >= 70
    assert result.rows.keys() == RANKINGS.keys()
    for row in result.rows.values():
        for interval in (row.mrr, row.recall):
            assert 0 <= interval.low <= interval.mean <= interval.high <= 1
        assert row.mrr.mean <= row.recall.mean + 0.1
    assert result.rows["all signals"].mrr.mean > 0.3
    asked = [progress for progress in seen if progress.total == result.queries]
    assert [progress.done for progress in asked[-result.queries :]] == list(range(result.queries))


def test_it_repeats_itself(encoder: Encoder) -> None:
    assert evaluate_workspace(WORKSPACE, encoder, queries=10) == evaluate_workspace(WORKSPACE, encoder, queries=10)
    assert evaluate_workspace(WORKSPACE, encoder, queries=10).queries == 10


def test_the_documentation_is_not_in_the_index(tmp_path: Path, encoder: Encoder) -> None:
    # The words of the documentation stand nowhere else: an index that held them would find every function at once.
    names = "alpha beta gamma delta epsilon zeta eta theta iota kappa sigma mu".split()
    strange = "gargle froth melon walrus trombone velvet cactus pickle lantern gravel muffin otter".split()
    asked = [" ".join((strange * 2)[i : i + 4]) for i in range(12)]
    source = "".join(function(name, f"{words}.") for name, words in zip(names, asked, strict=True))
    result = evaluate_workspace(write(tmp_path, {"a.py": source}), encoder)
    assert result.queries == 12
    assert result.rows["lexical search alone"].mrr.mean < 0.3


def test_a_plain_case_is_solved(tmp_path: Path, encoder: Encoder) -> None:
    files = {
        "a.py": function("sort_numbers", "Sort the numbers of a list.", "return sorted(numbers_of(value))"),
        "b.py": function("open_socket", "Open a socket to the server.", "return socket.connect(server)"),
        "c.py": function("parse_date", "Parse a date from a text.", "return date.strptime(value)"),
    }
    result = evaluate_workspace(write(tmp_path, files), encoder)
    assert result.queries == 3
    assert result.rows["all signals"].mrr.mean == 1 and result.rows["all signals"].recall.mean == 1


@pytest.mark.parametrize(
    ("documentation", "counts"),
    [
        ("Sort the given numbers.", True),
        ("Sort the given numbers. Then more, which is not asked for.", True),
        ("Sort the given numbers\n\n    Args: value", True),
        ("Sort it.", False),
        ("", False),
        (" ".join(["word"] * (MIN_WORDS - 1)), False),
        (" ".join(["word"] * MIN_WORDS), True),
        (" ".join(["word"] * MAX_WORDS), True),
        (" ".join(["word"] * (MAX_WORDS + 1)), False),
        ("? ! ? ! ? !", False),
        ("sort lang:nosuch all the numbers", False),
    ],
)
def test_which_documentation_asks(tmp_path: Path, encoder: Encoder, documentation: str, counts: bool) -> None:
    root = write(
        tmp_path, {"a.py": function("anchor", "Keep the ship in its place."), "b.py": function("f", documentation)}
    )
    assert evaluate_workspace(root, encoder).queries == 1 + counts


def test_what_two_functions_say_asks_for_neither(tmp_path: Path, encoder: Encoder) -> None:
    twice = function("one", "Sort the given numbers.") + function("two", "Sort the given numbers.")
    root = write(tmp_path, {"a.py": twice + function("three", "Keep the ship in its place.")})
    assert evaluate_workspace(root, encoder).queries == 1


def test_classes_do_not_ask(tmp_path: Path, encoder: Encoder) -> None:
    head = 'class Ship:\n    """A ship that sails the sea."""\n\n'
    source = head + '    def sail(self):\n        """Sail to the other harbour."""\n'
    assert evaluate_workspace(write(tmp_path, {"a.py": source}), encoder).queries == 1


@pytest.mark.parametrize("files", [{}, {"a.py": "x = 1\n"}, {"a.py": "def f():\n    return 'no documentation'\n"}])
def test_nothing_to_ask_for_is_said(tmp_path: Path, encoder: Encoder, files: dict[str, str]) -> None:
    with pytest.raises(QueryError, match="no documented functions"):
        evaluate_workspace(write(tmp_path, files), encoder)


def test_a_root_that_is_none(tmp_path: Path, encoder: Encoder) -> None:
    with pytest.raises(RootError):
        evaluate_workspace(tmp_path / "nowhere", encoder)
