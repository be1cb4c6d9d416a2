"""The table of benchmarks.lsp, each figure beside its target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.table import table_of

Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure."""

    name: str
    value: Callable[[Result], Any]
    shown: str
    """How it is written."""
    most: float | None = None
    """The target: at most so much."""


def lsp_tables(result: Result) -> str:
    """Return the table of benchmarks.lsp."""
    lines = []
    for row in ROWS:
        try:
            value = row.value(result)
        except KeyError:
            continue
        if row.most is None:
            target, verdict = "", ""
        else:
            target, verdict = row.shown.format(row.most), "yes" if value <= row.most else "**no**"
        lines.append([row.name, row.shown.format(value), target, verdict])
    about = f"{result['files']:,} files, {result['chunks']:,} chunks."
    return f"{about}\n\n" + table_of(["", "measured", "at most", "met"], lines)


def _figure(part: str, name: str, unit: float = 1.0) -> Callable[[Result], float]:
    return lambda result: float(result[part][name] * unit)


def _times(part: str, kind: str, share: str) -> Callable[[Result], float]:
    return lambda result: float(result[part][kind][share])


def _shares(name: str, part: str, kind: str, **most: float) -> list[Row]:
    """Return rows for the median and the percentiles; the target of p100 is that of the slowest."""
    shares = {"p50": "p50", "p95": "p95", "p99": "p99", "p100": "max"}
    written = {"p50": "p50", "p95": "p95", "p99": "p99", "p100": "slowest"}
    return [
        Row(f"{name}, {written[share]}, ms", _times(part, kind, field), "{:.1f}", most.get(share))
        for share, field in shares.items()
    ]


def _few(name: str, part: str, kind: str, most: float) -> list[Row]:
    return [
        Row(f"{name}, p50, ms", _times(part, kind, "p50"), "{:.0f}"),
        Row(f"{name}, p95, ms", _times(part, kind, "p95"), "{:.0f}", most),
        Row(f"{name}, slowest of n, ms", _times(part, kind, "max"), "{:.0f}", most),
        Row(f"{name}, n", _times(part, kind, "n"), "{:.0f}"),
    ]


ROWS: tuple[Row, ...] = (
    Row("start to `initialize`, ms", _figure("indexing", "initialize", 1000), "{:.0f}"),
    Row("start to the first hits, no index yet, s", _figure("indexing", "first_hits"), "{:.2f}"),
    Row("first index, s", _figure("quiet", "seconds"), "{:.1f}"),
    Row("its share of all cores", _figure("quiet", "cpu_share"), "{:.2f}", 0.5),
    Row("first index while searched, saved and typed in, s", _figure("indexing", "seconds"), "{:.1f}"),
    Row("its share of all cores, searches included", _figure("indexing", "cpu_share"), "{:.2f}"),
    *_shares("search while indexing", "indexing", "search", p99=150),
    *_few("save to found, while indexing", "indexing", "save", 200),
    *_few("change to found, while indexing", "indexing", "change", 150),
    *_shares("search while idle", "idle", "search", p50=15, p99=60),
    *_few("save to found", "idle", "save", 200),
    *_few("change to found", "idle", "change", 150),
    *_few("close without saving to saved state", "idle", "close", 150),
    *_few("cancelled to answered", "idle", "cancel", 50),
    Row("searches that were answered all the same", lambda result: result["idle"]["cancel"]["answered_before"], "{}"),
    Row("memory while idle, MB", _figure("idle", "rss_mb"), "{:.0f}"),
    Row("of it not in mapped files, MB", _figure("idle", "unique_mb"), "{:.0f}"),
    Row("children while idle", _figure("idle", "children"), "{:.0f}"),
    Row("peak memory while indexing, MB", _figure("indexing", "peak_mb"), "{:.0f}"),
    Row("of all children together, MB", _figure("indexing", "children_peak_mb"), "{:.0f}"),
    Row("processor time in an idle minute, s",
        lambda result: result["idle"]["cpu_seconds"] / result["idle"]["of_seconds"] * 60, "{:.2f}"),
    Row("checkout: changed files", _figure("checkout", "files"), "{:.0f}"),
    Row("checkout: git alone, s", _figure("checkout", "git"), "{:.2f}"),
    Row("checkout: until searches see all of it, s", _figure("checkout", "seconds"), "{:.1f}"),
    *_shares("search during a checkout", "checkout", "search", p99=150),
    Row("restart: `initialize`, ms", _figure("restart", "initialize", 1000), "{:.0f}"),
    Row("restart: first correct answer, s", _figure("restart", "correct"), "{:.2f}"),
    Row("restart: what changed meanwhile is found, s", _figure("restart", "caught_up"), "{:.2f}"),
    Row("shutdown to exit, idle, slowest, s", lambda result: result["ends"]["shutdown"]["max"] / 1000, "{:.2f}", 2),
    Row("shutdown to exit, indexing, s", _figure("ends", "shutdown_indexing"), "{:.2f}", 2),
    Row("end of input to exit, idle, s", _figure("ends", "hang_up"), "{:.2f}", 2),
    Row("end of input to exit, indexing, s", _figure("ends", "hang_up_indexing"), "{:.2f}", 2),
    Row("killed while indexing: its children end, s", _figure("ends", "orphans_end"), "{:.2f}", 2),
    Row("killed while indexing: next start to whole index, s", _figure("ends", "after_kill"), "{:.1f}"),
    Row("killed while idle: next start to what was just saved, s", _figure("ends", "after_kill_idle"), "{:.2f}"),
    Row("lines in the server's log", lambda result: result["log_lines"], "{}", 0),
)  # fmt: skip


def soak_tables(result: Result) -> str:
    """Return the table of benchmarks.soak."""
    memory, found = result["memory"], result["found_after"]
    rows = [
        ["repository", f"{result['repository']}, {result['files']:,} files at the end"],
        ["minutes, seed", f"{result['seconds'] / 60:g}, {result['seed']}"],
        ["things done", f"{sum(result['done'].values()):,}"],
        ["of them checkouts, folder renames, ignore files edited",
         ", ".join(str(result["done"].get(name, 0)) for name in ("check_out", "rename_folder", "edit_ignore_file"))],
        ["searches, p50 / p99, ms",
         f"{result['search']['n']:,}, {result['search']['p50']:.0f} / {result['search']['p99']:.0f}"],
        *([f"{kind} to seen, n, p50 / slowest, ms", f"{one['n']}, {one['p50']:.0f} / {one['max']:.0f}"]
          for kind, one in found.items()),
        ["memory after the first minute, at the end, MB", f"{memory['warm_mb']:.0f}, {memory['end_mb']:.0f}"],
        ["of it not in mapped files, MB", f"{memory['warm_unique_mb']:.0f}, {memory['end_unique_mb']:.0f}"],
        ["violations", str(len(result["violations"]))],
    ]  # fmt: skip
    return table_of(["", "seen"], rows)
