"""Cache folders: nobody else's business, and gone when their workspace is."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import RunHunch

MakeWorkspace = Callable[..., Path]

CODE = {"a.py": "def fly_kite(line):\n    return line\n"}
needs_posix = pytest.mark.skipif(os.name != "posix", reason="there are no modes of this kind")


def mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


def cleaned(run: RunHunch, *arguments: str, status: int) -> dict[str, Any]:
    """What hunch clean says to a program: the fate of each thing, by the name of its workspace or folder."""
    done = run("clean", "--json", *arguments)
    assert done.status == status, done.err
    (answer,) = done.answers
    answer["fates"] = {Path(one["workspace"] or one["folder"]).name: one["reason"] for one in answer["found"]}
    assert answer["removed"] == sum(one["removed"] for one in answer["found"])
    return answer


@pytest.fixture
def indexes(run_hunch: RunHunch, make_workspace: MakeWorkspace) -> dict[str, Path]:
    """Three indexed workspaces: one is there, one was deleted, one was on a drive that is not there any more."""
    names = ("there", "deleted", "drive")
    roots = {name: make_workspace(CODE, name) for name in names[:2]}
    (roots["there"].parent / "mnt").mkdir()
    roots["drive"] = make_workspace(CODE, "mnt/drive")
    for root in roots.values():
        assert run_hunch("index", root).status == 0
    caches = {name: run_hunch.index_folder(root) for name, root in roots.items()}
    shutil.rmtree(roots["deleted"])
    shutil.rmtree(roots["drive"].parent)
    return caches


def test_indexes_of_deleted_folders_go(run_hunch: RunHunch, indexes: dict[str, Path]) -> None:
    listed = run_hunch("clean")
    assert listed.status == 1 and "run hunch clean --yes" in listed.err
    lines = listed.out.splitlines()
    assert lines[0].startswith("remove ") and " MB  " in lines[0] and lines[0].endswith("(its folder is gone)")
    assert len([line for line in lines if line.startswith("keep ")]) == 2 and lines[-1].startswith("1 to remove, ")
    assert all(cache.is_dir() for cache in indexes.values()), "nothing was asked for yet"

    answer = cleaned(run_hunch, status=1)
    assert answer["fates"] == {"there": "present", "deleted": "deleted", "drive": "out_of_sight"}
    assert answer["bytes"] > 10_000 and answer["removed"] == 0
    assert cleaned(run_hunch, "--yes", status=0)["removed"] == 1
    assert [name for name, cache in indexes.items() if cache.exists()] == ["there", "drive"]
    done = run_hunch("clean", "--yes")
    assert done.status == 0 and done.out.splitlines()[-1] == "nothing to remove"
    assert (
        run_hunch("search", "fly kite", "--root", indexes["there"].parent.parent / "there", "--no-update").status == 0
    )


def test_all_but_what_is_in_use_goes_when_all_is_wanted(run_hunch: RunHunch, indexes: dict[str, Path]) -> None:
    holder = (
        "import sys, filelock; lock = filelock.FileLock(sys.argv[1]); lock.acquire(); "
        "print('held', flush=True); input()"
    )
    lock = indexes["there"] / "writer.lock"
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stdin is not None and process.stdout.readline() == b"held\n"
        answer = cleaned(run_hunch, "--all", "--yes", status=0)
        assert answer["fates"] == {"there": "in_use", "deleted": "all", "drive": "all"}
        assert [name for name, cache in indexes.items() if cache.exists()] == ["there"]
        process.stdin.close()
    assert cleaned(run_hunch, "--all", "--yes", status=0)["fates"] == {"there": "all"}
    assert list(run_hunch.cache.iterdir()) == []


def test_a_terminal_is_asked(run_hunch: RunHunch, indexes: dict[str, Path]) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows has no pseudo-terminals of this kind")
    import pty

    for answer, status in ((b"n\n", 1), (b"y\n", 0)):
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "hunch.cli", "clean"],
            env=run_hunch.environment(), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        shown = b""
        while b"[y/N]" not in shown:
            shown += os.read(ours, 4096)
        os.write(ours, answer)
        assert process.wait(60) == status
        os.close(ours)
        assert indexes["deleted"].exists() is (status == 1)


def test_what_killed_runs_have_left_goes_after_a_day(run_hunch: RunHunch, indexes: dict[str, Path]) -> None:
    older, old, young = (indexes["there"] / f"segment-00000{number}.tmp" for number in (7, 8, 9))
    older.mkdir()  # as earlier versions left them
    (older / "vectors.npy").write_bytes(bytes(5000))
    for file in (old, young):
        file.write_bytes(bytes(5000))
    two_days_ago = time.time() - 2 * 86_400
    for part in (older, old):
        os.utime(part, (two_days_ago, two_days_ago))
    found = [one for one in cleaned(run_hunch, "--yes", status=0)["found"] if one["reason"] == "leftover"]
    assert [(Path(one["folder"]).name, one["bytes"]) for one in found] == [(older.name, 5000), (old.name, 5000)]
    assert not older.exists() and not old.exists()
    assert young.exists() and (indexes["there"] / "index.db").exists()


def test_an_index_of_an_earlier_version_stays_until_it_is_used(run_hunch: RunHunch, indexes: dict[str, Path]) -> None:
    (indexes["deleted"] / "workspace").unlink()
    (indexes["there"] / "workspace").unlink()
    assert set(cleaned(run_hunch, "--yes", status=0)["fates"].values()) == {"unnamed", "out_of_sight"}
    assert run_hunch("index", indexes["there"].parent.parent / "there").status == 0
    assert cleaned(run_hunch, status=0)["fates"]["there"] == "present"


def test_folders_that_are_no_index_are_left_alone(
    run_hunch: RunHunch, indexes: dict[str, Path], tmp_path: Path
) -> None:
    """The place may be one that everybody uses."""
    (run_hunch.cache / "notes").mkdir()
    (run_hunch.cache / "photos-0123456789abcdef").mkdir()
    (run_hunch.cache / "file-0123456789abcdef").write_text("x")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "index.db").write_text("x")
    (run_hunch.cache / "link-0123456789abcdef").symlink_to(outside)
    (indexes["deleted"] / "workspace").write_text(f"0\n{tmp_path / 'nowhere'}")  # of which it is not the index
    before = sorted(path.name for path in run_hunch.cache.iterdir())
    cleaned(run_hunch, "--yes", status=0)
    assert sorted(path.name for path in run_hunch.cache.iterdir()) == before
    cleaned(run_hunch, "--all", "--yes", status=0)
    assert len(list(run_hunch.cache.iterdir())) == 4 and (outside / "index.db").exists()


@needs_posix
def test_an_empty_place_on_another_device_is_an_unmounted_drive(run_hunch: RunHunch, whole_seconds: Path) -> None:
    root = whole_seconds / "project"
    root.mkdir()
    (root / "a.py").write_text(CODE["a.py"])
    assert run_hunch("index", root).status == 0
    assert cleaned(run_hunch, status=0)["fates"] == {"project": "present"}
    subprocess.run(["umount", whole_seconds], check=True)
    try:
        assert cleaned(run_hunch, "--yes", status=0)["fates"] == {"project": "out_of_sight"}
    finally:
        subprocess.run(["mount", "-o", "loop", whole_seconds.with_name("image"), whole_seconds], check=True)


# ---- private ----


@needs_posix
def test_every_folder_that_is_made_is_private(run_hunch: RunHunch, make_workspace: MakeWorkspace) -> None:
    root = make_workspace(CODE)
    place = run_hunch.cache / "one" / "two"
    assert run_hunch("index", root, env={"HUNCH_CACHE_DIR": str(place)}).status == 0
    (cache,) = place.iterdir()
    assert {mode(folder) for folder in (run_hunch.cache, place.parent, place, cache)} == {0o700}
    assert mode(cache / "workspace") == 0o600
    cache.chmod(0o755)
    assert run_hunch("index", root, env={"HUNCH_CACHE_DIR": str(place)}).status == 0
    assert mode(cache) == 0o700


@needs_posix
def test_a_chosen_place_stays_as_it_is_and_the_usual_one_is_closed(
    run_hunch: RunHunch, make_workspace: MakeWorkspace, tmp_path: Path
) -> None:
    root = make_workspace(CODE)
    run_hunch.cache.mkdir()
    run_hunch.cache.chmod(0o1777)
    assert run_hunch("index", root).status == 0
    assert mode(run_hunch.cache) == 0o1777 and mode(run_hunch.index_folder(root)) == 0o700
    usual = tmp_path / "home/.cache/hunch"
    usual.mkdir(parents=True)
    usual.chmod(0o755)
    home = {"HUNCH_CACHE_DIR": "", "XDG_CACHE_HOME": str(usual.parent), "HOME": str(tmp_path / "home")}
    above = mode(usual.parent)
    assert run_hunch("index", root, env=home).status == 0
    if sys.platform == "linux":  # elsewhere the usual place is another one
        assert mode(usual) == 0o700 and mode(usual.parent) == above


@needs_posix
def test_a_folder_that_somebody_else_has_put_there_is_not_used(
    run_hunch: RunHunch, make_workspace: MakeWorkspace, tmp_path: Path
) -> None:
    root = make_workspace(CODE)
    assert run_hunch("index", root).status == 0
    cache = run_hunch.index_folder(root)
    kept = cache.with_name("kept")
    cache.rename(kept)
    cache.symlink_to(kept)
    done = run_hunch("search", "fly kite", "--root", root)
    assert done.status == 0 and "kept in memory only" in done.err
    before = sorted(kept.iterdir())
    if os.geteuid() == 0:
        cache.unlink()
        kept.rename(cache)
        os.chown(cache, 12345, 12345)
        done = run_hunch("index", root)
        assert done.status == 2 and "kept in memory only" in done.err
        assert len(list(cache.iterdir())) == len(before)
