"""The grammars of the languages, each loaded when a file first needs it."""

from __future__ import annotations

import importlib
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Final

from tree_sitter import Language, Query

from hunch.text.language import Grammar
from hunch.text.languages import LANGUAGES

__all__ = ["GRAMMARS", "LoadedGrammar", "load_grammar"]

GRAMMARS: Final[dict[str, Grammar]] = {
    name: language.grammar for name, language in LANGUAGES.items() if language.grammar is not None
}


@dataclass(frozen=True, slots=True)
class LoadedGrammar:
    """A grammar that is ready to parse."""

    language: Language
    query: Query
    grammar: Grammar


@cache
def load_grammar(language: str) -> LoadedGrammar | None:
    """The parser and query of a language, or None when there is none or its wheel does not load."""
    grammar = GRAMMARS.get(language)
    if grammar is None:
        return None
    try:
        with warnings.catch_warnings():
            # Older wheels hand over a plain integer, which newer bindings accept with a warning.
            warnings.simplefilter("ignore", DeprecationWarning)
            loaded = Language(getattr(importlib.import_module(grammar.module), grammar.function)())
        return LoadedGrammar(loaded, Query(loaded, grammar.query), grammar)
    except (ImportError, AttributeError, ValueError, TypeError):
        # A wheel that is missing or too new for its query costs precision in one language, not the file.
        return None
