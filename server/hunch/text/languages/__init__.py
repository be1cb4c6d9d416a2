"""The languages, one file each, and how file names, shebangs and the names that people type lead to them.

A language that declares a grammar is read by it; documentation, configuration and notebooks by their outlines and
cells; every other one is cut at blank lines.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from typing import Final

from hunch.text.language import Content, Language
from hunch.text.languages._associations import associate, associated, associations
from hunch.text.languages._configuration import CONFIGURATION
from hunch.text.languages._content import OPEN_ENDINGS
from hunch.text.languages._documentation import (
    DOCUMENTATION,
    DOCUMENTATION_FOLDERS,
    DOCUMENTATION_NAMES,
    PLAIN_TEXT,
)
from hunch.text.languages._embedding import EMBEDDING
from hunch.text.languages._notebook import NOTEBOOK, NOTEBOOK_ENDING, without_outputs
from hunch.text.languages._without_grammar import WITHOUT_GRAMMAR

__all__ = [
    "CONTENTS",
    "LANGUAGES",
    "NOTEBOOK_ENDING",
    "associate",
    "associations",
    "content_of",
    "filtered_languages",
    "language_of",
    "may_be",
    "nearest_language",
    "resolve_language",
    "shared_extensions",
    "without_outputs",
]


def _with_grammar() -> Iterator[Language]:
    for found in pkgutil.iter_modules(__path__):
        if not found.name.startswith("_"):
            language: Language = importlib.import_module(f"{__name__}.{found.name}").LANGUAGE
            yield language


LANGUAGES: Final[dict[str, Language]] = {
    known.name: known
    for known in (*_with_grammar(), *EMBEDDING, *WITHOUT_GRAMMAR, *DOCUMENTATION, *CONFIGURATION, NOTEBOOK)
}

CONTENTS: Final[tuple[Content, ...]] = ("code", "docs", "config")

_TOGETHER: Final = {"typescript": ("typescript", "tsx")}
_SHARED: Final = dict.fromkeys(("c", "cpp", "objective-c", "cuda"), (".h",))

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
        return known or _BY_VARIANT.get(name.split(".", 1)[0]) or _plain_text(path, stem, extension.lower())
    return _interpreter_language(source.partition(b"\n")[0]) or _plain_text(path, name, "")


def may_be(path: str) -> frozenset[str]:
    """The languages of which a file may turn out to be by its content; none where its name alone decides."""
    ending = OPEN_ENDINGS.get(path.rpartition(".")[2].lower())
    return ending.others if ending is not None and associated(path) is None and language_of(path) else frozenset()


def _plain_text(path: str, stem: str, extension: str) -> str | None:
    """Whether a text is documentation: by its name, or by the folder it is in."""
    if extension not in ("", "txt"):
        return None
    if stem.upper() in DOCUMENTATION_NAMES:
        return PLAIN_TEXT
    folders = path.replace("\\", "/").lower().split("/")[:-1]
    return PLAIN_TEXT if extension and not DOCUMENTATION_FOLDERS.isdisjoint(folders) else None


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


def content_of(language: str) -> Content:
    """What files of a language hold; code where the language is not known."""
    known = LANGUAGES.get(language)
    return known.content if known is not None else "code"


def filtered_languages(language: str) -> tuple[str, ...]:
    """The languages that somebody means who asks for one: with TypeScript its files that hold JSX."""
    return _TOGETHER.get(language, (language,))


def shared_extensions(languages: Sequence[str]) -> tuple[str, ...]:
    """Endings, with their dots, of files that belong to some languages whatever they are read as: headers."""
    return tuple({ending: None for language in languages for ending in _SHARED.get(language, ())})


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
