"""Whether the definitions of real packages are found: ours beside those of Universal Ctags, language by language.

python -m benchmarks.outline CACHE                        every language, and a result file
python -m benchmarks.outline CACHE --language go --missing 40   40 of what ctags finds and we do not
python -m benchmarks.outline CACHE --language go --sample 40    40 of what we find and ctags does not
python -m benchmarks.outline CACHE --json before.json     the figures in a file; --before takes it into the result

CACHE holds the packages of benchmarks.outline_packages; they are fetched when they are not there. A definition is found
when one of ours has its name within two lines. ``hunch`` is whatever PYTHONPATH leads to, so an older checkout can be
measured with the same packages.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tree_sitter import Node

from benchmarks import ctags
from benchmarks.machine import save_result
from benchmarks.outline_packages import PACKAGES, tree_of
from hunch.text.chunk import chunk_source
from hunch.text.grammars import load_grammar
from hunch.text.languages import language_of
from hunch.text.outline import outline_of
from hunch.text.parse import is_worth_parsing, late_after, parse
from hunch.text.source_text import SourceText

_NEAR: Final = 2
"""Lines between the place that ctags gives and the lines from our documentation to the end of our signature"""
_MOST_FILES, _MOST_BYTES = 250, 300_000
"""Of a package, evenly spread over it, and of a file"""
_ERROR_SECONDS: Final = 2.0
_SHARED: Final[Mapping[str, frozenset[str]]] = {
    "c": frozenset({"c", "cpp"}),
    "cpp": frozenset({"c", "cpp"}),
    "typescript": frozenset({"typescript"}),
}
"""Languages whose files count for a package of another one: headers. Others count by themselves."""


@dataclass(frozen=True, slots=True)
class Found:
    """One name of ours, on the lines from its documentation to the end of its signature, 1-based."""

    path: str
    name: str
    kind: str
    first: int
    last: int


@dataclass(slots=True)
class Figures:
    """What was counted in one language."""

    files: int = 0
    unread: int = 0
    """Files that the grammar gave up on"""
    lines: int = 0
    """With something on them"""
    error_lines: int = 0
    block_lines: int = 0
    chunks: int = 0
    seconds: float = 0.0
    known: Counter[str] = field(default_factory=Counter)
    """What ctags found, by level and kind"""
    met: Counter[str] = field(default_factory=Counter)
    """What of it we found, alike"""
    ours: int = 0
    alone: int = 0
    """Names of ours, and those that ctags does not have"""

    def as_json(self) -> dict[str, Any]:
        """Return the shares and the counts behind them."""
        kinds = {kind: [self.met[kind], count] for kind, count in sorted(self.known.items())}
        return {
            "files": self.files,
            "unread": self.unread,
            "lines": self.lines,
            "error_lines": self.error_lines / max(self.lines, 1),
            "block_lines": self.block_lines / max(self.lines, 1),
            "chunks": self.chunks,
            "us_a_chunk": self.seconds / max(self.chunks, 1) * 1e6,
            "us_a_line": self.seconds / max(self.lines, 1) * 1e6,
            "recall": self.recall("definition"),
            "recall_with_values": self.recall("definition", "value"),
            "recall_inner": self.recall("inner"),
            "kinds": kinds,
            "ours": self.ours,
            "alone": self.alone,
        }

    def recall(self, *levels: str) -> float | None:
        """Return the share of ctags' names at these levels that we have, None where it has none."""
        chosen = [kind for kind in self.known if kind.partition(" ")[0] in levels]
        known = sum(self.known[kind] for kind in chosen)
        return sum(self.met[kind] for kind in chosen) / known if known else None


@dataclass(slots=True)
class Comparison:
    """The figures of one language, with what only one side has."""

    figures: Figures = field(default_factory=Figures)
    missing: list[str] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)


def compared(language: str, trees: Iterable[Path], names_of_error_files: list[str] | None = None) -> Comparison:
    """Read every file of a language in these trees, and what ctags finds there."""
    comparison = Comparison()
    for tree in trees:
        files = dict(_files(language, tree))
        ours: dict[tuple[str, str], list[Found]] = defaultdict(list)
        for path, (own, source) in files.items():
            for found in _read(path, own, source, comparison.figures, names_of_error_files, tree):
                ours[path, found.name].append(found)
        if language in ctags.LANGUAGES and files:
            _compare(language, tree, files, ours, comparison)
        else:
            comparison.figures.ours += sum(map(len, ours.values()))
    return comparison


def _files(language: str, tree: Path) -> Iterator[tuple[str, tuple[str, bytes]]]:
    chosen = _SHARED.get(language, frozenset({language}))
    paths = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    of_language = []
    for path in paths:
        name = path.relative_to(tree).as_posix()
        first_line = b""
        if not path.suffix and path.stat().st_size < _MOST_BYTES:
            first_line = path.read_bytes()[:200].partition(b"\n")[0]
        own = language_of(name, first_line)
        is_long = path.stat().st_size > _MOST_BYTES
        if own in chosen and not is_long and not any(part.startswith(".") for part in name.split("/")):
            of_language.append((name, own))
    step = max(1.0, len(of_language) / _MOST_FILES)
    for number in range(min(len(of_language), _MOST_FILES)):
        name, own = of_language[int(number * step)]
        source = (tree / name).read_bytes()
        if is_worth_parsing(source) and b"\0" not in source:
            yield name, (own, source)


def _read(
    path: str, language: str, source: bytes, figures: Figures, error_files: list[str] | None, tree: Path
) -> Iterator[Found]:
    began = time.thread_time()
    chunks = chunk_source(path, language, source)
    figures.seconds += time.thread_time() - began
    file = SourceText(path, language, source)
    outline = outline_of(file)
    said = {row for row, line in enumerate(file.lines) if line.strip()}
    figures.files += 1
    figures.unread += outline.gave_up
    figures.lines += len(said)
    figures.chunks += len(chunks)
    blocks = {row for one in chunks if one.kind == "block" for row in range(one.start_line - 1, one.end_line)}
    figures.block_lines += len(blocks & said)
    wrong = len(_error_rows(file) & said)
    figures.error_lines += wrong
    if error_files is not None and wrong:
        error_files.append(f"{wrong:6} of {len(said):6} {tree.name}/{path}")
    for one in outline.definitions:
        if one.name:
            # Clauses that were merged end far below the first one's signature.
            last = one.end_row if not one.children and one.end_row - one.header_row < 400 else one.header_row
            yield Found(path, one.name, one.kind, one.start_row + 1, max(one.header_row, min(last, one.header_row)) + 1)
            if last > one.header_row and _merges(language):
                yield Found(path, one.name, "clause", one.header_row + 1, last + 1)
    for member in getattr(outline, "members", ()):
        yield Found(path, member.name, member.kind, member.row + 1, member.row + 1)


def _merges(language: str) -> bool:
    loaded = load_grammar(language)
    return loaded is not None and loaded.grammar.merges_clauses


def _error_rows(file: SourceText) -> set[int]:
    """The rows in ERROR nodes; all of them when the parser gave up."""
    loaded = load_grammar(file.language)
    if loaded is None:
        return set()
    prepare = getattr(loaded.grammar, "prepare", None)
    source = prepare(file.source) if prepare is not None else file.source
    root = parse(loaded.language, source, late_after(_ERROR_SECONDS))
    if root is None:
        return set(range(len(file.lines)))
    rows: set[int] = set()
    queue: list[Node] = [root]
    while queue:
        node = queue.pop()
        if node.is_error:
            rows.update(range(node.start_point[0], node.end_point[0] + 1))
        elif node.has_error:
            queue.extend(node.children)
    return rows


def _compare(
    language: str,
    tree: Path,
    files: Mapping[str, object],
    ours: Mapping[tuple[str, str], list[Found]],
    comparison: Comparison,
) -> None:
    figures = comparison.figures
    theirs: dict[tuple[str, str], list[int]] = defaultdict(list)
    lines: dict[str, list[str]] = {}
    for tag in ctags.tags_of(language, tree, files):
        name = simple_name(tag.name)
        theirs[tag.path, name].append(tag.line)
        kind = f"{tag.level} {tag.kind}"
        figures.known[kind] += 1
        if any(one.first - _NEAR <= tag.line <= one.last + _NEAR for one in ours.get((tag.path, name), ())):
            figures.met[kind] += 1
        else:
            shown = lines.setdefault(tag.path, _lines_of(tree / tag.path))
            text = shown[tag.line - 1].strip() if tag.line <= len(shown) else ""
            comparison.missing.append(f"{kind:22} {tree.name}/{tag.path}:{tag.line}: {tag.name}: {text[:110]}")
    for (path, name), found in ours.items():
        for one in found:
            if one.kind == "clause":
                continue
            figures.ours += 1
            if not any(one.first - _NEAR <= line <= one.last + _NEAR for line in theirs.get((path, name), ())):
                figures.alone += 1
                comparison.alone.append(f"{one.kind:12} {tree.name}/{path}:{one.last}: {name}")


def simple_name(name: str) -> str:
    """Return the last part of a qualified name: we qualify by what stands around it."""
    if name.startswith(("operator", "~")):
        return "operator" + "".join(name.removeprefix("operator").split()) if name.startswith("operator") else name
    for sign in ("::", ".", ":", "\\"):
        name = name.rpartition(sign)[2] or name
    return name


def _lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _shown(names: Sequence[str], wanted: int, kind: str) -> None:
    chosen = [name for name in names if kind in name.partition("/")[0]]
    for line in random.Random(1).sample(chosen, min(wanted, len(chosen))):
        print(f"  {line}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare, print a line for each language, and keep the result when all of them were compared."""
    parser = argparse.ArgumentParser(prog="benchmarks.outline", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("cache", type=Path, help="where the packages are kept")
    parser.add_argument("--mirrors", type=Path, help="bare repositories, OWNER+NAME/repo; without them git clones")
    parser.add_argument("--language", action="append", choices=sorted(PACKAGES))
    parser.add_argument("--packages", type=int, default=100, metavar="N", help="only the first N of each language")
    parser.add_argument("--missing", type=int, default=0, metavar="N", help="print N that ctags finds and we do not")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="print N that we find and ctags does not")
    parser.add_argument("--errors", type=int, default=0, metavar="N", help="print the N files with most ERROR lines")
    parser.add_argument("--kind", default="", help="of --missing and --sample: such as 'definition' or 'value'")
    parser.add_argument("--json", type=Path, help="write the figures there, and no result")
    parser.add_argument("--before", type=Path, help="figures of an earlier commit, for the result")
    options = parser.parse_args(arguments)
    result: dict[str, Any] = {}
    for language in options.language or PACKAGES:
        packages = PACKAGES[language][: options.packages]
        trees = [tree_of(package, options.cache, options.mirrors) for package in packages]
        error_files: list[str] = []
        comparison = compared(language, trees, error_files)
        figures = comparison.figures.as_json()
        result[language] = {"packages": [f"{one.name} {one.version}" for one in packages], **figures}
        print(_line(language, figures), flush=True)
        _shown(comparison.missing, options.missing, options.kind)
        _shown(comparison.alone, options.sample, options.kind)
        for line in sorted(error_files, reverse=True)[: options.errors]:
            print(f"  {line}")
    if options.json is not None:
        options.json.write_text(json.dumps(result), encoding="utf-8")
    elif options.language is None:
        before = json.loads(options.before.read_text(encoding="utf-8")) if options.before else None
        save_result("outline", {"ctags": ctags.version(), "languages": result, "before": before})


def _line(language: str, figures: Mapping[str, Any]) -> str:
    recalls = [figures[name] for name in ("recall", "recall_with_values", "recall_inner")]
    said = " ".join("  -  " if one is None else f"{one:.3f}" for one in recalls)
    return (
        f"{language:11} recall {said} | errors {figures['error_lines']:.2%} blocks {figures['block_lines']:.2%} "
        f"unread {figures['unread']} | {figures['files']} files {figures['lines']} lines {figures['chunks']} chunks "
        f"{figures['us_a_chunk']:.0f} us | ours {figures['ours']}, alone {figures['alone']}"
    )


if __name__ == "__main__":
    main()
