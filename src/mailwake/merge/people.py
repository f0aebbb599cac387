"""Who gets the mail: a CSV with one person a line, read so that one bad line never stops the good ones.

The column ``email`` is the address, every other column a merge field. What is skipped is told by line number and
reason.

Source: RFC 4180 (CSV), RFC 5321 section 4.1.2 and 4.5.3.1 (addresses and their lengths).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from mailwake.errors import BadInput
from mailwake.events import Handle
from mailwake.sheets import rows_of
from mailwake.store.state import StateStore
from mailwake.store.state.address import address_key

_ATOM = r"[^\s@\"(),:;<>\[\\\]\x00-\x1f\x7f]"
_ADDRESS = re.compile(rf"{_ATOM}{{1,64}}@(?P<domain>{_ATOM}{{1,253}})")
_LABEL = re.compile(r"(?!-)[^\W_](?:[\w-]{0,61}[^\W_])?(?<!-)", re.UNICODE)
_CONTROL = re.compile(r"[\r\n\x00]")


@dataclass(frozen=True, kw_only=True)
class Person:
    """One line of the list."""

    #: the address as it stands in the list
    address: str
    #: merge fields by column name, lower case; `email` is among them
    fields: Mapping[str, str] = field(repr=False)
    #: line of the file, from 1
    line: int


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A line that gets no mail, and why."""

    line: int
    #: what stood there, for the person who has to mend it
    address: str = field(repr=False)
    reason: str


@dataclass(frozen=True, kw_only=True)
class People:
    """A list, read whole."""

    people: tuple[Person, ...]
    skipped: tuple[Skipped, ...]
    #: names of the merge fields, in the order of the columns
    columns: tuple[str, ...]


def read_people(path: Path) -> People:
    """Read a list of people.

    Raises:
        BadInput: the file cannot be read, is not UTF-8, or has no column `email`.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as fault:
        what = "standard input is not read" if str(path) == "-" else fault.strerror
        raise BadInput(f"{path}: {what}; give the path of a CSV file with a column email") from None
    except UnicodeDecodeError as fault:
        line = path.read_bytes()[: fault.start].count(b"\n") + 1
        raise BadInput(f"{path}, line {line}: is not UTF-8; save it as “CSV UTF-8”") from None
    return parse_people(text, name=str(path))


def parse_people(text: str, *, name: str) -> People:
    """The list in a text; see `read_people`.

    Args:
        text: CSV with a header line.
        name: what to call it in messages.

    Raises:
        BadInput: as `read_people`, or a quote never closes.
    """
    try:
        (_, heading), *rows = [*rows_of(text)] or [(1, [])]
    except BadInput as fault:
        raise BadInput(f"{name}: {fault}") from None
    columns = tuple(column.strip().lower() for column in heading)
    if "email" not in columns:
        raise BadInput(f"{name}: no column is called email; found {', '.join(filter(None, columns)) or 'none'}")
    if twice := {c for c in columns if c and columns.count(c) > 1}:
        raise BadInput(f"{name}: two columns are called {min(twice)}")
    return _sort_out(rows, columns)


def only(listed: People, state: StateStore, chosen: Collection[Handle]) -> People:
    """The list with those alone who are among the chosen; whoever was never seen is not.

    Args:
        listed: the list.
        state: knows whose address is whose handle.
        chosen: of a segment.
    """
    known = state.known_handles([person.address for person in listed.people])
    people = tuple(person for person in listed.people if known.get(person.address) in chosen)
    return replace(listed, people=people)


def _sort_out(rows: list[tuple[int, list[str]]], columns: tuple[str, ...]) -> People:
    people: list[Person] = []
    skipped: list[Skipped] = []
    seen: dict[str, int] = {}
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        fields = {c: cell.strip() for c, cell in zip(columns, cells, strict=False) if c}
        address = fields.get("email", "")
        reason = "has more cells than columns" if len(cells) > len(columns) else refuse(address, fields)
        if not reason and (before := seen.setdefault(address_key(address), line)) != line:
            reason = f"the same address as in line {before}"
        if reason:
            skipped.append(Skipped(line=line, address=address, reason=reason))
        else:
            people.append(Person(address=address, fields=fields, line=line))
    return People(people=tuple(people), skipped=tuple(skipped), columns=tuple(filter(None, columns)))


def refuse(address: str, fields: Mapping[str, str]) -> str:
    """Why this line gets no mail; empty when it does.

    Only what no server could take is refused; whether a mailbox exists is for its server to say.
    """
    if broken := [name for name, value in fields.items() if name != "email" and _CONTROL.search(value)]:
        return f"{broken[0]} holds a line break or NUL, which could forge a header"
    if not address:
        return "no address"
    found = _ADDRESS.fullmatch(address)
    if not found or ".." in address or address.startswith(".") or ".@" in address:
        return "is no address"
    labels = found["domain"].split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        return "the domain is none"
    try:
        address_key(address)
    except BadInput:  # letters of a domain that IDNA cannot write
        return "the domain is none"
    return ""
