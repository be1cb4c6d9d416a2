"""The folder of a run: what it was started with, checkpoints, and figures as JSON lines and TensorBoard events."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from tensorboardX import SummaryWriter
from torch import nn

from hunch.model.bundle import sha256_of
from hunch_training.data.jsonl import files_of
from hunch_training.errors import TrainingError
from hunch_training.loop.settings import LoopSettings

LAST, BEST, METRICS, SETTINGS, EVENTS = "last.pt", "best.pt", "metrics.jsonl", "run.json", "events"


def describe_run(run: Path, stage: str, settings: LoopSettings, data: Sequence[Path], **more: Any) -> None:
    """Write run.json, or check that a run that goes on is the same one.

    Args:
        run: the folder; made when it is not there.
        stage: which program runs.
        settings: what decides the result.
        data: the files, or folders of jsonl files, that are read; their SHA-256 are written down.
        more: further things that must be the same when the run goes on, as JSON.

    Raises:
        TrainingError: the folder holds a run with another stage, other settings or other data.
    """
    same = {
        "stage": stage,
        "settings": asdict(settings),
        "data_sha256": {f"{file.parent.name}/{file.name}": sha256_of(file) for path in data for file in files_of(path)},
        **more,
    }
    file = run / SETTINGS
    if file.is_file():
        before = json.loads(file.read_text(encoding="utf-8"))
        different = [key for key, value in json.loads(json.dumps(same)).items() if before.get(key) != value]
        if different:
            what = ", ".join(_difference(key, before.get(key), same[key]) for key in different)
            raise TrainingError(f"{file}: a run with other {what}: give another --run or remove that folder")
        return
    run.mkdir(parents=True, exist_ok=True)
    made_by = {"git_commit": git_commit(), "torch": torch.__version__, "python": platform.python_version()}
    temporary = file.with_suffix(f".{os.getpid()}.tmp")  # several processes may write the same
    temporary.write_text(json.dumps({**same, **made_by}, indent=2) + "\n", encoding="utf-8")
    temporary.replace(file)


def git_commit() -> str | None:
    """Return the commit of the program that runs, with "+" when files were changed since; None without git."""
    here = Path(__file__).parent
    try:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=True)
        changed = subprocess.run(["git", "status", "--porcelain", "."], cwd=here, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return commit.stdout.strip() + ("+" if changed.stdout.strip() else "")


def save_checkpoint(path: Path, **state: Any) -> None:
    """Write a checkpoint so that a file of that name is always a whole one."""
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    temporary.replace(path)


def load_checkpoint(path: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Read a checkpoint; tensors and plain values only.

    Raises:
        TrainingError: there is none, or it is not one of ours.
    """
    if not path.is_file():
        raise TrainingError(f"{path}: no such checkpoint: train first, or give the folder of another run")
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True, map_location=device)
    except Exception as error:
        raise TrainingError(f"{path}: not a checkpoint that can be read ({type(error).__name__})") from error
    if not isinstance(state, dict) or "model" not in state:
        raise TrainingError(f"{path}: a checkpoint without a model")
    return state


def load_weights(model: nn.Module, weights: Mapping[str, Any], path: Path) -> None:
    """Give a model the weights of a checkpoint.

    Raises:
        TrainingError: they are of another shape, for example because the vocabulary is another one.
    """
    own = model.state_dict()
    for name in own.keys() | weights.keys():
        here, there = (None if name not in part else tuple(part[name].shape) for part in (own, weights))
        if here == there:
            continue
        if here and there and len(here) == len(there) and here[1:] == there[1:]:
            raise TrainingError(
                f"{path}: made with a vocabulary of {there[0]:,} pieces, this one has {here[0]:,}: "
                "give the vocabulary that the run was trained with"
            )
        raise TrainingError(
            f"{path}: a model of another shape ({name}: {there} there, {here} here): check the settings"
        )
    model.load_state_dict(weights)


class Figures:
    """Appends figures to metrics.jsonl and to TensorBoard's events."""

    def __init__(self, run: Path, step: int) -> None:
        """Begin or go on at a step: what a cut-off run wrote beyond it is taken out, as it comes again."""
        self._file = run / METRICS
        self._events = SummaryWriter(str(run / EVENTS), purge_step=step or None)
        kept = [entry for entry in read_metrics(run) if entry["step"] <= step]
        temporary = self._file.with_suffix(".tmp")
        temporary.write_text("".join(json.dumps(entry) + "\n" for entry in kept), encoding="utf-8")
        temporary.replace(self._file)

    def add(self, step: int, figures: Mapping[str, float | int]) -> None:
        """Write the figures of a step."""
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **figures}) + "\n")
        for name, value in figures.items():
            self._events.add_scalar(name, value, step)

    def close(self) -> None:
        """Write out what is buffered."""
        self._events.close()


def read_metrics(run: Path) -> list[dict[str, Any]]:
    """Return the entries of metrics.jsonl in order; a last line that was cut off is left out."""
    file = run / METRICS
    entries = []
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else []:
        try:
            entries.append(json.loads(line))
        except ValueError:
            break
    return entries


def _difference(key: str, before: Any, now: Any) -> str:
    if isinstance(before, dict) and isinstance(now, dict):
        names = [name for name in before.keys() | now.keys() if before.get(name) != now.get(name)]
        return f"{key} ({', '.join(sorted(names))})"
    return key
