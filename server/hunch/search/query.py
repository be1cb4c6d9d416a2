"""What a person typed, read as a query: words to match, and filters such as ``lang:go`` or ``-path:tests``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hunch.search.intent import kind_intent, language_intent
from hunch.text.chunk import KINDS
from hunch.text.language import Content
from hunch.text.languages import CONTENTS, LANGUAGES, filtered_languages, nearest_language, resolve_language
from hunch.text.path_class import PathClass
from hunch.text.terms import STOP_WORDS, QueryTerm, query_terms
from hunch.text.tokenizer import identifiers, split_identifier
from hunch.text.unicode_form import composed
from hunch.workspace.ignore import path_filter

MAX_CHARACTERS = 2_000
"""Longer queries are cut: the words that matter come early."""

_FILTER = re.compile(r"(?<!\S)(-?)(lang|path|kind|content):(\"[^\"]*\"|\S+)")
_HALF_TYPED = re.compile(r"(?<!\S)-?(lang|path|kind|content):\s*$")
_KIND_ALIASES = {
    "def": "function", "func": "function", "fn": "function", "const": "constant", "heading": "section", "key": "entry",
}  # fmt: skip
_CONTENT_ALIASES: dict[str, Content] = {"doc": "docs", "documentation": "docs", "configuration": "config"}
_CONTENT_OF_WORD: dict[str, Content] = {
    **dict.fromkeys(("docs", "documentation", "readme", "changelog"), "docs"),
    **dict.fromkeys(("yaml", "yml", "toml", "workflow", "workflows", "manifest", "manifests"), "config"),
}
"""Words that ask for what is no code, which then need not be clearly better to come first"""
_PATH_CLASS_WORDS = {
    PathClass.TEST: "test tests testing unittest spec specs fixture fixtures mock mocks pytest",
    PathClass.EXAMPLE: "example examples demo sample tutorial",
    PathClass.BENCHMARK: "benchmark benchmarks bench",
    PathClass.DOCUMENTATION: "docs documentation",
    PathClass.VENDORED: "vendor vendored",
}
_PATH_CLASS_OF_WORD = {word: path_class for path_class, words in _PATH_CLASS_WORDS.items() for word in words.split()}
_JOINT = re.compile(r"(?<=[\w)\]>?!])(?:::|->|\?\.|[:#\\])(?=[\w~$@])")
_LONGEST_SYMBOL = 4
_WORDS_FOR_SYMBOLS = 20
_WORDS_FOR_LONG_SYMBOLS = 8


class QueryError(ValueError):
    """A query that cannot be answered; the message is one line for the person who typed it."""


class Symbol(NamedTuple):
    """A name that some of a query's words spell: ``read file`` can be ``read_file`` or ``readFile``."""

    name: str
    share: float
    """Of the query's words, how many spell it, 0..1."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query, ready to be searched for."""

    text: str
    """The words without the filters."""
    terms: tuple[QueryTerm, ...]
    symbols: tuple[Symbol, ...]
    """Names that the words could spell, those of most words first."""
    languages: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    """Globs as in .gitignore; a chunk must match one."""
    excluded_paths: tuple[str, ...] = ()
    within: str = ""
    """A folder, posix, relative to the root, that everything must be in; empty for all."""
    kinds: tuple[str, ...] = ()
    excluded_kinds: tuple[str, ...] = ()
    excluded_languages: tuple[str, ...] = ()
    contents: tuple[Content, ...] = ()
    """What may be found; empty for everything, code first."""
    wanted_contents: tuple[Content, ...] = ()
    """What the words ask for besides code."""
    named_languages: tuple[str, ...] = ()
    """Languages that the words name, as hunch.text.languages calls them; a wish, no filter."""
    named_kinds: tuple[str, ...] = ()
    """Kinds of definitions that the words name."""
    wanted_path_classes: PathClass = PathClass.PRODUCT
    """Roles that the words ask for, which are then not ranked lower."""
    notices: tuple[str, ...] = field(default=())
    """Lines for the person: what was cut or changed."""

    @property
    def filtered(self) -> bool:
        """Whether anything limits where to look."""
        return bool(
            self.languages or self.paths or self.excluded_paths or self.within or self.kinds
            or self.excluded_kinds or self.excluded_languages or (self.contents and self.contents != CONTENTS)
        )  # fmt: skip


def parse_query(
    text: str,
    *,
    languages: Sequence[str] = (),
    paths: Sequence[str] = (),
    kinds: Sequence[str] = (),
    contents: Sequence[str] = (),
    within: str = "",
    pattern_of: Callable[[str], str] = str,
) -> Query:
    """Read a query with its inline filters; the arguments add filters to them.

    ``pattern_of`` makes a path as it was typed a pattern as in .gitignore.

    Raises:
        QueryError: there is nothing to search for, or a language, a kind or a content does not exist.
    """
    filters = {"lang": list(languages), "path": list(paths), "kind": list(kinds), "content": list(contents)}
    excluded: dict[str, list[str]] = {name: [] for name in filters}

    def take(match: re.Match[str]) -> str:
        minus, name, value = match.groups()
        (excluded if minus else filters)[name].append(value.strip('"'))
        return " "

    words = " ".join(_HALF_TYPED.sub("", _FILTER.sub(take, _printable(composed(text)))).split())
    notices: list[str] = []
    if len(words) > MAX_CHARACTERS:
        notices.append(f"the query has {len(words):,} characters: only the first {MAX_CHARACTERS:,} were searched for")
        words = words[:MAX_CHARACTERS]
    if not words:
        raise QueryError('the query is empty: say what the code does, for example "parse a date"')
    if not any(map(str.isalnum, words)) and "_" not in words:
        raise QueryError(f"the query {words!r} has no letters or digits to search for")
    plain = [word for word in (word.strip("?.,:;!()[]{}*'\"`").lower() for word in words.split()) if word]
    return Query(
        text=words,
        terms=tuple(query_terms(words)),
        symbols=_symbols(words),
        languages=_languages(filters["lang"]),
        paths=_globs([pattern_of(path) for path in filters["path"]]),
        excluded_paths=_globs([pattern_of(path) for path in excluded["path"]]),
        within=within,
        kinds=tuple(_kind(name) for name in _listed(filters["kind"])),
        excluded_kinds=tuple(_kind(name) for name in _listed(excluded["kind"])),
        excluded_languages=_languages(excluded["lang"]),
        contents=_contents(filters["content"], excluded["content"]),
        wanted_contents=tuple({_CONTENT_OF_WORD[word]: None for word in plain if word in _CONTENT_OF_WORD}),
        named_languages=language_intent(plain),
        named_kinds=kind_intent(plain),
        wanted_path_classes=_wanted_path_classes(words),
        notices=tuple(notices),
    )


def dotted(name: str) -> str:
    r"""Return a name with dots where languages have other signs: ``A::b``, ``A#b``, ``A->b``, ``A\b``, ``A:b``."""
    return _JOINT.sub(".", name)


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else " " for character in text)


def _listed(values: Sequence[str]) -> list[str]:
    """The parts of values that commas separate."""
    found: list[str] = []
    for value in values:
        found += [part.strip() for part in value.split(",") if part.strip()] or [value]
    return found


def _languages(names: Sequence[str]) -> tuple[str, ...]:
    found = [one for name in _listed(names) for one in filtered_languages(_language(name))]
    return tuple(dict.fromkeys(found))


def _contents(wanted: Sequence[str], excluded: Sequence[str]) -> tuple[Content, ...]:
    found = {one for name in _listed(wanted) for one in _content(name)} or set(CONTENTS if excluded else ())
    without = {one for name in _listed(excluded) for one in _content(name)}
    if found and not found - without:
        raise QueryError("the content filters leave nothing: say content:code, docs, config or all")
    return tuple(one for one in CONTENTS if one in found - without)


def _content(name: str) -> tuple[Content, ...]:
    lowered = name.lower()
    if lowered == "all":
        return CONTENTS
    lowered = _CONTENT_ALIASES.get(lowered, lowered)
    for known in CONTENTS:
        if known == lowered:
            return (known,)
    raise QueryError(f"there is no content {name!r}: say code, docs, config or all")


def _language(name: str) -> str:
    known = resolve_language(name)
    if known is not None:
        return known
    nearest = nearest_language(name)
    hint = f"did you mean {nearest}?" if nearest else "known are " + ", ".join(sorted(LANGUAGES))
    raise QueryError(f"there is no language {name!r}: {hint}")


def _kind(name: str) -> str:
    lowered = _KIND_ALIASES.get(name.lower(), name.lower())
    if lowered not in KINDS:
        close = difflib.get_close_matches(lowered, KINDS, n=1, cutoff=0.7)
        hint = f"did you mean {close[0]}? " if close else ""
        raise QueryError(f"there is no kind {name!r}: {hint}kinds are {', '.join(KINDS)}")
    return lowered


def _globs(globs: Sequence[str]) -> tuple[str, ...]:
    try:
        path_filter(globs)
    except ValueError as error:
        raise QueryError(str(error)) from None
    return tuple(globs)


def _symbols(text: str) -> tuple[Symbol, ...]:
    words = [dotted(word.strip("().,;:'\"`?!").lstrip("\\&#")) for word in text.split()[:_WORDS_FOR_SYMBOLS]]
    found: dict[str, Symbol] = {}
    whole = [len(words)] if _LONGEST_SYMBOL < len(words) <= _WORDS_FOR_LONG_SYMBOLS else []
    for length in (*whole, *range(_LONGEST_SYMBOL, 0, -1)):
        # Long sentences spell no long names, but any word of them can be one.
        joined = words if length == 1 else words[:_WORDS_FOR_LONG_SYMBOLS]
        for start in range(len(joined) - length + 1):
            name = "".join(joined[start : start + length])
            if length > 1 or name.lower() not in STOP_WORDS:
                found.setdefault(name, Symbol(name, length / len(words)))
    return tuple(symbol for symbol in found.values() if any(map(str.isalnum, symbol.name)))


def _wanted_path_classes(text: str) -> PathClass:
    wanted = PathClass.PRODUCT
    for identifier in identifiers(text):
        for word in split_identifier(identifier):
            if word in _PATH_CLASS_OF_WORD:
                wanted |= _PATH_CLASS_OF_WORD[word]
    return wanted
