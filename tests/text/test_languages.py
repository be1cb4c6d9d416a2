from __future__ import annotations

import pytest

from hunch.text.grammars import GRAMMARS, load_grammar
from hunch.text.languages import LANGUAGES, language_of, nearest_language, resolve_language


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
        ("README.md", None),
        ("notes.txt", None),
        ("docs.rst", None),
        ("package.json", None),
        ("a.yaml", None),
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
    assert language_of("notes.md", b"#!/bin/sh") is None


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
