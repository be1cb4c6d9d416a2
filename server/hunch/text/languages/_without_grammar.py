"""Languages without a grammar or rules, known by their file names and comments: cut at blank lines."""

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
    _language("batch", "bat cmd", aliases="bat cmd", line=("rem", "REM", "::"), block=_NONE),
    _language("meson", "", file_names="meson.build meson_options.txt", line=_HASH, block=_NONE),
    _language("capnp", "capnp", line=_HASH, block=_NONE),
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
    _language("move", "move"),
    _language("opencl", "cl"),
    _language("glsl", "glsl vert frag geom comp tesc tese", aliases="shader"),
    _language("hlsl", "hlsl fx"),
    _language("metal", "metal"),
    _language("idris", "idr", line=("--",), block=(("{-", "-}"),)),
    _language("coq", "coq", aliases="rocq", line=(), block=(("(*", "*)"),)),
    _language(
        "coffeescript",
        "coffee litcoffee",
        aliases="coffee",
        file_names="Cakefile",
        interpreters="coffee",
        line=_HASH,
        block=(("###", "###"),),
    ),
    _language("haxe", "hx"),
    _language("vala", "vala vapi"),
    _language("apex", "cls trigger"),
    _language("puppet", "puppet", file_names="Puppetfile", line=_HASH, block=_NONE),
    _language("rego", "rego", aliases="opa", line=_HASH, block=_NONE),
    _language("autoconf", "ac m4", aliases="m4", file_names="configure.ac", line=("dnl", "#"), block=_NONE),
    _language("yacc", "y yy l ll", aliases="bison lex flex"),
    _language("antlr", "g4 g"),
    _language("wat", "wat wast", aliases="wasm", line=(";;",), block=_NONE),
    _language("odin", "odin"),
)
