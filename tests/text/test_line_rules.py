"""Languages without a grammar: what their rules find in a sample of each, and in any text."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hunch.text.chunk import KINDS, chunk_source
from hunch.text.language import Language
from hunch.text.languages import LANGUAGES, language_of
from hunch.text.line_rules import LineRules
from hunch.text.outline import outline_of
from hunch.text.source_text import SourceText

GOLDEN = Path(__file__).parent / "golden"
SAMPLES = sorted((GOLDEN / "rules").iterdir())


def rules_in(value: object) -> list[LineRules]:
    """Return the rules that a function holds on to, or names."""
    if isinstance(value, LineRules):
        return [value]
    held = [cell.cell_contents for cell in getattr(value, "__closure__", None) or ()]
    code, names = getattr(value, "__code__", None), getattr(value, "__globals__", {})
    named = [names[name] for name in code.co_names if isinstance(names.get(name), LineRules)] if code else []
    return [found for one in [*held, *named] for found in rules_in(one)]


RULED: dict[str, Language] = {name: known for name, known in LANGUAGES.items() if rules_in(known.outline)}


def found_in(name: str, source: str) -> list[str]:
    """Return the definitions as `3-5 method Queue.push: Put one in.`, then the members as `7 constant LIMIT`."""
    language = language_of(name, source.encode())
    assert language is not None
    lines = []
    for chunk in chunk_source(name, language, source.encode()):
        if chunk.kind not in {"file", "block"}:
            line = f"{chunk.start_line}-{chunk.end_line} {chunk.kind} {chunk.qualified_name}".rstrip()
            said = chunk.documentation.split("\n")[0]
            lines.append(f"{line}: {said}" if said else line)
    members = outline_of(SourceText(name, language, source.encode())).members
    return [*lines, *(f"{member.row + 1} {member.kind} {member.qualified_name}" for member in members)]


def test_golden_definitions(update_golden: bool) -> None:
    golden = GOLDEN / "rules.json"
    actual = {path.name: found_in(path.name, path.read_text(encoding="utf-8")) for path in SAMPLES}
    if update_golden:
        golden.write_text(json.dumps(actual, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert actual == json.loads(golden.read_text(encoding="utf-8"))


def test_there_is_a_sample_of_every_language_with_rules() -> None:
    assert set(RULED) == {language_of(path.name, path.read_bytes()) for path in SAMPLES}
    assert len(RULED) >= 45


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_what_hides_in_comments_and_strings_is_no_definition(path: Path) -> None:
    names = {part for line in found_in(path.name, path.read_text(encoding="utf-8")) for part in line.split()[2:3]}
    assert not {"fake", "gone", "Fake", "not_here", "neither", "not.here"} & names


@pytest.mark.parametrize("name", sorted(RULED))
def test_patterns_take_time_in_proportion_to_a_line(name: str) -> None:
    """A group that is repeated has an upper bound; kinds are known."""
    for rules in rules_in(RULED[name].outline):
        for rule in rules.rules:
            assert not re.search(r"(?<!\\)\)[*+]", rule.pattern), rule.pattern
            assert rule.kind in {*KINDS, "scope", ""}
            assert ("(?P<name>" in rule.pattern) or rule.kind == "query"


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        ("a.dart", "void f() {\n  g(() {\n    h();\n  });\n", ["1-1 function f"]),  # the brace is never closed
        ("a.jl", "function f()\n    1\n\nfunction g()\nend\n", ["1-2 function f", "4-5 function g"]),
        ("a.el", '(defun f ()\n  "one (\n\n(defun g () 1)\n', ["1-4 function f"]),  # a string to the end of the file
        ("a.nim", "proc f(\n  a: int\n) =\n  echo a\necho 1\n", ["1-4 function f"]),
        ("a.tf", 'resource "a" "b" {\n}\nresource "a" "b" {\n}\n', ["1-2 type a.b", "3-4 type a.b"]),
        ("Makefile", "a b: c\n\ttouch a\n# d: e\nXY = y: z\n", ["1-2 function a", "4 constant XY"]),
        ("a.sql", "CREATE PROCEDURE", []),
        ("a.sql", "create view a as\nselect 1\n;\nselect 2;\n", ["1-3 query a"]),
        ("a.perl.pl", "sub f;\nsub g { 1 }\nsub h\n{\n  2\n}\n", ["2-2 function g", "3-6 function h"]),
    ],
)
def test_where_definitions_end(name: str, source: str, expected: list[str]) -> None:
    assert found_in(name, source) == expected


def test_a_long_function_is_opened_and_its_own_functions_are_found() -> None:
    steps = "\n".join(f"  step({number});" for number in range(200))
    source = f"void run() {{\n{steps}\n  int inner(int a) {{\n    a++;\n    a++;\n    return a;\n  }}\n}}\n"
    found = found_in("a.dart", source)
    assert any(line.endswith("function run.inner") for line in found)
    assert len([line for line in found if line.endswith("function run")]) >= 2  # in pieces


FRAGMENTS = [
    *(path.read_bytes()[start : start + 120] for path in SAMPLES for start in (0, 120, 240)),
    *(b"{ } ( ) [ ] \" ' \\ /* */ // # -- (* *) \n \r \t \0 \xff end begin is => := ; : def $$ ''' <<E go".split(b" ")),
]


def assert_sound(language: str, source: bytes) -> None:
    file = SourceText("a/b.x", language, source)
    outline = outline_of(file)
    for definition in outline.definitions:
        assert 0 <= definition.start_row <= definition.header_row <= definition.end_row < len(file.lines)
        assert 0 <= definition.body_start <= len(file.source)
        assert definition.name or definition.kind == "query"
    for member in outline.members:
        assert member.name and 0 <= member.row < len(file.lines)
    chunks = chunk_source("a/b.x", language, source)
    for chunk in chunks:
        assert 1 <= chunk.start_line <= chunk.end_line <= chunks[0].end_line
        assert chunk.kind in KINDS
        assert len(chunk.signature) <= 300 and "\n" not in chunk.signature


@settings(max_examples=400, deadline=None)
@given(language=st.sampled_from(sorted(RULED)), parts=st.lists(st.sampled_from(FRAGMENTS), max_size=12))
def test_any_mixture_of_code_gives_definitions_within_the_file(language: str, parts: list[bytes]) -> None:
    assert_sound(language, b"".join(parts))


@settings(max_examples=200, deadline=None)
@given(language=st.sampled_from(sorted(RULED)), source=st.one_of(st.binary(max_size=200), st.text().map(str.encode)))
def test_any_bytes_give_definitions_within_the_file(language: str, source: bytes) -> None:
    assert_sound(language, source)
