"""Code, documentation and configuration in one workspace: what is searched, what comes first, and filters."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from hunch.engine import Engine, ask, open_engine, similar, update
from hunch.settings import CACHE_VARIABLE

FILES = {
    "src/retry.py": "def retry_with_backoff(call, attempts):\n    '''Call again after a growing pause.'''\n"
    "    for attempt in range(attempts):\n        try:\n            return call()\n        except OSError:\n"
    "            sleep(2 ** attempt)\n",
    "src/again.py": "def repeat_with_pause(call, attempts):\n    '''Call again after a pause.'''\n"
    "    for attempt in range(attempts):\n        try:\n            return call()\n        except OSError:\n"
    "            sleep(attempt)\n",
    "docs/guide.md": "# Guide\n\n## Retry with backoff\n\nThe client calls again after a growing pause.\n\n"
    "## Behind a corporate proxy\n\nSet HTTPS_PROXY before the client starts, and trust its certificate.\n",
    ".github/workflows/nightly.yml": "on: push\njobs:\n  publish-wheels:\n    runs-on: ubuntu\n    steps:\n"
    "      - run: twine upload dist/*\n",
    "web/page.tsx": "export function OpenPanel() {\n  const panel = 1;\n  return <div>{panel}</div>;\n}\n",
    "web/panel.ts": "export function openPanelStore(name: string) {\n  const panel = name;\n  return panel;\n}\n",
    "native/ring.h": "class RingBuffer {\npublic:\n  void push(int value) { data[head++] = value; }\n  int head;\n};\n",
    ".env": "TOKEN=topsecretvalue\n",
    "poetry.lock": "[[package]]\nname = 'x'\n",
    "tests/fixtures/answer.json": '{"answer": {\n "a": 1\n}}\n',
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    root = tmp_path_factory.mktemp("content")
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(tmp_path_factory.mktemp("cache")))
        with open_engine(root) as engine:
            report = update(engine)
            assert report is not None
            assert report.skipped == {"data": 1, "lock file": 1, "may hold secrets": 1}
            yield engine


def places(engine: Engine, text: str) -> list[str]:
    return [hit.path for hit in ask(engine, text, limit=20).hits]


def test_code_comes_first_and_documents_where_they_are_the_better_answer(engine: Engine) -> None:
    assert places(engine, "retry with backoff")[0] == "src/retry.py"
    assert "docs/guide.md" in places(engine, "retry with backoff")
    assert places(engine, "behind a corporate proxy")[0] == "docs/guide.md"
    assert places(engine, "publish wheels")[0] == ".github/workflows/nightly.yml"


def test_a_filter_leaves_one_content_and_all_ranks_them_alike(engine: Engine) -> None:
    assert set(places(engine, "retry with backoff content:docs")) == {"docs/guide.md"}
    assert set(places(engine, "publish wheels content:config")) == {".github/workflows/nightly.yml"}
    assert not {"docs/guide.md", ".github/workflows/nightly.yml"} & set(
        places(engine, "call again -content:docs,config")
    )
    score = {}
    for text in ("behind a corporate proxy content:all", "behind a corporate proxy"):
        (hit,) = [one for one in ask(engine, text).hits if one.record.name == "Behind a corporate proxy"]
        score[text] = hit.score
    assert score["behind a corporate proxy content:all"] > score["behind a corporate proxy"]


def test_documents_change_neither_which_code_is_found_nor_its_order(engine: Engine) -> None:
    for text in ("retry with backoff", "call again after a pause", "open a panel"):
        alone = [(hit.path, hit.record.name) for hit in ask(engine, f"{text} content:code", limit=20).hits]
        mixed = [(hit.path, hit.record.name) for hit in ask(engine, text, limit=20).hits]
        is_code = {path for path, _ in alone}
        assert [one for one in mixed if one[0] in is_code] == alone


def test_sections_and_entries_can_be_asked_for_by_kind(engine: Engine) -> None:
    (hit,) = ask(engine, "proxy kind:section", limit=1).hits
    assert (hit.record.qualified_name, hit.language) == ("Guide > Behind a corporate proxy", "markdown")
    (hit,) = ask(engine, "upload kind:entry", limit=1).hits
    assert hit.record.qualified_name == "jobs.publish-wheels"


def test_languages_that_belong_together_answer_to_one_name(engine: Engine) -> None:
    assert {"web/page.tsx", "web/panel.ts"} == set(places(engine, "open panel lang:ts"))
    assert places(engine, "open panel lang:tsx") == ["web/page.tsx"]
    assert places(engine, "ring buffer lang:cpp")[0] == "native/ring.h"
    assert places(engine, "ring buffer lang:c")[0] == "native/ring.h"
    assert {path.rpartition(".")[2] for path in places(engine, "open panel lang:py,ts")} == {"py", "ts", "tsx"}


def test_what_is_like_code_is_code(engine: Engine) -> None:
    found = [hit.path for hit in similar(engine, "src/retry.py", 1).hits]
    assert found[0] == "src/again.py" and "docs/guide.md" not in found


def test_the_command_line_filters_and_counts_by_content(engine: Engine) -> None:
    def hunch(*arguments: str) -> str:
        command = [sys.executable, "-m", "hunch", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=engine.root).stdout

    found = json.loads(hunch("search", "call again after a pause", "--content", "docs", "--no-update", "--json"))
    assert {hit["path"] for hit in found["hits"]} == {"docs/guide.md"}
    status = json.loads(hunch("status", "--json"))
    assert status["contents"] == {"code": 5, "docs": 1, "config": 1}
