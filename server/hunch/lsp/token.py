"""The secret that a client of a listening server has to know: every process of this machine can connect."""

from __future__ import annotations

import hmac
import os
import re
import secrets
from typing import NamedTuple

from hunch.settings import TOKEN_VARIABLE

_CHOSEN = re.compile(r"[A-Za-z0-9._~-]{16,512}")
"""What stands in a header and in the query of a URL as it is, and cannot be guessed quickly."""

_BEARER = re.compile(rb"bearer +(\S+)", re.IGNORECASE)


class TokenError(ValueError):
    """The token that the person chose is none; one line that says what to do."""


class Token(NamedTuple):
    """The secret of one server."""

    text: str
    is_chosen: bool
    """Whether the person gave it, who then need not be told."""

    def is_in(self, authorization: bytes | None) -> bool:
        """Whether the value of an ``Authorization`` header has it."""
        found = _BEARER.fullmatch(authorization) if authorization else None
        return found is not None and self.is_same(found[1])

    def is_same(self, other: bytes) -> bool:
        """Whether somebody else's token is this one; takes as long for one that is nearly right as for any."""
        return hmac.compare_digest(self.text.encode(), other)


def take_token() -> Token:
    """Return the token of the environment, which is taken out of there so that no child gets it, or else a new one.

    Raises:
        TokenError: what the environment has is no token.
    """
    chosen = os.environ.pop(TOKEN_VARIABLE, "")
    if not chosen:
        return Token(secrets.token_urlsafe(32), is_chosen=False)
    if not _CHOSEN.fullmatch(chosen):
        raise TokenError(f"{TOKEN_VARIABLE}: give 16 to 512 letters, digits, or - . _ ~, or leave it out for a new one")
    return Token(chosen, is_chosen=True)
