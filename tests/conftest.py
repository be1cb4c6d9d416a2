"""What the tests of real processes share: the command as a person runs it, and workspaces to run it on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew instead of comparing")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give all tests of VS Code to one worker: one editor and one browser are enough for two cores."""
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has none

    class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
        def _split_scope(self, nodeid: str) -> str:
            return "vscode" if nodeid.startswith("tests/vscode/") else nodeid

    return Scheduling(config, log)


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written anew."""
    return bool(request.config.getoption("--update-golden"))


SHOP: Mapping[str, str] = {
    "src/auth.py": '''"""Who may come in."""

import hashlib
import hmac


def check_password(password, salt, stored_hash):
    """Compare a password with the salted hash that was stored for the user."""
    digest = hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)
    return hmac.compare_digest(digest, stored_hash)


class SessionStore:
    """Sessions of the users who are logged in, by token."""

    def __init__(self):
        self.sessions = {}

    def remove_expired_sessions(self, now):
        """Forget every session whose time is over."""
        self.sessions = {token: s for token, s in self.sessions.items() if s.expires > now}
''',
    "src/orders.py": '''"""Orders of customers."""


def sort_orders_by_date(orders):
    """Return the orders as a new list, the newest first."""
    return sorted(orders, key=lambda order: order.date, reverse=True)


def total_price(orders, tax_rate):
    """Add up the price of all orders and put the tax on top."""
    net = sum(order.price * order.amount for order in orders)
    return net * (1 + tax_rate)
''',
    "server/main.go": """package main

import (
	"net/http"
	"time"
)

// RetryWithBackoff calls the function again after a growing pause until it succeeds.
func RetryWithBackoff(attempts int, call func() error) error {
	pause := time.Millisecond * 50
	var err error
	for i := 0; i < attempts; i++ {
		if err = call(); err == nil {
			return nil
		}
		time.Sleep(pause)
		pause *= 2
	}
	return err
}

// ServeHealth answers whether the server is alive.
func ServeHealth(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusOK)
}
""",
    "web/client.ts": """/** Wait until the user has stopped typing before the function is called. */
export function debounce(callback: () => void, milliseconds: number): () => void {
  let timer: number | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(callback, milliseconds);
  };
}

export class ShoppingCart {
  private items: Map<string, number> = new Map();

  /** Put an item into the cart, or more of one that is there. */
  addItem(name: string, amount: number): void {
    this.items.set(name, (this.items.get(name) ?? 0) + amount);
  }
}
""",
    "lib/LruCache.java": """package shop;

import java.util.LinkedHashMap;
import java.util.Map;

/** A cache that forgets what was used least recently. */
public class LruCache<K, V> extends LinkedHashMap<K, V> {
    private final int capacity;

    public LruCache(int capacity) {
        super(16, 0.75f, true);
        this.capacity = capacity;
    }

    /** Say whether the oldest entry must go. */
    @Override
    protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > capacity;
    }
}
""",
    "lib/matrix.rs": """/// Multiply two matrices of the same size, row by column.
pub fn multiply_matrices(a: &Vec<Vec<f64>>, b: &Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n = a.len();
    let mut product = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..n {
            for k in 0..n {
                product[i][j] += a[i][k] * b[k][j];
            }
        }
    }
    product
}
""",
    "tests/test_orders.py": """from src.orders import sort_orders_by_date


def test_newest_order_comes_first(two_orders):
    assert sort_orders_by_date(two_orders)[0].date == "2024-05-01"
""",
    ".gitignore": "*.log\n",
    "notes.log": "not code\n",
}

_MODULE = '''"""Stock of warehouse {number}."""


def reserve_item_{number}(stock, amount):
    """Take items out of stock {number} and remember who wanted them."""
    if amount > stock.free:
        raise ValueError("too few left in {number}")
    stock.free -= amount
    return stock


class Shelf{number}:
    """A shelf with room for {number} boxes."""

    def put(self, box):
        """Put a box on the shelf."""
        self.boxes.append(box)
        return len(self.boxes)
'''

# What would change colours, places or models in one developer's shell only.
_NOT_INHERITED = (
    "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLORTERM", "TERM", "COLUMNS", "LINES", "PYTHONIOENCODING",
    "PYTHONSAFEPATH", "PYTHONUNBUFFERED", "PYTHONUTF8", "TTY_COMPATIBLE", "TTY_INTERACTIVE",
    "HUNCH_CACHE_DIR", "HUNCH_MODEL_DIR", "HUNCH_WORKERS", "HUNCH_TOKEN",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def answers(self) -> list[dict[str, Any]]:
        """The JSON objects on stdout, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def hits(self) -> list[dict[str, Any]]:
        """The hits of the only answer."""
        (answer,) = self.answers
        return list(answer["hits"])


class RunHunch:
    """Run the real command in a process of its own, with an index folder of its own."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache

    def __call__(
        self, *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None,
        stdin: bytes = b"", timeout: float = 300, command: tuple[str, ...] = (),
    ) -> Run:  # fmt: skip
        """Run to the end. Without a command, it is ``python -m hunch.cli``."""
        process = self.start(*arguments, cwd=cwd, env=env, command=command)
        try:
            out, err = process.communicate(stdin, timeout=timeout)
        finally:
            process.kill()
        return Run(process.returncode, out.decode(errors="surrogateescape"), err.decode(errors="surrogateescape"))

    def together(self, *commands: Sequence[str | Path], cwd: Path | None = None) -> list[Run]:
        """Run several commands, a few at a time, each with an index folder of its own."""
        runs = [RunHunch(self.cache.with_name(f"{self.cache.name}-{number}")) for number in range(len(commands))]
        with ThreadPoolExecutor(3) as pool:
            return list(pool.map(lambda run, arguments: run(*arguments, cwd=cwd), runs, commands))

    def start(
        self, *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None,
        stdout: int = subprocess.PIPE, command: tuple[str, ...] = (),
    ) -> subprocess.Popen[bytes]:  # fmt: skip
        """Start and return at once; the process leads a group of its own."""
        return subprocess.Popen(
            [*(command or (sys.executable, "-m", "hunch.cli")), *map(str, arguments)],
            cwd=cwd or self.cache.parent,
            env=self.environment(env),
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def on_terminal(self, *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Run:
        """Run under a pseudo-terminal; everything that it shows is in ``out``."""
        if sys.platform == "win32":
            pytest.skip("Windows has no pseudo-terminals of this kind")
        import fcntl
        import pty
        import struct
        import termios

        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
        process = subprocess.Popen(
            [sys.executable, "-m", "hunch.cli", *map(str, arguments)],
            cwd=cwd or self.cache.parent,
            env=self.environment({"TERM": "xterm-256color", **(env or {})}),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        shown = b""
        try:
            while block := _read(ours):
                shown += block
            return Run(process.wait(timeout=60), shown.decode(errors="replace"), "")
        finally:
            process.kill()
            process.wait()
            os.close(ours)

    def environment(self, changes: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment that the command gets."""
        inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
        return {**inherited, "HUNCH_CACHE_DIR": str(self.cache), "HUNCH_WORKERS": "1", **(changes or {})}

    def index_folder(self, root: Path) -> Path:
        """Return the folder that holds the index of a workspace."""
        (folder,) = (one for one in self.cache.iterdir() if one.name.startswith(f"{root.name}-"))
        return folder


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # Linux says EIO when the other side has closed
        return b""


@pytest.fixture
def run_hunch(tmp_path: Path) -> RunHunch:
    """The command, with an empty index folder."""
    return RunHunch(tmp_path / "cache")


@pytest.fixture
def make_workspace(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes files, and by default a small shop in several languages, into a new folder."""

    def make(files: Mapping[str, str | bytes] = SHOP, name: str = "workspace") -> Path:
        return _write(tmp_path / name, files)

    return make


@pytest.fixture
def whole_seconds(tmp_path: Path) -> Iterator[Path]:
    """A folder on a real file system that keeps whole seconds: ext3 with small inodes."""
    image, folder = tmp_path / "image", tmp_path / "mounted"
    make = shutil.which("mkfs.ext3") or shutil.which("mkfs.ext3", path="/usr/sbin:/sbin")
    if sys.platform != "linux" or make is None or os.geteuid() != 0:
        pytest.skip("no file system can be made and mounted here")
    image.write_bytes(bytes(8 << 20))
    folder.mkdir()
    subprocess.run([make, "-q", "-I", "128", image], check=True, capture_output=True)
    if subprocess.run(["mount", "-o", "loop", image, folder], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture(scope="session")
def many_files() -> Callable[[int], dict[str, str]]:
    """A function that returns so many generated files of four chunks each."""

    def make(count: int) -> dict[str, str]:
        return {f"part{i % 20}/module_{i}.py": _MODULE.format(number=i) for i in range(count)}

    return make


@pytest.fixture(scope="session")
def indexed_shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunHunch, Path]:
    """The command and the indexed shop, for tests that change neither."""
    folder = tmp_path_factory.mktemp("shop")
    run = RunHunch(folder / "cache")
    root = _write(folder / "shop", SHOP)
    done = run("index", root)
    assert done.status == 0, done.err
    return run, root


def _write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    root.mkdir()
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root
