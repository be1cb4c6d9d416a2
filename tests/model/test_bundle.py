"""A model folder is whole, or it is refused in one line that names the file."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hunch.model.bundle import (
    BUNDLE_FORMAT,
    CODE_GRAPH,
    CONTEXTUAL_TOKENIZER,
    DEFAULT_BUNDLE,
    LARGEST_JSON,
    MANIFEST,
    MODEL_CARD,
    QUERY_GRAPH,
    SHIPPED,
    TOKENIZER,
    Bundle,
    BundleError,
    load_bundle,
    sha256_of,
    write_manifest,
)
from hunch.model.contextual import ContextualEncoder
from hunch.model.encoder import Encoder
from hunch.model.summariser import DEFAULT_SUMMARISER, NEEDS, Summariser


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the bundle that ships."""
    return Path(shutil.copytree(SHIPPED / DEFAULT_BUNDLE, tmp_path / "bundle"))


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the manifest's JSON."""
    file = folder / MANIFEST
    content = json.loads(file.read_text(encoding="utf-8"))
    change(content)
    file.write_text(json.dumps(content), encoding="utf-8")


def check_refused(folder: Path, file: str, *words: str, verify: bool = True) -> None:
    with pytest.raises(BundleError) as caught:
        load_bundle(folder, verify=verify)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{folder / file}: ")
    for word in words:
        assert word in message


def test_the_shipped_bundle_is_whole() -> None:
    bundle = load_bundle()
    assert bundle.folder == SHIPPED / DEFAULT_BUNDLE
    assert bundle.manifest.format == BUNDLE_FORMAT and bundle.manifest.name == DEFAULT_BUNDLE
    assert {QUERY_GRAPH, CODE_GRAPH, TOKENIZER, MODEL_CARD} <= bundle.manifest.sha256.keys()
    on_disk = {path.name for path in bundle.folder.iterdir()} - {MANIFEST}
    assert on_disk == bundle.manifest.sha256.keys()
    assert bundle.path(TOKENIZER).is_file()


def test_the_shipped_bundle_is_small() -> None:
    assert sum(path.stat().st_size for path in (SHIPPED / DEFAULT_BUNDLE).iterdir()) <= 40_000_000


def test_the_shipped_summariser_is_whole_and_small() -> None:
    folder = SHIPPED / DEFAULT_SUMMARISER
    bundle = load_bundle(folder, needs=NEEDS)
    assert bundle.manifest.name == DEFAULT_SUMMARISER
    assert {path.name for path in folder.iterdir()} == {MANIFEST, MODEL_CARD, *bundle.manifest.sha256}
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 25_000_000


def test_a_copy_is_the_same_model(folder: Path) -> None:
    assert load_bundle(folder).manifest == load_bundle().manifest
    assert load_bundle(folder).manifest.identity == load_bundle().manifest.identity


def test_no_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    check_refused(folder, MANIFEST, "no model bundle")


def test_no_folder(tmp_path: Path) -> None:
    check_refused(tmp_path / "nowhere", MANIFEST, "no model bundle")


def test_a_file_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "model").write_text("x")
    check_refused(tmp_path / "model", MANIFEST)


def test_a_folder_for_a_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    (folder / MANIFEST).mkdir()
    check_refused(folder, MANIFEST, "cannot be read")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"not json", b"\xff\xfe\x00", b"null", b"[]", b"7", b'"bag-en"', b"{}", b'{"format": 1}', b"\x00" * 50],
)
def test_a_manifest_that_is_none(folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)
    check_refused(folder, MANIFEST, "install Hunch again")


@pytest.mark.parametrize("opening", [b"[", b'{"format":'])
def test_a_manifest_that_is_nested_too_deeply(folder: Path, opening: bytes) -> None:
    (folder / MANIFEST).write_bytes(opening * 200_000)
    check_refused(folder, MANIFEST, "nested too deeply")


def test_a_manifest_that_is_too_large(folder: Path) -> None:
    with (folder / MANIFEST).open("ab") as file:
        file.truncate(LARGEST_JSON + 1)
    check_refused(folder, MANIFEST, "the limit is")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_manifest_that_is_a_pipe(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    os.mkfifo(folder / MANIFEST)
    check_refused(folder, MANIFEST, "not a file")


@pytest.mark.parametrize("change", ["deep", "large", "list"])
@pytest.mark.parametrize(
    ("bundle", "name", "use"),
    [
        (DEFAULT_BUNDLE, TOKENIZER, Encoder),
        (DEFAULT_BUNDLE, CONTEXTUAL_TOKENIZER, ContextualEncoder),
        (DEFAULT_SUMMARISER, TOKENIZER, Summariser),
    ],
)
def test_a_vocabulary_that_is_none_is_told_in_one_line(
    tmp_path: Path, bundle: str, name: str, use: Callable[[Bundle], object], change: str
) -> None:
    folder = Path(shutil.copytree(SHIPPED / bundle, tmp_path / "bundle"))
    content = {"deep": b'{"type":' * 100_000, "large": b" " * (LARGEST_JSON + 1), "list": b"[]"}[change]
    (folder / name).write_bytes(content)
    edit(folder, lambda manifest: manifest["sha256"].update({name: sha256_of(folder / name)}))
    loaded = load_bundle(folder, needs=[])
    with pytest.raises(BundleError) as caught:
        use(loaded)
    assert str(caught.value).startswith(f"{folder / name}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("number", [0, 2, 99, -1])
def test_another_format_says_both_numbers(folder: Path, number: int) -> None:
    edit(folder, lambda manifest: manifest.update(format=number))
    check_refused(folder, MANIFEST, f"format {number}", f"reads {BUNDLE_FORMAT}")


@pytest.mark.parametrize(
    "key", ["format", "name", "version", "dim", "max_tokens", "languages", "training_data", "sha256"]
)
def test_a_key_that_is_missing_is_named(folder: Path, key: str) -> None:
    edit(folder, lambda manifest: manifest.pop(key))
    check_refused(folder, MANIFEST, key)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", "1"),
        ("format", None),
        ("format", 1.0),
        ("name", 5),
        ("name", None),
        ("version", 0),
        ("dim", "256"),
        ("dim", 256.0),
        ("dim", None),
        ("dim", [256]),
        ("max_tokens", "384"),
        ("max_tokens", None),
        ("languages", "python"),
        ("languages", {"python": 1}),
        ("training_data", None),
        ("sha256", []),
        ("sha256", None),
        ("metrics", []),
        ("training", "recipe"),
        ("license", ["MIT"]),
        ("license", None),
        ("derived_from", "all-MiniLM-L6-v2"),
        ("derived_from", {"name": "x"}),
    ],
)
def test_a_value_of_the_wrong_type_is_named(folder: Path, key: str, value: object) -> None:
    edit(folder, lambda manifest: manifest.update({key: value}))
    check_refused(folder, MANIFEST, key)


@pytest.mark.parametrize("value", [5, None, ["x"], True, "", "00"])
def test_a_checksum_that_is_none(folder: Path, value: object) -> None:
    edit(folder, lambda manifest: manifest["sha256"].update({QUERY_GRAPH: value}))
    with pytest.raises(BundleError, match=rf"^{folder}[^\n]*$"):
        load_bundle(folder)


@pytest.mark.parametrize("name", [QUERY_GRAPH, CODE_GRAPH, TOKENIZER])
def test_a_file_that_the_manifest_does_not_list(folder: Path, name: str) -> None:
    edit(folder, lambda manifest: manifest["sha256"].pop(name))
    check_refused(folder, MANIFEST, name)


@pytest.mark.parametrize("name", sorted(load_bundle(verify=False).manifest.sha256))
@pytest.mark.parametrize("verify", [True, False])
def test_a_file_that_is_missing(folder: Path, name: str, verify: bool) -> None:
    (folder / name).unlink()
    check_refused(folder, name, "missing", verify=verify)


@pytest.mark.parametrize("name", sorted(load_bundle(verify=False).manifest.sha256))
@pytest.mark.parametrize("place", [0, -1])
def test_a_changed_byte(folder: Path, name: str, place: int) -> None:
    content = bytearray((folder / name).read_bytes())
    content[place] ^= 1
    (folder / name).write_bytes(content)
    check_refused(folder, name, "checksum")
    assert load_bundle(folder, verify=False).manifest == load_bundle().manifest


@pytest.mark.parametrize("keep", [0, 100])
def test_a_file_cut_short(folder: Path, keep: int) -> None:
    content = (folder / CODE_GRAPH).read_bytes()
    (folder / CODE_GRAPH).write_bytes(content[:keep])
    check_refused(folder, CODE_GRAPH, "checksum")


def test_what_a_later_version_may_add_is_let_be(folder: Path) -> None:
    edit(folder, lambda manifest: manifest.update(homepage="x", tower={"kind": 1}))
    (folder / "notes.txt").write_text("more")
    assert load_bundle(folder).manifest == load_bundle().manifest


@pytest.mark.parametrize(
    "origin",
    [
        "all-MiniLM-L6-v2",
        None,
        {},
        {"name": "x", "license": "MIT"},
        {"name": "x", "url": "https://example.org"},
        {"name": "x", "license": "", "url": "https://example.org"},
        {"name": 5, "license": "MIT", "url": "https://example.org"},
        {"name": "x", "license": ["MIT"], "url": "https://example.org"},
    ],
)
def test_an_origin_that_is_not_described(folder: Path, origin: object) -> None:
    edit(folder, lambda manifest: manifest.update(derived_from=[origin]))
    check_refused(folder, MANIFEST, "derived_from", "name, license and url")


@pytest.mark.parametrize("license", ["", "MIT", "Apache", "MIT OR Apache-1.1", "MIT\nAND Apache"])
def test_a_licence_that_leaves_out_that_of_an_origin(folder: Path, license: str) -> None:
    edit(folder, lambda manifest: manifest.update(license=license))
    check_refused(folder, MANIFEST, "license", "Apache-2.0", "all-MiniLM-L6-v2")


def test_a_bundle_that_does_not_say_its_licence_and_origins(folder: Path) -> None:
    edit(folder, lambda manifest: (manifest.pop("license"), manifest.pop("derived_from")))
    manifest = load_bundle(folder).manifest
    assert (manifest.license, manifest.derived_from) == ("", [])


def test_metrics_and_training_may_be_missing(folder: Path) -> None:
    edit(folder, lambda manifest: (manifest.pop("metrics"), manifest.pop("training")))
    manifest = load_bundle(folder).manifest
    assert manifest.metrics == {} and manifest.training == {}


def test_the_identity_follows_name_version_and_files() -> None:
    manifest = load_bundle().manifest
    changed = manifest.sha256 | {CODE_GRAPH: "0" * 64}
    others = [
        replace(manifest, name="other"),
        replace(manifest, version="other"),
        replace(manifest, sha256=changed),
        replace(manifest, sha256=manifest.sha256 | {"more.bin": "1" * 64}),
    ]
    assert len({manifest.identity, *(other.identity for other in others)}) == 5
    assert manifest.identity.startswith(f"{manifest.name}-{manifest.version}-")


def test_the_identity_ignores_what_does_not_reach_the_vectors() -> None:
    manifest = load_bundle().manifest
    reworded = manifest.sha256 | {MODEL_CARD: "0" * 64}
    same = replace(
        manifest, metrics={}, training={}, license="MIT", derived_from=[], sha256=dict(reversed(list(reworded.items())))
    )
    assert same.identity == manifest.identity


def test_a_manifest_is_written_as_it_is_read(folder: Path) -> None:
    manifest = replace(load_bundle(folder).manifest, version="é 7", metrics={"mrr": 0.5})
    write_manifest(folder, manifest)
    assert load_bundle(folder).manifest == manifest


def test_a_checksum_is_that_of_the_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"")
    assert sha256_of(file) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    file.write_bytes(b"a" * (3 << 20))
    whole = sha256_of(file)
    file.write_bytes(b"a" * ((3 << 20) - 1) + b"b")
    assert sha256_of(file) != whole
