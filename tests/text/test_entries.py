"""Configuration by entry: which keys are entries, how they are called, and what is data."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hunch.text.chunk import Chunk, chunk_source
from hunch.text.entries import MOST_ENTRIES
from hunch.text.languages import LANGUAGES, language_of

CONFIGURATION = sorted(name for name, language in LANGUAGES.items() if language.content == "config")


def chunks(path: str, text: str) -> list[Chunk]:
    return chunk_source(path, language_of(path) or "", text.encode())


def entries(path: str, text: str) -> list[tuple[str, str, int, int]]:
    return [
        (one.name, one.qualified_name, one.start_line, one.end_line)
        for one in chunks(path, text)
        if one.kind == "entry"
    ]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            ".github/workflows/nightly.yml",
            "name: nightly\non:\n  schedule:\n    - cron: x\njobs:\n  # Checks links.\n  links:\n"
            "    runs-on: u\n    steps:\n"
            "    - run: |\n        jobs:\n          fake: 1\n  publish:\n    needs: links\n",
            [("on", "on", 2, 4), ("links", "jobs.links", 6, 12), ("publish", "jobs.publish", 13, 14)],
        ),
        (
            "compose.yaml",
            "services:\n    web:\n        image: a\n    cache: {image: b}\nvolumes:\n    data:\n",
            [("web", "services.web", 2, 3), ("cache", "services.cache", 4, 4), ("data", "volumes.data", 6, 6)],
        ),
        (
            "deploy.yaml",
            "kind: Deployment\napiVersion: apps/v1\nmetadata:\n  name: mailer\n---\napiVersion: v1\nkind: Service\n"
            "metadata:\n  name: mail\n",
            [("Deployment.mailer", "Deployment.mailer", 1, 4), ("Service.mail", "Service.mail", 6, 9)],
        ),
        (
            "openapi.yml",
            "openapi: 3.1.0\npaths:\n  /carts/{id}:\n    get:\n      summary: a\n    delete:\n      summary: b\n"
            "components:\n  schemas:\n    Cart:\n      type: object\n",
            [
                ("GET /carts/{id}", "paths./carts/{id}.get", 4, 5),
                ("DELETE /carts/{id}", "paths./carts/{id}.delete", 6, 7),
                ("Cart", "components.schemas.Cart", 10, 11),
            ],
        ),
        (
            "site.yml",
            "- name: Harden the shell\n  hosts: all\n- hosts: db\n  become: true\n",
            [("Harden the shell", "Harden the shell", 1, 2), ("db", "db", 3, 4)],
        ),
        (
            "app.toml",
            'top = 1\n# What is listened to.\n[server.http]\nport = 80\ntext = """\n[no.table]\n'
            '"""\n[[worker]]\nname = "mail"\n',
            [("http", "server.http", 2, 7), ("mail", "worker.mail", 8, 9)],
        ),
        (
            "package.json",
            '{\n  "name": "x",\n  "scripts": {\n    "lint": "a {",\n    "docs": "b"\n  },\n'
            '  "engines": {\n    "node": "1"\n  }\n}\n',
            [("lint", "scripts.lint", 4, 4), ("docs", "scripts.docs", 5, 5), ("engines", "engines", 7, 9)],
        ),
        (
            "tsconfig.jsonc",
            "{\n  // How strict it is\n  compilerOptions: {\n    /* { */ 'strict': true,\n  },\n}\n",
            [("compilerOptions", "compilerOptions", 2, 5)],
        ),
        (
            "setup.cfg",
            "[metadata]\nname = x\n\n[options.extras]\ny =\n    z\n",
            [("metadata", "metadata", 1, 2), ("options.extras", "options.extras", 4, 6)],
        ),
        (
            ".env.example",
            "A=1\n# Where mail goes\nexport SMTP_HOST=localhost\n",
            [("SMTP_HOST", "SMTP_HOST", 2, 3)],
        ),
        (
            "pom.xml",
            "<project>\n  <dependencies>\n    <dependency>\n      <groupId>g</groupId>\n"
            "      <artifactId>slf4j</artifactId>\n"
            "    </dependency>\n  </dependencies>\n  <!-- How it is made -->\n  <build>\n"
            "    <plugins>\n      <plugin>\n"
            "        <artifactId>shade</artifactId>\n      </plugin>\n    </plugins>\n  </build>\n</project>\n",
            [("slf4j", "dependencies.slf4j", 3, 6), ("shade", "build.plugins.shade", 11, 13)],
        ),
        (
            "App.fsproj",
            '<Project>\n  <ItemGroup>\n    <Compile Include="A.fs" />\n  </ItemGroup>\n</Project>\n',
            [("A.fs", "ItemGroup.A.fs", 3, 3)],
        ),
    ],
)
def test_entries_have_their_dotted_path_and_their_lines(
    path: str, text: str, expected: list[tuple[str, str, int, int]]
) -> None:
    assert entries(path, text) == expected


def test_an_entry_has_the_comment_above_it_and_its_text() -> None:
    (found,) = [one for one in chunks("a.yml", "x: 1\n# Who may come in.\naccess:\n  - admin\n") if one.kind == "entry"]
    assert (found.documentation, found.signature, found.body) == ("Who may come in.", "access:", "  - admin")


def test_single_lines_stay_together_and_are_members() -> None:
    found = chunks("a.properties", "mail.host=a\nmail.port=25\nmail.user=b\n")
    assert [(one.kind, one.start_line, one.end_line) for one in found] == [("file", 1, 3), ("block", 1, 3)]


@pytest.mark.parametrize("path", ["words.json", "words.yaml"])
def test_of_a_table_of_data_only_a_summary_is_kept(path: str) -> None:
    text = "".join(f'"key{number}":\n  {{"a": 1,\n   "b": 2}},\n' for number in range(MOST_ENTRIES + 1))
    text = f"{{\n{text}}}\n" if path.endswith("json") else text.replace("{", "x:\n   {")
    (whole,) = chunks(path, text)
    assert whole.kind == "file"
    assert f"data: {MOST_ENTRIES + 1} entries" in whole.documentation and "key3" in whole.documentation


@pytest.mark.parametrize("language", CONFIGURATION)
@pytest.mark.parametrize(
    "unit",
    [
        "a:\n ",
        "{",
        '"',
        "[",
        "/*",
        "<a",
        "<!--",
        "a: b: ",
        "- ",
        '{"a":',
        "[a]\n",
        "a=\n",
        "'",
        '\\"',
        "\n",
        "</a>",
        "---\n",
    ],
)
def test_hostile_configuration_takes_time_in_proportion(language: str, unit: str) -> None:
    def seconds(size: int) -> float:
        source = (unit * (size // len(unit) + 1))[:size].encode()
        began = time.process_time()
        chunk_source("a", language, source)
        return time.process_time() - began

    assert seconds(200_000) < 20 * seconds(25_000) + 0.3


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(CONFIGURATION),
    st.lists(
        st.sampled_from(
            [
                "a:",
                "  b: 1",
                "- c",
                "[t]",
                "{",
                "}",
                '"k": {',
                "]",
                "<x>",
                "</x>",
                "<y n='1'/>",
                "#",
                "",
                "\xff",
                "---",
                "k = '''",
            ]
        )
    ),
)
def test_any_lines_are_read_with_places_in_the_file(language: str, lines: list[str]) -> None:
    source = "\n".join(lines).encode("latin-1")
    last = source.count(b"\n") + 1
    found = chunk_source("x", language, source)
    assert all(1 <= one.start_line <= one.end_line <= last for one in found)
    assert bool(found) == bool(source.strip())
