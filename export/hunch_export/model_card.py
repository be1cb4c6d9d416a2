"""MODEL_CARD.md: what a bundle was made of, what it can do, and where it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hunch_export.licences import DATA_STATEMENT, OWN_LICENCE, described_data
from hunch_export.parity import Parity

_TEXT = """\
# {name} {version}

Turns a piece of code, or a question about code in English, into a vector of {dim} numbers; code that does what is
asked for lies near the question. Made for Hunch, to find code in a workspace.

## How it works

A bag-of-tokens static encoder: identifiers are split into words, words into pieces of a vocabulary of {vocabulary:,};
the embedding of a text is the weighted sum of its pieces' vectors, with one learned weight a piece and side (query,
code) and one a field (name, path, signature, documentation, body), counts damped by log(1 + count), scaled to length 1.
Order and syntax are not seen. The token table is int8 with one scale a row; `query.onnx` and `code.onnx` share it.

## Training

In-batch softmax over {pairs} of a description and its code, one language a batch of {batch};
seed {seed}, {runs} {epochs} epochs. Valid and test rows were never trained on. SHA-256 of every data file are
in `manifest.json`. The data and their licences:

{data}

## Licence

{license}; it is derived from no other model.

{statement}

## Figures

Measured on these very files (int8), by cosine alone, documentation removed from the code unless it says otherwise.
`pairs`: MRR of docstring -> function in pools of 1,000 of one language, packages that were not trained on.
`csn`: NDCG on the annotated CodeSearchNet challenge. `cosqa`: MRR of web queries over 6,267 functions.
The others: MRR in pools of 1,000.

{figures}

torch against ONNX: largest difference of a component {difference:.4f}, {agreement:.1%} of the ten nearest the same.

## Limits

- English questions. Words that no training text held fall into pieces, and pieces carry little sense.
- It knows which words go together, not what code does: "a before b" and "b before a" are the same to it. Use it with
  lexical search beside it.
- Languages it was trained on: {languages}. Others work as far as they share vocabulary.
- Questions as people type them are harder for it than documentation is (see `cosqa`).
- A text without a single known piece has no vector (zeros).
- It repeats the biases of what was written in public packages; it is no tool for judging people by their code.
"""


def model_card(name: str, version: str, languages: Sequence[str], metrics: Mapping[str, float], parity: Parity,
               described: Mapping[str, Any]) -> str:  # fmt: skip
    """Return the card of a bundle; ``described`` is the run.json of its training run."""
    settings = described["settings"]
    runs = described.get("averaged", [settings])
    origins = dict.fromkeys(file.split("/")[0] for file in described["data_sha256"])
    return _TEXT.format(
        name=name,
        version=version,
        dim=settings["dim"],
        vocabulary=described["vocabulary"],
        pairs=f"{described['pairs']:,} pairs",
        seed=settings["seed"],
        epochs=" and ".join(str(run["epochs"]) for run in runs),
        runs="the mean of runs of" if len(runs) > 1 else "one run of",
        batch=settings["batch"],
        data=described_data(list(origins)),
        license=OWN_LICENCE,
        statement=DATA_STATEMENT,
        figures=_figures(metrics),
        difference=parity.largest_difference,
        agreement=parity.agreement,
        languages=", ".join(languages),
    )


def _figures(metrics: Mapping[str, float]) -> str:
    splits = list(dict.fromkeys(key.split("/", 1)[0] for key in metrics))
    names = list(dict.fromkeys(key.split("/", 1)[1] for key in metrics))
    rows = ["| set | " + " | ".join(splits) + " |", "| --- |" + " --- |" * len(splits)]
    for name in names:
        cells = (metrics.get(f"{split}/{name}") for split in splits)
        rows.append(f"| {name} | " + " | ".join("-" if cell is None else f"{cell:.3f}" for cell in cells) + " |")
    return "\n".join(rows)
