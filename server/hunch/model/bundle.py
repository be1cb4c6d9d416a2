"""A model bundle: the folder that holds what a model needs, its typed manifest and the checks on loading."""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from hunch.text.json_file import read_json

BUNDLE_FORMAT = 1
MANIFEST = "manifest.json"
QUERY_GRAPH = "query.onnx"
CODE_GRAPH = "code.onnx"
TOKENIZER = "tokenizer.json"
CONTEXTUAL_GRAPH = "contextual.onnx"
CONTEXTUAL_TOKENIZER = "contextual_tokenizer.json"
"""What a bundle may have besides, for contextual embeddings."""
MODEL_CARD = "MODEL_CARD.md"

SHIPPED = Path(__file__).parent / "bundles"
DEFAULT_BUNDLE = "search-en"
SEARCHES = (QUERY_GRAPH, CODE_GRAPH, TOKENIZER)
"""What a bundle that searches has; one that writes has other graphs."""


LARGEST_JSON = 32_000_000
"""Bytes of a manifest or a vocabulary; those that ship have less than a thirtieth."""

T = TypeVar("T")

_SPDX = re.compile(r"[A-Za-z0-9.+-]+")


class BundleError(Exception):
    """A bundle cannot be used; the message is one line that names the file and what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says about itself."""

    format: int
    name: str
    version: str
    dim: int
    max_tokens: int
    languages: list[str]
    training_data: list[str]
    sha256: dict[str, str]
    """Checksum of every other file of the bundle, by its name."""
    license: str = ""
    """An SPDX expression for the files of the bundle; empty when whoever made it did not say."""
    derived_from: list[dict[str, str]] = field(default_factory=list)
    """Models that weights or vocabularies started from: name, license (SPDX) and url of each."""
    metrics: dict[str, float] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    """Recipe, seeds, data hashes: what is needed to build the bundle again."""

    @property
    def identity(self) -> str:
        """A short text that differs whenever the vectors of two bundles can differ; the card does not count."""
        weights = {name: digest for name, digest in self.sha256.items() if name != MODEL_CARD}
        digest = hashlib.sha256(json.dumps(weights, sort_keys=True).encode()).hexdigest()
        return f"{self.name}-{self.version}-{digest[:12]}"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified bundle on disk."""

    folder: Path
    manifest: Manifest

    def path(self, name: str) -> Path:
        """Return the place of one of the bundle's files."""
        return self.folder / name


def load_bundle(folder: Path | None = None, *, verify: bool = True, needs: Sequence[str] = SEARCHES) -> Bundle:
    """Read and check a bundle; without a folder, the one that ships with Hunch.

    Args:
        folder: the bundle's folder.
        verify: compare every file with its checksum. One pass over the files, about 10 ms for 10 MB.
        needs: files without which it is of no use.

    Raises:
        BundleError: the folder is no bundle, of another format, or one of its files is missing or changed.
    """
    folder = SHIPPED / DEFAULT_BUNDLE if folder is None else folder
    manifest = _read_manifest(folder / MANIFEST)
    if manifest.format != BUNDLE_FORMAT:
        raise BundleError(
            f"{folder / MANIFEST}: bundle format {manifest.format}, this Hunch reads {BUNDLE_FORMAT}: "
            "install a Hunch of the same age as the model"
        )
    for name in needs:
        if name not in manifest.sha256:
            raise BundleError(f"{folder / MANIFEST}: lists no {name}: the bundle is incomplete, install it again")
    for name, expected in manifest.sha256.items():
        path = folder / name
        if not path.is_file():
            raise BundleError(f"{path}: missing from the model bundle: install Hunch again")
        if verify and sha256_of(path) != expected:
            raise BundleError(f"{path}: differs from its checksum: install Hunch again")
    return Bundle(folder, manifest)


def read_vocabulary(bundle: Bundle, name: str, load: Callable[[str], T]) -> T:
    """Return what a JSON file of a bundle holds, as a function reads it that raises ValueError.

    Raises:
        BundleError: it cannot be read, or is not such a file.
    """
    path = bundle.path(name)
    try:
        return load(read_text(path))
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: {error}: install Hunch again") from None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a bundle whose other files are already there."""
    text = json.dumps(asdict(manifest), indent=2, ensure_ascii=False, sort_keys=True)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _read_manifest(path: Path) -> Manifest:
    try:
        content = read_json(read_text(path))
    except FileNotFoundError:
        raise BundleError(f"{path}: no model bundle there: give a folder with a {MANIFEST}") from None
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: cannot be read ({error}): install Hunch again") from None
    try:
        return _manifest_of(content)
    except (TypeError, ValueError) as error:
        raise BundleError(f"{path}: not a manifest ({error}): install Hunch again") from None


def read_text(path: Path) -> str:
    """Return the text of a file of a bundle.

    Raises:
        OSError, ValueError: it cannot be read, is no file, or is larger than LARGEST_JSON.
    """
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        raise ValueError("not a file")  # a pipe would be waited for
    if about.st_size > LARGEST_JSON:
        raise ValueError(f"{about.st_size:,} bytes, the limit is {LARGEST_JSON:,}")
    return path.read_text(encoding="utf-8")


def _manifest_of(content: Any) -> Manifest:
    if not isinstance(content, Mapping):
        raise TypeError("not a JSON object")
    expected: dict[str, type] = {
        "format": int, "name": str, "version": str, "dim": int, "max_tokens": int,
        "languages": list, "training_data": list, "sha256": dict, "metrics": dict, "training": dict,
        "license": str, "derived_from": list,
    }  # fmt: skip
    known = {f.name for f in fields(Manifest)}
    values = {name: value for name, value in content.items() if name in known}
    for name, value in values.items():
        if not isinstance(value, expected[name]):
            raise TypeError(f"{name} is not {expected[name].__name__}")
    _check_origins(values.get("license", ""), values.get("derived_from", []))
    return Manifest(**values)


def _check_origins(license: str, derived_from: Sequence[Any]) -> None:
    """Raise ValueError unless each origin is described and its licence is part of the bundle's."""
    for origin in derived_from:
        named = isinstance(origin, Mapping) and all(
            isinstance(origin.get(key), str) and origin[key] for key in ("name", "license", "url")
        )
        if not named:
            raise ValueError("derived_from: an entry without name, license and url")
        if not set(_SPDX.findall(origin["license"])) <= set(_SPDX.findall(license)):
            raise ValueError(f"license {license!r} leaves out {origin['license']!r} of {origin['name']!r}")
