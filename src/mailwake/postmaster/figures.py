"""What stands on the pages of Google (Postmaster Tools) and Microsoft (SNDS) for senders, from CSV that they gave out.

Columns are found by their headings, in any order; those that nobody knows are named and passed over. A cell that says
what cannot be is left out, with its reason; one without a value stays unknown. Source: see columns.toml.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from ipaddress import ip_address

import msgspec

from mailwake.errors import Unreadable
from mailwake.postmaster.dmarc import domain_of
from mailwake.store.postmaster.rows import Figure

GOOGLE, SNDS = "google", "snds"
MAX_BYTES, MAX_ROWS, MAX_COLUMNS = 16 << 20, 100_000, 100
_NAME_CHARS = 60
_MAX_COUNT = 1e12
_TRAFFIC = re.compile(r"domains/([^/\s]{1,253})/trafficStats/(\d{8})", re.IGNORECASE | re.ASCII)
_SHARE = re.compile(r"(<)?\s*(\d{1,3}(?:\.\d{1,12})?|\.\d{1,12})\s*(%)?", re.ASCII)
_UNKNOWN = ("", "-", "n/a", "none", "null", "reputationcategoryunspecified")
#: Each can be read in one way alone: whoever writes dots with the year last begins with the day.
_DAYS = (
    *("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y"),
    "%d-%b-%Y",
)
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?:\s.*)?", re.ASCII)
#: how days with slashes are written
_MONTH_FIRST, _DAY_FIRST, _BOTH = "%m/%d/%Y", "%d/%m/%Y", ""
NO_SUBJECT, NO_DAY = "a line of no domain or server", "a day that cannot be"


class _Table(msgspec.Struct, frozen=True):
    google: dict[str, str]
    snds: dict[str, str]
    orders: dict[str, tuple[str, ...]]
    kinds: dict[str, frozenset[str]]
    words: dict[str, frozenset[str]]

    def of(self, source: str) -> Mapping[str, str]:
        """Heading to figure."""
        return self.google if source == GOOGLE else self.snds


@cache
def _table() -> _Table:
    text = files("mailwake.postmaster").joinpath("columns.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Table)


@dataclass(frozen=True, kw_only=True)
class Export:
    """A file as it was read."""

    #: google or snds
    source: str
    figures: tuple[Figure, ...]
    #: headings that nobody knows, as they stand there
    unknown: tuple[str, ...]
    #: lines and cells that were left out, by reason
    left_out: Counter[str] = field(default_factory=Counter)
    #: lines with something in them, without the heading, and how many of them were left out whole
    lines: int = 0
    lines_left_out: int = 0
    #: by reason, what stood in the first cell that was left out for it
    examples: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Columns:
    source: str
    #: figure of each column; None: nobody knows it
    names: tuple[str | None, ...]
    #: percentages by their heading
    percent: tuple[bool, ...]
    #: how days with slashes are read; empty: some can be the one alone and some the other, so none is
    slashes: str = _MONTH_FIRST


def read_export(raw: bytes, *, today: date, domain: str = "") -> Export:
    """The figures of one CSV file.

    Args:
        raw: the file.
        today: days later than tomorrow are left out.
        domain: whose figures they are, where the file of Google's does not say.

    Raises:
        Unreadable: it is no such file, or too large.
    """
    rows = _rows(raw)
    first = next(rows, None)
    if first is None:
        raise Unreadable("it is empty")
    columns, has_heading = _columns(first)
    lines = list(rows if has_heading else _with(first, rows))
    days = [dict(zip(columns.names, row, strict=False)).get("day", "") for row in lines]
    reader = _Reader(replace(columns, slashes=_slashes(days)), today=today, domain=domain)
    found = [figure for row in lines for figure in reader.figures(row)]
    left_out = reader.left_out
    unknown = [cell for cell, name in zip(first, columns.names, strict=False) if has_heading and name is None]
    return Export(
        source=columns.source,
        figures=tuple(found),
        unknown=tuple(each.strip()[:_NAME_CHARS] for each in unknown),
        left_out=left_out,
        lines=len(lines),
        lines_left_out=left_out[NO_SUBJECT] + left_out[NO_DAY],
        examples=reader.examples,
    )


def _slashes(days: Iterable[str]) -> str:
    """How a file writes days with slashes: as those that can mean one day alone; Microsoft has the month first."""
    found = [(int(match[1]), int(match[2])) for day in days if (match := _SLASHES.fullmatch(day.strip()))]
    has_day_first = any(one > 12 >= other for one, other in found)
    has_month_first = any(other > 12 >= one for one, other in found)
    if has_day_first and has_month_first:
        return _BOTH
    return _DAY_FIRST if has_day_first else _MONTH_FIRST


def _with(first: list[str], rest: Iterable[list[str]]) -> Iterator[list[str]]:
    yield first
    yield from rest


def _rows(raw: bytes) -> Iterator[list[str]]:
    if len(raw) > MAX_BYTES:
        raise Unreadable(f"it is larger than {MAX_BYTES >> 20} MB")
    text = _text(raw)
    head = text.lstrip().partition("\n")[0]
    mark = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    try:
        for number, row in enumerate(reader):
            if number > MAX_ROWS or len(row) > MAX_COLUMNS:
                raise Unreadable(f"it has more than {MAX_ROWS:,} lines or {MAX_COLUMNS} columns")
            if any(cell.strip() for cell in row):
                yield row
    except csv.Error as fault:
        raise Unreadable(f"it is no CSV: {fault}") from fault


def _text(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _columns(first: Sequence[str]) -> tuple[_Columns, bool]:
    keys = [re.sub(r"[^a-z0-9]", "", cell.lower()) for cell in first]
    plain = [key.removesuffix("percent") for key in keys]
    known = {source: [_table().of(source).get(key) for key in plain] for source in (GOOGLE, SNDS)}
    source = max(known, key=lambda each: sum(name is not None for name in known[each]))
    names = known[source]
    if "day" in names and any(name not in (None, "day", "subject", "skip") for name in names):
        percent = tuple("%" in cell or key.endswith("percent") for cell, key in zip(first, keys, strict=True))
        return _Columns(source=source, names=tuple(names), percent=percent), True
    order = _table().orders[SNDS]
    if _is_address(first[0]) and len(first) >= len(order) - 1:
        names = [_table().snds[key] for key in order]
        return _Columns(source=SNDS, names=tuple(names), percent=(False,) * len(order)), False
    raise Unreadable(
        "it is neither an export of Postmaster Tools nor of SNDS: its first line names no figure of theirs"
    )


def _is_address(text: str) -> bool:
    try:
        ip_address(text.strip())
    except ValueError:
        return False
    return True


class _Reader:
    """Reads line after line, and counts what is left out."""

    def __init__(self, columns: _Columns, *, today: date, domain: str) -> None:
        self._columns, self._today, self._domain = columns, today, domain
        self.left_out: Counter[str] = Counter()
        self.examples: dict[str, str] = {}

    def figures(self, row: Sequence[str]) -> Iterator[Figure]:
        """The figures of one line."""
        columns = self._columns
        cells = dict(zip(columns.names, row, strict=False))
        subject, day = _subject(columns.source, cells, self._domain), _day(cells.get("day", ""), self._today, columns)
        if subject is None:
            self._leave_out(NO_SUBJECT, cells.get("subject", ""))
            return
        if day is None:
            self._leave_out(NO_DAY, cells.get("day", ""))
            return
        for name, cell, percent in zip(columns.names, row, columns.percent, strict=False):
            if name in (None, "day", "subject", "skip") or cell.strip().lower().replace("_", "") in _UNKNOWN:
                continue
            told = _told(str(name), cell, is_percent=percent)
            if told is None:
                self._leave_out(f"what cannot be under {name}", cell)
            else:
                word, value = told
                yield Figure(source=columns.source, subject=subject, day=day, name=str(name), value=value, word=word)

    def _leave_out(self, why: str, cell: str) -> None:
        self.left_out[why] += 1
        self.examples.setdefault(why, cell.strip()[:_NAME_CHARS])


def _subject(source: str, cells: Mapping[str | None, str], domain: str) -> str | None:
    if source == SNDS:
        told = cells.get("subject", "").strip()
        return str(ip_address(told)) if _is_address(told) and "%" not in told else None
    named = _TRAFFIC.fullmatch(cells.get("day", "").strip())
    return domain_of(named[1] if named else cells.get("subject", "").strip() or domain)


def _day(text: str, today: date, columns: _Columns) -> str | None:
    """A day as YYYY-MM-DD; a time behind it is passed over."""
    text = text.strip()
    named = _TRAFFIC.fullmatch(text)
    text = named[2] if named else text
    shorter = text.partition("T")[0] if text[:4].isdigit() else text
    for form in (*_DAYS, *filter(None, [columns.slashes])):
        for each in (shorter, shorter.partition(" ")[0]):
            try:
                found = datetime.strptime(each, form).date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                continue
            is_possible = date(2000, 1, 1) <= found <= today + timedelta(days=1)
            return found.isoformat() if is_possible else None
    return None


def _told(name: str, cell: str, *, is_percent: bool) -> tuple[str, float | None] | None:
    """Word and value of a cell; None where it cannot be."""
    if name in _table().words:
        word = re.sub(r"[^a-z]", "", cell.lower())
        return (word, None) if word in _table().words[name] else None
    if name in _table().kinds["counts"]:
        plain = cell.strip().replace(",", "")
        return ("", float(plain)) if plain.isascii() and plain.isdigit() and float(plain) < _MAX_COUNT else None
    match = _SHARE.fullmatch(cell.strip())
    if match is None:
        return None
    # by decimals: 0.3 % has to be 0.003, which is one of Google's lines
    value = float(Decimal(match[2]) / (100 if match[3] or is_percent else 1))
    return (match[1] or "", value) if value <= 1 else None
