"""Which language and which kind of definition the words of a query name."""

from __future__ import annotations

import pytest

from hunch.search.intent import kind_intent, language_intent
from hunch.search.query import parse_query
from hunch.text.chunk import KINDS
from hunch.text.languages import LANGUAGES


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("python sort list", {"python"}),
        ("sort a list in go", {"go"}),
        ("Sort a list with Ruby.", {"ruby"}),
        ("how to read a file python?", {"python"}),
        ("string to int in c", {"c"}),
        ("c++ split string", {"cpp", "c"}),
        ("parse json c#", {"csharp"}),
        ("debounce javascript", {"javascript", "typescript", "tsx"}),
        ("debounce typescript", {"typescript", "tsx"}),
        ("calculate an average in python using a count", {"python"}),
        ("how to read a file python ?", {"python"}),
        ("[python] sort list", {"python"}),
        ("starts with c", set()),
        ("open a file with r mode", set()),
        ("run a command with bash", {"bash"}),
        ("start a python process and wait", set()),
        ("go to the definition", set()),
        ("where does it go", set()),
        ("python", set()),  # a name, or a word of one
        ("in which file", set()),
        ("lang:go sort in ruby", {"ruby"}),
    ],
)
def test_languages(text: str, languages: set[str]) -> None:
    named = set(parse_query(text).named_languages)
    assert named == languages
    assert named <= set(LANGUAGES)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("the class that holds a user", {"class"}),
        ("method that closes it", {"method", "function"}),
        ("Function to close it", {"function", "method"}),
        ("an abstract interface", {"interface"}),
        ("struct of options", {"struct"}),
        ("return the name of a class", set()),
        ("class", set()),
        ("close the file", set()),
    ],
)
def test_kinds(text: str, kinds: set[str]) -> None:
    named = set(parse_query(text).named_kinds)
    assert named == kinds
    assert named <= set(KINDS)


def test_nothing_is_named_by_nothing() -> None:
    assert language_intent([]) == kind_intent([]) == language_intent([""]) == ()
