"""CONTENT_FORMAT is raised when what a language declares, or what the index holds of a file, changes.

Without that, an index made before the change would be taken for one that was made after it.
"""

from __future__ import annotations

import hashlib
import inspect
import io
import json
import re
import textwrap
import tokenize
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

from hunch.index.store import CONTENT_FORMAT
from hunch.text.chunk import chunk_source
from hunch.text.language import Grammar, Language
from hunch.text.languages import LANGUAGES, language_of
from hunch.text.render import render_chunk, symbols_of
from hunch.text.terms import postings_of

GOLDEN = Path(__file__).parent / "golden"
RECORD = GOLDEN / "content.json"
NOT_IN_THE_INDEX = {"aliases", "test_files", "doc_comment"}
"""What is only asked for when somebody searches, or wants documentation inserted."""


def described(value: Any, seen: frozenset[int] = frozenset()) -> Any:
    """Return what a value declares as JSON; functions as their code without comments, with all that they use of ours.

    Layout, comments and the names of modules make no difference.
    """
    if isinstance(value, re.Pattern):
        return [described(value.pattern), value.flags]
    if is_dataclass(value):
        kept = [one.name for one in fields(value) if one.name not in NOT_IN_THE_INDEX]
        return {name: described(getattr(value, name), seen) for name in kept}
    if isinstance(value, Mapping):
        return {str(key): described(value[key], seen) for key in sorted(value)}
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    if isinstance(value, tuple | list):
        return [described(one, seen) for one in value]
    if isinstance(value, FunctionType):
        if id(value) in seen:
            return value.__name__
        used = {name: value.__globals__[name] for name in value.__code__.co_names if name in value.__globals__}
        ours = {name: described(one, seen | {id(value)}) for name, one in used.items() if is_ours(one)}
        closure = [described(cell.cell_contents, seen | {id(value)}) for cell in value.__closure__ or ()]
        return [code_of(value), ours, closure]
    if isinstance(value, bytes):
        return value.decode("latin-1")
    assert value is None or isinstance(value, str | int | float), value
    return value


def is_ours(value: Any) -> bool:
    """Whether a global of a language file is data, or a function of Hunch."""
    if isinstance(value, FunctionType):
        return value.__module__.startswith("hunch")
    return not isinstance(value, ModuleType | type)


def code_of(function: FunctionType) -> str:
    """Return the tokens of a function in one line, without comments, docstring and layout."""
    source = textwrap.dedent(inspect.getsource(function))
    kept, before = [], tokenize.INDENT
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_docstring = token.type == tokenize.STRING and before == tokenize.INDENT
        if token.type not in {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}:
            kept.append("" if is_docstring else token.string)
        before = before if token.type in {tokenize.COMMENT, tokenize.NL} else token.type
    return "".join(kept)


def digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def what_the_index_sees() -> dict[str, str]:
    """Return a digest of each language's declarations, and one of all that the samples become."""
    seen = {name: digest(described(language)) for name, language in sorted(LANGUAGES.items())}
    made = []
    for path in sorted((GOLDEN / "samples").iterdir()):
        chunks = chunk_source(path.name, language_of(path.name) or "", path.read_bytes())
        postings = postings_of([render_chunk(chunk) for chunk in chunks], [symbols_of(chunk) for chunk in chunks])
        made.append([*map(described, chunks), postings.terms.tolist(), postings.fields.tolist()])
    return {**seen, "(the samples)": digest(made)}


def problem(recorded: Mapping[str, Any], now: Mapping[str, str], content_format: int) -> str | None:
    """Return what to do about a change in one line, None when there is none."""
    was = recorded["digests"]
    changed = sorted(name for name in {*was, *now} if was.get(name) != now.get(name))
    if changed and content_format == recorded["content_format"]:
        return (
            f"what the index sees has changed ({', '.join(changed)}): "
            "raise CONTENT_FORMAT in server/hunch/index/store.py and run pytest --update-golden"
        )
    if changed or content_format != recorded["content_format"]:
        return "CONTENT_FORMAT was raised: run pytest --update-golden"
    return None


def test_the_content_format_is_raised_with_what_the_index_sees(update_golden: bool) -> None:
    now = what_the_index_sees()
    recorded = json.loads(RECORD.read_text(encoding="utf-8"))
    if update_golden and recorded["content_format"] != CONTENT_FORMAT:
        recorded = {"content_format": CONTENT_FORMAT, "digests": now}
        RECORD.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    said = problem(recorded, now, CONTENT_FORMAT)
    assert said is None, said


def test_a_change_without_a_new_format_says_what_to_do() -> None:
    now = what_the_index_sees()
    recorded = {"content_format": 1, "digests": now}
    assert problem(recorded, now, 1) is None
    assert problem(recorded, now, 2) == "CONTENT_FORMAT was raised: run pytest --update-golden"
    changed = {**now, "dart": "new", "python": "other"}
    assert problem(recorded, changed, 1) == (
        "what the index sees has changed (dart, python): "
        "raise CONTENT_FORMAT in server/hunch/index/store.py and run pytest --update-golden"
    )
    assert problem(recorded, changed, 2) == "CONTENT_FORMAT was raised: run pytest --update-golden"


def python_with(**changes: Any) -> Language:
    grammar = LANGUAGES["python"].grammar
    assert isinstance(grammar, Grammar)
    return replace(LANGUAGES["python"], grammar=replace(grammar, **changes))


def header_end_of_another_language(source: bytes, node: Any, body: Any) -> int:
    return int(body.start_byte)


@pytest.mark.parametrize(
    "changed",
    [
        python_with(query=";"),
        python_with(depth=1),
        python_with(header_end=header_end_of_another_language),
        python_with(names={"class_definition": header_end_of_another_language}),
        python_with(body_types=frozenset({"block"})),
        replace(LANGUAGES["python"], extensions=("py",)),
        replace(LANGUAGES["python"], line_comments=("//",)),
    ],
)
def test_what_the_index_sees_of_a_language_is_in_its_digest(changed: Language) -> None:
    assert digest(described(changed)) != digest(described(LANGUAGES["python"]))


def test_what_the_index_does_not_see_is_not() -> None:
    changed = replace(LANGUAGES["python"], aliases=("snake",), test_files=(), doc_comment=None)
    assert digest(described(changed)) == digest(described(LANGUAGES["python"]))


def test_what_a_function_uses_counts_and_its_comments_do_not() -> None:
    def count(a: int) -> int:
        """Count."""
        return a + 1  # one

    def other(a: int) -> int:
        return a + 1

    assert isinstance(count, FunctionType)
    assert isinstance(other, FunctionType)
    assert code_of(count).replace("count", "other") == code_of(other)
    grammar = LANGUAGES["c"].grammar
    assert grammar is not None
    assert "destructor_name" in json.dumps(described(grammar.names))  # a set that the function refers to
    assert '"key"' in json.dumps(described(LANGUAGES["javascript"].grammar))  # in the closure of a shared helper
