"""What Hunch comes through: faults by the hundred, each followed by what has to hold after it.

    python -m benchmarks.faults [--count 500] [--seed N]

A row of the table is one way to strike, see ROWS. A fault that was not come through is a line, and makes the status 1.
Each fault has a seed of its own, ``SEED-NUMBER``, so that one of them can be struck again alone (``--only NUMBER``).
"""

from __future__ import annotations

import argparse
import random
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Generic, TypeVar

from benchmarks import faults_of_index, faults_of_messages, faults_of_processes, faults_of_soak, faults_of_source
from benchmarks.fault_error import WrongError
from benchmarks.machine import save_result
from benchmarks.table import table_of

Place = TypeVar("Place")


@dataclass(frozen=True, slots=True)
class Row(Generic[Place]):
    """One way to strike."""

    name: str
    prepare: Callable[[Path], AbstractContextManager[Place]]
    """Makes in a folder what is struck."""
    strike: Callable[[Place, random.Random], str]
    """Strikes once, checks what has to hold, and returns the kind of the fault; raises what does not hold."""
    share: float = 1.0
    """Of the count that is asked for."""


ROWS: Sequence[Row[Any]] = (
    Row("index, command in process", faults_of_index.prepared, faults_of_index.through_the_engine),
    Row("index, real command", faults_of_index.prepared, faults_of_index.through_the_command, 0.1),
    Row("index, running server", faults_of_index.prepared, faults_of_index.under_a_server, 0.3),
    Row("processes killed", faults_of_processes.prepared, faults_of_processes.kill_once, 0.2),
    Row("hostile source", faults_of_source.prepared, faults_of_source.read_one, 2.0),
    Row("messages", faults_of_messages.prepared, faults_of_messages.send_nonsense, 0.6),
    Row("soak", faults_of_soak.prepared, faults_of_soak.soak_once, 0.004),
)


@dataclass(slots=True)
class Tally:
    """How faults of one row were come through, by their kind."""

    tried: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def by_kind(self) -> dict[str, tuple[int, int]]:
        """Return (tried, failed) of each kind."""
        return {kind: (self.tried[kind], self.failed[kind]) for kind in sorted(self.tried)}


def strike_often(row: Row[Any], place: Path, *, seed: int, numbers: Iterable[int]) -> Tally:
    """Strike once for each number, and count.

    Args:
        row: how.
        place: a folder for everything.
        seed: of everything random.
        numbers: of the faults.
    """
    tally = Tally()
    began = perf_counter()
    with row.prepare(place) as prepared:
        for number in numbers:
            try:
                kind = row.strike(prepared, random.Random(f"{seed}-{number}"))
            except WrongError as error:
                kind = error.kind
                tally.failed[kind] += 1
                tally.lines.append(f"{row.name}, {seed}-{number}: {error}")
            except Exception:
                kind = "raised"
                tally.failed[kind] += 1
                tally.lines.append(f"{row.name}, {seed}-{number}: {traceback.format_exc()}")
            tally.tried[kind] += 1
    tally.seconds = perf_counter() - began
    return tally


def main(arguments: Sequence[str] | None = None) -> int:
    """Strike from the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.faults", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=500, help="faults of a row whose share is 1 (%(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000), help="of everything random")
    parser.add_argument("--row", choices=[row.name for row in ROWS], help="this row alone")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="this fault alone")
    options = parser.parse_args(arguments)
    result: dict[str, Any] = {}
    lines: list[str] = []
    for row in ROWS:
        if options.row in (None, row.name):
            numbers = range(int(options.count * row.share)) if options.only is None else [options.only]
            with TemporaryDirectory(prefix="hunch-faults-") as place:
                tally = strike_often(row, Path(place), seed=options.seed, numbers=numbers)
            result[row.name] = {"seconds": round(tally.seconds, 1), "kinds": tally.by_kind()}
            lines += tally.lines
            print(f"{row.name}: {sum(tally.tried.values())} tried, {sum(tally.failed.values())} failed", flush=True)
    if options.only is None and options.row is None:
        save_result("faults", {"seed": options.seed, "rows": result, "failures": lines})
    print(table_of(("fault", "kind", "tried", "failed"), _cells(result)))
    for line in lines:
        print(line)
    return 1 if lines else 0


def _cells(result: dict[str, Any]) -> list[Sequence[str]]:
    return [
        (name, kind, str(tried), str(failed))
        for name, row in result.items()
        for kind, (tried, failed) in row["kinds"].items()
    ]


if __name__ == "__main__":
    raise SystemExit(main())
