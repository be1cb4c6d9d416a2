"""MODEL_CARD.md of a ranker's bundle: how it works, what it was trained on, how good it is, where it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TEXT = """\
# {name} {version}

Turns the features of a query's candidates into their scores: the calibrated probability that each is what was asked
for. Made for candidates of the model {model}; the loader refuses it with another one.

## How it works

Two networks of 32 units see 37 numbers about a query: of all its candidates the greatest, the mean and the spread of
nine features (static cosine, contextual cosine, BM25F, shares of the query in name, signature and path,
a name that the query spells, a name that it is to the letter, how much of a name it is the beginning of), and
{query} query features (one word, how many words and terms, a question, a wish for a change, shares of stop words and
of words that look like code, whether it names a language or a kind of definition, whether it holds the message of an
error). One gives the weights of all {positive} positive features (besides these nine: the best cosine among the other
candidates of a candidate's file, the share of the query that stands in any of them, the language and the kind that the
query names, how long the code is) and of {negative} negative features (a file-level chunk, code outside of definitions,
and the path class: tests, examples, benchmarks, documentation, vendored and built code), between half and three times,
for negative ones one and a half times, what is usual for all queries; the contextual cosine can count four times as
much, words .3 times, names, length and the file-level chunk can vanish, and a name to the letter never counts less than
usual. The other gives a scale, a bias, and what rivals take from a candidate. More of a positive feature never lowers a
score among the candidates of a query.

Beside the graph `manifest.json` holds the names of its columns in order, the thresholds of answerability, the line that
guesses a contextual cosine from a static one, and the linear weights for similar code.

## Training

`training/runs/ranker.sh`: commit subjects, sentences of documentation, bare names, and names as people type them
(qualified, in words, in part, misspelt, half remembered, guessed) asked in eleven train workspaces, documentation and
keywords of single functions, and questions of CoSQA's dev part; candidates are what the search engine itself brings up.
Keywords are also asked with the name of a language, among functions of ten languages. A quarter of the queries sees
static embeddings alone, a tenth contextual ones for half of the candidates, a tenth no embedding. Besides them "how
does ... work", made from what modules say of themselves. Chosen on seven valid workspaces and half of the valid sets.
No test set or test workspace was used. The workspaces: ansible-core, fish and transmission (GPL), zstd (BSD-3-Clause OR
GPL-2.0-only), hugo and luigi (Apache-2.0), ajv, knex, mypy, rubocop and stylelint (MIT); of them this holds weights
alone, none of their text. The other data stand in the card of the model. The licence of this is Hunch's: MIT.

## Figures

NDCG@10 on valid queries:

{figures}

Expected calibration error of first hits on valid workspaces: {error:.3f}. More in `benchmarks/README.md` under
"Ranking".

## Limits

- It knows {positive} features of candidates and {query} of the query, not its words.
- Scores are probabilities in workspaces like those it was tuned on, packages of some hundred to some thousand files,
  and for queries in English.
"""


def ranker_card(manifest: Mapping[str, Any]) -> str:
    """Return the card's text from a manifest that has everything but checksums."""
    features, metrics = manifest["features"], manifest["metrics"]
    figures = {name: value for name, value in metrics.items() if name != "expected_calibration_error"}
    rows = "\n".join(f"| {name} | {value:.3f} |" for name, value in figures.items())
    return _TEXT.format(
        name=manifest["name"], version=manifest["version"], model=manifest["model"]["name"],
        **{kind: len(names) for kind, names in features.items()},
        figures=f"| queries | NDCG@10 |\n| --- | --- |\n{rows}", error=metrics["expected_calibration_error"],
    )  # fmt: skip
