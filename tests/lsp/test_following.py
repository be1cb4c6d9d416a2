"""Folders, files and settings that change while the server runs, and what the person sees of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from lsp.conftest import Start, Talk

MakeWorkspace = Callable[..., Path]
Opened = Callable[..., "Talk"]

KITE = 'def fly_kite_in_the_wind(line):\n    """Fly a kite in the wind."""\n    return line\n'
QUERY = "fly a kite in the wind"
NAME = "fly_kite_in_the_wind"
WATCHES = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True, "relativePatternSupport": True}}}


def found(talk: Talk) -> list[str]:
    """Return the folders and paths where the kite is found."""
    hits = [hit for hit in talk.search(QUERY)["hits"] if hit["name"] == NAME]
    return [f"{Path(hit['folder']).name}:{place['path']}" for hit in hits for place in (hit, *hit["copies"])]


def eventually_found(talk: Talk, *places: str) -> None:
    talk.eventually(lambda: found(talk), lambda seen: sorted(seen) == sorted(places))


# ---- files ----


def test_the_disk_is_watched_for_a_client_that_does_not(start: Start, make_workspace: MakeWorkspace) -> None:
    talk, root = start(), make_workspace()
    talk.open(root)
    talk.wait_until_indexed()
    talk.eventually(lambda: _grown(talk, root), bool)  # the watcher is started after the first scan began
    (root / "src/kite.py").write_text(KITE)
    eventually_found(talk, "workspace:src/kite.py")
    (root / "src").rename(root / "source")
    eventually_found(talk, "workspace:source/kite.py")
    (root / "source/.gitignore").write_text("kite.py\n")
    eventually_found(talk)
    assert talk.ask("hunch/rebuild") is None
    talk.wait_until_indexed()
    # A client that can do nothing is asked for nothing, and shown nothing that it does not know.
    assert {message.get("method") for message in talk.seen} <= {"hunch/statusChanged", "window/logMessage", None}


def _grown(talk: Talk, root: Path) -> bool:
    """Write a file until one is seen."""
    count = len(list(root.glob("seen_*.py")))
    (root / f"seen_{count}.py").write_text(f"def seen_{count}():\n    return {count}\n")
    return int(talk.ask("hunch/status")["folders"][0]["files"]) > 7


def test_the_client_is_asked_to_watch_where_it_offers_to(start: Start, make_workspace: MakeWorkspace) -> None:
    talk, root = start(), make_workspace()
    talk.open(root, capabilities=WATCHES)
    (registration,) = talk.told("client/registerCapability")["registrations"]
    assert registration["method"] == "workspace/didChangeWatchedFiles"
    (watcher,) = registration["registerOptions"]["watchers"]
    assert watcher["globPattern"] == {"baseUri": root.as_uri(), "pattern": "**/*"}
    talk.wait_until_indexed()
    (root / "src/kite.py").write_text(KITE)
    (root / "src/kite.log").write_text(KITE)
    uris = [(root / "src/kite.py").as_uri(), (root / "src/kite.log").as_uri(), "untitled:x", "file:///etc/passwd"]
    talk.tell("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri, "type": 1} for uri in uris]})
    eventually_found(talk, "workspace:src/kite.py")
    shutil.rmtree(root / "src")
    talk.tell("workspace/didChangeWatchedFiles", {"changes": [{"uri": (root / "src").as_uri(), "type": 3}]})
    eventually_found(talk)
    talk.change_folders(removed=(root,))
    (gone,) = talk.told("client/unregisterCapability")["unregisterations"]
    assert gone["id"] == registration["id"]


def test_the_disk_is_watched_when_the_client_refuses(start: Start, make_workspace: MakeWorkspace) -> None:
    talk, root = start(), make_workspace()
    talk.open(root, capabilities={"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}})
    asked = talk.until(lambda message: message.get("method") == "client/registerCapability", answering=False)
    assert asked["params"]["registrations"][0]["registerOptions"]["watchers"] == [{"globPattern": "**/*"}]
    refusal = {"code": -32601, "message": "no"}
    talk.send({"jsonrpc": "2.0", "id": asked["id"], "error": refusal})
    talk.eventually(lambda: _grown(talk, root), bool)


def test_saves_within_one_second_count(start: Start, whole_seconds: Path) -> None:
    """On a file system that counts seconds, a save of the same size leaves all stamps as they were."""
    talk, file = start(), whole_seconds / "kite.py"
    file.write_text(KITE)
    talk.open(whole_seconds, capabilities=WATCHES)
    talk.wait_until_indexed()
    for i in range(8):
        name = NAME.replace("wind", f"wi{i:02}")
        file.write_text(KITE.replace(NAME, name))
        talk.tell("textDocument/didSave", {"textDocument": {"uri": file.as_uri()}})
        assert name in talk.eventually(lambda: talk.names(QUERY), partial(_holds, name))


def _holds(name: str, names: Sequence[str]) -> bool:
    return name in names


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is of Linux")
@pytest.mark.parametrize(
    ("limit", "line"),
    [
        ("max_inotify_watches", "changes in sub-folders are not watched: raise fs.inotify.max_user_watches"),
        ("max_inotify_instances", "changes are not watched: raise fs.inotify.max_user_instances"),
    ],
)
def test_too_few_watches_are_said_and_the_folder_is_scanned_more_often(
    start: Start, make_workspace: MakeWorkspace, limit: str, line: str
) -> None:
    file = f"/proc/sys/user/{limit}"
    limited = ["unshare", "--user", "--map-root-user", "sh", "-c", f'echo 1 > {file} && exec "$@"', "sh"]
    if shutil.which("unshare") is None or subprocess.run([*limited, "true"], capture_output=True).returncode:
        pytest.skip("this system gives no namespaces")
    if limit == "max_inotify_instances":
        limited[-2] = limited[-2].replace("echo 1", "echo 0")
    talk, root = start(before=limited), make_workspace()
    talk.open(root)
    shown = talk.told("window/showMessage")
    assert shown["type"] == 2 and shown["message"].startswith(f"workspace: {line}")
    assert "\n" not in shown["message"] and shown["message"].endswith("until then the folder is scanned more often")
    notices = talk.eventually(lambda: talk.ask("hunch/status")["folders"][0]["notices"], bool)
    assert [f"workspace: {notice}" for notice in notices] == [shown["message"]]
    talk.wait_until_indexed()
    (root / "src/kite.py").write_text(KITE)
    eventually_found(talk, "workspace:src/kite.py")  # within ten seconds, not five minutes
    assert sum(message.get("method") == "window/showMessage" for message in talk.seen) == 1


# ---- folders ----


def test_folders_come_and_go(opened: Opened, make_workspace: MakeWorkspace) -> None:
    one = make_workspace({"a.py": KITE}, "one")
    two = make_workspace({"b.py": KITE}, "two")
    talk = opened(one)
    eventually_found(talk, "one:a.py")
    opened(two, one)
    eventually_found(talk, "one:a.py", "two:b.py")
    assert [hit["folder"] for hit in talk.search(QUERY, folder=two.as_uri())["hits"]] == [two.as_uri()]
    assert len(talk.ask("workspace/symbol", {"query": NAME})) == 2
    talk.change_folders(removed=(one,))
    eventually_found(talk, "two:b.py")
    assert [folder["uri"] for folder in talk.ask("hunch/status")["folders"]] == [two.as_uri()]
    talk.change_folders(removed=(two,), added=(one,))
    eventually_found(talk, "one:a.py")


def test_a_folder_inside_another_one_is_answered_once(opened: Opened, make_workspace: MakeWorkspace) -> None:
    outer = make_workspace({"inner/kite.py": KITE, "other.py": "def other():\n    pass\n"}, "outer")
    talk = opened(outer, outer / "inner")
    eventually_found(talk, "inner:kite.py")
    # Unsaved text of a file in both counts in both.
    talk.edit((outer / "inner/kite.py").as_uri(), KITE.replace("kite", "balloon"))
    balloon = "fly_balloon_in_the_wind"
    talk.eventually(lambda: talk.names("fly a balloon in the wind"), lambda names: names.count(balloon) == 1)
    eventually_found(talk)
    assert talk.names("fly a balloon in the wind").count(balloon) == 1


def test_names_of_one_folder_are_one_folder(opened: Opened, make_workspace: MakeWorkspace, tmp_path: Path) -> None:
    root = make_workspace({"ä b/kite.py": KITE}, "with space")
    link = tmp_path / "link"
    link.symlink_to(root)
    talk = opened(link, root)
    talk.eventually(lambda: len(talk.ask("hunch/status")["folders"]), lambda count: count == 1)
    (place,) = found(talk)
    assert place in ("link:ä b/kite.py", "with space:ä b/kite.py")
    # The client knows its files by the name that it gave to the folder.
    hit = talk.search(QUERY)["hits"][0]
    assert hit["uri"] == f"{hit['folder']}/%C3%A4%20b/kite.py"


def test_folders_that_cannot_be_opened_are_told(start: Start, make_workspace: MakeWorkspace, tmp_path: Path) -> None:
    talk, root = start(), make_workspace({"a.py": KITE})
    folders = [{"uri": uri, "name": "x"} for uri in ("vscode-remote://host/x", (tmp_path / "nowhere").as_uri())]
    talk.open(workspaceFolders=[*folders, {"uri": root.as_uri(), "name": "w"}])
    assert talk.told("window/logMessage")["message"] == "vscode-remote://host/x is no folder on this machine"
    assert "no such folder" in talk.told("window/showMessage")["message"]
    eventually_found(talk, "workspace:a.py")
    lost, _ = talk.ask("hunch/status")["folders"]
    assert lost["phase"] == "problem"


def test_a_second_server_follows_the_first_and_takes_over(start: Start, make_workspace: MakeWorkspace) -> None:
    first, second, root = start(), start(), make_workspace({"a.py": KITE})
    first.open(root, capabilities=WATCHES)
    first.wait_until_indexed()
    second.open(root, capabilities=WATCHES)
    eventually_found(second, "workspace:a.py")

    def is_writer() -> bool:
        return bool(second.ask("hunch/status")["folders"][0]["writer"])

    assert not is_writer()
    assert first.end() == 0
    second.eventually(is_writer, bool)
    (root / "b.py").write_text(KITE)
    second.tell("workspace/didChangeWatchedFiles", {"changes": [{"uri": (root / "b.py").as_uri(), "type": 1}]})
    eventually_found(second, "workspace:a.py", "workspace:b.py")


# ---- settings ----


@pytest.mark.parametrize("way", ["options", "pulled"])
def test_settings_and_what_is_wrong_with_them(start: Start, make_workspace: MakeWorkspace, way: str) -> None:
    talk, root = start(), make_workspace({"a.py": KITE})
    settings = {"cpuShare": 7, "workspaceSymbols": False}
    complaint = "setting hunch.cpuShare: expected a number from 0.05 to 1: 0.5 holds"
    if way == "options":
        talk.open(root, initializationOptions=settings)
    else:
        registers = {"dynamicRegistration": True}
        talk.open(root, capabilities={"workspace": {"configuration": True, "didChangeConfiguration": registers}})
        asked = talk.until(lambda message: message.get("method") == "workspace/configuration", answering=False)
        assert asked["params"] == {"items": [{"section": "hunch"}]}
        talk.send({"jsonrpc": "2.0", "id": asked["id"], "result": [settings]})
    assert talk.told("window/logMessage") == {"type": 2, "message": complaint}
    eventually_found(talk, "workspace:a.py")
    assert talk.ask("workspace/symbol", {"query": NAME}) == []
    if way == "pulled":
        talk.tell("workspace/didChangeConfiguration", {"settings": None})
        asked = talk.until(lambda message: message.get("method") == "workspace/configuration", answering=False)
        talk.send({"jsonrpc": "2.0", "id": asked["id"], "result": [{"workspaceSymbols": True}]})
    else:
        talk.tell("workspace/didChangeConfiguration", {"settings": {"hunch": {"workspaceSymbols": True}}})
    assert [symbol["name"] for symbol in talk.ask("workspace/symbol", {"query": NAME})] == [NAME]


# ---- what is seen of indexing ----


def test_indexing_is_shown_counted_and_stopped(
    start: Start, make_workspace: MakeWorkspace, many_files: Callable[[int], dict[str, str]]
) -> None:
    talk, root = start(), make_workspace(many_files(300))
    capabilities = {**WATCHES, "window": {"workDoneProgress": True}}
    talk.open(root, capabilities=capabilities, initializationOptions={"cpuShare": 0.05})
    token = talk.told("window/workDoneProgress/create")["token"]
    shown: list[dict[str, Any]] = [talk.told("$/progress")]
    assert shown[0]["value"]["title"] == "Indexing workspace"
    assert shown[0]["value"]["cancellable"] is True
    while "of 300 files" not in shown[-1]["value"].get("message", ""):
        shown.append(talk.told("$/progress"))
    partial = talk.search("take items out of stock")
    assert partial["complete"] is False
    talk.tell("window/workDoneProgress/cancel", {"token": token})
    while shown[-1]["value"]["kind"] != "end":
        shown.append(talk.told("$/progress"))
    assert {one["token"] for one in shown} == {token}
    kinds = [one["value"]["kind"] for one in shown]
    assert kinds == ["begin", *["report"] * (len(kinds) - 2), "end"]
    shares = [one["value"]["percentage"] for one in shown if "percentage" in one["value"]]
    assert all(0 <= share <= 100 for share in shares)
    (folder,) = talk.eventually(
        lambda: talk.ask("hunch/status")["folders"], lambda folders: folders[0]["phase"] == "paused"
    )
    assert folder["pausedBy"] == "user"
    told = [message["params"] for message in talk.seen if message.get("method") == "hunch/statusChanged"]
    assert {"indexing", "paused"} <= {status["folders"][0]["phase"] for status in told}
    talk.tell("window/workDoneProgress/cancel", {"token": "unknown"})
    talk.tell("workspace/didChangeConfiguration", {"settings": {"hunch": {"cpuShare": 1}}})
    assert talk.ask("hunch/resume") is None
    talk.wait_until_indexed()
    assert talk.ask("hunch/status")["folders"][0]["files"] == 300
    assert talk.search("take items out of stock")["complete"] is True
    assert talk.end() == 0
    assert talk.logged() == ""
