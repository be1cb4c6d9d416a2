"""Finished hits: all that any surface shows of a hit, made once. Terminal, language server and JSON only print it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hunch.index.records import ChunkRecord
from hunch.model.encoder import Encoder
from hunch.search.deduplicate import NearDuplicate
from hunch.search.highlights import Highlight, RelatedTerm, find_highlights, related_terms
from hunch.search.phrases import MEANINGS, Statement, answerability, in_words, statements
from hunch.search.rank import Reason
from hunch.search.search import Answer, Answerability, Hit
from hunch.search.snippet import SNIPPET_LINES, read_snippet, unsaved_snippet
from hunch.text.unicode_form import composed

Overlay = Callable[[Hit], str | None]
"""The unsaved text of the file of a hit; None where there is none"""

_COMMENTS = ("#", "//", "/*", "*", "--", ";", '"')


@dataclass(frozen=True, slots=True)
class FinishedHit:
    """One place in the workspace with everything that is shown of it."""

    title: str
    """One line that names it to a person"""
    root: Path
    path: str
    """Posix, relative to the root"""
    language: str
    kind: str
    name: str
    """Of the definition alone; empty without one"""
    qualified_name: str
    start_line: int
    end_line: int
    """Counted from 1, the last one included"""
    name_line: int
    """The line with the name, where a person wants to land; the first one without a name"""
    signature: str
    documentation: str
    score: float
    """Calibrated probability that it is what was asked for"""
    lines: tuple[str, ...]
    """The first lines of the code, without their ends; none when the file is gone"""
    highlights: tuple[Highlight, ...]
    """In these lines"""
    related: tuple[RelatedTerm, ...]
    """Words of the code that are close in meaning to one of the query, closest first"""
    why: tuple[Reason, ...]
    """All features that made the score, greatest effect first; the one of meaning has the related terms"""
    reasons: tuple[Statement, ...]
    """Those that carried it most, in words"""
    near_duplicates: tuple[NearDuplicate, ...]
    """The same definition in other files"""

    @property
    def snippet(self) -> str:
        """The first lines of the code."""
        return "\n".join(self.lines)

    @property
    def shown_name(self) -> str:
        """The name with what it is in; empty without one."""
        return self.qualified_name or self.name

    @property
    def found_by(self) -> str:
        """The reasons on one line; empty when there are none."""
        return in_words(self.reasons)


@dataclass(frozen=True, slots=True)
class FinishedAnswer:
    """What a search found, ready to be shown."""

    query: str
    hits: list[FinishedHit]
    answerability: Answerability
    label: str
    """What is said above the hits about how sure the answer is; empty above a good one"""
    elapsed_ms: float
    """Of the search, without what it took to finish the hits"""
    complete: bool
    notices: list[str]


def present(
    answer: Answer, encoder: Encoder | None, overlay: Overlay = lambda hit: None, *, most_lines: int = SNIPPET_LINES
) -> FinishedAnswer:
    """Return an answer with finished hits. Each file is read once.

    Args:
        answer: what was found.
        encoder: finds related terms; None finds words with the same stem alone.
        overlay: the unsaved text of a hit's file.
        most_lines: of a hit's code.
    """
    texts = [snippet_lines(hit, overlay, most_lines) for hit in answer.hits]
    highlights = find_highlights(texts, answer.query, encoder)
    return FinishedAnswer(
        query=answer.query,
        hits=[_finish(*parts) for parts in zip(answer.hits, texts, highlights, strict=True)],
        answerability=answer.answerability,
        label=answerability(answer.answerability, has_hits=bool(answer.hits)),
        elapsed_ms=answer.elapsed_ms,
        complete=answer.complete,
        notices=answer.notices,
    )


def title_of(hit: Hit) -> str:
    """Return one line that names a hit to a person."""
    name = hit.record.qualified_name or hit.record.name
    return f"{name} - {hit.path}:{hit.record.start_line}" if name else f"{hit.path}:{hit.record.start_line}"


def snippet_lines(hit: Hit, overlay: Overlay = lambda hit: None, most: int = SNIPPET_LINES) -> list[str]:
    """Return the first lines of a hit as the editor has them, else as the disk has them."""
    record, unsaved = hit.record, overlay(hit)
    if unsaved is None:
        return read_snippet(hit.root, hit.path, record.start_line, record.end_line, most)
    return unsaved_snippet(unsaved, record.start_line, record.end_line, most)


def name_row(lines: Sequence[str], record: ChunkRecord) -> int:
    """Return which line of a chunk, counted from its first, has its name: nobody wants to land on the comment above."""
    head = record.signature.split("\n")[0].partition("(")[0].strip()
    lines = [composed(line) for line in lines]
    for wanted in (head, record.name):
        for row, line in enumerate(lines):
            if wanted and wanted in line and (wanted is head or not line.lstrip().startswith(_COMMENTS)):
                return row
    return 0


def why_of(hit: FinishedHit) -> list[dict[str, object]]:
    """Return the features of a hit as JSON says them; ``signal`` is the name of ``feature`` before 0.2."""
    return [
        {"feature": one.feature, "signal": one.feature, "weight": one.weight, "terms": list(one.terms)}
        for one in hit.why
    ]


def _finish(hit: Hit, lines: Sequence[str], highlights: Sequence[Highlight]) -> FinishedHit:
    record = hit.record
    related = related_terms(highlights)
    pairs = tuple([f"{asked} \u2248 {found}" for asked, found, _ in related])
    features = {reason.feature for reason in hit.why}
    meaning = next((name for name in MEANINGS if name in features), "")
    why = tuple([reason._replace(terms=pairs) if reason.feature == meaning else reason for reason in hit.why])
    return FinishedHit(
        title=title_of(hit),
        root=hit.root,
        path=hit.path,
        language=hit.language,
        kind=record.kind,
        name=record.name,
        qualified_name=record.qualified_name,
        start_line=record.start_line,
        end_line=record.end_line,
        name_line=record.start_line + name_row(lines, record),
        signature=record.signature,
        documentation=record.documentation,
        score=hit.score,
        lines=tuple(lines),
        highlights=tuple(highlights),
        related=related,
        why=why,
        reasons=statements(why),
        near_duplicates=hit.near_duplicates,
    )
