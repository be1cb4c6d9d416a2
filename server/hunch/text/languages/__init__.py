"""The languages, one file each, and how file names, shebangs and the names that people type lead to them.

A language that declares a grammar is read by it; every other one is cut at blank lines. Formats that hold data or prose
rather than code (JSON, YAML, Markdown, ...) are no language here.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterator
from typing import Final

from hunch.text.language import Language
from hunch.text.languages._associations import associate, associated, associations
from hunch.text.languages._content import OPEN_ENDINGS
from hunch.text.languages._embedding import EMBEDDING
from hunch.text.languages._without_grammar import WITHOUT_GRAMMAR

__all__ = ["LANGUAGES", "associate", "associations", "language_of", "may_be", "nearest_language", "resolve_language"]


def _with_grammar() -> Iterator[Language]:
    for found in pkgutil.iter_modules(__path__):
        if not found.name.startswith("_"):
            language: Language = importlib.import_module(f"{__name__}.{found.name}").LANGUAGE
            yield language


LANGUAGES: Final[dict[str, Language]] = {
    known.name: known for known in (*_with_grammar(), *EMBEDDING, *WITHOUT_GRAMMAR)
}

_BY_EXTENSION: Final = {extension: known.name for known in LANGUAGES.values() for extension in known.extensions}
_BY_FILE_NAME: Final = {name: known.name for known in LANGUAGES.values() for name in known.file_names}
_BY_VARIANT: Final = {name: _BY_FILE_NAME[name] for name in ("Dockerfile", "Containerfile", "Makefile")}
_BY_INTERPRETER: Final = {name: known.name for known in LANGUAGES.values() for name in known.interpreters}
_BY_ALIAS: Final = _BY_EXTENSION | {alias: known.name for known in LANGUAGES.values() for alias in known.aliases}


def language_of(path: str, source: bytes = b"") -> str | None:
    """The language of a file by what the user says of its name, or by its name.

    Where that leaves it open, its content decides: several languages use an ending such as `.h`, and a name without an
    ending may begin with a shebang line. Without the source, the first are of the language that is usual.
    """
    path = path.replace("\\", "/")
    known = associated(path)
    if known is not None:
        return known
    name = path.rsplit("/", 1)[-1]
    known = _BY_FILE_NAME.get(name)
    if known is not None:
        return known
    stem, _, extension = name.rpartition(".")
    if stem:
        ending = OPEN_ENDINGS.get(extension.lower())
        if ending is not None:
            return ending.decide(source) if source else ending.usual
        known = _BY_EXTENSION.get(extension) or _BY_EXTENSION.get(extension.lower())
        # Dockerfile.dev and Makefile.linux say what they are before the dot.
        return known or _BY_VARIANT.get(name.split(".", 1)[0])
    return _interpreter_language(source.partition(b"\n")[0])


def may_be(path: str) -> frozenset[str]:
    """The languages of which a file may turn out to be by its content; none where its name alone decides."""
    ending = OPEN_ENDINGS.get(path.rpartition(".")[2].lower())
    return ending.others if ending is not None and associated(path) is None and language_of(path) else frozenset()


def _interpreter_language(first_line: bytes) -> str | None:
    line = first_line[:256].decode("utf-8", "replace").lstrip("\ufeff")
    if not line.startswith("#!"):
        return None
    words = [word.replace("\\", "/").rsplit("/", 1)[-1] for word in line[2:].split()]
    if words[:1] == ["env"]:
        # What follows are options and variables, up to the program.
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    # python3.11 and lua5.4 are python and lua.
    return _BY_INTERPRETER.get(words[0].rstrip("0123456789.")) if words else None


def resolve_language(name: str) -> str | None:
    """The language that a person means by a name, an alias or a file extension: `py`, `c++`, `.ts`."""
    wanted = name.strip().lower()
    if wanted in LANGUAGES:
        return wanted
    wanted = wanted.lstrip(".")
    return wanted if wanted in LANGUAGES else _BY_ALIAS.get(wanted)


def nearest_language(name: str) -> str | None:
    """The best guess at a misspelt language name, for "did you mean"; None when nothing is close."""
    resolved = resolve_language(name)
    if resolved is not None:
        return resolved
    candidates = [*LANGUAGES, *(alias for alias in _BY_ALIAS if len(alias) > 2)]
    begun = [language for language in LANGUAGES if len(name) > 2 and language.startswith(name.strip().lower())]
    close = begun or difflib.get_close_matches(name.strip().lower(), candidates, n=1, cutoff=0.6)
    return resolve_language(close[0]) if close else None
