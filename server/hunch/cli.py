"""The command line's arguments. What the commands do is loaded only when one runs, so that --help is instant.

Exit status as grep: 0 for relevant or weak hits, 1 for none, 2 for an error, told in one line on stderr.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NoReturn

from hunch import __version__
from hunch.memory_limit import COMMAND_BYTES, SERVER_BYTES, is_out_of_memory, memory_problem
from hunch.settings import (
    CACHE_VARIABLE,
    LANGUAGES_VARIABLE,
    MODEL_VARIABLE,
    TOKEN_VARIABLE,
    WORKERS_VARIABLE,
    take_associations,
)
from hunch.workspace.file_rules import SIZE_VARIABLE

FOUND, FAILED, INTERRUPTED = 0, 2, 130

_DESCRIPTION = """\
Find code by what it does: type a hunch in plain words, land on the code.
Everything happens on this machine; nothing is sent anywhere."""

_EPILOGUE = f"""\
examples:
  hunch search "parse a date in any format"
  hunch search "retry with backoff lang:go -path:vendor"
  hunch search "where are passwords checked" --path 'src/**' --json
  hunch similar src/server.py:120
  hunch summarize src/server.py:120
  hunch eval

inline filters: lang:NAME  path:GLOB  kind:NAME  content:code|docs|config|all, each also
with a minus in front; names in a list: lang:go,rust
environment:
  {CACHE_VARIABLE:<15} where indexes are kept (default: the user's cache folder)
  {MODEL_VARIABLE:<15} a model bundle to use instead of the one that ships
  {SIZE_VARIABLE:<15} megabytes of the largest file that is indexed (default: 10)
  {WORKERS_VARIABLE:<15} processes that read files in a large index run (default: all cores, at most 8)
  {LANGUAGES_VARIABLE:<15} which files are of which language, as in *.inc=php,*.tcc=cpp
  {TOKEN_VARIABLE:<15} the secret that a client of hunch lsp --tcp or --ws shows (default: a new one)"""

_SEARCH = """\
Find code by what it does. The index is brought up to date first. In a sub-folder of a
repository all of it is searched; --path . limits that to where you are.

examples:
  hunch search "parse a date in any format"
  hunch search "retry with backoff lang:go -path:vendor kind:function"
  hunch search parse_config --limit 3 --explain
  hunch search --queries questions.txt --json

Filters: lang:NAME  path:GLOB  kind:NAME  content:code|docs|config|all, each also with a minus
in front; names in a list: lang:go,rust. Without content: everything is searched, and code comes
first: documentation and configuration where they are clearly the better answer."""

_SIMILAR = """\
Find code that does the same as the definition at a line, elsewhere in the workspace.

  hunch similar src/server.py:120"""

_SUMMARIZE = """\
Print one sentence about what the function at a line seems to do, written by a model that has read
its code and nothing else. It can be wrong. No index is needed.

  hunch summarize src/server.py:120"""

_INDEX = """\
Bring the index of a folder up to date: only new and changed files are read. The index is kept
in the cache folder, never in the workspace. Ctrl-C stops it and keeps what is done. With
--thorough contextual embeddings of all code are computed too, as an editor has it done in the
background: better answers for some 150 pieces a second.

  hunch index ~/my/project
  hunch index --rebuild"""

_STATUS = """\
Say what is indexed, in which languages, with which model, and where the index is kept.
Nothing is scanned or changed.

  hunch status --json"""

_EVAL = """\
Take the first sentence of documented functions as queries, remove the documentation from what
is searched, and see where the function comes out: MRR and recall@10 of the whole ranking, of
embeddings alone and of lexical search alone.

  hunch eval ~/my/project --queries 200"""

_CLEAN = """\
Remove the indexes of folders that were deleted, and what runs that were cut short have left
behind. What would go is listed first; it goes with --yes, or when you agree on a terminal.
Otherwise the exit status is 1.

An index whose folder cannot be seen because more than the folder is missing stays: it may be
on a drive or network share that is not mounted. So does one of an earlier version, which did
not note its folder, until it is used again. --all removes these too, and every other index but
those in use. An index can be made again at any time.

  hunch clean
  hunch clean --all --yes"""

_LSP = """\
Serve an editor that speaks the Language Server Protocol, on stdin and stdout unless told otherwise.
One process serves one client and ends with it; over TCP and web sockets it listens on this machine
only, says `listening on 127.0.0.1:PORT token TOKEN` on stderr, and takes the first client that
shows the token: over TCP as one more header of its first message, `Authorization: Bearer TOKEN`, or
as initializationOptions.token; over a web socket as that header of its request, or as
ws://127.0.0.1:PORT/?token=TOKEN. A token of your own is given in the environment, HUNCH_TOKEN, and
not printed.

  hunch lsp
  hunch lsp --tcp 0 --log-level info"""

_COMPLETION = """\
Print a script that completes commands and options.

  eval "$(hunch completion bash)\""""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    _open_closed_streams()
    options = _parser().parse_args(arguments)
    _speak_utf8()
    status: int = FOUND
    problem = take_associations()
    if problem:
        return _fail(problem)
    try:
        status = options.run(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # The reader has seen enough. What is still buffered must not raise again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FOUND
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if is_out_of_memory(error):
            return _fail("the memory does not suffice: raise this process's limit, or end other programs")
        if not isinstance(error, OSError):
            raise
        # A full disk behind stdout, say: what is buffered must not raise again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return status if status == FAILED else _fail(f"the output cannot be written: {error.strerror or error}")


def _open_closed_streams() -> None:
    """Give a process that was started without stdin, stdout or stderr nothing in their place.

    Else the next file that it opens takes the number of the missing one, and what is said goes into an index.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def _fail(reason: str) -> int:
    sys.stderr.write(f"hunch: error: {reason}\n")
    return FAILED


def _speak_utf8() -> None:
    """Let no byte or character that a stream cannot hold end a command."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        if problem := memory_problem(COMMAND_BYTES):
            return _fail(problem)
        from hunch.commands import run_command

        return run_command(name, options)

    return run


def _lsp(options: argparse.Namespace) -> int:
    if problem := memory_problem(SERVER_BYTES):
        return _fail(problem)
    from hunch.lsp.serve import serve  # not by way of the commands: an editor waits for the first answer

    port = options.tcp if options.tcp is not None else options.ws
    kind: Literal["stdio", "tcp", "ws"]
    kind = "tcp" if options.tcp is not None else "ws" if options.ws is not None else "stdio"
    return serve(kind, port=port or 0, log_level=options.log_level, parent=options.parent)


def _completion(options: argparse.Namespace) -> int:
    import shtab

    print(shtab.complete(_parser(), options.shell))
    return FOUND


class _OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line, as everything here does."""

    def error(self, message: str) -> NoReturn:
        self.exit(FAILED, f"hunch: error: {message}: see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(
        prog="hunch", description=_DESCRIPTION, epilog=_EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"hunch {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, summary: str, description: str) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name, help=summary, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        command.set_defaults(run=_command(name))
        return command

    command = add("search", "find code by what it does", _SEARCH)
    command.add_argument("query", nargs="*", help="what the code does, in plain words; also names and filters")
    command.add_argument("--queries", metavar="FILE", help="answer every line of a file, or of stdin for -")
    command.add_argument("--lang", metavar="L", action="append", default=[], help="only these languages; repeatable")
    command.add_argument(
        "--path",
        metavar="GLOB",
        action="append",
        default=[],
        help="only these paths, or globs as in .gitignore; repeatable",
    )
    command.add_argument(
        "--kind", metavar="K", action="append", default=[], help="only these kinds (function, class...); repeatable"
    )
    command.add_argument(
        "--content", choices=("code", "docs", "config", "all"), action="append", default=[],
        help="only code, documentation or configuration, or all of it alike; repeatable (default: code first)",
    )  # fmt: skip
    _add_answer_options(command)

    command = add("similar", "find code like the definition at a line", _SIMILAR)
    command.add_argument("place", metavar="FILE:LINE")
    _add_answer_options(command)

    command = add("summarize", "one generated sentence about the function at a line", _SUMMARIZE)
    command.add_argument("place", metavar="FILE:LINE")
    command.add_argument("--json", action="store_true", help="one JSON object")

    command = add("index", "bring the index of a folder up to date", _INDEX)
    _add_directory(command)
    command.add_argument("--rebuild", action="store_true", help="throw the index away first")
    command.add_argument("--left-out", action="store_true", help="name everything that is left out, and why")
    command.add_argument("--thorough", action="store_true",
                         help="compute all contextual embeddings too: better answers, 150 chunks a second")  # fmt: skip

    command = add("status", "what is indexed, with which model, and where the index is", _STATUS)
    _add_directory(command)
    command.add_argument("--json", action="store_true", help="one JSON object")

    command.add_argument("--left-out", action="store_true", help="name everything that is left out, and why")

    command = add("clean", "remove indexes of folders that are gone", _CLEAN)
    command.add_argument("--yes", action="store_true", help="remove without asking")
    command.add_argument("--all", action="store_true", help="every index that is not in use")
    command.add_argument("--json", action="store_true", help="one JSON object; nothing is asked")

    command = add("eval", "measure search on a folder's own documented functions", _EVAL)
    _add_directory(command)
    command.add_argument("--queries", type=_positive, default=500, metavar="N", help="how many at most (default 500)")
    command.add_argument("--json", action="store_true", help="one JSON object")

    command = add("lsp", "serve an editor that speaks the Language Server Protocol", _LSP)
    command.set_defaults(run=_lsp)
    how = command.add_mutually_exclusive_group()
    how.add_argument("--stdio", action="store_true", help="on stdin and stdout (default)")
    how.add_argument("--tcp", type=_port, metavar="PORT", help="on a port of this machine; 0 for a free one")
    how.add_argument("--ws", type=_port, metavar="PORT", help="as --tcp, for web sockets")
    command.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="warning", help="what is logged on stderr"
    )
    command.add_argument(
        "--parent", "--clientProcessId", type=_process, metavar="PID", help="end when this process ends"
    )

    command = add("completion", "print a completion script for a shell", _COMPLETION)
    command.set_defaults(run=_completion)
    command.add_argument("shell", choices=("bash", "zsh", "tcsh"))
    return parser


def _add_answer_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--root", type=Path, metavar="DIR", action="append",
        help="the workspace; repeatable (default: the repository or indexed folder that you are in)",
    )  # fmt: skip
    _add_any_root(command)
    command.add_argument(
        "--snippet-lines", type=_positive, metavar="N", help="lines of code of a hit at most (default 12, shown 6)"
    )
    command.add_argument("--limit", type=_positive, default=10, metavar="N", help="hits at most (default 10)")
    command.add_argument("--json", action="store_true", help="one JSON object a query, on one line")
    command.add_argument("--explain", action="store_true", help="show every signal of a hit with its weight")
    command.add_argument("--strict", action="store_true", help="print no hits when nothing is relevant")
    command.add_argument("--no-update", action="store_true", help="search the index as it is")


def _add_directory(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "directory", nargs="?", type=Path, metavar="DIR",
        help="the workspace (default: the repository or indexed folder that you are in)",
    )  # fmt: skip
    _add_any_root(command)


def _add_any_root(command: argparse.ArgumentParser) -> None:
    command.add_argument("--any-root", action="store_true", help="take a home folder or / too")


def _positive(text: str) -> int:
    number = int(text) if text.isdigit() else 0
    if not 1 <= number <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 100,000")
    return number


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def _process(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not the id of a process")
    return int(text)


if __name__ == "__main__":
    raise SystemExit(main())
