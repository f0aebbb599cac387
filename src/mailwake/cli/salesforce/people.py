"""Writes the people of the org as a CSV file for `mailwake send`."""

from __future__ import annotations

import csv
from pathlib import Path

from mailwake.crm.audience import Audience
from mailwake.errors import BadInput

_COLUMNS = ("email", "first_name", "last_name", "title", "salesforce_id")


def write_people(found: Audience, out: str) -> None:
    """Write the file, readable by its owner alone, and say who is in it.

    Raises:
        BadInput: it cannot be written.
    """
    path = Path(out)
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            path.chmod(0o600)
            writer = csv.DictWriter(file, _COLUMNS)
            writer.writeheader()
            writer.writerows(found.rows)
    except OSError as fault:
        raise BadInput(f"cannot write {path}: {fault.strerror}") from None
    print(f"{len(found.rows):,} people in {path}")
    for why, count in found.left.items():
        print(f"{count:,} left out: {why}")
