"""What people trust the server with: no network, nothing written into a workspace, nothing read outside it, no talk.

One server works for a while without any network interface and under strace, and then the tests look at what it did.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from editors.places import Place, add_files, make_place
from editors.wire import Wire, wait_until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="strace and namespaces are Linux's")

SECRET = '''"""Only for the eyes of its owner."""


def open_treasure_chamber(password):
    """Open the door of the treasure chamber with the password xyzzy."""
    return password == "xyzzy"
'''

QUESTION = "who sails to plover island"
"""Words that stand nowhere else."""

CALLS = (
    "%network,open,openat,openat2,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,symlink,symlinkat,"
    "link,linkat,chmod,fchmodat,chown,lchown,fchownat,truncate,utime,utimes,utimensat,futimesat,mknod,mknodat,"
    "setxattr,lsetxattr,removexattr"
)


class Call(NamedTuple):
    """A system call of the server or of a process that it began."""

    name: str
    line: str
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """What a server did, and what its world was like before and after."""

    place: Place
    secret: Path
    calls: list[Call]
    log: str
    interfaces: list[str]
    answers: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]
    modes: dict[str, int]


@pytest.fixture(scope="module")
def visit(
    tmp_path_factory: pytest.TempPathFactory,
    program: Callable[[str], str],
    many_files: Callable[[int], dict[str, str]],
) -> Iterator[Visit]:
    """One server's work: index, follow, answer, refuse, stop."""
    folder = tmp_path_factory.mktemp("trust")
    place = make_place(folder)
    add_files(place.shop, many_files(450))  # so many that other processes help
    secret = folder / "treasure"
    add_files(secret, {"chamber.py": SECRET})
    (place.shop / "linked_folder").symlink_to(secret)
    (place.shop / "linked_file.py").symlink_to(secret / "chamber.py")
    trace, log = folder / "trace", folder / "log"
    command = [*_without_network(program("unshare")), *_traced(program("strace"), trace), "hunch", "lsp"]
    before = _listing(place.shop, place.library)
    old_mask = os.umask(0o022)  # with which everybody could read what does not take care
    try:
        wire = Wire(command, cwd=place.shop, env=place.environment({"HUNCH_WORKERS": "2"}), log=log)
    finally:
        os.umask(old_mask)
    try:
        answers = _work(wire, place, secret)
        interfaces = _interfaces(wire.process.pid)
        modes = {str(path.relative_to(place.cache.parent)): path.stat().st_mode for path in _all(place.cache)}
        answers["exit"] = wire.stop()
    finally:
        wire.kill()
    after = _listing(place.shop, place.library)
    yield Visit(place, secret, _calls(trace), log.read_text(), interfaces, answers, before, after, modes)


def _without_network(unshare: str) -> list[str]:
    """Return what starts a command in a network namespace of its own."""
    for how in (["--net"], ["--user", "--map-root-user", "--net"]):
        if subprocess.run([unshare, *how, "true"], capture_output=True, check=False).returncode == 0:
            return [unshare, *how]
    pytest.skip("this system allows no network namespaces")


def _traced(strace: str, trace: Path) -> list[str]:
    """Return what starts a command and writes its system calls, and those of its children, into a file."""
    command = [strace, "-f", "--seccomp-bpf", "-qq", "-y", "-s", "4096", "-o", str(trace), "-e", f"trace={CALLS}"]
    tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    if "PTRACE" in tried.stderr or "ptrace" in tried.stderr:
        pytest.skip(f"this system allows no tracing: {tried.stderr.strip()}")
    assert tried.returncode == 0, tried.stderr
    return command


def _work(wire: Wire, place: Place, secret: Path) -> dict[str, Any]:
    wire.open([place.shop, place.library])
    wire.wait_until_complete()
    answers: dict[str, Any] = {
        "found": wire.result("hunch/search", {"query": "compare a password with the stored hash"})["hits"][0]["name"],
        "symbols": wire.result("workspace/symbol", {"query": "sort orders by date"}),
        "through links": [*wire.names("open_treasure_chamber"), *wire.names("door of the treasure chamber")],
    }

    # Unsaved text inside, outside, through links and under other schemes.
    inside = (place.shop / "src/auth.py").as_uri()
    _open(wire, inside, f"def sail_to_plover_island(crew):\n    '''{QUESTION}: the crew does'''\n    return crew\n")
    wait_until(lambda: "sail_to_plover_island" in wire.names(QUESTION))
    outside = {
        "beside": (secret / "chamber.py").as_uri(),
        "dots": place.shop.as_uri() + "/../treasure/chamber.py",
        "coded dots": place.shop.as_uri() + "/%2e%2e/treasure/chamber.py",
        "coded slash": place.shop.as_uri() + "/..%2Ftreasure%2Fchamber.py",
        "linked folder": (place.shop / "linked_folder").as_uri() + "/chamber.py",
        "linked file": (place.shop / "linked_file.py").as_uri(),
        "another host": f"file://elsewhere{place.shop}/src/new.py",
        "no file": "untitled:chamber.py",
        "web": "http://127.0.0.1/chamber.py",
    }
    for number, uri in enumerate(outside.values()):
        _open(wire, uri, f"def dig_tunnel_{number}(spade):\n    '''Dig a tunnel with the spade'''\n    return spade\n")
    at = {"position": {"line": 4, "character": 4}}
    answers["refused"] = {
        name: wire.error("hunch/similar", {"textDocument": {"uri": uri}, **at}) for name, uri in outside.items()
    }
    answers["within"] = wire.error("hunch/search", {"query": "door", "within": secret.as_uri()})
    answers["folder"] = wire.error("hunch/search", {"query": "door", "folder": secret.as_uri()})
    wire.result("hunch/search", {"query": "tunnel"})  # messages are taken in turn: all of the above has been seen
    _change(wire, inside, f"def sail_home(crew):\n    '''{QUESTION}: nobody does'''\n    return crew\n")
    wait_until(lambda: "sail_home" in wire.names(QUESTION))
    answers["tunnels"] = [name for name in wire.names("dig a tunnel with the spade") if name and "tunnel" in name]

    # What might be logged.
    wire.error("hunch/search", {"query": [QUESTION]})
    wire.error("hunch/search", {"query": f"{QUESTION} lang:plover"})
    wire.error(QUESTION, {"query": QUESTION})
    wire.notify("textDocument/didOpen", {"textDocument": {"uri": inside, "text": [QUESTION]}})
    wire.error("workspace/executeCommand", {"command": "hunch.search", "arguments": [{"query": 7, "text": QUESTION}]})
    here = {"textDocument": {"uri": inside}, "position": {"line": 0, "character": 4}}
    answers["summary"] = wire.result("hunch/summarize", here)

    # A rebuild makes every file of the index anew.
    wire.result("hunch/rebuild", {})
    wait_until(lambda: wire.result("hunch/status", {})["folders"][0]["phase"] != "ready")
    wire.wait_until_complete()
    return answers


def _open(wire: Wire, uri: str, text: str) -> None:
    document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    wire.notify("textDocument/didOpen", {"textDocument": document})


def _change(wire: Wire, uri: str, text: str) -> None:
    document = {"uri": uri, "version": 2}
    wire.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})


def _all(folder: Path) -> Iterator[Path]:
    yield folder
    for parent, folders, files in os.walk(folder):
        yield from (Path(parent) / name for name in (*folders, *files))


def _listing(*roots: Path) -> dict[str, Any]:
    """Return what is in folders, with times, sizes, modes and contents."""
    listing = {}
    for path in (path for root in roots for path in _all(root)):
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        listing[str(path)] = (status.st_mtime_ns, status.st_ctime_ns, status.st_mode, status.st_ino, content)
    return listing


def _interfaces(process: int) -> list[str]:
    lines = Path(f"/proc/{process}/net/dev").read_text().splitlines()[2:]
    return [line.partition(":")[0].strip() for line in lines]


_CALL = re.compile(r"^\d+\s+(\w+)\((.*)$")
_PATH = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')


def _calls(trace: Path) -> list[Call]:
    calls = []
    for line in trace.read_text(errors="replace").splitlines():
        if found := _CALL.match(line):
            paths = tuple(Path(os.path.normpath(Path(base or "/") / path)) for base, path in _PATH.findall(found[2]))
            calls.append(Call(found[1], line, paths))
    return calls


def _changes_something(call: Call) -> bool:
    if call.name.startswith("open"):
        return re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", call.line) is not None
    return not call.name.startswith(
        ("connect", "socket", "bind", "send", "recv", "get", "listen", "accept", "shutdown")
    )


def test_works_without_any_network(visit: Visit) -> None:
    assert visit.interfaces == ["lo"]
    assert visit.answers["found"] == "check_password"
    assert visit.answers["symbols"][0]["name"] == "sort_orders_by_date"
    assert visit.answers["summary"]["name"] == "sail_home"
    assert visit.answers["exit"] == 0


def test_tries_no_connection(visit: Visit) -> None:
    assert [call.line for call in visit.calls if call.name == "connect" and "AF_UNIX" not in call.line] == []
    families = {found[1] for call in visit.calls if (found := re.search(r"socket(?:pair)?\((AF_\w+)", call.line))}
    assert families <= {"AF_UNIX"}


def test_writes_nothing_into_a_workspace(visit: Visit) -> None:
    roots = (visit.place.shop, visit.place.library, visit.secret)
    seen = [call for call in visit.calls if any(path.is_relative_to(root) for path in call.paths for root in roots)]
    assert len(seen) > 450  # or nothing was looked at
    assert [call.line for call in seen if _changes_something(call)] == []
    assert visit.before == visit.after


def test_writes_into_its_own_folder_only(visit: Visit) -> None:
    written = {path for call in visit.calls if _changes_something(call) for path in call.paths}
    own = {path for path in written if path.is_relative_to(visit.place.cache)}
    passing = {path for path in written if path.is_relative_to("/dev") or "__pycache__" in path.parts}
    passing.add(Path("/proc/self/autogroup"))  # how low the priority of a worker is: see hunch.index.priority
    assert own
    assert sorted(map(str, written - own - passing)) == []


def test_opens_nothing_outside_through_links_or_uris(visit: Visit) -> None:
    opened = [call for call in visit.calls if call.name.startswith("open")]
    links = [visit.place.shop / "linked_folder", visit.place.shop / "linked_file.py", visit.secret]
    assert [
        call.line for call in opened if any(path.is_relative_to(link) for path in call.paths for link in links)
    ] == []
    assert "open_treasure_chamber" not in visit.answers["through links"]


def test_uris_outside_the_folders_are_refused(visit: Visit) -> None:
    assert {name: error["code"] for name, error in visit.answers["refused"].items()} == dict.fromkeys(
        visit.answers["refused"], -32602
    )
    assert visit.answers["within"]["code"] == visit.answers["folder"]["code"] == -32602
    assert visit.answers["tunnels"] == []


def test_index_is_private(visit: Visit) -> None:
    assert len(visit.modes) > 6
    wrong = {
        name: oct(mode)
        for name, mode in visit.modes.items()
        if stat.S_IMODE(mode) != (0o700 if stat.S_ISDIR(mode) else 0o600)
    }
    assert wrong == {}


def test_log_holds_neither_code_nor_questions(visit: Visit) -> None:
    for words in ("plover", "crew", "xyzzy", "treasure", "spade", "password", "compare", "def "):
        assert words not in visit.log.lower(), visit.log
