"""The contextual pass: contextual embeddings come in the background, newest files first, and stay."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from hunch.engine import ask, compute_contextual, open_engine, update
from hunch.index import contextual_pass
from hunch.index.contextual_pass import embed_file
from hunch.live import LiveOptions, LiveWorkspace, Phase, indexer, pace
from hunch.search.query import parse_query
from hunch.settings import CACHE_VARIABLE

SECONDS = 60.0
BUSY = LiveOptions(cpu_share=1.0)

FILES = {
    "shop/prices.py": '''def total_price(items, tax):
    """Add up what the items cost, with tax."""
    return sum(item.price for item in items) * (1 + tax)
''',
    "shop/mail.py": """def send_invoice(customer, invoice):
    message = render(invoice)
    smtp.sendmail(customer.address, message)


def unsubscribe(customer):
    customers.remove(customer)
""",
    "zoo/feeding.py": "def feed(penguins, fish):\n    for one in penguins:\n        one.eat(fish.pop())\n",
}


@pytest.fixture(autouse=True)
def _quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(indexer, "_QUIET_SECONDS", 0.05)
    monkeypatch.setattr(pace, "on_battery", lambda: False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        write(tmp_path / "root", path, text)
    return tmp_path / "root"


@pytest.fixture
def live(root: Path) -> Iterator[Callable[[LiveOptions], LiveWorkspace]]:
    opened: list[LiveWorkspace] = []

    def start(options: LiveOptions = BUSY) -> LiveWorkspace:
        opened.append(LiveWorkspace(root, options))
        opened[-1].start()
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


def is_read(one: LiveWorkspace) -> bool:
    status = one.status
    return status.phase is Phase.READY and status.complete and 0 < status.chunks == status.contextual_count


def read_paths(one: LiveWorkspace) -> set[str]:
    snapshot = one.snapshot
    places, _ = snapshot.contextual_of(np.arange(len(snapshot), dtype=np.int64))
    # What has a contextual embedding can be found by it, and nothing else.
    found = snapshot.nearest_contextual(
        np.eye(384, dtype=np.float32)[0], 10_000, [view.live_docs for view in snapshot.views]
    )
    assert set(found.tolist()) <= set(places.tolist()) and len(found) == len(set(found.tolist()))
    assert {snapshot.path(chunk) for chunk in found.tolist()} == {snapshot.path(place) for place in places.tolist()}
    return {snapshot.path(int(place)) for place in places}


def test_it_comes_by_itself_and_stays(root: Path, live: Callable[..., LiveWorkspace]) -> None:
    one = live()
    until(lambda: is_read(one))
    assert one.status.message == "The index is up to date"
    assert read_paths(one) == set(FILES)
    answer = one.ask(parse_query("tell a client what he owes"))
    assert any(reason.feature == "context" for hit in answer.hits for reason in hit.why)
    one.close()
    # Opened again it is all there, and nothing is read anew.
    again = live(LiveOptions(contextual_embeddings=False))
    until(lambda: is_read(again))
    assert read_paths(again) == set(FILES)


def test_what_is_saved_is_read_again_and_the_rest_is_not(
    root: Path, live: Callable[..., LiveWorkspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = live()
    until(lambda: is_read(one))
    read: list[str] = []

    def noted(*arguments: object, **more: object) -> contextual_pass.Outcome:
        outcome = embed_file(*arguments, **more)  # type: ignore[arg-type]  # passed on as they come
        read.append(outcome.path)
        return outcome

    monkeypatch.setattr(indexer, "embed_file", noted)
    write(root, "zoo/feeding.py", "def starve(penguins):\n    raise CrueltyError(penguins)\n")
    one.mark(["zoo/feeding.py"])
    until(lambda: one.status.generation and "zoo/feeding.py" not in read_paths(one))
    until(lambda: is_read(one) and "zoo/feeding.py" in read_paths(one))
    assert read == ["zoo/feeding.py"]
    (root / "zoo/feeding.py").unlink()
    one.mark(["zoo/feeding.py"])
    until(lambda: is_read(one) and read_paths(one) == set(FILES) - {"zoo/feeding.py"})


def test_it_can_be_switched_off_and_on(live: Callable[..., LiveWorkspace]) -> None:
    one = live(LiveOptions(cpu_share=1.0, contextual_embeddings=False))
    until(lambda: one.status.phase is Phase.READY and one.status.complete)
    time.sleep(0.3)
    assert not one.status.contextual_count and not one.snapshot.contextual
    one.set_options(BUSY)
    until(lambda: is_read(one))


def test_a_battery_is_spared(live: Callable[..., LiveWorkspace], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "on_battery", lambda: True)
    one = live()
    until(lambda: one.status.phase is Phase.READY and one.status.complete)
    time.sleep(0.3)
    assert not one.status.contextual_count
    monkeypatch.setattr(pace, "on_battery", lambda: False)
    monkeypatch.setattr(pace, "_BATTERY_SECONDS", 0.0)
    until(lambda: is_read(one))


def test_pausing_stops_it(live: Callable[..., LiveWorkspace], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer, "_QUIET_SECONDS", 1000.0)
    one = live()
    until(lambda: one.status.phase is Phase.READY and one.status.complete)
    one.pause()
    until(lambda: one.status.phase is Phase.PAUSED)
    monkeypatch.setattr(indexer, "_QUIET_SECONDS", 0.0)
    time.sleep(0.5)
    assert not one.status.contextual_count
    one.resume()
    until(lambda: is_read(one))


def test_who_follows_sees_what_another_process_has_read(root: Path, live: Callable[..., LiveWorkspace]) -> None:
    with open_engine(root) as engine:
        update(engine)
        one = live()
        until(lambda: one.status.phase is Phase.FOLLOWING and one.status.chunks)
        assert not one.snapshot.contextual
        assert compute_contextual(engine)
        until(lambda: read_paths(one) == set(FILES))


def test_a_file_that_changed_meanwhile_is_left_to_the_next_update(root: Path) -> None:
    with open_engine(root) as engine:
        update(engine)
        assert engine.encoder is not None
        (number,) = (number for number, one in engine.store.known_files().values() if one.path == "shop/mail.py")
        write(root, "shop/mail.py", "def other():\n    return 1\n")
        outcome = embed_file(root, engine.store, engine.encoder.contextual(), number)
        assert outcome == contextual_pass.Outcome(None, "shop/mail.py", is_stale=True)
        assert embed_file(root, engine.store, engine.encoder.contextual(), 4711) == contextual_pass.Outcome(None, "")
        assert compute_contextual(engine)
        assert engine.store.contextual_counts()[0] < engine.store.contextual_counts()[1]
        update(engine)
        assert compute_contextual(engine)
        done, total = engine.store.contextual_counts()
        assert done == total > 0


def test_it_can_be_ended_and_goes_on(root: Path) -> None:
    body = "".join(f"def step_{i}(x):\n    return x + {i}\n\n\n" for i in range(100))
    write(root, "long.py", body)
    with open_engine(root) as engine:
        update(engine)
        left = [3]

        def stopped() -> bool:
            left[0] -= 1
            return left[0] < 0

        assert not compute_contextual(engine, stopped=stopped)
        done, total = engine.store.contextual_counts()
        assert done < total
        shown: list[int] = []
        assert compute_contextual(engine, on_progress=lambda now: shown.append(now.done))
        assert shown == sorted(shown) and shown[-1] == total


def test_an_answer_says_what_it_rests_on(root: Path) -> None:
    with open_engine(root) as engine:
        update(engine)
        before = ask(engine, "send a bill to a client")
        assert compute_contextual(engine)
        after = ask(engine, "send a bill to a client")
    assert after.hits[0].record.name == "send_invoice"
    assert {reason.feature for reason in after.hits[0].why} >= {"meaning", "context"}
    assert before.hits[0].score != after.hits[0].score
