"""Flags and TOML files for the settings of a stage, made from its dataclass."""

from __future__ import annotations

import argparse
import ast
import inspect
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from hunch_training.errors import TrainingError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

S = TypeVar("S")


def add_flags(parser: argparse.ArgumentParser, settings: type[Any]) -> None:
    """Give a parser ``--config FILE.toml`` and a flag for each field; the text under a field is its help."""
    parser.add_argument("--config", type=Path, metavar="FILE.toml", help="settings as name = value; flags go before it")
    group = parser.add_argument_group("settings")
    texts, types = _field_texts(settings), get_type_hints(settings)
    for field in fields(settings):
        flag, kind = "--" + field.name.replace("_", "-"), _plain(types[field.name])
        help_text = f"{texts.get(field.name, '')} ({_written(field.default)})".strip().replace("%", "%%")
        if kind is bool:
            group.add_argument(flag, action=argparse.BooleanOptionalAction, default=MISSING, help=help_text)
        else:
            group.add_argument(flag, type=kind, default=MISSING, metavar=kind.__name__.upper(), help=help_text)


def settings_of(options: argparse.Namespace, settings: type[S]) -> S:
    """Return the settings: flags, else what ``--config`` says, else the defaults.

    Raises:
        TrainingError: the file cannot be read, or names something that is no setting.
    """
    names = {field.name for field in fields(settings)}  # type: ignore[arg-type]
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not MISSING}
    return settings(**{**(_read(options.config, settings) if options.config else {}), **given})


def _read(file: Path, settings: type[Any]) -> dict[str, Any]:
    try:
        values = {name.replace("-", "_"): value for name, value in tomllib.loads(file.read_text("utf-8")).items()}
    except (OSError, ValueError) as error:
        raise TrainingError(f"{file}: {error}") from error
    types = get_type_hints(settings)
    for name, value in values.items():
        if name not in types:
            raise TrainingError(f"{file}: there is no setting {name!r}: known are {', '.join(types)}")
        kind = _plain(types[name])
        if kind is float and type(value) is int:
            values[name] = float(value)
        elif type(value) is not kind:
            raise TrainingError(f"{file}: {name} = {value!r}: not {kind.__name__}")
    return values


def _plain(kind: Any) -> type[Any]:
    """Return int for ``int | None``."""
    options: Sequence[Any] = getattr(kind, "__args__", ())
    plain: type[Any] = next((option for option in options if option is not type(None)), kind)
    return plain


def _written(default: Any) -> str:
    return "all" if default is None else str(default)


def _field_texts(settings: type[Any]) -> dict[str, str]:
    """Return the string that stands under each field, own and inherited."""
    texts: dict[str, str] = {}
    for kind in reversed(settings.__mro__[:-1]):
        body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, text in zip(body.body, body.body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(text, ast.Expr)
                and isinstance(text.value, ast.Constant)
            ):
                texts[field.target.id] = " ".join(str(text.value.value).split())
    return texts
