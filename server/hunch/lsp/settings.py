"""What a user can set in the editor, section ``hunch``, read and checked. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

SECTION = "hunch"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force."""

    cpu_share: float = 0.5
    """Of all cores, for indexing."""
    pause_on_battery: bool = False
    contextual_embeddings: bool = True
    """Whether contextual embeddings are computed while nothing else is to be done; never on a battery."""
    scan_interval: float = 300.0
    """Seconds between scans of a whole folder, the net under lost events."""
    similar_hints: bool = False
    """Whether a new function that is nearly identical to another one gets a hint."""
    workspace_symbols: bool = True
    """Whether the editor's symbol search is answered."""
    associations: Mapping[str, str] = field(default_factory=dict)
    """From patterns for files to names of languages, as the user wrote them."""

    generated_summaries: bool = False
    """Whether a function without documentation gets a generated sentence: on hover, and to insert."""


DEFAULTS = Settings()


def read_settings(raw: object, *, base: Settings = DEFAULTS) -> tuple[Settings, list[str]]:
    """Return the settings that a client sent, and a line for each one that cannot be used.

    Args:
        raw: the section's object, or an object that holds it under its name; anything else counts as no setting.
        base: what holds for a setting that is not named; one that is wrong falls back to the default.
    """
    if not isinstance(raw, dict):
        return base, [] if raw is None else [f"settings: expected an object: {SECTION}.* keep their values"]
    section = raw.get(SECTION)
    if section is not None:
        return read_settings(section if isinstance(section, dict) else "", base=base)
    changes: dict[str, Any] = {}
    problems: list[str] = []
    for name, (key, is_valid, wanted) in _SETTINGS.items():
        value = raw.get(name)
        if value is None:
            continue
        if is_valid(value):
            changes[key] = value
        else:
            changes[key] = getattr(DEFAULTS, key)
            problems.append(f"setting {SECTION}.{name}: expected {wanted}: {changes[key]} holds")
    return replace(base, **changes), problems


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_mapping(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(part, str) for entry in value.items() for part in entry)


def _within(least: float, most: float) -> Callable[[object], bool]:
    def is_valid(value: object) -> bool:
        return (
            isinstance(value, (int, float))
            and not isinstance(value, bool)
            and math.isfinite(value)
            and least <= value <= most
        )

    return is_valid


_SETTINGS: dict[str, tuple[str, Callable[[object], bool], str]] = {
    "cpuShare": ("cpu_share", _within(0.05, 1), "a number from 0.05 to 1"),
    "pauseOnBattery": ("pause_on_battery", _is_flag, "true or false"),
    "readInContext": ("contextual_embeddings", _is_flag, "true or false"),  # the name before 0.2; the new one wins
    "contextualEmbeddings": ("contextual_embeddings", _is_flag, "true or false"),
    "scanInterval": ("scan_interval", _within(1, 86_400), "seconds from 1 to 86400"),
    "similarHints": ("similar_hints", _is_flag, "true or false"),
    "generatedSummaries": ("generated_summaries", _is_flag, "true or false"),
    "associations": ("associations", _is_mapping, "an object of patterns and languages"),
    "workspaceSymbols": ("workspace_symbols", _is_flag, "true or false"),
}
