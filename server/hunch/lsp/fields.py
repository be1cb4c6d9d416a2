"""The fields of JSON objects, read with exact types. Pure.

Nothing is converted: ``true`` is no number and a number is no text. What is wrong is told with the field's name.
"""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")
_NOTHING: Any = object()


class ParamsError(ValueError):
    """Parameters that cannot be used; the message is one line that names the field."""


class Fields:
    """The fields of one JSON object, each read with its type."""

    def __init__(self, raw: object, name: str = "params") -> None:
        """Take an object; ``name`` is what messages call it."""
        if not isinstance(raw, dict):
            raise ParamsError(f"{name}: expected an object, got {_kind(raw)}")
        self._raw: dict[str, Any] = raw
        self._prefix = "" if name == "params" else f"{name}."

    def text(self, name: str, default: str = _NOTHING) -> str:
        """Return a text."""
        return self._get(name, str, "text", default)

    def flag(self, name: str, default: bool = _NOTHING) -> bool:
        """Return true or false."""
        return self._get(name, bool, "true or false", default)

    def whole(self, name: str, default: int = _NOTHING, *, least: int = 0, most: int = 2**31 - 1) -> int:
        """Return a whole number within limits."""
        value = self._get(name, int, "a whole number", default)
        if value is not default and not least <= value <= most:
            raise ParamsError(f"{self._prefix}{name}: {value} is not from {least} to {most}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; none when the field is missing."""
        values = self.items(name)
        for index, value in enumerate(values):
            if not isinstance(value, str):
                raise ParamsError(f"{self._prefix}{name}[{index}]: expected text, got {_kind(value)}")
        return tuple(values)

    def items(self, name: str) -> list[Any]:
        """Return a list of anything; an empty one when the field is missing or null."""
        value = self._raw.get(name)
        if value is not None and not isinstance(value, list):
            raise ParamsError(f"{self._prefix}{name}: expected a list, got {_kind(value)}")
        return value or []

    def objects(self, name: str) -> list[Fields]:
        """Return a list of objects; an empty one when the field is missing or null."""
        return [Fields(value, f"{self._prefix}{name}[{index}]") for index, value in enumerate(self.items(name))]

    def inner(self, name: str) -> Fields:
        """Return an object that must be there."""
        if name not in self._raw:
            raise ParamsError(f"{self._prefix}{name}: missing")
        return Fields(self._raw[name], self._prefix + name)

    def optional(self, name: str) -> str | None:
        """Return a text, None when it is missing or null."""
        return None if self._raw.get(name) is None else self.text(name)

    def has(self, name: str) -> bool:
        """Whether a field is there and not null."""
        return self._raw.get(name) is not None

    def at(self, *names: str) -> Any:
        """Return what stands at a path of fields, of any type; None when there is nothing."""
        value: Any = self._raw
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def _get(self, name: str, kind: type[T], what: str, default: Any) -> T:
        value = self._raw.get(name, _NOTHING)
        if value is None and default is not _NOTHING:
            value = default
        if value is _NOTHING:
            if default is _NOTHING:
                raise ParamsError(f"{self._prefix}{name}: missing")
            value = default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ParamsError(f"{self._prefix}{name}: expected {what}, got {_kind(value)}")
        return value


def _kind(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)
