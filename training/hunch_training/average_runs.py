"""Average the weights of runs that started from the same weights and saw the same data (model soups).

Wortsman et al., 2022, arXiv:2203.05482: runs with other rates and lengths end in one basin, and the mean of their
weights is better than each. The result is a run folder of its own, of the same size.

    python -m hunch_training.average_runs runs/short runs/long --run runs/bag
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from hunch_training.train_bag import BEST, SETTINGS


def average_runs(runs: Sequence[Path], out: Path) -> None:
    """Write the mean of the best weights of some runs as a run.

    Raises:
        ValueError: the runs differ in start, vocabulary or data, so that their mean has no meaning.
    """
    described = [json.loads((run / SETTINGS).read_text(encoding="utf-8")) for run in runs]
    for run, description in zip(runs, described, strict=True):
        if _start(description) != _start(described[0]):
            raise ValueError(f"{run}: another seed, size, vocabulary or data than {runs[0]}")
    states = [torch.load(run / BEST, weights_only=True) for run in runs]
    mean = {name: sum(state["model"][name] for state in states) / len(states) for name in states[0]["model"]}
    out.mkdir(parents=True, exist_ok=True)
    torch.save({"model": mean, "step": max(state["step"] for state in states)}, out / BEST)
    description = {**described[0], "averaged": [description["settings"] for description in described]}
    (out / SETTINGS).write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")


def _start(description: dict[str, Any]) -> tuple[Any, ...]:
    settings = description["settings"]
    return settings["seed"], settings["dim"], description["tokenizer_sha256"], description["data_sha256"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Average runs from the command line."""
    parser = argparse.ArgumentParser(prog="average_runs", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("runs", type=Path, nargs="+", help="the folders of the runs")
    parser.add_argument("--run", type=Path, required=True, help="the folder of their mean")
    options = parser.parse_args(arguments)
    average_runs(options.runs, options.run)


if __name__ == "__main__":
    main()
