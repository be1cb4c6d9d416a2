"""Unsaved text is searched as the editor has it, and the saved state comes back."""

from __future__ import annotations

import sys
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from lsp.conftest import Start, Talk

MakeWorkspace = Callable[..., Path]
Open = tuple["Talk", Path]
Opened = Callable[..., "Talk"]

ROCKET = '''

def launch_rocket_to_the_moon(fuel):
    """Launch a rocket to the moon."""
    return fuel * 2
'''
QUERY = "launch a rocket to the moon"
NAME = "launch_rocket_to_the_moon"
CLEF = "𝄞"


@pytest.fixture
def editing(opened: Opened, make_workspace: MakeWorkspace) -> Open:
    """A conversation about a shop that the test may change, with the client reporting changed files."""
    root = make_workspace()
    return opened(root), root


def best(talk: Talk, query: str = QUERY) -> str:
    return talk.names(query)[0]


def change(talk: Talk, uri: str, version: int, *changes: tuple[tuple[int, int, int, int] | None, str]) -> None:
    """Send changes, each the place that is replaced and the new text."""
    content: list[dict[str, Any]] = []
    for place, text in changes:
        if place is None:
            content.append({"text": text})
        else:
            start, end = ({"line": line, "character": character} for line, character in (place[:2], place[2:]))
            content.append({"range": {"start": start, "end": end}, "text": text})
    talk.tell("textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": content})


def test_unsaved_text_counts_until_the_document_is_closed(editing: Open) -> None:
    talk, root = editing
    file = root / "src/orders.py"
    uri, saved = file.as_uri(), file.read_text()
    talk.tell("textDocument/didOpen", talk.document(uri, saved))
    lines = saved.count("\n")
    change(talk, uri, 2, ((lines, 0, lines, 0), ROCKET))
    began = time.monotonic()
    talk.eventually(lambda: best(talk), lambda name: name == NAME)
    assert time.monotonic() - began < 2.0  # 150 ms where nothing else runs: measured in the benchmarks
    hit = talk.search(QUERY)["hits"][0]
    assert hit["range"]["start"]["line"] == lines + 2
    assert hit["snippet"].startswith(f"def {NAME}(fuel):\n")
    assert hit["selectionRange"]["end"]["character"] == len(f"def {NAME}(fuel):")
    alike = talk.ask("hunch/similar", talk.at(uri, lines + 2))
    assert NAME not in [one["name"] for one in alike["hits"]]
    talk.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
    talk.eventually(lambda: talk.names(QUERY), lambda names: NAME not in names)
    assert best(talk, "add up the price of all orders") == "total_price"


def test_a_document_that_was_never_saved_counts(editing: Open) -> None:
    talk, root = editing
    uri = (root / "src/rocket.py").as_uri()
    talk.tell("textDocument/didOpen", talk.document(uri, ROCKET))
    talk.eventually(lambda: best(talk), lambda name: name == NAME)
    assert talk.search(QUERY)["hits"][0]["path"] == "src/rocket.py"
    talk.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
    talk.eventually(lambda: talk.names(QUERY), lambda names: NAME not in names)


def test_a_save_is_read_at_once(editing: Open) -> None:
    talk, root = editing
    file = root / "src/rocket.py"
    talk.tell("textDocument/didOpen", talk.document(file.as_uri(), ROCKET))
    file.write_text(ROCKET)
    talk.tell("textDocument/didSave", {"textDocument": {"uri": file.as_uri()}})
    talk.tell("textDocument/didClose", {"textDocument": {"uri": file.as_uri()}})
    talk.eventually(lambda: talk.ask("hunch/status")["folders"][0]["files"], lambda files: files == 8)
    assert best(talk) == NAME


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS keeps names in one form")
def test_a_file_is_one_whichever_form_of_its_name_the_client_writes(editing: Open) -> None:
    talk, root = editing
    file = root / unicodedata.normalize("NFD", "src/fusée.py")
    file.write_text(ROCKET)
    talk.tell("workspace/didChangeWatchedFiles", {"changes": [{"uri": file.as_uri(), "type": 1}]})
    talk.eventually(lambda: talk.names(QUERY)[:1], lambda names: names == [NAME])
    uri = unicodedata.normalize("NFC", str(file))
    talk.tell("textDocument/didOpen", talk.document(Path(uri).as_uri(), ROCKET.replace("fuel * 2", "fuel * 3")))
    hits = talk.eventually(
        lambda: [hit for hit in talk.search(QUERY)["hits"] if hit["name"] == NAME],
        lambda hits: "fuel * 3" in hits[0]["snippet"],
    )
    assert [hit["uri"] for hit in hits] == [file.as_uri()]
    talk.tell("textDocument/didClose", {"textDocument": {"uri": Path(uri).as_uri()}})


def test_an_editor_may_show_a_file_in_its_own_encoding_or_as_utf_8(editing: Open) -> None:
    talk, root = editing
    text = ROCKET.replace("to the moon.", "zum Mond, für später größer.")
    uri = (root / "src/rocket.py").as_uri()
    (root / "src/rocket.py").write_bytes(text.encode("latin-1"))
    talk.tell("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri, "type": 1}]})
    talk.eventually(lambda: talk.names(QUERY)[:1], lambda names: names == [NAME])
    for shown in (text, text.encode("latin-1").decode("utf-8", "replace")):
        talk.tell("textDocument/didOpen", talk.document(uri, shown))
        talk.wait_until_indexed()
        (hit,) = [hit for hit in talk.search(QUERY)["hits"] if hit["name"] == NAME]
        assert "zum Mond, für später größer" in hit["snippet"]
        talk.tell("textDocument/didClose", {"textDocument": {"uri": uri}})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", None])
def test_edits_are_made_where_the_client_means(
    start: Start, make_workspace: MakeWorkspace, encoding: str | None
) -> None:
    talk, root = start(), make_workspace({"a.py": "x = 1\n"})
    offered = {} if encoding is None else {"general": {"positionEncodings": [encoding]}}
    result = talk.open(root, capabilities=offered)
    assert result["capabilities"]["positionEncoding"] == (encoding or "utf-16")
    before = f"'{CLEF}{CLEF}\x0c'; NAME = 0\r\n\r\ndef NAME(): # {CLEF}€ä\r\n    pass\r\n"
    clef, rest = {"utf-8": (4, 5), "utf-32": (1, 2)}.get(encoding or "", (2, 2))
    uri = (root / "b.py").as_uri()
    talk.tell("textDocument/didOpen", talk.document(uri, before))
    comment = 14 + clef + rest
    change(
        talk, uri, 2,
        ((0, 1, 0, 1 + 2 * clef), CLEF),  # 'two clefs' become one; the form feed ends no line
        ((2, 4, 2, 8), "launch_rocket"),
        ((2, 23, 2, comment + 9), "to the moon"),  # everything of the comment
        ((3, 0, 99, 0), f"    return '{CLEF}'\r\n"),
        ((77, 3, 88, 4), "# the end"),
    )  # fmt: skip
    talk.wait_until_indexed()
    expected = f"def launch_rocket(): # to the moon\n    return '{CLEF}'\n# the end"
    found = talk.eventually(
        lambda: [hit["snippet"].replace("\r", "") for hit in talk.search("launch rocket", paths=["b.py"])["hits"]],
        lambda snippets: any("return" in snippet for snippet in snippets),
    )
    assert any(expected.startswith(snippet) and "return" in snippet for snippet in found), found


def test_only_files_inside_the_folders_count(editing: Open, tmp_path: Path) -> None:
    talk, root = editing
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "leads_out").symlink_to(outside)
    (root / "src/inner_link").symlink_to(root / "web")
    root_uri = root.as_uri()
    for uri in (
        (outside / "a.py").as_uri(),
        f"{root_uri}/leads_out/a.py",
        f"{root_uri}/../outside/a.py",
        f"{root_uri}/%2e%2e/outside/a.py",
        f"{root_uri}x/a.py",
        "untitled:a.py",
        "https://example.org/a.py",
        f"vscode-notebook-cell:{root}/a.py",
        root_uri,
    ):
        talk.edit(uri, ROCKET)
    # What comes in by a link inside the folder is the file it leads to.
    talk.edit(f"{root_uri}/src/inner_link/inside.py", ROCKET.replace("rocket", "kite"))
    talk.eventually(lambda: best(talk, "launch kite to the moon"), lambda name: "kite" in name)
    hits = talk.search(QUERY)["hits"]
    assert NAME not in [hit["name"] for hit in hits]
    assert [hit["path"] for hit in hits if "kite" in hit["qualifiedName"]] == ["web/inside.py"]
    assert talk.error("hunch/similar", talk.at((outside / "a.py").as_uri(), 3))[0] == -32602


def test_documents_of_ignored_files_do_not_count(editing: Open) -> None:
    talk, root = editing
    (root / "notes.log").write_text("x")
    talk.edit((root / "notes.log").as_uri(), ROCKET)
    talk.edit((root / "src/counts.py").as_uri(), ROCKET.replace("rocket", "kite"))
    talk.eventually(lambda: best(talk, "launch kite to the moon"), lambda name: "kite" in name)
    assert "notes.log" not in [hit["path"] for hit in talk.search(QUERY)["hits"]]


def test_lone_surrogates_and_changes_to_nothing_are_survived(editing: Open) -> None:
    talk, root = editing
    uri = (root / "src/rocket.py").as_uri()
    talk.edit(uri, ROCKET.replace("fuel * 2", "'\ud800'"))
    talk.eventually(lambda: best(talk), lambda name: name == NAME)
    assert "�" in talk.search(QUERY)["hits"][0]["snippet"]
    change(talk, (root / "never_opened.py").as_uri(), 2, (None, ROCKET))
    talk.tell("textDocument/didClose", {"textDocument": {"uri": (root / "never_opened.py").as_uri()}})
    assert talk.names(QUERY)[0] == NAME


def test_documents_that_are_open_before_their_folder_count_in_it(
    server: Talk, opened: Opened, make_workspace: MakeWorkspace
) -> None:
    root = make_workspace()
    server.edit((root / "src/rocket.py").as_uri(), ROCKET)
    talk = opened(root)
    talk.eventually(lambda: talk.names(QUERY)[:1], lambda names: names == [NAME])
    assert talk.names(QUERY).count(NAME) == 1


# ---- hints ----


def test_a_hint_on_a_new_function_that_is_nearly_identical(editing: Open) -> None:
    talk, root = editing
    original = (
        "def pack_parcel(parcel, goods):\n    weight = 0\n    for item in goods:\n        if item.weight > 30:\n"
        "            raise ValueError(item)\n        weight += item.weight\n    parcel.weight = weight\n"
        "    return parcel\n"
    )
    (root / "src/parcel.py").write_text(original)
    talk.tell("workspace/didChangeWatchedFiles", {"changes": [{"uri": (root / "src/parcel.py").as_uri(), "type": 1}]})
    talk.eventually(lambda: talk.names("pack parcel")[0], lambda name: name == "pack_parcel")
    uri = (root / "src/box.py").as_uri()
    talk.tell("workspace/didChangeConfiguration", {"settings": {"hunch": {"similarHints": True}}})
    talk.edit(uri, "import x\n\n\n" + original.replace("pack_parcel", "fill_box"))
    shown = talk.told("textDocument/publishDiagnostics")
    (hint,) = shown["diagnostics"]
    assert (shown["uri"], hint["severity"], hint["source"]) == (uri, 4, "hunch")
    assert hint["message"] == "fill_box is nearly identical to pack_parcel - src/parcel.py:1"
    assert hint["range"] == {"start": {"line": 3, "character": 0}, "end": {"line": 3, "character": 28}}
    assert hint["relatedInformation"][0]["location"]["uri"] == (root / "src/parcel.py").as_uri()
    change(talk, uri, 3, (None, "import x\n"))
    assert talk.told("textDocument/publishDiagnostics") == {"uri": uri, "diagnostics": []}
    change(talk, uri, 4, (None, original.replace("pack_parcel", "fill_box")))
    assert talk.told("textDocument/publishDiagnostics")["diagnostics"]
    talk.tell("workspace/didChangeConfiguration", {"settings": {"hunch": {"similarHints": False}}})
    assert talk.told("textDocument/publishDiagnostics") == {"uri": uri, "diagnostics": []}
