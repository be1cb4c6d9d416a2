"""The invariants of the architecture that hold for the whole program, each asked of real processes or of all source."""

from __future__ import annotations

import ast
import hashlib
import pkgutil
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import hunch

if TYPE_CHECKING:
    from conftest import Run, RunHunch

MakeWorkspace = Callable[..., Path]
ManyFiles = Callable[[int], dict[str, str]]
Shop = tuple["RunHunch", Path]

PRODUCT = Path(hunch.__file__).parent
PROJECT = Path(__file__).parent.parent
QUERY = "check a password against its stored hash"
FOR_WORKERS = 420
"""Changed files from which an index run starts worker processes."""

COMMANDS = (
    ("index", "--rebuild"),
    ("search", QUERY),
    ("similar", "src/auth.py:8"),
    ("summarize", "src/auth.py:8"),
    ("eval", "--queries", "20"),
)
EXPECTED = {"similar": (0, 1), **dict.fromkeys(("index", "search", "summarize", "status", "eval"), (0,))}


# ---- what is loaded ----


def test_no_module_brings_training_or_download_libraries(run_hunch: RunHunch) -> None:
    names = sorted(module.name for module in pkgutil.walk_packages([str(PRODUCT)], "hunch."))
    assert {"hunch.cli", "hunch.index.store", "hunch.model.encoder", "hunch.text.chunk"} <= set(names)
    code = f"import importlib, sys\nfor name in {names}: importlib.import_module(name)\nprint(*sys.modules)"
    loaded = {name.partition(".")[0] for name in python(run_hunch, code).out.split()}
    forbidden = {
        "torch", "transformers", "onnx", "huggingface_hub", "requests", "httpx", "aiohttp", "tokenizers", "tensorflow",
        "sklearn", "datasets", "hunch_training", "hunch_export",
    }  # fmt: skip
    assert not loaded & forbidden


def test_onnx_runtime_reports_to_nobody(run_hunch: RunHunch) -> None:
    # Its wheels have a reporting switch that is latched when they are imported, and none that can be asked for later.
    code = (
        "import os, sys; os.environ['ORT_DISABLE_TELEMETRY'] = '0'\n"
        "import hunch; print(os.environ['ORT_DISABLE_TELEMETRY'], 'onnxruntime' in sys.modules)"
    )
    assert python(run_hunch, code).out.split() == ["1", "False"]


def test_help_loads_no_engine(run_hunch: RunHunch) -> None:
    code = "import sys\nfrom hunch.cli import main\ntry: main(['--help'])\nfinally: print('loaded', *sys.modules)"
    loaded = set(python(run_hunch, code).out.partition("loaded")[2].split())
    assert "hunch.cli" in loaded
    assert loaded & {"onnxruntime", "faiss", "rich", "tree_sitter"} == set()


def test_queries_share_one_load_of_the_index(indexed_shop: Shop, tmp_path: Path) -> None:
    run, root = indexed_shop

    def opened(*queries: str) -> int:
        file = tmp_path / "queries.txt"
        file.write_text("\n".join(queries))
        done, noted = audited(run, tmp_path, root, "search", "--queries", str(file), "--root", str(root), "--json")
        assert len(done.answers) == len(queries)
        return sum(line.startswith("sqlite3.connect") for line in noted)

    assert opened(QUERY) == opened(QUERY, "sort orders", "retry", "debounce", "multiply matrices") > 0


# ---- what is touched ----


def test_no_connection_is_opened_and_nothing_is_written_in_the_workspace(
    run_hunch: RunHunch, make_workspace: MakeWorkspace, many_files: ManyFiles, tmp_path: Path
) -> None:
    root = make_workspace()
    for path, source in many_files(FOR_WORKERS).items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(source)
    before = fingerprint(root)
    for arguments in COMMANDS:
        done, noted = audited(run_hunch, tmp_path, root, *arguments)
        assert done.status in EXPECTED[arguments[0]], done.err
        processes = noted.count("start")
        assert processes == 1 or (arguments[0] == "index" and processes > 1)
        assert [line for line in noted if line.startswith(("network", "write"))] == []
    assert fingerprint(root) == before


def test_everything_works_without_a_network(run_hunch: RunHunch, make_workspace: MakeWorkspace) -> None:
    root = make_workspace()
    command = in_a_namespace("--net", run_hunch)
    for arguments in COMMANDS:
        done = run_hunch(*arguments, cwd=root, command=command)
        assert done.err == ""
        assert done.status in EXPECTED[arguments[0]]


def test_a_workspace_that_cannot_be_written_is_searched(run_hunch: RunHunch, make_workspace: MakeWorkspace) -> None:
    root = make_workspace()
    before = fingerprint(root)
    script = f'mount --bind "{root}" "{root}" && mount -o remount,ro,bind "{root}" && cd "{root}" && exec "$@"'
    command = in_a_namespace("--mount", run_hunch, "sh", "-c", script, "sh")
    for arguments in COMMANDS[:2]:
        done = run_hunch(*arguments, command=command)
        assert (done.status, done.err) == (0, "")
    assert fingerprint(root) == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_indexes_are_for_their_owner_only(run_hunch: RunHunch, make_workspace: MakeWorkspace) -> None:
    root = make_workspace()
    open_to_all = ("sh", "-c", 'umask 000 && exec "$@"', "sh", sys.executable, "-m", "hunch.cli")
    assert run_hunch("index", root, command=open_to_all).status == 0
    folder = run_hunch.index_folder(root)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "index.db").stat().st_mode) == 0o600


HOSTILE = """
import os
with open(os.environ["HUNCH_TEST_MARKER"], "a") as marker:
    marker.write(__name__ + " was run\\n")
raise SystemExit("run by a search tool")


def check_password(password, salt, stored_hash):
    '''Compare a password with the salted hash that was stored for the user.'''
    return True
"""


def test_no_code_of_the_workspace_is_run(
    run_hunch: RunHunch, make_workspace: MakeWorkspace, many_files: ManyFiles, tmp_path: Path
) -> None:
    program = shutil.which("hunch", path=str(Path(sys.executable).parent))
    if program is None:
        # `python -m` would not do: it is Python itself that looks in the current folder first.
        pytest.skip("the command is not installed")
    # Names that Python looks for by itself, that worker processes import on their way, and that test tools run.
    names = (
        "sitecustomize usercustomize conftest setup hunch json os numpy onnxruntime faiss rich tree_sitter pathspec "
        "multiprocessing runpy pickle signal socket struct random tempfile re ast types __init__ __main__"
    )
    files = {f"{name}.py": HOSTILE for name in names.split()}
    files |= {"hunch/cli.py": HOSTILE, "hunch/__init__.py": HOSTILE, "evil.pth": "import setup\n"}
    files |= {"pyproject.toml": '[project]\nname = "evil"\n', "src/auth.py": HOSTILE}
    root = make_workspace({**files, **many_files(FOR_WORKERS)})
    marker = tmp_path / "marker"
    env = {"HUNCH_TEST_MARKER": str(marker), "HUNCH_WORKERS": "2"}
    for arguments in COMMANDS[:3]:
        done = run_hunch(*arguments, cwd=root, env=env, command=(program,))
        assert not marker.exists(), f"hunch {' '.join(arguments)}: {marker.read_text()}"
        assert done.status in EXPECTED[arguments[0]], done.err


# ---- what the source says ----

_CHANGES = re.compile(r"\b(INSERT|UPDATE|DELETE|REPLACE)\b")


def test_one_module_alone_knows_sql_faiss_and_onnxruntime() -> None:
    owners: dict[str, set[str]] = {"faiss": set(), "onnxruntime": set(), "SQL": set()}
    statement = re.compile(
        r"\s*(SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+(VIRTUAL\s+)?TABLE"
        r"|PRAGMA\s+\w+)\s",
        re.IGNORECASE | re.DOTALL,
    )
    for path, node in nodes():
        for name in imported(node):
            owners.get(name, set()).add(path)
        if is_call_of(node, "execute", "executemany", "executescript") or (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and statement.match(node.value + " ")
        ):
            owners["SQL"].add(path)
    assert owners == {
        "faiss": {"index/vectors.py"},
        "onnxruntime": {"model/session.py"},
        "SQL": {"index/integrity.py", "index/schema.py", "index/store.py"},
    }


def test_only_the_writer_writes_into_the_store() -> None:
    store = ast.parse((PRODUCT / "index" / "store.py").read_text(encoding="utf-8"))
    (methods,) = (node.body for node in store.body if isinstance(node, ast.ClassDef) and node.name == "Store")
    writing = {
        method.name
        for method in methods
        if isinstance(method, ast.FunctionDef)
        and any(isinstance(node, ast.Constant) and _CHANGES.search(str(node.value)) for node in ast.walk(method))
    }
    assert len(writing) > 3
    writing -= {"forget"}  # what is damaged, for the writer to make again
    callers = {path for path, node in nodes() if is_call_of(node, *writing)}
    assert callers <= {"index/writer.py", "index/stamps.py", "index/contextual_pass.py", "index/store.py"}


def test_only_the_command_line_prints() -> None:
    printing = {
        path
        for path, node in nodes()
        if is_call_of(node, "print") or (isinstance(node, ast.Attribute) and node.attr in ("stdout", "__stdout__"))
    }
    assert printing <= {"terminal.py", "cli.py", "index/child.py"}, "the last is that of a process of ours"


def test_nothing_connects_or_runs_code() -> None:
    modules = {
        "socket", "ssl", "urllib", "http", "ftplib", "smtplib", "xmlrpc", "requests", "httpx", "aiohttp", "webbrowser",
        "subprocess", "pickle", "shelve", "marshal", "code", "runpy",
    }  # fmt: skip
    found = {
        f"{path}: {name}"
        for path, node in nodes()
        for name in [*(modules.intersection(imported(node))), *called(node, "eval", "exec", "system", "popen")]
    }
    assert found == {"index/child.py: subprocess", "index/child.py: pickle"}, (
        "processes of our own, spoken to by pickles"
    )


def test_text_is_pure() -> None:
    reading = {"os", "io", "pathlib", "shutil", "tempfile", "logging", "datetime", "random", "glob", "mmap"}
    found = {
        f"{path}: {name}"
        for path, node in nodes()
        if path.startswith("text/")
        for name in [*(reading.intersection(imported(node))), *called(node, "open", "print", "input", "read_text")]
    }
    assert found == set()


def test_the_layers_point_one_way() -> None:
    if "[tool.importlinter" not in (PROJECT / "pyproject.toml").read_text(encoding="utf-8"):
        pytest.skip("no import contracts are configured")
    program = shutil.which("lint-imports", path=str(Path(sys.executable).parent)) or shutil.which("lint-imports")
    if program is None:
        pytest.skip("import-linter is not installed")
    done = subprocess.run([program, "--no-cache"], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# ---- helpers ----

# Notes network events, and writes below a folder, of the process and of the workers that it starts.
BOOTSTRAP = """
import os, sys

log = os.open(os.environ["AUDIT_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
root = os.environ["AUDIT_ROOT"]
changes = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.chown",
           "os.truncate", "os.utime", "os.setxattr", "shutil.")
writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def inside(path):
    if not isinstance(path, (str, bytes, os.PathLike)):
        return False
    path = os.path.abspath(os.fsdecode(path))
    return path == root or path.startswith(root + os.sep)


def note(event, arguments):
    if event.startswith(("socket.", "urllib.", "http.", "ftplib.", "smtplib.", "poplib.", "imaplib.")):
        line = "network " + event
    elif event == "open" and arguments[2] & writing and inside(arguments[0]):
        line = "write open"
    elif event.startswith(changes) and any(inside(argument) for argument in arguments):
        line = "write " + event
    elif event == "sqlite3.connect":
        line = event
    else:
        return
    os.write(log, f"{line} {arguments!r}"[:500].replace("\\n", " ").encode(errors="replace") + b"\\n")


os.write(log, b"start\\n")
sys.addaudithook(note)
if __name__ == "__main__":
    from hunch.cli import main

    raise SystemExit(main())
"""


def audited(run: RunHunch, folder: Path, root: Path, *arguments: str) -> tuple[Run, list[str]]:
    """Run a command in a workspace and return what the hooks in all its processes noted."""
    bootstrap, log = folder / "bootstrap.py", folder / "audit.log"
    bootstrap.write_text(BOOTSTRAP)
    log.unlink(missing_ok=True)
    env = {"AUDIT_LOG": str(log), "AUDIT_ROOT": str(root), "HUNCH_WORKERS": "2"}
    done = run(*arguments, cwd=root, env=env, command=(sys.executable, str(bootstrap)))
    return done, log.read_text().splitlines()


def python(run: RunHunch, code: str) -> Run:
    done = run(code, command=(sys.executable, "-c"))
    assert done.status == 0, done.err
    return done


def fingerprint(root: Path) -> dict[str, tuple[int, int, int, str]]:
    """Return size, time, mode and content of everything in a folder, by its path."""
    found = {}
    for path in (root, *root.rglob("*")):
        about = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[path.relative_to(root).as_posix()] = (about.st_size, about.st_mtime_ns, about.st_mode, content)
    return found


def in_a_namespace(kind: str, run: RunHunch, *command: str) -> tuple[str, ...]:
    """Return a command that runs hunch in a namespace of its own, through another command that ends in "$@"."""
    unshare = shutil.which("unshare")
    if unshare is None or sys.platform != "linux":
        pytest.skip("needs Linux and unshare")
    whole = (unshare, "--map-root-user", kind, *command)
    tried = subprocess.run([*whole, "true"], capture_output=True, check=False, env=run.environment())
    if tried.returncode:
        pytest.skip(f"not permitted here: {tried.stderr.decode().strip()}")
    return (*whole, sys.executable, "-m", "hunch.cli")


def nodes() -> Iterator[tuple[str, ast.AST]]:
    """Yield every node of the product's source with the file's path."""
    for file in sorted(PRODUCT.rglob("*.py")):
        path = file.relative_to(PRODUCT).as_posix()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), path)):
            yield path, node


def imported(node: ast.AST) -> list[str]:
    """Return the top-level packages that an import statement names."""
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module.partition(".")[0]]
    return []


def called(node: ast.AST, *names: str) -> list[str]:
    """Return the name of the function or method that is called here, if it is one of those."""
    if not isinstance(node, ast.Call):
        return []
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    return [name] if name in names else []


def is_call_of(node: ast.AST, *names: str) -> bool:
    return bool(called(node, *names))
