"""Trained models into bundles: ONNX graphs, parity checks, manifest and model card."""
