"""The ranker as a graph says what the model says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from hunch.model import ranker
from hunch.model.session import load_graph
from hunch.search.rank import AGAINST, EVIDENCE
from hunch_export.cli import main
from hunch_export.parity import ParityError
from hunch_export.ranker_graph import check_ranker, weights_of, write_ranker
from hunch_training.ranker_model import Ranker


def test_graph_and_model_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    model = Ranker(len(EVIDENCE), len(AGAINST)).eval()
    file = tmp_path / "ranker.onnx"
    write_ranker(model, file)
    assert check_ranker(model, file) < 1e-4
    monkeypatch.setattr(ranker, "_graph", lambda: load_graph(file))
    evidence = np.random.default_rng(1).random((5, len(EVIDENCE)), np.float32)
    found = ranker.weigh(evidence, is_name=True)
    expected, bias = weights_of(model, evidence, True)
    assert np.concatenate(found[:2]) == pytest.approx(expected, abs=1e-4)
    assert found.bias == pytest.approx(bias, abs=1e-4)


def test_a_graph_of_other_weights_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ranker.onnx"
    write_ranker(Ranker(len(EVIDENCE), len(AGAINST)), file)
    with pytest.raises(ParityError, match="a weight differs"):
        check_ranker(Ranker(len(EVIDENCE), len(AGAINST)), file)


def test_the_one_that_ships_is_small_and_fits(tmp_path: Path) -> None:
    assert ranker.RANKER.stat().st_size < 200_000
    given = onnx.load(str(ranker.RANKER)).graph.input[0].type.tensor_type.shape.dim
    assert given[1].dim_value == len(EVIDENCE)
    assert len(ranker.weigh(np.ones((1, len(EVIDENCE)), np.float32), is_name=False).against) == len(AGAINST)


def test_a_run_of_another_stage_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    run.mkdir()
    torch.save({"step": 1, "settings": {}, "model": {}}, run / "best.pt")
    assert main(["ranker", "--run", str(run), "--out", str(tmp_path / "x.onnx")]) == 2
    assert "hunch-train ranker" in capsys.readouterr().err
