"""Generated sentences, asked of the real process with the model that ships: on request, on hover, and inserted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hunch.text.chunk import chunk_source

if TYPE_CHECKING:
    from lsp.conftest import Start, Talk

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
    asked = talk.begin("workspace/executeCommand", {key: action[key] for key in ("command", "arguments")})
    request = talk.until(lambda message: message.get("method") == "workspace/applyEdit", answering=False)
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
