"""Functions to sentences with the model that ships."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hunch.model.bundle import SHIPPED, TOKENIZER, BundleError, load_bundle, sha256_of, write_manifest
from hunch.model.summariser import DEFAULT_SUMMARISER, NEEDS, READ_GRAPH, Summariser, load_summariser

FUNCTIONS = [
    "def remove_file(path):\n    if os.path.exists(path):\n        os.remove(path)",
    "def get_user_name(self):\n    return self.user.name",
    "def is_empty(items):\n    return len(items) == 0",
    "def parse_date(text):\n    return datetime.strptime(text, FORMAT)",
    f"def total(prices):\n{'    count = add(prices, tax)' * 400}",
]


@pytest.fixture(scope="module")
def summariser() -> Summariser:
    return load_summariser()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the bundle that ships."""
    return Path(shutil.copytree(SHIPPED / DEFAULT_SUMMARISER, tmp_path / "summary"))


@pytest.mark.parametrize("code", FUNCTIONS, ids=["remove", "get", "is", "parse", "long"])
def test_a_sentence_shares_words_with_the_function(code: str, summariser: Summariser) -> None:
    summary = summariser.summarise(code)
    assert summary is not None and 0 < summary.confidence <= 1
    assert summary.text[0].isupper() and "<" not in summary.text
    assert set(summary.text.lower().strip(".").split()) & set(code.lower().replace("_", " ").replace("(", " ").split())


@pytest.mark.parametrize("code", ["", "(){}", "\n", "🙂"])
def test_without_a_word_there_is_nothing_to_say(code: str, summariser: Summariser) -> None:
    assert summariser.summarise(code) is None


def test_threads_write_the_same(summariser: Summariser) -> None:
    expected = [summariser.summarise(code) for code in FUNCTIONS]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(summariser.summarise, FUNCTIONS * 3)) == expected * 3


def test_wider_beams_never_write_a_less_likely_text(summariser: Summariser) -> None:
    for code in FUNCTIONS:
        ids = summariser.subwords.encode_code(code, 64)
        narrow, wide = (summariser.write(ids, beams=beams, penalty=0.0) for beams in (1, 16))
        assert wide.total >= narrow.total - 1e-4


def test_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"manifest\.json: no model bundle there"):
        load_summariser(tmp_path)


@pytest.mark.parametrize("name", [TOKENIZER, READ_GRAPH])
def test_a_file_that_cannot_be_used_is_named(name: str, folder: Path) -> None:
    (folder / name).write_text("nonsense")
    with pytest.raises(BundleError, match=rf"{name}: differs from its checksum"):
        load_summariser(folder)
    manifest = load_bundle(folder, needs=NEEDS, verify=False).manifest
    manifest.sha256[name] = sha256_of(folder / name)
    write_manifest(folder, manifest)
    with pytest.raises(BundleError, match=rf"{name}: .*: install Hunch again"):
        load_summariser(folder)
