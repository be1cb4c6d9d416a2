"""Either model that writes: made from settings, or loaded from a run."""

from __future__ import annotations

from pathlib import Path

import torch

from hunch.text.subwords import PAD
from hunch_training.errors import TrainingError
from hunch_training.loop.run_folder import BEST, load_checkpoint, load_weights
from hunch_training.seq2seq.rnn_seq2seq import RnnSeq2Seq
from hunch_training.seq2seq.settings import Settings
from hunch_training.seq2seq.transformer_seq2seq import TransformerSeq2Seq

SUBWORDS = "subwords.json"
MODELS = ("rnn", "transformer")
Model = RnnSeq2Seq | TransformerSeq2Seq


def make_model(settings: Settings, vocabulary: int) -> Model:
    """Return a model with random weights.

    Raises:
        TrainingError: there is no model of that name.
    """
    torch.manual_seed(settings.seed)
    if settings.model == "rnn":
        return RnnSeq2Seq(vocabulary, settings.dim, settings.dim, dropout=settings.dropout, pad=PAD)
    if settings.model == "transformer":
        longest = max(settings.longest_source, settings.longest_target + 2)
        return TransformerSeq2Seq(
            vocabulary, settings.dim, layers=settings.layers, heads=max(1, settings.dim // 64),
            dropout=settings.dropout, longest=longest, pad=PAD,
        )  # fmt: skip
    raise TrainingError(f"there is no model {settings.model!r}: known are {', '.join(MODELS)}")


def load_model(run: Path) -> tuple[Model, Settings]:
    """Return the best model of a run, in evaluation mode, and its settings.

    Raises:
        TrainingError: there is no such run, or its checkpoint is none of this stage's.
    """
    state = load_checkpoint(run / BEST)
    try:
        settings = Settings(**state["settings"])
    except TypeError as error:
        raise TrainingError(f"{run / BEST}: the checkpoint of another stage") from error
    model = make_model(settings, len(state["model"]["output_bias"]))
    load_weights(model, state["model"], run / BEST)
    return model.eval(), settings
