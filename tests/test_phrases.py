"""The VS Code client says reasons and answerability in the server's words, and has each of them in German."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hunch.search.phrases import ANSWERABILITY_PHRASES, REASON_PHRASES

CLIENT = Path(__file__).parents[1] / "editor-client"
ENTRY = re.compile(r'^    (?:"([^"]+)"|(\w+)): (?:t\("([^"]*)"\)|""),$', re.MULTILINE)


def test_the_client_has_the_phrases_of_the_server() -> None:
    source = (CLIENT / "src/search/phrases.ts").read_text(encoding="utf-8")
    there = {quoted or plain: text for quoted, plain, text in ENTRY.findall(source)}
    assert there == REASON_PHRASES | {verdict.value: text for verdict, text in ANSWERABILITY_PHRASES.items()}


def test_each_phrase_is_translated() -> None:
    german = json.loads((CLIENT / "l10n/bundle.l10n.de.json").read_text(encoding="utf-8"))
    phrases = {*REASON_PHRASES.values(), *ANSWERABILITY_PHRASES.values()} - {""}
    assert [phrase for phrase in sorted(phrases) if not german.get(phrase)] == []
