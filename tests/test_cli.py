"""The command line as a person or a program meets it: what is printed where, and the exit status."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import hunch

if TYPE_CHECKING:
    from conftest import RunHunch

MakeWorkspace = Callable[..., Path]
Shop = tuple["RunHunch", Path]

PASSWORD = "check a password against its stored hash"
NONSENSE = "zeppelin karaoke marmalade"
COMMANDS = ("search", "similar", "summarize", "index", "status", "clean", "eval", "completion")

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
needs_posix_names = pytest.mark.skipif(sys.platform == "win32", reason="Windows allows no such file names")


# ---- search ----


def test_search_prints_places_and_reasons(indexed_shop: Shop) -> None:
    run, root = indexed_shop
    found = run("search", *PASSWORD.split(), "--root", root)
    assert found.status == 0
    assert found.err == ""
    first, why, *_ = found.out.splitlines()
    assert re.fullmatch(r" 1  src/auth\.py:7  check_password  function  [01]\.\d\d", first)
    assert "words (" in why
    assert why.count("meaning") == 1, "to a reader both meanings say the same"


def test_json_has_every_key_of_the_contract(indexed_shop: Shop) -> None:
    run, root = indexed_shop
    found = run("search", PASSWORD, "--root", root, "--json", "--limit", "3")
    assert (found.status, found.err) == (0, "")
    (answer,) = found.answers
    check_answer(answer, root)
    assert answer["query"] == PASSWORD
    assert answer["answerability"] == "relevant"
    assert answer["complete"] is True
    assert answer["hits"][0]["why"]
    assert 1 <= len(answer["hits"]) <= 3
    best = answer["hits"][0]
    assert (best["path"], best["name"], best["kind"], best["language"]) == (
        "src/auth.py", "check_password", "function", "python",
    )  # fmt: skip
    assert best["snippet"].startswith("def check_password(password, salt, stored_hash):\n")


def check_answer(answer: dict[str, Any], root: Path) -> None:
    assert set(answer) >= {"query", "elapsed_ms", "answerability", "verdict", "complete", "hits"}
    assert isinstance(answer["query"], str)
    assert isinstance(answer["elapsed_ms"], float)
    assert answer["answerability"] in ("relevant", "weak", "none")
    assert isinstance(answer["complete"], bool)
    assert [hit["score"] for hit in answer["hits"]] == sorted((hit["score"] for hit in answer["hits"]), reverse=True)
    for hit in answer["hits"]:
        assert set(hit) == {
            "path", "start_line", "end_line", "name", "kind", "language", "score", "reasons", "why", "highlights",
            "near_duplicates", "copies",
            "snippet",
        }  # fmt: skip
        lines = (root / hit["path"]).read_text(encoding="utf-8").splitlines()
        assert "\\" not in hit["path"]
        assert 1 <= hit["start_line"] <= hit["end_line"] <= len(lines)
        assert hit["name"] is None or (isinstance(hit["name"], str) and hit["name"])
        assert isinstance(hit["kind"], str)
        assert isinstance(hit["language"], str)
        assert isinstance(hit["score"], float)
        assert 0 <= hit["score"] <= 1
        shown = hit["snippet"].split("\n")
        assert shown == lines[hit["start_line"] - 1 :][: len(shown)]
        for mark in hit["highlights"]:
            assert set(mark) == {"line", "start", "end", "term", "exact"}
            marked = lines[mark["line"] - 1][mark["start"] : mark["end"]]
            assert marked.isalnum() and (not mark["exact"] or marked.lower()[:2] == mark["term"][:2])
        assert isinstance(hit["why"], list)
        assert all(set(one) == {"key", "terms", "text"} for one in hit["reasons"])
        for reason in hit["why"]:
            assert set(reason) == {"feature", "signal", "weight", "terms"}
            assert reason["signal"] == reason["feature"]
            assert isinstance(reason["weight"], float)
            assert all(isinstance(term, str) for term in reason["terms"])


def test_nothing_relevant_is_status_1_with_the_nearest_hits(indexed_shop: Shop) -> None:
    run, root = indexed_shop
    as_json = run("search", NONSENSE, "--root", root, "--json")
    assert (as_json.status, as_json.err) == (1, "")
    (answer,) = as_json.answers
    check_answer(answer, root)
    assert answer["answerability"] == "none"
    text = run("search", NONSENSE, "--root", root)
    assert (text.status, text.err) == (1, "")
    assert text.out.startswith("Nothing here seems to do that.")
    assert len(re.findall(r"^ ?\d+  \S+:\d+", text.out, re.MULTILINE)) == len(answer["hits"])


def test_strict_leaves_out_the_nearest(indexed_shop: Shop) -> None:
    run, root = indexed_shop
    as_json = run("search", NONSENSE, "--root", root, "--json", "--strict")
    assert as_json.status == 1
    assert as_json.hits == []
    text = run("search", NONSENSE, "--root", root, "--strict")
    assert (text.status, text.out) == (1, "Nothing here seems to do that.\n")


def test_near_duplicates_are_named_below_the_hit(run_hunch: RunHunch, make_workspace: MakeWorkspace) -> None:
    code = (
        "def check_password(password, salt, stored_hash):\n    return compare(hash_of(password, salt), stored_hash)\n"
    )
    root = make_workspace({f"part{number}/auth.py": code for number in range(6)})
    run = run_hunch("search", "check a password", "--root", root)
    assert run.out.count("check_password") == 1
    assert re.search(r"\n    the same in part\d/auth.py:1, part\d/auth.py:1, part\d/auth.py:1 and 2 more\n", run.out)
    (answer,) = run_hunch("search", "check a password", "--root", root, "--json").answers
    hit = answer["hits"][0]
    assert {"path", "start_line", "end_line"} == set(hit["near_duplicates"][0])
    assert len(hit["near_duplicates"]) == 5
    assert hit["copies"] == hit["near_duplicates"]


def test_explain_shows_every_signal_with_its_weight(indexed_shop: Shop) -> None:
    run, root = indexed_shop
    found = run("search", PASSWORD, "--root", root, "--explain", "--limit", "1")
    assert found.status == 0
    _, *signals = found.out.splitlines()
    assert len(signals) >= 3
    for line in signals:
        assert re.fullmatch(r"\s+[+-]\d+\.\d\d  [a-z ]+(  \S.*)?", line)
    assert any("embedding" in line for line in signals)


def test_queries_from_a_file_are_answered_one_a_line(indexed_shop: Shop, tmp_path: Path) -> None:
    run, root = indexed_shop
    asked = [PASSWORD, "lang:go wait longer between attempts", "-lang:python sort", "kind:class cache", NONSENSE]
    file = tmp_path / "queries.txt"
    file.write_text("\n".join(asked[:2]) + "\n\n  \n" + "\r\n".join(asked[2:]), encoding="utf-8")
    found = run("search", "--queries", file, "--root", root, "--json")
    assert (found.status, found.err) == (0, "")  # 0 although one of them found nothing
    for answer in found.answers:
        check_answer(answer, root)
    password, attempts, no_python, classes, nonsense = found.answers
    assert password["hits"][0]["name"] == "check_password"
    assert {hit["language"] for hit in attempts["hits"]} == {"go"}
    assert "python" not in {hit["language"] for hit in no_python["hits"]}
    assert {hit["kind"] for hit in classes["hits"]} == {"class"}
    assert nonsense["answerability"] == "none"


def test_a_bad_line_of_queries_does_not_end_the_others(indexed_shop: Shop) -> None:
    run, root = indexed_shop
    lines = f"{PASSWORD}\nlang:pyton sort\nsort orders by date\n"
    found = run("search", "--queries", "-", "--root", root, "--json", stdin=lines.encode())
    assert found.status == 2
    assert one_line(found.err)
    assert "python" in found.err
    first, bad, last = found.answers
    assert first["hits"][0]["name"] == "check_password"
    assert bad["query"] == "lang:pyton sort"
    assert "python" in bad["error"]
    assert last["hits"][0]["name"] == "sort_orders_by_date"


@pytest.mark.parametrize(
    ("options", "key", "expected"),
    [
        (["--lang", "go", "--lang", "RUST"], "language", {"go", "rust"}),
        (["--path", "web/**", "--path", "*.java"], "path", {"web/client.ts", "lib/LruCache.java"}),
        (["--kind", "class", "--kind", "method"], "kind", {"class", "method"}),
    ],
)
def test_filters_can_be_given_again(indexed_shop: Shop, options: list[str], key: str, expected: set[str]) -> None:
    run, root = indexed_shop
    found = run("search", "the function of a value", "--root", root, "--json", "--limit", "50", *options)
    assert found.status in (0, 1)
    assert {hit[key] for hit in found.hits} == expected


def test_search_brings_the_index_up_to_date_unless_told_not_to(
    run_hunch: RunHunch, make_workspace: MakeWorkspace
) -> None:
    root = make_workspace()
    search = ("search", "translate morse code", "--root", root, "--json", "--limit", "1")
    before = run_hunch(*search, "--no-update")
    assert before.status == 1
    assert one_line(before.err)
    assert "hunch index" in before.err
    assert before.hits == []

    assert run_hunch("index", root).status == 0
    (root / "src/morse.py").write_text('def translate_morse_code(text):\n    return MORSE.get(text, "?")\n')
    (root / "lib/matrix.rs").unlink()
    assert run_hunch(*search, "--no-update").hits[0]["path"] != "src/morse.py"
    updated = run_hunch(*search)
    assert (updated.status, updated.err) == (0, "")
    assert updated.hits[0]["name"] == "translate_morse_code"

    gone = run_hunch("search", "multiply matrices", "--root", root, "--json", "--limit", "50")
    assert "lib/matrix.rs" not in {hit["path"] for hit in gone.hits}


def test_an_edit_that_keeps_size_and_time_is_found(run_hunch: RunHunch, make_workspace: MakeWorkspace) -> None:
    root = make_workspace()
    file = root / "src/orders.py"
    os.utime(file, (1_700_000_000, 1_700_000_000))
    assert run_hunch("index", root).status == 0
    for name in ("total_pricf", "total_pricg"):
        file.write_text(re.sub(r"total_pric\w", name, file.read_text()))
        os.utime(file, (1_700_000_000, 1_700_000_000))
        found = run_hunch("search", name, "--root", root, "--limit", "1", "--json")
        assert found.hits[0]["name"] == name


# ---- sub-folders ----


def test_a_sub_folder_uses_the_index_of_the_workspace(run_hunch: RunHunch, make_workspace: MakeWorkspace) -> None:
    files = {
        f"{folder}/{name}.py": f"def read_settings_of_{name}(path):\n    return open(path).read()\n"
        for folder in ("app/deep", "app[1]", "other")
        for name in ("left", "right")
    }
    root = make_workspace(files)
    assert run_hunch("index", root).status == 0

    def paths(folder: str, *options: str) -> set[str]:
        found = run_hunch("search", "read settings of", "--json", *options, cwd=root / folder)
        assert found.status in (0, 1), found.err
        return {hit["path"] for hit in found.hits}

    assert paths(".") == set(files)
    assert paths("app") == set(files)
    assert paths("app", "--path", ".") == {"app/deep/left.py", "app/deep/right.py"}
    # The name of a folder is no glob.
    assert paths("app[1]", "--path", ".") == {"app[1]/left.py", "app[1]/right.py"}
    for typed in ("deep", "./deep", str(root / "app/deep"), "../app/deep", "deep/*.py"):
        assert paths("app", "--path", typed) == {"app/deep/left.py", "app/deep/right.py"}, typed
    assert paths("app", "--path", "../other/left.py") == {"other/left.py"}
    assert paths(".", "--path", "app[1]") == {"app[1]/left.py", "app[1]/right.py"}
    assert len(list(run_hunch.cache.iterdir())) == 1


# ---- index, status, similar, eval ----


def test_index_reports_what_it_did(run_hunch: RunHunch, make_workspace: MakeWorkspace) -> None:
    root = make_workspace()
    first = run_hunch("index", root)
    assert (first.status, first.err) == (0, "")
    assert re.search(r": 7 files, \d+ chunks searchable \(7 read, 0 removed,", first.out)
    assert "ignored" in first.out
    again = run_hunch("index", cwd=root)
    assert "(0 read, 0 removed, 0 chunks encoded;" in again.out
    assert "(7 read," in run_hunch("index", root, "--rebuild").out


def test_index_thorough_reads_everything_in_context_once(run_hunch: RunHunch, make_workspace: MakeWorkspace) -> None:
    root = make_workspace()
    assert run_hunch("index", root).status == 0
    (status,) = run_hunch("status", root, "--json").answers
    assert status["contextual"] == 0
    first = run_hunch("index", root, "--thorough")
    chunks = status["chunks"]
    assert (first.status, first.err) == (0, f"hunch: {chunks:,} of {chunks:,} chunks have contextual embeddings\n")
    assert f"{chunks:,} of the chunks have contextual embeddings" in run_hunch("status", root).out
    assert run_hunch("search", "--root", root, "sort orders by date", "--no-update").status == 0


def test_status(indexed_shop: Shop) -> None:
    run, root = indexed_shop
    found = run("status", "--json", cwd=root / "src")
    assert (found.status, found.err) == (0, "")
    (status,) = found.answers
    assert status["root"] == str(root.resolve())
    assert status["index"] == str(run.index_folder(root))
    assert status["state"] == "ready"
    assert status["files"] == 7
    assert status["chunks"] > 7
    assert status["languages"] == {"python": 3, "go": 1, "typescript": 1, "java": 1, "rust": 1}
    assert status["bytes"] > 10_000
    assert isinstance(status["model"], str)

    text = run("status", root)
    assert (text.status, text.err) == (0, "")
    for value in (str(root.resolve()), "ready", "7", "python 3", status["model"]):
        assert value in text.out


def test_status_of_a_folder_without_an_index_says_so_and_makes_none(
    run_hunch: RunHunch, make_workspace: MakeWorkspace
) -> None:
    root = make_workspace()
    (status,) = run_hunch("status", root, "--json").answers
    assert status["files"] == 0
    assert status["state"] == "new"
    assert not run_hunch.cache.exists()


def test_status_counts_the_languages_of_what_is_there_now(
    run_hunch: RunHunch, make_workspace: MakeWorkspace, many_files: Callable[[int], dict[str, str]]
) -> None:
    files = many_files(300)
    root = make_workspace(files)
    assert run_hunch("index", root).status == 0
    for path in list(files)[:10]:
        (root / path).unlink()
    assert run_hunch("index", root).status == 0
    (status,) = run_hunch("status", root, "--json").answers
    assert status["files"] == 290
    assert status["languages"] == {"python": 290}


def test_similar(indexed_shop: Shop) -> None:
    run, root = indexed_shop
    found = run("similar", "orders.py:5", "--json", "--limit", "4", cwd=root / "src")
    assert found.status in (0, 1)
    assert found.err == ""
    (answer,) = found.answers
    check_answer(answer, root)
    assert ("src/orders.py", 4) not in {(hit["path"], hit["start_line"]) for hit in answer["hits"]}, "the place itself"
    assert answer["hits"][0]["path"] in ("src/orders.py", "tests/test_orders.py")

    text = run("similar", root / "src/orders.py:5", "--root", root)
    assert text.status == found.status
    assert answer["hits"][0]["path"] in text.out


def test_summarize_needs_no_index(run_hunch: RunHunch, make_workspace: MakeWorkspace) -> None:
    root = make_workspace()
    found = run_hunch("summarize", "orders.py:5", "--json", cwd=root / "src")
    assert (found.status, found.err) == (0, "")
    (answer,) = found.answers
    sentence, confidence = answer.pop("summary"), answer.pop("confidence")
    assert len(sentence.split()) > 1 and 0 < confidence <= 1
    assert answer == {
        "path": "orders.py", "start_line": 4, "end_line": 6, "name": "sort_orders_by_date", "kind": "function",
        "language": "python", "documented": True,
    }  # fmt: skip
    text = run_hunch("summarize", root / "src/orders.py:5")
    assert (text.status, text.err, text.out) == (0, "", f"{sentence}\n")
    assert not run_hunch.cache.exists()


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("orders.py", "orders.py: give a file and a line"),
        ("orders.py:0", "orders.py:0: give a file and a line"),
        ("nothing.py:1", "nothing.py: no such file"),
        ("orders.py:1", "orders.py:1: no function at this line"),
        ("orders.py:999", "orders.py:999: no function at this line"),
        ("noise.py:1", "noise.py:1: cannot be read as code (binary)"),
    ],
)
def test_summarize_says_what_is_wrong(
    run_hunch: RunHunch, make_workspace: MakeWorkspace, place: str, told: str
) -> None:
    root = make_workspace({"orders.py": "LIMIT = 3\nNAMES = ['a', 'b']\nCOUNTS = {'x': LIMIT}\n"})
    (root / "noise.py").write_bytes(b"\0\1\2" * 50)
    found = run_hunch("summarize", place, cwd=root)
    assert (found.status, found.out) == (2, "")
    assert told in found.err and found.err.count("\n") == 1


def test_eval(indexed_shop: Shop) -> None:
    run, root = indexed_shop
    as_json = run("eval", root, "--json")
    assert (as_json.status, as_json.err) == (0, "")
    (measured,) = as_json.answers
    assert 3 <= measured["queries"] <= measured["chunks"]
    assert set(measured["rows"]) == {"all signals", "embeddings alone", "lexical search alone"}
    for row in measured["rows"].values():
        for mean, low, high in (row["mrr"], row["recall_at_10"]):
            assert 0 <= low <= mean <= high <= 1

    text = run("eval", "--queries", "3", cwd=root)
    assert (text.status, text.err) == (0, "")
    assert "3 documented functions" in text.out
    for part in ("MRR", "recall@10", *measured["rows"]):
        assert part in text.out


# ---- help, version, completion ----


def test_version_and_help_of_the_command(run_hunch: RunHunch) -> None:
    assert run_hunch("--version").out == f"hunch {hunch.__version__}\n"
    shown = run_hunch("search", "--help")
    assert (shown.status, shown.err) == (0, "")
    assert shown.out.startswith("usage: hunch search ")


def test_help_is_worth_reading(run_hunch: RunHunch) -> None:
    code = f"""
from hunch.cli import main
for arguments in [[], *([command] for command in {COMMANDS})]:
    try: main([*arguments, "--help"])
    except SystemExit as ended: assert not ended.code
    print("----")
"""
    shown = run_hunch(code, command=(sys.executable, "-c"))
    assert (shown.status, shown.err) == (0, "")
    whole, *of_commands = shown.out.split("----\n")
    for part in (*COMMANDS, "examples:", "lang:", "path:", "kind:", "HUNCH_CACHE_DIR"):
        assert part in whole
    undescribed = []
    for command, text in zip(COMMANDS, of_commands, strict=False):
        usage, *described = text.split("\n\n")
        assert usage.startswith(f"usage: hunch {command} ")
        if described[0].startswith(("options:", "positional arguments:")):
            undescribed.append(command)
    assert not undescribed, "what the command is for"
    assert "lang:" in of_commands[0]
    assert "example" in of_commands[0]


def test_completion(run_hunch: RunHunch) -> None:
    shells = ("bash", "zsh")
    scripts = dict(zip(shells, run_hunch.together(*(["completion", shell] for shell in shells)), strict=True))
    for shell, done in scripts.items():
        assert (done.status, done.err) == (0, "")
        for part in (*COMMANDS, "--no-update", "--rebuild"):
            assert part in done.out
        if program := shutil.which(shell):
            subprocess.run([program, "-n"], input=done.out.encode(), check=True, timeout=60)
    assert scripts["zsh"].out.startswith("#compdef hunch")


def test_no_command_is_an_error(run_hunch: RunHunch) -> None:
    done = run_hunch()
    assert done.status == 2
    assert done.out == ""
    assert done.err == "hunch: error: the following arguments are required: COMMAND: see hunch --help\n"


# ---- terminals and pipes ----


def test_a_terminal_sees_colours_snippets_and_marked_words(indexed_shop: Shop) -> None:
    run, root = indexed_shop
    seen = run.on_terminal("search", PASSWORD, "--root", root, "--limit", "1")
    assert seen.status == 0
    assert re.search(r"\x1b\[1;36msrc/auth\.py:7\x1b", seen.out)
    plain = COLOUR.sub("", seen.out)
    assert "         7  def check_password(password, salt, stored_hash):" in plain
    assert "        10      return hmac.compare_digest(digest, stored_hash)" in plain
    marked = set(re.findall(r"\x1b\[1;(?:\d+;)*33(?:;\d+)*m([^\x1b]+)", seen.out))
    assert {"check", "password", "stored", "hash"} <= marked
    assert "return" not in marked


def test_no_colour_when_it_is_not_wanted(indexed_shop: Shop) -> None:
    run, root = indexed_shop
    seen = run.on_terminal("search", PASSWORD, "--root", root, "--limit", "1", env={"NO_COLOR": "1"})
    assert "check_password" in seen.out
    assert not re.search(r"\x1b\[(?:\d+;)*3\dm", seen.out)


def test_progress_is_for_terminals_only(
    run_hunch: RunHunch, make_workspace: MakeWorkspace, many_files: Callable[[int], dict[str, str]]
) -> None:
    # What looks like markup in a path must neither be read as such nor end the run.
    # So many files that a fast machine takes a moment, too: progress shows after 0.3 seconds.
    root = make_workspace({f"a[/{Path(path).stem}].py": source for path, source in many_files(2500).items()})
    seen = run_hunch.on_terminal("index", root)
    assert "Traceback" not in seen.out, seen.out[-3000:]
    assert seen.status == 0
    assert "indexing" in seen.out
    assert "/2500" in seen.out
    assert re.search(r"a\[/module_\d+\]\.py", COLOUR.sub("", seen.out))
    piped = run_hunch("index", root, "--rebuild")
    assert (piped.status, piped.err) == (0, "")
    assert "\x1b" not in piped.out
    assert "indexing" not in piped.out


@needs_posix_names
def test_escape_sequences_of_the_workspace_never_reach_the_terminal(
    run_hunch: RunHunch, make_workspace: MakeWorkspace
) -> None:
    clear, title = "\x1b[2J\x1b[H", "\x1b]0;owned\x07"
    source = f"def sort_orders_by_price(orders):\n    # {title} \x9b31m \x08\n    return sorted(orders)\n"
    files = {
        f"src/sort{clear}.py": source,
        "src/line\nbreak.py": "def sort_orders_by_name(orders):\n    return sorted(orders, key=name)\n",
        "src/names.js": f"class Orders {{\n  'sort orders{clear}'(orders) {{\n    return orders.sort();\n  }}\n}}\n",
        ".ignore": f"[{clear}\n!\n",
    }
    root = make_workspace(files, name=f"shop{title}")
    for seen in (
        run_hunch("index", root),
        run_hunch("status", root),
        run_hunch("search", "sort orders", "--root", root, "--explain"),
        run_hunch("search", "sort orders", "--root", root, "--json"),
        run_hunch("similar", root / "src/names.js:2", "--root", root),
        run_hunch.on_terminal("search", f"sort{title} orders", "--root", root),
    ):
        shown = COLOUR.sub("", seen.out.replace("\r\n", "\n")) + seen.err
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown), shown
        assert not re.search(r"^break\.py", shown, re.MULTILINE), "a line break in a name breaks no line"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break in another way on Windows")
@pytest.mark.parametrize(
    "arguments", [("search", PASSWORD), ("search", PASSWORD, "--json"), ("status",), ("index",)], ids=" ".join
)
def test_a_broken_pipe_ends_quietly(indexed_shop: Shop, arguments: tuple[str, ...]) -> None:
    run, root = indexed_shop
    reading, writing = os.pipe()
    os.close(reading)
    try:
        process = run.start(*arguments, cwd=root, stdout=writing)
    finally:
        os.close(writing)
    _, err = process.communicate(timeout=300)
    assert err == b""
    assert process.returncode in (0, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has another kind of encodings")
def test_an_encoding_that_lacks_a_character_is_no_reason_to_fail(
    run_hunch: RunHunch, make_workspace: MakeWorkspace
) -> None:
    source = 'def größe_messen(kiste):\n    """Die Größe der Kiste → Zahl."""\n    return 1\n'
    root = make_workspace({"größe.py": source})
    for options in ([], ["--json"]):
        found = run_hunch("search", "größe messen", "--root", root, *options, env={"PYTHONIOENCODING": "ascii"})
        assert "Traceback" not in found.err
        assert found.status == 0
        assert "py" in found.out


def one_line(err: str) -> bool:
    return err.startswith("hunch: ") and err.endswith("\n") and err.count("\n") == 1
