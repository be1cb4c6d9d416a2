"""Scripts in pages and components: their definitions, at the lines of the outer file."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunch.text.chunk import Chunk, chunk_source
from hunch.text.embedded import scripts_of
from hunch.text.function import function_at
from hunch.text.languages import language_of
from hunch.text.languages._embedding import SCRIPTS
from hunch.text.source_text import SourceText

VUE = """\
<!-- Lets a customer pay. -->
<template>
  <form @submit.prevent="pay(total > 0)">
    <button :disabled="busy">Zahlen für {{ name }}</button>
  </form>
</template>

<script lang="ts">
import { post } from './net'

/** Sends the payment and waits for the answer. */
export async function pay(amount: number): Promise<void> {
  const größe = amount * 100
  await post('/pay', größe)
}
</script>

<script setup lang="ts" generic="Row extends Map<string, Cell[]>">
class Retry {
  after(milliseconds: number): void {
    setTimeout(this.again, milliseconds)
  }
}
</script>

<style lang="scss">
form { button { color: red; padding: 1rem; } }
</style>
"""

SVELTE = """\
<script context="module">
  export function preload(page) {
    return fetch(page.path)
  }
</script>
<script>
  let count = 0
  function increment() {
    count += 1
    return count
  }
</script>
<button on:click={increment}>
  Clicked {count} times
</button>
"""

ASTRO = """\
---
import Layout from '../layouts/Layout.astro'

async function latestPosts(limit: number) {
  const posts = await getCollection('blog')
  return posts.slice(0, limit)
}
---
<Layout title="Posts">
  <ul>{(await latestPosts(3)).map((post) => <li>{post.title}</li>)}</ul>
</Layout>
<script>
  function highlight(element: HTMLElement) {
    element.classList.add('current')
  }
</script>
"""

HTML = """\
<!DOCTYPE html>
<html>
<head>
<!-- <script>function hidden() { return 1 }</script> -->
<script src="a.js"></script>
<script type="application/json">{"function": "notCode() {}"}</script>
<SCRIPT TYPE='module'>
function drawChart(rows) {
  return rows.map(toBar)
}
</SCRIPT>
<script type="text/x-template"><p>function template() {}</p></script>
</head>
<body onload="drawChart(all)"><canvas id="chart" width="600"></canvas></body>
</html>
"""


def named(path: str, text: str) -> dict[str, Chunk]:
    language = language_of(path)
    assert language is not None
    chunks = chunk_source(path, language, text.encode())
    assert {chunk.language for chunk in chunks} == {language}
    return {chunk.qualified_name: chunk for chunk in chunks if chunk.kind not in {"block", "file"}}


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("shop/Payment.vue", VUE, {"pay": (11, 15), "Retry": (19, 19), "Retry.after": (20, 22)}),
        ("web/Counter.svelte", SVELTE, {"preload": (2, 4), "increment": (8, 11)}),
        ("pages/index.astro", ASTRO, {"latestPosts": (4, 7), "highlight": (13, 15)}),
        ("report.html", HTML, {"drawChart": (8, 10)}),
        ("report.htm", HTML.replace("\n", "\r\n"), {"drawChart": (8, 10)}),
    ],
)
def test_scripts_are_read_by_their_own_language(path: str, text: str, expected: dict[str, tuple[int, int]]) -> None:
    found = named(path, text)
    lines = {name: (chunk.start_line, chunk.end_line) for name, chunk in found.items()}
    assert lines == expected


def test_what_is_said_of_a_definition_is_cut_from_the_outer_file() -> None:
    pay = named("Payment.vue", VUE)["pay"]
    assert pay.documentation == "Sends the payment and waits for the answer."
    assert pay.signature == "export async function pay(amount: number): Promise<void>"
    assert "const größe = amount * 100" in pay.body
    function = function_at("Payment.vue", VUE.encode(), 13)
    assert function is not None and (function.name, function.start_line, function.room) == ("pay", 11, None)


def test_the_component_is_called_by_its_file_and_its_template_is_found_in_blocks() -> None:
    chunks = chunk_source("shop/Payment.vue", "vue", VUE.encode())
    assert (chunks[0].kind, chunks[0].name) == ("file", "Payment")
    assert chunks[0].documentation == "Lets a customer pay."
    assert "import { post } from './net'" in chunks[0].body
    blocks = [chunk.body for chunk in chunks if chunk.kind == "block"]
    assert any("Zahlen für {{ name }}" in body for body in blocks)
    assert any("color: red" in body for body in blocks)
    assert chunk_source("shop/Payment/index.vue", "vue", VUE.encode())[0].name == "Payment"


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("<script>", "javascript"),
        ('<script lang="ts">', "typescript"),
        ("<script lang=tsx>", "tsx"),
        ("<script setup lang='jsx'>", "javascript"),
        ('<script\n  type="text/javascript"\n  data-x="a > b">', "javascript"),
        ('<script type="text/markdown">', None),
        ('<script lang="coffee">', None),
        ("<scripted>", None),
        ("<script x='", None),
    ],
)
def test_the_language_of_a_script(tag: str, language: str | None) -> None:
    source = f"{tag}\nlet a = 1\n</script>\n".encode()
    found = scripts_of(source, SCRIPTS, "javascript", is_fenced=False)
    assert [script.language for script in found] == ([] if language is None else [language])
    assert all(source[script.start : script.end] == b"\nlet a = 1\n" for script in found)


def test_php_in_html_is_read_by_its_own_grammar() -> None:
    text = "<html>\n<body>\n<?php\nfunction cart_total($rows) {\n  return array_sum($rows);\n}\n?>\n</body>\n"
    chunk = named("cart.php", text)["cart_total"]
    assert (chunk.start_line, chunk.end_line) == (4, 6)


PIECES = st.sampled_from(
    [
        b"<script>",
        b"<script lang='ts'>",
        b"</script>",
        b"<!--",
        b"-->",
        b"---\n",
        b"\n---\n",
        b"function f() {\n\n\n}\n",
        b"<",
        b"\xff",
        b"\n",
    ]
)


@given(st.lists(PIECES, max_size=30).map(b"".join), st.sampled_from(["vue", "svelte", "astro", "html"]))
def test_no_file_raises(source: bytes, language: str) -> None:
    file = SourceText(f"a.{language}", language, source)
    scripts = scripts_of(file.source, SCRIPTS, "javascript", is_fenced=language == "astro")
    assert all(0 <= script.start <= script.end <= len(file.source) for script in scripts)
    assert all(one.end <= other.start for one, other in pairwise(scripts))
    for chunk in chunk_source(file.path, language, source):
        assert 1 <= chunk.start_line <= chunk.end_line <= len(file.lines)


@pytest.mark.parametrize(
    "piece", [b"<script ", b"<script>", b"<script x='", b"<!--", b"<script></script>", b"<script lang=ts>a</script>\n"]
)
def test_scripts_are_found_in_time_proportional_to_the_file(piece: bytes) -> None:
    began = time.process_time()
    scripts_of(piece * (1_000_000 // len(piece)), SCRIPTS, "javascript", is_fenced=True)
    assert time.process_time() - began < 20
