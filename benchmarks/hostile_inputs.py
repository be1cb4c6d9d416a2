"""Source that nobody would write: shapes that make a parser, a query or a reader slow or greedy, in every language.

A shape is a name and a function from a language's tokens and a size to a text of about that many bytes. Hypothesis
makes more of them out of the same tokens (tests/index/test_hostile.py).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from hunch.text.grammars import GRAMMARS

LANGUAGES = tuple(GRAMMARS)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a language writes for the parts that shapes are made of."""

    function: str = "function f(a) { return a; }"
    """A whole small function"""
    open_function: str = "function f(a) {"
    close_function: str = "}"
    open_class: str = "class A {"
    close_class: str = "}"
    line_comment: str = "//"
    open_comment: str = "/*"
    close_comment: str = "*/"
    open_string: str = '"""'
    """A string over many lines"""
    template: str = "`${"
    """What opens code inside a string"""
    attribute: str = "@a"
    branch: str = "if (a) "
    call: str = "f("
    generic: str = "A<"
    lambda_: str = "(a) => "
    heredoc: str = ""
    preprocessor: str = "#if A\n"
    case: str = "case 1: "
    extra: tuple[str, ...] = field(default=())
    """What only this language has, repeated as it stands"""


_C = Tokens(function="int f(int a) { return a; }", open_function="int f(int a) {", open_class="struct A {",
            close_class="};", open_string='R"(', template='"\\', attribute="[[a]] ", lambda_="[](int a) ",
            extra=("A(", "typedef ", "(*", "int a[", "#define A(x) x ", "A B C D ", "operator"))  # fmt: skip
_JS = Tokens(extra=("<a>", "=> ", "...", "a?.b", "async ", "/a", "${", "import {", "export default "))
_TOKENS = {
    "python": Tokens(
        function="def f(a):\n    return a", open_function="def f(a):\n", close_function="", open_class="class A:\n",
        close_class="", line_comment="#", open_comment='"""', close_comment='"""', template='f"{', attribute="@a\n",
        branch="if a: ", generic="A[", lambda_="lambda a: ", heredoc="'''", preprocessor="if a:\n  ", case="case 1: ",
        extra=("not ", "await ", "*", "a if b else ", "\\\n", "async def ", "match a:\n", "[x for x in "),
    ),
    "javascript": _JS,
    "typescript": Tokens(extra=("a as ", "keyof ", "infer ", "A extends ", "type A = ", "<T,", "?:", "abstract ")),
    "tsx": Tokens(extra=("<a b={", "<>", "<a.b ", "{/*", "a as ", "<T,", "</", "type A = ")),
    "java": Tokens(function="void f(int a) { return; }", open_function="void f(int a) {", template='"\\{',
                   lambda_="a -> ", extra=("@A(", "new A() {", "(A) ", "a instanceof ", "A::", "? extends ", "yield ")),
    "go": Tokens(function="func f(a int) {}", open_function="func f(a int) {", open_class="type A struct {",
                 open_string="`", generic="A[", lambda_="func() ",
                 extra=("<-", "chan ", "map[", "*", "go func() {", "defer ", "interface {", "a.(")),
    "php": Tokens(function="function f($a) { return $a; }", template='"{$', attribute="#[A]", lambda_="fn($a) => ",
                  heredoc="<<<A\n", extra=("<?php ", "?>", "$", "${", "new class {", "match(a) {", "\\A", "@")),
    "ruby": Tokens(function="def f(a)\n  a\nend", open_function="def f(a)\n", close_function="end",
                   open_class="class A\n", close_class="end", line_comment="#", open_comment="\n=begin\n",
                   close_comment="\n=end\n", open_string="%q(", template='"#{', branch="if a then ", lambda_="->(a) { ",
                   heredoc="<<~A\n", preprocessor="begin\n", case="when 1 then ",
                   extra=("%w[", "?a", ":a", "a do ", "&.", "%", "/", "<<A, ", "unless ", "::")),
    "rust": Tokens(function="fn f(a: i32) {}", open_function="fn f(a: i32) {", open_class="impl A {",
                   open_string='r#"', template="a!(", attribute="#[a]", lambda_="|a| ", generic="A<",
                   case="1 => ", extra=("&", "'a ", "r#", "macro_rules! a {", "dyn ", "::<", "match a {", "b'", "..")),
    "c": _C,
    "cpp": Tokens(function=_C.function, open_function=_C.open_function, open_class=_C.open_class, close_class="};",
                  open_string='R"(', template='R"a(', attribute="[[a]] ", lambda_="[](auto a) ",
                  extra=("template <", "A<A<", "::", "operator", "decltype(", "a < b > ", "requires ", "co_await ",
                         "namespace a {", "A(B(C")),
    "objective-c": Tokens(function=_C.function, open_function="- (void)f:(int)a {", open_class="@implementation A",
                          close_class="@end", lambda_="^(int a) {",
                          extra=("@interface A\n", "[a b:", "@[", "@{", "@\"", "@selector(", "#import <", "@end\n")),
    "csharp": Tokens(function="void F(int a) { }", open_function="void F(int a) {", template='$"{', attribute="[A]",
                     lambda_="a => ", extra=("from a in ", "a is ", "checked(", "@", "ref ", "a switch {", "#region\n",
                                             "? a : ", "where A : ", '$@"')),
    "kotlin": Tokens(function="fun f(a: Int) {}", open_function="fun f(a: Int) {", template='"${', lambda_="{ a -> ",
                     extra=("?.", "!!", "a@", "by ", "when (a) {", "@A(", "A<in ", "object : ", "is ", "infix ")),
    "swift": Tokens(function="func f(a: Int) {}", open_function="func f(a: Int) {", template='"\\(',
                    lambda_="{ a in ", extra=("#if a\n", "a?.", "try ", "\\.", "@a(", "some ", "#", "/", "&")),
    "scala": Tokens(function="def f(a: Int) = a", open_function="def f(a: Int) = {", template='s"${', generic="A[",
                    lambda_="a => ", extra=("given ", "match {", "case a => ", "extension (", "<a>", "_.", "for {")),
    "elixir": Tokens(function="def f(a), do: a", open_function="def f(a) do\n", close_function="end",
                     open_class="defmodule A do\n", close_class="end", line_comment="#", open_comment="@doc \"\"\"\n",
                     close_comment='"""\n', template='"#{', attribute="@a 1\n", branch="if a, do: ",
                     lambda_="fn a -> ", heredoc="~S'''\n", extra=("|> ", "<<", "&", "%{", "~r/", "^", "a: ", "not ")),
    "haskell": Tokens(function="f a = a", open_function="f a = do\n", close_function="", open_class="class A a where\n",
                      close_class="", line_comment="--", open_comment="{-", close_comment="-}", open_string='"',
                      template="[a|", attribute="{-# A #-}", branch="if a then ", call="(f ", generic="(A ",
                      lambda_="\\a -> ", preprocessor="#if A\n", case="a -> ",
                      extra=("let ", "where\n ", "do ", "$ ", "`a` ", "forall a. ", "data A = ", "{-# ", "case a of ")),
    "lua": Tokens(function="function f(a) return a end", open_function="function f(a) ", close_function="end ",
                  open_class="A = {", line_comment="--", open_comment="--[[", close_comment="]]", open_string="[[",
                  template="[==[", branch="if a then ", lambda_="function(a) ",
                  extra=("{", "a.b.", "repeat ", "..", "not ", "#", "goto a ", "::a::")),
    "zig": Tokens(function="fn f(a: i32) void {}", open_function="fn f(a: i32) void {", open_class="const A = struct {",
                  close_class="};", open_comment="///", close_comment="\n", open_string="\\\\", template='@"',
                  extra=("comptime ", "*", "?", ".{", "try ", "@a(", "!", "error{", "|a| ", "switch (a) {")),
    "bash": Tokens(function="f() { echo a; }", open_function="f() {\n", open_class="(", close_class=")",
                   line_comment="#", open_comment=": <<'A'\n", close_comment="\nA\n", open_string="'", template='"$(',
                   branch="if a; then ", call="$(f ", generic="${a[", heredoc="<<A <<B ",
                   extra=("${a:-", "$((", "[[ a ", "| ", "`", "case a in ", "<(", "&& ", "{a,", "if ")),
    "sql": Tokens(function="CREATE FUNCTION f(a INT) RETURNS INT AS $$ SELECT a; $$;", open_function="CREATE TABLE a (",
                  close_function=");", open_class="BEGIN ", close_class="END;", line_comment="--", open_string="'",
                  template="$$", branch="CASE WHEN a THEN ", generic="a(", lambda_="(SELECT ",
                  preprocessor="WITH a AS (",
                  extra=("SELECT ", "a, ", "NOT ", "JOIN a ON ", "UNION SELECT 1 ", "OVER (", "$a$", "[")),
}  # fmt: skip


def tokens_of(language: str) -> Tokens:
    """Return the tokens of a language that a grammar reads."""
    return _TOKENS[language]


def _repeat(text: str, size: int) -> str:
    return text * (size // max(1, len(text.encode())) + 1)


def _lines(text: str, size: int, width: int = 80) -> str:
    line = text * (width // max(1, len(text)) + 1)
    return _repeat(line + "\n", size)


def _nest(opener: str, closer: str, size: int, inside: str = "a") -> str:
    depth = size // (len(opener) + len(closer))
    return opener * depth + inside + closer * depth


def _indented(text: str, size: int) -> str:
    """Return lines each one column further in, as far as the size allows."""
    lines, total, depth = [], 0, 0
    while total < size:
        line = " " * depth + text + "\n"
        lines.append(line)
        total += len(line)
        depth += 1
    return "".join(lines)


def _words(rng: random.Random, words: tuple[str, ...], size: int) -> str:
    return "".join(rng.choices(words, k=size // max(1, sum(map(len, words)) // len(words))))


Shape = Callable[[Tokens, int], str]


def _laid_out(text: str, lay_out: Callable[[str, int], str]) -> Shape:
    return lambda tokens, size: lay_out(text, size)


SHAPES: dict[str, Shape] = {
    # Openers that are never closed, in one line, in lines of 80, each on a line of its own.
    **{
        f"{name} {layout}": _laid_out(text, lay)
        for name, text in {"parentheses": "(", "brackets": "[", "braces": "{", "angles": "<", "mixed": "([{<"}.items()
        for layout, lay in {"in lines": _lines, "each on a line": lambda text, n: _repeat(text + "\n", n)}.items()
    },
    "parentheses in long lines": lambda t, n: _lines("(", n, 900),
    "parentheses nested": lambda t, n: _nest("(", ")", n),
    "brackets nested": lambda t, n: _nest("[", "]", n),
    "braces nested": lambda t, n: _nest("{", "}", n),
    "braces nested in lines": lambda t, n: _nest("{\n", "}\n", n),
    "closers in lines": lambda t, n: _lines(")]}", n),
    "closers and openers": lambda t, n: _lines("}{)(][", n),
    "comment openers in lines": lambda t, n: _lines(t.open_comment, n),
    "comment openers of C in lines": lambda t, n: _repeat("/*" * 40 + "\n", n),
    "comment openers each on a line": lambda t, n: _repeat(t.open_comment + "\n", n),
    "comments nested": lambda t, n: _nest(t.open_comment, t.close_comment, n),
    "a comment that never ends": lambda t, n: t.open_comment + _lines("a b ", n),
    "line comments": lambda t, n: _repeat(f"{t.line_comment} a\n", n),
    "line comment signs": lambda t, n: _lines(t.line_comment, n),
    "empty comments": lambda t, n: _lines(t.open_comment + t.close_comment, n),
    "a string that never ends": lambda t, n: t.open_string + _lines("a b ", n),
    "strings opened in lines": lambda t, n: _lines(t.open_string, n),
    "quotes in lines": lambda t, n: _lines('"', n),
    "quotes of each kind": lambda t, n: _lines("\"'`", n),
    "one quote on each line": lambda t, n: _repeat('a = "\n', n),
    "backslashes": lambda t, n: _lines("\\", n),
    "templates opened": lambda t, n: _lines(t.template, n),
    "templates nested": lambda t, n: _nest(t.template, '}"', n),
    "heredocs": lambda t, n: _repeat(t.heredoc or t.open_string, n),
    "heredocs each on a line": lambda t, n: _repeat((t.heredoc or t.open_string) + "\n", n),
    "attributes": lambda t, n: _repeat(t.attribute + "\n", n),
    "attributes in lines": lambda t, n: _lines(t.attribute, n),
    "functions": lambda t, n: _repeat(t.function + "\n", n),
    "functions in lines": lambda t, n: _lines(t.function + " ", n, 500),
    "functions nested": lambda t, n: _nest(t.open_function + "\n", t.close_function + "\n", n),
    "functions nested in lines": lambda t, n: _lines(t.open_function, n),
    "functions that never end": lambda t, n: _repeat(t.open_function + "\n", n),
    "functions indented": lambda t, n: _indented(t.open_function.strip(), n),
    "classes nested": lambda t, n: _nest(t.open_class + "\n", t.close_class + "\n", n),
    "classes that never end": lambda t, n: _repeat(t.open_class + "\n", n),
    "classes and functions": lambda t, n: _nest(f"{t.open_class}\n{t.open_function}\n",
                                                f"{t.close_function}\n{t.close_class}\n", n),
    "branches": lambda t, n: _lines(t.branch, n),
    "branches each on a line": lambda t, n: _repeat(t.branch + "\n", n),
    "branches indented": lambda t, n: _indented(t.branch.strip(), n),
    "calls nested": lambda t, n: _nest(t.call, ")", n),
    "calls opened": lambda t, n: _lines(t.call, n),
    "calls chained": lambda t, n: "a" + _repeat("\n.b()", n),
    "generics opened": lambda t, n: _lines(t.generic, n),
    "generics nested": lambda t, n: _nest(t.generic, ">", n),
    "lambdas": lambda t, n: _lines(t.lambda_, n),
    "cases": lambda t, n: _lines(t.case, n),
    "preprocessor": lambda t, n: _repeat(t.preprocessor, n),
    "binary operators": lambda t, n: "a" + _repeat(" + a", n),
    "operators in lines": lambda t, n: _lines("a + ", n),
    "unary operators": lambda t, n: _lines("-", n),
    "comparisons": lambda t, n: _lines("a < b > ", n),
    "conditionals": lambda t, n: _lines("a ? b : ", n),
    "commas": lambda t, n: _lines("a, ", n),
    "dots": lambda t, n: _lines("a.", n),
    "colons": lambda t, n: _lines("a::", n),
    "equals": lambda t, n: _lines("a = ", n),
    "assignments": lambda t, n: _repeat("a = 1\n", n),
    "a table of numbers": lambda t, n: "a = [\n" + _repeat("0x1f, 0x2e, 0x3d, 0x4c,\n", n) + "]\n",
    "identifiers": lambda t, n: _lines("abc ", n),
    "long identifiers": lambda t, n: _repeat("a" * 800 + "\n", n),
    "one long identifier over many lines": lambda t, n: _repeat("a_\\\n", n),
    "letters of no language": lambda t, n: _lines("\N{SNOWMAN}\N{COMBINING ACUTE ACCENT}", n),
    "control characters": lambda t, n: _lines("\x01a\x7f " + "a" * 58, n),
    "indentation": lambda t, n: _indented("a", n),
    "indentation and back": lambda t, n: _repeat("a:\n  a:\n    a\n", n),
    "blank lines": lambda t, n: "a\n" + _repeat(" \n", n),
    "tabs": lambda t, n: _repeat("\t" * 60 + "a\n", n),
    "what only this language has": lambda t, n: _repeat("".join(t.extra) + "\n", n),
    "what only this language has, one by one": lambda t, n: "".join(
        _lines(one, n // max(1, len(t.extra))) for one in t.extra),
    "a shuffle of everything": lambda t, n: _words(random.Random(7), _vocabulary(t), n),
    "a shuffle in lines": lambda t, n: _words(random.Random(8), (*_vocabulary(t), "\n", "\n"), n),
    "random bytes of ASCII": lambda t, n: "".join(random.Random(9).choices([*map(chr, range(32, 127)), "\n"], k=n)),
}  # fmt: skip


def _vocabulary(tokens: Tokens) -> tuple[str, ...]:
    return (
        "(", ")", "[", "]", "{", "}", "<", ">", "a ", "1 ", "\n", ";", ",", ":", "=", "'", '"', "`",
        tokens.function, tokens.open_function, tokens.close_function, tokens.open_class, tokens.close_class,
        tokens.open_comment, tokens.close_comment, tokens.open_string, tokens.template, tokens.attribute, tokens.branch,
        tokens.call, tokens.generic, tokens.lambda_, tokens.case, tokens.preprocessor, *tokens.extra,
    )  # fmt: skip


vocabulary = _vocabulary


def hostile_source(language: str, shape: str, size: int) -> bytes:
    """Return one input of about so many bytes, never more."""
    text = SHAPES[shape](_TOKENS[language], size)
    prefix = "<?php\n" if language == "php" else ""
    return (prefix + text).encode()[:size]
