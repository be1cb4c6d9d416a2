"""The ranker as a graph says what the model says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hunch.model.bundle import SHIPPED
from hunch.model.ranker import DEFAULT_RANKER, rank
from hunch.search.features import NAMES, NEGATIVE, POSITIVE
from hunch.search.query_features import QUERY_FEATURES
from hunch.search.rank import ranker_for
from hunch_export.cli import main
from hunch_export.parity import ParityError
from hunch_export.ranker_graph import check_ranker, ranked_by, write_graph
from hunch_training.ranking.calibrate import CALIBRATED
from hunch_training.ranking.linear import load_linear
from hunch_training.ranking.model import Ranker
from hunch_training.ranking.train import Settings, new_ranker, usual_weights

NOTHING = np.zeros(len(QUERY_FEATURES), np.float32)


@pytest.fixture
def model() -> Ranker:
    torch.manual_seed(0)
    made = new_ranker(Settings())
    for layer in (made.weights, made.calibration):
        torch.nn.init.normal_(layer.weight)
    return made.eval()


def test_graph_and_model_agree(model: Ranker) -> None:
    graph = write_graph(model)
    assert check_ranker(model, graph) < 1e-4


def test_a_graph_of_other_weights_is_refused(model: Ranker) -> None:
    with pytest.raises(ParityError, match="a weight or a score of the graph differs"):
        check_ranker(new_ranker(Settings()), write_graph(model))


def test_an_untrained_ranker_ranks_with_the_usual_weights() -> None:
    positive = torch.rand(6, len(POSITIVE)).numpy()
    usual = usual_weights(load_linear())
    scores, weights = ranked_by(new_ranker(Settings()), positive, np.zeros((6, len(NEGATIVE)), np.float32), NOTHING)
    assert weights == pytest.approx(usual, abs=1e-5)
    assert (np.argsort(scores) == np.argsort(positive @ np.array(usual[: len(POSITIVE)], np.float32))).all()


def test_the_one_that_ships_is_small_and_fits() -> None:
    folder = SHIPPED / DEFAULT_RANKER
    assert sum(file.stat().st_size for file in folder.iterdir()) < 200_000
    one = rank(
        ranker_for(None), np.ones((1, len(POSITIVE)), np.float32), np.zeros((1, len(NEGATIVE)), np.float32), NOTHING
    )
    assert len(one.weights) == len(NAMES)


def test_a_run_of_another_stage_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    run.mkdir()
    torch.save({"step": 1, "settings": {}, "model": {}}, run / CALIBRATED)
    arguments = ["ranker", "--run", str(run), "--similar", str(tmp_path / "x.json"), "--out", str(tmp_path / "x")]
    assert main(arguments) == 2
    assert "hunch-train ranker" in capsys.readouterr().err
