"""The text of a JSON file that may hold anything -> its content. Pure."""

from __future__ import annotations

import json
from typing import Any


def read_json(text: str) -> Any:
    """Return what a text says.

    Raises:
        ValueError: it is no JSON, or is nested more deeply than can be read.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("JSON that is nested too deeply") from None
