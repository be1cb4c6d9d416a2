"""What a person sees: answers with snippets and highlighted words, progress, reports; and the JSON for programs."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hunch.clean import Fate, Found
from hunch.engine import Engine
from hunch.index.isolation import notice_of
from hunch.index.writer import Progress, UpdateReport
from hunch.model.encoder import Encoder
from hunch.search.phrases import explained
from hunch.search.present import FinishedAnswer, FinishedHit, present, why_of
from hunch.search.search import Answer, Answerability
from hunch.search.snippet import SNIPPET_LINES
from hunch.text.languages import CONTENTS, content_of
from hunch.workspace.scan import LeftOut

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from hunch.search.evaluate import Evaluation

_SHOWN_LINES = 6
_DUPLICATES_SHOWN = 3
_PROGRESS_AFTER_SECONDS = 0.3

_STYLES = {"python": "python", "csharp": "csharp", "cpp": "cpp", "bash": "bash", "tsx": "tsx"}


def to_json(
    answer: Answer, encoder: Encoder | None, *, strict: bool = False, most_lines: int = SNIPPET_LINES
) -> dict[str, Any]:
    """Return an answer as the object that programs read."""
    finished = _finished(answer, encoder, strict=strict, most_lines=most_lines)
    return {
        "query": finished.query,
        "elapsed_ms": round(finished.elapsed_ms, 3),
        "answerability": finished.answerability.value,
        "verdict": finished.answerability.value,  # the name of answerability before 0.2
        "label": finished.label,
        "complete": finished.complete,
        "notices": finished.notices,
        "hits": [_hit_to_json(hit) for hit in finished.hits],
    }


def _finished(answer: Answer, encoder: Encoder | None, *, strict: bool, most_lines: int) -> FinishedAnswer:
    """Return what is shown of an answer; when strict, no hits where nothing seems to fit."""
    is_nothing = strict and answer.answerability is Answerability.NONE
    return present(replace(answer, hits=[]) if is_nothing else answer, encoder, most_lines=most_lines)


def _hit_to_json(hit: FinishedHit) -> dict[str, Any]:
    duplicates = [place._asdict() for place in hit.near_duplicates]
    return {
        "path": hit.path,
        "start_line": hit.start_line,
        "end_line": hit.end_line,
        "name": hit.shown_name or None,
        "kind": hit.kind,
        "language": hit.language,
        "score": hit.score,
        "reasons": [{"key": one.key, "terms": list(one.terms), "text": one.text} for one in hit.reasons],
        "why": why_of(hit),
        "highlights": [
            {
                "line": hit.start_line + one.line,
                "start": one.start,
                "end": one.end,
                "term": one.asked,
                "exact": one.is_exact,
            }
            for one in hit.highlights
        ],
        "near_duplicates": duplicates,
        "copies": duplicates,  # the name of near_duplicates before 0.2
        "snippet": hit.snippet,
    }


def print_json(content: dict[str, Any]) -> None:
    """Print one JSON object on one line of stdout, without anything that a terminal would obey."""
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    text = json.dumps(content, ensure_ascii=not is_utf8)
    print(re.sub("[\x7f-\x9f]", lambda match: f"\\u{ord(match[0]):04x}", text), flush=True)


def print_sentence(text: str) -> None:
    """Print a sentence on one line of stdout."""
    print(_one_line(text), flush=True)


def print_answer(
    answer: Answer, encoder: Encoder | None, *, explain: bool = False, strict: bool = False, with_query: bool = False,
    shown: Callable[[FinishedHit], str] = lambda hit: hit.path, most_lines: int | None = None,
) -> None:  # fmt: skip
    """Print an answer for a person: places, why, and a few lines of code with the query's words highlighted."""
    console = _console()
    finished = _finished(answer, encoder, strict=strict, most_lines=most_lines or SNIPPET_LINES)
    if with_query:
        console.print(_one_line(finished.query), style="bold underline", markup=False)
    for notice in finished.notices:
        print_notice(notice)
    if not finished.complete:
        print_notice("not everything is indexed yet: there may be better hits")
    if finished.label:
        console.print(f"{finished.label}{':' if finished.hits else '.'}", style="yellow")
    for number, hit in enumerate(finished.hits, 1):
        _print_hit(console, number, hit, shown(hit), explain=explain, most_lines=most_lines or _SHOWN_LINES)


def print_notice(text: str, *, error: bool = False) -> None:
    """Print one line on stderr."""
    print(f"hunch: {'error: ' if error else ''}{_one_line(text)}", file=sys.stderr, flush=True)


def print_report(report: UpdateReport, engine: Engine) -> None:
    """Print what an update did, on stdout."""
    rate = f", {report.chunks_encoded / report.seconds:,.0f} chunks/s" if report.chunks_encoded else ""
    print(
        f"{_one_line(str(engine.root))}: {report.files:,} files, {report.chunks:,} chunks searchable "
        f"({report.read:,} read, {report.removed:,} removed, {report.chunks_encoded:,} chunks encoded; "
        f"{report.seconds:.2f} s{rate})"
    )
    contents = _by_content(engine.snapshot.files_by_language())
    if len(contents) > 1:
        print("files: " + ", ".join(f"{count:,} {content}" for content, count in contents.items()))
    if report.skipped:
        print("left out: " + ", ".join(f"{count:,} {reason}" for reason, count in report.skipped.items()))
    if report.problems:
        print(_one_line(notice_of(report.problems)))


def _by_content(languages: Mapping[str, int]) -> dict[str, int]:
    """How many files hold code, documentation and configuration; only those that there are."""
    counts: dict[str, int] = dict.fromkeys(CONTENTS, 0)
    for language, count in languages.items():
        counts[content_of(language)] += count
    return {content: count for content, count in counts.items() if count}


def print_left_out(left_out: Sequence[LeftOut], *, most: int | None = None) -> None:
    """Print what does not count, each with the reason, and the line of an ignore file where one says so."""
    for one in left_out[:most]:
        rule = f"  ({_one_line(str(one.rule))})" if one.rule is not None else ""
        print(f"{one.reason:<18} {_one_line(one.path)}{rule}")
    if most is not None and len(left_out) > most:
        print(f"and {len(left_out) - most:,} more: see --left-out")


def print_status(engine: Engine, *, as_json: bool, left_out: Sequence[LeftOut] | None = None) -> None:
    """Print what is indexed."""
    languages = engine.snapshot.files_by_language()
    bundle = None if engine.encoder is None else engine.encoder.bundle.manifest
    status: dict[str, Any] = {
        "root": str(engine.root),
        "index": str(engine.cache),
        "state": engine.state.name.lower(),
        "notices": engine.notices,
        "files": engine.snapshot.file_count,
        "chunks": engine.snapshot.chunk_count,
        "contextual": engine.store.contextual_counts()[0],
        "in_context": engine.store.contextual_counts()[0],  # the name of contextual before 0.2
        "problems": engine.store.problems(),
        "contents": _by_content(languages),
        "languages": dict(sorted(languages.items(), key=lambda item: -item[1])),
        "bytes": _bytes_below(engine.cache),
        "model": None if bundle is None else bundle.identity,
    }
    if as_json:
        if left_out is not None:
            status["left_out"] = [
                {"path": one.path, "reason": one.reason, "rule": None if one.rule is None else one.rule._asdict()}
                for one in left_out
            ]
        print_json(status)
        return
    for name, value in status.items():
        if name in ("contents", "languages"):
            value = ", ".join(f"{one} {count:,}" for one, count in value.items())
        elif name == "problems":
            value = notice_of(value)
        elif name == "bytes":
            name, value = "size", f"{value / 1e6:,.1f} MB"
        elif name == "notices":
            value = "; ".join(value)
        elif name == "in_context":
            continue
        elif name == "contextual":
            value = f"{value:,} of the chunks have contextual embeddings" if value else ""
        elif isinstance(value, int):
            value = f"{value:,}"
        if value:
            print(f"{name:<10} {_one_line(value)}")


def print_caches(found: Sequence[Found]) -> None:
    """Print which indexes go, and which stay and why."""
    for one in sorted(found, key=lambda one: not one.goes):
        name = one.folder if one.workspace is None or one.fate is Fate.LEFTOVER else one.workspace
        goes = "remove" if one.goes else "keep"
        print(f"{goes:<7} {one.bytes / 1e6:>9,.1f} MB  {_one_line(str(name))}  ({one.fate.value})")
    going = [one for one in found if one.goes]
    if going:
        print(f"{len(going):,} to remove, {sum(one.bytes for one in going) / 1e6:,.1f} MB in all")
    else:
        print("nothing to remove")


def agrees_to_removal() -> bool:
    """Ask on a terminal; elsewhere nobody agrees."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print_notice("nothing was removed: run hunch clean --yes")
        return False
    print("Remove them? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def caches_to_json(found: Sequence[Found], removed: Sequence[Found]) -> dict[str, Any]:
    """Return what `hunch clean` found and did as the object that programs read."""
    return {
        "bytes": sum(one.bytes for one in found if one.goes),
        "removed": len(removed),
        "found": [
            {
                "folder": str(one.folder),
                "workspace": None if one.workspace is None else str(one.workspace),
                "bytes": one.bytes,
                "reason": one.fate.name.lower(),
                "goes": one.goes,
                "removed": one in removed,
            }
            for one in found
        ],
    }


def print_evaluation(evaluation: Evaluation, *, as_json: bool) -> None:
    """Print what `hunch eval` measured."""
    if as_json:
        rows = {name: {"mrr": list(row.mrr), "recall_at_10": list(row.recall)} for name, row in evaluation.rows.items()}
        print_json({"queries": evaluation.queries, "chunks": evaluation.chunks, "rows": rows})
        return
    print(f"{evaluation.queries:,} documented functions as queries, among {evaluation.chunks:,} chunks")
    print(f"{'ranking':<24}{'MRR':>6}   {'95% interval':<16}{'recall@10':>9}")
    for name, row in evaluation.rows.items():
        interval = f"{row.mrr.low:.3f} to {row.mrr.high:.3f}"
        print(f"{name:<24}{row.mrr.mean:>6.3f}   {interval:<16}{row.recall.mean:>9.3f}")


@contextmanager
def progress_bar(work: str = "indexing") -> Iterator[Callable[[Progress], None]]:
    """Yield a function that shows progress on a terminal once the work takes longer than a moment."""
    if not sys.stderr.isatty():
        yield lambda progress: None
        return
    began = time.monotonic()
    shown: list[Any] = []

    def show(progress: Progress) -> None:
        if not shown:
            if time.monotonic() - began < _PROGRESS_AFTER_SECONDS:
                return
            shown.append(_new_progress())
            shown.append(shown[0].add_task("", total=None, path=""))
            shown[0].start()
        counting = progress.total == 0
        shown[0].update(
            shown[1],
            description="looking for code" if counting else work,
            completed=progress.done,
            total=None if counting else progress.total,
            path=_one_line(progress.path)[-40:],
        )

    try:
        yield show
    finally:
        if shown:
            shown[0].stop()


def _new_progress() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    return Bar(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[path]}", style="dim", markup=False),
        console=Console(stderr=True),
        transient=True,
    )


def _console() -> Console:
    from rich.console import Console

    # Piped output keeps its lines whole: the reader is a program.
    return Console(highlight=False, soft_wrap=True)


def _print_hit(console: Console, number: int, hit: FinishedHit, path: str, *, explain: bool, most_lines: int) -> None:
    from rich.text import Text

    head = Text(f"{number:>2}  ")
    head.append(f"{_one_line(path)}:{hit.start_line}", style="bold cyan")
    head.append(f"  {_one_line(hit.shown_name)}" if hit.shown_name else "", style="bold")
    head.append(f"  {hit.kind}  {hit.score:.2f}", style="dim")
    console.print(head)
    if explain:
        for reason in hit.why:
            terms = f"  {', '.join(reason.terms)}" if reason.terms else ""
            console.print(Text(f"      {reason.weight:+6.2f}  {explained(reason.feature)}{terms}", style="dim"))
    else:
        console.print(Text(f"    {_one_line(hit.found_by)}", style="dim"))
    if hit.near_duplicates:
        shown = hit.near_duplicates[:_DUPLICATES_SHOWN]
        places = ", ".join(f"{_one_line(place.path)}:{place.start_line}" for place in shown)
        left = len(hit.near_duplicates) - len(shown)
        console.print(Text(f"    the same in {places}{f' and {left} more' if left else ''}", style="dim"))
    if console.is_terminal:
        for line, text in _snippet_lines(hit, most_lines):
            console.print(Text(f"    {line:>6}  ", style="dim").append_text(text))
        console.print()


def _snippet_lines(hit: FinishedHit, most: int) -> Iterator[tuple[int, Text]]:
    from rich.syntax import Syntax

    lines = list(hit.lines)
    while lines and not lines[-1].strip():
        lines.pop()
    code = Syntax("", _STYLES.get(hit.language, hit.language), theme="ansi_dark", background_color="default")
    shown = [_printable(line)[:200] for line in lines[:most]]
    coloured = list(code.highlight("\n".join(shown)).split("\n", allow_blank=True)) if shown else []
    for row, text in enumerate(coloured[: len(shown)]):
        for highlight in hit.highlights:
            if highlight.line == row:
                text.stylize("bold yellow" if highlight.is_exact else "yellow", highlight.start, highlight.end)
        yield hit.start_line + row, text


def _one_line(text: str) -> str:
    return " ".join(_printable(text).split())


def _printable(text: str) -> str:
    """Replace what could move the cursor or change the colours of a terminal."""
    return "".join(character if character.isprintable() or character == "\t" else "\ufffd" for character in text)


def _bytes_below(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else 0
