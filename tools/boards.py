"""Prints the boards there are, from their board.json and what has been built of them here."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def row(name: str) -> tuple[str, ...]:
    """One line of the table: what board.json says, and the newest image in build/."""
    board = json.loads((ROOT / "boards" / name / "board.json").read_text())
    ours = board["microdot"]
    record = ROOT / "build" / name / "build.json"
    built = (
        f"build {json.loads(record.read_text())['id']}" if record.exists() else "not built here"
    )
    emulator = ours.get("emulator", {})
    return (
        name,
        board["product"],
        ours["port"],
        ours["network"],
        emulator.get("kind", "-"),
        built,
    )


def main(names: list[str]) -> int:
    rows = [
        ("BOARD", "product", "port", "network", "emulator", "image"),
        *(row(name) for name in names),
    ]
    widths = [max(len(cells[i]) for cells in rows) for i in range(len(rows[0]))]
    for cells in rows:
        print(
            "  ".join(
                cell.ljust(width) for cell, width in zip(cells, widths, strict=True)
            ).rstrip()
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
