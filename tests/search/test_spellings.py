"""What is asked for in another spelling than it stands in the code: forms of Unicode, scripts, signs between names."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Literal

import pytest

from hunch.engine import Engine, ask, open_engine, update
from hunch.search.highlights import find_highlights
from hunch.search.present import present
from hunch.settings import CACHE_VARIABLE, MODEL_VARIABLE

FILES = {
    "lager/bestand.py": '''
def zähleBeständeImLager(regale):
    """Addiert die Stückzahlen aller Regale."""
    return sum(regal.stück for regal in regale)


def sende_mahnung(kunde):
    """Schickt einem Kunden die zweite Mahnung."""
    post.brief(kunde.adresse)
''',
    "web/thuế.ts": """
export function tínhThuếGiáTrịGiaTăng(đơnHàng: Order): number {
  return đơnHàng.total * 0.1;
}

export function formatAddress(order: Order): string {
  return order.street + order.town;
}
""",
    "queue/ring.cpp": """
namespace transport {
class RingBuffer {
 public:
  int drainInto(int *out) {
    int taken = 0;
    while (head != tail) out[taken++] = cells[head++ % size];
    return taken;
  }
};
}  // namespace transport

class Decoder {
 public:
  int drainInto(int *out) { return readFrame(out) + readTail(out) + flush(out); }
};
""",
    "app/Invoice.php": """<?php
namespace App\\Billing;

class Invoice
{
    public function markAsPaid(Payment $payment): void
    {
        $this->status = 'paid';
        $this->payments[] = $payment;
    }
}
""",
    "app/order.rb": """
class Order
  def mark_as_paid(payment)
    @status = :paid
    @payments << payment
  end
end
""",
}


@pytest.fixture(params=["NFC", "NFD"])
def engine(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A workspace whose files, names and text are in one form or the other."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)
    for path, text in FILES.items():
        file = tmp_path / "root" / unicodedata.normalize(request.param, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(unicodedata.normalize(request.param, text), encoding="utf-8")
    engine = open_engine(tmp_path / "root")
    assert update(engine, workers=1) is not None
    return engine


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("zähleBeständeImLager", "zähleBeständeImLager"),
        ("bestände", "zähleBeständeImLager"),
        ("stückzahlen aller regale", "zähleBeständeImLager"),
        ("tính thuế", "tínhThuếGiáTrịGiaTăng"),
        ("tăng", "tínhThuếGiáTrịGiaTăng"),
        ("format address path:web/thuế.ts", "formatAddress"),
    ],
)
def test_either_form_finds_the_other(engine: Engine, form: Literal["NFC", "NFD"], query: str, name: str) -> None:
    found = ask(engine, unicodedata.normalize(form, query))
    assert found.hits[0].record.name == name
    shown = present(found, engine.encoder).hits[0]
    assert shown.lines, "the file is opened as the disk spells it"
    assert name in unicodedata.normalize("NFC", shown.lines[shown.name_line - shown.start_line])


def test_highlights_are_at_the_columns_of_the_real_text() -> None:
    line = unicodedata.normalize("NFD", "x = zähleBestände(größe)")
    (found,) = find_highlights([[line]], "bestände größe", None)
    assert [unicodedata.normalize("NFC", line[one.start : one.end]) for one in found] == ["Bestände", "größe"]


@pytest.mark.parametrize(
    ("query", "qualified"),
    [
        ("RingBuffer.drainInto", "transport.RingBuffer.drainInto"),
        ("RingBuffer::drainInto", "transport.RingBuffer.drainInto"),
        ("transport::RingBuffer::drainInto", "transport.RingBuffer.drainInto"),
        ("::transport::RingBuffer", "transport.RingBuffer"),
        ("RingBuffer->drainInto()", "transport.RingBuffer.drainInto"),
        ("Decoder#drainInto", "Decoder.drainInto"),
        ("Decoder::drainInto", "Decoder.drainInto"),
        ("Decoder:drainInto", "Decoder.drainInto"),
        ("Invoice->markAsPaid", "Invoice.markAsPaid"),
        ("Order#mark_as_paid", "Order.mark_as_paid"),
        ("ringbuffer.draininto", "transport.RingBuffer.drainInto"),
    ],
)
def test_a_name_with_what_it_is_in(engine: Engine, query: str, qualified: str) -> None:
    best = ask(engine, query).hits[0]
    assert best.record.qualified_name.endswith(qualified)
    assert "symbol" in {reason.feature for reason in best.why}
    typed = unicodedata.normalize("NFC", query).lower() != query
    assert not typed or "exact case" in {reason.feature for reason in best.why}


def test_a_namespace_with_backslashes(engine: Engine) -> None:
    best = ask(engine, "\\App\\Billing\\Invoice").hits[0]
    assert best.record.name == "Invoice"
