"""The ranker as a graph says what the model says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hunch.model import ranker
from hunch.model.session import load_graph
from hunch.search.query_shape import SHAPE
from hunch.search.rank import AGAINST, EVIDENCE
from hunch_export.cli import main
from hunch_export.parity import ParityError
from hunch_export.ranker_graph import check_ranker, ranked_by, write_ranker
from hunch_training.ranker_model import Ranker
from hunch_training.train_ranker import USUAL, Settings, new_ranker

NO_SHAPE = np.zeros(len(SHAPE), np.float32)


@pytest.fixture
def model() -> Ranker:
    torch.manual_seed(0)
    made = new_ranker(Settings())
    for layer in (made.weights, made.chance):
        torch.nn.init.normal_(layer.weight)
    return made.eval()


def test_graph_and_model_agree(model: Ranker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ranker.onnx"
    write_ranker(model, file)
    assert check_ranker(model, file) < 1e-4
    monkeypatch.setattr(ranker, "_graph", lambda: load_graph(file))
    evidence = np.random.default_rng(1).random((5, len(EVIDENCE)), np.float32)
    against = np.eye(5, len(AGAINST), dtype=np.float32)
    shape = np.random.default_rng(2).random(len(SHAPE), np.float32)
    found = ranker.rank(evidence, against, shape)
    for one, expected in zip(found, ranked_by(model, evidence, against, shape), strict=True):
        assert one == pytest.approx(expected, abs=1e-4)


def test_a_graph_of_other_weights_is_refused(model: Ranker, tmp_path: Path) -> None:
    file = tmp_path / "ranker.onnx"
    write_ranker(model, file)
    with pytest.raises(ParityError, match="a weight or a score differs"):
        check_ranker(new_ranker(Settings()), file)


def test_an_untrained_ranker_ranks_with_the_usual_weights(tmp_path: Path) -> None:
    evidence = torch.rand(6, len(EVIDENCE)).numpy()
    scores, weights = ranked_by(new_ranker(Settings()), evidence, np.zeros((6, len(AGAINST)), np.float32), NO_SHAPE)
    assert weights == pytest.approx(USUAL, abs=1e-5)
    assert (np.argsort(scores) == np.argsort(evidence @ np.array(USUAL[: len(EVIDENCE)], np.float32))).all()


def test_the_one_that_ships_is_small_and_fits() -> None:
    assert ranker.RANKER.stat().st_size < 200_000
    one = ranker.rank(np.ones((1, len(EVIDENCE)), np.float32), np.zeros((1, len(AGAINST)), np.float32), NO_SHAPE)
    assert len(one.weights) == len(EVIDENCE + AGAINST)


def test_a_run_of_another_stage_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    run.mkdir()
    torch.save({"step": 1, "settings": {}, "model": {}}, run / "best.pt")
    assert main(["ranker", "--run", str(run), "--out", str(tmp_path / "x.onnx")]) == 2
    assert "hunch-train ranker" in capsys.readouterr().err
