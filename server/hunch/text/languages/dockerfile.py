"""Dockerfiles, by stage."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="dockerfile",
    extensions=("dockerfile", "containerfile"),
    aliases=("docker",),
    file_names=("Dockerfile", "Containerfile"),
    line_comments=("#",),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="module", pattern=r"FROM\h+(?:--\S+\h+){0,3}\S+\h+AS\h+(?P<name>\S+)"),
                Rule(kind="module", pattern=r"FROM\h+(?:--\S+\h+){0,3}(?P<name>\S+)"),
                Rule(kind="constant", pattern=r"(?:ARG|ENV)\h+(?P<name>\w+)", is_member=True),
            ),
            end="next",
            comments=r"^\h*#[^\n]*",
            strings="",
            ignores_case=True,
            separators=(),
        )
    ),
)
