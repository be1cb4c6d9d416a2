"""Pictures of runs: curves over epochs, attention, and samples to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hunch_training.loop.run_folder import read_metrics

# Colours that people with any colour vision tell apart (Okabe and Ito, 2008).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
mpl.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "hunch"})


def draw_curves(runs: Mapping[str, Path], file: Path, names: Sequence[str] | None = None) -> None:
    """Draw each figure of the epochs over the steps, a panel a figure, a line a run.

    Args:
        runs: label to folder.
        file: PNG or SVG.
        names: which figures; None for the loss and all that the runs measured on valid rows.
    """
    entries = {label: [e for e in read_metrics(run) if "epoch" in e] for label, run in runs.items()}
    found = {name: None for listed in entries.values() for e in listed for name in e}
    names = names or [name for name in found if name == "loss" or name.startswith("valid")]
    figure = Figure(figsize=(3.4 * len(names), 2.8), layout="constrained")
    for number, name in enumerate(names):
        axes = figure.add_subplot(1, len(names), number + 1)
        for (label, listed), colour in zip(entries.items(), _colours(len(entries)), strict=True):
            points = [(e["epoch"], e[name]) for e in listed if name in e]
            axes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=label, color=colour)
        axes.set_title(name.replace("_", " "))
        axes.set_xlabel("epoch")
        if number == 0 and len(runs) > 1:
            axes.legend(frameon=False)
    figure.savefig(file, dpi=130)


def draw_attention(
    attention: NDArray[np.float32], source: Sequence[str], written: Sequence[str], file: Path, title: str = ""
) -> None:
    """Draw where a model looked, float32 [written, source], darker for more."""
    figure = Figure(figsize=(1.5 + 0.16 * len(source), 1.2 + 0.2 * len(written)), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(attention, cmap="Blues", aspect="auto", vmin=0)
    axes.set_xticks(range(len(source)), source, rotation=90, fontsize=7)
    axes.set_yticks(range(len(written)), written, fontsize=8)
    axes.set_title(title, fontsize=9)
    figure.savefig(file, dpi=130)


def draw_scatter(
    points: Mapping[str, tuple[float, float]], file: Path, *, x: str, y: str, logarithmic: bool = True
) -> None:
    """Draw named points, for example quality against speed."""
    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for (label, point), colour in zip(points.items(), _colours(len(points)), strict=True):
        axes.scatter(*point, color=colour, zorder=3)
        axes.annotate(label, point, xytext=(5, 4), textcoords="offset points", fontsize=8)
    if logarithmic:
        axes.set_xscale("log")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.25)
    axes.margins(0.18)
    figure.savefig(file, dpi=130)


def draw_reliability(bins: Sequence[Mapping[str, float]], file: Path) -> None:
    """Draw how often hits are right against what their scores say, with the number of hits below.

    Args:
        bins: each with the mean ``score``, the share of ``right`` and the number of ``hits``.
        file: PNG or SVG.
    """
    figure = Figure(figsize=(4.2, 3.8), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    above.plot([0, 1], [0, 1], color="#999999", linewidth=1, linestyle="--")
    above.plot([one["score"] for one in bins], [one["right"] for one in bins], marker="o", color=COLOURS[0])
    above.set_ylabel("share that is right")
    above.set_ylim(0, 1)
    below.bar([one["score"] for one in bins], [one["hits"] for one in bins], width=0.06, color=COLOURS[0])
    below.set_ylabel("hits")
    below.set_xlabel("score of the best hit")
    below.set_xlim(0, 1)
    figure.savefig(file, dpi=130)


def write_samples(rows: Sequence[Mapping[str, str]], file: Path, title: str) -> None:
    """Write rows of named texts as a page to read; a text under the name "code" keeps its lines."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join("<tr>" + "".join(_cell(name, row.get(name, "")) for name in names) + "</tr>\n" for row in rows)
    file.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>body{{font:14px sans-serif;margin:2em}}td,th{{vertical-align:top;"
        "text-align:left;padding:.5em;border-top:1px solid #ccc}pre{margin:0;max-width:48em;overflow:auto}</style>"
        f"<h1>{escape(title)}</h1><table><tr>{head}</tr>\n{body}</table></html>\n",
        encoding="utf-8",
    )


def _cell(name: str, text: str) -> str:
    return f"<td><pre>{escape(text)}</pre></td>" if name == "code" else f"<td>{escape(text)}</td>"


def _colours(count: int) -> list[str]:
    return [COLOURS[number % len(COLOURS)] for number in range(count)]
