"""Search as a person does it: rows while typing, a look at the code, opening it, and the way back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from vscode.code_server import wait_until
from vscode.workbench import Workbench

if TYPE_CHECKING:
    from conftest import RunHunch


def test_rows_are_in_the_order_of_the_server(window: Workbench, shop: Path, run_hunch: RunHunch) -> None:
    query = "sort orders by date"
    run_hunch("index", "--thorough", shop)
    hits = run_hunch("search", query, "--json", "--limit", "20", "--root", shop).hits

    def labels() -> list[str]:
        window.search(query)
        window.wait_for_first("sort_orders_by_date")
        rows = window.rows()
        window.press("Escape")
        expect(window.quick).to_be_hidden()
        assert len(rows) > 5
        # Code without a name is called after its file.
        expected = [(hit["path"], hit["name"] or hit["path"].rpartition("/")[2]) for hit in hits[: len(rows)]]
        found = [(row.description.rsplit(":", 1)[0], row.label) for row in rows]
        return [row.label for row in rows] if found == expected else []

    wait_until(lambda: bool(labels()), "the rows are in the server's order: all code has contextual embeddings by then")
    shown = labels()
    assert shown != sorted(shown) and shown != sorted(shown, key=str.lower)  # what the editor would have made of it


def test_rows_appear_while_typing(window: Workbench) -> None:
    window.search("")
    window.type("retry")
    window.wait_for_first("RetryWithBackoff")
    row = window.rows()[0]
    assert row.is_active and row.description == "server/main.go:6"
    assert row.detail.startswith("function: ") and "words (retry)" in row.detail
    assert row.spoken.startswith(f"RetryWithBackoff, server/main.go:6, {row.detail}")
    window.press("Control+a")
    window.type("put a box on the shelf")  # no Enter in between
    window.wait_for_first("Shelf.put_box")


def test_arrow_keys_show_the_code_and_escape_goes_back(window: Workbench) -> None:
    window.open_file("src/rates.py", 120, 5)
    window.press("Shift+End")
    expect(window.selection).to_have_text("Ln 120, Col 18 (13 selected)")
    for _ in range(4):
        window.press("Control+ArrowDown")  # scrolls
    window.wait_until_calm()
    top = window.first_line_number()

    window.search("compare a password with a stored hash")
    window.wait_for_first("check_password")
    expect(window.active_tab).to_have_attribute("data-resource-name", "rates.py")  # nobody has asked for it yet
    window.preview_first()
    window.wait_for_editor("auth.py")
    expect(window.active_tab).to_have_attribute("aria-label", "auth.py, preview")
    window.wait_for_highlight(range(7, 11))
    assert window.marked_words() >= 3, "password, stored, hash"
    expect(window.input).to_be_focused()

    window.press("ArrowDown")
    window.wait_for_preview()

    window.press("Escape")
    window.wait_for_editor("rates.py")
    expect(window.selection).to_have_text("Ln 120, Col 18 (13 selected)")
    expect(window.tabs).to_have_count(1)
    window.wait_until_calm()
    assert window.first_line_number() == top
    assert window.highlighted_lines() == []


def test_escape_leaves_no_editor_where_there_was_none(window: Workbench) -> None:
    window.search("retry with backoff")
    window.wait_for_first("RetryWithBackoff")
    window.preview_first()
    window.wait_for_editor("main.go")
    window.press("Escape")
    expect(window.tabs).to_have_count(0)


def test_enter_opens_at_the_line(window: Workbench) -> None:
    window.search("return the heaviest box")
    window.wait_for_first("Shelf.heaviest_box")
    window.press("Enter")
    window.wait_for_editor("stock.py")
    window.wait_for_place(11, 5)
    expect(window.active_tab).to_have_attribute("aria-label", "stock.py")  # to stay, not as a preview
    window.type("x")  # the focus is in the code
    expect(window.editor).to_contain_text(re.compile(r"xdef\sheaviest_box"))
    window.press("Control+z")


def test_control_enter_opens_to_the_side(window: Workbench) -> None:
    window.open_file("src/rates.py")
    window.search("retry with backoff")
    window.wait_for_first("RetryWithBackoff")
    window.press("Control+Enter")
    expect(window.page.locator(".editor-group-container")).to_have_count(2)
    window.wait_for_editor("main.go")
    window.wait_for_place(6)
    names = [tab.get_attribute("data-resource-name") for tab in window.tabs.all()]
    assert names == ["rates.py", "main.go"]


def test_filter_in_the_query(window: Workbench) -> None:
    window.search("add up the price of all orders")
    window.wait_for_label("TotalPrice")
    window.type(" lang:python")
    window.wait_for_endings("py")
    labels = [row.label for row in window.rows()]
    assert labels[0] == "total_price" and "TotalPrice" not in labels, labels


def test_filter_button(window: Workbench) -> None:
    window.search("add up the price of all orders")
    window.wait_for_label("TotalPrice")
    window.quick.get_by_role("button", name="Filter by Language, Kind or Folder").click()
    expect(window.quick_title).to_have_text("Filter the Search")
    window.type("python")
    window.row("lang:python").click()
    expect(window.input).to_have_value("add up the price of all orders lang:python")
    window.wait_for_endings("py")
    window.wait_for_first("total_price")
    window.quick.get_by_role("button", name="Filter by Language, Kind or Folder").click()
    window.row("Take all filters off").click()
    expect(window.input).to_have_value("add up the price of all orders")
    window.wait_for_label("TotalPrice")


def test_recent_searches(window: Workbench) -> None:
    for query, best in (("count all boxes", "count_boxes"), ("wait until typing has stopped", "debounce")):
        window.search(query)
        window.wait_for_first(best)
        window.press("Escape")
        expect(window.quick).to_be_hidden()
    window.search("")
    expect(window.row("wait until typing has stopped")).to_be_visible()
    assert [row.label for row in window.rows()[:2]] == ["wait until typing has stopped", "count all boxes"]
    window.row("count all boxes").click()
    expect(window.input).to_have_value("count all boxes")
    window.wait_for_first("count_boxes")


def test_nothing_fits(window: Workbench) -> None:
    window.search("zyxomma quuxify blorptangle")
    window.wait_for_first("Nothing here seems to do that")
    row = window.rows()[0]
    assert re.search(r"in \d+ files", row.detail), row.detail  # what was tried
    window.press("Enter")  # does nothing
    expect(window.tabs).to_have_count(0)


def test_find_similar_from_the_context_menu(window: Workbench) -> None:
    window.open_file("src/orders.py", 6, 5)
    line = window.editor.locator(".view-line").filter(has_text="return sorted")
    window.context_menu(line, "Find Similar Code")
    expect(window.quick_title).to_have_text("Similar to src/orders.py:6")
    window.wait_for_first("sort_boxes_by_weight")
    window.press("Enter")
    window.wait_for_editor("stock.py")


def test_find_similar_as_command_and_code_action(window: Workbench) -> None:
    window.open_file("src/orders.py", 6, 5)
    window.run("Hunch: Find Similar Code")
    window.wait_for_first("sort_boxes_by_weight")
    window.press("Escape")
    expect(window.quick).to_be_hidden()
    window.wait_for_editor("orders.py")
    window.wait_for_place(6, 5)
    window.press("Control+.")
    action = window.page.locator(".action-widget .monaco-list-row").filter(has_text="Find similar code").first
    action.click()
    window.wait_for_first("sort_boxes_by_weight")


def test_find_similar_to_a_hit(window: Workbench) -> None:
    window.search("sort orders by date")
    window.wait_for_first("sort_orders_by_date")
    window.row("sort_orders_by_date").get_by_role("button", name="Find Similar Code").click()
    expect(window.quick_title).to_have_text("Similar to sort_orders_by_date")
    window.wait_for_first("sort_boxes_by_weight")
