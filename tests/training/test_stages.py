"""Every stage is a command; import contracts, README and log name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hunch_training.cli import STAGES, main

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
TRAINING = PYPROJECT.parent / "training"
RANKER = ("ranking.",)
"""Its stages are one pipeline, of which a later stage trains as an earlier one does."""


def test_the_contract_names_every_stage() -> None:
    contract = PYPROJECT.read_text(encoding="utf-8").split('name = "No stage imports a stage"')[1]
    listed = set(re.findall(r'"(hunch_training\.[\w.]+)"', contract.split("]")[0]))
    assert listed == {f"hunch_training.{module}" for module, _ in STAGES.values() if not module.startswith(RANKER)}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_says_what_it_is_given(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([stage, "--help"])
    assert ended.value.code == 0
    assert f"usage: hunch-train {stage}" in capsys.readouterr().out


def test_the_readme_says_what_each_folder_and_file_holds() -> None:
    readme = (TRAINING / "README.md").read_text(encoding="utf-8")
    folders = {f"{file.parent.name}/" for file in TRAINING.glob("hunch_training/*/__init__.py")}
    assert set(re.findall(r"^\| `(\w+/)` \|", readme, re.MULTILINE)) == folders
    stages = dict(re.findall(r"^\| `([\w-]+)` \| `([\w/]+)\.py` \|", readme, re.MULTILINE))
    assert stages == {name: module.replace(".", "/") for name, (module, _) in STAGES.items()}


def test_each_entry_of_the_log_has_a_date_and_stands_in_its_contents() -> None:
    log = (TRAINING / "LOG.md").read_text(encoding="utf-8")
    contents = re.findall(r"^ *- \[(.*)\]\(#(.*)\), \d{4}-\d\d-\d\d(?: to \d{4}-\d\d-\d\d)?$", log, re.MULTILINE)
    dated = re.findall(r"^##+ (.*)\n\n\*\d{4}-\d\d-\d\d(?: to \d{4}-\d\d-\d\d)?\*$", log, re.MULTILINE)
    assert [title for title, _ in contents] == dated == re.findall(r"^##+ (.*)$", log, re.MULTILINE)
    for title, anchor in contents:
        assert anchor == re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
