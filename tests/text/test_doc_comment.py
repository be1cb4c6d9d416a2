"""Where and how a sentence documents a function, language by language; the result must be read as its documentation."""

from __future__ import annotations

import pytest

from hunch.text.chunk import chunk_source
from hunch.text.doc_comment import documentation_lines
from hunch.text.function import function_at

SENTENCE = "Return the name of a file."


def documented(path: str, source: str, line: int, sentence: str = SENTENCE) -> str | None:
    """Return a source whose function at a line has got a sentence, None when there is no room for it."""
    function = function_at(path, source.encode(), line)
    text = documentation_lines(function, sentence) if function else ""
    if not text:
        return None
    assert function is not None and function.room is not None
    lines = source.splitlines(keepends=True)
    return "".join([*lines[: function.room.row], text, *lines[function.room.row :]])


CASES = [
    ("a.py", "python",
     "class A:\n    @cached\n    def name(\n        self,\n    ) -> str:  # why\n        return self.x\n", 4,
     "class A:\n    @cached\n    def name(\n        self,\n    ) -> str:  # why\n"
     '        """Return the name of a file."""\n        return self.x\n'),
    ("a.py", "python", "def f():\n\treturn 1\n", 2, 'def f():\n\t"""Return the name of a file."""\n\treturn 1\n'),
    ("a.js", "javascript", "class A {\n  name() {\n    return 1;\n  }\n}\n", 3,
     "class A {\n  /** Return the name of a file. */\n  name() {\n    return 1;\n  }\n}\n"),
    ("a.ts", "typescript", "export function name(x: A): string {\n  return x.y;\n}\n", 1,
     "/** Return the name of a file. */\nexport function name(x: A): string {\n  return x.y;\n}\n"),
    ("A.java", "java", "class A {\n    @Override\n    String name() {\n        return x;\n    }\n}\n", 3,
     "class A {\n    /** Return the name of a file. */\n    @Override\n    String name() {\n        return x;\n"
     "    }\n}\n"),
    ("a.go", "go", "package a\n\nfunc Name(f F) string {\n\treturn f.n\n}\n", 4,
     "package a\n\n// Return the name of a file.\nfunc Name(f F) string {\n\treturn f.n\n}\n"),
    ("a.rs", "rust", "impl A {\n    #[inline]\n    pub fn name(&self) -> &str {\n        &self.n\n    }\n}\n", 4,
     "impl A {\n    /// Return the name of a file.\n    #[inline]\n    pub fn name(&self) -> &str {\n        &self.n\n"
     "    }\n}\n"),
    ("a.rb", "ruby", "class A\n  def name\n    @n\n  end\nend\n", 3,
     "class A\n  # Return the name of a file.\n  def name\n    @n\n  end\nend\n"),
    ("a.php", "php", "<?php\nfunction name($f) {\n  return $f->n;\n}\n", 2,
     "<?php\n/** Return the name of a file. */\nfunction name($f) {\n  return $f->n;\n}\n"),
    ("a.c", "c", "static char *name(struct f *f)\n{\n\treturn f->n;\n}\n", 3,
     "/** Return the name of a file. */\nstatic char *name(struct f *f)\n{\n\treturn f->n;\n}\n"),
    ("A.cs", "csharp", "class A {\n    string Name() {\n        return n;\n    }\n}\n", 3,
     "class A {\n    /// <summary>\n    /// Return the name of a file.\n    /// </summary>\n    string Name() {\n"
     "        return n;\n    }\n}\n"),
    ("a.ex", "elixir", "defmodule A do\n  def name(f) do\n    f.n\n  end\nend\n", 3,
     'defmodule A do\n  @doc "Return the name of a file."\n  def name(f) do\n    f.n\n  end\nend\n'),
    ("a.lua", "lua", "function name(f)\n  return f.n\nend\n", 2,
     "--- Return the name of a file.\nfunction name(f)\n  return f.n\nend\n"),
    ("a.sh", "bash", "name() {\n  basename \"$1\"\n}\n", 2,
     "# Return the name of a file.\nname() {\n  basename \"$1\"\n}\n"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "language", "source", "line", "expected"), CASES, ids=[f"{c[1]}-{c[0]}" for c in CASES]
)
def test_a_sentence_documents_a_function(path: str, language: str, source: str, line: int, expected: str) -> None:
    text = documented(path, source, line)
    assert text == expected
    functions = [one for one in chunk_source(path, language, text.encode()) if one.kind in ("function", "method")]
    assert [one.documentation for one in functions] == [SENTENCE]
    assert documented(path, text, functions[0].end_line) is None  # not twice


MORE = [
    ("a.kt", "kotlin", "class A {\n    fun name(f: F): String {\n        return f.n\n    }\n}\n", 3, "    /** {} */"),
    ("a.scala", "scala", "object A {\n  def name(f: F): String = {\n    f.n\n  }\n}\n", 3, "  /** {} */"),
    ("a.swift", "swift", "func name(f: F) -> String {\n    return f.n\n}\n", 2, "/// {}"),
    ("a.zig", "zig", "fn name(f: F) u8 {\n    return f.n;\n}\n", 2, "/// {}"),
    ("a.hs", "haskell", "name :: F -> String\nname f =\n  n f\n", 3, "-- | {}"),
    ("a.cpp", "cpp", "template <typename T>\nint A<T>::name() {\n  return n;\n}\n", 3, "/** {} */"),
    ("a.tsx", "tsx", "export const Name = (f: F) => {\n  const n = f.n;\n  return <b>{n}</b>;\n};\n", 2, "/** {} */"),
    ("a.py", "python", "def f():\n# why\n    return 1\n", 1, '    """{}"""'),
    ("a.py", "python", "def f():\n        # why\n\n    return 1\n", 1, '    """{}"""'),
    ("a.sh", "bash", "#!/bin/bash\nfoo() {\n  ls\n}\n", 3, "# {}"),
    ("a.rb", "ruby", "#!/usr/bin/env ruby\ndef foo\n  1\nend\n", 3, "# {}"),
    ("a.ex", "elixir", "defmodule A do\n  defp name(f) do\n    f.n\n  end\nend\n", 3, "  # {}"),
    ("a.js", "javascript", "function f() {\r\n  return 1;\r\n}\r\n", 2, "/** {} */"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "language", "source", "line", "expected"), MORE, ids=[f"{c[1]}-{n}" for n, c in enumerate(MORE)]
)
def test_more_places_and_styles(path: str, language: str, source: str, line: int, expected: str) -> None:
    text = documented(path, source, line)
    assert text is not None
    lines = text.split("\n")
    row = lines.index(expected.format(SENTENCE))
    assert [*lines[:row], *lines[row + 1 :]] == source.split("\n")  # nothing else has changed
    if language == "python":
        compile(text, path, "exec")
    if not (language == "bash" or "defp" in source):
        functions = [one for one in chunk_source(path, language, text.encode()) if one.kind in ("function", "method")]
        assert [one.documentation for one in functions] == [SENTENCE]


@pytest.mark.parametrize(
    ("path", "source", "line"),
    [
        ("a.py", "def f(): return 1\n", 1),
        ("a.py", "x = 1\n", 1),
        ("a.py", 'def f():\n    """Do."""\n    return 1\n', 3),
        ("a.py", "class A:\n    x = 1\n", 2),
        ("a.js", "// Do.\nfunction f() {\n  return 1;\n}\n", 3),
        ("a.py", "", 1),
        ("a.txt", "function f()\n", 1),
        ("A.java", "class A { int f() {\n    return 1;\n  }\n}\n", 2),
        ("a.js", "const api = { name() {\n  return 1;\n} };\n", 2),
        ("a.php", "<?php function name($f) {\n  return 1;\n}\n", 2),
        ("a.rs", "impl A { fn f() {\n  1;\n} }\n", 2),
        ("a.zig", 'test "adds" {\n    try one();\n    try two();\n}\n', 2),
        ("a.ex", "defmodule A do\n  @doc false\n  def name(f) do\n    f.n\n  end\nend\n", 4),
    ],
    ids=["one line", "no function", "documented", "class", "comment", "empty", "no language", "class on the line",
         "object on the line", "open tag on the line", "impl on the line", "zig test", "doc false"],
)  # fmt: skip
def test_where_there_is_no_room_nothing_is_inserted(path: str, source: str, line: int) -> None:
    assert documented(path, source, line) is None


@pytest.mark.parametrize(
    ("sentence", "path", "source", "line", "expected"),
    [
        ('Say """hello""" to C:\\new, "quoted"', "a.py", "def f():\n    return 1\n", 2,
         '    """Say \'\'\'hello\'\'\' to C:\\\\new, "quoted\'"""'),
        ("End with */ and match src/*.js.", "a.js", "function f() {\n  return 1;\n}\n", 2,
         "/** End with * / and match src/ *.js. */"),
        ('Say "x" to #{y}.', "a.ex", "defmodule A do\n  def f(x) do\n    x\n  end\nend\n", 3,
         "  @doc \"Say 'x' to # {y}.\""),
        ("Whether a < b & b > c.", "A.cs", "class A {\n  int F() {\n    return 1;\n  }\n}\n", 3,
         "  /// Whether a &lt; b &amp; b &gt; c."),
    ],
    ids=["docstring", "block", "attribute", "markup"],
)  # fmt: skip
def test_a_sentence_cannot_end_its_comment(sentence: str, path: str, source: str, line: int, expected: str) -> None:
    text = documented(path, source, line, sentence)
    assert text is not None and expected in text.splitlines()
    if path.endswith(".py"):
        compile(text, path, "exec")


def test_long_sentences_are_wrapped() -> None:
    sentence = " ".join(["word"] * 60)
    for path, language, source in (
        ("a.py", "python", "def f():\n        return 1\n"),
        ("a.js", "javascript", "function f() {\n  return 1;\n}\n"),
        ("a.go", "go", "package a\n\nfunc f() int {\n\treturn 1\n}\n"),
    ):
        text = documented(path, source, len(source.splitlines()) - 1, sentence)
        assert text is not None and max(map(len, text.splitlines())) <= 100
        (one,) = [one for one in chunk_source(path, language, text.encode()) if one.kind == "function"]
        assert one.documentation.split() == sentence.split()


def test_of_a_long_function_its_beginning_is_read_wherever_the_line_is() -> None:
    body = "".join(f"    total = add_price(total, prices[{number}])\n" for number in range(300))
    source = f"@cached\ndef total_of(prices):\n{body}    return total\n"
    found = {function_at("a.py", source.encode(), line) for line in (1, 2, 150, 303)}
    (function,) = found
    assert function is not None and function.room is not None and function.room.row == 2
    assert function.code.startswith("def total_of(prices)\n    total = add_price(total, prices[0])\n")
    assert (function.start_line, function.end_line) == (1, 303)


def test_documentation_and_attributes_are_not_read() -> None:
    elixir = 'defmodule A do\n  @doc "Remove."\n  def rm(f) do\n    f.n\n  end\nend\n'
    python = '@cached\ndef rm(f):\n    """Remove."""\n    f.n\n'
    for path, source in (("a.ex", elixir), ("a.py", python)):
        function = function_at(path, source.encode(), 4)
        assert function is not None and function.documentation == "Remove."
        assert "Remove" not in function.code and "cached" not in function.code and "f.n" in function.code
