"""The only ONNX Runtime: a graph on disk to a session that runs it."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import onnxruntime

from hunch.memory_limit import is_out_of_memory
from hunch.model.bundle import BundleError

Graph: TypeAlias = onnxruntime.InferenceSession


def load_graph(path: Path, threads: int = 1) -> Graph:
    """Load a graph for the processor.

    Raises:
        BundleError: ONNX Runtime cannot use the file.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # returns batch memory at once: the process lives for days
    options.log_severity_level = 4  # errors are raised besides
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises many unrelated types
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        what = "the memory does not suffice" if is_out_of_memory(error) else "install Hunch again"
        raise BundleError(f"{path}: ONNX Runtime cannot load it ({first}): {what}") from None
