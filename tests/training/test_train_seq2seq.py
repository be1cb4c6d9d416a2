"""Training a model that writes: batches, weights, and a run that is cut off and goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hunch.text.subwords import BEGIN, END, PAD
from hunch_training.cli import main
from hunch_training.errors import TrainingError
from hunch_training.loop.run_folder import LAST, load_checkpoint, read_metrics
from hunch_training.seq2seq.models import load_model, make_model
from hunch_training.seq2seq.rows import Rows, batch_of, plan_epoch
from hunch_training.seq2seq.settings import Settings
from hunch_training.seq2seq.train_seq2seq import evaluate, loss_of, token_weights, train
from hunch_training.tokenizer.subwords import load_subwords
from hunch_training.tokens.token_rows import TokenRows, load_rows, pad_rows, rows_written, token_rows, write_rows

VOCABULARY = 40
SMALL = Settings(epochs=3, dim=64, layers=1, batch_tokens=200, longest_source=16, longest_target=8, warmup=2)
CPU = torch.device("cpu")


def rows(count: int, seed: int) -> Rows:
    """Targets are the first half of their sources, which can be learnt."""
    generator = np.random.default_rng(seed)
    sources = [generator.integers(4, VOCABULARY, generator.integers(2, 12)).tolist() for _ in range(count)]
    return Rows(token_rows(sources), token_rows([BEGIN, *source[: len(source) // 2], END] for source in sources))


def test_an_epoch_has_each_row_once_in_batches_that_fit() -> None:
    some = rows(100, 0)
    batches = plan_epoch(some, SMALL, 0)
    assert sorted(np.concatenate(batches).tolist()) == list(range(100))
    for chosen in batches:
        source, target = batch_of(some, chosen)
        assert len(chosen) == 1 or source.numel() + target.numel() <= 200
        for place, number in enumerate(chosen):
            assert [token for token in source[place].tolist() if token != PAD] == some.sources.row(number).tolist()
            assert [token for token in target[place].tolist() if token != PAD] == some.targets.row(number).tolist()
    padding = [float((batch_of(some, batch).source == PAD).float().mean()) for batch in batches]
    assert np.mean(padding) < 0.35  # rows of like lengths are together, but for the noise
    again = plan_epoch(some, SMALL, 0)
    assert all(np.array_equal(one, other) for one, other in zip(batches, again, strict=True))
    assert [batch.tolist() for batch in plan_epoch(some, SMALL, 1)] != [batch.tolist() for batch in batches]


def test_frequent_tokens_count_less_and_the_mean_stays() -> None:
    targets = token_rows([[BEGIN, 4, 4, 4, 4, 5, END]] * 3)
    weights = token_weights(targets, VOCABULARY, 0.5)
    assert weights[4] < weights[END] == weights[5]
    assert float(weights[4] / weights[5]) == pytest.approx((4 / 1) ** -0.5)
    shares = torch.tensor([4, 1, 1]) / 6
    assert float((weights[[4, 5, END]] * shares).sum()) == pytest.approx(1)
    assert token_weights(targets, VOCABULARY, 0.0)[[4, 5, END]].tolist() == pytest.approx([1, 1, 1])


def test_the_loss_is_that_of_a_plain_reference() -> None:
    """Label smoothing and token weights, token by token."""
    some = rows(12, 3)
    settings = replace(SMALL, dropout=0.0, label_smoothing=0.2)
    weights = token_weights(some.targets, VOCABULARY, 0.4)
    model = make_model(settings, VOCABULARY).train()
    batch = batch_of(some, np.arange(12))
    chances = model(*batch).log_softmax(dim=2).detach().double().numpy()
    weight = weights.double().numpy()
    total = divisor = 0.0
    for row, wanted in enumerate(batch.target[:, 1:].tolist()):
        for place, token in enumerate(wanted):
            if token == PAD:
                continue
            total -= 0.8 * weight[token] * chances[row, place, token]
            total -= 0.2 / VOCABULARY * sum(weight[n] * chances[row, place, n] for n in range(VOCABULARY))
            divisor += weight[token]
    assert loss_of(model, batch, settings, weights=weights).item() == pytest.approx(total / divisor, rel=1e-5)
    plain = -np.mean([chances[r, p, t] for r, row in enumerate(batch.target[:, 1:].tolist()) for p, t in enumerate(row)
                      if t != PAD])  # fmt: skip
    assert loss_of(model.eval(), batch, settings).item() == pytest.approx(plain, rel=1e-5)


@pytest.mark.parametrize("kind", ["rnn", "transformer"])
def test_a_run_that_is_cut_off_ends_with_the_same_model(kind: str, tmp_path: Path) -> None:
    settings = replace(SMALL, model=kind, teacher_forcing=0.8, label_smoothing=0.1, frequent_weight=0.2)
    some, valid = rows(120, 1), rows(30, 2)
    whole = train(some, valid, VOCABULARY, settings, tmp_path / "whole", device=CPU)
    for stop in (3, 11):
        train(some, valid, VOCABULARY, settings, tmp_path / "cut", device=CPU, stop_after=stop)
    assert train(some, valid, VOCABULARY, settings, tmp_path / "cut", device=CPU) == whole
    one, other = (load_checkpoint(tmp_path / name / LAST)["model"] for name in ("whole", "cut"))
    assert all(torch.equal(one[key], other[key]) for key in one)
    entries = [entry for entry in read_metrics(tmp_path / "whole") if "epoch" in entry]
    assert [entry["epoch"] for entry in entries] == [1, 2, 3]
    assert entries[-1]["valid_loss"] < entries[0]["valid_loss"]
    model, found = load_model(tmp_path / "whole")
    assert found == settings
    assert evaluate(model, valid, settings) == pytest.approx(whole)


def test_rows_on_disk_are_those_in_memory(tmp_path: Path) -> None:
    some = [[5, 6, 7], [], [8]]
    assert not rows_written(tmp_path / "x")
    write_rows(iter(some), tmp_path / "x")
    assert rows_written(tmp_path / "x")
    for kept in (load_rows(tmp_path / "x"), token_rows(some)):
        assert isinstance(kept, TokenRows)
        assert [kept.row(number).tolist() for number in range(len(kept))] == some
    assert pad_rows(kept, np.array([2, 0])).tolist() == [[8, 0, 0], [5, 6, 7]]
    assert len(write_rows([], tmp_path / "none")) == 0


def test_what_cannot_be_trained_is_refused(tmp_path: Path) -> None:
    some = rows(10, 1)
    with pytest.raises(TrainingError, match="no rows"):
        train(Rows(token_rows([]), token_rows([])), some, VOCABULARY, SMALL, tmp_path, device=CPU)
    with pytest.raises(TrainingError, match="'lstm': known are rnn, transformer"):
        make_model(replace(SMALL, model="lstm"), VOCABULARY)


def test_a_word_level_vocabulary(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = str(data / "packages_pairs/python.train.jsonl.gz")
    run, flags = tmp_path / "run", ["--dim", "16", "--epochs", "1", "--threads", "1", "--limit", "40"]
    assert main(["seq2seq", pairs, "--run", str(run), "--word-level", "--vocabulary", "30", *flags]) == 0
    words = load_subwords(run / "subwords.json")
    assert words.get_vocab_size() <= 30 and json.loads(words.to_str())["model"]["type"] == "WordLevel"
    assert "unknown" in capsys.readouterr().out
    other = ["seq2seq", pairs, "--run", str(tmp_path / "other"), "--word-level", "--subwords"]
    assert main([*other, str(run / "subwords.json"), *flags]) != 0
    assert "give it without --subwords" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["rnn", "transformer"])
def test_from_pairs_to_figures_on_the_command_line(
    kind: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs, run = data / "packages_pairs/python.train.jsonl.gz", tmp_path / kind
    (tmp_path / "run.toml").write_text(
        'model = "rnn"\ndim = 64\nvocabulary = 300\nlearning-rate = 5e-3\nbatch_tokens = 400\n'
    )
    flags = [
        "--config",
        str(tmp_path / "run.toml"),
        "--model",
        kind,
        "--epochs",
        "30",
        "--patience",
        "0",
        "--layers",
        "1",
        "--dropout",
        "0",
        "--threads",
        "1",
    ]
    assert main(["seq2seq", str(pairs), "--run", str(run), *flags]) == 0
    assert "232 pairs" in capsys.readouterr().out
    epochs = [entry for entry in read_metrics(run) if "epoch" in entry]
    assert epochs[-1]["valid_loss"] < 0.5 * epochs[0]["valid_loss"]
    assert json.loads((run / "run.json").read_text())["settings"]["dim"] == 64
    valid, out = data / "packages_pairs/python.valid.jsonl.gz", tmp_path / "report"
    assert (
        main(
            [
                "evaluate-seq2seq",
                str(valid),
                str(run),
                "--nearest",
                str(pairs),
                "--beams",
                "3",
                "--threads",
                "1",
                "--out",
                str(out),
            ]
        )
        == 0
    )
    figures = json.loads((out / "figures.json").read_text())["figures"]
    # A verb and a noun out of nonsense: who knows the nearest function alone is right in one of them.
    assert figures[kind]["bleu"][0] > 75 > figures["most similar function"]["bleu"][0]
    assert figures[kind]["words"] == 3
    assert all((out / name).stat().st_size > 1000 for name in ("samples.html", "curves.png", f"attention-{kind}.png"))
    assert len((out / "texts.jsonl").read_text().splitlines()) == 40


def test_a_wrong_use_is_one_line(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = str(data / "packages_pairs/python.train.jsonl.gz")
    (tmp_path / "bad.toml").write_text("dimension = 3\n")
    (tmp_path / "type.toml").write_text('dim = "many"\n')
    for arguments, expected in (
        ([pairs.replace("train", "valid"), "--run", str(tmp_path)], "valid rows are not for training"),
        ([pairs, "--run", str(tmp_path), "--config", str(tmp_path / "bad.toml")], "there is no setting 'dimension'"),
        ([pairs, "--run", str(tmp_path), "--config", str(tmp_path / "type.toml")], "dim = 'many': not int"),
    ):
        assert main(["seq2seq", *arguments]) == 2
        said = capsys.readouterr().err
        assert expected in said and said.startswith("hunch-train seq2seq: ") and said.count("\n") == 1
    assert main(["evaluate-seq2seq", pairs, str(tmp_path / "none"), "--out", str(tmp_path / "o")]) == 2
    assert "no such checkpoint: train first" in capsys.readouterr().err


def test_help_says_what_every_setting_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["seq2seq", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "share of the recurrent decoder's steps that see the right token" in said
    assert "--bf16, --no-bf16" in said and "decides the first weights" in said
