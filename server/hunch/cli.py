"""The command line: reads the arguments, opens the workspace, calls the engine, prints.

Exit status as grep: 0 for relevant or weak hits, 1 for none, 2 for an error, told in one line on stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from hunch import __version__
from hunch.engine import Engine, ask, open_engine, similar, update
from hunch.index.store import IndexState
from hunch.index.writer import UpdateReport
from hunch.model.bundle import BundleError
from hunch.search.query import QueryError
from hunch.search.search import Answer, Verdict
from hunch.settings import CACHE_VARIABLE, MODEL_VARIABLE, WORKERS_VARIABLE, workspace_cache
from hunch.terminal import (
    print_answer,
    print_evaluation,
    print_notice,
    print_report,
    print_status,
    progress_bar,
    to_json,
)
from hunch.workspace.scan import RootError

FOUND, NOTHING, FAILED, INTERRUPTED = 0, 1, 2, 130

_DESCRIPTION = """\
Find code by what it does: type a hunch in plain words, land on the code.
Everything happens on this machine; nothing is sent anywhere."""

_EPILOGUE = f"""\
examples:
  hunch search "create a sorted list"
  hunch search "retry with backoff lang:go -path:vendor"
  hunch search "where are passwords checked" --path 'src/**' --json
  hunch similar src/server.py:120
  hunch eval

inline filters: lang:NAME  path:GLOB  kind:NAME, each also with a minus in front
environment:
  {CACHE_VARIABLE:<15} where indexes are kept (default: the user's cache folder)
  {MODEL_VARIABLE:<15} a model bundle to use instead of the one that ships
  {WORKERS_VARIABLE:<15} processes that read files in a large index run (default: all cores, at most 8)"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (QueryError, RootError, BundleError) as error:
        print_notice(str(error), error=True)
    except BrokenPipeError:
        # The reader has seen enough. What is still buffered must not raise again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FOUND
    except KeyboardInterrupt:
        return INTERRUPTED
    except (OSError, sqlite3.Error) as error:
        print_notice(f"{type(error).__name__}: {error}", error=True)
    return FAILED


def _search(options: argparse.Namespace) -> int:
    root, below = _root_of(options.root)
    with open_engine(root) as engine:
        if not options.no_update:
            report = _update(engine)
            if report is not None and not report.complete and not engine.snapshot.chunk_count:
                return INTERRUPTED
        _print_notices(engine, before_first_use=options.no_update)
        paths = (*options.path, *below)
        if options.queries is None:
            return _answer_one(engine, " ".join(options.query), options, paths)
        failed = False
        for line in _lines(options.queries):
            try:
                _answer_one(engine, line, options, paths)
            except QueryError as error:
                failed = True
                print_notice(str(error), error=True)
                if options.json:
                    print(json.dumps({"query": line, "error": str(error)}, ensure_ascii=False), flush=True)
        return FAILED if failed else FOUND


def _answer_one(engine: Engine, text: str, options: argparse.Namespace, paths: tuple[str, ...]) -> int:
    answer = ask(
        engine, text, languages=tuple(options.lang), paths=paths, kinds=tuple(options.kind), limit=options.limit
    )
    return _print(answer, options)


def _print(answer: Answer, options: argparse.Namespace) -> int:
    if options.json:
        print(to_json(answer, strict=options.strict), flush=True)
    else:
        print_answer(answer, explain=options.explain, strict=options.strict)
    return NOTHING if answer.verdict is Verdict.NONE else FOUND


def _similar(options: argparse.Namespace) -> int:
    place, separator, line = options.place.rpartition(":")
    if not separator or not line.isdigit() or int(line) < 1:
        raise QueryError(f"{options.place}: give a file and a line, for example src/server.py:120")
    file = Path(place).absolute()
    if not file.is_file():
        raise QueryError(f"{place}: no such file")
    root, _ = _root_of(options.root)
    root = root.resolve()
    if not file.resolve().is_relative_to(root):
        raise QueryError(f"{place}: not inside {root}: give its folder with --root")
    with open_engine(root) as engine:
        if not options.no_update:
            _update(engine)
        _print_notices(engine, before_first_use=options.no_update)
        path = file.resolve().relative_to(root).as_posix()
        return _print(similar(engine, path, int(line), limit=options.limit), options)


def _index(options: argparse.Namespace) -> int:
    with open_engine(_root_of(options.directory)[0], rebuild=options.rebuild) as engine:
        for notice in engine.notices:
            print_notice(notice)
        if engine.lock is None and engine.state is IndexState.LOCKED:
            print_notice(f"{engine.root}: {IndexState.LOCKED.value}; run this again when it is done", error=True)
            return FAILED
        report = _update(engine)
        if report is None:
            return FAILED
        print_report(report, engine.root)
        return FOUND if report.complete else INTERRUPTED


def _status(options: argparse.Namespace) -> int:
    with open_engine(_root_of(options.directory)[0], write=False) as engine:
        print_status(engine, as_json=options.json)
    return FOUND


def _eval(options: argparse.Namespace) -> int:
    from hunch.search.evaluate import evaluate_workspace

    with open_engine(_root_of(options.directory)[0], write=False) as engine, progress_bar() as show:
        if engine.encoder is None:
            raise BundleError(engine.notices[0])
        evaluation = evaluate_workspace(engine.root, engine.encoder, queries=options.queries, on_progress=show)
    print_evaluation(evaluation, as_json=options.json)
    return FOUND


def _completion(options: argparse.Namespace) -> int:
    import shtab

    print(shtab.complete(_parser(), options.shell))
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


def _print_notices(engine: Engine, *, before_first_use: bool) -> None:
    for notice in engine.notices:
        print_notice(notice)
    if before_first_use and not engine.snapshot.chunk_count:
        print_notice(f"{engine.root}: nothing is indexed yet: run hunch index")


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


def _root_of(chosen: Path | None) -> tuple[Path, tuple[str, ...]]:
    """Return the workspace and path globs: inside an indexed workspace, its index and the current folder."""
    if chosen is not None:
        return chosen, ()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (workspace_cache(folder) / "index.db").exists():
            below = here.relative_to(folder).as_posix()
            return folder, () if below == "." else (f"/{below}/**",)
    return here, ()


def _lines(source: str) -> Iterator[str]:
    if source == "-":
        yield from (line.strip() for line in sys.stdin if line.strip())
        return
    try:
        with Path(source).open(encoding="utf-8", errors="replace") as file:
            yield from (line.strip() for line in file if line.strip())
    except OSError as error:
        raise QueryError(f"{source}: {error.strerror}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hunch",
        description=_DESCRIPTION,
        epilog=_EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"hunch {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("search", help="find code by what it does", description=_search_help())
    command.set_defaults(run=_search)
    command.add_argument("query", nargs="*", help="what the code does, in plain words; also names and filters")
    command.add_argument("--queries", metavar="FILE", help="answer every line of a file, or of stdin for -")
    command.add_argument("--lang", metavar="L", action="append", default=[], help="only this language; repeatable")
    command.add_argument(
        "--path", metavar="GLOB", action="append", default=[], help="only these paths, as in .gitignore; repeatable"
    )
    command.add_argument(
        "--kind", metavar="K", action="append", default=[], help="only this kind (function, class...); repeatable"
    )
    _add_answer_options(command)

    command = commands.add_parser("similar", help="find code like the definition at a line")
    command.set_defaults(run=_similar)
    command.add_argument("place", metavar="FILE:LINE")
    _add_answer_options(command)

    command = commands.add_parser("index", help="bring the index of a folder up to date")
    command.set_defaults(run=_index)
    _add_directory(command)
    command.add_argument("--rebuild", action="store_true", help="throw the index away first")

    command = commands.add_parser("status", help="what is indexed, with which model, and where the index is")
    command.set_defaults(run=_status)
    _add_directory(command)
    command.add_argument("--json", action="store_true", help="one JSON object")

    command = commands.add_parser(
        "eval",
        help="measure search on a folder's own documented functions",
        description="Take the first sentence of documented functions as queries, remove the documentation from "
        "what is searched, and see where the function comes out: MRR and recall@10 of the whole ranking, of "
        "embeddings alone and of lexical search alone.",
    )
    command.set_defaults(run=_eval)
    _add_directory(command)
    command.add_argument("--queries", type=_positive, default=500, metavar="N", help="how many at most (default 500)")
    command.add_argument("--json", action="store_true", help="one JSON object")

    command = commands.add_parser("completion", help="print a completion script for a shell")
    command.set_defaults(run=_completion)
    command.add_argument("shell", choices=("bash", "zsh", "tcsh"))
    return parser


def _search_help() -> str:
    return (
        "Find code by what it does. The index is brought up to date first. Inside an indexed folder only the "
        "current sub-folder is searched."
    )


def _add_answer_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--root", type=Path, metavar="DIR", help="the workspace (default: here)")
    command.add_argument("--limit", type=_positive, default=10, metavar="N", help="hits at most (default 10)")
    command.add_argument("--json", action="store_true", help="one JSON object a query, on one line")
    command.add_argument("--explain", action="store_true", help="show every signal of a hit with its weight")
    command.add_argument("--strict", action="store_true", help="print no hits when nothing is relevant")
    command.add_argument("--no-update", action="store_true", help="search the index as it is")


def _add_directory(command: argparse.ArgumentParser) -> None:
    command.add_argument("directory", nargs="?", type=Path, metavar="DIR", help="the workspace (default: here)")


def _positive(text: str) -> int:
    number = int(text) if text.isdigit() else 0
    if not 1 <= number <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 100,000")
    return number


if __name__ == "__main__":
    raise SystemExit(main())
