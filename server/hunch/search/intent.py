"""Language and kind intent: a language, or a kind of definition, that the words of a query name.

"sort a list in go" and "python sort list" name one; "start a python process" is about one, and is not cut down to it.
"""

from __future__ import annotations

from collections.abc import Sequence

_SCRIPT, _C = ("javascript", "typescript", "tsx"), ("cpp", "c")
_OWN_NAME = "python java rust ruby php kotlin swift scala perl haskell lua elixir julia dart bash"
_LANGUAGES = {
    **{name: (name,) for name in _OWN_NAME.split()},
    **dict.fromkeys(("javascript", "js", "nodejs"), _SCRIPT),
    **dict.fromkeys(("c++", "cpp"), _C),
    **dict.fromkeys(("c#", "csharp"), ("csharp",)),
    "typescript": ("typescript", "tsx"),
    "golang": ("go",),
    "python3": ("python",),
}
"""Languages as hunch.text.languages calls them; a header of C++ may be C to it"""
_LANGUAGES_AFTER_IN = {"go": ("go",), "c": ("c",), "r": ("r",), "shell": ("bash",)}
"""Words that mean too much else to name a language elsewhere"""
_IN = frozenset("in with using".split())
_KINDS = {
    "function": ("function", "method"), "method": ("method", "function"), "class": ("class",), "struct": ("struct",),
    "interface": ("interface",), "trait": ("trait",), "enum": ("enum",), "module": ("module", "file"),
}  # fmt: skip
_HEAD = 3
"""Words at the beginning among which a kind is what is looked for, as in "the class that holds them"."""


def language_intent(words: Sequence[str]) -> tuple[str, ...]:
    """Return the languages that words, in small letters, name: at the beginning, at the end, or after "in"."""
    if len(words) < 2:
        return ()
    for place, word in enumerate(words):
        before = words[place - 1] if place else ""
        if before == "in" and word in _LANGUAGES_AFTER_IN:
            return _LANGUAGES_AFTER_IN[word]
        if word in _LANGUAGES and (place in (0, len(words) - 1) or before in _IN):
            return _LANGUAGES[word]
    return ()


def kind_intent(words: Sequence[str]) -> tuple[str, ...]:
    """Return the kinds of definitions, of hunch.text.chunk.KINDS, that the first words, in small letters, name."""
    if len(words) < 2:
        return ()
    return next((_KINDS[word] for word in words[:_HEAD] if word in _KINDS), ())
