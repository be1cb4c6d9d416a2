"""The watcher on the real file system: what changed is told, and nothing else is."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hunch.workspace import watch_plan
from hunch.workspace.ignore import needs_folder_scan
from hunch.workspace.scan import SourceFile, read_source, scan
from hunch.workspace.walk import may_count
from hunch.workspace.watch import MOST_SECONDS, Watcher
from hunch.workspace.watch_plan import MOST_WATCHES

DEADLINE = 20.0

# What watchdog 7 says of folders that are moved out and back; the watcher makes such watches anew.
pytestmark = pytest.mark.filterwarnings("ignore:Callback with id:RuntimeWarning")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="inotify is of Linux")
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps folders in use where they are")


class Heard:
    """What a watcher told."""

    def __init__(self) -> None:
        self.bursts: list[set[str]] = []
        self.problems: list[str] = []

    @property
    def paths(self) -> set[str]:
        return set().union(*self.bursts)

    def wait_for(self, *paths: str) -> None:
        wait_until(lambda: self.paths >= set(paths), lambda: f"wanted {paths}, heard {self.paths}")

    def forget(self) -> None:
        self.bursts.clear()


def wait_until(condition: Callable[[], bool], describe: Callable[[], str] = lambda: "") -> None:
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, describe()
        time.sleep(0.005)


Watch = Callable[[Path], Heard]


@pytest.fixture
def watch() -> Iterator[Watch]:
    watchers: list[Watcher] = []

    def start(root: Path) -> Heard:
        heard = Heard()
        watchers.append(Watcher(root, heard.bursts.append, heard.problems.append))
        watchers[-1].start()
        return heard

    yield start
    for watcher in watchers:
        watcher.stop()


@pytest.fixture(params=["whole", "parts"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A root with something beside it. It is watched as a whole, or (on Linux) all but its node_modules."""
    root = tmp_path / "root"
    write(root, "a.py", "sub/b.py", "sub/deep/c.py")
    if request.param == "parts":
        write(root, "node_modules/x/i.js")
    write(tmp_path, "beside/d.py", "beside/deep/e.py")
    return root


def write(root: Path, *paths: str, text: str = "x = 1\n") -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def told_until_now(heard: Heard, root: Path) -> set[str]:
    """All that was told of changes made before the call: in each part of the root a later change is told after it."""
    name = f"mark{time.monotonic_ns()}.py"
    parts = {Path(file.path).parts[0] for file in scan(root).files if "/" in file.path}
    marks = [name, *(f"{part}/{name}" for part in parts)]
    write(root, *marks)
    heard.wait_for(*marks)
    return heard.paths - set(marks)


# ---- what is told ----


def test_files_that_come_change_and_go(root: Path, watch: Watch) -> None:
    heard = watch(root)
    write(root, "new.py", "sub/deep/new.py")
    heard.wait_for("new.py", "sub/deep/new.py")
    heard.forget()
    write(root, "a.py", text="y = 2\n")
    heard.wait_for("a.py")
    heard.forget()
    with (root / "sub" / "b.py").open("a") as file:
        file.write("z = 3\n")
    heard.wait_for("sub/b.py")
    heard.forget()
    (root / "a.py").unlink()
    heard.wait_for("a.py")
    heard.forget()
    write(root, "a.py")
    heard.wait_for("a.py")
    assert heard.problems == []


def test_a_file_saved_by_a_rename(root: Path, watch: Watch) -> None:
    heard = watch(root)
    for number in range(3):
        heard.forget()
        write(root, "sub/.b.py.tmp", text=f"x = {number}\n")
        (root / "sub/.b.py.tmp").replace(root / "sub/b.py")
        heard.wait_for("sub/b.py")
    assert heard.problems == []


def test_a_renamed_folder_is_told_by_both_names_and_watched_under_the_new_one(root: Path, watch: Watch) -> None:
    heard = watch(root)
    (root / "sub").rename(root / "renamed")
    heard.wait_for("sub", "renamed")
    told_until_now(heard, root)
    heard.forget()
    write(root, "renamed/b.py", "renamed/deep/c.py", "renamed/deep/new.py", text="y = 2\n")
    heard.wait_for("renamed/b.py", "renamed/deep/c.py", "renamed/deep/new.py")
    assert not any(path.startswith("sub") for path in heard.paths)
    heard.forget()
    write(root, "sub/b.py")  # another folder where it was
    heard.wait_for("sub")
    told_until_now(heard, root)
    heard.forget()
    write(root, "sub/b.py", "renamed/b.py")
    heard.wait_for("sub/b.py", "renamed/b.py")


@pytest.mark.parametrize("place", ["moved", "sub/moved"])
def test_a_folder_moved_in_is_watched(root: Path, watch: Watch, place: str) -> None:
    heard = watch(root)
    (root.parent / "beside").rename(root / place)
    wait_until(lambda: are_told([f"{place}/d.py", f"{place}/deep/e.py"], heard))
    told_until_now(heard, root)
    heard.forget()
    write(root, f"{place}/deep/e.py", text="y = 2\n")
    heard.wait_for(f"{place}/deep/e.py")
    assert heard.problems == []


@pytest.mark.parametrize("place", ["sub", "sub/deep"])
def test_a_folder_moved_out_is_watched_no_more(root: Path, watch: Watch, place: str) -> None:
    write(root, "sub/deep/deeper/d.py")
    heard = watch(root)
    before = watches()
    (root / place).rename(root.parent / "out")
    wait_until(lambda: are_told([place], heard))
    wait_until(lambda: watches() == before - (3 if place == "sub" else 2))
    told_until_now(heard, root)
    heard.forget()
    write(root.parent, "out/c.py", "out/deeper/d.py", text="y = 2\n")
    assert told_until_now(heard, root) == set()


def test_a_deep_new_folder_is_told_and_watched(root: Path, watch: Watch) -> None:
    heard = watch(root)
    write(root, "one/two/three/a.py")
    wait_until(lambda: are_told(["one/two/three/a.py"], heard))
    told_until_now(heard, root)
    heard.forget()
    write(root, "one/two/three/a.py", text="y = 2\n")
    heard.wait_for("one/two/three/a.py")
    assert heard.problems == []


def test_a_deleted_folder_is_told_and_watched_when_it_comes_again(root: Path, watch: Watch) -> None:
    heard = watch(root)
    for _ in range(3):
        heard.forget()
        shutil.rmtree(root / "sub")
        heard.wait_for("sub")
        heard.forget()
        write(root, "sub/deep/c.py")
        wait_until(lambda: are_told(["sub/deep/c.py"], heard))
        told_until_now(heard, root)
    assert heard.problems == []


@pytest.mark.parametrize("root", ["parts"], indirect=True)
def test_five_thousand_files_at_once(root: Path, watch: Watch) -> None:
    heard = watch(root)
    began = time.monotonic()
    paths = [f"many/{number % 50}/{number}.py" for number in range(5000)]
    write(root, *paths)
    wait_until(lambda: are_told(paths, heard))
    told_until_now(heard, root)
    assert len(heard.bursts) <= (time.monotonic() - began) / MOST_SECONDS + 10
    assert heard.problems == []


def are_told(paths: list[str], heard: Heard) -> bool:
    """Each by its own name, or by that of a folder that it is in."""
    told = heard.paths
    return "" in told or all(
        any(path[:end] in told for end, sign in enumerate(path + "/") if sign == "/") for path in paths
    )


def test_a_change_is_told_within_a_moment(root: Path, watch: Watch) -> None:
    heard = watch(root)
    took = []
    for number in range(5):
        began = time.monotonic()
        write(root, f"{number}.py")
        heard.wait_for(f"{number}.py")
        took.append(time.monotonic() - began)
    assert min(took) < 0.3, took


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_odd_names(root: Path, watch: Watch) -> None:
    heard = watch(root)
    names = ["é/日本.py", "new\nline.py", " .py", "back\\slash.py", "*.py"]
    write(root, *names)
    wait_until(lambda: are_told(names, heard))
    if sys.platform == "linux":
        write(root, os.fsdecode(b"caf\xe9.py"))  # no name that is ever indexed
        assert told_until_now(heard, root) <= {"é", *names}


# ---- what is not told ----


def test_reading_is_no_change(root: Path, watch: Watch) -> None:
    heard = watch(root)
    for file in scan(root).files:
        assert isinstance(read_source(root, file.path), bytes)
    list(root.rglob("*"))
    assert told_until_now(heard, root) == set()


def test_folders_that_are_never_entered_are_silent(root: Path, watch: Watch) -> None:
    write(root, "node_modules/x/i.js", ".git/HEAD", ".git/index", ".git/info/exclude", "sub/__pycache__/b.pyc")
    heard = watch(root)
    write(root, "node_modules/x/i.js", "node_modules/y/i.js", ".git/HEAD", ".git/index", "sub/__pycache__/b.pyc")
    write(root, ".git/refs/heads/main", "sub/node_modules/z.js")
    assert told_until_now(heard, root) <= {"sub/node_modules"}
    heard.forget()
    write(root, ".git/info/exclude", text="*.js")
    heard.wait_for("")


def test_links_are_not_followed(root: Path, watch: Watch) -> None:
    outside = root.parent / "beside"
    link(root / "early", outside)
    heard = watch(root)
    link(root / "late", outside)
    link(root / "up", root)
    heard.wait_for("late", "up")
    told_until_now(heard, root)
    heard.forget()
    write(outside, "d.py", "deep/e.py", "deep/new.py", text="y = 2\n")
    assert told_until_now(heard, root) == set()


def link(at: Path, target: Path) -> None:
    try:
        at.symlink_to(target, target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links")


def test_a_root_given_through_a_link(root: Path, watch: Watch) -> None:
    link(root.parent / "link", root)
    heard = watch(root.parent / "link")
    write(root, "sub/b.py", text="y = 2\n")
    heard.wait_for("sub/b.py")
    assert heard.problems == []


# ---- which folders are watched ----


def watches() -> int:
    """How many inotify watches this process has."""
    count = 0
    for info in Path("/proc/self/fdinfo").iterdir():
        with contextlib.suppress(OSError):  # the listing's own is gone
            count += info.read_text().count("inotify wd:")
    return count


@linux_only
def test_folders_at_the_top_that_no_scan_enters_are_not_watched(root: Path, watch: Watch) -> None:
    write(root, "node_modules/x/i.js", ".git/objects/ab/cd", "build/x/y/z.py", "env/pyvenv.cfg", "env/lib/x/a.py")
    write(root, ".gitignore", text="build/\n")
    before = watches()
    heard = watch(root)
    assert watches() - before == 4  # the root, sub, sub/deep, and env, so that the end of its pyvenv.cfg is seen
    write(root, ".tox/x/y.py", "venv/bin/a.py", "venv/lib/x/y/a.py", "target/x/y.rs")
    write(root, "target/CACHEDIR.TAG", text="Signature: 8a477f597d28d172789f06886806bc55\n")
    write(root, "venv/pyvenv.cfg")
    heard.wait_for("venv", "target")
    wait_until(lambda: watches() - before == 4 + 2)
    told_until_now(heard, root)
    heard.forget()
    write(root, "build/x/y/z.py", "env/lib/x/a.py", "venv/lib/x/y/a.py", "target/x/y.rs", text="y = 2\n")
    assert told_until_now(heard, root) == set()
    (root / "env/pyvenv.cfg").unlink()
    heard.wait_for("env")
    heard.forget()
    write(root, "env/lib/x/a.py", text="z = 3\n")
    heard.wait_for("env/lib/x/a.py")


@linux_only
def test_node_modules_that_appear_are_watched_no_more(tmp_path: Path, watch: Watch) -> None:
    write(tmp_path, "src/a.js", "src/deep/b.js")
    before = watches()
    heard = watch(tmp_path)
    assert watches() - before == 3
    write(tmp_path, *(f"node_modules/{number}/lib/i.js" for number in range(300)))
    wait_until(lambda: watches() - before == 3)
    told_until_now(heard, tmp_path)
    assert not any(path.startswith("node_modules") for path in heard.paths)
    heard.forget()
    write(tmp_path, "src/deep/b.js", text="y = 2\n")
    heard.wait_for("src/deep/b.js")


@linux_only
def test_more_trees_than_are_watched_one_by_one(tmp_path: Path, watch: Watch) -> None:
    write(tmp_path, "node_modules/x/i.js", *(f"{number}/a.py" for number in range(MOST_WATCHES - 1)))
    before = watches()
    heard = watch(tmp_path)
    assert watches() - before == MOST_WATCHES
    write(tmp_path, "more/a.py")
    wait_until(lambda: watches() - before == MOST_WATCHES + 1 + 2)
    told_until_now(heard, tmp_path)
    assert are_told(["more/a.py"], heard)
    heard.forget()
    write(tmp_path, "0/a.py", "more/a.py", text="y = 2\n")
    heard.wait_for("0/a.py", "more/a.py")
    shutil.rmtree(tmp_path / "more")
    wait_until(lambda: watches() - before == MOST_WATCHES)


@linux_only
def test_watches_follow_the_files_that_rule(root: Path, watch: Watch) -> None:
    write(root, "build/x/a.py", "late/b.py", ".git/HEAD", ".git/info/exclude")
    write(root, ".gitignore", text="build/\n")
    write(root, ".git/info/exclude", text="late/\n")
    before = watches()
    heard = watch(root)
    assert watches() - before == 4  # .git/info too
    write(root, "build/x/a.py", "late/b.py", text="y = 2\n")
    assert told_until_now(heard, root) == set()
    (root / ".gitignore").unlink()
    heard.wait_for("")
    assert watches() - before == 6
    heard.forget()
    write(root, ".git/info/exclude", text="\n")
    heard.wait_for("")
    wait_until(lambda: watches() - before == 7)
    told_until_now(heard, root)
    heard.forget()
    write(root, "build/x/a.py", "late/b.py", text="z = 3\n")
    heard.wait_for("build/x/a.py", "late/b.py")
    write(root, ".gitignore", text="sub\nbuild\n")
    wait_until(lambda: watches() - before == 3)


def test_with_a_file_that_rules_its_folder_is_told(root: Path, watch: Watch) -> None:
    heard = watch(root)
    write(root, "sub/deep/.gitignore", text="*.txt\n")
    heard.wait_for("sub/deep/.gitignore", "sub/deep")
    assert "" not in heard.paths
    write(root, ".hunchignore")
    heard.wait_for("")
    assert all(burst == {""} for burst in heard.bursts if "" in burst)


# ---- the end ----


def test_stop_ends_the_threads_quickly_and_nothing_is_told_after_it(root: Path) -> None:
    before = set(threading.enumerate())
    open_before = watches() if sys.platform == "linux" else 0
    heard = Heard()
    watcher = Watcher(root, heard.bursts.append, heard.problems.append)
    watcher.start()
    write(root, "a.py", text="y = 2\n")
    began = time.monotonic()
    watcher.stop()
    assert time.monotonic() - began < 1
    assert {thread for thread in threading.enumerate() if thread.name.startswith("hunch-")} <= before
    told = len(heard.bursts)
    write(root, "sub/b.py", text="y = 2\n")
    if sys.platform == "linux":
        assert watches() == open_before
    watcher.stop()  # once more does no harm
    assert len(heard.bursts) == told and heard.problems == []


def test_stop_before_and_without_a_start(root: Path) -> None:
    before = set(threading.enumerate())
    heard = Heard()
    Watcher(root, heard.bursts.append, heard.problems.append).stop()
    watcher = Watcher(root, heard.bursts.append, heard.problems.append)
    watcher.stop()
    watcher.start()
    assert set(threading.enumerate()) <= before


@linux_only
@pytest.mark.parametrize("root", ["parts"], indirect=True)
def test_stop_while_another_thread_starts(root: Path) -> None:
    write(root, *(f"{number}/a/b/c.py" for number in range(200)))
    threads_before, watches_before = set(threading.enumerate()), watches()
    for delay in [0, 0, 0, 0.001, 0.002, 0.004, 0.008, 0.016, 0.03]:
        watcher = Watcher(root, lambda paths: None, lambda line: None)
        starter = threading.Thread(target=watcher.start)
        starter.start()
        time.sleep(delay)
        watcher.stop()
        starter.join(DEADLINE)
        watcher.stop()
        assert not starter.is_alive()
        wait_until(lambda: set(threading.enumerate()) <= threads_before and watches() <= watches_before)


def test_stop_from_what_it_calls(root: Path) -> None:
    before = set(threading.enumerate())
    stopped = threading.Event()

    def on_paths(paths: set[str]) -> None:
        watcher.stop()
        stopped.set()

    watcher = Watcher(root, on_paths, lambda line: None)
    watcher.start()
    write(root, "a.py", text="y = 2\n")
    assert stopped.wait(DEADLINE)
    wait_until(lambda: set(threading.enumerate()) <= before)


@posix_only
def test_the_root_is_deleted(root: Path, watch: Watch) -> None:
    heard = watch(root)
    shutil.rmtree(root)
    wait_until(lambda: bool(heard.problems))
    assert heard.problems == [f"{root} was deleted or moved away: its changes are not watched until it is back"]
    heard.wait_for("")


@posix_only
def test_a_root_that_was_made_again_is_watched_again(root: Path, watch: Watch) -> None:
    heard = watch(root)
    shutil.rmtree(root)
    wait_until(lambda: bool(heard.problems))
    root.mkdir()
    write(root, "src/new.py", text="x = 1\n")
    wait_until(lambda: heard.problems[-1] == "")
    write(root, "src/newer.py", text="x = 2\n")
    heard.wait_for("src/newer.py")


# ---- what the system refuses ----


def test_no_root(tmp_path: Path, watch: Watch) -> None:
    heard = watch(tmp_path / "nowhere")
    assert heard.problems == [f"changes are not watched: {tmp_path / 'nowhere'} is no folder"]


@linux_only
def test_no_more_watchers(root: Path, watch: Watch) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        heard = watch(root)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert heard.problems == [
        "changes are not watched: raise fs.inotify.max_user_instances with sysctl (or ulimit -n); until then the "
        "folder is scanned more often"
    ]


@linux_only
@pytest.mark.parametrize("setting", ["max_user_watches", "max_queued_events"])
def test_more_folders_than_can_be_watched(
    root: Path, watch: Watch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    write(tmp_path, "limits/max_user_watches", "limits/max_queued_events", text="1000\n")
    write(tmp_path, f"limits/{setting}", text="5\n")
    monkeypatch.setattr(watch_plan, "LIMITS", tmp_path / "limits")
    before = watches()
    heard = watch(root)
    assert watches() - before == 3
    write(root, "big/a/b/c.py", "big/a/d/e.py")
    wait_until(lambda: watches() - before == 1)
    line = f"changes in sub-folders are not watched: raise fs.inotify.{setting} with sysctl; until then the folder is "
    wait_until(lambda: heard.problems == [line + "scanned more often"])
    write(root, "b.py")
    heard.wait_for("b.py")
    heard.forget()
    write(root, ".gitignore", text="big/\n")  # so that it fits again
    heard.wait_for("")
    told_until_now(heard, root)
    assert watches() - before == 3
    assert heard.problems == [line + "scanned more often", ""]
    write(root, ".gitignore", text="\n")  # and not again, which is told again
    wait_until(lambda: len(heard.problems) == 3)
    assert heard.problems[2] == heard.problems[0]


@linux_only
def test_no_more_watches(tmp_path: Path) -> None:
    write(tmp_path / "root", "node_modules/i.js", *(f"{number}/a.py" for number in range(20)))
    limit = "/proc/sys/user/max_inotify_watches"
    command = ["unshare", "--user", "--map-root-user", "sh", "-c", f'echo 10 > {limit} && exec "$@"', "sh"]
    if shutil.which("unshare") is None or subprocess.run([*command, "true"], capture_output=True).returncode:
        pytest.skip("this system gives no namespaces")
    code = f"""
import pathlib, time
from hunch.workspace.watch import Watcher
root, told = pathlib.Path({str(tmp_path / "root")!r}), []
watcher = Watcher(root, told.append, lambda line: print(line, flush=True))
watcher.start()
(root / "new.py").write_text("")
end = time.monotonic() + {DEADLINE}
while not told and time.monotonic() < end: time.sleep(0.01)
print(told)
watcher.stop()
"""
    done = subprocess.run([*command, sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == [
        "changes in sub-folders are not watched: raise fs.inotify.max_user_watches with sysctl; until then the folder "
        "is scanned more often",
        "[{'new.py'}]",
    ], done.stderr


@linux_only
@pytest.mark.parametrize("at_once", [True, False])
def test_no_more_watches_inside_a_tree_that_is_watched_as_a_whole(tmp_path: Path, at_once: bool) -> None:
    """Watchdog 7 passes over what it gets no watch for, also when a tree grows later."""
    (tmp_path / "root").mkdir()
    limit = "/proc/sys/user/max_inotify_watches"
    command = ["unshare", "--user", "--map-root-user", "sh", "-c", f'echo 10 > {limit} && exec "$@"', "sh"]
    if shutil.which("unshare") is None or subprocess.run([*command, "true"], capture_output=True).returncode:
        pytest.skip("this system gives no namespaces")
    code = f"""
import pathlib, time
from hunch.workspace.watch import Watcher
root, told = pathlib.Path({str(tmp_path / "root")!r}), []
def grow():
    for number in range(20): (root / "a" / str(number)).mkdir(parents=True)
if {at_once}: grow()
watcher = Watcher(root, lambda paths: None, lambda line: (told.append(line), print(line, flush=True)))
watcher.start()
if not {at_once}: grow()
end = time.monotonic() + {DEADLINE}
while not told and time.monotonic() < end: time.sleep(0.01)
watcher.stop()
"""
    done = subprocess.run([*command, sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[:1] == [
        "changes in sub-folders are not watched: raise fs.inotify.max_user_watches with sysctl; until then the folder "
        "is scanned more often"
    ], done.stderr


@linux_only
@pytest.mark.parametrize("root", ["parts"], indirect=True)
def test_after_events_were_lost_the_next_are_told(root: Path) -> None:
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if most > 100_000:
        pytest.skip("this system keeps very many events")
    code = f"""
import pathlib, sys
from hunch.workspace.watch import Watcher
root = pathlib.Path({str(root)!r})
told = lambda paths: print(*paths, sep="\\n", flush=True)
watcher = Watcher(root, told, lambda line: print("problem", line, flush=True))
watcher.start()
print("started", flush=True)
sys.stdin.read()
watcher.stop()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        told: list[bytes] = []
        reader = threading.Thread(target=lambda lines: told.extend(lines), args=[process.stdout])
        reader.start()
        wait_until(lambda: b"started\n" in told)
        process.send_signal(signal.SIGSTOP)
        for number in range(most // 2 + 10):
            os.utime(root / "a.py", (number, number))
            os.utime(root / "sub" / "b.py", (number, number))
        process.send_signal(signal.SIGCONT)

        def is_told() -> bool:
            write(root, "sub/new.py")
            return b"sub/new.py\n" in told

        wait_until(is_told)
        process.stdin.close()
        reader.join(DEADLINE)
    assert not any(b"problem" in line for line in told)


# ---- all of it ----


@pytest.mark.parametrize("seed", range(2))
def test_whoever_scans_what_is_told_knows_all(root: Path, seed: int) -> None:
    """Random changes, as fast as they go; a mirror that looks only at what is told ends like a full scan."""
    if sys.platform != "linux":
        pytest.skip("other systems may drop events")
    rng = random.Random(seed)
    known: dict[str, SourceFile] = {}

    def on_paths(paths: set[str]) -> None:
        only = paths | {folder for path in paths if (folder := needs_folder_scan(path)) is not None}
        for path in list(known):
            if "" in only or any(f"{path}/".startswith(f"{part}/") for part in only):
                del known[path]
        known.update((file.path, file) for file in scan(root, only=only).files)

    problems: list[str] = []
    watcher = Watcher(root, on_paths, problems.append)
    watcher.start()
    on_paths({""})
    for _ in range(4):
        for _ in range(60):
            change_something(rng, root)
        wait_until(
            lambda: dict(known) == {file.path: file for file in scan(root).files},
            lambda: str(set(known.values()) ^ set(scan(root).files)),
        )
    watcher.stop()
    assert problems == []


def change_something(rng: random.Random, root: Path) -> None:
    folders = [Path(at) for at, _, _ in os.walk(root)]
    folder = rng.choice(folders)
    name = rng.choice(["a", "b", "build", "node_modules", "c.py", "d.py", "e.py"])
    match rng.randrange(9):
        case 0 | 1 | 2 if not (folder / name).is_dir():
            (folder / name).write_text("x" * rng.randrange(20))
        case 3 | 4 if not (folder / name).exists() and len(folders) < 60:
            (folder / name / "deep").mkdir(parents=True)
            (folder / name / "deep" / "f.py").write_text("x")
        case 5 if folder != root:
            aim = rng.choice(folders) / name
            if not aim.exists() and not aim.is_relative_to(folder):
                folder.rename(aim)
        case 6 if folder != root:
            away = root.parent / f"away{rng.randrange(3)}"
            if away.exists():
                if not (folder / name).exists():
                    away.rename(folder / name)
            else:
                folder.rename(away)
        case 7 if folder != root and rng.random() < 0.3:
            shutil.rmtree(folder)
        case 8:
            file = folder / rng.choice([".gitignore", ".hunchignore", "pyvenv.cfg"])
            if file.exists() or (file.name == "pyvenv.cfg" and rng.random() < 0.5):
                file.unlink(missing_ok=True)
            else:
                file.write_text(rng.choice(["build\n", "a/\n", "!build\n", "c.py\n"]))


# ---- what names tell ----


@pytest.mark.parametrize(("path", "folder"), [
    (".gitignore", ""),
    ("a/b/.gitignore", "a/b"),
    ("a/.ignore", "a"),
    ("a/.hunchignore", "a"),
    ("env/pyvenv.cfg", "env"),
    ("env/conda-meta", "env"),
    ("target/CACHEDIR.TAG", "target"),
    (".git/info/exclude", ""),
    ("a/b/.git/info/exclude", "a/b"),
    ("a/.git", "a"),
    (".git", ""),
    ("", None),
    ("a.py", None),
    ("a/gitignore", None),
    ("a/.gitignore/b", None),
    ("a/.gitignore.py", None),
    ("x.git/info/exclude", None),
    (".git/HEAD", None),
    (".git/info", None),
    ("info/exclude", None),
])  # fmt: skip
def test_needs_folder_scan(path: str, folder: str | None) -> None:
    assert needs_folder_scan(path) == folder


@pytest.mark.parametrize(("path", "is_folder", "counts"), [
    ("a.py", False, True),
    ("a/b", True, True),
    (".git", True, True),
    (".git", False, True),
    ("a/.git", True, True),
    (".git/info/exclude", False, True),
    ("a/.git/info/exclude", False, True),
    (".git/HEAD", False, False),
    (".git/info", True, False),
    (".git/info/exclude.lock", False, False),
    ("node_modules", True, False),
    ("node_modules", False, True),  # a file of that name
    ("a/node_modules/b/c.js", False, False),
    ("node_modules/x/.git/info/exclude", False, False),
    ("node_modules/.git", True, False),
    (os.fsdecode(b"caf\xe9.py"), False, False),
    ("é/日本.py", False, True),
])  # fmt: skip
def test_may_count(path: str, is_folder: bool, counts: bool) -> None:
    assert may_count(path, is_folder=is_folder) is counts
