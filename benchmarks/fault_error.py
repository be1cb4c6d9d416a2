"""What the programs that strike say when something was not come through."""

from __future__ import annotations


class WrongError(Exception):
    """A fault was not come through, and how."""

    def __init__(self, what: str, kind: str = "before the fault") -> None:
        """Say what was wrong, and after which kind of fault."""
        super().__init__(what)
        self.kind = kind
