"""An answer depends on what a workspace holds: not on how its index came about, nor on what lies in which segment."""

from __future__ import annotations

import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, Verbosity, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import hunch
from hunch.engine import Engine, ask, open_engine, similar, update, update_paths
from hunch.index import vectors
from hunch.index.vectors import CODES_8BIT_LIMIT
from hunch.live import LiveOptions, LiveWorkspace
from hunch.live import Phase as LivePhase
from hunch.model.contextual import rounded
from hunch.search.query import QueryError, parse_query
from hunch.search.search import Answer, Hit
from hunch.settings import CACHE_VARIABLE

GOLDEN = Path(__file__).parent.parent / "goldens" / "workspace"
PRODUCT = Path(hunch.__file__).parent
DOCUMENTATION = re.compile(r'"""([^"\n]{20,90})\.')
COPIES = 13
SECONDS = 60.0
QUERIES = (
    "shortest path",  # some words
    "how are failed requests tried again",  # a sentence
    "parse",  # one word, the beginning of names, in very many chunks of one score
    "levenshtien",  # a slip
    "cache lang:go",  # a filter
    "python sum of all prices",  # a language that is named
)
WORDS = "sort parse retry cache price path graph date file queue invoice colour token header backup".split()

Files = dict[str, str]
"""The text of each file of a workspace by its path"""


class Change(NamedTuple):
    """One thing that happens to a workspace; what exactly comes from the number."""

    kind: str
    number: int


NUMBERS = st.integers(0, 1 << 30)
CHANGES = st.lists(
    st.builds(Change, st.sampled_from(["edit", "edit", "add", "add", "delete", "rename"]), NUMBERS),
    min_size=2, max_size=12,
)  # fmt: skip
FLOOD = [Change("flood", 0)]
"""Nearly all files change at once, so that a new base segment is built"""
SOME = [Change(kind, number) for number, kind in enumerate(["edit", "add", "rename", "delete", "add", "edit"])]
RUNS = st.sampled_from(["whole", "paths", "stopped", "killed"])
STEPS = st.lists(st.tuples(CHANGES, RUNS), min_size=1, max_size=4)
BUFFERS = st.lists(NUMBERS, max_size=3)
A_FEW = settings(
    max_examples=2, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], verbosity=Verbosity.quiet,
)  # fmt: skip


def first_files() -> Files:
    """Copies of a small workspace in eleven languages, of which half differ a little: most scores are tied."""
    sources = {file.relative_to(GOLDEN).as_posix(): file.read_text("utf-8")
               for file in sorted(GOLDEN.rglob("*")) if file.is_file()}  # fmt: skip
    return {
        f"part{copy}/{path}": text if copy % 2 else edited(text, copy)
        for copy in range(COPIES)
        for path, text in sources.items()
    }


def edited(text: str, number: int) -> str:
    """Return a text from which lines are gone, in which some stand twice, or to which words were added."""
    chance = random.Random(number)
    lines = text.split("\n")
    start = chance.randrange(len(lines))
    some = lines[start : start + chance.randrange(1, 12)]
    kind = chance.randrange(3)
    if kind == 0 and len(lines) > 20:
        del lines[start : start + len(some)]
    elif kind == 1:
        lines += some
    else:
        lines.insert(start, " ".join(["//", *chance.sample(WORDS, 3)]))
    return "\n".join(lines)


def changed(files: Files, change: Change) -> set[str]:
    """Change files; return the paths that are to be looked at."""
    chance = random.Random(change.number)
    if change.kind == "flood":
        paths = set(sorted(files)[change.number % 10 :])
        files.update({path: f"{files[path]}\n// {chance.choice(WORDS)}\n" for path in paths})
        return paths
    path = chance.choice(sorted(files))
    folder, _, name = path.rpartition("/")
    other = f"part{chance.randrange(COPIES + 3)}/{folder.rpartition('/')[2]}/{chance.choice(WORDS)}_{name}"
    if change.kind == "edit":
        files[path] = edited(files[path], change.number)
    elif change.kind == "add":
        files[other] = files[path]  # to the letter, so that it ties with the one that it is a copy of
    elif change.kind == "delete":
        del files[path]
    else:
        files[other] = files.pop(path)
    return {path, other}


def write(root: Path, files: Mapping[str, str], before: Mapping[str, str]) -> None:
    for path in before.keys() - files.keys():
        (root / path).unlink()
    for path, text in files.items():
        if before.get(path) != text:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")


def rows_of(path: str, text: str, count: int) -> NDArray[np.int8]:
    """Return contextual embeddings that depend on path and text alone, int8 [count, 384]."""
    seed = int.from_bytes(hashlib.sha256(f"{path}\n{text}".encode()).digest()[:8], "big")
    rows = np.random.default_rng(seed).normal(size=(count, 384))
    return rounded(rows.astype(np.float32))


def read_contextual(engine: Engine, files: Mapping[str, str], paths: set[str]) -> None:
    """Put contextual embeddings into the store for some of the files that have none."""
    counts, there = engine.store.chunk_counts(), engine.store.contextual_ids()
    for path, (number, _) in engine.store.known_files().items():
        if path in paths and number in counts and number not in there:
            assert engine.store.put_contextual(number, rows_of(path, files[path], counts[number]))


def with_contextual(engine: Engine) -> set[str]:
    there = engine.store.contextual_ids()
    return {path for path, (number, _) in engine.store.known_files().items() if number in there}


def told(answer: Answer) -> list[object]:
    """What a person is told of an answer, but how long it took."""
    hits = [(hit.path, hit.record, hit.score, hit.why, hit.near_duplicates) for hit in answer.hits]
    return [answer.query, answer.answerability, answer.complete, *hits]


def places_in(files: Mapping[str, str]) -> list[tuple[str, int]]:
    """Places to ask for similar code at."""
    return [(path, 3 + len(files[path]) % 12) for path in sorted(files)[:: len(files) // 3]]


def answers_of(engine: Engine, files: Mapping[str, str]) -> list[object]:
    found: list[object] = [told(ask(engine, text, limit=20)) for text in QUERIES]
    for path, line in places_in(files):
        try:
            found.append(told(similar(engine, path, line, limit=10)))
        except QueryError as error:
            found.append(str(error))
    return found


def live_answers(one: LiveWorkspace, files: Mapping[str, str]) -> list[object]:
    found: list[object] = [told(one.ask(parse_query(text), limit=20)) for text in QUERIES]
    for path, line in places_in(files):
        try:
            found.append(told(one.similar(path, line, limit=10)))
        except QueryError as error:
            found.append(str(error))
    return found


class Begun(NamedTuple):
    """An indexed workspace, to begin each example with."""

    folder: Path
    files: Files
    views: list[int]
    """How many segments each answer came from"""

    def again(self) -> tuple[Path, Files]:
        """Return the root of the workspace as it was at first, with its index, and its files."""
        work = self.folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(self.folder / "begun", work, copy_function=shutil.copy2)
        os.environ[CACHE_VARIABLE] = str(work / "cache")
        # The index knows files by more than their time stamps; the copies are read again and found unchanged.
        return work / "root", dict(self.files)

    def fresh(self, files: Mapping[str, str], contextual: set[str]) -> list[object]:
        """Return the answers of an index of these files that was built at once."""
        folder = self.folder / "fresh"
        shutil.rmtree(folder, ignore_errors=True)
        write(folder / "root", files, {})
        before = os.environ[CACHE_VARIABLE]
        os.environ[CACHE_VARIABLE] = str(folder / "cache")
        try:
            with open_engine(folder / "root") as engine:
                assert update(engine, workers=1) is not None
                read_contextual(engine, files, contextual)
            with open_engine(folder / "root", write=False) as engine:
                return answers_of(engine, files)
        finally:
            os.environ[CACHE_VARIABLE] = before


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begun]:
    folder = tmp_path_factory.mktemp("same")
    files = first_files()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(folder / "work" / "cache"))
        write(folder / "work" / "root", files, {})
        with open_engine(folder / "work" / "root") as engine:
            update(engine, workers=1)
            assert 1_000 < engine.snapshot.chunk_count < 2_500
        (folder / "work").rename(folder / "begun")
        begun = Begun(folder, files, [])
        yield begun
        assert not begun.views or max(begun.views) > 1, "one segment held everything, which shows nothing"


def killed(root: Path, seconds: float) -> None:
    """Index in another process and kill it after a while, at any point of its work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "hunch.cli", "index", str(root)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def is_used_up(numbers: Iterator[int]) -> bool:
    return next(numbers, None) is None


def history(begun: Begun, steps: list[tuple[list[Change], str]], *, contextual: bool) -> tuple[object, object]:
    """Live through a history of changes and index runs; return the answers, and those of a fresh index."""
    root, files = begun.again()
    for changes, run in steps:
        before, paths = dict(files), set()
        for change in changes:
            paths |= changed(files, change)
        write(root, files, before)
        number = changes[0].number
        if run == "killed" and sys.platform != "win32":
            killed(root, 0.3 + number % 10 / 10)
            continue
        with open_engine(root, patience=30) as engine:
            if run == "paths":
                update_paths(engine, paths)
            elif run == "stopped":
                left = iter(range(number % 40))
                update(engine, workers=1, stopped=partial(is_used_up, left))
            else:
                update(engine, workers=1)
            if contextual:
                read_contextual(engine, before | files, set(random.Random(number).sample(sorted(files), 60)) - paths)
    with open_engine(root, patience=30) as engine:
        update(engine, workers=1)
        read = with_contextual(engine)
        assert bool(read) == contextual
    with open_engine(root, write=False) as engine:
        begun.views.append(len(engine.snapshot.views))
        found = answers_of(engine, files)
    return found, begun.fresh(files, read)


@A_FEW
@given(STEPS)
@example([(FLOOD, "whole"), (SOME, "killed"), (SOME, "stopped")])
def test_the_command_answers_as_a_fresh_index_does(begun: Begun, steps: list[tuple[list[Change], str]]) -> None:
    found, expected = history(begun, steps, contextual=False)
    assert found == expected


@A_FEW
@given(STEPS)
def test_the_command_answers_as_a_fresh_index_does_with_contextual_embeddings(
    begun: Begun, steps: list[tuple[list[Change], str]]
) -> None:
    more: tuple[list[Change], str] = ([Change("edit", 5), Change("add", 7)], "whole")
    found, expected = history(begun, [*steps, more], contextual=True)
    assert found == expected


def live_history(begun: Begun, steps: list[tuple[list[Change], str]], buffers: list[int], *, contextual: bool) -> None:
    """Live through a history of saves, floods of changes and unsaved text; then compare with a fresh index."""
    root, files = begun.again()
    read: set[str] = set()
    if contextual:
        with open_engine(root) as engine:
            update(engine, workers=1)
            read_contextual(engine, files, set(sorted(files)[::2]))
            read = with_contextual(engine)
    one = LiveWorkspace(root, LiveOptions(cpu_share=1.0, contextual_embeddings=False))
    one.start()
    try:
        until(lambda: one.status.phase is LivePhase.READY)
        for changes, run in steps:
            before, paths = dict(files), set()
            for change in changes:
                paths |= changed(files, change)
            write(root, files, before)
            read -= {path for path in before if files.get(path) != before[path]}
            one.mark([""] if run == "whole" else paths, urgent=run == "paths")
            if run == "killed":
                until(lambda: one.status.phase is LivePhase.READY)
        seen = dict(files)
        for number in buffers:
            path = random.Random(number).choice(sorted(seen))
            seen[path] = edited(edited(seen[path], number), number + 1)
            read.discard(path)
            one.put_unsaved(path, seen[path])
        expected = begun.fresh(seen, read)
        deadline = time.monotonic() + SECONDS / 3
        while (found := live_answers(one, seen)) != expected and time.monotonic() < deadline:
            time.sleep(0.1)
        begun.views.append(len(one.snapshot.views))
        assert found == expected
    finally:
        one.close(timeout=10)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


@A_FEW
@given(STEPS, BUFFERS)
@example([(FLOOD, "whole"), (SOME, "killed"), (SOME, "paths")], [3, 4])
def test_a_live_workspace_answers_as_a_fresh_index_does(
    begun: Begun, steps: list[tuple[list[Change], str]], buffers: list[int]
) -> None:
    live_history(begun, steps, buffers, contextual=False)


@A_FEW
@given(STEPS, BUFFERS)
def test_a_live_workspace_answers_as_a_fresh_index_does_with_contextual_embeddings(
    begun: Begun, steps: list[tuple[list[Change], str]], buffers: list[int]
) -> None:
    live_history(begun, steps, buffers, contextual=True)


def test_what_4bit_codes_may_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Beyond CODES_8BIT_LIMIT chunks in a segment codes are approximate, and those of two segments do not compare.
    monkeypatch.setattr(vectors, "CODES_8BIT_LIMIT", 500)
    files = {file.relative_to(PRODUCT).as_posix(): file.read_text("utf-8") for file in sorted(PRODUCT.rglob("*.py"))}
    later = {path: f"{text}\n# later\n" for path, text in list(files.items())[::12]}
    asked = [line for text in files.values() for line in DOCUMENTATION.findall(text)][::25]
    assert len(asked) > 20

    def answers(root: Path) -> list[list[Hit]]:
        with open_engine(root) as engine:
            update(engine, workers=1)
            assert 1_000 < engine.snapshot.chunk_count < CODES_8BIT_LIMIT
            return [ask(engine, text).hits for text in asked]

    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    for name in ("fresh", "grown"):
        write(tmp_path / name, files, {})
    answers(tmp_path / "grown")
    for name in ("fresh", "grown"):
        write(tmp_path / name, files | later, files)
    overlaps, differences = [], []
    for one, other in zip(answers(tmp_path / "fresh"), answers(tmp_path / "grown"), strict=True):
        scores, again = ({(hit.path, hit.record): hit.score for hit in hits} for hits in (one, other))
        both = scores.keys() & again.keys()
        overlaps.append(len(both) / max(1, len(scores)))
        differences += [abs(scores[hit] - again[hit]) for hit in both]
    assert sum(overlaps) / len(overlaps) >= 0.99
    assert max(differences) <= 0.01
