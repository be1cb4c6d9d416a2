"""Languages without a grammar, known by their file names and comments: cut at blank lines."""

from __future__ import annotations

from typing import Final

from hunch.text.language import C_BLOCK, Language

__all__ = ["WITHOUT_GRAMMAR"]

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
    block: tuple[tuple[str, str], ...] = C_BLOCK,
) -> Language:
    """A row of the table, with the words of each column separated by blanks."""
    return Language(
        name=name,
        extensions=tuple(extensions.split()),
        aliases=tuple(aliases.split()),
        file_names=tuple(file_names.split()),
        interpreters=tuple(interpreters.split()),
        line_comments=line,
        block_comments=block,
    )


WITHOUT_GRAMMAR: Final = (
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
    _language("matlab", "mlx matlab", aliases="octave", interpreters="octave", line=("%",), block=(("%{", "%}"),)),
    _language("fortran", "f f77 f90 f95 f03 f08 for", aliases="f90", line=("!", "C ", "c "), block=_NONE),
    _language("pascal", "pas pp dpr lpr", aliases="delphi", block=(("{", "}"), ("(*", "*)"))),
    _language("ada", "adb ads", line=("--",), block=_NONE),
    _language("cobol", "cob cbl cpy", line=("*",), block=_NONE),
    _language("assembly", "asm s nasm", aliases="asm", line=(";", "#", "//", "@")),
    _language("solidity", "sol", aliases="sol"),
    _language("move", "move"),
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
