"""Generated sentences, asked of the real process with the model that ships: on request, on hover, and inserted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hunch.text.chunk import chunk_source
from lsp.conftest import Talk

if TYPE_CHECKING:
    from conftest import RunHunch
    from lsp.conftest import Start

SOURCE = '''\
import os


class Store:
    def remove_file(self, path):
        if os.path.exists(path):
            os.remove(path)


def documented(path):
    """Remove a file."""
    os.remove(path)


LIMIT = 3
'''
APPLIES = {"workspace": {"applyEdit": True}}


@pytest.fixture
def store(start: Start, tmp_path: Path) -> tuple[Talk, str]:
    """A server with one file, whose text is not saved."""
    root = tmp_path / "work"
    root.mkdir()
    (root / "store.py").write_text("")
    talk = start()
    talk.open(root, capabilities=APPLIES)
    talk.wait_until_indexed()
    uri = (root / "store.py").as_uri()
    talk.edit(uri, SOURCE)
    return talk, uri


def want(talk: Talk, wanted: bool = True) -> None:
    talk.tell("workspace/didChangeConfiguration", {"settings": {"hunch": {"generatedSummaries": wanted}}})


def actions(talk: Talk, uri: str, line: int, **context: Any) -> Any:
    place = {"line": line, "character": 4}
    context = {"diagnostics": [], "triggerKind": 1, **context}
    return talk.ask(
        "textDocument/codeAction",
        {"textDocument": {"uri": uri}, "range": {"start": place, "end": place}, "context": context},
    )


def ask_for_edit(talk: Talk, command: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Run a command; return its id and the server's request for the edit, which is still to be answered."""
    asked = talk.begin("workspace/executeCommand", command)
    return asked, talk.until(lambda message: message.get("method") == "workspace/applyEdit", answering=False)


def test_a_function_gets_a_sentence(store: tuple[Talk, str]) -> None:
    talk, uri = store
    answer = talk.ask("hunch/summarize", talk.at(uri, 5, 8))
    assert 0 < answer.pop("confidence") <= 1
    sentence = answer.pop("summary")
    assert "file" in sentence.lower() or "path" in sentence.lower()
    assert answer == {
        "name": "remove_file",
        "qualifiedName": "Store.remove_file",
        "kind": "method",
        "documented": False,
        "range": {"start": {"line": 4, "character": 0}, "end": {"line": 7, "character": 0}},
    }
    assert talk.ask("hunch/summarize", talk.at(uri, 10))["documented"] is True
    assert talk.ask("hunch/summarize", talk.at(uri, 14)) is None
    code, reason = talk.error("hunch/summarize", talk.at("file:///elsewhere.py", 0))
    assert code == -32602 and reason.startswith("textDocument.uri: file:///elsewhere.py is not inside")


def test_hover_says_it_where_that_is_wanted(store: tuple[Talk, str]) -> None:
    talk, uri = store
    assert talk.ask("textDocument/hover", talk.at(uri, 4, 8)) is None
    want(talk)
    sentence = talk.ask("hunch/summarize", talk.at(uri, 4))["summary"]
    head, generated = talk.ask("textDocument/hover", talk.at(uri, 4, 8))["contents"]["value"].split("\n\n")
    assert head == "**method** `Store.remove_file` - store.py:5"
    assert generated.replace("\\", "") == f"*Generated, may be wrong:* {sentence}"
    assert talk.ask("textDocument/hover", talk.at(uri, 9, 4)) is None  # documented
    assert talk.ask("textDocument/hover", talk.at(uri, 3, 6)) is None  # no function
    want(talk, False)
    assert talk.ask("textDocument/hover", talk.at(uri, 4, 8)) is None


def test_an_action_documents_a_function(store: tuple[Talk, str]) -> None:
    talk, uri = store
    assert [one["command"] for one in actions(talk, uri, 4)] == ["hunch.similar"]
    want(talk)
    assert [one["command"] for one in actions(talk, uri, 9)] == ["hunch.similar"]  # documented
    assert actions(talk, uri, 4, triggerKind=2) == []  # the cursor came by
    (action,) = actions(talk, uri, 6, only=["refactor.rewrite"])
    assert action["title"] == "Insert generated documentation"
    asked, request = ask_for_edit(talk, {key: action[key] for key in ("command", "arguments")})
    ((changed, (edit,)),) = request["params"]["edit"]["changes"].items()
    assert changed == uri
    place = {"line": 5, "character": 0}
    assert edit["range"] == {"start": place, "end": place}
    talk.send({"jsonrpc": "2.0", "id": request["id"], "result": {"applied": True}})
    assert talk.answer(asked)["result"] is True
    lines = SOURCE.splitlines(keepends=True)
    text = "".join([*lines[:5], edit["newText"], *lines[5:]])
    compile(text, "store.py", "exec")
    (method,) = [one for one in chunk_source("store.py", "python", text.encode()) if one.kind == "method"]
    assert method.documentation == talk.ask("hunch/summarize", talk.at(uri, 5))["summary"]
    assert method.body.strip().startswith("if os.path.exists(path):")


def test_an_edit_is_for_one_version_where_the_client_can(start: Start, tmp_path: Path) -> None:
    (tmp_path / "store.py").write_text(SOURCE)
    talk = start()
    talk.open(tmp_path, capabilities={"workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}}})
    talk.wait_until_indexed()
    uri = (tmp_path / "store.py").as_uri()
    talk.edit(uri, SOURCE)
    asked, request = ask_for_edit(talk, {"command": "hunch.document", "arguments": [talk.at(uri, 5)]})
    (change,) = request["params"]["edit"]["documentChanges"]
    assert change["textDocument"] == {"uri": uri, "version": 2}
    assert change["edits"][0]["range"]["start"] == {"line": 5, "character": 0}
    talk.send({"jsonrpc": "2.0", "id": request["id"], "result": {"applied": True}})
    assert talk.answer(asked)["result"] is True


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"result": {"applied": False, "failureReason": "read-only"}}, "the editor did not make the edit: read-only"),
        ({"result": None}, "the editor did not make the edit: it gave no reason"),
        ({"error": {"code": -32603, "message": "no"}}, "the editor did not make the edit: no"),
    ],
    ids=["not applied", "nothing", "error"],
)
def test_an_edit_that_is_not_made_is_told(store: tuple[Talk, str], answer: dict[str, Any], reason: str) -> None:
    talk, uri = store
    asked, request = ask_for_edit(talk, {"command": "hunch.document", "arguments": [talk.at(uri, 5)]})
    talk.send({"jsonrpc": "2.0", "id": request["id"], **answer})
    error = talk.answer(asked)["error"]
    assert error["code"] == -32803 and reason in error["message"]


def test_a_sentence_is_for_the_text_of_now(store: tuple[Talk, str]) -> None:
    """Documentation never lands at a line that has moved while it was written."""
    talk, uri = store
    asked = talk.begin("hunch/document", talk.at(uri, 5))
    change = {"textDocument": {"uri": uri, "version": 3}, "contentChanges": [{"text": "\n\n\n" + SOURCE}]}
    talk.tell("textDocument/didChange", change)
    assert talk.answer(asked)["error"]["message"] == "the text has changed meanwhile: ask again"


def test_of_a_long_function_the_beginning_counts(store: tuple[Talk, str]) -> None:
    talk, uri = store
    want(talk)
    body = "".join(f"    total = add_price(total, prices[{number}])\n" for number in range(300))
    talk.tell("textDocument/didChange", {
        "textDocument": {"uri": uri, "version": 3},
        "contentChanges": [{"text": f"def total_of(prices):\n{body}    return total\n"}],
    })  # fmt: skip
    answers = [talk.ask("hunch/summarize", talk.at(uri, line)) for line in (0, 150, 301)]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["range"] == {"start": {"line": 0, "character": 0}, "end": {"line": 302, "character": 0}}
    assert talk.ask("textDocument/hover", talk.at(uri, 0, 5)) is not None
    assert [line for line in range(1, 302) if talk.ask("textDocument/hover", talk.at(uri, line, 5))] == []


def test_a_missing_model_is_told_once(run_hunch: RunHunch, tmp_path: Path) -> None:
    (tmp_path / "store.py").write_text(SOURCE)
    code = (
        "import hunch.model.summariser as one; one.DEFAULT_SUMMARISER = 'nothing'\n"
        "from hunch.cli import main; raise SystemExit(main(['lsp']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=run_hunch.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        talk = Talk(process)
        talk.open(tmp_path)
        talk.wait_until_indexed()
        want(talk)
        uri = (tmp_path / "store.py").as_uri()
        for _ in range(3):
            assert talk.ask("textDocument/hover", talk.at(uri, 4, 8)) is None
        code_, reason = talk.error("hunch/summarize", talk.at(uri, 4))
        assert code_ == -32803 and "nothing/manifest.json: no model bundle there" in reason
        shown = [one["params"]["message"] for one in talk.seen if one.get("method") == "window/showMessage"]
        assert shown == [reason]
    finally:
        process.kill()
        process.wait()


def test_nothing_is_inserted_where_there_is_nothing_to_document(store: tuple[Talk, str]) -> None:
    talk, uri = store
    assert talk.ask("hunch/document", talk.at(uri, 10)) is False
    assert talk.ask("hunch/document", talk.at(uri, 14)) is False


def test_a_client_that_makes_no_edits_is_told_so(start: Start, tmp_path: Path) -> None:
    (tmp_path / "store.py").write_text(SOURCE)
    talk = start()
    talk.open(tmp_path)
    place = talk.at((tmp_path / "store.py").as_uri(), 5)
    assert talk.error("hunch/document", place) == (-32803, "this editor makes no edits for a server")
