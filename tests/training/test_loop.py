"""The loop of every stage: resume after SIGKILL, several processes, accumulation, an early end, errors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from hunch_training.errors import TrainingError
from hunch_training.loop.devices import advice_about_memory
from hunch_training.loop.fit import default_groups, fit
from hunch_training.loop.learning_rate import rate_at
from hunch_training.loop.run_folder import (
    BEST,
    LAST,
    SETTINGS,
    Figures,
    describe_run,
    load_checkpoint,
    load_weights,
    read_metrics,
)
from hunch_training.loop.settings import LoopSettings

SMALL = LoopSettings(epochs=4, patience=0, learning_rate=0.3, warmup=2, weight_decay=0.0, clip=0.0)
CPU = torch.device("cpu")
TRUE = torch.tensor([[1.0], [-2.0], [0.5]])


def draw(size: int, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
    read = torch.from_numpy(generator.standard_normal((size, 3))).float()
    return read, read @ TRUE


def loss_of(model: nn.Module, batch: tuple[Tensor, Tensor], share: float) -> Tensor:
    assert 0 <= share < 1
    return nn.functional.mse_loss(nn.functional.dropout(model(batch[0]), 0.01), batch[1])


def evaluate(model: nn.Module) -> dict[str, float]:
    read, wanted = draw(200, np.random.default_rng(99))
    return {"valid_loss": float(nn.functional.mse_loss(model(read), wanted))}


def line() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(3, 1)


def learn(run: Path, settings: LoopSettings = SMALL, **more: Any) -> float:
    arguments: dict[str, Any] = {"choose_by": "valid_loss", "device": CPU, "checkpoint_every": 3, **more}
    return fit(line(), [[8] * 10] * settings.epochs, draw, loss_of, evaluate, settings, run, **arguments)


def weights(run: Path, name: str = LAST) -> Tensor:
    found: Tensor = load_checkpoint(run / name)["model"]["weight"]
    return found


@pytest.mark.parametrize("settings", [SMALL, replace(SMALL, averaging=0.9, accumulate=3)], ids=["plain", "averaged"])
def test_a_run_cut_off_at_any_step_ends_with_the_same_bits(settings: LoopSettings, tmp_path: Path) -> None:
    best = learn(tmp_path / "whole", settings)
    for stop in (1, 5, 10, 11, 14):
        learn(tmp_path / "cut", settings, stop_after=stop)
    assert learn(tmp_path / "cut", settings) == best
    for name in (LAST, BEST):
        assert torch.equal(weights(tmp_path / "whole", name), weights(tmp_path / "cut", name))
    plain = [
        [{k: v for k, v in e.items() if k != "per_second"} for e in read_metrics(tmp_path / r)]
        for r in ("whole", "cut")
    ]
    assert plain[0] == plain[1] and [entry["epoch"] for entry in plain[0]] == [1, 2, 3, 4]
    assert best == min(entry["valid_loss"] for entry in plain[0])
    assert best < 0.3 * plain[0][0]["loss"]


def test_accumulated_batches_are_one_larger_batch(tmp_path: Path) -> None:
    def plain(model: nn.Module, batch: tuple[Tensor, Tensor], share: float) -> Tensor:
        return nn.functional.mse_loss(model(batch[0]), batch[1])

    def as_it_is(batch: Any, _: np.random.Generator) -> Any:
        return batch

    generator = np.random.default_rng(5)
    small = [draw(8, generator) for _ in range(6)]
    large = [tuple(torch.cat(parts) for parts in zip(*small[n : n + 2], strict=True)) for n in (0, 2, 4)]
    for name, batches, accumulate in (("small", small, 2), ("large", large, 1)):
        settings = replace(SMALL, epochs=1, accumulate=accumulate)
        fit(line(), [batches], as_it_is, plain, evaluate, settings, tmp_path / name, choose_by="valid_loss", device=CPU)
    assert torch.allclose(weights(tmp_path / "small"), weights(tmp_path / "large"), atol=1e-6)


def test_training_ends_early_and_keeps_the_best(tmp_path: Path) -> None:
    figures = iter([3.0, 1.0, 2.0, 4.0, 0.5])
    settings = replace(SMALL, epochs=5, patience=2)
    fit(line(), [[8] * 2] * 5, draw, loss_of, lambda model: {"valid_loss": next(figures)}, settings, tmp_path,
        choose_by="valid_loss", device=CPU)  # fmt: skip
    assert [entry["valid_loss"] for entry in read_metrics(tmp_path)] == [3.0, 1.0, 2.0, 4.0]
    assert load_checkpoint(tmp_path / BEST)["best"] == 1.0
    assert load_checkpoint(tmp_path / BEST)["step"] == 4


def test_higher_is_better_where_the_figure_is_no_loss(tmp_path: Path) -> None:
    figures = iter([0.1, 0.3, 0.2])
    best = fit(line(), [[8]] * 3, draw, loss_of, lambda model: {"mrr": next(figures)}, replace(SMALL, epochs=3),
               tmp_path, choose_by="mrr", device=CPU)  # fmt: skip
    assert best == 0.3 == load_checkpoint(tmp_path / BEST)["best"]


def test_the_average_of_the_weights_is_what_is_measured_and_kept(tmp_path: Path) -> None:
    learn(tmp_path, replace(SMALL, averaging=0.99))
    assert not torch.equal(weights(tmp_path, BEST), weights(tmp_path))
    assert torch.equal(load_checkpoint(tmp_path / LAST)["average"]["weight"], weights(tmp_path, BEST))


def test_bfloat16_learns_too(tmp_path: Path) -> None:
    assert learn(tmp_path / "bf16", replace(SMALL, bf16=True)) < 0.5


def test_figures_of_steps_stand_beside_those_of_epochs(tmp_path: Path) -> None:
    fit(line(), [[8] * 60], draw, loss_of, evaluate, replace(SMALL, epochs=1), tmp_path, choose_by="valid_loss",
        device=CPU, size_of=lambda batch: len(batch[0]))  # fmt: skip
    step, epoch = read_metrics(tmp_path)
    assert step["step"] == 50 and step["train_loss"] > 0 and 0 < step["rate"] <= 0.3 and step["gradient_norm"] > 0
    assert epoch["epoch"] == 1 and epoch["per_second"] > 8
    assert list((tmp_path / "events").glob("events.out.tfevents.*"))


def test_a_cut_off_runs_later_figures_are_taken_out(tmp_path: Path) -> None:
    figures = Figures(tmp_path, 0)
    for step in (10, 20):
        figures.add(step, {"train_loss": 1.0})
    figures.close()
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 30, "tr')
    Figures(tmp_path, 10).close()
    assert read_metrics(tmp_path) == [{"step": 10, "train_loss": 1.0}]


SCRIPT = """
import sys, time
from dataclasses import replace
from pathlib import Path
sys.path[:0] = {paths!r}
import test_loop as here
settings = replace(here.SMALL, epochs=6, averaging=0.5)
def slow(size, generator):
    time.sleep({pause})
    return here.draw(size, generator)
here.fit(here.line(), [[8] * 10] * 6, slow, here.loss_of, here.evaluate, settings, Path(sys.argv[1]),
         choose_by="valid_loss", device=here.CPU, checkpoint_every=1)
"""


def script(folder: Path, pause: float) -> Path:
    file = folder / f"train{pause}.py"
    file.write_text(textwrap.dedent(SCRIPT.format(paths=[str(Path(__file__).parent)], pause=pause)))
    return file


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "asked to stop"])
def test_a_process_that_is_ended_goes_on(number: signal.Signals, tmp_path: Path) -> None:
    run, whole = tmp_path / "cut", tmp_path / "whole"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([sys.executable, script(tmp_path, 0.02), run], env=environment,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip
    for _ in range(600):
        if len(read_metrics(run)) >= 2:
            break
        time.sleep(0.05)
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    cut = load_checkpoint(run / LAST)["step"]
    assert 20 <= cut < 60
    if number == signal.SIGTERM:
        assert process.returncode == 0 and f"stopped at step {cut} of 60" in said
    for folder in (run, whole):
        subprocess.run([sys.executable, script(tmp_path, 0), folder], env=environment, check=True, capture_output=True)
    assert torch.equal(weights(run), weights(whole)) and torch.equal(weights(run, BEST), weights(whole, BEST))


def test_two_processes_train_one_model(tmp_path: Path) -> None:
    """Under torchrun, each on every other batch: the same as one process that accumulates two."""
    program = tmp_path / "both.py"
    program.write_text(
        textwrap.dedent(f"""
        import sys
        from dataclasses import replace
        from pathlib import Path
        sys.path[:0] = [{str(Path(__file__).parent)!r}]
        import torch, test_loop as here
        from hunch_training.loop.devices import gather_rows
        from torch import distributed, nn
        def plain(model, batch, share):
            if distributed.is_initialized():
                rows = gather_rows(batch[0])
                assert rows.shape == (16, 3), rows.shape
            return nn.functional.mse_loss(model(batch[0]), batch[1])
        here.fit(here.line(), [[8] * 10] * 2, here.draw, plain, here.evaluate,
                 replace(here.SMALL, epochs=2, accumulate=int(sys.argv[2])), Path(sys.argv[1]),
                 choose_by="valid_loss", device=here.CPU)
    """)
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    torchrun: list[str | Path] = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
    ]
    alone: list[str | Path] = [sys.executable]
    for command in ([*torchrun, program, tmp_path / "two", "1"], [*alone, program, tmp_path / "one", "2"]):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
    assert torch.allclose(weights(tmp_path / "two"), weights(tmp_path / "one"), atol=1e-6)
    assert [e["epoch"] for e in read_metrics(tmp_path / "two")] == [1, 2]


def test_what_cannot_be_trained_is_said(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="not one batch"):
        fit(line(), [[]], draw, loss_of, evaluate, SMALL, tmp_path, choose_by="valid_loss", device=CPU)
    with pytest.raises(TrainingError, match="the loss is nan: try a smaller --learning-rate"):
        fit(line(), [[8]], draw, lambda *_: torch.tensor(float("nan"), requires_grad=True), evaluate, SMALL, tmp_path,
            choose_by="valid_loss", device=CPU)  # fmt: skip
    with pytest.raises(TrainingError, match=r"too little memory: try --batch 4"), advice_about_memory("try --batch 4"):
        torch.empty(1 << 60, dtype=torch.uint8)
    learn(tmp_path, stop_after=1)
    with pytest.raises(TrainingError, match="other settings: give another --run"):
        learn(tmp_path, replace(SMALL, seed=5))


def test_a_checkpoint_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no such checkpoint: train first"):
        load_checkpoint(tmp_path / "none.pt")
    (tmp_path / "bad.pt").write_bytes(b"no checkpoint")
    with pytest.raises(TrainingError, match=r"bad\.pt: not a checkpoint"):
        load_checkpoint(tmp_path / "bad.pt")
    with pytest.raises(TrainingError, match="vocabulary of 7 pieces, this one has 9"):
        load_weights(nn.Embedding(9, 4), nn.Embedding(7, 4).state_dict(), tmp_path / "x.pt")
    with pytest.raises(TrainingError, match=r"another shape \(weight"):
        load_weights(nn.Embedding(9, 4), nn.Embedding(9, 5).state_dict(), tmp_path / "x.pt")


def test_a_run_says_what_it_was_started_with(tmp_path: Path) -> None:
    data = tmp_path / "rows.train.jsonl.gz"
    data.write_bytes(b"1")
    describe_run(tmp_path / "run", "stage", SMALL, [data])
    described = json.loads((tmp_path / "run" / SETTINGS).read_text())
    assert described["settings"]["learning_rate"] == 0.3 and described["torch"] == torch.__version__
    assert len(described["data_sha256"][f"{tmp_path.name}/rows.train.jsonl.gz"]) == 64
    describe_run(tmp_path / "run", "stage", SMALL, [data])
    with pytest.raises(TrainingError, match=r"other settings \(clip, seed\): give another --run"):
        describe_run(tmp_path / "run", "stage", replace(SMALL, seed=3, clip=2.0), [data])
    data.write_bytes(b"2")
    with pytest.raises(TrainingError, match=r"other data_sha256 \(.*rows\.train\.jsonl\.gz\)"):
        describe_run(tmp_path / "run", "stage", SMALL, [data])


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_the_learning_rate_rises_and_falls(schedule: str) -> None:
    rates = [rate_at(step, 100, warmup=10, schedule=schedule) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and rates[9] == 1.0 and rates[99] == pytest.approx(0.05, abs=0.02)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rate_at(99, 100, warmup=10, schedule="constant") == 1.0
    assert rate_at(0, 20, warmup=1000) == 0.5
    with pytest.raises(ValueError, match="'step': known are cosine, linear, constant"):
        rate_at(0, 10, warmup=1, schedule="step")


def test_tables_biases_and_norms_do_not_decay() -> None:
    model = nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 3), nn.LayerNorm(3))
    decayed, rest = default_groups(model, 0.1)
    assert [part.shape for part in decayed["params"]] == [(3, 4)] and decayed["weight_decay"] == 0.1
    assert len(rest["params"]) == 4 and rest["weight_decay"] == 0.0
