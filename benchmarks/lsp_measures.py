"""Times seen by a client of the language server: searches, and how long until a change is found."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle
from time import perf_counter
from typing import Any

from benchmarks.lsp_client import CANCELLED, LspClient, RefusedError
from benchmarks.lsp_workspace import Copy, function_in, made_up_name

SEARCH_SECONDS = 0.05
"""Between searches while something else goes on."""

POLL_SECONDS = 0.005
"""Between looks for a change."""

NEVER_SECONDS = 30.0
"""A change that is not found by then counts as this long."""

Times = dict[str, float]
"""n, p50, p95, p99 and max, in milliseconds."""


def times_of(seconds: Sequence[float]) -> Times:
    """Return what there is to say about some durations."""
    ordered = sorted(one * 1000 for one in seconds)
    if not ordered:
        return {"n": 0}
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    found = {name: ordered[min(len(ordered) - 1, int(share * len(ordered)))] for name, share in shares.items()}
    return {"n": len(ordered), **found, "max": ordered[-1]}


def search(client: LspClient, text: str, *, limit: int = 20) -> tuple[list[Any], float]:
    """Search; return the hits and the seconds.

    Raises:
        RefusedError: the answer was an error.
    """
    answer = client.request("hunch/search", {"query": text, "limit": limit})
    if answer.error is not None:
        raise RefusedError(f"hunch/search: {answer.error}")
    return answer.result["hits"], answer.seconds


def is_found(client: LspClient, name: str, path: str) -> bool:
    """Whether a function of a file can be found by its name."""
    hits, _ = search(client, name)
    return any(hit["name"] == name and hit["path"] == path for hit in hits)


@dataclass(frozen=True, slots=True)
class Probe:
    """A change of which is measured when searches see it."""

    kind: str
    name: str
    path: str
    began: float
    wanted: bool = True
    """False: until the function is found no more."""
    after: Callable[[], None] = lambda: None
    """What to do when it was seen."""


def save(client: LspClient, copy: Copy, path: str, name: str) -> Probe:
    """Write a function into a file and tell that it was saved."""
    began = perf_counter()
    with (copy.root / path).open("a", encoding="utf-8") as file:
        file.write(function_in(path, name))
    client.saved(path)
    return Probe("save", name, path, began)


def change(client: LspClient, copy: Copy, path: str, name: str) -> Probe:
    """Type a function into an open file; it is closed without saving when it was found."""
    text = (copy.root / path).read_text(encoding="utf-8")
    client.open(path, text)
    began = perf_counter()
    client.change(path, 2, text, len(text), len(text), function_in(path, name))
    return Probe("change", name, path, began, after=lambda: client.close(path))


def close(client: LspClient, copy: Copy, path: str, name: str) -> Probe:
    """Close a file without saving once its new function is found."""
    wait_for(client, replace(change(client, copy, path, name), after=lambda: None))
    began = perf_counter()
    client.close(path)
    return Probe("close", name, path, began, wanted=False)


def wait_for(client: LspClient, probe: Probe) -> float:
    """Look for a change every 5 ms; return the seconds from it to the answer that shows it."""
    while True:
        asked = perf_counter()
        there = is_found(client, probe.name, probe.path)
        now = perf_counter()
        if there is probe.wanted or now - probe.began > NEVER_SECONDS:
            probe.after()
            return now - probe.began
        time.sleep(max(0.0, POLL_SECONDS - (now - asked)))


def probes(
    client: LspClient, copy: Copy, kinds: Sequence[Callable[..., Probe]], choice: random.Random
) -> Iterator[Probe]:
    """Make changes in turns, each in another file, as often as asked for."""
    files = choice.sample(copy.free, len(copy.free))
    for path, kind in zip(cycle(files), cycle(kinds), strict=False):
        yield kind(client, copy, path, made_up_name(choice))


@dataclass(slots=True)
class Seen:
    """What was measured while something went on, in seconds."""

    searches: list[float] = field(default_factory=list)
    changes: dict[str, list[float]] = field(default_factory=dict)
    """By the kind of change."""
    seconds: float = 0.0
    """How long it went on."""


def search_while(
    client: LspClient,
    texts: Iterator[str],
    going_on: Callable[[], bool],
    changes: Iterator[Probe] = iter(()),  # noqa: B008  (never advanced)
    *,
    pause: float = 0.0,
) -> Seen:
    """Search every 50 ms as long as something goes on, and look for changes every 5 ms, one after the other.

    Args:
        client: which to use; nobody else may search with it meanwhile.
        texts: what to search for.
        going_on: whether to go on.
        changes: makes the next change whenever it is advanced.
        pause: seconds between one change that was found and the next one.
    """
    seen = Seen()
    began = perf_counter()
    probe: Probe | None = None
    next_search, next_poll, next_change = began, began, began
    while going_on() or probe is not None:
        now = perf_counter()
        if now >= next_search:
            _, seconds = search(client, next(texts))
            seen.searches.append(seconds)
            next_search = max(next_search + SEARCH_SECONDS, perf_counter())
        elif probe is not None and now >= next_poll:
            next_poll = now + POLL_SECONDS
            there = is_found(client, probe.name, probe.path)
            now = perf_counter()
            if there is probe.wanted or now - probe.began > NEVER_SECONDS:
                seen.changes.setdefault(probe.kind, []).append(now - probe.began)
                probe.after()
                probe, next_change = None, now + pause
        elif probe is None and now >= next_change and going_on():
            probe = next(changes, None)
            next_change = now + pause
        else:
            upcoming = [next_search, next_change if probe is None else next_poll]
            time.sleep(max(0.0005, min(0.01, min(upcoming) - now)))
    seen.seconds = perf_counter() - began
    return seen


def cancellations(client: LspClient, texts: Iterator[str], count: int) -> dict[str, Any]:
    """Take searches back as soon as they are sent."""
    taken_back, finished = [], 0
    for _ in range(count):
        answer = client.send("hunch/search", {"query": next(texts)}, cancel=True).answer.result(NEVER_SECONDS)
        if answer.code == CANCELLED:
            taken_back.append(answer.seconds)
        elif answer.error is None:
            finished += 1
        else:
            raise RefusedError(f"a search that was taken back: {answer.error}")
    return {**times_of(taken_back), "answered_before": finished}
