"""Every stage is a command, and the import contracts name every stage."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hunch_training.cli import STAGES, main

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
NOT_YET = {"hunch_training.train_ranker", "hunch_training.ablate_ranker"}
"""Flat modules; they are listed when they lie in a folder of their own."""


def test_the_contract_names_every_stage() -> None:
    contract = PYPROJECT.read_text(encoding="utf-8").split('name = "No stage imports a stage"')[1]
    listed = set(re.findall(r'"(hunch_training\.[\w.]+)"', contract.split("]")[0]))
    assert listed == {f"hunch_training.{module}" for module, _ in STAGES.values()} - NOT_YET


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_says_what_it_is_given(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([stage, "--help"])
    assert ended.value.code == 0
    assert f"usage: hunch-train {stage}" in capsys.readouterr().out
