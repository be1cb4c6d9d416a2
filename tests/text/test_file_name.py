"""What files are called: by their stem, or by their folder."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunch.text.chunk import chunk_source
from hunch.text.file_name import called


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("parser.py", "parser"),
        ("Makefile", "Makefile"),
        (".zshrc", ".zshrc"),
        ("config/.eslintrc.js", ".eslintrc"),
        ("ui/MainWindow.Designer.vb", "MainWindow.Designer"),
        ("src/Order.Validation.cs", "Order.Validation"),
        ("cart.spec.tsx", "cart.spec"),
        ("cart.service.ts", "cart.service"),
        ("vendor/lodash.min.js", "lodash"),
        ("types/global.d.ts", "global"),
        ("styles/Button.module.scss", "Button"),
        ("views/show.html.erb", "show"),
        ("resources/views/login.blade.php", "login"),
        ("build.gradle.kts", "build"),
        ("jquery-3.7.1.js", "jquery-3.7.1"),
        ("crates/wire/src/frame/mod.rs", "frame"),
        ("crates/wire/src/lib.rs", "wire"),
        ("src/main.rs", "main"),
        ("cmd/migrate/main.go", "migrate"),
        ("main.go", "main"),
        ("internal/queue/doc.go", "queue"),
        ("web/components/Cart/index.tsx", "Cart"),
        ("packages/router/src/index.ts", "router"),
        ("index.js", "index"),
        ("shop/payments/__init__.py", "payments"),
        ("shop/__main__.py", "shop"),
        ("com/acme/billing/package-info.java", "billing"),
        ("pkgs/tools/jq/default.nix", "jq"),
        ("engine/audio/CMakeLists.txt", "audio"),
        ("CMakeLists.txt", "CMakeLists"),
        ("lua/telescope/init.lua", "telescope"),
        ("src/routes/users/[id]/+page.svelte", "id"),
        ("main.c", "main"),
        ("tools/main.py", "main"),
        (unicodedata.normalize("NFD", "Prüfung.java"), "Prüfung"),
        ("", ""),
    ],
)
def test_the_name_of_a_file(path: str, name: str) -> None:
    assert called(path) == name


def test_the_file_level_chunk_has_it() -> None:
    chunk = chunk_source("ledger/postings/__init__.py", "python", b'"""Postings of a ledger."""\n\nX = 1\n')[0]
    assert (chunk.kind, chunk.name, chunk.qualified_name) == ("file", "postings", "postings")


@given(st.text("ab./[]+é", max_size=30))
def test_every_file_has_a_name(path: str) -> None:
    assert called(path) or not path.rpartition("/")[2]
