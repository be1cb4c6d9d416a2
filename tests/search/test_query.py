"""What a person types, as a query."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunch.search.query import MAX_CHARACTERS, Query, QueryError, Symbol, parse_query
from hunch.text.chunk import KINDS
from hunch.text.languages import LANGUAGES
from hunch.text.path_class import PathClass


def terms(query: Query) -> list[str]:
    return [term.text for term in query.terms]


@pytest.mark.parametrize(
    ("text", "words", "filters"),
    [
        ("parse a date", "parse a date", {}),
        ("  parse \t a\n date ", "parse a date", {}),
        ("lang:go parse", "parse", {"languages": ("go",)}),
        ("parse lang:go", "parse", {"languages": ("go",)}),
        ("parse lang:go date", "parse date", {"languages": ("go",)}),
        ("lang:go lang:py parse", "parse", {"languages": ("go", "python")}),
        ("lang:Go parse", "parse", {"languages": ("go",)}),
        ("lang:c++ x", "x", {"languages": ("cpp",)}),
        ("lang:c# x", "x", {"languages": ("csharp",)}),
        ("lang:.ts x", "x", {"languages": ("typescript", "tsx")}),
        ("lang:golang x", "x", {"languages": ("go",)}),
        ("lang:go,rust,py x", "x", {"languages": ("go", "rust", "python")}),
        ("-lang:ts,go x", "x", {"excluded_languages": ("typescript", "tsx", "go")}),
        ("kind:function,method, x", "x", {"kinds": ("function", "method")}),
        ("kind:heading,const x", "x", {"kinds": ("section", "constant")}),
        ("content:docs x", "x", {"contents": ("docs",)}),
        ("content:config,code x", "x", {"contents": ("code", "config")}),
        ("-content:docs x", "x", {"contents": ("code", "config")}),
        ("content: x", "content: x", {}),
        ("-lang:js parse", "parse", {"excluded_languages": ("javascript",)}),
        ("path:src/ parse", "parse", {"paths": ("src/",)}),
        ("path:*.py path:lib parse", "parse", {"paths": ("*.py", "lib")}),
        ("-path:tests parse", "parse", {"excluded_paths": ("tests",)}),
        ('path:"my files/*.py" parse', "parse", {"paths": ("my files/*.py",)}),
        ('lang:"go" parse', "parse", {"languages": ("go",)}),
        ('-path:"a b" parse', "parse", {"excluded_paths": ("a b",)}),
        ("kind:function x", "x", {"kinds": ("function",)}),
        ("kind:def x", "x", {"kinds": ("function",)}),
        ("kind:fn kind:class x", "x", {"kinds": ("function", "class")}),
        ("kind:CLASS x", "x", {"kinds": ("class",)}),
        ("-kind:file x", "x", {"excluded_kinds": ("file",)}),
        ("lang:go -path:vendor kind:method read", "read",
         {"languages": ("go",), "excluded_paths": ("vendor",), "kinds": ("method",)}),
        # what only looks like a filter
        ("std::vector", "std::vector", {}),
        ("http://example.org/x", "http://example.org/x", {}),
        ("foo:bar", "foo:bar", {}),
        ("language:go", "language:go", {}),
        ("xlang:go", "xlang:go", {}),
        ("(lang:go)", "(lang:go)", {}),
        ("a,lang:go", "a,lang:go", {}),
        ("--lang:go x", "--lang:go x", {}),
        ("LANG:go x", "LANG:go x", {}),
        ("lang: go", "lang: go", {}),
        ("parse lang:", "parse", {}),  # half typed
        ("parse lang:go -path: ", "parse", {"languages": ("go",)}),
        ("path : x", "path : x", {}),
        ("kind", "kind", {}),
        ("-x", "-x", {}),
        ("C++", "C++", {}),
        # other scripts
        ("сортировать список", "сортировать список", {}),
        ("排序列表", "排序列表", {}),
        ("lang:go 排序", "排序", {"languages": ("go",)}),
        ("naïve café", "naïve café", {}),
        ("sort 🙂 list", "sort 🙂 list", {}),
        # control characters are blanks
        ("a\x00b", "a b", {}),
        ("\x1b[31mred\x1b[0m", "[31mred [0m", {}),
        ("a\u200bb\u2028c\ud800d", "a b c d", {}),
        ("lang:go\x00parse", "parse", {"languages": ("go",)}),
    ],
)  # fmt: skip
def test_a_text_is_words_and_filters(text: str, words: str, filters: dict[str, Any]) -> None:
    query = parse_query(text)
    assert query.text == words
    plain: dict[str, Any] = dict.fromkeys(
        ("languages", "excluded_languages", "paths", "excluded_paths", "kinds", "excluded_kinds", "contents"), ()
    )
    assert {name: getattr(query, name) for name in plain} == plain | filters
    assert query.filtered == bool(filters) and query.notices == ()


def test_all_contents_alike_are_no_filter() -> None:
    query = parse_query("content:all x")
    assert query.contents == ("code", "docs", "config") and not query.filtered
    assert parse_query("x", contents=["docs", "config"]).contents == ("docs", "config")


def test_words_can_ask_for_what_is_no_code() -> None:
    assert parse_query("readme of the workflow").wanted_contents == ("docs", "config")
    assert parse_query("read a file").wanted_contents == ()


def test_filters_beside_the_text_come_first() -> None:
    query = parse_query("x lang:go path:a kind:class", languages=["py"], paths=["b"], kinds=["fn"])
    assert query.languages == ("python", "go") and query.paths == ("b", "a") and query.kinds == ("function", "class")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("   \t\n", "empty"),
        ("\x00\x01", "empty"),
        ("lang:go", "empty"),
        ("lang:", "empty"),
        ("lang:go -path:x kind:class", "empty"),
        ("?!", "no letters"),
        ("() {} ;", "no letters"),
        ("🙂🙃", "no letters"),
        ("lang:go ...", "no letters"),
        ("x lang:pyton", "did you mean python"),
        ("x lang:javscript", "did you mean javascript"),
        ("x -lang:rustt", "did you mean rust"),
        ("x lang:qqqqqqqq", "known are"),
        ('x lang:""', "known are"),
        ("x kind:functions", "did you mean function?"),
        ("x kind:constants", "did you mean constant?"),
        ("x content:banana", "say code, docs, config or all"),
        ("x content:docs -content:docs", "leave nothing"),
        ("x kind:banana", "kinds are"),
        ("x -kind:banana", "kinds are"),
        ("x path:!", "!"),
        ("x -path:!", "!"),
    ],
)
def test_what_cannot_be_answered_is_said_in_one_line(text: str, message: str) -> None:
    with pytest.raises(QueryError, match=re.escape(message)) as caught:
        parse_query(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", sorted(LANGUAGES))
def test_every_language_can_be_asked_for(name: str) -> None:
    assert parse_query(f"x lang:{name}").languages[0] == name


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_asked_for(kind: str) -> None:
    assert parse_query(f"x kind:{kind}").kinds == (kind,)


@pytest.mark.parametrize("characters", [MAX_CHARACTERS - 1, MAX_CHARACTERS, MAX_CHARACTERS + 1, 10_000])
@pytest.mark.parametrize("word", ["x", "sort ", "排"])
def test_a_long_query_is_cut_and_says_so(characters: int, word: str) -> None:
    query = parse_query((word * characters)[:characters].rstrip())
    assert len(query.text) <= MAX_CHARACTERS
    assert len(query.notices) == (characters > MAX_CHARACTERS)
    if query.notices:
        assert f"{MAX_CHARACTERS:,}" in query.notices[0] and "\n" not in query.notices[0]


def test_filters_are_read_before_a_long_query_is_cut() -> None:
    assert parse_query("sort " * 2_000 + "lang:go").languages == ("go",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("parse", [("parse", 1.0)]),
        ("the", []),
        ("read file", [("readfile", 1.0), ("read", 0.5), ("file", 0.5)]),
        ("readFile()", [("readFile", 1.0)]),
        ("Tree.insert", [("Tree.insert", 1.0)]),
        (
            "sort the list",
            [("sortthelist", 1.0), ("sortthe", 2 / 3), ("thelist", 2 / 3), ("sort", 1 / 3), ("list", 1 / 3)],
        ),
        ("a a", [("aa", 1.0)]),
        ("`parse_date`?", [("parse_date", 1.0)]),
    ],
)
def test_the_names_that_words_can_spell(text: str, expected: list[tuple[str, float]]) -> None:
    symbols = parse_query(text).symbols
    assert [symbol.name for symbol in symbols] == [name for name, _ in expected]
    assert [symbol.share for symbol in symbols] == pytest.approx([share for _, share in expected])


def test_names_of_many_words_come_first_and_stay_few() -> None:
    symbols = parse_query("one two three four five six seven " * 20).symbols
    shares = [symbol.share for symbol in symbols]
    assert shares == sorted(shares, reverse=True) and 0 < len(symbols) <= 5 * 20
    assert all(isinstance(symbol, Symbol) and 0 < symbol.share <= 1 for symbol in symbols)


@pytest.mark.parametrize(
    ("text", "path_class"),
    [
        ("parse a date", PathClass.PRODUCT),
        ("test for parsing a date", PathClass.TEST),
        ("tests", PathClass.TEST),
        ("pytest fixture", PathClass.TEST),
        ("mockServer", PathClass.TEST),
        ("latest", PathClass.PRODUCT),
        ("an example client", PathClass.EXAMPLE),
        ("benchmark sorting", PathClass.BENCHMARK),
        ("vendored code", PathClass.VENDORED),
        ("docs", PathClass.DOCUMENTATION),
        ("example test", PathClass.EXAMPLE | PathClass.TEST),
        ("x path:tests", PathClass.PRODUCT),
    ],
)
def test_the_path_classes_that_words_ask_for(text: str, path_class: PathClass) -> None:
    assert parse_query(text).wanted_path_classes == path_class


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("how do I parse the date", "parse date"),
        ("std::vector", "std vector"),
        ("lang:go parse", "parse"),
        ("readFile", "read file readFile"),
    ],
)
def test_the_terms_are_those_of_the_words(text: str, expected: str) -> None:
    assert terms(parse_query(text)) == expected.split()


PIECE = st.one_of(
    st.text(max_size=12), st.sampled_from(["lang:go", "-path:x", "kind:class", "lang:", 'path:"a b"', "std::x", "the"])
)


@given(st.lists(PIECE, max_size=8).map(" ".join))
def test_any_text_is_a_query_or_a_query_error(text: str) -> None:
    try:
        query = parse_query(text)
    except QueryError as error:
        assert "\n" not in str(error)
    else:
        assert query.text == " ".join(query.text.split()) and query.text.isprintable()
        assert len(query.text) <= MAX_CHARACTERS
