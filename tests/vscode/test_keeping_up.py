"""What changes while a window is open is found: typed text, files from outside; a killed server comes back."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from playwright.sync_api import expect

from vscode.code_server import CodeServer, wait_until
from vscode.conftest import OpenWindow
from vscode.workspaces import make_shop, make_two_folders

TYPED = '''

def measure_wind_speed(anemometer):
    """Return how fast the wind blows."""
    return anemometer.turns / anemometer.seconds
'''

CREATED = '''def feed_the_penguins(penguins, fish):
    """Give every penguin a fish."""
    for penguin in penguins:
        penguin.eat(fish.pop())
'''


def test_what_changes_is_found(open_in: OpenWindow, code_server: CodeServer, tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop")
    window = open_in(shop)
    window.wait_until_ready()

    window.open_file("src/orders.py", 1, 1)
    window.press("Control+End")
    window.page.keyboard.insert_text(TYPED)
    window.search_until("how fast does the wind blow", "measure_wind_speed")
    assert "wind" not in (shop / "src/orders.py").read_text()
    window.search("how fast does the wind blow")
    window.wait_for_first("measure_wind_speed")
    window.press("Enter")
    window.wait_for_place(15)

    # A list that is open and found nothing looks again by itself.
    window.search("give every penguin a fish")
    window.wait_for_first("Nothing here seems to do that")
    (shop / "src/zoo.py").write_text(CREATED)
    window.wait_for_first("feed_the_penguins")
    window.press("Escape")

    # Paused: nothing new is taken in from the disk until it is told to go on.
    window.choose_from_status("Pause Indexing")
    expect(window.status).to_have_text(re.compile("Hunch: paused"))
    (shop / "src/zoo.py").unlink()
    (shop / "src/moon.py").write_text(CREATED.replace("feed_the_penguins", "feed_the_seals"))
    window.search_until("give every penguin a fish", "feed_the_penguins")
    window.choose_from_status("Resume Indexing")
    window.wait_until_ready()
    window.search_until("give every penguin a fish", "feed_the_seals")

    # Killed: it comes back by itself, and knows the unsaved text again.
    (server,) = code_server.language_servers()
    server.send_signal(signal.SIGKILL)
    wait_until(lambda: [one for one in code_server.language_servers() if one.pid != server.pid], "another server runs")
    window.wait_until_ready()
    window.search_until("how fast does the wind blow", "measure_wind_speed")
    expect(window.notification(re.compile("."))).to_have_count(0)
    assert sorted(file.name for file in shop.iterdir()) == ["server", "src", "web"]  # nothing of ours


def test_several_folders(open_in: OpenWindow, tmp_path: Path) -> None:
    window = open_in(make_two_folders(tmp_path / "both"))
    window.wait_until_ready()
    window.search("let a reader take a book home")
    window.wait_for_first("lend_book_to_reader")
    places = [row.description for row in window.rows()]
    assert places[0] == "library/desk/lending.py:4"
    assert {place.split("/")[0] for place in places} == {"library", "shop"}
    window.press("Enter")
    window.wait_for_editor("lending.py")
    window.wait_for_place(4)
    window.open_results()
    expect(window.tree.locator(".monaco-list-row").nth(1)).to_be_visible()
    rows = window.tree_rows()
    assert rows[0].startswith("Search for let a reader take a book home,"), rows
    assert rows[1] == "File lending.py, in library/desk, 1 hit.", rows
