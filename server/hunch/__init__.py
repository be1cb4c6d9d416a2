"""Hunch finds code by what it does: offline semantic search for any editor."""

import os

__version__ = "0.1.0"

# ONNX Runtime's wheels from 1.29 on report usage to their maker unless this stands before they are imported. Nothing
# leaves the machine: whatever the environment says, it stands here, and processes started from this one inherit it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
