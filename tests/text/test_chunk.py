from __future__ import annotations

import argparse
import ast
import inspect
import json
import textwrap
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hunch.text.chunk import KINDS, MAX_CHARS, MAX_LINES, Chunk, chunk_lines, chunk_source
from hunch.text.grammars import GRAMMARS
from hunch.text.languages import language_of

GOLDEN = Path(__file__).parent / "golden"
SAMPLES = sorted((GOLDEN / "samples").iterdir())


def chunks_of(language: str, text: str | bytes) -> list[Chunk]:
    source = text if isinstance(text, bytes) else textwrap.dedent(text).lstrip("\n").encode()
    return chunk_source(f"dir/some.{language}", language, source)


def definitions(chunks: list[Chunk]) -> list[Chunk]:
    return [chunk for chunk in chunks if chunk.kind not in {"file", "block"}]


def check(language: str, text: str, *expected: str) -> list[Chunk]:
    """Compare every chunk but the card with lines like `3-5 method Queue.push: Put one task in.`."""
    chunks = chunks_of(language, text)
    assert chunks[0].kind == "file"
    seen = []
    for chunk in chunks[1:]:
        line = f"{chunk.start_line}-{chunk.end_line} {chunk.kind} {chunk.qualified_name}".rstrip()
        first = chunk.documentation.split("\n")[0]
        seen.append(f"{line}: {first}" if first else line)
    assert seen == list(expected)
    return chunks


# What each language looks like in chunks: one golden file, `pytest --update-golden` writes it anew.


def outline(path: Path) -> list[str]:
    language = language_of(path.name)
    assert language is not None
    lines = []
    for chunk in chunk_source(path.name, language, path.read_bytes()):
        doc = chunk.documentation.replace("\n", " / ")
        lines.append(
            f"{chunk.start_line}-{chunk.end_line} {chunk.kind} {chunk.qualified_name or '-'}"
            f" | {chunk.signature} | {doc} | {' '.join(chunk.body.split())[:60]}"
        )
        lines += [f"  {one.row + 1} {one.kind} {one.qualified_name}" for one in chunk.members]
    return lines


def test_golden_boundaries(update_golden: bool) -> None:
    golden = GOLDEN / "boundaries.json"
    actual = {path.name: outline(path) for path in SAMPLES}
    if update_golden:
        golden.write_text(json.dumps(actual, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert actual == json.loads(golden.read_text(encoding="utf-8"))


def test_the_samples_cover_every_grammar() -> None:
    assert set(GRAMMARS) <= {language_of(path.name) for path in SAMPLES}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_sample_names_its_definitions(path: Path) -> None:
    language = language_of(path.name) or ""
    chunks = definitions(chunk_source(path.name, language, path.read_bytes()))
    if language in GRAMMARS:
        assert len({chunk.name for chunk in chunks}) >= 3
        assert any(chunk.documentation for chunk in chunks)
    for chunk in chunks:
        assert chunk.name or chunk.kind == "query"
        assert chunk.signature
        assert "\n" not in chunk.signature


SILENT = (
    "import",
    "use ",
    "using",
    "package",
    "namespace",
    "module",
    "class Shop::Wallet",  # opened again: a name alone
    "require",
    "from",
    "export namespace",
    "impl",
    "declare module",
    "defimpl",
    "extension",
    "defmodule",
    "mod ",
    "companion",
    "class <<",
    "const fs",
    "const std",
    "local json",
    "source",
    "set ",
    "private",
    "alias",
    "var first",
    "type (",
    "return",
    "'use strict'",
    "template",
    "int total",
    "end",
    "1;",
    "@moduledoc",
    "local M",
    "short:",
    "main if",
    '"""',
    "Keeps goods",
    "}",
    "else:",
    "let limit",
)
"""How lines begin that no chunk needs: imports, headers of namespaces, brackets, one-line statements."""


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_no_line_of_a_sample_is_lost(path: Path) -> None:
    """What no chunk covers is imports, comments, brackets and headers of namespaces."""
    language = language_of(path.name) or ""
    source = path.read_text(encoding="utf-8")
    chunks = chunk_source(path.name, language, source.encode())
    covered = {row for c in chunks if c.kind != "file" for row in range(c.start_line, c.end_line + 1)}
    text = "\n".join(f"{c.signature}\n{c.documentation}\n{c.body}" for c in chunks)
    for number, line in enumerate(source.split("\n"), 1):
        stripped = line.strip()
        if number in covered or not any(letter.isalnum() for letter in stripped):
            continue
        if stripped.startswith(("#", "//", "/*", "*", "--", "{-", "<?php", *SILENT)):
            continue
        assert stripped in text, (number, line)


def assert_python_is_covered(source: str) -> None:
    """Every line of every function and class, as the standard library's own parser sees them."""
    chunks = [chunk for chunk in chunks_of("python", source.encode()) if chunk.kind != "file"]
    covered = {row for chunk in chunks for row in range(chunk.start_line, chunk.end_line + 1)}
    bodies = "\n".join(f"{chunk.signature}\n{chunk.body}" for chunk in chunks)
    names = {chunk.qualified_name for chunk in chunks}
    lines = source.split("\n")

    def visit(node: ast.AST, scope: str) -> None:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                continue
            name = f"{scope}{child.name}"
            assert name in names
            for row in range(child.lineno, (child.end_lineno or 0) + 1):
                assert row in covered or not lines[row - 1].strip(), (row, lines[row - 1])
            for statement in child.body[1:]:
                for row in range(statement.lineno, (statement.end_lineno or 0) + 1):
                    if not isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                        assert lines[row - 1].strip() in bodies, (row, lines[row - 1])
            if isinstance(child, ast.ClassDef):
                visit(child, f"{name}.")

    visit(ast.parse(source), "")


@pytest.mark.parametrize("module", [argparse, ast, inspect, textwrap, json.decoder, pytest.Item])
def test_no_line_of_a_real_python_definition_is_lost(module: object) -> None:
    assert_python_is_covered(Path(inspect.getsourcefile(module) or "").read_text(encoding="utf-8"))  # type: ignore[arg-type]


# Rules, one at a time.


def test_python_parts_of_a_function() -> None:
    chunks = check(
        "python",
        '''
        """Module."""
        import os

        # above
        @cache
        @route(
            "/x",
        )
        def read(
            path,  # where
        ) -> str:
            # inside
            """Read it.

            All of it.
            """
            return path
        ''',
        "4-17 function read: Read it.",
    )
    read = chunks[1]
    assert read.signature == "def read( path, # where ) -> str"
    assert read.documentation == "Read it.\n\nAll of it."
    assert "@route(" in read.body
    assert "# inside" in read.body
    assert read.body.endswith("return path")
    assert "Read it" not in read.body
    assert chunks[0].documentation == "Module."
    assert chunks[0].body == "import os\nread"
    assert chunks[0].name == "some"
    assert chunks[0].signature == "dir/some.python"


def test_nested_functions_stay_inside() -> None:
    check(
        "python",
        """
        def outer():
            def inner():
                return 1
            return inner
        """,
        "1-4 function outer",
    )


def test_class_head_keeps_fields_between_methods() -> None:
    chunks = check(
        "python",
        """
        class A:
            x = 1

            def f(self):
                return 1

            y_between = 2

            def g(self):
                return 2
        """,
        "1-7 class A",
        "4-5 method A.f",
        "9-10 method A.g",
    )
    assert "x = 1" in chunks[1].body
    assert "y_between = 2" in chunks[1].body
    assert "return" not in chunks[1].body


def test_licence_is_not_documentation() -> None:
    chunks = check(
        "c",
        """
        /* Copyright (C) Somebody */
        int add(int a, int b)
        {
            return a + b;
        }
        """,
        "2-5 function add",
    )
    assert chunks[0].documentation == ""


def test_a_comment_apart_is_not_documentation() -> None:
    check("go", "package a\n\n// Apart.\n\nfunc F() {\n}\n", "5-6 function F")


def test_a_comment_behind_code_is_not_documentation() -> None:
    check("go", "package a\n\nvar something = 1 // trailing\nfunc F() {\n}\n", "3-3 block", "4-5 function F")


@pytest.mark.parametrize(
    ("language", "text", "documentation"),
    [
        ("javascript", "/**\n * Adds.\n *\n * @param a x\n */\nfunction f() {}\n", "Adds.\n\n@param a x"),
        ("rust", "/// Adds.\n///\n/// ---\n/// More.\nfn f() {}\n", "Adds.\n\nMore."),
        ("csharp", "/// <summary>\n/// Adds.\n/// </summary>\nclass A {}\n", "Adds."),
        ("lua", "--[[ Adds.\nmore ]]\nfunction f() end\n", "Adds.\nmore"),
        ("ruby", "# Adds.\n# @return x\ndef f\nend\n", "Adds.\n@return x"),
        ("haskell", "-- | Adds.\nf :: Int\nf = 1\n", "Adds."),
        ("c", "/*\n   Adds.\n */\nint f(void) {}\n", "Adds."),
        ("sql", "-- Adds.\nCREATE TABLE t (a int);\n", "Adds."),
        ("bash", "########\n# Adds.\n########\nf() {\n  ls\n}\n", "Adds."),
        ("go", "//go:noinline\n// Adds.\nfunc f() {}\n", "Adds."),
        ("php", "<?php\n/**\n * Adds.\n */\nfunction f() {}\n", "Adds."),
        ("elixir", 'defmodule A do\n  @doc "Adds."\n  def f(x), do: x\nend\n', "Adds."),
        ("python", "def f():\n    r'''Adds.'''\n", "Adds."),
    ],
)
def test_documentation_without_markers(language: str, text: str, documentation: str) -> None:
    assert definitions(chunks_of(language, text))[-1].documentation == documentation


def test_javascript_forms() -> None:
    check(
        "javascript",
        """
        const f = (a) => a * 2
        exports.g = function () {}
        module.exports = function named () {}
        A.prototype.h = async function () {}
        export default class B { static k () {} }
        export default () => {
          run()
        }
        """,
        "1-1 function f",
        "2-2 function g",
        "3-3 function named",
        "4-4 method A.h",
        "5-5 class B",
        "6-8 function default",
    )


def test_long_closure_is_opened() -> None:
    inner = "  function work () {\n    return 1\n  }\n"
    filler = "".join(f"  call({number})\n" for number in range(60))
    chunks = chunks_of("javascript", f"define(['a'], function (a) {{\n{inner}{filler}}})\n")
    assert [(chunk.kind, chunk.name, chunk.start_line) for chunk in definitions(chunks)] == [("function", "work", 2)]


def test_short_closure_stays_whole() -> None:
    check(
        "javascript",
        """
        it('works', () => {
          const helper = () => {
            return 1
          }
          expect(helper()).toBe(1)
        })
        """,
        "1-6 block",
    )


def test_typescript_overloads_are_one_chunk() -> None:
    text = "/** Turns. */\nexport function f(x: string): number;\nexport function f(x: number): string;\n"
    check("typescript", text + "export function f(x: any) {\n  return x;\n}\n", "1-6 function f: Turns.")


def test_elixir_clauses_with_their_own_documentation_stay_apart() -> None:
    text = 'defmodule A do\n  @doc "One."\n  def f(x), do: x\n\n  @doc "Two."\n  def f(x, y), do: x + y\nend\n'
    check("elixir", text, "2-3 function A.f: One.", "5-6 function A.f: Two.")


def test_haskell_equations_are_one_chunk() -> None:
    check("haskell", "f :: Int -> Int\nf 0 = 1\nf n = n\n\ng :: Int\ng = 2\n", "1-3 function f", "5-6 function g")


@pytest.mark.parametrize(
    ("declaration", "name"),
    [
        ("static char **names(void)", "names"),
        ("void (*handler(int sig))(int)", "handler"),
        ("static int\ncount(node_t *n)", "count"),
        ("struct s *make(struct s a[3])", "make"),
        ("EXPORT(int) f(void)", "f"),
    ],
)
def test_c_declarators(declaration: str, name: str) -> None:
    assert name in {chunk.name for chunk in chunks_of("c", f"{declaration}\n{{\n    return 0;\n}}\n")}


@pytest.mark.parametrize(
    ("declaration", "qualified_name"),
    [
        ("void A::b()", "A.b"),
        ("ns::A<int>::~A()", "ns.A.~A"),
        ("bool operator==(const A& a, const A& b)", "operator=="),
        ("A& A::operator=(const A& a)", "A.operator="),
        ("template <typename T>\nT largest(T a)", "largest"),
    ],
)
def test_cpp_declarators(declaration: str, qualified_name: str) -> None:
    assert [c.qualified_name for c in definitions(chunks_of("cpp", declaration + "\n{\n}\n"))] == [qualified_name]


def test_go_receivers() -> None:
    text = "package a\n\nfunc (c *Cache[K, V]) Get() {}\nfunc (Cache) Put() {}\n"
    check("go", text, "3-3 method Cache.Get", "4-4 method Cache.Put")


def test_rust_impl_blocks_qualify() -> None:
    check("rust", "impl<T> fmt::Debug for List<T> {\n    fn fmt(&self) {}\n}\n", "2-2 method List.fmt")


def test_undocumented_prototypes_are_blocks_and_documented_ones_are_not() -> None:
    text = "int first(int a);\nint second(int b);\n\n/* Counts. */\nsize_t count(const char *text);\n"
    check("c", text, "1-2 block", "4-5 function count: Counts.")


def test_only_imports_comments_and_brackets_make_no_block() -> None:
    assert [chunk.kind for chunk in chunks_of("javascript", "import a from 'a'\n\n// hello\n'use strict'\n\n})\n")] == [
        "file"
    ]


def test_broken_code_still_gives_its_definitions() -> None:
    chunks = chunks_of("python", "def good():\n    return 1\n\ndef bad():\n    x = = 1\n\nclass Fine:\n    pass\n")
    assert [chunk.name for chunk in definitions(chunks)] == ["good", "bad", "Fine"]


def test_grammar_that_finds_nothing_falls_back_to_blocks() -> None:
    chunks = chunks_of("python", "".join(f"value_{n} = compute({n})\n" for n in range(30)))
    assert [chunk.kind for chunk in chunks] == ["file", "block"]


def test_unknown_language_is_cut_at_blank_lines() -> None:
    paragraph = "sub work {\n  my $x = 1;\n  my $y = 2;\n  return $x;\n}\n\n"
    chunks = [chunk for chunk in chunks_of("puppet", paragraph * 40) if chunk.kind == "block"]
    assert len(chunks) == 40
    assert all(chunk.body.startswith("sub work") and chunk.body.endswith("}") for chunk in chunks)


# Over-long definitions.


def test_long_function_becomes_overlapping_pieces() -> None:
    body = "".join(f"    total += compute({number})\n" for number in range(400))
    chunks = definitions(chunks_of("python", f'def long(x):\n    """Doc."""\n{body}'))
    assert [chunk.piece for chunk in chunks] == list(range(1, len(chunks) + 1))
    assert len(chunks) > 3
    assert {(c.name, c.signature, c.documentation) for c in chunks} == {("long", "def long(x)", "Doc.")}
    assert chunks[0].start_line == 1
    assert chunks[-1].end_line == 402
    for before, after in pairwise(chunks):
        assert before.start_line < after.start_line <= before.end_line
        assert len(before.body) <= MAX_CHARS
    joined = "\n".join(chunk.body for chunk in chunks)
    assert all(f"compute({number})" in joined for number in range(400))


def test_function_of_the_limit_stays_whole() -> None:
    body = "    x = 1\n" * (MAX_LINES - 1)
    assert [chunk.piece for chunk in definitions(chunks_of("python", "def f():\n" + body))] == [0]
    assert {chunk.piece for chunk in definitions(chunks_of("python", "def f():\n" + body + "    x\n"))} == {1, 2}


def test_long_function_with_functions_inside_is_a_container() -> None:
    inner = "".join(f"    def part_{n}():\n        a = {n}\n        b = a\n        return b\n\n" for n in range(60))
    chunks = definitions(chunks_of("python", f"def outer():\n    first = 1\n{inner}    return last\n"))
    assert chunks[0].name == "outer"
    assert "first = 1" in chunks[0].body
    assert "return last" in chunks[0].body
    assert [chunk.qualified_name for chunk in chunks[1:]] == [f"outer.part_{n}" for n in range(60)]


def test_long_attributes_are_cut_too() -> None:
    rows = "".join(f'    ("input {n}", "expected {n}", "and something longer to fill the line"),\n' for n in range(200))
    chunks = chunks_of("python", f"@parametrize([\n{rows}])\ndef test_it(a, b):\n    assert a == b\n")
    assert max(len(chunk.body) for chunk in chunks) <= MAX_CHARS
    assert any("input 199" in chunk.body for chunk in chunks)
    assert any("assert a == b" in chunk.body for chunk in chunks)


# Hostile input.


@pytest.mark.parametrize("source", [b"", b"\n\n", b"  \t\r\n", b"\xef\xbb\xbf", b"\0\0"])
def test_nothing_in_nothing_out(source: bytes) -> None:
    assert chunk_source("a.py", "python", source) == []


def test_bom_is_stripped() -> None:
    assert definitions(chunks_of("python", b"\xef\xbb\xbfdef f():\n    return 1\n"))[0].signature == "def f()"
    utf16 = "def f():\n    return 1\n".encode("utf-16")
    assert definitions(chunks_of("python", utf16))[0].name == "f"


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_line_breaks_count_as_in_an_editor(newline: bytes) -> None:
    source = b"import os\n\ndef f():\n    return 1\n\n\ndef g():\n    return 2".replace(b"\n", newline)
    chunks = chunks_of("python", source)
    assert [(chunk.name, chunk.start_line, chunk.end_line) for chunk in definitions(chunks)] == [
        ("f", 3, 4),
        ("g", 7, 8),
    ]
    assert chunks[-1].body == "    return 2"
    assert chunks[0].end_line == 8


def test_invalid_utf8_is_replaced() -> None:
    chunk = definitions(chunks_of("python", b"def f():\n    return '\xff\xfe'\n"))[0]
    assert "\ufffd" in chunk.body


def test_nul_bytes_do_not_end_the_file() -> None:
    source = b"def f():\n    return '\0'\n\ndef g():\n    return 2\n"
    assert [chunk.name for chunk in definitions(chunks_of("python", source))] == ["f", "g"]


def timed(language: str, source: bytes) -> tuple[list[Chunk], float]:
    started = time.process_time()
    chunks = chunk_source("a.x", language, source)
    return chunks, time.process_time() - started


@pytest.mark.parametrize("language", ["javascript", "python", "css"])
def test_ten_megabytes_on_one_line(language: str) -> None:
    chunks, seconds = timed(language, b"var a=function(){return 1};" * 370_000)
    assert seconds < 2
    assert max(len(chunk.body) for chunk in chunks) <= MAX_CHARS


@pytest.mark.parametrize("language", sorted(GRAMMARS))
@pytest.mark.parametrize("depth", [300, 5_000])
def test_deep_nesting(language: str, depth: int) -> None:
    for opening, closing in ((b"(", b")"), (b"{", b"}"), (b"[", b"]")):
        chunks, seconds = timed(language, b"x = " + opening * depth + closing * depth + b"\n\n" + opening * depth)
        assert chunks[0].kind == "file"
        assert seconds < 2


@pytest.mark.parametrize("depth", [300, 2_000])
def test_deeply_nested_definitions(depth: int) -> None:
    source = b"".join(b"function f%d() {\n" % number for number in range(depth)) + b"}\n" * depth
    chunks, seconds = timed("javascript", source)
    assert seconds < 4
    names = {chunk.name for chunk in chunks}
    assert {"f0", f"f{depth - 200}"} <= names
    indented = b"".join(b" " * number + b"def f%d():\n" % number for number in range(300)) + b" " * 300 + b"pass\n"
    assert "f0" in {chunk.name for chunk in chunks_of("python", indented)}


FRAGMENTS = [
    *[path.read_bytes()[start : start + 150] for path in SAMPLES for start in (0, 150, 300)],
    *(b"{ } ( ) [ ] \" ' \\ /* */ // # -- \n \r \t \0 \xff class def fn function = => : ; @ <?php end do".split(b" ")),
]


@settings(max_examples=150, deadline=None)
@given(language=st.sampled_from([*sorted(GRAMMARS), "perl", "nonsense"]), parts=st.lists(st.sampled_from(FRAGMENTS)))
def test_any_mixture_of_code_gives_chunks(language: str, parts: list[bytes]) -> None:
    assert_sound(language, b"".join(parts))


@settings(max_examples=100, deadline=None)
@given(language=st.sampled_from(sorted(GRAMMARS)), source=st.binary(max_size=200))
def test_any_bytes_give_chunks(language: str, source: bytes) -> None:
    assert_sound(language, source)


def assert_sound(language: str, source: bytes) -> None:
    chunks = chunk_source("a/b.x", language, source)
    if not chunks:
        return
    assert chunks[0].kind == "file"
    lines = chunks[0].end_line
    assert [chunk.kind for chunk in chunks[1:]].count("file") == 0
    starts = [chunk.start_line for chunk in chunks]
    assert starts == sorted(starts)
    for chunk in chunks:
        assert 1 <= chunk.start_line <= chunk.end_line <= lines
        assert chunk.kind in KINDS
        assert len(chunk.signature) <= 300
        assert "\n" not in chunk.signature
        assert len(chunk.documentation) <= 2_000
        assert (chunk.path, chunk.language) == ("a/b.x", language)


def test_very_many_lines_that_no_grammar_reads_are_cut_in_pieces_of_one_size() -> None:
    chunks = chunk_lines("a.py", "python", b"# words of the file\n" + b"a\r" * 300_000)
    assert chunks[0].kind == "file" and "words of the file" in chunks[0].documentation
    blocks = chunks[1:]
    assert 50 < len(blocks) < 200
    assert blocks[0].start_line == 1 and blocks[-1].end_line == 300_001
    assert all(before.end_line + 1 == after.start_line for before, after in pairwise(blocks))
