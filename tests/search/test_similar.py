"""Code that stands for a question: what it asks with, before and after it has contextual embeddings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from hunch.engine import Engine, chunk_at, compute_contextual, open_engine, similar, update
from hunch.index.isolation import Reading, read_apart
from hunch.live import LiveWorkspace
from hunch.search import similar as similar_module
from hunch.search.query import QueryError
from hunch.search.rank import ranker_for
from hunch.search.search import Answerability
from hunch.search.similar import likeness_of, similar_at, similar_to
from hunch.settings import CACHE_VARIABLE
from hunch.text.chunk import Chunk

CART = '''"""A cart."""


class Cart:
    def total(self):
        """Add the prices of all lines up."""
        result = 0
        for line in self.lines:
            result += line.price * line.count
        return result
'''
INVOICE = '''"""An invoice."""


class Invoice:
    def sum_of_amounts(self):
        amount = 0
        for line in self.positions:
            amount += line.price * line.quantity
        return amount

    def send(self, address):
        self.mailer.deliver(address, self.render())
'''
OTHER = '''"""Files."""


def read_lines(path):
    with open(path) as file:
        return file.read().splitlines()
'''


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("similar")
    root = folder / "project"
    root.mkdir()
    for name, source in (("cart.py", CART), ("invoice.py", INVOICE), ("other.py", OTHER)):
        (root / name).write_text(source)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(folder / "cache"))
        with open_engine(root) as opened:
            update(opened)
            yield opened


def total_of(engine: Engine) -> Chunk:
    chunk = chunk_at("cart.py", CART.encode(), 5)
    assert chunk is not None and chunk.name == "total"
    return chunk


def test_what_does_the_same_comes_first_once_it_is_read_in_context(engine: Engine) -> None:
    chunk = total_of(engine)
    likeness = likeness_of(chunk, engine.snapshot, engine.encoder)
    assert likeness.vector is not None and likeness.context is None
    before = similar_to(engine.root, engine.snapshot, engine.encoder, chunk)
    assert "sum_of_amounts" in [hit.record.name for hit in before.hits[:2]]
    assert compute_contextual(engine)
    likeness = likeness_of(chunk, engine.snapshot, engine.encoder)
    assert likeness.context is not None
    assert float(np.linalg.norm(likeness.context)) == pytest.approx(1, abs=1e-5)
    after = similar_to(engine.root, engine.snapshot, engine.encoder, chunk)
    assert after.hits[0].record.name == "sum_of_amounts" and after.answerability is not Answerability.NONE
    assert "context" in {reason.feature for reason in after.hits[0].why}
    assert not {"total", "Cart"} & {hit.record.name for hit in after.hits}, "not the code itself, nor its class"


def test_a_class_does_not_find_its_own_methods(engine: Engine) -> None:
    head = chunk_at("invoice.py", INVOICE.encode(), 4)
    assert head is not None and head.kind == "class"
    found = similar_to(engine.root, engine.snapshot, engine.encoder, head)
    names = {hit.record.name for hit in found.hits}
    assert "Cart" in names and not {"Invoice", "sum_of_amounts", "send"} & names


def test_words_alone_ask_without_a_model(engine: Engine) -> None:
    likeness = likeness_of(total_of(engine), engine.snapshot, None)
    assert likeness.vector is None and likeness.context is None
    assert "price" in likeness.query.text
    found = similar_to(engine.root, engine.snapshot, None, total_of(engine))
    assert found.hits[0].record.name == "sum_of_amounts"


def test_code_without_words_is_refused(engine: Engine) -> None:
    chunk = replace(total_of(engine), name="", signature="((", body="[[[[ ]]]]")
    with pytest.raises(QueryError, match="no words here"):
        likeness_of(chunk, engine.snapshot, engine.encoder)


def test_a_selection_is_parsed_once_and_asks_with_its_first_definition(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []

    def counting(path: str, language: str, source: bytes) -> Reading:
        parsed.append(path)
        return read_apart(path, language, source)

    monkeypatch.setattr(similar_module, "read_apart", counting)
    (engine.root / "long.py").write_text("\n" * 40 + CART)
    whole = similar(engine, "long.py", 1, 52)
    assert parsed == ["long.py"]
    assert [hit.record for hit in whole.hits] == [hit.record for hit in similar(engine, "long.py", 44).hits]
    assert similar(engine, "long.py", 46, 47).query == similar(engine, "long.py", 46).query != whole.query
    with pytest.raises(QueryError, match=r"long\.py:3: no code at this line"):
        similar(engine, "long.py", 3, 30)
    parsed.clear()
    live = LiveWorkspace(engine.root)
    live.put_unsaved("long.py", "\n" * 40 + CART)
    live.start()
    try:
        assert live.similar("long.py", 1, 52).query == whole.query
        assert parsed == ["long.py"]
    finally:
        live.close()


def test_code_without_words_is_passed_over(engine: Engine) -> None:
    chunk = total_of(engine)
    empty = replace(chunk, name="", signature="((", body="[[[[ ]]]]")
    found = similar_at(engine.root, engine.snapshot, engine.encoder, [empty, chunk])
    assert found.query == similar_to(engine.root, engine.snapshot, engine.encoder, chunk).query
    with pytest.raises(QueryError, match="no words here"):
        similar_at(engine.root, engine.snapshot, engine.encoder, [empty])


def test_no_weight_counts_likeness_against_code() -> None:
    assert (ranker_for(None).similar.weights[:3] > 0).all()
