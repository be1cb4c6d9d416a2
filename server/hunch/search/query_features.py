"""Query features: whether a query is a name, a few words or a sentence, a question, a wish for a change."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from hunch.search.query import Query
from hunch.text.terms import STOP_WORDS

QUERY_FEATURES = (
    "one word", "word count", "terms", "question", "change", "stop words", "code words", "names a language",
    "names a kind", "error",
)  # fmt: skip
"""Their names, in order"""

_QUESTION = frozenset("how what where which why when who does do can is are".split())
_CHANGE = frozenset(
    """
    fix fixes fixed add adds added remove removes removed allow support handle use avoid improve update change make
    ensure prevent rename move drop don't refactor implement correct
    """.split()
)
"""First words of a wish for a change, and of what is said of one"""
_CODE = re.compile(r"_|::|\(\)|`|[^\W\d_A-Z][A-Z]|[A-Z]{2}[a-z]{2}|[^\W\d_]\.[^\W\d_]{2}")
"""Names as code has them: no acronyms, no numbers of versions"""
_ERROR = re.compile(
    r"[A-Z]\w*(Error|Exception|Warning)\b"
    r"|(?i:\b(traceback|panic:|segfault|stack trace|errno|exit code|failed to|cannot|can't)(?!\w))"
)
"""What messages of errors hold"""


def query_features_of(query: Query) -> NDArray[np.float32]:
    """Return a query's features, float32 [QUERY_FEATURES], 0 to 1 each; beyond 16 words all queries are as long."""
    words = query.text.split()
    plain = [word.strip("?.,:;()").lower() for word in words]
    count = max(1, len(words))
    return np.array(
        [
            count == 1,
            min(1.0, np.log2(count) / 4),
            min(1.0, len(query.terms) / 16),
            bool(plain) and (plain[0] in _QUESTION or query.text.endswith("?")),
            bool(plain) and plain[0] in _CHANGE,
            sum(word in STOP_WORDS for word in plain) / count,
            sum(_CODE.search(word) is not None for word in words) / count,
            bool(query.named_languages),
            bool(query.named_kinds),
            _ERROR.search(query.text) is not None,
        ],
        np.float32,
    )
