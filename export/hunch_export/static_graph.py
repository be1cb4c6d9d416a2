"""The two towers of a static encoder as ONNX graphs that share one token table.

Both graphs take ids int32 [n, L] and counts float32 [n, L], the code graph fields int32 [n, L] as well; a count of 0
is padding. Both give vectors float32 [n, dim], L2-normalised; a row without tokens gives zeros:

    vector = sum over tokens of  weight[field, id] * log(1 + count) * row[id]

``row`` is int8 and lies in a file of its own beside the graphs, so the bundle holds it once and ONNX Runtime maps it.
The row's scale, the token's weight and the field's weight are multiplied into ``weight`` beforehand.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from hunch.model.bundle import CODE_GRAPH, QUERY_GRAPH
from hunch.text.render import FIELD_NAMES
from hunch_export.quantise import Rows8, quantise_rows
from hunch_training.networks.static_encoder import CODE_SIDE, DOCUMENTATION, QUERY_SIDE, StaticEncoder

TABLE = "table.bin"
OPSET, IR_VERSION = 17, 9
"""Old enough for the oldest ONNX Runtime that Hunch supports."""


def write_graphs(model: StaticEncoder, folder: Path) -> None:
    """Write the code graph, the query graph and the table that they share."""
    rows = quantise_rows(model.table.detach().numpy())
    (folder / TABLE).write_bytes(rows.values.tobytes())
    token = model.token_weights.detach().exp().numpy() * rows.scale
    side = [QUERY_SIDE if field == DOCUMENTATION else CODE_SIDE for field in range(len(FIELD_NAMES))]
    code = token[side] * model.field_weights.detach().exp().numpy()[:, None]
    onnx.save(_graph("code", rows, code.astype(np.float32)), str(folder / CODE_GRAPH))
    onnx.save(_graph("query", rows, token[QUERY_SIDE].astype(np.float32)), str(folder / QUERY_GRAPH))


def _graph(name: str, rows: Rows8, weights: NDArray[np.float32]) -> onnx.ModelProto:
    """Return the graph of a tower; ``weights`` float32 [vocabulary] or, with a field input, [fields, vocabulary]."""
    vocabulary, dim = rows.values.shape
    has_fields = weights.ndim == 2
    tokens = ["n", "tokens"]
    inputs = [helper.make_tensor_value_info("ids", TensorProto.INT32, tokens)]
    constants = [
        shared_table(rows),
        numpy_helper.from_array(weights.ravel(), "weights"),
        numpy_helper.from_array(np.array(1, np.float32), "one"),
        numpy_helper.from_array(np.array(1e-12, np.float32), "tiny"),
        numpy_helper.from_array(np.array([1], np.int64), "axis"),
    ]
    nodes = []
    if has_fields:
        inputs.append(helper.make_tensor_value_info("fields", TensorProto.INT32, tokens))
        constants.append(numpy_helper.from_array(np.array(vocabulary, np.int32), "vocabulary"))
        nodes += [_node("Mul", "fields", "vocabulary", to="first"), _node("Add", "first", "ids", to="weight_ids")]
    inputs.append(helper.make_tensor_value_info("counts", TensorProto.FLOAT, tokens))
    nodes += [
        _node("Gather", "weights", "weight_ids" if has_fields else "ids", to="weight"),
        _node("Add", "counts", "one", to="counts_and_one"),
        _node("Log", "counts_and_one", to="damped"),
        _node("Mul", "weight", "damped", to="share"),
        _node("Unsqueeze", "share", "axis", to="shares"),
        _node("Gather", "table", "ids", to="rows8"),
        helper.make_node("Cast", ["rows8"], ["rows"], to=TensorProto.FLOAT),
        _node("MatMul", "shares", "rows", to="sums"),
        _node("Squeeze", "sums", "axis", to="sum"),
        helper.make_node("ReduceL2", ["sum"], ["length"], axes=[1], keepdims=1),
        _node("Max", "length", "tiny", to="divisor"),
        _node("Div", "sum", "divisor", to="vectors"),
    ]
    output = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", dim])
    graph = helper.make_graph(nodes, name, inputs, [output], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def shared_table(rows: Rows8) -> onnx.TensorProto:
    """Return a tensor that stands for the content of the table's file."""
    tensor = onnx.TensorProto(
        name="table",
        data_type=TensorProto.INT8,
        dims=rows.values.shape,
        data_location=TensorProto.EXTERNAL,
    )
    for key, value in (("location", TABLE), ("offset", "0"), ("length", str(rows.values.nbytes))):
        tensor.external_data.add(key=key, value=value)
    return tensor


def _node(operator: str, *inputs: str, to: str) -> Any:
    return helper.make_node(operator, list(inputs), [to])
