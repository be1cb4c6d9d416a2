"""Text that would stop a parser is typed and saved: the server answers all the while, and ends when told to."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from benchmarks.hostile_inputs import hostile_source

if TYPE_CHECKING:
    from lsp.conftest import Talk

LENIENT_SECONDS = 5.0
"""A question's answer took twenty; other tests run beside."""
TEXTS = {
    "bad/greedy.py": hostile_source("python", "comment openers of C in lines", 40_000).decode(),
    "bad/slow.js": hostile_source("javascript", "parentheses in long lines", 200_000).decode(),
    "bad/long.ts": hostile_source("typescript", "cases", 60_000).decode(),
    "bad/deep.cs": hostile_source("csharp", "classes nested", 60_000).decode(),
}


def ask(talk: Talk) -> float:
    began = time.monotonic()
    hits = talk.search("check a password against its stored hash")["hits"]
    assert hits[0]["name"] == "check_password"
    return time.monotonic() - began


def test_questions_are_answered_while_it_is_typed(
    start: Callable[..., Talk], make_workspace: Callable[..., Path]
) -> None:
    root = make_workspace()
    talk = start()
    talk.open(root)
    talk.wait_until_indexed()
    for path, text in TEXTS.items():
        document = {"uri": (root / path).as_uri(), "languageId": "plaintext", "version": 1, "text": text}
        talk.tell("textDocument/didOpen", {"textDocument": document})
    slowest = 0.0
    for version in range(2, 12):
        for path in TEXTS:
            place: dict[str, object] = {"line": 0, "character": 0}
            change: dict[str, object] = {"range": {"start": place, "end": place}, "text": f"x{version} "}
            changed = {"uri": (root / path).as_uri(), "version": version}
            talk.tell("textDocument/didChange", {"textDocument": changed, "contentChanges": [change]})
        slowest = max(slowest, ask(talk))
    assert slowest < LENIENT_SECONDS
    place = {"textDocument": {"uri": (root / "bad/greedy.py").as_uri()}, "position": {"line": 3, "character": 0}}
    assert talk.ask("hunch/summarize", place) is None
    assert ask(talk) < LENIENT_SECONDS
    assert talk.end() == 0


def test_files_that_stop_a_parser_are_named_and_the_rest_is_indexed(
    start: Callable[..., Talk], make_workspace: Callable[..., Path]
) -> None:
    root = make_workspace()
    (root / "bad").mkdir()
    for path, text in TEXTS.items():
        (root / path).write_text(text)
    talk = start()
    talk.open(root)
    talk.wait_until_indexed()
    (folder,) = talk.ask("hunch/status")["folders"]
    (notice,) = folder["notices"]
    assert "too much time or memory to parse" in notice and "bad/greedy.py" in notice
    assert ask(talk) < LENIENT_SECONDS
    assert talk.end() == 0


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGTERM")
def test_it_ends_in_the_middle_of_one(start: Callable[..., Talk], make_workspace: Callable[..., Path]) -> None:
    root = make_workspace(dict.fromkeys((f"w{n}.js" for n in range(40)), TEXTS["bad/slow.js"]))
    for number, file in enumerate(sorted(root.iterdir())):
        file.write_text(f"a{number} = 1\n{TEXTS['bad/slow.js']}")
    talk = start()
    talk.open(root)
    time.sleep(1.0)
    began = time.monotonic()
    talk.process.send_signal(signal.SIGTERM)
    talk.process.wait(30)
    assert time.monotonic() - began < LENIENT_SECONDS
