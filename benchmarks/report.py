"""The result tables of README.md, made from the result files.

python -m benchmarks.report            writes them between the marks in benchmarks/README.md
python -m benchmarks.report --print    prints them
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.history import in_a_sentence
from benchmarks.lsp_report import lsp_tables, soak_tables
from benchmarks.machine import in_words, load_result
from benchmarks.outline_report import outline_tables
from benchmarks.robustness_report import fault_tables, hostile_tables
from benchmarks.table import table_of

README = Path(__file__).resolve().parent / "README.md"

_ROWS = ("static", "dense", "lexical", "linear", "hybrid")


def quality_tables(result: Mapping[str, Any]) -> str:
    """Return the tables of benchmarks.quality."""
    parts = []
    for split, content in result["splits"].items():
        if content["sets"]:
            names = [name for name in (*_ROWS, "public") if any(name in one for one in content["sets"])]
            rows = [
                [one["set"], str(one["queries"]), one["metric"],
                 *(_with_interval(one[name]) if name in one else "" for name in names)]
                for one in content["sets"]
            ]  # fmt: skip
            header = [result.get("public", name) if name == "public" else name.replace("_", " ") for name in names]
            parts.append(
                f"**{split} sets** ([95% interval])\n\n" + table_of(["set", "queries", "metric", *header], rows)
            )
        parts += [
            _workspace_table(split, content["workspaces"], kind)
            for kind in ("commit", "doc", "module")
            if any(row["kind"] == kind for row in content["workspaces"])
        ]
        if content.get("symbols"):
            parts.append(_symbol_table(split, content["symbols"]))
    return "\n\n".join(parts)


def _symbol_table(split: str, rows: Sequence[Mapping[str, Any]]) -> str:
    header = ["names", "queries", *(f"recall@1, {name}" for name in _named_rows(rows)), "MRR, hybrid"]
    lines = [
        [row["form"], str(row["queries"]), *(_with_interval(row[name]["recall@1"]) for name in _named_rows(rows)),
         _with_interval(row["hybrid"]["mrr"])]
        for row in rows
    ]  # fmt: skip
    return f"**{split} workspaces, names** ([95% interval])\n\n" + table_of(header, lines)


def _workspace_table(split: str, rows: Sequence[Mapping[str, Any]], kind: str) -> str:
    header = ["workspace", "queries"]
    figures = {"file": "by file"} if kind == "module" else {"file": "by file", "name": "by definition"}
    header += [f"NDCG@10 {figure}, {name}" for figure in figures.values() for name in _named_rows(rows)]
    header += [f"recall@10 {figure}" for figure in figures.values()]
    lines = []
    for row in rows:
        if row["kind"] != kind or (row["rows"] == "plain" and row["workspace"] != "all"):
            continue
        name = row["workspace"] if row["rows"] == "all" else f"{row['workspace']}, plain"
        cells = [f"{row[one][f'{figure}_ndcg']['mean']:.3f}" for figure in figures for one in _named_rows(rows)]
        cells += [f"{row['hybrid'][figure]['mean']:.3f}" for figure in (f"{name}_recall" for name in figures)]
        lines.append([name, str(row["queries"]), *cells])
    return f"**{split} workspaces, {kind} queries** (recall of hybrid)\n\n" + table_of(header, lines)


def _named_rows(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [name for name in _ROWS if all(name in row for row in rows)]


def speed_tables(result: Mapping[str, Any]) -> str:
    """Return the tables of benchmarks.speed."""
    sizes = result["sizes"]
    header = ["", *(f"{one['hunch_cold']['chunks']:,.0f} chunks" for one in sizes), "target"]
    rows = [[name, *(_cell(value, one) for one in sizes), target] for name, value, target in _SPEED]
    return table_of(header, [row for row in rows if any(row[1:-1])])


def _cell(value: Callable[[Mapping[str, Any]], str], size: Mapping[str, Any]) -> str:
    try:
        return value(size)
    except KeyError:
        return ""


def _per_chunk(size: Mapping[str, Any], figure: str, unit: float) -> float:
    return float(size["hunch_cold"][figure] / size["hunch_cold"]["chunks"] * unit)


def _memory(size: Mapping[str, Any], task: str) -> str:
    one = size[task]
    own = f"{one['peak_mb']:.0f} MB"
    return own if one["largest_child_mb"] < 1 else f"{own}, largest worker {one['largest_child_mb']:.0f} MB"


def _queries(size: Mapping[str, Any], task: str) -> str:
    return " / ".join(f"{size[task][f'p{share}_ms']:.2f}" for share in (50, 95, 99))


_SPEED: tuple[tuple[str, Callable[[Mapping[str, Any]], str], str], ...] = (
    ("files", lambda s: f"{s['hunch_cold']['files']:,.0f}", ""),
    ("cold index, s", lambda s: f"{s['hunch_cold']['seconds']:.2f}", ""),
    ("semble, s (with save)", lambda s: f"{s['semble_cold']['seconds']:.2f} ({s['semble_cold']['with_save']:.2f})", ""),
    ("cold index, Hunch / semble", lambda s: f"{s['hunch_cold']['seconds'] / s['semble_cold']['seconds']:.2f}", "1.0"),
    ("the same in CPU seconds", lambda s: f"{s['hunch_cold']['cpu'] / s['semble_cold']['cpu']:.2f}", ""),
    ("semble's chunks", lambda s: f"{s['semble_cold']['chunks']:,.0f}", ""),
    ("files/s", lambda s: f"{s['hunch_cold']['files'] / s['hunch_cold']['seconds']:,.0f}", ""),
    ("chunks/s", lambda s: f"{s['hunch_cold']['chunks'] / s['hunch_cold']['seconds']:,.0f}", ""),
    ("cold index, µs a chunk", lambda s: f"{_per_chunk(s, 'seconds', 1e6):.0f}", ""),
    ("unchanged re-index, s", lambda s: f"{s['hunch_unchanged']['seconds']:.2f}", "1 at 10,000 files"),
    ("one-file update, ms", lambda s: f"{s['hunch_one_file']['seconds'] * 1000:.0f}", "100"),
    ("query p50 / p95 / p99, ms", lambda s: _queries(s, "hunch_query"), "2 at 10k, 5 at 100k"),
    ("the same after the second pass", lambda s: _queries(s, "hunch_query_in_context"), ""),
    ("semble query p50 / p95 / p99, ms", lambda s: _queries(s, "semble_query"), ""),
    ("start to first answer, s", lambda s: f"{s['hunch_query']['start']:.2f}", "1"),
    ("semble, s", lambda s: f"{s['semble_query']['start']:.2f}", ""),
    ("`hunch search --no-update`, s", lambda s: f"{s['hunch_command']['seconds']:.2f}", ""),
    ("`hunch search`, s", lambda s: f"{s['hunch_command_updating']['seconds']:.2f}", ""),
    ("second pass, s", lambda s: f"{s['hunch_read']['seconds']:.0f}", ""),
    ("second pass, chunks/s", lambda s: f"{s['hunch_read']['chunks'] / s['hunch_read']['seconds']:,.0f}", ""),
    ("peak memory, searching", lambda s: _memory(s, "hunch_query"), "250 MB"),
    ("the same with contextual embeddings", lambda s: _memory(s, "hunch_query_in_context"), "240 MB"),
    ("a server that computes them", lambda s: f"{s['hunch_server']['resident_mb']:.0f} MB", "300 MB"),
    ("start and ten queries", lambda s: f"{s['hunch_ten']['seconds']:.1f} s, {_memory(s, 'hunch_ten')}", ""),
    ("peak memory, indexing", lambda s: _memory(s, "hunch_cold"), "1,500 MB"),
    ("semble: searching", lambda s: _memory(s, "semble_query"), ""),
    ("semble: indexing", lambda s: _memory(s, "semble_cold"), ""),
    ("index, bytes a chunk", lambda s: f"{_per_chunk(s, 'bytes', 1):,.0f}", ""),
    ("the same after the second pass", lambda s: f"{s['hunch_read']['bytes'] / s['hunch_read']['chunks']:,.0f}", ""),
    ("semble, bytes a chunk", lambda s: f"{s['semble_cold']['bytes'] / s['semble_cold']['chunks']:,.0f}", ""),
)


def lexical_tables(result: Mapping[str, Any]) -> str:
    """Return the table of benchmarks.lexical."""
    header = ["engine", "build, s", "2 terms p50 / p95, ms", "5 terms", "10 terms", "replace a file, ms", "on disk, MB",
              "in memory, MB", "MRR"]  # fmt: skip
    rows = []
    for one in result["engines"]:
        queries = [f"{one['queries'][n]['p50_ms']:.2f} / {one['queries'][n]['p95_ms']:.2f}" for n in ("2", "5", "10")]
        rows.append([one["engine"], f"{one['build']:.1f}", *queries, f"{one['replace_ms']:.2f}",
                     f"{one['disk_mb']:.0f}", f"{one['memory_mb']:.0f}", _with_interval(one["mrr"])])  # fmt: skip
    return f"{result['chunks']:,} chunks, {result['asked']:,} questions.\n\n" + table_of(header, rows)


def tuning_tables(result: Mapping[str, Any]) -> str:
    """Return the tables of how the linear baseline was fitted."""
    steps = result["ndcg"]
    figures = list(steps["before"]["valid"])
    columns = [
        ("train", "before"),
        ("train", "climbed"),
        ("valid", "before"),
        ("valid", "static embedding alone"),
        ("valid", "climbed"),
        ("valid", "shipped"),
    ]
    header = ["queries", *(f"{split}, {step}" for split, step in columns)]
    rows = [[name, *(f"{steps[step][split][name]:.3f}" for split, step in columns)] for name in figures]
    return table_of(header, rows)


def verdict_tables(result: Mapping[str, Any]) -> str:
    """Return the tables of benchmarks.ranking."""
    ndcg = result["ndcg"]
    rows = [[name, *(f"{one[name]:.3f}" for one in ndcg.values())] for name in ndcg["learned"]]
    verdict = result["verdict"]
    called = ["relevant", "weak", "none"]
    shares = [[name, *(f"{one[verdict_]:.1%}" for verdict_ in called)] for name, one in verdict["valid_shares"].items()]
    bins = [[f"{one['score']:.2f}", f"{one['right']:.2f}", str(one["hits"])] for one in result["calibration"]]
    reliability = table_of(["mean score", "share that is right", "hits"], bins)
    return (
        f"{table_of(['queries', *ndcg], rows)}\n\nVerdicts on valid workspaces, relevant from a best score of "
        f"{verdict['relevant']}, none below {verdict['weak']}:\n\n{table_of(['queries', *called], shares)}\n\n"
        "Best hits of queries that have an answer; expected calibration error "
        f"{result['expected_calibration_error']:.3f}, of sentences alone "
        f"{result['expected_calibration_error_of_sentences']:.3f}:\n\n{reliability}"
    )


def training_speed_tables(result: Mapping[str, Any]) -> str:
    """Return the table of benchmarks.training_speed."""
    header = ["", "tokens/s", "beside", "ratio", "share of the peak"]
    rows = [
        [
            one["variant"],
            f"{one['tokens_per_second']:,.0f}",
            one["compared_with"] or "",
            f"{one['ratio']:.2f} [{one['ratio_low']:.2f}, {one['ratio_high']:.2f}]" if one["compared_with"] else "",
            f"{one['share_of_peak']:.0%}",
        ]
        for one in result["variants"]
    ]
    peaks = ", ".join(f"{value:.0f} GFLOP/s on {threads}" for threads, value in result["peak_gflops"].items())
    return f"{table_of(header, rows)}\n\nPeak: {peaks} threads. Median of {result['rounds']} rounds [lowest, highest]."


def encoder_tables(result: Mapping[str, Any]) -> str:
    """Return the table of benchmarks.encoders."""
    header = ["encoder", "pieces of code a second", "µs a piece", "a question, ms", "MB"]
    rows = [
        [name, f"{one['pieces_per_second']:,.0f}", f"{one['microseconds_a_piece']:,.0f}", f"{one['question_ms']:.2f}",
         f"{one['bytes'] / 1e6:.1f}"]
        for name, one in result["encoders"].items()
    ]  # fmt: skip
    return table_of(header, rows)


def in_context_tables(result: Mapping[str, Any]) -> str:
    """Return the tables of benchmarks.in_context."""
    costs = [[f"{one['chunks']:,}", *(f"{one[name]:.2f}" for name in ("build_ms", "file_ms", "search_ms"))]
             for one in result["cost"]]  # fmt: skip
    gains = [
        [one["set"], *(f"{one[name]['without']:.3f} to {one[name]['with']:.3f}, {one[name]['mean']:+.4f}"
                       f" [{one[name]['low']:+.4f}, {one[name]['high']:+.4f}]" for name in ("mrr", "recall@10")),
         f"{one['candidates']['without']:.3f} to {one['candidates']['with']:.3f}"]
        for one in result["gain"]
    ]  # fmt: skip
    return "\n\n".join([
        table_of(["valid set", "MRR", "recall@10", "answers among the candidates"], gains),
        table_of(["chunks", "building, ms", "one file more, ms", "a question, ms"], costs),
    ])  # fmt: skip


def similar_tables(result: Mapping[str, Any]) -> str:
    """Return the table of benchmarks.similar."""
    rows = [[row, *(_with_interval(value) for value in figures.values())] for row, figures in result["rows"].items()]
    header = ["", *next(iter(result["rows"].values()))]
    return f"{result['pieces']:,} functions of {result['split']} workspaces.\n\n{table_of(header, rows)}"


def _with_interval(value: Mapping[str, float]) -> str:
    return f"{value['mean']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"


TABLES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "quality": quality_tables,
    "speed": speed_tables,
    "lexical": lexical_tables,
    "tune_ranking": tuning_tables,
    "verdicts": verdict_tables,
    "lsp": lsp_tables,
    "soak": soak_tables,
    "hostile": hostile_tables,
    "faults": fault_tables,
    "training_speed": training_speed_tables,
    "encoders": encoder_tables,
    "in_context": in_context_tables,
    "similar": similar_tables,
    "outline": outline_tables,
}


def filled_tables() -> dict[str, str]:
    """Return what stands between the marks of each benchmark: its newest figures, what on, what changed."""
    results = {name: load_result(name) for name in TABLES}
    return {
        name: f"{TABLES[name](result)}\n\nMeasured on {in_words(result['machine'])}. {in_a_sentence(name)}".rstrip()
        for name, result in results.items()
        if result is not None
    }


def fill(text: str, name: str, tables: str) -> str:
    """Put tables between the marks ``<!-- NAME -->`` and ``<!-- /NAME -->`` of a page."""
    marks = re.compile(rf"(<!-- {name} -->).*?(<!-- /{name} -->)", re.DOTALL)
    return marks.sub(lambda found: f"{found[1]}\n\n{tables}\n\n{found[2]}", text)


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill README.md, or print the tables."""
    parser = argparse.ArgumentParser(prog="benchmarks.report", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--print", action="store_true", help="print the tables and leave README.md alone")
    options = parser.parse_args(arguments)
    text = README.read_text(encoding="utf-8")
    for name, filled in filled_tables().items():
        if options.print:
            print(f"## {name}\n\n{filled}\n")
        text = fill(text, name, filled)
    if not options.print:
        README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
