"""Licences of bundles: what their weights derive from, and what the training data are under; one table of each.

Manifests and cards take both from here, so that they say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from hunch.model.bundle import Manifest

OWN_LICENCE = "MIT"
"""Of what was trained from scratch."""


class Origin(NamedTuple):
    """A model that weights or a vocabulary started from."""

    name: str
    license: str
    """SPDX identifier"""
    url: str


MINILM = Origin("all-MiniLM-L6-v2", "Apache-2.0", "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2")

_BY_WEIGHTS = {"53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db": MINILM}
"""SHA-256 of model.safetensors to the model."""

DATA_LICENCES = {
    "packages_pairs": "documentation comments and their functions from released packages (PyPI, npm, Debian); each "
    "package under its own licence, which every row names: most under Apache-2.0, MIT and BSD, a few percent under "
    "LGPL, MPL and other free ones; none under GPL or AGPL alone",
    "packages_pairs_gpl": "the same from PHP packages under GPL-2 or GPL-3",
    "conala": "StackOverflow questions and Python answers as curated by CoNaLa, CC BY-SA 4.0",
    "so_codenn": "StackOverflow titles and C#, Python and SQL answers from CODE-NN, CC BY-SA 3.0",
}
"""Data set to what it is and its licences."""

DATA_STATEMENT = """\
The training data are not part of the bundle: it holds learned numbers and word pieces. Some of the data are copyleft
(LGPL, MPL, CC BY-SA). We hold that the licences of the data do not extend to such numbers; no court has settled it."""


def origin_of(weights_sha256: str) -> Origin:
    """Return the public model of a file of weights; one that is not in the table is named by its checksum."""
    unknown = Origin("an unknown public model", "LicenseRef-unknown", f"urn:sha256:{weights_sha256}")
    return _BY_WEIGHTS.get(weights_sha256, unknown)


def licensed(manifest: Manifest, origins: Sequence[Origin] = ()) -> Manifest:
    """Return a manifest with ``license``, an SPDX expression, and ``derived_from``."""
    expression = " AND ".join(dict.fromkeys([OWN_LICENCE, *(origin.license for origin in origins)]))
    return replace(manifest, license=expression, derived_from=[origin._asdict() for origin in origins])


def described_data(names: Sequence[str]) -> str:
    """Return a list of data sets with their licences, as Markdown."""
    return "\n".join(f"- `{name}`: {DATA_LICENCES.get(name, 'see its own description')}" for name in names)
