"""Pairs to learn from, made by rule: a verb and a noun in the query, the same words backwards in the code.

Query and code have no word in common, so only a model that has learnt finds anything.
"""

import gzip
import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

# Threads that wait for each other make small steps many times slower when the cores have other work as well.
torch.set_num_threads(1)

VERBS = "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa".split()
NOUNS = (
    "apple banana cherry damson elder fig grape hazel iris jasmine kiwi lemon mango nutmeg olive peach quince".split()
)


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
