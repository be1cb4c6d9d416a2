"""A contextual encoder as one ONNX graph: ids int32 [n, L], padded with 0, to vectors float32 [n, size].

The vectors are the leading numbers of the mean over the tokens, scaled to length 1; ``size`` is one that the encoder
was trained to do with (Matryoshka). Matrices are int8 with one scale a column, and what they are multiplied with is
rounded to int8 as it comes; the word table is int8 with one scale a row. Attention and GELU are ONNX Runtime's own
operators, as it does not put them together by itself.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic  # type: ignore[import-untyped]
from torch import Tensor, nn

from hunch_export.quantise import quantise_rows
from hunch_export.static_graph import IR_VERSION, OPSET
from hunch_training.contextual.bert_encoder import BertEncoder, BertLayer

_MICROSOFT = "com.microsoft"


class _Graph:
    """Nodes and constants as they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, operator: str, *inputs: str, to: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, list(inputs), [to], name=to, domain=domain, **attributes))
        return to

    def linear(self, name: str, given: str, weight: Tensor, bias: Tensor) -> str:
        matrix = self.constant(f"{name}.weight", _numbers(weight).T)
        product = self.node("MatMul", given, matrix, to=f"{name}.product")
        return self.node("Add", product, self.constant(f"{name}.bias", _numbers(bias)), to=name)

    def norm(self, name: str, given: str, part: nn.LayerNorm) -> str:
        weights = [self.constant(f"{name}.{kind}", _numbers(getattr(part, kind))) for kind in ("weight", "bias")]
        return self.node("LayerNormalization", given, *weights, to=name, axis=-1, epsilon=part.eps)


def write_contextual_graph(encoder: BertEncoder, place: Path, size: int, *, quantised: bool = True) -> None:
    """Write the graph of an encoder.

    Args:
        encoder: in evaluation mode.
        place: the file to write.
        size: of the vectors, at most the encoder's own.
        quantised: false keeps the matrices in float32, to tell what int8 costs.
    """
    model = _model(encoder, size)
    if not quantised:
        onnx.save(model, str(place))
        return
    with TemporaryDirectory(prefix="hunch-export-") as temporary:
        plain = Path(temporary) / "plain.onnx"
        onnx.save(model, str(plain))
        # One bit less keeps 16-bit sums of processors without VNNI from running over.
        quantize_dynamic(
            plain, place, op_types_to_quantize=["MatMul"], per_channel=True, reduce_range=True,
            weight_type=QuantType.QInt8, extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )  # fmt: skip


def _model(encoder: BertEncoder, size: int) -> onnx.ModelProto:
    graph = _Graph()
    rows = quantise_rows(_numbers(encoder.words.weight))
    graph.constant("table", rows.values)
    graph.constant("scales", rows.scale[:, None])
    graph.constant("positions", _numbers(encoder.positions))
    for name, value in (("zero", 0), ("one", 1), ("end", size)):
        graph.constant(name, np.array([value], np.int64))
    graph.constant("padding", np.array(0, np.int32))
    graph.constant("tiny", np.array(1e-12, np.float32))
    graph.nodes.append(helper.make_node("Gather", ["table", "ids"], ["rows8"]))
    graph.nodes.append(helper.make_node("Cast", ["rows8"], ["rows"], to=TensorProto.FLOAT))
    graph.node("Gather", "scales", "ids", to="row_scales")
    graph.node("Mul", "rows", "row_scales", to="words")
    graph.node("Shape", "ids", to="shape")
    graph.node("Slice", "shape", "one", "end_of_shape", to="length")
    graph.constant("end_of_shape", np.array([2], np.int64))
    graph.node("Slice", "positions", "zero", "length", to="places")
    graph.node("Add", "words", "places", to="placed")
    graph.nodes.append(helper.make_node("Equal", ["ids", "padding"], ["is_padding"]))
    graph.node("Not", "is_padding", to="is_token")
    graph.nodes.append(helper.make_node("Cast", ["is_token"], ["mask"], to=TensorProto.INT32))
    graph.nodes.append(helper.make_node("Cast", ["is_token"], ["share"], to=TensorProto.FLOAT))
    states = graph.norm("embedded", "placed", encoder.norm)
    for number, layer in enumerate(encoder.layers):
        assert isinstance(layer, BertLayer)
        states = _layer(graph, f"layer{number}", states, layer)
    # The sum over the tokens is a product with the mask: [n, 1, L] times [n, L, dim].
    graph.node("Unsqueeze", "share", "one", to="shares")
    graph.node("MatMul", "shares", states, to="sums")
    graph.node("Squeeze", "sums", "one", to="sum")
    graph.node("Slice", "sum", "zero", "end", "one", to="leading")
    graph.node("ReduceL2", "leading", to="norm_of_leading", axes=[1], keepdims=1)
    graph.node("Max", "norm_of_leading", "tiny", to="divisor")
    graph.node("Div", "leading", "divisor", to="vectors")
    made = helper.make_graph(
        graph.nodes, "contextual",
        [helper.make_tensor_value_info("ids", TensorProto.INT32, ["n", "tokens"])],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", size])],
        graph.constants,
    )  # fmt: skip
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(_MICROSOFT, 1)]
    return helper.make_model(made, opset_imports=opsets, ir_version=IR_VERSION)


def _layer(graph: _Graph, name: str, states: str, layer: BertLayer) -> str:
    parts = [
        graph.linear(f"{name}.{part}", states, getattr(layer, part).weight, getattr(layer, part).bias)
        for part in ("query", "key", "value")
    ]
    read = graph.node(
        "MultiHeadAttention", *parts, "", "mask", to=f"{name}.read", domain=_MICROSOFT, num_heads=layer.heads
    )
    joined = graph.linear(f"{name}.join", read, layer.join.weight, layer.join.bias)
    states = graph.norm(f"{name}.join_norm", graph.node("Add", states, joined, to=f"{name}.joined"), layer.join_norm)
    wide = graph.linear(f"{name}.widen", states, layer.widen.weight, layer.widen.bias)
    bent = graph.node("Gelu", wide, to=f"{name}.bent", domain=_MICROSOFT)
    narrow = graph.linear(f"{name}.narrow", bent, layer.narrow.weight, layer.narrow.bias)
    return graph.norm(
        f"{name}.narrow_norm", graph.node("Add", states, narrow, to=f"{name}.narrowed"), layer.narrow_norm
    )


def _numbers(tensor: Tensor) -> NDArray[np.float32]:
    return tensor.detach().float().cpu().numpy()
