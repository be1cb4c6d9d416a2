"""``workspace/executeCommand``: each command stands for the request of the same name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hunch.lsp.dispatch import Route
from hunch.lsp.fields import ParamsError
from hunch.lsp.initialize import COMMANDS
from hunch.lsp.standard import CommandParams


def execute(own: Mapping[str, Route], command: CommandParams) -> Any:
    """Answer as the request of the command's name does.

    Raises:
        ParamsError: there is no such command, or its arguments cannot be used.
    """
    if command.command not in COMMANDS:
        raise ParamsError(f"command: there is no {command.command[:100]!r}")
    route = own[command.command.replace(".", "/", 1)]
    return route.handle(route.read(argument_of(command)))


def argument_of(command: CommandParams) -> object:
    """Return the parameters that a command stands for: its one argument; ``hunch.search`` takes plain text too.

    Raises:
        ParamsError: there are more arguments.
    """
    if len(command.arguments) > 1:
        raise ParamsError(f"arguments: {command.command} takes one, got {len(command.arguments)}")
    argument = command.arguments[0] if command.arguments else None
    if command.command == "hunch.search" and isinstance(argument, str):
        return {"query": argument}
    return argument
