"""The results view in the side bar: the last searches by file, and what can be done with them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from vscode.workbench import Workbench


@pytest.fixture
def results(window: Workbench) -> Workbench:
    """The module's window with one search in the results view, and nothing else."""
    window.open_results()
    window.run("Hunch: Clear Results")
    expect(window.tree.locator(".monaco-list-row")).to_have_count(0)
    _search(window, "sort orders by date", "sort_orders_by_date")
    expect(window.tree.locator(".monaco-list-row").first).to_contain_text("sort orders by date")
    return window


def _search(window: Workbench, query: str, best: str) -> None:
    window.search(query)
    window.wait_for_first(best)
    window.press("Escape")
    expect(window.quick).to_be_hidden()


def test_last_search_by_file(results: Workbench) -> None:
    rows = results.tree_rows()
    assert re.fullmatch(r"Search for sort orders by date, \d+ hits in \d+ files\.", rows[0]), rows
    assert re.fullmatch(r"File orders\.py, in src, \d hits\.", rows[1]), rows
    assert rows[2].startswith("function sort_orders_by_date in src/orders.py, line 4, found by "), rows
    assert "words (sort, orders, date)" in rows[2], rows
    results.tree.locator(".monaco-list-row").nth(2).click()
    results.wait_for_editor("orders.py")
    results.wait_for_place(4)


def test_newest_search_is_on_top(results: Workbench) -> None:
    _search(results, "retry with backoff", "RetryWithBackoff")
    first = results.tree.locator(".monaco-list-row").first
    expect(first).to_contain_text("retry with backoff")
    searches = [row for row in results.tree_rows() if row.startswith("Search for")]
    assert len(searches) == 2
    _search(results, "sort orders by date", "sort_orders_by_date")
    expect(first).to_contain_text("sort orders by date")
    assert len([row for row in results.tree_rows() if row.startswith("Search for")]) == 2


def test_search_again_and_refine(results: Workbench) -> None:
    row = results.tree.locator(".monaco-list-row").first
    before = results.tree_rows()
    row.hover()
    row.get_by_role("button", name="Search Again").click()
    expect(results.page.locator(".sidebar .monaco-progress-container.active")).to_have_count(0)
    assert results.tree_rows() == before
    row.hover()
    row.get_by_role("button", name="Refine Search").click()
    expect(results.input).to_have_value("sort orders by date")
    results.wait_for_first("sort_orders_by_date")


def test_copy_as_markdown(results: Workbench) -> None:
    rows = results.tree.locator(".monaco-list-row")
    results.context_menu(rows.first, "Copy as Markdown")
    results.wait_for_clipboard("## `sort orders by date`")
    copied = results.clipboard()
    assert "- [`src/orders.py`](src/orders.py)\n" in copied
    assert "  - [`sort_orders_by_date`](src/orders.py#L4) function, line 4" in copied
    results.context_menu(rows.nth(2), "Copy as Markdown")
    results.wait_for_clipboard("```python\ndef sort_orders_by_date(orders):")


def test_open_all(results: Workbench) -> None:
    results.context_menu(results.tree.locator(".monaco-list-row").nth(0), "Open All Files")
    files = {row.split(",")[0].removeprefix("File ") for row in results.tree_rows() if row.startswith("File ")}
    for name in files:
        expect(results.page.locator(f'.tab[data-resource-name="{name}"]')).to_be_visible()


def test_remove_and_clear(results: Workbench) -> None:
    _search(results, "retry with backoff", "RetryWithBackoff")
    rows = results.tree.locator(".monaco-list-row")
    expect(rows.first).to_contain_text("retry with backoff")
    rows.first.hover()
    rows.first.get_by_role("button", name="Remove").click()
    expect(rows.first).to_contain_text("sort orders by date")
    results.page.locator(".sidebar .title-actions, .sidebar .pane-header").first.hover()
    results.page.locator(".sidebar").get_by_role("button", name="Clear Results").first.click()
    expect(rows).to_have_count(0)
    expect(results.page.locator(".sidebar")).to_contain_text("What you search for is kept here.")


def test_history(results: Workbench) -> None:
    _search(results, "retry with backoff", "RetryWithBackoff")
    results.run("Hunch: Search History")
    expect(results.quick_title).to_have_text("Search History")
    expect(results.row("sort orders by date")).to_be_visible()
    assert [row.label for row in results.rows()[:2]] == ["retry with backoff", "sort orders by date"]
    results.row("sort orders by date").click()
    expect(results.input).to_have_value("sort orders by date")
    results.wait_for_first("sort_orders_by_date")


def test_results_survive_a_reload(results: Workbench) -> None:
    results.reload()
    results.open_results()
    first = results.tree.locator(".monaco-list-row").first
    expect(first).to_contain_text("sort orders by date")
    assert "found today, " in results.tree_rows()[0]
    results.wait_until_ready()
