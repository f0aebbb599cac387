"""Suppression lists as CSV, ours and those of others, in and out."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from mailwake.errors import BadInput
from mailwake.events import SECOND, Micros
from mailwake.store.state import Suppression, address_key

COLUMNS = ("email", "type", "reason", "stream", "source", "at")
_ADDRESS = ("email", "email address", "address", "recipient")
_TYPE = ("type", "event", "bounce type", "suppression type")
_WORDS = ("reason", "description", "status", "details")
_AT = ("at", "created", "created at", "date", "timestamp")
_COLUMNS = {"address": _ADDRESS, "type": _TYPE, "words": _WORDS, "at": _AT, "stream": ("stream",)}
#: A spreadsheet takes a cell that begins so for a formula. Source: OWASP, CSV Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LONGEST = 1_000


class Line(NamedTuple):
    """One address of a list."""

    address: str
    #: one of ours: bounced, complained, unsubscribed, manual
    reason: str
    words: str
    stream: str | None
    #: None: the list does not say
    at: Micros | None


class Left(NamedTuple):
    """A line that was left out."""

    number: int
    why: str


def read_list(text: str) -> tuple[list[Line], list[Left]]:
    """The addresses of a list, and the lines that are no use, with the reason.

    Args:
        text: CSV with a heading line; columns in any order and case, separated by commas, semicolons or tabs.

    Raises:
        BadInput: there is no column of addresses.
    """
    text = text.removeprefix("\ufeff")
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    heading = [name.strip().lower() for name in next(rows, [])]
    place = _places(heading)
    found: dict[tuple[str, str, str | None], Line] = {}
    left: list[Left] = []
    try:
        for number, row in enumerate(rows, 2):
            if not any(cell.strip() for cell in row):
                continue
            line = _line({name: _plain(row[at]) for name, at in place.items() if at < len(row)})
            if isinstance(line, str):
                left.append(Left(number, line))
            else:
                found.setdefault((address_key(line.address), line.reason, line.stream), line)
    except csv.Error as fault:
        left.append(Left(len(found) + len(left) + 2, f"is no CSV from here on: {fault}"))
    return list(found.values()), left


def write_list(rows: Iterable[tuple[str, Suppression]]) -> Iterator[str]:
    """Lines of CSV that `read_list` takes in again; no cell of it is a formula.

    Args:
        rows: address and what holds against it.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for address, row in rows:
        at = datetime.fromtimestamp(row.at // SECOND, UTC).isoformat().replace("+00:00", "Z")
        cells = (address, row.reason, row.quoted or "", row.stream or "", row.source, at)
        writer.writerow([_cell(cell) for cell in cells])
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()


def _places(heading: list[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for name, words in (
        ("address", _ADDRESS),
        ("type", _TYPE),
        ("words", _WORDS),
        ("at", _AT),
        ("stream", ("stream",)),
    ):
        at = next((heading.index(word) for word in words if word in heading), None)
        if at is not None:
            places[name] = at
    if "address" not in places:
        raise BadInput(f"the list has no column of addresses; name one of its columns {' or '.join(_ADDRESS)}")
    return places


def _line(cells: dict[str, str]) -> Line | str:
    """The line, or why it is left out."""
    address = cells.get("address", "")
    try:
        address_key(address)
    except BadInput as fault:
        return str(fault)
    word = (cells.get("type") or cells.get("words", "")).lower().replace("_", " ")
    if word in _left_out():
        return f"{word!r} says nothing on the address"
    return Line(
        address=address,
        reason=_reasons().get(word, "manual"),
        words=cells.get("words", "")[:_LONGEST],
        stream=cells.get("stream") or None,
        at=_moment(cells.get("at", "")),
    )


def _cell(words: str) -> str:
    cell = "".join(letter if letter.isprintable() else " " for letter in words).strip()
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _plain(cell: str) -> str:
    """Without the mark that keeps a cell from being a formula."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _moment(text: str) -> Micros | None:
    try:
        seconds = float(text) if text.isdigit() else datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None
    return Micros(int(seconds) * SECOND) if 0 < seconds < 253_402_300_799 else None


@cache
def _table() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(files("mailwake.suppression").joinpath("types.toml").read_text(encoding="utf-8"))


@cache
def _reasons() -> dict[str, str]:
    return {word: reason for reason, words in _table()["reasons"].items() for word in (reason, *words)}


@cache
def _left_out() -> frozenset[str]:
    return frozenset(_table()["left_out"]["words"])
