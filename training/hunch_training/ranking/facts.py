"""What a step of the ranker's recipe says of itself, as JSON: numbers for the bundle, so that none is typed in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hunch_training.errors import TrainingError

RANKING = "ranking.json"
"""Beside the checkpoint of a run of ``hunch-train ranker``: model, features, context_of_static, answerability, metrics,
training."""


def read_facts(file: Path) -> dict[str, Any]:
    """Return what a step wrote.

    Raises:
        TrainingError: the file is missing, or no JSON object that names the model of its candidates.
    """
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{file}: not the result of a step of training/runs/ranker.sh ({error})") from None
    if not isinstance(facts, dict) or "model" not in facts:
        raise TrainingError(f"{file}: not the result of a step of training/runs/ranker.sh: it names no model")
    return facts


def write_facts(file: Path, facts: Mapping[str, Any]) -> None:
    """Write what a step found."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
