"""Definitions around what a grammar cannot read: each case lists what has to be found, with its last line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hunch.text.blanking import ClosingLines, blank, blank_matches
from hunch.text.chunk import Chunk, chunk_source
from hunch.text.grammars import GRAMMARS, load_grammar
from hunch.text.languages import LANGUAGES
from hunch.text.parse import late_after
from hunch.text.recovery import parse_with_recovery
from hunch.text.source_text import SourceText


def chunks_of(language: str, source: str) -> list[Chunk]:
    return chunk_source(f"file.{LANGUAGES[language].extensions[0]}", language, source.encode())


def named(language: str, source: str) -> dict[str, str]:
    """Return the text of each definition, from its first line to its last, by qualified name."""
    lines = source.split("\n")
    found = chunks_of(language, source)
    members = {member.qualified_name: lines[member.row] for one in found for member in one.members}
    return members | {
        one.qualified_name: "\n".join(lines[one.start_line - 1 : one.end_line])
        for one in found
        if one.kind not in {"block", "file"}
    }


UNFINISHED = {
    "python": (
        "def load(path):\n    with open(path as handle:\n        return handle.read()\n\n\n"
        "def save(path, text):\n    return write(path, text)\n\n\n"
        "class Store:\n    def read(self):\n        return (self.a,\n\n    def drop(self):\n"
        "        self.a = None\n",
        {"load", "save", "Store", "Store.read", "Store.drop"},
    ),
    "kotlin": (
        "fun load(path: String): Int {\n    for (line in path) {\n        count += 1\n\n"
        "fun save(path: String): Int {\n    return 2\n}\n\n"
        'class Store {\n    fun read() {\n        log("reading\n    }\n\n    fun drop() = 5\n}\n',
        {"load", "save", "Store", "Store.read", "Store.drop"},
    ),
    "java": (
        "class Store {\n    int load(String path) {\n        while (true) {\n            count++;\n\n"
        "    /** Drops it. */\n    @Override\n    public void drop() {\n        count = 0;\n    }\n}\n\n"
        "class Other {\n    void run() {\n    }\n}\n",
        {"Store", "Store.load", "Store.drop", "Other", "Other.run"},
    ),
    "csharp": (
        "public class Store\n{\n    public int Load(string path)\n    {\n        while (true)\n        {\n"
        "            count++;\n\n    [Obsolete]\n    public void Drop()\n    {\n        count = 0;\n    }\n}\n\n"
        "class Other\n{\n    void Run()\n    {\n    }\n}\n",
        {"Store", "Store.Load", "Store.Drop", "Other", "Other.Run"},
    ),
    "swift": (
        "struct Store {\n    func load() -> Int {\n        guard let x = y else {\n            return 1\n\n"
        "    func drop() {\n        total = 0\n    }\n}\n\nfunc free() {\n    drop()\n}\n",
        {"Store", "Store.load", "Store.drop", "free"},
    ),
    "rust": (
        "fn load() -> u8 {\n    if ready {\n        1\n\n/// Saves it.\npub fn save() -> u8 {\n    2\n}\n\n"
        "impl Store {\n    fn read(&self) {\n        match x {\n            A => (,\n        }\n    }\n\n"
        "    pub fn drop_all(&self) -> u8 {\n        4\n    }\n}\n",
        {"load", "save", "Store.read", "Store.drop_all"},
    ),
    "php": (
        "<?php\n\nfunction load($path) {\n    if ($path) {\n        return 1;\n\n"
        "function save($path) {\n    return 2;\n}\n\n"
        "class Store\n{\n    public function read(): int\n    {\n        return foo(;\n    }\n\n"
        "    #[Pure]\n    public function drop(): int\n    {\n        return 5;\n    }\n}\n",
        {"load", "save", "Store", "Store.read", "Store.drop"},
    ),
    "ruby": (
        "class Store\n  def load(path)\n    if path\n      1\n\n  # Counts.\n  def count = 3\n\n"
        "  def drop(a)\n    a\n  end\nend\n\nmodule Other\n  def self.run\n    6\n  end\nend\n",
        {"Store", "Store.load", "Store.count", "Store.drop", "Other.run"},
    ),
    "go": (
        "package a\n\nfunc load(x int) int {\n\tif x > 1 {\n\t\treturn x\n\n// save does it.\n"
        "func save() int {\n\treturn 2\n}\n\ntype Store struct {\n\ta int\n}\n\n"
        "func (s *Store) Read() {\n\tfoo(,\n}\n\nfunc drop() {\n\tbar()\n}\n",
        {"load", "save", "Store", "Store.Read", "drop"},
    ),
    "javascript": (
        "function load(x) {\n  if (x) {\n    return 1;\n\nfunction save() {\n  return 2;\n}\n\n"
        "export class Store {\n  read(x) {\n    return foo(;\n  }\n\n  async drop() {\n    return 5;\n  }\n}\n",
        {"load", "save", "Store", "Store.read", "Store.drop"},
    ),
    "typescript": (
        "export function load(x: number): number {\n  if (x) {\n    return 1;\n\n"
        "export function save(): number {\n  return 2;\n}\n\n"
        "export class Store {\n  private read(x: string): void {\n    return foo(;\n  }\n\n"
        "  async drop(): Promise<number> {\n    return 5;\n  }\n}\n",
        {"load", "save", "Store", "Store.read", "Store.drop"},
    ),
    "scala": (
        "object Store {\n  def load(x: Int): Int = {\n    if (x) {\n      1\n\n"
        "  def save(y: Int): Int = {\n    3\n  }\n}\n\nclass Other {\n  def run = 5\n}\n",
        {"Store", "Store.load", "Store.save", "Other", "Other.run"},
    ),
    "lua": (
        "local function load(x)\n  if x then\n    return 1\n\nfunction M.save(y)\n  return 2\nend\n\n"
        "M.read = function(z)\n  return 3 +* 4\nend\n",
        {"load", "M.save", "M.read"},
    ),
    "elixir": (
        "defmodule Store do\n  def load(x) do\n    if x do\n      1\n\n  def save(y) do\n    3\n  end\nend\n",
        {"Store.load", "Store.save"},
    ),
    "bash": (
        "load() {\n  if true; then\n    echo 1\n\nsave() {\n  echo 2\n}\n\n"
        'function read_it {\n  echo "abc\n}\n\ndrop() {\n  echo 4\n}\n',
        {"load", "save", "read_it", "drop"},
    ),
    "zig": (
        "fn load(x: u8) u8 {\n    if (x) {\n        return 1;\n\npub fn save() u8 {\n    return 2;\n}\n\n"
        "const Store = struct {\n    fn read() void {\n        foo(,;\n    }\n\n    fn drop() void {\n    }\n};\n",
        {"load", "save", "Store", "Store.read", "Store.drop"},
    ),
}


@pytest.mark.parametrize("language", UNFINISHED)
def test_an_unfinished_definition_leaves_the_others_their_names(language: str) -> None:
    source, expected = UNFINISHED[language]
    assert set(named(language, source)) >= expected


@pytest.mark.parametrize("language", UNFINISHED)
def test_every_line_of_unfinished_source_is_in_a_chunk(language: str) -> None:
    source, _ = UNFINISHED[language]
    chunks = chunks_of(language, source)
    covered = {row for one in chunks[1:] for row in range(one.start_line, one.end_line + 1)}
    covered |= {member.row + 1 for one in chunks for member in one.members}
    said = {row for row, line in enumerate(source.split("\n"), 1) if any(c.isalnum() for c in line)}
    silent = {row for row, line in enumerate(source.split("\n"), 1) if line.startswith(("package", "<?php", "impl"))}
    silent |= {row for row, line in enumerate(source.split("\n"), 1) if line.strip() in {"end", "module Other"}}
    silent |= {row for row, line in enumerate(source.split("\n"), 1) if line.startswith("defmodule")}
    assert said - silent <= covered


def test_a_line_without_its_keyword_does_not_take_the_function_below() -> None:
    source = "foo(width):\n    x = 1\n    return x\n\ndef ok(width):\n    return width\n"
    assert named("python", source) == {"ok": "def ok(width):\n    return width"}


def test_a_docstring_and_a_signature_stay_where_the_body_was_blanked() -> None:
    source = (
        "class A:\n    def f(self, x):\n        return (x,\n\n    def g(self):\n"
        "        '''Says it.'''\n        return 2\n"
    )
    by_name = {one.qualified_name: one for one in chunks_of("python", source)}
    assert by_name["A.f"].signature == "def f(self, x)"
    assert "Says it." in by_name["A.g"].body + by_name["A.g"].documentation
    assert by_name["A.g"].end_line == 7


def test_words_that_look_like_definitions_in_comments_do_no_harm() -> None:
    source = "/*\nfun not_one() {\n*/\nfun a() {\n    b(;\n}\n\nfun c() {\n}\n"
    assert set(named("kotlin", source)) == {"a", "c"}


KOTLIN = {
    "guard": (
        "fun size(x: Any) = when (x) {\n    is Int if x > 3 -> 1\n    else if wide() -> 2\n"
        "    else -> 3\n}\n\nfun after() {\n}\n",
        {"size", "after"},
    ),
    "context parameter": (
        "class Desk {\n    context(log: Log, clock: () -> Time)\n    fun open(x: Int) {\n        log(x)\n    }\n\n"
        "    fun shut() {\n    }\n}\n",
        {"Desk", "Desk.open", "Desk.shut"},
    ),
    "context receiver in a type": (
        "fun <A> run(block: context(Raise<Error>) () -> A): A = block(Raise())\n\nfun after() {\n}\n",
        {"run", "after"},
    ),
    "explicit backing field": (
        "class Model {\n    val city: Flow<String>\n        field = MutableFlow(0)\n\n    fun read() {\n    }\n}\n",
        {"Model", "Model.read"},
    ),
    "multi-dollar string": ('val a = $$"x $y $$z"\n\nfun after() {\n}\n', {"after"}),
    "data object before a class in one line": (
        "data object None\n\nclass Some { fun get() {} }\n\nfun after() {\n}\n",
        {"None", "Some", "after"},
    ),
    "enum with bodies in one line": (
        'enum class Tone { LOW { override fun say() = "l" }, HIGH; open fun say() = "h" }\n\nfun after() {\n}\n',
        {"Tone", "after"},
    ),
    "constructor on a line of its own": (
        "value class Id<out T>\n@PublishedApi internal constructor(val x: Any?) {\n    fun get() {\n    }\n}\n",
        {"Id", "Id.get"},
    ),
    "keywords as names": (
        "class A {\n    fun a() = run(suspend = true)\n\n    fun b() = suspend { 1 }\n\n"
        "    fun c() = x(String?::plus)\n}\n",
        {"A", "A.a", "A.b", "A.c"},
    ),
    "comma behind the last type parameter": (
        "fun <\n    A : B,\n    C : D,\n> E.make(x: A) {\n    a(x)\n}\n\nfun after() {\n}\n",
        {"make", "after"},
    ),
}


@pytest.mark.parametrize("construct", KOTLIN)
def test_kotlin_of_today(construct: str) -> None:
    source, expected = KOTLIN[construct]
    names = {name.rsplit(".", 1)[-1] if name.startswith("E.") else name for name in named("kotlin", source)}
    assert names >= expected


RUST = {
    "branches of cfg_if": (
        "cfg_if::cfg_if! {\n    if #[cfg(all(\n        unix,\n        a\n    ))] {\n        /// Opens it.\n"
        "        pub fn open() -> u8 {\n            if x { 1 } else { 2 }\n        }\n    } else if #[cfg(b)] {\n"
        "        fn shut() {}\n    } else {\n        struct Nothing;\n    }\n}\n",
        {"open", "shut", "Nothing"},
    ),
    "a wrapper inside an impl": (
        "impl Pool {\n    only_tests! {\n        fn drain(&mut self) -> u8 {\n            1\n        }\n    }\n\n"
        "    fn fill(&self) {}\n}\n",
        {"Pool.drain", "Pool.fill"},
    ),
    "named variants": (
        "variants! {\n    stable: {\n        impl Batch {\n            pub fn start(&self) {}\n        }\n    },\n"
        "    unstable: {\n        impl Batch {\n            pub fn stop(&self) {}\n        }\n    }\n}\n",
        {"Batch.start", "Batch.stop"},
    ),
    "a condition of the whole": (
        'feature! {\n    #![all(\n        a,\n        b = "c"\n    )]\n    /// Says it.\n    pub fn said() {}\n}\n',
        {"said"},
    ),
    "bitflags": (
        "bitflags! {\n    #[derive(Debug)]\n    pub struct Rights: u32 {\n        const READ = 0b1;\n"
        "        const WRITE = Self::READ.bits();\n    }\n}\n\nfn after() {}\n",
        {"Rights", "after"},
    ),
    "proptest": (
        "proptest! {\n    #[test]\n    fn sorts(mut xs in vec(any::<u8>(), 0..9), y in 0..3u8) {\n"
        "        xs.sort();\n    }\n}\n",
        {"sorts"},
    ),
    "pin_project": (
        "pin_project! {\n    /// A future.\n    pub struct Map<F> {\n        #[pin]\n        inner: F,\n    }\n}\n",
        {"Map"},
    ),
    "thread_local": (
        "thread_local! {\n    static DEPTH: Cell<u32> = Cell::new(0)\n}\n\nfn after() {}\n",
        {"after"},
    ),
}


@pytest.mark.parametrize("construct", RUST)
def test_rust_items_in_macros(construct: str) -> None:
    source, expected = RUST[construct]
    assert set(named("rust", source)) >= expected
    grammar = load_grammar("rust")
    assert grammar is not None
    root = parse_with_recovery(grammar, source.encode(), late_after(5))
    assert root is not None
    assert not root.has_error


def test_templates_and_branches_of_tokens_are_no_items() -> None:
    source = (
        "fn make() {\n    quote! {\n        fn template() {}\n    }\n    select! {\n        _ = a => {}\n    }\n}\n"
    )
    assert set(named("rust", source)) == {"make"}


TODAY = [
    (
        "csharp",
        "public static class Ext\n{\n    extension<T>(IEnumerable<T> all) where T : class\n    {\n"
        "        public T FirstWell()\n        {\n            return all.First();\n        }\n    }\n\n"
        "    public static void After()\n    {\n        Go();\n    }\n}\n",
        {"Ext", "Ext.FirstWell", "Ext.After"},
    ),
    (
        "csharp",
        "file class Box<T> where T : allows ref struct\n{\n    public partial int Size { get; }\n\n"
        "    public void Fill(params Span<int> xs)\n    {\n        int[] y = [1, ..xs];\n    }\n}\n",
        {"Box", "Box.Fill"},
    ),
    (
        "swift",
        '#Preview("x") {\n    Text("a")\n}\n\n@Observable final class Model {\n'
        "    func load() throws(Missing) -> some View {\n"
        "        #expect(a == b)\n    }\n}\n\nextension Array where Element == Int {\n    func total() -> Int {\n"
        "        1\n    }\n}\n",
        {"Model", "Model.load", "Array.total"},
    ),
    (
        "php",
        "<?php\nfinal readonly class Box {\n    public private(set) string $name { get => 1; }\n"
        "    public function open(): never {\n        (void) g();\n    }\n"
        "    public function shut() {\n        h();\n    }\n}\n",
        {"Box", "Box.open", "Box.shut"},
    ),
    (
        "python",
        "type Pair[T] = tuple[T, T]\n\nclass Box[T = int]:\n    def open[*Ts](self, x):\n        try:\n"
        '            return t"a {x!r}"\n        except A, B:\n            pass\n\n'
        "    def shut(self):\n        pass\n",
        {"Box", "Box.open", "Box.shut"},
    ),
    (
        "ruby",
        'class Box\n  def shout(x) = puts "x"\n\n  def self.make(...) = new(...)\n\n'
        "  class << self\n    def build\n"
        "      case x\n      in {a: Integer => b} if b then 1\n      end\n    end\n  end\nend\n",
        {"Box", "Box.shout", "Box.make"},
    ),
    (
        "java",
        "import module java.base;\n\nsealed interface Shape permits Round {}\n\n"
        "record Round(int r) implements Shape {\n"
        "    Round {\n        check(r);\n    }\n\n    int area(Object o) {\n"
        "        return switch (o) { case Integer i when i > 3 -> 1; default -> 2; };\n    }\n}\n",
        {"Round", "Round.area"},
    ),
    (
        "javascript",
        "import defer * as ns from 'x';\n\nclass Box {\n  accessor size = 1;\n\n  open() {\n    return 1;\n  }\n}\n",
        {"Box", "Box.open"},
    ),
    (
        "rust",
        'pub gen fn count() -> u32 {\n    yield 1;\n}\n\nunsafe extern "C" {\n    /// Says it.\n'
        "    safe fn said();\n}\n\n"
        "fn after() {\n    if let Some(x) = a && x > 1 { g(async || 1); }\n}\n",
        {"count", "after"},
    ),
    (
        "go",
        "package a\n\nfunc Each[T any, K ~int | ~string](x T) iter.Seq2[int, T] {\n"
        "\treturn func(yield func(int, T) bool) {}\n}\n\nfunc after() {\n\tfor i := range 10 {\n\t}\n}\n",
        {"Each", "after"},
    ),
    (
        "scala",
        "object Box:\n  given Ordering[Box] with\n    def compare(a: Box, b: Box) = 1\n  extension (s: String)\n"
        "    def shout: Int =\n      1\n\nenum Tone:\n  case Low, High\n  def say = 1\n",
        {"Box", "Tone"},
    ),
]


@pytest.mark.parametrize(("language", "source", "expected"), TODAY)
def test_syntax_of_today(language: str, source: str, expected: set[str]) -> None:
    assert set(named(language, source)) >= expected


@pytest.mark.parametrize("language", [name for name, grammar in GRAMMARS.items() if grammar.begins is not None])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_broken_source_keeps_its_length_and_ends(language: str, data: st.DataObject) -> None:
    source = UNFINISHED.get(language, UNFINISHED["typescript"])[0]
    cut = data.draw(st.integers(0, len(source)))
    noise = data.draw(st.text("{}()[]\"'`#/*\n \tdefnclasu@:;=<>$é", max_size=30))
    file = SourceText("file", language, (source[:cut] + noise + source[cut:]).encode())
    grammar = load_grammar(language)
    assert grammar is not None
    for rewritten in (grammar.grammar.prepare, grammar.grammar.repair):
        if rewritten is not None:
            made = rewritten(file.source)
            assert len(made) == len(file.source)
            assert [i for i, c in enumerate(made) if c == 10] == [i for i, c in enumerate(file.source) if c == 10]
    root = parse_with_recovery(grammar, file.source, late_after(5))
    assert root is None or root.end_byte <= len(file.source)
    assert all(
        1 <= one.start_line <= one.end_line <= len(file.lines) for one in chunks_of(language, file.source.decode())
    )


def test_blanking_keeps_line_breaks() -> None:
    source = bytearray(b"ab\ncd\n")
    blank(source, 1, 5)
    assert source == b"a \n  \n"


def test_blank_matches_blanks_the_first_group_or_all() -> None:
    assert blank_matches(re.compile(rb"b+"), b"abba") == b"a  a"
    assert blank_matches(re.compile(rb"a(b)b"), b"abba") == b"a ba"


def test_closing_lines_are_found_by_indentation() -> None:
    closing = ClosingLines(b"a {\n  b {\n  }\n}\n  c {\n")
    assert closing.after(4, b"  ") == 12
    assert closing.after(4, b"") == 14
    assert closing.after(18, b"  ") == -1
