"""How files and names lead to languages, and what each language's file has to declare."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

import hunch.text
from hunch.text.grammars import GRAMMARS, load_grammar
from hunch.text.language import DocComment, Grammar, Language
from hunch.text.languages import LANGUAGES, language_of, nearest_language, resolve_language

ROOT = Path(__file__).parent.parent.parent
TEXT = Path(hunch.text.__path__[0])
FILES = sorted(path.stem.replace("_", "-") for path in (TEXT / "languages").glob("[!_]*.py"))
PARSED = [name for name in FILES if LANGUAGES[name].grammar is not None]
RULED = [name for name in FILES if LANGUAGES[name].grammar is None]
README = ROOT / "README.md"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.py", "python"),
        ("src/a.pyi", "python"),
        ("SConstruct", "python"),
        ("a.JS", "javascript"),
        ("a.jsx", "javascript"),
        ("a.d.ts", "typescript"),
        ("a.tsx", "tsx"),
        ("A.java", "java"),
        ("a.go", "go"),
        ("a.php", "php"),
        ("Rakefile", "ruby"),
        ("x.gemspec", "ruby"),
        ("a.rs", "rust"),
        ("a.h", "c"),
        ("a.hpp", "cpp"),
        ("A.cs", "csharp"),
        ("build.gradle.kts", "kotlin"),
        ("a.swift", "swift"),
        ("build.sbt", "scala"),
        ("a.exs", "elixir"),
        ("A.hs", "haskell"),
        ("a.lua", "lua"),
        ("a.zig", "zig"),
        (".bashrc", "bash"),
        ("a.sql", "sql"),
        ("a.R", "r"),
        ("CMakeLists.txt", "cmake"),
        ("Makefile", "makefile"),
        ("Makefile.linux", "makefile"),
        ("deep/Dockerfile.dev", "dockerfile"),
        ("deep\\windows\\a.py", "python"),
        ("main.tf", "terraform"),
        ("README.md", "markdown"),
        ("notes.txt", None),
        ("docs/notes.txt", "plaintext"),
        ("src/data/words.txt", None),
        ("README", "plaintext"),
        ("CHANGES.txt", "plaintext"),
        ("docs.rst", "restructuredtext"),
        ("package.json", "json"),
        ("a.yaml", "yaml"),
        (".env.example", "ini"),
        (".env", None),
        (".env.local", None),
        ("requirements.txt", "ini"),
        ("app/App.csproj", "xml"),
        ("analysis.ipynb", "jupyter"),
        ("poetry.lock", None),
        ("a.csv", None),
        ("a.svg", None),
        (".py", None),
        (".gitignore", None),
        ("", None),
        ("dir/", None),
    ],
)
def test_file_names(path: str, expected: str | None) -> None:
    assert language_of(path) == expected


@pytest.mark.parametrize(
    ("first_line", "expected"),
    [
        (b"#!/bin/sh", "bash"),
        (b"#!/usr/bin/env python3.11", "python"),
        (b"#!/usr/bin/env -S node --harmony", "javascript"),
        (b"#!/usr/bin/env PYTHONPATH=x python", "python"),
        (b"#! /usr/bin/perl -w", "perl"),
        (b"#!/usr/local/bin/lua5.4", "lua"),
        (b"\xef\xbb\xbf#!/usr/bin/ruby\r", "ruby"),
        (b"#!/bin/unheard-of", None),
        (b"#!", None),
        (b"#!/usr/bin/env", None),
        (b"plain words", None),
        (b"\xff\xfe\x00", None),
        (b"", None),
    ],
)
def test_shebangs(first_line: bytes, expected: str | None) -> None:
    assert language_of("bin/tool", first_line) == expected


def test_an_extension_is_stronger_than_a_shebang() -> None:
    assert language_of("a.py", b"#!/bin/sh") == "python"
    assert language_of("notes.md", b"#!/bin/sh") == "markdown"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("python", "python"),
        ("Py", "python"),
        ("js", "javascript"),
        ("ts", "typescript"),
        ("c++", "cpp"),
        ("C#", "csharp"),
        ("golang", "go"),
        ("sh", "bash"),
        (".rs", "rust"),
        (" kt ", "kotlin"),
        ("fs", "fsharp"),
        ("klingon", None),
        ("", None),
    ],
)
def test_names_that_people_type(name: str, expected: str | None) -> None:
    assert resolve_language(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("pythn", "python"), ("javscript", "javascript"), ("goland", "golang"), ("py", "python"), ("qqqqqq", None)],
)
def test_did_you_mean(name: str, expected: str | None) -> None:
    assert nearest_language(name) == (expected and resolve_language(expected))


def test_no_two_languages_claim_the_same_file() -> None:
    for column in ("extensions", "file_names", "interpreters", "aliases"):
        claimed = [value for info in LANGUAGES.values() for value in getattr(info, column)]
        assert len(claimed) == len(set(claimed)), column


@pytest.mark.parametrize("language", sorted(GRAMMARS))
def test_every_grammar_loads(language: str) -> None:
    assert language in LANGUAGES
    assert load_grammar(language) is not None


def test_a_language_without_grammar_loads_none() -> None:
    assert load_grammar("perl") is None
    assert load_grammar("css") is None


@pytest.mark.parametrize("name", FILES)
def test_a_language_file_declares_what_is_required(name: str) -> None:
    language = importlib.import_module("hunch.text.languages." + name.replace("-", "_")).LANGUAGE
    assert isinstance(language, Language)
    assert language.name == name
    assert LANGUAGES[name] is language
    assert language.extensions
    assert language.line_comments or language.block_comments
    assert (language.grammar is None) != (language.outline is None)
    assert all("*" not in test[1:] for test in language.test_files)


@pytest.mark.parametrize("name", PARSED)
def test_a_language_with_a_grammar_declares_how_it_is_read_and_documented(name: str) -> None:
    language = LANGUAGES[name]
    assert isinstance(language.grammar, Grammar)
    assert isinstance(language.doc_comment, DocComment)
    lines = language.doc_comment.style("Return the name of a file.", 80)
    assert lines
    assert "Return the name of a file." in " ".join(lines)
    loaded = load_grammar(name)
    assert loaded is not None
    captures = [loaded.query.capture_name(number) for number in range(loaded.query.capture_count)]
    assert {"function", "method", "class", "type"} & set(captures)


@pytest.mark.parametrize("name", PARSED)
def test_the_types_of_nodes_that_a_language_names_are_in_its_grammar(name: str) -> None:
    loaded = load_grammar(name)
    assert loaded is not None
    known = {loaded.language.node_kind_for_id(number) for number in range(loaded.language.node_kind_count)}
    grammar = loaded.grammar
    named = {*grammar.names, *grammar.spaced_names, *grammar.body_types, *grammar.comment_types}
    assert named | grammar.own_decorators <= known


def test_the_grammars_are_dependencies() -> None:
    assert sorted(GRAMMARS) == PARSED
    dependencies = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for grammar in GRAMMARS.values():
        assert f'"{grammar.module.replace("_", "-")}>=' in dependencies


BEGIN, END = "<!-- languages -->", "<!-- /languages -->"


def told() -> str:
    """Return what README says of the languages."""
    code = [name for name, known in LANGUAGES.items() if known.content == "code" and known.cells is None]
    others = sorted(name for name in code if name not in FILES and LANGUAGES[name].outline is None)
    embedding = sorted(name for name in code if name not in FILES and LANGUAGES[name].outline is not None)
    rows = [
        (f"by a grammar of tree-sitter, {len(PARSED)}", PARSED),
        (f"by rules for their lines, {len(RULED)}", RULED),
        ("by the languages inside them", embedding),
        ("cut at blank lines, without names", others),
    ]
    lines = ["| definitions are found | in these languages, called as `lang:` takes them |", "| --- | --- |"]
    return "\n".join([*lines, *(f"| {how} | {', '.join(names)} |" for how, names in rows if names)])


def test_readme_lists_the_languages_that_there_are(update_golden: bool) -> None:
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(f"{BEGIN}\n")
    written, after = rest.split(f"\n{END}")
    if update_golden:
        README.write_text(f"{before}{BEGIN}\n{told()}\n{END}{after}", encoding="utf-8")
        written = told()
    assert written == told(), "run pytest --update-golden"


def test_only_the_language_files_name_languages() -> None:
    for path in sorted(TEXT.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)} & set(LANGUAGES)
        assert not named, path
