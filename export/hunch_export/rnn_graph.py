"""The recurrent model that writes, as two ONNX graphs: one reads a function, one takes a step of writing.

    read:   ids int32 [1, n]                                       -> memory [1, n, 2h], keys [1, n, c], hidden [1, h]
    write:  tokens int32 [b], hidden [b, h], context [b, 2h],
            memory [1, n, 2h], keys [1, n, c]                      -> log_probabilities [b, vocabulary], hidden, context

All b beginnings are of one function, so its memory goes in once. The loop over steps, and the beams, are in
``hunch.model.summariser``. The token table is int8 with one scale a row, in a file that both graphs share; it is the
embedding and, transposed, the output. What else there is is kept in float16 and computed in float32.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from hunch.model.summariser import READ_GRAPH, WRITE_GRAPH
from hunch_export.quantise import Rows8, quantise_rows
from hunch_export.static_graph import IR_VERSION, OPSET, TABLE, shared_table
from hunch_training.seq2seq.rnn_seq2seq import RnnSeq2Seq

Nodes = list[onnx.NodeProto]


def write_rnn_graphs(model: RnnSeq2Seq, folder: Path) -> None:
    """Write both graphs and the table that they share."""
    rows = quantise_rows(_array(model.table.weight))
    (folder / TABLE).write_bytes(rows.values.tobytes())
    onnx.save(_read_graph(model, rows), str(folder / READ_GRAPH))
    onnx.save(_write_graph(model, rows), str(folder / WRITE_GRAPH))


class _Graph:
    """Nodes and constants as they are added; a name is the name of what a node gives."""

    def __init__(self, rows: Rows8) -> None:
        self.nodes: Nodes = []
        self.constants = [shared_table(rows), numpy_helper.from_array(rows.scale, "scale")]

    def add(self, operator: str, *inputs: str, to: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, list(inputs), to.split(), **attributes))
        return to

    def constant(self, name: str, value: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def half(self, name: str, value: NDArray[np.float32]) -> str:
        """Keep a weight in float16; ONNX Runtime makes it float32 once, when it loads the graph."""
        self.constants.append(numpy_helper.from_array(value.astype(np.float16), f"{name}16"))
        return self.cast(f"{name}16", name)

    def cast(self, given: str, to: str) -> str:
        """Make a tensor float32."""
        self.nodes.append(helper.make_node("Cast", [given], [to], to=TensorProto.FLOAT))
        return to

    def embed(self, ids: str, to: str) -> str:
        """Rows of the table, float32."""
        self.add("Gather", "table", ids, to=f"{to}8")
        self.cast(f"{to}8", f"{to}_values")
        self.add("Gather", "scale", ids, to=f"{to}_scale")
        self.constant(f"{to}_axis", np.array([-1], np.int64))
        self.add("Unsqueeze", f"{to}_scale", f"{to}_axis", to=f"{to}_scales")
        return self.add("Mul", f"{to}_values", f"{to}_scales", to=to)

    def linear(self, layer: nn.Linear, given: str, to: str) -> str:
        """A linear layer, of any number of leading dimensions."""
        self.half(f"{to}_weight", _array(layer.weight).T)
        product = self.add("MatMul", given, f"{to}_weight", to=to if layer.bias is None else f"{to}_product")
        if layer.bias is None:
            return product
        self.constant(f"{to}_bias", _array(layer.bias))
        return self.add("Add", product, f"{to}_bias", to=to)

    def gru(self, cells: list[nn.GRU] | list[nn.GRUCell], given: str, to: str, initial: str = "") -> None:
        """Recurrent layers, one or both directions: [length, n, dim] -> ``to`` and ``to``_last."""
        parts = [[_array(value) for value in cell.parameters()] for cell in cells]  # inputs, hidden, and their biases
        inputs, hidden, of_inputs, of_hidden = (
            np.stack([_gates_as_onnx(part[number]) for part in parts]) for number in range(4)
        )
        self.half(f"{to}_inputs", inputs)
        self.half(f"{to}_hidden", hidden)
        self.constant(f"{to}_biases", np.concatenate([of_inputs, of_hidden], axis=1))
        self.add(
            "GRU", given, f"{to}_inputs", f"{to}_hidden", f"{to}_biases", "", initial, to=f"{to} {to}_last",
            hidden_size=hidden.shape[2], linear_before_reset=1,
            direction="bidirectional" if len(cells) == 2 else "forward",
        )  # fmt: skip

    def model(
        self, name: str, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]
    ) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, name, inputs, outputs, self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def _read_graph(model: RnnSeq2Seq, rows: Rows8) -> onnx.ModelProto:
    graph = _Graph(rows)
    hidden = model.decoder.hidden_size
    graph.embed("ids", "embedded")
    graph.add("Transpose", "embedded", to="steps", perm=[1, 0, 2])
    graph.gru([model.forwards, model.backwards], "steps", "both")
    graph.add("Transpose", "both", to="by_row", perm=[2, 0, 1, 3])  # [length, directions, n, h] -> [n, length, ...]
    graph.constant("joined", np.array([0, 0, 2 * hidden], np.int64))
    graph.add("Reshape", "by_row", "joined", to="memory")
    graph.linear(model.memory_key, "memory", "keys")
    graph.add("Transpose", "both_last", to="last_by_row", perm=[1, 0, 2])
    graph.constant("flat", np.array([0, 2 * hidden], np.int64))
    graph.add("Reshape", "last_by_row", "flat", to="last")
    graph.linear(model.first_hidden, "last", "first")
    graph.add("Tanh", "first", to="hidden")
    outputs = [_floats("memory", 1, "n", 2 * hidden), _floats("keys", 1, "n", "c"), _floats("hidden", 1, hidden)]
    return graph.model("read", [_ints("ids", 1, "n")], outputs)


def _write_graph(model: RnnSeq2Seq, rows: Rows8) -> onnx.ModelProto:
    graph = _Graph(rows)
    hidden, vocabulary = model.decoder.hidden_size, len(rows.values)
    for name, axis in (("first_axis", 0), ("second_axis", 1), ("last_axis", 2)):
        graph.constant(name, np.array([axis], np.int64))
    graph.embed("tokens", "embedded")
    graph.add("Concat", "embedded", "context", to="seen", axis=1)
    graph.add("Unsqueeze", "seen", "first_axis", to="step")
    graph.add("Unsqueeze", "hidden", "first_axis", to="before")
    graph.gru([model.decoder], "step", "decoded", "before")
    graph.add("Squeeze", "decoded_last", "first_axis", to="next_hidden")
    graph.linear(model.query_key, "next_hidden", "query")
    graph.add("Unsqueeze", "query", "second_axis", to="queries")
    graph.add("Add", "keys", "queries", to="compared")
    graph.add("Tanh", "compared", to="squashed")
    graph.linear(model.energy, "squashed", "energies")
    graph.add("Squeeze", "energies", "last_axis", to="energy")
    graph.add("Softmax", "energy", to="attention", axis=1)
    graph.add("Unsqueeze", "attention", "second_axis", to="attentions")
    graph.add("MatMul", "attentions", "memory", to="contexts")
    graph.add("Squeeze", "contexts", "second_axis", to="next_context")
    graph.add("Concat", "embedded", "next_hidden", "next_context", to="known", axis=1)
    graph.linear(model.output, "known", "mixed")
    graph.add("Tanh", "mixed", to="read")
    graph.cast("table", "values")
    graph.add("Transpose", "values", to="columns", perm=[1, 0])
    graph.add("MatMul", "read", "columns", to="unscaled")
    graph.add("Mul", "unscaled", "scale", to="scaled")
    graph.constant("output_bias", _array(model.output_bias))
    graph.add("Add", "scaled", "output_bias", to="logits")
    graph.add("LogSoftmax", "logits", to="log_probabilities", axis=1)
    inputs = [
        _ints("tokens", "b"), _floats("hidden", "b", hidden), _floats("context", "b", 2 * hidden),
        _floats("memory", 1, "n", 2 * hidden), _floats("keys", 1, "n", "c"),
    ]  # fmt: skip
    outputs = [_floats("log_probabilities", "b", vocabulary), _floats("next_hidden", "b", hidden),
               _floats("next_context", "b", 2 * hidden)]  # fmt: skip
    return graph.model("write", inputs, outputs)


def _gates_as_onnx(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Reorder the gates of a GRU: torch has reset, update, new; ONNX has update, reset, new."""
    reset, update, new = np.split(weights, 3)
    return np.concatenate([update, reset, new])


def _array(values: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = values.detach().numpy()
    return array


def _floats(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))


def _ints(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.INT32, list(shape))
