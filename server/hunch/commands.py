"""What each command does: opens the workspace, calls the engine, prints. Returns the exit status."""

from __future__ import annotations

import argparse
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from hunch.clean import find_caches, remove
from hunch.engine import DATABASE, Engine, answer, check, compute_contextual, open_engine, similar, update
from hunch.index.isolation import function_apart
from hunch.index.store import IndexState
from hunch.index.writer import UpdateReport
from hunch.left_out import find_left_out
from hunch.model.bundle import BundleError
from hunch.model.encoder import Encoder
from hunch.model.summariser import load_summariser
from hunch.search.evaluate import evaluate_workspace
from hunch.search.merge import merge_answers
from hunch.search.present import FinishedHit
from hunch.search.query import Query, QueryError, parse_query
from hunch.search.search import Answer, Answerability
from hunch.search.snippet import SNIPPET_LINES
from hunch.settings import workspace_cache
from hunch.terminal import (
    agrees_to_removal,
    caches_to_json,
    print_answer,
    print_caches,
    print_evaluation,
    print_json,
    print_left_out,
    print_notice,
    print_report,
    print_sentence,
    print_status,
    progress_bar,
    to_json,
)
from hunch.workspace.repository import repository_above
from hunch.workspace.scan import RootError, Skip, read_source
from hunch.workspace.typed_path import pattern_of
from hunch.workspace.walk import composed, spelt_on_disk

FOUND, NOTHING, FAILED, INTERRUPTED = 0, 1, 2, 130

_RULES_SHOWN = 5
"""Of what leaves everything out"""
_PATIENCE_SECONDS = 2.0
"""How long a search waits for another one that is bringing the same index up to date."""


def run_command(name: str, options: argparse.Namespace) -> int:
    """Run a command by its name and return the exit status; errors are told in one line on stderr."""
    commands = {
        "search": run_search,
        "similar": run_similar,
        "summarize": run_summarize,
        "index": run_index,
        "status": run_status,
        "eval": run_eval,
        "clean": run_clean,
    }
    try:
        return commands[name](options)
    except (QueryError, RootError, BundleError) as error:
        print_notice(str(error), error=True)
    except BrokenPipeError:
        raise
    except (OSError, sqlite3.Error) as error:
        print_notice(f"{type(error).__name__}: {error}", error=True)
    return FAILED


def run_search(options: argparse.Namespace) -> int:
    """Answer one query, or every line of a file."""
    places = [_root_of(one, options) for one in dict.fromkeys(options.root or [None])]
    if not options.queries:
        _parse(" ".join(options.query), options, *places[0])  # what is wrong with it is said before anything is read
    with ExitStack() as stack:
        engines = []
        for root, within in places:
            engine = stack.enter_context(open_engine(root, write=not options.no_update, patience=_PATIENCE_SECONDS))
            if not _up_to_date(engine, options):
                return INTERRUPTED
            engines.append((engine, within, len(engine.notices)))

        def ask(text: str) -> Answer:
            found = [answer(one, _parse(text, options, one.root, inner), limit=options.limit)
                     for one, inner, _ in engines]  # fmt: skip
            return merge_answers(found, options.limit) if len(found) > 1 else found[0]

        def tell() -> None:
            for one, _, told in engines:
                _tell(one, told)

        encoder = engines[0][0].encoder
        if not options.queries:
            found = ask(" ".join(options.query))
            tell()
            return _print(found, encoder, options)
        failed = False
        for line in _lines(options.queries):
            try:
                _print(ask(line), encoder, options, with_query=True)
            except QueryError as error:
                failed = True
                print_notice(str(error), error=True)
                if options.json:
                    print_json({"query": line, "error": str(error)})
        tell()
        return FAILED if failed else FOUND


def _parse(text: str, options: argparse.Namespace, root: Path, within: str) -> Query:
    here = Path.cwd()
    if not here.resolve().is_relative_to(root.resolve()):
        here = root
    return parse_query(
        text, languages=options.lang, paths=options.path, kinds=options.kind, contents=options.content,
        within=within, pattern_of=lambda typed: pattern_of(typed, root, here),
    )  # fmt: skip


def _up_to_date(engine: Engine, options: argparse.Namespace) -> bool:
    """Bring the index up to date unless told not to, and say what was found wrong; False when stopped before any."""
    if not options.no_update:
        report = _update(engine)
        if report is not None and not report.complete and not engine.snapshot.chunk_count:
            return False
    _tell(engine)
    if options.no_update and not engine.snapshot.chunk_count:
        print_notice(f"{engine.root}: nothing is indexed yet: run hunch index")
    return True


def _tell(engine: Engine, told: int = 0) -> None:
    """Print what is to be said that was not said yet."""
    for notice in engine.notices[told:]:
        print_notice(notice)


def _print(answer: Answer, encoder: Encoder | None, options: argparse.Namespace, *, with_query: bool = False) -> int:
    if options.json:
        print_json(to_json(answer, encoder, strict=options.strict, most_lines=options.snippet_lines or SNIPPET_LINES))
    else:
        print_answer(
            answer, encoder, explain=options.explain, strict=options.strict, with_query=with_query,
            shown=_as_given(options), most_lines=options.snippet_lines,
        )  # fmt: skip
    return NOTHING if answer.answerability is Answerability.NONE else FOUND


def run_similar(options: argparse.Namespace) -> int:
    """Find code like the definition at a line."""
    roots = [one.resolve() for one in options.root or []] or [_root_of(None, options)[0].resolve()]
    file, line = _place(options.place, roots)
    inside = [root for root in roots if file.resolve().is_relative_to(root)]
    if not inside:
        raise QueryError(f"{file}: not inside {roots[0]}: give its folder with --root")
    root = inside[0]
    with open_engine(root, write=not options.no_update, patience=_PATIENCE_SECONDS) as engine:
        if not _up_to_date(engine, options):
            return INTERRUPTED
        path = composed(file.resolve().relative_to(root).as_posix())
        told = len(engine.notices)
        found = similar(engine, path, line, limit=options.limit)
        _tell(engine, told)
        return _print(found, engine.encoder, options)


def _place(text: str, roots: Sequence[Path]) -> tuple[Path, int]:
    """Read FILE:LINE; a file that is not where the person stands may be one that a search named, from a root."""
    place, separator, line = text.rpartition(":")
    if not separator or not line.isdigit() or int(line) < 1:
        raise QueryError(f"{text}: give a file and a line, for example src/server.py:120")
    for file in (Path(place).absolute(), *(root / place for root in roots)):
        spelt = Path(spelt_on_disk(str(file)))
        if spelt.is_file():
            return spelt, int(line)
    raise QueryError(f"{place}: no such file")


def run_summarize(options: argparse.Namespace) -> int:
    """Print one generated sentence about the function at a line."""
    above = repository_above(Path.cwd())
    file, line = _place(options.place, [above[0]] if above is not None else [])
    file = file.resolve()
    source = read_source(file.parent, file.name, is_wanted=True)
    if isinstance(source, Skip):
        raise QueryError(f"{options.place}: cannot be read as code ({source.reason})")
    function = function_apart(file.name, source, line)
    if function is None:
        raise QueryError(f"{options.place}: no function at this line")
    summary = load_summariser().summarise(function.code)
    if options.json:
        print_json(
            {
                "path": options.place.rpartition(":")[0],
                "start_line": function.start_line,
                "end_line": function.end_line,
                "name": function.name,
                "kind": function.kind,
                "language": function.language,
                "documented": bool(function.documentation),
                "summary": summary.text if summary else None,
                "confidence": round(summary.confidence, 3) if summary else 0.0,
            }
        )
    elif summary:
        print_sentence(summary.text)
    return FOUND if summary else NOTHING


def run_index(options: argparse.Namespace) -> int:
    """Bring the index up to date and say what it holds."""
    with open_engine(_root_of(options.directory, options)[0], rebuild=options.rebuild) as engine:
        if engine.state is IndexState.LOCKED:
            what = "another process is indexing this folder"
            print_notice(f"{engine.root}: {what}: run this again when it is done", error=True)
            return FAILED
        check(engine)
        report = _update(engine)
        _tell(engine)
        if report is None or engine.in_memory:
            return FAILED
        print_report(report, engine)
        if options.left_out or not report.files:
            print_left_out(find_left_out(engine), most=None if options.left_out else _RULES_SHOWN)
        if not report.complete:
            return INTERRUPTED
        return FOUND if not options.thorough or _read_context(engine) else INTERRUPTED


def run_status(options: argparse.Namespace) -> int:
    """Say what is indexed, with which model, and where."""
    with open_engine(_root_of(options.directory, options)[0], write=False) as engine:
        left_out = find_left_out(engine) if options.left_out else None
        print_status(engine, as_json=options.json, left_out=left_out)
        if left_out is not None and not options.json:
            print_left_out(left_out)
    return FOUND


def run_eval(options: argparse.Namespace) -> int:
    """Measure search on the folder's own documented functions."""
    with open_engine(_root_of(options.directory, options)[0], write=False) as engine, progress_bar() as show:
        if engine.encoder is None:
            raise BundleError(engine.notices[0])
        evaluation = evaluate_workspace(engine.root, engine.encoder, queries=options.queries, on_progress=show)
    print_evaluation(evaluation, as_json=options.json)
    return FOUND


def run_clean(options: argparse.Namespace) -> int:
    """Say which indexes nobody needs, and remove them when that is wanted."""
    found = find_caches(everything=options.all)
    if not options.json:
        print_caches(found)
    going = [one for one in found if one.goes]
    wanted = options.yes or (bool(going) and not options.json and agrees_to_removal())
    failed = []
    for one in going if wanted else []:
        try:
            remove(one)
        except OSError as error:
            failed.append(one)
            print_notice(f"{one.folder}: not removed: {error}", error=True)
    if options.json:
        print_json(caches_to_json(found, removed=[one for one in going if wanted and one not in failed]))
    if failed:
        return FAILED
    if going and not wanted:
        return NOTHING
    if going and not options.json:
        print_notice("removed")
    return FOUND


def _update(engine: Engine) -> UpdateReport | None:
    """Bring the index up to date with progress on a terminal; Ctrl-C stops it and keeps what is done."""
    with progress_bar() as show, _stop_on_interrupt() as stopped:
        report = update(engine, on_progress=show, stopped=lambda: bool(stopped))
    if report is not None:
        for warning in report.warnings:
            print_notice(warning)
        if not report.complete:
            print_notice(
                f"stopped: {engine.snapshot.file_count:,} files are searchable, {report.left:,} are left; "
                "the next run goes on from here"
            )
    return report


def _read_context(engine: Engine) -> bool:
    """Compute all contextual embeddings with progress on a terminal; Ctrl-C stops it and keeps what is done."""
    if engine.encoder is None or not engine.encoder.has_contextual:
        print_notice("the model has no contextual part: there is nothing more to read")
        return True
    with progress_bar("contextual embeddings") as show, _stop_on_interrupt() as stopped:
        whole = compute_contextual(engine, on_progress=show, stopped=lambda: bool(stopped))
    done, total = engine.store.contextual_counts()
    print_notice(f"{done:,} of {total:,} chunks have contextual embeddings")
    return whole


@contextmanager
def _stop_on_interrupt() -> Iterator[list[int]]:
    """Collect interrupts instead of raising them; the second one raises."""
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if received:
            raise KeyboardInterrupt
        received.append(number)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield received
    finally:
        signal.signal(signal.SIGINT, before)


def _root_of(chosen: Path | None, options: argparse.Namespace) -> tuple[Path, str]:
    """Return the workspace, and the folder in it to search, empty for all of it.

    Without a choice it is the nearest folder with an index, as far as the repository that a person stands in, else that
    repository, of which a folder above may have the index, else the nearest such folder above, else this folder.

    Raises:
        RootError: it is a person's home, or holds it, and nobody insists.
    """
    if chosen is not None:
        return _allowed(chosen, options), ""
    here = Path.cwd()
    found = repository_above(here)
    top = found[0] if found is not None and not _holds_home(found[0]) else None
    for folder in (here, *here.parents):
        if (workspace_cache(folder) / DATABASE).exists():
            if top is not None and top != folder and top.is_relative_to(folder):
                return folder, composed(top.relative_to(folder).as_posix())
            return folder, ""
        if folder == top and not any((workspace_cache(one) / DATABASE).exists() for one in folder.parents):
            return folder, ""
    return _allowed(here, options), ""


def _allowed(root: Path, options: argparse.Namespace) -> Path:
    if _holds_home(root) and not getattr(options, "any_root", False):
        raise RootError(f"{root} holds your home folder: give the folder of a project, or insist with --any-root")
    return root


def _holds_home(root: Path) -> bool:
    try:
        return root.resolve() == Path(root.resolve().anchor) or Path.home().resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # nobody's home is known
        return False


def _as_given(options: argparse.Namespace) -> Callable[[FinishedHit], str]:
    """Return how the path of a hit is printed, so that it can be pasted back where a person stands."""
    given, here = options.root or [], Path.cwd().resolve()

    def shown(hit: FinishedHit) -> str:
        if len(given) == 1:
            return hit.path
        try:
            return os.path.relpath(hit.root / hit.path, here)
        except ValueError:  # another drive
            return str(hit.root / hit.path)

    return shown


def _lines(source: str) -> Iterator[str]:
    if source == "-":
        yield from (line.strip() for line in sys.stdin if line.strip())
        return
    try:
        with Path(source).open(encoding="utf-8", errors="replace") as file:
            yield from (line.strip() for line in file if line.strip())
    except OSError as error:
        raise QueryError(f"{source}: {error.strerror}") from None
