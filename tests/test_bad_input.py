"""What a person or a disk can get wrong: one line on stderr, the right exit status, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import filelock
import pytest

from hunch.engine import LOCK, SEGMENT_NOTICE
from hunch.model.bundle import CODE_GRAPH, DEFAULT_BUNDLE, SHIPPED, load_bundle, sha256_of, write_manifest

if TYPE_CHECKING:
    from conftest import Run, RunHunch

MakeWorkspace = Callable[..., Path]
Shop = tuple["RunHunch", Path]

FOUND, NOTHING, FAILED = 0, 1, 2
QUERY = "check a password against its stored hash"
DATABASE = "index.db"


def check(run: Run, status: int, *said: str) -> None:
    """The run ended with that status, and its stderr is one line that holds those words."""
    assert "Traceback" not in run.err, run.err
    assert len(run.err.splitlines()) == 1, run.err
    assert run.err.startswith("hunch: ")
    for part in said:
        assert part in run.err
    assert run.status == status, run.err


def found_password(run: Run) -> bool:
    return run.status == FOUND and run.hits[0]["name"] == "check_password"


# ---- arguments ----


BAD_ARGUMENTS = {
    ("search", ""): "the query is empty",
    ("search", "?!... ((("): "no letters",
    ("search", QUERY, "--lang", "pyton"): "did you mean python?",
    ("search", QUERY, "--path", "!"): "!",
    ("search", "--queries", "no/such/file.txt"): "no/such/file.txt: No such file",
    ("search", "--queries", "src"): "src: ",
    ("search", QUERY, "--root", "no/such/folder"): "no/such/folder: no such folder",
    ("index", "no/such/folder"): "no/such/folder: no such folder",
    ("index", "src/auth.py"): "src/auth.py: a file, not a folder",
    ("similar", "src/auth.py"): "give a file and a line",
    ("similar", "src/auth.py:0"): "give a file and a line",
    ("similar", "src/auth.py:99999"): "src/auth.py:99999: no code",
    ("similar", "src/none.py:1"): "src/none.py: no such file",
    ("similar", "../elsewhere.py:1"): "../elsewhere.py: not inside",
}


@pytest.fixture(scope="module")
def bad_runs(indexed_shop: Shop) -> dict[tuple[str, ...], Run]:
    run, root = indexed_shop
    (root.parent / "elsewhere.py").write_text("def elsewhere():\n    return 1\n")
    return dict(zip(BAD_ARGUMENTS, run.together(*BAD_ARGUMENTS, cwd=root), strict=True))


@pytest.mark.parametrize("arguments", BAD_ARGUMENTS, ids=" ".join)
def test_bad_arguments(bad_runs: dict[tuple[str, ...], Run], arguments: tuple[str, ...]) -> None:
    done = bad_runs[arguments]
    check(done, FAILED, BAD_ARGUMENTS[arguments])
    assert done.out == ""


BAD_QUERIES = {
    "lang:python": "the query is empty",
    "-path:tests kind:class": "the query is empty",
    "... --- ...": "no letters",
    "\x01\x02 \x7f": "the query is empty",
    "password lang:klingonese": "no language 'klingonese'",
    "password -lang:javascrpt": "did you mean javascript?",
    "password kind:procedure": "kinds are function, ",
    "password path:!": "!",
    "password -path:!": "!",
}


def test_bad_queries_are_told_one_by_one(indexed_shop: Shop) -> None:
    run, root = indexed_shop
    lines = "".join(f"{query}\n" for query in (*BAD_QUERIES, QUERY))
    done = run("search", "--queries", "-", "--root", root, "--json", stdin=lines.encode())
    assert "Traceback" not in done.err, done.err
    assert done.status == FAILED
    *bad, good = done.answers
    for (query, said), answer, line in zip(BAD_QUERIES.items(), bad, done.err.splitlines(), strict=True):
        assert answer["query"] in (query, query.strip())
        assert said in answer["error"]
        assert line == f"hunch: error: {answer['error']}"
    assert good["hits"][0]["name"] == "check_password"


def test_a_wrong_option_ends_with_status_2(run_hunch: RunHunch) -> None:
    done = run_hunch("search", "--no-such-option")
    assert (done.status, done.out) == (FAILED, "")
    assert "--no-such-option" in done.err


def test_a_long_query_is_cut_and_says_so(indexed_shop: Shop) -> None:
    run, root = indexed_shop
    done = run("search", QUERY + " of many words" * 720, "--root", root)
    check(done, done.status, "characters", "2,000")
    assert done.status in (FOUND, NOTHING)
    assert "src/auth.py" in done.out


def test_any_text_is_a_query(indexed_shop: Shop) -> None:
    run, root = indexed_shop
    queries = [
        "check\x01 a\x1b[31m password\x7f against its\tstored hash",
        "проверить пароль",
        "パスワードを確認する",
        "تحقق من كلمة المرور",
        "ﬁle \u202egnp.exe \u200b password",
        "a" * 10_000,
        "password " * 1_200,
        "lang:python " * 900 + QUERY,
    ]
    done = run("search", "--queries", "-", "--root", root, "--json", stdin="\n".join(queries).encode())
    assert (done.status, done.err) == (FOUND, "")
    assert [answer["answerability"] for answer in done.answers if "error" in answer] == []
    assert len(done.answers) == len(queries)
    for answer in (done.answers[0], done.answers[-1]):
        assert answer["hits"][0]["name"] == "check_password"
    as_argument = run("search", queries[0], "--root", root)
    assert (as_argument.status, as_argument.err) == (FOUND, "")


@pytest.mark.parametrize("option", [["--path", "no/such/**"], ["--lang", "haskell"]], ids=" ".join)
def test_filters_that_leave_nothing(indexed_shop: Shop, option: list[str]) -> None:
    run, root = indexed_shop
    done = run("search", QUERY, "--root", root, *option)
    check(done, NOTHING, "filters")
    assert done.out == "Nothing here seems to do that.\n"


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_queries_that_are_no_text(indexed_shop: Shop, errors: str) -> None:
    run, root = indexed_shop
    lines = b"\xff\xfe caf\xe9\n" + QUERY.encode()
    done = run(
        "search", "--queries", "-", "--root", root, "--json", stdin=lines, env={"PYTHONIOENCODING": f"utf-8:{errors}"}
    )
    assert "Traceback" not in done.err
    assert len(done.answers) == 2
    assert done.out.encode(), "what is printed is text again"
    assert done.answers[-1]["hits"][0]["name"] == "check_password"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux allows any bytes in a name")
def test_a_folder_whose_name_is_no_text(run_hunch: RunHunch, make_workspace: MakeWorkspace) -> None:
    root = make_workspace(name="caf\udce9")
    for arguments in (["index"], ["status", "--json"], ["search", QUERY]):
        done = run_hunch(*arguments, cwd=root, env={"PYTHONIOENCODING": "utf-8:strict"})
        assert "Traceback" not in done.err
        assert done.status == FOUND


# ---- the index on disk ----


def test_a_damaged_index_is_rebuilt(run_hunch: RunHunch, make_workspace: MakeWorkspace) -> None:
    root = make_workspace()
    assert run_hunch("index", root).status == 0
    database = run_hunch.index_folder(root) / DATABASE
    whole = database.read_bytes()
    search = ("search", QUERY, "--root", root, "--json")

    for damaged in (b"this is no database\n" * 1000, whole[: len(whole) // 2]):
        database.write_bytes(damaged)
        done = run_hunch(*search)
        check(done, FOUND, "damaged")
        assert found_password(done)

    # A disk that fails in the middle of the file, where no look at the header sees it.
    page = 4096
    database.write_bytes(whole[: 3 * page] + b"\xa5" * (len(whole) - 4 * page) + whole[-page:])
    done = run_hunch(*search)
    check(done, FOUND, "damaged")
    assert found_password(done)
    assert run_hunch(*search).err == ""


def test_status_of_a_damaged_index_says_so_and_changes_nothing(
    run_hunch: RunHunch, make_workspace: MakeWorkspace
) -> None:
    root = make_workspace()
    assert run_hunch("index", root).status == 0
    database = run_hunch.index_folder(root) / DATABASE
    garbage = b"this is no database\n" * 1000
    database.write_bytes(garbage)
    done = run_hunch("status", root, "--json")
    assert "Traceback" not in done.err
    (status,) = done.answers
    assert status["state"] == "damaged"
    assert database.read_bytes() == garbage


def test_damaged_search_structures_are_derived_again(
    run_hunch: RunHunch, make_workspace: MakeWorkspace, many_files: Callable[[int], dict[str, str]]
) -> None:
    root = make_workspace(many_files(300))
    assert run_hunch("index", root).status == 0
    (segment,) = run_hunch.index_folder(root).glob("segment-*.hunch")
    segment.write_bytes(segment.read_bytes()[: segment.stat().st_size // 2])
    done = run_hunch("search", "reserve item 42", "--root", root, "--json")
    assert (done.status, done.err) == (FOUND, f"hunch: {SEGMENT_NOTICE}\n")
    assert done.hits[0]["name"] == "reserve_item_42"
    assert len(list(run_hunch.index_folder(root).glob("segment-*.hunch"))) == 1


def test_an_index_of_another_version_is_rebuilt(run_hunch: RunHunch, make_workspace: MakeWorkspace) -> None:
    root = make_workspace()
    assert run_hunch("index", root).status == 0
    database = run_hunch.index_folder(root) / DATABASE
    for change in ("PRAGMA user_version = 99", "UPDATE meta SET value = '0:another-model' WHERE key = 'content'"):
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute(change)
        done = run_hunch("search", QUERY, "--root", root, "--json")
        check(done, FOUND, "rebuilt")
        assert found_password(done)
    assert run_hunch("search", QUERY, "--root", root, "--json").err == ""


@pytest.mark.parametrize("obstacle", ["the cache is a file", "a file where the index should be"])
def test_an_index_folder_that_cannot_be_written(
    run_hunch: RunHunch, make_workspace: MakeWorkspace, obstacle: str
) -> None:
    root = make_workspace()
    cache = run_hunch.cache
    if obstacle == "the cache is a file":
        cache.write_text("not a folder")
    else:
        (status,) = run_hunch("status", root, "--json").answers
        cache.mkdir()
        Path(status["index"]).write_text("not a folder")
    search = run_hunch("search", QUERY, "--root", root, "--json")
    check(search, FOUND, "cannot be written", "memory")
    assert found_password(search)
    index = run_hunch("index", root)
    check(index, FAILED, "cannot be written")


def test_a_read_only_index_still_answers(run_hunch: RunHunch, make_workspace: MakeWorkspace) -> None:
    root = make_workspace()
    assert run_hunch("index", root).status == 0
    folder = run_hunch.index_folder(root)
    command = read_only_below(folder)
    (root / "src/morse.py").write_text('def translate_morse_code(text):\n    return MORSE.get(text, "?")\n')
    done = run_hunch("search", QUERY, "--root", root, "--json", command=command)
    check(done, FOUND, "cannot be written")
    assert found_password(done)
    done = run_hunch("search", "translate morse code", "--root", root, "--json")
    assert (done.err, done.hits[0]["name"]) == ("", "translate_morse_code")


def test_a_full_disk_loses_nothing(
    run_hunch: RunHunch, make_workspace: MakeWorkspace, many_files: Callable[[int], dict[str, str]], tmp_path: Path
) -> None:
    root = make_workspace(many_files(600))
    run_hunch.cache.mkdir()
    steps = tmp_path / "steps.sh"
    steps.write_text(
        """
        hunch() { "$PYTHON" -m hunch.cli "$@"; }
        mount -t tmpfs -o size=2500k none "$HUNCH_CACHE_DIR" || exit 77
        hunch index "$ROOT" >"$OUT/index.out" 2>"$OUT/index.err"; echo $? >"$OUT/index.status"
        hunch search "reserve item 7" --root "$ROOT" --json >"$OUT/search.out" 2>"$OUT/search.err"
        echo $? >"$OUT/search.status"
        "$PYTHON" -c 'import glob, os, sqlite3, sys
        (file,) = glob.glob(os.environ["HUNCH_CACHE_DIR"] + "/*/index.db")
        connection = sqlite3.connect(file)
        print(connection.execute("PRAGMA integrity_check").fetchone()[0])
        print(connection.execute("SELECT count(*) FROM files").fetchone()[0])' >"$OUT/database.out"
        mount -o remount,size=64m "$HUNCH_CACHE_DIR"
        hunch index "$ROOT" >"$OUT/again.out" 2>"$OUT/again.err"; echo $? >"$OUT/again.status"
        """.replace("\n        ", "\n")
    )
    out = tmp_path / "out"
    out.mkdir()
    env = {"PYTHON": sys.executable, "ROOT": str(root), "OUT": str(out)}
    done = run_hunch(steps, env=env, command=in_a_mount_namespace("sh"))
    if done.status == 77:
        pytest.skip(f"no small disk can be mounted here: {done.err.strip()}")

    def step(name: str) -> Run:
        status, shown, said = ((out / f"{name}.{end}").read_text() for end in ("status", "out", "err"))
        return type(done)(int(status), shown, said)

    check(step("index"), FAILED, "full")
    search = step("search")
    check(search, search.status, "full")
    assert search.status in (FOUND, NOTHING)
    assert not search.answers[0]["complete"]
    integrity, files = (out / "database.out").read_text().split()
    assert integrity == "ok"
    again = step("again")
    assert (again.status, again.err) == (FOUND, "")
    assert ": 600 files, 2,400 chunks searchable" in again.out
    assert f"({600 - int(files)} read, 0 removed," in again.out, "what fitted is not read again"


# ---- the model ----


@pytest.mark.parametrize("damage", ["empty folder", "no manifest", "cut graph"])
def test_without_a_usable_model_search_goes_by_words(
    indexed_shop: Shop, run_hunch: RunHunch, tmp_path: Path, damage: str
) -> None:
    ready, root = indexed_shop
    model = tmp_path / "model"
    if damage == "empty folder":
        model.mkdir()
    else:
        shutil.copytree(SHIPPED / DEFAULT_BUNDLE, model)
    if damage == "no manifest":
        (model / "manifest.json").write_text("{]")
    elif damage == "cut graph":
        (model / "query.onnx").write_bytes((model / "query.onnx").read_bytes()[:100])
    env = {"HUNCH_MODEL_DIR": str(model)}
    with_index = ready("search", QUERY, "--root", root, "--json", env=env)
    check(with_index, FOUND, str(model), "words only")
    assert found_password(with_index)
    if damage == "empty folder":
        without_index = run_hunch("search", QUERY, "--root", root, "--json", env=env)
        check(without_index, FOUND, str(model), "words only")
        assert found_password(without_index)
        check(ready("eval", root, env=env), FAILED, str(model))
        back = ready("index", root)
        assert (back.status, back.err) == (FOUND, "")
        assert "(0 read," in back.out, "the index has waited for its model"


def test_a_model_without_its_ranker_is_told(run_hunch: RunHunch, make_workspace: MakeWorkspace, tmp_path: Path) -> None:
    root = make_workspace({"a.py": "def reverse(text):\n    return text[::-1]\n"})
    model = Path(shutil.copytree(SHIPPED / DEFAULT_BUNDLE, tmp_path / "model"))
    graph = model / CODE_GRAPH
    graph.write_bytes(graph.read_bytes() + b"\x9a\x06\x00")  # an empty field more: the same graph, another file
    manifest = load_bundle(model, verify=False).manifest
    manifest.sha256[CODE_GRAPH] = sha256_of(graph)
    write_manifest(model, manifest)
    env = {"HUNCH_MODEL_DIR": str(model)}
    assert run_hunch("index", root, env=env).status == FOUND, "without a ranker it can be indexed, to train one"
    check(run_hunch("search", QUERY, "--root", root, env=env), FAILED, str(model), "training/runs/ranker.sh")


# ---- two at a time ----


def test_two_processes_index_the_same_folder(
    run_hunch: RunHunch, make_workspace: MakeWorkspace, many_files: Callable[[int], dict[str, str]]
) -> None:
    root = make_workspace(many_files(1500))
    first = run_hunch.start("index", root)
    try:
        wait_for(lambda: run_hunch.cache.exists() and any(run_hunch.cache.glob(f"*/{DATABASE}")))
        second = run_hunch("index", root)
        check(second, FAILED, "another process is indexing")
        assert second.out == ""
        out, err = first.communicate(timeout=300)
    finally:
        first.kill()
    assert (first.returncode, err) == (FOUND, b"")
    assert b": 1,500 files, 6,000 chunks searchable (1,500 read," in out
    assert "(0 read," in run_hunch("index", root).out


def test_search_goes_on_while_another_process_indexes(run_hunch: RunHunch, make_workspace: MakeWorkspace) -> None:
    root = make_workspace()
    assert run_hunch("index", root).status == 0
    with filelock.FileLock(run_hunch.index_folder(root) / LOCK):
        done = run_hunch("search", QUERY, "--root", root, "--json")
        check(done, FOUND, "another process is indexing")
        assert found_password(done)
        assert done.answers[0]["complete"] is False
        status = run_hunch("status", root, "--json")
        assert (status.status, status.err) == (FOUND, "")
    assert run_hunch("search", QUERY, "--root", root).err == ""


def test_any_number_of_processes_search_at_once(indexed_shop: Shop) -> None:
    run, root = indexed_shop
    running = [run.start("search", QUERY, "--root", root, "--json", "--no-update") for _ in range(4)]
    for process in running:
        out, err = process.communicate(timeout=300)
        assert (process.returncode, err) == (FOUND, b"")
        assert b'"complete": true' in out


# ---- helpers ----


def wait_for(reached: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "never happened"
        time.sleep(0.01)


def in_a_mount_namespace(*command: str) -> tuple[str, ...]:
    """Return a command whose mounts nobody else sees and that end with it."""
    unshare = shutil.which("unshare")
    if unshare is None or sys.platform != "linux":
        pytest.skip("mounts of one's own need Linux and unshare")
    prefix = (unshare, "--map-root-user", "--mount")
    tried = subprocess.run([*prefix, "true"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip(f"no mounts of one's own here: {tried.stderr.decode().strip()}")
    return (*prefix, *command)


def read_only_below(folder: Path) -> tuple[str, ...]:
    """Return a command that runs hunch where a folder cannot be written, not even by root."""
    script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
    python = (sys.executable, "-m", "hunch.cli")
    return in_a_mount_namespace("sh", "-c", script, os.fspath(folder), *python)


# ---- streams that are closed or full ----


def closed(redirections: str) -> tuple[str, ...]:
    return ("sh", "-c", f'exec "{sys.executable}" -m hunch.cli "$@" {redirections}', "hunch")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell of POSIX")
@pytest.mark.parametrize("redirections", ["2>&-", "<&-", "2>&- <&-"])
def test_a_missing_stream_changes_no_answer(
    redirections: str, run_hunch: RunHunch, make_workspace: MakeWorkspace
) -> None:
    root = make_workspace()
    run = run_hunch("search", QUERY, "--json", cwd=root, command=closed(redirections))
    assert found_password(run)
    assert run_hunch("index", root, command=closed(redirections)).status == FOUND


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell of POSIX")
@pytest.mark.parametrize("command", [("search", QUERY), ("index",), ("status",), ("clean",), ("completion", "bash")])
def test_nobody_has_to_listen(command: tuple[str, ...], run_hunch: RunHunch, make_workspace: MakeWorkspace) -> None:
    run = run_hunch(*command, cwd=make_workspace(), command=closed(">&-"))
    assert (run.status, run.err) == (FOUND, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no /dev/full")
@pytest.mark.parametrize("command", [("search", QUERY), ("status",), ("completion", "bash")])
def test_a_full_disk_behind_stdout(
    command: tuple[str, ...], run_hunch: RunHunch, make_workspace: MakeWorkspace
) -> None:
    check(run_hunch(*command, cwd=make_workspace(), command=closed("> /dev/full")), FAILED, "No space left")


@pytest.mark.parametrize("name", ["writer.lock", DATABASE, f"{DATABASE}-wal", "workspace"])
def test_a_folder_in_the_place_of_a_file_of_an_index(
    name: str, run_hunch: RunHunch, make_workspace: MakeWorkspace
) -> None:
    root = make_workspace()
    assert run_hunch("index", root).status == FOUND
    file = run_hunch.index_folder(root) / name
    file.unlink(missing_ok=True)
    (file / "inside").mkdir(parents=True)
    assert run_hunch("index", root).status == FOUND
    assert file.is_file() or not file.exists()
    assert found_password(run_hunch("search", QUERY, "--json", cwd=root))


def test_what_the_current_folder_calls_its_modules_does_not_matter(
    run_hunch: RunHunch, make_workspace: MakeWorkspace
) -> None:
    names = ("queue", "pickle", "json", "typing", "tree_sitter", "numpy", "signal", "logging", "argparse", "random")
    root = make_workspace({f"{name}.py": f'raise SystemExit("{name} ran")\n' for name in names} | {
        "a.py": "def check_password(password, stored_hash):\n    return password == stored_hash\n"})  # fmt: skip
    run = run_hunch("search", QUERY, "--json", cwd=root, command=(sys.executable, "-m", "hunch"))
    assert found_password(run), run.err
