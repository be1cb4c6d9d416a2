"""Help where code is read: what is known of a function under the cursor, and the actions that are offered for it."""

from __future__ import annotations

import re
from typing import Any

from lsprotocol import types

from hunch.lsp import uris
from hunch.lsp.client import Client
from hunch.lsp.folders import Location, text_on_disk
from hunch.lsp.initialize import DOCUMENT_KIND, SIMILAR_KIND
from hunch.lsp.positions import line_at
from hunch.lsp.recent import RecentHits
from hunch.lsp.searching import Found, span_of
from hunch.lsp.standard import ActionParams, PositionParams
from hunch.lsp.summarising import GENERATED, read_function
from hunch.lsp.view import SessionView
from hunch.model.bundle import BundleError
from hunch.model.summariser import LEAST_CONFIDENCE
from hunch.search.present import FinishedHit
from hunch.text.chunk import Chunk
from hunch.text.unicode_form import composed

CHOICES = 5
"""Hits that a person is asked to choose from."""

_SENTENCE = re.compile(r"(.+?[.!?])(?:\s|$)", re.DOTALL)
_LONGEST_SENTENCE = 300


async def hover(session: SessionView, params: PositionParams) -> types.Hover | None:
    """Say what a function is, on the line of its name.

    When the client was given it as a hit lately, and, where the person wants that, when nobody has documented it.
    """
    places = session.locations(params.uri)
    if not places:
        return None
    chunk = await session.in_background(_chunk_at_name, places[0], params.position.line)
    if chunk is None:
        return None
    hit = session.recent.get((_identity(places[0]), chunk.kind, chunk.qualified_name))
    sentence = await _generated(session, places[0], params)
    if hit is None and sentence is None:
        return None
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, hover_text(chunk, hit, sentence)))


async def _generated(session: SessionView, place: Location, params: PositionParams) -> str | None:
    """Return a generated sentence about a function that has no documentation, if the person wants such sentences."""
    if not session.settings.generated_summaries:
        return None
    text = session.text_of(params.uri)
    function = await session.in_background(read_function, place, text, params.position.line)
    if function is None or function.documentation:
        return None
    try:
        summariser = await session.summariser()
    except BundleError:
        return None
    summary = await session.in_search(summariser.summarise, function.code)
    return summary.text if summary and summary.confidence >= LEAST_CONFIDENCE else None


def remember(recent: RecentHits, found: Found) -> None:
    """Keep the hits that the client is given, for hover."""
    for hit, folder in reversed(list(zip(found.answer.hits, found.folders, strict=True))):
        if hit.name:
            recent.add((f"{folder.real}/{hit.path}", hit.kind, hit.qualified_name), hit)


def hover_text(chunk: Chunk, hit: FinishedHit | None, generated: str | None = None) -> str:
    """Return markdown: kind, name and place, the first sentence of the documentation, and why it was found."""
    lines = [f"**{chunk.kind}** {_code(chunk.qualified_name or chunk.name)} - {_plain(chunk.path)}:{chunk.start_line}"]
    if sentence := first_sentence(chunk.documentation):
        lines.append(_plain(sentence))
    elif generated:
        lines.append(f"*{GENERATED}* {_plain(generated)}")
    if hit and hit.found_by:
        lines.append(f"Found by {_plain(hit.found_by)}")
    return "\n\n".join(lines)


def first_sentence(documentation: str) -> str:
    """Return the first sentence of a documentation on one line."""
    paragraph = documentation.strip().partition("\n\n")[0]
    text = " ".join(paragraph.split())
    match = _SENTENCE.match(text)
    sentence = match[1] if match else text
    return sentence if len(sentence) <= _LONGEST_SENTENCE else sentence[:_LONGEST_SENTENCE].rstrip() + "..."


async def code_actions(session: SessionView, params: ActionParams) -> list[Any]:
    """Offer to find code like the one at a place, and to document a function that nobody has.

    Not at every place that the cursor comes by, where an editor would show a light bulb: only for what is selected.
    """
    if params.automatic and params.span.start.line == params.span.end.line:
        return []
    places = session.locations(params.uri)
    if not places:
        return []
    document = {"uri": params.uri}
    actions = []
    if _is_wanted(SIMILAR_KIND, params.only):
        span = types.Range(types.Position(*params.span.start), types.Position(*params.span.end))
        argument = {"textDocument": document, "range": span, "show": True}
        actions.append((SIMILAR_KIND, types.Command("Find similar code", "hunch.similar", arguments=[argument])))
    can_document = session.settings.generated_summaries and session.capabilities.applies_edits
    if can_document and _is_wanted(DOCUMENT_KIND, params.only):
        text, line = session.text_of(params.uri), params.span.start.line
        function = await session.in_background(read_function, places[0], text, line)
        if function is not None and function.room is not None:
            place = {"textDocument": document, "position": types.Position(*params.span.start)}
            command = types.Command("Insert generated documentation", "hunch.document", arguments=[place])
            actions.append((DOCUMENT_KIND, command))
    if not session.capabilities.code_action_literals:
        return [command for _, command in actions]
    return [types.CodeAction(title=command.title, kind=kind, command=command) for kind, command in actions]


def _is_wanted(kind: str, only: tuple[str, ...]) -> bool:
    return not only or any(kind == one or kind.startswith(f"{one}.") for one in only)


async def offer_hits(client: Client, found: Found) -> None:
    """Ask the person which of the best hits to open, and open it where the client can."""
    best = list(zip(found.answer.hits, found.folders, strict=True))[:CHOICES]
    if not best:
        client.tell("window/showMessage", {"type": 3, "message": "There is no similar code"})
        return
    titles = [hit.title for hit, _ in best]
    answer = await client.ask(
        "window/showMessageRequest",
        {"type": 3, "message": "Similar code", "actions": [{"title": title} for title in titles]},
    )
    title = answer.get("title") if isinstance(answer, dict) else None
    if title not in titles or not client.capabilities.shows_documents:
        return
    hit, folder = best[titles.index(title)]
    start = span_of(hit)["start"]
    await client.ask(
        "window/showDocument",
        {
            "uri": uris.join(folder.uri, hit.path),
            "takeFocus": True,
            "selection": {"start": start, "end": start},
        },
    )


def _chunk_at_name(place: Location, line: int) -> Chunk | None:
    """Return the named definition whose head is at a line, counted from 0: its first line to the one with its name."""
    chunk = place.live.chunk_at(place.path, line + 1)
    if chunk is None or not chunk.name or chunk.piece > 1:
        return None
    if chunk.start_line == line + 1:
        return chunk
    text = place.live.unsaved(place.path) or text_on_disk(place) or ""
    rows = [row for row in range(chunk.start_line - 1, line + 1) if chunk.name in composed(line_at(text, row) or "")]
    return chunk if rows[:1] == [line] else None


def _identity(place: Location) -> str:
    return f"{place.folder.real}/{place.path}"


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}"


def _plain(text: str) -> str:
    """Return a text so that markdown shows it as it is."""
    return re.sub(r"([\\`*{}\[\]<>#|~!&]|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", text)
