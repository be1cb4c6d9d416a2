"""The bundles that ship give the same with the oldest ONNX Runtime that Hunch supports as with the one at hand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

PROJECT = Path(__file__).parents[2]
SCRIPT = """
import json, sys
import hunch
import numpy as np
import onnxruntime
from hunch.model.bundle import load_bundle
from hunch.model.encoder import Encoder
from hunch.model.ranker import rank, ranker_of
from hunch.model.summariser import load_summariser
from hunch.search.query import parse_query
from hunch.search.features import COLUMNS, NEGATIVE, POSITIVE
from hunch.search.query_features import query_features_of
from hunch.text.render import Source, render_source

code = "def remove_file(path):\\n    if os.path.exists(path):\\n        os.remove(path)"
encoder = Encoder(load_bundle())
source = Source("remove_file", "src/files.py", "def remove_file(path)", "", code)
chunk = render_source(source)
vectors = [encoder.encode_queries(["delete a file"])[0], encoder.encode_chunks(encoder.bag_chunks([chunk]))[0]]
vectors += [encoder.contextual().encode_query("delete a file"), encoder.contextual().encode_chunks([source])[0] / 127]
features = [np.linspace(0, 1, 5 * len(POSITIVE), dtype=np.float32).reshape(5, -1)]
features += [np.eye(5, len(NEGATIVE), dtype=np.float32)]
ranker = ranker_of(encoder.bundle, COLUMNS)
vectors[:0] = list(rank(ranker, *features, query_features_of(parse_query("delete a file"))))
summary = load_summariser().summarise(code)
print(json.dumps([onnxruntime.__version__, [v.tolist() for v in vectors], summary.text, summary.confidence]))
"""


def test_the_oldest_runtime_gives_the_same(tmp_path: Path) -> None:
    found = re.search(r'"onnxruntime>=([\d.]+)"', (PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    assert found is not None
    oldest = f"{found[1]}.0"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-input"]
    install = [*pip, "--no-deps", "--target", str(tmp_path / "old"), f"onnxruntime=={oldest}"]
    done = subprocess.run(install, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        # A Python that came after this release has no wheel of it; without an index nothing can be had.
        pytest.skip(f"onnxruntime {oldest} cannot be installed here: {done.stderr.strip()[-300:]}")
    (old, old_vectors, old_text, old_confidence), (new, vectors, text, confidence) = (
        _run({"PYTHONPATH": str(tmp_path / "old")}), _run({})
    )  # fmt: skip
    assert (old, new) == (oldest, onnxruntime.__version__)
    for one, other in zip(old_vectors[:4], vectors[:4], strict=True):
        assert one == pytest.approx(other, abs=1e-5)
    # In context what is multiplied is rounded as it comes, which a last bit tips over.
    for one, other in zip(old_vectors[4:], vectors[4:], strict=True):
        assert np.dot(one, other) / (np.linalg.norm(one) * np.linalg.norm(other)) > 0.98
    assert old_text == text and old_confidence == pytest.approx(confidence, abs=1e-3)


def _run(environment: dict[str, str]) -> tuple[str, list[list[float]], str, float]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env={**os.environ, **environment}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    version, vectors, text, confidence = json.loads(done.stdout)
    return version, vectors, text, confidence
