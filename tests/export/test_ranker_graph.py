"""The ranker as a graph says what the model says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hunch.model.session import load_graph
from hunch.search.rank import AGAINST, EVIDENCE
from hunch_export.cli import main
from hunch_export.parity import ParityError
from hunch_export.ranker_graph import check_ranker, weights_of, write_ranker
from hunch_training.ranker_model import Ranker


def test_graph_and_model_agree(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Ranker(len(EVIDENCE), len(AGAINST)).eval()
    torch.nn.init.normal_(model.hope.weight)
    file = tmp_path / "ranker.onnx"
    write_ranker(model, file)
    assert file.stat().st_size < 200_000
    assert check_ranker(model, file) < 1e-4
    evidence = np.random.default_rng(1).random((5, len(EVIDENCE)), np.float32)
    weights, bias = load_graph(file).run(None, {"evidence": evidence, "name": np.ones(1, np.float32)})
    expected, expected_bias = weights_of(model, evidence, True)
    assert weights == pytest.approx(expected, abs=1e-4) and float(bias[0]) == pytest.approx(expected_bias, abs=1e-4)
    assert (weights[: len(EVIDENCE)] >= 0).all() and (weights[len(EVIDENCE) :] <= 0).all()


def test_a_graph_of_other_weights_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ranker.onnx"
    write_ranker(Ranker(len(EVIDENCE), len(AGAINST)), file)
    with pytest.raises(ParityError, match="a weight differs"):
        check_ranker(Ranker(len(EVIDENCE), len(AGAINST)), file)


def test_a_run_of_another_stage_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    run.mkdir()
    torch.save({"step": 1, "settings": {}, "model": {}}, run / "best.pt")
    assert main(["ranker", "--run", str(run), "--out", str(tmp_path / "x.onnx")]) == 2
    assert "hunch-train ranker" in capsys.readouterr().err
