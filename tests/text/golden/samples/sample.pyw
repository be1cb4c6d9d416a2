# Copyright 2020 Somebody. All rights reserved.
# Licensed under the MIT license.
"""Storage of sorted things."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import (
    Any,
)

DEFAULT_ORDER = ["name", "date"]
LIMIT = 3


@register("list")
class SortedList(list):
    """A list that stays sorted."""

    reverse: bool = False
    key: Callable[[Any], Any] | None = None

    def __init__(self, items=()):
        """Create a sorted list."""
        super().__init__(sorted(items))

    @property
    def smallest(self):
        # the first one
        return self[0]

    add_all = list.extend

    class Cursor:
        def move(self):
            return 1


# Reads a file and sorts its lines.
# Blank lines are skipped.
async def read_sorted(
    path: str,
    *,
    reverse: bool = False,
) -> list[str]:
    def strip(line):
        return line.strip()

    return sorted(map(strip, open(path)), reverse=reverse)


if os.name == "nt":

    def separator() -> str:
        return "\\"
else:

    def separator() -> str:
        return "/"


if __name__ == "__main__":
    print(read_sorted("a.txt"))
