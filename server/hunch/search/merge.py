"""The answers of several workspace folders as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from hunch.search.search import Answer, Answerability, Hit

_BEST_FIRST = (Answerability.RELEVANT, Answerability.WEAK, Answerability.NONE)


def merge_answers(answers: Sequence[Answer], limit: int) -> Answer:
    """Return one answer with the best hits of all: scores are calibrated probabilities, so they compare across folders.

    A file that two folders hold, one inside the other, is named once, by the folder nearest to it.

    Args:
        answers: to the same query, at least one.
        limit: how many hits at most.
    """
    hits = sorted(chain.from_iterable(answer.hits for answer in answers), key=lambda hit: (-hit.score, len(hit.path)))
    nearest: dict[tuple[object, ...], Hit] = {}
    for hit in hits:
        place = (hit.root / hit.path, hit.record.start_line, hit.record.end_line, hit.record.kind)
        if place not in nearest or len(hit.path) < len(nearest[place].path):
            nearest[place] = hit
    kept = set(map(id, nearest.values()))
    return replace(
        answers[0],
        hits=[hit for hit in hits if id(hit) in kept][:limit],
        answerability=min((answer.answerability for answer in answers), key=_BEST_FIRST.index),
        elapsed_ms=sum(answer.elapsed_ms for answer in answers),
        complete=all(answer.complete for answer in answers),
        notices=list(dict.fromkeys(chain.from_iterable(answer.notices for answer in answers))),
    )
