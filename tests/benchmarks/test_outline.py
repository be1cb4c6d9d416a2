"""benchmarks.outline: real files, the installed ctags, and the figures that come of both."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from benchmarks.ctags import tags_of
from benchmarks.outline import compared, simple_name
from benchmarks.outline_packages import PACKAGES
from benchmarks.outline_report import outline_tables

from hunch.text.grammars import GRAMMARS

SAMPLES = Path(__file__).parent.parent / "text" / "golden" / "samples"
needs_ctags = pytest.mark.skipif(shutil.which("ctags") is None, reason="Universal Ctags is not installed")

STORE = """package shop;

class Store {
    static final int LIMIT = 3;

    int total() {
        return LIMIT;
    }

    abstract static class Shelf {
        abstract int places();
    }
}
"""


def test_packages_are_pinned_and_every_one_is_named_once() -> None:
    assert set(PACKAGES) <= set(GRAMMARS)
    for language, packages in PACKAGES.items():
        assert all(package.version for package in packages), language
        assert len({package.name for package in packages}) == len(packages), language


def test_a_qualified_name_counts_by_its_last_part() -> None:
    names = ["Shop::Basket", "shop.Basket.add", "M:add", "operator ==", "~Store", "plain"]
    assert [simple_name(name) for name in names] == ["Basket", "add", "add", "operator==", "~Store", "plain"]


@needs_ctags
def test_what_ctags_finds_is_sorted_by_level(tmp_path: Path) -> None:
    (tmp_path / "Store.java").write_text(STORE, encoding="utf-8")
    found = {(tag.name, tag.level, tag.line) for tag in tags_of("java", tmp_path, ["Store.java"])}
    assert found == {
        ("Store", "definition", 3),
        ("LIMIT", "value", 4),
        ("total", "definition", 6),
        ("Shelf", "definition", 10),
        ("places", "definition", 11),
    }


@needs_ctags
def test_the_comparison_says_what_only_one_side_has(tmp_path: Path) -> None:
    (tmp_path / "Store.java").write_text(STORE, encoding="utf-8")
    (tmp_path / "Torn.java").write_text("class Torn {\n  int a() { return 1; }\n  ) ( } {\n", encoding="utf-8")
    comparison = compared("java", [tmp_path])
    figures = comparison.figures
    assert figures.files == 2
    assert figures.recall("definition", "value") == 1.0, comparison.missing
    assert figures.error_lines > 0
    assert comparison.alone == []


@needs_ctags
@pytest.mark.parametrize("language", ["java", "csharp", "go", "ruby", "php", "bash"])
def test_every_definition_of_the_samples_is_found(language: str, tmp_path: Path) -> None:
    for sample in SAMPLES.iterdir():
        shutil.copy(sample, tmp_path)
    comparison = compared(language, [tmp_path])
    assert comparison.figures.recall("definition") == 1.0, comparison.missing


@needs_ctags
def test_the_table_has_a_row_a_language(tmp_path: Path) -> None:
    (tmp_path / "Store.java").write_text(STORE, encoding="utf-8")
    row = {"packages": ["shop 1"], **compared("java", [tmp_path]).figures.as_json()}
    table = outline_tables({"ctags": "Universal Ctags", "languages": {"java": row}, "before": {"java": row}})
    assert "| java | 1 | 10 | 1.000, 1.000 |" in table
