"""File names, shebangs and the names people type -> languages.

A language that `hunch.text.grammars` knows is read by its grammar; every other one by blank-line blocks. Formats that
hold data or prose rather than code (JSON, YAML, Markdown, ...) are no language here.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Final

__all__ = ["LANGUAGES", "LanguageInfo", "language_of", "nearest_language", "resolve_language"]

_C_BLOCK: Final = (("/*", "*/"),)


@dataclass(frozen=True, slots=True)
class LanguageInfo:
    """One language: how its files are recognised and how its comments look."""

    name: str
    extensions: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    file_names: tuple[str, ...] = ()
    interpreters: tuple[str, ...] = ()
    line_comments: tuple[str, ...] = ("//",)
    block_comments: tuple[tuple[str, str], ...] = _C_BLOCK


_HASH: Final = ("#",)
_NONE: Final[tuple[tuple[str, str], ...]] = ()
_HTML: Final = (("<!--", "-->"),)

# fmt: off
_ALL: Final = (
    # Read by a grammar.
    LanguageInfo("python", ("py", "pyi", "pyw"), ("py", "python3"), ("SConstruct", "SConscript", "wscript"), ("python", "pypy"), _HASH, _NONE),
    LanguageInfo("javascript", ("js", "jsx", "mjs", "cjs"), ("js", "jsx", "node", "ecmascript"), ("Jakefile",), ("node", "nodejs", "deno", "bun")),
    LanguageInfo("typescript", ("ts", "mts", "cts"), ("ts",), (), ("ts-node", "tsx")),
    LanguageInfo("tsx", ("tsx",)),
    LanguageInfo("java", ("java",)),
    LanguageInfo("go", ("go",), ("golang",)),
    LanguageInfo("php", ("php", "phtml", "php5", "php7"), (), (), ("php",), ("//", "#")),
    LanguageInfo("ruby", ("rb", "rake", "gemspec", "ru"), ("rb",), ("Rakefile", "Gemfile", "Guardfile", "Vagrantfile", "Capfile", "Podfile", "Fastfile", "Brewfile"), ("ruby", "jruby"), _HASH, (("=begin", "=end"),)),
    LanguageInfo("rust", ("rs",), ("rs",), (), ("rust-script",)),
    LanguageInfo("c", ("c", "h")),
    LanguageInfo("cpp", ("cc", "cpp", "cxx", "c++", "hh", "hpp", "hxx", "h++", "ipp", "inl", "tpp", "tcc"), ("c++", "cxx", "cc")),
    LanguageInfo("csharp", ("cs", "csx"), ("c#", "cs", "dotnet")),
    LanguageInfo("kotlin", ("kt", "kts"), ("kt",), (), ("kotlin",)),
    LanguageInfo("swift", ("swift",), (), (), ("swift",)),
    LanguageInfo("scala", ("scala", "sc", "sbt"), (), (), ("scala",)),
    LanguageInfo("elixir", ("ex", "exs"), ("ex", "exs"), (), ("elixir",), _HASH, _NONE),
    LanguageInfo("haskell", ("hs",), ("hs",), (), ("runhaskell", "runghc", "stack"), ("--",), (("{-", "-}"),)),
    LanguageInfo("lua", ("lua", "rockspec"), (), (), ("lua", "luajit"), ("--",), (("--[[", "]]"),)),
    LanguageInfo("zig", ("zig",), (), (), (), ("//",), _NONE),
    LanguageInfo("bash", ("sh", "bash", "zsh", "ksh", "bats", "ebuild"), ("sh", "shell", "zsh", "ksh"), ("PKGBUILD", "APKBUILD", ".bashrc", ".bash_profile", ".zshrc", ".profile"), ("sh", "bash", "zsh", "ksh", "dash", "ash"), _HASH, _NONE),
    LanguageInfo("sql", ("sql", "ddl", "pgsql", "psql"), ("postgres", "mysql", "sqlite", "plsql"), (), (), ("--",)),
    # Read by blank-line blocks.
    LanguageInfo("perl", ("pl", "pm", "t"), ("pl",), ("Makefile.PL",), ("perl",), _HASH, _NONE),
    LanguageInfo("r", ("r",), ("rlang",), (".Rprofile",), ("Rscript",), _HASH, _NONE),
    LanguageInfo("julia", ("jl",), ("jl",), (), ("julia",), _HASH, (("#=", "=#"),)),
    LanguageInfo("dart", ("dart",), ("flutter",), (), ("dart",)),
    LanguageInfo("ocaml", ("ml", "mli", "mll", "mly"), ("ml",), (), ("ocaml",), (), (("(*", "*)"),)),
    LanguageInfo("fsharp", ("fs", "fsi", "fsx"), ("f#", "fs"), (), (), ("//",), (("(*", "*)"),)),
    LanguageInfo("clojure", ("clj", "cljs", "cljc", "bb"), ("clj",), (), ("clojure", "bb"), (";",), _NONE),
    LanguageInfo("erlang", ("erl", "hrl", "escript"), ("erl",), ("rebar.config",), ("escript",), ("%",), _NONE),
    LanguageInfo("nim", ("nim", "nims", "nimble"), (), (), (), _HASH, (("#[", "]#"),)),
    LanguageInfo("vim", ("vim",), ("viml", "vimscript"), (".vimrc", "vimrc", "_vimrc"), (), ('"',), _NONE),
    LanguageInfo("powershell", ("ps1", "psm1", "psd1"), ("ps1", "pwsh"), (), ("pwsh",), _HASH, (("<#", "#>"),)),
    LanguageInfo("batch", ("bat", "cmd"), ("bat", "cmd"), (), (), ("rem", "REM", "::"), _NONE),
    LanguageInfo("fish", ("fish",), (), (), ("fish",), _HASH, _NONE),
    LanguageInfo("groovy", ("groovy", "gvy", "gradle"), ("gradle",), ("Jenkinsfile",), ("groovy",)),
    LanguageInfo("cmake", ("cmake",), (), ("CMakeLists.txt",), (), _HASH, (("#[[", "]]"),)),
    LanguageInfo("makefile", ("mk", "mak", "make"), ("make",), ("Makefile", "makefile", "GNUmakefile", "Makefile.am", "Makefile.in", "Kbuild"), ("make",), _HASH, _NONE),
    LanguageInfo("meson", (), (), ("meson.build", "meson_options.txt"), (), _HASH, _NONE),
    LanguageInfo("starlark", ("bzl", "star"), ("bazel",), ("BUILD", "BUILD.bazel", "WORKSPACE", "WORKSPACE.bazel", "Tiltfile"), (), _HASH, _NONE),
    LanguageInfo("dockerfile", ("dockerfile",), ("docker",), ("Dockerfile", "Containerfile"), (), _HASH, _NONE),
    LanguageInfo("protobuf", ("proto",), ("proto",)),
    LanguageInfo("thrift", ("thrift",)),
    LanguageInfo("capnp", ("capnp",), (), (), (), _HASH, _NONE),
    LanguageInfo("graphql", ("graphql", "gql", "graphqls"), ("gql",), (), (), _HASH, (('"""', '"""'),)),
    LanguageInfo("css", ("css", "pcss"), (), (), (), ()),
    LanguageInfo("scss", ("scss", "sass"), ("sass",)),
    LanguageInfo("less", ("less",)),
    LanguageInfo("stylus", ("styl",)),
    LanguageInfo("html", ("html", "htm", "xhtml"), ("htm",), (), (), (), _HTML),
    LanguageInfo("vue", ("vue",), (), (), (), ("//",), (*_HTML, *_C_BLOCK)),
    LanguageInfo("svelte", ("svelte",), (), (), (), ("//",), (*_HTML, *_C_BLOCK)),
    LanguageInfo("astro", ("astro",), (), (), (), ("//",), (*_HTML, *_C_BLOCK)),
    LanguageInfo("template", ("twig", "erb", "ejs", "hbs", "mustache", "liquid", "j2", "jinja", "jinja2", "haml", "slim", "pug", "jsp", "cshtml", "razor"), ("twig", "erb", "jinja", "liquid"), (), (), (), _HTML),
    LanguageInfo("terraform", ("tf", "tfvars", "hcl"), ("hcl", "tf"), (), (), ("#", "//")),
    LanguageInfo("nix", ("nix",), (), (), (), _HASH),
    LanguageInfo("d", ("d", "di"), ("dlang",), (), ("rdmd",)),
    LanguageInfo("objective-c", ("m", "mm"), ("objc", "objectivec")),
    LanguageInfo("matlab", ("mlx", "matlab"), ("octave",), (), ("octave",), ("%",), (("%{", "%}"),)),
    LanguageInfo("fortran", ("f", "f77", "f90", "f95", "f03", "f08", "for"), ("f90",), (), (), ("!", "C ", "c "), _NONE),
    LanguageInfo("pascal", ("pas", "pp", "dpr", "lpr"), ("delphi",), (), (), ("//",), (("{", "}"), ("(*", "*)"))),
    LanguageInfo("ada", ("adb", "ads"), (), (), (), ("--",), _NONE),
    LanguageInfo("cobol", ("cob", "cbl", "cpy"), (), (), (), ("*",), _NONE),
    LanguageInfo("assembly", ("asm", "s", "nasm"), ("asm",), (), (), (";", "#", "//", "@")),
    LanguageInfo("solidity", ("sol",), ("sol",)),
    LanguageInfo("move", ("move",)),
    LanguageInfo("cuda", ("cu", "cuh")),
    LanguageInfo("opencl", ("cl",)),
    LanguageInfo("glsl", ("glsl", "vert", "frag", "geom", "comp", "tesc", "tese"), ("shader",)),
    LanguageInfo("hlsl", ("hlsl", "fx")),
    LanguageInfo("wgsl", ("wgsl",)),
    LanguageInfo("metal", ("metal",)),
    LanguageInfo("verilog", ("v", "vh", "sv", "svh"), ("systemverilog",)),
    LanguageInfo("vhdl", ("vhd", "vhdl"), (), (), (), ("--",), _NONE),
    LanguageInfo("lisp", ("lisp", "lsp", "el", "cl-lisp"), ("commonlisp", "elisp", "emacs-lisp"), (".emacs",), ("sbcl",), (";",), (("#|", "|#"),)),
    LanguageInfo("scheme", ("scm", "ss", "rkt"), ("racket",), (), ("racket", "guile"), (";",), (("#|", "|#"),)),
    LanguageInfo("elm", ("elm",), (), (), (), ("--",), (("{-", "-}"),)),
    LanguageInfo("purescript", ("purs",), (), (), (), ("--",), (("{-", "-}"),)),
    LanguageInfo("idris", ("idr",), (), (), (), ("--",), (("{-", "-}"),)),
    LanguageInfo("lean", ("lean",), (), (), (), ("--",), (("/-", "-/"),)),
    LanguageInfo("coq", ("coq",), ("rocq",), (), (), (), (("(*", "*)"),)),
    LanguageInfo("crystal", ("cr",), (), (), ("crystal",), _HASH, _NONE),
    LanguageInfo("coffeescript", ("coffee", "litcoffee"), ("coffee",), ("Cakefile",), ("coffee",), _HASH, (("###", "###"),)),
    LanguageInfo("tcl", ("tcl", "tk"), (), (), ("tclsh", "wish"), _HASH, _NONE),
    LanguageInfo("awk", ("awk",), (), (), ("awk", "gawk", "mawk"), _HASH, _NONE),
    LanguageInfo("haxe", ("hx",)),
    LanguageInfo("vala", ("vala", "vapi")),
    LanguageInfo("visualbasic", ("vb", "bas", "vbs", "frm"), ("vb", "vba"), (), (), ("'",), _NONE),
    LanguageInfo("apex", ("cls", "trigger")),
    LanguageInfo("gdscript", ("gd",), ("godot",), (), (), _HASH, _NONE),
    LanguageInfo("cython", ("pyx", "pxd", "pxi"), ("pyx",), (), (), _HASH, _NONE),
    LanguageInfo("puppet", ("puppet",), (), ("Puppetfile",), (), _HASH, _NONE),
    LanguageInfo("rego", ("rego",), ("opa",), (), (), _HASH, _NONE),
    LanguageInfo("autoconf", ("ac", "m4"), ("m4",), ("configure.ac",), (), ("dnl", "#"), _NONE),
    LanguageInfo("yacc", ("y", "yy", "l", "ll"), ("bison", "lex", "flex")),
    LanguageInfo("antlr", ("g4", "g")),
    LanguageInfo("wat", ("wat", "wast"), ("wasm",), (), (), (";;",), _NONE),
    LanguageInfo("odin", ("odin",)),
    LanguageInfo("jsonnet", ("jsonnet", "libsonnet"), (), (), (), ("//", "#")),
    LanguageInfo("just", (), (), ("justfile", "Justfile", ".justfile"), ("just",), _HASH, _NONE),
)
# fmt: on

LANGUAGES: Final[dict[str, LanguageInfo]] = {info.name: info for info in _ALL}

_BY_EXTENSION: Final = {extension: info.name for info in _ALL for extension in info.extensions}
_BY_FILE_NAME: Final = {name: info.name for info in _ALL for name in info.file_names}
_BY_VARIANT: Final = {name: _BY_FILE_NAME[name] for name in ("Dockerfile", "Containerfile", "Makefile")}
_BY_INTERPRETER: Final = {name: info.name for info in _ALL for name in info.interpreters}
_BY_ALIAS: Final = {alias: info.name for info in _ALL for alias in (*info.aliases, *info.extensions)} | {
    alias: info.name for info in _ALL for alias in info.aliases
}

_SHEBANG: Final = re.compile(
    rb"^(?:\xef\xbb\xbf)?#!\s*\S*?([^\s/\\]+)(?:\s+(?:-\S+\s+|\w+=\S*\s+)*(?:\S*/)?([\w.+-]+))?"
)


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
    match = _SHEBANG.match(first_line[:256])
    if match is None:
        return None
    program = match.group(1)
    if program == b"env":
        program = match.group(2) or b""
    # python3.11 and lua5.4 are python and lua.
    name = re.sub(r"[\d.]+$", "", program.decode("ascii", "replace"))
    return _BY_INTERPRETER.get(name)


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
    close = difflib.get_close_matches(name.strip().lower(), candidates, n=1, cutoff=0.6)
    return resolve_language(close[0]) if close else None
