"""Each feature says what its name says, and stands in the column of its name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hunch.model.ranker import ContextLine
from hunch.search.candidates import Candidates
from hunch.search.features import NAMES, NEGATIVE, PATH_CLASSES, POSITIVE, features_of, matrices
from hunch.search.query import parse_query
from hunch.text.chunk import KINDS
from hunch.text.path_class import PathClass
from hunch.text.render import FIELD_NAMES

LINE = ContextLine(0.1, 0.5)
QUERY = parse_query("sort items")
NAME, SIGNATURE, PATH, BODY = (1 << FIELD_NAMES.index(name) for name in ("name", "signature", "path", "body"))


def some(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, np.float32)


# Two candidates of one file, and one of another; no two features of the first are alike.
FOUND = Candidates(
    chunks=np.array([1, 2, 7]),
    dense=some(0.11, 0.0, 0.0),
    lexical=some(0.12, 0.0, 0.0),
    term_fields=np.array([[NAME | PATH, 0, BODY], [SIGNATURE | PATH, BODY, 0], [SIGNATURE, BODY, 0]], np.uint8),
    idf=some(1, 2, 7),
    symbols=some(0.13, 0, 0),
    exact_case=some(0.14, 0, 0),
    prefix=some(0.15, 0, 0),
    in_language=some(0.16, 0, 0),
    of_kind=some(0.17, 0, 0),
    kinds=np.array([KINDS.index(kind) for kind in ("function", "block", "file")], np.uint8),
    lines=np.array([8, 1, 64], np.uint16),
    path_classes=np.array([int(PathClass.PRODUCT), int(PathClass.TEST), int(PathClass.VENDORED)], np.uint8),
    files=np.array([1, 1, 7]),
    context=some(0.18, 0.19, np.nan),
)
FIRST = {
    "meaning": 0.11, "context": 0.18, "words": 0.12, "name": 0.1, "signature": 0.9, "path": 0.3, "symbol": 0.13,
    "exact case": 0.14, "prefix": 0.15, "neighbour": 0.19, "file words": 1.0, "language": 0.16, "kind": 0.17,
    "length": 0.5,
    "file-level chunk": 0, "block": 0, **{f"in {str(one.name).lower()} code": 0 for one in PATH_CLASSES},
}  # fmt: skip


def column(name: str) -> list[float]:
    """Return a feature of the three candidates as the ranker is given it."""
    matrix = np.hstack(matrices(QUERY, FOUND, features_of(FOUND, LINE)))
    return [float(value) for value in matrix[:, NAMES.index(name)]]


def test_every_column_of_a_candidate_holds_what_it_is_called() -> None:
    assert {name: column(name)[0] for name in NAMES} == pytest.approx(FIRST)
    assert len(set(list(FIRST.values())[: len(POSITIVE)])) == len(POSITIVE), "so that no two could change places"


@pytest.mark.parametrize(("name", "values"), [
    ("block", [0, 1, 0]), ("file-level chunk", [0, 0, 1]), ("in test code", [0, 1, 0]), ("in vendored code", [0, 0, 1]),
    ("in example code", [0, 0, 0]), ("neighbour", [0.19, 0.18, 0]), ("file words", [1, 1, 0.1]),
    ("length", [0.5, 0, 0]),
])  # fmt: skip
def test_columns_of_the_others(name: str, values: list[float]) -> None:
    assert column(name) == pytest.approx(values)


@pytest.mark.parametrize("path_class", PATH_CLASSES)
def test_each_path_class_has_a_column_of_its_own(path_class: PathClass) -> None:
    found = replace(FOUND, path_classes=np.full(3, int(path_class), np.uint8))
    _, negative = matrices(QUERY, found, {})
    expected = [name == f"in {str(path_class.name).lower()} code" for name in NEGATIVE]
    assert negative.astype(bool).tolist() == [expected] * 3
