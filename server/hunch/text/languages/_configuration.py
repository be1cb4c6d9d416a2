"""What programs read: YAML, TOML, JSON, INI and properties, XML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hunch.text.language import Language

if TYPE_CHECKING:
    from hunch.text.outline import Outline
    from hunch.text.source_text import SourceText

__all__ = ["CONFIGURATION"]

_HASH: Final = ("#",)


def _yaml(file: SourceText) -> Outline:
    from hunch.text.trees import yaml_entries  # which needs the languages itself

    return yaml_entries(file)


def _json(file: SourceText) -> Outline:
    from hunch.text.trees import json_entries

    return json_entries(file)


def _xml(file: SourceText) -> Outline:
    from hunch.text.trees import xml_entries

    return xml_entries(file)


def _toml(file: SourceText) -> Outline:
    from hunch.text.entries import toml_entries

    return toml_entries(file)


def _ini(file: SourceText) -> Outline:
    from hunch.text.entries import ini_entries

    return ini_entries(file)


CONFIGURATION: Final = (
    Language(
        name="yaml",
        extensions=("yaml", "yml"),
        file_names=(".clang-format", ".clang-tidy", ".clangd"),
        line_comments=_HASH,
        block_comments=(),
        outline=_yaml,
        content="config",
    ),
    Language(
        name="toml",
        extensions=("toml",),
        file_names=("Pipfile",),
        line_comments=_HASH,
        block_comments=(),
        outline=_toml,
        content="config",
    ),
    Language(
        name="json",
        extensions=("json", "jsonc", "json5", "webmanifest", "code-workspace"),
        file_names=(".babelrc", ".eslintrc", ".prettierrc", ".swcrc", ".jshintrc", ".stylelintrc"),
        line_comments=("//",),
        block_comments=(("/*", "*/"),),
        outline=_json,
        content="config",
    ),
    Language(
        name="ini",
        extensions=("ini", "cfg", "conf", "properties", "service", "desktop", "editorconfig"),
        aliases=("dotenv",),
        file_names=(
            ".editorconfig",
            ".flake8",
            ".pylintrc",
            ".coveragerc",
            ".gitmodules",
            ".env.example",
            ".env.sample",
            ".env.template",
            ".env.dist",
            ".env.defaults",
            "requirements.txt",
            "constraints.txt",
        ),
        line_comments=("#", ";", "!"),
        block_comments=(),
        outline=_ini,
        content="config",
    ),
    Language(
        name="xml",
        extensions=(
            "xml",
            "csproj",
            "fsproj",
            "vbproj",
            "vcxproj",
            "props",
            "targets",
            "nuspec",
            "config",
            "xsd",
            "wsdl",
            "pom",
            "plist",
            "resx",
            "xaml",
            "axaml",
        ),
        aliases=("maven", "msbuild"),
        line_comments=(),
        block_comments=(("<!--", "-->"),),
        outline=_xml,
        content="config",
    ),
)
