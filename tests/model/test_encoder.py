"""Texts to embeddings with the model that ships."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hunch.model import encoder as encoder_module
from hunch.model.bundle import (
    CODE_GRAPH,
    DEFAULT_BUNDLE,
    QUERY_GRAPH,
    SHIPPED,
    TOKENIZER,
    BundleError,
    load_bundle,
    sha256_of,
    write_manifest,
)
from hunch.model.encoder import Encoder, Vectors
from hunch.text.render import Fields, render_parts

UNKNOWN = ["🙂", "", "?!", "()", "x" * 70]
QUERIES = [
    "sort a list of numbers",
    "open a file and read its lines",
    "send an HTTP request with retries",
    "compute the distance between two points on a sphere",
    "hash",
    "parse command line arguments " * 40,
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(load_bundle())


def code(n: int) -> list[Fields]:
    """Chunks of very different lengths, so that they fall into different batches."""
    words = "sort list file read write parse token http request retry date time cache index tree node".split()
    generator = np.random.default_rng(1)
    return [
        render_parts(
            name=words[i % len(words)],
            path=f"src/{words[(i * 3) % len(words)]}.py",
            signature=f"def {words[i % len(words)]}(value)",
            documentation=" ".join(generator.choice(words, i % 7)),
            body=" ".join(generator.choice(words, 1 + i % 90)) + f" local{i}",
        )
        for i in range(n)
    ]


def check_vectors(vectors: Vectors, rows: int, dim: int) -> None:
    assert vectors.dtype == np.float32 and vectors.shape == (rows, dim)
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)


def test_queries_become_unit_vectors(encoder: Encoder) -> None:
    check_vectors(encoder.encode_queries(QUERIES), len(QUERIES), encoder.dim)


def test_chunks_become_unit_vectors(encoder: Encoder) -> None:
    check_vectors(encoder.encode_chunks(encoder.bag_chunks(code(50))), 50, encoder.dim)


def test_nothing_becomes_no_rows(encoder: Encoder) -> None:
    for vectors in (encoder.encode_queries([]), encoder.encode_chunks(encoder.bag_chunks([]))):
        assert vectors.shape == (0, encoder.dim) and vectors.dtype == np.float32


@pytest.mark.parametrize("query", UNKNOWN)
def test_a_query_without_a_known_word_is_zeros(encoder: Encoder, query: str) -> None:
    assert not encoder.encode_queries([query]).any()
    mixed = encoder.encode_queries([query, QUERIES[0], query])
    assert not mixed[0].any() and not mixed[2].any()
    np.testing.assert_allclose(mixed[1], encoder.encode_queries([QUERIES[0]])[0], atol=1e-5)


def test_a_chunk_without_a_known_word_is_zeros(encoder: Encoder) -> None:
    vectors = encoder.encode_chunks(encoder.bag_chunks([render_parts(body="🙂"), render_parts(body="sort")]))
    assert not vectors[0].any() and vectors[1].any()


def test_a_query_is_the_same_in_any_company(encoder: Encoder) -> None:
    together = encoder.encode_queries(QUERIES)
    for i, query in enumerate(QUERIES):
        assert np.abs(encoder.encode_queries([query])[0] - together[i]).max() < 1e-5
    assert np.abs(encoder.encode_queries(QUERIES[::-1])[::-1] - together).max() < 1e-5


def test_a_chunk_is_the_same_in_any_company(encoder: Encoder) -> None:
    texts = code(120)
    together = encoder.encode_chunks(encoder.bag_chunks(texts))
    for i in range(0, 120, 11):
        alone = encoder.encode_chunks(encoder.bag_chunks([texts[i]]))[0]
        assert np.abs(alone - together[i]).max() < 1e-5
    assert len(np.unique(together.round(4), axis=0)) == 120  # else the order would prove nothing


def test_small_batches_change_nothing(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    # An index that grew by saves is made of other batches than a fresh one, and has to hold the same to the last bit.
    texts = [*code(400), *(render_parts(body=" ".join(f"sort{i} list file" for i in range(n))) for n in range(150))]
    bags = encoder.bag_chunks(texts)
    at_once = encoder.encode_chunks(bags)
    monkeypatch.setattr(encoder_module, "_TOKENS_PER_BATCH", 300)
    np.testing.assert_array_equal(encoder.encode_chunks(bags), at_once)
    alone = [encoder.encode_chunks(encoder.bag_chunks([text]))[0] for text in texts]
    np.testing.assert_array_equal(np.array(alone), at_once)


def test_two_threads_at_once_get_what_one_gets(encoder: Encoder) -> None:
    parts = [code(120)[start : start + 30] for start in range(0, 120, 30)]
    expected = [encoder.encode_chunks(encoder.bag_chunks(part)) for part in parts]
    fresh = Encoder(load_bundle(verify=False))  # so that the threads also load the graphs at once
    with ThreadPoolExecutor(2) as pool:
        for _ in range(3):
            found = list(pool.map(lambda part: fresh.encode_chunks(fresh.bag_chunks(part)), parts))
            for one, other in zip(found, expected, strict=True):
                assert np.abs(one - other).max() < 1e-5
        queries = list(pool.map(lambda query: fresh.encode_queries([query])[0], QUERIES * 4))
    assert np.abs(np.array(queries) - np.tile(encoder.encode_queries(QUERIES), (4, 1))).max() < 1e-5


def test_threads_inside_a_run_change_nothing(encoder: Encoder) -> None:
    bags = encoder.bag_chunks(code(40))
    two = Encoder(load_bundle(verify=False), threads=2)
    assert np.abs(two.encode_chunks(bags) - encoder.encode_chunks(bags)).max() < 1e-5


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(max_size=60), max_size=4))
def test_any_query_has_a_vector_of_length_one_or_none(queries: list[str]) -> None:
    vectors = SHARED.encode_queries(queries)
    lengths = np.linalg.norm(vectors, axis=1)
    assert vectors.shape == (len(queries), SHARED.dim)
    assert ((np.abs(lengths - 1) < 1e-4) | (lengths == 0)).all()


SHARED = Encoder(load_bundle(verify=False))


@pytest.mark.parametrize(
    ("query", "right", "wrong"),
    [
        ("sort a list", "sort items ascending order compare swap", "connect socket send packet"),
        ("read a file", "open path read lines close", "multiply matrix vector rows"),
        ("send an http request", "http client request headers response url", "sort items ascending compare swap"),
    ],
)
def test_the_model_knows_something(encoder: Encoder, query: str, right: str, wrong: str) -> None:
    vector = encoder.encode_queries([query])[0]
    good, bad = encoder.encode_chunks(encoder.bag_chunks([render_parts(body=right), render_parts(body=wrong)]))
    assert vector @ good > vector @ bad + 0.05


def test_what_is_bagged_is_what_the_manifest_allows(tmp_path: Path) -> None:
    bundle = load_bundle(verify=False)
    narrow = Encoder(replace(bundle, manifest=replace(bundle.manifest, max_tokens=2)))
    assert np.diff(narrow.bag_queries(["sort a list of numbers"]).offsets).tolist() == [2]
    assert np.diff(narrow.bag_chunks(code(1)).offsets).tolist() == [2]


@pytest.mark.parametrize("name", [QUERY_GRAPH, CODE_GRAPH, TOKENIZER])
@pytest.mark.parametrize("content", [b"", b"not a model", b"{}"])
def test_a_file_of_no_use_is_named_in_one_line(tmp_path: Path, name: str, content: bytes) -> None:
    folder = Path(shutil.copytree(SHIPPED / DEFAULT_BUNDLE, tmp_path / "bundle"))
    (folder / name).write_bytes(content)
    manifest = load_bundle(verify=False).manifest
    write_manifest(folder, replace(manifest, sha256=manifest.sha256 | {name: sha256_of(folder / name)}))
    with pytest.raises(BundleError) as caught:  # at once or on first use
        encoder = Encoder(load_bundle(folder))
        encoder.encode_queries(["sort"])
        encoder.encode_chunks(encoder.bag_chunks(code(1)))
    assert str(folder / name) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("dim", [1, 128, 512])
def test_a_manifest_that_is_wrong_about_its_graphs(tmp_path: Path, dim: int) -> None:
    bundle = load_bundle(verify=False)
    with pytest.raises(BundleError, match=r"manifest\.json: says dim"):
        Encoder(replace(bundle, manifest=replace(bundle.manifest, dim=dim)))
