"""The hunch-export command. Errors are told in one line; status 2."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from hunch.model.bundle import BundleError
from hunch_export import contextual_bundle, human_evaluation, ranker_bundle, search_bundle, summary_bundle
from hunch_export.parity import ParityError
from hunch_training.errors import TrainingError

_COMMANDS = {
    "search": search_bundle,
    "contextual": contextual_bundle,
    "summariser": summary_bundle,
    "ranker": ranker_bundle,
    "human-evaluation": human_evaluation,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    parser = argparse.ArgumentParser(prog="hunch-export", description="Turn a trained run into a model bundle.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, module in _COMMANDS.items():
        text = (module.__doc__ or "").split("\n")[0]
        command = commands.add_parser(
            name, help=text, description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        module.add_arguments(command)
        command.set_defaults(run_command=module.run_command)
    options = parser.parse_args(arguments)
    try:
        options.run_command(options)
    except (TrainingError, ParityError, BundleError, ValueError, OSError) as error:
        print(f"hunch-export: {error}", file=sys.stderr)
        return 2
    return 0
