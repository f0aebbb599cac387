"""Statements as CSV, in and out: one line per statement, columns found by name in any order and case."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping

from mailwake.consents import words
from mailwake.consents.statements import Statement
from mailwake.errors import BadInput
from mailwake.events import Handle
from mailwake.sheets import rows_of
from mailwake.store.state import ConsentEntry, StateStore

COLUMNS = (
    "email",
    "axis",
    "state",
    "at",
    "method",
    "text",
    "locale",
    "url",
    "proof",
    "source",
    "actor",
    "line",
    "hash",
)
#: What a column is called elsewhere; those of Brevo and MailPoet hold a yes or no.
_NAMES = {
    "address": ("email", "email address", "e-mail", "address", "subscriber"),
    "axis": ("axis", "purpose"),
    "state": ("state", "consent", "contactpixeltrackingconsent", "contact_pixel_tracking_consent", "tracking_consent"),
    "at": ("at", "date", "time", "timestamp", "consent_date", "tracking_consent_at"),
    "method": ("method", "tracking_consent_method"),
    "text": ("text", "text_sha256", "tracking_consent_text"),
    "locale": ("locale", "language"),
    "url": ("url", "page"),
    "proof": ("proof", "evidence"),
}
#: Yes and no as others write them.
_SAID = {"true": "granted", "yes": "granted", "1": "granted", "false": "denied", "no": "denied", "0": "denied"}
#: A spreadsheet takes a cell that begins so for a formula. Source: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BATCH = 1_000


def said_in(word: str) -> str:
    """A state as others write it, in our word."""
    return _SAID.get(word.strip().lower(), word.strip().lower())


def read_list(text: str) -> list[Statement]:
    """The statements of a list; a line without a state says nothing and is left out.

    Raises:
        BadInput: it has no column of addresses or of states, or a quote never closes.
    """
    rows, found = rows_of(text), list[Statement]()
    _, heading = next(rows, (1, []))
    places = _places([name.strip().lower() for name in heading])
    for number, row in rows:
        cells = {name: _plain(row[at]) for name, at in places.items() if at < len(row)}
        if cells.get("address") and cells.get("state"):
            cells["state"] = said_in(cells["state"])
            found.append(Statement(**cells, number=number))
    return found


def write_list(state: StateStore) -> Iterator[str]:
    """Every line of the ledger as CSV, in its order; lines of erased people have no address."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    batch: list[ConsentEntry] = []
    for entry in state.ledger():
        batch.append(entry)
        if len(batch) == _BATCH:
            writer.writerows(_rows(batch, state))
            batch.clear()
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    writer.writerows(_rows(batch, state))
    yield out.getvalue()


def _places(heading: list[str]) -> dict[str, int]:
    places = {
        name: at
        for name, names in _NAMES.items()
        if (at := next((heading.index(word) for word in names if word in heading), None)) is not None
    }
    for name in ("address", "state"):
        if name not in places:
            raise BadInput(f"the list has no column for the {name}; name one of its columns {_NAMES[name][0]}")
    return places


def _plain(cell: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _rows(entries: Iterable[ConsentEntry], state: StateStore) -> Iterator[list[str]]:
    lines = list(entries)
    names: Mapping[Handle, str] = state.addresses({each.handle for each in lines})
    for each in lines:
        shown = (each.text_sha256, each.locale, each.url, each.proof, each.source, each.actor)
        cells = (names.get(each.handle, ""), each.axis, each.state, words.exact(each.at), each.method, *shown)
        yield [*map(_cell, cells), str(each.number), each.hash]


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
