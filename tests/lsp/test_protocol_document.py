"""docs/protocol.md, the server's types and readers, the client's types, and real answers say the same."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Callable, Mapping
from dataclasses import fields as fields_of
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from hunch.clean import Fate
from hunch.index.store import IndexState
from hunch.live.status import Phase
from hunch.lsp import messages, protocol
from hunch.lsp.fields import ParamsError
from hunch.lsp.handlers import own_routes
from hunch.lsp.initialize import COMMANDS
from hunch.lsp.params import read_folder, read_search, read_similar
from hunch.lsp.settings import DEFAULTS, Settings, read_settings
from hunch.lsp.standard import read_position_params
from hunch.text.chunk import KINDS

if TYPE_CHECKING:
    from conftest import RunHunch
    from lsp.conftest import Talk

    Shop = tuple[Talk, Path]

PROJECT = Path(__file__).parents[2]
DOCUMENT = (PROJECT / "docs/protocol.md").read_text(encoding="utf-8")
OLD_SETTINGS = {"readInContext"}
"""Settings that have another name now"""
CLIENT = (PROJECT / "editor-client/src/protocol.ts").read_text(encoding="utf-8")

Table = Mapping[str, str]
"""Types by field; a field that may be missing ends with a question mark."""


def read_tables(text: str) -> dict[str, Table]:
    """Read the tables under headings of level four."""
    found: dict[str, Table] = {}
    for name, body in re.findall(r"^#### `(\w+)`\n\n\|.*\n\| ---.*\n((?:\|.*\n)+)", text, re.MULTILINE):
        rows = re.findall(r"^\| `(\w+\??)` \| `([^`]+)` \|", body, re.MULTILINE)
        assert len(rows) == body.count("\n"), f"a row of {name} has another form"
        assert len(dict(rows)) == len(rows), f"{name} names a field twice"
        found[name] = {field: kind.replace("\\|", "|") for field, kind in rows}
    return found


def read_choices(text: str) -> dict[str, list[str]]:
    """Read the lists of literals, by name."""
    listed = re.findall(r"^- `(\w+)`: ((?:.|\n  )+)", text, re.MULTILINE)
    return {name: re.findall(r'`"(\w+)"`', values) for name, values in listed}


TABLES, CHOICES = read_tables(DOCUMENT), read_choices(DOCUMENT)
METHODS = re.findall(r"^### `(hunch/\w+)`$", DOCUMENT, re.MULTILINE)
PARAMS: Mapping[str, Callable[[object], object]] = {
    "SearchParams": read_search, "SimilarParams": read_similar, "PlaceParams": read_position_params,
    "FolderParams": read_folder,
}  # fmt: skip


def problems(value: object, kind: str, at: str = "") -> list[str]:
    """Return where a value is not of a documented type."""
    if "|" in kind:
        tried = [problems(value, one.strip(), at) for one in kind.split("|")]
        return min(tried, key=len)
    if kind.endswith("[]"):
        if not isinstance(value, list):
            return [f"{at} is no list"]
        return [one for index, item in enumerate(value) for one in problems(item, kind[:-2], f"{at}[{index}]")]
    if kind in CHOICES:
        return [] if value in CHOICES[kind] else [f"{at} is {value!r}"]
    if kind in TABLES:
        return _problems_of_object(value, TABLES[kind], at)
    types_of: dict[str, tuple[type, ...]] = {
        "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "null": (type(None),),
        "object": (dict,),
    }  # fmt: skip
    fits = isinstance(value, types_of[kind]) and (kind == "boolean" or not isinstance(value, bool))
    return [] if fits else [f"{at} is {value!r}, not {kind}"]


def _problems_of_object(value: object, table: Table, at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at} is no object"]
    found = [f"{at}.{name} is not documented" for name in value if name not in table and f"{name}?" not in table]
    for field, kind in table.items():
        name = field.rstrip("?")
        if name in value and not (field.endswith("?") and value[name] is None):
            found += problems(value[name], kind, f"{at}.{name}")
        elif not field.endswith("?"):
            found.append(f"{at}.{name} is missing")
    return found


def documented(value: Any, kind: str) -> Any:
    """Return a value that has to be of a documented type."""
    assert problems(value, kind) == []
    return value


# ---- the page itself ----


def test_every_type_that_is_named_is_described() -> None:
    basic = {"string", "integer", "number", "boolean", "null", "object"}
    used = {
        one.strip().removesuffix("[]")
        for table in TABLES.values()
        for kind in table.values()
        for one in kind.split("|")
    }
    assert used - basic == (used - basic) & ({*TABLES, *CHOICES})
    assert len(TABLES) > 25


def test_every_method_is_described(table_of_methods: set[str]) -> None:
    assert set(METHODS) == {*table_of_methods, "hunch/statusChanged"}
    assert {method.replace("/", ".") for method in table_of_methods} == set(COMMANDS)


@pytest.fixture
def table_of_methods() -> set[str]:
    class Nothing:
        recent = client = None

    session: Any = Nothing()
    return set(own_routes(session))


def test_every_error_is_described() -> None:
    rows = re.findall(r"^\| (-\d+) \| `(\w+)` \|", DOCUMENT, re.MULTILINE)
    known = {name: value for name, value in vars(messages).items() if name.isupper() and isinstance(value, int)}
    assert {name: int(code) for code, name in rows} == known


def test_choices_are_those_of_the_code() -> None:
    assert CHOICES["Kind"] == list(get_args(protocol.Kind))
    assert set(CHOICES["Kind"]) == set(KINDS)
    assert CHOICES["Phase"] == list(get_args(protocol.Phase)) == [phase.value for phase in Phase]
    assert CHOICES["Answerability"] == list(get_args(protocol.Answerability))
    assert all(f"`{state.name.lower()}`" in DOCUMENT for state in IndexState)
    assert all(f"`{fate.name.lower()}`" in DOCUMENT for fate in Fate)


# ---- types ----


def in_words(hint: Any) -> str:
    """Return a type of Python in the words of the page."""
    names = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
    for alias in ("Kind", "Answerability", "Phase"):
        if hint == getattr(protocol, alias):
            return alias
    if get_origin(hint) is list:
        return in_words(get_args(hint)[0]) + "[]"
    if get_origin(hint) in (Union, types.UnionType):
        return " | ".join(map(in_words, get_args(hint)))
    assert get_origin(hint) is not Literal
    return names.get(hint) or str(hint.__name__)


def test_results_are_typed_as_they_are_described() -> None:
    typed = {name: one for name, one in vars(protocol).items() if isinstance(one, type) and hasattr(one, "__total__")}
    assert len(typed) > 10
    for name, one in typed.items():
        assert {field: in_words(hint) for field, hint in get_type_hints(one).items()} == TABLES[name], name


LATER = {("Hit", "reasons"), ("Hit", "highlights"), ("Hit", "nearDuplicates"), ("Answer", "label")}
"""Fields that the client finds missing in answers that it has stored."""

FORMER = {("Hit", "copies"), ("Hit", "why")}
"""Fields that the client does not look at."""


def test_the_client_types_what_is_described() -> None:
    interfaces = dict(re.findall(r"^export interface (\w+) \{\n(.*?)^\}", CLIENT, re.MULTILINE | re.DOTALL))
    assert {"Answer", "Hit", "SearchParams", "SimilarParams", "PlaceParams", "ServerStatus", "FolderStatus"} <= set(
        interfaces
    )
    for name, body in interfaces.items():
        rows = re.findall(r"^  readonly (\w+)(\??): (.+);$", body, re.MULTILINE)
        theirs = {field + mark: _in_words_of_the_page(kind) for field, mark, kind in rows}
        ours = {
            field + "?" if (name, field) in LATER and f"{field}?" in theirs else field: kind.replace(
                "integer", "number"
            )
            for field, kind in TABLES[name].items()
            if (name, field) not in FORMER or field in theirs
        }
        assert theirs == ours, name


def _in_words_of_the_page(kind: str) -> str:
    kind = kind.replace("readonly ", "").replace("{ uri: string }", "TextDocument")
    return "string" if re.fullmatch(r'("\w*"( \| )?)+', kind) else kind


# ---- what is read ----

SAMPLES: dict[str, Any] = {
    "string": "file:///a.py", "integer": 7, "boolean": True, "string[]": ["a"],
    "TextDocument": {"uri": "file:///a.py"}, "Position": {"line": 1, "character": 2},
    "Range": {"start": {"line": 1, "character": 2}, "end": {"line": 3, "character": 4}},
}  # fmt: skip


class Watched(dict[str, Any]):
    """An object that notes which of its fields are looked at."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        super().__init__(fields)
        self.seen: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.seen.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.seen.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.seen.add(str(key))
        return super().__contains__(key)


@pytest.mark.parametrize("name", PARAMS)
def test_parameters_are_read_as_they_are_described(name: str) -> None:
    read, table = PARAMS[name], TABLES[name]
    whole = {field.rstrip("?"): SAMPLES[kind] for field, kind in table.items()}
    seen: set[str] = set()
    for leave_out in (None, "range"):  # which stands before a position
        sample = Watched({field: value for field, value in whole.items() if field != leave_out})
        read(sample)
        seen |= sample.seen
    assert seen == set(whole)
    for field in table:
        without = {name: value for name, value in whole.items() if name != field.rstrip("?")}
        if field.endswith("?"):
            read(without)
        else:
            with pytest.raises(ParamsError, match=rf"^{field}: missing"):
                read(without)
        wrong = {**whole, field.rstrip("?"): 1.5}
        if field == "position?":
            del wrong["range"]
        with pytest.raises(ParamsError, match=rf"^{field.rstrip('?')}\b"):
            read(wrong)


def test_settings_are_described_with_their_defaults() -> None:
    section = DOCUMENT.partition("## Settings")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| `([^`]+)` \|", section, re.MULTILINE)
    assert len(rows) == len(fields_of(Settings)) + len(OLD_SETTINGS)
    package = json.loads((PROJECT / "editor-client/package.json").read_text(encoding="utf-8"))
    of_client = package["contributes"]["configuration"]["properties"]
    for name, kind, default in rows:
        value = json.loads(default)
        assert problems(value, kind, name) == []
        assert read_settings({name: value}) == (DEFAULTS, [])
        assert len(read_settings({name: "wrong"})[1]) == 1
        if f"hunch.{name}" in of_client and name not in OLD_SETTINGS:
            assert of_client[f"hunch.{name}"]["default"] == value


# ---- what is answered ----


def test_a_real_server_answers_as_it_is_described(shop: Shop) -> None:
    talk, root = shop
    place = talk.at((root / "src/auth.py").as_uri(), 8)
    answered = {
        "hunch/search": ({"query": "check a password against its stored hash"}, "Answer"),
        "hunch/similar": (place, "Answer"),
        "hunch/status": (None, "ServerStatus"),
        "hunch/summarize": (place, "Summary | null"),
        "hunch/pause": ({"folder": root.as_uri()}, "null"),
        "hunch/cancel": (None, "null"),
        "hunch/resume": (None, "null"),
    }
    for method, (params, kind) in answered.items():
        result = documented(talk.ask(method, params), kind)
        if kind == "Answer":
            assert result["hits"] and result["hits"][0]["why"] and result["hits"][0]["reasons"]
    assert talk.search("check a password")["hits"][0]["highlights"]
    told = [message["params"] for message in talk.seen if message.get("method") == "hunch/statusChanged"]
    assert documented(told, "ServerStatus[]")[-1]["folders"]
    assert talk.ask("hunch/summarize", place) is not None
    talk.wait_until_indexed()


def test_near_duplicates_are_as_they_are_described(
    opened: Callable[..., Talk], make_workspace: Callable[..., Path]
) -> None:
    body = 'def fly_kite(wind):\n    """Let the kite rise into the wind."""\n    return wind.lift()\n'
    root = make_workspace({"a.py": body, "b.py": body})
    answer = documented(opened(root).search("let the kite rise into the wind"), "Answer")
    assert answer["hits"][0]["nearDuplicates"]


def test_real_commands_print_as_it_is_described(indexed_shop: tuple[RunHunch, Path], tmp_path: Path) -> None:
    run, root = indexed_shop
    queries = tmp_path / "queries.txt"
    queries.write_text("check a password against its stored hash\nlang:klingon x\n")
    printed = {
        "SearchOutput": ("search", "check a password against its stored hash"),
        "SummaryOutput": ("summarize", "src/auth.py:8"),
        "StatusOutput": ("status",),
        "EvalOutput": ("eval", "--queries", "5"),
        "CleanOutput": ("clean",),
    }
    outputs = {kind: run(*arguments, "--json", cwd=root).answers[0] for kind, arguments in printed.items()}
    for kind, output in outputs.items():
        documented(output, kind)
    assert outputs["SearchOutput"]["hits"][0]["highlights"] and outputs["CleanOutput"]["found"]
    for row in outputs["EvalOutput"]["rows"].values():
        documented(row, "EvalRow")
    documented(run("similar", "src/auth.py:8", "--json", cwd=root).answers[0], "SearchOutput")
    several = run("search", "--queries", queries, "--json", cwd=root).answers
    assert [problems(one, kind) for one, kind in zip(several, ("SearchOutput", "QueryProblem"), strict=True)] == [
        [],
        [],
    ]


def test_a_change_of_an_answer_is_noticed() -> None:
    good = {"start": {"line": 1, "character": 2}, "end": {"line": 1, "character": 2}}
    assert problems(good, "Range") == []
    assert problems({**good, "more": 1}, "Range") == [".more is not documented"]
    assert problems({"start": good["start"]}, "Range") == [".end is missing"]
    assert problems({**good, "end": {"line": True, "character": "2"}}, "Range") == [
        ".end.line is True, not integer", ".end.character is '2', not integer",
    ]  # fmt: skip
