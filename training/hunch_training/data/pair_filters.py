"""Which functions make pairs: not those of tests, of others, of generators, and none that is told too little about."""

from __future__ import annotations

import re

from hunch.text.documentation import is_licence
from hunch_training.data.documented_functions import DocumentedFunction

WORDS_OF_DOCUMENTATION = (3, 120)
LINES_OF_CODE = (3, 250)
CHARACTERS_OF_CODE = (40, 5_000)
LEAST_LETTERS = 0.7
"""of the characters of documentation, spaces left out"""


_TEST_PATH = re.compile(
    r"(?:^|/)(?:tests?|testing|specs?|__tests__|__mocks__|mocks?|fixtures?|test-?data|test[_-][^/]*|[^/]*[_-]tests?|e2e)/"
    r"|(?:^|/)(?:test_[^/]*|conftest|[^/]*[._-](?:test|tests|spec))\.\w+$",
    re.IGNORECASE,
)
_TEST_CLASS = re.compile(r"(?:^|/)(?:Test[A-Z][^/]*|[^/]*[a-z0-9](?:Tests?|TestCase|Spec))\.\w+$")
_VENDORED_PATH = re.compile(
    r"(?:^|/)(?:_?vendor(?:ed)?|third[-_]?party|3rd[-_]?party|extern(?:al|als)?|deps|node_modules|site-packages)/",
    re.IGNORECASE,
)
_ABOUT_OTHER_THINGS = re.compile(
    r"inheritdoc|@inherit|do not edit|auto-?generated|\bgenerated (?:by|from|code)\b"
    r"|^\W*deprecated\b|\b(?:is|are|was|been) deprecated\b|@deprecated"
    r"|^\W*(?:copied|adapted|ported|taken|borrowed|derived) (?:\w+ )?from\b",
    re.IGNORECASE,
)
_FOR_TOOLS = re.compile(
    r"^\W*(?:eslint|jshint|jslint|tslint|istanbul|c8 ignore|v8 ignore|prettier|pylint|noqa|nolint|rubocop|phpcs|todo"
    r"|fixme|xxx|hack|type:|@ts-|go:|cspell|clang-format|sonar|webpack|pragma|region\b|endregion\b|see\b)",
    re.IGNORECASE,
)
_DEPRECATED_CODE = re.compile(r"\s*(?:@[\w.]*[Dd]eprecated|#\[deprecated|\[(?:System\.)?Obsolete|\[\[deprecated)")
_CODE_ENDS = (";", "{", "}", "):", "->", "=>", "&&", "||")
_DECLARATION_ENDS = (".d.ts", ".d.mts", ".d.cts", ".pyi")
_AUTOTOOLS = frozenset(
    {"configure", "config.guess", "config.sub", "ltmain.sh", "libtool", "depcomp", "install-sh", "compile", "missing"}
)


def reason_against(function: DocumentedFunction, query: str) -> str | None:
    """Return why a function makes no pair with the first paragraph of its documentation; None if it does."""
    least_words, most_words = WORDS_OF_DOCUMENTATION
    words = len(query.split())
    lines = sum(1 for line in function.code.splitlines() if line.strip())
    if not function.documentation:
        return "no documentation"
    if not function.has_body:
        return "no body"
    if words < least_words:
        return f"documentation of under {least_words} words"
    if words > most_words:
        return f"documentation of over {most_words} words"
    if not LINES_OF_CODE[0] <= lines <= LINES_OF_CODE[1]:
        return f"code of under {LINES_OF_CODE[0]} lines" if lines < LINES_OF_CODE[0] else "code of too many lines"
    if not CHARACTERS_OF_CODE[0] <= len(function.code) <= CHARACTERS_OF_CODE[1]:
        return "code of too many characters" if len(function.code) > CHARACTERS_OF_CODE[1] else "code of few characters"
    if sum(c.isascii() and c.isalpha() for c in query) < LEAST_LETTERS * len("".join(query.split())):
        return "documentation that is not mostly ASCII letters"
    if (
        _DEPRECATED_CODE.match(function.code)
        or is_licence(query)
        or _ABOUT_OTHER_THINGS.search(query)
        or "inheritdoc" in function.documentation.lower()
    ):
        return "licence, deprecated, inherited, copied or generated"
    if _FOR_TOOLS.match(query) or query.endswith(_CODE_ENDS):
        return "a note to a tool, or code that was commented out"
    return None


def reason_against_path(path: str) -> str | None:
    """Return why no function of a file makes a pair, from its path in the package; None if one may."""
    if _TEST_PATH.search(path) or _TEST_CLASS.search(path):
        return "test"
    if _VENDORED_PATH.search(path):
        return "vendored"
    if path.rsplit("/", 1)[-1] in _AUTOTOOLS:
        return "generated"
    return "declarations" if path.endswith(_DECLARATION_ENDS) else None
