"""What ships says under which licences it is, and carries their texts; documents point to files that exist."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from email.message import Message
from email.parser import BytesParser
from pathlib import Path

import pytest
from packaging.licenses import canonicalize_license_expression

PROJECT = Path(__file__).parent.parent
BUNDLES = PROJECT / "server" / "hunch" / "model" / "bundles"
EXPRESSION = "MIT AND Apache-2.0"
TEXTS = ("LICENSE", "LICENSE-APACHE", "NOTICE")

APACHE_SHA256 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
"""Of the licence's text as the Apache Software Foundation publishes it."""

DOCUMENTS = sorted(
    path.relative_to(PROJECT).as_posix()
    for pattern in ("*.md", ".github/**/*.md", "docs/*.md", "*/README.md", "server/hunch/model/**/*.md")
    for path in PROJECT.glob(pattern)
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution and the wheel that is built from it, as a release has them."""
    folder = tmp_path_factory.mktemp("built")
    environment = {**os.environ, "PYTHONPATH": _builder(folder / "builder")}
    _build(PROJECT, "sdist", folder, environment)
    with tarfile.open(_only(folder, "*.tar.gz")) as archive:
        _extract(archive, folder / "source")
    _build(_only(folder / "source", "codehunch-*"), "wheel", folder, environment)
    return folder


def test_the_wheel_says_and_carries_its_licences(built: Path) -> None:
    with zipfile.ZipFile(_only(built, "*.whl")) as wheel:
        content = {name: wheel.read(name) for name in wheel.namelist()}
    (info,) = {name.split("/")[0] for name in content if ".dist-info/" in name}
    _check_metadata(BytesParser().parsebytes(content[f"{info}/METADATA"]))
    for text in TEXTS:
        assert content[f"{info}/licenses/{text}"] == (PROJECT / text).read_bytes()
    _check_manifests({name: data for name, data in content.items() if name.endswith("/manifest.json")})


def test_the_source_distribution_says_and_carries_its_licences(built: Path) -> None:
    root = _only(built / "source", "codehunch-*")
    _check_metadata(BytesParser().parsebytes((root / "PKG-INFO").read_bytes()))
    for text in TEXTS:
        assert (root / text).read_bytes() == (PROJECT / text).read_bytes()
    manifests = root.glob("server/hunch/model/bundles/*/manifest.json")
    _check_manifests({path.relative_to(root).as_posix(): path.read_bytes() for path in manifests})


def test_the_texts_are_whole() -> None:
    apache = (PROJECT / "LICENSE-APACHE").read_bytes()
    assert hashlib.sha256(apache).hexdigest() == APACHE_SHA256
    mit = (PROJECT / "LICENSE").read_text(encoding="utf-8")
    assert mit.startswith("MIT License") and "Permission is hereby granted" in mit and "AS IS" in mit


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_point_to_files_that_exist(document: str) -> None:
    place = PROJECT / document
    text = re.sub(r"```.*?```", "", place.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:|#", target):
            assert (place.parent / target.partition("#")[0]).exists(), f"{document} points to {target}"


@pytest.mark.parametrize("card", sorted(BUNDLES.glob("*/MODEL_CARD.md")), ids=lambda card: card.parent.name)
def test_cards_name_files_that_exist(card: Path) -> None:
    named = re.findall(r"`([\w./-]+\.(?:md|json|onnx|bin|sh)|LICENSE[\w-]*|NOTICE)`", card.read_text(encoding="utf-8"))
    assert named
    for name in named:
        assert (card.parent / name).exists() or (PROJECT / name).exists(), name


def _check_metadata(metadata: Message) -> None:
    assert metadata["License-Expression"] == EXPRESSION == canonicalize_license_expression(EXPRESSION)
    assert sorted(metadata.get_all("License-File", [])) == sorted(TEXTS)


def _check_manifests(manifests: Mapping[str, bytes]) -> None:
    assert len(manifests) == len(list(BUNDLES.iterdir()))
    notice = (PROJECT / "NOTICE").read_text(encoding="utf-8")
    for name, content in manifests.items():
        manifest = json.loads(content)
        licence = canonicalize_license_expression(manifest["license"])
        assert set(re.findall(r"[\w.-]+", licence)) <= set(re.findall(r"[\w.-]+", EXPRESSION)), name
        for origin in manifest["derived_from"]:
            assert canonicalize_license_expression(origin["license"]) in licence
            assert origin["name"] in notice and origin["url"] in notice


def _builder(target: Path) -> str:
    """Return the folder of what builds packages, installed from the lock where it is not there; else nothing."""
    if importlib.util.find_spec("hatchling") is not None:
        return ""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet", "install"]
    lock = ["--require-hashes", "--no-deps", "--requirement", str(PROJECT / "locks" / "build.lock")]
    done = subprocess.run([*pip, "--target", str(target), *lock], capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        pytest.skip(f"hatchling is neither installed nor to be had: {done.stderr.strip()[-300:]}")
    return str(target)


def _build(source: Path, kind: str, out: Path, environment: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(out)]
    done = subprocess.run(command, cwd=source, env=dict(environment), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def _extract(archive: tarfile.TarFile, target: Path) -> None:
    if hasattr(tarfile, "data_filter"):
        archive.extractall(target, filter="data")
    else:
        archive.extractall(target)  # our own archive, made a moment ago


def _only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found
