"""What happens to a workspace while people work in it, at random: typing, saving, git, folders, other tools."""

from __future__ import annotations

import ast
import contextlib
import random
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.lsp_client import SUPERSEDED, LspClient, position_at
from benchmarks.lsp_workspace import git, made_up_name
from benchmarks.soak_repository import code_files, code_folders, new_function, text_of

_MOST_OPEN = 12
_PROBE_SECONDS = 10.0
_ASTRAL = ("😀", "𝒳", "𐐷 = 1\n", "# 𝄞 clef\n", "x = '👩‍👩‍👧'\n", "é", "幅", "\u2028", "\f")
_IGNORED = ("node_modules/pack/index.js", "generated/made.py", "build/lib/out.py", ".venv/lib/site.py", "trace.log")
_PATTERNS = ("test_*\n", "*.js\n", "docs/\n", "/utils/\n", "*_moved/\n", "!conf\n", "[a-c]*.py\n", "**/locale\n")


class Workplace:
    """One person's editor on a repository, and whatever else changes its files. Use it from one thread."""

    def __init__(self, client: LspClient, states: list[str], choice: random.Random, outside: Path) -> None:
        """Take a repository that a server is on.

        Args:
            client: the editor's side of the server; its root is the repository.
            states: branches to check out.
            choice: what decides.
            outside: a folder on the same disk that is not in the workspace.
        """
        self.violations: list[str] = []
        self.journal: list[str] = []
        """What was done to files and folders, when, and with which."""
        self.done: Counter[str] = Counter()
        self.found_after: dict[str, list[float]] = {}
        """Seconds until a change was found or gone, by the kind of change."""
        self._client = client
        self._root = client.root
        self._states = states
        self._choice = choice
        self._outside = outside
        self._open: dict[str, str] = {}
        self._versions: Counter[str] = Counter()
        self._files = code_files(self._root)
        self._actions: dict[Callable[[], None], int] = {
            self._open_one: 8,
            self._type: 60,
            self._save: 14,
            self._close: 6,
            self._edit_outside: 10,
            self._rewrite_twice: 3,
            self._touch: 2,
            self._delete_and_recreate: 4,
            self._delete: 2,
            self._add: 4,
            self._write_odd: 2,
            self._write_ignored: 4,
            self._edit_ignore_file: 1,
            self._rename_folder: 2,
            self._move_in: 1,
            self._swap_file_and_folder: 1,
            self._link: 1,
            self._check_out: 1,
            self._probe: 4,
        }

    def step(self) -> None:
        """Do one thing. What the file system refuses because of earlier things is not done."""
        if self._choice.random() < 0.05:
            self._files = code_files(self._root)
        (action,) = self._choice.choices(list(self._actions), list(self._actions.values()))
        with contextlib.suppress(OSError, subprocess.CalledProcessError, shutil.Error):
            action()
            self.done[action.__name__.strip("_")] += 1

    def finish(self) -> None:
        """Save or close everything that is open."""
        for path in list(self._open):
            if self._choice.random() < 0.5:
                with contextlib.suppress(OSError):
                    self._save_as(path, self._open[path])
            self._close_document(path)

    # ---- in the editor ----

    def _open_one(self) -> None:
        path = self._some_file()
        text = None if path in self._open else text_of(self._root / path)
        if text is None:
            return
        if len(self._open) >= _MOST_OPEN:
            self._close_document(self._choice.choice(list(self._open)))
        self._open[path] = text
        self._versions[path] = 1
        self._client.open(path, text)

    def _type(self) -> None:
        if not self._open:
            self._open_one()
            return
        path = self._choice.choice(list(self._open))
        for _ in range(self._choice.choice([1, 1, 1, 5])):
            self._edit(path)

    def _edit(self, path: str) -> None:
        text = self._open[path]
        self._versions[path] += 1
        kind = self._choice.random()
        if kind < 0.02:
            # All of the text at once, as some editors send it.
            new = text[: self._some_place(text)] + text[self._some_place(text) :]
            self._open[path] = new
            self._send(path, [{"text": new}])
        elif kind < 0.1:
            self._edit_in_two(path, text)
        else:
            start, end, new = self._some_edit(path, text)
            self._open[path] = self._client.change(path, self._versions[path], text, start, end, new)

    def _edit_in_two(self, path: str, text: str) -> None:
        """Send two changes in one notification; the second is in terms of the text after the first."""
        changes: list[dict[str, Any]] = []
        for _ in range(2):
            start, end, new = self._some_edit(path, text)
            span = {"start": position_at(text, start), "end": position_at(text, end)}
            changes.append({"range": span, "text": new})
            text = text[:start] + new + text[end:]
        self._open[path] = text
        self._send(path, changes)

    def _send(self, path: str, changes: list[dict[str, Any]]) -> None:
        document = {"uri": self._client.uri(path), "version": self._versions[path]}
        self._client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def _some_edit(self, path: str, text: str) -> tuple[int, int, str]:
        start = self._some_place(text)
        kind = self._choice.random()
        if kind < 0.35:
            return start, start, new_function(made_up_name(self._choice), self._choice, path)
        if kind < 0.6:
            return start, start, self._choice.choice(_ASTRAL)
        if kind < 0.8:
            return start, self._not_inside_line_end(text, min(len(text), start + self._choice.randrange(80))), ""
        if kind < 0.85:
            return start, start, "\r\n"
        return start, self._not_inside_line_end(text, min(len(text), start + self._choice.randrange(30))), "value"

    def _save(self) -> None:
        if self._open:
            path = self._choice.choice(list(self._open))
            self._save_as(path, self._open[path])

    def _save_as(self, path: str, text: str) -> None:
        (self._root / path).parent.mkdir(parents=True, exist_ok=True)
        self._write(path, text.encode("utf-8"))
        self._client.saved(path)
        self._note(f"saved {path}")

    def _close(self) -> None:
        if self._open:
            self._close_document(self._choice.choice(list(self._open)))

    def _close_document(self, path: str) -> None:
        self._note(f"close {path}")
        del self._open[path]
        self._client.close(path)

    # ---- other tools ----

    def _edit_outside(self) -> None:
        path = self._some_file()
        text = text_of(self._root / path)
        if text is not None:
            start, end, new = self._some_edit(path, text)
            self._write(path, (text[:start] + new + text[end:]).encode("utf-8"))

    def _rewrite_twice(self) -> None:
        """Write two texts of one size within the same tick of the file system's clock, or nearly so."""
        path = self._some_file()
        text = text_of(self._root / path)
        if text is not None:
            name = made_up_name(self._choice)
            first, second = (f"{text}\n\ndef {one}(a):\n    return a\n".encode() for one in (name, name[::-1]))
            (self._root / path).write_bytes(first)
            self._note(f"write twice {path}")
            time.sleep(self._choice.choice([0, 0, 0.002, 0.06, 0.2]))
            (self._root / path).write_bytes(second)

    def _touch(self) -> None:
        (self._root / self._some_file()).touch()

    def _delete_and_recreate(self) -> None:
        file = self._root / self._some_file()
        source = file.read_bytes()
        self._note(f"delete and recreate {file.relative_to(self._root)}")
        file.unlink()
        time.sleep(self._choice.choice([0, 0.001, 0.03, 0.2]))
        file.write_bytes(source if self._choice.random() < 0.5 else source + b"\n")

    def _delete(self) -> None:
        path = self._some_file()
        self._note(f"delete {path}")
        (self._root / path).unlink()

    def _add(self) -> None:
        path = f"{self._some_folder()}/added_{self._choice.randrange(20)}.py"
        (self._root / path).parent.mkdir(parents=True, exist_ok=True)
        functions = (new_function(made_up_name(self._choice), self._choice) for _ in range(3))
        self._write(path, "".join(functions).encode())

    def _write_odd(self) -> None:
        """Write what is no code any more: nothing, binary, far too much, or text in another encoding."""
        odd = [
            b"",
            b"\0\1\2" * 100,
            b"x = 1\n" * 200_000,
            "größe = 1\n".encode("latin-1"),
            "a = '幅'\n".encode("utf-16"),
        ]
        self._write(self._some_file(), self._choice.choice(odd))

    def _write_ignored(self) -> None:
        folder = self._choice.choice(["", f"{self._some_folder()}/"])
        path = f"{folder}{self._choice.choice(_IGNORED)}"
        (self._root / path).parent.mkdir(parents=True, exist_ok=True)
        self._write(path, new_function(made_up_name(self._choice), self._choice, path).encode())

    def _edit_ignore_file(self) -> None:
        folder = self._choice.choice(["", "", f"{self._some_folder()}/"])
        path = f"{folder}{self._choice.choice(['.gitignore', '.gitignore', '.ignore', '.hunchignore'])}"
        if (self._root / path).exists() and self._choice.random() < 0.6:
            self._note(f"delete {path}")
            (self._root / path).unlink()
        else:
            self._write(path, b"generated/\n" + "".join(self._choice.sample(_PATTERNS, 2)).encode())

    def _rename_folder(self) -> None:
        folder = self._some_folder()
        target = folder.removesuffix("_renamed") if folder.endswith("_renamed") else f"{folder}_renamed"
        if (self._root / target).exists():
            return
        if self._choice.random() < 0.7:  # as an editor does it; else its documents stay open under the old name
            for path in [path for path in self._open if path.startswith(f"{folder}/")]:
                self._close_document(path)
        self._note(f"rename {folder} to {target}")
        (self._root / folder).rename(self._root / target)
        self._files = code_files(self._root)

    def _move_in(self) -> None:
        """Move a folder in from elsewhere, or one of ours out."""
        name = f"moved_in_{self._choice.randrange(3)}"
        self._note(f"move {name} in or out")
        if (self._root / name).exists():
            away = self._outside / f"{name}_{perf_counter()}"
            (self._root / name).rename(away)
            shutil.rmtree(away)
        else:
            fresh = self._outside / name
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.copytree(self._root / self._some_folder(), fresh, symlinks=True)
            fresh.rename(self._root / name)

    def _swap_file_and_folder(self) -> None:
        path = self._some_file()
        if path in self._open:
            return
        file = self._root / path
        source = file.read_bytes()
        self._note(f"make {path} a folder")
        file.unlink()
        file.mkdir()
        (file / "inner.py").write_bytes(source)
        if self._choice.random() < 0.5:
            time.sleep(self._choice.choice([0, 0.1]))
            shutil.rmtree(file)
            file.write_bytes(source)

    def _link(self) -> None:
        link = self._root / f"link_{self._choice.randrange(3)}.py"
        self._note(f"link {link.name}")
        if link.is_symlink() or link.exists():
            link.unlink()
        if self._choice.random() < 0.7:
            link.symlink_to(self._choice.choice([self._some_file(), self._some_folder(), "/etc", str(self._outside)]))

    def _check_out(self) -> None:
        state = self._choice.choice(self._states)
        self._note(f"checkout {state}")
        git(self._root, "checkout", "--quiet", "--force", state)
        if self._choice.random() < 0.5:
            self._note("clean")
            git(self._root, "clean", "--force", "-d", "--quiet")
        self._files = code_files(self._root)

    # ---- looking ----

    def _probe(self) -> None:
        """Type a function among odd signs into a file of its own, and look for it as it comes and goes."""
        path, name = f"probes/probe_{self._choice.randrange(3)}.py", made_up_name(self._choice)
        (self._root / "probes").mkdir(exist_ok=True)
        text = text_of(self._root / path) or ""
        if not _is_python(text):  # by another edit; then the name below may be in a block of lines
            text = ""
        self._open[path], self._versions[path] = text, 1
        self._client.open(path, text)
        for _ in range(self._choice.randrange(12)):
            place = self._some_place(self._open[path])
            odd = self._choice.choice(_ASTRAL).strip("\n")
            self._replace(path, place, place, odd)
            self._replace(path, place, place + len(odd), "")
            if self._choice.random() < 0.3:
                self._replace(path, 0, 0, f"# {odd}\r\n")
        end = len(self._open[path])
        self._replace(path, end, end, f"\n\ndef {name}(width):\n    return '😀', width\n")
        self._wait_for("typed", path, name, there=True)
        if self._choice.random() < 0.5:
            (self._root / "probes").mkdir(exist_ok=True)
            self._save_as(path, self._open[path])
            self._close_document(path)
            self._wait_for("saved and closed", path, name, there=True)
            if len(text) > 5_000:
                (self._root / path).unlink()
                self._wait_for("deleted", path, name, there=False)
        else:
            self._close_document(path)
            self._wait_for("closed unsaved", path, name, there=False)

    def _replace(self, path: str, start: int, end: int, new: str) -> None:
        self._versions[path] += 1
        self._open[path] = self._client.change(path, self._versions[path], self._open[path], start, end, new)

    def _wait_for(self, kind: str, path: str, name: str, *, there: bool) -> None:
        began = perf_counter()
        while perf_counter() - began < _PROBE_SECONDS:
            answer = self._client.request("hunch/search", {"query": name})
            if answer.error is None:
                hits = [hit for hit in answer.result["hits"] if hit["name"] == name and hit["path"] == path]
                if bool(hits) == there:
                    self.found_after.setdefault(kind, []).append(perf_counter() - began)
                    if hits and path in self._open:
                        self._check_place(hits[0])
                    return
            elif answer.code != SUPERSEDED:
                self.violations.append(f"a search was answered with {answer.error}")
            time.sleep(0.005)
        self.violations.append(
            f"{kind}: {path} {'is not found' if there else 'is still found'} after {_PROBE_SECONDS} s"
        )

    def _check_place(self, hit: dict[str, Any]) -> None:
        text = self._open[hit["path"]]
        place = position_at(text, text.rindex(f"def {hit['name']}"))
        line = hit["range"]["start"]["line"]
        if line != place["line"] or not hit["snippet"].startswith(f"def {hit['name']}(width):"):
            self.violations.append(f"{hit['path']}: line {line} with {hit['snippet']!r} and not line {place['line']}")

    # ---- choices ----

    def _note(self, what: str) -> None:
        self.journal.append(f"{time.strftime('%H:%M:%S')}.{time.time() % 1 * 1000:03.0f} {what}")

    def _write(self, path: str, source: bytes) -> None:
        """Write a file, in place or as careful programs do it: beside it, then into its place."""
        file = self._root / path
        self._note(f"write {path} {source if 'ignore' in path else len(source)!r}")
        if self._choice.random() < 0.5:
            file.write_bytes(source)
            return
        beside = file.with_name(self._choice.choice([f".{file.name}.tmp", f"{file.name}~", f"4913{file.name}"]))
        beside.write_bytes(source)
        beside.replace(file)

    def _some_file(self) -> str:
        return self._choice.choice(self._files)

    def _some_folder(self) -> str:
        return self._choice.choice(code_folders(self._files))

    def _some_place(self, text: str) -> int:
        return self._not_inside_line_end(text, self._choice.randrange(len(text) + 1))

    def _not_inside_line_end(self, text: str, place: int) -> int:
        return place - 1 if text[place - 1 : place + 1] == "\r\n" else place


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True
