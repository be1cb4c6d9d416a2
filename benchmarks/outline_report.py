"""The table of definitions found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.table import table_of


def outline_tables(result: Mapping[str, Any]) -> str:
    """Return the table of benchmarks.outline: each figure of the commit before, then now."""
    before = result.get("before") or {}
    figures = ("definitions", "with values", "lines in ERROR", "in blocks", "us a chunk", "us a line")
    header = ["language", "packages", "lines", *figures]
    rows = []
    for language, now in result["languages"].items():
        old = before.get(language)
        rows.append(
            [
                language,
                str(len(now["packages"])),
                f"{now['lines']:,}",
                *(_pair(old, now, name, _share) for name in ("recall", "recall_with_values")),
                *(_pair(old, now, name, _percent) for name in ("error_lines", "block_lines")),
                *(_pair(old, now, name, _number) for name in ("us_a_chunk", "us_a_line")),
            ]
        )
    return f"Recall beside {result['ctags']}; before and now.\n\n{table_of(header, rows)}"


def _pair(old: Mapping[str, Any] | None, now: Mapping[str, Any], name: str, said: Any) -> str:
    return f"{said(old[name])}, {said(now[name])}" if old is not None else str(said(now[name]))


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _percent(value: float) -> str:
    return f"{value:.2%}"


def _number(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"
