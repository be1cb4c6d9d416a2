"""MODEL_CARD.md of the bundle that writes: what it was made of, how good it is, where it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from hunch.model.bundle import Manifest
from hunch.model.summariser import BEAMS
from hunch_export.licences import DATA_STATEMENT, described_data
from hunch_export.ratings import RATINGS, Rating

_TEXT = """\
# {name} {version}

Writes one English sentence about what a function does, from its code. Made for Hunch, where it is off unless somebody
asks for it, and where what it writes is marked as generated.

## How it works

Sequence to sequence: a bidirectional GRU reads the first {tokens} tokens of a function (split identifiers, cut into
{vocabulary:,} pieces; signs are not seen), a GRU with additive attention (arXiv:1409.0473) writes, {dim} dimensions
each, source and target share one table. Beam search with {beams} beams. Table int8 with one scale a row, all else
float16.

## Training

On pairs of a function and the first paragraph of its own documentation out of released packages, split by package
(`packages_pairs`, languages: {languages}); {epochs} epochs at most, seed {seed}, best epoch by the loss on valid
packages. SHA-256 of every data file are in `manifest.json`. The data and their licences:

{data}

## Licence

{license}; it is derived from no other model.

{statement}

## Figures

Written by these very files, by the product's own beam search; functions of packages that it was not trained on.
Smoothed BLEU-4 as CodeXGLUE computes it, ROUGE-L, chrF, in percent. It has seen {languages} alone: the other languages
show what is left when only the words are familiar.

{figures}

torch against ONNX: the same text for {agreement:.0%} of the functions; where it is the same, the mean log-probability
of a token differs by {difference:.4f} at most.
{rated}
## Limits

- It sees words, not signs: `a - b` and `b - a`, `not x` and `x` in a condition written with signs are alike to it.
- It reads the first {tokens} tokens alone.
- It was trained on what people wrote: it sounds sure when it is wrong. Read the code before you keep a sentence.
- Names that no training package had are guessed at, and often come out as a more frequent word.
- English alone; not for judging people by their code.
"""


def summary_card(manifest: Manifest, ratings: Sequence[Rating] = ()) -> str:
    """Return the card of a bundle, whose manifest has its figures and how it was trained."""
    training = manifest.training
    return _TEXT.format(
        name=manifest.name,
        version=manifest.version,
        tokens=manifest.max_tokens,
        vocabulary=training["settings"]["vocabulary"],
        dim=manifest.dim,
        beams=BEAMS,
        languages=", ".join(manifest.languages),
        data=described_data(manifest.training_data),
        license=manifest.license,
        statement=DATA_STATEMENT,
        epochs=training["settings"]["epochs"],
        seed=training["settings"]["seed"],
        figures=_figures(manifest.metrics),
        agreement=training["parity"]["agreement"],
        difference=training["parity"]["largest_difference"],
        rated=_rated(ratings),
    )


def _figures(metrics: Mapping[str, float]) -> str:
    names = list(dict.fromkeys(name.rpartition("/")[0] for name in metrics))
    rows = ["| set | BLEU-4 | ROUGE-L | chrF |", "| --- | --- | --- | --- |"]
    for name in names:
        cells = (f"{metrics[f'{name}/{metric}']:.1f}" for metric in ("bleu", "rouge_l", "chrf"))
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _rated(ratings: Sequence[Rating]) -> str:
    if not ratings:
        return ""
    counts = Counter(one.rating for one in ratings)
    lines = [
        "",
        f"## Human evaluation: {len(ratings)} texts, read beside the code",
        "",
        "Functions of the test packages, drawn at random. Useful: says what the function does. Harmless: true, but "
        "says little, such as the name in other words. Wrong: says something that is not so, or cannot be understood.",
        "",
        ", ".join(f"{counts[rating]} {rating}" for rating in RATINGS) + ".",
        "",
        "| function | written | rating |",
        "| --- | --- | --- |",
    ]
    for one in ratings:
        function = one.function.split(" ")
        lines.append(f"| {function[0]}: `{function[-1]}` | {one.text.replace('|', chr(92) + '|')} | {one.rating} |")
    return "\n".join(lines) + "\n"
