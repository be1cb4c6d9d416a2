"""Training the text encoder: losses beside plain ones, 32 examples learnt by heart, a run cut off, the recipe."""

from __future__ import annotations

import gzip
import json
import math
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hunch.text.tokenizer import CONTINUATION, PADDING_ID, SPECIAL_PIECES, UNKNOWN_ID, Tokenizer, dump_tokenizer
from hunch_training.cli import main
from hunch_training.contrastive.loss import contrastive_loss
from hunch_training.errors import TrainingError
from hunch_training.loop.run_folder import BEST, LAST, load_checkpoint, read_metrics
from hunch_training.text_encoder.encoder import encode_texts, load_encoder
from hunch_training.text_encoder.objectives import (
    DistillationBatch,
    LogitScale,
    MaskedBatch,
    MaskedLanguageHead,
    PairBatch,
    mask_tokens,
    share_a_text,
    similarity_loss,
    vector_loss,
)
from hunch_training.text_encoder.retrieval_sets import (
    TextRetrieval,
    bm25,
    load_text_sets,
    retrieval_of,
    scorer_of,
    text_reciprocal_ranks,
)
from hunch_training.text_encoder.rows import Rows, numbers_of, plan_epoch
from hunch_training.text_encoder.settings import Settings
from hunch_training.text_encoder.teacher_embeddings import write_embeddings
from hunch_training.text_encoder.train_text_encoder import (
    Learner,
    draw_batch,
    loss_of,
    make_learner,
    masked_loss,
    train,
)
from hunch_training.tokens.token_rows import token_rows

WORDS = [first + second for first in "bdfgklmnprst" for second in ("ab", "el", "im", "or", "un")]
TOKENIZER = Tokenizer([*SPECIAL_PIECES, *WORDS, *(CONTINUATION + word for word in WORDS[:20])])
CONTINUES = np.array([piece.startswith(CONTINUATION) for piece in TOKENIZER.pieces])
SMALL = Settings(
    objective="contrastive", epochs=2, dim=32, layers=1, longest=12, dropout=0.1, batch=16, learning_rate=1e-2,
    warmup=2, patience=0, averaging=0.5,
)  # fmt: skip
RECIPE = Path(__file__).parents[2] / "training/runs/text.sh"


def texts(count: int, seed: int) -> list[str]:
    generator = np.random.default_rng(seed)
    return [" ".join(generator.choice(WORDS, generator.integers(4, 9))) for _ in range(count)]


def rows_for(objective: str, count: int) -> Rows:
    some = [TOKENIZER.encode_text(text) for text in texts(count, 1)]
    if objective == "contrastive":  # the other text has the same words backwards
        rows = token_rows(part for row in some for part in (row, row[::-1]))
        return Rows(rows, np.arange(count).astype(np.int8) % 2, numbers_of(rows))
    if objective == "distil":
        vectors = np.random.default_rng(2).standard_normal((count, 8))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return Rows(token_rows(some), vectors=vectors.astype(np.float16))
    return Rows(token_rows(some))


def valid_sets() -> list[TextRetrieval]:
    return [retrieval_of("turned", ((text, " ".join(text.split()[::-1])) for text in texts(20, 9)))]


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape)).float()


def cosine(one: NDArray[Any], other: NDArray[Any]) -> float:
    return float(one @ other / math.sqrt(one @ one) / math.sqrt(other @ other))


# Losses beside plain ones


def test_contrastive_loss_equals_the_plain_one() -> None:
    left, right = (functional.normalize(random(5, 6, seed=seed), dim=1) for seed in (0, 1))
    numbers = [(0, 10), (1, 11), (2, 10), (3, 0), (4, 14)]  # 0 and 2 share a right text; 3's right is 0's left
    found = float(contrastive_loss(left, right, torch.tensor(7.0).log(), share_a_text(torch.tensor(numbers))))
    total = 0.0
    for one, other in ((left.numpy(), right.numpy()), (right.numpy(), left.numpy())):
        for i in range(5):
            rivals = [j for j in range(5) if j == i or not set(numbers[i]) & set(numbers[j])]
            scores = {j: 7.0 * cosine(one[i], other[j]) for j in rivals}
            total -= scores[i] - math.log(sum(math.exp(score) for score in scores.values()))
    assert found == pytest.approx(total / 10, rel=1e-5)


def test_equal_texts_are_no_negatives_of_each_other() -> None:
    left = functional.normalize(random(4, 6), dim=1)
    same = share_a_text(torch.tensor([[0, 5], [1, 5], [2, 5], [3, 5]]))
    assert float(contrastive_loss(left, left, torch.tensor(20.0).log(), same)) == pytest.approx(0, abs=1e-6)


def test_similarity_loss_equals_the_plain_one() -> None:
    vectors, teacher = random(4, 6), random(4, 3, seed=1)
    found = float(similarity_loss(vectors, teacher, 0.2))
    total = 0.0
    for i in range(4):
        shares = []
        for part in (vectors.numpy(), teacher.numpy()):
            powers = {j: math.exp(cosine(part[i], part[j]) / 0.2) for j in range(4) if j != i}
            shares.append({j: power / sum(powers.values()) for j, power in powers.items()})
        total += sum(theirs * math.log(theirs / shares[0][j]) for j, theirs in shares[1].items())
    assert found == pytest.approx(total / 4, rel=1e-4)
    assert float(similarity_loss(vectors, vectors @ torch.linalg.qr(random(6, 6))[0], 0.2)) == pytest.approx(
        0, abs=1e-5
    )
    assert float(similarity_loss(vectors[:1], teacher[:1], 0.2)) == 0


def test_vector_losses_equal_the_plain_ones() -> None:
    mapped, teacher = random(4, 6), random(4, 6, seed=1)
    pairs = list(zip(mapped.numpy(), teacher.numpy(), strict=True))
    expected = np.mean([1 - cosine(one, other) for one, other in pairs])
    assert float(vector_loss(mapped, teacher, "cosine")) == pytest.approx(expected, rel=1e-5)
    squares = np.mean([sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) for one, other in pairs])
    assert float(vector_loss(mapped, teacher, "mse")) == pytest.approx(squares, rel=1e-5)
    with pytest.raises(TrainingError, match="there is no --vector-loss 'far'"):
        vector_loss(mapped, teacher, "far")


@torch.no_grad()
def test_masked_loss_equals_the_plain_one() -> None:
    learner = make_learner(replace(SMALL, objective="masked"), len(TOKENIZER.pieces)).eval()
    head = learner.head
    assert isinstance(head, MaskedLanguageHead)
    batch = MaskedBatch(torch.tensor([[5, 1, 7], [1, 9, 0]]), torch.tensor([[0, 6, 0], [8, 9, 0]]))
    total = 0.0
    for row, place, wanted in ((0, 1, 6), (1, 0, 8), (1, 1, 9)):
        state = learner.encoder.states(batch.ids)[row, place]
        changed = head.change[2](head.change[1](head.change[0](state))).numpy()
        scores = [
            float(changed @ piece) + float(bias)
            for piece, bias in zip(learner.encoder.table.weight.numpy(), head.bias.numpy(), strict=True)
        ]
        total -= scores[wanted] - math.log(sum(math.exp(score) for score in scores))
    assert float(masked_loss(learner, batch)) == pytest.approx(total / 3, rel=1e-4)
    nothing = MaskedBatch(batch.ids, torch.zeros_like(batch.wanted))
    assert float(masked_loss(learner, nothing)) == 0


def test_smaller_dimensions_and_both_distances_count() -> None:
    rows = rows_for("contrastive", 16)
    batch = draw_batch(rows, np.arange(8), np.random.default_rng(0), SMALL, CONTINUES)
    assert isinstance(batch, PairBatch)
    learner = make_learner(SMALL, len(TOKENIZER.pieces)).eval()
    assert isinstance(learner.head, LogitScale)
    assert learner.head.logit_scale.exp().item() == pytest.approx(20)
    left, right = learner.encoder(batch.left).detach(), learner.encoder(batch.right).detach()
    same, scale = share_a_text(batch.numbers), torch.tensor(20.0).log()
    losses = []
    for dim in (8, 16, 32):
        short_left, short_right = (functional.normalize(part[:, :dim], dim=1) for part in (left, right))
        losses.append(float(contrastive_loss(short_left, short_right, scale, same)))
    found = loss_of(learner, batch, replace(SMALL, matryoshka="8,16")).item()
    assert found == pytest.approx(np.mean(losses), rel=1e-4)
    for wrong in ("32", "8,x", "0"):
        with pytest.raises(TrainingError, match="give numbers below 32"):
            loss_of(learner, batch, replace(SMALL, matryoshka=wrong))

    settings = replace(SMALL, objective="distil", vector_weight=0.5, similarity_weight=2.0)
    student = make_learner(settings, len(TOKENIZER.pieces), 8).eval()
    teacher = draw_batch(rows_for("distil", 16), np.arange(8), np.random.default_rng(0), settings, CONTINUES)
    assert isinstance(teacher, DistillationBatch)
    vectors = student.encoder(teacher.ids).detach()
    near = vector_loss(student.head(vectors), teacher.vectors, "cosine").item()
    alike = float(similarity_loss(vectors, teacher.vectors, settings.similarity_temperature))
    assert loss_of(student, teacher, settings).item() == pytest.approx(0.5 * near + 2 * alike, rel=1e-5)


# Batches


def test_masked_tokens_are_as_many_and_of_the_sorts_they_should_be() -> None:
    ids = torch.from_numpy(np.random.default_rng(0).integers(2, len(WORDS) + 2, (400, 50)))
    ids[:, 40:] = PADDING_ID
    batch = mask_tokens(ids, np.random.default_rng(1), CONTINUES, share=0.15, whole_word_masking=False)
    chosen = batch.wanted != PADDING_ID
    assert float(chosen[:, :40].float().mean()) == pytest.approx(0.15, abs=0.01)
    assert not chosen[:, 40:].any()
    assert torch.equal(batch.wanted[chosen], ids[chosen])
    assert torch.equal(batch.ids[~chosen], ids[~chosen])
    assert float((batch.ids[chosen] == UNKNOWN_ID).float().mean()) == pytest.approx(0.8, abs=0.03)
    assert float((batch.ids[chosen] == ids[chosen]).float().mean()) == pytest.approx(0.1, abs=0.03)


def test_whole_words_are_masked_together() -> None:
    begin, go_on = TOKENIZER.encode_word(WORDS[0])[0], TOKENIZER.pieces.index(CONTINUATION + WORDS[1])
    ids = torch.tensor([[begin, go_on, go_on] * 4] * 200)
    chosen = (
        mask_tokens(ids, np.random.default_rng(0), CONTINUES, share=0.3, whole_word_masking=True).wanted != 0
    ).view(200, 4, 3)
    assert torch.equal(chosen.all(dim=2), chosen.any(dim=2))
    assert float(chosen.float().mean()) == pytest.approx(0.3, abs=0.05)
    apart = (
        mask_tokens(ids, np.random.default_rng(0), CONTINUES, share=0.3, whole_word_masking=False).wanted != 0
    ).view(200, 4, 3)
    assert not torch.equal(apart.all(dim=2), apart.any(dim=2))


def test_batches_are_of_one_kind_and_size_and_have_every_row() -> None:
    generator = np.random.default_rng(0)
    rows = token_rows([2] * int(length) for length in generator.integers(1, 40, 2 * 700))
    kinds = np.array([0] * 5 + [3] * 695, np.int8)
    all_rows = Rows(rows, kinds, numbers_of(rows))
    batches = plan_epoch(all_rows, SMALL, 0)
    assert {len(batch) for batch in batches} == {16}
    assert sorted(set(np.concatenate(batches).tolist())) == list(range(700))
    assert len(batches) == 1 + math.ceil(695 / 16)
    assert all(len(set(kinds[batch].tolist())) == 1 for batch in batches)
    spread = np.mean([np.ptp(rows.lengths[2 * batch]) for batch in batches if kinds[batch[0]] == 3])
    assert spread < 12
    assert [batch.tolist() for batch in plan_epoch(all_rows, SMALL, 0)] == [batch.tolist() for batch in batches]
    assert [batch.tolist() for batch in plan_epoch(all_rows, SMALL, 1)] != [batch.tolist() for batch in batches]


def test_equal_texts_have_equal_numbers() -> None:
    numbers = numbers_of(token_rows([[1, 2], [1, 3], [1, 2], [1], []]))
    assert numbers[0] == numbers[2]
    assert len(set(numbers.tolist())) == 4


# Training


@pytest.mark.parametrize("objective", ["masked", "contrastive", "distil"])
def test_32_examples_are_learnt_by_heart(objective: str) -> None:
    settings = replace(SMALL, objective=objective, dim=64, layers=2, dropout=0.0, batch=32, similarity_temperature=0.2)
    rows = rows_for(objective, 32)
    if objective == "contrastive":  # texts that have nothing in common
        some = token_rows(TOKENIZER.encode_text(text) for text in texts(64, 1))
        rows = Rows(some, np.zeros(32, np.int8), numbers_of(some))
    learner = make_learner(settings, len(TOKENIZER.pieces), 8)
    optimizer = torch.optim.Adam(learner.parameters(), lr=2e-3)
    batch = draw_batch(rows, np.arange(32), np.random.default_rng(0), settings, CONTINUES)
    losses = []
    for _ in range({"masked": 60, "contrastive": 40, "distil": 120}[objective]):
        loss = loss_of(learner, batch, settings)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        losses.append(float(loss.detach()))
    assert np.mean(losses[:3]) > 0.5
    assert np.mean(losses[-5:]) < 0.05


def weights(run: Path, name: str) -> dict[str, Tensor]:
    found: dict[str, Tensor] = load_checkpoint(run / name)["model"]
    return found


@pytest.mark.parametrize("objective", ["masked", "contrastive", "distil"])
def test_a_run_that_is_cut_off_ends_with_the_same_bits(objective: str, tmp_path: Path) -> None:
    settings = replace(SMALL, objective=objective)
    rows = rows_for(objective, 60)

    def learn(run: str, **more: Any) -> float:
        return train(rows, valid_sets(), TOKENIZER, settings, tmp_path / run, device=torch.device("cpu"), **more)

    best = learn("whole")
    for stop in (2, 5):
        learn("cut", stop_after=stop)
    assert learn("cut") == best
    for name in (LAST, BEST):
        one, other = (weights(tmp_path / run, name) for run in ("whole", "cut"))
        assert all(torch.equal(one[key], other[key]) for key in one)
    epochs = [entry for entry in read_metrics(tmp_path / "whole") if "epoch" in entry]
    assert [entry["epoch"] for entry in epochs] == [1, 2]
    assert {"valid_turned", "valid_mrr", "loss"} <= epochs[0].keys()
    assert best == (min if objective == "masked" else max)(
        entry["valid_loss" if objective == "masked" else "valid_mrr"] for entry in epochs
    )


def test_an_objective_starts_from_the_encoder_of_another(tmp_path: Path) -> None:
    words = replace(SMALL, objective="masked", epochs=1)
    train(rows_for("masked", 40), valid_sets(), TOKENIZER, words, tmp_path / "masked")
    (tmp_path / "masked/tokenizer.json").write_text(dump_tokenizer(TOKENIZER), encoding="utf-8")
    encoder, tokenizer, settings = load_encoder(tmp_path / "masked")
    assert settings == words
    assert encode_texts(encoder, ["", *texts(3, 5)], tokenizer, longest=12)[0].tolist() == [0.0] * 32

    some = texts(5, 5)
    vectors = [encode_texts(encoder, some, tokenizer, longest=12, dim=dim) for dim in (None, 8)]
    cut = vectors[0][:, :8]
    assert np.allclose(vectors[1], cut / np.linalg.norm(cut, axis=1, keepdims=True), atol=1e-6)

    still = replace(SMALL, epochs=1, learning_rate=0.0, averaging=0.0, weight_decay=0.0)
    train(rows_for("contrastive", 40), valid_sets(), TOKENIZER, still, tmp_path / "pairs", start=tmp_path / "masked")
    before, after = weights(tmp_path / "masked", BEST), weights(tmp_path / "pairs", BEST)
    shared = [name for name in before if name.startswith("encoder.")]
    assert shared
    assert all(torch.equal(before[name], after[name]) for name in shared)
    fewer = Tokenizer(TOKENIZER.pieces[:-1])
    with pytest.raises(TrainingError, match="made with a vocabulary of 82 pieces, this one has 81"):
        train(rows_for("contrastive", 40), valid_sets(), fewer, still, tmp_path / "other", start=tmp_path / "masked")
    torch.save({"model": {"x": torch.zeros(1)}, "settings": {}}, tmp_path / BEST)
    with pytest.raises(TrainingError, match="the checkpoint of another stage"):
        load_encoder(tmp_path)


def test_token_embeddings_start_from_a_static_encoder(tmp_path: Path) -> None:
    table = random(len(TOKENIZER.pieces), 32)
    torch.save(
        {"model": {"static_encoder.table": table, "static_encoder.token_weights": torch.zeros(2, 3)}},
        tmp_path / "static.pt",
    )
    still = replace(SMALL, epochs=1, learning_rate=0.0, averaging=0.0)
    rows = rows_for("contrastive", 40)
    train(rows, valid_sets(), TOKENIZER, still, tmp_path / "run", table=tmp_path / "static.pt")
    found = weights(tmp_path / "run", BEST)["encoder.table.weight"]
    assert torch.allclose(found, table / table.norm(dim=1, keepdim=True))
    torch.save({"model": {"static_encoder.table": table[:9]}}, tmp_path / "static.pt")
    with pytest.raises(TrainingError, match="made with a vocabulary of 9 pieces, this one has 82"):
        train(rows, valid_sets(), TOKENIZER, still, tmp_path / "other", table=tmp_path / "static.pt")


def test_training_on_pairs_finds_held_out_pairs(tmp_path: Path) -> None:
    settings = replace(SMALL, epochs=6, dropout=0.0, averaging=0.0)
    untrained: Learner = make_learner(settings, len(TOKENIZER.pieces))
    valid = [retrieval_of("half", ((" ".join(t.split()[:3]), " ".join(t.split()[1:])) for t in texts(30, 9)))]
    scorer = scorer_of(lambda some: encode_texts(untrained.encoder, some, TOKENIZER, longest=12))
    before = float(np.mean(text_reciprocal_ranks(valid[0], scorer)))
    rows = token_rows(
        TOKENIZER.encode_text(part)
        for t in texts(400, 3)
        for part in (" ".join(t.split()[:3]), " ".join(t.split()[1:]))
    )
    assert (
        train(Rows(rows, np.zeros(400, np.int8), numbers_of(rows)), valid, TOKENIZER, settings, tmp_path) > before + 0.1
    )


# Measuring


def test_ranks_count_ties_against_and_take_the_best_right_text() -> None:
    part = retrieval_of("p", [("a", "x"), ("a", "y"), ("b", "z"), ("c", "x")])
    assert (part.queries, part.texts, part.right) == (["a", "b", "c"], ["x", "y", "z"], [[0, 1], [2], [0]])
    scores = np.array([[0.1, 0.5, 0.9], [0.2, 0.1, 0.2], [0.7, 0.1, 0.2]], np.float32)
    assert text_reciprocal_ranks(part, lambda queries, texts: scores) == [1 / 2, 1 / 2, 1.0]


def test_bm25_finds_words_in_other_forms() -> None:
    scores = bm25(["sorting lists", "of the"], ["sort a list", "read a file of the list", "close"])
    assert scores[0].argmax() == 0
    assert scores[0, 0] > scores[0, 1] > scores[0, 2] == 0


def write(file: Path, rows: list[dict[str, Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(file, "wt", encoding="utf-8") as opened:
        opened.writelines(json.dumps(row) + "\n" for row in rows)


def data_folder(folder: Path) -> Path:
    generator = np.random.default_rng(0)
    for split, count in (("train", 150), ("valid", 30), ("test", 30)):
        rows = []
        for number in range(count):
            words = generator.choice(WORDS, 12).tolist()
            rows.append({
                "lang": "python", "package": f"p{number // 10}", "path": "a.py", "func_name": "_".join(words[:2]),
                "docstring": f"{words[0].title()} {' '.join(words[1:6])}. {words[6].title()} {' '.join(words[7:])}.",
                "code": f"def {words[0]}({words[2]}): return {words[4]}",
            })  # fmt: skip
        write(folder / f"packages_pairs/python.{split}.jsonl.gz", rows)
    for split in ("train", "test"):
        questions: list[dict[str, Any]] = []
        for number in range(40):
            words = f"{WORDS[number]} {WORDS[number + 9]}"
            questions.append({"question_id": number, "title": f"How to {words}?", "query": words, "code": "x"})
        write(folder / f"conala/{split}.jsonl.gz", questions)
    return folder


def test_sets_are_of_their_split(tmp_path: Path) -> None:
    data = data_folder(tmp_path)
    valid, test = load_text_sets(data, "valid"), load_text_sets(data, "test")
    assert [part.name for part in valid] == ["conala", "halves", "names"]
    assert len(valid[0].queries) == 8 and len(test[0].queries) == 40
    assert len(load_text_sets(data, "valid", most_rows=7)[1].queries) == 7
    assert not set(valid[1].queries) & set(test[1].queries)
    with pytest.raises(TrainingError, match="no valid rows of conala or packages_pairs"):
        load_text_sets(tmp_path / "nothing", "valid")


def test_the_commands_say_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = data_folder(tmp_path / "data")
    run = ["text-encoder", str(data), "--run", str(tmp_path / "run")]
    vocabulary = tmp_path / "tokenizer.json"
    vocabulary.write_text("{}", encoding="utf-8")
    for arguments, message in [
        (run, "give --tokenizer FILE or --start RUN"),
        ([*run, "--tokenizer", str(vocabulary)], "not a vocabulary"),
        ([*run, "--start", str(tmp_path)], "not a vocabulary"),
        (["evaluate-text", str(data), "--run", str(tmp_path / "no")], "no such checkpoint"),
    ]:
        assert main(arguments) == 2
        assert message in capsys.readouterr().err
    vocabulary.write_text(dump_tokenizer(TOKENIZER), encoding="utf-8")
    for more, message in [
        (["--objective", "x"], "there is no objective 'x': known are masked, contrastive, distil"),
        (["--objective", "distil"], "give --teacher FOLDER"),
        (["--objective", "distil", "--teacher", str(tmp_path)], "write them with hunch-train teacher"),
    ]:
        assert main([*run, "--tokenizer", str(vocabulary), *more]) == 2
        assert message in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("bash") is None, reason="the recipe is a bash script")
def test_small_recipe_ends_with_an_encoder_that_was_measured(tmp_path: Path) -> None:
    data = data_folder(tmp_path / "data")
    teacher = texts(200, 4)
    vectors = rows_for("distil", 200).vectors
    assert vectors is not None
    write_embeddings(teacher, lambda part: vectors[[teacher.index(t) for t in part]].astype(np.float32),
                  tmp_path / "work/teacher", dim=8, teacher="chance")  # fmt: skip
    environment = {**os.environ, "PYTHON": sys.executable, "SMALL": "1", "OMP_NUM_THREADS": "1"}
    command = ["bash", str(RECIPE), str(data), str(tmp_path / "work")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "work/valid.json").read_text(encoding="utf-8"))
    assert figures.keys() == {"BM25", "masked", "distilled", "pairs"}
    assert figures["pairs"].keys() == {"conala", "halves", "names"}
    assert load_encoder(tmp_path / "work/pairs")[2].objective == "contrastive"
