"""Our own requests and commands, asked of the real process about a small shop that is indexed already."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import hunch

if TYPE_CHECKING:
    from conftest import RunHunch
    from lsp.conftest import Talk

    Shop = tuple[Talk, Path]

PASSWORD = "check a password against its stored hash"


def test_search_has_every_key_of_the_contract(shop: Shop) -> None:
    talk, root = shop
    answer = talk.search(PASSWORD, limit=3)
    assert set(answer) == {"query", "elapsedMs", "answerability", "verdict", "label", "complete", "notices", "hits"}
    assert answer["verdict"] == answer["answerability"], "the old name"
    assert (answer["query"], answer["answerability"], answer["complete"], answer["notices"]) == (
        PASSWORD,
        "relevant",
        True,
        [],
    )
    assert answer["elapsedMs"] > 0
    assert 1 <= len(answer["hits"]) <= 3
    best = answer["hits"][0]
    assert 0 < best.pop("score") <= 1
    why = best.pop("why")
    reasons = best.pop("reasons")
    assert [set(one) for one in reasons] == [{"key", "terms", "text"}] * len(reasons)
    assert {one["key"] for one in reasons} <= {one["feature"] for one in why}
    assert [set(one) for one in why] == [{"feature", "signal", "weight", "terms"}] * len(why)
    marks = best.pop("highlights")
    shown = (root / "src/auth.py").read_text().split("\n")
    ranges = [(mark["range"]["start"], mark["range"]["end"]) for mark in marks]
    marked = [shown[start["line"]][start["character"] : end["character"]] for start, end in ranges]
    assert {word.lower() for word, mark in zip(marked, marks, strict=True) if mark["exact"]} >= {"password", "hash"}
    assert best == {
        "uri": (root / "src/auth.py").as_uri(),
        "folder": root.as_uri(),
        "path": "src/auth.py",
        "range": {"start": {"line": 6, "character": 0}, "end": {"line": 10, "character": 0}},
        "selectionRange": {"start": {"line": 6, "character": 0}, "end": {"line": 6, "character": 48}},
        "name": "check_password",
        "qualifiedName": "check_password",
        "kind": "function",
        "language": "python",
        "nearDuplicates": [],
        "copies": [],
        "signature": "def check_password(password, salt, stored_hash)",
        "documentation": "Compare a password with the salted hash that was stored for the user.",
        "snippet": "\n".join((root / "src/auth.py").read_text().split("\n")[6:10]),
    }


def test_filters(shop: Shop) -> None:
    talk, root = shop
    query = "remember and forget things"
    assert {hit["language"] for hit in talk.search(query, languages=["java"])["hits"]} == {"java"}
    assert {hit["kind"] for hit in talk.search(query, kinds=["method"])["hits"]} == {"method"}
    assert {hit["path"] for hit in talk.search(query, paths=["web/**"])["hits"]} == {"web/client.ts"}
    assert {hit["path"] for hit in talk.search(f"{query} lang:go")["hits"]} == {"server/main.go"}
    within = (root / "lib").as_uri()
    assert {hit["path"].split("/")[0] for hit in talk.search(query, within=within)["hits"]} == {"lib"}
    assert len(talk.search(query, folder=root.as_uri(), limit=1)["hits"]) == 1
    assert len(talk.search(query, folder=f"{root.as_uri()}/", limit=2)["hits"]) == 2


@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("hunch/search", {}, "query: missing"),
        ("hunch/search", {"query": ["x"]}, "query: expected text, got a list"),
        ("hunch/search", {"query": ""}, "the query is empty"),
        ("hunch/search", {"query": "x", "languages": ["klingon"]}, "there is no language 'klingon'"),
        (
            "hunch/search",
            {"query": "x", "folder": "file:///nowhere"},
            "folder: file:///nowhere is not an open workspace",
        ),
        (
            "hunch/search",
            {"query": "x", "within": "file:///etc"},
            "within: file:///etc is not inside an open workspace",
        ),
        ("hunch/similar", {"position": {"line": 0, "character": 0}}, "textDocument: missing"),
        ("hunch/pause", {"folder": "untitled:x"}, "folder: untitled:x is not an open workspace folder"),
        ("hunch/summarize", {}, "textDocument: missing"),
        ("workspace/executeCommand", {"command": "rm"}, "command: there is no 'rm'"),
        ("workspace/executeCommand", {"command": "hunch.search", "arguments": [{"query": 1}]}, "query: expected text"),
        (
            "workspace/executeCommand",
            {"command": "hunch.search", "arguments": ["a", "b"]},
            "arguments: hunch.search takes",
        ),
        ("textDocument/hover", {"textDocument": {"uri": 1}}, "textDocument.uri: expected text"),
    ],
)
def test_what_cannot_be_answered_is_told_in_one_line(shop: Shop, method: str, params: object, message: str) -> None:
    talk, _ = shop
    code, text = talk.error(method, params)
    assert code == -32602
    assert text.startswith(message)
    assert "\n" not in text


def test_similar(shop: Shop) -> None:
    talk, root = shop
    uri = (root / "src/orders.py").as_uri()
    answer = talk.ask("hunch/similar", {**talk.at(uri, 5), "limit": 4})
    assert len(answer["hits"]) == 4
    assert "sort_orders_by_date" not in [hit["name"] for hit in answer["hits"]]
    # A selection that begins on blank lines is the code in it.
    span = {"start": {"line": 2, "character": 0}, "end": {"line": 7, "character": 0}}
    chosen = talk.ask("hunch/similar", {"textDocument": {"uri": uri}, "range": span, "limit": 4})
    assert [hit["path"] for hit in chosen["hits"]] == [hit["path"] for hit in answer["hits"]]
    code, text = talk.error("hunch/similar", talk.at((root / "nothing.py").as_uri(), 0))
    assert code == -32602
    assert text.startswith("position: nothing.py")
    assert talk.error("hunch/similar", talk.at("file:///etc/passwd", 0)) == (
        -32602, "textDocument.uri: file:///etc/passwd is not inside an open workspace folder",
    )  # fmt: skip


def test_status(shop: Shop) -> None:
    talk, root = shop
    status = talk.ask("hunch/status")
    assert set(status) == {"version", "model", "folders"}
    assert status["version"] == hunch.__version__
    assert status["model"].startswith("search-en")
    (folder,) = status["folders"]
    assert (folder["uri"], folder["phase"], folder["complete"], folder["writer"]) == (
        root.as_uri(),
        "ready",
        True,
        True,
    )
    assert (folder["files"], folder["pausedBy"], folder["notices"]) == (7, "", [])
    assert folder["chunks"] > 7
    assert set(folder) == {
        "uri", "phase", "message", "done", "total", "files", "chunks", "contextual", "inContext", "complete", "writer",
        "pausedBy", "notices",
    }  # fmt: skip


def test_commands_are_twins_of_the_requests(shop: Shop) -> None:
    talk, root = shop

    def run(command: str, *arguments: Any) -> Any:
        return talk.ask("workspace/executeCommand", {"command": command, "arguments": list(arguments)})

    def without_time(answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "elapsedMs": 0}

    expected = without_time(talk.search(PASSWORD))
    assert without_time(run("hunch.search", {"query": PASSWORD})) == expected
    assert without_time(run("hunch.search", PASSWORD)) == expected
    place = talk.at((root / "src/auth.py").as_uri(), 8)
    assert without_time(run("hunch.similar", place)) == without_time(talk.ask("hunch/similar", place))
    assert run("hunch.status") == talk.ask("hunch/status")
    assert run("hunch.summarize", place) == talk.ask("hunch/summarize", place)


def test_pausing_is_seen_and_taken_back(shop: Shop) -> None:
    talk, root = shop

    def phase() -> str:
        return str(talk.ask("hunch/status")["folders"][0]["phase"])

    assert talk.ask("hunch/pause", {"folder": root.as_uri()}) is None
    talk.eventually(phase, lambda seen: seen == "paused")
    assert talk.names(PASSWORD)[0] == "check_password"
    assert talk.ask("workspace/executeCommand", {"command": "hunch.resume"}) is None
    talk.eventually(phase, lambda seen: seen == "ready")


def test_a_newer_search_supersedes_older_ones(shop: Shop) -> None:
    talk, _ = shop
    messages = [
        {"jsonrpc": "2.0", "id": f"s{number}", "method": "hunch/search", "params": {"query": f"search {number}"}}
        for number in range(30)
    ]
    talk.write(b"".join(map(talk.framed, messages)))
    answers = _answers(talk, 30)
    assert answers["s29"]["result"]["query"] == "search 29"
    refused = [answer["error"]["code"] for answer in answers.values() if "error" in answer]
    assert set(refused) == {-32802}
    assert refused
    assert len(refused) + sum("result" in answer for answer in answers.values()) == 30


def test_a_cancelled_request_is_told_so(shop: Shop) -> None:
    talk, _ = shop
    request = {"jsonrpc": "2.0", "id": "c", "method": "hunch/search", "params": {"query": "anything at all"}}
    cancel = {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": "c"}}
    talk.write(talk.framed(request) + talk.framed(cancel))
    assert talk.answer("c")["error"]["code"] == -32800
    talk.tell("$/cancelRequest", {"id": "never"})
    talk.tell("$/cancelRequest", {"id": {}})
    talk.tell("$/cancelRequest")
    assert talk.names(PASSWORD)[0] == "check_password"


def _answers(talk: Talk, count: int) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    while len(answers) < count:
        message = talk.until(lambda message: str(message.get("id", "")).startswith("s"))
        answers[message["id"]] = message
    return answers


# ---- standard requests ----


def test_symbols_have_exact_names_first_and_no_guesses(shop: Shop) -> None:
    talk, root = shop

    def symbols(query: str) -> list[dict[str, Any]]:
        found = talk.ask("workspace/symbol", {"query": query})
        assert isinstance(found, list)
        return found

    assert symbols("") == []
    assert symbols("  ") == []
    assert symbols("lang:") == []
    best = symbols("sort orders by date")[0]
    assert best == {
        "name": "sort_orders_by_date",
        "kind": 12,
        "containerName": "src/orders.py",
        "location": {
            "uri": (root / "src/orders.py").as_uri(),
            "range": {"start": {"line": 3, "character": 0}, "end": {"line": 6, "character": 0}},
        },
    }
    assert symbols("SORTORDERSBYDATE")[0]["name"] == "sort_orders_by_date"
    assert symbols("ShoppingCart.addItem")[0]["name"] == "addItem"
    assert symbols("ShoppingCart.addItem")[0]["containerName"] == "ShoppingCart - web/client.ts"
    assert symbols("zeppelin karaoke marmalade") == []
    assert talk.ask("workspaceSymbol/resolve", best) == best


def test_hover_knows_the_hits_of_late(shop: Shop) -> None:
    talk, root = shop
    uri = (root / "web/client.ts").as_uri()
    talk.search("put an item into the cart", paths=["web/**"])
    shown = talk.ask("textDocument/hover", talk.at(uri, 13, 4))
    assert shown["contents"]["kind"] == "markdown"
    head, sentence, why = shown["contents"]["value"].split("\n\n")
    assert head == "**method** `ShoppingCart.addItem` - web/client.ts:13"
    assert sentence == "Put an item into the cart, or more of one that is there."
    assert why.startswith("Found by ")
    assert talk.ask("textDocument/hover", talk.at(uri, 14, 4)) is None  # inside, not at the name
    assert talk.ask("textDocument/hover", talk.at(uri, 500, 4)) is None
    assert talk.ask("textDocument/hover", talk.at("untitled:1", 0)) is None


def test_hover_terminal_and_search_give_the_same_reasons(shop: Shop, indexed_shop: tuple[RunHunch, Path]) -> None:
    talk, root = shop
    run, _ = indexed_shop
    query = "sort purchases by day"
    # Scores rest on the contextual embeddings: both processes have to see all of them.
    talk.eventually(
        lambda: talk.ask("hunch/status")["folders"][0],
        lambda folder: folder["contextual"] == folder["inContext"] == folder["chunks"],
    )
    hit = talk.search(query, paths=["src/**"], limit=1)["hits"][0]
    words = "; ".join(one["text"] for one in hit["reasons"])
    assert "\u2248" in words, "the query has to have related terms"
    shown = talk.ask("textDocument/hover", talk.at(hit["uri"], hit["selectionRange"]["start"]["line"], 0))
    assert re.sub(r"\\(.)", r"\1", shown["contents"]["value"].split("\n\n")[-1]) == f"Found by {words}"
    asked = ("search", query, "--root", root, "--path", "src/**", "--limit", "1", "--no-update")
    assert run(*asked).out.splitlines()[2] == f"    {words}"
    (answer,) = run(*asked, "--json").answers
    assert answer["hits"][0]["reasons"] == hit["reasons"]


def test_an_action_finds_similar_code(shop: Shop) -> None:
    talk, root = shop
    uri = (root / "src/auth.py").as_uri()
    place = {"line": 7, "character": 4}

    def actions(context: dict[str, Any], end: dict[str, int] = place, uri: str = uri) -> Any:
        span = {"start": place, "end": end}
        context = {"diagnostics": [], **context}
        return talk.ask("textDocument/codeAction", {"textDocument": {"uri": uri}, "range": span, "context": context})

    (command,) = actions({})
    assert (command["title"], command["command"]) == ("Find similar code", "hunch.similar")
    assert command["arguments"] == [
        {"textDocument": {"uri": uri}, "range": {"start": place, "end": place}, "show": True}
    ]
    assert actions({"triggerKind": 1, "only": ["refactor"]}) == [command]
    assert actions({"triggerKind": 2}) == []
    assert len(actions({"triggerKind": 2}, {"line": 9, "character": 0})) == 1
    assert actions({"only": ["quickfix"]}) == []
    assert actions({}, uri="file:///elsewhere.py") == []


def test_chosen_hits_are_asked_for(shop: Shop) -> None:
    talk, root = shop
    place = {**talk.at((root / "src/orders.py").as_uri(), 10), "show": True}
    asked = talk.begin("workspace/executeCommand", {"command": "hunch.similar", "arguments": [place]})
    hits = talk.answer(asked)["result"]["hits"]
    question = talk.told("window/showMessageRequest")
    assert [action["title"] for action in question["actions"]] == [
        f"{hit['qualifiedName']} - {hit['path']}:{hit['range']['start']['line'] + 1}" if hit["qualifiedName"]
        else f"{hit['path']}:{hit['range']['start']['line'] + 1}"
        for hit in hits[:5]
    ]  # fmt: skip


def test_unknown_methods(shop: Shop) -> None:
    talk, _ = shop
    assert talk.error("hunch/nothing") == (-32601, "there is no method 'hunch/nothing'")
    assert talk.error("textDocument/definition", {})[0] == -32601
    assert talk.error("$/nothing")[0] == -32601
    talk.tell("hunch/nothing", {"x": 1})
    talk.tell("$/setTrace", {"value": "verbose"})
    assert talk.error("initialize", {"capabilities": {}}) == (-32600, "initialize comes once")
    assert talk.error("workspace/symbol", {"query": None})[0] == -32602
