"""The part of a search bundle's MODEL_CARD.md that is about its contextual encoder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hunch_export.licences import DATA_STATEMENT, MINILM, OWN_LICENCE, Origin
from hunch_export.parity import Parity
from hunch_training.contextual.model import Loaded

_TEXT = """

# The contextual encoder

`contextual.onnx` reads a chunk or a query as a sequence of word pieces, with its punctuation, and gives an embedding of
{size} numbers. Hunch computes contextual embeddings of chunks after the static ones, keeps them as int8, and compares
them with the query for the candidates that static embeddings, words and names bring up.

## How it works

{layers} layers of attention with {heads} heads over {dim} numbers, {weights:.1f} million weights, a vocabulary of
{vocabulary:,} word pieces, sequences of at most {positions}; the vector is the mean over the tokens, of which the
leading {size} numbers do on their own. Matrices are int8 with one scale a column, the word table int8 with one scale
a row; what they are multiplied with is rounded as it comes.

## Training

{start}It went on with {seen:,} of the pairs above{earlier}: in-batch softmax, one
language a batch of {batch}, {epochs} parts of {share:.1%} of an epoch, seed {seed}. SHA-256 of every data file, and of
the public weights, are in `manifest.json`.

## Licence of the whole bundle

{license}: {own} for what was trained from scratch (`query.onnx`, `code.onnx`, `table.bin`, `tokenizer.json`),
{origin_license} for what is derived from {origin} ({url}): `contextual.onnx` and
`contextual_tokenizer.json`. `manifest.json` says the same (`license`, `derived_from`).

{statement}

## Figures

MRR by its cosine alone, measured on these very files, documentation removed from the code unless the set's name says
otherwise, first pool of each valid set:

{figures}

torch against ONNX and int8 vectors: largest difference of a component {difference:.4f}, {agreement:.1%} of the ten
nearest the same.

## Limits

- It sees the first {positions} pieces of a chunk: signature, documentation, the beginning of the body, where it
  stands. What a long function does at its end is left to the static embedding.
- Word pieces of English; words of other scripts are not seen.
"""

_MINILM = """\
It starts from all-MiniLM-L6-v2 (Wang et al., 2020, arXiv:2002.10957; sentence-transformers; Apache-2.0), which was
itself trained on a billion pairs of sentences, CodeSearchNet's among them. So its figures on sets that come from
CodeSearchNet (`csn`, `cosqa`) are partly familiarity. """


def contextual_card(
    card: str, name: str, version: str, loaded: Loaded, size: int, metrics: Mapping[str, float], parity: Parity,
    about: Mapping[str, Any], origin: Origin,
) -> str:  # fmt: skip
    """Return the card of a bundle with the contextual part behind; ``about`` is the run.json of its training run."""
    shape, settings = loaded.model.encoder.shape, about["settings"]
    static_part = re.sub(
        r"\n## Licence\n.*?(?=\n## )", "", card.split("\n# The contextual encoder")[0], flags=re.DOTALL
    )
    _, _, rest = static_part.partition("\n")
    rows = ["| set | valid |", "| --- | --- |"]
    rows += [f"| {key.split('/', 1)[1]} | {value:.3f} |" for key, value in metrics.items()]
    return f"# {name} {version}\n{rest.rstrip()}" + _TEXT.format(
        start=_MINILM if origin == MINILM else f"It starts from {origin.name} ({origin.license}). ",
        license=" AND ".join(dict.fromkeys([OWN_LICENCE, origin.license])),
        origin_license=origin.license,
        own=OWN_LICENCE,
        statement=DATA_STATEMENT,
        origin=origin.name,
        url=origin.url,
        size=size,
        layers=shape.layers,
        heads=shape.heads,
        dim=shape.dim,
        weights=sum(part.numel() for part in loaded.model.parameters()) / 1e6,
        vocabulary=shape.vocabulary,
        positions=shape.positions,
        earlier=f", after {about['start']['pairs']:,} in a run before" if about.get("start") else "",
        seen=loaded.state["step"] * settings["batch"],
        batch=settings["batch"],
        epochs=settings["epochs"],
        share=settings["share"],
        seed=settings["seed"],
        figures="\n".join(rows),
        difference=parity.largest_difference,
        agreement=parity.agreement,
    )
