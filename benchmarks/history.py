"""What changed between two measurements of one benchmark.

python -m benchmarks.history                 the measurements that are kept
python -m benchmarks.history NAME            each figure of the newest beside the one before
python -m benchmarks.history NAME --from COMMIT --only TEXT
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import RESULTS, read_result, results_of
from benchmarks.table import table_of

_NO_FIGURES = frozenset({"machine", "seed", "low", "high"})
"""What says how something was measured, and how surely."""


@dataclass(frozen=True, slots=True)
class Change:
    """A figure in two measurements."""

    name: str
    before: float
    now: float

    @property
    def share(self) -> float:
        """By what share of itself it grew; infinite where it was 0."""
        return (self.now - self.before) / abs(self.before) if self.before else float("inf")


def figures_of(result: Any, name: str = "") -> Iterator[tuple[str, float]]:
    """Yield the numbers of a result by name; entries of a list are named by the words in them, else by their place."""
    if isinstance(result, Mapping):
        for key, value in result.items():
            if key not in _NO_FIGURES:
                yield from figures_of(value, f"{name}, {key}" if name else str(key))
    elif isinstance(result, Sequence) and not isinstance(result, str):
        for place, value in enumerate(result):
            words = [one for one in value.values() if isinstance(one, str)] if isinstance(value, Mapping) else []
            yield from figures_of(value, f"{name}, {' '.join(words) or place}")
    elif isinstance(result, (int, float)) and not isinstance(result, bool):
        yield name, float(result)


def changes(before: Any, now: Any) -> tuple[list[Change], int]:
    """Return the figures of two results that differ, those that changed most first, and how many both have."""
    earlier = dict(figures_of(before))
    both = [Change(name, earlier[name], value) for name, value in figures_of(now) if name in earlier]
    different = [one for one in both if one.before != one.now]
    return sorted(different, key=lambda one: -abs(one.share)), len(both)


def in_a_sentence(name: str, folder: Path = RESULTS) -> str:
    """Return what the newest result of a benchmark changes against the one before; nothing where it is the first."""
    files = results_of(name, folder)
    if len(files) < 2:
        return ""
    before, now = map(read_result, files[-2:])
    different, both = changes(before, now)
    far = sum(abs(one.share) > 0.1 for one in different)
    since = f"{before['machine']['date']}, {before['machine']['commit'] or 'no commit'}"
    return (
        f"Against {since}: {len(different):,} of {both:,} figures differ, {far:,} by more than a tenth; "
        f"`python -m benchmarks.history {name}` lists them."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is kept, or what changed."""
    parser = argparse.ArgumentParser(prog="benchmarks.history", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("name", nargs="?", help="a folder of results")
    parser.add_argument("--from", dest="commit", help="the commit to compare with (the measurement before)")
    parser.add_argument("--only", default="", help="figures whose name holds this")
    options = parser.parse_args(arguments)
    if options.name is None:
        for folder in sorted(RESULTS.iterdir()):
            print(folder.name, *(file.stem for file in results_of(folder.name)))
        return 0
    files = results_of(options.name)
    earlier = [file for file in files[:-1] if f"-{options.commit or ''}" in file.stem]
    if not earlier:
        print(f"results/{options.name}: nothing to compare the newest with", file=sys.stderr)
        return 1
    different, both = changes(read_result(earlier[-1]), read_result(files[-1]))
    shown = [one for one in different if options.only in one.name]
    rows = [[one.name, f"{one.before:g}", f"{one.now:g}", f"{one.share:+.1%}"] for one in shown]
    print(table_of(["figure", earlier[-1].stem, files[-1].stem, "change"], rows))
    print(f"\n{len(different)} of {both} figures differ.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
