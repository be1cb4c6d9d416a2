"""Training towers of each kind: over-fitting, resuming, several processes, and the whole way on the command line."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hunch.text.bag import Bags
from hunch.text.render import FIELD_NAMES
from hunch.text.tokenizer import SPECIAL_PIECES, Tokenizer, dump_tokenizer, identifiers, split_identifier
from hunch_training.bi_encoder.model import BiEncoder, Shape, dense_scorer, load_model
from hunch_training.bi_encoder.settings import Settings
from hunch_training.bi_encoder.train_bi_encoder import Batch, groups_of, loss_of, make_model, start_from, train
from hunch_training.cli import main
from hunch_training.contrastive.batches import BODY, NAME, SIGNATURE, draw_pairs, plan_epoch
from hunch_training.contrastive.negatives import NOTHING
from hunch_training.data.pairs import read_rows
from hunch_training.errors import TrainingError
from hunch_training.evaluation.bm25 import bm25_scores
from hunch_training.evaluation.retrieval_metrics import mean_reciprocal_rank
from hunch_training.evaluation.retrieval_sets import load_pair_sets, tokenise
from hunch_training.loop.run_folder import BEST, LAST, load_checkpoint, read_metrics, save_checkpoint
from hunch_training.text_encoder import settings as text_encoder_settings
from hunch_training.text_encoder.encoder import make_encoder
from hunch_training.tokens.corpus import Corpus, row_of_entry, take
from hunch_training.tokens.sequences import load_corpora_as
from hunch_training.tokens.tensors import bag_input
from hunch_training.tokens.vocabulary import VOCABULARY

CPU = torch.device("cpu")
KINDS = [(query, code) for query in ("static", "transformer") for code in ("static", "transformer")]
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
SMALL = Settings(
    seed=3, epochs=2, batch=64, dim=16, transformer_dim=32, layers=1, heads=2, learning_rate=0.02, transformer_rate=0.2,
    warmup=4, averaging=0.0, clip=1.0, query_tokens=8, body_tokens=12, chunk_tokens=256,
)  # fmt: skip
STILL = replace(
    SMALL, query_token_dropout=0.0, code_token_dropout=0.0, name_dropout=0.0, path_dropout=0.0, documentation_share=0.0,
    dropout=0.0,
)  # fmt: skip
"""Without anything that is drawn but the order"""


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tokenizer(data: Path) -> Tokenizer:
    words: set[str] = set()
    for row in read_rows(data / "packages_pairs/python.train.jsonl.gz"):
        words.update(word for identifier in identifiers(f"{row['docstring']} {row['code']}")
                     for word in split_identifier(identifier))  # fmt: skip
    whole = sorted(word for word in words if word.isalpha() and len(word) > 1)
    return Tokenizer([*SPECIAL_PIECES, *whole, *LETTERS, *(f"##{letter}" for letter in LETTERS)])


@pytest.fixture(scope="module")
def tokenizer_file(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    path.write_text(dump_tokenizer(tokenizer), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def corpora_for(settings: Settings, data: Path, tokenizer: Tokenizer, cache: Path) -> list[Corpus]:
    reading = settings.shape(len(tokenizer.pieces)).reading
    return load_corpora_as(
        [data / "packages_pairs/python.train.jsonl.gz"], tokenizer, cache, reading, limit=settings.limit
    )


@pytest.mark.parametrize(("query", "code"), KINDS)
def test_32_examples_are_learnt_by_heart(
    query: str, code: str, data: Path, tokenizer: Tokenizer, cache: Path, tmp_path: Path
) -> None:
    settings = replace(
        STILL, query_tower=query, code_tower=code, epochs=60, limit=32, neighbours=1, schedule="constant"
    )
    corpora = corpora_for(settings, data, tokenizer, cache)
    train(corpora, len(tokenizer.pieces), [], settings, tmp_path, device=CPU)
    assert len(corpora[0]) == 32
    assert read_metrics(tmp_path)[-1]["loss"] < 0.01


@pytest.mark.parametrize(
    ("query", "code"), [("static", "static"), ("transformer", "static"), ("transformer", "transformer")]
)
def test_a_run_cut_off_at_any_step_ends_with_the_same_bits(
    query: str, code: str, data: Path, tokenizer: Tokenizer, cache: Path, tmp_path: Path
) -> None:
    settings = replace(
        SMALL, query_tower=query, code_tower=code, negatives=2, matryoshka="4,8", averaging=0.8, name_masking=0.2,
        signature_dropout=0.1, body_dropout=0.1, name_queries=0.1, recompute=True,
    )  # fmt: skip
    corpora = corpora_for(settings, data, tokenizer, cache)
    mined = [np.random.default_rng(0).integers(-1, len(corpora[0]), (len(corpora[0]), 4)).astype(np.int32)]
    (texts,) = load_pair_sets(data, "valid")
    valid = [tokenise(texts, tokenizer, settings.shape(len(tokenizer.pieces)).reading)]
    best = [
        train(corpora, len(tokenizer.pieces), valid, settings, tmp_path / folder, mined=mined, device=CPU,
              stop_after=stop)
        for folder, stop in (("whole", None), ("cut", 1), ("cut", 4), ("cut", None))
    ]  # fmt: skip
    assert best[0] == best[-1]
    for name in (LAST, BEST):
        whole, cut = (load_checkpoint(tmp_path / folder / name) for folder in ("whole", "cut"))
        assert whole["step"] == cut["step"]
        assert all(torch.equal(weights, cut["model"][key]) for key, weights in whole["model"].items())
    figures = read_metrics(tmp_path / "whole")[-1]
    assert {"valid_mrr", "valid_mrr_4", "valid_mrr_8", "pairs/python"} <= figures.keys()


@pytest.mark.parametrize(("tower", "epochs"), [("static", 6), ("transformer", 20)])
def test_unseen_pairs_are_found(
    tower: str, epochs: int, data: Path, tokenizer: Tokenizer, cache: Path, tmp_path: Path
) -> None:
    settings = replace(STILL, query_tower=tower, code_tower=tower, epochs=epochs, batch=56, neighbours=1)
    corpora = corpora_for(settings, data, tokenizer, cache)
    (texts,) = load_pair_sets(data, "valid")
    valid = tokenise(texts, tokenizer, settings.shape(len(tokenizer.pieces)).reading)
    found = train(corpora, len(tokenizer.pieces), [valid], settings, tmp_path, device=CPU)
    assert mean_reciprocal_rank(tokenise(texts, tokenizer), bm25_scores).mean < 0.2  # chance is 0.11
    assert found > 0.6
    model, state = load_model(tmp_path / BEST)
    assert mean_reciprocal_rank(valid, dense_scorer(model)).mean == pytest.approx(found) == state["best"]


def test_every_row_is_in_one_batch_of_an_epoch() -> None:
    for neighbours in (1, 8):
        plan = plan_epoch([216, 70], replace(SMALL, neighbours=neighbours), [1, 2], epoch=0)
        assert np.array_equal(np.sort(np.concatenate([rows for number, rows in plan if number == 0])), np.arange(216))
        assert sum(len(rows) for number, rows in plan if number == 1) == 140
    assert len(plan_epoch([1000], replace(SMALL, share=0.25), [1], epoch=0)) == 4
    with pytest.raises(TrainingError, match="not one batch"):
        train([], 10, [], SMALL, Path("nowhere"), device=CPU)


def test_processes_take_batches_of_one_language_together() -> None:
    sizes = [64 * 7, 64 * 4, 64 * 3]
    plan = plan_epoch(sizes, SMALL, [1, 1, 1], epoch=0, together=2)
    languages = [number for number, _ in plan]
    assert languages[0:12:2] == languages[1:12:2] and sorted(languages) == [0] * 7 + [1] * 4 + [2] * 3
    seen = np.concatenate([rows for number, rows in plan if number == 0])
    assert np.array_equal(np.sort(seen), np.arange(64 * 7))


def test_dropout_takes_fields_as_a_whole_and_masking_the_words_of_the_name(
    data: Path, tokenizer: Tokenizer, cache: Path
) -> None:
    settings = STILL
    (corpus,) = corpora_for(settings, data, tokenizer, cache)
    rows = np.arange(50)

    def drawn(**changes: float) -> Bags:
        changed = replace(settings, **changes)  # type: ignore[arg-type]  # only fields that are floats are named
        return draw_pairs(corpus, rows, changed, np.random.default_rng(0)).code

    plain = drawn()
    assert {NAME, SIGNATURE, BODY} <= set(plain.fields.tolist())
    for field, kind in ((NAME, "name"), (SIGNATURE, "signature"), (BODY, "body")):
        assert field not in drawn(**{f"{kind}_dropout": 1.0}).fields
    both = drawn(signature_dropout=1.0, body_dropout=1.0)
    assert SIGNATURE not in both.fields and BODY in both.fields
    masked = drawn(name_masking=1.0)
    for row in range(50):
        own = row_of_entry(plain) == row
        name = set(plain.ids[own & (plain.fields == NAME)].tolist())
        left = masked.ids[row_of_entry(masked) == row].tolist()
        assert name and left == [word for word, field in zip(plain.ids[own], plain.fields[own], strict=True)
                                 if word not in name or FIELD_NAMES[field] in ("path", "documentation")]  # fmt: skip


def test_mined_negatives_stand_behind_the_code_and_never_twice(data: Path, tokenizer: Tokenizer, cache: Path) -> None:
    settings = replace(STILL, negatives=2)
    (corpus,) = corpora_for(settings, data, tokenizer, cache)
    mined = np.full((len(corpus), 3), NOTHING, np.int32)
    mined[:10] = [100, 101, 4]  # row 4 is in the batch itself
    pairs = draw_pairs(corpus, np.arange(20), settings, np.random.default_rng(0), mined)
    assert len(pairs.queries) == 20 and len(pairs.code) == len(pairs.query_ids) == 22
    assert pairs.query_ids[20:].tolist() == corpus.query_ids[[100, 101]].tolist()
    with pytest.raises(TrainingError, match="--negatives without --mined"):
        train([corpus], len(tokenizer.pieces), [], settings, Path("nowhere"), device=CPU)


def test_sizes_of_a_nonsensical_kind_are_refused() -> None:
    assert replace(SMALL, matryoshka="4, 8").sizes == (4, 8)
    for wrong in ("a", "4,16", "0"):
        with pytest.raises(TrainingError, match="give numbers below 16"):
            _ = replace(SMALL, matryoshka=wrong).sizes


def test_each_part_learns_at_its_own_rate(data: Path, tokenizer: Tokenizer, cache: Path) -> None:
    settings = replace(SMALL, query_tower="transformer")
    model = make_model(corpora_for(settings, data, tokenizer, cache), len(tokenizer.pieces), settings)
    groups = groups_of(model, settings)
    rate = {id(part): group.get("multiple", 1.0) for group in groups for part in group["params"]}
    assert len(rate) == sum(len(group["params"]) for group in groups) == len(list(model.parameters()))
    assert model.static_encoder is not None
    assert rate[id(model.static_encoder.table)] == 1.0
    assert rate[id(model.logit_scale)] == rate[id(model.static_encoder.token_weights)] == settings.weight_rate
    assert {rate[id(part)] for part in model.transformers.parameters()} == {settings.transformer_rate}
    assert all(group["weight_decay"] == 0 for group in groups[:2])


def test_transformers_start_from_a_text_encoder(data: Path, tokenizer: Tokenizer, cache: Path, tmp_path: Path) -> None:
    its = text_encoder_settings.Settings(dim=32, layers=1, longest=8)
    encoder = make_encoder(its, len(tokenizer.pieces))
    torch.nn.init.normal_(encoder.field_table.weight)
    weights = {f"encoder.{name}": value for name, value in encoder.state_dict().items()}
    save_checkpoint(tmp_path / BEST, model=weights, settings=asdict(its))
    (tmp_path / VOCABULARY).write_text(dump_tokenizer(tokenizer), encoding="utf-8")
    settings = replace(SMALL, query_tower="transformer", code_tower="transformer")
    corpora = corpora_for(settings, data, tokenizer, cache)
    model = make_model(corpora, len(tokenizer.pieces), settings)
    before = model.transformers["both"].state_dict()["positions"].clone()
    start_from(model, tmp_path, tokenizer)
    own, given = model.transformers["both"].state_dict(), encoder.state_dict()
    assert torch.equal(own["positions"][:8], given["positions"]) and torch.equal(own["positions"][8:], before[8:])
    assert all(torch.equal(row, given["field_table.weight"][0]) for row in own["field_table.weight"])
    for name in given.keys() - {"positions", "field_table.weight"}:
        assert torch.equal(own[name], given[name]), name
    wider = make_model(corpora, len(tokenizer.pieces), replace(settings, transformer_dim=64))
    deeper = make_model(corpora, len(tokenizer.pieces), replace(settings, layers=2))
    for wrong in (wider, deeper):
        with pytest.raises(TrainingError, match="another shape of Transformer"):
            start_from(wrong, tmp_path, tokenizer)
    with pytest.raises(TrainingError, match="another tokeniser"):
        start_from(model, tmp_path, Tokenizer(tokenizer.pieces[:-1]))
    static = make_model(corpora_for(SMALL, data, tokenizer, cache), len(tokenizer.pieces), SMALL)
    with pytest.raises(TrainingError, match="no Transformer to start"):
        start_from(static, tmp_path, tokenizer)


def loss_and_gradients(right: list[int], wrong: list[int]) -> list[torch.Tensor]:
    """Of rows of a made-up batch, some code of which is mined negatives, and some queries of which are equal."""
    generator = np.random.default_rng(1)
    queries, code = (
        Bags(
            np.arange(12) * 3, generator.integers(2, 40, 33).astype(np.int32), np.full(33, BODY, np.uint8),
            np.ones(33, np.uint8),
        )
        for _ in range(2)
    )  # fmt: skip
    ids = torch.tensor([0, 1, 2, 3, 4, 5, 6, 0, 20, 21, 1])
    model = BiEncoder(Shape(40, dim=8))
    of_code = bag_input(take(code, np.array(right + wrong)))
    batch = Batch(bag_input(take(queries, np.array(right))), of_code, ids[right + wrong])
    loss = loss_of(model, batch, 0.0, Settings(matryoshka="4", dim=8))
    torch.autograd.backward(loss)
    gradients = [part.grad for part in model.parameters()]
    return [loss.detach(), *(gradient for gradient in gradients if gradient is not None)]


PROCESS = """
    import sys
    import torch
    from hunch_training.loop.devices import process_group
    from test_train_bi_encoder import loss_and_gradients

    torch.set_num_threads(1)
    with process_group(torch.device("cpu")) as group:
        found = loss_and_gradients(*(([0, 1, 2, 3, 4], [8]), ([5, 6, 7], [9, 10]))[group.rank])
        for part in found:
            torch.distributed.all_reduce(part)
        torch.save([part / 2 for part in found], f"{sys.argv[1]}-{group.rank}")
"""


def test_two_processes_have_each_others_negatives(tmp_path: Path) -> None:
    """Loss and gradients of two processes with unequal parts are those of one with all."""
    script = tmp_path / "process.py"
    script.write_text(textwrap.dedent(PROCESS), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "OMP_NUM_THREADS": "1",
              "PYTHONPATH": str(Path(__file__).parent)}  # fmt: skip
    command = [sys.executable, str(script), str(tmp_path / "out")]
    started = [subprocess.Popen(command, env={**os.environ, **shared, "RANK": rank}) for rank in "01"]
    assert [process.wait(timeout=100) for process in started] == [0, 0]
    alone = loss_and_gradients([*range(8)], [8, 9, 10])
    for rank in "01":
        found = torch.load(tmp_path / f"out-{rank}")
        assert len(found) == len(alone) == 5
        for one, other in zip(alone, found, strict=True):
            assert torch.allclose(one, other, atol=1e-6)


def test_the_whole_way_on_the_command_line(
    data: Path, tokenizer_file: Path, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = [str(data), "--tokenizer", str(tokenizer_file), "--cache", str(cache)]
    flags = ["--epochs", "4", "--batch", "56", "--dim", "16", "--transformer-dim", "32", "--layers", "1",
             "--heads", "2", "--learning-rate", "0.02", "--transformer-rate", "0.2", "--averaging", "0",
             "--threads", "1"]  # fmt: skip
    static, mixed, mined = (str(tmp_path / name) for name in ("static", "mixed", "mined"))
    assert main(["joint", *common, "--run", static, *flags]) == 0
    assert main(["mine-negatives", *common, "--by", static, "--out", mined, "--threads", "1"]) == 0
    described = json.loads((tmp_path / "mined/negatives.json").read_text())
    assert described["languages"]["python"]["rows"] == 232
    assert described["languages"]["python"]["mean_negatives"] > 0
    assert main(["mine-negatives", *common, "--by", "bm25", "--out", str(tmp_path / "bm25"), "--threads", "1"]) == 0
    towers = ["--query-tower", "transformer", "--mined", mined, "--negatives", "2", "--matryoshka", "8"]
    assert main(["joint", *common, "--run", mixed, *flags, *towers]) == 0
    out = tmp_path / "figures.json"
    measured = ["evaluate", str(data), "--tokenizer", str(tokenizer_file), "--run", static, "--run", mixed]
    assert main([*measured, "--dims", "8", "--threads", "1", "--out", str(out)]) == 0
    figures = json.loads(out.read_text())["pairs/python"]
    assert figures.keys() == {"bm25", "static", "static 8", "mixed", "mixed 8"}
    assert figures["static"][0] > 0.5 and figures["mixed"][0] > 0.15 > figures["bm25"][0]  # chance is 0.11
    table = ["compare-joint", static, mixed, "--data", str(data), "--tokenizer", str(tokenizer_file), "--out"]
    assert main([*table, str(tmp_path / "table")]) == 0
    assert {path.name for path in (tmp_path / "table").iterdir()} == {
        "bi_encoders.md",
        "bi_encoders.json",
        "bi_encoders.png",
    }
    rows = (tmp_path / "table/bi_encoders.md").read_text().splitlines()
    assert rows[0] == "| set | bm25 | static | mixed |" and len(rows) == 7
    cost = json.loads((tmp_path / "table/bi_encoders.json").read_text())["cost"]
    assert cost["static"]["functions_per_second"] > cost["mixed"]["functions_per_second"] / 10 > 0
    assert 0 < cost["static"]["megabytes"] < cost["mixed"]["megabytes"]
    capsys.readouterr()
    assert main(["joint", *common, "--run", static, *flags, "--seed", "1"]) == 2
    assert "a run with other settings (seed)" in capsys.readouterr().err
    other = tmp_path / "other.json"
    other.write_text(tokenizer_file.read_text() + "\n")
    assert main(["evaluate", str(data), "--tokenizer", str(other), "--run", static]) == 2
    assert "not the tokeniser" in capsys.readouterr().err
    assert main(["evaluate", "--tokenizer", str(other)]) == 2
    assert main(["joint", str(tmp_path), *common[1:], "--run", str(tmp_path / "none")]) == 2
    assert "no training files" in capsys.readouterr().err
