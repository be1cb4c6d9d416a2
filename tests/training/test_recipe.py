"""The recipes of training/runs from one end to the other, small."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hunch.model.bundle import load_bundle
from hunch.model.encoder import Encoder

RECIPES = Path(__file__).parents[2] / "training/runs"

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the recipes are bash scripts")


def run_small(recipe: str, *arguments: Path) -> None:
    environment = {**os.environ, "PYTHON": sys.executable, "SMALL": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        ["bash", str(RECIPES / recipe), *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr


def test_small_recipe_makes_a_bundle(data: Path, tmp_path: Path) -> None:
    run_small("static.sh", data, tmp_path)
    encoder = Encoder(load_bundle(tmp_path / "static-en"))
    assert encoder.encode_queries(["alpha the apple"]).shape == (1, 256)


def test_small_recipe_makes_a_bundle_with_a_contextual_encoder(data: Path, public: Path, tmp_path: Path) -> None:
    run_small("search.sh", public, data, tmp_path)
    encoder = Encoder(load_bundle(tmp_path / "search-en"))
    assert encoder.contextual().encode_query("alpha the apple").shape == (24,)


def test_small_recipe_compares_towers_of_each_kind(data: Path, tmp_path: Path) -> None:
    run_small("bi_encoder.sh", data, tmp_path)
    head = (tmp_path / "table/bi_encoders.md").read_text(encoding="utf-8").splitlines()[0]
    assert head == "| set | bm25 | static | mixed | transformer |"
    assert (tmp_path / "table/bi_encoders.png").stat().st_size > 5_000
