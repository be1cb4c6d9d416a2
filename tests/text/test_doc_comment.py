"""Where and how a sentence documents a function, language by language; the result must be read as its documentation."""

from __future__ import annotations

import pytest

from hunch.text.chunk import chunk_source
from hunch.text.doc_comment import insertion_of

SENTENCE = "Return the name of a file."


def documented(path: str, language: str, source: str, line: int, sentence: str = SENTENCE) -> str | None:
    found = insertion_of(path, language, source.encode(), line, sentence)
    if found is None:
        return None
    lines = source.splitlines(keepends=True)
    return "".join([*lines[: found.row], found.text, *lines[found.row :]])


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
    text = documented(path, language, source, line)
    assert text == expected
    functions = [one for one in chunk_source(path, language, text.encode()) if one.kind in ("function", "method")]
    assert [one.documentation for one in functions] == [SENTENCE]
    assert documented(path, language, text, functions[0].end_line) is None  # not twice


@pytest.mark.parametrize(
    ("path", "language", "source", "line"),
    [
        ("a.py", "python", "def f(): return 1\n", 1),
        ("a.py", "python", "x = 1\n", 1),
        ("a.py", "python", 'def f():\n    """Do."""\n    return 1\n', 3),
        ("a.py", "python", "class A:\n    x = 1\n", 2),
        ("a.js", "javascript", "// Do.\nfunction f() {\n  return 1;\n}\n", 3),
        ("a.py", "python", "", 1),
        ("a.txt", "text", "function f()\n", 1),
    ],
    ids=["one line", "no function", "documented", "class", "comment", "empty", "no language"],
)
def test_where_there_is_no_place_nothing_is_inserted(path: str, language: str, source: str, line: int) -> None:
    assert documented(path, language, source, line) is None


@pytest.mark.parametrize(
    ("sentence", "path", "language", "source"),
    [
        ('Say """hello""" to C:\\new, "quoted"', "a.py", "python", "def f():\n    return 1\n"),
        ("End a comment with */ and go on.", "a.js", "javascript", "function f() {\n  return 1;\n}\n"),
        ('Say "x" to #{y}.', "a.ex", "elixir", "defmodule A do\n  def f(x) do\n    x\n  end\nend\n"),
        ("Whether a < b & b > c.", "A.cs", "csharp", "class A {\n  int F() {\n    return 1;\n  }\n}\n"),
    ],
    ids=["docstring", "block", "attribute", "markup"],
)
def test_a_sentence_cannot_end_its_comment(sentence: str, path: str, language: str, source: str) -> None:
    row = 3 if language in ("elixir", "csharp") else 2
    text = documented(path, language, source, row, sentence)
    assert text is not None
    (one,) = [one for one in chunk_source(path, language, text.encode()) if one.kind in ("function", "method")]
    assert one.documentation.split()[0] == sentence.split()[0]
    assert one.body.strip().splitlines()[-1].strip() == source.splitlines()[row - 1].strip() or language != "python"
    before = next(one for one in chunk_source(path, language, source.encode()) if one.kind in ("function", "method"))
    assert (one.name, one.kind) == (before.name, before.kind)


def test_long_sentences_are_wrapped() -> None:
    sentence = " ".join(["word"] * 60)
    for path, language, source in (
        ("a.py", "python", "def f():\n        return 1\n"),
        ("a.js", "javascript", "function f() {\n  return 1;\n}\n"),
        ("a.go", "go", "package a\n\nfunc f() int {\n\treturn 1\n}\n"),
    ):
        text = documented(path, language, source, len(source.splitlines()) - 1, sentence)
        assert text is not None and max(map(len, text.splitlines())) <= 100
        (one,) = [one for one in chunk_source(path, language, text.encode()) if one.kind == "function"]
        assert one.documentation.split() == sentence.split()
