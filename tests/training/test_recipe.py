"""training/runs/bag.sh from one end to the other, small: a bundle that the product loads."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hunch.model.bundle import load_bundle
from hunch.model.encoder import Encoder

RECIPE = Path(__file__).parents[2] / "training/runs/bag.sh"


@pytest.mark.skipif(shutil.which("bash") is None, reason="the recipe is a bash script")
def test_small_recipe_makes_a_bundle(data: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHON": sys.executable, "SMALL": "1", "OMP_NUM_THREADS": "1"}
    command = ["bash", str(RECIPE), str(data), str(tmp_path / "work")]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)
    encoder = Encoder(load_bundle(tmp_path / "work/bag-en"))
    assert encoder.encode_queries(["alpha the apple"]).shape == (1, 256)
