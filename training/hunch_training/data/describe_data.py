"""What pair files hold: rows, lengths, what stands in them twice, and what their splits have in common.

    hunch-train describe ../shared/data/packages_pairs/python.*.jsonl.gz --card CARD.md

Rows are read one by one; what is kept of each is some forty bytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console
from rich.table import Table

from hunch_training.data.data_card import card_of, describe, sheets_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="pair files, or folders of them")
    parser.add_argument("--card", type=Path, help="write the tables as Markdown, too")


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    groups = describe(options.files)
    console = Console()
    for sheet in sheets_of(groups):
        table = Table(title=sheet.title, title_justify="left")
        for number, name in enumerate(sheet.head):
            table.add_column(name, justify="left" if number < 2 else "right")
        for row in sheet.rows:
            table.add_row(*row)
        console.print(table)
    if options.card:
        options.card.write_text(card_of("Data", groups), encoding="utf-8")
