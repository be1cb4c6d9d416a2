"""One encoder that reads both sides as sequences, and the learnt logit scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hunch.text.bag import Bags
from hunch.text.render import Source
from hunch.text.sequence import code_sequence, query_sequence
from hunch.text.tokenizer import Tokenizer, dump_tokenizer, load_tokenizer
from hunch_training.contextual.bert_encoder import BertEncoder, BertShape
from hunch_training.contrastive.loss import initial_logit_scale
from hunch_training.errors import TrainingError
from hunch_training.loop.run_folder import load_checkpoint, load_weights
from hunch_training.tokens.tensors import SequenceInput, sequence_input

ENCODED_TOKENS = 1 << 12


class ContextualModel(nn.Module):
    """The encoder, and the learnt logit scale."""

    def __init__(self, encoder: BertEncoder, temperature: float = 0.05) -> None:
        """Take an encoder."""
        super().__init__()
        self.encoder = encoder
        self.logit_scale = initial_logit_scale(temperature)

    def encode(self, sequences: SequenceInput) -> Tensor:
        """Return embeddings, float32 [n, dim], L2-normalised; a sequence without a token is zeros."""
        return torch.cat([self.encoder(ids) for ids in sequences.ids])[sequences.place]


class Loaded(NamedTuple):
    """A model of a run, in evaluation mode."""

    model: ContextualModel
    tokenizer: Tokenizer
    state: dict[str, Any]
    """the checkpoint's other contents"""


def encode_texts(
    model: ContextualModel, tokenizer: Tokenizer, texts: Sequence[Source] | Sequence[str], *, bf16: bool = False
) -> NDArray[np.float32]:
    """Return the embeddings of pieces of code or of queries, float32 [n, dim], as serving computes them."""
    rows = [query_sequence(text, tokenizer) if isinstance(text, str) else code_sequence(text, tokenizer)
            for text in texts]  # fmt: skip
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    ids = np.fromiter((token for row in rows for token in row), np.int32, int(offsets[-1]))
    bags = Bags(offsets, ids, np.zeros(len(ids), np.uint8), np.ones(len(ids), np.uint8))
    device = model.logit_scale.device
    given = sequence_input(bags, ENCODED_TOKENS, field=0)
    moved = SequenceInput([part.to(device) for part in given.ids], [], given.place.to(device))
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=bf16):
        vectors: NDArray[np.float32] = model.encode(moved).float().cpu().numpy()
    return vectors


def text_scorer(
    model: ContextualModel, tokenizer: Tokenizer, *, bf16: bool = False
) -> Callable[[Sequence[str], Sequence[Source]], NDArray[np.float32]]:
    """Return the cosines of queries and code, float32 [queries, code]."""

    def scores(queries: Sequence[str], code: Sequence[Source]) -> NDArray[np.float32]:
        found = [encode_texts(model, tokenizer, texts, bf16=bf16) for texts in (queries, code)]
        result: NDArray[np.float32] = found[0] @ found[1].T
        return result

    return scores


def kept_with(model: ContextualModel, tokenizer: Tokenizer) -> dict[str, Any]:
    """Return what a checkpoint holds so that its model can be built again."""
    return {"bert": asdict(model.encoder.shape), "tokenizer": dump_tokenizer(tokenizer)}


def load_contextual(path: Path) -> Loaded:
    """Return the model of a checkpoint.

    Raises:
        TrainingError: there is no such checkpoint, or it is none of this stage's.
    """
    state = load_checkpoint(path)
    if "bert" not in state:
        raise TrainingError(f"{path}: the checkpoint of another stage: give the run of hunch-train contextual")
    model = ContextualModel(BertEncoder(BertShape(**state["bert"])))
    load_weights(model, state.pop("model"), path)
    return Loaded(model.eval(), load_tokenizer(state.pop("tokenizer")), state)
