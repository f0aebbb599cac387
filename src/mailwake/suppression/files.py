"""Suppression lists as CSV, ours and those of others, in and out.

Columns are found by name, in any order and case. What a line means is said by its column of types, else by the words of
the other server in it, else by what the whole list is said to be of.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from mailwake.bounces.decide import Bounces
from mailwake.errors import BadInput
from mailwake.events import SECOND, Micros
from mailwake.sheets import rows_of
from mailwake.store.state import Suppression, address_key
from mailwake.suppression.scope import ALL, streams_of

COLUMNS = ("email", "reason", "category", "stream", "campaign", "source", "at", "expires_at", "why")
#: What a column is called elsewhere, most telling name first. `reason` is a type in our lists and words in others'.
_NAMES = {
    "address": ("email", "email address", "e-mail", "address", "recipient"),
    "type": ("type", "event", "bounce type", "suppression type", "suppression reason"),
    "reason": ("reason",),
    "words": ("why", "description", "details", "error", "diagnostic"),
    "status": ("status", "code"),
    "category": ("category",),
    "at": ("at", "created", "created at", "date", "timestamp"),
    "expires": ("expires_at", "expires"),
    "stream": ("stream",),
    "campaign": ("campaign",),
}
#: A spreadsheet takes a cell that begins so for a formula, in full width too.
#: Source: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # noqa: RUF001 - these very signs
#: Where a spreadsheet that separates by something else would see a cell begin.
_INNER = re.compile(r"([;\t|,]\s*)(?=[=+\-@＝＋－＠])")  # noqa: RUF001 - as above
#: Words that a mail server wrote, by the code in them (RFC 5321 section 4.2, RFC 3463 section 2).
_SERVER = re.compile(r"^\s*[45]\d\d[\s-]|(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.])")
_LONGEST = 1_000
_LAST = 253_402_300_799


class Line(NamedTuple):
    """One address of a list."""

    address: str
    #: one of ours: bounced, complained, unsubscribed, manual
    reason: str
    words: str
    #: None: every stream
    stream: str | None
    #: None: the list does not say
    at: Micros | None
    #: a word of bounces/rules.toml
    category: str | None = None
    #: name of one; None: of all campaigns
    campaign: str | None = None
    expires_at: Micros | None = None
    #: in the file, from 1
    number: int = 0


class Left(NamedTuple):
    """A line that was left out."""

    number: int
    why: str


def decode(body: bytes) -> str:
    """A file as text: UTF-8 or UTF-16 with or without its mark, else as Windows writes it."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", errors="replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", errors="replace")


def kind_of(word: str) -> str:
    """What a whole list is of, from a word for it or the name of its file; empty: that says nothing."""
    told = f" {_key(word)} "
    return next((name for name in _table()["names"]["words"] if f" {name} " in told), "")


def read_list(text: str, *, kind: str = "", now: Micros | None = None) -> tuple[list[Line], list[Left]]:
    """The addresses of a list, and the lines that are no use, with the reason.

    Args:
        text: CSV with a heading line; columns in any order and case, separated by commas, semicolons or tabs.
        kind: what lines are that do not say it, in the words of ``types.toml``.
        now: what has expired by then is left out.

    Raises:
        BadInput: there is no column of addresses, no such kind, or a quote never closes.
    """
    if kind and _key(kind) not in _reasons() and _key(kind) not in _left_out():
        raise BadInput(
            f"a list of {kind[:40]!r} is not known; say bounces, unsubscribes, spam reports, blocks or manual"
        )
    rows = rows_of(text)
    found: dict[tuple[str, str, str | None, str | None], Line] = {}
    left: list[Left] = []
    _, heading = next(rows, (1, []))
    place = _places([name.strip().lower() for name in heading])
    for number, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        cells = {name: _plain(row[at]) for name, at in place.items() if at < len(row)}
        try:
            for line in _lines(cells, number, kind, now):
                found.setdefault((address_key(line.address), line.reason, line.stream, line.campaign), line)
        except BadInput as fault:
            left.append(Left(number, str(fault)))
    return list(found.values()), left


def write_list(rows: Iterable[tuple[str, str | None, Suppression]]) -> Iterator[str]:
    """Lines of CSV that `read_list` takes in again; no cell of it is a formula.

    Args:
        rows: address, name of the campaign if it holds for one alone, and what holds.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for address, campaign, row in rows:
        cells = (address, row.reason, row.category or "", row.stream or ALL, campaign or "", row.source)
        writer.writerow(map(_cell, (*cells, _utc(row.at), _utc(row.expires_at), row.quoted or "")))
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()


def _places(heading: list[str]) -> dict[str, int]:
    places = {
        name: at
        for name, words in _NAMES.items()
        if (at := next((heading.index(word) for word in words if word in heading), None)) is not None
    }
    if "address" not in places:
        raise BadInput(f"the list has no column of addresses; name one of its columns {' or '.join(_NAMES['address'])}")
    return places


def _lines(cells: dict[str, str], number: int, kind: str, now: Micros | None) -> list[Line]:
    """What a line stands for, one per stream.

    Raises:
        BadInput: it is left out, and why.
    """
    address = cells.get("address", "")
    address_key(address)
    reason, words = _meaning(cells, kind)
    expires_at = _moment(cells.get("expires", ""))
    if expires_at is not None and now is not None and expires_at <= now:
        raise BadInput("ended by itself before today")
    return [
        Line(
            address=address,
            reason=reason,
            words=words[:_LONGEST],
            stream=stream,
            at=_moment(cells.get("at", "")),
            category=cells.get("category", "")[:32] or None,
            campaign=cells.get("campaign") or None,
            expires_at=expires_at,
            number=number,
        )
        for stream in streams_of(cells.get("stream", ""), reason)
    ]


def _meaning(cells: dict[str, str], kind: str) -> tuple[str, str]:
    """Our reason for a line, and the words that go with it.

    Raises:
        BadInput: it says nothing on the address.
    """
    said, words = cells.get("reason", ""), cells.get("words", "")
    word = _key(cells.get("type", ""))
    if not word and (_key(said) in _reasons() or _key(said) in _left_out()):
        word, said = _key(said), ""
    words = words or said
    word = word or _key(kind)
    if word in _left_out():
        raise BadInput(f"{word!r} is a moment's trouble or ours and says nothing on the address")
    told = f"{cells.get('status', '')} {words}".strip()
    if not cells.get("type") and word in ("", "bounces") and _SERVER.search(told):
        decision = _bounces().decide(told)
        if decision.action != "suppress_now" and decision.klass != "hard_probable" and decision.rule != "nothing":
            raise BadInput(f"{decision.category}: {told[:80]!r} says nothing lasting on the address")
        return "bounced", told
    return _reasons().get(word, "manual"), words


def _key(words: str) -> str:
    return " ".join(re.split(r"[^a-z0-9]+", words.lower())).strip()


def _cell(words: str) -> str:
    cell = "".join(letter if letter.isprintable() else " " for letter in words).strip()
    cell = _INNER.sub(r"\1'", cell)
    return f"'{cell}" if cell.lstrip("'").startswith(_FORMULA) else cell


def _plain(cell: str) -> str:
    """Without the mark that keeps a cell from being a formula."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA) else cell


def _utc(at: Micros | None) -> str:
    if at is None:
        return ""
    return datetime.fromtimestamp(at // SECOND, UTC).isoformat().replace("+00:00", "Z")


def _moment(text: str) -> Micros | None:
    """A time as lists write it, in seconds since 1970 or ISO 8601; without a zone it is UTC. None: it is none."""
    text = text.removesuffix("UTC").strip()
    try:
        if text.isascii() and text.isdigit():
            seconds = float(text)
        else:
            told = datetime.fromisoformat(text)
            seconds = (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return Micros(int(seconds) * SECOND) if 0 < seconds < _LAST else None


@cache
def _bounces() -> Bounces:
    return Bounces.load()


@cache
def _table() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(files("mailwake.suppression").joinpath("types.toml").read_text(encoding="utf-8"))


@cache
def _reasons() -> dict[str, str]:
    return {word: reason for reason, words in _table()["reasons"].items() for word in (reason, *words)}


@cache
def _left_out() -> frozenset[str]:
    return frozenset(_table()["left_out"]["words"])
