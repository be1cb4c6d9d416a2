"""The tables of hostile source and of faults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.table import table_of


def hostile_tables(result: Mapping[str, Any]) -> str:
    """Return the tables of benchmarks.hostile."""
    sizes = result["sizes"]
    names = list(next(iter(sizes.values()))["summary"])
    rows = [[name, *(_number(one["summary"][name]) for one in sizes.values())] for name in names]
    parts = [table_of(["", *(f"{int(size):,} bytes" for size in sizes)], rows)]
    for name in ("server, control", "server"):
        if name not in result:
            continue
        server = result[name]
        moments = {name: value for name, value in server.items() if isinstance(value, dict)}
        facts = {name: value for name, value in server.items() if not isinstance(value, dict)}
        header = [name, *next(iter(moments.values()))]
        parts.append(table_of(header, [[name, *map(_number, one.values())] for name, one in moments.items()]))
        parts.append("; ".join(f"{name}: {_number(value)}" for name, value in facts.items()) + ".")
    return "\n\n".join(parts)


def fault_tables(result: Mapping[str, Any]) -> str:
    """Return the table of benchmarks.faults."""
    rows = [
        [name, kind, str(tried), str(failed)]
        for name, row in result["rows"].items()
        for kind, (tried, failed) in row["kinds"].items()
    ]
    total = [sum(int(row[at]) for row in rows) for at in (2, 3)]
    return table_of(["fault", "kind", "tried", "failed"], [*rows, ["all", "", *map(str, total)]])


def _number(value: float) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
