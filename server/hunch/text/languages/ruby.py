"""Ruby."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hunch.text.comment_styles import marked
from hunch.text.language import METHOD_OWNERS, DocComment, Grammar, Language
from hunch.text.syntax import begins, constant, field, text_of

if TYPE_CHECKING:
    from tree_sitter import Node


def _defined(node: Node) -> str:
    """`define_method(:name) do` is name."""
    return text_of(node.child_by_field_name("arguments")).strip("(: )").split(",")[0]


LANGUAGE = Language(
    name="ruby",
    extensions=("rb", "rake", "gemspec", "ru"),
    aliases=("rb",),
    file_names=("Rakefile", "Gemfile", "Guardfile", "Vagrantfile", "Capfile", "Podfile", "Fastfile", "Brewfile"),
    interpreters=("ruby", "jruby"),
    line_comments=("#",),
    block_comments=(("=begin", "=end"),),
    grammar=Grammar(
        module="tree_sitter_ruby",
        query="""
        (program (call method: (identifier) @_m (#any-of? @_m "require" "require_relative" "load" "autoload")) @import)
        (module) @module
        (class) @class
        (singleton_class) @scope
        (method) @method
        (singleton_method) @method
        (call method: (identifier) @_d arguments: (argument_list . (simple_symbol)) block: (_)
          (#any-of? @_d "define_method" "define_singleton_method")) @method.long
        (program (assignment left: (constant)) @constant)
        (body_statement (assignment left: (constant)) @constant)
        (body_statement (call method: (identifier) @_a arguments: (argument_list (simple_symbol) @field)
          (#any-of? @_a "attr_accessor" "attr_reader" "attr_writer")))
        """,
        reopens_classes=True,
        names={
            "singleton_class": constant(""),
            "call": _defined,
            "assignment": field("left"),
            "simple_symbol": text_of,
        },
        depth=8,
        begins=begins(
            r"private|protected|public|private_class_method|memoize",
            holds=r"(?:class|module)[ \t]+[A-Z]|class[ \t]*<<",
            others=r"def[ \t]+\S",
        ),
        ends=b"end",
        method_owners=METHOD_OWNERS | {"module"},
        body_types=frozenset({"do_block"}),
    ),
    doc_comment=DocComment(style=marked("#")),
)
