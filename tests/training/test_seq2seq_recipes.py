"""The recipes of the models that write, small, from one end to the other."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RUNS = Path(__file__).parents[2] / "training/runs"


@pytest.mark.skipif(shutil.which("bash") is None, reason="the recipe is a bash script")
def test_small_recipe_ends_with_figures(data: Path, tmp_path: Path) -> None:
    command = tmp_path / "hunch-train"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hunch_training.cli "$@"\n')
    command.chmod(0o755)
    environment = {**os.environ, "TRAIN": str(command), "SMALL": "1"}
    recipe = ["bash", str(RUNS / "seq2seq.sh"), str(data), str(tmp_path / "work")]
    done = subprocess.run(recipe, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "work/report/figures.json").read_text())
    assert set(figures["figures"]) == {"most similar function", "rnn", "transformer", "together"}
    assert figures["rows"] == 20 and (tmp_path / "work/report/curves.png").is_file()
