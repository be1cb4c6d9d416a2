"""Export a ranker as a graph, and check that both say the same. The product does not rank with it yet.

hunch-export ranker --run runs/ranker --out ranker.onnx

One graph: evidence float32 [n, signals] of one query's candidates and name float32 [1], whether it is one word, to the
query's weights float32 [signals + marks] and its bias float32 [1]; the sharpness of the run is multiplied in.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor
from torch.nn import Module

from hunch_export.bag_graph import IR_VERSION, OPSET
from hunch_export.parity import ParityError
from hunch_training.errors import TrainingError
from hunch_training.ranker_model import Lists, Ranker, statistics_of
from hunch_training.run_folder import BEST, load_checkpoint, load_weights

LARGEST_DIFFERENCE = 1e-3
"""Between a weight of the graph and of the model"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command is given."""
    parser.add_argument("--run", type=Path, required=True, help="the run of hunch-train ranker")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")


def run_command(options: argparse.Namespace) -> None:
    """Export."""
    model = load_ranker(options.run / BEST)
    write_ranker(model, options.out)
    difference = check_ranker(model, options.out)
    print(f"{options.out}: {options.out.stat().st_size:,} bytes, largest difference of a weight {difference:.1e}")


def load_ranker(path: Path) -> Ranker:
    """Return the ranker of a checkpoint.

    Raises:
        TrainingError: there is no such checkpoint, or it is none of a ranker.
    """
    state = load_checkpoint(path)
    if "ranker" not in state:
        raise TrainingError(f"{path}: the checkpoint of another stage: give the run of hunch-train ranker")
    model = Ranker(**state["ranker"])
    load_weights(model, state["model"], path)
    return model.eval()


def write_ranker(model: Ranker, place: Path) -> None:
    """Write the graph of a ranker."""
    signals = model.signals
    sharpness = float(model.sharpness.detach().exp())
    constants = {
        "mean": _numbers(model.mean), "spread": _numbers(model.spread),
        "first.weight": _numbers(model.first.weight).T, "first.bias": _numbers(model.first.bias),
        "weights.weight": _numbers(model.weights.weight).T, "weights.bias": _numbers(model.weights.bias),
        "bias.weight": _numbers(model.bias.weight).T, "bias.bias": _numbers(model.bias.bias),
        "hope": _numbers(model.hope.weight).T,
        "sharpness": np.float32(sharpness), "minus": np.float32(-sharpness), "zero": np.float32(0),
        "cut": np.array([signals, model.marks], np.int64), "flat": np.array([-1], np.int64),
    }  # fmt: skip
    nodes = [
        helper.make_node("ReduceMax", ["evidence"], ["greatest"], axes=[0], keepdims=0),
        helper.make_node("Max", ["greatest", "zero"], ["above"]),
        helper.make_node("ReduceMean", ["evidence"], ["middle"], axes=[0], keepdims=0),
        helper.make_node("Mul", ["evidence", "evidence"], ["squares"]),
        helper.make_node("ReduceMean", ["squares"], ["square"], axes=[0], keepdims=0),
        helper.make_node("Mul", ["middle", "middle"], ["middle2"]),
        helper.make_node("Sub", ["square", "middle2"], ["difference"]),
        helper.make_node("Max", ["difference", "zero"], ["variance"]),
        helper.make_node("Sqrt", ["variance"], ["deviation"]),
        helper.make_node("Concat", ["above", "middle", "deviation", "name"], ["statistics"], axis=0),
        helper.make_node("Sub", ["statistics", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "spread"], ["scaled"]),
        helper.make_node("MatMul", ["scaled", "first.weight"], ["first.product"]),
        helper.make_node("Add", ["first.product", "first.bias"], ["first"]),
        helper.make_node("Tanh", ["first"], ["hidden"]),
        helper.make_node("MatMul", ["hidden", "weights.weight"], ["weights.product"]),
        helper.make_node("Add", ["weights.product", "weights.bias"], ["raw"]),
        helper.make_node("Softplus", ["raw"], ["positive"]),
        helper.make_node("Split", ["positive", "cut"], ["for", "against"], axis=0),
        helper.make_node("Mul", ["for", "sharpness"], ["for.sharp"]),
        helper.make_node("Mul", ["against", "minus"], ["against.sharp"]),
        helper.make_node("Concat", ["for.sharp", "against.sharp"], ["weights"], axis=0),
        helper.make_node("MatMul", ["hidden", "bias.weight"], ["bias.product"]),
        helper.make_node("Add", ["bias.product", "bias.bias"], ["bias.hidden"]),
        helper.make_node("MatMul", ["scaled", "hope"], ["hope.product"]),
        helper.make_node("Add", ["bias.hidden", "hope.product"], ["bias.raw"]),
        helper.make_node("Reshape", ["bias.raw", "flat"], ["bias"]),
    ]
    graph = helper.make_graph(
        nodes,
        "ranker",
        [
            helper.make_tensor_value_info("evidence", TensorProto.FLOAT, ["candidates", signals]),
            helper.make_tensor_value_info("name", TensorProto.FLOAT, [1]),
        ],
        [
            helper.make_tensor_value_info("weights", TensorProto.FLOAT, [signals + model.marks]),
            helper.make_tensor_value_info("bias", TensorProto.FLOAT, [1]),
        ],
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in constants.items()],
    )
    written = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(written)
    onnx.save(written, str(place))


def check_ranker(model: Ranker, place: Path, queries: int = 50) -> float:
    """Return the largest difference of a weight on random candidates.

    Raises:
        ParityError: it is more than the tolerance.
    """
    session = onnxruntime.InferenceSession(str(place), providers=["CPUExecutionProvider"])
    generator = np.random.default_rng(0)
    largest = 0.0
    for _ in range(queries):
        count = int(generator.integers(1, 200))
        evidence = generator.random((count, model.signals), np.float32) * generator.random(model.signals, np.float32)
        is_name = bool(count % 2)
        weights, bias = session.run(None, {"evidence": evidence, "name": np.array([is_name], np.float32)})
        expected, expected_bias = weights_of(model, evidence, is_name)
        largest = max(largest, float(np.abs(weights - expected).max()), abs(float(bias[0]) - expected_bias))
    if largest > LARGEST_DIFFERENCE:
        raise ParityError(f"{place}: a weight differs by {largest:.1e}")
    return largest


def weights_of(model: Ranker, evidence: NDArray[np.float32], is_name: bool) -> tuple[NDArray[np.float32], float]:
    """Return what the model says of one query's candidates: weights and bias as the graph gives them."""
    nothing = torch.zeros(len(evidence), model.marks)
    lists = Lists(
        torch.from_numpy(evidence),
        nothing,
        torch.zeros(len(evidence), dtype=torch.int64),
        torch.tensor([float(is_name)]),
    )
    with torch.no_grad():
        weighed = model.weigh(statistics_of(lists))
        parts = torch.cat([weighed.evidence, weighed.against], 1)[0] * model.sharpness.exp()
    return parts.numpy(), float(weighed.bias[0])


def _numbers(tensor: Tensor | Module) -> NDArray[np.float32]:
    assert isinstance(tensor, Tensor)
    return tensor.detach().numpy().astype(np.float32)
