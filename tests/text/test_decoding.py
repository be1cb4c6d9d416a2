"""Files in every encoding that people still have: marked, declared, guessed, and those that are in none."""

from __future__ import annotations

import codecs
import random
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hunch.engine import ask, open_engine, update
from hunch.search.present import present
from hunch.settings import CACHE_VARIABLE, MODEL_VARIABLE
from hunch.text.decoding import as_utf8, is_marked
from hunch.text.source_text import SourceText
from hunch.workspace.scan import Skip, source_of


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
@pytest.mark.parametrize("order", ["le", "be"])
def test_a_byte_order_mark_decides(encoding: str, order: str) -> None:
    text = "const größe = '語';\r\n"
    data = f"\ufeff{text}".encode(f"{encoding}-{order}")
    assert is_marked(data)
    assert as_utf8(data) == text.encode()
    assert source_of(data, "a.ts") == text.encode()


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("koi8-r", "# -*- coding: koi8-r -*-\nx = 'ы'\n"),
        ("cp1251", "#!/usr/bin/ruby\n# encoding: Windows-1251\nputs 'да'\n"),
        ("latin-1", "# vim: set fileencoding=latin1 :\ns = 'ø'\n"),
        ("iso8859-15", '<?xml version="1.0" encoding="ISO-8859-15"?>\n<a>€</a>\n'),
        ("iso8859-7", "<html>\n<head>\n<meta charset='iso-8859-7'>\n<title>ώ</title>\n"),
        ("cp1255", '<meta http-equiv="Content-Type" content="text/html; charset=windows-1255">\n<b>ש</b>\n'),
        ("euc_jp", "# coding: euc-jp-unix\nx = '値'\n"),
        ("cp932", '@charset "Shift_JIS";\n.a { content: "～①" }\n'),  # NEC's characters, which Shift-JIS lacks
        ("iso2022_jp", "# coding: iso-2022-jp\nx = '合計'\n"),
        ("cp1252", "<?php declare(encoding='ISO-8859-1');\n$s = '“';\n"),  # as browsers read Latin-1
    ],
)
def test_what_a_file_declares_is_believed(encoding: str, text: str) -> None:
    assert as_utf8(text.encode(encoding)) == text.encode()


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp932", "// 在庫の数量を確認する\nint zaiko(void);\n"),
        ("cp932", 'puts("読み込みに失敗しました");\n'),
        ("euc_jp", "/* 入力された文字列を検査する */\nint kensa(char *s);\n"),
        ("gbk", "// 把订单写入数据库\nvoid save();\n"),
        ("big5", "// 將訂單寫入資料庫\nvoid save();\n"),
        ("cp949", "// 주문을 데이터베이스에 저장한다\nvoid save();\n"),
        ("cp1251", "{ Сохраняет заказ в базе данных }\nprocedure Save;\n"),
        ("koi8-r", "# Проверяет подпись сообщения\nverify();\n"),
        ("latin-1", "' Lädt die geänderten Aufträge für den Käufer\n"),
        ("latin-1", "// Enregistre la commande passée par l'élève\n"),
        ("latin-1", "/* (c) 1999 Søren Kjærgård */\nint main(void) { return 0; }\n"),
        ("latin-1", "// El tamaño máximo de la petición, ¿en años?\n"),
        ("cp1250", "// Uloží objednávku do databáze, když ještě není zaplacená\n"),
        ("cp1253", "// Αποθηκεύει την παραγγελία\n"),
        ("cp1254", "// Siparişi veritabanına yazar, ödeme yapılmadıysa uyarır\n"),
    ],
)
def test_the_rest_is_guessed(encoding: str, text: str) -> None:
    assert as_utf8(text.encode(encoding)) == text.encode()
    among_code = "int code(int a) { return a; }\n" * 400
    assert as_utf8((among_code + text + among_code).encode(encoding)) == (among_code + text + among_code).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"x = 1\n",
        "s = 'é 日本 🙂'\n".encode(),
        codecs.BOM_UTF8 + "s = 'é'\n".encode(),
        "# coding: latin-1\ns = 'é'\n".encode(),  # a wrong declaration
        "s = 'größer ärger'\n".encode() + b"t = '\xe9'\n",
        b"echo '\x1b[31mred\x1b[0m'\n",
        b"\x1b(B plain\n",
        b"",
    ],
)
def test_utf_8_stays_as_it_is(data: bytes) -> None:
    assert as_utf8(data) is data


@pytest.mark.parametrize(
    "declared",
    ["idna", "punycode", "unicode_escape", "base64", "rot13", "utf-16", "undefined", "os.path", "utf-8"],
)
def test_a_declaration_that_makes_no_text_is_passed_over(declared: str) -> None:
    text = f"# coding: {declared}\n# größere Änderung für später\n"
    assert as_utf8(text.encode("latin-1")) == text.encode()


def test_what_is_in_no_encoding_is_left_out_with_its_reason() -> None:
    noise = random.Random(7).randbytes(40_000).translate(None, bytes(set(range(32)) - {10}))
    assert as_utf8(noise) is None
    assert source_of(noise, "a.c") == Skip("unknown encoding")
    assert source_of(codecs.BOM_UTF16_LE + b"\x00\xd8\x00", "a.c") == Skip("binary")


@given(st.binary(max_size=300))
@example(b"\xff\xfe\x00\x00a")
@example(b"# coding: " + b"a" * 300 + b"\xe9")
@example(b"\x1b$B\xff")
def test_no_bytes_raise(data: bytes) -> None:
    found = as_utf8(data)
    assert found is None or found is data or found.decode()
    SourceText("a.py", "python", found or data)


def test_the_time_is_that_of_the_length() -> None:
    for data in (b"<meta " * 200_000 + b"\xe9", b"\x81" * 900_000, b"# coding: idna\n" + b"\xe9." * 400_000):
        began = time.process_time()
        as_utf8(data)
        assert time.process_time() - began < 10


FILES = {
    "zaiko.c": (
        "cp932",
        "/* 倉庫 */\n\n/* 在庫の数量を確認して、足りなければ注文する */\n"
        "int kakunin(int suryo)\n{\n    return suryo > 0;\n}\n",
    ),
    "order.pas": (
        "cp1251",
        "{ Заказы }\nprogram Zakaz;\n\n{ Пересчитывает сумму заказа со скидкой }\n"
        "procedure Recount(id: integer);\nbegin\n  writeln('Сумма');\nend;\n",
    ),
    "rechnung.java": (
        "latin-1",
        "package a;\n\n/** Prüft, ob die Rechnung überfällig ist. */\nclass Prüfung {\n"
        "  boolean überfällig(int tage) {\n    return tage > 30;\n  }\n}\n",
    ),
    "wide.py": ("utf-32", "\n\ndef länge(wörter):\n    return sum(map(len, wörter))\n"),
}


@pytest.mark.parametrize(
    ("query", "path", "first", "line"),
    [
        ("在庫の数量", "zaiko.c", "/* 在庫の数量を確認して、足りなければ注文する */", 3),
        ("сумма заказа со скидкой", "order.pas", "{ Пересчитывает сумму заказа со скидкой }", 4),
        ("überfällig", "rechnung.java", "  boolean überfällig(int tage) {", 5),
        ("länge wörter", "wide.py", "def länge(wörter):", 3),
    ],
)
def test_lines_columns_and_snippets_are_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: str, path: str, first: str, line: int
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)
    root = tmp_path / "root"
    root.mkdir()
    for name, (encoding, text) in FILES.items():
        (root / name).write_bytes(text.replace("\n", "\r\n").encode(encoding))
    engine = open_engine(root)
    update(engine, workers=1)
    hit = present(ask(engine, query), engine.encoder).hits[0]
    assert hit.path == path
    at = hit.lines.index(first)
    assert hit.start_line + at == line
    marked = {hit.lines[one.line][one.start : one.end].lower() for one in hit.highlights if one.is_exact}
    assert marked & set(query.split()) or "数" in marked
