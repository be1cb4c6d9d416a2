"""Training a model that writes: batches, weights, and a run that is cut off and goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hunch_training.subwords import BEGIN, END, PAD
from hunch_training.train_seq2seq import (
    BEST,
    LAST,
    METRICS,
    Rows,
    Settings,
    evaluate,
    load_model,
    make_model,
    plan_epoch,
    rate_at,
    tensors_of,
    token_weights,
    train,
)

VOCABULARY = 40
SMALL = Settings(epochs=3, dim=64, layers=1, batch_tokens=200, longest_source=16, longest_target=8, warmup=2)
CPU = torch.device("cpu")


def rows(count: int, seed: int) -> Rows:
    """Targets are the first half of their sources, which can be learnt."""
    generator = np.random.default_rng(seed)
    sources = [generator.integers(4, VOCABULARY, generator.integers(2, 12)).tolist() for _ in range(count)]
    return Rows(sources, [[BEGIN, *source[: len(source) // 2], END] for source in sources])


def test_an_epoch_has_each_row_once_in_batches_that_fit() -> None:
    some = rows(100, 0)
    batches = plan_epoch(some, SMALL, 0)
    assert sorted(np.concatenate(batches).tolist()) == list(range(100))
    for batch in batches:
        source, target = tensors_of(some, batch)
        assert source.shape[1] + target.shape[1] <= 12 + 8
        assert len(batch) == 1 or len(batch) * max(len(some.sources[i]) + len(some.targets[i]) for i in batch) <= 200
    padding = [float((tensors_of(some, batch)[0] == PAD).float().mean()) for batch in batches]
    assert np.mean(padding) < 0.35  # rows of like lengths are together, but for the noise
    again = plan_epoch(some, SMALL, 0)
    assert all(np.array_equal(one, other) for one, other in zip(batches, again, strict=True))
    assert [batch.tolist() for batch in plan_epoch(some, SMALL, 1)] != [batch.tolist() for batch in batches]


def test_frequent_tokens_count_less_and_the_mean_stays() -> None:
    some = Rows([[5]] * 3, [[BEGIN, 4, 4, 4, 4, 5, END]] * 3)
    weights = token_weights(some, VOCABULARY, 0.5)
    assert weights[4] < weights[END] == weights[5]
    assert float(weights[4] / weights[5]) == pytest.approx((4 / 1) ** -0.5)
    shares = torch.tensor([4, 1, 1]) / 6
    assert float((weights[[4, 5, END]] * shares).sum()) == pytest.approx(1)
    assert token_weights(some, VOCABULARY, 0.0)[[4, 5, END]].tolist() == pytest.approx([1, 1, 1])


def test_the_learning_rate_rises_and_falls() -> None:
    rates = [rate_at(step, 100, replace(SMALL, warmup=10)) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and rates[9] == 1.0 and rates[99] == pytest.approx(0.05, abs=0.01)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rate_at(99, 100, replace(SMALL, schedule="constant")) == 1.0


@pytest.mark.parametrize("kind", ["rnn", "transformer"])
def test_a_run_that_is_cut_off_ends_with_the_same_model(kind: str, tmp_path: Path) -> None:
    settings = replace(SMALL, model=kind, teacher_forcing=0.8, label_smoothing=0.1, frequent_weight=0.2)
    some, valid = rows(120, 1), rows(30, 2)
    whole = train(some, valid, VOCABULARY, settings, tmp_path / "whole", device=CPU)
    for stop in (3, 11):
        train(some, valid, VOCABULARY, settings, tmp_path / "cut", device=CPU, stop_after=stop)
    assert train(some, valid, VOCABULARY, settings, tmp_path / "cut", device=CPU) == whole
    one, other = (torch.load(tmp_path / name / LAST, weights_only=True)["model"] for name in ("whole", "cut"))
    assert all(torch.equal(one[key], other[key]) for key in one)
    entries = [json.loads(line) for line in (tmp_path / "whole" / METRICS).read_text().splitlines()]
    assert [entry["epoch"] for entry in entries] == [1, 2, 3]
    assert entries[-1]["valid_loss"] < entries[0]["valid_loss"]
    model, state = load_model(tmp_path / "whole")
    assert evaluate(model, valid, settings) == pytest.approx(state["best"]) == whole


def test_training_ends_when_the_valid_rows_have_had_enough(tmp_path: Path) -> None:
    settings = replace(SMALL, epochs=30, patience=1, learning_rate=3e-2, warmup=1, schedule="constant")
    few = rows(20, 1)
    train(few, rows(40, 9), VOCABULARY, settings, tmp_path, device=CPU)
    losses = [json.loads(line)["valid_loss"] for line in (tmp_path / METRICS).read_text().splitlines()]
    assert len(losses) < 30
    assert losses[-1] >= min(losses[:-1])
    assert torch.load(tmp_path / BEST, weights_only=True)["best"] == min(losses)


def test_what_cannot_be_trained_is_refused(tmp_path: Path) -> None:
    some = rows(10, 1)
    with pytest.raises(ValueError, match="no rows"):
        train(Rows([], []), some, VOCABULARY, SMALL, tmp_path, device=CPU)
    with pytest.raises(ValueError, match="'lstm': rnn or transformer"):
        make_model(replace(SMALL, model="lstm"), VOCABULARY)
    train(some, some, VOCABULARY, SMALL, tmp_path, device=CPU, stop_after=1)
    with pytest.raises(ValueError, match="other settings"):
        train(some, some, VOCABULARY, replace(SMALL, seed=1), tmp_path, device=CPU)
