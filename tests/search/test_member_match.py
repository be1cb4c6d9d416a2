"""Constants, fields and the like as answers: first where they are meant, behind definitions elsewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import hunch
from hunch.engine import Engine, ask, open_engine, update
from hunch.search.present import present
from hunch.search.search import Answer, Answerability
from hunch.settings import CACHE_VARIABLE, MODEL_VARIABLE

FILES = {
    "tea/kettle.py": "import os\n\nBOILING_POINT = 100\nMAX_CUPS = 6\n\n\ndef boil(pot):\n"
    '    """Heat the pot until the water boils."""\n    while pot.heat < BOILING_POINT:\n        pot.warm()\n\n\n'
    "class Kettle:\n    handle_colour = 'red'\n\n    def pour(self):\n        return self.handle_colour\n",
    "tea/cups.py": 'def max_cups(table):\n    """How many cups fit on a table."""\n    return table.area // 20\n\n\n'
    "def count_cups(table):\n    return len(table.cups)\n",
    "web/config.ts": "export const serveUrl = 'https://example.org';\nexport enum Strength { Mild, Strong }\n",
    "web/page.ts": "export function show(cup: Cup) {\n  return paint(cup, themeOfTheHouse);\n}\n",
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    root = tmp_path_factory.mktemp("tea")
    for path, text in FILES.items():
        file = root / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    yield from opened(root, tmp_path_factory.mktemp("cache"))


def opened(root: Path, cache: Path) -> Iterator[Engine]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(cache))
        patch.delenv(MODEL_VARIABLE, raising=False)
        with open_engine(root) as engine:
            assert update(engine, workers=1) is not None
            yield engine


def shown(found: Answer) -> list[str]:
    return [f"{hit.path}:{hit.record.start_line} {hit.record.kind} {hit.record.qualified_name}" for hit in found.hits]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("BOILING_POINT", "tea/kettle.py:3 constant BOILING_POINT"),
        ("boiling_point", "tea/kettle.py:3 constant BOILING_POINT"),
        ("BoilingPoint", "tea/kettle.py:3 constant BOILING_POINT"),
        ("BOILING_PIONT", "tea/kettle.py:3 constant BOILING_POINT"),  # a slip
        ("BOILING_PO", "tea/kettle.py:3 constant BOILING_POINT"),  # half typed
        ("Kettle.handle_colour", "tea/kettle.py:14 field Kettle.handle_colour"),
        ("handle_colour", "tea/kettle.py:14 field Kettle.handle_colour"),
        ("serveUrl", "web/config.ts:1 constant serveUrl"),
        ("Strength.Strong", "web/config.ts:2 constant Strength.Strong"),
        ("MAX_CUPS", "tea/kettle.py:4 constant MAX_CUPS"),  # typed to the letter, unlike the function
        ("max_cups", "tea/cups.py:1 function max_cups"),
        ("max cups", "tea/cups.py:1 function max_cups"),  # words spell both
        ("themeOfTheHouse", "web/page.ts:1 function show"),  # nothing is called so, and one place holds it
    ],
)
def test_what_comes_first(engine: Engine, typed: str, first: str) -> None:
    found = ask(engine, typed)
    assert shown(found)[0] == first
    assert found.answerability is Answerability.RELEVANT


def test_a_sentence_with_the_words_of_a_constant_finds_what_it_asks_for(engine: Engine) -> None:
    assert shown(ask(engine, "heat the water to the boiling point"))[0] == "tea/kettle.py:7 function boil"


def test_the_hit_is_the_line_of_the_member(engine: Engine) -> None:
    hit = present(ask(engine, "MAX_CUPS"), engine.encoder).hits[0]
    assert (hit.name, hit.kind, hit.start_line, hit.end_line, hit.name_line) == ("MAX_CUPS", "constant", 4, 4, 4)
    assert hit.snippet == "MAX_CUPS = 6"


@pytest.mark.parametrize("kind", ["constant", "field"])
def test_a_filter_by_kind_shows_members_alone(engine: Engine, kind: str) -> None:
    hits = ask(engine, f"colour of the boiling handle kind:{kind}").hits
    assert hits and {hit.record.kind for hit in hits} == {kind}
    assert "handle_colour" not in {hit.record.name for hit in ask(engine, "handle_colour -kind:field").hits}


def test_nearly_all_constants_of_this_program_come_first(tmp_path: Path) -> None:
    product = Path(hunch.__file__).parent
    places: dict[str, list[tuple[str, int]]] = {}
    taken: set[str] = set()
    for file in sorted(product.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        taken |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        for node in tree.body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            for target in targets:
                if isinstance(target, ast.Name) and target.id.isupper() and "_" in target.id.strip("_"):
                    path = file.relative_to(product).as_posix()
                    places.setdefault(target.id, []).append((path, node.lineno))
    asked = {name: where[0] for name, where in places.items() if len(where) == 1 and name not in taken}
    assert len(asked) > 150
    right = 0
    for engine in opened(product, tmp_path):
        for name, (path, line) in asked.items():
            hit = ask(engine, name, limit=1).hits[0]
            right += hit.path == path and hit.record.start_line <= line <= hit.record.end_line
    assert right >= 0.95 * len(asked), f"{right} of {len(asked)}"
