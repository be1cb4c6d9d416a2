"""What Universal Ctags finds in the files of one tree: definitions, values, and what stands inside functions."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

__all__ = ["LANGUAGES", "Level", "Tag", "tags_of", "version"]

Level = Literal["definition", "value", "inner"]
"""A definition; a constant, variable, field or enumerator; whatever is defined inside a function."""

LANGUAGES: Final[Mapping[str, str]] = {
    "python": "Python",
    "javascript": "JavaScript",
    "typescript": "TypeScript",
    "tsx": "TypeScript",
    "go": "Go",
    "rust": "Rust",
    "java": "Java",
    "c": "C",
    "cpp": "C++",
    "csharp": "C#",
    "ruby": "Ruby",
    "php": "PHP",
    "kotlin": "Kotlin",
    "lua": "Lua",
    "bash": "Sh",
    "sql": "SQL",
    "haskell": "Haskell",
    "elixir": "Elixir",
}
"""Our name of a language -> its name there. It has none for Scala, Swift and Zig."""

_DEFINITIONS: Final = frozenset(
    "function func method singletonMethod class struct union enum interface trait module macro type typedef talias "
    "generator getter setter object typealias annotation protocol delegate guard exception procedure trigger view "
    "table package methodSpec subtype operator record".split()
)
_VALUES: Final = frozenset(
    "constant const variable var member field property enumerator enumConstant constructor event define alias "
    "accessor".split()
)
_LEFT_OUT: Final[Mapping[str, frozenset[str]]] = {
    "Go": frozenset({"package"}),
    "Java": frozenset({"package"}),
    "C#": frozenset({"typedef"}),
    "Kotlin": frozenset({"package"}),
    "Haskell": frozenset({"module"}),
    "PHP": frozenset({"alias", "variable"}),
    "Sh": frozenset({"alias"}),
    "SQL": frozenset({"variable", "field", "record"}),
}
"""What only qualifies names, and what is imported or assigned to."""
_KIND_IN: Final[Mapping[tuple[str, str], str]] = {("Python", "member"): "method", ("TypeScript", "alias"): "type"}
_INSIDE: Final = frozenset(
    {"function", "func", "method", "singletonMethod", "getter", "setter", "generator", "procedure"}
)


@dataclass(frozen=True, slots=True)
class Tag:
    """One name that ctags found."""

    path: str
    """Relative to the tree"""
    name: str
    kind: str
    line: int
    """1-based"""
    level: Level


def version() -> str:
    """Return the first words of what ctags says about itself. Raises OSError where it is not installed."""
    said = subprocess.run(["ctags", "--version"], capture_output=True, text=True, check=True).stdout
    return said.partition(",")[0].strip()


def tags_of(language: str, tree: Path, paths: Iterable[str]) -> list[Tag]:
    """Return the names in some files of a tree, read as one language. C and C++ share their headers."""
    theirs = LANGUAGES[language]
    command = ["ctags", "--options=NONE", "--quiet", "--output-format=json", "--fields=+neKlS", "--sort=no", "-L", "-"]
    # Its own table tells C from C++, and gives headers to C++, whose parser reads C too.
    command += [] if language in {"c", "cpp"} else [f"--language-force={theirs}"]
    listed = "\n".join(paths)
    done = subprocess.run(
        [*command, "-f", "-"], cwd=tree, input=listed.encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    if done.returncode:
        raise RuntimeError(f"ctags ended with {done.returncode} on {tree.name}")
    found = (json.loads(line) for line in done.stdout.decode("utf-8", "replace").splitlines() if line.startswith("{"))
    return [tag for one in found if one.get("_type") == "tag" for tag in _tag(theirs, one)]


_GENERATED: Final = re.compile(r"__anon\w*|[Aa]nonymous\w*|\W*|\w*=")


def _tag(theirs: str, one: Mapping[str, object]) -> Iterable[Tag]:
    kind, name, line = str(one.get("kind", "")), str(one.get("name", "")), one.get("line")
    if not isinstance(line, int) or _GENERATED.fullmatch(name) or kind in _LEFT_OUT.get(theirs, ()):
        return
    kind = _KIND_IN.get((theirs, kind), kind)
    if kind not in _DEFINITIONS and kind not in _VALUES:
        return
    level: Level = "value" if kind in _VALUES else "definition"
    around = str(one.get("scopeKind", ""))
    if _KIND_IN.get((theirs, around), around) in _INSIDE:
        level = "inner"
    yield Tag(str(one["path"]), name.rpartition("::")[2] if theirs == "Kotlin" else name, kind, line, level)
