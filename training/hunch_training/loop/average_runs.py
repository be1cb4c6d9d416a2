"""Average the weights of runs that started from the same weights and saw the same data (model soups).

    hunch-train average-runs runs/short runs/long --run runs/static

Wortsman et al., 2022, arXiv:2203.05482: runs with other rates and lengths end in one basin, and the mean of their
weights is better than each. The result is a run folder of its own, of the same size.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hunch_training.errors import TrainingError
from hunch_training.loop.run_folder import BEST, SETTINGS, load_checkpoint, save_checkpoint


def average_runs(runs: Sequence[Path], out: Path) -> None:
    """Write the mean of the best weights of some runs as a run.

    Raises:
        TrainingError: the runs differ in start, vocabulary or data, so that their mean has no meaning, or one of the
            folders holds none.
    """
    described = [_read(run / SETTINGS) for run in runs]
    states = [load_checkpoint(run / BEST) for run in runs]
    for run, description, state in zip(runs, described, states, strict=True):
        if _start(description, state) != _start(described[0], states[0]):
            raise TrainingError(
                f"{run}: another start (seed, shape, vocabulary, data) than {runs[0]}: average like runs"
            )
    mean = {name: sum(state["model"][name] for state in states) / len(states) for name in states[0]["model"]}
    out.mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in states[0].items() if name == "shape"}
    save_checkpoint(out / BEST, model=mean, step=max(state["step"] for state in states), **kept)
    description = {**described[0], "averaged": [description["settings"] for description in described]}
    (out / SETTINGS).write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")


def _read(file: Path) -> dict[str, Any]:
    try:
        described: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{file}: {error}: give the folder of a run") from error
    return described


def _start(described: dict[str, Any], state: dict[str, Any]) -> tuple[Any, ...]:
    shape = state.get("shape"), {name: weights.shape for name, weights in state["model"].items()}
    given = (described.get(name) for name in ("tokenizer_sha256", "data_sha256", "start_from_sha256"))
    return described["settings"]["seed"], shape, *given


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("runs", type=Path, nargs="+", help="the folders of the runs")
    parser.add_argument("--run", type=Path, required=True, help="the folder of their mean")


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    average_runs(options.runs, options.run)
