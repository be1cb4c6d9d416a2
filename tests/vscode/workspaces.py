"""Workspaces that windows are opened on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from editors.places import LIBRARY, SHOP, add_files

STOCK: Mapping[str, str] = {
    "src/stock.py": '''"""What is on the shelves."""


class Shelf:
    """A shelf with boxes on it."""

    def put_box(self, box):
        """Put a box on the shelf."""
        self.boxes.append(box)

    def heaviest_box(self):
        """Return the box that weighs most."""
        return max(self.boxes, key=lambda box: box.weight)


def count_boxes(shelves):
    """Count the boxes on all shelves."""
    return sum(len(shelf.boxes) for shelf in shelves)


def sort_boxes_by_weight(boxes):
    """Return the boxes as a new list, the heaviest first."""
    return sorted(boxes, key=lambda box: box.weight, reverse=True)
''',
    "server/prices.go": """package main

// TotalPrice adds up the prices of all orders.
func TotalPrice(orders []Order) float64 {
	total := 0.0
	for _, order := range orders {
		total += order.Price
	}
	return total
}
""",
    # Long enough to be scrolled.
    "src/rates.py": '"""Exchange rates of the last days."""\n\nRATES = [\n'
    + "".join(f"    ({day}, {1 + day / 1000:.3f}),\n" for day in range(300))
    + "]\n",
}


def make_shop(folder: Path) -> Path:
    """Write a small shop in three languages, and one long file, into a new folder."""
    add_files(folder, {**SHOP, **STOCK})
    return folder


def make_two_folders(folder: Path) -> Path:
    """Write a shop and a library, and a workspace file with both of them; return the file."""
    add_files(folder / "shop", SHOP)
    add_files(folder / "library", LIBRARY)
    file = folder / "both.code-workspace"
    file.write_text(json.dumps({"folders": [{"path": "shop"}, {"path": "library"}]}))
    return file
