"""Train the two-tower bag of tokens with an in-batch softmax, one language a batch.

    python -m hunch_training.train_bag ../shared/data --tokenizer runs/tokenizer.json --run runs/bag

A run that was cut off goes on from its last checkpoint when the same command is given again, and ends with the same
model: what a step draws depends on the seed and the step's number alone.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hunch.model.bundle import sha256_of
from hunch.text.bag import Bags
from hunch.text.render import FIELD_NAMES
from hunch.text.tokenizer import Tokenizer, load_tokenizer
from hunch_training.bag_model import DOCUMENTATION, BagModel
from hunch_training.corpus import Corpus, keep, load_corpora, merge_rows, row_of_entry, take
from hunch_training.data import training_files
from hunch_training.evaluate import RetrievalSet, Scorer, load_sets, mean_reciprocal_rank, tokenise

NAME, PATH, SIGNATURE = (FIELD_NAMES.index(field) for field in ("name", "path", "signature"))
LAST, BEST, METRICS, SETTINGS = "last.pt", "best.pt", "metrics.jsonl", "run.json"
THIN = 10_000
_SMALLEST_BATCH = 16


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides the result of a run, besides its data."""

    seed: int = 0
    epochs: int = 2
    batch: int = 2048
    dim: int = 256
    learning_rate: float = 1.2e-2
    weight_rate: float = 3.0
    """Learning rate of token weights, field weights and temperature, as a multiple of the table's."""
    averaging: float = 0.995
    """Decay of the running average of the weights, which is what a run gives; 0 for the last weights."""
    temperature: float = 0.05
    """Where the learned temperature starts."""
    warmup: int = 100
    query_token_dropout: float = 0.1
    code_token_dropout: float = 0.2
    name_dropout: float = 0.2
    path_dropout: float = 0.3
    documentation_share: float = 0.1
    """Share of the rows that see a part of their own query as documentation."""
    name_queries: float = 0.0
    """Share of the rows that are asked for with the function's name instead of its documentation."""
    questions: int = 2
    """How often an epoch sees the questions and answers."""
    thin: int = 1
    """How often an epoch sees a language of fewer than THIN pairs."""
    neighbours: int = 8
    """Rows that stand next to each other in a package and go into a batch together."""
    limit: int | None = None
    """Rows read of each file; None for all."""


class Batch(NamedTuple):
    """What one step sees."""

    language: str
    queries: Bags
    code: Bags
    query_ids: NDArray[np.int64]


def repeats_of(corpus: Corpus, settings: Settings) -> int:
    """Return how often an epoch sees a corpus."""
    if corpus.language.startswith("question"):
        return settings.questions
    return settings.thin if len(corpus) < THIN else 1


def plan_epoch(
    sizes: Sequence[int], settings: Settings, repeats: Sequence[int], epoch: int
) -> list[tuple[int, NDArray[np.int64]]]:
    """Return the batches of an epoch as (corpus number, rows), shuffled; each of one language."""
    generator = np.random.default_rng((settings.seed, epoch))
    batches: list[tuple[int, NDArray[np.int64]]] = []
    for number, (size, times) in enumerate(zip(sizes, repeats, strict=True)):
        for _ in range(times):
            rows = _shuffle_blocks(size, settings.neighbours, generator)
            pieces = max(1, round(size / settings.batch))
            batches += [(number, piece) for piece in np.array_split(rows, pieces) if len(piece) >= _SMALLEST_BATCH]
    return [batches[i] for i in generator.permutation(len(batches))]


def draw_batch(corpus: Corpus, rows: NDArray[np.int64], settings: Settings, generator: np.random.Generator) -> Batch:
    """Return a batch with its dropout applied.

    Tokens fall out one by one, names and paths as a whole, so that no field can be leaned on. Some rows see half of
    their query's tokens as documentation and are asked for with another half: the pairs have no documentation of
    their own, the functions of a workspace have.
    """
    queries, code = take(corpus.queries, rows), take(corpus.code, rows)
    if settings.name_queries:
        queries, code = _ask_with_names(queries, code, generator.random(len(rows)) < settings.name_queries)
    documented = generator.random(len(rows)) < settings.documentation_share
    documented_entry = documented[row_of_entry(queries)]
    documentation = keep(queries, documented_entry & (generator.random(len(queries.ids)) < 0.5))
    documentation.fields[:] = DOCUMENTATION
    query_dropout = np.where(documented_entry, 0.5, settings.query_token_dropout)
    queries = keep(queries, generator.random(len(queries.ids)) >= query_dropout)
    kept = generator.random(len(code.ids)) >= settings.code_token_dropout
    row = row_of_entry(code)
    for field, share in ((NAME, settings.name_dropout), (PATH, settings.path_dropout)):
        kept &= ~((code.fields == field) & (generator.random(len(rows)) < share)[row])
    return Batch(corpus.language, queries, merge_rows(keep(code, kept), documentation), corpus.query_ids[rows])


def encode_queries(model: BagModel, bags: Bags) -> Tensor:
    """Return the embeddings of query bags, float32 [n, dim]."""
    return model.encode_queries(_ids(bags), torch.from_numpy(bags.offsets[:-1]), _counts(bags))


def encode_code(model: BagModel, bags: Bags) -> Tensor:
    """Return the embeddings of code bags, float32 [n, dim]."""
    fields = torch.from_numpy(bags.fields.astype(np.int64))
    return model.encode_code(_ids(bags), fields, torch.from_numpy(bags.offsets[:-1]), _counts(bags))


def dense_scorer(model: BagModel) -> Scorer:
    """Return the scores of a model: cosines of queries and code, float32 [queries, code]."""

    @torch.no_grad()
    def scores(queries: Bags, code: Bags) -> NDArray[np.float32]:
        result: NDArray[np.float32] = (encode_queries(model, queries) @ encode_code(model, code).T).numpy()
        return result

    return scores


def train(corpora: Sequence[Corpus], vocabulary: int, valid: Sequence[RetrievalSet], settings: Settings, run: Path,
          *, checkpoint_every: int = 200, stop_after: int | None = None) -> float:  # fmt: skip
    """Train to the end, or go on from the run's last checkpoint; return the best mean MRR on the valid sets.

    Args:
        corpora: the training pairs, one corpus a language.
        vocabulary: how many pieces the tokeniser has.
        valid: sets that choose the best epoch.
        settings: what decides the result.
        run: the folder of the run; its checkpoints go there.
        checkpoint_every: steps between checkpoints.
        stop_after: end at this step as if cut off, for tests.
    """
    run.mkdir(parents=True, exist_ok=True)
    repeats = [repeats_of(corpus, settings) for corpus in corpora]
    sizes = [len(corpus) for corpus in corpora]
    plans = [plan_epoch(sizes, settings, repeats, epoch) for epoch in range(settings.epochs)]
    if not all(plans):
        raise ValueError(f"no language has the {_SMALLEST_BATCH} pairs that make a batch")
    ends = np.cumsum([len(plan) for plan in plans]).tolist()
    schedule = [batch for plan in plans for batch in plan]

    model = BagModel(vocabulary, settings.dim, seed=settings.seed, temperature=settings.temperature)
    model.start_from_frequencies(
        _document_shares([c.queries for c in corpora], vocabulary),
        _document_shares([c.code for c in corpora], vocabulary),
    )
    weights = [model.token_weights, model.field_weights, model.sharpness]
    optimizer = torch.optim.Adam([{"params": [model.table]}, {"params": weights}], betas=(0.9, 0.98), fused=True)
    # The average of the weights along the way is better than their end (Polyak and Juditsky, 1992).
    average = copy.deepcopy(model)
    step, best = 0, -1.0
    if (run / LAST).is_file():
        state = torch.load(run / LAST, weights_only=True)
        if state["settings"] != asdict(settings):
            raise ValueError(f"{run / LAST}: made with other settings: give another --run or remove it")
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        step, best = state["step"], state["best"]
        print(f"going on from step {step}", flush=True)

    started, losses = time.perf_counter(), []
    while step < len(schedule):
        number, rows = schedule[step]
        batch = draw_batch(corpora[number], rows, settings, np.random.default_rng((settings.seed, 1, step)))
        rate = settings.learning_rate * _rate(step, len(schedule), settings.warmup)
        for group, multiple in zip(optimizer.param_groups, (1.0, settings.weight_rate), strict=True):
            group["lr"] = rate * multiple
        query_ids = torch.from_numpy(batch.query_ids)
        same = (query_ids[:, None] == query_ids) & ~torch.eye(len(query_ids), dtype=torch.bool)
        loss = model.loss(encode_queries(model, batch.queries), encode_code(model, batch.code), same)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimizer.step()
        losses.append(loss.item())
        step += 1
        _move_average(average, model, min(settings.averaging, step / (step + 10)))
        if step % 50 == 0:
            pace = (time.perf_counter() - started) / len(losses)
            print(f"step {step}/{len(schedule)}  loss {np.mean(losses[-50:]):.3f}  {pace * 1000:.0f} ms a step  "
                  f"sharpness {model.sharpness.exp():.1f}  {(len(schedule) - step) * pace / 60:.1f} min left",
                  flush=True)  # fmt: skip
        if step in ends:
            per_set = {s.name: mean_reciprocal_rank(s, dense_scorer(average)).mean for s in valid}
            mean = float(np.mean(list(per_set.values()))) if per_set else 0.0
            entry = {"step": step, "epoch": ends.index(step) + 1, "loss": float(np.mean(losses[-200:])), "mrr": mean}
            with (run / METRICS).open("a", encoding="utf-8") as file:
                file.write(json.dumps({**entry, **per_set}) + "\n")
            print(f"epoch {entry['epoch']}: loss {entry['loss']:.3f}, valid MRR {mean:.4f}  "
                  + "  ".join(f"{name} {value:.3f}" for name, value in per_set.items()), flush=True)  # fmt: skip
            if mean > best:
                best = mean
                _save(run / BEST, model=average.state_dict(), settings=asdict(settings), step=step, best=best)
        if step % checkpoint_every == 0 or step in ends or step == stop_after:
            _save(run / LAST, model=model.state_dict(), average=average.state_dict(),
                  optimizer=optimizer.state_dict(), settings=asdict(settings), step=step, best=best)  # fmt: skip
        if step == stop_after:
            break
    return best


def load_model(checkpoint: Path) -> tuple[BagModel, dict[str, Any]]:
    """Return the model of a checkpoint and the checkpoint's other contents."""
    state = torch.load(checkpoint, weights_only=True)
    weights = state.pop("model")
    vocabulary, dim = weights["table"].shape
    model = BagModel(vocabulary, dim)
    model.load_state_dict(weights)
    return model.eval(), state


@torch.no_grad()
def _move_average(average: BagModel, model: BagModel, decay: float) -> None:
    for mean, value in zip(average.parameters(), model.parameters(), strict=True):
        mean.lerp_(value, 1 - decay)


def _ask_with_names(queries: Bags, code: Bags, chosen: NDArray[np.bool_]) -> tuple[Bags, Bags]:
    """Turn the names of the chosen rows into their queries; the code loses its name and its signature, which has it."""
    in_name, in_signature = code.fields == NAME, code.fields == SIGNATURE
    named = chosen & (np.bincount(row_of_entry(code), in_name, minlength=len(code)) >= 2)
    chosen_entry = named[row_of_entry(code)]
    names = keep(code, in_name & chosen_entry)
    names.fields[:] = 0
    asked = merge_rows(keep(queries, ~named[row_of_entry(queries)]), names)
    return asked, keep(code, ~((in_name | in_signature) & chosen_entry))


def _shuffle_blocks(size: int, block: int, generator: np.random.Generator) -> NDArray[np.int64]:
    starts = np.arange(0, size, block)
    order = generator.permutation(len(starts))
    return np.concatenate([np.arange(start, min(start + block, size)) for start in starts[order]]).astype(np.int64)


def _rate(step: int, steps: int, warmup: int) -> float:
    """Linear warm-up, then a cosine to one twentieth."""
    warmup = min(warmup, max(1, steps // 10))
    if step < warmup:
        return (step + 1) / warmup
    progress = (step - warmup) / max(1, steps - warmup)
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * progress))


def _document_shares(parts: Sequence[Bags], vocabulary: int) -> Tensor:
    seen = np.zeros(vocabulary, np.float64)
    for bags in parts:
        # An entry is one field of one text: close enough to a document count for a starting point.
        seen += np.bincount(bags.ids, minlength=vocabulary)
    return torch.from_numpy((seen + 1) / (sum(map(len, parts)) + 1)).float()


def _ids(bags: Bags) -> Tensor:
    return torch.from_numpy(bags.ids.astype(np.int64))


def _counts(bags: Bags) -> Tensor:
    return torch.from_numpy(bags.counts.astype(np.float32))


def _save(path: Path, **state: Any) -> None:
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    temporary.replace(path)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the stage from the command line."""
    defaults = Settings()
    parser = argparse.ArgumentParser(prog="train_bag", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path, help="the data folder, with packages_pairs/ in it")
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json")
    parser.add_argument("--run", type=Path, required=True, help="the folder of the run; goes on if it is there")
    parser.add_argument("--cache", type=Path, help="tokenised training data is kept here (RUN/cache)")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch (%(default)s)")
    parser.add_argument("--gpl", action="store_true", help="learn from packages_pairs_gpl as well")
    for name, value in asdict(defaults).items():
        kind = int if name == "limit" else type(value)
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, default=value, help="(%(default)s)")
    options = parser.parse_args(arguments)
    settings = Settings(**{name: getattr(options, name) for name in asdict(defaults)})
    torch.set_num_threads(options.threads)
    tokenizer: Tokenizer = load_tokenizer(options.tokenizer.read_text(encoding="utf-8"))
    files = training_files(options.data, questions=settings.questions > 0, gpl=options.gpl)
    started = time.perf_counter()
    corpora = load_corpora(files, tokenizer, options.cache or options.run / "cache", settings.limit)
    options.run.mkdir(parents=True, exist_ok=True)
    description = {
        "settings": asdict(settings),
        "pairs": sum(map(len, corpora)),
        "vocabulary": len(tokenizer.pieces),
        "tokenizer_sha256": sha256_of(options.tokenizer),
        "data_sha256": {path.relative_to(options.data).as_posix(): sha256_of(path) for path in files},
    }
    described = options.run / SETTINGS
    if described.is_file() and json.loads(described.read_text(encoding="utf-8")) != description:
        raise ValueError(f"{described}: a run with other settings or data: give another --run or remove it")
    described.write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    valid = [tokenise(texts, tokenizer) for texts in load_sets(options.data, "valid")]
    print(f"{description['pairs']:,} pairs in {len(corpora)} groups, ready after {time.perf_counter() - started:.0f} s",
          flush=True)  # fmt: skip
    best = train(corpora, len(tokenizer.pieces), valid, settings, options.run)
    print(f"best valid MRR {best:.4f}", flush=True)


if __name__ == "__main__":
    main()
