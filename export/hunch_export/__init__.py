"""Trained models into bundles: ONNX graphs, parity checks, manifest and model card."""

import hunch  # noqa: F401  (switches ONNX Runtime's reports off, before it is imported)
