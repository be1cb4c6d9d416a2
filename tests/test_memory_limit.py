"""A process whose address space is limited works, or says in one line that it cannot: never a signal or a traceback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hunch.memory_limit import COMMAND_BYTES, SERVER_BYTES
from lsp.conftest import Talk

if TYPE_CHECKING:
    from conftest import RunHunch

MakeWorkspace = Callable[..., Path]
ManyFiles = Callable[[int], dict[str, str]]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds processes to such a limit")

LIMITS = (100_000, 200_000, 300_000, 500_000, COMMAND_BYTES // 1024, 800_000, 1_200_000)
"""kB, as ulimit counts"""

FOR_WORKERS = 420
"""Changed files from which an index run starts worker processes."""


def limited(limit: int) -> tuple[str, ...]:
    """Return the command with so many kB of address space."""
    return ("sh", "-c", f'ulimit -v {limit}; exec "$0" "$@"', sys.executable, "-m", "hunch.cli")


def check_refused(status: int, err: str, limit: int) -> None:
    assert status == 2
    assert err.startswith(f"hunch: error: the address space of this process is limited to {limit // 1024} MB, ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("limit", LIMITS)
def test_commands(run_hunch: RunHunch, make_workspace: MakeWorkspace, many_files: ManyFiles, limit: int) -> None:
    root = make_workspace(many_files(FOR_WORKERS))
    for arguments in (
        ("index", "--rebuild", root),
        ("search", "take items out of stock", "--root", root),
        ("similar", root / "part0/module_0.py:4", "--root", root),
        ("summarize", root / "part0/module_0.py:4"),
        ("status", root),
    ):
        done = run_hunch(*arguments, command=limited(limit), env={"HUNCH_WORKERS": "2"})
        if limit * 1024 < COMMAND_BYTES:
            check_refused(done.status, done.err, limit)
        else:
            assert (done.status, done.err) == (0, ""), arguments


def test_the_index_is_read_in_context(run_hunch: RunHunch, make_workspace: MakeWorkspace) -> None:
    done = run_hunch("index", "--thorough", make_workspace(), command=limited(COMMAND_BYTES // 1024))
    assert done.status == 0, done.err


@pytest.fixture
def start_limited(run_hunch: RunHunch) -> Iterator[Callable[[int], Talk]]:
    """A function that starts ``hunch lsp`` with so many kB of address space."""
    with ExitStack() as stack:

        def start(limit: int) -> Talk:
            process = subprocess.Popen(
                [*limited(limit), "lsp"], env=run_hunch.environment(), stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
            stack.callback(process.wait)
            stack.callback(process.kill)
            return Talk(process)

        yield start


@pytest.mark.parametrize("limit", [*LIMITS, SERVER_BYTES // 1024])
def test_a_server(start_limited: Callable[[int], Talk], make_workspace: MakeWorkspace, limit: int) -> None:
    talk = start_limited(limit)
    if limit * 1024 < SERVER_BYTES:
        check_refused(talk.wait(), talk.logged(), limit)
        return
    root = make_workspace()
    talk.open(root, initializationOptions={"cpuShare": 1})
    talk.wait_until_indexed()
    uri = (root / "src/orders.py").as_uri()
    assert talk.ask("hunch/summarize", talk.at(uri, 3, 5))["name"] == "sort_orders_by_date"
    status = talk.eventually(
        lambda: talk.ask("hunch/status")["folders"][0], lambda folder: folder["contextual"] == folder["chunks"]
    )
    assert status["chunks"] > 0
    assert "check_password" in talk.names("check a password")
    assert talk.end() == 0
    assert talk.logged() == ""


@pytest.mark.parametrize("left", [2, 8, 20, 40, 60, 80, 100])
def test_memory_that_ends_on_the_way_is_no_traceback(
    run_hunch: RunHunch, make_workspace: MakeWorkspace, left: int
) -> None:
    # As a larger workspace would, this one meets the limit after everything is loaded.
    code = (
        "import resource, sys, hunch.cli, hunch.commands\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        f"resource.setrlimit(resource.RLIMIT_AS, (used + {left}_000_000,) * 2)\n"
        "hunch.cli.COMMAND_BYTES = 0\n"
        "sys.exit(hunch.cli.main())"
    )
    root = make_workspace()
    assert run_hunch("index", root).status == 0
    for arguments in (("index", "--rebuild", root), ("search", "sort orders", "--root", root)):
        done = run_hunch(*arguments, command=(sys.executable, "-c", code))
        assert done.status in (0, 2), done.err  # by words alone where only the models found no room
        assert "Traceback" not in done.err and "install" not in done.err
        assert done.status == 0 or done.err.splitlines()[-1].startswith("hunch: ")
