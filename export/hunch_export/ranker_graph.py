"""The graph of a ranker, and the check that it says what the model says.

One query at a time: its candidates' features, positive float32 [n, positive] and negative float32 [n, negative], and
its own, query float32 [query], to the candidates' scores float32 [n] and the query's weights float32
[positive + negative]; the scale of the query is multiplied into the weights.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper
from torch import Tensor
from torch.nn import Module

from hunch_export.parity import ParityError
from hunch_export.static_graph import IR_VERSION, OPSET
from hunch_training.errors import TrainingError
from hunch_training.loop.run_folder import load_checkpoint, load_weights
from hunch_training.ranking.model import LEAST_SHARE, Lists, Ranker

LARGEST_DIFFERENCE = 1e-3
"""Between a weight or a score of the graph and of the model"""


def load_model(path: Path) -> Ranker:
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


def write_graph(model: Ranker) -> bytes:
    """Return the graph of a ranker."""
    positives, negatives = model.positives, len(model.usual) - model.positives
    features = len(model.mean) - 3 * model.told
    temperature = float(model.temperature.detach().exp())
    constants = {
        "mean": _numbers(model.mean), "spread": _numbers(model.spread),
        "first.weight": _numbers(model.first.weight).T, "first.bias": _numbers(model.first.bias),
        "weights.weight": _numbers(model.weights.weight).T,
        "weights.bias": _numbers(model.weights.bias) + _numbers(model.middle),
        "second.weight": _numbers(model.second.weight).T, "second.bias": _numbers(model.second.bias),
        "chance.weight": _numbers(model.calibration.weight).T, "chance.bias": _numbers(model.calibration.bias),
        "least": _numbers(model.usual) * _numbers(model.least),
        "range": _numbers(model.usual) * _numbers(model.range),
        "temperature": np.float32(temperature), "cooled": np.float32(1 / temperature),
        "zero": np.float32(0), "one": np.float32(1), "least.share": np.float32(LEAST_SHARE),
        "three": np.array([1, 1, 1], np.int64),
        "from": np.array([0], np.int64), "to": np.array([model.told], np.int64), "columns": np.array([1], np.int64),
    }  # fmt: skip
    node = helper.make_node
    nodes = [
        node("Slice", ["positive", "from", "to", "columns"], ["told"]),
        node("ReduceMax", ["told"], ["greatest"], axes=[0], keepdims=0),
        node("Max", ["greatest", "zero"], ["above"]),
        node("ReduceMean", ["told"], ["average"], axes=[0], keepdims=0),
        node("Mul", ["told", "told"], ["squares"]),
        node("ReduceMean", ["squares"], ["square"], axes=[0], keepdims=0),
        node("Mul", ["average", "average"], ["average.squared"]),
        node("Sub", ["square", "average.squared"], ["difference"]),
        node("Max", ["difference", "zero"], ["variance"]),
        node("Sqrt", ["variance"], ["deviation"]),
        node("Concat", ["above", "average", "deviation", "query"], ["statistics"], axis=0),
        node("Sub", ["statistics", "mean"], ["centred"]),
        node("Div", ["centred", "spread"], ["scaled"]),
        *_layer("scaled", "first", "first.out"), node("Tanh", ["first.out"], ["hidden"]),
        *_layer("hidden", "weights", "raw"), node("Sigmoid", ["raw"], ["gate"]),
        node("Mul", ["gate", "range"], ["more"]), node("Add", ["more", "least"], ["unscaled"]),
        *_layer("scaled", "second", "second.out"), node("Tanh", ["second.out"], ["certainty"]),
        *_layer("certainty", "chance", "chance.out"),
        node("Split", ["chance.out", "three"], ["scale.log", "bias", "rivalry.log"], axis=0),
        node("Exp", ["scale.log"], ["scale"]), node("Exp", ["rivalry.log"], ["rivalry"]),
        node("Concat", ["positive", "negative"], ["positives"], axis=1),
        node("MatMul", ["positives", "unscaled"], ["total"]),
        node("Mul", ["total", "temperature"], ["sharp"]),
        node("ReduceLogSumExp", ["sharp"], ["everything"], axes=[0], keepdims=1),
        node("Sub", ["sharp", "everything"], ["share.log"]), node("Exp", ["share.log"], ["share"]),
        node("Sub", ["one", "share"], ["rest"]), node("Max", ["rest", "least.share"], ["rivals.share"]),
        node("Log", ["rivals.share"], ["rivals.log"]), node("Add", ["rivals.log", "everything"], ["others.sharp"]),
        node("Mul", ["others.sharp", "cooled"], ["others"]), node("Mul", ["others", "rivalry"], ["taken"]),
        node("Mul", ["total", "scale"], ["given"]), node("Add", ["given", "bias"], ["alone"]),
        node("Sub", ["alone", "taken"], ["logits"]), node("Sigmoid", ["logits"], ["scores"]),
        node("Mul", ["unscaled", "scale"], ["weights"]),
    ]  # fmt: skip
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "ranker",
        [
            value("positive", TensorProto.FLOAT, ["candidates", positives]),
            value("negative", TensorProto.FLOAT, ["candidates", negatives]),
            value("query", TensorProto.FLOAT, [features]),
        ],
        [
            value("scores", TensorProto.FLOAT, ["candidates"]),
            value("weights", TensorProto.FLOAT, [positives + negatives]),
        ],
        [numpy_helper.from_array(np.ascontiguousarray(constant), name) for name, constant in constants.items()],
    )
    written = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(written)
    return bytes(written.SerializeToString())


def _layer(given: str, name: str, out: str) -> list[NodeProto]:
    return [
        helper.make_node("MatMul", [given, f"{name}.weight"], [f"{name}.product"]),
        helper.make_node("Add", [f"{name}.product", f"{name}.bias"], [out]),
    ]


def check_ranker(model: Ranker, graph: bytes, queries: int = 50) -> float:
    """Return the largest difference of a weight or a score on random candidates.

    Raises:
        ParityError: it is more than the tolerance.
    """
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    generator = np.random.default_rng(0)
    largest = 0.0
    for _ in range(queries):
        count = int(generator.integers(1, 200))
        positive = generator.random((count, model.positives), np.float32) * generator.random(
            model.positives, np.float32
        )
        negative = (generator.random((count, len(model.usual) - model.positives)) < 0.1).astype(np.float32)
        query = generator.random(len(model.mean) - 3 * model.told, np.float32)
        given = {"positive": positive, "negative": negative, "query": query}
        for found, expected in zip(session.run(None, given), ranked_by(model, positive, negative, query), strict=True):
            largest = max(largest, float(np.abs(found - expected).max()))
    if largest > LARGEST_DIFFERENCE:
        raise ParityError(f"a weight or a score of the graph differs by {largest:.1e}")
    return largest


def ranked_by(
    model: Ranker, positive: NDArray[np.float32], negative: NDArray[np.float32], query: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what the model says of one query's candidates: scores and weights as the graph gives them."""
    lists = Lists(
        torch.from_numpy(positive),
        torch.from_numpy(negative),
        torch.zeros(len(positive), dtype=torch.int64),
        torch.from_numpy(query)[None],
    )
    with torch.no_grad():
        total, weighed = model(lists)
        scores = torch.sigmoid(model.logits(total, weighed, lists))
        weights = torch.cat([weighed.positive, weighed.negative], 1)[0] * weighed.scale
    return scores.numpy(), weights.numpy()


def _numbers(tensor: Tensor | Module) -> NDArray[np.float32]:
    assert isinstance(tensor, Tensor)
    return tensor.detach().numpy().astype(np.float32)
