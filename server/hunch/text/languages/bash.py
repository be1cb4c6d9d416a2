"""Shell scripts, which the grammar of Bash reads."""

from __future__ import annotations

from hunch.text.comment_styles import marked
from hunch.text.language import DocComment, Grammar, Language
from hunch.text.syntax import begins

LANGUAGE = Language(
    name="bash",
    extensions=("sh", "bash", "zsh", "ksh", "bats", "ebuild"),
    aliases=("sh", "shell", "zsh", "ksh"),
    file_names=("PKGBUILD", "APKBUILD", ".bashrc", ".bash_profile", ".zshrc", ".profile"),
    interpreters=("sh", "bash", "zsh", "ksh", "dash", "ash"),
    line_comments=("#",),
    block_comments=(),
    grammar=Grammar(
        module="tree_sitter_bash",
        query="""
        (program (command name: (command_name) @_c (#any-of? @_c "source" "." "set")) @import)
        (function_definition) @function
        (program (variable_assignment) @constant)
        (program (declaration_command (variable_assignment) @constant))
        """,
        begins=begins(
            "",
            holds=r"(?!)",
            others=r"function[ \t]+[\w:.-]+|[\w:.-]+[ \t]*\([ \t]*\)",
        ),
    ),
    doc_comment=DocComment(style=marked("#")),
)
