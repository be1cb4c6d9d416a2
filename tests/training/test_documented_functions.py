"""Functions with their documentation apart: what is code, what is said, and where the first paragraph ends."""

from __future__ import annotations

import pytest

from hunch_training.data.documented_functions import documented_functions, first_paragraph, without_docstring


@pytest.mark.parametrize(
    ("language", "source", "documentation", "code"),
    [
        (
            "python",
            '@cached\ndef sort(books):  # fast\n    """Sort books.\n\n    By title.\n    """\n\n'
            "    return sorted(books)\n",
            "Sort books.\n\nBy title.",
            "@cached\ndef sort(books):  # fast\n    return sorted(books)",
        ),
        (
            "python",
            'class Shelf:\n    def sort(\n        self,\n    ) -> None:\n        "Sort books."; self.books.sort()\n',
            "Sort books.",
            "def sort(\n    self,\n) -> None:\n    self.books.sort()",
        ),
        ("python", "# Sort books.\ndef sort(books):\n    return 1\n", "Sort books.", "def sort(books):\n    return 1"),
        (
            "java",
            "class A {\n  /**\n   * Gives the size.\n   */\n"
            "  @Override\n  public int size() {\n    return n;\n  }\n}\n",
            "Gives the size.",
            "@Override\npublic int size() {\n  return n;\n}",
        ),
        (
            "go",
            "package a\n\n// Len gives the length\n// of a set.\nfunc (s *Set) Len() int {\n\treturn s.n\n}\n",
            "Len gives the length\nof a set.",
            "func (s *Set) Len() int {\n\treturn s.n\n}",
        ),
        (
            "rust",
            "/// Adds one.\n#[inline]\npub fn add(x: i32) -> i32 {\n    // here\n    x + 1\n}\n",
            "Adds one.",
            "#[inline]\npub fn add(x: i32) -> i32 {\n    // here\n    x + 1\n}",
        ),
        (
            "javascript",
            "/** Adds one. */\nconst add = (x) => {\n  return x + 1;\n};\n",
            "Adds one.",
            "const add = (x) => {\n  return x + 1;\n};",
        ),
        (
            "ruby",
            "# Adds one.\ndef add(x)\n  x + 1\nend\n",
            "Adds one.",
            "def add(x)\n  x + 1\nend",
        ),
        (
            "csharp",
            "class A {\n  /// <summary>\n  /// Adds one.\n  /// </summary>\n  /// <returns>The sum</returns>\n"
            "  [Pure]\n  int Add(int x)\n  {\n    return x + 1;\n  }\n}\n",
            "Adds one.",
            "[Pure]\nint Add(int x)\n{\n  return x + 1;\n}",
        ),
        (
            "c",
            "/* Sets it to zero. */\nstatic void\nzero (int *x,\n      int n)\n{\n  *x = n;\n}\n",
            "Sets it to zero.",
            "static void\nzero (int *x,\n      int n)\n{\n  *x = n;\n}",
        ),
        (
            "elixir",
            'defmodule A do\n  @doc """\n  Adds one.\n  """\n  @spec add(integer) :: integer\n'
            "  def add(x) do\n    x + 1\n  end\nend\n",
            "Adds one.",
            "def add(x) do\n  x + 1\nend",
        ),
    ],
    ids=["python", "method", "comment", "java", "go", "rust", "javascript", "ruby", "csharp", "c", "elixir"],
)
def test_documentation_is_taken_out_of_the_code(language: str, source: str, documentation: str, code: str) -> None:
    (function,) = documented_functions("a/b", language, source.encode())
    assert function.documentation == documentation
    assert function.code == code
    assert function.has_body


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", 'def f(x):\n    """Says what it would do."""\n'),
        ("python", 'def f(x):\n    """Says what it would do."""\n    ...\n'),
        ("java", "interface A {\n  /** Gives\n   * the size. */\n  int size(\n    int a,\n    int b);\n}\n"),
        ("c", "/* Sets it to zero. */\nvoid zero (int *x,\n           int n,\n           int m);\n"),
    ],
)
def test_what_has_no_body_is_told(language: str, source: str) -> None:
    assert not any(function.has_body for function in documented_functions("a", language, source.encode()))


@pytest.mark.parametrize(
    ("text", "paragraph"),
    [
        ("Sort books\nby title.\n\nAnd more.", "Sort books by title."),
        ("\n\n  Sort books.\n:param books: what", "Sort books."),
        ("Sort books.\n@return them", "Sort books."),
        ("@brief Sort books.\n\\param books what", "Sort books."),
        ("Sort books.\nArgs:\n  books: what", "Sort books."),
        ("Sort books.\nParameters\n----------", "Sort books."),
        ("Sort a {@link Shelf} of <b>books</b>, see :class:`Shelf` <p>", "Sort a Shelf of books , see Shelf"),
        ('Sorts <see cref="T:Shelf"/> by a < b.', "Sorts Shelf by a < b."),
        ("Private: Sort books.", "Sort books."),
        ("Returns the books\nin order", "Returns the books in order"),
        ("@param books what", ""),
        ("", ""),
    ],
)
def test_the_first_paragraph_is_one_line_of_prose(text: str, paragraph: str) -> None:
    assert first_paragraph(text) == paragraph


@pytest.mark.parametrize(
    ("code", "stripped"),
    [
        ('def f(a):\n    """Doc."""\n    return a', "def f(a):\n    return a"),
        ("def f(a):\n        r'''Doc\n        more.'''\n        print a\n", "def f(a):\n        print a"),
        ("async def f(a):\n    return 'text'", "async def f(a):\n    return 'text'"),
        ('def f(a): "Doc."', 'def f(a): "Doc."'),
        ("lambda x: x", "lambda x: x"),
        ("", ""),
    ],
)
def test_a_docstring_is_stripped(code: str, stripped: str) -> None:
    assert without_docstring(code) == stripped
