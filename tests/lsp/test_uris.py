"""``file:`` URIs and paths, both ways, as the editors of three systems write them."""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunch.lsp.uris import join, path_of, relative, resolved, uri_of


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("file:///a/b.py", "/a/b.py"),
        ("file:///a/b%20c.py", "/a/b c.py"),
        ("file:///a/%C3%A4%20%F0%9D%84%9E.py", "/a/ä 𝄞.py"),
        ("file:///a/ä.py", "/a/ä.py"),
        ("file:///a/%23x%3Fy%25.py", "/a/#x?y%.py"),
        ("file:///a/b;c.py", "/a/b;c.py"),
        ("file:///a/b.py#L3", "/a/b.py"),
        ("file:///a/b.py?x=1", "/a/b.py"),
        ("file:///a/", "/a"),
        ("file:///", "/"),
        ("file:/a/b", "/a/b"),
        ("FILE:///a", "/a"),
        ("file://localhost/a", "/a"),
        ("file:///a/%FF", "/a/\udcff"),
        ("file://host/share/a", None),
        ("file:///a%00b", None),
        ("file:a/b", None),
        ("file:", None),
        ("untitled:Untitled-1", None),
        ("vscode-notebook-cell:/a/b.ipynb#x", None),
        ("https://example.org/a", None),
        ("git:/a/b.py?ref", None),
        ("/a/b", None),
        ("", None),
    ],
)
def test_paths_of_uris(uri: str, expected: str | None) -> None:
    assert path_of(uri, windows=False) == expected


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("file:///c%3A/a/b.py", "C:/a/b.py"),
        ("file:///C:/a/b.py", "C:/a/b.py"),
        ("file:///c:/", "C:/"),
        ("file://server/share/a.py", "//server/share/a.py"),
        ("file:///a/b.py", None),
    ],
)
def test_paths_of_uris_on_windows(uri: str, expected: str | None) -> None:
    assert path_of(uri, windows=True) == expected


@pytest.mark.parametrize(
    ("path", "windows", "expected"),
    [
        ("/a/b c#?%.py", False, "file:///a/b%20c%23%3F%25.py"),
        ("/a/\udcff", False, "file:///a/%FF"),
        ("C:/a/b.py", True, "file:///c%3A/a/b.py"),
        ("//server/share/a.py", True, "file://server/share/a.py"),
    ],
)
def test_uris_of_paths(path: str, windows: bool, expected: str) -> None:
    assert uri_of(path, windows=windows) == expected
    assert path_of(expected, windows=windows) == path


@given(st.lists(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=8), min_size=1, max_size=4))
def test_every_path_comes_back(parts: list[str]) -> None:
    path = "/" + "/".join(part.encode("utf-8", "replace").decode() for part in parts)
    assert path_of(uri_of(path, windows=False), windows=False) == path


@pytest.mark.parametrize(
    ("path", "folder", "expected"),
    [
        ("/a/b/c.py", "/a/b", "c.py"),
        ("/a/b/c/d.py", "/a/b", "c/d.py"),
        ("/a/b", "/a/b", ""),
        ("/a/b", "/", "a/b"),
        ("/a/bc", "/a/b", None),
        ("/a", "/a/b", None),
        ("/a/b/../../etc/passwd", "/a/b", None),
        ("/a/b/./c", "/a/b", None),
        ("/a/b//c", "/a/b", None),
    ],
)
def test_relative(path: str, folder: str, expected: str | None) -> None:
    assert relative(path, folder) == expected


def test_joined_uris_begin_as_the_client_wrote_its_folder() -> None:
    assert join("file:///c%3A/My%20Code", "a b/c.py") == "file:///c%3A/My%20Code/a%20b/c.py"
    assert join("file:///", "a") == "file:///a"


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "inner")
    assert resolved(f"{tmp_path}/link/new.py") == f"{tmp_path.resolve()}/inner/new.py"
    assert resolved(f"{tmp_path}/inner/../x") == f"{tmp_path.resolve()}/x"


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS finds both forms itself")
def test_a_path_is_spelt_as_the_disk_spells_it(tmp_path: Path) -> None:
    folder = tmp_path.resolve() / unicodedata.normalize("NFD", "Prüfung")
    folder.mkdir()
    file = folder / unicodedata.normalize("NFD", "Größe.py")
    file.touch()
    asked = unicodedata.normalize("NFC", str(file))
    assert resolved(asked) == resolved(str(file)) == str(file)
    assert resolved(f"{asked}/../new é.py") == f"{folder}/new é.py"
    assert resolved(unicodedata.normalize("NFC", f"{folder}/neu/ä.py")) == f"{folder}/neu/ä.py"
    both = folder / unicodedata.normalize("NFC", "Größe.py")
    both.touch()
    assert resolved(str(both)) == str(both) != str(file)
    assert resolved("/" + "é/" * 3_000) == "/" + "é/" * 2_999 + "é"
