"""Pairs to learn from, made by rule: a verb and a noun in the query, the same words backwards in the code.

Query and code have no word in common, so only a model that has learnt finds anything.
"""

import gzip
import json
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

# Threads that wait for each other make small steps many times slower when the cores have other work as well.
torch.set_num_threads(1)

VERBS = "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa".split()
NOUNS = (
    "apple banana cherry damson elder fig grape hazel iris jasmine kiwi lemon mango nutmeg olive peach quince".split()
)


LETTERS = "abcdefghijklmnopqrstuvwxyz"
PUBLIC_PIECES = ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "!", "日", "_",
                 *LETTERS, *(f"##{letter}" for letter in LETTERS)]  # fmt: skip


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with packages_pairs/python.train.jsonl.gz and .valid.jsonl.gz."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "packages_pairs").mkdir()
    rows = [
        {
            "lang": "python",
            "package": "p",
            "path": "src/m.py",
            "func_name": f"f{number}",
            "docstring": f"{verb} the {noun}",
            "code": f"def f{number}(x):\n    return {verb[::-1]}Zz(x.{noun[::-1]}_yy)",
        }
        for number, (verb, noun) in enumerate(product(VERBS, NOUNS))
    ]
    order = np.random.default_rng(0).permutation(len(rows))
    for split, chosen in (("train", order[40:]), ("valid", order[:40])):
        with gzip.open(folder / f"packages_pairs/python.{split}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(rows[number]) + "\n" for number in chosen)
    return folder


@pytest.fixture(scope="session")
def make_public() -> Callable[..., Path]:
    """Write a tiny random encoder as transformers saves one."""
    return write_public


@pytest.fixture(scope="session")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Such an encoder of four layers."""
    return write_public(tmp_path_factory.mktemp("public"))


def write_public(folder: Path, *, layers: int = 4, **config: object) -> Path:
    """Write a tiny random encoder as transformers saves one."""
    folder.mkdir(parents=True, exist_ok=True)
    about = {
        "model_type": "bert", "hidden_act": "gelu", "hidden_size": 24, "num_hidden_layers": layers,
        "num_attention_heads": 4, "intermediate_size": 48, **config,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(about))
    (folder / "vocab.txt").write_text("\n".join(PUBLIC_PIECES))
    torch.manual_seed(1)
    weights = {
        "embeddings.word_embeddings.weight": torch.randn(len(PUBLIC_PIECES), 24) * 0.3,
        "embeddings.position_embeddings.weight": torch.randn(512, 24) * 0.1,
        "embeddings.token_type_embeddings.weight": torch.randn(2, 24) * 0.1,
    }
    shapes = {"attention.self.query": (24, 24), "attention.self.key": (24, 24), "attention.self.value": (24, 24),
              "attention.output.dense": (24, 24), "intermediate.dense": (48, 24), "output.dense": (24, 48)}  # fmt: skip
    for number in range(layers):
        for name, shape in shapes.items():
            weights[f"encoder.layer.{number}.{name}.weight"] = torch.randn(shape) * 0.2
            weights[f"encoder.layer.{number}.{name}.bias"] = torch.randn(shape[0]) * 0.2
    norms = ["embeddings.LayerNorm"]
    norms += [f"encoder.layer.{n}.{part}.LayerNorm" for n in range(layers) for part in ("attention.output", "output")]
    for name in norms:
        weights[f"{name}.weight"], weights[f"{name}.bias"] = torch.rand(24) + 0.5, torch.randn(24) * 0.1
    save_file(weights, folder / "model.safetensors")
    return folder
