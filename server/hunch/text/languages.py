"""File names, shebangs and the names people type -> languages.

A language that `hunch.text.grammars` knows is read by its grammar; every other one by blank-line blocks. Formats that
hold data or prose rather than code (JSON, YAML, Markdown, ...) are no language here.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Final

__all__ = ["LANGUAGES", "LanguageInfo", "language_of", "nearest_language", "resolve_language"]

_C_BLOCK: Final = (("/*", "*/"),)


@dataclass(frozen=True, slots=True)
class LanguageInfo:
    """One language: how its files are recognised and how its comments look."""

    name: str
    extensions: tuple[str, ...]
    aliases: tuple[str, ...]
    file_names: tuple[str, ...]
    interpreters: tuple[str, ...]
    line_comments: tuple[str, ...]
    block_comments: tuple[tuple[str, str], ...]


_HASH: Final = ("#",)
_NONE: Final[tuple[tuple[str, str], ...]] = ()
_HTML: Final = (("<!--", "-->"),)


def _language(
    name: str,
    extensions: str,
    *,
    aliases: str = "",
    file_names: str = "",
    interpreters: str = "",
    line: tuple[str, ...] = ("//",),
    block: tuple[tuple[str, str], ...] = _C_BLOCK,
) -> LanguageInfo:
    """A row of the table, with the words of each column separated by blanks."""
    return LanguageInfo(
        name,
        tuple(extensions.split()),
        tuple(aliases.split()),
        tuple(file_names.split()),
        tuple(interpreters.split()),
        line,
        block,
    )


_ALL: Final = (
    # Read by a grammar.
    _language(
        "python",
        "py pyi pyw",
        aliases="py python3",
        file_names="SConstruct SConscript wscript",
        interpreters="python pypy",
        line=_HASH,
        block=_NONE,
    ),
    _language(
        "javascript",
        "js jsx mjs cjs",
        aliases="js jsx node ecmascript",
        file_names="Jakefile",
        interpreters="node nodejs deno bun",
    ),
    _language("typescript", "ts mts cts", aliases="ts", interpreters="ts-node tsx"),
    _language("tsx", "tsx"),
    _language("java", "java"),
    _language("go", "go", aliases="golang"),
    _language("php", "php phtml php5 php7", interpreters="php", line=("//", "#")),
    _language(
        "ruby",
        "rb rake gemspec ru",
        aliases="rb",
        file_names="Rakefile Gemfile Guardfile Vagrantfile Capfile Podfile Fastfile Brewfile",
        interpreters="ruby jruby",
        line=_HASH,
        block=(("=begin", "=end"),),
    ),
    _language("rust", "rs", aliases="rs", interpreters="rust-script"),
    _language("c", "c h"),
    _language("cpp", "cc cpp cxx c++ hh hpp hxx h++ ipp inl tpp tcc", aliases="c++ cxx cc"),
    _language("csharp", "cs csx", aliases="c# cs dotnet"),
    _language("kotlin", "kt kts", aliases="kt", interpreters="kotlin"),
    _language("swift", "swift", interpreters="swift"),
    _language("scala", "scala sc sbt", interpreters="scala"),
    _language("elixir", "ex exs", aliases="ex exs", interpreters="elixir", line=_HASH, block=_NONE),
    _language(
        "haskell", "hs", aliases="hs", interpreters="runhaskell runghc stack", line=("--",), block=(("{-", "-}"),)
    ),
    _language("lua", "lua rockspec", interpreters="lua luajit", line=("--",), block=(("--[[", "]]"),)),
    _language("zig", "zig", block=_NONE),
    _language(
        "bash",
        "sh bash zsh ksh bats ebuild",
        aliases="sh shell zsh ksh",
        file_names="PKGBUILD APKBUILD .bashrc .bash_profile .zshrc .profile",
        interpreters="sh bash zsh ksh dash ash",
        line=_HASH,
        block=_NONE,
    ),
    _language("sql", "sql ddl pgsql psql", aliases="postgres mysql sqlite plsql", line=("--",)),
    # Read by blank-line blocks.
    _language("perl", "pl pm t", aliases="pl", file_names="Makefile.PL", interpreters="perl", line=_HASH, block=_NONE),
    _language("r", "r", aliases="rlang", file_names=".Rprofile", interpreters="Rscript", line=_HASH, block=_NONE),
    _language("julia", "jl", aliases="jl", interpreters="julia", line=_HASH, block=(("#=", "=#"),)),
    _language("dart", "dart", aliases="flutter", interpreters="dart"),
    _language("ocaml", "ml mli mll mly", aliases="ml", interpreters="ocaml", line=(), block=(("(*", "*)"),)),
    _language("fsharp", "fs fsi fsx", aliases="f# fs", block=(("(*", "*)"),)),
    _language("clojure", "clj cljs cljc bb", aliases="clj", interpreters="clojure bb", line=(";",), block=_NONE),
    _language(
        "erlang",
        "erl hrl escript",
        aliases="erl",
        file_names="rebar.config",
        interpreters="escript",
        line=("%",),
        block=_NONE,
    ),
    _language("nim", "nim nims nimble", line=_HASH, block=(("#[", "]#"),)),
    _language("vim", "vim", aliases="viml vimscript", file_names=".vimrc vimrc _vimrc", line=('"',), block=_NONE),
    _language(
        "powershell", "ps1 psm1 psd1", aliases="ps1 pwsh", interpreters="pwsh", line=_HASH, block=(("<#", "#>"),)
    ),
    _language("batch", "bat cmd", aliases="bat cmd", line=("rem", "REM", "::"), block=_NONE),
    _language("fish", "fish", interpreters="fish", line=_HASH, block=_NONE),
    _language("groovy", "groovy gvy gradle", aliases="gradle", file_names="Jenkinsfile", interpreters="groovy"),
    _language("cmake", "cmake", file_names="CMakeLists.txt", line=_HASH, block=(("#[[", "]]"),)),
    _language(
        "makefile",
        "mk mak make",
        aliases="make",
        file_names="Makefile makefile GNUmakefile Makefile.am Makefile.in Kbuild",
        interpreters="make",
        line=_HASH,
        block=_NONE,
    ),
    _language("meson", "", file_names="meson.build meson_options.txt", line=_HASH, block=_NONE),
    _language(
        "starlark",
        "bzl star",
        aliases="bazel",
        file_names="BUILD BUILD.bazel WORKSPACE WORKSPACE.bazel Tiltfile",
        line=_HASH,
        block=_NONE,
    ),
    _language(
        "dockerfile", "dockerfile", aliases="docker", file_names="Dockerfile Containerfile", line=_HASH, block=_NONE
    ),
    _language("protobuf", "proto", aliases="proto"),
    _language("thrift", "thrift"),
    _language("capnp", "capnp", line=_HASH, block=_NONE),
    _language("graphql", "graphql gql graphqls", aliases="gql", line=_HASH, block=(('"""', '"""'),)),
    _language("css", "css pcss", line=()),
    _language("scss", "scss sass", aliases="sass"),
    _language("less", "less"),
    _language("stylus", "styl"),
    _language("html", "html htm xhtml", aliases="htm", line=(), block=_HTML),
    _language("vue", "vue", block=(*_HTML, *_C_BLOCK)),
    _language("svelte", "svelte", block=(*_HTML, *_C_BLOCK)),
    _language("astro", "astro", block=(*_HTML, *_C_BLOCK)),
    _language(
        "template",
        "twig erb ejs hbs mustache liquid j2 jinja jinja2 haml slim pug jsp cshtml razor",
        aliases="twig erb jinja liquid",
        line=(),
        block=_HTML,
    ),
    _language("terraform", "tf tfvars hcl", aliases="hcl tf", line=("#", "//")),
    _language("nix", "nix", line=_HASH),
    _language("d", "d di", aliases="dlang", interpreters="rdmd"),
    _language("objective-c", "m mm", aliases="objc objectivec"),
    _language("matlab", "mlx matlab", aliases="octave", interpreters="octave", line=("%",), block=(("%{", "%}"),)),
    _language("fortran", "f f77 f90 f95 f03 f08 for", aliases="f90", line=("!", "C ", "c "), block=_NONE),
    _language("pascal", "pas pp dpr lpr", aliases="delphi", block=(("{", "}"), ("(*", "*)"))),
    _language("ada", "adb ads", line=("--",), block=_NONE),
    _language("cobol", "cob cbl cpy", line=("*",), block=_NONE),
    _language("assembly", "asm s nasm", aliases="asm", line=(";", "#", "//", "@")),
    _language("solidity", "sol", aliases="sol"),
    _language("move", "move"),
    _language("cuda", "cu cuh"),
    _language("opencl", "cl"),
    _language("glsl", "glsl vert frag geom comp tesc tese", aliases="shader"),
    _language("hlsl", "hlsl fx"),
    _language("wgsl", "wgsl"),
    _language("metal", "metal"),
    _language("verilog", "v vh sv svh", aliases="systemverilog"),
    _language("vhdl", "vhd vhdl", line=("--",), block=_NONE),
    _language(
        "lisp",
        "lisp lsp el cl-lisp",
        aliases="commonlisp elisp emacs-lisp",
        file_names=".emacs",
        interpreters="sbcl",
        line=(";",),
        block=(("#|", "|#"),),
    ),
    _language(
        "scheme", "scm ss rkt", aliases="racket", interpreters="racket guile", line=(";",), block=(("#|", "|#"),)
    ),
    _language("elm", "elm", line=("--",), block=(("{-", "-}"),)),
    _language("purescript", "purs", line=("--",), block=(("{-", "-}"),)),
    _language("idris", "idr", line=("--",), block=(("{-", "-}"),)),
    _language("lean", "lean", line=("--",), block=(("/-", "-/"),)),
    _language("coq", "coq", aliases="rocq", line=(), block=(("(*", "*)"),)),
    _language("crystal", "cr", interpreters="crystal", line=_HASH, block=_NONE),
    _language(
        "coffeescript",
        "coffee litcoffee",
        aliases="coffee",
        file_names="Cakefile",
        interpreters="coffee",
        line=_HASH,
        block=(("###", "###"),),
    ),
    _language("tcl", "tcl tk", interpreters="tclsh wish", line=_HASH, block=_NONE),
    _language("awk", "awk", interpreters="awk gawk mawk", line=_HASH, block=_NONE),
    _language("haxe", "hx"),
    _language("vala", "vala vapi"),
    _language("visualbasic", "vb bas vbs frm", aliases="vb vba", line=("'",), block=_NONE),
    _language("apex", "cls trigger"),
    _language("gdscript", "gd", aliases="godot", line=_HASH, block=_NONE),
    _language("cython", "pyx pxd pxi", aliases="pyx", line=_HASH, block=_NONE),
    _language("puppet", "puppet", file_names="Puppetfile", line=_HASH, block=_NONE),
    _language("rego", "rego", aliases="opa", line=_HASH, block=_NONE),
    _language("autoconf", "ac m4", aliases="m4", file_names="configure.ac", line=("dnl", "#"), block=_NONE),
    _language("yacc", "y yy l ll", aliases="bison lex flex"),
    _language("antlr", "g4 g"),
    _language("wat", "wat wast", aliases="wasm", line=(";;",), block=_NONE),
    _language("odin", "odin"),
    _language("jsonnet", "jsonnet libsonnet", line=("//", "#")),
    _language("just", "", file_names="justfile Justfile .justfile", interpreters="just", line=_HASH, block=_NONE),
)

LANGUAGES: Final[dict[str, LanguageInfo]] = {info.name: info for info in _ALL}

_BY_EXTENSION: Final = {extension: info.name for info in _ALL for extension in info.extensions}
_BY_FILE_NAME: Final = {name: info.name for info in _ALL for name in info.file_names}
_BY_VARIANT: Final = {name: _BY_FILE_NAME[name] for name in ("Dockerfile", "Containerfile", "Makefile")}
_BY_INTERPRETER: Final = {name: info.name for info in _ALL for name in info.interpreters}
_BY_ALIAS: Final = {alias: info.name for info in _ALL for alias in (*info.aliases, *info.extensions)} | {
    alias: info.name for info in _ALL for alias in info.aliases
}


def language_of(path: str, first_line: bytes = b"") -> str | None:
    """The language of a file by its name or, when the name has no extension, by its shebang line."""
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    known = _BY_FILE_NAME.get(name)
    if known is not None:
        return known
    stem, _, extension = name.rpartition(".")
    if stem:
        known = _BY_EXTENSION.get(extension) or _BY_EXTENSION.get(extension.lower())
        # Dockerfile.dev and Makefile.linux say what they are before the dot.
        return known or _BY_VARIANT.get(name.split(".", 1)[0])
    return _interpreter_language(first_line)


def _interpreter_language(first_line: bytes) -> str | None:
    line = first_line[:256].decode("utf-8", "replace").lstrip("\ufeff")
    if not line.startswith("#!"):
        return None
    words = [word.replace("\\", "/").rsplit("/", 1)[-1] for word in line[2:].split()]
    if words[:1] == ["env"]:
        # What follows are options and variables, up to the program.
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    # python3.11 and lua5.4 are python and lua.
    return _BY_INTERPRETER.get(words[0].rstrip("0123456789.")) if words else None


def resolve_language(name: str) -> str | None:
    """The language that a person means by a name, an alias or a file extension: `py`, `c++`, `.ts`."""
    wanted = name.strip().lower()
    if wanted in LANGUAGES:
        return wanted
    wanted = wanted.lstrip(".")
    return wanted if wanted in LANGUAGES else _BY_ALIAS.get(wanted)


def nearest_language(name: str) -> str | None:
    """The best guess at a misspelt language name, for "did you mean"; None when nothing is close."""
    resolved = resolve_language(name)
    if resolved is not None:
        return resolved
    candidates = [*LANGUAGES, *(alias for alias in _BY_ALIAS if len(alias) > 2)]
    begun = [language for language in LANGUAGES if len(name) > 2 and language.startswith(name.strip().lower())]
    close = begun or difflib.get_close_matches(name.strip().lower(), candidates, n=1, cutoff=0.6)
    return resolve_language(close[0]) if close else None
