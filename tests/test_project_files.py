"""What a maintainer finds beside the code: workflows, release notes, templates, hooks, citation."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = Path(__file__).parent.parent
WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))
SCRIPT = PROJECT / ".github" / "scripts" / "release_notes.py"

CHANGELOG = """# Changelog

## Unreleased

### Added
- New.

## [0.2.0] - 2027-01-02

### Fixed
- Mended; see ## in a line.

## 0.1.0
First.
"""


def load(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def workflow(name: str) -> Any:
    return load(PROJECT / ".github" / "workflows" / f"{name}.yml")


def steps(name: str) -> list[dict[str, Any]]:
    return [step for job in workflow(name)["jobs"].values() for step in job["steps"]]


@pytest.fixture(scope="module")
def notes() -> ModuleType:
    """The script that prints a release's notes."""
    spec = importlib.util.spec_from_file_location("release_notes", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ---- releases ----


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("0.2.0", "### Fixed\n- Mended; see ## in a line."),
        ("0.1.0", "First."),
        ("Unreleased", "### Added\n- New."),
        ("0.2", ""),
        ("0x2.0", ""),
    ],
)
def test_the_section_of_a_version(notes: ModuleType, title: str, expected: str) -> None:
    assert notes.section_of(CHANGELOG, title) == expected


@pytest.fixture
def released(tmp_path: Path, notes: ModuleType) -> Path:
    """A tree in which everything says 0.2.0."""
    for file in notes.VERSIONS:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        text = (PROJECT / file).read_text(encoding="utf-8")
        (tmp_path / file).write_text(text.replace(notes.version_in(file), "0.2.0"), encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    return tmp_path


def test_the_notes_of_a_tag(notes: ModuleType, released: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert notes.main(["v0.2.0"], released) == 0
    assert capsys.readouterr().out == "### Fixed\n- Mended; see ## in a line.\n"


def test_a_tag_of_another_version_is_refused(
    notes: ModuleType, released: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert notes.main(["v0.3.0"], released) == 1
    assert capsys.readouterr().err == "server/hunch/__init__.py: version 0.2.0, the tag says 0.3.0\n"


def test_a_version_that_the_changelog_does_not_have_is_refused(
    notes: ModuleType, released: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (released / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n- New.\n")
    assert notes.main(["v0.2.0"], released) == 1
    said = capsys.readouterr()
    assert said.out == "" and "no section 0.2.0" in said.err


def test_all_versions_agree_and_the_changelog_has_what_comes_next(notes: ModuleType) -> None:
    assert len({notes.version_in(file) for file in notes.VERSIONS} - {""}) == 1
    assert notes.section_of((PROJECT / "CHANGELOG.md").read_text(encoding="utf-8"), "Unreleased")
    (step,) = (step for step in steps("release") if "release_notes.py" in step.get("run", ""))
    assert str(SCRIPT.relative_to(PROJECT).as_posix()) in step["run"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="the release runs on Linux, in bash")
def test_a_release_says_where_the_project_is(tmp_path: Path) -> None:
    (step,) = (step for step in steps("release") if "project.urls" in step.get("run", ""))
    before = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(before, encoding="utf-8")
    names = {"GITHUB_SERVER_URL": "https://forge.example", "GITHUB_REPOSITORY": "us/hunch", "GITHUB_REF_NAME": "v0.2.0"}
    subprocess.run(["bash", "-euo", "pipefail", "-c", step["run"]], cwd=tmp_path, env=os.environ | names, check=True)
    after = tomllib.loads((tmp_path / "pyproject.toml").read_text(encoding="utf-8"))
    assert after["project"].pop("urls") == {
        "Repository": "https://forge.example/us/hunch",
        "Issues": "https://forge.example/us/hunch/issues",
        "Changelog": "https://forge.example/us/hunch/blob/v0.2.0/CHANGELOG.md",
    }
    assert after == tomllib.loads(before)


# ---- workflows ----


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_actions_are_pinned_and_may_only_read(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    used = re.findall(r"uses: (\S+)(.*)", text)
    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) and re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action
    content = load(file)
    assert content["permissions"] == {"contents": "read"}
    writing = {name for name, job in content["jobs"].items() if "write" in job.get("permissions", {}).values()}
    assert writing <= {"publish"}


def test_every_supported_version_is_tried() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    matrix = workflow("ci")["jobs"]["product"]["strategy"]["matrix"]
    named = [one.rpartition(" :: ")[2] for one in project["classifiers"] if "Python :: 3." in one]
    assert matrix["python"] == named and project["requires-python"] == f">={named[0]}"
    assert {system.partition("-")[0] for system in matrix["os"]} == {"ubuntu", "macos", "windows"}
    (oldest,) = (one.partition(">=")[2] for one in project["dependencies"] if one.startswith("onnxruntime"))
    tried = {(one["python"], one["onnxruntime"]) for one in matrix["include"]}
    assert (named[0], f"{oldest}.0") in tried and (named[-1], "newest") in tried


@pytest.mark.parametrize("name", ["ci", "release"])
def test_what_workflows_run_is_there(name: str) -> None:
    commands = "\n".join(step.get("run", "") for step in steps(name))
    places = re.findall(r"(?<![\w/.-])(?:tests|locks|editor-client|\.github)/[\w./-]*\w", commands)
    assert places or name != "ci"
    for place in places:
        assert (PROJECT / place).exists(), place
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for line in re.findall(r"^make (.+)$", commands, re.MULTILINE):
        assert set(line.split()) <= targets


# ---- templates, hooks, citation ----


def test_templates_ask_for_what_is_needed() -> None:
    forms = [load(file) for file in (PROJECT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if file.name != "config.yml"]
    assert len(forms) == 3
    for form in forms:
        assert form["name"] and form["description"]
        assert any(part.get("validations", {}).get("required") for part in form["body"])


def test_hooks_check_what_make_checks() -> None:
    (local,) = load(PROJECT / ".pre-commit-config.yaml")["repos"]
    assert local["repo"] == "local"
    entries = {hook["id"]: hook["entry"] for hook in local["hooks"]}
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    (checked,) = re.findall(r"^CHECKED := (.+)$", makefile, re.MULTILINE)
    assert entries["mypy"] == f".venv/bin/mypy {checked}"
    for part in ("ruff check", "ruff format", "lint-imports", "run lint"):
        assert part in makefile and any(part in entry for entry in entries.values())
    # Samples of Python end with .pyw, which ruff leaves out unless it is given them.
    assert not any(re.search(hook["files"], "tests/text/golden/samples/sample.pyw") for hook in local["hooks"])


@pytest.mark.parametrize("document", ["SECURITY.md", "CONTRIBUTING.md", "ARCHITECTURE.md"])
def test_tests_and_benchmarks_that_are_named_exist(document: str) -> None:
    text = (PROJECT / document).read_text(encoding="utf-8")
    places = set(re.findall(r"(?<![\w/.-])(?:tests|benchmarks|\.github|locks)/[\w./-]*\w", text))
    places |= {f"{name.replace('.', '/')}.py" for name in re.findall(r"(?<![\w/.])benchmarks\.[a-z_]+(?![\w(/])", text)}
    assert places
    for place in places:
        assert (PROJECT / place).exists(), place


def test_the_citation_is_of_this_version() -> None:
    citation = load(PROJECT / "CITATION.cff")
    assert citation["cff-version"] == "1.2.0" and citation["message"] and citation["authors"]
    assert citation["title"].startswith("Hunch")
