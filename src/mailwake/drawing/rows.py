"""Rows for spreadsheet programs."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence

#: a cell that starts with one of these is a formula to spreadsheet programs; source: OWASP, CSV injection
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}")


def write_rows(rows: Sequence[dict[str, str]]) -> None:
    """Write a table with a head; nothing for no rows."""
    if not rows:
        return
    writer = csv.writer(sys.stdout)
    writer.writerow(rows[0])
    writer.writerows([_cell(value) for value in row.values()] for row in rows)


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet program runs as a formula: a leading apostrophe makes it text."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


class Number(str):
    """A cell that is a number and never a formula, whatever its sign."""

    __slots__ = ()


def number(value: float | None) -> str:
    """A number as it is; empty where it is not known."""
    return "" if value is None else Number(repr(value))


def _cell(value: str) -> str:
    return value if isinstance(value, Number) else safe_cell(value)
