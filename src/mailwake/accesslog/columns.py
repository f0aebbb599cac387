"""From the columns of one line to the request they tell of.

A log holds some of the headers. Those it has a column for are *told*: where the column is empty, the header was not
sent. Of all others nothing is known, and `Request.told` says so.

Values are text in which each character stands for a byte or a character of the request, as `Writing.codec` says.
"""

from __future__ import annotations

import re
import socket
import tomllib
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from mailwake.accesslog.moments import moment
from mailwake.errors import Unreadable
from mailwake.events import Micros, Request

_TABLE = tomllib.loads((Path(__file__).parent / "columns.toml").read_text(encoding="utf-8"))
_COLUMNS: dict[str, list[str]] = _TABLE["columns"]
_HEADERS: dict[str, str] = _TABLE["headers"]
#: nginx's ``$http_name``, CloudFront's ``cs(Name)``
_NAMED_HEADER = re.compile(r"(?:http_(?P<nginx>[a-z0-9_]+)|cs\((?P<cloudfront>[a-z0-9-]+)\))")
#: No value of a request can hold these; who writes them into a log wants to make two headers of one.
_BREAKS = re.compile("[\r\n\0]")
_TWO_IN_ONE = "a value holds a line break or a NUL"
_PIXEL = "/o/"
_SCHEMES = ("http://", "https://")


class Hit(NamedTuple):
    """One line of an access log: somebody asked for a pixel."""

    at: Micros
    #: the host that was asked
    host: bytes
    request: Request
    #: what the front calls this request and no other; empty: it has no name for it
    name: str
    #: of the answer; None: not logged
    status: int | None


class Writing(NamedTuple):
    """How a kind of log writes values."""

    #: stands for a value that is not there, as no value at all does
    absent: str
    #: how characters become the bytes they were
    codec: str = "latin-1"
    #: a value that contains this is written otherwise than it was; empty: none is
    mark: str = ""
    #: makes such a value what it was
    undo: Callable[[str], str] = str
    #: the same for a user agent
    undo_agent: Callable[[str], str] = str


class Columns:
    """The columns of one log, or one part of it, in their order.

    Args:
        names: of the columns.
        writing: how their values are written.
        host: of all requests, where the log has no column for it; empty: unknown.

    Attributes:
        problem: what the log lacks, without which no line can be read; empty when it lacks nothing.
    """

    def __init__(self, names: Sequence[str], writing: Writing, *, host: str = "") -> None:
        lower = [name.lower() for name in names]
        self._place = place = {meaning: _first(lower, known) for meaning, known in _COLUMNS.items()}
        self._writing, self._fixed_host, self._count = writing, host, len(lower)
        headers = [(place, header) for place, name in enumerate(lower) if (header := _header(name))]
        self._headers = [(place, f"{name}: ", name == "User-Agent") for place, name in headers if name != "Host"]
        told = [name.lower() for _, name in headers if name != "Host"]
        self._told = tuple(told if place["host"] is None else ["host", *told])
        #: method and target stand in columns of their own
        self._plainly_asked = place["method"] is not None and place["target"] is not None
        #: the day stands in one column, the time of day in another
        self._two_part = place["date"] is not None and place["time"] is not None and lower[place["time"]] == "time"
        self._last_host = "", b""
        self.problem = self._what_lacks()

    def _what_lacks(self) -> str:
        place = self._place
        if place["time"] is None:
            return "no column holds the time"
        if place["request"] is None and place["method"] is None:
            return "no column holds the method"
        return "no column holds the path" if all(place[m] is None for m in ("request", "target", "path")) else ""

    def read(self, values: Sequence[str]) -> Hit | None:
        """What the line tells; None: somebody asked for something else than a pixel.

        Raises:
            Unreadable: the line does not fit, or says what no request can.
        """
        if self.problem:
            raise Unreadable(self.problem)
        if len(values) < self._count:
            raise Unreadable("the line has fewer columns than the log")
        method, target = self._asked(values)
        host = logged = self._value(values, "host")
        if target[:1] != "/" and target[:8].lower().startswith(
            _SCHEMES
        ):  # its host goes before the header's: RFC 9112 section 3.2.2
            host, _, rest = target.partition("://")[2].partition("/")
            target = f"/{rest}"
        if not target.startswith(_PIXEL):
            return None
        host = host or self._fixed_host
        if not host:
            raise Unreadable("no column holds the host; say --host")
        if _BREAKS.search(target) or _BREAKS.search(method):
            raise Unreadable(_TWO_IN_ONE)
        peer, status = self._value(values, "peer"), self._value(values, "status")
        head = self._head(values, logged)
        request = Request(method, self._bytes(target), _address(peer) if peer else "", (), head, self._told)
        answer = int(status) if len(status) == 3 and status.isdecimal() else None
        if host != self._last_host[0]:
            self._last_host = host, self._bytes(host)
        return Hit(self._at(values), self._last_host[1], request, self._value(values, "name"), answer)

    def _value(self, values: Sequence[str], meaning: str) -> str:
        place = self._place[meaning]
        if place is None:
            return ""
        value, writing = values[place], self._writing
        if value == writing.absent:
            return ""
        return writing.undo(value) if writing.mark and writing.mark in value else value

    def _bytes(self, text: str) -> bytes:
        try:
            return text.encode(self._writing.codec, "surrogateescape")
        except UnicodeEncodeError:
            raise Unreadable("a value holds characters that the log cannot have got from a request") from None

    def _asked(self, values: Sequence[str]) -> tuple[str, str]:
        """Method and target, from columns of their own or from the request line."""
        if self._plainly_asked:
            return self._value(values, "method"), self._value(values, "target")
        place = self._place
        line = self._value(values, "request")
        method, _, rest = line.partition(" ")
        if place["method"] is not None:
            method = self._value(values, "method")
        if place["target"] is not None:
            return method, self._value(values, "target")
        if place["path"] is not None:
            path, query = self._value(values, "path"), self._value(values, "query")
            return method, f"{path}?{query}" if query else path
        target, _, version = rest.rpartition(" ")
        return method, target if version.startswith("HTTP/") else rest

    def _at(self, values: Sequence[str]) -> Micros:
        told = self._value(values, "time")
        return moment(f"{self._value(values, 'date')}T{told}" if self._two_part else told)

    def _head(self, values: Sequence[str], host: str) -> bytes:
        """The header lines that are known, as the edge would have got them."""
        absent, mark = self._writing.absent, self._writing.mark
        lines = [f"Host: {host}"] if host else []
        for place, start, is_agent in self._headers:
            value = values[place]
            if value and value != absent:
                if mark and mark in value:
                    value = self._writing.undo_agent(value) if is_agent else self._writing.undo(value)
                lines.append(start + value)
        head = "\r\n".join(lines)
        breaks = max(0, len(lines) - 1)
        if head.count("\n") != breaks or head.count("\r") != breaks or "\0" in head:
            raise Unreadable(_TWO_IN_ONE)
        return self._bytes(head)


def _first(names: Sequence[str], known: Sequence[str]) -> int | None:
    """Place of the first name that is there, in the order of those known."""
    return next((names.index(name) for name in known if name in names), None)


def _header(column: str) -> str | None:
    """The header that a column holds, as it is usually spelled; None: the column holds something else."""
    if column in _HEADERS:
        return _HEADERS[column]
    found = _NAMED_HEADER.fullmatch(column)
    name = found and (found["nginx"] or found["cloudfront"])
    return "-".join(part.capitalize() for part in re.split("[_-]", name)) if name else None


@lru_cache(maxsize=65_536)
def _address(text: str) -> str:
    """An address in its usual spelling; empty when it is none."""
    try:
        if ":" not in text:
            socket.inet_pton(socket.AF_INET, text)  # which knows one spelling only
            return text
        return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, text.strip("[]")))
    except (OSError, ValueError):
        return ""
