"""A static embedding model of the same shape as a bundle's, for semble to index with: same pieces, same dimensions.

Its numbers are random: it is there to be as much work, not to find anything.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hunch.model.bundle import Bundle
from hunch.model.encoder import Encoder
from hunch.text.tokenizer import CONTINUATION, SPECIAL_PIECES


def write_static_model(bundle: Bundle, folder: Path) -> None:
    """Write a model2vec model with the bundle's vocabulary as a WordPiece tokeniser and random vectors."""
    from model2vec import StaticModel
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    pieces = Encoder(bundle).tokenizer.pieces
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    _, unknown = SPECIAL_PIECES
    tokenizer = Tokenizer(
        models.WordPiece(
            vocabulary, unk_token=unknown, continuing_subword_prefix=CONTINUATION, max_input_chars_per_word=64
        )
    )
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    shape = (len(pieces), bundle.manifest.dim)
    vectors = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    StaticModel(vectors, tokenizer, normalize=True).save_pretrained(str(folder))
